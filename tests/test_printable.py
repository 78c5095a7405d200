"""What nobody could see in a name is seen wherever the name is shown, and stays in the data."""

from __future__ import annotations

import re
import zipfile
from base64 import b64decode
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.printable import printable

HIDDEN = ("\u202e", "\u2066", "\u200b", "\ufeff", "\u200f", "\u200d")
NAMES = [f"Ac{sign}me<b>" for sign in HIDDEN]
SEEN = [f"Ac‹U+{ord(sign):04X}›me" for sign in HIDDEN]


@pytest.fixture(scope="module")
def book() -> sm.Book:
    """A company of which every segment has a sign that nobody sees, and every customer too."""
    months = [f"2026-{number:02}" for number in range(1, 7) for _ in NAMES]
    rows = {"customer_id": NAMES * 6, "month": months, "mrr": [9, 8, 7, 6, 5, 4] * 6}
    return sm.Book(mrr=rows, customers={"customer_id": NAMES, "segment": NAMES})


def pictures(html: str) -> str:
    """A page with the pictures in it as text."""
    found = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)
    return html + "".join(b64decode(one).decode() for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "Acme, Inc.",
        "Ζωή & Söhne, 株式会社",
        "می\u200cخواهم",  # Persian: a word of two halves that do not join
        "क्\u200dष",  # Hindi
        "Family \U0001f468\u200d\U0001f469\u200d\U0001f467 Ltd",
        "שלום\u200f (Haifa)",  # a mark beside letters that run from right to left
        "a\tb\nc",
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("sign", HIDDEN)
def test_names_that_look_alike_are_shown_apart(sign: str) -> None:
    assert printable(f"Ac{sign}me") == f"Ac‹U+{ord(sign):04X}›me" != printable("Acme")


def test_a_notebook_shows_hidden_signs_in_charts_tables_and_text(book: sm.Book) -> None:
    nrr = sm.retention.nrr(book, window=1, by="segment")
    shown = pictures(nrr._repr_html_() + nrr.proof(segment=NAMES[0])._repr_html_())
    shown += sm.revenue.mrr(book.where(segment=NAMES[0]))._repr_html_() + book._repr_html_()
    assert not any(sign in shown for sign in HIDDEN)
    assert all(seen in shown for seen in SEEN)
    assert set(nrr.df["segment"]) == set(NAMES)


def test_a_chart_that_is_drawn_in_a_page_has_no_hidden_sign(book: sm.Book) -> None:
    spec = str(sm.revenue.mrr(book, by="segment").chart().to_dict())
    assert "‹U+202E›" in spec
    assert not any(sign in spec for sign in HIDDEN)


def test_pages_and_workbooks_of_a_board_show_hidden_signs(book: sm.Book, tmp_path: Path) -> None:
    pack = sm.board.pack(book, settings={"company": NAMES[0], "pages": ["retention", "bridge"]})
    files = {
        "review": sm.board.review(book, title=NAMES[1]).to_html(tmp_path / "review.html"),
        "pack": pack.to_html(tmp_path / "pack.html"),
        "workbook": pack.to_xlsx(tmp_path / "pack.xlsx"),
        "numbers": sm.retention.nrr(book, window=1, by="segment").to_xlsx(tmp_path / "nrr.xlsx"),
    }
    for name, file in files.items():
        if file.suffix == ".xlsx":
            with zipfile.ZipFile(file) as held:
                text = "".join(held.read(part).decode() for part in held.namelist())
        else:
            text = re.sub(r"<script>.*?</script>", "", file.read_text("utf-8"), flags=re.DOTALL)
        assert "\u202e" not in text, name
        assert "\u2066" not in text, name
        assert "‹U+20" in text, name


def test_what_tables_hold_stays_as_it_is(book: sm.Book, tmp_path: Path) -> None:
    assert sorted(book.frame("customers")["segment"]) == sorted(NAMES)
    files = sm.board.review(book).to_csv(tmp_path)
    assert any("\u202e" in file.read_text("utf-8") for file in files)
