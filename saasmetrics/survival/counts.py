"""From lifetimes to counts per age: at risk, events, censored; several groups at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Exposure:
    """Lives per group and age: arrays of shape (groups, ages), the last axis being age 0, 1, 2, ...

    Parameters
    ----------
    at_risk
        Lives under observation just before the age: entry < age <= duration. A life that enters at
        age 0 is at risk at age 0.
    events
        Lives that end at the age.
    censored
        Lives seen for the last time at the age, still going. Events come before them.

    Examples
    --------
    >>> exposure([1, 2, 2], [0, 0, 0], [1, 1, 0]).at_risk
    array([[3, 3, 2]])
    """

    at_risk: NDArray[Any]
    events: NDArray[Any]
    censored: NDArray[Any]

    @property
    def ages(self) -> NDArray[np.int64]:
        """The ages of the last axis: 0, 1, 2, ..."""
        return np.arange(self.at_risk.shape[-1])


def exposure(
    duration: ArrayLike,
    entry: ArrayLike | None,
    event: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    group: ArrayLike | None = None,
    groups: int = 1,
    ages: int | None = None,
) -> Exposure:
    """Count lives at risk, ended and censored at every age, for every group.

    Parameters
    ----------
    duration
        Age in whole periods at which each life ended or was last seen.
    entry
        Age at which each life came under observation; above 0 for left truncation. None: all at 0.
    event
        1 where the life ended, 0 where it was only last seen.
    weight
        How many lives, or how much money, each row stands for; integers are summed exactly. 1 by
        default.
    group
        Number of the group of each row, from 0.
    groups
        How many groups there are.
    ages
        How many ages to return, from 0; up to the longest duration by default.

    Returns
    -------
    Exposure
        Counts of shape (groups, ages).

    Raises
    ------
    DataError
        If a life ends before it is observed, or an age is not whole.

    Examples
    --------
    >>> table = exposure([3, 3, 5], [0, 2, 1], [1, 0, 1], weight=[10, 4, 1])
    >>> table.at_risk
    array([[10, 10, 11, 15,  1,  1]])
    >>> table.events
    array([[ 0,  0,  0, 10,  0,  1]])
    """
    end = _whole("duration", duration)
    start = np.zeros_like(end) if entry is None else _whole("entry", entry)
    ended = np.asarray(event).astype(bool)
    count = None if weight is None else np.asarray(weight)
    row = np.zeros(len(end), np.int64) if group is None else np.asarray(group, np.int64)
    _check(end, start, ended)
    length = int(end.max(initial=0)) + 1
    # A life enters the risk set at the age after its entry; one that enters at 0 is there at once.
    joins = np.where(start > 0, start + 1, 0)
    gains = _sum_by(row, joins, count, groups, length + 1)[:, :length]
    last = _sum_by(row * 2 + ended, end, count, groups * 2, length).reshape(groups, 2, length)
    censored, events = last[:, 0], last[:, 1]
    gone = np.zeros_like(gains)
    gone[:, 1:] = (events + censored)[:, :-1]
    at_risk = np.cumsum(gains - gone, axis=1)
    return Exposure(*(_to_length(table, ages) for table in (at_risk, events, censored)))


def _whole(name: str, ages: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(ages)
    whole = given.astype(np.int64)
    if (whole != given).any():
        msg = (
            f"{name} must be in whole periods; the first that is not is {given[whole != given][0]}."
        )
        raise DataError(msg)
    return whole


def _check(end: NDArray[np.int64], start: NDArray[np.int64], ended: NDArray[np.bool_]) -> None:
    negative = (end < 0) | (start < 0)
    wrong = negative | (end < start) | (ended & (end == start) & (start > 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        msg = (
            f"{int(wrong.sum())} lives end before they are observed; the first has entry "
            f"{start[first]}, duration {end[first]}. Durations count from age 0, not from entry, "
            f"and an event must come after the entry."
        )
        raise DataError(msg)


def _sum_by(
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    amount: NDArray[Any] | None,
    rows: int,
    columns: int,
) -> NDArray[Any]:
    if amount is None:
        return np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)
    total = np.zeros(rows * columns, amount.dtype if amount.dtype.kind == "f" else np.int64)
    np.add.at(total, row * columns + column, amount)
    return total.reshape(rows, columns)


def _to_length(table: NDArray[Any], ages: int | None) -> NDArray[Any]:
    if ages is None or ages == table.shape[1]:
        return table
    if ages < table.shape[1]:
        return table[:, :ages]
    return np.pad(table, ((0, 0), (0, ages - table.shape[1])))
