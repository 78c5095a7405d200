"""What the rows behind a finding are worth a month, in integer micro-units, and the score that follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.spans import Spans, source_of, spans
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.tables.arrays import looked_up
from saasmetrics.tables.runs import rows_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

__all__ = [
    "POINTS",
    "Touched",
    "Worth",
    "amounts_on",
    "lines_of",
    "places",
    "score",
    "touched",
    "worth_of",
]

POINTS = {"error": 100.0, "warning": 10.0, "note": 0.0}
"""Points that a finding takes off the score where it touches all of MRR."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Worth:
    """What customers, and subscriptions, pay a month: on the as-of date, or on the last day that they paid.

    Parameters
    ----------
    ids, micro
        Customers and what each pays.
    rows
        What each row of subscriptions pays; None where MRR comes from another table.
    running
        MRR on the as-of date.
    left
        Customers of whom every row is left out since it has errors: what these pay is unknown.
    """

    ids: pa.Array
    micro: Numbers
    rows: Numbers | None
    running: int
    left: pa.Array | None = None

    @property
    def total(self) -> int:
        """What all customers pay."""
        return int(np.abs(self.micro).sum())


@dataclass(frozen=True)
class Touched:
    """Customers and MRR that a finding touches; missing where it is about no customer.

    Parameters
    ----------
    customers
        How many customers; None where the table names none.
    micro
        What they, or their subscriptions, pay a month, in micro-units, whatever its sign.
    share
        Its share of all MRR; where MRR is missing, of the rows of the table.
    points
        What it takes off the score.
    """

    customers: int | None
    micro: int | None
    share: float | None
    points: float


def worth_of(
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
    problems: Sequence[Problem] = (),
    counted: Callable[[], Spans] | None = None,
) -> Worth | None:
    """Return what customers pay a month; rows with errors are left out where MRR cannot be computed with them.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy, as_of, currency
        By which MRR is computed.
    problems
        The findings, which tell the rows with errors.
    counted
        What returns the spans of all rows, by customer, where they are made for other numbers as well.

    Returns
    -------
    Worth or None
        None where there is no MRR even without those rows.
    """
    source = source_of(tables)
    asked = policy.changed(entity="customer") if policy.entity != "customer" else policy
    broken = _broken(source, problems)
    data = tables[source].data
    for without in (broken[:0], broken) if len(broken) else (broken,):
        there = np.ones(len(data), np.bool_)
        there[without] = False
        kept = np.flatnonzero(there)
        part = data if not len(without) else data.take(pa.array(kept))
        some = {**tables, source: replace(tables[source], data=part)}
        try:
            every = not len(without)
            found = counted() if counted and every else spans(some, asked, as_of, currency)
        except (DataError, pa.ArrowInvalid, ValueError, OverflowError):
            continue
        worth = _worth(found, as_of, kept, len(data))
        return worth if every else replace(worth, left=_left_out(data, part))
    return None


def _left_out(data: pa.Table, part: pa.Table) -> pa.Array:
    """Return the customers of whom no row is in a part of the rows."""
    names = data["customer_id"]
    gone = pc.invert(pc.is_in(names, value_set=part["customer_id"].unique()))
    return names.filter(gone).unique()


def _broken(source: str, problems: Sequence[Problem]) -> npt.NDArray[np.intp]:
    errors = [lines_of(p) for p in problems if p.severity == "error" and p.table == source]
    some = [lines for lines in errors if lines is not None]
    return np.unique(np.concatenate(some)) if some else np.zeros(0, np.intp)


def _worth(found: Spans, as_of: int, kept: npt.NDArray[np.intp], size: int) -> Worth:
    """Add up the spans of the last day of each customer, and of each subscription."""
    found = found.pick(~found.rests()) if found.paused is not None else found
    until = np.minimum(found.end, as_of + 1)
    customers = _last(found, until, found.entity, len(found.entity_ids))
    rows = None
    if found.source == "subscriptions":
        rows = np.zeros(size, np.int64)
        rows[kept] = _of_lines(found, until, len(kept))
    running = int(found.amount[(found.start <= as_of) & (found.end > as_of)].sum())
    return Worth(found.entity_ids, customers, rows, running)


def _of_lines(found: Spans, until: npt.NDArray[Any], size: int) -> Numbers:
    """Add up the spans of the last day of each row; where every row is one span, that is it."""
    if found.line is None and len(found) == size:
        return np.where(found.start < until, found.amount, 0)
    lines = found.lines()
    good = lines >= 0
    return _last(found.pick(good), until[good], lines[good], size)


