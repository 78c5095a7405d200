"""What the user says of files: which table or kind of export each is, which column is which, and how they are read.

The file `mapping.toml` stands beside the exports. Where it is not there, `template` makes one to fill in.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.importers.dated import with_dates
from saasmetrics.importers.kinds import kinds
from saasmetrics.importers.targets import NAME, known_target
from saasmetrics.tables.names import match_columns, with_currencies
from saasmetrics.tables.read import table_of_stem
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.separators import ambiguous_amounts, of_file, with_names
from saasmetrics.tables.told import NOTHING, Told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from saasmetrics.importers.files import File

_WAYS = {
    "dayfirst": "dayfirst = true  # 03/04/2026 is 3 April; false for 4 March; without, the files tell",
    "decimal": 'decimal = ","  # or "."; without, the columns tell',
    "encoding": 'encoding = "cp1252"  # of text; without, the files tell',
}
WAYS = tuple(_WAYS)
"""How files are read, by the names that `saasmetrics.read` gives it."""
_OWN = ("dayfirst", "decimal")  # what may be said of a single table
_WORDS = ("table", "export", "columns", *_OWN)


@dataclass(frozen=True)
class Given:
    """What the user says of a folder of exports.

    Parameters
    ----------
    files
        File -> {"table", "columns"} or {"export", "columns"}; a file whose table is "" is left out, and one whose lines
        were not filled in is not there. A table may have its own dayfirst and decimal, and so may the exports of a
        system.
    told
        How the files are read: dayfirst, decimal and encoding.
    """

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: Told = NOTHING


def read_mapping(folder: Path) -> Given:
    """Return what the user says of the files of a folder; nothing where there is no mapping.

    Raises
    ------
    DataError
        If the file is no TOML, or names a table, export or column that does not exist.
    """
    place = folder / NAME
    if not place.is_file():
        return Given()
    try:
        said = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{NAME} is not readable: {error}.") from error
    ways = {name: said.pop(name) for name in WAYS if name in said}
    entries = {file: _entry(file, entry) for file, entry in said.items()}
    files = {file: checked(file, entry) for file, entry in entries.items() if not _is_open(entry)}
    return Given(files, _told(ways))


def _is_open(entry: Mapping[str, Any]) -> bool:
    """Whether nothing is said of a file: the lines that `template` wrote for it were not filled in."""
    columns = entry.get("columns", {})
    said = entry.get("export") or entry["table"]
    return not said and bool(columns) and not any(columns.values())


def over(told: Told, given: Told) -> Told:
    """Return what is told, and what the mapping says where nothing is.

    Examples
    --------
    >>> over(Told(decimal="."), Told(decimal=",", dayfirst=True))
    Told(dayfirst=True, decimal='.', encoding=None, columns={})
    """
    if given == NOTHING:
        return told
    ways = {name: getattr(told, name) for name in WAYS}
    return replace(
        told, **{name: getattr(given, name) if way is None else way for name, way in ways.items()}
    )


def own_ways(labels: Sequence[str], said: Mapping[str, Mapping[str, Any]], told: Told) -> Told:
    """Return how some files are read: as is said of them, else as all are.

    Parameters
    ----------
    labels
        The files, which are read together.
    said
        What is said of files.
    told
        How all are read.

    Raises
    ------
    DataError
        If two of them are to be read differently.

    Examples
    --------
    >>> own_ways(["a.csv"], {"a.csv": {"table": "spend", "decimal": ","}}, Told(dayfirst=True))
    Told(dayfirst=True, decimal=',', encoding=None, columns={})
    """
    own: dict[str, tuple[str, Any]] = {}
    for label in labels:
        for way in _OWN:
            if way not in (entry := said.get(label, {})):
                continue
            first, value = own.setdefault(way, (label, entry[way]))
            if value != entry[way]:
                both = f"{way} of {first} is {value!r} and of {label} {entry[way]!r}"
                raise DataError(
                    f"{NAME}: {both}, and both are of one system, which writes all alike. Keep one."
                )
    return over(_told({way: value for way, (_, value) in own.items()}), told)


def checked(file: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a file, if there is such a table or export, without columns of which nothing is said.

    Raises
    ------
    DataError
        If there is none, the table has no such column, or two columns are one.

    Examples
    --------
    >>> checked("kosten.csv", {"table": "spend", "columns": {"betrag": "amount", "wer": ""}})
    {'table': 'spend', 'columns': {'betrag': 'amount'}}
    """
    what = "export" if entry.get("export") else "table"
    name = entry[what]
    if what == "export":
        one_of(f"export of {file}", name, kinds())
    elif name:
        one_of(f"table of {file}", name, SCHEMA)
    columns = {old: new for old, new in entry.get("columns", {}).items() if new}
    for new in columns.values():
        if not isinstance(new, str):
            raise DataError(f"{NAME}: columns of {file} are names in quotes, not {new!r}.")
        if what == "table" and name:
            known_target(file, name, new)
    if twice := next((new for new in columns.values() if [*columns.values()].count(new) > 1), None):
        msg = f"Two columns of {file} cannot both be {twice} of {name}. Choose another for one of them."
        raise DataError(msg)
    own = {way: entry[way] for way in _OWN if way in entry}
    if own and not name:
        msg = f"{NAME}: {', '.join(own)} of {file} stands above all files, or with a table or an export."
        raise DataError(msg)
    _told(own)
    return {what: name, "columns": columns, **own}


