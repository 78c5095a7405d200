"""A workbook to be opened in Excel or LibreOffice: typed cells, tables, formulas with their values, saved in one step.

What a customer is called is text, whatever it begins with. A formula is only what this library writes as one, and it
carries the value computed here, so that a reader that does not calculate shows the same numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.export.files import file_path, refuse_special, replacing
from saasmetrics.printable import printable

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook as Writer
    from xlsxwriter.worksheet import Worksheet

LINE = 15.0  # points of a row
MOST_ROWS = 1_048_575  # of a sheet, below its header
_NARROW, _DENSE = 6, 60  # columns that stand on a page at so many per cent
_MOST_TEXT = 32_767  # characters of a cell
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_INK, _PAPER, _LINE = "#1F2937", "#F3F4F6", "#9CA3AF"
STYLES: dict[str, dict[str, Any]] = {
    "plain": {},
    "right": {"align": "right"},
    "title": {"bold": True, "font_size": 16, "font_color": _INK},
    "subtitle": {"font_color": "#4B5563"},
    "heading": {
        "bold": True,
        "font_size": 16,
        "font_color": _INK,
        "text_wrap": True,
        "valign": "top",
    },
    "comment": {"text_wrap": True, "valign": "top"},
    "header": {"bold": True, "bg_color": _PAPER, "bottom": 1, "bottom_color": _LINE},
    "header right": {
        "bold": True,
        "bg_color": _PAPER,
        "bottom": 1,
        "bottom_color": _LINE,
        "align": "right",
    },
    "header text": {
        "bold": True,
        "bg_color": _PAPER,
        "bottom": 1,
        "bottom_color": _LINE,
        "indent": 1,
    },
    "label": {"bold": True, "valign": "top"},
    "text": {"text_wrap": True, "valign": "top", "align": "left", "indent": 1},
    "code": {
        "font_name": "Consolas",
        "text_wrap": True,
        "valign": "top",
        "align": "left",
        "indent": 1,
    },
    "note": {
        "italic": True,
        "font_color": "#4B5563",
        "text_wrap": True,
        "valign": "top",
        "indent": 1,
    },
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00"},
    "count": {"num_format": "#,##0"},
    "ratio": {"num_format": "0.0%"},
    "multiple": {"num_format": '0.00"x"'},
    "months": {"num_format": "0.0"},
    "points": {"num_format": "0.0"},
    "fte": {"num_format": "0.0"},
    "number": {"num_format": "#,##0.00##"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "truth": {"bold": True, "align": "center"},
}

_SIGNED = "+{0};-{0};{0}"
_AMOUNTS = {
    "": "#,##0.00",
    " units": "#,##0",
    " k": "#,##0,",
    " M": "#,##0.0,,",
    " B": "#,##0.00,,,",
}
STYLES |= {
    f"money{scale}": {"num_format": f"{look};[Red]-{look}"} for scale, look in _AMOUNTS.items()
}
STYLES |= {
    f"{style} signed": {"num_format": _SIGNED.format(look)}
    for style, look in (
        *((f"money{scale}", look) for scale, look in _AMOUNTS.items()),
        ("ratio", "0.0%"),
        ("multiple", '0.00"x"'),
        ("months", "0.0"),
        ("count", "#,##0"),
        *(("fte", "0.0"), ("number", "#,##0.00##")),
    )
}
STYLES["points signed"] = {"num_format": '[>=0.05]+#,##0.0" pp";[<=-0.05]-#,##0.0" pp";"0.0 pp"'}
STYLES |= {
    f"{style} sum": {**STYLES[style], "bold": True, "top": 1, "top_color": _LINE}
    for style in [*STYLES]
}
_NUMBERS = {"money", "count", "ratio", "multiple", "months", "points", "fte", "number"}


def header(style: str) -> str:
    """Return the style of a header above cells of a style: numbers have it on the right, as they stand there.

    Examples
    --------
    >>> header("money"), header("plain")
    ('header right', 'header')
    """
    return "header right" if style.partition(" ")[0] in _NUMBERS else "header"


@dataclass(frozen=True)
class Formula:
    """A formula of ours, with the value that was computed for it.

    Examples
    --------
    >>> Formula("=1+1", 2)
    Formula(text='=1+1', value=2)
    """

    text: str
    value: Any


@dataclass(frozen=True)
class Column:
    """A column of a table on a sheet: title, values, the style of its cells, and a formula for every row.

    A formula names other columns of its row as `place` writes them; `values` holds what it gives. Rows whose numbers
    are in `given` have the value alone.
    """

    title: str
    values: Sequence[Any]
    style: str = "plain"
    formula: str = ""
    given: frozenset[int] = frozenset()


def place(table: str, title: str, *, here: bool = False) -> str:
    """Return how a formula names a column of a table, or with `here` its cell in the same row.

    Examples
    --------
    >>> place("Rows", "Opening"), place("Rows", "Opening", here=True)
    ('Rows[Opening]', 'Rows[[#This Row],[Opening]]')
    """
    shown = printable(title)
    return f"{table}[[#This Row],[{shown}]]" if here else f"{table}[{shown}]"


@dataclass
class Sheet:
    """One sheet while it is written."""

    name: str
    page: Worksheet
    book: Workbook
    tall: dict[int, float] = field(default_factory=dict, init=False)

    def write(self, row: int, column: int, value: Any, style: str = "plain") -> None:
        """Write one cell: a formula, a number, a day, a truth, or text that stays text; nothing for what is missing."""
        look = self.book.look(style)
        if isinstance(value, Formula):
            held = "" if _unknown(value.value) else value.value
            self.page.write_formula(row, column, value.text, look, held)
        elif _unknown(value):
            self.page.write_blank(row, column, None, look)
        elif isinstance(value, str):
            quoted = value.startswith(_STARTS_FORMULA)
            self.page.write_string(row, column, _fitting(value), self.book.look(style, quoted))
        elif isinstance(value, bool):
            self.page.write_boolean(row, column, value, look)
        elif isinstance(value, (datetime, date)):
            day = style if style != "plain" else "date"
            self.page.write_datetime(row, column, value, self.book.look(day))
        else:
            self.page.write_number(row, column, float(value), look)

    def lines(self, row: int, cells: Iterable[Sequence[tuple[Any, str]]]) -> int:
        """Write lines of (value, style) from a row on, and return the row after them."""
        for line in cells:
            for column, (value, style) in enumerate(line):
                self.write(row, column, value, style)
            row += 1
        return row

    def table(
        self, name: str, columns: Sequence[Column], row: int = 0, *, dense: bool = False
    ) -> None:
        """Write an Excel table with a filter, its header frozen; an empty one has one empty row.

        A dense one is printed small where it is narrow, so that its many rows take fewer pages.

        Raises
        ------
        DataError
            If it has more rows than a sheet has.
        """
        many = len(columns[0].values) if columns else 0
        if many > MOST_ROWS - row:
            msg = (
                f"{many:,} rows do not fit on a sheet, which has {MOST_ROWS:,} below its header. Choose a smaller "
                "part with book.where(...) or a group, or take all of them with .rows and to_parquet."
            )
            raise DataError(msg)
        last = row + max(many, 1)
        heads = [{"header": printable(column.title)} for column in columns]
        options = {"name": name, "columns": heads, "style": "Table Style Light 1"}
        self.page.add_table(row, 0, last, len(columns) - 1, options)
        for at, column in enumerate(columns):
            self.write(row, at, column.title, header(column.style))
            plain = not column.formula
            for number, value in enumerate(_listed(column.values)):  # a file has cells
                held = value if plain or number in column.given else Formula(column.formula, value)
                self.write(row + 1 + number, at, held, column.style)
        self.page.set_column(0, 0, 28)
        if len(columns) > 1:
            self.page.set_column(1, len(columns) - 1, 16)
        self.page.freeze_panes(row + 1, 1)
        self.page.repeat_rows(row)
        if dense and len(columns) <= _NARROW:
            self.page.set_print_scale(_DENSE)

    def widths(self, *widths: float) -> None:
        """Set the widths of the first columns, in characters."""
        for column, width in enumerate(widths):
            self.page.set_column(column, column, width)

    def high(self, row: int, lines: float) -> None:
        """Make a row so many lines high."""
        self.tall[row] = LINE * lines
        self.page.set_row(row, self.tall[row])

    def named(self, name: str, row: int, column: int) -> None:
        """Give a cell a name that formulas anywhere in the workbook can use."""
        self.book.writer.define_name(name, f"='{self.name}'!{at(row, column, fixed=True)}")


class Workbook:
    """A workbook being made, to be saved in one step.

    Parameters
    ----------
    title
        Title of the document.
    made
        The day that the document says it is of, so that the same numbers give the same file.

    Examples
    --------
    >>> import tempfile
    >>> book = Workbook("Two", date(2026, 1, 31))
    >>> book.sheet("Number").write(0, 0, Formula("=1+1", 2))
    >>> book.save(Path(tempfile.mkdtemp()) / "two.xlsx").name
    'two.xlsx'
    """

    def __init__(self, title: str, made: date) -> None:
        import xlsxwriter

        kinds = ("formulas", "urls", "numbers")
        told = {f"strings_to_{kind}": False for kind in kinds}
        self.writer: Writer = xlsxwriter.Workbook(None, told)
        created = datetime(made.year, made.month, made.day)  # noqa: DTZ001  (a date of the document, in no zone)
        facts = {"title": printable(title), "author": "saasmetrics", "created": created}
        self.writer.set_properties(facts)
        self._looks: dict[tuple[str, bool], Format] = {}

    def look(self, style: str, quoted: bool = False) -> Format:
        """Return the format of a style; quoted text stays text when someone edits its cell."""
        if (style, quoted) not in self._looks:
            more = {"quote_prefix": True} if quoted else {}
            self._looks[style, quoted] = self.writer.add_format({**STYLES[style], **more})
        return self._looks[style, quoted]

    def sheet(self, name: str, *, landscape: bool = False) -> Sheet:
        """Add a sheet, set up to be printed on one page in width."""
        page = self.writer.add_worksheet(name)
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer("&L&F&C&A&R&P / &N")
        page.hide_gridlines(2)
        if landscape:
            page.set_landscape()
        return Sheet(name, page, self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file; one that is there is replaced only by the whole new one.

        Raises
        ------
        DataError
            If the folder is not there, something else than a file is, or the file cannot be written.
        """
        target = file_path(path, "proof.xlsx")
        try:
            refuse_special(target, "proof.xlsx")
            if not target.parent.is_dir():
                msg = (
                    f"There is no folder {target.parent} to write {target.name} to; make it first."
                )
                raise DataError(msg)
            with replacing(target) as beside:
                self._close(beside)
        except OSError as error:
            msg = f"{target} could not be written: {error.strerror or error}. Nothing was changed there."
            raise DataError(msg) from error
        return target

    def _close(self, beside: Path) -> None:
        from xlsxwriter.exceptions import FileCreateError

        made = (
            BytesIO()
        )  # an archive on a disk that is full complains once more when it is collected
        self.writer.filename = made
        try:
            with TemporaryDirectory(prefix="saasmetrics-") as scratch:
                self.writer.tmpdir = scratch
                self.writer.close()
        except FileCreateError as error:
            cause = error.args[0] if error.args else error
            raise cause if isinstance(cause, OSError) else OSError(str(cause)) from error
        beside.write_bytes(made.getbuffer())


