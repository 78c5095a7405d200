"""Retention and churn of money and of customers, over any window and group, and cohorts by age.

- nrr, grr, organic_nrr: what the customers paying at the start pay at the end; without gains; without uplifts
- logo_retention, logo_churn: the customers kept, and lost
- gross_churn, net_churn: MRR lost; less what customers bought more
- cohorts, renewal_cohorts: by first payment, by sign-up, or by any column; by number of renewals
- compare_cohorts: two cohorts by age, with a test of the difference
- drivers, sensitivity: why a rate moved, and on which customers it hangs
"""

from __future__ import annotations

from saasmetrics.metrics.retention.churn import gross_churn, net_churn
from saasmetrics.metrics.retention.cohorts import cohorts
from saasmetrics.metrics.retention.compare import compare_cohorts
from saasmetrics.metrics.retention.influence import sensitivity
from saasmetrics.metrics.retention.logos import logo_churn, logo_retention
from saasmetrics.metrics.retention.money import grr, nrr
from saasmetrics.metrics.retention.organic import organic_nrr
from saasmetrics.metrics.retention.renewed import renewal_cohorts
from saasmetrics.metrics.retention.why import drivers

__all__ = [
    "cohorts",
    "compare_cohorts",
    "drivers",
    "gross_churn",
    "grr",
    "logo_churn",
    "logo_retention",
    "net_churn",
    "nrr",
    "organic_nrr",
    "renewal_cohorts",
    "sensitivity",
]


def __dir__() -> list[str]:
    return __all__
