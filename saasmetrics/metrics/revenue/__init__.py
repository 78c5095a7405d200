"""Recurring revenue: how much, from whom, and how it moved.

- mrr, arr, arpa: the balance at the end of every period, and per paying customer
- bridge, movements: how it moved; the bridge closes with a residual of 0
- committed, balances, renewal_base: what is signed, paused, past due, leaving, up for renewal
- quick_ratio: gains over losses
- layers, existing_share, concentration, tiers: of which cohorts, how old, how large, in which bands
- reconcile: the way from MRR to what was invoiced or recognised
"""

from __future__ import annotations

from saasmetrics.metrics.revenue.balances import arpa, arr, mrr
from saasmetrics.metrics.revenue.bridge import bridge, movements
from saasmetrics.metrics.revenue.committed import balances, committed
from saasmetrics.metrics.revenue.efficiency import quick_ratio
from saasmetrics.metrics.revenue.reconciliation import reconcile
from saasmetrics.metrics.revenue.renewing import renewal_base
from saasmetrics.metrics.revenue.structure import concentration, existing_share, layers
from saasmetrics.metrics.revenue.tiers import tiers

__all__ = [
    "arpa",
    "arr",
    "balances",
    "bridge",
    "committed",
    "concentration",
    "existing_share",
    "layers",
    "movements",
    "mrr",
    "quick_ratio",
    "reconcile",
    "renewal_base",
    "tiers",
]


def __dir__() -> list[str]:
    return __all__
