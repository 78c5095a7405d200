"""Answers to surveys: who answered what when, on which scale, and what is set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, encode, flat, has, numbers
from saasmetrics.engine.row_groups import RowGroups, ambiguous_rows, row_groups
from saasmetrics.errors import MissingTableError
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.periods import Calendar

SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "ces": (1.0, 7.0)}
"""Lowest and, where the table does not say, highest possible score of each instrument."""


@dataclass(frozen=True)
class Answers:
    """The answers to one instrument, one element per answer in the order they were given.

    Attributes
    ----------
    row
        Row of the table.
    customer, ids
        Number of the customer, and the id of each number.
    day
        Day number.
    score, highest
        Score as given, and the end of its scale.
    group, groups
        Group of each answer, and the groups.
    blank_day, blank_group
        Day and group of each answer without a score: counted, never filled in.
    notes
        What was set aside, in words.
    """

    row: NDArray[np.int64]
    customer: NDArray[np.int64]
    ids: pa.Array
    day: NDArray[np.int64]
    score: NDArray[np.float64]
    highest: NDArray[np.float64]
    group: NDArray[np.int64]
    groups: RowGroups
    blank_day: NDArray[np.int64]
    blank_group: NDArray[np.int64]
    notes: tuple[str, ...]

    def pick(self, rows: NDArray[Any]) -> Answers:
        """Return some of the answers."""
        names = ("row", "customer", "day", "score", "highest", "group")
        kept = {name: getattr(self, name)[rows] for name in names}
        rest = (self.ids, self.groups, self.blank_day, self.blank_group, self.notes)
        return Answers(
            kept["row"],
            kept["customer"],
            rest[0],
            kept["day"],
            kept["score"],
            kept["highest"],
            kept["group"],
            *rest[1:],
        )

    def last_of_account(self, calendar: Calendar) -> Answers:
        """Return the last answer of each customer in each group and period."""
        period = calendar.ordinal(self.day)
        order = np.lexsort((np.arange(len(self.row)), period, self.group, self.customer))
        same = np.ones(len(order), bool)
        for key in (self.customer, self.group, period):
            same[:-1] &= key[order][1:] == key[order][:-1]
        same[-1:] = False
        return self.pick(np.sort(order[~same]))

    @property
    def share(self) -> NDArray[np.float64]:
        """The score as a share of its scale: 0 the worst, 1 the best."""
        return (self.score - 1) / (self.highest - 1)


def answers(
    engine: LocalEngine,
    instrument: str,
    by: Sequence[str] = (),
    source: str = "surveys",
    also: Sequence[str] = (),
) -> Answers:
    """Return the answers to an instrument up to the as-of date.

    Raises
    ------
    MissingTableError
        If there is no such table, or the tickets have no scores.
    """
    if source not in engine.tables:
        raise MissingTableError.of(source, f"{instrument.upper()}")
    data = engine.tables[source].data
    columns = (
        ("at", "score", "scale_max")
        if source == "surveys"
        else ("created_at", "csat", "csat_scale")
    )
    when, score, highest = (_column(data, name) for name in columns)
    mine = np.ones(data.num_rows, bool)
    if source == "surveys":
        mine = np.asarray(pc.fill_null(pc.equal(data["instrument"], instrument), False))
    day = days(data[columns[0]], -(2**30)).astype(np.int64)
    mine &= (day > -(2**30)) & (day <= engine.as_of) & (day >= engine.since)
    least, usual = SCALES[instrument]
    highest = np.where(np.isnan(highest), usual, highest)
    blank = mine & np.isnan(score)
    with np.errstate(invalid="ignore"):
        odd = mine & ~blank & ((score < least) | (score > highest) | (highest <= least))
    other = mine & ~blank & ~odd & (highest != 10) if instrument == "nps" else np.zeros_like(mine)
    good = np.flatnonzero(mine & ~blank & ~odd & ~other)
    good = good[np.argsort(when[good], kind="stable")]
    groups = row_groups(engine.tables, source, by, also)
    ids, customer = encode(data["customer_id"])
    notes = (
        *ambiguous_rows(engine.tables, source, by),
        *_notes(source, int(odd.sum()), int(other.sum()), int(blank.sum())),
    )
    return Answers(
        good,
        customer[good].astype(np.int64),
        ids,
        day[good],
        score[good],
        highest[good],
        groups.code[good],
        groups,
        day[blank],
        groups.code[blank],
        notes,
    )


def _column(data: pa.Table, name: str) -> NDArray[np.float64]:
    if not has(data, name):
        return np.full(data.num_rows, np.nan)
    if pa.types.is_temporal(data[name].type):
        return np.asarray(
            flat(data[name]).cast(pa.timestamp("us")).cast(pa.int64()).fill_null(0), float
        )
    return numbers(data[name], np.nan)


def _notes(source: str, odd: int, other: int, blank: int) -> tuple[str, ...]:
    said = []
    if odd:
        said.append(f"{counted(odd, 'answer')} outside the scale are left out")
    if other:
        said.append(f"{counted(other, 'answer')} on another scale than 0 to 10 are left out")
    if blank and source == "surveys":
        said.append(
            f"{counted(blank, 'answer')} without a score are counted as missing, not filled in"
        )
    return tuple(said)
