"""What the assistant of imports shows: files and what each is, columns with first values, findings, what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from saasmetrics.importers.kinds import kinds, likely_fields, likely_kinds
from saasmetrics.importers.mapping import likeliest
from saasmetrics.money import counted
from saasmetrics.tables.encodings import CODES, checked_code
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.errors import Problem
    from saasmetrics.importers.files import File
    from saasmetrics.importers.imported import Imported
    from saasmetrics.tables.told import Told

Said = dict[str, dict[str, Any]]  # file -> {"table" or "export", "columns"}, as mapping.toml has it
LEAVE_OUT = "leave out"  # what is said of a file in place of a table or export
_VALUES, _LONG = 3, 36  # first values of a column, and their letters
_MOST = 100  # findings, or columns of a file, that are listed
_WORDS = ("finding", "remedy")
_TONES = {"error": "bad", "warning": "bad", "note": "flat"}


# How files are read: what can be chosen -> what it is told as.
WAY: dict[str, dict[str, Any]] = {
    "dayfirst": {"": None, "day": True, "month": False},
    "decimal": {"": None, ",": ",", ".": "."},
    "encoding": {"": None, **{code: code for code in CODES}},
}
_LABELS = {"dayfirst": "Dates", "decimal": "Decimal sign", "encoding": "Text"}
_WAY_WORDS = {
    "dayfirst": {
        "": "Told by the file",
        "day": "Day first: 31/01/2026",
        "month": "Month first: 01/31/2026",
    },
    "decimal": {"": "Told by the column", ",": "Comma: 1.234,50", ".": "Point: 1,234.50"},
    "encoding": {"": "Told by the file"},
}


@dataclass(frozen=True)
class What:
    """What a file is: of which system and kind, or which table, and how that is known.

    `how` is "system", "said", "name", or "" where nothing is known.
    """

    how: str = ""
    of: str = ""

    @property
    def words(self) -> str:
        """The same, as people read it."""
        told = {
            "system": self.of,
            "said": f"{self.of}, as you say",
            "name": f"{self.of}, by its name",
        }
        return told.get(self.how, self.of or "not recognized")


@dataclass(frozen=True)
class Known:
    """What is known of files: what was made and is said of them, which table their names say, why they are not read."""

    made: Imported | None
    said: Said
    names: Mapping[str, str]
    unread: Mapping[str, str] = field(default_factory=dict)

    def what(self, file: File) -> What:
        """Return what a file is."""
        if entry := self.said.get(file.label):
            return What("said", _said(entry))
        own = _rows(file, self.made)
        if file.label in self.unread and not len(own):
            return What("", "cannot be read")
        if table := self.names.get(file.label):
            return What("name", table)
        if self.made is None:
            return What()
        if len(own):
            first = own.iloc[0]
            return What("system", f"{first['system']}: {str(first['kind']).replace('_', ' ')}")
        strange = file.label in {other.label for other in self.made.others}
        return What() if strange else What("system", "what you say beside the exports")


def ways(told: Told) -> list[dict[str, Any]]:
    """Return the choices of how files are read."""
    said = {
        "dayfirst": told.dayfirst,
        "decimal": told.decimal,
        "encoding": checked_code(told.encoding),
    }
    return [
        {
            "name": name, "label": _LABELS[name], "kind": "select",
            "value": next(key for key, way in known.items() if way == said[name]),
            "options": [[key, _WAY_WORDS[name].get(key, key)] for key in known],
        }
        for name, known in WAY.items()
    ]  # fmt: skip


def files(found: Sequence[File], known: Known, chosen: str) -> list[dict[str, Any]]:
    """Return the files, each with what it is."""
    lines = []
    for file in found:
        one = known.what(file)
        rows = counted(file.data.num_rows, "row")
        marks = [{"words": one.words, "tone": "good" if one.how else "bad"}]
        lines.append(
            {
                "id": file.label,
                "name": file.label,
                "title": rows,
                "marks": marks,
                "chosen": file.label == chosen,
            }
        )
    return lines


def shown(file: File, known: Known) -> dict[str, Any]:
    """Return a file: the table that it is, and its columns with their first values and what each becomes."""
    entry = known.said.get(file.label)
    what = _value(entry) if entry else ""
    select = {
        "name": "table", "label": "Table or export", "kind": "select", "value": what, "options": _options(file, known),
        "of": file.label,
    }  # fmt: skip
    became = _became(file, known.made)
    chooses = entry is not None and what != LEAVE_OUT
    columns = [
        {
            "id": f"{file.label}|{what}|{name}", "name": file.names.get(name, name), "values": _values(file, name),
            "became": became.get(name, "") if not what else "",
            "select": _select(file, name, entry) if entry and chooses else None,
        }
        for name in file.columns[:_MOST]
    ]  # fmt: skip
    more = len(file.columns) - _MOST
    unread = "" if known.what(file).how else known.unread.get(file.label, "")
    note = f"{more} more columns are not listed." if more > 0 else unread
    needed = _needed(file, entry) if entry and chooses else ""
    return {
        "id": file.label,
        "heading": file.label,
        "table": select,
        "columns": columns,
        "note": note,
        "needed": needed,
    }


def _value(entry: Mapping[str, Any]) -> str:
    """Return what is said of a file as it is chosen: a table, a kind of export, or that it is left out."""
    return str(entry.get("export") or entry.get("table") or LEAVE_OUT)


def _said(entry: Mapping[str, Any]) -> str:
    """Return what is said of a file in words."""
    if "export" not in entry:
        return str(entry["table"]) or "left out"
    importer, layout = kinds()[entry["export"]]
    return f"{importer.title}: {layout.kind.replace('_', ' ')}"


def _options(file: File, known: Known) -> list[list[str]]:
    """Return what a file may be: as it is recognized, an export that is like it, any table, or nothing."""
    plain = Known(known.made, {}, known.names, known.unread).what(file)
    entry = known.said.get(file.label)
    first = "As it is recognized" if entry else plain.words if plain.how else "Leave it out"
    likely = likely_kinds(file.columns)
    if entry and "export" in entry and entry["export"] not in likely:
        likely.insert(0, entry["export"])
    exports = [[kind, _said({"export": kind})] for kind in likely]
    perhaps, _ = likeliest(file.columns)
    tables = [[name, f"{name} (perhaps)" if name == perhaps else name] for name in SCHEMA]
    out = [[LEAVE_OUT, "Leave it out"]] if entry or plain.how else []
    return [["", first], *exports, *tables, *out]


def _rows(file: File, made: Imported | None) -> pd.DataFrame:
    """Return what the columns of a file became; none where it is not recognized."""
    if made is None:
        return pd.DataFrame({"file": []})
    return made.columns[made.columns["file"] == file.label]


def _became(file: File, made: Imported | None) -> dict[str, str]:
    if made is None:
        return {}
    own = made.columns[(made.columns["file"] == file.label) & (made.columns["column"] != "")]
    fields = own["field"].where(own["field"] != "", "not used")
    return dict(zip(own["column"], fields, strict=True))


def _values(file: File, name: str) -> str:
    """Return the first values of a column that there are, shortened."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = file.data[name]
    if pa.types.is_nested(column.type):
        return "(nested)"
    there = pc.drop_null(column.slice(0, 1000)).to_pylist()
    texts = [text for each in there if (text := str(each).strip())][:_VALUES]
    return (
        ", ".join(text if len(text) <= _LONG else f"{text[:_LONG]}…" for text in texts) or "(empty)"
    )


