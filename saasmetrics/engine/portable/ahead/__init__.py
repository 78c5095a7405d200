"""Committed MRR where the tables are: what is signed, cancelled, discounted, paused or late, and its balances."""

from saasmetrics.engine.portable.ahead.answers import AheadThere

__all__ = ["AheadThere"]
