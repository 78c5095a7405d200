"""Each rendering by its own rules: offline page, tagged document, editable slides, and names of any language."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from math import ceil
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Inches

import saasmetrics as sm
from saasmetrics.board import Pack, document
from saasmetrics.board.specs import spec
from saasmetrics.errors import MissingExtraError
from tests.board.conftest import Written, pdf_text
from tests.proof.recalculation import soffice

NAMES = [
    "北京云端科技",
    "شركة النخيل",
    "🚀 Rocket",
    "=cmd|' /C calc'!A0 #set page(fill: red)",
    "<script>alert(1)</script>",
    "Plain",
]


class Tags(HTMLParser):
    """Every tag, and every attribute that could fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [
            v for n, v in attrs if n in ("src", "href", "xlink:href", "srcset", "action") and v
        ]
        self.ids += [v for n, v in attrs if n == "id" and v]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, Path]:
    """A pack of six customers with names of any language, some of them hostile."""
    months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(27)]
    rows = [
        (f"c{at}", m, (800.0 + 37 * k) * (6 - at)) for at in range(6) for k, m in enumerate(months)
    ]
    customers, when, mrr = zip(*rows, strict=True)
    ids = [f"c{at}" for at in range(6)]
    book = sm.Book(
        mrr={"customer_id": customers, "month": when, "mrr": mrr},
        customers={
            "customer_id": ids,
            "name": NAMES,
            "segment": ["企业", "企业", "企业", "شركات", "شركات", "شركات"],
        },
    )
    made = sm.board.pack(
        book, settings={"company": "<b>&amp; 北京", "pages": ["summary", "retention"]}
    )
    folder = tmp_path_factory.mktemp("foreign")
    for form in ("html", "pdf", "pptx"):
        getattr(made, f"to_{form}")(folder / f"pack.{form}")
    return made, folder


# HTML


def test_the_page_asks_no_network_and_its_links_lead_somewhere(written: Written) -> None:
    text, found = written.html.read_text("utf-8"), Tags()
    found.feed(text)
    assert {link.removeprefix("#") for link in found.fetched} <= set(found.ids)
    assert not {"link", "iframe", "img"} & set(found.tags)
    assert len(found.ids) == len(set(found.ids))
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", text.split("<script", 1)[0])


def test_pictures_are_there_before_any_script_runs_in_light_and_dark(written: Written) -> None:
    text = written.html.read_text("utf-8")
    charts = sum(len(page.charts) for page in written.pack.pages)
    assert text.count('<div class="light"><svg') == text.count('<div class="dark"><svg') == charts
    assert text.index("<svg") < text.index("<script")
    assert "@media print" in text


def test_categories_have_a_band_each_as_padding_between_them_needs_one(written: Written) -> None:
    scales = [
        scale
        for page in written.pack.pages
        for chart in page.charts
        for scale in _scales(spec(written.pack, chart, "light", 600, 190))
    ]
    padded = [scale for scale in scales if "paddingInner" in scale]
    assert padded
    assert {scale.get("type") for scale in padded} == {"band"}


def _scales(part: object) -> Iterator[dict]:
    parts = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part if isinstance(part, list) else [])
    )
    for name, value in parts:
        if name == "scale" and isinstance(value, dict):
            yield value
        yield from _scales(value)


def test_no_name_becomes_markup_on_the_page(foreign: tuple[Pack, Path]) -> None:
    text, found = (foreign[1] / "pack.html").read_text("utf-8"), Tags()
    found.feed(text)
    assert found.tags.count("script") == 4  # numbers, charts, Vega, and what draws them
    assert "<script>alert" not in text
    assert "<b>&amp; 北京" not in text
    assert all(name in text for name in NAMES[:3])


# PDF


def test_the_document_has_bookmarks_tags_page_numbers_and_embedded_fonts(written: Written) -> None:
    pages = len(written.pack.pages)
    said = _poppler("pdfinfo", str(written.pdf))
    assert re.search(rf"Pages:\s+{pages}\b", said)
    assert re.search(r"Tagged:\s+yes", said)
    assert f"page {pages} of {pages}" in written.pdf_text
    assert "H1" in _poppler("pdfinfo", "-struct", str(written.pdf))
    assert b"/Outlines" in written.pdf.read_bytes()
    fonts = _poppler("pdffonts", str(written.pdf)).splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts)


def _poppler(*words: str) -> str:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not here to look into the document: `make programs`")
    return subprocess.run(words, capture_output=True, check=True).stdout.decode("utf-8", "replace")


@pytest.mark.parametrize(("paper", "size"), [("16:9", (960, 540)), ("a4", (595, 842))])
def test_the_document_can_be_of_two_papers(
    pack: Pack, paper: str, size: tuple[int, int], tmp_path: Path
) -> None:
    said = _poppler("pdfinfo", str(pack.to_pdf(tmp_path / "pack.pdf", paper=paper)))
    found = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said)
    assert found is not None
    assert (float(found[1]), float(found[2])) == pytest.approx(size, abs=1)
    assert f"Pages:           {len(pack.pages)}\n" in said


