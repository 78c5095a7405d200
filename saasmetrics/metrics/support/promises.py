"""Whether support kept its time: answered within so many hours, and what was promised by priority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets, Marked
from saasmetrics.engine.tickets import UNKNOWN
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import (
    MEASURES,
    check_hours,
    clock,
    clock_facets,
    quality,
    zone_of,
)
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import HOUR
from saasmetrics.metrics.support.ticket_table import when_asked
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.moments import WorkingHours
    from saasmetrics.metrics.support.clocks import Clock
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

YOUNG = {
    "open": "of the tickets younger than that, the unanswered are immature and left out",
    "all": "tickets younger than that are immature and left out, answered or not",
}
WEIGHTS = {"urgent": 4.0, "high": 3.0, "normal": 2.0, "low": 1.0}
_NONE = "no ticket of the period has had the time"
_MET, _BREACHED, _OVERDUE, _IMMATURE = range(4)


@metric(
    id="answered_within",
    name="Answered within time",
    unit="ratio",
    better="higher",
    meaning="The share of tickets that got a reply, or a solution, within so many hours.",
    formula="tickets in time / tickets that have had the time; open ones older than it are misses",
    missing="Missing where no ticket of the period has had the time.",
    sources=("Zendesk, answered within 24 hours", "METRICS.md"),
    options={
        "within": "within {value} hours",
        "measure": MEASURES,
        "young": YOUNG,
        "hours": "counted in working hours: {value}",
    },
)
def answered(
    book: Book,
    within: float = 24,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    measure: str = "first_reply",
    young: str = "open",
    hours: WorkingHours | None = None,
    zone: str | None = None,
    interval: float | None = 0.95,
) -> Result:
    """How many tickets are answered within 24 hours, or another time.

    Parameters
    ----------
    book
        With the table tickets.
    within
        Hours.
    by, freq, hours, zone
        As for `times`.
    measure
        "first_reply", "first_resolution" or "resolution".
    young
        "open": of tickets younger than `within`, those unanswered are left out and those answered count. "all": all
        of them are left out, which does not favor the last hours.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (in time), denominator, n, immature (left out), the partners
        csat and reopen_rate, reason, complete, low, high. `rows` has the tickets.

    Raises
    ------
    DataError
        If `within` is no number of hours above 0.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1, 2], "customer_id": ["a"] * 2, "first_reply_at": [None, None],
    ...     "created_at": ["2026-01-30 09:00", "2026-01-31 22:00"]}
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}, tickets=tickets)
    >>> sm.support.answered(book).df[["numerator", "denominator", "immature"]].values.tolist()
    [[0, 1, 1]]
    """
    limit = finite("within", within, "a number of hours", least=1e-6, most=1e6)
    one_of("young", young, YOUNG)
    check_interval(interval)
    working = check_hours(hours)
    wanted = round(limit * HOUR)
    looks = replace(clock_facets(measure, working), within=wanted)
    if young == "all":
        looks = replace(looks, young=wanted)
    inbox = faceted_inbox(book, freq, by, zone_of(zone, working)).looking(looks)
    taken = clock(inbox, measure, working)
    target = np.full(len(inbox.tickets), wanted, np.int64)
    state = _states(inbox, taken, target)
    if young == "all":
        state = np.where(inbox.young(wanted, working), _IMMATURE, state)
    met, counts = state == _MET, state != _IMMATURE
    at = inbox.created
    top, bottom = (inbox.sums(at, kept=taken.kept & mask) for mask in (met, counts))
    immature = inbox.sums(at, kept=taken.kept & ~counts)
    df = inbox.frame(top, bottom, _NONE, interval=interval, immature=immature, **quality(inbox))
    options = inbox.options(
        within=f"{limit:g}", measure=measure, young=young, hours=working and str(working)
    )
    return inbox.result(
        "answered_within",
        df,
        "paired",
        options=options,
        notes=taken.notes,
        extra={"partner": "csat", "measure": measure},
        drill=inbox.drill(at, met.astype(int), counts.astype(int), taken.kept & counts),
    )


@metric(
    id="sla",
    name="SLA attainment",
    abbr="SLA",
    unit="ratio",
    better="higher",
    meaning="The share of tickets that got what was promised in the time promised for them.",
    formula="met / (met + breached + open and overdue); open within their time are not counted yet",
    missing="Missing where no ticket with a promise has had its time.",
    sources=("Zendesk help, SLA policies", "METRICS.md"),
    options={
        "measure": MEASURES,
        "targets": "promised: {value}",
        "weights": "weighted attainment counts each ticket by its urgency: {value}",
        "hours": "counted in working hours: {value}",
    },
)
def sla(
    book: Book,
    by: str | Sequence[str] | None = "priority",
    freq: str = "M",
    *,
    measure: str = "first_reply",
    targets: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    hours: WorkingHours | None = None,
    zone: str | None = None,
    interval: float | None = 0.95,
) -> Result:
    """How often the time promised was kept, by priority, and weighted by urgency.

    Parameters
    ----------
    book
        With the table tickets.
    by, freq, hours, zone
        As for `times`.
    measure
        What was promised: "first_reply", "first_resolution" or "resolution".
    targets
        Minutes promised by priority, such as {"urgent": 30}; by default the column sla_target_seconds.
    weights
        Weight by priority; by default urgent 4, high 3, normal 2, low 1. Others weigh 1.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (met), denominator, n, met, breached, overdue, immature,
        breach_minutes (time over the target, of breached and overdue), weighted (attainment by urgency), urgent
        (attainment of the most urgent priority alone), p90 and p95 (hours), the partners csat and reopen_rate,
        reason, complete, low, high. `rows` has the tickets with breach_minutes: below 0 is a margin.

    Raises
    ------
    MissingTableError
        If the book has no tickets, or they have neither targets nor priorities.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1], "customer_id": ["a"], "created_at": ["2026-01-30 09:00"], "priority": ["urgent"],
    ...     "first_reply_at": ["2026-01-30 09:45"]}
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}, tickets=tickets)
    >>> sm.support.sla(book, targets={"urgent": 30}).df[["breached", "breach_minutes"]].values.tolist()
    [[1.0, 15.0]]
    """
    check_interval(interval)
    working = check_hours(hours)
    each = clock_facets(measure, working) | Facets(raw=("priority", "sla_target_seconds"))
    inbox = faceted_inbox(book, freq, by, zone_of(zone, working))
    inbox = inbox.looking(_together(each, inbox, targets))
    times = partial(clock, measure=measure, hours=working)
    taken = times(inbox)
    target = _targets(inbox, targets)
    weight, most = _weights(inbox, weights)
    promised = taken.kept & (target != UNKNOWN)
    state = _states(inbox, taken, target)
    late = inbox.beyond(taken.seconds, target)
    over = np.where(late, taken.total - inbox.n * target, 0)  # of all tickets of an element
    tails = inbox.marked(Marked(measure, shares=(0.9, 0.95), hours=working), times).quantiles
    df = _attainment(inbox, promised, state, over, weight, tails, interval)
    if most is not None:
        df["urgent"] = _only(inbox, promised & (weight == most), state)
    without = inbox.count(taken.kept & ~promised)
    notes = [f"{counted(without, 'ticket')} without a promise left out"] if without else []
    options = inbox.options(
        measure=measure,
        targets=_said(targets, " min") if targets else "column sla_target_seconds",
        weights=_said(weights or WEIGHTS),
        hours=working and str(working),
    )
    return inbox.result(
        "sla",
        df,
        "promise",
        options=options,
        notes=(*taken.notes, *notes),
        extra={"partner": "csat", "measure": measure},
        drill=when_asked(partial(_drill, inbox.looking(each), times, targets)),
    )


def _together(each: Facets, inbox: Inbox, targets: Mapping[str, float] | None) -> Facets:
    """Return what is looked at of tickets that are alike together: of each, whether it is beyond a promise."""
    column = "sla_target_seconds"
    there = column in inbox.book.tables["tickets"].data.column_names
    limits: tuple[int | str, ...] = (column,) if there else ()
    if isinstance(targets, Mapping):
        limits = tuple(sorted({_seconds(targets, name) for name in targets}))
    return replace(each, together=True, limits=limits)


def _drill(
    inbox: Inbox, times: Callable[[Inbox], Clock], targets: Mapping[str, float] | None
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `rows`: tickets with how far each is beyond its promise, in minutes."""
    taken, target = times(inbox), _targets(inbox, targets)
    state = _states(inbox, taken, target)
    counts = taken.kept & (target != UNKNOWN) & (state != _IMMATURE)
    sides = (state == _MET).astype(int), counts.astype(int)
    return inbox.drill(inbox.created, *sides, counts, breach_minutes=(taken.seconds - target) / 60)


