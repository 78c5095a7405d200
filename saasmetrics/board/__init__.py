"""Reports for people who do not open a notebook: the retention review."""

from __future__ import annotations

from saasmetrics.board.headline import Figure
from saasmetrics.board.review import Review, review

__all__ = ["Figure", "Review", "review"]
