"""What the rates of retention share: from the two sides of a rate to its Result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.metrics.made import Sides, made, period_drill, sided
from saasmetrics.metrics.rates import Question, rate_frame

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

OPENING = {"opening": 1}
NOBODY = "nobody was paying at the start of the window"
WINDOW = "over {value}"
MISSING = (
    "Missing where nobody was paying at the start of the window, as before the first customers."
)


def under(book: Book, **choices: Any) -> Book:
    """Return the book under the policy choices given in a call, those that are None left as they are."""
    given = {name: value for name, value in choices.items() if value is not None}
    return book.with_policy(**given) if given else book


def rate(
    id: str, question: Question, sides: Sides, *, events: bool = False, unit: str = "money"
) -> Result:
    """Return a rate over pairs of snapshots, or over movements in the window with `events`."""
    sums = question.movements() if events else question.pairs()
    count = sums["customers_opening" if events else "customers"]
    df = rate_frame(question, sides.top(sums), sides.bottom(sums), count, NOBODY, unit=unit)
    kind = "movements" if events else "pairs"
    drill = period_drill(
        question.book, kind, question.freq, question.by, sides, window=question.window
    )
    options = {"window": question.span, "interval": question.interval}
    return made(question.book, id, df, "series", by=question.by, options=options, drill=drill)


def of_totals(id: str, question: Question, *, everyone: bool) -> Result:
    """Return the lower of total opening and closing MRR over the opening; totals cannot be resampled by customer."""
    sums = question.movements() if everyone else question.pairs()
    count = sums["customers_opening" if everyone else "customers"]
    top = np.minimum(sums["closing"], sums["opening"])
    df = rate_frame(question, top, sums["opening"], count, NOBODY)
    kind = "movements" if everyone else "pairs"
    found = period_drill(question.book, kind, question.freq, question.by, window=question.window)

    def drill(period: Any = None, **group: Any) -> pd.DataFrame:
        rows = found(period, **group)
        lower = "closing" if rows["closing"].sum() < rows["opening"].sum() else "opening"
        return sided(rows, Sides({lower: 1}, OPENING))

    options = {"window": question.span}
    return made(question.book, id, df, "series", by=question.by, options=options, drill=drill)
