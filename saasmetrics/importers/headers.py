"""The names of the columns of a file, without reading its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.files import csv_header
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.workbooks import sheets_of

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
            firsts = [next(iter(rows), ()) for rows in sheets_of(file, 1).values()]
            found = [[str(value) for value in row if value is not None] for row in firsts]
        else:
            found = [csv_header(file, code)]
    except (DataError, OSError, ValueError):
        return []  # whoever reads the file says what is wrong with it
    return [[snake_case(column) for column in columns] for columns in found]
