"""Cubes written as SQL of a dialect: the portable definition of each, for who audits it or runs it on a schedule."""

from __future__ import annotations

from saasmetrics.engine.written.statements import DIALECTS, statements

__all__ = ["DIALECTS", "statements"]