def _listed(values: Sequence[Any]) -> Iterable[Any]:
    """Return values as Python's own numbers, days and texts."""
    listed = getattr(values, "tolist", None)
    return values if listed is None else listed()


def _unknown(value: Any) -> bool:
    return value is None or bool(value != value) or value in (float("inf"), float("-inf"))


def _fitting(text: str) -> str:
    """Return a text that can be shown, as long as a cell takes, its end marked where it was cut."""
    shown = printable(text)
    return shown if len(shown) <= _MOST_TEXT else f"{shown[: _MOST_TEXT - 1]}…"


def document_day(as_of: str) -> date:
    """Return the day that a document of numbers is of; the same one for all numbers that know no day.

    Examples
    --------
    >>> document_day("2026-01-31").isoformat(), document_day("age 3 of the table").isoformat()
    ('2026-01-31', '2000-01-01')
    """
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        return date(2000, 1, 1)


def at(row: int, column: int, *, fixed: bool = False) -> str:
    """Return the name of a cell, with `fixed` one that stays when a formula is copied.

    Examples
    --------
    >>> at(0, 2), at(0, 2, fixed=True)
    ('C1', '$C$1')
    """
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column, row_abs=fixed, col_abs=fixed))


def looks(metric_unit: str) -> str:
    """Return the style of a metric's value.

    Examples
    --------
    >>> looks("ratio"), looks("curve"), looks("table")
    ('ratio', 'ratio', 'number')
    """
    style = {"curve": "ratio"}.get(metric_unit, metric_unit)
    return style if style in STYLES else "number"
