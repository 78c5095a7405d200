"""The sheets of XLSX workbooks as Arrow tables, before anything is interpreted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saasmetrics.errors import DataError, MissingExtraError
from saasmetrics.money import agreeing, counted
from saasmetrics.tables.names import fold
from saasmetrics.tables.separators import with_gaps, with_note
from saasmetrics.tables.titles import currency_of_titles

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = [
    "SEARCHED",
    "below_titles",
    "header_of",
    "read_sheets",
    "refuse_bomb",
    "sheets_of",
    "titles_above",
]

_LARGE, _DENSE = (
    2**31,
    200,
)  # bytes a workbook may unpack to; times its size from which it is made to harm
SEARCHED = 25
"""Rows in which the header of a sheet is looked for, below its titles."""
_TITLE = 2  # cells that a row of titles has at most
_CURRENCY = (
    "currency",
    "currencycode",
    "währung",
    "waehrung",
    "devise",
    "moneda",
    "divisa",
    "valuta",
    "moeda",
    "通貨",
)
_CELLS = 50_000_000  # cells of a sheet; a row may claim 16,384 with one of them


def refuse_bomb(path: str | os.PathLike[str]) -> None:
    """Refuse a workbook that unpacks to so much that it would fill the memory; nothing is unpacked.

    Raises
    ------
    DataError
        If it does.
    """
    import zipfile

    try:
        with zipfile.ZipFile(path) as parts:
            held = parts.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # whoever reads the file says what is wrong with it
    size = sum(part.file_size for part in held)
    packed = max(sum(part.compress_size for part in held), 1)
    if size > _LARGE or (size > _LARGE // 16 and size > _DENSE * packed):
        msg = (
            f"{Path(path).name} unpacks to {size / 2**20:,.0f} MB, {size / packed:,.0f} times its size. "
            "Save it as CSV or Parquet."
        )
        raise DataError(msg)


def read_sheets(path: str | os.PathLike[str]) -> dict[str, pa.Table]:
    """Sheets of a workbook that have rows.

    Parameters
    ----------
    path
        XLSX file.

    Returns
    -------
    dict
        Name of the sheet -> rows. The first row that is not empty has the column names.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    DataError
        If the file is no workbook.
    """
    tables = {}
    for title, rows in sheets_of(path).items():
        filled = [n for n, row in enumerate(rows) if any(v is not None and v != "" for v in row)]
        if len(filled) > 1:
            place = f"{Path(path).name}, sheet {title}"
            above = titles_above([rows[n] for n in filled[:SEARCHED]])
            made = _sheet(place, [rows[n] for n in filled[above:]])
            made = made if filled[-1] + 1 == len(filled) else with_gaps(made)
            tables[title] = below_titles(made, place, [rows[n] for n in filled[:above]])
    for title, cells in _without_values(Path(path)).items():
        if title in tables:
            hold = "cell holds a formula" if cells == 1 else "cells hold formulas"
            note = (
                f"{cells:,} {hold} without values, read as empty; open and save the file in Excel"
            )
            tables[title] = with_note(tables[title], note)
    return tables


def sheets_of(
    path: str | os.PathLike[str], most: int | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the sheets of a workbook as they are.

    Parameters
    ----------
    path
        XLSX file.
    most
        How many rows of each sheet at most; None for all.

    Returns
    -------
    dict
        Name of the sheet -> rows.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    DataError
        If the file is no workbook, or holds so much that it would fill the memory.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError.of("openpyxl", "xlsx", "Reading XLSX files") from None
    refuse_bomb(path)
    try:
        with Path(path).open("rb") as stream:  # openpyxl leaves a file open that it cannot read
            workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            return {
                sheet.title: list(_bounded(sheet, Path(path).name, most))
                for sheet in workbook.worksheets
            }
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{Path(path).name} is not a readable XLSX file: {error}") from error


def _bounded(sheet: Any, file: str, most: int | None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a sheet, however large it claims to be."""
    # What a sheet says of its size would pad each row to it, a million empty ones as well.
    sheet.reset_dimensions()
    cells = 0
    for row in sheet.iter_rows(max_row=most, values_only=True):
        cells += len(row) + 1
        if cells > _CELLS:
            msg = f"{file}, sheet {sheet.title} holds more than {_CELLS:,} cells. Save it as CSV or Parquet."
            raise DataError(msg)
        yield row


