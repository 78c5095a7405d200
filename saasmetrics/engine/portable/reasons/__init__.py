"""Why MRR moved, where the tables are: lines before and after each change, what of it is price, seats or plan."""

from saasmetrics.engine.portable.reasons.answers import ReasonsThere

__all__ = ["ReasonsThere"]
