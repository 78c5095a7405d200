"""Reports for people who do not open a notebook: the retention review.

- review: compute it; then `to_html` writes the page, one file that needs no network, and `to_csv` its numbers
- Review, Figure: a finished review, and one of its headline figures
"""

from __future__ import annotations

from saasmetrics.board.headline import Figure
from saasmetrics.board.review import Review, review

__all__ = ["Figure", "Review", "review"]


def __dir__() -> list[str]:
    return __all__
