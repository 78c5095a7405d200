"""Remedies where the rows are elsewhere: they become part of each query, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.checks.elsewhere.later import same_names
from saasmetrics.checks.elsewhere.spellings import counts_there
from saasmetrics.checks.spellings import grouped, strange
from saasmetrics.engine.connected.gate import Looking
from saasmetrics.engine.connected.gathered import same_line_of
from saasmetrics.engine.connected.repeated import copies, counts_rows
from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.connected.suspects import counted_in
from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.errors import DataError
from saasmetrics.tables.gate.copies import LINES
from saasmetrics.tables.schema import CLOCKS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from saasmetrics.checks.remedies import Asked, Chosen
    from saasmetrics.engine.connected.suspects import Suspect
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]
    Mended = tuple[dict[str, Table], dict[str, int]]

Changed = dict[str, tuple[Rows, int]]
_MOST = 200  # ids that a query gives other ones


@dataclass(frozen=True)
class _Order:
    """A remedy, and the tables that it is for."""

    tables: Tables
    entry: Chosen
    asked: Asked

    @property
    def names(self) -> list[str]:
        return [name for name in self.tables if self.entry.table in ("", name)]

    def rows(self, name: str) -> Rows:
        rows: Rows = self.tables[name].data
        return rows

    def suspects(self, name: str) -> list[tuple[Frame, list[Suspect]]]:
        """Return what has the finding in one table, with the frame that it is looked for in."""
        asked = self.asked
        looking = Looking(self.tables, asked.as_of, asked.currency, asked.policy, guessed=False)
        found = ((frame, self._mine(every)) for frame, every in looking.suspects(name))
        return [(frame, mine) for frame, mine in found if mine]

    def _mine(self, every: list[Suspect]) -> list[Suspect]:
        return [one for one in every if one.code == self.entry.finding]


def mended_there(tables: Tables, entry: Chosen, asked: Asked) -> Mended:
    """Apply one remedy where the rows are; return the tables and how many rows of each it changes.

    Parameters
    ----------
    tables
        Tables by name; those whose rows are here stay as they are.
    entry
        What was chosen.
    asked
        By what findings are looked for.

    Raises
    ------
    DataError
        If the remedy needs the rows themselves.
    """
    there = {name: table for name, table in tables.items() if is_there(table)}
    make = _MENDS.get((entry.finding, entry.remedy))
    if make is None:
        msg = (
            f'The remedy {entry.finding} = "{entry.remedy}" needs the rows and their order, and the tables stay where '
            "they are. Export what is to be repaired and read it, sm.read(folder), or repair it at its source."
        )
        raise DataError(msg)
    link = next(iter(there.values())).data.link
    with link.asking("Repairing the tables"):
        changed = make(_Order(there, entry, asked))
    out = {name: replace(tables[name], data=rows) for name, (rows, _) in changed.items()}
    many = {name: count for name, (_, count) in changed.items() if count}
    return {**tables, **{name: table for name, table in out.items() if name in many}}, many


def _dropped(order: _Order) -> Changed:
    """Leave the rows out."""
    out: Changed = {}
    for name in order.names:
        rows = order.rows(name)
        for frame, suspects in order.suspects(name):
            bad = reduce(or_, (one.where.fill_null(False) for one in suspects))
            (many,) = counted_in(frame, bad)
            kept = fenced(frame.filter(~bad).select(*rows.column_names))
            out[name] = (rows.part(kept), many)
    return out


def _without_copies(order: _Order) -> Changed:
    out: Changed = {}
    for name in order.names:
        rows, key = order.rows(name), [*SCHEMA[name].key, *SCHEMA[name].required]
        if len(SCHEMA[name].key) == 1 and counts_rows(rows, key[0]):
            continue  # which are told apart by nothing but a number
        many = rows.part(copies(rows.frame, key[0])).num_rows
        out[name] = (rows.part(fenced(rows.frame.unique())), many)
    return out


def _without_second_numbers(order: _Order) -> Changed:
    out: Changed = {}
    for name in order.names:
        if name not in LINES or LINES[name][0] not in order.rows(name).column_names:
            continue
        rows, number, day = order.rows(name), LINES[name][0], LINES[name][1][1]
        if counts_rows(rows, number):
            continue
        frame = rows.frame.with_columns(_first=same_line_of(name, rows))
        again = (nw.col(number) != nw.col("_first")) & ~nw.col(day).is_null()
        (many,) = counted_in(frame, again)
        kept = frame.filter(~again.fill_null(False)).select(*rows.column_names)
        out[name] = (rows.part(fenced(kept)), many)
    return out


def _set(make: Callable[[str], nw.Expr]) -> Callable[[_Order], Changed]:
    """Return a remedy that sets the column of each finding to what is made of it."""

    def mend(order: _Order) -> Changed:
        out: Changed = {}
        for name in order.names:
            rows = order.rows(name)
            for frame, suspects in order.suspects(name):
                counts = counted_in(frame, *(suspect.where for suspect in suspects))
                new = frame.with_columns(
                    nw.when(one.where.fill_null(False))
                    .then(make(one.column))
                    .otherwise(nw.col(one.column))
                    .alias(one.column)
                    for one in suspects
                )
                kept = fenced(new.select(*rows.column_names))
                out[name] = (rows.part(kept), sum(counts))
        return out

    return mend


def _written(order: _Order) -> Changed:
    """Write words to group by as the findings say."""
    out: Changed = {}
    for name in order.names:
        rows, many = order.rows(name), 0
        frame = rows.frame
        for column in grouped(name, rows.schema):
            counts = counts_there(rows, column)
            for found in strange(counts):
                if found.code == order.entry.finding:
                    frame = frame.with_columns(_renamed(column, found.instead).alias(column))
                    many += sum(counts[word] for word in found.instead)
        if many:
            out[name] = (rows.part(fenced(frame.select(*rows.column_names))), many)
    return out


def _ended(column: str) -> Callable[[_Order], Changed]:
    """Return a remedy that ends subscriptions on the day of a column, "" for that of the finding."""

    def mend(order: _Order) -> Changed:
        if "subscriptions" not in order.names:
            return {}
        rows = order.rows("subscriptions")
        frame, many = rows.frame, 0
        if "end" not in rows.column_names:
            frame = frame.with_columns(end=nw.lit(None, dtype=nw.Date()))
        for _, suspects in order.suspects("subscriptions"):
            for one in suspects:
                many += counted_in(rows.frame, one.where)[0]
                day, start = (nw.col(n).cast(nw.Date) for n in (column or one.column, "start"))
                last = nw.when(day < start).then(start).otherwise(day)
                end = nw.when(one.where.fill_null(False)).then(last).otherwise(nw.col("end"))
                frame = frame.with_columns(end=end)
        return {"subscriptions": (rows.cut(fenced(frame)), many)}

    return mend


def _merged(order: _Order) -> Changed:
    """Give all tables the suggested id, and leave the other rows of customers out."""
    if "customers" not in order.names:
        return {}
    link = order.rows("customers").link
    found = [p.found for p in same_names(order.tables, link) if p.code == "several-ids"]
    if not found:
        return {}
    pairs = dict(
        zip(*(found[0][n].to_pylist() for n in ("customer_id", "suggested_id")), strict=True)
    )
    if len(pairs) > _MOST:
        msg = (
            f"{len(pairs):,} ids would get another one, and queries can name {_MOST}. Merge them at their source, or "
            "name the suggested id as parent_id there and count by policy entity='parent'."
        )
        raise DataError(msg)
    out: Changed = {}
    for name in order.tables:
        rows, many = order.rows(name), 0
        frame = rows.frame
        if name == "customers":
            old = nw.col("customer_id").is_in(list(pairs))
            many += counted_in(frame, old)[0]
            frame = frame.filter(~old)
        for column in ("customer_id", "parent_id"):
            if column in rows.column_names:
                many += counted_in(frame, nw.col(column).is_in(list(pairs)))[0]
                frame = frame.with_columns(_renamed(column, pairs).alias(column))
        if name == "mrr":
            frame = _added_up(frame, rows.column_names, list(pairs.values()))
        out[name] = (rows.part(fenced(frame.select(*rows.column_names))), many)
    return out


def _renamed(column: str, pairs: Mapping[Any, Any]) -> nw.Expr:
    """Return a column with other ids in place of some."""
    value = nw.col(column)
    for old, new in pairs.items():
        value = nw.when(nw.col(column) == old).then(nw.lit(new)).otherwise(value)
    return value


def _added_up(frame: Frame, columns: list[str], ids: list[object]) -> Frame:
    """Add up the months of some customers that share all but the amount."""
    same = [name for name in columns if name not in ("mrr", *CLOCKS)]
    mine = nw.col("customer_id").is_in(ids)
    clocks = [nw.col(name).max() for name in CLOCKS if name in columns]
    summed = frame.filter(mine).group_by(*same).agg(nw.col("mrr").sum(), *clocks)
    others = frame.filter(~mine.fill_null(False))
    made: Frame = nw.concat([others.select(*columns), summed.select(*columns)])
    return made


_DROPPED = (
    *("missing-value", "totals-row", "negative-amount", "negative-term", "zero-length-term"),
    *("status-contradicts-dates", "usage-after-churn", "contact-after-churn", "billed-after-churn"),
)
_MENDS: dict[tuple[str, str], Callable[[_Order], Changed]] = {
    **{(finding, "drop"): _dropped for finding in _DROPPED},
    ("repeated-row", "drop"): _without_copies,
    ("same-line-twice", "drop"): _without_second_numbers,
    ("padded-id", "strip"): _set(lambda column: nw.col(column).str.strip_chars()),
    ("negative-amount", "positive"): _set(lambda column: nw.col(column).abs()),
    ("cancelled-but-running", "end_on_request"): _ended("cancel_requested_at"),
    ("end-elsewhere", "take"): _ended(""),
    ("several-ids", "merge"): _merged,
    ("alike-values", "write_alike"): _written,
    ("word-for-nothing", "empty"): _written,
}
"""What can be done in queries; what is not here needs the rows."""
