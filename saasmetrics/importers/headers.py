"""The names of the columns of a file, without reading its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.files import csv_header
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.workbooks import SEARCHED, header_of, sheets_of

if TYPE_CHECKING:
    from pathlib import Path


def headers(file: Path, code: str | None = None) -> dict[str, list[str]]:
    """Return the names of the columns of a file or each of its sheets, in snake case; none where it cannot be read."""
    name = file.name.removesuffix(".gz").lower()
    try:
        if name.endswith((".parquet", ".pq")):
            import pyarrow.parquet as pq

            found = {file.name: pq.read_schema(file).names}
        elif name.endswith((".xlsx", ".xlsm")):
            firsts = {title: header_of(rows) for title, rows in sheets_of(file, SEARCHED).items()}
            found = {
                f"{file.name}: {title}": [str(value) for value in row if value is not None]
                for title, row in firsts.items()
            }
        else:
            found = {file.name: csv_header(file, code)}
    except (DataError, OSError, ValueError):
        return {}  # whoever reads the file says what is wrong with it
    return {label: [snake_case(column) for column in columns] for label, columns in found.items()}
