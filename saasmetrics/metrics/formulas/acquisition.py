"""What it costs to win customers, how soon it comes back, and how efficiently a company grows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from saasmetrics.metrics.formulas.quotient import quotient

if TYPE_CHECKING:
    from collections.abc import Iterable

BURN_BANDS: tuple[tuple[float, str], ...] = (
    (1.0, "amazing"),
    (1.5, "great"),
    (2.0, "good"),
    (3.0, "suspect"),
    (math.inf, "bad"),
)


def cac(spend: float, customers: float) -> float | None:
    """Customer acquisition cost: sales and marketing spend / new customers.

    Returns
    -------
    float or None
        None where no customer was won.

    Examples
    --------
    >>> cac(50_000, 20)
    2500.0
    """
    return quotient(spend, customers)


def payback_simple(cac: float, arpa: float) -> float | None:
    """Months of revenue that repay the acquisition cost: CAC / ARPA.

    Returns
    -------
    float or None
        None where the customer brings nothing.

    Examples
    --------
    >>> payback_simple(200, 50)
    4.0
    """
    return quotient(cac, arpa) if arpa > 0 else None


def payback(cac: float, arpa: float, margin: float) -> float | None:
    """Months of gross profit that repay the acquisition cost: CAC / (ARPA x margin).

    Parameters
    ----------
    cac
        Acquisition cost per customer.
    arpa
        MRR per customer; of the new customers where they are known apart.
    margin
        Gross margin as a share of revenue.

    Returns
    -------
    float or None
        Months; None where the customer brings no gross profit, so that it is never paid back.

    Examples
    --------
    >>> round(payback(200, 50, 0.75), 2)
    5.33
    """
    return quotient(cac, arpa * margin) if arpa * margin > 0 else None


def payback_churn_adjusted(
    cac: float, monthly_gross_profit: float, survival: Iterable[float]
) -> int | None:
    """First month by which the gross profit of those who stayed repays the acquisition cost.

    Parameters
    ----------
    cac
        Acquisition cost per customer.
    monthly_gross_profit
        ARPA x margin.
    survival
        S(0), S(1), ...: share of customers paying in the first month, the second, ...

    Returns
    -------
    int or None
        The first n with profit x (S(0) + ... + S(n - 1)) >= CAC; None when that is not within the
        horizon of the curve.

    Examples
    --------
    >>> payback_churn_adjusted(250, 100, [1, 0.9, 0.8, 0.7])
    3
    >>> payback_churn_adjusted(500, 100, [1, 0.9, 0.8, 0.7]) is None
    True
    """
    repaid = 0.0
    if cac <= 0:
        return 0
    for month, share in enumerate(survival, start=1):
        repaid += monthly_gross_profit * share
        if repaid >= cac or math.isclose(repaid, cac, rel_tol=1e-12):
            return month
    return None


def payback_bessemer(prior_spend: float, net_new_cmrr: float, margin: float) -> float | None:
    """Payback of a whole period: S&M of the period before / (net new CMRR x margin), in months.

    Parameters
    ----------
    prior_spend
        Sales and marketing spend of the period before, without account management.
    net_new_cmrr
        Committed MRR added in the period.
    margin
        Gross margin as a share of revenue.

    Returns
    -------
    float or None
        None where no gross profit was added.

    Notes
    -----
    Bessemer, ten laws of cloud computing, law 6: 770,000 / (100,000 x 70 %) = 11 months.

    Examples
    --------
    >>> round(payback_bessemer(770_000, 100_000, 0.70), 6)
    11.0
    """
    added = net_new_cmrr * margin
    return quotient(prior_spend, added) if added > 0 else None


def magic_number(revenue: float, prior_revenue: float, prior_spend: float) -> float | None:
    """Yearly revenue gained per dollar of sales and marketing: (rev - prior rev) x 4 / prior S&M.

    Parameters
    ----------
    revenue, prior_revenue
        Revenue of a quarter and of the quarter before.
    prior_spend
        Sales and marketing spend of the quarter before.

    Returns
    -------
    float or None
        None without spend. 0.75 and above is read as "spend more".

    Examples
    --------
    >>> magic_number(1_250_000, 1_100_000, 800_000)
    0.75
    """
    return quotient((revenue - prior_revenue) * 4, prior_spend)


def burn_multiple(net_burn: float, net_new_arr: float) -> float | None:
    """Cash burnt per dollar of ARR added: net burn / net new ARR (Sacks).

    Returns
    -------
    float or None
        None where no ARR was added: a multiple of a shrinking company means nothing. Negative when
        the company makes cash.

    Examples
    --------
    >>> burn_multiple(500_000, 250_000)
    2.0
    >>> burn_multiple(500_000, -10_000) is None
    True
    """
    return quotient(net_burn, net_new_arr) if net_new_arr > 0 else None


def burn_band(multiple: float | None) -> str | None:
    """Sacks's word for a burn multiple; the bands are half-open, so that 2.0 has one grade.

    Below 1 amazing, [1, 1.5) great, [1.5, 2) good, [2, 3) suspect, from 3 bad.

    Examples
    --------
    >>> burn_band(1.99), burn_band(2.0)
    ('good', 'suspect')
    """
    if multiple is None:
        return None
    return next((word for edge, word in BURN_BANDS if multiple < edge), "bad")


def efficiency_score(net_new_arr: float, net_burn: float) -> float | None:
    """ARR added per dollar burnt: net new ARR / net burn (Bessemer), inverse of the burn multiple.

    Returns
    -------
    float or None
        None where no cash was burnt.

    Examples
    --------
    >>> efficiency_score(250_000, 500_000)
    0.5
    """
    return quotient(net_new_arr, net_burn) if net_burn > 0 else None


def rule_of_40(growth: float, margin: float) -> float:
    """Growth plus profit margin, both as shares; 0.40 and above passes.

    Examples
    --------
    >>> rule_of_40(0.30, 0.12)
    0.42
    """
    return growth + margin


def cac_ratio(spend: float, new_arr: float) -> float | None:
    """Sales and marketing spend per dollar of new ARR (Benchmarkit: a median of 2.00 in 2024).

    Bessemer's ratio is the inverse and weighted with the margin.

    Returns
    -------
    float or None
        None where no ARR was added.

    Examples
    --------
    >>> cac_ratio(400_000, 200_000)
    2.0
    """
    return quotient(spend, new_arr) if new_arr > 0 else None


def gross_margin(revenue: float, cogs: float) -> float | None:
    """Share of revenue left after the cost of serving it: 1 - COGS / revenue.

    Examples
    --------
    >>> gross_margin(1000, 250)
    0.75
    """
    return quotient(revenue - cogs, revenue)


def runway(cash: float, net_burn: float) -> float | None:
    """Months until the cash is gone: cash / monthly net burn.

    Returns
    -------
    float or None
        None where no cash is burnt.

    Examples
    --------
    >>> runway(1_200_000, 100_000)
    12.0
    """
    return quotient(cash, net_burn) if net_burn > 0 else None
