"""The renewal desk: what comes up for renewal, what became of it, what will, and what customers buy on top."""

from __future__ import annotations

from saasmetrics.metrics.renewals.rates import rates
from saasmetrics.metrics.renewals.waterfall import waterfall

__all__ = ["rates", "waterfall"]


def __dir__() -> list[str]:
    return __all__
