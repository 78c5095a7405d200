"""The names of the columns of a file, without reading its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.files import csv_header
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.workbooks import refuse_bomb

if TYPE_CHECKING:
    from pathlib import Path


def headers(file: Path, code: str | None = None) -> list[list[str]]:
    """Return the names of the columns of each sheet of a file, in snake case; none for a file that cannot be read."""
    name = file.name.removesuffix(".gz").lower()
    try:
        if name.endswith((".parquet", ".pq")):
            import pyarrow.parquet as pq

            found = [pq.read_schema(file).names]
        elif name.endswith((".xlsx", ".xlsm")):
            found = _sheets(file)
        else:
            found = [csv_header(file, code)]
    except (DataError, OSError, ValueError):
        return []  # whoever reads the file says what is wrong with it
    return [[snake_case(column) for column in columns] for columns in found]


def _sheets(file: Path) -> list[list[str]]:
    import openpyxl

    refuse_bomb(file)
    try:
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:
        raise DataError(f"{file.name} is not a readable XLSX file: {error}") from error
    try:
        rows = [next(sheet.iter_rows(values_only=True), ()) for sheet in workbook.worksheets]
    finally:
        workbook.close()
    return [[str(value) for value in row if value is not None] for row in rows]
