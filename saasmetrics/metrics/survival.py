"""The survival topic among the metrics; its functions live in `saasmetrics.survival`."""

from __future__ import annotations

from saasmetrics.survival.curves import curve

__all__ = ["curve"]
