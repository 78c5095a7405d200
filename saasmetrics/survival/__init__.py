"""How long customers and their money stay: estimators on counts, and the curves of a book."""

from __future__ import annotations

from saasmetrics.survival.curves import curve

__all__ = ["curve"]
