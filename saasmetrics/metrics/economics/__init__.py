"""Unit economics: what customers cost to win, what they are worth, how soon they pay back."""

from __future__ import annotations

from saasmetrics.metrics.economics.acquisition import cac, cac_ratio

__all__ = ["cac", "cac_ratio"]
