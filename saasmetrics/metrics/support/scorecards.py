"""Key figures of agents, teams and the company: the same at every level, so that the levels add up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.groups import columns
from saasmetrics.engine.tickets import UNKNOWN
from saasmetrics.errors import MissingTableError
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import (
    MATURE_DAYS,
    RATED,
    check_hours,
    clock,
    clock_facets,
    handle_hours,
    matured,
    matured_facets,
    zone_of,
)
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import HOUR
from saasmetrics.metrics.support.to_date import to_date
from saasmetrics.metrics.support.worked_hours import hours_by_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.moments import WorkingHours
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

LEVELS = {
    "agent": "one row per agent",
    "team": "one row per team",
    "company": "one row for the company",
}
RATES = {
    "first_reply": ("first_reply_hours", "answered"),
    "resolution": ("resolution_hours", "resolved"),
    "handle": ("handle_hours", "worked"),
    "touches_per_ticket": ("touches", "touched"),
    "csat": ("satisfied", "rated"),
    "satisfaction": ("score", "rated"),
    "reopen_rate": ("reopened", "matured"),
    "online_share": ("online", "paid"),
    "handling_share": ("handling", "paid"),
    "occupancy": ("handling", "available"),
}
UTILIZATIONS = {
    "online": "hours online / hours paid: the share of time online",
    "handling": "hours handling / hours paid",
    "occupancy": "hours handling / hours available, in which those handling are",
    "shrinkage": "(hours paid - hours available) / hours paid",
}
_SIDES = {
    "online": ("online", "paid"),
    "handling": ("handling", "paid"),
    "occupancy": ("handling", "available"),
}


@metric(
    id="support_scorecard",
    name="Support scorecard",
    unit="table",
    better="neutral",
    meaning="What agents, teams and the company handled, how fast, how well, and how their hours were used.",
    formula="every figure is a sum / a sum, so that agents add up to teams and teams to the company",
    missing="A figure is missing where the group has nothing of it, or the table that it needs is not there.",
    sources=("Document360, reports for agents, teams and management", "METRICS.md"),
    options={
        "level": LEVELS,
        "ytd": {True: "from the first month of the fiscal year on, as ratios of sums", False: ""},
        "hours": "first reply and resolution in working hours: {value}",
    },
)
def scorecard(
    book: Book,
    level: str = "team",
    freq: str = "M",
    *,
    by: str | Sequence[str] | None = None,
    ytd: bool = False,
    hours: WorkingHours | None = None,
    zone: str | None = None,
) -> Result:
    """What agents, teams and the company handled, how fast, how well, and how their hours were used.

    Parameters
    ----------
    book
        With the table tickets, and hours for utilization.
    level
        "agent" (agent_id), "team" (team_id, else the team of the agent in people) or "company".
    freq
        Length of the periods of creation.
    by
        Other columns instead of the level's.
    ytd
        From the first month of the fiscal year (`Book(fiscal_start=4)`) to each period.
    hours, zone
        As for `times`.

    Returns
    -------
    Result
        Columns period, the by-columns; opened, solved, first_reply, resolution and handle (mean hours), longest_wait
        (hours, with what still waits), touches_per_ticket, csat (share satisfied), satisfaction (mean of
        (score - 1) / (most - 1): 4 of 5 is 0.75, 8 of 10 is 0.778), reopen_rate, online_share, handling_share,
        occupancy; the sums behind them; complete. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If the book has no tickets, or they have no agent or team.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=50)
    >>> teams, company = (sm.support.scorecard(book, level, "Y").df for level in ("team", "company"))
    >>> bool(teams["opened"].sum() == company["opened"].sum())
    True
    """
    one_of("level", level, LEVELS)
    working = check_hours(hours)
    chosen = columns(by) or _columns(book, level)
    inbox = faceted_inbox(book, freq, chosen, zone_of(zone, working))
    sums = {**_sums(inbox, working), **_hours(inbox)}
    longest = _longest(inbox, working, ytd=ytd)
    if ytd:
        sums = {name: to_date(inbox, values) for name, values in sums.items()}
    df = _frame(inbox, sums, longest)
    kept = inbox.since
    return inbox.result(
        "support_scorecard",
        df,
        "table",
        options=inbox.options(level=level, ytd=bool(ytd), hours=working and str(working)),
        drill=inbox.drill(inbox.created, np.ones(len(kept), int), None, kept),
        untraced="a scorecard has many numbers; its columns have the sums behind each",
        tables=("people", "hours"),
    )


def _columns(book: Book, level: str) -> tuple[str, ...]:
    if level == "company":
        return ()
    has = (
        book.tables["tickets"].data.column_names
        if "tickets" in book.tables
        else ["team_id", "agent_id"]
    )
    if level == "agent" and "agent_id" in has:
        return ("agent_id",)
    if level == "team" and "team_id" in has:
        return ("team_id",)
    if level == "team" and "agent_id" in has and "people" in book.tables:
        return ("people.team",)
    need = "agent_id" if level == "agent" else "team_id, or agent_id and people.team"
    msg = f'level="{level}" needs the column {need} of the table tickets; add it, or pass by=.'
    raise MissingTableError(msg)


def _sums(inbox: Inbox, working: WorkingHours | None) -> dict[str, NDArray[Any]]:
    """Return everything that adds up, per group and period of creation."""
    out: dict[str, NDArray[Any]] = {"opened": inbox.sums(inbox.created, kept=inbox.since)}
    for measure, total, count in (
        ("first_reply", "first_reply_hours", "answered"),
        ("resolution", "resolution_hours", "resolved"),
    ):
        timed = inbox.looking(_facets(measure, working))
        taken, at = clock(timed, measure, working), timed.created
        kept = taken.kept & taken.over
        out[total] = timed.totals(at, taken.total, kept) / HOUR
        out[count] = timed.sums(at, kept=kept)
    return out | _work(inbox) | _liked(inbox)


def _work(inbox: Inbox) -> dict[str, NDArray[Any]]:
    """Return what is solved, the hours of work on it and the replies that it took, per group and period."""
    inbox = inbox.looking(Facets(over=("first_resolution",), work=True))
    at, solved = inbox.created, inbox.over("first_resolution") & inbox.since
    out: dict[str, NDArray[Any]] = {"solved": inbox.sums(at, kept=solved)}
    out["handle_hours"] = handle_hours(inbox.totals(at, inbox.work, solved & inbox.timed))
    out["worked"] = inbox.sums(at, kept=solved & inbox.timed)
    inbox = inbox.looking(Facets(over=("first_resolution",), raw=("touches",)))
    at, touches = inbox.created, inbox.tickets.touches
    known = inbox.over("first_resolution") & inbox.since & (touches != UNKNOWN)
    out["touches"] = inbox.sums(at, touches, known)
    out["touched"] = inbox.sums(at, kept=known)
    return out


def _liked(inbox: Inbox) -> dict[str, NDArray[Any]]:
    """Return how satisfied customers were, and what was reopened, per group and period."""
    inbox = inbox.looking(RATED | matured_facets(MATURE_DAYS))
    at, tickets = inbox.created, inbox.tickets
    out: dict[str, NDArray[Any]] = {}
    rated = (tickets.satisfied != UNKNOWN) & inbox.since
    out["satisfied"] = inbox.sums(at, np.maximum(tickets.satisfied, 0), rated)
    score = np.rint(np.nan_to_num(tickets.csat) * 1_000_000).astype(np.int64)
    out["score"] = inbox.sums(at, score, rated) / 1_000_000
    out["rated"] = inbox.sums(at, kept=rated)
    mature = matured(inbox, MATURE_DAYS)
    out["reopened"] = inbox.sums(at, (tickets.reopens > 0).astype(np.int64), mature)
    out["matured"] = inbox.sums(at, kept=mature)
    return out


def _hours(inbox: Inbox) -> dict[str, NDArray[Any]]:
    if "hours" in inbox.book.tables:
        return dict(hours_by_period(inbox))
    _, periods, _ = inbox.extent
    none = np.full((len(inbox.groups), periods), np.nan)
    return dict.fromkeys(("paid", "online", "available", "handling"), none)


def _facets(measure: str, working: WorkingHours | None) -> Facets:
    """Return what sums of times look at."""
    return replace(clock_facets(measure, working), together=True)


def _longest(inbox: Inbox, working: WorkingHours | None, *, ytd: bool) -> NDArray[np.float64]:
    """Return the longest wait for a first reply per group and period, or to date, with what still waits."""
    inbox = inbox.looking(_facets("first_reply", working))
    taken = clock(inbox, "first_reply", working)
    first, periods, _ = inbox.extent
    kept = taken.kept & (inbox.created >= first)
    out = np.full(len(inbox.groups) * periods, -1, np.int64)
    np.maximum.at(out, (inbox.code * periods + inbox.created - first)[kept], taken.most[kept])
    found = out.reshape(len(inbox.groups), periods)
    if ytd:
        from saasmetrics.metrics.support.to_date import fiscal_years

        year = fiscal_years(inbox)
        for one in np.unique(year):
            mine = year == one
            found[:, mine] = np.maximum.accumulate(found[:, mine], axis=1)
    return np.where(found >= 0, found / HOUR, np.nan)


def _frame(
    inbox: Inbox, sums: dict[str, NDArray[Any]], longest: NDArray[np.float64]
) -> pd.DataFrame:
    import pandas as pd

    cells = inbox.cells()
    complete = cells.pop("complete")
    rates = {name: ratio(sums[top], sums[bottom]) for name, (top, bottom) in RATES.items()}
    shown = {"opened": sums["opened"], "solved": sums["solved"], **rates, "longest_wait": longest}
    shown |= {name: values for name, values in sums.items() if name not in shown}
    df = pd.DataFrame({**cells, **{name: values.ravel() for name, values in shown.items()}})
    df["complete"] = complete
    return df


@metric(
    id="support_utilization",
    name="Utilization",
    unit="ratio",
    better="neutral",
    meaning="How the hours of agents are used; four measures bear the name, and are told apart here.",
    formula="hours of one kind / hours of another, both added up over people and time",
    missing="Missing where the hours of the period are not known.",
    sources=(
        "Document360, utilization",
        "HDI, agent utilization",
        "WFM Labs, occupancy and shrinkage",
    ),
    options={"measure": UTILIZATIONS},
)
def utilization(
    book: Book,
    measure: str = "occupancy",
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = None,
) -> Result:
    """How the paid hours of agents are used.

    Parameters
    ----------
    book
        With the tables tickets and hours.
    measure
        "online" (online / paid), "handling" (handling / paid), "occupancy" (handling / available) or "shrinkage"
        ((paid - available) / paid).
    by
        Columns of people ("people.team", "pod"), "agent_id" or "team_id".
    freq
        Length of the periods, at least as long as those of the table hours.
    interval
        Not used: hours are no sample. None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator, denominator (hours), n, paid, online, available, handling,
        reason, complete.

    Raises
    ------
    MissingTableError
        If the book has no hours or no tickets.
    DataError
        If hours are known by longer periods than asked for.

    Notes
    -----
    Who handles is available and who is available is paid, so handling / paid is never above occupancy.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> 0 < sm.support.utilization(sm.demo(customers=50)).value < 1
    True
    """
    one_of("measure", measure, UTILIZATIONS)
    check_interval(interval)
    inbox = faceted_inbox(book, freq, by)
    found = hours_by_period(inbox)
    if measure == "shrinkage":
        top, bottom = found["paid"] - found["available"], found["paid"]
    else:
        top, bottom = (found[name] for name in _SIDES[measure])
    bottom = np.where(np.isnan(top), np.nan, bottom)
    df = inbox.frame(top, np.nan_to_num(bottom), "hours of the period are not known", n=bottom)
    df["denominator"] = bottom.ravel()
    df = df.assign(**{f"{name}_hours": values.ravel() for name, values in found.items()})
    return inbox.result(
        "support_utilization",
        df,
        "series",
        options=inbox.options(measure=measure),
        tables=("hours",),
    )
