"""Tickets one by one: who asked when, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, flat, has, numbers
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError, MissingTableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.tables import Table

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Requests:
    """Tickets created up to the as-of date.

    Attributes
    ----------
    row
        Row of the table.
    entity
        Paying customer, -1 where the account never paid.
    day, second
        Day number, and second of the day, in UTC.
    handle
        Handling time in seconds, missing where there is none.
    """

    row: NDArray[np.int64]
    entity: NDArray[np.int64]
    day: NDArray[np.int64]
    second: NDArray[np.int64]
    handle: Floats

    def __len__(self) -> int:
        return len(self.row)

    def pick(self, rows: NDArray[Any]) -> Requests:
        """Return some of the tickets."""
        return Requests(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def requests(
    engine: LocalEngine,
    wanted_by: str,
    where: Mapping[str, str] | None = None,
    between: tuple[int, int] | None = None,
) -> Requests:
    """Return the tickets up to the as-of date, in the order they came; `where` picks by a column, such as channel.

    Parameters
    ----------
    engine
        The engine of a book.
    wanted_by
        What needs them.
    where
        Column -> value.
    between
        The first and the last day that are needed.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If no ticket has the value asked for.
    """
    check_where(engine, wanted_by, where or {})
    table = engine.tables["tickets"]
    first, last = between or (engine.since, engine.as_of)
    first, last = max(first, engine.since), min(last, engine.as_of)
    data = table.data
    moment = np.asarray(
        flat(data["created_at"]).cast(pa.timestamp("us")).cast(pa.int64()).fill_null(-(2**62))
    )
    seconds = moment // 1_000_000
    day = days(data["created_at"], -(2**30)).astype(np.int64)
    keep = (day > -(2**30)) & (day <= last) & (day >= first)
    for column, value in (where or {}).items():
        keep &= _same(data[column], value)
    row = np.flatnonzero(keep)
    row = row[np.argsort(seconds[row], kind="stable")]
    ids = flat(data["customer_id"])
    at = pc.index_in(ids, value_set=flat(followed(engine).spans.entity_ids).cast(ids.type))
    entity = np.asarray(at.fill_null(-1)).astype(np.int64)
    handle = (
        numbers(data["handle_seconds"], np.nan)
        if has(data, "handle_seconds")
        else np.full(data.num_rows, np.nan)
    )
    return Requests(row, entity[row], day[row], seconds[row] - 86_400 * day[row], handle[row])


def check_where(engine: LocalEngine, wanted_by: str, where: Mapping[str, str]) -> None:
    """Refuse what no ticket has.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If no ticket has the value asked for.
    """
    if "tickets" not in engine.tables:
        raise MissingTableError.of("tickets", wanted_by)
    data = engine.tables["tickets"].data
    for column, value in where.items():
        if not has(data, column):
            msg = f"{wanted_by} needs the column {column} in the table tickets. Add it."
            raise DataError(msg)
        there = {str(word) for word in words_of(engine.tables["tickets"], column)}
        if str(value) not in there:
            msg = f"No ticket has {column} {value!r}; there are {', '.join(sorted(there)[:12])}."
            raise DataError(msg)


def _same(column: Any, value: str) -> NDArray[np.bool_]:
    same = pc.equal(flat(column).cast(pa.string()), str(value))
    return np.asarray(pc.fill_null(same, False))


def words_of(table: Table, column: str) -> list[Any]:
    """Return the different values of a column of a table, wherever it is."""
    words = table.data.distinct(column) if table.is_away else pc.unique(table.data[column])
    return [word for word in words.to_pylist() if word is not None]