def _without_values(path: Path) -> dict[str, int]:
    """Cells by sheet that hold a formula that no program has computed yet."""
    import zipfile

    with zipfile.ZipFile(path) as parts:
        # Reading a workbook twice takes time, and few exports hold formulas.
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"</f>" in parts.read(name) for name in sheets):
            return {}
    import openpyxl

    values = openpyxl.load_workbook(path, read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(path, read_only=True)
    for sheet in (*values.worksheets, *formulas.worksheets):
        sheet.reset_dimensions()
    try:
        found = {
            sheet.title: sum(
                cell.data_type == "f" and value is None
                for cells, row in zip(
                    sheet.iter_rows(), values[sheet.title].iter_rows(values_only=True), strict=False
                )
                for cell, value in zip(cells, row, strict=False)
            )
            for sheet in formulas.worksheets
        }
    finally:
        values.close()
        formulas.close()
    return {title: cells for title, cells in found.items() if cells}


def _sheet(place: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    header, *body = rows
    width = max((n + 1 for n, name in enumerate(header) if name is not None), default=0)
    names = [_title(name) for name in header[:width]]
    if "" in names:
        raise DataError(f"{place}: column {names.index('') + 1} has no name in the first row.")
    beyond = sum(any(value is not None for value in row[width:]) for row in body)
    if beyond:
        raise DataError(
            f"{place}: {counted(beyond, 'row')} {agreeing(beyond, 'has', 'have')} values right of the last column "
            "name. The first row must be the header, with the column names: remove rows before it."
        )
    columns = [[row[n] if n < len(row) else None for row in body] for n in range(width)]
    return pa.Table.from_arrays([_cells(column) for column in columns], names=names)


def header_of(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the row of the first ones of a sheet that has the names of its columns.

    Examples
    --------
    >>> header_of([("Acme",), (), ("id", "start", "amount"), (1, 2, 3)])
    ('id', 'start', 'amount')
    """
    some = [row for row in rows if _filled(row)]
    return some[titles_above(some)] if some else ()


def _filled(row: tuple[Any, ...]) -> list[Any]:
    return [value for value in row if value is not None and value != ""]


def titles_above(rows: list[tuple[Any, ...]]) -> int:
    """Return how many rows stand above the header: of one or two cells each, and below them a row of more names."""
    wide = [len(_filled(row)) for row in rows]
    at = next((n for n, cells in enumerate(wide) if cells > _TITLE), 0)
    if not at or at + 1 == len(rows) or wide[at] < wide[at + 1]:
        return 0
    names = _filled(rows[at])
    texts = all(isinstance(name, str) for name in names) and len({*names}) == len(names)
    return at if texts and rows[at][: wide[at]].count(None) == 0 else 0


def below_titles(table: pa.Table, place: str, above: list[tuple[Any, ...]]) -> pa.Table:
    """Return a sheet with a word on the titles above its header, and with the currency that they name."""
    if not above:
        return table
    titles = [str(value) for row in above for value in _filled(row)]
    code = currency_of_titles(place, titles, [])
    if code and not any(fold(name) in _CURRENCY for name in table.column_names):
        table = table.append_column("currency", pa.repeat(pa.scalar(code), table.num_rows))
    many = counted(len(above), "row")
    says = f", which say that amounts are in {code}" if code else ""
    return with_note(with_gaps(table), f"{many} above the header left aside ({titles[0]!r}){says}")


def _title(name: Any) -> str:
    if isinstance(name, dt.datetime):
        return name.date().isoformat()
    return "" if name is None else str(name).strip()


def _cells(column: list[Any]) -> pa.Array:
    values = [None if value == "" else value for value in column]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {dt.datetime, dt.date} or kinds <= {int, float} or len(kinds) == 1:
        return pa.array(values)
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.date) else str(value)
