"""A folder of exports of one or several systems, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.fields import UnreadableError, reading
from saasmetrics.importers.files import (
    File,
    Found,
    files_of,
    is_there,
    likest,
    parts,
    read_files,
    recognize,
)
from saasmetrics.importers.headers import headers
from saasmetrics.importers.identity import known_customers, with_accounts
from saasmetrics.importers.imported import Imported
from saasmetrics.importers.kinds import as_said, name_of
from saasmetrics.importers.mapping import WAYS, Given, checked, mapped, over, own_ways, read_mapping
from saasmetrics.importers.nearest import StrangersError
from saasmetrics.importers.once import Once
from saasmetrics.importers.sheets import Sheets, is_known, read_sheets, titled
from saasmetrics.importers.systems import IMPORTERS
from saasmetrics.importers.targets import NAME, whole
from saasmetrics.money import counted
from saasmetrics.tables.told import Told

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from saasmetrics.importers.layout import Importer, LeftOut, Parts

_IDS, _ACCOUNTS = (
    ("id", "customer_id"),
    ("account", "function"),
)  # what the user says beside the exports


def is_raw(path: Path, code: str | None = None, without: Collection[Path] = ()) -> bool:
    """Whether a folder or file holds a raw export of a system that is known; only the headers are read.

    Parameters
    ----------
    path, code
        The folder or file, and the encoding of text, where it is told.
    without
        Files that are known to be none.
    """
    files = [file for file in files_of(path) if file not in without]
    if path.is_dir() and read_mapping(path).files:
        return True
    named = [one for file in files for one in headers(file, code).items()]
    if any(is_there(importer, named) for importer in IMPORTERS.values()):
        return True
    return any(is_known(file, code) for file in titled(files, code))


def import_folder(
    path: str | Path,
    only: str | None = None,
    *,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    mapping: Mapping[str, Mapping[str, Any]] | None = None,
    once: Once | None = None,
) -> Imported:
    """Read the exports of one or several systems and make tables of them.

    Parameters
    ----------
    path
        Folder of CSV, Parquet or XLSX files, or one file.
    only
        Id of the one system that the files are of; by default systems are recognized by their columns.
    dayfirst, decimal, encoding
        As for `saasmetrics.read`, where the files do not tell; by default what `mapping.toml` says.
    mapping
        What is said of files: file -> {"table", "columns"} or {"export", "columns"}, and {"table": ""} for one that is
        left out; by default what `mapping.toml` beside them says.
    once
        What was read before, for who imports the same files several times.

    Returns
    -------
    Imported
        Tables for `Book(**imported.tables)`, with what each column became and what was left out.

    Raises
    ------
    DataError
        If no file is recognized, or two systems give the same table.
    """
    given = _given_for(Path(path), mapping)
    how, once = over(Told(dayfirst, decimal, encoding), given.told), once or Once()
    importers = [IMPORTERS[only]] if only else list(IMPORTERS.values())
    files, with_titles = _files(Path(path), given.files, how, once, titles=only is None)
    tables = [file for file in files if given.files.get(file.label, {}).get("table")]
    files = [file for file in files if file not in tables]
    exports = [
        as_said(file, given.files[file.label]) for file in files if file.label in given.files
    ]
    exports = [one for one in exports if one.importer in importers]
    found = recognize(files, importers, exports)
    sheets = read_sheets(with_titles, _said(files, "accounts", _ACCOUNTS), how, once)
    if not (found or sheets.tables or tables):
        raise StrangersError(str(path), files, importers)
    made = Made(dict(sheets.tables), dict.fromkeys(sheets.tables, "The sheet"))
    for importer in {one.importer.id: one.importer for one in found}.values():
        own = [one for one in found if one.importer is importer]
        labels = [one.file.label for one in own]
        made.take(importer, parts(importer, own), own_ways(labels, given.files, how))
    for file in tables:
        made.take_table(file, given.files[file.label], how)
        if mapping is None:  # who asks step by step shows what is still needed
            table = given.files[file.label]["table"]
            whole(file.label, table, list(made.tables[table].columns))
    made.notes += [*_ways(given.told), *_differently(exports)]
    made.notes += [
        f"{label} is left out, as {NAME} says" for label in given.files if _is_out(given, label)
    ]
    return _imported(made, sheets, found, files)


def _given_for(path: Path, mapping: Mapping[str, Mapping[str, Any]] | None) -> Given:
    """Return what is said of files: by who asks, else in the file beside them."""
    if mapping is not None:
        return Given({file: checked(file, entry) for file, entry in mapping.items()})
    return read_mapping(path) if path.is_dir() else Given()


def _is_out(given: Given, label: str) -> bool:
    return given.files.get(label, {}).get("table") == ""


def _files(
    path: Path, said: Mapping[str, Mapping[str, Any]], how: Told, once: Once, *, titles: bool
) -> tuple[list[File], list[Path]]:
    """Return the files that are not left out, and those of them that have titles and are read as sheets for people."""
    places = files_of(path)
    out = {label for label in said if said[label].get("table") == ""}
    rest = [file for file in places if not any(_is_of(label, file) for label in said)]
    with_titles = titled(rest, how.encoding, once) if titles else []
    without = {file.name for file in with_titles} | {f.name for f in places if f.name in out}
    files = read_files(path, without, how.encoding, once)
    labels = [file.label for file in files]
    if lost := sorted(set(said) - {*labels, *without}):
        names = ", ".join(labels or [file.name for file in places])
        raise DataError(
            f"{NAME} names {lost[0]!r}, which is not in the folder. It has {names}. Correct the name there, or delete "
            "the lines of that file."
        )
    if len(without) == len(places) and not with_titles:
        first = min(out)
        raise DataError(
            f'{NAME} leaves out every file. Say there what at least one of them is: below ["{first}"] change '
            'table = "" to the table that it is, or delete these lines, so that it is recognized by its columns.'
        )
    return [file for file in files if file.label not in out], with_titles


def _is_of(label: str, file: Path) -> bool:
    return label == file.name or label.startswith(f"{file.name}: ")


def _ways(told: Told) -> list[str]:
    said = [f"{name} = {way!r}" for name in WAYS if (way := getattr(told, name)) is not None]
    return (
        [f"read with {', '.join(said)}, as {NAME} says, where nothing else is told"] if said else []
    )


def _differently(said: Sequence[Found]) -> list[str]:
    """Return in words which files the user says to be something else than they look like."""
    everyone = list(IMPORTERS.values())
    looks = [(one, likest(one.file, everyone)) for one in said]
    return [
        f"{one.file.label} is {name_of(one.importer, one.layout)}, as {NAME} says"
        for one, look in looks
        if look is None or (look.layout.kind, look.fields) != (one.layout.kind, one.fields)
    ]


def _imported(
    made: Made, sheets: Sheets, found: Sequence[Found], files: Sequence[File]
) -> Imported:
    """Return what was made, with what each file and column became."""
    tables, said = _of_customers(made.tables, made.of, _said(files, "customer_ids", _IDS))
    told_of = (("customer_ids", _IDS), ("accounts", _ACCOUNTS))
    known = {one.file.label for one in found}
    known |= {file.label for file in files for name, cols in told_of if _given(file, name, cols)}
    rows = (
        *_columns(found),
        *((kind, label, "sheet", "", "") for label, kind in sheets.files.items()),
    )
    return Imported(
        tables,
        pd.DataFrame(rows, columns=["system", "file", "kind", "column", "field"]),
        (*made.left_out, *sheets.left_out),
        (*made.notes, *sheets.notes, *said),
        tuple(file for file in files if file.label not in known),
        made.places,
        {one.file.label: name_of(one.importer, one.layout) for one in found},
    )


@dataclass
class Made:
    """The tables of several systems, each with the system that gave it."""

    tables: dict[str, pd.DataFrame]
    of: dict[str, str]
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, frame: pd.DataFrame, giver: str) -> None:
        """Add a table; refuse one that another system or file has given."""
        if name in self.tables:
            both = f"{self.of[name]} and {giver}"
            msg = f"{both} both give the table {name}. Import them apart, or leave one out."
            raise DataError(msg)
        self.tables[name], self.of[name] = frame.reset_index(drop=True), giver

    def take_table(self, file: File, entry: Mapping[str, Any], told: Told) -> None:
        """Add a file that is a table, as the user says."""
        frame, notes = mapped(file, entry, told)
        self.add(entry["table"], frame, file.label)
        self.notes += [f"{file.label} is {entry['table']}, as {NAME} says", *notes]

    def take(self, importer: Importer, files: Parts, told: Told) -> None:
        """Add the tables of a system; refuse one that another has given."""
        try:
            with reading(told, semicolon=files.semicolon, dayfirst=files.dayfirst):
                tables = importer.build(files)
        except UnreadableError as error:
            raise files.placed(error) from error
        for name, frame in tables.items():
            self.add(name, frame, importer.title)
            self.places[name] = files.places()
            if "currency" in frame and 0 < (without := int(frame["currency"].isna().sum())) < len(
                frame
            ):
                files.notes.append(
                    f"{counted(without, 'row')} of {name} of {importer.title} without a currency, where others have one"
                )
        self.left_out += files.left_out
        self.notes += files.notes


def _of_customers(
    tables: dict[str, pd.DataFrame], of: dict[str, str], ids: dict[str, str]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return tables of systems that do not bill with the customer ids of billing, and customers with their accounts."""
    out, said = dict(tables), []
    theirs: dict[str, str] = {}
    # Accounts first: what belongs to an account belongs to its customer.
    for name, frame in sorted(tables.items(), key=lambda item: item[0] != "accounts"):
        if "company" not in frame:
            continue
        # Ids of accounts are those of their own system; another may have the same ones by chance.
        told = {**theirs, **ids} if of[name] == of.get("accounts") else ids
        who, words = known_customers(frame, tables.get("customers"), told, of[name])
        out[name] = frame.assign(customer_id=who)
        if name == "accounts":
            theirs = dict(zip(frame["customer_id"], who, strict=True))
        said.append(words)
    accounts = out.pop("accounts", None)
    if accounts is not None:
        out["customers"] = with_accounts(tables.get("customers"), accounts)
    for name in set(out) & set(of) - {"customers"}:
        out[name] = out[name].drop(columns=["email", "company"], errors="ignore")
    return out, said


