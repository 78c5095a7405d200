"""What the rates of retention share: from the two sides of a rate to its Result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.metrics.made import Sides, made, sided
from saasmetrics.metrics.rates import Question, rate_frame, too_sure
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_LOSSES = ("gross_churn", "net_churn", "logo_churn")
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


def projected(df: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return churn with the open period projected to its end: what was lost so far, times days over days elapsed."""
    if question.window != 1 or df["complete"].all():
        return df
    elapsed, whole = _elapsed(question)
    out, still = df.copy(), ~df["complete"].to_numpy()
    for name in ("value", "numerator", "low", "high"):
        if name in out.columns:
            out[name] = out[name].where(~still, out[name] * whole / elapsed)
    said = f"projected from {elapsed} of {whole} days"
    both = [f"{said}; {why}" if why else said for why in out["reason"]]
    out["reason"] = np.where(still & out["value"].notna(), both, out["reason"])
    return out


def _elapsed(question: Question) -> tuple[int, int]:
    """Return how many days of the open period are over, and how many it has."""
    book, calendar = question.book, question.book.calendar(question.freq)
    number = np.array([book.engine.extent(question.freq)[2] + 1])
    first, last = int(calendar.first_day(number)[0]), int(calendar.last_day(number)[0])
    return book.as_of_day - first + 1, last - first + 1


def _projection(
    question: Question, drill: Callable[..., pd.DataFrame], sides: Sides
) -> Callable[..., Trace]:
    """Return how churn follows from customers where the open period is projected to its end."""

    def trace(period: Any, **group: Any) -> Trace:
        rows = drill(period=period, **group)
        full = question.book.engine.extent(question.freq)[2]
        if question.window != 1 or question.book.calendar(question.freq).of(period) <= full:
            return Trace.of_sides(rows, sides.parts())
        elapsed, whole = _elapsed(question)
        rows["so_far"] = rows["numerator"]
        rows["numerator"] = rows["so_far"] * whole / elapsed
        made = {**sides.parts(), "numerator": f"so_far * {whole} / {elapsed}"}
        return Trace.of_sides(rows, made)

    return trace


def rate(
    id: str,
    question: Question,
    sides: Sides,
    *,
    events: bool = False,
    unit: str = "money",
    notes: Sequence[str] = (),
) -> Result:
    """Return a rate over pairs of snapshots, or over movements in the window with `events`."""
    # The interval of a share of customers needs no resampling, and so no bags of customers.
    asked = replace(question, interval=None) if unit == "count" else question
    sums = asked.movements() if events else asked.pairs()
    count = sums["customers_opening" if events else "customers"]
    df = rate_frame(question, sides.top(sums), sides.bottom(sums), count, NOBODY, unit=unit)
    few = () if unit == "count" else too_sure(df)
    if unit == "money" and not events and not notes:
        notes = _of_which_rates(question.book)
    kind = "movements" if events else "pairs"
    drill = question.drill(kind, sides)
    estimated = question.book.policy.open_period == "projected" and id in _LOSSES
    trace = _projection(question, drill, sides) if estimated else None
    df = projected(df, question) if estimated else df
    options = {"window": question.span, "interval": question.interval}
    return made(
        question.book,
        id,
        df,
        "series",
        by=question.by,
        options=options,
        notes=(*notes, *few),
        drill=drill,
        sides=sides,
        trace=trace,
    )


def _of_which_rates(book: Book) -> tuple[str, ...]:
    """Return at which exchange rates both ends of a window are, where any moves."""
    if not book.engine.rates_move:
        return ()
    if book.policy.fx == "spot":
        return ("Each end of a window is at its own exchange rates",)
    return ("Both ends of a window are at the exchange rates of its start",)


def of_totals(id: str, question: Question, *, everyone: bool) -> Result:
    """Return the lower of total opening and closing MRR over the opening; totals cannot be resampled by customer."""
    sums = question.movements() if everyone else question.pairs()
    count = sums["customers_opening" if everyone else "customers"]
    top = np.minimum(sums["closing"], sums["opening"])
    df = rate_frame(question, top, sums["opening"], count, NOBODY)
    kind = "movements" if everyone else "pairs"
    found = question.drill(kind)

    def drill(period: Any = None, **group: Any) -> pd.DataFrame:
        rows = found(period, **group)
        lower = "closing" if rows["closing"].sum() < rows["opening"].sum() else "opening"
        return sided(rows, Sides({lower: 1}, OPENING))

    options = {"window": question.span}
    return made(question.book, id, df, "series", by=question.by, options=options, drill=drill)
