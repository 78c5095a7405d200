"""Recurring revenue: from a price to MRR, and what MRR is spread over."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import quotient
from saasmetrics.money import intervals_per_month

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

INTERVALS = ("day", "week", "month", "quarter", "year")


def mrr(
    amount: float | Decimal | Fraction,
    interval: str = "month",
    count: int = 1,
    *,
    week: float | Fraction | str = "52/12",
    day: float | Fraction | str = "365/12",
) -> float:
    """Monthly recurring revenue of one price: amount per interval, brought to a month.

    Parameters
    ----------
    amount
        Recurring charge per interval, after recurring discounts, all seats.
    interval
        "day", "week", "month", "quarter" or "year".
    count
        Intervals per charge: 2 with "year" is a two-year term, which divides by 24.
    week, day
        Weeks and days in a month: 52/12 and 365/12. Others in use: 4.35 weeks (Qonversion), 30 days
        (Recurly).

    Returns
    -------
    float
        MRR; computed in exact fractions and rounded once, at the end.

    Raises
    ------
    DataError
        If the interval is unknown or the count is not a whole number above 0.

    Notes
    -----
    METRICS.md. Sources: Stripe glossary (600 a year is 50 a month), fivetran dbt_stripe
    (52/12), pax8-cli #439 (multi-year terms divide by 24 and 36).

    Examples
    --------
    >>> mrr(600, "year")
    50.0
    >>> mrr(2400, "year", 2)
    100.0
    >>> round(mrr(10, "week"), 4), round(mrr(10, "week", week=4.35), 4)
    (43.3333, 43.5)
    """
    one_of("interval", interval, INTERVALS)
    if count < 1 or count != int(count):
        msg = f"count is how many {interval}s one charge covers: at least 1, not {count}."
        raise DataError(msg)
    often = intervals_per_month(interval, int(count), week=str(week), day=str(day))
    return float(Fraction(amount) * often)


def arr(mrr: float) -> float:
    """Annual recurring revenue as a run rate: 12 times MRR.

    Examples
    --------
    >>> arr(12_500)
    150000
    """
    return 12 * mrr


def arpa(mrr: float, customers: float) -> float | None:
    """Average MRR per paying customer at the close of a period (ChartMogul ARPA).

    Returns
    -------
    float or None
        None without customers.

    Examples
    --------
    >>> arpa(12_500, 150)
    83.33333333333333
    """
    return quotient(mrr, customers)


def quick_ratio(
    new: float, expansion: float, contraction: float, churn: float, reactivation: float = 0
) -> float | None:
    """MRR gained per MRR lost: (new + expansion + reactivation) / (contraction + churn).

    Parameters
    ----------
    new, expansion, reactivation
        MRR gained in the period. Leave reactivation out for the form of Baremetrics and Stripe.
    contraction, churn
        MRR lost. The sign does not matter: a row of the bridge can be passed as it is.

    Returns
    -------
    float or None
        None where nothing was lost.

    Examples
    --------
    >>> round(quick_ratio(80, 110, 40, 200, reactivation=70), 4)
    1.0833
    >>> quick_ratio(80, 110, 0, 0) is None
    True
    """
    return quotient(new + expansion + reactivation, abs(contraction) + abs(churn))


def concentration(amounts: Iterable[float], top: int = 1) -> float | None:
    """Share of the total that the largest customers pay.

    Parameters
    ----------
    amounts
        MRR per customer, each at least 0.
    top
        How many of the largest to count.

    Returns
    -------
    float or None
        Between 0 and 1; None where nobody pays.

    Examples
    --------
    >>> concentration([50, 30, 20], top=2)
    0.8
    """
    ordered = sorted(amounts, reverse=True)
    return quotient(sum(ordered[:top]), sum(ordered))


def hhi(amounts: Iterable[float]) -> float | None:
    """Herfindahl-Hirschman index: sum of squared shares, 1/n for n equal customers, 1 for one.

    Returns
    -------
    float or None
        Between 0 and 1 (regulators print it times 10,000); None where nobody pays.

    Examples
    --------
    >>> hhi([25, 25, 25, 25])
    0.25
    """
    paid = list(amounts)
    return quotient(sum(amount * amount for amount in paid), sum(paid) ** 2)


def existing_share(existing: float, total: float) -> float | None:
    """Share of revenue that comes from customers who were there before (METRICS.md).

    Examples
    --------
    >>> existing_share(750, 1000)
    0.75
    """
    return quotient(existing, total)


def committed(live: float, signed: float, scheduled_losses: float) -> float:
    """Committed MRR: live, plus signed and not yet live, less known churn and downgrades.

    Bessemer's CMRR; the sign of the losses does not matter.

    Examples
    --------
    >>> committed(1000, 120, 70)
    1050
    """
    return live + signed - abs(scheduled_losses)