def _given(file: File, name: str, columns: tuple[str, str]) -> bool:
    """Whether a file is what the user says beside the exports; accounts.csv may be an export as well."""
    if file.label.lower() != f"{name}.csv":
        return False
    fits = set(columns) <= set(file.columns)
    if not fits and name == "customer_ids":
        has = ", ".join(file.columns)
        raise DataError(
            f"{file.label} has the columns {has}. It needs {columns[0]} and {columns[1]}."
        )
    return fits


def _said(files: Sequence[File], name: str, columns: tuple[str, str]) -> dict[str, str]:
    """Return what the user says in a file beside the exports, such as customer_ids.csv."""
    key, value = columns
    for file in files:
        if _given(file, name, columns):
            frame = file.data.select([key, value]).to_pandas().dropna().drop_duplicates()
            if len(twice := frame.loc[frame[key].duplicated(), key]):
                msg = f"{file.label}: the {key} {twice.iloc[0]!r} has several of {value}. Keep one."
                raise DataError(msg)
            return dict(zip(frame[key], frame[value], strict=True))
    return {}


def _columns(found: Sequence[Found]) -> list[tuple[str, ...]]:
    """Return system, file, kind, column and field of each column of the files that are known."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        became = {column: name for name, column in one.fields.items()}
        head = (one.importer.title, one.file.label, one.layout.kind)
        rows += [(*head, column, became.get(column, "")) for column in one.file.columns]
    return rows
