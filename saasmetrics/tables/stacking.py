"""Rows of several files of one table, one below the other, in types that hold them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from saasmetrics.tables.texts import plain_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["stacked"]


def stacked(parts: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables in their order; a column that one does not have is missing there.

    Examples
    --------
    >>> stacked([pa.table({"a": [1]}), pa.table({"a": ["x"], "b": [2]})]).to_pylist()
    [{'a': '1', 'b': None}, {'a': 'x', 'b': 2}]
    """
    names = dict.fromkeys(name for part in parts for name in part.column_names)
    kinds = {
        name: _common(
            [plain_kind(p.schema.field(name).type) for p in parts if name in p.column_names]
        )
        for name in names
    }
    return pa.concat_tables(
        pa.table(
            {
                name: part[name].cast(kind)
                if name in part.column_names
                else pa.nulls(part.num_rows, kind)
                for name, kind in kinds.items()
            }
        )
        for part in parts
    )


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType:
    """Return the type that holds the values of several: numbers as such, all else as text."""
    found = [kind for kind in dict.fromkeys(kinds) if not pa.types.is_null(kind)]
    if len(found) < 2:
        return found[0] if found else pa.string()
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in found):
        return pa.float64()
    return pa.large_string() if pa.large_string() in found else pa.string()
