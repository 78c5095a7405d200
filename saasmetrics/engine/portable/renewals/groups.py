"""Groups of terms where the tables are: by columns of their customer or contract, or by what kind of term they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.groups import Groups, label_of, missing_label
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.entities import with_group_number
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import flag
from saasmetrics.engine.term_groups import EDGES, KINDS, column_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame


def with_groups(
    found: Frame, own: Mapping[str, Frame], tables: Mapping[str, Frame], by: Sequence[str]
) -> tuple[Frame, Groups]:
    """Return terms with the number of the `group` of each, and the groups, as `engine.term_groups` says them.

    Parameters
    ----------
    found
        The terms that are known, with what became of them.
    own
        The table that the terms come from, by name, numbered as `row` of them.
    tables
        Other tables; `customers` may be among them.
    by
        The columns.
    """
    found, places = with_values(found, own, tables, by)
    found = with_group_number(found, by)
    if not by:
        return found, Groups((), ((),))
    columns = [f"_by{number}" for number in range(len(by))]
    rows = fetched(found.select("group", *columns).unique()).to_pylist()
    kinds = [None if place else KINDS[name] for name, place in zip(by, places, strict=True)]
    missing = [missing_label([row[c] for row in rows]) for c in columns]
    told = list(zip(columns, kinds, missing, strict=True))
    labels = {row["group"]: tuple(_label(row[c], k, none) for c, k, none in told) for row in rows}
    return found.drop(*columns), Groups(tuple(by), tuple(labels[n] for n in sorted(labels)))


def with_values(
    found: Frame, own: Mapping[str, Frame], tables: Mapping[str, Frame], by: Sequence[str]
) -> tuple[Frame, list[tuple[str, str] | None]]:
    """Return terms with the value of each column, as `_by0`, `_by1`, ..., and where each is; parameters as above."""
    ((source, contracts),) = own.items()
    there = {source: [n for n in names(contracts) if n not in ("term", "who", "entity")]}
    there |= {n: names(tables[n]) for n in ("customers",) if n in tables}
    places = [column_of(name, there) for name in by]
    for number, (name, place) in enumerate(zip(by, places, strict=True)):
        column = f"_by{number}"
        if place is None:
            found = found.with_columns(_kind(name).cast(nw.Int64).alias(column))
        elif place[0] == source:
            values = contracts.select(nw.col(place[1]).alias(column), row="term")
            found = found.join(values, on="row", how="left")
        else:
            values = tables["customers"].select(
                nw.col("customer_id").alias("_key"), nw.col(place[1]).alias(column)
            )
            who = contracts.select(row="term", _key="customer_id")
            found = found.join(who.join(values, on="_key").drop("_key"), on="row", how="left")
    return found, places


def _kind(name: str) -> nw.Expr:
    if name == "how":
        return nw.col("auto") + 1
    if name == "renewal":
        return nw.col("number") - 1
    out = nw.lit(0)
    for edge in EDGES:
        out = out + flag(nw.col("end") - nw.col("start") >= edge)
    return out


def _label(value: Any, kinds: Sequence[str] | None, missing: str) -> Any:
    if kinds is not None:
        return kinds[int(value)]
    return missing if value is None or value != value else label_of(value)
