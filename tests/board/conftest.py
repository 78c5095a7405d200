"""One review of the demo company, computed once for all tests of the page."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board import Review


@pytest.fixture(scope="session")
def demo_review(demo_book: sm.Book) -> Review:
    return sm.board.review(demo_book)


@pytest.fixture(scope="session")
def demo_page(demo_review: Review, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_review.to_html(tmp_path_factory.mktemp("review") / "review.html")
