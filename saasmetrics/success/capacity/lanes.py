"""What a lane of its own for long tickets does to the wait of all: the queue of the desk, played again.

Each ticket comes when it came and takes what it took; agents take the ticket that waits longest. Only who is in which
lane changes.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, listed, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.moments import DAY
from saasmetrics.engine.request_counts import handled_requests
from saasmetrics.engine.staff import staff
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.success.capacity.shared import coverage, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

_SEED = 20260105
_MOST = 300_000  # tickets of one play
LANES = ("all", "short", "long")


@metric(
    id="carve_out",
    name="A lane for tank tickets",
    unit="table",
    better="neutral",
    meaning="How the wait for a first reply changes if some people take only the tickets that take long.",
    formula="wait until an agent is free, with some agents for long tickets alone - with all agents for all tickets",
    missing="Missing where a lane had no ticket.",
    sources=("METRICS.md", "Zendesk: one person, then two of fifteen, on tank tickets alone"),
    options={
        "lane": "{value}",
        "quantile": "long: handled longer than {value:.0%} of the weeks before",
        "weeks": "the last {value} weeks",
        "hours": "{value}",
        "interval": "coverage {value:.0%}, weeks drawn again",
    },
)
def carve_out(
    book: Book,
    lane: int = 1,
    *,
    agents: int | None = None,
    quantile: float = 0.5,
    weeks: int = 8,
    baseline: int = 13,
    hours: Sequence[float] = (8, 20),
    roles: str | Sequence[str] | None = "agent",
    work: float = 1.0,
    interval: float = 0.95,
) -> Result:
    """Wait for an agent with and without a lane for long tickets, in hours of opening.

    Parameters
    ----------
    book
        The company's tables; needs `tickets` with handle_seconds, and `people` unless `agents` is given.
    lane
        Agents who take only long tickets.
    agents
        Agents at work at the same time, the lane's included; by default the people of `roles` at the as-of date.
    quantile
        A ticket is long when it takes more than this quantile of the handling times of the baseline.
    weeks, baseline
        Weeks to play again, and weeks before them that the quantile is taken from. Against their own median, half of
        the tickets would always be long.
    hours
        Opening and closing hour of a day, in UTC; who comes later waits until the next opening. (0, 24) never closes.
    roles
        Roles of the people who answer.
    work
        Factor on the handling times, to ask what if there were more work: 1.2 is a fifth more.
    interval
        Coverage of the interval of the difference.

    Returns
    -------
    Result
        lane ("all", "short", "long" tickets), value (difference of the mean wait in minutes: below 0 the lane helps),
        low, high, before and after (mean wait), p90_before, p90_after, n (tickets), load_before and
        load_after (work over the time of the agents there; above 1 the wait grows without end), reason.

    Raises
    ------
    MissingTableError
        If there is no table tickets, or people.
    DataError
        If there are too few agents or tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.carve_out(sm.demo(customers=300), agents=3, work=3)
    >>> made.df["lane"].tolist()
    ['all', 'short', 'long']
    """
    level = coverage(interval)
    heads = _heads(book, roles) if agents is None else whole("agents", agents, 2)
    mine = whole("lane", lane, 1, "agents of the lane")
    if mine >= heads:
        msg = f"lane={mine} of {heads} agents leaves nobody for the other tickets."
        raise DataError(msg)
    arrival, service, week, edge = _played(
        book,
        share("quantile", quantile),
        (whole("weeks", weeks, 1), whole("baseline", baseline, 1)),
        _opening(hours),
        finite("work", work, "a factor such as 1.2", least=0.01),
    )
    long = service > edge
    before = waits(arrival, service, heads)
    after = np.empty_like(before)
    after[long] = waits(arrival[long], service[long], mine)
    after[~long] = waits(arrival[~long], service[~long], heads - mine)
    span = max(float(arrival[-1] - arrival[0]), 1.0)
    there = {"all": heads, "short": heads - mine, "long": mine}
    df = _frame(before, after, long, week, level)
    parts = {"all": service, "short": service[~long], "long": service[long]}
    df["load_after"] = [float(parts[n].sum() / there[n] / span) for n in df["lane"]]
    df["load_before"] = float(service.sum() / heads / span)
    said = {
        "lane": f"{mine} of {heads} agents ({mine / heads:.1%}) take long tickets only",
        "quantile": quantile,
        "weeks": weeks,
        "hours": f"open from {hours[0]:g} to {hours[1]:g}",
        "interval": level,
    }
    extra = {"headline": _headline(df), "edge_minutes": edge / 60, "share_long": float(long.mean())}
    notes, used = _overloaded(df), ["tickets"]
    return made(book, "carve_out", df, "table", options=said, notes=notes, tables=used, extra=extra)


def _overloaded(df: pd.DataFrame) -> list[str]:
    who = {
        "all": "all agents",
        "short": "the agents for short tickets",
        "long": "the agents for long tickets",
    }
    return [
        f"There is more work than {who[name]} can do, so that the wait grows as long as the weeks last"
        for name, load in zip(df["lane"], df["load_after"], strict=True)
        if load > 1
    ]


def waits(arrival: Floats, service: Floats, agents: int) -> Floats:
    """Return how long each ticket waits for one of so many agents who take the first that came.

    Examples
    --------
    >>> waits(np.array([0.0, 1.0, 2.0]), np.array([5.0, 5.0, 1.0]), 2).tolist()
    [0.0, 0.0, 3.0]
    """
    free = [0.0] * agents  # when each agent is free: a queue is a sequence, so that this is a loop
    out = np.empty(len(arrival))
    for number, (came, takes) in enumerate(zip(arrival.tolist(), service.tolist(), strict=True)):
        start = max(free[0], came)
        heapq.heapreplace(free, start + takes)
        out[number] = start - came
    return out


def _heads(book: Book, roles: str | Sequence[str] | None) -> int:
    people = staff(book.tables, book.as_of_day, roles, "A lane of its own")
    many = int(people.active(book.as_of_day).sum())
    if many < 2:
        msg = (
            f"There are {many} people of these roles; a lane of its own takes at least two agents."
        )
        raise DataError(msg)
    return many


def _opening(hours: Any) -> tuple[float, float]:
    ends = listed("hours", hours, "the opening and the closing hour")
    if len(ends) != 2:
        msg = f"hours={hours!r} is not two hours: when the desk opens and when it closes."
        raise DataError(msg)
    first, last = (finite("hours", end, "an hour of the day", least=0, most=24) for end in ends)
    if first >= last:
        msg = f"hours={hours!r}: the desk closes before it opens."
        raise DataError(msg)
    return first * 3600, last * 3600


def _played(
    book: Book,
    quantile: float,
    weeks: tuple[int, int],
    opening: tuple[float, float],
    work: float,
) -> tuple[Floats, Floats, NDArray[np.int64], float]:
    """Return when each ticket of the weeks came on the clock of opening hours, what it took, its week, and the edge."""
    calendar = book.calendar("W")
    ends = int(
        calendar.ordinal(np.array([book.as_of_day + 1]))[0]
    )  # the week after the last whole one
    cuts = calendar.first_day(np.array([ends - sum(weeks), ends - weeks[0], ends]))
    start, middle, end = (int(day) for day in cuts)
    found = handled_requests(
        book.engine, "A lane of its own", (middle, end - 1), (start, middle - 1)
    )
    moment, handle = found.one_by_one()
    now = moment >= 0
    if now.sum() < 20 or (~now).sum() < 20:
        msg = "A lane needs tickets with a handling time (tickets.handle_seconds): 20 in the weeks, and 20 before."
        raise DataError(msg)
    if now.sum() > _MOST:
        msg = f"{int(now.sum()):,} tickets are more than are played again at once ({_MOST:,}); take fewer weeks."
        raise DataError(msg)
    edge = float(np.quantile(handle[~now], quantile)) * work
    moment, handle = moment[now], handle[now]
    opens, closes = opening
    day, second = np.divmod(moment, DAY)
    clock = day * (closes - opens) + np.clip(second - opens, 0, closes - opens)
    week = calendar.ordinal(day)
    order = np.argsort(clock, kind="stable")
    return (
        clock[order] - clock.min(),
        (handle * work)[order],
        week[order] - week.min(),
        edge,
    )


def _frame(
    before: Floats,
    after: Floats,
    long: NDArray[np.bool_],
    week: NDArray[np.int64],
    level: float,
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for name, mine in zip(LANES, (np.ones(len(long), bool), ~long, long), strict=True):
        then, now = before[mine] / 60, after[mine] / 60
        if not len(then):
            rows.append({"lane": name, "n": 0, "reason": "no ticket of this kind"})
            continue
        low, high = _interval(now - then, week[mine], level)
        rows.append(
            {
                "lane": name,
                "value": float(now.mean() - then.mean()),
                "low": low,
                "high": high,
                "before": float(then.mean()),
                "after": float(now.mean()),
                "p90_before": float(np.quantile(then, 0.9)),
                "p90_after": float(np.quantile(now, 0.9)),
                "n": len(then),
                "reason": "",
            }
        )
    return pd.DataFrame(rows)


def _interval(gap: Floats, week: NDArray[np.int64], level: float) -> tuple[float, float]:
    """Return the bootstrap interval of a mean over weeks: tickets of one week wait for one another."""
    many = int(week.max()) + 1
    sums, count = np.bincount(week, gap, many), np.bincount(week, minlength=many)
    used = np.flatnonzero(count)
    if len(used) < 3:
        return np.nan, np.nan
    drawn = np.random.default_rng(_SEED).choice(used, (1000, len(used)))
    means = sums[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def _headline(df: pd.DataFrame) -> str:
    first = df.iloc[0]
    helps = "shorter" if first["value"] < 0 else "longer"
    sure = first["high"] < 0 or first["low"] > 0
    doubt = "" if sure else ", which chance could explain"
    return (
        f"{first['after']:,.0f} instead of {first['before']:,.0f} minutes of wait on average, "
        f"{abs(first['value']):,.0f} {helps}{doubt}"
    )
