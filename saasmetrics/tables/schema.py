"""The schema of the input tables, read from `schema.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from saasmetrics.errors import UnknownNameError
from saasmetrics.tables.names import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CLOCKS",
    "ISSUED",
    "REVENUE",
    "SCHEMA",
    "ColumnSchema",
    "Dtype",
    "TableSchema",
    "customer_words",
    "table_schema",
]

Dtype = Literal[
    "id",
    "date",
    "month",
    "timestamp",
    "money",
    "number",
    "int",
    "bool",
    "text",
    "choice",
    "currency",
]

REVENUE = ("subscriptions", "mrr", "invoices")
"""The tables that MRR may come from: it comes from the first of them that there is."""
CLOCKS = ("recorded_at", "withdrawn_at")
"""Columns of every table that say when a row became known, and from when on it no longer holds."""
ISSUED = {"invoices": "date"}
"""Tables whose rows nobody knew before a day of their own, with its column."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ColumnSchema:
    """One column of a table.

    Parameters
    ----------
    name
        Canonical name.
    dtype
        What it holds; `schema.json` explains each in words.
    meaning
        One sentence.
    required
        Whether the table makes no sense without it.
    unit
        Unit of a number, "" where it has none.
    choices
        Allowed values of a "choice" column.
    synonyms
        Other spellings of the choices, lower case, to the choice.
    default
        What an absent column means; None means "unknown".
    aliases
        Other names of the column, in order of preference.
    aliases_by_interval
        Names that also fix the billing interval: "mrr" is an amount per month.
    aliases_after
        Durations that count from another column, as {"column": name, unit: names}.
    generated
        Whether row numbers stand in for it where the export has none.
    """

    name: str
    dtype: Dtype
    meaning: str
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    default: Any = None
    aliases: tuple[str, ...] = ()
    aliases_by_interval: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    aliases_after: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    generated: bool = False


@dataclass(frozen=True)
class TableSchema:
    """One table and its columns.

    Parameters
    ----------
    name
        Canonical name.
    meaning
        One sentence.
    key
        Columns that together name one row; () where rows need no name.
    aliases
        Other names of the table, for files.
    columns
        Column name -> column, in order.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    aliases: tuple[str, ...]
    columns: Mapping[str, ColumnSchema]

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(name for name, column in self.columns.items() if column.required)


def table_schema(name: str) -> TableSchema:
    """Schema of one table.

    Parameters
    ----------
    name
        Canonical table name.

    Returns
    -------
    TableSchema
        Its columns and their meaning.

    Raises
    ------
    UnknownNameError
        If there is no such table.

    Examples
    --------
    >>> table_schema("mrr").required
    ('customer_id', 'month', 'mrr')
    """
    if name not in SCHEMA:
        raise UnknownNameError.of("table", name, SCHEMA)
    return SCHEMA[name]


def customer_words() -> dict[str, list[str]]:
    """Return what columns of customers are called in several languages: those of their numbers, and of their names."""
    text = Path(__file__).with_name("customer_words.json").read_text(encoding="utf-8")
    found: dict[str, list[str]] = json.loads(text)
    return found


def _merged(*names: str) -> list[str]:
    """Return names of a column, each once: those that differ in case or punctuation are one."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(fold(name), name)
    return list(found.values())


def _with_customers(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the column of customers with the names that people of other languages give it."""
    if row["name"] != "customer_id":
        return row
    words = customer_words()
    also = [word for name in ("customer_id", "customer") for word in words[name]]
    return {**row, "aliases": _merged(row["name"], *row["aliases"], *also)[1:]}


def _subscription_words() -> dict[str, Any]:
    """Return what subscriptions, their columns and their intervals are called in several languages."""
    text = Path(__file__).with_name("subscription_words.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _with_words(row: Mapping[str, Any], words: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a column of subscriptions with the names, and its choices with the words, of other languages."""
    name, row = row["name"], dict(_with_customers(row))
    also = words["columns"].get(name, ())
    row["aliases"] = _merged(name, *row.get("aliases", ()), *also)[1:]
    if name == "amount":
        given = row["aliases_by_interval"]
        row["aliases_by_interval"] = {k: [*given[k], *words["amount"][k]] for k in given}
    if name == "interval":
        spoken = {word: kind for kind, said in words["interval"].items() for word in said}
        row["synonyms"] = {**row["synonyms"], **spoken}
    return row


def _column(row: Mapping[str, Any]) -> ColumnSchema:
    by_interval = row.get("aliases_by_interval", {})
    return ColumnSchema(
        name=row["name"],
        dtype=cast("Dtype", row["dtype"]),
        meaning=row["meaning"],
        required=row.get("required", False),
        unit=row.get("unit", ""),
        choices=tuple(row.get("choices", ())),
        synonyms=MappingProxyType(row.get("synonyms", {})),
        default=row.get("default"),
        aliases=tuple(row.get("aliases", ())),
        aliases_by_interval=MappingProxyType({k: tuple(v) for k, v in by_interval.items()}),
        aliases_after=MappingProxyType(row.get("aliases_after", {})),
        generated=row.get("generated", False),
    )


def _worded(table: str, rows: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    # Cubes and lists of contracts are kept by hand: other tables are exports of systems, which speak English.
    if table == "subscriptions":
        words = _subscription_words()
        return [_with_words(row, words) for row in rows]
    return [_with_customers(row) if table == "mrr" else row for row in rows]


def _files(table: str, aliases: list[str]) -> tuple[str, ...]:
    return (*aliases, *_subscription_words()["files"]) if table == "subscriptions" else (*aliases,)


def _load() -> dict[str, TableSchema]:
    text = Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
    return {
        name: TableSchema(
            name=name,
            meaning=row["meaning"],
            key=tuple(row["key"]),
            aliases=_files(name, row["aliases"]),
            columns=MappingProxyType(
                {column.name: column for column in map(_column, _worded(name, row["columns"]))}
            ),
        )
        for name, row in json.loads(text)["tables"].items()
    }


SCHEMA: dict[str, TableSchema] = _load()
