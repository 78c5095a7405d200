"""Every metric, entered into the catalogue by importing its module."""

from __future__ import annotations

import saasmetrics.quality
from saasmetrics.catalogue import CATALOGUE
from saasmetrics.metrics import economics, retention, revenue, survival

__all__ = ["CATALOGUE", "economics", "retention", "revenue", "saasmetrics", "survival"]
