"""How tables stand on slides: which slide takes which, and how wide their columns are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from saasmetrics.board.views import table_view

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Page
    from saasmetrics.board.views import TableView

_ROWS = 11  # rows of words on a slide


def split(pack: Pack, page: Page) -> list[list[TableView]]:
    """Return the tables of each slide of a page: long tables of words go on to the next slide."""
    views = [table_view(pack, table) for table in page.tables]
    slides: list[list[TableView]] = [[]]
    for view in views:
        if view.kind != "text":
            slides[-1].append(view)
            continue
        room = _ROWS - sum(len(v.rows) + 2 for v in slides[-1])
        rows = list(view.rows)
        while rows:
            if room < 3:
                slides.append([])
                room = _ROWS
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
    if table.kind == "text":
        return [min(max(size, 7), 90) ** 0.75 for size in longest]
    return [
        max(1.3, longest[0] * 0.075 + 0.15),
        *(max(0.66, size * 0.078 + 0.14) for size in longest[1:]),
    ]
