"""Rows that stay where they are: the questions that a book asks of its tables as a whole, answered there."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.amounts import most_used
from saasmetrics.engine.asof import (
    HAPPENED,
    NEARLY_ALL,
    clock_of,
    due_share,
    month_end,
    nothing_known,
)
from saasmetrics.engine.connected.engine import ConnectedEngine
from saasmetrics.engine.connected.filters import filtered_there
from saasmetrics.engine.connected.rows import Kept, Rows, canonical, is_there
from saasmetrics.engine.place import Here
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.held import held_by
from saasmetrics.engine.portable.known import known_frame, known_from
from saasmetrics.engine.portable.whole import FAR, day_number, flag
from saasmetrics.engine.spans import source_of
from saasmetrics.engine.unchanged import CHANGES, USUAL, full_months, quiet_for, unchanged_since
from saasmetrics.periods import day_number as day_of
from saasmetrics.tables.known import unknown_words
from saasmetrics.tables.runs import month_of
from saasmetrics.tables.schema import CLOCKS, ISSUED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table


@dataclass(frozen=True, eq=False)
class There(Here):
    """Rows where they are; tables of which rows were picked here are asked here.

    Parameters
    ----------
    link
        What may be brought.
    """

    link: Link

    def known(self, history: Mapping[str, Table], day: int | None) -> dict[str, Table]:
        """Return the rows known at the end of a day; None: all that is known."""
        out = {name: self._known(name, table, day) for name, table in history.items()}
        source = source_of(history)
        if day is None or not is_there(history[source]) or out[source].num_rows:
            return out
        clock = clock_of(source, history[source].column_names)
        if clock:
            with self.link.asking(f"Looking for what was known of {source}"):
                first = _extreme(history[source].data.frame, clock, "min")
            if first is not None:
                raise nothing_known(source, first, day, clock)
        return out

    def _known(self, name: str, table: Table, day: int | None) -> Table:
        if not is_there(table):
            return super().known({name: table}, day)[name]
        rows: Rows = table.data
        dated = day is not None and name in ISSUED
        if not dated and not {*CLOCKS} & {*rows.column_names}:
            return table
        with self.link.asking(f"Reading {name} as known then"):
            kept = Kept()
            with held_by(kept):
                found = known_frame(name, rows.frame, day, clocks=True)
                left = _left_out(name, rows, found, day)
        return replace(table, data=rows.cut(found, kept), left_out=left)

    def until(self, tables: Mapping[str, Table], as_of: int | None) -> int:
        """Return the last day that the tables show, or the one asked for."""
        source = source_of(tables)
        if not is_there(tables[source]):
            return super().until(tables, as_of)
        if as_of is not None:
            return as_of
        return self._observed(tables, day_of(datetime.now().astimezone().date()))

    def _observed(self, tables: Mapping[str, Table], today: int) -> int:
        source = source_of(tables)
        rows: Rows = tables[source].data
        with self.link.asking(f"Looking for the last day of {source}"):
            if source != "subscriptions":
                last = _extreme(rows.frame, "month" if source == "mrr" else "date", "max")
                return today if last is None else min(month_end(last), today)
            last = _last_seen(rows, today)
            bills = tables.get("invoices")
            if bills is None or not is_there(bills):
                return last
            return max(last, _latest_by(bills.data.frame, "date", today, last))

    def unchanged(self, tables: Mapping[str, Table], as_of: int) -> list[Problem]:
        """Return the finding that all rows are of long before the as-of date, looked for where they are."""
        if source_of(tables) != "subscriptions" or not is_there(tables["subscriptions"]):
            return super().unchanged(tables, as_of)
        rows: Rows = tables["subscriptions"].data
        found = rows.once(f"last change {as_of}", lambda: self._last_change(tables, as_of))
        return list(unchanged_since(found, as_of))

    def _last_change(self, tables: Mapping[str, Table], as_of: int) -> tuple[int, int]:
        last = self._observed(tables, as_of)
        if full_months(last, as_of) <= USUAL:
            return last, USUAL
        asked = {"subscriptions": CHANGES, "invoices": ("date",)}
        days = [
            tables[name].data.frame.select(day=day_number(column, -FAR))
            for name, columns in asked.items()
            if is_there(tables.get(name))
            for column in columns
            if column in tables[name]
        ]
        with self.link.asking("Looking for the months in which subscriptions change"):
            found = nw.concat(days).filter(nw.col("day") <= last, nw.col("day") > -FAR)
            each = np.asarray(fetched(found.unique())["day"]).astype(np.int64)
        return last, quiet_for(month_of(each))

    def with_assumed(self, tables: Mapping[str, Table]) -> Mapping[str, Table]:
        """Return tables as they are: of rows elsewhere, whose currency is said when they are connected."""
        return tables

    def currency(self, tables: Mapping[str, Table]) -> str:
        """Return the currency of most rows."""
        source = source_of(tables)
        rows = tables[source].data
        if not is_there(tables[source]) or "currency" not in rows.column_names:
            return super().currency(tables)
        with self.link.asking(f"Counting the currencies of {source}"):
            quoted = _counts(tables["fx"].data.frame, "currency") if "fx" in tables else {}
            return most_used(_counts(rows.frame, "currency"), quoted) or "USD"

    def filtered(self, tables: Mapping[str, Table], values: Mapping[str, Any]) -> dict[str, Table]:
        """Return the rows with the given values."""
        return filtered_there(tables, values, self.link)

    def engine(
        self,
        tables: Mapping[str, Table],
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int,
        since: int | None,
    ) -> LocalEngine:
        """Return what counts the cubes; it answers whatever the local engine answers."""
        asked = (tables, policy, as_of, currency, fiscal_start, since, self.link)
        return cast("LocalEngine", ConnectedEngine(*asked))

    def check(
        self,
        tables: Mapping[str, Table],
        *,
        as_of: int,
        currency: str,
        policy: Policy,
        guessed: bool,
    ) -> list[Problem]:
        """Return the findings of the quality gate, looked for where the rows are."""
        from saasmetrics.engine.connected.gate import check

        there = [table for table in tables.values() if is_there(table)]
        if not there:
            return super().check(
                tables, as_of=as_of, currency=currency, policy=policy, guessed=guessed
            )
        # Books of the same rows, day and policy ask once. The tables are kept with the answer, so that no other has
        # their numbers.
        numbers = sorted((name, id(table.data)) for name, table in tables.items())
        first: Rows = there[0].data
        _, found = first.once(
            f"gate {numbers} {as_of} {currency} {guessed} {astuple(policy)}",
            lambda: (
                dict(tables),
                check(tables, self.link, as_of, currency, policy, guessed=guessed),
            ),
        )
        return list(found)

    def data_hash(self, tables: Mapping[str, Table]) -> str:
        """Return a hash of the counts, limits and sums of every column: it finds most changes, and brings no rows."""
        found = hashlib.sha256(b"saasmetrics tables there 1\n")
        for name in sorted(tables):
            with self.link.asking(f"Adding up the columns of {name}"):
                found.update(f"{name} {_summary(tables[name])}\n".encode())
        return found.hexdigest()

    def said(self) -> str:
        """Return in words that the rows are not here, but for those that were brought."""
        here = self.link.notes()
        return f"Tables stay where they are; {', '.join(here) or 'no rows were brought'}"


def _left_out(name: str, rows: Rows, found: Frame, day: int | None) -> dict[str, int]:
    """Return why rows of the history are not known, and how many, in the words of `saasmetrics.tables.known`."""
    columns, end = set(rows.column_names), FAR - 1 if day is None else day
    all_rows, kept = rows.num_rows, rows.cut(found).num_rows
    out, seen, holds = {}, all_rows, kept
    if "recorded_at" in columns or name in ISSUED:
        shown = rows.frame.filter(known_from(name, rows.column_names) <= end)
        seen = rows.cut(shown).num_rows
        out[unknown_words(name, "recorded_at" in columns, day)] = all_rows - seen
    if "withdrawn_at" in columns:
        ever = known_frame(name, rows.frame.drop("withdrawn_at"), day)
        holds = rows.cut(ever).num_rows
        out["withdrawn and left out"] = holds - kept
    out["earlier versions of rows recorded again, left out"] = seen - holds
    return {words: many for words, many in out.items() if many}


def _extreme(frame: Frame, column: str, which: str) -> int | None:
    """Return the first or the last day of a column of dates; None where there is none."""
    day = day_number(column, FAR if which == "min" else -FAR)
    found = frame.select(day=day).select(getattr(nw.col("day"), which)())
    value = fetched(found).column(0).to_pylist()[0]
    return None if value is None or abs(value) >= FAR else int(value)


def _latest_by(frame: Frame, column: str, today: int, otherwise: int) -> int:
    """Return the last day of a column until today; `otherwise` where there is none."""
    day = day_number(column, -FAR)
    found = fetched(
        frame.select(day=day).filter(nw.col("day") <= today).select(nw.col("day").max())
    )
    last = found.column(0).to_pylist()[0]
    return otherwise if last is None else int(last)


def _last_seen(rows: Rows, today: int) -> int:
    """Return the last day that subscriptions show: starts and ends have happened, unless rows are billing periods."""
    looked = ["start", *HAPPENED]
    if not _billing_periods(rows):
        looked.append("end")
    there = [name for name in looked if name in rows.column_names]
    found = rows.frame.select(*(day_number(name, -FAR).alias(name) for name in there))
    past = [nw.when(nw.col(name) <= today).then(nw.col(name)).max().alias(name) for name in there]
    row = fetched(found.select(*past)).to_pylist()[0]
    return max((int(day) for day in row.values() if day is not None and day > -FAR), default=today)


def _billing_periods(rows: Rows) -> bool:
    """Return whether no subscription is open-ended and nearly all last exactly one billing interval: rows are terms."""
    if not {"end", "interval"} <= set(rows.column_names):
        return False
    if fetched(rows.frame.filter(nw.col("end").is_null()).head(1)).num_rows:
        return False
    keys = [n for n in ("start", "end", "interval", "interval_count") if n in rows.column_names]
    terms = fetched(rows.frame.group_by(*keys).agg(nw.len().alias("rows")))
    if not terms.num_rows:
        return False
    weight = np.asarray(terms["rows"]).astype(np.float64)
    return due_share(canonical("subscriptions", terms.select(keys)), weight) >= NEARLY_ALL


def counts_of(rows: Rows, column: str) -> dict[Any, int]:
    """Return how many rows have each value of a column."""
    with rows.link.asking(f"Counting the values of {rows.name}.{column}"):
        return _counts(rows.frame, column)


def _counts(frame: Frame, column: str) -> dict[str | None, int]:
    found = fetched(frame.group_by(column).agg(nw.len().alias("rows")).sort(column))
    return {row[column]: int(row["rows"]) for row in found.to_pylist()}


def _summary(table: Table) -> str:
    """Return the counts of all columns of a table, and the limits and sums of those that are numbers or dates."""
    if not is_there(table):
        return table.fingerprint
    rows: Rows = table.data
    return rows.once("summary", lambda: _added_up(rows))


def _added_up(rows: Rows) -> str:
    whole: dict[str, nw.Expr] = {}
    for field in rows.schema:
        if pa.types.is_date(field.type) or pa.types.is_timestamp(field.type):
            whole[field.name] = day_number(field.name, 0)
        elif pa.types.is_integer(field.type):
            whole[field.name] = nw.col(field.name).fill_null(0).cast(nw.Int64)
        elif pa.types.is_floating(field.type):
            whole[field.name] = (nw.col(field.name).fill_null(0.0) * 1e4).round(0).cast(nw.Int64)
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            whole[field.name] = nw.col(field.name).str.len_chars().fill_null(0).cast(nw.Int64)
    filled = {f"{name} filled": flag(~nw.col(name).is_null()) for name in rows.column_names}
    frame = rows.frame.select(**whole, **filled)
    names = sorted({*whole, *filled})
    sums = [nw.col(name).sum().alias(f"s{i}") for i, name in enumerate(names)]
    found = fetched(frame.select(nw.len().alias("rows"), *sums)).to_pylist()[0]
    said = [f"{name}={int(found[f's{i}'] or 0)}" for i, name in enumerate(names)]
    return f"{int(found['rows'])}: {'; '.join(said)}"