def _states(inbox: Inbox, taken: Clock, target: Ints) -> Ints:
    late = inbox.beyond(taken.seconds, target)
    return np.where(
        taken.over, np.where(late, _BREACHED, _MET), np.where(late, _OVERDUE, _IMMATURE)
    )


def _attainment(
    inbox: Inbox,
    promised: NDArray[np.bool_],
    state: Ints,
    over: Ints,
    weight: Ints,
    tails: Sequence[NDArray[np.float64]],
    interval: float | None,
) -> pd.DataFrame:
    at, shape = inbox.created, (len(inbox.groups), inbox.extent[1])
    names = ("met", "breached", "overdue", "immature")
    parts = {name: inbox.sums(at, kept=promised & (state == i)) for i, name in enumerate(names)}
    counts = promised & (state != _IMMATURE)
    weighed = [inbox.sums(at, weight, kept) for kept in (counts & (state == _MET), counts)]
    longest = zip(("p90", "p95"), tails, strict=True)
    more = {
        **parts,
        "breach_minutes": inbox.totals(at, over, promised) / 60,
        "weighted": ratio(*weighed),
        **{name: values.reshape(shape) / HOUR for name, values in longest},
        **quality(inbox),
    }
    bottom = parts["met"] + parts["breached"] + parts["overdue"]
    return inbox.frame(parts["met"], bottom, _NONE, interval=interval, **more)


