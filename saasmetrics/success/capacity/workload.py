"""Work that can wait hours: how many people tickets take, and how many stay open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.row_groups import ambiguous_rows
from saasmetrics.engine.work_counts import work_by
from saasmetrics.metrics.formulas.workforce import fte_required
from saasmetrics.metrics.made import made, ratio
from saasmetrics.success.capacity.shared import hours_of, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.work_counts import Work
    from saasmetrics.result import Result
    from saasmetrics.success.capacity.shared import Span

_OWN = ("created", "solved", "backlog", "backlog_days", "hours", "unhandled")


@metric(
    id="workload",
    name="Workload",
    unit="fte",
    better="neutral",
    meaning="How many full-time people the tickets of a period take, and how many tickets are left open.",
    formula="hours of handling the tickets created / productive hours of a full-time person",
    missing="Missing where tickets came and none has a handling time.",
    sources=(
        "METRICS.md",
        "Koole, Call Center Optimization: work that can wait takes no peak staff",
    ),
    options={"productive": "{value}"},
)
def workload(
    book: Book,
    freq: str = "M",
    by: str | Sequence[str] | None = None,
    *,
    hours: float = 160,
    shrinkage: float = 0.3,
    occupancy: float = 0.8,
) -> Result:
    """Full-time people that tickets take, tickets solved, and the backlog.

    Parameters
    ----------
    book
        The company's tables; needs `tickets` with handle_seconds; solved_at for the backlog.
    freq
        M, Q or Y.
    by
        Columns of tickets, such as channel or tier, or of customers.
    hours
        Paid hours of a full-time person in a month.
    shrinkage
        Share of paid time not available.
    occupancy
        Share of available time to be spent on tickets.

    Returns
    -------
    Result
        period, by-columns, value (FTE), numerator (hours of handling), denominator (productive hours of one person in
        the period), n and created (tickets), solved, backlog (open at the end), backlog_days (at the pace of the
        period), unhandled (tickets without a handling time, taken at the mean of the others), reason, complete.

    Raises
    ------
    MissingTableError
        If there is no table tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.capacity.workload(sm.demo(customers=200), "Q", by="channel").df
    >>> bool((df["value"].dropna() >= 0).all())
    True
    """
    hours, away, busy = hours_of(hours, shrinkage, occupancy).values()
    names, span = columns(by), span_of(book, freq)
    found = work_by(book.engine, names, book.calendar(freq), "Workload", _OWN)
    groups, shape = found.groups, (len(found.groups), span.count)
    created, timed, handled = (
        _cells(found, span, part) for part in (found.n, found.timed, found.worked / 3600)
    )
    worked = handled * np.where(timed > 0, ratio(created, timed), np.where(created > 0, np.nan, 0))
    solved, backlog = _solved(found, span, created)
    months = {"M": 1, "Q": 3, "Y": 12}[freq]
    productive = months / fte_required(1, 60, hours, away, busy)
    length = (np.diff(np.append(span.starts, span.starts[-1:])) / np.timedelta64(1, "D")).astype(
        float
    )
    length[-1:] = 365.25 / 12 * months
    data: dict[str, Any] = {"period": np.tile(span.starts, shape[0])}
    data |= {name: groups.column(name, shape[1]) for name in names}
    parts = {
        "value": worked / productive,
        "numerator": worked,
        "denominator": np.full(shape, productive),
        "n": created.astype(int),
        "created": created.astype(int),
        "solved": solved,
        "backlog": backlog,
        "backlog_days": ratio(backlog, ratio(solved, length[None, :])),
        "unhandled": (created - timed).astype(int),
    }
    return _result(
        book, by, data, parts, np.tile(span.complete, shape[0]), (freq, hours, away, busy)
    )


def _result(
    book: Book,
    by: Any,
    data: dict[str, Any],
    parts: dict[str, Any],
    complete: NDArray[np.bool_],
    asked: tuple[str, float, float, float],
) -> Result:
    import pandas as pd

    df = pd.DataFrame({**data, **{name: np.ravel(part) for name, part in parts.items()}})
    df["reason"] = np.where(df["value"].isna(), "no ticket has a handling time", "")
    df["complete"] = complete
    freq, hours, away, busy = asked
    said = f"{hours:g} hours a month, shrinkage {away:.0%}, occupancy {busy:.0%}"
    options = {"freq": freq, "productive": said}
    notes = ambiguous_rows(book.tables, "tickets", columns(by))
    used = ["tickets"]
    return made(book, "workload", df, "series", by=by, options=options, notes=notes, tables=used)


def _cells(
    found: Work, span: Span, values: NDArray[Any], *, solved: bool = False
) -> NDArray[np.float64]:
    """Return the sums of values per group and period, of tickets created in it, or solved."""
    period = span.place(found.period)
    mine = (found.is_solved == solved) & (period < span.count)
    cell = found.groups.code[mine] * span.count + period[mine]
    size = len(found.groups) * span.count
    return np.bincount(cell, values[mine], size).astype(float).reshape(-1, span.count)


def _solved(
    found: Work, span: Span, created: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return tickets solved in each period, and open at its end; missing where solutions are not recorded."""
    if not found.tells_solved:
        return np.full(created.shape, np.nan), np.full(created.shape, np.nan)
    solved = _cells(found, span, found.n, solved=True)
    return solved, np.cumsum(created - solved, axis=1)
