"""What support does, costs and saves, from a few counts."""

from __future__ import annotations

from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING

from saasmetrics.metrics.formulas.quotient import check_share, quotient

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def cost_per_ticket(cost: float, tickets: float) -> float | None:
    """Fully loaded operating cost of support / tickets (HDI). Say whether tickets created or resolved.

    Examples
    --------
    >>> cost_per_ticket(100_000, 2_000)
    50.0
    """
    return quotient(cost, tickets)


def year_to_date(numerators: Iterable[float], denominators: Iterable[float]) -> list[float | None]:
    """Running ratio since the start of the year: sums over sums, never the mean of the months' ratios.

    Parameters
    ----------
    numerators, denominators
        Per month, such as cost and chats.

    Returns
    -------
    list
        One ratio per month; None as long as nothing can be divided by.

    Examples
    --------
    >>> year_to_date([1000, 1000], [100, 300])
    [10.0, 5.0]
    """
    sums = zip(accumulate(numerators), accumulate(denominators), strict=True)
    return [quotient(top, bottom) for top, bottom in sums]


def tier_mix(requests: float, tier1_share: float) -> tuple[float, float]:
    """Requests solved in the first tier, and in those above it.

    Examples
    --------
    >>> [round(part) for part in tier_mix(720_000, 0.9)]
    [648000, 72000]
    """
    first = requests * check_share("tier1_share", tier1_share)
    return first, requests - first


def sla_breach(completion: float, target: float) -> tuple[float, str]:
    """Time by which a promise was missed, and "met" or "breached"; the time is negative where some was left.

    Parameters
    ----------
    completion, target
        Time it took, and time promised, in the same unit.

    Examples
    --------
    >>> sla_breach(45, 30)
    (15, 'breached')
    """
    late = completion - target
    return late, "breached" if late > 0 else "met"


def self_service_ratio(help_users: float, ticket_users: float) -> float | None:
    """Users of the help center per user who opened a ticket; above 1 where most help themselves.

    Examples
    --------
    >>> self_service_ratio(4000, 1000)
    4.0
    """
    return quotient(help_users, ticket_users)


def self_service_share(help_users: float, ticket_users: float) -> float | None:
    """Users of the help center as a share of those and of the users who opened a ticket.

    Examples
    --------
    >>> self_service_share(4000, 1000)
    0.8
    """
    return quotient(help_users, help_users + ticket_users)


def session_deflection(sessions: float, with_ticket: float) -> float | None:
    """Share of self-service sessions that no ticket followed: an estimate, for some gave up.

    Examples
    --------
    >>> session_deflection(5000, 600)
    0.88
    """
    return quotient(sessions - with_ticket, sessions)


def tank_tickets(baseline: Sequence[float], times: Sequence[float]) -> tuple[float, int, float]:
    """Tickets that take longer than the median of a baseline, their number and share (Zendesk).

    Parameters
    ----------
    baseline
        Resolution times of an earlier window.
    times
        Resolution times of the window looked at. Against its own median the share would always be about a half.

    Returns
    -------
    tuple
        Median of the baseline, number of tank tickets, their share.

    Examples
    --------
    >>> tank_tickets([1, 2, 3, 4, 100], [2, 3, 5, 8])
    (3, 2, 0.5)
    """
    edge = median(baseline)
    tanks = sum(time > edge for time in times)
    return edge, tanks, tanks / len(times)


def root_cause_saving(requests_removed: float, cost_per_request: float) -> float:
    """What it saves to remove the cause of requests: requests x cost of each.

    Examples
    --------
    >>> root_cause_saving(10_000, 15.56)
    155600.0
    """
    return requests_removed * cost_per_request


def contact_rate(tickets: float, customer_months: float) -> float | None:
    """Tickets per customer and month; a customer of half a month counts half.

    Examples
    --------
    >>> contact_rate(800, 1000)
    0.8
    """
    return quotient(tickets, customer_months)


def relative_reduction(before: float, after: float) -> float | None:
    """Fall relative to before: (before - after) / before. Says nothing about why it fell.

    Examples
    --------
    >>> relative_reduction(300, 105)
    0.65
    """
    return quotient(before - after, before)


def backlog_days(open_tickets: float, solved_per_day: float) -> float | None:
    """Days that the open tickets take at the pace of solving.

    Returns
    -------
    float or None
        None where nothing is solved: it never ends.

    Examples
    --------
    >>> backlog_days(300, 60)
    5.0
    """
    return quotient(open_tickets, solved_per_day)
