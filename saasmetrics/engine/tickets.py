"""Support tickets as integer arrays: who asked, when it was answered and solved, as far as it is known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import encode, flat, has
from saasmetrics.engine.moments import end_of_day
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.tables import Table

    Ints = NDArray[np.int64]

NEVER = 2**61  # the moment of what has not happened yet
UNKNOWN = -1  # a count, duration or number that the table does not have
DAY = 86_400
SCALE = 1_000  # handle times are held in thousandths of a second
_MICRO = 1_000_000


@dataclass(frozen=True, eq=False)
class Tickets:
    """Tickets created by the end of a day, one element each, in the order of the table.

    Moments are whole seconds of UTC since 1970, `NEVER` where something has not happened by `now`; what the table
    does not say is `UNKNOWN`, or nan for a score. What belongs to a solved ticket (reopens, csat, tier) is unknown
    while it is open, so that the past is not told by the future.
    """

    row: Ints
    customer: NDArray[np.int32]
    customer_ids: pa.Array
    created: Ints
    replied: Ints
    first_solved: Ints
    solved: Ints
    touches: Ints
    reopens: Ints
    handled: Ints
    target: Ints
    csat: NDArray[np.float64]
    satisfied: Ints
    now: int
    data: pa.Table
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def backwards(self) -> NDArray[np.bool_]:
        """Tickets solved before they were created, whose resolution time is no time."""
        return np.minimum(self.solved, self.first_solved) < self.created

    @property
    def early_reply(self) -> NDArray[np.bool_]:
        """Tickets replied to before they were created."""
        return self.replied < self.created

    def column(self, name: str) -> Any:
        """Return a column of the table for these tickets."""
        return flat(self.data[name]).take(pa.array(self.row))

    def moment(self, kind: str) -> Ints:
        """Return one of the moments by name: "created", "first_reply", "first_resolution" or "resolution"."""
        return {
            "created": self.created,
            "first_reply": self.replied,
            "first_resolution": self.first_solved,
            "resolution": self.solved,
        }[kind]


def seconds(data: pa.Table, column: str, missing: int = NEVER) -> Ints:
    """Return a column of timestamps as whole seconds since 1970; `missing` where there is none."""
    if not has(data, column):
        return np.full(len(data), missing, np.int64)
    values = flat(data[column]).cast(pa.timestamp("us")).cast(pa.int64())
    found = np.asarray(pc.fill_null(values, 0)).astype(np.int64) // _MICRO
    return np.where(np.asarray(pc.is_valid(values)), found, missing) if values.null_count else found


def whole(data: pa.Table, column: str, scale: int = 1) -> Ints:
    """Return a column of numbers as integers, so many to one; `UNKNOWN` where missing or negative."""
    if not has(data, column):
        return np.full(len(data), UNKNOWN, np.int64)
    values = np.asarray(pc.fill_null(flat(data[column]).cast(pa.float64()), -1.0))
    return np.where(values >= 0, np.rint(np.maximum(values, 0) * scale), UNKNOWN).astype(np.int64)


def scores(data: pa.Table) -> tuple[NDArray[np.float64], Ints]:
    """Return the satisfaction of each ticket as a share of its scale, and whether it is satisfied.

    The share is (score - 1) / (most - 1); satisfied are the two best scores, of scales below 5 the best. Not
    answered, or outside the scale, is nan and `UNKNOWN`: neither is imputed.
    """
    if not has(data, "csat"):
        return np.full(len(data), np.nan), np.full(len(data), UNKNOWN, np.int64)
    given = np.asarray(pc.fill_null(flat(data["csat"]).cast(pa.float64()), np.nan))
    most = whole(data, "csat_scale").astype(float)
    most = np.where(most < 2, 5.0, most)
    held = (given >= 1) & (given <= most)
    good = given >= np.where(most >= 5, most - 1, most)
    return np.where(held, (given - 1) / (most - 1), np.nan), np.where(held, good, UNKNOWN)


def tickets_of(tables: Mapping[str, Table], as_of: int, zone: str = "UTC") -> Tickets:
    """Return the tickets that are known at the end of a day in a time zone.

    Parameters
    ----------
    tables
        Normalized tables, with tickets.
    as_of
        Day number of the last day known.
    zone
        Time zone in which that day ends.
    """
    data = tables["tickets"].data
    now = end_of_day(as_of, zone)
    created = seconds(data, "created_at")
    row = np.flatnonzero(created < now)
    ids, customer = encode(data["customer_id"])
    made = {"created": created[row]}
    for name, column in (
        ("replied", "first_reply_at"),
        ("first_solved", "first_solved_at"),
        ("solved", "solved_at"),
    ):
        found = seconds(data, column)[row]
        made[name] = np.where(found < now, found, NEVER)
    made["first_solved"] = np.where(
        made["first_solved"] == NEVER, made["solved"], made["first_solved"]
    )
    is_open = made["solved"] == NEVER
    given, good = scores(data)
    reopens, csat, satisfied = whole(data, "reopens")[row], given[row], good[row]
    reopens[made["first_solved"] == NEVER] = UNKNOWN
    csat[is_open], satisfied[is_open] = np.nan, UNKNOWN
    return Tickets(
        row=row,
        customer=customer[row],
        customer_ids=ids,
        touches=whole(data, "touches")[row],
        reopens=reopens,
        handled=whole(data, "handle_seconds", SCALE)[row],
        target=whole(data, "sla_target_seconds")[row],
        csat=csat,
        satisfied=satisfied,
        now=now,
        data=data,
        notes=later_notes(len(data) - len(row)),
        **made,
    )


def later_notes(later: int) -> tuple[str, ...]:
    """Return what the footnote says of so many tickets that are not known yet."""
    return (
        (f"{counted(later, 'ticket')} created after the as-of date not counted",) if later else ()
    )
