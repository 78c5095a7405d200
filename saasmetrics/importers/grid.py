"""Sheets made for people: title rows above the header, merged cells, totals."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.money import agreeing
from saasmetrics.tables.encodings import encoding_of
from saasmetrics.tables.months import month_of_label, skipped
from saasmetrics.tables.workbooks import sheets_of

if TYPE_CHECKING:
    from pathlib import Path

_SEARCHED = 25  # rows in which a header is looked for


@dataclass(frozen=True)
class Grid:
    """The cells of a sheet under a header of months.

    Parameters
    ----------
    label
        The file, or the file and its sheet.
    titles
        What stands above the header.
    header
        Texts of the header row.
    months
        Position of a column -> first day of its month.
    rows
        The rows below, as they are.
    sign
        What parts the columns of the file; "" in a workbook.
    """

    label: str
    titles: tuple[str, ...]
    header: tuple[str, ...]
    months: dict[int, dt.date]
    rows: tuple[tuple[Any, ...], ...]
    sign: str = ""

    @property
    def semicolon(self) -> bool:
        """Whether the file is separated by semicolons, as where a comma parts decimals."""
        return self.sign == ";"


def is_titled(file: Path, code: str | None = None) -> bool:
    """Whether a sheet of a file has titles above a header of months; only its first rows are read."""
    try:
        peeks = [rows for _, rows, _ in _sheets(file, code, _SEARCHED)]
    except DataError:
        return False  # whoever reads the file says what is wrong with it
    return any(rows and _filled(rows[0]) <= 1 and _has_header(rows) for rows in peeks)


def grids(file: Path, code: str | None = None) -> list[Grid]:
    """Return the sheets of a file whose header, below any titles, names months.

    Raises
    ------
    DataError
        If the file cannot be read, two columns are the same month, or months are missing beside a column that is none.
    """
    read = _sheets(file, code, None)
    found = [grid for label, rows, sign in read if (grid := _grid(label, rows, sign))]
    for grid in found:
        if len(set(grid.months.values())) < len(grid.months):
            raise DataError(f"{grid.label}: two columns are the same month. Keep one of them.")
        if lost := skipped(grid.header):
            msg = (
                f"{grid.label}: {', '.join(map(repr, lost[:5]))} {agreeing(len(lost), 'is', 'are')} between months, "
                "but not read as the months that are missing there. Write months as 2026-03, or leave the column out."
            )
            raise DataError(msg)
    return found


def _sheets(
    file: Path, code: str | None, most: int | None
) -> list[tuple[str, list[tuple[Any, ...]], str]]:
    """Return the first rows of each sheet, all for None, and what parts its columns."""
    name = file.name.lower()
    if name.endswith((".xlsx", ".xlsm")):
        return [
            (f"{file.name}: {title}", rows, "") for title, rows in sheets_of(file, most).items()
        ]
    if not name.endswith((".csv", ".tsv", ".txt")):
        return []
    try:
        encoding = encoding_of(file, code).name
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        with file.open(encoding=encoding, newline="") as stream:
            sample = stream.read(8192)
            stream.seek(0)
            sign = max((",", ";", "\t"), key=sample.count)
            rows = islice(csv.reader(stream, delimiter=sign), most)
            return [(file.name, [tuple(row) for row in rows], sign)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file.name} is not a readable CSV file: {error}") from error


def _grid(label: str, rows: list[tuple[Any, ...]], sign: str) -> Grid | None:
    at = _header(rows)
    if at is None:
        return None
    header = rows[at]
    titles = tuple(text for row in rows[:at] for cell in row if (text := words_of(cell)))
    below = tuple(row for row in rows[at + 1 :] if _filled(row))
    names = tuple(words_of(cell) for cell in header)
    return Grid(label, titles, names, _months(header), below, sign)


def _header(rows: list[tuple[Any, ...]]) -> int | None:
    """Return the place of the row that names the most months, the first of several; None where none does."""
    found = [set() if _is_line(row) else _months(row).keys() for row in rows[: _SEARCHED + 1]]
    # Dates one below the other are those of a list, and no header.
    beside = zip(found, [set(), *found], [*found[1:], set()], strict=False)
    counts = [0 if here <= last or here <= after else len(here) for here, last, after in beside]
    counts = counts[:_SEARCHED]
    most = max(counts, default=0)
    return counts.index(most) if most else None


def _has_header(rows: list[tuple[Any, ...]]) -> bool:
    """Whether a row names months, and has rows below it."""
    at = _header(rows)
    return at is not None and any(map(_filled, rows[at + 1 :]))


def _is_line(row: tuple[Any, ...]) -> bool:
    """Whether a row holds several days of one month, as the line of an invoice does and a header does not."""
    days = [cell for cell in row if isinstance(cell, dt.date)]
    return len({(day.year, day.month) for day in days}) < len(days)


def _filled(row: tuple[Any, ...]) -> int:
    return sum(bool(words_of(cell)) for cell in row)


def _months(row: tuple[Any, ...]) -> dict[int, dt.date]:
    found = {place: month_of_label(words_of(cell)) for place, cell in enumerate(row)}
    return {place: month for place, month in found.items() if month is not None}


def words_of(cell: Any) -> str:
    """Return a cell as text; a date as its day.

    Examples
    --------
    >>> words_of(dt.datetime(2026, 1, 1)), words_of(None), words_of(" Total ")
    ('2026-01-01', '', 'Total')
    """
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell).strip()
