"""Customer effort by period and group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.surveys.shared import PER, Cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.answers import Answers
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

HIGH = {
    "easy": "7 is the least effort",
    "hard": "answers are turned around, so that 7 is the least effort",
}


@metric(
    id="ces",
    name="Customer effort score",
    abbr="CES",
    unit="points",
    better="higher",
    meaning="How easy customers find it to get what they need, 7 being the easiest.",
    formula="mean answer, on a scale of 1 to 7",
    missing="Missing where nobody answered; no interval of a single answer.",
    sources=("METRICS.md", "Student 1908 (interval)"),
    options={"high": HIGH, "per": PER, "interval": "coverage {value:.0%}, Student's t"},
)
def ces(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    *,
    high: str = "easy",
    per: str = "response",
    interval: float | None = 0.95,
) -> Result:
    """Mean customer effort score of each period.

    Parameters
    ----------
    book
        The company's tables; needs `surveys` with instrument "ces".
    freq
        D, W, M, Q or Y.
    by
        Columns of customers or of surveys.
    high
        What a high answer means in your survey: "easy" or "hard". Other scales than 1 to 7 are stretched to it, worst
        to worst and best to best.
    per
        "response": every answer; "account": the last answer of each account in the period.
    interval
        Coverage, None for no interval.

    Returns
    -------
    Result
        period, by-columns, value (1 to 7), numerator (sum of answers), denominator and n (answers), deviation (standard
        deviation), missing (answers without a score), reason, complete, low, high.

    Raises
    ------
    MissingTableError
        If there is no table of surveys.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.surveys.ces(sm.demo(customers=200), "Y")
    >>> bool(made.df["value"].dropna().between(1, 7).all())
    True
    """
    one_of("meaning of a high answer", high, HIGH)
    cells = Cells.of(book, "ces", freq, by, interval, per=per)
    score = of_seven(cells.answers, high)
    n, total = cells.total(), cells.total(score)
    mean = ratio(total, n)
    spread = _deviation(cells.total((score - 4) ** 2), total - 4 * n, n)
    values: dict[str, Any] = {
        "value": mean,
        "numerator": total,
        "denominator": n,
        "n": n.astype(int),
        "deviation": spread,
        "missing": cells.missing(),
    }
    if interval is not None:
        half = half_width(spread, n, interval)
        values |= {"low": np.maximum(mean - half, 1), "high": np.minimum(mean + half, 7)}
    return made(
        book,
        "ces",
        cells.frame(values),
        "survey",
        by=by,
        options={"high": high, "per": per, "freq": freq, "interval": interval},
        notes=cells.answers.notes,
        tables=["surveys"],
        drill=cells.drill(score),
    )


def of_seven(answers: Answers, high: str) -> Floats:
    """Return answers on a scale of 1 to 7 on which 7 is the least effort."""
    share = answers.share if high == "easy" else 1 - answers.share
    return 1 + 6 * share


def half_width(deviation: Floats, n: Floats, level: float) -> Floats:
    """Return half of Student's interval of a mean; missing for fewer than two answers."""
    from scipy.stats import t

    out = np.full(np.shape(n), np.nan)
    two = n >= 2
    out[two] = t.ppf(0.5 + level / 2, n[two] - 1) * deviation[two] / np.sqrt(n[two])
    return out


def _deviation(squares: Floats, sums: Floats, n: Floats) -> Floats:
    """Return the standard deviation of a sample from sums around the middle of the scale."""
    left = np.maximum(squares - sums * ratio(sums, n), 0)
    return np.sqrt(ratio(left, n - 1))
