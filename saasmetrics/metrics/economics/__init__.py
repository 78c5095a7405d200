"""Unit economics: what customers cost to win, what they are worth, how soon they pay back.

- cac, cac_ratio: cost per new customer, and per dollar of new ARR
- ltv, value_path, customer_base: the worth of a new customer, by age, and of all customers of today
- ltv_cac, payback: worth over cost, and months until the cost is back, with the verdict on a target
- ltv_cac_whatif, payback_whatif: the same if churn, prices, the margin or the cost of customers were others
- ltv_cac_change, margin_by_age: why worth over cost changed; gross profit by year of life
- ideal_customers: in which segments it pays
- referral_share: new customers who came on recommendation
- magic_number, burn_multiple, rule_of_40: efficiency of growth
"""

from __future__ import annotations

from saasmetrics.metrics.economics.acquisition import cac, cac_ratio
from saasmetrics.metrics.economics.base import customer_base
from saasmetrics.metrics.economics.change import ltv_cac_change, margin_by_age
from saasmetrics.metrics.economics.efficiency import burn_multiple, magic_number, rule_of_40
from saasmetrics.metrics.economics.ideal import ideal_customers
from saasmetrics.metrics.economics.lifetime import ltv
from saasmetrics.metrics.economics.paths import value_path
from saasmetrics.metrics.economics.payback import payback
from saasmetrics.metrics.economics.referral import referral_share
from saasmetrics.metrics.economics.verdict import ltv_cac
from saasmetrics.metrics.economics.whatif import ltv_cac_whatif, payback_whatif

__all__ = [
    "burn_multiple",
    "cac",
    "cac_ratio",
    "customer_base",
    "ideal_customers",
    "ltv",
    "ltv_cac",
    "ltv_cac_change",
    "ltv_cac_whatif",
    "magic_number",
    "margin_by_age",
    "payback",
    "payback_whatif",
    "referral_share",
    "rule_of_40",
    "value_path",
]


def __dir__() -> list[str]:
    return __all__
