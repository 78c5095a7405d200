"""ARR as the contracts in force: what customers have signed for, per year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, encode, flat, numbers
from saasmetrics.engine.expiring import labelled
from saasmetrics.engine.groups import unreserved
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import made

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NOTE = "Contracts count from their start to the day before their end, at the latest known exchange rates"


def contracted_arr(book: Book, freq: str, by: tuple[str, ...]) -> Result:
    """Return the annual value of the contracts in force at the end of every period.

    Raises
    ------
    MissingTableError
        If the book has no contracts.
    """
    import pandas as pd

    first, periods, full = book.engine.extent(freq)
    group, labels, _ = groups_of(book, by)
    start, end, value, who = contracts_of(book)
    calendar = book.calendar(freq)
    ends = np.minimum(calendar.last_day(np.arange(first, first + periods)), book.as_of_day)
    total, heads = np.zeros((len(labels), periods)), np.zeros((len(labels), periods), np.int64)
    for number, day in enumerate(ends):
        live = (start <= day) & (end > day)
        total[:, number] = np.bincount(group[live], weights=value[live], minlength=len(labels))
        paying = np.unique(who[live], return_index=True)[1]
        heads[:, number] = np.bincount(group[live][paying], minlength=len(labels))
    data: dict[str, Any] = {
        "period": np.tile(calendar.starts(np.arange(first, first + periods)), len(labels))
    }
    for i, name in enumerate(by):
        data[name] = np.repeat(np.array([label[i] for label in labels], object), periods)
    data |= {"value": total.ravel(), "n": heads.ravel()}
    data["complete"] = np.tile(np.arange(first, first + periods) <= full, len(labels))
    return made(
        book,
        "arr",
        pd.DataFrame(data),
        "series",
        by=by,
        options={"freq": freq},
        notes=(_NOTE,),
        drill=_drill(book, freq, by),
        tables=["contracts"],
    )


def contracts_of(
    book: Book,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Return start, end, value per year and customer of every contract."""
    if "contracts" not in book.tables:
        raise MissingTableError.of("contracts", "A sum of contracts")
    data = book.tables["contracts"].data
    rate = currency_rates(book.tables, "contracts", book.as_of_day, book.currency)
    _, who = encode(data["customer_id"])
    far = np.int32(2**30)
    return days(data["start"]), days(data["end"], far), numbers(data["arr"]) * rate, who


def groups_of(
    book: Book, by: tuple[str, ...]
) -> tuple[NDArray[np.int64], list[tuple[Any, ...]], pa.Array]:
    """Return the group of each contract by columns of its customer."""
    ids = flat(book.tables["contracts"].data["customer_id"]) if "contracts" in book.tables else None
    if ids is None:
        raise MissingTableError.of("contracts", "A sum of contracts")
    if not by:
        return np.zeros(len(ids), np.int64), [()], ids
    names, table = customer_columns(book, by), book.tables["customers"]
    known = flat(table.data["customer_id"])
    at = pc.index_in(ids, value_set=known.cast(ids.type))
    labels, group = labelled([flat(table.data[name]).take(at) for name in names])
    return group, labels, ids


def customer_columns(book: Book, by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of customers that contracts are grouped by, without the name of their table."""
    unreserved(by)
    table, names = book.tables.get("customers"), [name.removeprefix("customers.") for name in by]
    missing = [name for name in names if table is None or name not in table]
    if missing:
        msg = f"Contracts are grouped by columns of customers; there is no {', '.join(missing)}."
        raise DataError(msg)
    return tuple(names)


def _drill(book: Book, freq: str, by: tuple[str, ...]) -> Callable[..., pd.DataFrame]:
    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        import pandas as pd

        _, _, full = book.engine.extent(freq)
        number = full if period is None else book.calendar(freq).of(period)
        day = min(int(book.calendar(freq).last_day(np.array([number]))[0]), book.as_of_day)
        start, end, value, _ = contracts_of(book)
        code, labels, ids = groups_of(book, by)
        live = (start <= day) & (end > day)
        if group:
            live &= code == labels.index(tuple(str(group[name]) for name in by))
        found = pd.DataFrame({"customer_id": ids.filter(pa.array(live)).to_pandas()})
        found["numerator"] = value[live]
        return found.groupby("customer_id", sort=False, as_index=False).sum()

    return rows
