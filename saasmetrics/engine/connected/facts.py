"""What one look at a table says of all its rows: how many, how filled, from when until when; it rules findings out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import flag
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.texts import is_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame

# Of texts that may hold a zero byte no system but these in memory knows.
CONTROL = "[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f]"
_DAYS, _AMOUNTS = ("date", "month", "timestamp"), ("money", "number", "int")


@dataclass(frozen=True)
class Facts:
    """What is known of the rows of a table.

    Parameters
    ----------
    rows
        How many there are.
    filled
        How many values each column has.
    least, most
        The limits of numbers, and of days as day numbers; of columns that have values.
    controls
        How many rows have a text with control characters.
    """

    rows: int
    filled: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    controls: int = 0

    def is_full(self, column: str) -> bool:
        """Return whether each row has a value."""
        return self.filled.get(column) == self.rows

    def is_from(self, column: str, least: float) -> bool:
        """Return whether no value is below a limit."""
        return column in self.filled and self.least.get(column, least) >= least

    def is_until(self, column: str, most: float) -> bool:
        """Return whether no value is above a limit."""
        return column in self.filled and self.most.get(column, most) <= most


def first_look(
    frame: Frame, rows: Rows, conditions: Sequence[nw.Expr] = ()
) -> tuple[Facts, tuple[int, ...]]:
    """Return what is known of the rows of a table, and for how many of them each condition holds: one query for all.

    Parameters
    ----------
    frame
        The rows, each once; it may have more columns.
    rows
        The same rows.
    conditions
        What is counted.
    """
    known = SCHEMA[rows.name].columns
    there = [name for name in rows.column_names if name in known]
    asked: dict[str, nw.Expr] = {"rows": nw.len()}
    asked |= {f"f{i}": nw.col(name).count() for i, name in enumerate(there)}
    for i, name in enumerate(there):
        if known[name].dtype in (*_DAYS, *_AMOUNTS):
            value = nw.col(name)
            value = value.cast(nw.Date) if known[name].dtype in _DAYS else value
            asked |= {f"l{i}": value.min(), f"m{i}": value.max()}
    texts = [field.name for field in rows.schema if is_text(field.type)]
    if texts:
        text = nw.concat_str([nw.col(name) for name in texts], ignore_nulls=True)
        asked["controls"] = _times(text.str.contains(CONTROL))
    asked |= {f"n{i}": _times(one) for i, one in enumerate(conditions)}
    found = fetched(frame.select(*(one.alias(name) for name, one in asked.items())))
    row = {name: _number(found[name]) for name in found.column_names}
    least, most = (
        {
            name: row[f"{side}{i}"]
            for i, name in enumerate(there)
            if row.get(f"{side}{i}") is not None
        }
        for side in ("l", "m")
    )
    filled = {name: int(row[f"f{i}"]) for i, name in enumerate(there)}
    facts = Facts(int(row["rows"]), filled, least, most, int(row.get("controls") or 0))
    rows.counted(facts.rows)
    return facts, tuple(int(row[f"n{i}"] or 0) for i in range(len(conditions)))


def _times(condition: nw.Expr) -> nw.Expr:
    return flag(condition).sum().cast(nw.Int64)


def _number(column: Any) -> Any:
    """Return the only value of a column; of a day its number, for there are days that Python does not have."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date64(column.type):
        column = column.cast(pa.date32())
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    return column[0].as_py()
