"""A made-up company with every table filled and its true parameters known.

The same customers, seed and date give the same bytes; nothing but numpy draws the numbers.
"""

from __future__ import annotations

from saasmetrics.sample.build import MOST, is_written, tables, truths, write
from saasmetrics.sample.truths import Parameters, Truths

__all__ = ["MOST", "Parameters", "Truths", "is_written", "tables", "truths", "write"]
