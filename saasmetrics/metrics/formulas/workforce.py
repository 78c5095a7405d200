"""How many people work takes, what they cost in time, and who leads them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import check_share, quotient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHATS_AT_ONCE: Mapping[int, float] = {1: 1.0, 2: 1.7, 3: 2.5, 4: 2.9, 5: 3.5}
"""Chats at once -> how many times as many an agent gets done (contactcentrehelper.com)."""


def occupancy(handling: float, available: float) -> float | None:
    """Share of the time ready for contacts that is spent on them: handling / (handling + waiting for contacts).

    Parameters
    ----------
    handling
        Hours on contacts.
    available
        Hours ready for contacts, those on contacts included.

    Returns
    -------
    float or None
        The offered load over the agents at work (a / n); None without hours.

    Examples
    --------
    >>> occupancy(handling=84, available=120)
    0.7
    """
    return quotient(handling, available)


def utilization(online: float, paid: float) -> float | None:
    """Share of paid time that is spent online, as chat teams count it.

    Call centers divide handling time by paid time instead (`utilization_handling`); the two differ.

    Returns
    -------
    float or None
        None without paid hours.

    Examples
    --------
    >>> utilization(online=128, paid=160)
    0.8
    """
    return quotient(online, paid)


def utilization_handling(handling: float, paid: float) -> float | None:
    """Share of paid time that is spent on contacts (HDI); never above `utilization`.

    Examples
    --------
    >>> utilization_handling(handling=80, paid=160)
    0.5
    """
    return quotient(handling, paid)


def shrinkage(available: float, paid: float) -> float | None:
    """Share of paid time not available for contacts: leave, training, meetings.

    Examples
    --------
    >>> shrinkage(available=112, paid=160)
    0.3
    """
    return quotient(paid - available, paid)


def scheduled_agents(agents: float, shrinkage: float) -> int:
    """People to schedule so that so many are at work: agents / (1 - shrinkage), rounded up.

    Raises
    ------
    DataError
        If shrinkage is not a share below 1.

    Examples
    --------
    >>> scheduled_agents(14, 0.3)
    20
    """
    return _up(agents / _productive("shrinkage", shrinkage))


def chat_handle_time(
    handle_time: float, at_once: int, factors: Mapping[int, float] = CHATS_AT_ONCE
) -> float:
    """Handling time per chat of an agent who has several at once: handling time / factor.

    Parameters
    ----------
    handle_time
        Of one chat alone.
    at_once
        Chats at the same time.
    factors
        How many times as many chats get done with so many at once. A rule of thumb: measure your own.

    Returns
    -------
    float
        Effective handling time, in the same unit.

    Raises
    ------
    DataError
        If the table has no factor for so many: it is not extended beyond what was observed.

    Examples
    --------
    >>> chat_handle_time(600, 3)
    240.0
    """
    if at_once not in factors:
        msg = (
            f"There is no factor for {at_once} chats at once; the table goes to {max(factors)}. "
            "Measure it and pass factors={...}."
        )
        raise DataError(msg)
    return handle_time / factors[at_once]


def customers_after(customers: float, growth: float, months: float) -> float:
    """Customers after months of steady growth: customers x (1 + growth)^months.

    Examples
    --------
    >>> round(customers_after(1000, 0.06, 12), 1)
    2012.2
    """
    return float(customers * (1 + growth) ** months)


def fte_required(
    contacts: float,
    handle_minutes: float,
    hours: float = 160,
    shrinkage: float = 0.3,
    occupancy: float = 0.8,
) -> float:
    """Full-time people that contacts of a month take: contacts x handling time / productive hours.

    Parameters
    ----------
    contacts
        Contacts in the month.
    handle_minutes
        Mean handling time in minutes.
    hours
        Paid hours of a full-time person in the month.
    shrinkage
        Share of paid time not available for contacts.
    occupancy
        Share of available time to be spent on contacts.

    Returns
    -------
    float
        Full-time equivalents. For contacts that can wait hours; for calls and chats take `agents_required`.

    Examples
    --------
    >>> round(fte_required(1609.8, 18), 2)
    5.39
    """
    productive = hours * _productive("shrinkage", shrinkage) * check_share("occupancy", occupancy)
    if productive <= 0:
        msg = "Hours and occupancy must be above 0: nobody works no hours."
        raise DataError(msg)
    return contacts * handle_minutes / 60 / productive


def backlog(opening: float, created: Iterable[float], solvable: Iterable[float]) -> list[float]:
    """Open tickets at the end of each period: what was open, plus created, less solved; never below 0.

    Parameters
    ----------
    opening
        Open at the start.
    created, solvable
        Per period: tickets created, and tickets that the people there can solve.

    Returns
    -------
    list of float

    Examples
    --------
    >>> backlog(100, [50, 50], [60, 200])
    [90.0, 0.0]
    """
    out, left = list[float](), float(opening)
    for more, done in zip(created, solvable, strict=True):
        left = max(left + more - done, 0.0)
        out.append(left)
    return out


def managers_required(people: float, span: float) -> int:
    """Managers for so many people at a span of control, rounded up.

    Parameters
    ----------
    people
        Individual contributors.
    span
        People per manager: 8 where work is specialized, 15 or 20 where it is less so (HubSpot).

    Raises
    ------
    DataError
        If the span is not above 0.

    Examples
    --------
    >>> [managers_required(52, span) for span in (8, 15, 20)]
    [7, 4, 3]
    """
    if span <= 0:
        msg = f"span={span!r} is not a number of people above 0."
        raise DataError(msg)
    return _up(people / span)


def pods(people: int, template: Sequence[int] = (2, 5, 1)) -> tuple[int, int]:
    """Full pods that so many people make, and who is left over.

    Parameters
    ----------
    people
        Heads.
    template
        Heads of each kind in a pod: two of customer success, five of support, one product specialist (Poster POS).

    Returns
    -------
    tuple of int
        Pods, and people left over.

    Examples
    --------
    >>> pods(52)
    (6, 4)
    """
    size = sum(template)
    if size <= 0 or min(template) < 0:
        msg = f"template={tuple(template)!r} is not a pod: numbers of people from 0, not all 0."
        raise DataError(msg)
    return divmod(int(people), size)


def csms_required(tiers: Mapping[str, tuple[float, float]]) -> float:
    """Customer success managers by tier of service: the sum of accounts / accounts per CSM.

    Parameters
    ----------
    tiers
        Tier -> accounts, and accounts that one CSM can look after.

    Examples
    --------
    >>> csms_required({"high touch": (60, 12), "pooled": (300, 50), "tech touch": (2000, 500)})
    15.0
    """
    return math.fsum(accounts / ratio for accounts, ratio in tiers.values())


def arr_per_csm(arr: float, ramped: float) -> float | None:
    """ARR per ramped customer success manager; who is still learning, and directors, do not count.

    Examples
    --------
    >>> arr_per_csm(20_000_000, 8)
    2500000.0
    """
    return quotient(arr, ramped)


def per_head(work: float, people: float, months: float = 1) -> float | None:
    """Work done per person and month: requests, customers or anything counted.

    Parameters
    ----------
    work
        In all.
    people
        Heads, or full-time equivalents: say which.
    months
        Months it took.

    Examples
    --------
    >>> per_head(720_000, 300, 12)
    200.0
    """
    return quotient(work, people * months)


def vacation_hours(days: float, hours_per_day: float = 8) -> float:
    """Hours of leave in an average week: days a year x hours a day / 52.

    Examples
    --------
    >>> round(vacation_hours(20), 2)
    3.08
    """
    return days * hours_per_day / 52


def effective_fte(
    tenure_months: Sequence[float],
    ramp: Sequence[float],
    fte: Sequence[float] | None = None,
    shrinkage: float = 0.0,
) -> float:
    """Capacity of people some of whom still learn: the sum of FTE x ramp at their tenure x (1 - shrinkage).

    Parameters
    ----------
    tenure_months
        Full months each person has been here.
    ramp
        Share of full output in the first month, the second, ...; full output after the last.
    fte
        Share of full time of each; 1 by default.
    shrinkage
        Share of paid time not available.

    Returns
    -------
    float
        Full-time equivalents of people with full output.

    Examples
    --------
    >>> effective_fte([0, 1, 12], ramp=[0.25, 0.75])
    2.0
    """
    shares = [1.0] * len(tenure_months) if fte is None else list(fte)
    at = [
        check_share("ramp", ramp[int(months)]) if months < len(ramp) else 1.0
        for months in tenure_months
    ]
    done = math.fsum(share * pace for share, pace in zip(shares, at, strict=True))
    return done * (1 - check_share("shrinkage", shrinkage))


def fixed_share(fixed_cost: float, flexible_cost: float) -> float:
    """Quantile of demand up to which people of one's own are cheaper than hired ones (the newsvendor's).

    Parameters
    ----------
    fixed_cost
        Of one unit of capacity that is there whether needed or not.
    flexible_cost
        Of one unit bought when needed; above `fixed_cost` or nothing is worth keeping.

    Returns
    -------
    float
        1 - fixed / flexible: own capacity up to this quantile of demand, the rest bought.

    Raises
    ------
    DataError
        If a cost is not above 0.

    Examples
    --------
    >>> fixed_share(fixed_cost=6, flexible_cost=10)
    0.4
    """
    if fixed_cost <= 0 or flexible_cost <= 0:
        msg = "Both costs are of one unit of capacity and above 0."
        raise DataError(msg)
    return max(0.0, 1 - fixed_cost / flexible_cost)


def _productive(name: str, share: float) -> float:
    if check_share(name, share) == 1:
        msg = f"{name} of 1 leaves no time for work."
        raise DataError(msg)
    return 1 - share


def _up(number: float) -> int:
    """Round up, but not for the last digit of a float: 14 / 0.7 is 20 people, not 21."""
    return math.ceil(number - 1e-9)
