"""Recurring revenue: how much, from whom, and how it moved."""

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
