"""What a table says by day: few rows, from which the findings about its beginning, its holes and its end follow."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.connected.rows import canonical
from saasmetrics.engine.connected.suspects import Suspect, counted_in, day_of
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.tables import Table
from saasmetrics.tables.gate import amounts, extract, months, reach, stops
from saasmetrics.tables.gate.view import Gate, View, day_number
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from saasmetrics.engine.connected.facts import Facts
    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy

_PAID = {"mrr": ("month", "mrr"), "invoices": ("date", "amount")}
_TIMES = ("tickets", "trials")
_FINDINGS = (reach.as_of_after_data, months.empty_months, stops.tables_that_stop_early)


def of_days(
    tables: Mapping[str, Table], as_of: int, currency: str, policy: Policy
) -> Iterator[Problem]:
    """Return the findings of the gate that hang on days alone.

    Parameters
    ----------
    tables
        Tables that are elsewhere.
    as_of, currency, policy
        As for the gate.
    """
    views = {name: View(_days(table)) for name, table in tables.items() if table.data.num_rows}
    gate = Gate(views, as_of, currency, policy)
    for finding in _FINDINGS:
        yield from finding(gate)
    if "mrr" in views:
        yield from extract.cliff_at_the_end(Gate({"mrr": views["mrr"]}, as_of))
    if "subscriptions" in views:
        yield from _broken_off(tables["subscriptions"].data, as_of)
    if "fx" in views:
        yield from stops.months_without_rate(gate)


def _days(table: Table) -> Table:
    """Return a table with a row for each of its days, of which the amount is a sum."""
    rows: Rows = table.data
    return replace(table, data=rows.once("days there", lambda: _by_day(table.name, rows)))


def _by_day(name: str, rows: Rows) -> pa.Table:
    words = pa.table({"currency": pa.array(sorted(rows.words.get("currency", ())), pa.string())})
    at = stops.DATES.get(name, "")
    if name == "fx" and {"date", "currency", "rate"} <= set(rows.column_names):
        return _rates(rows.frame)
    if at not in rows.column_names:
        return words if len(words) else pa.table({"_row": [0]})
    sums = [nw.col("mrr").sum()] if name == "mrr" and "mrr" in rows.column_names else []
    frame = rows.frame.with_columns(nw.col(at).cast(nw.Date))
    own = rows.is_part and len(words) > 1  # of the currencies of all rows, those of these
    keys = (at, "currency") if own else (at,)
    found = canonical(name, fetched(frame.group_by(*keys).agg(nw.len().alias("_rows"), *sums)))
    return found if own else pa.concat_tables([found, words], promote_options="permissive")


def _rates(frame: Frame) -> pa.Table:
    """Return the first rate of each currency and month."""
    good = frame.filter(~nw.col("date").is_null(), ~nw.col("rate").is_null())
    day = nw.col("date").cast(nw.Date)
    good = good.select("currency", date=day, _year=day.dt.year(), _month=day.dt.month())
    found = good.group_by("currency", "_year", "_month").agg(nw.col("date").min())
    found = canonical("fx", fetched(found.select("currency", "date").sort("currency", "date")))
    return found.append_column("rate", pa.array(np.ones(len(found))))


def _broken_off(rows: Rows, as_of: int) -> Iterator[Problem]:
    """Running subscriptions that fall at the end of the data."""
    if not {"start", "end", "amount"} <= set(rows.column_names):
        return
    starts, ends = (
        rows.once(f"{at} by day", partial(_per_day, rows.frame, at)) for at in ("start", "end")
    )
    if not len(starts):
        return
    start, started = _counted(starts, "start")
    end, ended = _counted(ends, "end")
    known = end <= as_of
    level = extract.running(start, end[known], as_of, started, ended[known])
    yield from extract.fallen(rows.name, *level, extract.RUNNING)


def _per_day(frame: Frame, at: str) -> pa.Table:
    good = frame.filter(nw.col("amount") > 0, ~nw.col("start").is_null(), ~nw.col(at).is_null())
    found = fetched(good.group_by(at).agg(nw.len().alias("_rows")))
    return canonical("subscriptions", found)


def _counted(days: pa.Table, at: str) -> tuple[np.ndarray, np.ndarray]:
    view = View(Table("subscriptions", days))
    return view.days(at), np.asarray(days["_rows"]).astype(np.int64)


def at_the_edges(name: str, rows: Rows, facts: Facts) -> Iterator[Suspect]:
    """Return what is looked for at the first and at the last day of a table.

    Parameters
    ----------
    name, rows
        The table.
    facts
        What one look at it said.
    """
    there = set(rows.column_names)
    if name in _PAID and {"customer_id", *_PAID[name]} <= there:
        at, amount = _PAID[name]
        paying = nw.col(amount) > 0
        first = facts.least.get(at)
        if not (facts.least.get(amount, 0) > 0 and facts.is_full(amount)):
            first = rows.once("first paid", lambda: _limit(rows.frame.filter(paying), at, "min"))
        if first is not None:
            yield _from_the_first(at, amount, int(first))
    if name == "invoices" and {"date", "service_end"} <= there:
        last = facts.most.get("date")
        if last is not None:
            yield _prepaid(int(last))
    if name == "subscriptions" and {"start", "end"} <= there:
        edge = facts.most.get("end")
        if edge is not None:
            yield from _all_at_once(rows, int(edge))
    if name in _TIMES:
        yield from rows.once("times", lambda: list(_days_beside_times(name, rows)))


def _limit(frame: Frame, at: str, which: str) -> int | None:
    day = nw.col(at).cast(nw.Date)
    (found,) = fetched(frame.select(_day=day).select(getattr(nw.col("_day"), which)()))["_day"]
    return None if found.as_py() is None else day_number(found.as_py())


def _from_the_first(at: str, amount: str, first: int) -> Suspect:
    month = np.datetime64(first, "D").astype("M8[M]")
    begin, until = day_number(month.astype("M8[D]")), amounts.month_end(first)
    day = nw.col(at).cast(nw.Date)
    where = (nw.col(amount) > 0) & (day >= nw.lit(day_of(begin))) & (day <= nw.lit(day_of(until)))
    order = ("customer_id", at, amount)
    return Suspect(
        extract.left_truncation,
        "left-truncation",
        "customer_id",
        where,
        said=_customers,
        order=order,
    )


def _customers(problem: Problem, found: Frame) -> Problem:
    many = fetched(found.select("customer_id").unique().select(nw.len().alias("many")))
    return replace(problem, rows=int(many["many"][0].as_py()))


def _prepaid(last: int) -> Suspect:
    end = day_of(amounts.month_end(last))
    where = nw.col("service_end").cast(nw.Date) > nw.lit(end)
    finding, words = amounts.service_after_the_end, "service-after-the-end"
    return Suspect(partial(_as_if_until, last, finding), words, "service_end", where)


def _as_if_until(last: int, finding: object, gate: Gate) -> list[Problem]:
    """Return what a finding says of invoices of which the last one is of a day."""
    data = gate.views["invoices"].table.data
    more = pa.table({"date": pa.array([last], pa.int32()).cast(pa.date32())})
    data = pa.concat_tables([data, more], promote_options="permissive")
    view = View(replace(gate.views["invoices"].table, data=data))
    return list(finding(Gate({"invoices": view})))  # type: ignore[operator]


def _all_at_once(rows: Rows, edge: int) -> Iterator[Suspect]:
    """Most running subscriptions ending on one day, the last of the export."""
    day, end = nw.lit(day_of(edge)), nw.col("end").cast(nw.Date)
    runs = (nw.col("start").cast(nw.Date) < day) & (nw.col("end").is_null() | (end >= day))
    at_edge = runs & ~nw.col("end").is_null()
    many, running = rows.once("run to the end", lambda: counted_in(rows.frame, at_edge, runs))
    if extract.all_end(many, running):
        finding = partial(_stops_short, many, running, edge)
        yield Suspect(finding, "extract-stops-short", "end", at_edge)


def _stops_short(many: int, running: int, edge: int, gate: Gate) -> list[Problem]:
    view = gate.views["subscriptions"]
    every = np.ones(view.size, np.bool_)
    return list(extract.stops_short(view, every, running, edge, count=many))


def _days_beside_times(name: str, rows: Rows) -> Iterator[Suspect]:
    """A column of days beside a column of times."""
    kinds = rows.schema
    stamps = [
        column
        for column in extract.stamps_of(name, rows.column_names)
        if pa.types.is_timestamp(kinds.field(column).type)
        or pa.types.is_date(kinds.field(column).type)
    ]
    if not stamps:
        return
    timed = []
    for column in stamps:
        timed += [~nw.col(column).is_null(), _has_time(column)]
    found = counted_in(rows.frame, *timed)
    filled = [n for i, n in enumerate(stamps) if found[2 * i]]
    days = [n for i, n in enumerate(stamps) if found[2 * i] and not found[2 * i + 1]]
    if days and len(days) < len(filled):
        times = [n for n in filled if n not in days]
        where = ~nw.col(days[0]).is_null()
        finding = partial(_beside, name, days, times, filled)
        yield Suspect(finding, "dates-beside-times", ", ".join(days), where)


def mixed_zones(table: Table) -> Iterator[Problem]:
    """Return the finding about times with a zone beside times without one, or of several zones."""
    rows: Rows = table.data
    if not table.zones:
        return
    stamps = [
        name
        for name, column in SCHEMA[table.name].columns.items()
        if column.dtype == "timestamp" and name in table and name not in table.zones
    ]
    asked = [_has_time(name) for name in stamps]
    timed = rows.once("naive times", lambda: counted_in(rows.frame, *asked) if asked else ())
    without = [name for name, count in zip(stamps, timed, strict=True) if count]
    yield from extract.zones_differ(table.name, table.zones, without)


def _has_time(column: str) -> nw.Expr:
    stamp = nw.col(column).cast(nw.Datetime())
    return stamp != stamp.cast(nw.Date).cast(nw.Datetime())


def _beside(
    name: str, days: list[str], times: list[str], stamps: list[str], gate: Gate
) -> list[Problem]:
    return list(extract.days_beside(gate.views[name], days, times, stamps))
