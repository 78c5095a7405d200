"""Cash by cohort: what was billed when, prepaid terms in full on their first day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, flat, numbers
from saasmetrics.engine.service import interval_steps
from saasmetrics.engine.tally import tally
from saasmetrics.money import multiplied, to_micro

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine


def cash_by_cohort(engine: LocalEngine, by: Sequence[str]) -> tuple[NDArray[np.int64], str]:
    """Return what each cohort was billed by age in months, as groups x cohorts x ages, and from what that is known.

    The table invoices is taken where there is one, else the billing intervals of the subscriptions. What was billed
    before the month of the first payment counts at age 0.
    """
    first, _, full = engine.extent("M")
    width, group = max(full - first + 1, 0), engine.origin(by).astype(np.int64)
    many = len(engine.grouping(by))
    if "invoices" in engine.tables:
        entity, month, amount = _invoiced(engine)
        words = "cash is invoices on their day"
    else:
        return _scheduled(engine, group, many, first, width)
    begin = engine.periodic("M").since[entity]
    age = np.maximum(month - begin, 0)
    seen = (begin <= full) & (begin + age <= full)
    cell = (group[entity] * width + begin - first) * width + age
    return tally(cell[seen], amount[seen], many * width * width).reshape(many, width, width), words


def _invoiced(
    engine: LocalEngine,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return customer, month and amount of every invoice line of a customer with MRR, up to the as-of date."""
    data = engine.tables["invoices"].data
    ids = engine.spans.entity_ids
    at = pc.fill_null(pc.index_in(flat(data["customer_id"]).cast(ids.type), value_set=ids), -1)
    entity, day = np.asarray(at).astype(np.int64), days(data["date"])
    rate = currency_rates(engine.tables, "invoices", engine.as_of, engine.currency)
    amount = to_micro(numbers(data["amount"]) * rate)
    mine = (entity >= 0) & (day <= engine.as_of)
    return entity[mine], engine.calendar("M").ordinal(day[mine]), amount[mine]


def _scheduled(
    engine: LocalEngine, group: NDArray[np.int64], many: int, first: int, width: int
) -> tuple[NDArray[np.int64], str]:
    """Return bills on the first day of every billing interval: changes at their months, repeated every interval."""
    spans = engine.spans
    pays = np.flatnonzero(~spans.rests() & (spans.amount != 0))
    start = spans.start[pays].astype(np.int64)
    end = np.minimum(spans.end[pays].astype(np.int64), engine.as_of + 1)
    step = _months(engine)[spans.lines()[pays]] if spans.source == "subscriptions" else None
    every = np.ones(len(pays), np.int64) if step is None else step
    calendar = engine.calendar("M")
    begin = engine.periodic("M").since[spans.entity[pays]]
    month, count = calendar.ordinal(start), bills(start, end, every)
    age = np.maximum(month - begin, 0)
    known = (begin < first + width) & (begin + age < first + width) & (count > 0)
    amount = multiplied(spans.amount[pays], every)
    row = group[spans.entity[pays]] * width + begin - first
    total = np.zeros((many * width, width), np.int64)
    for size in np.unique(every[known]).tolist():
        mine = np.flatnonzero(known & (every == size))
        stop = age[mine] + count[mine] * size
        ends = stop < width
        cells = total.size
        change = tally(row[mine] * width + age[mine], amount[mine], cells)
        change -= tally((row[mine] * width + stop)[ends], amount[mine][ends], cells)
        total += _repeated(change.reshape(total.shape), size)
    words = "cash is billed on the first day of every billing interval"
    return total.reshape(many, width, width), words


def bills(
    start: NDArray[np.int64], end: NDArray[np.int64], every: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many bills fall on days from `start` to before `end`, one every so many months.

    Examples
    --------
    >>> days = np.array(["2025-01-31", "2026-02-01"], "datetime64[D]").astype(np.int64)
    >>> bills(days[:1], days[1:], np.array([12])).tolist()
    [2]
    """
    first, last = start.astype("datetime64[D]"), end.astype("datetime64[D]")
    months = [day.astype("datetime64[M]") for day in (first, last)]
    apart = months[1].astype(np.int64) - months[0].astype(np.int64)
    length = (months[1] + 1).astype("datetime64[D]") - months[1].astype("datetime64[D]")
    day = np.minimum(first - months[0].astype("datetime64[D]"), length - np.timedelta64(1, "D"))
    due = (apart % every != 0) | (day < last - months[1].astype("datetime64[D]"))
    return np.where(end > start, apart // every + due, 0)


def _months(engine: LocalEngine) -> NDArray[np.int64]:
    """Return the months from bill to bill of each row; days and weeks are billed month by month."""
    return np.maximum(interval_steps(engine.tables["subscriptions"].data)[:, 0], 1)


def _repeated(change: NDArray[np.int64], every: int) -> NDArray[np.int64]:
    """Return changes that stay in force, seen only every so many columns from their own."""
    out = change.copy()
    for column in range(every, out.shape[1]):
        out[:, column] += out[:, column - every]
    return out
