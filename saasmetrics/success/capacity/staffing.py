"""How many people have to be at work in each hour of the week for calls and chats that cannot wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.request_counts import request_slots
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.agents import agents_required
from saasmetrics.metrics.formulas.erlang import erlang_a
from saasmetrics.metrics.formulas.workforce import CHATS_AT_ONCE, chat_handle_time
from saasmetrics.metrics.made import made
from saasmetrics.success.capacity.shared import coverage, poisson_interval, share

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.request_counts import RequestSlots
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@metric(
    id="staffing",
    name="Staffing by hour of the week",
    unit="count",
    better="neutral",
    meaning="How many people have to be at work in each hour of the week to answer as fast as promised.",
    formula="fewest agents whose queue (Erlang A with patience, else Erlang C) answers the share promised in time",
    missing="Never missing; 0 in hours in which nobody calls.",
    sources=(
        "METRICS.md",
        "Erlang 1917",
        "Garnett, Mandelbaum and Reiman 2002",
        "contactcentrehelper.com",
    ),
    options={
        "channel": "tickets of channel {value}",
        "weeks": "arrivals of the last {value} weeks",
        "goal": "{value}",
        "handle": "{value}",
        "patience": "callers wait {value:g} seconds on average before they leave",
        "shrinkage": "shrinkage {value:.0%}",
        "zone": "hours of {value}",
        "interval": "agents at both ends of the {value:.0%} interval of the arrivals",
    },
)
def staffing(
    book: Book,
    channel: str | None = "phone",
    *,
    service_level: float = 0.8,
    target: float = 20,
    max_occupancy: float | None = 0.85,
    patience: float | None = None,
    handle_seconds: float | None = None,
    at_once: int = 1,
    factors: Mapping[int, float] = CHATS_AT_ONCE,
    shrinkage: float = 0.3,
    weeks: int = 13,
    zone: str = "UTC",
    interval: float = 0.95,
) -> Result:
    """Agents at work and scheduled by hour of the week.

    Parameters
    ----------
    book
        The company's tables; needs `tickets`.
    channel
        Channel of the tickets, "phone" or "chat"; None for all.
    service_level, target
        Share to be answered within so many seconds.
    max_occupancy
        Highest share of time on contacts; None for no limit.
    patience
        Seconds that callers wait on average before they leave (Erlang A); None for Erlang C.
    handle_seconds
        Handling time; by default the mean of the tickets of these weeks.
    at_once
        Contacts that one agent handles at the same time (chat).
    factors
        How many times as many get done with so many at once. Beyond the table its last factor holds, with a warning.
    shrinkage
        Share of paid time not available.
    weeks
        Full weeks of arrivals to look back at.
    zone
        Time zone of the hours, such as "Europe/Berlin".
    interval
        Coverage of the interval of the arrivals, which are few per hour.

    Returns
    -------
    Result
        weekday, hour, slot (0 is Monday 0:00), value (agents at work), low, high, scheduled, arrivals (per hour), n
        (tickets), erlangs, service_level, occupancy, mean_wait (seconds), p_abandon, reason.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If there is no ticket in these weeks, or no handling time.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.capacity.staffing(sm.demo(customers=300)).df
    >>> len(df), bool((df["value"] <= df["scheduled"]).all())
    (168, True)
    """
    share("service_level", service_level)
    level, busy = coverage(interval), None if max_occupancy is None else _occupancy(max_occupancy)
    weeks, away = whole("weeks", weeks, 1), share("shrinkage", shrinkage, most=0.99)
    finite("target", target, "seconds", least=0)
    found = _asked(book, channel, weeks)
    count, taken = _slots(book, found, weeks, zone)
    if not count.sum():
        msg = f"No ticket of channel {channel!r} came in the last {weeks} weeks; take more weeks."
        raise DataError(msg)
    alone, effective, notes = _handle(found, taken, handle_seconds, at_once, factors)
    low, high = (edge / weeks for edge in poisson_interval(count, level))
    goals: dict[str, Any] = {
        "service_level": service_level,
        "target": target,
        "max_occupancy": busy,
        "patience": patience,
    }
    rates = np.stack([count / weeks, low, high]) / 3600
    agents = np.asarray(agents_required(rates, effective, **goals))
    agents[1] = np.where(count > 0, agents[1], 0)
    df = _frame(count, weeks, agents, rates[0], effective, goals, away)
    said = {
        "channel": channel,
        "weeks": weeks,
        "goal": _goal(service_level, target, busy),
        "handle": f"{alone:,.0f} seconds a contact"
        + (f", {effective:,.0f} with {at_once} at once" if at_once > 1 else ""),
        "patience": patience,
        "shrinkage": away,
        "zone": zone,
        "interval": level,
    }
    more: dict[str, Any] = {"tables": ["tickets"], "extra": {"headline": _headline(df)}}
    return made(book, "staffing", df, "staffing", options=said, notes=notes, **more)


def _asked(book: Book, channel: str | None, weeks: int) -> RequestSlots:
    """Return the tickets of a channel, of the weeks and some days before."""
    where = {} if channel is None else {"channel": channel}
    between = (book.as_of_day - 7 * (weeks + 2), book.as_of_day)
    return request_slots(book.engine, "Staffing", where, between)


def _occupancy(most: float) -> float:
    return finite("max_occupancy", most, "a share such as 0.85", least=0.01, most=1)


def _goal(level: float, target: float, most: float | None) -> str:
    busy = f", at most {most:.0%} occupied" if most else ""
    return f"{level:.0%} answered within {target:g} seconds{busy}"


def _slots(
    book: Book, found: RequestSlots, weeks: int, zone: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return tickets per hour of the week over the last full weeks, and which tickets these are."""
    import pandas as pd

    moment = pd.DatetimeIndex(found.second.astype("datetime64[s]"))
    try:
        local = moment.tz_localize("UTC").tz_convert(zone)
    except Exception as error:
        msg = f"zone={zone!r} is no time zone; write it as Europe/Berlin."
        raise DataError(msg) from error
    hours = local.day_of_week.to_numpy() * 24 + local.hour.to_numpy()
    week = book.calendar("W")
    wall = local.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)
    last = int(week.ordinal(np.array([book.as_of_day + 1]))[0]) - 1
    number = week.ordinal(wall)
    taken = (number > last - weeks) & (number <= last)
    return tally(hours[taken].astype(np.int64), found.n[taken], 168), taken