def _told(ways: Mapping[str, Any]) -> Told:
    try:
        return Told(**ways) if ways else NOTHING
    except DataError as error:
        raise DataError(f"{NAME}: {error}") from error


def _entry(file: str, entry: Any) -> dict[str, Any]:
    """Return what is said of a file; refuse what says anything else."""
    if not isinstance(entry, dict):
        ways = ", ".join(WAYS)
        raise DataError(
            f'{NAME}: {file} is no file. Write ["name of the file"] and below it table = "...". Beside files there '
            f"are {ways}."
        )
    for word in entry:
        if word not in _WORDS and isinstance(entry[word], dict):
            msg = (
                f'{NAME}: the name of a file is in quotes: ["{file}.{word}"], not [{file}.{word}].'
            )
            raise DataError(msg)
        one_of(f"word of {file} in {NAME}", word, _WORDS)
    for word in ("table", "export"):
        if not isinstance(entry.get(word, ""), str):
            raise DataError(
                f"{NAME}: the {word} of {file} is a name in quotes, not {entry[word]!r}."
            )
    if not isinstance(columns := entry.get("columns", {}), dict):
        raise DataError(
            f'{NAME}: columns of {file} are lines below ["{file}".columns], not {columns!r}.'
        )
    said = entry.get("table") or entry.get("export")
    if not said and ("table" not in entry or any(columns.values())):
        raise DataError(
            f'{NAME} does not say which table {file} is. Add table = "..." below ["{file}"], or export = "...".'
        )
    if entry.get("table") and entry.get("export"):
        raise DataError(f"{NAME} says of {file} that it is a table and an export. Keep one.")
    return entry


