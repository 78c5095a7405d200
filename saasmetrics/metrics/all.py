"""Every metric, entered into the catalogue by importing its topic."""

from __future__ import annotations

import importlib

from saasmetrics.catalogue import CATALOGUE

TOPICS = (
    "quality",
    "metrics.revenue",
    "metrics.retention",
    "metrics.renewals",
    "metrics.economics",
    "metrics.survival",
    "forecast",
    "success.effect",
)
for topic in TOPICS:
    importlib.import_module(f"saasmetrics.{topic}")

__all__ = ["CATALOGUE"]
