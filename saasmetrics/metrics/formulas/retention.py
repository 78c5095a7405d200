"""Retention and churn of MRR and of customers between two instants."""

from __future__ import annotations

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import check_share, quotient


def nrr(
    opening: float, expansion: float, contraction: float, churn: float, reactivation: float = 0
) -> float | None:
    """Net revenue retention: what the customers of the start pay at the end, per opening MRR.

    Parameters
    ----------
    opening
        MRR at the start.
    expansion
        MRR gained from customers paying at the start.
    contraction, churn
        MRR lost from them. The sign does not matter: a row of the bridge can be passed as it is.
    reactivation
        MRR of former customers won back; 0 in our default, added by ChartMogul and Tidemill.

    Returns
    -------
    float or None
        1.0 is 100 %. None without opening MRR.

    Notes
    -----
    METRICS.md (Ordway, saas-metrics, fight-churn).

    Examples
    --------
    >>> nrr(800, 110, 40, 200)
    0.8375
    >>> nrr(800, 110, 40, 200, reactivation=70)
    0.925
    """
    return quotient(opening + expansion + reactivation - abs(contraction) - abs(churn), opening)


def grr(opening: float, contraction: float, churn: float) -> float | None:
    """Gross revenue retention: opening MRR less contraction and churn, per opening MRR.

    With movements between two snapshots it equals the sum of each customer's smaller MRR over the
    opening MRR (METRICS.md). The sign of the losses does not matter.

    Returns
    -------
    float or None
        At most 1.0; None without opening MRR.

    Examples
    --------
    >>> grr(800, 40, 200)
    0.7
    """
    return quotient(opening - abs(contraction) - abs(churn), opening)


def gross_churn(opening: float, contraction: float, churn: float) -> float | None:
    """Gross MRR churn rate: (contraction + churn) / opening MRR (ChartMogul, Maxio, fight-churn).

    Pass contraction 0 for the form that counts lost customers only (Tidemill's revenue churn).

    Returns
    -------
    float or None
        None without opening MRR.

    Examples
    --------
    >>> gross_churn(100, 10, 10)
    0.2
    """
    return quotient(abs(contraction) + abs(churn), opening)


def net_churn(
    opening: float, expansion: float, contraction: float, churn: float, reactivation: float = 0
) -> float | None:
    """Net MRR churn rate: (contraction + churn - expansion - reactivation) / opening MRR.

    ChartMogul and Maxio count reactivation; leave it out for the form without. Negative when
    customers grow by more than is lost.

    Returns
    -------
    float or None
        None without opening MRR.

    Examples
    --------
    >>> net_churn(100, 10, 10, 10)
    0.1
    """
    return quotient(abs(contraction) + abs(churn) - expansion - reactivation, opening)


def logo_churn(lost: float, opening: float, new: float = 0) -> float | None:
    """Customers lost per customer paying at the start.

    Parameters
    ----------
    lost
        Customers paying at the start and gone at the end. ChartMogul leaves out those who joined,
        or came back, within the period.
    opening
        Customers paying at the start.
    new
        Customers gained in the period, where they belong in the denominator (Stripe, Gumroad).

    Returns
    -------
    float or None
        None without customers.

    Examples
    --------
    >>> logo_churn(10, 100)
    0.1
    >>> round(logo_churn(4, 7, new=2), 4)
    0.4444
    """
    return quotient(lost, opening + new)


def logo_retention(lost: float, opening: float) -> float | None:
    """Share of the customers paying at the start who still pay: 1 - logo churn, on the same base.

    Examples
    --------
    >>> logo_retention(10, 100)
    0.9
    """
    return quotient(opening - lost, opening)


def daily_churn(start: float, end: float) -> float | None:
    """One day's loss over that day's start; the Shopify-style rate is the plain sum of the days.

    Examples
    --------
    >>> daily_churn(100, 95)
    0.05
    """
    return quotient(max(start - end, 0), start)


def annualize_churn(churn: float, periods: float = 12) -> float:
    """Churn over several periods at the same rate in each: 1 - (1 - c)^periods, never c x periods.

    Parameters
    ----------
    churn
        Rate per period, between 0 and 1.
    periods
        Periods in a year: 12 for a monthly rate.

    Returns
    -------
    float
        The rate over all periods, if the hazard stays constant.

    Raises
    ------
    DataError
        If the rate is not between 0 and 1.

    Examples
    --------
    >>> round(annualize_churn(0.03), 4)
    0.3062
    """
    return float(1 - (1 - check_share("churn", churn)) ** periods)


def scale_churn(churn: float, days: float, to_days: float = 365) -> float:
    """Churn measured over some days, scaled to others: 1 - (1 - c)^(to_days / days).

    Parameters
    ----------
    churn
        Rate over the days measured, between 0 and 1.
    days
        Days it was measured over.
    to_days
        365 for a yearly rate, 365/12 for a monthly one.

    Returns
    -------
    float
        The scaled rate (fight-churn, listing 2.5), if the hazard stays constant.

    Raises
    ------
    DataError
        If the rate is not between 0 and 1, or days is not above 0.

    Examples
    --------
    >>> round(scale_churn(0.1, 90), 4)
    0.3477
    """
    if days <= 0:
        msg = f"days must be above 0: how long the churn was measured, not {days:g}."
        raise DataError(msg)
    return float(1 - (1 - check_share("churn", churn)) ** (to_days / days))