def test_charts_of_the_document_are_drawn_and_not_pictures(written: Written) -> None:
    assert len(_poppler("pdfimages", "-list", str(written.pdf)).splitlines()) <= 2


def test_names_of_any_language_are_words_of_the_document(foreign: tuple[Pack, Path]) -> None:
    text = pdf_text(foreign[1] / "pack.pdf")
    assert "北京云端科技" in text
    assert "<script>alert(1)</script>" in text
    assert "=cmd|' /C calc'!A0 #set page(fill: red)" in text


# PPTX


def test_every_slide_has_a_title_notes_and_charts_with_words_for_them(written: Written) -> None:
    deck = Presentation(str(written.pptx))
    assert (deck.slide_width, deck.slide_height) == (Inches(13.333), Inches(7.5))
    charts = 0
    for slide in deck.slides:
        assert slide.shapes.title.text_frame.text
        assert slide.notes_slide.notes_text_frame.text
        for shape in (s for s in slide.shapes if s.has_chart):
            charts += 1
            assert len(shape._element.nvGraphicFramePr.cNvPr.get("descr")) > 30
    assert charts == sum(len(page.charts) for page in written.pack.pages)
    with zipfile.ZipFile(written.pptx) as archive:
        assert len([n for n in archive.namelist() if n.startswith("ppt/embeddings/")]) == charts


def test_columns_beside_an_outlined_plan_stand_apart_so_that_no_line_crosses_a_number(
    written: Written,
) -> None:
    slides = Presentation(str(written.pptx)).slides
    charts = [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]
    planned = [c for c in charts if any(s.name == "Plan" for s in c.plots[0].series)]
    columns = [c.plots[0] for c in planned if hasattr(c.plots[0], "overlap")]
    assert columns
    assert {plot.overlap for plot in columns} == {0}


def test_nothing_stands_outside_of_its_slide(written: Written) -> None:
    deck = Presentation(str(written.pptx))
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= deck.slide_width * 1.001, (
                slide.slide_id,
                shape.name,
            )
            assert shape.top + shape.height <= deck.slide_height * 1.001, (
                slide.slide_id,
                shape.name,
            )


def test_long_names_and_a_comment_of_several_lines_cover_nothing_on_a_slide(tmp_path: Path) -> None:
    months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(27)]
    rows = [(f"c{at}", m, 800.0 + 90 * k * at) for at in range(8) for k, m in enumerate(months)]
    customers, when, mrr = zip(*rows, strict=True)
    long = "Holding for industrial automation and logistics in the Rhine area GmbH & Co. KGaA, No. "
    names = {
        "customer_id": [f"c{at}" for at in range(8)],
        "name": [long + str(at) for at in range(8)],
    }
    names["segment"] = [f"{long}{at % 2}" for at in range(8)]
    asked = {"pages": ["retention"], "comments": {"retention": {"text": "One.\nTwo.\nThree 3."}}}
    book = sm.Book(mrr={"customer_id": customers, "month": when, "mrr": mrr}, customers=names)
    path = sm.board.pack(book, settings=asked).to_pptx(tmp_path / "pack.pptx")
    shapes = list(Presentation(str(path)).slides[0].shapes)
    boxes = [(s.left, s.top, s.left + s.width, s.top + s.height) for s in shapes]
    for at, a in enumerate(boxes):
        for b in boxes[at + 1 :]:
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])
    (words,) = (s for s in shapes if s.has_text_frame and "Two." in s.text_frame.text)
    assert words.height.pt >= 3 * 12  # three lines of 12 points, and the mark below them
    tables = [shape.table for shape in shapes if shape.has_table]
    assert len(tables) == 2
    for table in tables:
        wide = table.columns[0].width.pt - 2 * 5
        for row in table.rows:
            text = row.cells[0].text
            needed = ceil(
                len(text) * 0.46 * 9 / wide
            )  # letters of Arial are not half as wide as high
            assert row.height.pt >= needed * 9


def test_slides_are_made_in_the_companys_own_template(pack_book: sm.Book, tmp_path: Path) -> None:
    own = Presentation()
    own.slide_width, own.slide_height = Inches(10), Inches(5.625)
    own.slides.add_slide(own.slide_layouts[0]).shapes.title.text = "Confidential"
    own.save(tmp_path / "own.pptx")
    made = sm.board.pack(
        pack_book, settings={"pages": ["bridge"], "template": str(tmp_path / "own.pptx")}
    )
    deck = Presentation(str(made.to_pptx(tmp_path / "pack.pptx")))
    assert deck.slide_width == Inches(10)
    assert [slide.slide_layout.name for slide in deck.slides] == ["Title Only"]
    assert deck.slides[0].shapes.title.text_frame.text == made.pages[0].title


