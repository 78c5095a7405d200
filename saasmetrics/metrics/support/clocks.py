"""How long tickets took, or have been taking: by the calendar or in working hours, with what is still running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.moments import WorkingHours
from saasmetrics.engine.tickets import SCALE, UNKNOWN
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import ratio
from saasmetrics.money import counted
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.metrics.support.inbox import Inbox

    Ints = NDArray[np.int64]

MEASURES = {
    "first_reply": "from creation to the first public reply of a person",
    "first_resolution": "from creation to the first time it was solved",
    "resolution": "from creation to the last time it was solved; a reopened ticket goes on",
}
PARTNERS = {
    "first_reply": "csat",
    "first_resolution": "csat",
    "resolution": "reopen_rate",
    "handle": "reopen_rate",
}
MATURE_DAYS = 7  # a solved ticket that was not reopened within them counts as not reopened
HANDLED = Facets(over=("first_resolution",), raw=("handle_seconds",))
"""What `handled` looks at."""
WORKED = Facets(over=("first_resolution",), work=True, squares=True)
"""What `worked` looks at."""
RATED = Facets(over=("resolution",), raw=("csat", "csat_scale"))
"""What satisfaction is told by."""


@dataclass(frozen=True, eq=False)
class Clock:
    """For each ticket the seconds it took or has been taking, whether it is over, and whether it counts.

    `total` and `most` are the seconds of all tickets of an element together, and of the longest of them.
    """

    seconds: Ints
    over: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    notes: tuple[str, ...]
    total: Ints
    most: Ints


def check_hours(hours: Any) -> WorkingHours | None:
    """Refuse what are no working hours."""
    if hours is None or isinstance(hours, WorkingHours):
        return hours
    msg = f'hours={hours!r} are no working hours: sm.support.WorkingHours("Europe/Berlin"), or None for the calendar.'
    raise DataError(msg)


def zone_of(zone: str | None, hours: WorkingHours | None) -> str:
    """Return the time zone asked for; by default that of the working hours, or UTC."""
    return zone if zone is not None else "UTC" if hours is None else hours.zone


def clock_facets(measure: str, hours: WorkingHours | None = None) -> Facets:
    """Return what `clock` looks at."""
    one_of("measure", measure, MEASURES)
    over = dict.fromkeys((measure, *(("first_resolution",) if measure == "first_reply" else ())))
    return Facets(took=(measure,), over=tuple(over), hours=hours)


def clock(inbox: Inbox, measure: str, hours: WorkingHours | None = None) -> Clock:
    """Return how long each ticket took.

    Tickets that run backwards are set aside, and for first replies those that were solved without one.
    """
    created, until, over = inbox.span(measure, hours)
    backwards = until < created
    kept, notes = inbox.since & ~backwards, []
    if measure == "first_reply":
        without = ~over & inbox.over("first_resolution")
        kept &= ~without
        if without.any():
            notes.append(
                f"{counted(inbox.count(without), 'ticket')} solved without a reply left out"
            )
    if backwards.any():
        what = "answered" if measure == "first_reply" else "solved"
        said = counted(inbox.count(backwards), "ticket")
        notes.append(f"{said} {what} before being created left out")
    seconds = until - np.minimum(created, until)
    return Clock(seconds, over, kept, tuple(notes), *inbox.spent(measure, seconds))


def set_aside(inbox: Inbox) -> tuple[str, ...]:
    """Return what the footnote says of tickets that run backwards."""
    many = inbox.count(inbox.backwards)
    return (f"{counted(many, 'ticket')} solved before being created left out",) if many else ()


def handled(inbox: Inbox) -> Clock:
    """Return the seconds of work on each solved ticket that has them, in thousandths."""
    seconds = inbox.tickets.handled
    mine, notes = worked(inbox)
    return Clock(seconds, inbox.over("first_resolution"), mine, notes, inbox.work, seconds)


def worked(inbox: Inbox) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return the solved tickets of which the work is known, and what the footnote says of the others."""
    known, solved = inbox.timed, inbox.over("first_resolution") & inbox.since
    without = inbox.count(solved & ~known)
    said = f"{counted(without, 'solved ticket')} without handle time left out"
    return known & solved, (said,) if without else ()


def handle_hours(thousandths: Any) -> NDArray[np.float64]:
    """Return handle times as hours."""
    return np.asarray(thousandths, float) / (SCALE * 3_600)


def matured_facets(days: int) -> Facets:
    """Return what `matured` looks at."""
    return Facets(old=(days,), over=("first_resolution",), raw=("reopens",))


def matured(inbox: Inbox, days: int) -> NDArray[np.bool_]:
    """Return the tickets first solved at least so many days ago, with a count of reopenings."""
    return np.asarray(inbox.old(days) & (inbox.tickets.reopens != UNKNOWN) & inbox.since)


def quality(inbox: Inbox, kind: str = "created", level: float = 0.95) -> dict[str, Any]:
    """Return CSAT and the reopen rate of the tickets of each cell: what speed must be read beside."""
    looks = Facets(at=() if kind == "created" else (kind,))
    inbox = inbox.looking(looks | RATED | matured_facets(MATURE_DAYS))
    at, tickets = inbox.at(kind), inbox.tickets
    rated = (tickets.satisfied != UNKNOWN) & inbox.since
    good, answers = (
        inbox.sums(at, np.maximum(tickets.satisfied, 0), rated),
        inbox.sums(at, kept=rated),
    )
    low, high = wilson(good, answers, level)
    mature = matured(inbox, MATURE_DAYS)
    again = inbox.sums(at, (tickets.reopens > 0).astype(np.int64), mature)
    solved = inbox.sums(at, kept=mature)
    return {
        "csat": ratio(good, answers),
        "csat_low": low,
        "csat_high": high,
        "csat_n": answers,
        "reopen_rate": ratio(again, solved),
        "reopen_n": solved,
    }
