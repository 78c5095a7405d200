"""Tickets counted where they are by what is told of them: when they were solved, how long they took, what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.facets import BASE, MOMENTS, SQUARES
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fenced, fetched
from saasmetrics.engine.portable.held import apart, held
from saasmetrics.engine.portable.instants import with_seconds, with_shown_day
from saasmetrics.engine.portable.switches import with_switched
from saasmetrics.engine.portable.whole import FAR, divided, flag, nearest, with_period
from saasmetrics.engine.portable.working import with_work
from saasmetrics.engine.ticket_groups import LINKS
from saasmetrics.engine.tickets import SCALE
from saasmetrics.periods import Calendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from saasmetrics.engine.facets import Facets
    from saasmetrics.engine.portable.tickets import Clock
    from saasmetrics.engine.portable.whole import Frame

_DAY = 86_400
_LATER = FAR * _DAY  # the moment of what has not happened yet


def first_of(tickets: Frame, kinds: Iterable[str], now: int) -> int | None:
    """Return the first of some moments of the tickets that are known, in seconds of UTC; None without any."""
    there = [kind for kind in kinds if MOMENTS[kind] in names(tickets)]
    found = with_moments(tickets.select(*(MOMENTS[kind] for kind in there)), there, now)
    lows = fetched(found.select(*(nw.col(f"_{kind}").min() for kind in there))).to_pylist()[0]
    known = [int(low) for low in lows.values() if low is not None and low < _LATER]
    return min(known, default=None)


def with_moments(frame: Frame, kinds: Sequence[str], now: int) -> Frame:
    """Add moments in seconds of UTC, far ahead where they have not come by `now`: `_created`, `_resolution`, ..."""
    there = names(frame)
    for kind in kinds:
        name, column = f"_{kind}", MOMENTS[kind]
        if column not in there:
            frame = frame.with_columns(nw.lit(_LATER).cast(nw.Int64).alias(name))
            continue
        frame = fenced(with_seconds(frame, column, name))
        known = nw.when(nw.col(name) < now).then(nw.col(name)).otherwise(_LATER)
        frame = frame.with_columns(known.cast(nw.Int64).alias(name))
    return fenced(frame)


def facet_cells(
    tables: Mapping[str, Frame],
    columns: Sequence[tuple[str, str]],
    asked: Facets,
    clock: Clock,
) -> Frame:
    """Return how many tickets there are of each combination of columns, period of creation and facets.

    Parameters
    ----------
    tables
        With tickets, and those that columns are of.
    columns
        Table and name of each column: of tickets, of their customers, or of the people who answer.
    asked
        What else is told of them.
    clock
        How their moments are read.

    Returns
    -------
    Frame
        `_by0`, `_by1`, ... (the columns), period, since (1 for those created since the first day looked at), the
        facets, n, earliest (the first creation, in seconds of UTC), and the work on them.
    """
    found, raw, days, told = told_tickets(tables, columns, asked, clock)
    work = _together(asked, clock)
    found = found.select(*raw, *days, "_created", **told, **work)
    found = found.with_columns(since=flag(nw.col("d_created") >= clock.since).cast(nw.Int64))
    keys = [*raw, *days, *told, "since"]
    added = [_joined(name) for name in work]
    found = found.group_by(*keys).agg(
        nw.len().alias("n"), nw.col("_created").min().alias("earliest"), *added
    )
    # Kept, or the period would be told anew, from the clock, wherever its parts are named.
    found = held(found.with_columns(nw.col("n", *work).cast(nw.Int64)))
    found, periods = _with_periods(found, asked, clock)
    keys = [*raw, *periods, *told, "since"]
    sums = found.group_by(*keys).agg(nw.col("n").sum(), nw.col("earliest").min(), *added)
    return sums.with_columns(nw.col("n", *work, "earliest").cast(nw.Int64))


def told_tickets(
    tables: Mapping[str, Frame],
    columns: Sequence[tuple[str, str]],
    asked: Facets,
    clock: Clock,
) -> tuple[Frame, list[str], list[str], dict[str, nw.Expr]]:
    """Return tickets that are known with their moments, the names of their columns and days, and what is told of them.

    Parameters
    ----------
    tables, columns, asked, clock
        As for `facet_cells`.
    """
    found, raw = _columns(tables, columns, asked)
    found = with_moments(found, ("created", *asked.moments), clock.now)
    found = found.filter(nw.col("_created") < clock.now)
    if "first_resolution" in asked.moments:
        first, last = nw.col("_first_resolution"), nw.col("_resolution")
        solved = nw.when(first < _LATER).then(first).otherwise(last)
        found = fenced(found.with_columns(_first_resolution=solved))
    if asked.switched is not None:
        found = with_switched(found, asked.switched, clock.now)
    if asked.hours is not None and (asked.took or asked.young is not None):
        found = with_work(apart(found), tables["tickets"], asked, clock)
    found, days = _with_days(found, asked, clock)
    return found, raw, days, _told(asked, clock)


def _columns(
    tables: Mapping[str, Frame], columns: Sequence[tuple[str, str]], asked: Facets
) -> tuple[Frame, list[str]]:
    """Return tickets with the moments and columns that are looked at, and the names of the columns."""
    found = tables["tickets"]
    there = names(found)
    keys = {f"_by{at}": own for at, (table, own) in enumerate(columns) if table == "tickets"}
    raw = {f"raw_{name}": name for name in asked.raw if name in there}
    links = {f"_{LINKS[table][0]}": LINKS[table][0] for table, _ in columns if table != "tickets"}
    moments = [MOMENTS[kind] for kind in ("created", *asked.moments) if MOMENTS[kind] in there]
    own = {**keys, **raw, **links}
    if asked.switched is not None:
        follow = {"_customer_id": "customer_id", "_channel": "channel"}
        own |= {**follow, "_topic": asked.switched.topic}
    work = _work(there) if asked.work else {}
    work |= {
        f"_limit_{name}": nw.col(name).cast(nw.Float64).fill_null(-1.0)
        for name in asked.limits
        if isinstance(name, str)
    }
    told = (nw.col(name).alias(new) for new, name in own.items())
    found = found.select(*moments, *told, **work)
    for at, (table, name) in enumerate(columns):
        if table == "tickets":
            continue
        key, theirs = LINKS[table]
        other = tables[table].select(nw.col(theirs).alias("_key"), nw.col(name).alias(f"_by{at}"))
        found = found.join(other, left_on=f"_{key}", right_on="_key", how="left")
    return found, [*(f"_by{at}" for at in range(len(columns))), *raw]


def _work(there: Sequence[str]) -> dict[str, nw.Expr]:
    """Return the work on each ticket in thousandths of a second, 0 where it is not known, and whether it is."""
    if "handle_seconds" not in there:
        none = nw.lit(0).cast(nw.Int64)
        return {"_work": none, "_timed": none}
    known = nw.col("handle_seconds").cast(nw.Float64).fill_null(-1.0)
    work = nearest(nw.when(known > 0).then(known * SCALE).otherwise(0.0))
    return {"_work": work.cast(nw.Int64), "_timed": flag(known >= 0).cast(nw.Int64)}


def _with_days(found: Frame, asked: Facets, clock: Clock) -> tuple[Frame, list[str]]:
    """Add the days of the moments of which a period is told, far ahead where they have not come."""
    moments = {f"d_{kind}": nw.col(f"_{kind}") for kind in ("created", *asked.at, *asked.months)}
    moments |= {f"d_after_{s}": nw.col("_created") + s for s in asked.after}
    for name, moment in moments.items():
        come = moment < clock.now
        found = found.with_columns(
            nw.when(come).then(moment).otherwise(0).cast(nw.Int64).alias("_at")
        )
        found = with_shown_day(found, "_at", "_day", clock.offsets)
        day = nw.when(come).then(nw.col("_day")).otherwise(FAR)
        found = fenced(found.with_columns(day.cast(nw.Int64).alias(name)))
    return found, [*moments]


def _told(asked: Facets, clock: Clock) -> dict[str, Any]:
    """Return what is told by moments alone, without a calendar."""
    created, first = nw.col("_created"), nw.col("_first_resolution")
    told: dict[str, Any] = {}
    for kind in asked.over:
        told[f"over_{kind}"] = flag(nw.col(f"_{kind}") < clock.now)
    for kind in asked.took:
        took = _took(kind, asked, clock)
        if asked.together:
            told[asked.took_as(kind)] = nw.when(took < 0).then(-1).otherwise(0)
            limits = enumerate(asked.limits)
            told |= {f"beyond_{at}": flag(took > _limit(limit)) for at, limit in limits}
            continue
        if asked.within is not None:
            long = nw.when(took > asked.within).then(asked.within + 1).otherwise(0)
            took = nw.when(took < 0).then(-1).otherwise(long)
        told[asked.took_as(kind)] = took
    if asked.young is not None:
        age = clock.now - created if asked.hours is None else nw.col("_age")
        told["young"] = flag(age < asked.young)
    for days in asked.old:
        told[f"old_{days}"] = flag(first <= clock.now - days * _DAY)
    if asked.backwards:
        told["backwards"] = flag(nw.min_horizontal(first, nw.col("_resolution")) < created)
    if asked.work:
        told["timed"] = nw.col("_timed")
    if asked.switched is not None:
        told |= {name: nw.col(name) for name in ("told", "ripe", "switched")}
    return {name: value.cast(nw.Int64) for name, value in told.items()}


def _took(kind: str, asked: Facets, clock: Clock) -> nw.Expr:
    """Return how long a moment took, or has been taking, in seconds."""
    if asked.hours is not None:
        return nw.col(f"_took_{kind}")
    moment = nw.col(f"_{kind}")
    until = nw.when(moment < clock.now).then(moment).otherwise(clock.now)
    return until - nw.col("_created")


def _limit(limit: int | str) -> nw.Expr:
    """Return seconds promised as whole numbers, below 0 where there is no promise."""
    if isinstance(limit, int):
        return nw.lit(limit)
    known = nw.col(f"_limit_{limit}")
    return (
        nw.when(known >= 0)
        .then(nearest(nw.when(known >= 0).then(known).otherwise(0.0)))
        .otherwise(-1)
    )


def _together(asked: Facets, clock: Clock) -> dict[str, nw.Expr]:
    """Return what is added up over tickets that are alike, and of what the largest is looked for."""
    out = {"work": nw.col("_work")} if asked.work else {}
    squared = dict(out) if asked.squares else {}
    for kind in asked.took if asked.together else ():
        took = _took(kind, asked, clock)
        out |= {f"{name}_{kind}": took for name in ("sum", "most")}
        squared |= {kind: took} if asked.squares else {}
    for name, value in squared.items():
        high = divided(value, BASE)
        low = value - high * BASE
        parts = zip(SQUARES, (high * high, high * low, low * low), strict=True)
        out |= {f"{part}_{name}": product for part, product in parts}
    return out


def _joined(name: str) -> nw.Expr:
    column = nw.col(name)
    return column.max() if name.startswith("most_") else column.sum()


def _with_periods(found: Frame, asked: Facets, clock: Clock) -> tuple[Frame, list[str]]:
    """Put periods in the place of days, far ahead where there is none."""
    told = [("period", "d_created", clock.calendar)]
    told += [(f"at_{kind}", f"d_{kind}", clock.calendar) for kind in asked.at]
    told += [(f"month_{kind}", f"d_{kind}", Calendar("M")) for kind in asked.months]
    told += [(f"after_{s}", f"d_after_{s}", clock.calendar) for s in asked.after]
    for name, day, calendar in told:
        come = nw.col(day) < FAR
        found = found.with_columns(nw.when(come).then(nw.col(day)).otherwise(0).alias("_day"))
        found = with_period(found, calendar, "_day", "_period")
        period = nw.when(come).then(nw.col("_period")).otherwise(FAR).cast(nw.Int64)
        found = fenced(found.with_columns(period.alias(name)).drop("_period"))
    return found, [name for name, _, _ in told]
