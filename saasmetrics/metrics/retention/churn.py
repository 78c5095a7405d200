"""Churn of MRR: the losses that retention leaves out of 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import Sides
from saasmetrics.metrics.rates import Question
from saasmetrics.metrics.retention.daily import Daily
from saasmetrics.metrics.retention.shared import MISSING, OPENING, WINDOW, rate, under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="gross_churn",
    name="Gross MRR churn",
    abbr="Gross churn",
    unit="ratio",
    better="lower",
    meaning="The share of the opening MRR that was lost to customers who left or pay less.",
    formula="(contraction + churn) / opening MRR",
    missing=MISSING,
    sources=("METRICS.md", "ChartMogul help 203359341"),
    options={"window": WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
    choices=("gross_churn", "month", "open_period", "view"),
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
        "with_contraction", "churn_only" or "daily_sum"; by default the policy's.

    Returns
    -------
    Result
        As for `nrr`; losses are positive.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.

    Notes
    -----
    It is 1 - GRR by pairs of snapshots where exchange rates do not count. Under the policy fx="spot" what they took of
    customers counts beside what these gave up, while GRR takes the lower of the rates at both ends of what customers
    kept, so that the two differ.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> sm.retention.gross_churn(book, window=1).value
    0.2
    """
    book = under(book, gross_churn=method)
    question = Question.asked(book, window, freq, by, interval)
    lost = {"churn": -1}
    if book.policy.gross_churn != "churn_only":
        lost["contraction"] = -1
    if book.policy.gross_churn == "daily_sum":
        return Daily(question, lost).result("gross_churn")
    return rate("gross_churn", question, Sides(lost, OPENING), events=book.policy.view == "event")


@metric(
    id="net_churn",
    name="Net MRR churn",
    abbr="Net churn",
    unit="ratio",
    better="lower",
    meaning="The share of the opening MRR lost, net of expansion and returning customers; below 0 is growth.",
    formula="(contraction + churn - expansion - reactivation) / opening MRR",
    missing=MISSING,
    sources=("METRICS.md", "ChartMogul help 4414075567250"),
    options={
        "window": WINDOW,
        "interval": "interval of {value:.0%} by resampling customers",
        "reactivation": {
            "in": "MRR won back from former customers is set against the losses",
            "out": "MRR won back from former customers is left out",
        },
    },
    choices=("net_churn", "month", "open_period", "view"),
)
def net_churn(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    reactivation: str | None = None,
) -> Result:
    """Net MRR churn: losses less expansion and reactivation, over the opening MRR.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`.
    reactivation
        "in" or "out"; by default the policy's. With "out" it is 1 - NRR.

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
    if reactivation not in ("in", "out", None):
        msg = f'reactivation={reactivation!r} is "in" or "out".'
        raise DataError(msg)
    if reactivation is None:
        reactivation = "out" if book.policy.net_churn == "without_reactivation" else "in"
    question = Question.asked(book, window, freq, by, interval)
    lost = {"churn": -1, "contraction": -1, "expansion": -1}
    if reactivation == "in":
        lost["reactivation"] = -1
    if book.policy.net_churn == "daily_sum":
        return Daily(question, lost).result("net_churn").saying(reactivation=reactivation)
    events = book.policy.view == "event"
    if book.policy.pause == "contraction" and not events:
        lost["resumed"] = -1  # what was a loss when it was paused
    result = rate("net_churn", question, Sides(lost, OPENING), events=events)
    return result.saying(reactivation=reactivation)
