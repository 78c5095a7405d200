"""The pack as slides: native charts that can be edited, native tables, and notes that say how the numbers follow."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

from saasmetrics.board.deck_charts import add_chart
from saasmetrics.board.deck_file import HIGH, WIDE, layout, opened
from saasmetrics.board.deck_marks import spark
from saasmetrics.board.deck_tables import (
    FORM,
    WORDS,
    fitted,
    heights,
    label,
    lines_of,
    points_of,
    split,
)
from saasmetrics.board.deck_words import cut, fitting_words, lines_at
from saasmetrics.board.drawn import look
from saasmetrics.board.measured import fitting, inches
from saasmetrics.board.model import remarks
from saasmetrics.board.outputs import settled
from saasmetrics.board.specs import alt_text
from saasmetrics.board.views import heading, marks, tile_view
from saasmetrics.charts.text import text_width
from saasmetrics.errors import MissingExtraError
from saasmetrics.printable import printable

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.drawn import Look
    from saasmetrics.board.model import Page
    from saasmetrics.board.views import CellView, Delta, TableView, TileView

FONT = "Arial"
_EDGE, _BOTTOM = 0.5, 6.95
_APART = 0.12  # inches between figures
_COURSE = 0.24  # inches of the line below a figure
_SMALL, _FOOT = 8.0, 7.0  # points of what is not shown, and of footnotes
_SMALL_LINE, _BIG_LINE = (
    0.135,
    0.24,
)  # inches of a line of small print, and of one on a slide of words alone
_LEAST = 1.5  # inches of a chart
_BOLD = 1.08  # of plain letters
_PROPERTY = 255  # letters of a property of the file


def pptx(pack: Pack) -> bytes:
    """Return the pack as a presentation.

    Raises
    ------
    MissingExtraError
        If python-pptx is not installed.
    DataError
        If the template cannot be read.
    """
    try:
        import pptx as library
    except ImportError as error:
        raise MissingExtraError.of("python-pptx", "report", "Writing a pack as slides") from error
    deck = opened(library, pack)
    plain = layout(deck)
    slides = [
        (page, part, tables) for page in pack.pages for part, tables in enumerate(split(pack, page))
    ]
    for number, (page, part, tables) in enumerate(slides, 1):
        made = _Slide(pack, page, deck.slides.add_slide(plain), deck, look(pack.settings.colors))
        made.fill(tables, part, f"{number} of {len(slides)}")
    held = deck.core_properties
    author = printable(pack.company or "saasmetrics")
    held.title, held.author = printable(pack.title)[:_PROPERTY], author[:_PROPERTY]
    held.last_modified_by, held.revision = "saasmetrics", 1
    held.created = held.modified = datetime.fromisoformat(pack.as_of)
    out = io.BytesIO()
    deck.save(out)
    return settled(out.getvalue(), pack.as_of)


@dataclass
class _Slide:
    """One slide while it is filled."""

    pack: Pack
    page: Page
    slide: Any
    deck: Any
    colors: Look

    def x(self, inches: float) -> int:
        """A width on the slide, whatever its size."""
        return int(inches / WIDE * self.deck.slide_width)

    def y(self, inches: float) -> int:
        """A height on the slide, whatever its size."""
        return int(inches / HIGH * self.deck.slide_height)

    def fill(self, tables: list[TableView], part: int, number: str) -> None:
        """Put everything in its place, from the top down."""
        page = self.page
        self.text(page.name, _EDGE, 0.12, 4.0, 0.15, size=8, color=self.colors.muted)
        self._title(page.title + (" (continued)" if part else ""))
        top = 1.05
        words = "\n".join(text for text in (page.comment if not part else "", marks(page)) if text)
        if words:
            high = 0.24 * lines_of(words, WIDE - 2 * _EDGE, 12)
            self.text(words, _EDGE, top, WIDE - 2 * _EDGE, high, size=12)
            top += high + 0.08
        tiles = [tile_view(self.pack, tile) for tile in page.tiles] if not part else []
        if tiles:
            top = self._tiles(tiles, top) + 0.12
        charts = page.charts if not part else ()
        beside = len(tables) == 2 and all(len(t.columns) <= 7 and t.kind == "plain" for t in tables)
        room = WIDE - 2 * _EDGE - (0.5 if beside else 0.0)
        columns = fitted(tables, room) if beside else [fitted([table], room)[0] for table in tables]
        need = [sum(heights(table, own)) + 0.3 for table, own in zip(tables, columns, strict=True)]
        low = (max(need) if beside else sum(need)) if tables else 0.0
        if charts:
            high = max(_LEAST, min(3.6, self._low - 0.12 - top - low))
            self._charts(top, high)
            top += high + 0.05
        left = _EDGE
        for table, own, high in zip(tables, columns, need, strict=True):
            wide = sum(own) + 0.4 if beside and table is not tables[-1] else WIDE - _EDGE - left
            self._table(table, own, (left, top), (wide, self._low - top))
            left += sum(own) + 0.5 if beside else 0.0
            top += 0.0 if beside else high
        self._missing(top, part)
        self._foot(number)
        said = [f"{label}: {text}" for label, texts in remarks(page) for text in texts]
        notes = [page.calculation, *said, page.footnote]
        self.slide.notes_slide.notes_text_frame.text = printable(
            "\n\n".join(text for text in notes if text) or page.title
        )

    def _missing(self, top: float, part: int) -> None:
        """Say what is not shown or wrong: in small print below what is, or large where there is nothing else."""
        page, wide = self.page, WIDE - 2 * _EDGE
        if part or not remarks(page):
            return
        if page.tables or page.charts:
            said, muted = self._told, self.colors.muted
            high = _SMALL_LINE * lines_at(said, _SMALL, wide)
            self.text(said, _EDGE, self._low, wide, high, size=_SMALL, color=muted)
            return
        texts = [*page.missing, *page.faults]
        for at, text in enumerate(texts):
            high = _BIG_LINE * lines_at(text, 13, wide)
            if top + high + 0.2 + (_BIG_LINE if text is not texts[-1] else 0.0) > _BOTTOM:
                more = f"{len(texts) - at}{' more' if at else ''}: see the notes."
                self.text(more, _EDGE, top + 0.1, wide, _BIG_LINE, size=13)
                return
            self.text(text, _EDGE, top + 0.1, wide, high, size=13)
            top += high + 0.2

    @property
    def _low(self) -> float:
        """Where the footnotes begin, and above them what is not shown."""
        page = self.page
        if not remarks(page) or not (page.tables or page.charts):
            return _BOTTOM
        return _BOTTOM - _SMALL_LINE * lines_at(self._told, _SMALL, WIDE - 2 * _EDGE) - 0.05

    @cached_property
    def _told(self) -> str:
        return fitting_words(self.page, _SMALL, WIDE - 2 * _EDGE)

    def _title(self, text: str) -> None:
        from pptx.util import Pt

        shape = self.slide.shapes.title
        if shape is None:
            self.text(text, _EDGE, 0.3, WIDE - 2 * _EDGE, 0.7, size=22, bold=True)
            return
        shape.left, shape.top = self.x(_EDGE), self.y(0.28)
        shape.width, shape.height = self.x(WIDE - 2 * _EDGE), self.y(0.74)
        shape.text_frame.text = printable(text)
        shape.text_frame.word_wrap = True
        shape.text_frame.margin_left = 0  # so that it begins where all else does
        fits = text_width(text, 22) * _BOLD < 72 * (WIDE - 2 * _EDGE)
        for paragraph in shape.text_frame.paragraphs:
            from pptx.enum.text import PP_ALIGN

            paragraph.alignment = PP_ALIGN.LEFT
            paragraph.font.size, paragraph.font.bold = Pt(22 if fits else 18), True
            if not self.pack.settings.template:
                paragraph.font.name = FONT

    def text(
        self, words: str, left: float, top: float, width: float, height: float, *,
        size: float = 11, bold: bool = False, color: str = "", name: str = "",
    ) -> Any:  # fmt: skip
        """Add words at a place, in inches of the layout."""
        from pptx.dml.color import RGBColor
        from pptx.util import Pt

        box = self.slide.shapes.add_textbox(
            self.x(left), self.y(top), self.x(width), self.y(height)
        )
        frame = box.text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        frame.text = printable(words)
        for paragraph in frame.paragraphs:
            paragraph.font.size, paragraph.font.bold, paragraph.font.name = Pt(size), bold, FONT
            paragraph.font.color.rgb = RGBColor.from_string(
                (color or self.colors.ink).lstrip("#").upper()
            )
        if name:
            box.name = name
        return box

    def _tiles(self, tiles: list[TileView], top: float) -> float:
        """Put figures side by side, and return where the longest ends."""
        north = self.page.id == "summary"
        shares = [1.8 if north and at == 0 else 1.0 for at in range(len(tiles))]
        unit = (WIDE - 2 * _EDGE) / max(sum(shares), 4.0)
        small = [(words, unit - _APART) for t, share in zip(tiles, shares, strict=True) if share == 1.0
                 for words in map(_against, t.deltas)]  # fmt: skip
        size = min(
            (fitting(words, wide, 9.0, 6.5, bold=True) for words, wide in small), default=9.0
        )
        left, ends = _EDGE, []
        for tile, share in zip(tiles, shares, strict=True):
            big = share > 1
            ends.append(
                self._tile(tile, (left, top), unit * share - _APART, big, 9.0 if big else size)
            )
            left += unit * share
        low, left = max(ends) + 0.04, _EDGE
        for tile, share in zip(tiles, shares, strict=True):
            room = (self.x(left), self.y(low), self.x(unit * share - _APART), self.y(_COURSE))
            spark(self.slide, tile.spark, room, self.colors.muted)
            left += unit * share
        return low + (_COURSE if any(tile.spark for tile in tiles) else 0.0)

    def _tile(
        self, tile: TileView, place: tuple[float, float], wide: float, big: bool, points: float
    ) -> float:
        """Put a figure at a place with what it is compared to, and return where it ends."""
        left, top = place
        size = fitting(tile.name, wide, 10.0, 7.0, bold=True)
        self.text(tile.name, left, top, wide, 0.2, size=size, bold=True, color=self.colors.muted)
        size = fitting(tile.value, wide, 32.0 if big else 19.0, 11.0, bold=True)
        self.text(
            tile.value, left, top + 0.2, wide, 0.5, size=size, bold=True, name=f"figure {tile.id}"
        )
        at = top + (0.74 if big else 0.56)
        said = {"good": self.colors.good, "bad": self.colors.bad}
        for delta in tile.deltas:
            words = _against(delta)
            lines = ceil(inches(words, points, bold=True) / wide - 1e-9)
            color = said.get(delta.verdict, self.colors.ink)
            self.text(words, left, at, wide, 0.18, size=points, bold=True, color=color)
            at += 0.18 + 0.12 * (lines - 1)
        for more in (tile.interval, tile.context):
            if more:
                self.text(more, left, at, wide, 0.16, size=8, color=self.colors.muted)
                at += 0.16 * ceil(inches(more, 8) / wide)
        return at

    def _charts(self, top: float, high: float) -> None:
        charts = self.page.charts
        wide = (WIDE - 2 * _EDGE - 0.4 * (len(charts) - 1)) / len(charts)
        for at, chart in enumerate(charts):
            left = _EDGE + at * (wide + 0.4)
            what, when = heading(self.pack, chart)
            self.text(f"{what}  ·  {when}", left, top, wide, 0.2, size=10, bold=True)
            place = (self.x(left), self.y(top + 0.2), self.x(wide), self.y(high - 0.22))
            frame = add_chart(self.pack, chart, self.slide, place, self.colors)
            frame.name = f"chart {chart.id}"
            told = frame._element.nvGraphicFramePr.cNvPr  # noqa: SLF001  (the library has no alternative text)
            told.set("descr", printable(alt_text(self.pack, chart)))

    def _table(
        self,
        table: TableView,
        columns: list[float],
        place: tuple[float, float],
        room: tuple[float, float],
    ) -> None:
        from pptx.util import Pt

        left, top = place
        wide = max(sum(columns), room[0])
        size = fitting(table.title, wide, 10.0, 6.0, bold=True)
        self.text(table.title, left, top, wide, 0.2, size=size, bold=True)
        many, words, highs = len(table.rows) + 1, table.kind == "text", heights(table, columns)
        fits = 72 * min((room[1] - 0.25) * highs[0] / sum(highs), highs[0]) * 0.72
        size = min(10.0 if many < 9 else 9.0, max(6.0, fits)) if not words else WORDS
        form = table.id == FORM
        size = 14.0 if form else size if words else points_of(table, columns, size)
        shape = self.slide.shapes.add_table(
            many,
            len(table.columns) + 1,
            self.x(left),
            self.y(top + 0.24),
            self.x(sum(columns)),
            self.y(sum(highs)),
        )
        shape.name = f"table {table.id}"
        grid = shape.table
        grid.horz_banding = grid.first_row = False
        held = shape._element.graphic.graphicData.tbl.tblPr  # noqa: SLF001  (nor a way to choose a table's style)
        held.find(_STYLE).text = _PLAIN
        for column, wide in enumerate(columns):
            grid.columns[column].width = self.x(wide)
        heads = ("", *table.columns)
        for column, name in enumerate(heads):
            self._cell(
                grid.cell(0, column),
                name,
                Pt(size),
                right=column > 0 and not words,
                bold=True,
                color=self.colors.muted,
            )
        for line, row in enumerate(table.rows, 1):
            heavy = row.style == "sum"
            self._cell(grid.cell(line, 0), label(row.label, columns[0]), Pt(size), bold=heavy)
            for column, cell in enumerate(row.cells, 1):
                self._view(grid.cell(line, column), cell, Pt(size), words, heavy)
        for line, high in zip(grid.rows, highs, strict=True):
            line.height = self.y(high)

    def _view(self, cell: Any, view: CellView, size: Any, words: bool, heavy: bool) -> None:
        from pptx.dml.color import RGBColor

        color = view.ink or {"good": self.colors.good, "bad": self.colors.bad}.get(view.verdict, "")
        self._cell(cell, view.text, size, right=not words, bold=heavy, color=color)
        if view.fill or view.blank:
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string(
                (view.fill or "#f0f2f4").lstrip("#").upper()
            )

    def _cell(
        self,
        cell: Any,
        text: str,
        size: Any,
        *,
        right: bool = False,
        bold: bool = False,
        color: str = "",
    ) -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.text import PP_ALIGN

        cell.margin_left = cell.margin_right = self.x(0.05)
        cell.margin_top = cell.margin_bottom = self.y(0.012)
        cell.text_frame.text = printable(text)
        cell.text_frame.word_wrap = True
        for paragraph in cell.text_frame.paragraphs:
            paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
            paragraph.font.size, paragraph.font.bold, paragraph.font.name = size, bold, FONT
            paragraph.font.color.rgb = RGBColor.from_string(
                (color or self.colors.ink).lstrip("#").upper()
            )

    def _foot(self, number: str) -> None:
        lines = self.page.footnote
        if lines:
            wide, muted = WIDE - 2 * _EDGE, self.colors.muted
            short = cut(lines, _FOOT, wide, 2)
            self.text(short, _EDGE, _BOTTOM, wide, 0.3, size=_FOOT, color=muted)
        self.text(
            f"{self.pack.title}  ·  {self.pack.source}",
            _EDGE,
            7.27,
            10.8,
            0.15,
            size=7,
            color=self.colors.muted,
        )
        self.text(
            f"page {number}", WIDE - _EDGE - 1.2, 7.27, 1.2, 0.15, size=7, color=self.colors.muted
        )


def _against(delta: Delta) -> str:
    return f"{delta.mark} {delta.text} to {delta.to}".strip()


_STYLE = "{http://schemas.openxmlformats.org/drawingml/2006/main}tableStyleId"
_PLAIN = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # "No Style, No Grid"
