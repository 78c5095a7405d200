"""CSV, Parquet and XLSX files as Arrow tables, before anything is interpreted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError
from saasmetrics.tables.arrays import one_chunk
from saasmetrics.tables.encoded import encoded
from saasmetrics.tables.encodings import encoding_of, first_lines
from saasmetrics.tables.lazy import assembled, lazily
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.separators import SEMICOLON, ambiguous, with_note
from saasmetrics.tables.steady import unchanged, written_meanwhile
from saasmetrics.tables.texts import NUMBERED
from saasmetrics.tables.workbooks import SEARCHED, below_titles, read_sheets, titles_above

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = [
    "SUFFIXES",
    "csv_header",
    "infer",
    "looks_like_data",
    "read_file",
    "read_parquet",
    "typed",
    "why_unreadable",
]

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".xlsx", ".xlsm")
"""Suffixes of files that can be read, also with .gz for text."""

_INSTEAD = {
    ".zip": "Unpack it.",
    ".7z": "Unpack it.",
    ".rar": "Unpack it.",
    ".tar": "Unpack it.",
    ".xls": "Open it and save it as XLSX or CSV.",
    ".xlsb": "Open it and save it as XLSX or CSV.",
    ".ods": "Open it and save it as XLSX or CSV.",
    ".numbers": "Export it as XLSX or CSV.",
}
_LARGE = 2**32  # bytes of values of a Parquet file
_DENSE = 2_000  # times its size from which it is made to harm
_ROW = 2**23  # bytes that a row may take
_DELIMITERS = (",", ";", "\t", "|")
_MISSING = ["", "NULL", "null", "NaN", "nan", "#N/A"]
_WHOLE = r"^-?(0|[1-9]\d{0,17})$"
_DECIMAL = r"^-?(0|[1-9]\d*)?\.\d+$"


def read_file(path: str | os.PathLike[str], code: str | None = None) -> pa.Table:
    """Rows of one file; of a workbook with several sheets, the only one that has rows.

    Parameters
    ----------
    path
        CSV, Parquet or XLSX file.
    code
        Encoding of text, where it is told.

    Returns
    -------
    pyarrow.Table
        CSV columns are text, unless all of a column are numbers that text would not change.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(why_unreadable(file))
    with unchanged(file):
        return _rows(file, code)


def _rows(file: Path, code: str | None) -> pa.Table:
    suffix = file.with_suffix("").suffix if file.suffix == ".gz" else file.suffix
    if suffix.lower() in (".parquet", ".pq"):
        return read_parquet(file)[0]
    if suffix.lower() in (".xlsx", ".xlsm"):
        sheets = read_sheets(file)
        if len(sheets) != 1:
            raise DataError(
                f"{file.name} has {len(sheets)} sheets with rows: {', '.join(sheets)}. Keep one."
            )
        return next(iter(sheets.values()))
    if suffix.lower() in (".csv", ".tsv", ".txt"):
        return _csv(file, code)
    raise DataError(why_unreadable(file))


def why_unreadable(file: Path) -> str:
    """Why a place cannot be read as a table, and what to do.

    Parameters
    ----------
    file
        What is no file, or one of another kind.

    Returns
    -------
    str
        One or two sentences that name it.

    Examples
    --------
    >>> why_unreadable(Path("nowhere/mrr.csv"))
    "There is no file 'nowhere/mrr.csv'."
    """
    if file.is_symlink() and not file.exists():
        return f"{file.name} is a link to a file that does not exist. Replace it by the file."
    if file.is_dir():
        return f"{file.name} is a folder. Move the file that it holds out of it, or rename it."
    if not file.exists():
        return f"There is no file {str(file)!r}."
    if not file.is_file():
        return f"{file.name} is a device or pipe, not a file. Write its content to a file."
    remedy = _INSTEAD.get(file.suffix.lower(), "Save it as CSV.")
    return f"{file.name} is neither CSV, Parquet nor XLSX. {remedy}"


def read_parquet(
    file: Path,
    columns: list[str] | None = None,
    since: Any = None,
    texts: Sequence[str] = (),
) -> tuple[pa.Table, Any]:
    """Return the rows of a Parquet file, and what it says of itself.

    Parameters
    ----------
    file
        The file.
    columns
        Which columns; by default all.
    since
        What it said of itself when other columns were read.
    texts
        Which columns of text come numbered, each different text once.

    Raises
    ------
    DataError
        If it cannot be read, or is another file than it was.
    """
    import pyarrow.parquet as pq

    try:
        # pq.read_table would import pandas.
        said = pq.read_metadata(file)
        if since is not None and not since.equals(said):
            raise written_meanwhile(file, since_read=True)
        _refuse_repeated(file, said)
        with pq.ParquetFile(file, metadata=said, read_dictionary=[*texts]) as parquet:
            return parquet.read(columns=columns), said
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{file.name} is not a readable Parquet file: {error}") from error


def _refuse_repeated(file: Path, metadata: Any) -> None:
    """Refuse a file of few bytes that repeat a value billions of times."""
    size = metadata.num_rows * metadata.num_columns * 8
    if size > _LARGE and size > _DENSE * file.stat().st_size:
        raise DataError(
            f"{file.name} has {metadata.num_rows:,} rows in {file.stat().st_size:,} bytes, which would fill the "
            "memory. Leave out the columns that repeat one value."
        )


