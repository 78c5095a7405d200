"""Reports for people who do not open a notebook: the board pack, and the retention review.

- pack: compute the board pack; then `to_html`, `to_pdf`, `to_pptx` and `to_xlsx` write the same numbers four ways
- Pack: a finished pack, saved with `save` and loaded with `Pack.load`
- review: compute the retention review; then `to_html` writes the page, one file that needs no network, and `to_csv`
  its numbers
- Review, Figure: a finished review, and one of its headline figures
- settings, Settings: what a pack is to be, from one TOML file
"""

from __future__ import annotations

from saasmetrics.board.asked import Settings, settings
from saasmetrics.board.build import Pack, pack
from saasmetrics.board.headline import Figure
from saasmetrics.board.review import Review, review

__all__ = ["Figure", "Pack", "Review", "Settings", "pack", "review", "settings"]


def __dir__() -> list[str]:
    return __all__
