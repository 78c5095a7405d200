"""A folder of exports of one or several systems, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.files import File, Found, files_of, parts, read_files, recognize
from saasmetrics.importers.headers import headers
from saasmetrics.importers.identity import known_customers
from saasmetrics.importers.imported import Imported
from saasmetrics.importers.systems import IMPORTERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from saasmetrics.importers.layout import Importer, LeftOut


def is_raw(path: Path) -> bool:
    """Whether a folder or file holds a raw export of a system that is known; only the headers are read."""
    layouts = [
        layout
        for importer in IMPORTERS.values()
        for layout in importer.layouts
        if layout.kind in importer.main
    ]
    named = [columns for file in files_of(path) for columns in headers(file)]
    return any(layout.match(columns) for columns in named for layout in layouts)


def import_folder(path: str | Path, only: str | None = None) -> Imported:
    """Read the exports of one or several systems and make tables of them.

    Parameters
    ----------
    path
        Folder of CSV, Parquet or XLSX files, or one file.
    only
        Id of the one system that the files are of; by default systems are recognized by their columns.

    Returns
    -------
    Imported
        Tables for `Book(**imported.tables)`, with what each column became and what was left out.

    Raises
    ------
    DataError
        If no file is recognized, or two systems give the same table.
    """
    importers = [IMPORTERS[only]] if only else list(IMPORTERS.values())
    files = read_files(path)
    found = recognize(files, importers)
    if not found:
        raise DataError(_stranger(str(path), importers))
    tables: dict[str, pd.DataFrame] = {}
    of: dict[str, str] = {}
    left_out: list[LeftOut] = []
    notes: list[str] = []
    for importer in {one.importer.id: one.importer for one in found}.values():
        own = parts(importer, [one for one in found if one.importer is importer])
        for name, frame in importer.build(own).items():
            if name in tables:
                both = f"{of[name]} and {importer.title}"
                msg = f"{both} both give the table {name}. Import them apart, or leave one out."
                raise DataError(msg)
            tables[name], of[name] = frame.reset_index(drop=True), importer.title
        left_out += own.left_out
        notes += own.notes
    tables, said = _of_customers(tables, of, _given_ids(files))
    known = {one.file.label for one in found}
    strangers = tuple(file.label for file in files if file.label not in known and not _is_ids(file))
    return Imported(tables, _columns(found), tuple(left_out), (*notes, *said), strangers)


def _of_customers(
    tables: dict[str, pd.DataFrame], of: dict[str, str], ids: pd.DataFrame | None
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return tables of systems that do not bill with the customer ids of billing."""
    customers, said = tables.get("customers"), []
    out = dict(tables)
    for name, frame in tables.items():
        if "company" not in frame:
            continue
        who, words = known_customers(frame, customers, ids, of[name])
        out[name] = frame.assign(customer_id=who).drop(columns=["email", "company"])
        said.append(words)
    return out, said


def _is_ids(file: File) -> bool:
    return file.label.lower().startswith("customer_ids.") and {"id", "customer_id"} <= set(
        file.columns
    )


def _given_ids(files: Sequence[File]) -> pd.DataFrame | None:
    """Return what customer_ids.csv says: which customer an id of another system is."""
    return next((file.data.to_pandas() for file in files if _is_ids(file)), None)


def _columns(found: Sequence[Found]) -> pd.DataFrame:
    rows = []
    for one in found:
        became = {column: name for name, column in one.fields.items()}
        head = (one.importer.title, one.file.label, one.layout.kind)
        rows += [(*head, column, became.get(column, "")) for column in one.file.columns]
    return pd.DataFrame(rows, columns=["system", "file", "kind", "column", "field"])


def _stranger(path: str, importers: Sequence[Importer]) -> str:
    if len(importers) > 1:
        known = ", ".join(importer.title for importer in importers)
        return f"No file of {path!r} is an export of a system that is known. Known are {known}."
    (one,) = importers
    kinds = "; ".join(f"{lay.kind} ({', '.join(lay.needs)})" for lay in one.layouts)
    return f"No file of {path!r} is an export of {one.title}. Its files are: {kinds}. {one.menu}."
