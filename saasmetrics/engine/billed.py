"""Invoice lines as a reconciliation reads them: what each is, whom and which days it is for, at which rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, numbers
from saasmetrics.engine.day_sums import Levels
from saasmetrics.engine.invoices import (
    CREDIT,
    DISCOUNT,
    NOT_RECURRING,
    REFUND,
    TAX,
    USAGE,
    of_kind,
    per_month,
    service,
)
from saasmetrics.money import check_held, to_micro

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.day_sums import Ints
    from saasmetrics.engine.exchange import Valuation
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

KINDS = ("recurring", "discount", "credit", "refund", "one_off", "usage", "tax")
MOST_DAYS = 64  # that a sum over the days of a month may multiply amounts by
SERVED = 3  # kinds that pay for days of service: the first three


@dataclass(frozen=True)
class Lines:
    """Invoice lines dated up to the as-of day, one element per line.

    `micro` is the amount at constant rates, `rated` at the rates of the invoice's day; `monthly` is the amount per
    month of service; `stated` marks lines that say which days they serve.
    """

    customer: Ints
    currency: Ints
    kind: Ints
    date: Ints
    start: Ints
    end: Ints
    stated: NDArray[np.bool_]
    micro: Ints
    rated: Ints
    monthly: Ints

    def levels(self, keep: NDArray[np.bool_], level: Ints) -> Levels:
        """Return some lines as levels on their days of service."""
        return Levels(
            self.customer[keep], self.currency[keep], self.start[keep], self.end[keep], level[keep]
        )


def lines(
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
    *,
    customer: Ints,
    code: Ints,
    rates: Valuation,
) -> Lines:
    """Return the invoice lines of a book; `customer` and the currency `code` are those of each row."""
    data = tables["invoices"].data
    date = days(data["date"]).astype(np.int64)
    start, end, stated = service(data, policy)
    factor = currency_rates(tables, "invoices", as_of, currency)
    micro = to_micro(numbers(data["amount"]) * factor)
    rated = micro
    if rates.count > 1:
        moved = rates.each(code.astype(np.int32), date)
        rated = to_micro(numbers(data["amount"]) * (factor * moved))
    check_held(np.abs(np.stack([micro, rated])).sum(axis=1, dtype=np.float64) * MOST_DAYS)
    kind = _kinds(tables, micro)
    monthly = per_month(micro, start, end)
    whole = ~stated & (kind >= SERVED)
    start, end = np.where(whole, date, start), np.where(whole, date + 1, end)
    known = date <= as_of
    return Lines(
        customer=customer[known],
        currency=code[known],
        kind=kind[known],
        date=date[known],
        start=start[known].astype(np.int64),
        end=np.maximum(end, start + 1)[known].astype(np.int64),
        stated=stated[known],
        micro=micro[known],
        rated=rated[known],
        monthly=monthly[known],
    )


def _kinds(tables: Mapping[str, Table], micro: Ints) -> Ints:
    data = tables["invoices"].data
    kind = np.where(micro < 0, KINDS.index("credit"), KINDS.index("recurring"))
    other = tuple(name for name in NOT_RECURRING if name not in (*USAGE, *TAX))
    for name, words in (
        ("one_off", other),
        ("usage", USAGE),
        ("tax", TAX),
        ("refund", REFUND),
        ("credit", CREDIT),
        ("discount", DISCOUNT),
    ):
        kind[of_kind(data, words)] = KINDS.index(name)
    return kind
