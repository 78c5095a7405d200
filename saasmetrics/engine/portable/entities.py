"""Whose each row of the source of MRR is, and in which group."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.groups import (
    ARR_BAND,
    BANDS,
    EDGES,
    Groups,
    column_of,
    label_of,
    missing_label,
    named,
)
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame

_MANY = 1_000_000  # more values than a column to group by may have
_OWN = ("entity", "_recorded_at")  # columns that no table has of itself
_MIX, _PRIME = 2_654_435_761, 4_294_967_291


def with_entity(tables: Mapping[str, Frame], name: str, source: str, entity: str) -> Frame:
    """Add the `entity` of each row of a table, by the policy: customer, its parent company, or subscription."""
    table = tables[name]
    own = nw.col("customer_id")
    if entity == "subscription" and source == "subscriptions":
        if name == source:
            own = nw.col("subscription_id")
        elif "subscription_id" in names(table):
            line = nw.col("subscription_id")
            own = nw.when(line.is_null()).then(own).otherwise(line)
    if entity == "parent" and "customers" in tables and "parent_id" in names(tables["customers"]):
        parents = tables["customers"].select("customer_id", _parent=nw.col("parent_id"))
        table = table.join(parents, on="customer_id", how="left")
        own = nw.when(nw.col("_parent").is_null()).then(own).otherwise(nw.col("_parent"))
        return table.with_columns(entity=own).drop("_parent")
    return table.with_columns(entity=own)


def known_columns(tables: Mapping[str, Frame], source: str) -> dict[str, tuple[str, str]]:
    """Return the names that `by=` takes, each with its table and column."""
    there = (name for name in (source, "customers") if name in tables)
    return named(
        {name: [n for n in names(tables[name]) if n not in _OWN] for name in there}, source
    )


def per_entity(by: Sequence[str], known: Mapping[str, tuple[str, str]], entity: str) -> bool:
    """Return whether the columns are of customers, so that all lines of an entity are in one group."""
    banded = [name == ARR_BAND and name not in known for name in by]
    found = [
        entity != "subscription" and not band and column_of(name, known)[0] == "customers"
        for name, band in zip(by, banded, strict=True)
    ]
    return all(band or mine for band, mine in zip(banded, found, strict=True))


def with_groups(
    found: Frame,
    tables: Mapping[str, Frame],
    source: str,
    entity: str,
    by: Sequence[str],
    bands: Frame | None = None,
) -> Frame:
    """Add the value of each column to group by, as `_by0`, `_by1`, ...

    Parameters
    ----------
    found
        Entities, or rows of the source with their entity.
    tables, source, entity
        The tables; the one that MRR comes from; who is counted.
    by
        The columns.
    bands
        The band of ARR of each entity, where that is one of them.

    Raises
    ------
    UnknownNameError
        If no table has a column of that name.
    """
    known = known_columns(tables, source)
    for number, name in enumerate(by):
        if name == ARR_BAND and name not in known:
            assert bands is not None
            band = bands.rename({"band": f"_by{number}"})
            found = found.join(band, on="entity", how="left")
            first = nw.col(f"_by{number}").fill_null(0).cast(nw.Int64)
            found = found.with_columns(first.alias(f"_by{number}"))
            continue
        table, column = column_of(name, known)
        if table == source:
            found = found.with_columns(nw.col(column).alias(f"_by{number}"))
            continue
        values = tables[table].select(
            nw.col("customer_id").alias("_key"), nw.col(column).alias(f"_by{number}")
        )
        key = "customer_id" if entity == "subscription" else "entity"
        found = found.join(values, left_on=key, right_on="_key", how="left")
    return found


def bands_of(pieces: Frame) -> Frame:
    """Return for each entity the number of the band of its ARR on the first day that it has any."""
    pays = pieces.filter(nw.col("amount") > 0)
    pays = pays.with_columns(_begin=nw.col("start").min().over("entity"))
    first = pays.filter(nw.col("start") == nw.col("_begin")).group_by("entity")
    arr = first.agg(nw.col("amount").sum()).with_columns(_arr=nw.col("amount").cast(nw.Int64) * 12)
    band = nw.lit(0)
    for edge in EDGES.tolist():
        band = band + where(nw.col("_arr") >= edge, nw.lit(1))
    return arr.select("entity", band=band.cast(nw.Int64))


def with_group_number(found: Frame, by: Sequence[str]) -> Frame:
    """Number the groups from 0 in the order of their values, missing ones last."""
    group = nw.lit(0)
    for number in range(len(by)):
        value = nw.col(f"_by{number}").rank("dense").fill_null(_MANY).cast(nw.Int64)
        found = found.with_columns(
            group=value if number == 0 else nw.col("group") * (_MANY + 1) + value
        )
        found = found.with_columns(group=nw.col("group").rank("dense").cast(nw.Int64) - 1)
    return found if by else found.with_columns(group=group.cast(nw.Int64))


def groups_of(found: Frame, by: Sequence[str], known: Mapping[str, Any]) -> Groups:
    """Return the groups by number."""
    if not by:
        return Groups((), ((),))
    columns = [f"_by{number}" for number in range(len(by))]
    rows = fetched(found.select("group", *columns).unique()).to_pylist()
    none = [missing_label([row[c] for row in rows]) for c in columns]
    told = [
        partial(_label, missing=label, banded=name == ARR_BAND and name not in known)
        for name, label in zip(by, none, strict=True)
    ]
    labels = {
        row["group"]: tuple(tell(row[c]) for tell, c in zip(told, columns, strict=True))
        for row in rows
    }
    return Groups(tuple(by), tuple(labels[number] for number in sorted(labels)))


def _label(value: Any, *, missing: str, banded: bool) -> Any:
    if banded:
        return BANDS[int(value)]
    return missing if value is None or value != value else label_of(value)


def with_rank(entities: Frame) -> Frame:
    """Add the rank of each entity by its id, from 0."""
    return entities.with_columns(_rank=nw.col("entity").rank("dense").cast(nw.Int64) - 1)


def in_bags(found: Frame, bags: int, entities: int) -> Frame:
    """Split each group into bags of customers, by a mixing of their rank, as the local engine does."""
    rank = nw.col("_rank")
    bag = rank if entities <= bags else (rank * _MIX % _PRIME) % bags
    return found.with_columns(group=nw.col("group") * bags + bag)
