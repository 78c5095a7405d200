"""What the metrics of support share: the tickets asked about, their periods and groups, sums, and rows behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.catalogue import definition
from saasmetrics.engine.asof import left_out
from saasmetrics.engine.groups import columns
from saasmetrics.engine.moments import check_zone, local_days
from saasmetrics.engine.tally import tally
from saasmetrics.engine.ticket_groups import column, grouped
from saasmetrics.engine.tickets import NEVER
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.support.looks import Looks
from saasmetrics.metrics.support.quantiles import marks_of
from saasmetrics.metrics.support.ticket_table import tickets_in
from saasmetrics.money import format_value
from saasmetrics.periods import iso_day
from saasmetrics.proof.trace import Trace
from saasmetrics.result import Result
from saasmetrics.survival.estimate import wilson
from saasmetrics.survival.lives import group_number
from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.facets import Marked
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.tickets import Tickets
    from saasmetrics.metrics.support.clocks import Clock
    from saasmetrics.metrics.support.quantiles import Marks

    Ints = NDArray[np.int64]

HOUR = 3_600


@dataclass(frozen=True, eq=False)
class Inbox(Looks):
    """The tickets that are asked about, with the periods and groups to count them by."""

    book: Book
    freq: str
    zone: str
    by: tuple[str, ...]

    @classmethod
    def asked(
        cls,
        book: Book,
        freq: str = "M",
        by: str | Sequence[str] | None = None,
        zone: str = "UTC",
    ) -> Inbox:
        """Check what was asked.

        Raises
        ------
        UnknownNameError
            If there is no such frequency, time zone or column.
        MissingTableError
            If the book has no tickets.
        """
        book.calendar(freq)
        check_zone(zone)
        inbox = cls(book, freq, zone, columns(by))
        _ = inbox.groups
        return inbox

    @cached_property
    def tickets(self) -> Tickets:
        """The tickets one by one."""
        return tickets_in(self.book, self.zone)

    @cached_property
    def n(self) -> Ints:
        """How many tickets each element stands for: one, unless they were counted where they are."""
        return np.ones(len(self.tickets), np.int64)

    @property
    def customer(self) -> Ints:
        """The customer of each ticket, as a place in `customer_ids`; -1 for none."""
        return self.tickets.customer.astype(np.int64)

    @property
    def customer_ids(self) -> pa.Array:
        """The customers who have tickets."""
        return self.tickets.customer_ids

    @property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says of tickets that are not known yet."""
        return self.tickets.notes

    @cached_property
    def columns(self) -> list[tuple[list[Any], NDArray[np.int32]]]:
        """The labels of each by-column, and which of them every ticket has."""
        return [column(name, self.tickets, self.book.tables) for name in self.by]

    @cached_property
    def groups(self) -> Groups:
        """The groups of every ticket."""
        return grouped(self.by, self.columns, len(self.n))

    @cached_property
    def code(self) -> Ints:
        """The group of each ticket."""
        assert self.groups.of_entity is not None
        return self.groups.of_entity.astype(np.int64)

    @cached_property
    def created(self) -> Ints:
        """The period in which each ticket was created."""
        return self.period(self.tickets.created)

    @cached_property
    def days(self) -> Ints:
        """The day on the local clock on which each ticket was created."""
        return local_days(self.tickets.created, self.zone)

    def period(self, moments: Ints) -> Ints:
        """Return the period of each moment on the local clock; what never happened falls after all periods."""
        known = np.minimum(moments, self.tickets.now)
        out = self.book.calendar(self.freq).ordinal(local_days(known, self.zone))
        return np.where(moments >= NEVER, NEVER, out)

    @cached_property
    def extent(self) -> tuple[int, int, int]:
        """The first period, the number of periods, and the last complete one."""
        calendar = self.book.calendar(self.freq)
        last = int(calendar.ordinal(np.array([self.book.as_of_day]))[0])
        first = int(self.created.min(initial=last))
        if self.book.since_day is not None:
            first = max(first, int(calendar.ordinal(np.array([self.book.since_day]))[0]))
        ends = int(calendar.last_day(np.array([last]))[0])
        return first, max(last - first + 1, 0), last if ends <= self.book.as_of_day else last - 1

    @cached_property
    def since(self) -> NDArray[np.bool_]:
        """The tickets created from the first day that is looked at."""
        if self.book.since_day is None:
            return np.ones(len(self.n), bool)
        return self.days >= self.book.since_day

    def sums(
        self, at: Ints, values: Ints | None = None, kept: NDArray[np.bool_] | None = None
    ) -> Ints:
        """Return the sum of values (or the count) per group and period; `at` is the period of each ticket."""
        first, periods, _ = self.extent
        mine = (at >= first) & (at < first + periods)
        if kept is not None:
            mine &= kept
        cell = self.code[mine] * periods + at[mine] - first
        cells = len(self.groups) * periods
        found = tally(cell, None if values is None else values[mine], cells)
        return np.asarray(found, np.int64).reshape(len(self.groups), periods)

    def marked(self, asked: Marked, times: Callable[[Inbox], Clock]) -> Marks:
        """Return quantiles of how long the tickets of each group and period took.

        Parameters
        ----------
        asked
            Which quantiles of what.
        times
            What tells of an inbox how long its tickets took, over or not, and which of them count.
        """
        return marks_of(self, asked, times(self))

    def cells(self) -> dict[str, Any]:
        """Return the columns that name the cells: period, the by-columns, and whether the period is over."""
        first, periods, full = self.extent
        number, many = np.arange(first, first + periods), len(self.groups)
        data: dict[str, Any] = {
            "period": np.tile(self.book.calendar(self.freq).starts(number), many)
        }
        for i, name in enumerate(self.by):
            label = np.empty(many, object)
            label[:] = [row[i] for row in self.groups.labels]
            data[name] = np.repeat(label, periods)
        data["complete"] = np.tile(number <= full, many)
        return data

    def frame(
        self,
        top: NDArray[Any],
        bottom: NDArray[Any],
        reason: str,
        *,
        interval: float | None = None,
        n: NDArray[Any] | None = None,
        **more: NDArray[Any],
    ) -> pd.DataFrame:
        """Return a rate per group and period as a tidy frame; with `interval` both sides are counts."""
        import pandas as pd

        self.refuse(more)
        cells = self.cells()
        complete = cells.pop("complete")
        value = ratio(top, bottom).ravel()
        data = {**cells, "value": value, "numerator": top.ravel(), "denominator": bottom.ravel()}
        data["n"] = (bottom if n is None else n).ravel()
        data["reason"] = np.where(np.isnan(value), reason, "")
        data["complete"] = complete
        if interval is not None:
            low, high = wilson(top, bottom, interval)
            data["low"], data["high"] = low.ravel(), high.ravel()
        return pd.DataFrame({**data, **{name: values.ravel() for name, values in more.items()}})

    def refuse(self, names: Iterable[str]) -> None:
        """Refuse to group by a name that the result has a column of.

        Raises
        ------
        UnknownNameError
            If a name is taken.
        """
        for name in self.by:
            if name in names:
                msg = f"This result has a column {name!r} of its own; to group by another, write 'customers.{name}'."
                raise UnknownNameError(msg)

    def options(self, **more: Any) -> dict[str, Any]:
        """Return what the footnote says of every metric of support."""
        return {"freq": self.freq, "zone": self.zone, **more}

    def result(
        self,
        id: str,
        df: pd.DataFrame,
        kind: str,
        *,
        options: Mapping[str, Any] | None = None,
        notes: Sequence[str] = (),
        extra: Mapping[str, Any] | None = None,
        drill: Callable[..., pd.DataFrame] | None = None,
        tables: Sequence[str] = (),
        money: bool = False,
        untraced: str = "",
    ) -> Result:
        """Return the Result of a metric of support.

        What rests on revenue (`money`) says so of its source too; `untraced` says why a number is no sum over its
        rows, or quotient of two.
        """
        trace = None if drill is None else _traced(drill, untraced)
        asked = self.options() if options is None else options
        said = (*self.notes, *notes)
        if money:
            used = ("tickets", *tables)
            return made(
                self.book,
                id,
                df,
                kind,
                by=self.by,
                options=asked,
                notes=said,
                extra=extra,
                drill=drill,
                tables=used,
                trace=trace,
            )
        context, told = self.book.context(asked), (*self._told(), *said, *self._doubts(tables))
        notes = tuple(dict.fromkeys(told))
        found = Result(definition(id), df, kind, context, self.by, notes, extra or {}, drill)
        return replace(found, trace=trace)

    def _told(self) -> tuple[str, ...]:
        """Return which part of the book is looked at, as known when."""
        book = self.book
        said = [f"Only {' and '.join(book.scope)}"] if book.scope else []
        if book.known_day is not None and book.looks_back:
            said.append(f"As known on {iso_day(book.known_day)}")
        if book.since_day is not None:
            said.append(f"Observed from {iso_day(book.since_day)} on")
        return tuple(said)

    def _doubts(self, tables: Sequence[str]) -> tuple[str, ...]:
        """Return what is left out of, and doubtful in, the tables of support that were read."""
        book, used = self.book, {"tickets", *tables}
        return (*left_out(book.tables, used), *book.checks.warnings(book.policy, used))

    def drill(
        self,
        at: Ints,
        top: NDArray[Any],
        bottom: NDArray[Any] | None,
        kept: NDArray[np.bool_],
        **more: NDArray[Any],
    ) -> Callable[..., pd.DataFrame]:
        """Return the function behind `Result.rows`: tickets with what each adds to the two sides of a cell."""

        def rows(period: Any = None, **group: Any) -> pd.DataFrame:
            mine = self.cell(at, period, group) & kept
            sides = {"numerator": top[mine]}
            if bottom is not None:
                sides["denominator"] = bottom[mine]
            return self.shown(
                mine, **sides, **{name: values[mine] for name, values in more.items()}
            )

        return rows

    def among(self, ids: Iterable[str]) -> Inbox:
        """Return the tickets one by one: at least those whose ids have the given texts."""
        del ids
        return self

    def shown(self, mine: NDArray[np.bool_], **more: NDArray[Any]) -> pd.DataFrame:
        """Return tickets with their ids, moments and more columns, the oldest first."""
        import pandas as pd

        data, row = self.tickets.data, pa.array(self.tickets.row[mine])
        given = [
            name
            for name in ("ticket_id", "customer_id", "created_at", "first_reply_at", "solved_at")
            if name in data.column_names
        ]
        shown = {name: decode(data[name].take(row)).to_pandas() for name in given}
        out = pd.DataFrame({**shown, **more})
        return out.sort_values("created_at", kind="stable").reset_index(drop=True)

    def cell(self, at: Ints, period: Any, group: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Return the tickets of a cell of the result; the last complete period by default.

        Raises
        ------
        DataError
            If there is no such period.
        """
        first, periods, full = self.extent
        calendar = self.book.calendar(self.freq)
        number = full if period is None else calendar.of(period)
        if not first <= number < first + periods:
            edges = calendar.first_day(np.array([first, first + max(periods - 1, 0)]))
            asked = "complete period" if period is None else f"period {period!r}"
            msg = (
                f"There are no tickets in {asked}; periods run from {iso_day(int(edges[0]))} to "
                f"{iso_day(int(edges[1]))}."
            )
            raise DataError(msg)
        return np.asarray((at == number) & self.group(group))

    def group(self, group: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Return the tickets of the group that a cell names; all for none.

        Raises
        ------
        DataError
            If a column of the group is not named.
        UnknownNameError
            If there is no such group.
        """
        if not group:
            return np.ones(len(self.n), bool)
        return np.asarray(self.code == group_number(self.by, self.groups.labels, group))


def _traced(drill: Callable[..., pd.DataFrame], untraced: str) -> Callable[..., Trace | str]:
    """Return what says how a number follows from tickets, or why it does not."""

    def trace(**cell: Any) -> Trace | str:
        return untraced or replace(Trace.of_sides(drill(**cell), {}), noun="tickets")

    return trace


def headline(df: pd.DataFrame, by: Sequence[str], unit: str, currency: str = "") -> dict[str, Any]:
    """Return the headline of the last complete period in a unit that is not that of the metric; {} for groups."""
    if by or "value" not in df.columns:
        return {}
    done = df[df["complete"] & df["value"].notna()] if "complete" in df.columns else df
    if not len(done):
        return {}
    value = float(done["value"].iloc[-1])
    said = f"{value:,.1f} days" if unit == "days" else format_value(value, unit, currency)
    return {"headline": said, "unit": unit}
