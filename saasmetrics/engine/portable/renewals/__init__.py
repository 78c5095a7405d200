"""Renewals where the tables are: terms of contracts, what renewed which, and their sums; only these come back."""

from saasmetrics.engine.portable.renewals.desk import RenewalsThere

__all__ = ["RenewalsThere"]
