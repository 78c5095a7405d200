"""How the sheet of a page is laid out and printed: wide enough columns, words on as many lines as they need."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from saasmetrics.export.workbook import LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.board.sheet_blocks import Block
    from saasmetrics.export.workbook import Sheet

_LABEL, _NUMBER, _WORDS = (
    (12, 40),
    (12, 20),
    (8, 58),
)  # characters of a column: at least and at most
_BOLD, _AIR = 1.2, 1.5  # of a letter of a head to a digit, by which columns are measured; beside it
_PAGE = 140  # characters that the words of a page are wide, at least
_TITLE = 1.45  # of a letter of a title to one of a cell
_PAPER, _POINT = (
    (1045.0, 670.0),
    0.75,
)  # pixels of a landscape A4 within its margins; of one in points
_SMALLEST = 0.5  # of its size to which a page shrinks to stand on one sheet of paper


def widths(blocks: Sequence[Block]) -> list[float]:
    """Return how many characters wide each column of a sheet is: heads stand beside one another, words wrap.

    Examples
    --------
    >>> from saasmetrics.board.sheet_blocks import Block
    >>> widths([Block("NRR", ("", "to year before"), [[("SMB", "plain"), ("-", "plain")]])])[:3]
    [12, 18.3, 12]
    """
    found: list[float] = [_LABEL[0]]
    for block in blocks:
        for column in range(len(block.heads)):
            least, most = _LABEL if not column else _WORDS if block.words else _NUMBER
            cells = [_length(line, column) for line in block.lines]
            need = max([_BOLD * len(block.heads[column]), *cells], default=0) + _AIR
            if column == len(found):
                found.append(0)
            found[column] = max(found[column], min(max(need, least), most))
    while sum(found) < _PAGE:
        found.append(_NUMBER[0])
    return [round(width, 1) for width in found]


def _length(line: Sequence[Any], column: int) -> float:
    held = line[column] if column < len(line) else None
    return _BOLD * len(str(held[0])) if isinstance(held, tuple) else 0.0


def lines_in(text: str, width: float) -> int:
    """Return on how many lines a text stands in a column of so many characters.

    Examples
    --------
    >>> lines_in("Approve the plan", 20), lines_in("Approve the plan of the coming year", 20)
    (1, 2)
    """
    return max(1, ceil(len(text) / max(width - _AIR, 1.0)))


def pixels(columns: Sequence[float]) -> int:
    """Return how many pixels columns are wide together.

    Examples
    --------
    >>> pixels([12, 12])
    178
    """
    return sum(int(7 * width + 5) for width in columns)


def across(sheet: Sheet, row: int, text: str, columns: Sequence[float], style: str) -> None:
    """Write words across all columns of a sheet, on as many lines as they need."""
    if not text:
        return
    size = _TITLE if style == "heading" else 1.0
    sheet.page.merge_range(row, 0, row, len(columns) - 1, "", sheet.book.look(style))
    sheet.write(row, 0, text, style)
    sheet.high(row, size * lines_in(text, sum(columns) / size))


def lines_of(cells: Sequence[Any], columns: Sequence[float]) -> int:
    """Return on how many lines the words of a row of cells stand.

    Examples
    --------
    >>> lines_of([("1", "text"), ("Approve the plan of the coming year", "text")], [12, 20])
    2
    """
    told = [
        (held[0], wide)
        for held, wide in zip(cells, columns, strict=False)
        if isinstance(held, tuple)
    ]
    return max((lines_in(str(text), wide) for text, wide in told), default=1)


def printed(sheet: Sheet, columns: Sequence[float], rows: int) -> None:
    """Print a sheet as wide as the paper, and on one page where that can still be read."""
    sheet.page.print_area(0, 0, rows - 1, len(columns) - 1)
    points = LINE * (rows - len(sheet.tall)) + sum(sheet.tall.values())
    scale = min(_PAPER[0] / pixels(columns), _PAPER[1] * _POINT / points, 1.0)
    sheet.page.fit_to_pages(1, 1 if scale >= _SMALLEST else 0)