def test_a_template_that_is_none_is_refused(pack_book: sm.Book, tmp_path: Path) -> None:
    (tmp_path / "own.pptx").write_text("no presentation")
    made = sm.board.pack(
        pack_book, settings={"pages": ["bridge"], "template": str(tmp_path / "own.pptx")}
    )
    with pytest.raises(sm.DataError, match="no presentation that can be read"):
        made.to_pptx(tmp_path / "pack.pptx")


def test_libreoffice_opens_the_slides(written: Written, tmp_path: Path) -> None:
    program = soffice()
    if program is None:
        pytest.skip("LibreOffice is not here to open the slides: `make programs`")
    command = [program, f"-env:UserInstallation={(tmp_path / 'user').as_uri()}", "--headless"]
    command += ["--convert-to", "pdf", "--outdir", str(tmp_path), str(written.pptx)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    slides = len(Presentation(str(written.pptx)).slides)
    text = " ".join(pdf_text(tmp_path / "pack.pdf").split())
    numbers = [int(number) for number in re.findall(rf"page (\d+) of {slides}\b", text)]
    assert sorted(numbers) == [*range(1, slides + 1)]


@pytest.mark.parametrize("paper", ["16:9", "a4"])
def test_every_page_of_the_document_says_its_number_of_all(
    written: Written, paper: str, tmp_path: Path
) -> None:
    path = written.pdf if paper == "16:9" else written.pack.to_pdf(tmp_path / "a4.pdf", paper=paper)
    pages = pdf_text(path).split("\f")[:-1]
    for number, text in enumerate(pages, 1):
        assert re.findall(r"page (\d+) of (\d+)", text) == [(str(number), str(len(pages)))]


def test_a_chart_takes_the_room_that_a_page_of_a4_has(pack: Pack, tmp_path: Path) -> None:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not here to read the document: `make programs`")
    few = replace(
        pack, pages=tuple(page for page in pack.pages if page.id in ("summary", "health"))
    )
    path = few.to_pdf(tmp_path / "a4.pdf", paper="a4")
    done = subprocess.run([program, "-bbox", str(path), "-"], capture_output=True, check=True)
    for text in done.stdout.decode("utf-8").split("<page ")[1:]:
        ends = [float(end) for end in re.findall(r'yMax="([\d.]+)"', text)]
        assert max(end for end in ends if end < 800) > 842 * 0.65  # below 800 is the foot


def test_each_page_says_which_quarter_is_reviewed_and_up_to_when_data_were_read(
    written: Written,
) -> None:
    said = "Q3 2026 to 2026-09-30, data read up to 2026-10-31"
    assert said in written.html.read_text("utf-8")
    pages = pdf_text(written.pdf).split("\f")[:-1]
    assert all(said in " ".join(text.split()) for text in pages)


def test_small_print_dates_a_number_of_another_day_than_the_end_of_the_quarter(pack: Pack) -> None:
    notes = {page.id: page.footnote for page in pack.pages}
    assert "Health score (as of 2026-10-31):" in notes["health"]
    assert "as of" not in notes["economics"]
    assert "as of" not in notes["t9q"]


def test_a_full_disk_while_the_document_is_made_is_told_and_leaves_nothing(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(document.Path, "write_text", full)
    with pytest.raises(sm.DataError, match="The PDF could not be made: No space left on device"):
        pack.to_pdf(tmp_path / "pack.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("form", "library"), [("pdf", "typst"), ("pptx", "pptx")])
def test_without_its_library_a_format_names_the_extra(
    form: str, library: str, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=r"jupyter-saasmetrics\[report\]"):
        getattr(pack, f"to_{form}")(tmp_path / "pack")
    assert list(tmp_path.iterdir()) == []


def test_a_company_with_a_name_longer_than_a_property_of_slides_has_slides(
    pack_book: sm.Book, tmp_path: Path
) -> None:
    made = sm.board.pack(pack_book, settings={"company": "N" * 20_000, "pages": ["t9q"]})
    held = Presentation(str(made.to_pptx(tmp_path / "pack.pptx"))).core_properties
    assert held.author == "N" * 255


def test_a_pack_of_a_company_that_nobody_has_ever_paid_says_which_pages_are_missing(
    tmp_path: Path,
) -> None:
    months = [f"2025-{month:02}" for month in range(1, 13)]
    book = sm.Book(mrr={"customer_id": ["a"] * 12, "month": months, "mrr": [0] * 12})
    made = sm.board.pack(book)
    assert "cohorts" not in [page.id for page in made.pages]
    told = made.to_html(tmp_path / "pack.html").read_text(encoding="utf-8")
    assert "No customer has a lifetime yet" in told
