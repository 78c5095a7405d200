"""How long tickets took, or have been taking: by the calendar or in working hours, with what is still running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.moments import WorkingHours
from saasmetrics.engine.tickets import NEVER, SCALE, UNKNOWN
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
_DAY = 86_400


@dataclass(frozen=True, eq=False)
class Clock:
    """For each ticket the seconds it took or has been taking, whether it is over, and whether it counts."""

    seconds: Ints
    over: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    notes: tuple[str, ...]


def check_hours(hours: Any) -> WorkingHours | None:
    """Refuse what are no working hours."""
    if hours is None or isinstance(hours, WorkingHours):
        return hours
    msg = f'hours={hours!r} are no working hours: sm.support.WorkingHours("Europe/Berlin"), or None for the calendar.'
    raise DataError(msg)


def zone_of(zone: str | None, hours: WorkingHours | None) -> str:
    """Return the time zone asked for; by default that of the working hours, or UTC."""
    return zone if zone is not None else "UTC" if hours is None else hours.zone


def clock(inbox: Inbox, measure: str, hours: WorkingHours | None = None) -> Clock:
    """Return how long each ticket took.

    Tickets that run backwards are set aside, and for first replies those that were solved without one.
    """
    one_of("measure", measure, MEASURES)
    tickets = inbox.tickets
    end = tickets.moment(measure)
    over = end < NEVER
    until = np.where(over, end, tickets.now)
    backwards = until < tickets.created
    kept, notes = inbox.since & ~backwards, []
    if measure == "first_reply":
        without = ~over & (tickets.first_solved < NEVER)
        kept &= ~without
        if without.any():
            notes.append(f"{counted(int(without.sum()), 'ticket')} solved without a reply left out")
    if backwards.any():
        what = "answered" if measure == "first_reply" else "solved"
        said = counted(int(backwards.sum()), "ticket")
        notes.append(f"{said} {what} before being created left out")
    start = np.minimum(tickets.created, until)
    seconds = until - start if hours is None else hours.between(start, until)
    return Clock(seconds, over, kept, tuple(notes))


def handled(inbox: Inbox) -> Clock:
    """Return the seconds of work on each solved ticket that has them, in thousandths."""
    tickets = inbox.tickets
    known = tickets.handled != UNKNOWN
    solved = tickets.first_solved < NEVER
    without = int((solved & inbox.since & ~known).sum())
    notes = (
        (f"{counted(without, 'solved ticket')} without handle time left out",) if without else ()
    )
    return Clock(tickets.handled, solved, known & solved & inbox.since, notes)


def handle_hours(thousandths: Any) -> NDArray[np.float64]:
    """Return handle times as hours."""
    return np.asarray(thousandths, float) / (SCALE * 3_600)


def matured(inbox: Inbox, days: int) -> NDArray[np.bool_]:
    """Return the tickets first solved at least so many days ago, with a count of reopenings."""
    tickets = inbox.tickets
    old = tickets.first_solved <= tickets.now - days * _DAY
    return np.asarray(old & (tickets.reopens != UNKNOWN) & inbox.since)


def quality(inbox: Inbox, at: Ints, level: float = 0.95) -> dict[str, Any]:
    """Return CSAT and the reopen rate of the tickets of each cell: what speed must be read beside."""
    tickets = inbox.tickets
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