def _select(file: File, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choice of the field of a table, or of an export, that a column is."""
    fields, needs = _fields(entry)
    named = likely_fields(entry["export"], file.columns).get(name) if "export" in entry else ""
    nothing = "Not used" if "export" in entry else "Keep its name"
    options = [["", f"{named}, by its name" if named else nothing]]
    options += [[field, f"{field} *" if field in needs else field] for field in fields]
    value = entry["columns"].get(name, "")
    if value not in fields:
        options.append([value, value])
    label = f"What {name} is"
    return {"name": name, "label": label, "kind": "select", "value": value, "options": options}


def _fields(entry: Mapping[str, Any]) -> tuple[list[str], tuple[str, ...]]:
    """Return the fields that columns of a file can be, and those that are needed."""
    if "export" in entry:
        layout = kinds()[entry["export"]][1]
        return list(layout.fields), layout.needs
    schema = SCHEMA[entry["table"]]
    return list(schema.columns), tuple(schema.required)


def _needed(file: File, entry: Mapping[str, Any]) -> str:
    """Return which columns of a table, or of an export, are needed still."""
    there = set(entry["columns"].values())
    if "export" in entry:
        there |= set(likely_fields(entry["export"], file.columns).values())
    gone = [name for name in _fields(entry)[1] if name not in there]
    return f"Needed still: {', '.join(gone)}." if gone else ""


def findings(df: pd.DataFrame) -> dict[str, Any]:
    """Return a frame of findings as texts, whatever its columns are; those of no use in a list are left out.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> findings(sm.demo(customers=30).check().df)["columns"][:3]
    ['severity', 'table', 'column']
    """
    names = [name for name in df.columns if name not in ("code", "examples")]
    head = df[names].head(_MOST)
    rows = [
        {"tone": _TONES.get(str(row[0]), "flat"), "cells": [_cell(value) for value in row]}
        for row in head.itertuples(index=False)
    ]
    wide = [name in _WORDS for name in names]
    more = f"{len(df) - _MOST:,} more are not listed." if len(df) > _MOST else ""
    return {"columns": names, "wide": wide, "rows": rows, "more": more}


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def broken(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return problems that stop as a frame such as `Book.check` gives."""
    columns = ("severity", "table", "column", "finding", "rows", "remedy")
    rows = [(p.severity, p.table, p.column, p.rule, p.rows, p.remedy) for p in problems]
    return pd.DataFrame(rows, columns=[*columns])
