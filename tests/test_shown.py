"""What a notebook shows of a book, a result and a policy: text and pictures that need nothing else."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser

import pytest

import saasmetrics as sm

BAD = "<script>alert(1)</script><img src=x onerror=alert(1)>"
KNOWN = {"div", "h4", "p", "small", "code", "table", "tr", "th", "td", "thead", "tbody", "img"}
KNOWN |= {"details", "summary", "span", "style", "ul", "li", "b", "strong"}


class Tags(HTMLParser):
    """The tags of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def book() -> sm.Book:
    """A book in which every name that a company chooses is markup."""
    ids = [BAD, "b"]
    rows = {
        "customer_id": ids * 2,
        "month": ["2026-01"] * 2 + ["2026-02"] * 2,
        "mrr": [9, 5, 12, 5],
    }
    customers = {"customer_id": ids, "segment": [BAD, "plain"], f"{BAD}": ["x", "y"]}
    policy = sm.Policy(name=BAD, view="event")
    return sm.Book(mrr=rows, customers=customers, policy=policy)


def test_names_that_are_markup_are_only_text_in_every_display(book: sm.Book) -> None:
    result = sm.retention.nrr(book, window=1, by="segment")
    for thing in (book, book.where(segment=BAD), book.policy, result, result.definition):
        shown = thing._repr_html_()
        tags = Tags(shown).found
        assert {tag for tag, _ in tags} <= KNOWN
        sources = [attributes.get("src") or "" for tag, attributes in tags if tag == "img"]
        assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
        assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
        for source in sources:
            picture = b64decode(source.partition(",")[2]).decode()
            assert "<script" not in picture
            assert "onerror=alert(1)>" not in picture


def test_a_book_says_its_day_its_part_its_definitions_and_its_tables(book: sm.Book) -> None:
    part = sm.demo(customers=40).where(segment="SMB").with_policy("stripe")
    for shown in (repr(part), part._repr_html_()):
        assert "Book as of 2026-10-31, only segment = SMB, USD" in shown
        assert "policy stripe v" in shown
        assert "subscriptions" in shown
    assert "discount_end" in part._repr_html_()


def test_a_result_shows_a_picture_for_each_theme_and_hides_one_of_them() -> None:
    shown = sm.retention.nrr(sm.demo(customers=40))._repr_html_()
    images = [attributes for tag, attributes in Tags(shown).found if tag == "img"]
    assert [image["class"] for image in images] == ["saasmetrics-light", "saasmetrics-dark"]
    assert ["hidden" in image for image in images] == [False, True]
    light, dark = (b64decode((i["src"] or "").partition(",")[2]).decode() for i in images)
    assert (re.search('fill="(#[0-9a-f]{6})"', light) or [""])[0] != (
        re.search('fill="(#[0-9a-f]{6})"', dark) or [""]
    )[0]
    assert 'data-jp-theme-light="false"' in shown
    assert "prefers-color-scheme: dark" in shown


def test_a_display_asks_nothing_of_the_network_and_runs_nothing(book: sm.Book) -> None:
    for thing in (sm.demo(customers=40), sm.revenue.bridge(sm.demo(customers=40))):
        assert not re.search(r"<script|<link|https?://(?!www\.w3\.org)", thing._repr_html_())


def test_a_terminal_shows_text(book: sm.Book) -> None:
    for thing in (book, sm.revenue.mrr(book), sm.Policy(view="event"), sm.CATALOGUE["nrr"]):
        assert "<div" not in str(thing)
        assert len(str(thing).splitlines()) >= 1
