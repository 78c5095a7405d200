"""What was done for customers, read from the activities or given: who got it, from which day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.day_rows import rows_by_day
from saasmetrics.engine.followed import followed
from saasmetrics.engine.requests import words_of
from saasmetrics.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.tables import Table

    Ints = NDArray[np.int64]

NEVER = 2**31 - 1
_COLUMNS = ("playbook", "kind")


@dataclass(frozen=True, eq=False)
class Treatment:
    """What was done, per customer and touch by touch.

    Parameters
    ----------
    name
        In words.
    start
        Day of the first touch of each customer; `NEVER` where there is none.
    customer, day, minutes
        One element per touch; minutes are missing where nobody wrote them down.
    wave
        The wave of each touch, "" for none.
    notes
        What was set aside.
    """

    name: str
    start: Ints
    customer: Ints
    day: Ints
    minutes: NDArray[np.float64]
    wave: NDArray[Any]
    notes: tuple[str, ...] = field(default=())


def customer_ids(book: Book) -> NDArray[Any]:
    """Return the ids of the customers of a book, in the order in which the engine numbers them.

    Raises
    ------
    DataError
        If the policy counts something else than customers.
    """
    check_customers(book)
    return np.asarray(followed(book.engine).spans.entity_ids.to_pandas().astype(str), object)


def check_customers(book: Book) -> None:
    """Refuse a book whose policy counts something else than customers."""
    if book.policy.entity != "customer":
        msg = (
            f"Effects are of customers, and the policy counts by {book.policy.entity}: "
            'ask book.with_policy(entity="customer").'
        )
        raise DataError(msg)


def numbered(ids: NDArray[Any], wanted: Any) -> Ints:
    """Return the number of each id among the ids; -1 where it is none of them.

    Examples
    --------
    >>> numbered(np.array(["a", "b"], object), ["b", "x"]).tolist()
    [1, -1]
    """
    import pandas as pd

    found: Ints = pd.Index(ids).get_indexer(pd.Index(wanted).astype(str)).astype(np.int64)
    return found


def days_of(at: Any) -> Ints:
    """Return day numbers of dates; `NEVER` where there is none.

    Examples
    --------
    >>> days_of(["1970-01-03", None]).tolist()
    [2, 2147483647]
    """
    import pandas as pd

    when = pd.to_datetime(pd.Series(at)).to_numpy("datetime64[D]")
    return np.where(np.isnat(when), NEVER, when.astype(np.int64)).astype(np.int64)


def activities_of(book: Book) -> Table:
    """Return the activities of a book.

    Raises
    ------
    MissingTableError
        If it has none.
    """
    if "activities" not in book.tables:
        book.frame("activities")  # says which columns it needs
    return book.tables["activities"]


def treatment_of(book: Book, asked: Any) -> Treatment:
    """Return a treatment by what it is called, or from rows of customer and day.

    Parameters
    ----------
    book
        The company's tables.
    asked
        A playbook or a kind of the activities ("success_plan"), a mapping of a column of the
        activities to a value ({"kind": "qbr"}), or a frame with customer_id and start.

    Raises
    ------
    DataError
        If it is none of these, or nobody got it.
    """
    ids = customer_ids(book)
    if isinstance(asked, str) or (isinstance(asked, Mapping) and "customer_id" not in asked):
        name, rows = _activities(book, asked)
    else:
        name, rows = "treatment", _given(asked)
    found = numbered(ids, rows["customer_id"])
    day = days_of(rows["at"])
    known = (found >= 0) & (day <= book.as_of_day)
    notes = []
    if strange := int((found < 0).sum()):
        notes.append(f"{strange:,} touches of accounts that never paid are left out")
    if later := int(((found >= 0) & (day > book.as_of_day)).sum()):
        notes.append(f"{later:,} touches after {book.as_of_text} or without a date are left out")
    if not known.any():
        msg = f"No paying customer got {name} by {book.as_of_text}: there is no effect to look for."
        raise DataError(msg)
    start = np.full(len(ids), NEVER, np.int64)
    np.minimum.at(start, found[known], day[known])
    return Treatment(
        name,
        start,
        found[known],
        day[known],
        np.asarray(rows["minutes"], np.float64)[known],
        np.asarray(rows["wave"], object)[known],
        tuple(notes),
    )


def _activities(book: Book, asked: str | Mapping[str, Any]) -> tuple[str, pd.DataFrame]:
    import pandas as pd

    table = activities_of(book)
    names = table.data.column_names
    if isinstance(asked, str):
        words = {c: words_of(table, c) for c in _COLUMNS if c in names}
        columns = [c for c, there in words.items() if asked in there]
        if not columns:
            there = {str(word) for some in words.values() for word in some}
            raise UnknownNameError.of("kind or playbook of the table activities", asked, there)
        asked = {columns[0]: asked}
    for column in asked:
        if column not in names:
            raise UnknownNameError.of("column of the table activities", column, names)
    data = rows_by_day(table, "at", ("minutes", "wave"), asked)
    data = data.loc[data.index.repeat(data["n"])]
    empty = pd.Series(np.nan, data.index)
    rows = pd.DataFrame(
        {
            "customer_id": data["customer_id"],
            "at": data["at"],
            "minutes": pd.to_numeric(data.get("minutes", empty)).astype(float),
            "wave": data.get("wave", empty).astype(object).where(lambda s: s.notna(), ""),
        }
    )
    return " and ".join(str(value) for value in asked.values()), rows


def _given(asked: Any) -> pd.DataFrame:
    import pandas as pd

    try:
        data = pd.DataFrame(asked)
        missing = [name for name in ("customer_id", "start") if name not in data]
    except (ValueError, TypeError):
        data, missing = pd.DataFrame(), ["customer_id", "start"]
    if missing:
        msg = (
            f"treatment={type(asked).__name__} is without {' and '.join(missing)}: name a playbook or a "
            "kind of the table activities, or give rows of customer_id and start."
        )
        raise DataError(msg)
    wave = data["wave"].astype(object) if "wave" in data else ""
    minutes = data["minutes"].astype(float) if "minutes" in data else np.nan
    return pd.DataFrame(
        {"customer_id": data["customer_id"], "at": data["start"], "minutes": minutes, "wave": wave}
    )
