"""The pack as PDF, by typst: vector charts, embedded fonts, bookmarks, tags, and the number of every page."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of
from saasmetrics.board.asked import PAPERS
from saasmetrics.board.drawn import look
from saasmetrics.board.model import remarks
from saasmetrics.board.specs import alt_text, spec
from saasmetrics.board.views import heading, marks, table_view, tile_view
from saasmetrics.errors import DataError, MissingExtraError
from saasmetrics.printable import printable_in

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Page

_SIZES = {"16:9": (338.67, 190.5), "a4": (210.0, 297.0)}  # millimeters
_FONTS = (
    "Arial",
    "Liberation Sans",
    "Nimbus Sans",
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans Arabic",
)
_WIDE = {"16:9": (1000, 480), "a4": (700, 340)}  # pixels of one chart, or of one of two
_HEIGHT, _LOW, _TALL = 190, 125, 250
_TALLEST = {"16:9": 260, "a4": 380}  # pixels of a chart where there is room
_MARGIN = 13  # millimeters
_AROUND = 60  # pixels of the words above a chart and below it
_MANY = 12  # lines of tables: with more, charts are lower
_FULL = 22  # lines of tables that leave no room for two charts of full width on a page of A4
_WORDY = 2  # lines that a row of words takes


def pdf(pack: Pack, paper: str | None = None) -> bytes:
    """Return the pack as a PDF document.

    Raises
    ------
    MissingExtraError
        If typst is not installed.
    DataError
        If the document could not be made.
    """
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError.of("typst", "report", "Writing a pack as PDF") from error
    size = paper or pack.settings.paper
    one_of("paper", size, PAPERS)
    try:
        with TemporaryDirectory(prefix="saasmetrics-") as scratch:
            return _made(typst, pack, size, Path(scratch))
    except typst.TypstError as error:
        msg = f"The PDF could not be made: {error}."
        raise DataError(msg) from error
    except OSError as error:
        msg = (
            f"The PDF could not be made: {error.strerror or error}, in the folder of temporary files. "
            "Free space there, or name another folder by TMPDIR."
        )
        raise DataError(msg) from error


def _made(typst: Any, pack: Pack, paper: str, folder: Path) -> bytes:
    """Return the document, made of files in a folder."""
    held = _held(pack, paper, folder)
    (folder / "pack.json").write_text(json.dumps(printable_in(held)), encoding="utf-8")
    template = files("saasmetrics.board").joinpath("templates/pack.typ").read_text(encoding="utf-8")
    (folder / "pack.typ").write_text(template, encoding="utf-8")
    return _compiled(typst, folder)


def _compiled(typst: Any, folder: Path) -> bytes:
    """Return the document, accessible by its standard unless a name has a sign that no font of the machine has."""
    made: bytes
    try:
        made = typst.compile(folder / "pack.typ", root=folder, pdf_standards="ua-1")
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        made = typst.compile(folder / "pack.typ", root=folder)
    return made


def _held(pack: Pack, paper: str, folder: Path) -> dict[str, Any]:
    width, height = _SIZES[paper]
    year, month, day = map(int, pack.as_of.split("-"))
    colors = look(pack.settings.colors)
    return {
        "title": pack.title, "author": pack.company or "saasmetrics", "source": pack.source,
        "year": year, "month": month, "day": day, "width": width, "height": height, "fonts": _FONTS,
        "colors": {"good": colors.good, "bad": colors.bad},
        "pages": [_page(pack, page, paper, folder) for page in pack.pages],
    }  # fmt: skip


def _page(pack: Pack, page: Page, paper: str, folder: Path) -> dict[str, Any]:
    from saasmetrics.charts import to_svg

    charts = []
    width, high, stacked = _sizes(page, paper)
    for chart in page.charts:
        name = f"{page.id}-{chart.id}.svg"
        svg = to_svg(spec(pack, chart, "light", width, high), prefix=f"{page.id}-{chart.id}-")
        (folder / name).write_text(svg, encoding="utf-8")
        what, when = heading(pack, chart)
        charts.append({"what": what, "when": when, "file": name, "alt": alt_text(pack, chart)})
    tiles = []
    for tile in page.tiles:
        view = tile_view(pack, tile)
        tiles.append({**asdict(view), "spark": _spark(view.spark)})
    tables = [asdict(table_view(pack, table)) for table in page.tables]
    narrow = all(len(table.columns) <= 7 and table.kind == "plain" for table in page.tables)
    return {
        "id": page.id, "kicker": page.name, "title": page.title, "comment": page.comment,
        "marks": marks(page), "stale": bool(page.stale), "tiles": tiles, "charts": charts, "tables": tables,
        "stacked": stacked,
        "beside": narrow and paper == "16:9", "remarks": remarks(page), "footnote": page.footnote,
    }  # fmt: skip


def _sizes(page: Page, paper: str) -> tuple[int, int, bool]:
    """Return how wide and high the charts of a page are, and whether they stand below each other."""
    lines = sum(len(t.rows) * (_WORDY if t.kind == "text" else 1) for t in page.tables)
    one = len(page.charts) == 1
    if paper == "16:9":
        width, high, stacked = (
            _WIDE[paper][0 if one else 1],
            _HEIGHT if lines < _MANY else _LOW,
            False,
        )
    else:
        stacked = one or lines < _FULL
        roomy = lines < (_FULL if one else _MANY)
        width = _WIDE[paper][0 if stacked else 1]
        high = _TALL if stacked and roomy else _HEIGHT
    if not page.charts:
        return width, high, stacked
    rows = len(page.charts) if stacked else 1
    pixel = (_SIZES[paper][0] - 2 * _MARGIN) / (width * (1 if one or stacked else 2.05))
    room = int(_room(page, paper) / rows / pixel) - _AROUND
    return width, min(max(high, room), _TALLEST[paper]), stacked


def _room(page: Page, paper: str) -> float:
    """Return about how many millimeters of a page are left for its charts, so that no half of it is empty."""
    wide = paper == "16:9"
    letters = 165 if wide else 95  # of a comment on a line
    tables = [
        5.0 * (len(t.rows) * (_WORDY if t.kind == "text" else 1) + 1) + 8 for t in page.tables
    ]
    beside = wide and len(tables) == 2 and all(len(t.columns) <= 7 for t in page.tables)
    figures = len(page.tiles) if wide else 4 * ceil((len(page.tiles) + 1) / 4)
    small = len(" ".join((*page.missing, *page.faults, page.footnote)))
    return (
        _SIZES[paper][1] - 2 * _MARGIN - 18
        - 7 * (len(page.title) * 1.5 // letters) - 5.5 * ceil(len(page.comment) / letters)
        - (34 * ceil(figures / (7 if wide else 4)) if page.tiles else 0)
        - ((max(tables) if beside else sum(tables)) if tables else 0)
        - 3.5 * ceil(small / (1.5 * letters)) - 8
    )  # fmt: skip


def _spark(points: str) -> str:
    if not points:
        return ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 24" width="100" height="24" '
        'preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="#5a636e" stroke-width="0.9"/></svg>'
    )
