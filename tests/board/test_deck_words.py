"""What is not shown has room on its slide, or is cut with a count of what is left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation

from saasmetrics.board import Pack
from saasmetrics.board.measured import inches
from saasmetrics.board.model import Page

_LINE = 1.164  # of the points of a font that stands in for Arial
_LACKS = "Profit, loss and cash, number {}: each needs the table 'finance', which this book does not have. Add a file."


def slide_of(pack: Pack, page: Page, tmp_path: Path) -> Any:
    made = replace(pack, pages=(page,)).to_pptx(tmp_path / "pack.pptx")
    return Presentation(str(made)).slides[0]


def end(shape: Any) -> float:
    """Return where the last line of words may end, in inches from the top of the slide."""
    size, wide = shape.text_frame.paragraphs[0].font.size.pt, shape.width.inches
    many, at = 1, 0.0
    for word in shape.text_frame.text.split(" "):
        needs = inches(f"{word} ", size)
        many, at = (many + 1, needs) if at + needs > wide else (many, at + needs)
    return float(shape.top.inches + many * size * _LINE / 72)


@pytest.mark.parametrize("many", [1, 2, 4, 6, 30])
def test_what_is_not_shown_ends_above_the_footnote(many: int, pack: Pack, tmp_path: Path) -> None:
    page = next(page for page in pack.pages if page.charts and page.tables)
    slide = slide_of(pack, replace(page, missing=tuple(map(_LACKS.format, range(many)))), tmp_path)
    words = [shape for shape in slide.shapes if shape.has_text_frame]
    (said,) = [shape for shape in words if shape.text_frame.text.startswith("Not shown.")]
    foot = next(
        s for s in words if s.text_frame.text and page.footnote.startswith(s.text_frame.text[:30])
    )
    assert end(said) <= foot.top.inches
    shown = said.text_frame.text.count("number ")
    assert (f"{many - shown} more not shown: see the notes." in said.text_frame.text) is (
        shown < many
    )
    assert slide.notes_slide.notes_text_frame.text.count("number ") == many


@pytest.mark.parametrize("many", [3, 40])
def test_a_slide_of_what_is_not_shown_alone_ends_above_its_foot(
    many: int, pack: Pack, tmp_path: Path
) -> None:
    lacks = tuple(map((_LACKS + " " + _LACKS).format, range(many), range(many)))
    slide = slide_of(pack, Page("missing", "Not shown", f"{many} pages", missing=lacks), tmp_path)
    told = [shape for shape in slide.shapes if shape.has_text_frame and shape.top.inches > 1][:-2]
    assert max(map(end, told)) <= 6.95
    assert all(end(one) <= two.top.inches for one, two in pairwise(told))
    if many == 40:
        assert told[-1].text_frame.text == f"{many - len(told) + 1} more: see the notes."
