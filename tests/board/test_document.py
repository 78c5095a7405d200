"""How the words of the document stand on its pages: nothing over anything else, on either paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from saasmetrics.board import Pack
from saasmetrics.board.model import Row, Table, Text

Word = tuple[float, float, float, float, str]  # left, top, right, bottom and the word

_WORD = re.compile(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)<')


def words(path: Path) -> list[list[Word]]:
    """Return the words of every page with their places by poppler."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not here to read the document: `make programs`")
    done = subprocess.run([program, "-bbox", str(path), "-"], capture_output=True, check=True)
    pages = done.stdout.decode("utf-8").split("<page ")[1:]
    return [[(*map(float, found[:4]), found[4]) for found in _WORD.findall(page)] for page in pages]


def alone(pack: Pack, page_id: str) -> Pack:
    return replace(pack, pages=tuple(page for page in pack.pages if page.id == page_id))


@pytest.mark.parametrize(("page_id", "more"), [("t9q", 16), ("cohorts", 8), ("bridge", 12)])
def test_a_footnote_ends_above_the_foot_of_a_page_that_is_drawn_smaller(
    pack: Pack, tmp_path: Path, page_id: str, more: int
) -> None:
    held = alone(pack, page_id)
    page = held.pages[0]
    last = replace(page.tables[-1], rows=page.tables[-1].rows + page.tables[-1].rows[:1] * more)
    note = f"{page.footnote} {page.footnote} Lastword."
    page = replace(page, tables=(*page.tables[:-1], last), footnote=note)
    found = words(replace(held, pages=(page,)).to_pdf(tmp_path / "pack.pdf"))[0]
    end = next(word for word in found if word[4] == "Lastword.")
    foot = next(word for word in found if word[4] == "page")
    assert end[3] < foot[1]


def test_no_words_of_a_table_stand_over_each_other_on_a4(pack: Pack, tmp_path: Path) -> None:
    labels = ("Cash at the end", "Runway, months", "A label of many words that breaks")
    cells = tuple(Text("197.77%") for _ in range(9))
    rows = tuple(Row(label, cells, "sum") for label in labels)
    names = tuple(f"Q3 202{at}" for at in range(9))
    table = Table("made", "Made", names, rows, "plain")
    page = replace(alone(pack, "finance").pages[0], charts=(), tables=(table,))
    found = words(replace(pack, pages=(page,)).to_pdf(tmp_path / "pack.pdf", paper="a4"))[0]
    pairs = [
        (one[4], other[4])
        for at, one in enumerate(found)
        for other in found[at + 1 :]
        if min(one[2], other[2]) - max(one[0], other[0]) > 0.5
        and min(one[3], other[3]) - max(one[1], other[1]) > 3
    ]
    assert pairs == []
    assert sum(word[4] == "197.77%" for word in found) == 27


def test_a_change_stays_on_the_line_of_its_figure(pack: Pack, tmp_path: Path) -> None:
    page = alone(pack, "summary").pages[0]
    figures = tuple(replace(page.tiles[1], name=name) for name in "ABCDEFGH")
    page = replace(page, title="Made", comment="", tiles=(page.tiles[0], *figures))
    found = words(replace(pack, pages=(page,)).to_pdf(tmp_path / "pack.pdf"))[0]
    tops = {name: [word[1] for word in found if word[4] == name] for name in ("year", "before")}
    assert len(tops["before"]) > len(figures)
    assert set(tops["before"]) <= set(tops["year"])


def test_a_table_of_words_keeps_its_name(pack: Pack, tmp_path: Path) -> None:
    found = words(alone(pack, "definitions").to_pdf(tmp_path / "pack.pdf"))[0]
    told = " ".join(word[4] for word in found)
    assert alone(pack, "definitions").pages[0].tables[0].title in told
