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
    "metrics.surveys",
    "metrics.support",
    "forecast",
    "success.capacity",
    "success",
)
for topic in TOPICS:
    module = importlib.import_module(f"saasmetrics.{topic}")
    for public in getattr(module, "__all__", ()):  # a topic that loads its functions on first use
        getattr(module, public)

__all__ = ["CATALOGUE"]
