"""How tables stand on slides: which slide takes which, and how wide their columns are."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from saasmetrics.board.measured import inches
from saasmetrics.board.views import table_view
from saasmetrics.charts.text import shortened, text_width

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Page
    from saasmetrics.board.views import RowView, TableView

_FORM_ROWS = 6  # rows of a form to be filled in on a slide
_LINE, _TIGHT = 0.18, 0.138  # inches of a row of a table, and of one with many rows
_MANY = 17  # rows
_WORD, WORDS = 0.128, 8.0  # inches of a line of words, and its points
_FIELD = 0.8  # inches of a row to be filled in
_WIDE, _ROOM, _HEAD = (
    12.333,
    5.1,
    0.5,
)  # inches of a slide for its tables, and of title and heads of one
FORM = "asks"  # the table in whose last column decisions are written
_LABEL, _AIR = 9.0, 0.16  # points of a label, and inches of the margins of its cell
_MOST = 2  # lines of a label; the workbook has longer ones in full
_EASE = 1.12  # of what columns need, where there is room for more
_POINTS = 72.0  # in an inch
_EASY = 0.97  # of a column that words fill, which break between words
_NAME = 1.3  # inches of labels, at least
_FEW, _LARGE, _SMALL, _LEAST = (
    7,
    10.0,
    9.0,
    6.0,
)  # rows of a short table; points of it, of others, at least
_FEWEST = 3  # rows of words below other tables


def split(pack: Pack, page: Page) -> list[list[TableView]]:
    """Return the tables of each slide of a page: long tables of words go on to the next slide."""
    slides: list[list[TableView]] = [[]]
    room = _ROOM
    for view in (table_view(pack, table) for table in page.tables):
        if view.kind != "text":
            slides[-1].append(view)
            room -= sum(heights(view, fitted([view], _WIDE)[0])) + _HEAD
            continue
        high = heights(view, fitted([view], _WIDE)[0])[1:]
        first = begin = 0
        while first < len(view.rows):
            end = _taken(high, first, room - _HEAD)
            if view.id == FORM:
                end = min(end, first + _FORM_ROWS)
            if end - first < min(_FEWEST, len(view.rows) - first) and slides[-1]:
                slides.append([])
                room = _ROOM
                continue
            end = max(end, first + 1)
            slides[-1].append(replace(view, rows=tuple(view.rows[first:end])))
            room -= sum(high[first:end]) + _HEAD
            if end == len(high) and first and sum(high[first:]) < _ROOM / 3:
                at = _evened(high, begin, first)
                slides[-2][-1] = replace(view, rows=tuple(view.rows[begin:at]))
                slides[-1][-1] = replace(view, rows=tuple(view.rows[at:]))
            begin, first = first, end
    return slides


def _evened(high: list[float], begin: int, first: int) -> int:
    """Return which row begins the last slide, so that it is not almost empty beside the one before.

    Examples
    --------
    >>> _evened([1.0] * 9, 0, 8)
    5
    """
    while first - begin > _FEWEST and sum(high[first - 1 :]) <= sum(high[begin : first - 1]):
        first -= 1
    return first


def _taken(high: list[float], first: int, room: float) -> int:
    """Return which row is the first that has no room.

    Examples
    --------
    >>> _taken([1.0, 1.0, 2.0, 1.0], 1, 3.5)
    3
    """
    for at in range(first, len(high)):
        room -= high[at]
        if room < 0:
            return at
    return len(high)


def heights(table: TableView, columns: list[float]) -> list[float]:
    """Return how many inches its heads and each row of a table are high."""
    if table.id == FORM:
        return [_LINE, *(_FIELD for _ in table.rows)]
    if table.kind == "text":
        rows = (max(_lines(row, columns)) for row in table.rows)
        return [_LINE, *(_WORD * many + 0.03 for many in rows)]
    line = _TIGHT if len(table.rows) >= _MANY else _LINE
    return [line, *(line * many for many in lines(table, columns))]


def _lines(row: RowView, columns: list[float]) -> list[int]:
    """Return on how many lines the words of a row stand in each column."""
    words = (row.label, *(cell.text for cell in row.cells))
    return [
        lines_of(text, _EASY * (wide - _AIR), WORDS)
        for text, wide in zip(words, columns, strict=True)
    ]


def widths(table: TableView) -> list[float]:
    """Return how many inches each column needs: words by their length, numbers alike."""
    longest = [max([len(row.label) for row in table.rows] or [8])]
    longest += [
        max([len(name), *(len(row.cells[at].text) for row in table.rows)])
        for at, name in enumerate(table.columns)
    ]
    if table.id == FORM:
        longest[-1] = max(longest)
    if table.kind == "text":
        return [min(max(size, 7), 90) ** 0.75 for size in longest]
    points = _SMALL if len(table.rows) > _FEW else _LARGE
    needs = (max(_needs(table, at, points)) + _AIR for at in range(len(table.columns)))
    return [max(_NAME, longest[0] * 0.075 + 0.15), *(max(0.66, need) for need in needs)]


def _needs(table: TableView, at: int, points: float) -> list[float]:
    """Return how many inches the head and the cells of a column need on one line."""
    cells = (inches(row.cells[at].text, points, bold=row.style == "sum") for row in table.rows)
    return [inches(table.columns[at], points, bold=True), *cells]


def points_of(table: TableView, columns: list[float], most: float) -> float:
    """Return the points at which heads and numbers of a table stand on one line of their columns."""
    needs = [max(_needs(table, at, 1.0)) for at in range(len(table.columns))]
    fits = (
        max(wide - _AIR, 0.1) / need for wide, need in zip(columns[1:], needs, strict=True) if need
    )
    return max(_LEAST, min([most, *fits]))


def fitted(tables: list[TableView], room: float) -> list[list[float]]:
    """Return how many inches each column has of tables side by side: numbers what they need, labels share the rest."""
    needed = [widths(table) for table in tables]
    whole = sum(map(sum, needed))
    numbers = whole - sum(map(_label, needed))
    tight = (
        (room - _NAME * len(tables)) / numbers if numbers else 1.0
    )  # where labels take their least
    for table, columns in zip(tables, needed, strict=True):
        more = max(min(_EASE, room / whole), 1.0) if tight >= 1 else tight
        ease = room / sum(columns) if table.kind == "text" else more
        columns[:] = [max(ease, 1.0) * columns[0], *(ease * each for each in columns[1:])]
    left = room - sum(sum(columns[1:]) for columns in needed)
    for rest, columns in zip(range(len(needed), 0, -1), sorted(needed, key=_label), strict=True):
        columns[0] = min(columns[0], max(left / rest, 1.0))
        left -= columns[0]
    return needed


def _label(columns: list[float]) -> float:
    return columns[0]


def lines_of(text: str, inches: float, points: float = _LABEL) -> int:
    r"""Return on how many lines a text stands.

    Examples
    --------
    >>> lines_of("ARR", 2.0), lines_of("one\ntwo", 2.0)
    (1, 2)
    """
    parts = text.split("\n")
    return sum(
        max(ceil(text_width(part, points) / _POINTS / max(inches, 0.3)), 1) for part in parts
    )


def lines(table: TableView, columns: list[float]) -> list[int]:
    """Return on how many lines each row of a table stands, by its label."""
    return [min(lines_of(row.label, columns[0] - _AIR), _MOST) for row in table.rows]


def label(text: str, inches: float) -> str:
    """Return a label that stands on two lines, shortened where it is longer.

    Examples
    --------
    >>> label("ARR", 2.0), label("A holding company " * 9, 2.0)[-1]
    ('ARR', '…')
    """
    line = (inches - _AIR) * _POINTS
    broken = max(text_width(word, _LABEL) for word in f"{text} ".split(" ")) > line
    if lines_of(text, inches - _AIR) <= _MOST and not broken:
        return text
    # A word that is longer than a line leaves the rest of the line before it empty.
    return shortened(text, (1.0 if broken else 0.9 * _MOST) * line, _LABEL)
