"""When to hire: the month in which each requisition has to be opened, and the chance of being short of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, is_number, listed, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.staff import Staff, staff
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.money import counted
from saasmetrics.success.capacity.future import (
    CONTACTS,
    DRAWS,
    GROWTH,
    Assumed,
    fitted,
    history,
    simulated,
)
from saasmetrics.success.capacity.handling import handled
from saasmetrics.success.capacity.load import said_roles
from saasmetrics.success.capacity.ramps import pace, ramp_of, said_ramp
from saasmetrics.success.capacity.shared import ROLES, hours_of, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

_SEED = 20260103
_MONTH = 365.25 / 12
_PRODUCTIVE = "{hours:g} hours a month, shrinkage {shrinkage:.0%}, occupancy {occupancy:.0%}"
_MOST = 2000  # hires of one plan


@metric(
    id="hiring_plan",
    name="Hiring plan",
    unit="table",
    better="neutral",
    meaning="In which month to open each requisition so that enough trained people are there when the work comes.",
    formula="month of need - months to train - months to find somebody, for each hire without which "
    "the chance of being short would be above the tolerance",
    missing="Never missing; needs that are nearer than a hire can be ready are counted as overdue.",
    sources=(
        "METRICS.md",
        "HubSpot: when should we hire our next rep?",
        "Zendesk (lead time, ramp)",
    ),
    options={
        "roles": ROLES,
        "ramp": "ramp {value}",
        "lead": "{value} months to find somebody",
        "handle_minutes": "{value:.1f} minutes a ticket",
        "productive": "{value}",
        "attrition": "attrition {value:.0%} a year",
        "tolerance": "short in at most {value:.0%} of the draws",
        "window": "rates of the last {value} months",
        "growth": GROWTH,
        "contact_change": CONTACTS,
    },
)
def hiring_plan(
    book: Book,
    horizon: int = 12,
    by: str | Sequence[str] | None = "segment",
    *,
    roles: str | Sequence[str] | None = "agent",
    ramp: int | str | Sequence[float] = "email",
    lead: float | Sequence[float] = 2,
    handle_minutes: float | None = None,
    hours: float = 160,
    shrinkage: float = 0.3,
    occupancy: float = 0.8,
    attrition: float | None = None,
    tolerance: float = 0.2,
    window: int = 12,
    channel: str | None = None,
    growth: float | None = None,
    contact_change: float = 0,
) -> Result:
    """Requisitions by month for the tickets to come, with the chance of being short with and without them.

    Parameters
    ----------
    book
        The company's tables; needs `tickets` and `people`.
    horizon
        Months to look ahead.
    by
        Columns of customers that demand is forecast by.
    roles
        Roles of the people who do this work; None for all.
    ramp
        Profile of new people, as in `effective`.
    lead
        Months from opening a requisition to the first day; a list of past ones, of which four in five are allowed for.
    handle_minutes
        Minutes a ticket takes; by default as measured over the window.
    hours, shrinkage, occupancy
        Paid hours of a month, share of them not available, share of available time to be spent on tickets.
    attrition
        Share of people who leave a year; by default as measured over all time, and as uncertain as people are few.
    tolerance
        Accepted chance of being short in a month.
    window, channel, growth, contact_change
        As in `demand`.

    Returns
    -------
    Result
        period, value and open (requisitions to open in the month), start (hires whose first day it is), hires (hires
        needed by then), required, required_low, required_high (FTE, 90 % of draws), capacity_now (FTE without hires),
        capacity (with them), short_now and short (chance of being short without and with hires), n (draws), reason.

    Raises
    ------
    MissingTableError
        If there is no table tickets or people.
    DataError
        If no ticket has a handling time and none is given.

    Notes
    -----
    A need that is nearer than lead and ramp together cannot be met in time: its requisitions are overdue, stand in the
    first month, and the chance of being short stays high until they are trained.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> plan = sm.capacity.hiring_plan(sm.demo(customers=300), handle_minutes=90, horizon=9)
    >>> bool((plan.df["short"] <= plan.df["short_now"]).all())
    True
    """
    horizon, window = whole("horizon", horizon, 1, most=60), whole("window", window, 3)
    shares, waits = ramp_of(ramp), _leads(lead)
    accepted = share("tolerance", tolerance)
    people = staff(book.tables, book.as_of_day, roles, "A hiring plan")
    leaving = _leaving(people, book.as_of_day, attrition)
    where = None if channel is None else {"channel": channel}
    productive = hours_of(hours, shrinkage, occupancy)
    assumed = Assumed.of(growth, contact_change)
    ahead = (horizon, window, assumed)
    minutes, required, notes = _required(book, by, ahead, where, handle_minutes, productive)
    now = _capacity(people, book.as_of_day, shares, leaving, horizon)
    plan = planned(required, now, shares, waits, leaving, accepted)
    df = _frame(book, plan, required, now)
    said = {
        "roles": said_roles(roles),
        "ramp": said_ramp(ramp),
        "lead": _span(waits),
        "handle_minutes": minutes,
        "productive": _PRODUCTIVE.format(**productive),
        "attrition": float(1 - np.exp(-12 * leaving.mean())),
        "tolerance": accepted,
        "window": window,
        **assumed.said,
    }
    more: dict[str, Any] = {"notes": (*people.notes, *notes), "tables": ["tickets", "people"]}
    more["extra"] = {"headline": _headline(df, plan.overdue), "overdue": plan.overdue}
    return made(book, "hiring_plan", df, "hiring_plan", options=said, **more)


@dataclass(frozen=True)
class Plan:
    """Hires of a plan.

    Attributes
    ----------
    open, start, needed
        Per month: requisitions opened, hires that start if the lead is as long as allowed for, hires needed by then.
    capacity
        With the hires: draws x months.
    overdue
        How many requisitions should have been opened before the first month.
    """

    open: NDArray[np.int64]
    start: NDArray[np.int64]
    needed: NDArray[np.int64]
    capacity: Floats
    overdue: int


def planned(
    required: Floats,
    now: Floats,
    ramp: Floats,
    waits: Floats,
    leaving: Floats,
    tolerance: float,
) -> Plan:
    """Return the fewest hires after which no month is short too often, each opened as late as it can be.

    Parameters
    ----------
    required, now
        FTE needed, and there without hires: draws x months ahead.
    ramp
        Share of full output of a hire in its first month, the second, ...
    waits
        Months from opening to the first day that were seen; four of five are allowed for.
    leaving
        Chance of leaving in a month: per draw.
    tolerance
        Accepted chance of being short.

    Notes
    -----
    Months count from 0, the one after the as-of date. A requisition of month r starts work in month r + lead and has
    full output from month r + lead + ramp on.
    """
    horizon = required.shape[1]
    allowed = int(np.ceil(np.quantile(waits, 0.8) - 1e-9))
    rng = np.random.default_rng(_SEED)
    opened, needed = np.zeros(horizon, np.int64), np.zeros(horizon, np.int64)
    on_time, real = now.copy(), now.copy()
    stay = (1 - leaving)[:, None] ** np.arange(horizon)[None, :]
    starts, overdue, hires = np.zeros(horizon, np.int64), 0, 0
    for month in range(horizon):
        while (on_time[:, month] < required[:, month] - 1e-9).mean() > tolerance + 1e-12:
            hires += 1
            if hires > _MOST:
                msg = f"More than {_MOST:,} hires would be needed; check handling time and hours."
                raise DataError(msg)
            on_time[:, month:] += stay[:, : horizon - month]
            at = month - allowed - len(ramp)
            overdue += at < 0
            opened[max(at, 0)] += 1
            first = max(at, 0) + allowed
            if first < horizon:
                starts[first] += 1
            real += _output(max(at, 0), ramp, waits, leaving, horizon, rng)
        needed[month] = hires
    return Plan(opened, starts, needed, real, int(overdue))


def _output(
    opened: int,
    ramp: Floats,
    waits: Floats,
    leaving: Floats,
    horizon: int,
    rng: np.random.Generator,
) -> Floats:
    """Return what one hire does: draws x months, for a lead time drawn from those seen and a chance of leaving."""
    draws = len(leaving)
    first = opened + np.ceil(rng.choice(waits, draws) - 1e-9)
    here = np.arange(horizon)[None, :] - first[:, None]
    last = rng.geometric(np.clip(leaving, 1e-9, 1), draws)
    return np.asarray(pace(here, ramp) * (here < last[:, None]))


def _leads(lead: Any) -> Floats:
    if is_number(lead):
        return np.array([finite("lead", lead, "a number of months", least=0, most=36)])
    found = listed("lead", lead, "months from opening a requisition to the first day")
    if not found:
        msg = "lead=[] has no lead time; give at least one number of months."
        raise DataError(msg)
    return np.array([finite("lead", x, "a number of months", least=0, most=36) for x in found])


def _span(waits: Floats) -> str:
    low, high = waits.min(), waits.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _leaving(people: Staff, as_of: int, attrition: float | None) -> Floats:
    """Return the chance of leaving in a month, per draw: as given, or as uncertain as few people make it."""
    if attrition is not None:
        yearly = finite("attrition", attrition, "a share a year such as 0.3", least=0, most=0.99)
        return np.full(DRAWS, 1 - (1 - yearly) ** (1 / 12))
    left = int((people.end <= as_of).sum())
    ends = np.minimum(people.end, as_of + 1)
    months = float((ends - np.maximum(people.start, 0)).sum()) / _MONTH
    rate = np.random.default_rng(_SEED).gamma(left + 0.5, 1 / max(months, 1.0), DRAWS)
    return np.asarray(1 - np.exp(-rate))


def _required(
    book: Book,
    by: Any,
    ahead: tuple[int, int, Assumed],
    where: dict[str, str] | None,
    handle_minutes: float | None,
    productive: dict[str, float],
) -> tuple[float, Floats, tuple[str, ...]]:
    """Return minutes a ticket takes, FTE needed (draws x months), and warnings."""
    from saasmetrics.metrics.formulas.workforce import fte_required

    names, (horizon, window, assumed) = columns(by), ahead
    found = history(book, names, where, None)
    _, _, full = book.engine.extent("M")
    model = fitted(book, names, found, full, window)
    tickets, customers = simulated(model, horizon, assumed=assumed)
    tickets, notes = tickets.sum(axis=1), assumed.notes(model, customers)
    if handle_minutes is not None:
        given = finite(
            "handle_minutes", handle_minutes, "minutes a ticket takes", least=0, most=1e5
        )
        return given, tickets * fte_required(1, given, **productive), notes
    months = full - found.first + 1
    work = handled(book, found.first, months, where, **productive)
    recent = slice(max(months - window, 0), months)
    return work.mean(recent)[0], work.of_tickets(tickets, recent), notes


def _capacity(people: Staff, as_of: int, ramp: Floats, leaving: Floats, horizon: int) -> Floats:
    """Return FTE with full output of those who are here: draws x months ahead."""
    here = people.pick(people.active(as_of))
    ahead = np.arange(1, horizon + 1)
    tenure = (as_of + 1 - here.start)[:, None] / _MONTH + ahead[None, :] - 1
    gone = (here.end - as_of - 1)[:, None] / _MONTH < ahead[
        None, :
    ] - 0.5  # whose last day is known
    output = here.fte[:, None] * pace(tenure, ramp) * ~gone
    chance = np.clip(leaving, 1e-9, 1)[:, None]
    last = np.random.default_rng(_SEED + 1).geometric(chance, (len(leaving), len(here)))
    still = last[:, :, None] > ahead[None, None, :] - 1
    return np.asarray((output[None] * still).sum(axis=1))


def _frame(book: Book, plan: Plan, required: Floats, now: Floats) -> pd.DataFrame:
    import pandas as pd

    _, _, full = book.engine.extent("M")
    horizon = required.shape[1]
    low, high = np.quantile(required, [0.05, 0.95], axis=0)
    df = pd.DataFrame(
        {
            "period": book.calendar("M").starts(full + 1 + np.arange(horizon)),
            "value": plan.open.astype(float),
            "open": plan.open,
            "start": plan.start,
            "hires": plan.needed,
            "required": required.mean(axis=0),
            "required_low": low,
            "required_high": high,
            "capacity_now": now.mean(axis=0),
            "capacity": plan.capacity.mean(axis=0),
            "short_now": (now < required - 1e-9).mean(axis=0),
            "short": (plan.capacity < required - 1e-9).mean(axis=0),
            "n": required.shape[0],
        }
    )
    df["reason"] = ""
    if plan.overdue:
        df.loc[0, "reason"] = f"{counted(plan.overdue, 'requisition')} overdue"
    return df


def _headline(df: pd.DataFrame, overdue: int) -> str:
    total = int(df["open"].sum())
    if not total:
        return "nobody has to be hired"
    first = df[df["open"] > 0].iloc[0]
    late = f", {overdue} of them overdue" if overdue else ""
    now = f"open {int(first['open'])} in {first['period']:%b %Y}"
    return f"{counted(total, 'requisition')} in {len(df)} months{late}; {now}"
