"""Files of exports: which system each is of, and its fields as columns of text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.tables.dates import common_order
from saasmetrics.tables.files import SUFFIXES, read_file
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.separators import file_notes, is_semicolon
from saasmetrics.tables.workbooks import read_sheets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd


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
    path: str | Path, without: Collection[str] = (), code: str | None = None
) -> list[File]:
    """Read the files of a folder, or one file; the encoding of text may be told.

    Raises
    ------
    DataError
        If there is none, or one cannot be read.
    """
    files = files_of(path)
    if not files:
        msg = f"{str(path)!r} holds no CSV, Parquet or XLSX file to import."
        raise DataError(msg)
    return [part for file in files if file.name not in without for part in _parts(file, code)]


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


def recognize(files: Iterable[File], importers: Sequence[Importer]) -> list[Found]:
    """Return the files that are known; where several layouts fit, the one with the most fields in the file.

    A system counts only if one of its main files is there.

    Parameters
    ----------
    files
        Files as `read_files` gives them.
    importers
        The systems that they may be of.
    """
    found = []
    for file in files:
        fits = [
            Found(file, importer, layout, fields)
            for importer in importers
            for layout in importer.layouts
            if (fields := layout.match(file.columns))
        ]
        if fits:
            found.append(max(fits, key=lambda one: (not one.importer.generic, len(one.fields))))
    there = {one.importer.id for one in found if one.layout.kind in one.importer.main}
    return [one for one in found if one.importer.id in there]


def parts(importer: Importer, found: Iterable[Found]) -> Parts:
    """Return the files of one system by kind.

    Raises
    ------
    DataError
        If two files are of one kind.
    """
    out = Parts(importer.title, {}, {}, {})
    found = list(found)
    columns = [one.file.data[column] for one in found for column in one.fields.values()]
    out.dayfirst = common_order(columns)
    for one in found:
        kind = one.layout.kind
        if kind in out.frames:
            msg = (
                f"{out.labels[kind]} and {one.file.label} are both {kind.replace('_', ' ')} of "
                f"{importer.title}. Put them into one file, or leave one out."
            )
            raise DataError(msg)
        out.frames[kind] = _frame(one)
        out.labels[kind] = one.file.label
        out.given[kind] = dict(one.fields)
        out.names[kind] = {name: one.file.names.get(c, c) for name, c in one.fields.items()}
        out.semicolon |= is_semicolon(one.file.data)
        out.notes += [f"{one.file.label}: {note}" for note in file_notes(one.file.data)]
    return out


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