def _only(inbox: Inbox, kept: NDArray[np.bool_], state: Ints) -> NDArray[np.float64]:
    met = inbox.sums(inbox.created, kept=kept & (state == _MET))
    return ratio(met, inbox.sums(inbox.created, kept=kept & (state != _IMMATURE))).ravel()


def _targets(inbox: Inbox, targets: Mapping[str, float] | None) -> Ints:
    tickets = inbox.tickets
    if targets is None:
        if (tickets.target != UNKNOWN).any():
            return tickets.target
        msg = (
            "Nothing is promised: the table tickets has no sla_target_seconds. Add the column, or pass "
            'targets={"urgent": 30, "normal": 480}, minutes by priority.'
        )
        raise MissingTableError(msg)
    labels, code = _priorities(inbox, "targets", targets)
    seconds = [_seconds(targets, name) if name in targets else UNKNOWN for name in labels]
    return np.array(seconds, np.int64)[code]


def _seconds(targets: Mapping[str, float], name: str) -> int:
    return round(finite("targets", targets[name], "minutes", least=0) * 60)


def _weights(inbox: Inbox, weights: Mapping[str, float] | None) -> tuple[Ints, int | None]:
    """Return the weight of each ticket in thousandths, and that of the most urgent priority there is."""
    if "priority" not in inbox.tickets.data.column_names:
        return np.full(len(inbox.tickets), 1000, np.int64), None
    given = WEIGHTS if weights is None else weights
    labels, code = _priorities(inbox, "weights", given)
    found = [finite("weights", given.get(n, 1.0), "a weight", least=0, most=1e6) for n in labels]
    weight = np.rint(np.array(found) * 1000).astype(np.int64)[code]
    return weight, int(weight.max(initial=0))


def _priorities(
    inbox: Inbox, name: str, given: Mapping[str, float]
) -> tuple[list[Any], NDArray[np.int32]]:
    if not isinstance(given, Mapping):
        msg = f'{name}={given!r} is no mapping of priorities, such as {{"urgent": 30}}.'
        raise DataError(msg)
    if "priority" not in inbox.tickets.data.column_names:
        msg = f"{name} are by priority, and the table tickets has no column priority; add it."
        raise MissingTableError(msg)
    labels, code = inbox.labels("priority")
    for wanted in given:
        if given is not WEIGHTS:
            one_of("priority", wanted, labels)
    return labels, code


def _said(values: Mapping[str, float], unit: str = "") -> str:
    return ", ".join(f"{name} {value:g}{unit}" for name, value in values.items())
