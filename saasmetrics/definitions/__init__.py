"""One number under several definitions, from several sources, and then and now: side by side, and what lies between.

- compare: a metric under each of several policies
- explain: why it differs between two, choice by choice and customer by customer
- restatement: why a number that was reported once is another one now
- sources: MRR or ARR from two sources, over time or customer by customer
"""

from __future__ import annotations

from saasmetrics.definitions.comparison import compare
from saasmetrics.definitions.difference import explain
from saasmetrics.definitions.restatement import restatement
from saasmetrics.definitions.sources import sources

__all__ = ["compare", "explain", "restatement", "sources"]


def __dir__() -> list[str]:
    return __all__
