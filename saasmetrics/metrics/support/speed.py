"""How fast support is: first reply, resolution and handle times, beside the quality that they must not cost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets, Marked
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import (
    HANDLED,
    MEASURES,
    PARTNERS,
    Clock,
    check_hours,
    clock,
    clock_facets,
    handle_hours,
    handled,
    quality,
    zone_of,
)
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import HOUR
from saasmetrics.metrics.support.ticket_table import when_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.moments import WorkingHours
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.metrics.support.quantiles import Marks
    from saasmetrics.result import Result

_ALL = {
    **MEASURES,
    "handle": "active work on solved tickets; chats handled at once count each",
}
STATISTICS = {
    "median": "half take longer; unanswered tickets count for as long as they have been waiting (Kaplan-Meier)",
    "p90": "one in ten takes longer; unanswered tickets count for as long as they have been waiting (Kaplan-Meier)",
    "p95": "one in twenty takes longer; unanswered tickets count for as long as they have been waiting (Kaplan-Meier)",
    "mean": "sum of times / tickets that are answered: what still waits is not in it",
    "longest": "the longest time of all, with what is still waiting",
}
_QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95}
_SHARES = tuple(_QUANTILES.values())
_NONE = "no ticket of the period has such a time"
_NOT_YET = "not known yet: too many of the period are still waiting"


@metric(
    id="support_times",
    name="Support times",
    unit="hours",
    better="lower",
    meaning="How long customers wait for a first reply or a solution, and how long agents work on a ticket.",
    formula="time from creation to the event, of the tickets created in the period; the statistic over tickets",
    missing="Missing where no ticket has the time, and for a quantile while too many tickets still wait.",
    sources=("Zendesk help, ticket metrics", "Kaplan and Meier 1958", "METRICS.md"),
    options={
        "measure": _ALL,
        "statistic": STATISTICS,
        "hours": "counted in working hours: {value}",
        "zone": "days begin in {value}",
    },
)
def times(
    book: Book,
    measure: str = "first_reply",
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    statistic: str = "median",
    hours: WorkingHours | None = None,
    zone: str | None = None,
    interval: float | None = 0.95,
) -> Result:
    """How long customers wait for a reply or a solution, beside the quality that speed must not cost.

    Parameters
    ----------
    book
        With the table tickets.
    measure
        "first_reply", "first_resolution", "resolution" (with reopenings) or "handle" (active work).
    by
        Columns of tickets ("channel", "priority", "tag", "team_id"), customers ("segment") or people ("pod").
    freq
        Length of the periods of creation: "D", "W", "M", "Q", "Y".
    statistic
        "median", "p90", "p95", "mean" or "longest"; `df` has all of them.
    hours
        Count only working hours: `sm.support.WorkingHours("Europe/Berlin", holidays=[...])`. None: the calendar.
    zone
        Time zone in which days begin; by default that of the working hours, or UTC.
    interval
        Coverage of the interval of a quantile, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value (hours), n, answered, waiting, mean, median, p90, p95, longest (hours),
        and the partners of speed: csat with csat_low, csat_high and csat_n, reopen_rate with reopen_n; reason,
        complete, low, high. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If the book has no tickets.
    UnknownNameError
        If a measure, statistic, column, frequency or time zone does not exist.

    Notes
    -----
    A ticket that waits is longer than it has waited so far: leaving it out would make the slowest periods look fast.
    Tickets solved without a reply on record have no first reply and are counted in the footnote.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1, 2, 3], "customer_id": ["a"] * 3, "created_at": ["2026-01-05 09:00"] * 3,
    ...     "first_reply_at": ["2026-01-05 09:30", "2026-01-05 11:00", None]}
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}, tickets=tickets)
    >>> sm.support.times(book).value
    2.0
    """
    one_of("measure", measure, _ALL)
    one_of("statistic", statistic, STATISTICS)
    check_interval(interval)
    working = check_hours(hours)
    inbox = faceted_inbox(book, freq, by, zone_of(zone, working)).looking(_looks(measure, working))
    took = handled if measure == "handle" else partial(clock, measure=measure, hours=working)
    taken = took(inbox)
    scale = 1.0 / HOUR if measure != "handle" else float(handle_hours(1))
    edge = None if interval is None or statistic not in _QUANTILES else _QUANTILES[statistic]
    edges = None if interval is None or edge is None else (edge, interval)
    what = "work" if measure == "handle" else measure
    asked = Marked(what, shares=_SHARES, edges=edges, hours=None if what == "work" else working)
    marks = inbox.marked(asked, took)
    df = _frame(inbox, taken, marks, statistic, scale, asked)
    each = HANDLED if measure == "handle" else clock_facets(measure, working)
    return inbox.result(
        "support_times",
        df,
        "paired",
        options=inbox.options(
            measure=measure, statistic=statistic, hours=None if working is None else str(working)
        ),
        notes=taken.notes,
        extra={"partner": PARTNERS[measure], "measure": measure},
        drill=when_asked(partial(_drill, inbox.looking(each), took, scale)),
        untraced=""
        if statistic == "mean"
        else f"the {statistic} is no quotient of sums over tickets",
    )


def _drill(
    inbox: Inbox, took: Callable[[Inbox], Clock], scale: float
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `rows`: tickets with the hours that each took."""
    taken = took(inbox)
    spent = np.where(taken.over, taken.seconds * scale, 0.0)
    return inbox.drill(inbox.created, spent, taken.over.astype(int), taken.kept)


def _looks(measure: str, hours: WorkingHours | None) -> Facets:
    """Return what is looked at of tickets that are alike together."""
    if measure == "handle":
        return Facets(over=("first_resolution",), work=True)
    return replace(clock_facets(measure, hours), together=True)


def _frame(
    inbox: Inbox, taken: Clock, marks: Marks, statistic: str, scale: float, asked: Marked
) -> pd.DataFrame:
    first, periods, _ = inbox.extent
    shape = (len(inbox.groups), periods)
    at, kept = inbox.created, taken.kept & (inbox.created >= first)
    n, answered = inbox.sums(at, kept=kept), inbox.sums(at, kept=kept & taken.over)
    total = inbox.totals(at, taken.total, kept & taken.over)
    told = zip(_QUANTILES, marks.quantiles, strict=True)
    found = {name: values.reshape(shape) * scale for name, values in told}
    found["mean"] = ratio(total, answered) * scale
    found["longest"] = marks.longest.reshape(shape) * scale
    edges: dict[str, NDArray[Any]] = {}
    if asked.edges is not None:
        edges = {"low": marks.low * scale, "high": marks.high * scale}
    value = found[statistic]
    frame = inbox.frame(value, np.ones(shape), _NONE, n=n, answered=answered, waiting=n - answered)
    frame["value"] = value.ravel()  # a time may be 0, or missing
    frame["reason"] = np.where(frame["value"].notna(), "", np.where(n.ravel() > 0, _NOT_YET, _NONE))
    frame = frame.drop(columns=["numerator", "denominator"])
    more = {**found, **quality(inbox), **edges}
    return frame.assign(**{name: values.ravel() for name, values in more.items()})
