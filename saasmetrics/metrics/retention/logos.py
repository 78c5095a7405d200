"""Retention and churn of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import Sides
from saasmetrics.metrics.rates import Question
from saasmetrics.metrics.retention.daily import Daily
from saasmetrics.metrics.retention.shared import MISSING, WINDOW, rate, under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="logo_retention",
    name="Customer retention",
    abbr="Logo retention",
    unit="ratio",
    better="higher",
    meaning="Of the customers paying at the start of the window, the share that still are customers at its end.",
    formula="customers at the start and still at the end / customers at the start, paying or paused",
    missing=MISSING,
    sources=("METRICS.md",),
    options={"window": WINDOW, "interval": "Wilson interval of {value:.0%}"},
)
def logo_retention(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
) -> Result:
    """Customer retention: the share of the customers paying at the start that are still there.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`; the interval is Wilson's.

    Returns
    -------
    Result
        As for `nrr`, with numerator and denominator in customers.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 9, 9]}
    >>> sm.retention.logo_retention(sm.Book(mrr=rows), window=1).value
    0.5
    """
    question = Question.asked(book, window, freq, by, interval)
    stayed = Sides({"customers": 1, "customers_lost": -1}, {"customers": 1})
    return rate("logo_retention", question, stayed, unit="count")


@metric(
    id="logo_churn",
    name="Customer churn",
    abbr="Logo churn",
    unit="ratio",
    better="lower",
    meaning="Of the customers paying at the start of the window, the share that is gone at its end.",
    formula="customers lost / customers at the start, paying or paused",
    missing=MISSING,
    sources=("METRICS.md", "ChartMogul help 207340419"),
    options={"window": WINDOW, "interval": "Wilson interval of {value:.0%}"},
    choices=("logo_churn", "month", "open_period"),
)
def logo_churn(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    method: str | None = None,
) -> Result:
    """Customer churn: the share of the customers paying at the start that is gone at the end.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`; the interval is Wilson's.
    method
        "opening", "opening_with_returns", "opening_plus_new", "opening_all", "total" or "daily_sum"; by default the
        policy's. All but the first and the last count every departure within a period and take a window of 1.

    Returns
    -------
    Result
        As for `nrr`, with numerator and denominator in customers.

    Raises
    ------
    DataError
        If a method that counts departures is asked for a window of several periods.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 9, 9]}
    >>> sm.retention.logo_churn(sm.Book(mrr=rows), window=1).value
    0.5
    """
    book = under(book, logo_churn=method)
    question = Question.asked(book, window, freq, by, interval)
    if book.policy.logo_churn == "opening":
        return rate(
            "logo_churn", question, Sides({"customers_lost": 1}, {"customers": 1}), unit="count"
        )
    if book.policy.logo_churn == "daily_sum":
        return Daily(question, {"churn": 1}, heads=True).result("logo_churn")
    if question.window != 1:
        msg = (
            f"logo_churn={book.policy.logo_churn!r} counts every departure within one period; ask for window=1 "
            'and the freq you want, such as freq="Y".'
        )
        raise DataError(msg)
    sides = Sides({"customers_churned_from_opening": 1}, {"customers_opening": 1})
    if book.policy.logo_churn == "opening_plus_new":
        sides = Sides({"customers_churned": 1}, {"customers_opening": 1, "customers_new": 1})
    elif book.policy.logo_churn == "opening_all":
        sides = Sides({"customers_churned": 1}, {"customers_opening": 1})
    elif book.policy.logo_churn == "total":
        there = {"customers_opening": 1, "customers_new": 1, "customers_reactivated": 1}
        sides = Sides({"customers_churned": 1}, there)
    return rate("logo_churn", question, sides, events=True, unit="count")
