"""How much is won for what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import Sides, made
from saasmetrics.metrics.rates import Question, rate_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NEVER = "Never missing: without subscriptions it is 0."


@metric(
    id="quick_ratio",
    name="Quick ratio",
    unit="multiple",
    better="higher",
    meaning="How many units of MRR are won for each unit lost.",
    formula="(new + expansion + reactivation) / (contraction + churn)",
    missing="Missing where nothing was lost: there is no finite ratio.",
    sources=("METRICS.md",),
    options={
        "window": "over {value}",
        "interval": "interval of {value:.0%} by resampling customers",
    },
    choices=("quick_ratio", "view"),
)
def quick_ratio(
    book: Book,
    window: int = 1,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    method: str | None = None,
) -> Result:
    """Gains of MRR over losses of MRR.

    Parameters
    ----------
    book, by, freq, interval
        As for `arpa`.
    window
        Length of the window in periods of `freq`, over which movements are summed.
    method
        "with_reactivation" or "without_reactivation"; by default the policy's.

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
    >>> rows = {"customer_id": ["a", "a", "b"], "month": ["2026-01", "2026-02", "2026-02"], "mrr": [100, 90, 40]}
    >>> sm.revenue.quick_ratio(sm.Book(mrr=rows)).value
    4.0
    """
    if method is not None:
        book = book.with_policy(quick_ratio=method)
    question = Question.asked(book, window, freq, by, interval)
    sums = question.movements()
    won = {"new": 1, "expansion": 1}
    if book.policy.quick_ratio == "with_reactivation":
        won["reactivation"] = 1
    sides = Sides(won, {"contraction": -1, "churn": -1})
    df = rate_frame(
        question, sides.top(sums), sides.bottom(sums), sums["customers_closing"], "nothing was lost"
    )
    drill = question.drill("movements", sides)
    options = {"window": question.span, "interval": interval}
    return made(
        book,
        "quick_ratio",
        df,
        "series",
        by=by,
        options=options,
        drill=drill,
        sides=sides,
    )
