"""Parts of a table wherever it is: of one that is elsewhere only what is needed is brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from saasmetrics.tables import Table


def portion(
    table: Table, columns: Sequence[str], filled: Sequence[str] = (), some_have: str = ""
) -> pa.Table:
    """Return rows of a table with some columns; of one that is elsewhere no others, and not those that say nothing.

    Parameters
    ----------
    table
        The table.
    columns
        The columns that are needed.
    filled
        Columns without which a row says nothing.
    some_have
        A column without which all rows of a customer say nothing.
    """
    if not table.is_away:
        return table.data
    from saasmetrics.engine.connected import portions

    return portions.portion(table.data, columns, filled, some_have)


def most_frequent(table: Table, column: str) -> Any:
    """Return the value that most rows have in a column, of several the first in the order of their texts."""
    if table.is_away:
        from saasmetrics.engine.connected.there import counts_of

        found = counts_of(table.data, column)
    else:
        counted = pc.value_counts(table.data[column]).to_pylist()
        found = {each["values"]: each["counts"] for each in counted}
    return min(found, key=lambda value: (-found[value], str(value)))
