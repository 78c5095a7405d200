"""Unit economics if churn, prices, margin or the cost of winning customers were others, from the same counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.asked import DISCOUNT, HORIZON, check_target, functions_of
from saasmetrics.metrics.economics.levers import UNMOVED, WORDS, Levers
from saasmetrics.metrics.economics.payback import PAYBACK_METHODS, PAYBACK_OPTIONS, payback_trace
from saasmetrics.metrics.economics.repayment import Repayment
from saasmetrics.metrics.economics.spend import ACQUISITION, new_customer_rows
from saasmetrics.metrics.economics.traced import sides_trace
from saasmetrics.metrics.economics.verdict import LTV_CAC_OPTIONS, Cost, judged
from saasmetrics.metrics.economics.window import finite
from saasmetrics.metrics.economics.worth import Basis
from saasmetrics.metrics.made import made
from saasmetrics.money import format_ratio
from saasmetrics.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin

_HELD = (
    "What is not moved is held: a price moves what customers pay, and neither who leaves nor who is won; a cost moves "
    "what a customer costs, and not how many are won"
)
_FULL = "Where a rate of leaving would be above 100 %, everybody leaves"
_SURE = "The interval is that of the customers; it does not say whether the levers can be moved"
_INPUTS = "Both sides are those of ltv and of cac with the levers applied"
_LEVERS = {f"{name}_change": words for name, words in WORDS.items()}


@dataclass(frozen=True, repr=False)
class WhatIf(Result):
    """A result that can be had again with other levers, without counting anything anew.

    Attributes
    ----------
    levers : Levers
        The changes that it is under.
    """

    levers: Levers = UNMOVED
    again: Callable[[Levers], WhatIf] | None = None

    def moved(
        self, churn: float = 0.0, price: float = 0.0, margin: float = 0.0, cac: float = 0.0
    ) -> WhatIf:
        """Return the same under other levers, each a change as a share; none is the book as it is.

        Raises
        ------
        DataError
            If a lever is no number above -1.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> found = sm.economics.ltv_cac_whatif(sm.demo(customers=200))
        >>> bool(found.moved(cac=0.1).value < found.value)
        True
        """
        assert self.again is not None
        return self.again(Levers.of(churn=churn, price=price, margin=margin, cac=cac))


@metric(
    id="ltv_cac_whatif",
    name="LTV to CAC, what if",
    abbr="LTV:CAC",
    unit="multiple",
    better="higher",
    meaning="What LTV to CAC would be if churn, prices, the margin or the cost of winning a customer were others.",
    formula="customer lifetime value / customer acquisition cost, both with the levers applied; without levers it is "
    "LTV to CAC",
    missing="Missing where LTV to CAC is, and where the gross margin would be above 100 %.",
    sources=("METRICS.md", "Skok, SaaS metrics 2.0: 3 to 1"),
    options={**LTV_CAC_OPTIONS, **_LEVERS},
)
def ltv_cac_whatif(
    book: Book,
    by: str | Sequence[str] | None = None,
    churn: float = 0.0,
    price: float = 0.0,
    margin: float = 0.0,
    cac: float = 0.0,
    target: float = 3.0,
    *,
    method: str | None = None,
    gross_margin: Margin = None,
    lag: int | None = None,
    window: int = 12,
    spend: str | Sequence[str] = ACQUISITION,
    horizon: int = HORIZON,
    discount: float = DISCOUNT,
    beyond: str = "auto",
    churn_months: int | None = None,
    arpa: str = "paying",
    interval: float = 0.95,
) -> WhatIf:
    """LTV to CAC with levers moved, with its interval and the verdict on 3 to 1.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    by
        Columns that customers and spend share.
    churn
        Change of the rate at which customers leave at each age, as a share: -0.1 is a tenth fewer.
    price
        Change of what customers pay, as a share.
    margin
        Change of the gross margin, as a share of itself: 0.05 makes 84 % of 80 %.
    cac
        Change of what it costs to win a customer, as a share.
    target
        The bar, 3 by custom.
    gross_margin
        The margin that `margin` changes; by default from the tables, as in `ltv`.
    method, lag, window, spend, horizon, discount, beyond, churn_months, arpa, interval
        As in `ltv_cac`.

    Returns
    -------
    WhatIf
        The columns of `ltv_cac`: by-columns, value, low, high, numerator (LTV), denominator (CAC), n, verdict, target,
        probability (of reaching the target), reason. `.moved(churn=...)` gives it under other levers from what is
        counted already.

    Raises
    ------
    MissingTableError
        If there is no table of spend.
    DataError
        If a lever is no number above -1, or as in `ltv_cac`.

    Notes
    -----
    A survival curve follows the rate of leaving at every age, times 1 + churn; one that has reached 0 stays there.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=200)
    >>> as_it_is = sm.economics.ltv_cac(book)
    >>> sm.economics.ltv_cac_whatif(book).value == as_it_is.value
    True
    """
    levers = Levers.of(churn=churn, price=price, margin=margin, cac=cac)
    check_target(target)
    names, functions, method = columns(by), functions_of(spend), method or book.policy.ltv
    months = book.policy.ltv_churn_months if churn_months is None else churn_months
    basis = Basis.of(
        book, names, method, gross_margin, horizon, discount, months, arpa, interval, beyond
    )
    cost = Cost.of(book, names, functions, lag, window, interval)
    rows = new_customer_rows(book, names, lambda _: (cost.months.first, cost.months.last))

    def result(moved: Levers) -> WhatIf:
        worth, more = basis.worth(moved), replace(cost, spent=cost.spent * (1 + moved.cac))
        df, draws = judged(worth, more, interval, target)
        spent = {"spend": " and ".join(functions), "window": cost.months.text(), "lag": cost.lead}
        return _told(
            book,
            ("ltv_cac_whatif", by),
            _known(df, draws, basis.share, moved),
            {**worth.options, **spent, "target": target, "interval": interval, **_said(moved)},
            (*worth.notes, *_notes(moved)),
            (
                rows,
                sides_trace(df, names, ("customer lifetime value", "acquisition cost"), _INPUTS),
            ),
            gross_margin,
            (moved, result),
        )

    return result(levers)


@metric(
    id="payback_whatif",
    name="CAC payback, what if",
    unit="months",
    better="lower",
    meaning="How soon a customer would pay back what it cost if churn, prices, the margin or that cost were others.",
    formula="customer acquisition cost / monthly gross profit per new customer, both with the levers applied; without "
    "levers it is CAC payback",
    missing="Missing where CAC payback is, and where the gross margin would be above 100 %.",
    sources=("METRICS.md", "Skok, SaaS metrics 2.0"),
    options={**PAYBACK_OPTIONS, **_LEVERS},
)
def payback_whatif(
    book: Book,
    by: str | Sequence[str] | None = None,
    churn: float = 0.0,
    price: float = 0.0,
    margin: float = 0.0,
    cac: float = 0.0,
    target: float = 12.0,
    *,
    method: str | None = None,
    gross_margin: Margin = None,
    lag: int | None = None,
    window: int = 12,
    spend: str | Sequence[str] = ACQUISITION,
    horizon: int = HORIZON,
    arpa: str = "new",
    interval: float = 0.95,
) -> WhatIf:
    """Months until the cost of winning a customer is repaid with levers moved, with the verdict on twelve months.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    by
        Columns that customers and spend share.
    churn, price, margin, cac
        Changes as shares, as in `ltv_cac_whatif`. Churn has a part in it by method "churn_adjusted" only.
    target
        Months within which the cost should be repaid.
    method
        "gross_margin" (default), "simple" or "churn_adjusted".
    gross_margin
        The margin that `margin` changes; by default from the tables, as in `ltv`.
    lag, window, spend, horizon, arpa, interval
        As in `payback`.

    Returns
    -------
    WhatIf
        The columns of `payback`: by-columns, value in months, low, high, numerator (CAC), denominator (monthly gross
        profit per customer), n, verdict, target, probability, reason. `.moved(cac=...)` gives it under other levers.

    Raises
    ------
    MissingTableError
        If there is no table of spend.
    DataError
        If a lever is no number above -1, the method follows cohorts, or as in `payback`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.economics.payback_whatif(sm.demo(customers=200))
    >>> round(found.moved(cac=0.5).value / found.value, 6)
    1.5
    """
    levers = Levers.of(churn=churn, price=price, margin=margin, cac=cac)
    check_target(target)
    names, functions = columns(by), functions_of(spend)
    method = method or book.policy.payback
    one_of("method of payback", method, PAYBACK_METHODS)
    if method == "empirical":
        msg = 'Cohorts have repaid what they have: levers need method="gross_margin", "simple" or "churn_adjusted".'
        raise DataError(msg)
    months = whole("horizon", horizon, 1, "a whole number of months")
    asked = (functions, lag, window, months, arpa, interval)
    repayment = Repayment.of(book, method, names, gross_margin, *asked)
    rows = new_customer_rows(book, names, repayment.span)
    still = () if method == "churn_adjusted" else ("Churn has no part in a payback by this method",)

    def result(moved: Levers) -> WhatIf:
        df, draws = repayment.judged(interval, target, moved)
        return _told(
            book,
            ("payback_whatif", by),
            _known(df, draws, repayment.share, moved),
            {**repayment.said, "target": target, "interval": interval, **_said(moved)},
            (*_notes(moved), *still),
            (rows, payback_trace(df, names, method)),
            gross_margin,
            (moved, result),
        )

    return result(levers)


def _said(levers: Levers) -> dict[str, float]:
    return {f"{name}_change": value for name, value in levers.told().items()}


def _notes(levers: Levers) -> tuple[str, ...]:
    if not levers.told():
        return ()
    return (_HELD, *([_FULL] if levers.churn > 0 else []), _SURE)


def _known(
    df: pd.DataFrame, draws: NDArray[np.float64], share: NDArray[np.float64], levers: Levers
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return numbers and draws without those of groups whose margin would be above 100 %."""
    over = np.zeros(len(df), bool)
    over[: len(share)] = levers.above(share) & (levers.margin > 0)
    if not over.any():
        return df, draws
    df, draws = df.copy(), np.where(over, np.nan, draws)
    df.loc[over, ["value", "low", "high", "numerator", "probability"]] = np.nan
    df.loc[over, "verdict"] = "not proven"
    wide = np.pad(share, (0, len(df) - len(share)), constant_values=1.0) * (1 + levers.margin)
    words = [f"a gross margin of {format_ratio(part)} is above 100%" for part in wide[over]]
    df.loc[over, "reason"] = words
    return df, draws


def _told(
    book: Book,
    named: tuple[str, str | Sequence[str] | None],
    numbers: tuple[pd.DataFrame, NDArray[np.float64]],
    options: dict[str, Any],
    notes: Sequence[str],
    behind: tuple[Any, Any],
    given: Margin,
    moved: tuple[Levers, Callable[[Levers], WhatIf]],
) -> WhatIf:
    df, draws = numbers
    found = made(
        book,
        named[0],
        df,
        "verdict",
        by=named[1],
        options=options,
        notes=notes,
        extra={"draws": finite(draws[1:])},
        drill=behind[0],
        tables=["spend", *(["finance"] if given is None else [])],
        trace=behind[1],
    )
    fields = {name: getattr(found, name) for name in Result.__dataclass_fields__}
    return WhatIf(**fields, levers=moved[0], again=moved[1])
