"""What became of contract terms: which contract renewed which, when, at what value, as known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.contracts import MULTI_YEAR, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.contracts import Terms

OUTCOMES = ("renewed", "lost", "open")
TIMINGS = ("early", "on_time", "late")
RENEWED, LOST, OPEN = range(3)
EARLY, ON_TIME, LATE = range(3)
_ANY = -(2**20)  # days before the end: however early
_HALF = 2  # a contract takes a second term over if it covers half of it beyond what it names


@dataclass(frozen=True)
class Window:
    """How long a renewal may come late, and how long before the end it is early, in days."""

    grace: int = 90
    early: int = 90


@dataclass(frozen=True, eq=False)
class Renewals:
    """What became of each known term, as known at the end of a day; money in micro-units per year.

    `outcome` and `timing` index `OUTCOMES` and `TIMINGS` (-1 where not renewed); `signed` is the day of the renewal's
    signature; `final` is the value after renewal,
    0 unless renewed; `escalator` the part of it that is a contracted uplift, `mid_term` the part that the customer
    already paid above its contract before the term ended; `next` a term that renewed it, or -1;
    `number` which term of its chain it is, from 1; `settled` is the day from which nothing can change any more.
    """

    terms: Terms
    as_of: int
    outcome: NDArray[np.int64]
    signed: NDArray[np.int64]
    timing: NDArray[np.int64]
    final: NDArray[np.int64]
    escalator: NDArray[np.int64]
    mid_term: NDArray[np.int64]
    next: NDArray[np.int64]
    number: NDArray[np.int64]
    returned: NDArray[np.bool_]
    long: NDArray[np.bool_]
    settled: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.terms)

    @property
    def kept(self) -> NDArray[np.int64]:
        """The value renewed, up to the expiring one."""
        return np.minimum(self.final, self.terms.due)

    def measures(self) -> dict[str, NDArray[np.int64]]:
        """Return the additive measures of every term."""
        due, kept = self.terms.due, self.kept
        renewed, lost, still = (self.outcome == n for n in (RENEWED, LOST, OPEN))
        one = np.ones(len(self), np.int64)
        return {
            "atr": due,
            "renewed": kept,
            "full": np.where(renewed & (self.final >= due), due, 0),
            "downsell": np.where(renewed, due - kept, 0),
            "lost": np.where(lost, due, 0),
            "open": np.where(still, due, 0),
            "escalator": self.escalator,
            "mid_term": self.mid_term,
            "upsell": self.final - kept - self.escalator - self.mid_term,
            "final": self.final,
            "early": np.where(self.timing == EARLY, kept, 0),
            "on_time": np.where(self.timing == ON_TIME, kept, 0),
            "late": np.where(self.timing == LATE, kept, 0),
            "multi_year": np.where(self.long, self.final, 0),
            "terms": one,
            "terms_renewed": one * renewed,
            "terms_lost": one * lost,
            "terms_open": one * still,
            "terms_returned": one * self.returned,
        }


def renewals(terms: Terms, as_of: int, window: Window) -> Renewals:
    """Return what became of the terms that were known at the end of a day.

    Parameters
    ----------
    terms
        Every term of the tables.
    as_of
        Day number; a term signed later is not known.
    window
        The days of grace and of early renewal.

    Notes
    -----
    A term is renewed when a contract that renews it is signed no later than the grace after its end, whenever that
    contract starts: the old term closes at its own end. It is open while the grace still runs, and lost then. What is
    signed later is a return. Terms that the same contracts renew are capped together: the value after renewal is
    shared out by what expired, so that the parts are whole and sum to it.
    """
    known = terms.pick(terms.signed <= as_of)
    old, new = links(known, window)
    timely = known.signed[new] <= known.end[old] + window.grace
    back = np.zeros(len(known), bool)
    back[old[~timely]] = True
    old, new = old[timely], new[timely]
    many = len(known)
    renewed = np.zeros(many, bool)
    renewed[old] = True
    outcome = np.where(known.end + window.grace > as_of, OPEN, LOST)
    outcome[renewed] = RENEWED
    signed, starts = _least(old, known.signed[new], many), _least(old, known.start[new], many)
    early = (signed < known.end - window.early) | (starts < known.end)
    timing = np.select([signed > known.end, early], [LATE, EARLY], ON_TIME)
    following = np.full(many, UNKNOWN, np.int64)
    following[old[::-1]] = new[::-1]
    final = _shared_out(known, old, new)
    lift = np.rint(known.due * known.escalator).astype(np.int64)
    length = np.zeros(many, np.int64)
    np.maximum.at(length, old, known.length[new])
    return Renewals(
        terms=known,
        as_of=as_of,
        outcome=outcome,
        signed=np.where(renewed, signed, UNKNOWN),
        timing=np.where(renewed, timing, UNKNOWN),
        final=final,
        escalator=np.clip(final - known.due, 0, np.where(renewed, np.maximum(lift, 0), 0)),
        mid_term=np.zeros(many, np.int64),
        next=following,
        number=_numbers(old, new, many),
        returned=back & ~renewed,
        long=renewed & (length >= MULTI_YEAR),
        settled=known.end + window.grace,
    )


def links(terms: Terms, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which term is renewed by which, as pairs of old and new, sorted by old and the start of the new.

    A contract renews the one that it names. Where none names a term, it is renewed by the customer's next contract
    that names no other, from its end on within the grace, or else running at its end and begun in the early days
    before it. A contract that names another takes a term over too (a co-term), whenever it starts while the term runs,
    if its value covers at least half of the term beyond what it names.
    """
    named = np.flatnonzero(terms.previous >= 0)
    old, new = terms.previous[named], named
    longer = terms.end[new] > terms.end[old]
    old, new = old[longer], new[longer]
    free = np.ones(len(terms), bool)
    free[old] = False
    spare = _spare(terms, old, new)
    names = np.zeros(len(terms), bool)
    names[new] = True
    for lowest, highest, takers in (
        (0, window.grace, ~names),
        (0, window.grace, names),
        (_ANY, -1, names),
        (-window.early, -1, ~names),
    ):
        asks = np.flatnonzero(free)
        more, takes = _following(terms, asks, np.where(takers, spare, UNKNOWN), lowest, highest)
        old, new = np.append(old, more), np.append(new, takes)
        free[more] = False
    order = np.lexsort((new, terms.start[new], old))
    return old[order], new[order]


