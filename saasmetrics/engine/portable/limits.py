"""Amounts that 64 bits cannot hold: some engines go on with others in silence, so they are looked for first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.amounts import month_not_held, sum_not_held
from saasmetrics.engine.portable.amounts import currency_rate, interval_months, names
from saasmetrics.engine.portable.fetched import fetched, number
from saasmetrics.engine.portable.whole import flag
from saasmetrics.money import LARGEST, LIMIT, not_held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

_AMOUNTS = {
    "subscriptions": ("amount", "list_amount"),
    "mrr": ("mrr",),
    "invoices": ("amount",),
}


def check_amounts(
    tables: Mapping[str, Frame], name: str, policy: Policy, as_of: int, currency: str
) -> None:
    """Refuse amounts that are no number of micro-units, alone or per month.

    Parameters
    ----------
    tables, name
        Frames by name, and the one whose amounts are looked at.
    policy, as_of, currency
        The definition choices, the last day known, the reporting currency.

    Raises
    ------
    DataError
        If there are such amounts.
    """
    table, share = tables[name], nw.lit(1.0)
    rate = currency_rate(tables, name, as_of, currency)
    columns = [column for column in _AMOUNTS[name] if column in names(table)]
    sizes = {f"_{column}": (nw.col(column).cast(nw.Float64) * rate).abs() for column in columns}
    if name == "subscriptions":
        parts, times = interval_months(table, policy)
        share = times.cast(nw.Float64) / nw.when(parts != 0).then(parts).cast(nw.Float64)
    found = table.with_columns(**sizes, _share=share)
    limits = {}
    for column in sizes:
        limits[f"whole{column}"] = flag(~(nw.col(column) < LIMIT) & ~nw.col(column).is_null())
        limits[f"month{column}"] = flag(nw.col(column) * nw.col("_share") > LIMIT)
    counts = found.select(**limits).select(*(nw.col(limit).sum() for limit in limits))
    row = {limit: int(many or 0) for limit, many in fetched(counts).to_pylist()[0].items()}
    if rows := max(row[f"whole{column}"] for column in sizes):
        raise not_held(rows)
    if any(row.values()):
        raise month_not_held()


def check_sum(pieces: Frame, source: str, currency: str) -> None:
    """Refuse pieces of the source whose amounts add up to more than 64 bits hold.

    Raises
    ------
    DataError
        If they do.
    """
    own = pieces.filter(~nw.col("line").is_null())
    total = number(own.select(nw.col("amount").cast(nw.Float64).abs().sum()))
    if total is not None and total > LARGEST:
        raise sum_not_held(source, currency)
