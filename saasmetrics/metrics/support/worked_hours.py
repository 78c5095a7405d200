"""Hours of people by period and group: paid, online, available, handling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import encode, flat, numbers
from saasmetrics.engine.ticket_groups import columns_for
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.support.exposure import Parts, parts
from saasmetrics.tables.texts import decode, is_text, plain_kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox

    Ints = NDArray[np.int64]

KINDS = ("paid", "online", "available", "handling")
_SCALE = 1000  # hours are added up in thousandths


def hours_by_period(inbox: Inbox) -> dict[str, NDArray[np.float64]]:
    """Return the hours of each kind per group and period; nan where the group has no such hours.

    Raises
    ------
    MissingTableError
        If the book has no hours.
    DataError
        If hours are known by longer periods than asked for.
    """
    if "hours" not in inbox.book.tables:
        msg = "This needs the table hours (person_id, period, paid, online, available, handling); pass Book(hours=...)."
        raise MissingTableError(msg)
    data = inbox.book.tables["hours"].data
    at = _periods(inbox, data)
    first, periods, _ = inbox.extent
    groups = _groups(inbox, data)
    mine = (at >= first) & (at < first + periods) & (groups.code >= 0)
    cell = groups.code[mine] * periods + at[mine] - first
    size = len(groups.labels) * periods
    out = {}
    for kind in KINDS:
        if kind not in data.column_names:
            out[kind] = np.full((len(inbox.groups), periods), np.nan)
            continue
        values = np.rint(numbers(data[kind]) * _SCALE).astype(np.int64)[mine]
        told = np.asarray(flat(data[kind]).is_valid())[mine]
        total = np.bincount(cell, values, minlength=size) / _SCALE
        seen = np.bincount(cell, told, minlength=size)
        found = np.where(seen > 0, total, np.nan).reshape(len(groups.labels), periods)
        out[kind] = found[groups.whole]
    return out


def _groups(inbox: Inbox, data: pa.Table) -> Parts:
    """Return the groups of each row of hours: by columns of people, and by team_id where that is theirs too."""
    known = columns_for(inbox.book.tables)
    ids = flat(data["person_id"])
    if inbox.by and all(known[name][1] == "agent_id" for name in inbox.by):
        labels, code = encode(data["person_id"])
        place = {label[0]: i for i, label in enumerate(inbox.groups.labels)}
        whole = np.arange(len(inbox.groups))
        of_label = np.array([place.get(name, -1) for name in labels.to_pylist()], np.int64)
        return Parts(inbox.groups.labels, of_label[code].astype(np.int64), whole)
    if inbox.by == ("team_id",) and (theirs := team_column(inbox.book)):
        values = _of_people(inbox.book, ids, theirs)
        place = {label[0]: i for i, label in enumerate(inbox.groups.labels)}
        team = np.array([place.get(value, -1) for value in values], np.int64)
        return Parts(inbox.groups.labels, team, np.arange(len(inbox.groups)))
    if any(known[name][0] != "people" for name in inbox.by):
        nobody = np.full(len(ids), -1).astype(np.int64)
        return Parts(((),), nobody, np.zeros(len(inbox.groups), np.int64))
    return parts(inbox, "people", ids, "person_id")


def team_column(book: Book) -> str:
    """Return the column of people that names the teams of tickets, "" where none does."""
    if "people" not in book.tables or "team_id" not in book.tables["tickets"].data.column_names:
        return ""
    table = book.tables["tickets"]
    there = table.data.distinct("team_id") if table.is_away else table.data["team_id"]
    teams = pc.unique(there).drop_null()
    people = book.tables["people"].data
    for name in ("team", "pod"):
        if name in people.column_names and is_text(plain_kind(people[name].type)):
            known = pc.is_in(decode(teams), value_set=decode(pc.unique(people[name])))
            if len(known) and pc.all(known).as_py():
                return name
    return ""


def _of_people(book: Book, ids: pa.Array, name: str) -> list[str | None]:
    people = book.tables["people"].data
    at = pc.index_in(ids, value_set=flat(people["person_id"]).cast(ids.type))
    found: list[str | None] = pc.take(flat(people[name]), at).to_pylist()
    return found


def _periods(inbox: Inbox, data: pa.Table) -> Ints:
    """Return the period that each row of hours falls in.

    Hours of a month do not say which of its weeks they were worked in.
    """
    names, code = encode(data["period"])
    calendar = inbox.book.calendar(inbox.freq)
    days = [span_of(str(name)) for name in names.to_pylist()]
    at = [calendar.ordinal(np.array(span)) for span in days]
    longer = [str(n) for n, a in zip(names.to_pylist(), at, strict=True) if a[0] != a[1]]
    if longer:
        msg = (
            f"{len(longer)} periods of the table hours, such as {longer[0]}, are not within one {calendar.noun}: ask "
            "for longer periods."
        )
        raise DataError(msg)
    return np.array([a[0] for a in at], np.int64)[code]


def span_of(period: str) -> tuple[int, int]:
    """Return the first and the last day of a period in words: 2026-01, 2026-W05 or 2026-01-15.

    Examples
    --------
    >>> span_of("1970-01"), span_of("1970-W02"), span_of("1970-01-15")
    ((0, 30), (4, 10), (14, 14))
    """
    import datetime as dt

    from saasmetrics.periods import day_number, last_day

    if "W" in period:
        year, _, week = period.partition("W")
        try:
            monday = dt.date.fromisocalendar(int(year.rstrip("-")), int(week), 1)
        except ValueError as error:
            msg = f"hours.period: {period!r} is no week; write it as 2026-W05."
            raise DataError(msg) from error
        first = day_number(monday.isoformat())
        return first, first + 6
    return day_number(period), last_day(period)