def _spare(terms: Terms, old: NDArray[np.int64], new: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what each contract is worth beyond the terms that it names; all of it where it names none."""
    taken = np.zeros(len(terms), np.int64)
    np.add.at(taken, new, terms.due[old])
    names = np.zeros(len(terms), bool)
    names[new] = True
    return np.where(names, np.maximum(terms.arr - taken, 0), np.iinfo(np.int64).max)


def _following(
    terms: Terms, asks: NDArray[np.int64], spare: NDArray[np.int64], lowest: int, highest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of terms and the contracts that follow them, at the day nearest to the end.

    They start between so many days after the end, before it where negative, and outlast the term.
    """
    order = np.lexsort((terms.start, terms.customer))
    key = (terms.customer[order] << 32) + terms.start[order]
    high = terms.customer[asks] << 32
    first = np.searchsorted(key, high + terms.end[asks] + lowest, side="left")
    after = np.searchsorted(key, high + terms.end[asks] + highest, side="right")
    count = np.maximum(after - first, 0)
    old = np.repeat(asks, count)
    within = np.arange(len(old)) - np.repeat(np.cumsum(count) - count, count)
    new = order[np.repeat(first, count) + within]
    fits = (new != old) & (terms.end[new] > terms.end[old]) & (terms.start[new] > terms.start[old])
    fits &= spare[new] >= terms.due[old] // _HALF
    old, new = old[fits], new[fits]
    apart = np.abs(terms.start[new] - terms.end[old])
    nearest = _least(old, apart, len(terms))
    kept = apart == nearest[old]
    return old[kept], new[kept]


def _least(at: NDArray[np.int64], values: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    out = np.full(many, np.iinfo(np.int64).max)
    np.minimum.at(out, at, values)
    return out


def _shared_out(terms: Terms, old: NDArray[np.int64], new: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the value after renewal of each term: what its contracts are worth, shared by what expired."""
    many = len(terms)
    out = np.zeros(many, np.int64)
    if not len(old):
        return out
    bundle = _bundles(old, new, many)
    members = np.unique(old)
    members = members[np.lexsort((members, bundle[members]))]
    worth, due = np.zeros(many, np.int64), np.zeros(many, np.int64)
    takers, at = np.unique(new, return_index=True)
    np.add.at(worth, bundle[old[at]], terms.arr[takers])
    np.add.at(due, bundle[members], terms.due[members])
    home = bundle[members]
    turns = np.append(True, home[1:] != home[:-1])
    ends = np.append(turns[1:], True)
    total = np.cumsum(terms.due[members])
    begin = (total - terms.due[members])[turns]
    so_far = total - begin[np.cumsum(turns) - 1]
    excess = worth[home] - due[home]
    share = np.divide(so_far, due[home], out=np.zeros(len(home)), where=due[home] > 0)
    given = np.where(ends, excess, np.rint(excess * share).astype(np.int64))
    before = np.where(turns, 0, np.append(0, given[:-1]))
    out[members] = terms.due[members] + given - before
    return out


def _bundles(old: NDArray[np.int64], new: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    """Return a number for each term, the same for terms that the same contracts renew, directly or through others."""
    label = np.arange(many)
    while True:
        of_new = _least(new, label[old], many)
        smaller = np.minimum(label, _least(old, of_new[new], many))
        if (smaller == label).all():
            return label
        label = smaller


def _numbers(old: NDArray[np.int64], new: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    """Return which term of its chain each is: one more than the most that it renews, in passes along the chain."""
    number = np.ones(many, np.int64)
    while True:
        longer = np.ones(many, np.int64)
        np.maximum.at(longer, new, number[old] + 1)
        if (longer == number).all():
            return number
        number = longer
