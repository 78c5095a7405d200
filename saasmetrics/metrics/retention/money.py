"""Net and gross retention of MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import Sides
from saasmetrics.metrics.rates import Question
from saasmetrics.metrics.retention.organic import nrr_without
from saasmetrics.metrics.retention.shared import MISSING, OPENING, WINDOW, of_totals, rate, under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="nrr",
    name="Net revenue retention",
    abbr="NRR",
    unit="ratio",
    better="higher",
    meaning="Of the MRR we had at the start of the window, how much we have now from the same customers.",
    formula="closing MRR of the customers paying at the start / their opening MRR",
    missing=MISSING,
    sources=("METRICS.md", "Ordway 2022, example 1"),
    options={"window": WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
    choices=("nrr", "reactivation", "escalators", "month", "pause"),
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
        Length of the window in periods of `freq`, not in months: 12 with freq="Q" are twelve quarters, three years. By
        default a year, whatever `freq` is.
    by
        Columns of the customers or the subscriptions to group by.
    freq
        D, W, M, Q or Y.
    interval
        Coverage of the interval, by resampling customers; None for none. Fewer than five customers, and those whose
        resamples are all alike, have none: its `reason` says so.
    method
        "cohort", "movements" or "changelog"; by default the policy's.
    reactivation
        "out" or "in"; by default the policy's.

    Returns
    -------
    Result
        period, by-columns, value (1.0 = 100 %), numerator and denominator in currency units, n customers at the
        start (paying or paused: `rows()` has those who are in one of the two sides), reason, complete, low, high.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.
    DataError
        If the policy leaves contracted uplifts out of a method that cannot tell them.

    Notes
    -----
    By columns that a customer changes, such as the plan, what it moves from one group to another is no loss of the one
    and no gain of the other; what it pays more or less than before counts in the group where it does. From Pro at 100
    to Max at 150, Pro keeps 100 % and Max gains 50, so that groups add up to the company.

    Where exchange rates move, both ends of a window are at the rates of its start; under the policy fx="spot" each end
    is at its own, so that what rates did counts, customer by customer, as expansion or contraction.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> sm.retention.nrr(book, window=1).value
    0.8
    """
    book = under(book, nrr=method, reactivation=reactivation)
    question = Question.asked(book, window, freq, by, interval)
    won = {"reactivation": 1} if book.policy.reactivation == "in" else {}
    if book.policy.escalators == "excluded":
        if book.policy.nrr != "cohort" or won:
            msg = (
                'escalators="excluded" leaves uplifts out of what the customers at the start pay at the end; it needs '
                'nrr="cohort" and reactivation="out".'
            )
            raise DataError(msg)
        return nrr_without("nrr", question, ("escalator",))
    if book.policy.nrr == "cohort":
        return rate("nrr", question, Sides({"closing": 1, **won}, OPENING))
    kept = {"opening": 1, "expansion": 1, "churn": 1, **won}
    if book.policy.nrr == "movements":
        kept["contraction"] = 1
    return rate("nrr", question, Sides(kept, OPENING), events=True)


@metric(
    id="grr",
    name="Gross revenue retention",
    abbr="GRR",
    unit="ratio",
    better="higher",
    meaning="Of the MRR we had at the start of the window, how much is left before any expansion; never above 100 %.",
    formula="lower of opening and closing MRR, customer by customer / opening MRR",
    missing=MISSING,
    sources=("METRICS.md",),
    options={"window": WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
    choices=("grr", "month", "pause"),
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

    Notes
    -----
    Where only a few customers have lost anything, resampling them tells too little of the losses that might have been,
    and the interval is too short below: of a made-up segment of 55 customers, three of whom leave in a year, intervals
    of 95 % hold the true GRR in 85 of 100 companies (tests/sample/test_intervals.py). Beside it, see `logo_retention`.

    A customer whose credits exceed what it pays counts with what is left, below 0, in GRR as in NRR: GRR is never above
    NRR, and falls below 0 where NRR does.

    Under the policy fx="spot" what customers kept is told in their own currency and valued at the lower of the rates at
    the start and at the end of the window: the footnote says so.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 180]})
    >>> sm.retention.grr(book, window=1).value
    1.0
    """
    book = under(book, grr=method)
    question = Question.asked(book, window, freq, by, interval)
    if book.policy.grr == "customer":
        return rate("grr", question, Sides({"kept": 1}, OPENING), notes=_at_spot(book))
    if book.policy.grr == "movements":
        left = {"opening": 1, "contraction": 1, "churn": 1}
        return rate("grr", question, Sides(left, OPENING), events=True)
    plain = Question.asked(book, window, freq, by, None)
    return of_totals("grr", plain, everyone=book.policy.grr == "total")


def _at_spot(book: Book) -> tuple[str, ...]:
    """Return how GRR customer by customer takes rates that move within the window, where they count as retention."""
    if book.policy.fx != "spot" or not book.engine.rates_move:
        return ()
    said = (
        "Customers are compared in their own currency, without what exchange rates did; what they kept is valued at "
        "the lower of the rates at the start and at the end of the window, currency by currency: a rate that falls "
        "counts as lost, one that rises adds nothing"
    )
    return (said,)
