"""How tables stand on slides: which slide takes which, and how wide their columns are."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from saasmetrics.board.views import table_view
from saasmetrics.charts.text import shortened, text_width

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Page
    from saasmetrics.board.views import TableView

_ROWS, _FORM_ROWS = 11, 6  # rows of words on a slide, and of a form to be filled in
FORM = "asks"  # the table in whose last column decisions are written
_LABEL, _AIR = 9.0, 0.16  # points of a label, and inches of the margins of its cell
_MOST = 2  # lines of a label; the workbook has longer ones in full
_EASE = 1.12  # of what columns need, where there is room for more
_POINTS = 72.0  # in an inch


def split(pack: Pack, page: Page) -> list[list[TableView]]:
    """Return the tables of each slide of a page: long tables of words go on to the next slide."""
    views = [table_view(pack, table) for table in page.tables]
    slides: list[list[TableView]] = [[]]
    for view in views:
        if view.kind != "text":
            slides[-1].append(view)
            continue
        most = _FORM_ROWS if view.id == FORM else _ROWS
        room = most - sum(len(v.rows) + 2 for v in slides[-1])
        rows = list(view.rows)
        while rows:
            if room < 3:
                slides.append([])
                room = most
            slides[-1].append(replace(view, rows=tuple(rows[:room])))
            rows, room = rows[room:], 0
    return slides


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
    return [
        max(1.3, longest[0] * 0.075 + 0.15),
        *(max(0.66, size * 0.078 + 0.14) for size in longest[1:]),
    ]


def fitted(tables: list[TableView], room: float) -> list[list[float]]:
    """Return how many inches each column has of tables side by side: numbers what they need, labels share the rest."""
    needed = [widths(table) for table in tables]
    whole = sum(map(sum, needed))
    for table, columns in zip(tables, needed, strict=True):
        ease = room / sum(columns) if table.kind == "text" else max(min(_EASE, room / whole), 1.0)
        columns[:] = [ease * each for each in columns]
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
    if lines_of(text, inches - _AIR) <= _MOST:
        return text
    return shortened(text, 0.9 * _MOST * (inches - _AIR) * _POINTS, _LABEL)