def _csv(file: Path, code: str | None) -> pa.Table:
    from pyarrow import csv

    encoding = encoding_of(file, code)
    delimiter, names, titles = _header(file, encoding.name)
    try:
        table = csv.read_csv(
            file,
            read_options=csv.ReadOptions(
                encoding=encoding.name, block_size=_ROW, skip_rows=len(titles)
            ),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                # Guessing would turn the id 00123 into 123.
                column_types=dict.fromkeys(names, pa.string()),
                null_values=_MISSING,
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{file.name} is not a readable CSV file: {_advice(str(error))}") from error
    table = table.replace_schema_metadata(SEMICOLON) if delimiter == ";" else table
    table = with_note(table, encoding.said) if encoding.said else table
    return below_titles(table, file.name, [row for row in titles if any(row)])


def looks_like_data(file: Path) -> bool:
    """Whether a place has the name of a file of data, of kinds that can be read or not.

    Parameters
    ----------
    file
        Any place.

    Returns
    -------
    bool
        Whether its suffix says so.

    Examples
    --------
    >>> looks_like_data(Path("mrr.xls")), looks_like_data(Path("notes.md"))
    (True, False)
    """
    name = file.name.removesuffix(".gz").lower()
    return not name.startswith((".", "~$")) and name.endswith((*SUFFIXES, *_INSTEAD))


def _advice(message: str) -> str:
    if "Expected" in message and "columns" in message:
        return (
            f"{message}. A value that holds the separator needs quotes around it, and the first "
            "line must be the header, with the column names: remove lines before it."
        )
    return message


def csv_header(file: Path, code: str | None = None) -> list[str]:
    """Return the names of the columns of a CSV file, whose encoding may be told."""
    return _header(file, encoding_of(file, code).name)[1]


def _header(file: Path, encoding: str) -> tuple[str, list[str], list[tuple[str | None, ...]]]:
    """Return the sign that parts columns, their names, and the lines of titles that stand above these."""
    lines = first_lines(file, encoding, SEARCHED)
    line, second = lines[:2]
    if not line.strip():
        raise DataError(
            f"{file.name} is empty, or its first line is: it must hold the column names."
        )
    if "\r" in line.rstrip("\r\n"):
        raise DataError(
            f"{file.name} has lines that end with a carriage return alone, as on an old Mac. "
            "Save it as CSV UTF-8, with the usual line ends."
        )
    delimiter = max(_DELIMITERS, key=lambda sign: len(_fields(file, line, sign)))
    names = _fields(file, line, delimiter)
    if sum(bool(name.strip()) for name in names) != 1:
        return delimiter, names, []
    if (found := _below_titles(file, lines)) is not None:
        return found
    widest = max(len(_fields(file, second, known)) for known in _DELIMITERS)
    if max(len(names), widest) > 1:
        raise DataError(
            f"{file.name}: the first line must be the header, with the column names, not "
            f"{names[0] or line.strip()!r}. Remove the lines before it."
        )
    return delimiter, names, []


def _below_titles(
    file: Path, lines: Sequence[str]
) -> tuple[str, list[str], list[tuple[str | None, ...]]] | None:
    """Return the header below lines of titles as `_header` does; None where there is none."""
    sign = max(_DELIMITERS, key=lambda one: max(len(_fields(file, line, one)) for line in lines))
    rows = [tuple(name or None for name in _fields(file, line, sign)) for line in lines]
    filled = [place for place, row in enumerate(rows) if any(row)]
    above = titles_above([rows[place] for place in filled])
    if not above:
        return None
    at = filled[above]
    return sign, _fields(file, lines[at], sign), rows[:at]


def _fields(file: Path, line: str, delimiter: str) -> list[str]:
    import csv

    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise DataError(
            f"{file.name} is not a readable CSV file: {error}. Save it as CSV UTF-8."
        ) from error


def typed(name: str, data: pa.Table, semicolon: bool) -> pa.Table:
    """Return a table with extra columns of text as numbers, dates or yes/no where they are; 1.200 may be 1200."""
    known = SCHEMA[name].columns

    def plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
        return values if semicolon and ambiguous(values) is not None else infer(values)

    columns = {n: lazily(data, n, None if n in known else plain) for n in data.column_names}
    return assembled(columns, data.num_rows)


def infer(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as numbers or booleans, where writing them back would give the same text.

    Parameters
    ----------
    values
        Text.

    Returns
    -------
    pyarrow.ChunkedArray
        int64, float64, bool, date32, or the text as it is.
    """
    if values.type == NUMBERED:
        used, code = encoded(one_chunk(values))
        made = infer(pa.chunked_array([used]))
        return values if pa.types.is_string(made.type) else made.take(pa.array(code, mask=code < 0))
    if not pa.types.is_string(values.type) or values.null_count == len(values):
        return values
    first = values[pc.index(values.is_valid(), True).as_py()].as_py()
    if first.lower() in ("true", "false"):
        lower = pc.utf8_lower(values)
        if pc.all(
            pc.is_in(lower, value_set=pa.array(["true", "false"])).filter(values.is_valid())
        ).as_py():
            return lower.cast(pa.bool_())
    whole = pc.match_substring_regex(values, _WHOLE)
    if pc.all(whole).as_py():
        return values.cast(pa.int64())
    if pc.all(pc.or_(whole, pc.match_substring_regex(values, _DECIMAL))).as_py():
        return values.cast(pa.float64())
    try:
        return values.cast(pa.date32())
    except pa.ArrowInvalid:
        return values
