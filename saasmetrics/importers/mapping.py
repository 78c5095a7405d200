"""What the user says of files that no system is known for: which table they are, and which column is which.

The file `mapping.toml` stands beside the exports. Where it is not there, `template` makes one to fill in.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError
from saasmetrics.tables.names import match_columns
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from saasmetrics.importers.files import File

NAME = "mapping.toml"


def read_mapping(folder: Path) -> dict[str, dict[str, Any]]:
    """Return file -> {"table", "columns"} as the user says; empty where there is no mapping.

    Raises
    ------
    DataError
        If the file is no TOML, or names a table or column that does not exist.
    """
    place = folder / NAME
    if not place.is_file():
        return {}
    try:
        said = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{NAME} is not readable: {error}.") from error
    out = {}
    for file, entry in said.items():
        table, named = _entry(file, entry)
        if not table:
            continue
        one_of(f"table of {file}", table, SCHEMA)
        columns = {old: new for old, new in named.items() if new}
        for new in columns.values():
            if not isinstance(new, str):
                raise DataError(f"{NAME}: columns of {file} are names in quotes, not {new!r}.")
        out[file] = {"table": table, "columns": columns}
    return out


def _entry(file: str, entry: Any) -> tuple[str, dict[str, Any]]:
    """Return table and columns of a file; refuse what says anything else."""
    if not isinstance(entry, dict):
        raise DataError(
            f'{NAME}: {file} is no file. Write ["name of the file"] and below it table = "...".'
        )
    for word in entry:
        if word not in ("table", "columns") and isinstance(entry[word], dict):
            msg = (
                f'{NAME}: the name of a file is in quotes: ["{file}.{word}"], not [{file}.{word}].'
            )
            raise DataError(msg)
        one_of(f"word of {file} in {NAME}", word, ("table", "columns"))
    table, columns = entry.get("table", ""), entry.get("columns", {})
    if not isinstance(table, str):
        raise DataError(f"{NAME}: the table of {file} is a name in quotes, not {table!r}.")
    if not isinstance(columns, dict):
        raise DataError(
            f'{NAME}: columns of {file} are lines below ["{file}".columns], not {columns!r}.'
        )
    if "table" not in entry:
        raise DataError(
            f'{NAME} does not say which table {file} is. Add table = "..." below ["{file}"].'
        )
    return table, columns


def mapped(file: File, entry: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of a file under the names that the user gives its columns.

    Raises
    ------
    DataError
        If the mapping names a column that the file does not have.
    """
    lost = [name for name in entry["columns"] if name not in file.columns]
    if lost:
        has = ", ".join(file.columns)
        msg = (
            f"{NAME} names the column {lost[0]!r}, which {file.label} does not have. It has {has}."
        )
        raise DataError(msg)
    frame: pd.DataFrame = file.data.to_pandas().rename(columns=entry["columns"])
    return frame


def template(files: Sequence[File]) -> str:
    """Return a mapping to fill in: each file with its columns, and what they may be of the likeliest table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from saasmetrics.importers.files import File
    >>> print(template([File("deals.csv", pa.table({"kunde": ["a"], "start": ["2026-01-01"]}))]).splitlines()[3])
    ["deals.csv"]
    """
    lines = [
        "# Which table each file is, and which of its columns is which. Tables and columns: saasmetrics schema.",
        '# An empty table leaves the file out; an empty column keeps its name and can be used in by="...".',
        "",
    ]
    for file in files:
        table, guesses = likeliest(file.columns)
        perhaps = f"  # perhaps {_quoted(table)}" if table else ""
        lines += [f"[{_quoted(file.label)}]", f'table = ""{perhaps}', ""]
        lines.append(f"[{_quoted(file.label)}.columns]")
        for name in file.columns:
            guess = guesses.get(name, "")
            lines.append(
                f'{_quoted(name)} = ""' + (f"  # perhaps {_quoted(guess)}" if guess else "")
            )
        lines.append("")
    return "\n".join(lines)


def as_text(said: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what is said of files as the file `mapping.toml` says it.

    Examples
    --------
    >>> print(as_text({"kosten.csv": {"table": "spend", "columns": {"betrag": "amount"}}}))
    ["kosten.csv"]
    table = "spend"
    <BLANKLINE>
    ["kosten.csv".columns]
    "betrag" = "amount"
    <BLANKLINE>
    """
    lines = []
    for file, entry in said.items():
        lines += [f"[{_quoted(file)}]", f"table = {_quoted(entry['table'])}", ""]
        lines.append(f"[{_quoted(file)}.columns]")
        lines += [f"{_quoted(old)} = {_quoted(new)}" for old, new in entry["columns"].items()]
        lines.append("")
    return "\n".join(lines)


def likely_columns(table: str, columns: Sequence[str]) -> dict[str, str]:
    """Return column -> field of a table, for the columns whose names say which field they are.

    Examples
    --------
    >>> likely_columns("spend", ["month", "amount", "wer"])
    {'month': 'month', 'amount': 'amount'}
    """
    found = match_columns(SCHEMA[table], columns).known
    return {old: new for new, (old, _) in found.items()}


def likeliest(columns: list[str]) -> tuple[str, dict[str, str]]:
    """Return the table whose required columns are all there, with column -> name; "" where there is none."""
    best: tuple[str, dict[str, str]] = ("", {})
    for name, schema in SCHEMA.items():
        known = likely_columns(name, columns)
        if set(schema.required) <= set(known.values()) and len(known) > len(best[1]):
            best = (name, known)
    return best


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