def _handle(
    found: RequestSlots,
    taken: NDArray[np.bool_],
    given: float | None,
    at_once: int,
    factors: Mapping[int, float],
) -> tuple[float, float, tuple[str, ...]]:
    """Return the handling time alone, with so many at once, and a warning where the table ends before."""
    many = whole("at_once", at_once, 1, "contacts at the same time")
    known = int(found.timed[taken].sum())
    if given is None and not known:
        msg = "No ticket of these weeks has a handling time (tickets.handle_seconds); give handle_seconds."
        raise DataError(msg)
    alone = (
        float(found.worked[taken].sum() / known)
        if given is None
        else finite("handle_seconds", given, "seconds", least=1, most=1e6)
    )
    if not isinstance(factors, Mapping) or not factors:
        msg = (
            f"factors={factors!r} is no table: contacts at once -> how many times as many get done."
        )
        raise DataError(msg)
    for n, factor in factors.items():
        whole("factors", n, 1, "contacts at the same time")
        finite("factors", factor, "how many times as many get done", least=0.01, most=1000)
    most = max(factors)
    if many <= most:
        return alone, chat_handle_time(alone, many, factors), ()
    note = (
        f"{many} at once is beyond the table of factors, which ends at {most}: no more is credited than with "
        f"{most} at once"
    )
    return alone, chat_handle_time(alone, most, factors), (note,)


def _frame(
    count: NDArray[np.int64],
    weeks: int,
    agents: NDArray[np.int64],
    rate: Floats,
    handle: float,
    goals: dict[str, Any],
    away: float,
) -> pd.DataFrame:
    import pandas as pd

    stays = np.inf if goals["patience"] is None else goals["patience"]
    queue = erlang_a(rate, handle, agents[0], stays, goals["target"])
    slot = np.arange(168)
    asked = count > 0
    shown = {
        name: np.where(asked, getattr(queue, name), np.nan)
        for name in ("service_level", "occupancy", "mean_wait", "p_abandon")
    }
    return pd.DataFrame(
        {
            "weekday": np.array(DAYS, object)[slot // 24],
            "hour": slot % 24,
            "slot": slot,
            "value": agents[0].astype(float),
            "low": agents[1].astype(float),
            "high": agents[2].astype(float),
            "scheduled": np.ceil(agents[0] / (1 - away) - 1e-9).astype(int),
            "arrivals": count / weeks,
            "n": count,
            "erlangs": queue.erlangs,
            **shown,
            "reason": np.where(asked, "", "nobody called in these weeks"),
        }
    )


def _headline(df: pd.DataFrame) -> str:
    top = df.iloc[int(df["value"].to_numpy().argmax())]
    hours = int(df["scheduled"].sum())
    return (
        f"{int(top['value'])} at work ({int(top['scheduled'])} scheduled) at most, {top['weekday']} "
        f"{int(top['hour'])}:00; {hours:,} scheduled hours a week"
    )
