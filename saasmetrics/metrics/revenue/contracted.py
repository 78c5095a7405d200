"""ARR as the contracts in force: what customers have signed for, per year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.columns import flat
from saasmetrics.engine.expiring import AskedContracts
from saasmetrics.engine.groups import unreserved
from saasmetrics.engine.in_force import in_force, in_force_on
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.metrics.made import made

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    import pyarrow as pa

    from saasmetrics.book import Book
    from saasmetrics.engine.in_force import InForce
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

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
    calendar, numbers = book.calendar(freq), np.arange(first, first + periods)
    found = _found(book.tables, _asked(book, freq, by), numbers)
    labels = found.labels
    data: dict[str, Any] = {"period": np.tile(calendar.starts(numbers), len(labels))}
    for i, name in enumerate(by):
        data[name] = np.repeat(np.array([label[i] for label in labels], object), periods)
    data |= {"value": found.value.ravel(), "n": found.customers.ravel()}
    data["complete"] = np.tile(numbers <= full, len(labels))
    return made(
        book,
        "arr",
        pd.DataFrame(data),
        "series",
        by=by,
        options={"freq": freq},
        notes=(_NOTE,),
        drill=_drill(book, freq, by, found),
        tables=["contracts"],
    )


def _asked(book: Book, freq: str, by: tuple[str, ...]) -> AskedContracts:
    """Return how contracts are looked at."""
    if "contracts" not in book.tables:
        raise MissingTableError.of("contracts", "A sum of contracts")
    columns = customer_columns(book, by) if by else ()
    return AskedContracts(columns, book.calendar(freq), book.as_of_day, book.currency)


def _found(tables: Mapping[str, Table], asked: AskedContracts, periods: Any) -> InForce:
    """Return the contracts in force at the ends of periods, counted where they are."""
    used = ("contracts", "customers") if asked.columns else ("contracts",)
    if all(tables[name].is_away for name in used):
        from saasmetrics.engine.connected.expiring import in_force_there

        return in_force_there(tables, asked, periods)
    return in_force(tables, asked, periods)


def _live(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    sums: InForce,
    day: int,
    label: tuple[str, ...] | None,
) -> pa.Table:
    """Return the contracts in force on a day: of those that are elsewhere they alone are brought."""
    if not sums.values:
        return in_force_on(tables, asked, day, label)
    from saasmetrics.engine.connected.expiring import only_in_force

    some = only_in_force(tables, asked, day, None if label is None else sums.values[label])
    return in_force_on(some, asked, day, None)


def customer_columns(book: Book, by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of customers that contracts are grouped by, without the name of their table."""
    unreserved(by)
    table, names = book.tables.get("customers"), [name.removeprefix("customers.") for name in by]
    missing = [name for name in names if table is None or name not in table]
    if missing:
        msg = f"Contracts are grouped by columns of customers; there is no {', '.join(missing)}."
        raise DataError(msg)
    return tuple(names)


def _drill(
    book: Book, freq: str, by: tuple[str, ...], sums: InForce
) -> Callable[..., pd.DataFrame]:
    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        import pandas as pd

        _, _, full = book.engine.extent(freq)
        number = full if period is None else book.calendar(freq).of(period)
        day = min(int(book.calendar(freq).last_day(np.array([number]))[0]), book.as_of_day)
        label = tuple(str(group.get(name)) for name in by) if group else None
        if label is not None and label not in sums.labels:
            known = [" · ".join(label) for label in sums.labels]
            raise UnknownNameError.of("group", " · ".join(label), known)
        live = _live(book.tables, _asked(book, freq, by), sums, day, label)
        found = pd.DataFrame({"customer_id": flat(live["customer_id"]).to_pandas()})
        found["numerator"] = np.asarray(live["value"])
        return found.groupby("customer_id", sort=False, as_index=False).sum()

    return rows
