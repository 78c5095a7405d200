"""Retention and churn of money and of customers, over any window and group, and cohorts by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.cohorts import cohorts
from saasmetrics.metrics.made import Sides, made, period_drill
from saasmetrics.metrics.rates import Question, rate_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.policy import Policy
    from saasmetrics.result import Result

__all__ = [
    "cohorts",
    "gross_churn",
    "grr",
    "logo_churn",
    "logo_retention",
    "net_churn",
    "nrr",
]

_OPENING = {"opening": 1}
_NOBODY = "nobody was paying at the start of the window"
_WINDOW = "over {value}"
_MISSING = (
    "Missing where nobody was paying at the start of the window, as before the first customers."
)


def _policy(book: Book, **overrides: Any) -> tuple[Book, Policy]:
    """Return the book under the choices given in the call, where there are any."""
    given = {name: value for name, value in overrides.items() if value is not None}
    return (
        (book.with_policy(**given), book.with_policy(**given).policy)
        if given
        else (book, book.policy)
    )


def _rate(
    id: str, question: Question, sides: Sides, *, events: bool = False, unit: str = "money"
) -> Result:
    """Return a rate over pairs of snapshots, or over movements in the window with `events`."""
    sums = question.movements() if events else question.pairs()
    count = sums["customers_opening" if events else "customers"]
    df = rate_frame(question, sides.top(sums), sides.bottom(sums), count, _NOBODY, unit=unit)
    kind = "movements" if events else "pairs"
    drill = period_drill(
        question.book, kind, question.freq, question.by, sides, window=question.window
    )
    options = {"window": question.span, "interval": question.interval}
    return made(question.book, id, df, "series", by=question.by, options=options, drill=drill)


def _of_totals(id: str, question: Question, *, everyone: bool) -> Result:
    """Return the lower of total opening and closing MRR over the opening; totals cannot be resampled by customer."""
    sums = question.movements() if everyone else question.pairs()
    count = sums["customers_opening" if everyone else "customers"]
    top = np.minimum(sums["closing"], sums["opening"])
    df = rate_frame(question, top, sums["opening"], count, _NOBODY)
    kind = "movements" if everyone else "pairs"
    drill = period_drill(question.book, kind, question.freq, question.by, window=question.window)
    return made(
        question.book,
        id,
        df,
        "series",
        by=question.by,
        options={"window": question.span},
        drill=drill,
    )


@metric(
    id="nrr",
    name="Net revenue retention",
    abbr="NRR",
    unit="ratio",
    better="higher",
    meaning="Of the MRR we had at the start of the window, how much we have now from the same customers.",
    formula="closing MRR of the customers paying at the start / their opening MRR",
    missing=_MISSING,
    sources=("DEFINITIONS.md 2.22", "Ordway 2022, example 1"),
    options={"window": _WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
    choices=("nrr", "reactivation"),
)
def nrr(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    method: str | None = None,
    reactivation: str | None = None,
) -> Result:
    """Net revenue retention: what the customers paying at the start of a window pay at its end.

    Parameters
    ----------
    book
        The company's tables.
    window
        Length of the window in periods of `freq`; by default a year.
    by
        Columns of the customers or the subscriptions to group by.
    freq
        D, W, M, Q or Y.
    interval
        Coverage of the interval, by resampling customers; None for none.
    method
        "cohort", "movements" or "changelog"; by default the policy's.
    reactivation
        "out" or "in"; by default the policy's.

    Returns
    -------
    Result
        period, by-columns, value (1.0 = 100 %), numerator and denominator in currency units, n customers at the
        start, reason, complete, low, high.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> sm.retention.nrr(book, window=1).value
    0.8
    """
    book, policy = _policy(book, nrr=method, reactivation=reactivation)
    question = Question.asked(book, window, freq, by, interval)
    won = {"reactivation": 1} if policy.reactivation == "in" else {}
    if policy.nrr == "cohort":
        return _rate("nrr", question, Sides({"closing": 1, **won}, _OPENING))
    kept = {"opening": 1, "expansion": 1, "churn": 1, **won}
    if policy.nrr == "movements":
        kept["contraction"] = 1
    return _rate("nrr", question, Sides(kept, _OPENING), events=True)


@metric(
    id="grr",
    name="Gross revenue retention",
    abbr="GRR",
    unit="ratio",
    better="higher",
    meaning="Of the MRR we had at the start of the window, how much is left before any expansion; never above 100 %.",
    formula="lower of opening and closing MRR, customer by customer / opening MRR",
    missing=_MISSING,
    sources=("DEFINITIONS.md 2.23",),
    options={"window": _WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
    choices=("grr",),
)
def grr(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    method: str | None = None,
) -> Result:
    """Gross revenue retention: what is left of the opening MRR, gains not counted.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`.
    method
        "customer", "cohort_total", "total" or "movements"; by default the policy's.

    Returns
    -------
    Result
        As for `nrr`.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 180]})
    >>> sm.retention.grr(book, window=1).value
    1.0
    """
    book, policy = _policy(book, grr=method)
    question = Question.asked(book, window, freq, by, interval)
    if policy.grr == "customer":
        return _rate("grr", question, Sides({"kept": 1}, _OPENING))
    if policy.grr == "movements":
        left = {"opening": 1, "contraction": 1, "churn": 1}
        return _rate("grr", question, Sides(left, _OPENING), events=True)
    plain = Question.asked(book, window, freq, by, None)
    return _of_totals("grr", plain, everyone=policy.grr == "total")


@metric(
    id="logo_retention",
    name="Customer retention",
    abbr="Logo retention",
    unit="ratio",
    better="higher",
    meaning="Of the customers paying at the start of the window, the share that still are customers at its end.",
    formula="customers paying at the start and still customers at the end / customers paying at the start",
    missing=_MISSING,
    sources=("DEFINITIONS.md 3.29",),
    options={"window": _WINDOW, "interval": "Wilson interval of {value:.0%}"},
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
    return _rate("logo_retention", question, stayed, unit="count")


@metric(
    id="logo_churn",
    name="Customer churn",
    abbr="Logo churn",
    unit="ratio",
    better="lower",
    meaning="Of the customers paying at the start of the window, the share that is gone at its end.",
    formula="customers lost / customers paying at the start",
    missing=_MISSING,
    sources=("DEFINITIONS.md 3.28", "ChartMogul help 207340419"),
    options={"window": _WINDOW, "interval": "Wilson interval of {value:.0%}"},
    choices=("logo_churn",),
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
        "opening", "opening_with_returns" or "opening_plus_new"; by default the policy's. The last two count every
        departure within a period and take a window of 1.

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
    book, policy = _policy(book, logo_churn=method)
    question = Question.asked(book, window, freq, by, interval)
    if policy.logo_churn == "opening":
        return _rate(
            "logo_churn", question, Sides({"customers_lost": 1}, {"customers": 1}), unit="count"
        )
    if question.window != 1:
        msg = (
            f"logo_churn={policy.logo_churn!r} counts every departure within one period; ask for window=1 "
            'and the freq you want, such as freq="Y".'
        )
        raise DataError(msg)
    sides = Sides({"customers_churned_from_opening": 1}, {"customers_opening": 1})
    if policy.logo_churn == "opening_plus_new":
        sides = Sides({"customers_churned": 1}, {"customers_opening": 1, "customers_new": 1})
    return _rate("logo_churn", question, sides, events=True, unit="count")


@metric(
    id="gross_churn",
    name="Gross MRR churn",
    abbr="Gross churn",
    unit="ratio",
    better="lower",
    meaning="The share of the opening MRR that was lost to customers who left or pay less.",
    formula="(contraction + churn) / opening MRR",
    missing=_MISSING,
    sources=("DEFINITIONS.md 2.20", "ChartMogul help 203359341"),
    options={"window": _WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
    choices=("gross_churn", "view"),
)
def gross_churn(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    method: str | None = None,
) -> Result:
    """Gross MRR churn: contraction and churn over the opening MRR.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`.
    method
        "with_contraction" or "churn_only"; by default the policy's.

    Returns
    -------
    Result
        As for `nrr`; losses are positive.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> sm.retention.gross_churn(book, window=1).value
    0.2
    """
    book, policy = _policy(book, gross_churn=method)
    question = Question.asked(book, window, freq, by, interval)
    lost = {"churn": -1}
    if policy.gross_churn == "with_contraction":
        lost["contraction"] = -1
    return _rate("gross_churn", question, Sides(lost, _OPENING), events=policy.view == "event")


@metric(
    id="net_churn",
    name="Net MRR churn",
    abbr="Net churn",
    unit="ratio",
    better="lower",
    meaning="The share of the opening MRR lost, net of expansion and returning customers; below 0 is growth.",
    formula="(contraction + churn - expansion - reactivation) / opening MRR",
    missing=_MISSING,
    sources=("DEFINITIONS.md 2.21", "ChartMogul help 4414075567250"),
    options={
        "window": _WINDOW,
        "interval": "interval of {value:.0%} by resampling customers",
        "reactivation": {
            "in": "MRR won back from former customers is set against the losses",
            "out": "MRR won back from former customers is left out",
        },
    },
    choices=("view",),
)
def net_churn(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    reactivation: str = "in",
) -> Result:
    """Net MRR churn: losses less expansion and reactivation, over the opening MRR.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`.
    reactivation
        "in" or "out". With "out" it is 1 - NRR.

    Returns
    -------
    Result
        As for `nrr`.

    Raises
    ------
    DataError
        If reactivation is neither "in" nor "out".

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 125]})
    >>> sm.retention.net_churn(book, window=1).value
    -0.25
    """
    if reactivation not in ("in", "out"):
        msg = f'reactivation={reactivation!r} is "in" or "out".'
        raise DataError(msg)
    question = Question.asked(book, window, freq, by, interval)
    lost = {"churn": -1, "contraction": -1, "expansion": -1}
    if reactivation == "in":
        lost["reactivation"] = -1
    events = book.policy.view == "event"
    result = _rate("net_churn", question, Sides(lost, _OPENING), events=events)
    return result.saying(reactivation=reactivation)
