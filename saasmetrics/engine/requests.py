"""How many tickets come, from whom and after how long as a customer: counts by group, tenure and month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, flat, has, numbers
from saasmetrics.engine.followed import followed
from saasmetrics.engine.pairs import since
from saasmetrics.errors import DataError, MissingTableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Floats = NDArray[np.float64]

BANDS = (3, 12)
"""Ages in months at which a customer enters the next band of tenure: new, settling in, settled."""
BAND_NAMES = ("months 1-3", "months 4-12", "later")


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
    engine: LocalEngine, wanted_by: str, where: Mapping[str, str] | None = None
) -> Requests:
    """Return the tickets up to the as-of date, in the order they came; `where` picks by a column, such as channel.

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
    moment = np.asarray(
        flat(data["created_at"]).cast(pa.timestamp("us")).cast(pa.int64()).fill_null(-(2**62))
    )
    seconds = moment // 1_000_000
    day = days(data["created_at"], -(2**30)).astype(np.int64)
    keep = (day > -(2**30)) & (day <= engine.as_of) & (day >= engine.since)
    for column, value in (where or {}).items():
        if not has(data, column):
            msg = f"{wanted_by} needs the column {column} in the table tickets. Add it."
            raise DataError(msg)
        same = pc.equal(flat(data[column]).cast(pa.string()), str(value))
        mine = np.asarray(pc.fill_null(same, False))
        if not mine.any():
            there = ", ".join(
                sorted(map(str, pc.unique(data[column].drop_null()).to_pylist()))[:12]
            )
            msg = f"No ticket has {column} {value!r}; there are {there}."
            raise DataError(msg)
        keep &= mine
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


@dataclass(frozen=True)
class Contacts:
    """Tickets and customers by group, band of tenure and month.

    Attributes
    ----------
    labels
        The groups.
    first
        First month.
    tickets, customers
        Groups x bands x months; customers are those paying at the end of the month.
    new, lost, exposed
        Customers won and lost in the month (groups x months; groups x bands x months), and those who could be lost.
    outside
        Tickets of accounts that do not pay at the end of the month: per month.
    """

    labels: tuple[tuple[Any, ...], ...]
    first: int
    tickets: NDArray[np.int64]
    customers: NDArray[np.int64]
    new: NDArray[np.int64]
    lost: NDArray[np.int64]
    exposed: NDArray[np.int64]
    outside: NDArray[np.int64]


def contacts(
    engine: LocalEngine,
    by: Sequence[str],
    months: tuple[int, int],
    where: Mapping[str, str] | None = None,
) -> Contacts:
    """Return tickets and customers of the months from the first to the last, both included."""
    first, last = months
    found, engine = requests(engine, "Demand", where), followed(engine)
    grouping = engine.grouping(by)
    group = engine.origin(by).astype(np.int64)
    many, width, bands = len(grouping), last - first + 1, len(BANDS) + 1
    ledger = engine.periodic("M")
    begun = since(ledger).astype(np.int64)
    shape = (many, bands, width)
    tickets, customers, lost, exposed = (np.zeros(shape, np.int64) for _ in range(4))
    new, outside = np.zeros((many, width), np.int64), np.zeros(width, np.int64)
    month = engine.calendar("M").ordinal(found.day)
    before = ledger.state(first - 1)[0] > 0
    edges = np.searchsorted(month, np.arange(first, last + 2))  # tickets stand in the order of time
    for place, period in enumerate(range(first, last + 1)):
        paying = ledger.state(period)[0] > 0
        band = np.digitize(period - begun, BANDS)
        cell = group * bands + band
        customers[:, :, place] = _count(cell[paying], many, bands)
        exposed[:, :, place] = _count(cell[before], many, bands)
        lost[:, :, place] = _count(cell[before & ~paying], many, bands)
        new[:, place] = np.bincount(group[paying & ~before], minlength=many)
        who = found.entity[edges[place] : edges[place + 1]]
        inside = (who >= 0) & paying[who]
        tickets[:, :, place] = _count(cell[who[inside]], many, bands)
        outside[place] = int((~inside).sum())
        before = paying
    return Contacts(grouping.labels, first, tickets, customers, new, lost, exposed, outside)


def _count(cell: NDArray[np.int64], many: int, bands: int) -> NDArray[np.int64]:
    return np.bincount(cell, minlength=many * bands).reshape(many, bands)


def ages(engine: LocalEngine, by: Sequence[str], month: int) -> NDArray[np.int64]:
    """Return the customers paying at the end of a month, by group and months since they began (the last: and more)."""
    engine = followed(engine)
    ledger = engine.periodic("M")
    paying = ledger.state(month)[0] > 0
    old = np.clip(month - since(ledger).astype(np.int64), 0, BANDS[-1])
    cell = engine.origin(by).astype(np.int64) * (BANDS[-1] + 1) + old
    many = len(engine.grouping(by))
    return np.bincount(cell[paying], minlength=many * (BANDS[-1] + 1)).reshape(many, -1)
