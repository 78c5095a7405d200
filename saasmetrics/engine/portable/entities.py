"""Whose each row of the source of MRR is, and in which group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.groups import NONE, Groups
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.errors import UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame

_MANY = 1_000_000  # more values than a column to group by may have
_MIX, _PRIME = 2_654_435_761, 4_294_967_291


def with_entity(tables: Mapping[str, Frame], source: str, entity: str) -> Frame:
    """Add the `entity` of each row, by the policy: customer, its parent company, or subscription."""
    table = tables[source]
    if entity == "subscription" and source == "subscriptions":
        return table.with_columns(entity=nw.col("subscription_id"))
    if entity == "parent" and "customers" in tables and "parent_id" in names(tables["customers"]):
        parents = tables["customers"].select("customer_id", _parent=nw.col("parent_id"))
        found = table.join(parents, on="customer_id", how="left")
        own = nw.when(nw.col("_parent").is_null()).then(nw.col("customer_id"))
        return found.with_columns(entity=own.otherwise(nw.col("_parent")))
    return table.with_columns(entity=nw.col("customer_id"))


def with_groups(
    found: Frame, tables: Mapping[str, Frame], source: str, entity: str, by: Sequence[str]
) -> Frame:
    """Add the value of each column to group by, as `_by0`, `_by1`, ...

    Raises
    ------
    UnknownNameError
        If no table has a column of that name.
    """
    key = "customer_id" if entity == "subscription" else "entity"
    for number, name in enumerate(by):
        table, column = _resolve(name, tables, source)
        if table == source:
            found = found.with_columns(nw.col(column).alias(f"_by{number}"))
            continue
        values = tables[table].select(
            nw.col("customer_id").alias("_key"), nw.col(column).alias(f"_by{number}")
        )
        found = found.join(values, left_on=key, right_on="_key", how="left")
    return found


def _resolve(name: str, tables: Mapping[str, Frame], source: str) -> tuple[str, str]:
    known: dict[str, tuple[str, str]] = {}
    for table in (source, "customers"):
        for column in names(tables[table]) if table in tables else ():
            known[f"{table}.{column}"] = known[column] = (table, column)
    if name not in known:
        short = sorted(n for n in known if "." not in n)
        msg = f"No table has a column {name!r} to group by; there are {', '.join(short)}."
        raise UnknownNameError(msg + hint(name, short))
    return known[name]


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


def groups_of(found: Frame, by: Sequence[str]) -> Groups:
    """Return the groups by number."""
    if not by:
        return Groups((), ((),))
    columns = [f"_by{number}" for number in range(len(by))]
    rows = fetched(found.select("group", *columns).unique()).to_pylist()
    labels = {row["group"]: tuple(_label(row[column]) for column in columns) for row in rows}
    return Groups(tuple(by), tuple(labels[number] for number in sorted(labels)))


def _label(value: Any) -> Any:
    if value is None or value != value:
        return NONE
    return value.date() if hasattr(value, "date") else value


def with_rank(found: Frame) -> Frame:
    """Add the rank of each entity by its id, from 0."""
    return found.with_columns(_rank=nw.col("entity").rank("dense").cast(nw.Int64) - 1)


def in_bags(found: Frame, bags: int, entities: int) -> Frame:
    """Split each group into bags of customers, by a mixing of their rank, as the local engine does."""
    rank = nw.col("_rank")
    bag = rank if entities <= bags else (rank * _MIX % _PRIME) % bags
    return found.with_columns(group=nw.col("group") * bags + bag)
