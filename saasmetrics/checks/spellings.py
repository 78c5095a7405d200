"""Values to group by that are written in several ways, and words that say that there is no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import one_chunk
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.lazy import passing
from saasmetrics.tables.runs import columns_of
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.texts import NUMBERED, is_text, plain_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    from saasmetrics.errors import Problem
    from saasmetrics.tables import Table

__all__ = ["MANY", "Spelling", "grouped", "spelling_of", "spellings", "strange", "strange_in"]

MANY = 300
"""Different values from which a column is none that one groups by."""

_TABLES = ("customers", "subscriptions", "mrr", "invoices", "contracts", "tickets", "spend")
_NO_GROUPS = {("customers", "name"), ("invoices", "kind")}
_NOTHING = frozenset({"null", "none", "nan", "nat", "<na>", "n/a", "#n/a"})
_SAMPLE = 1 << 12  # rows that show whether a column has many values
_SHOWN = 5


@dataclass(frozen=True)
class Spelling:
    """What is strange in the values of a column.

    Parameters
    ----------
    code
        The finding: "alike-values" or "word-for-nothing".
    instead
        Each strange value with what to write instead; None: nothing.
    """

    code: str
    instead: Mapping[str, str | None]

    @property
    def rule(self) -> str:
        """What is strange, in words.

        Examples
        --------
        >>> Spelling("word-for-nothing", {"N/A": None}).rule
        "'N/A': words for no value are groups of their own"
        """
        said = ", ".join(map(repr, list(self.instead)[:_SHOWN]))
        said += ", ..." if len(self.instead) > _SHOWN else ""
        if self.code == "word-for-nothing":
            return f"{said}: words for no value are groups of their own"
        usual = ", ".join(map(repr, list(dict.fromkeys(self.instead.values()))[:_SHOWN]))
        return f"{said} beside {usual}: values that differ only in case or blanks are groups of their own"


def grouped(table: str, schema: pa.Schema) -> list[str]:
    """Return the columns of a table that one may group by and whose words anybody may choose."""
    known = SCHEMA[table].columns
    return [
        field.name
        for field in schema
        if table in _TABLES
        and (table, field.name) not in _NO_GROUPS
        and is_text(plain_kind(field.type))
        and (field.name not in known or known[field.name].dtype == "text")
    ]


def spellings(tables: Mapping[str, Table]) -> list[Problem]:
    """Return the values that differ only in case or blanks, and the words for nothing, in columns to group by.

    Parameters
    ----------
    tables
        Normalized tables by name.
    """
    return [problem for table in tables.values() for problem in _of_table(table)]


def _of_table(table: Table) -> tuple[Problem, ...]:
    kept: dict[Any, tuple[Problem, ...]] = table.__dict__.setdefault("_found", {})
    if spellings not in kept:
        names = [name for name in columns_of(table.data) if table.num_rows]
        schema = pa.schema([table.data.field(name) for name in names])
        kept[spellings] = tuple(
            problem for name in grouped(table.name, schema) for problem in _of_column(table, name)
        )
    return kept[spellings]


def _of_column(table: Table, column: str) -> Iterator[Problem]:
    values = passing(table.data, column)
    for found in strange_in(values):
        wanted = pa.array(list(found.instead), plain_kind(values.type))
        rows = np.flatnonzero(pc.is_in(values, wanted).to_numpy())
        yield from spelling_of(View.of(table), column, found, rows)


def strange_in(values: pa.ChunkedArray) -> list[Spelling]:
    """Return what is strange in the values of a column; nothing where there are many different ones.

    Examples
    --------
    >>> [found.instead for found in strange_in(pa.chunked_array([["SMB", "SMB", "smb"]]))]
    [{'smb': 'SMB'}]
    """
    words = _few(values)
    if not (words and strange(words)):
        return []
    counts = {
        one["values"]: one["counts"] for one in pc.value_counts(one_chunk(values)).to_pylist()
    }
    return strange({word: counts[word] for word in words})


def _few(values: pa.ChunkedArray) -> dict[str, int] | None:
    """Return the different texts of a column, None where there are many; how often each is there is not told."""
    if values.type != NUMBERED and len(values[:_SAMPLE].unique()) > MANY:
        return None
    used = values.unique()
    used = used.cast(plain_kind(used.type)) if used.type == NUMBERED else used
    return None if len(used) > MANY else dict.fromkeys(used.drop_null().to_pylist(), 0)


def strange(counts: Mapping[str, int]) -> list[Spelling]:
    """Return what is strange in the values of a column, each with the number of its rows.

    Examples
    --------
    >>> [found.instead for found in strange({"SMB": 7, "smb ": 2, "Mid": 3, "N/A": 1})]
    [{'smb ': 'SMB'}, {'N/A': None}]
    """
    alike: dict[str, list[str]] = {}
    for word in counts:
        alike.setdefault(" ".join(word.split()).casefold(), []).append(word)
    nothing = {word: None for plain in sorted(alike) if plain in _NOTHING for word in alike[plain]}
    instead: dict[str, str | None] = {}
    for plain in sorted(alike):
        if plain in _NOTHING or len(alike[plain]) == 1:
            continue
        # The usual way to write it, without the blanks around it.
        usual = min(alike[plain], key=lambda word: (-counts[word], word != word.strip(), word))
        others = [word for word in sorted(alike[plain]) if word != usual.strip()]
        instead |= dict.fromkeys(others, usual.strip())
    found = [Spelling("alike-values", instead), Spelling("word-for-nothing", nothing)]
    return [one for one in found if one.instead]


def spelling_of(
    view: View, column: str, found: Spelling, rows: npt.NDArray[np.intp]
) -> Iterable[Problem]:
    """Return the findings about what is strange in the values of a column.

    Parameters
    ----------
    view, column
        The table and its column.
    found
        What is strange.
    rows
        The numbers of the rows with one of the values.
    """
    words, more = list(found.instead), ", ..." if len(found.instead) > _SHOWN else ""
    written = ", ".join(f"{word!r}: {found.instead[word]!r}" for word in words[:_SHOWN]) + more
    written = f"df[{column!r}].replace({{{written}}})"
    if found.code == "alike-values":
        remedy = f"Write them alike: {written}."
    else:
        remedy = f"Leave them empty: {written}; unless the word is a value."
    return view.problem(
        rows,
        column=column,
        rule=found.rule,
        remedy=remedy,
        code=found.code,
        severity="warning",
        show=(*SCHEMA[view.name].key, column),
    )
