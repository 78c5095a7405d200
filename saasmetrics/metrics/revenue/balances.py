"""MRR and what follows from it at one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.metrics.made import Sides, made, money, period_drill
from saasmetrics.metrics.rates import Question, rate_frame
from saasmetrics.metrics.revenue.contracted import contracted_arr
from saasmetrics.money import multiplied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NEVER = "Never missing: without subscriptions it is 0."


def _balance(book: Book, id: str, freq: str, by: str | Sequence[str] | None, times: int) -> Result:
    by = columns(by)
    cube = book.movements(freq, by)
    df = cube[["period", *by]].copy()
    df["value"] = money(multiplied(cube["closing"], times))
    df["n"] = cube["customers_closing"]
    df["complete"] = cube["complete"]
    sides = Sides({"closing": times}, {})
    drill = period_drill(book, "movements", freq, by, sides)
    options = {"freq": freq}
    return made(book, id, df, "series", by=by, options=options, drill=drill, sides=sides)


@metric(
    id="mrr",
    name="Monthly recurring revenue",
    abbr="MRR",
    unit="money",
    better="higher",
    meaning="What the subscriptions running at the end of a period bring in per month.",
    formula="sum of recurring amounts per month of the subscriptions paying at the end of the period",
    missing=_NEVER,
    sources=("METRICS.md",),
    choices=("discount", "trial", "pause"),
)
def mrr(book: Book, by: str | Sequence[str] | None = None, freq: str = "M") -> Result:
    """Monthly recurring revenue at the end of every period.

    Parameters
    ----------
    book, by, freq
        As for `bridge`.

    Returns
    -------
    Result
        period, by-columns, value in currency units, n paying customers, complete.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.revenue.mrr(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [100]})).value
    100.0
    """
    return _balance(book, "mrr", freq, by, 1)


@metric(
    id="arr",
    name="Annual recurring revenue",
    abbr="ARR",
    unit="money",
    better="higher",
    meaning="What runs at the end of a period, per year: twelve times MRR, or the contracts in force by policy.",
    formula="12 x MRR",
    missing=_NEVER,
    sources=("METRICS.md",),
    choices=("arr", "discount", "trial", "pause"),
)
def arr(book: Book, by: str | Sequence[str] | None = None, freq: str = "M") -> Result:
    """Annual recurring revenue: twelve times MRR.

    Parameters
    ----------
    book, by, freq
        As for `bridge`.

    Returns
    -------
    Result
        As for `mrr`.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.revenue.arr(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [100]})).value
    1200.0
    """
    if book.policy.arr == "contracted":
        return contracted_arr(book, freq, columns(by))
    return _balance(book, "arr", freq, by, 12)


@metric(
    id="arpa",
    name="Average revenue per account",
    abbr="ARPA",
    unit="money",
    better="higher",
    meaning="MRR per paying customer.",
    formula="closing MRR / customers paying at the close",
    missing="Missing where nobody pays.",
    sources=("METRICS.md", "ChartMogul help"),
    options={"interval": "interval of {value:.0%} by resampling customers"},
)
def arpa(
    book: Book,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
) -> Result:
    """Average MRR per paying customer at the end of every period.

    Parameters
    ----------
    book, by, freq
        As for `bridge`.
    interval
        Coverage of the interval, by resampling customers; None for none.

    Returns
    -------
    Result
        period, by-columns, value in currency units, numerator, denominator (customers), n, reason, complete, low,
        high.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"], "mrr": [100, 50]}
    >>> sm.revenue.arpa(sm.Book(mrr=rows)).value
    75.0
    """
    question = Question.asked(book, 1, freq, by, interval)
    sums = question.movements()
    sides = Sides({"closing": 1}, {"customers_closing": 1})
    paying = sides.bottom(sums)
    df = rate_frame(question, sides.top(sums), paying, paying, "nobody pays", unit="mixed")
    drill = period_drill(book, "movements", freq, question.by, sides)
    options = {"interval": interval}
    return made(book, "arpa", df, "series", by=by, options=options, drill=drill, sides=sides)