def amounts_on(found: Spans, day: int | Numbers, size: int) -> Numbers:
    """Return what each customer pays a month on a day, of so many customers.

    Parameters
    ----------
    found
        The spans; what rests is not paid.
    day
        Day number, or one for each customer.
    size
        How many customers there are.

    Returns
    -------
    numpy.ndarray
        Micro-units.
    """
    when = day if isinstance(day, int) else day[found.entity]
    there = (found.start <= when) & (found.end > when) & ~found.rests()
    out = np.zeros(size, np.int64)
    np.add.at(out, found.entity[there], found.amount[there])
    return out


def places(ids: pa.Array, known: pa.Array) -> Numbers:
    """Return where each id is among those that are known; -1 where it is not, or one is text and the other is not."""
    if pa.types.is_integer(ids.type) != pa.types.is_integer(known.type):
        return np.full(len(ids), -1, np.int64)
    found = pc.index_in(ids, value_set=known.cast(ids.type))
    out: Numbers = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return out


def _last(found: Spans, until: npt.NDArray[Any], group: npt.NDArray[Any], size: int) -> Numbers:
    place = group.astype(np.intp, copy=False)
    last = np.full(size, np.iinfo(until.dtype).min, until.dtype)
    np.maximum.at(last, place, until)
    day = looked_up(last, place)
    there = np.flatnonzero((found.start < day) & (until >= day))
    return tally(looked_up(place, there), looked_up(found.amount, there), size)


def lines_of(problem: Problem) -> npt.NDArray[np.intp] | None:
    """Return the numbers of all rows behind a finding; None where it is about no row."""
    lines = problem.lines() if callable(problem.lines) else problem.lines
    return None if lines is None else np.asarray(lines, np.intp)


def touched(problem: Problem, tables: Mapping[str, Table], worth: Worth | None) -> Touched:
    """Return which customers and how much MRR a finding touches.

    Parameters
    ----------
    problem
        The finding.
    tables
        The tables that it is about.
    worth
        What customers pay; None where that is unknown.

    Returns
    -------
    Touched
        Of a finding without rows all customers of its table, unless it is a note.
    """
    table, lines = tables.get(problem.table), lines_of(problem)
    weight = POINTS[problem.severity]
    if table is None or (problem.severity == "note" and lines is None and problem.found is None):
        return Touched(None, None, None, weight)
    ids = _customers(problem, table, lines)
    if ids is None:
        share = _part_of(table, lines) if lines is not None else 1.0
        return Touched(None, None, None, weight * share)
    many = len(ids)
    if worth is None:
        return Touched(many, None, None, weight)
    if worth.rows is not None and problem.table == "subscriptions" and lines is not None:
        micro = int(np.abs(worth.rows[lines]).sum())
    else:
        place = places(ids, worth.ids)
        micro = int(np.abs(worth.micro[place[place >= 0]]).sum())
    if not micro and lines is not None and (problem.severity == "error" or _left(ids, worth)):
        # An amount that cannot be counted is unknown, and not nothing.
        share = _part_of(table, lines)
        return Touched(many, None, share, weight * share)
    if not micro and _left(ids, worth):
        return Touched(many, None, None, weight)
    part = min(micro / worth.total, 1.0) if worth.total else None
    return Touched(many, micro, part, weight * (1.0 if part is None else part))


def _left(ids: pa.Array, worth: Worth) -> bool:
    """Return whether every row of some customers is left out, so that what these pay is unknown."""
    return worth.left is not None and bool((places(worth.left, ids) >= 0).any())


def _part_of(table: Table, lines: npt.NDArray[np.intp]) -> float:
    return rows_in(table.data, lines) / max(table.rows, 1)


def _customers(
    problem: Problem, table: Table, lines: npt.NDArray[np.intp] | None
) -> pa.Array | None:
    data = table.data if problem.found is None else problem.found
    if "customer_id" not in data.column_names:
        return None
    names = data["customer_id"]
    if lines is not None and problem.found is None:
        names = names.take(pa.array(lines))
    return names.unique().drop_null()


def score(found: Sequence[Touched]) -> float:
    """Return the score of the tables: 100 less the points of all findings, not below 0.

    Examples
    --------
    >>> score([Touched(2, 100, 0.25, 2.5), Touched(1, 10, 0.01, 1.0)])
    96.5
    """
    return max(100.0 - sum(each.points for each in found), 0.0)
