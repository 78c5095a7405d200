"""Tickets and the work on them by groups and periods, added up where the tickets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.columns import days, has
from saasmetrics.engine.requests import check_where, requests
from saasmetrics.engine.row_groups import RowGroups, column_of_rows, grouped_rows, row_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.periods import Calendar

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Work:
    """Tickets up to the as-of date by group and period, as they were created and as they were solved.

    Attributes
    ----------
    groups
        The groups; `code` is that of each element.
    is_solved
        Whether the tickets of an element were solved in its period, or created in it.
    period
        The period.
    n, timed
        Tickets, and those with a handling time.
    worked
        Sum of handling times in seconds.
    tells_solved
        Whether the table says when tickets were solved.
    """

    groups: RowGroups
    is_solved: NDArray[np.bool_]
    period: Ints
    n: Ints
    timed: Ints
    worked: NDArray[np.float64]
    tells_solved: bool


def work_by(
    engine: LocalEngine,
    by: Sequence[str],
    calendar: Calendar,
    wanted_by: str,
    also: Iterable[str] = (),
) -> Work:
    """Return tickets and the work on them by columns of tickets or customers.

    Parameters
    ----------
    engine
        The engine of a book.
    by
        Columns of tickets, or of customers.
    calendar
        The periods.
    wanted_by
        What needs them.
    also
        Columns that the result has of its own.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    UnknownNameError
        If there is no such column.
    """
    check_where(engine, wanted_by, {})
    tables = engine.tables
    names = [column_of_rows(tables, "tickets", name, also) for name in by]
    tells = has(tables["tickets"].data, "solved_at")
    if all(tables[table].is_away for table in {"tickets", *(table for table, _ in names)}):
        return _there(engine, by, names, calendar, wanted_by, tells=tells)
    found = requests(engine, wanted_by)
    groups = row_groups(tables, "tickets", by, also)
    rows, period = np.arange(len(found)), calendar.ordinal(found.day).astype(np.int64)
    over = np.zeros(0, np.int64)
    if tells:
        day = days(tables["tickets"].data["solved_at"], 2**30).astype(np.int64)[found.row]
        over = np.flatnonzero(day <= engine.as_of)
        period = np.concatenate([period, calendar.ordinal(day[over])])
    both = np.concatenate([rows, over])
    groups = RowGroups(groups.by, groups.labels, groups.code[found.row][both])
    timed = ~np.isnan(found.handle[both])
    worked = np.where(timed, found.handle[both], 0.0)
    one, solved = np.ones(len(both), np.int64), np.arange(len(both)) >= len(rows)
    return Work(groups, solved, period, one, timed.astype(np.int64), worked, tells)


def _there(
    engine: LocalEngine,
    by: Sequence[str],
    names: Sequence[tuple[str, str]],
    calendar: Calendar,
    wanted_by: str,
    *,
    tells: bool,
) -> Work:
    from saasmetrics.engine.connected.rows import brought
    from saasmetrics.engine.connected.tickets import labelled
    from saasmetrics.engine.portable.held import held
    from saasmetrics.engine.portable.requests import NO_DAY, work_cells

    tables = engine.tables
    rows = tables["tickets"].data
    frames = {name: tables[name].data.frame for name in {"tickets", *(t for t, _ in names)}}
    seen = (engine.since, engine.as_of)
    with rows.link.counting("Adding up tickets", wanted_by):
        cells = held(work_cells(frames, names, seen), "tickets")
        found = brought(cells, "tickets", rows.link)
    solved, day, n, timed = (
        np.asarray(found[name]).astype(np.int64) for name in ("solved", "day", "n", "timed")
    )
    groups = grouped_rows(by, labelled(found, names)) if by else RowGroups((), ((),), 0 * n)
    counts = day > NO_DAY
    groups = RowGroups(groups.by, groups.labels, groups.code[counts])
    worked = np.asarray(found["worked"]).astype(np.float64)[counts]
    period = calendar.ordinal(day[counts]).astype(np.int64)
    return Work(groups, solved[counts] == 1, period, n[counts], timed[counts], worked, tells)
