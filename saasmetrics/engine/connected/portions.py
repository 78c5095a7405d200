"""Some columns of some rows of a table that stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.rows import brought, canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from saasmetrics.engine.connected.rows import Rows


def portion(
    rows: Rows, columns: Sequence[str], filled: Sequence[str] = (), some_have: str = ""
) -> pa.Table:
    """Return some columns of the rows that have values in `filled`, in the order of their values.

    Parameters
    ----------
    rows
        The rows.
    columns
        The columns; those that there are not are left out.
    filled
        Columns that must have a value.
    some_have
        A column that one of the rows of a customer must have a value in, for all of them to be brought.
    """
    with rows.link.needed_by("Reading some rows"), rows.link.asking(f"Reading {rows.name}"):
        found = rows.frame
        if some_have:
            having = found.filter(~nw.col(some_have).is_null()).select("customer_id").unique()
            found = found.join(having, on="customer_id", how="semi")
        for name in filled:
            found = found.filter(~nw.col(name).is_null())
        kept = [name for name in columns if name in rows.column_names]
        order = [(name, "ascending") for name in kept]

        def made(data: pa.Table) -> pa.Table:
            return canonical(rows.name, data).sort_by(order).combine_chunks()

        return brought(found.select(*kept), rows.name, rows.link, made=made)
