"""What a customer is worth over its lifetime, from a few rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import check_share, quotient

if TYPE_CHECKING:
    from collections.abc import Sequence


def lifetime(churn: float) -> float | None:
    """Mean lifetime in periods at a constant churn rate: 1/c (Skok).

    Returns
    -------
    float or None
        None at a churn of 0: no lifetime was seen to end.

    Examples
    --------
    >>> lifetime(0.02)
    50.0
    """
    return quotient(1, check_share("churn", churn))


def capped_lifetime(churn: float, months: float) -> float:
    """Mean lifetime within a cap of some months: (1 - (1 - c)^m) / c (Cohen, "The mistake of 1/c").

    Parameters
    ----------
    churn
        Monthly churn rate, between 0 and 1. At 0 the lifetime is the cap.
    months
        The cap, 48 to 60 in Cohen's text.

    Returns
    -------
    float
        Months, never above the cap.

    Examples
    --------
    >>> round(capped_lifetime(0.02, 48), 4)
    31.0407
    """
    if check_share("churn", churn) == 0:
        return float(months)
    return float((1 - (1 - churn) ** months) / churn)


def ltv(arpa: float, margin: float, churn: float) -> float | None:
    """Lifetime value on gross margin: ARPA x margin / churn (Skok; our default among formulas).

    Parameters
    ----------
    arpa
        MRR per customer.
    margin
        Gross margin as a share of revenue, 0.8 for 80 %.
    churn
        Monthly logo churn rate, between 0 and 1.

    Returns
    -------
    float or None
        Gross profit per customer; None at a churn of 0, not infinity.

    Examples
    --------
    >>> ltv(100, 0.8, 0.05)
    1600.0
    >>> ltv(100, 0.8, 0) is None
    True
    """
    return quotient(arpa * margin, check_share("churn", churn))


def ltv_simple(arpa: float, churn: float) -> float | None:
    """Lifetime revenue: ARPA / churn, no margin (ChartMogul, with the mean churn of six months).

    Returns
    -------
    float or None
        Revenue per customer; None at a churn of 0.

    Examples
    --------
    >>> ltv_simple(100, 0.05)
    2000.0
    """
    return quotient(arpa, check_share("churn", churn))


def ltv_skok(arpa: float, growth: float, churn: float, discount: float = 0) -> float | None:
    """Lifetime value with linear expansion: a/(1 - K) + m K/(1 - K)^2, K = (1 - c)(1 - d).

    Parameters
    ----------
    arpa
        a: gross margin dollars per customer in the first month.
    growth
        m: gross margin dollars added per month to a customer who stays.
    churn
        c: monthly logo churn rate, between 0 and 1.
    discount
        d: discount rate per month, between 0 and 1, applied as (1 - d). Skok's form;
        `ltv_skok_finance` divides by (1 + d).

    Returns
    -------
    float or None
        Without discount it is a/c + m (1 - c)/c^2; None where neither churn nor discount ends the
        sum.

    Examples
    --------
    >>> round(ltv_skok(80, 1, 0.03), 4)
    3744.4444
    """
    kept = (1 - check_share("churn", churn)) * (1 - check_share("discount", discount))
    return _expanding(arpa, growth, kept)


def ltv_skok_finance(arpa: float, growth: float, churn: float, discount: float) -> float | None:
    """Lifetime value with linear expansion, discounted by 1/(1 + d) as in finance.

    Same as `ltv_skok` with K = (1 - c)/(1 + d); larger than it for the same d.

    Returns
    -------
    float or None
        None where neither churn nor discount ends the sum.

    Examples
    --------
    >>> round(ltv_skok_finance(80, 1, 0.03, 0.01), 2), round(ltv_skok(80, 1, 0.03, 0.01), 2)
    (2632.31, 2624.41)
    """
    return _expanding(arpa, growth, (1 - check_share("churn", churn)) / (1 + discount))


def ltv_discounted(
    arpa: float, margin: float, churn: float, discount: float, *, approximate: bool = False
) -> float | None:
    """Lifetime value discounted by 1/(1 + d): ARPA x margin x (1 + d)/(c + d).

    Parameters
    ----------
    arpa, margin, churn
        As in `ltv`; the first month is paid at once and not discounted.
    discount
        Discount rate per month.
    approximate
        True for 1/(c + d), which is smaller by the factor 1 + d.

    Returns
    -------
    float or None
        None where churn and discount are both 0.

    Examples
    --------
    >>> ltv_discounted(100, 0.8, 0.03, 0.01)
    2020.0
    >>> ltv_discounted(100, 0.8, 0.03, 0.01, approximate=True)
    2000.0
    """
    paid = arpa * margin * (1 if approximate else 1 + discount)
    return quotient(paid, check_share("churn", churn) + discount)


def ltv_capped(arpa: float, margin: float, churn: float, months: float = 60) -> float:
    """Lifetime value within a cap of some months: ARPA x margin x capped lifetime (Cohen).

    Examples
    --------
    >>> round(ltv_capped(100, 0.8, 0.02, 48), 2)
    2483.26
    """
    return arpa * margin * capped_lifetime(churn, months)


def ltv_survival(profit: float, survival: Sequence[float], discount: float = 0) -> float:
    """Lifetime value along a survival curve: sum of profit x S(t) / (1 + d)^t over the ages given.

    Parameters
    ----------
    profit
        Gross profit per customer and period while it stays.
    survival
        S(0), S(1), ...: share of customers paying at each age. The sum stops where the curve stops.
    discount
        Discount rate per period, applied as 1/(1 + d).

    Returns
    -------
    float
        Gross profit per customer up to the horizon.

    Examples
    --------
    >>> ltv_survival(10, [1, 0.5, 0.25])
    17.5
    """
    return float(profit * sum(s / (1 + discount) ** t for t, s in enumerate(survival)))


def ltv_cac(ltv: float, cac: float) -> float | None:
    """Lifetime value per acquisition cost; the usual bar is 3.

    Both must be of the same segment and on the same margin basis.

    Returns
    -------
    float or None
        None at a CAC of 0.

    Examples
    --------
    >>> ltv_cac(1600, 400)
    4.0
    """
    return quotient(ltv, cac)


def monthly_discount(annual: float) -> float:
    """Monthly rate that compounds to an annual one: (1 + d)^(1/12) - 1.

    Examples
    --------
    >>> round(monthly_discount(0.10), 6)
    0.007974
    """
    if annual <= -1:
        msg = f"discount is a yearly rate such as 0.10, not {annual:g}."
        raise DataError(msg)
    return float((1 + annual) ** (1 / 12) - 1)


def _expanding(arpa: float, growth: float, kept: float) -> float | None:
    lost = 1 - kept
    if lost <= 0:
        return None
    return float(arpa / lost + growth * kept / lost**2)
