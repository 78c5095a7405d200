"""What the assistant of imports shows: files and what each is, columns with first values, findings, what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.importers.mapping import likeliest
from saasmetrics.money import counted
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from saasmetrics.errors import Problem
    from saasmetrics.importers.files import File
    from saasmetrics.importers.imported import Imported

Said = dict[str, dict[str, Any]]  # file -> {"table", "columns"}, as mapping.toml has it
_VALUES, _LONG = 3, 36  # first values of a column, and their letters
_MOST = 100  # findings, or columns of a file, that are listed
_WORDS = ("finding", "remedy")
_TONES = {"error": "bad", "warning": "bad", "note": "flat"}


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
        if file.label in self.unread:
            return What("", "cannot be read")
        if file.label in self.said:
            return What("said", str(self.said[file.label]["table"]))
        if table := self.names.get(file.label):
            return What("name", table)
        if self.made is None:
            return What()
        own = self.made.columns[self.made.columns["file"] == file.label]
        if len(own):
            first = own.iloc[0]
            return What("system", f"{first['system']}: {str(first['kind']).replace('_', ' ')}")
        strange = file.label in {other.label for other in self.made.others}
        return What() if strange else What("system", "what you say beside the exports")


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
    one, entry = known.what(file), known.said.get(file.label)
    perhaps, _ = likeliest(file.columns)
    first = one.words if one.how in ("system", "name") else "Leave it out"
    options = [["", first]]
    options += [[name, f"{name} (perhaps)" if name == perhaps else name] for name in SCHEMA]
    table = str(entry["table"]) if entry else ""
    select = {
        "name": "table", "label": "Table", "kind": "select", "value": table, "options": options, "of": file.label,
    }  # fmt: skip
    became = _became(file, known.made)
    columns = [
        {
            "id": f"{file.label}|{table}|{name}", "name": file.names.get(name, name), "values": _values(file, name),
            "became": became.get(name, "") if not table else "",
            "select": _select(name, table, entry) if entry else None,
        }
        for name in file.columns[:_MOST]
    ]  # fmt: skip
    more = len(file.columns) - _MOST
    note = f"{more} more columns are not listed." if more > 0 else known.unread.get(file.label, "")
    needed = _needed(table, entry) if entry else ""
    return {
        "id": file.label,
        "heading": file.label,
        "table": select,
        "columns": columns,
        "note": note,
        "needed": needed,
    }


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


def _select(name: str, table: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choice of the field of a table that a column is."""
    schema = SCHEMA[table]
    options = [["", "Keep its name"]]
    options += [
        [field, f"{field} *" if field in schema.required else field] for field in schema.columns
    ]
    value = entry["columns"].get(name, "")
    if value not in schema.columns:
        options.append([value, value])
    label = f"What {name} is"
    return {"name": name, "label": label, "kind": "select", "value": value, "options": options}


def _needed(table: str, entry: Mapping[str, Any]) -> str:
    """Return which columns of a table are needed still."""
    gone = [name for name in SCHEMA[table].required if name not in entry["columns"].values()]
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
    import pandas as pd

    if pd.isna(value):
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def broken(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return problems that stop as a frame such as `Book.check` gives."""
    import pandas as pd

    columns = ("severity", "table", "column", "finding", "rows", "remedy")
    rows = [(p.severity, p.table, p.column, p.rule, p.rows, p.remedy) for p in problems]
    return pd.DataFrame(rows, columns=[*columns])