def mapped(file: File, entry: Mapping[str, Any], told: Told) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of a file under the names that the user gives its columns, and how they were read.

    Raises
    ------
    DataError
        If the mapping names a column that the file does not have, or a name that another column has.
    InvalidTablesError
        If an amount may be a thousand times what it seems, a date may be two, or a value contradicts what is told.
    """
    table, columns = str(entry["table"]), file.said(entry["columns"])
    told = own_ways([file.label], {file.label: entry}, told)
    if lost := [name for name in columns if name not in file.columns]:
        has = ", ".join(file.columns)
        msg = (
            f"{NAME} names the column {lost[0]!r}, which {file.label} does not have. It has {has}."
        )
        raise DataError(msg)
    rest = [name for name in file.columns if name not in columns]
    if twice := [new for new in columns.values() if new in rest]:
        msg = f"{file.label} has a column {twice[0]} beside the one that is to be it. Say what that column is."
        raise DataError(f"{msg} Another name will do.")
    own = [file.names.get(name, name) for name in file.columns]
    data = file.data.rename_columns(own).replace_schema_metadata(file.data.schema.metadata)
    names = {old: columns.get(name, name) for old, name in zip(own, file.columns, strict=True)}
    names = with_currencies(SCHEMA[table], names)
    data, notes = told.apply(table, with_names(of_file(data, file.label), names))
    if problems := ambiguous_amounts(SCHEMA[table], data):
        raise InvalidTablesError(problems)
    return with_dates(table, data).to_pandas(), [f"{file.label}: {note}" for note in notes]


def template(
    files: Sequence[File], exports: Mapping[str, str] | None = None, told: Told = NOTHING
) -> str:
    """Return a mapping to fill in: each file with its columns, and what they may be of the likeliest table.

    Parameters
    ----------
    files
        Files that are not recognized.
    exports
        File -> kind of export, of those that are.
    told
        How they were read.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from saasmetrics.importers.files import File
    >>> text = template([File("deals.csv", pa.table({"kunde": ["a"], "start": ["2026-01-01"]}))])
    >>> text.splitlines()[-5:]
    ['table = ""', '', '["deals.csv".columns]', '"kunde" = ""', '"start" = ""']
    """
    lines = [
        "# Which table or export each file is, and which of its columns is which. saasmetrics schema lists tables.",
        '# An empty column keeps its name and can be used in by="...". A file of which nothing is filled in is looked',
        '# at anew each time; table = "" without lines of columns below it leaves the file out.',
        "",
        *(_way(name, getattr(told, name), "# ") for name in WAYS),
        "",
    ]
    for label, kind in (exports or {}).items():
        lines += [f"[{_quoted(label)}]", f"export = {_quoted(kind)}", ""]
    for file in files:
        table, guesses = likeliest(file.columns)
        named = table_of_stem(file.label.rsplit(".", 1)[0]) or ""
        perhaps = f"  # perhaps {_quoted(table)}" if table and not named else ""
        lines += [f"[{_quoted(file.label)}]", f"table = {_quoted(named)}{perhaps}", ""]
        lines.append(f"[{_quoted(file.label)}.columns]")
        for name in file.columns:
            guess = guesses.get(name, "")
            lines.append(
                f'{_quoted(name)} = ""' + (f"  # perhaps {_quoted(guess)}" if guess else "")
            )
        lines.append("")
    return "\n".join(lines)


def as_text(said: Mapping[str, Mapping[str, Any]], told: Told = NOTHING) -> str:
    """Return what is said of files, and how they are read, as the file `mapping.toml` says it.

    Examples
    --------
    >>> print(as_text({"kosten.csv": {"table": "spend", "columns": {"betrag": "amount"}}}, Told(decimal=",")))
    decimal = ","
    <BLANKLINE>
    ["kosten.csv"]
    table = "spend"
    <BLANKLINE>
    ["kosten.csv".columns]
    "betrag" = "amount"
    <BLANKLINE>
    """
    ways = [_way(name, getattr(told, name)) for name in WAYS if getattr(told, name) is not None]
    lines = [*ways, ""] if ways else []
    for file, entry in said.items():
        what = "export" if "export" in entry else "table"
        lines += [f"[{_quoted(file)}]", f"{what} = {_quoted(entry[what])}"]
        lines += [*(_way(way, entry[way]) for way in _OWN if way in entry), ""]
        if entry["columns"]:
            lines.append(f"[{_quoted(file)}.columns]")
            lines += [f"{_quoted(old)} = {_quoted(new)}" for old, new in entry["columns"].items()]
            lines.append("")
    return "\n".join(lines)


def _way(name: str, value: Any, aside: str = "") -> str:
    """Return the line of a way to read; beside it, where nothing is told, what can be."""
    if value is None:
        return f"{aside}{_WAYS[name]}"
    return f"{name} = {json.dumps(value)}"


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
