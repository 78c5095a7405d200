"""Net promoter score by period and group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.surveys.shared import PER, Cells
from saasmetrics.survival.estimate import normal_quantile, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

MUCH = 0.2  # of the population: from there on the interval allows for how few are left to ask
_BANDS = np.array(["below 70%", "70-80%: good enough", "above 80%"], object)


@metric(
    id="nps",
    name="Net promoter score",
    abbr="NPS",
    unit="points",
    better="higher",
    meaning="How many more customers would recommend us than would not, of a hundred who answered.",
    formula="100 x (answers of 9 and 10 - answers of 0 to 6) / answers",
    missing="Missing where nobody answered; who did not answer counts nowhere.",
    sources=(
        "METRICS.md",
        "Rocks 2016, The American Statistician (interval)",
        "MeasuringU",
        "Udesk (band)",
    ),
    options={"per": PER, "interval": "coverage {value:.0%}, adjusted Wald"},
)
def nps(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    *,
    per: str = "account",
    interval: float | None = 0.95,
) -> Result:
    """Net promoter score of the answers of each period.

    Parameters
    ----------
    book
        The company's tables; needs `surveys` with instrument "nps".
    freq
        D, W, M, Q or Y.
    by
        Columns of customers or of surveys.
    per
        "account": the last answer of each account in the period; "response": every answer.
    interval
        Coverage, None for no interval. Where more than a fifth of the paying customers answered, the interval of
        accounts is narrowed by the finite-population correction.

    Returns
    -------
    Result
        period, by-columns, value (points, -100 to 100), numerator (100 x (promoters - detractors)), denominator and n
        (answers), promoters, passives, detractors, promoter_share with promoter_low and promoter_high (Wilson), band
        (of the share of promoters: 70 to 80 % is good enough), missing (answers without a score), population (paying
        customers at the end), response (accounts that answered / population), reason, complete, low, high.

    Raises
    ------
    MissingTableError
        If there is no table of surveys.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.surveys.nps(sm.demo(customers=200), "Y")
    >>> bool(made.df["value"].between(-100, 100).all())
    True
    """
    cells = Cells.of(book, "nps", freq, by, interval, per=per)
    score = cells.answers.score
    up, down, n = cells.total(score >= 9), cells.total(score <= 6), cells.total()
    people = cells.population()
    share = ratio(n, people) if per == "account" else np.full(n.shape, np.nan)
    values = {
        "value": 100 * ratio(up - down, n),
        "numerator": 100 * (up - down),
        "denominator": n,
        "n": n.astype(int),
        "promoters": up.astype(int),
        "passives": (n - up - down).astype(int),
        "detractors": down.astype(int),
        "promoter_share": ratio(up, n),
        "band": _band(ratio(up, n)),
        "missing": cells.missing(),
        "population": people,
        "response": share,
    }
    if interval is not None:
        values["promoter_low"], values["promoter_high"] = wilson(up, n, interval)
        narrowed = np.where(share > MUCH, people, np.nan)
        values["low"], values["high"] = score_interval(up, down, n, interval, narrowed)
    notes = list(cells.answers.notes)
    if interval is not None and bool((share > MUCH).any()):
        notes.append(
            "The interval is narrowed where more than a fifth of the paying customers answered"
        )
    worth = 100.0 * (score >= 9) - 100.0 * (score <= 6)
    return made(
        book,
        "nps",
        cells.frame(values),
        "survey",
        by=by,
        options={"per": per, "freq": freq, "interval": interval},
        notes=notes,
        tables=["surveys"],
        drill=cells.drill(worth),
    )


def score_interval(
    up: Floats, down: Floats, n: Floats, level: float, population: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the adjusted Wald interval of scores in points, missing without answers."""
    size, here = n + 3, n > 0
    p, d = (up + 0.75) / size, (down + 0.75) / size
    half = normal_quantile(level) * np.sqrt((p + d - (p - d) ** 2) / size)
    value = np.divide(up - down, n, out=np.zeros(np.shape(n)), where=here)
    middle = p - d
    if population is not None:
        left = np.maximum(population - n, 0) / np.maximum(population - 1, 1)
        share = np.where(np.isnan(population), 1.0, np.sqrt(left))
        # Where nearly everybody answered, the score itself is known, and not one drawn towards the middle.
        half, middle = half * share, value + (middle - value) * share
    low, high = np.minimum(middle - half, value), np.maximum(middle + half, value)
    return np.where(here, 100 * low, np.nan), np.where(here, 100 * high, np.nan)


def _band(share: Floats) -> NDArray[np.object_]:
    at = np.digitize(np.nan_to_num(share), [0.7, 0.8])
    return np.where(np.isnan(share), "", _BANDS[at])
