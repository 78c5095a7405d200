"""Files of exports: which system each is of, and its fields as columns of text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.importers.once import Once
from saasmetrics.money import agreeing
from saasmetrics.tables.dates import common_order
from saasmetrics.tables.files import SUFFIXES, read_file
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.separators import file_notes, is_semicolon
from saasmetrics.tables.workbooks import read_sheets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd


# Words in the name of a file that do not say what it holds.
_IDLE = frozenset({"all", "data", "export", "full", "list", "raw", "table"})
# Words of tables that a warehouse has beside those of today, with the same rows or with earlier ones.
_BESIDE = frozenset(
    {"history", "bigquery", "databrick", "duckdb", "postgre", "redshift", "snowflake", "spark"}
)


@dataclass(frozen=True)
class File:
    """A file, or a sheet of a workbook, as columns of text in snake case.

    Parameters
    ----------
    label
        The file, or the file and its sheet.
    data
        The rows.
    names
        Name of a column in snake case -> as the file has it.
    """

    label: str
    data: pa.Table
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.data.column_names)

    def said(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Return what is said of columns, which may be named as the file names them, under their names in snake case.

        Raises
        ------
        DataError
            If a column is named both ways.
        """
        ours = {self.names.get(name, name): name for name in self.columns}
        out: dict[str, str] = {}
        for name, new in columns.items():
            own = name if name in self.columns else ours.get(name, name)
            if own in out:
                msg = f"{self.label}: what the column {own} is, is said twice. Keep one."
                raise DataError(msg)
            out[own] = new
        return out


@dataclass(frozen=True)
class Found:
    """A file that is known: of which system, of which kind, and field -> its column."""

    file: File
    importer: Importer
    layout: Layout
    fields: dict[str, str]


def files_of(path: str | Path) -> list[Path]:
    """Return the files of a folder that can be read, or the one file."""
    place = Path(path)
    if place.is_dir():
        return [file for file in sorted(place.iterdir()) if _readable(file)]
    return [place] if place.is_file() else []


def read_files(
    path: str | Path,
    without: Collection[str] = (),
    code: str | None = None,
    once: Once | None = None,
) -> list[File]:
    """Read the files of a folder, or one file; the encoding of text may be told, and what was read before be kept.

    Raises
    ------
    DataError
        If there is none, or one cannot be read.
    """
    files = files_of(path)
    if not files:
        msg = f"{str(path)!r} holds no CSV, Parquet or XLSX file to import."
        raise DataError(msg)
    once = once or Once()
    wanted = (file for file in files if file.name not in without)
    return [part for file in wanted for part in once(_parts, file, code)]


def read_each(path: str | Path, code: str | None, once: Once) -> tuple[list[File], dict[str, str]]:
    """Read the files of a folder, or one file; those that cannot be read are without columns, and it is said why.

    Returns
    -------
    files, whys
        The files, and why for the name of each that cannot be read.

    Raises
    ------
    DataError
        If there is none.
    """
    found: list[File] = []
    whys: dict[str, str] = {}
    for file in files_of(path):
        try:
            found += once(_parts, file, code)
        except DataError as error:
            found.append(File(file.name, pa.table({})))
            whys[file.name] = str(error)
    return (found, whys) if found else (read_files(path, code=code), {})


def _readable(file: Path) -> bool:
    named = file.name.removesuffix(".gz").lower().endswith(SUFFIXES)
    return file.is_file() and named and not file.name.startswith((".", "~$"))


def _parts(file: Path, code: str | None) -> list[File]:
    if file.suffix.lower() not in (".xlsx", ".xlsm"):
        return [_text(file.name, read_file(file, code))]
    return [_text(f"{file.name}: {title}", rows) for title, rows in read_sheets(file).items()]


def _text(label: str, data: pa.Table) -> File:
    names = [snake_case(name) for name in data.column_names]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        msg = f"{label} has several columns named {', '.join(twice)}. Rename all but one."
        raise DataError(msg)
    columns = [
        column.combine_chunks().cast(pa.string()) if not pa.types.is_nested(column.type) else column
        for column in data.columns
    ]
    text = pa.Table.from_arrays(columns, names=names)
    text = text.replace_schema_metadata(data.schema.metadata)  # which says how the file was read
    return File(label, text, dict(zip(names, data.column_names, strict=True)))


def recognize(
    files: Iterable[File], importers: Sequence[Importer], said: Sequence[Found] = ()
) -> list[Found]:
    """Return the files that are known, each with the layout that fits it best.

    Of several layouts, that is the one that the file is named after, else the one with the most fields in the file.
    A system counts only if one of its main files is there, or the user says that a file is of it.

    Parameters
    ----------
    files
        Files as `read_files` gives them.
    importers
        The systems that they may be of.
    said
        Files of which the user says what they are.
    """
    told = {one.file.label: one for one in said}
    found = [one for file in files if (one := told.get(file.label) or likest(file, importers))]
    kinds = {(one.importer.id, one.layout.kind) for one in found}
    found = [
        one
        for one in found
        if not one.layout.beside
        or one.file.label in told
        or (one.importer.id, one.layout.beside) in kinds
    ]
    there = {
        one.importer.id
        for one in found
        if one.layout.kind in one.importer.main or one.file.label in told
    }
    return [_seen(one) for one in found if one.importer.id in there]


