"""The page: one file, no network, both themes, nothing of a customer's name taken as markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board import Review, outputs
from saasmetrics.board import page as board_page

FETCHING = {"src", "href", "xlink:href", "srcset", "poster", "data", "action"}


class Attributes(HTMLParser):
    """Every attribute that could fetch something, every id, every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in FETCHING and value:
                self.fetched.append(value)
            if name == "id" and value:
                self.ids.append(value)


@pytest.fixture(scope="module")
def parsed(demo_page: Path) -> Attributes:
    found = Attributes()
    found.feed(demo_page.read_text("utf-8"))
    return found


def test_the_page_fetches_nothing(parsed: Attributes, demo_page: Path) -> None:
    assert [link for link in parsed.fetched if not link.startswith("#")] == []
    text = demo_page.read_text("utf-8")
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", text)
    assert not {"script", "link", "iframe", "img"} & set(parsed.tags)


def test_every_link_of_the_page_has_its_target_and_ids_are_unique(parsed: Attributes) -> None:
    assert {link.removeprefix("#") for link in parsed.fetched} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_the_page_is_smaller_than_3_mb(demo_page: Path) -> None:
    assert demo_page.stat().st_size < 3_000_000


def test_each_picture_is_there_in_light_and_dark_and_printing_takes_light(demo_page: Path) -> None:
    text = demo_page.read_text("utf-8")
    light, dark = text.count('class="chart light"'), text.count('class="chart dark"')
    assert light == dark > 10
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_page_has_every_section_and_card(demo_review: Review, demo_page: Path) -> None:
    text = demo_page.read_text("utf-8")
    for section in demo_review.sections:
        assert f'<section id="{section.id}">' in text
    for name in ("ARR", "NRR", "GRR", "Logo churn", "LTV:CAC", "CAC payback"):
        assert f"<h2>{name}</h2>" in text
    assert "Definitions and footnotes" in text
    assert "Data quality" in text


def test_the_same_data_give_the_same_page(demo_review: Review, demo_page: Path) -> None:
    again = demo_review.to_html(demo_page.with_name("again.html"))
    assert again.read_bytes() == demo_page.read_bytes()


def test_names_of_customers_and_segments_are_text_and_never_markup(tmp_path: Path) -> None:
    bad = "<script>alert('x')</script>"
    months = ["2025-01", "2025-02", "2025-03"] * 2
    book = sm.Book(
        mrr={"customer_id": ["a"] * 3 + ["b"] * 3, "month": months, "mrr": [10, 11, 12, 20, 21, 0]},
        customers={"customer_id": ["a", "b"], "name": [bad, '" onload="x'], "segment": [bad, "b"]},
    )
    page = sm.board.review(book, title=bad).to_html(tmp_path / "review.html")
    found = Attributes()
    found.feed(page.read_text("utf-8"))
    assert "script" not in found.tags
    assert bad not in page.read_text("utf-8")


def test_a_failure_leaves_the_older_page_in_place(
    demo_review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "review.html"
    page.write_text("older")

    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(board_page, "html", lambda *_: "newer")
    monkeypatch.setattr(outputs.Path, "replace", full_disk)
    with pytest.raises(sm.DataError, match=r"review\.html could not be written: no space left"):
        demo_review.to_html(page)
    assert page.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["review.html"]


def test_a_folder_in_place_of_the_page_is_refused(demo_review: Review, tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match="is a folder"):
        demo_review.to_html(tmp_path)
