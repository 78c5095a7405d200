"""Invoice lines as a reconciliation reads them, where their table is; as `saasmetrics.engine.billed` has them here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.billed import KINDS
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.invoices import CREDIT, DISCOUNT, NOT_RECURRING, REFUND, TAX, USAGE
from saasmetrics.engine.portable.amounts import names, with_micro
from saasmetrics.engine.portable.held import settled
from saasmetrics.engine.portable.invoices import of_kind, says_when, with_monthly, with_service
from saasmetrics.engine.portable.whole import flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

LINE = (
    *("entity", "group", "moving", "kind", "date", "start", "end"),
    *("stated", "micro", "rated", "monthly"),
)
_WORDS = {
    "discount": DISCOUNT,
    "credit": CREDIT,
    "refund": REFUND,
    "tax": TAX,
    "usage": USAGE,
    "one_off": tuple(name for name in NOT_RECURRING if name not in (*USAGE, *TAX)),
}
"""The words for each kind, the strongest first."""


def numbered(table: Frame, moving: Sequence[str]) -> Frame:
    """Add the number of the currency of each row as `moving`: 0 for all whose rates do not move."""
    number = nw.lit(0)
    for place, name in enumerate(moving if "currency" in names(table) else (), 1):
        number = nw.when(nw.col("currency") == name).then(place).otherwise(number)
    return table.with_columns(moving=number.cast(nw.Int64))


def lines(table: Frame, policy: Policy, rate: nw.Expr, rates: Rates | None) -> Frame:
    """Return all invoice lines, with the columns of `LINE`.

    Parameters
    ----------
    table
        The invoices with their `entity` and `group`, and the number of their currency as `moving`.
    policy
        The definition choices.
    rate
        The rate of each row's currency that is used for all days.
    rates
        The rates that move; None where none does.
    """
    found = with_service(table.with_columns(amount=nw.col("amount").fill_null(0.0)), policy)
    found = found.with_columns(stated=flag(says_when(table)), date=nw.col("_day"), _rate=rate)
    if rates is None:
        found = found.with_columns(factor=nw.lit(1.0))
    else:
        found = rates.with_factor(settled(found.with_columns(day=nw.col("_day"))))
    found = with_micro(settled(found), nw.col("_rate"), _paid=nw.col("amount"))
    found = with_micro(found, nw.col("_rate") * nw.col("factor"), rated=nw.col("amount"))
    found = settled(found.with_columns(kind=_kind(table)))
    found = with_monthly(found.with_columns(micro=nw.col("_paid")))
    alone = (nw.col("stated") == 0) & (nw.col("kind") >= PAYING)
    start = nw.when(alone).then(nw.col("date")).otherwise(nw.col("start"))
    end = nw.when(alone).then(nw.col("date") + 1).otherwise(nw.col("end"))
    found = found.with_columns(start=start, end=end, monthly=nw.col("amount"))
    found = found.with_columns(end=nw.max_horizontal("end", nw.col("start") + 1))
    whole = (nw.col(name).cast(nw.Int64) for name in LINE[1:])
    return found.select("entity", *whole)


def _kind(table: Frame) -> nw.Expr:
    plain = nw.when(nw.col("_paid") < 0).then(KINDS.index("credit"))
    kind = plain.otherwise(KINDS.index("recurring"))
    for name, words in reversed(_WORDS.items()):
        kind = nw.when(of_kind(table, words)).then(KINDS.index(name)).otherwise(kind)
    return kind