def _seen(one: Found) -> Found:
    """Return a file with the columns that its values tell, beside those that their names do."""
    if one.layout.seen is None:
        return one
    return replace(one, fields={**one.fields, **one.layout.seen(one.file.data, one.fields)})


def likest(file: File, importers: Sequence[Importer]) -> Found | None:
    """Return a file with the layout that fits it best; None where none does."""
    fits = [
        Found(file, importer, layout, fields)
        for importer in importers
        for layout in importer.layouts
        if (fields := layout.match(file.columns, file.label))
    ]
    return max(fits, key=_fit) if fits else None


def is_there(importer: Importer, named: Iterable[tuple[str, list[str]]]) -> bool:
    """Whether one of the main files of a system is there, by the name and the columns of each file."""
    found = [
        one for label, columns in named for one in importer.layouts if one.match(columns, label)
    ]
    kinds = {layout.kind for layout in found}
    return any(
        one.kind in importer.main and (not one.beside or one.beside in kinds) for one in found
    )


def _fit(one: Found) -> tuple[bool, bool, bool, int, int]:
    name = one.layout.name_in(one.file.label)
    return (
        not one.importer.generic,
        not one.layout.beside,
        _is_named(one),
        len(name),
        len(one.fields),
    )


def _is_named(one: Found) -> bool:
    """Return whether a file has the name of what it holds: subscription_data.csv holds subscriptions."""
    return _words(one) == _singular(one.layout.kind)


def _words(one: Found) -> list[str]:
    """Return the words in the name of a file that say what it holds."""
    stem = snake_case(one.file.label.split(":")[0].split(".")[0])
    idle = {*_IDLE, *one.importer.id.split("_")}
    return [word for word in _singular(stem) if word not in idle and not word.isdigit()]


def _singular(name: str) -> list[str]:
    return [word.removesuffix("s") for word in name.split("_")]


def _is_another(one: Found) -> bool:
    """Return whether a file says by its name that it holds something else than more rows of its kind."""
    mine = set(_singular(one.layout.kind))
    others = {word for each in one.importer.layouts for word in _singular(each.kind)} - mine
    more = set(_words(one)) - mine
    return not mine <= set(_words(one)) or (bool(more) and more <= others | _BESIDE)


def parts(importer: Importer, found: Iterable[Found]) -> Parts:
    """Return the files of one system by kind.

    Of several files of one kind, the one that is named after it counts if the others say that they are something else,
    and the notes name them: a warehouse has subscriptions beside their history.

    Raises
    ------
    DataError
        If several files are of one kind and none, or more than one, has its name; all such kinds at once.
    """
    out = Parts(importer.title, {}, {}, {})
    found = list(found)
    columns = [one.file.data[column] for one in found for column in one.fields.values()]
    out.dayfirst = common_order(columns)
    for one in _chosen(importer, found, out.notes):
        kind = one.layout.kind
        out.frames[kind] = _frame(one)
        out.labels[kind] = one.file.label
        out.given[kind] = dict(one.fields)
        out.names[kind] = {name: one.file.names.get(c, c) for name, c in one.fields.items()}
        used = {*one.fields.values()}
        out.unused[kind] = [one.file.names.get(c, c) for c in one.file.columns if c not in used]
        out.semicolon |= is_semicolon(one.file.data)
        out.notes += [f"{one.file.label}: {note}" for note in file_notes(one.file.data)]
    return out


def _chosen(importer: Importer, found: Iterable[Found], notes: list[str]) -> list[Found]:
    """Return one file of each kind, and add to the notes which others are left aside."""
    by_kind: dict[str, list[Found]] = {}
    for one in found:
        by_kind.setdefault(one.layout.kind, []).append(one)
    chosen, clashes = [], []
    for kind, files in by_kind.items():
        named = [one for one in files if _is_named(one)] if len(files) > 1 else files
        words, labels = kind.replace("_", " "), [one.file.label for one in files]
        rest = [one for one in files if one not in named]
        if len(named) != 1 or not all(map(_is_another, rest)):
            all_or_both = "both" if len(files) == 2 else "all"
            clashes.append(f"{' and '.join(labels)} are {all_or_both} {words} of {importer.title}")
            continue
        chosen.append(named[0])
        if rest:
            others, verb = (
                ", ".join(one.file.label for one in rest),
                agreeing(len(rest), "is", "are"),
            )
            notes.append(f"{others} {verb} left aside: {named[0].file.label} has the {words}")
    if clashes:
        each = "them" if len(clashes) == 1 else "those of each kind"
        raise DataError(
            f"{'; '.join(clashes)}. Put {each} into one file, or leave one out (mapping.toml can)."
        )
    return chosen


def _frame(one: Found) -> pd.DataFrame:
    import pandas as pd

    rows = one.file.data.num_rows
    frame = pd.DataFrame(index=pd.RangeIndex(rows))
    for name in one.layout.fields:
        if name not in one.fields:
            frame[name] = pd.Series(pd.NA, index=frame.index, dtype="string")
            continue
        # Objects, as texts of Arrow take no missing values into a comparison since pandas 3.
        values = one.file.data[one.fields[name]].to_numpy(zero_copy_only=False)
        frame[name] = pd.Series(values, index=frame.index, dtype="object")
    # A column without a value is of no type, and has no texts to ask for.
    empty = [name for name in frame if frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "string"))
