"""Who works here, from when until when, for whom: the table people as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import listed
from saasmetrics.engine.columns import days, flat, has, numbers
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError, hint
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.tables import Table

_ALWAYS, _NEVER = -(2**30), 2**30
COLUMNS = ("role", "team", "pod", "tier", "manager_id")
NONE = "(none)"


@dataclass(frozen=True)
class Staff:
    """People known on a day; `end` is the first day after the last working day.

    Attributes
    ----------
    person, role, team, pod, tier, manager_id
        Texts, "(none)" where missing.
    start, end
        Day numbers; far in the past or the future where unknown.
    fte, cost
        Share of full time, and full cost a month (missing where unknown).
    notes
        What is not known, in words.
    """

    person: NDArray[Any]
    role: NDArray[Any]
    team: NDArray[Any]
    pod: NDArray[Any]
    tier: NDArray[Any]
    manager_id: NDArray[Any]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    fte: NDArray[np.float64]
    cost: NDArray[np.float64]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.person)

    def pick(self, rows: NDArray[Any]) -> Staff:
        """Return some of the people."""
        parts = {n: getattr(self, n)[rows] for n in self.__dataclass_fields__ if n != "notes"}
        return Staff(**parts, notes=self.notes)

    def active(self, day: int) -> NDArray[np.bool_]:
        """Return who works here on a day."""
        return (self.start <= day) & (self.end > day)

    def months(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each span (first day, first day after) that each person works: people x spans."""
        low = np.maximum(self.start[:, None], starts[None, :])
        high = np.minimum(self.end[:, None], ends[None, :])
        return np.asarray(np.maximum(high - low, 0) / (ends - starts)[None, :])

    def groups(self, by: Sequence[str]) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
        """Return the groups by some columns of people, and the group of each person.

        Raises
        ------
        UnknownNameError
            If people are not grouped by such a column.
        """
        for name in by:
            if name not in COLUMNS:
                msg = f"People are not grouped by {name!r}; there are {', '.join(COLUMNS)}."
                raise UnknownNameError(msg + hint(name, COLUMNS))
        if not by:
            return [()], np.zeros(len(self), np.int64)
        keys = list(zip(*(getattr(self, name) for name in by), strict=True))
        labels = sorted(set(keys))
        place = {label: number for number, label in enumerate(labels)}
        return labels, np.array([place[key] for key in keys], np.int64)


def staff(
    tables: Mapping[str, Table], as_of: int, roles: Iterable[str] | None, wanted_by: str
) -> Staff:
    """Return the people who had started by a day, of some roles.

    Raises
    ------
    MissingTableError
        If there is no table people.
    DataError
        If nobody has one of the roles.
    """
    if "people" not in tables:
        raise MissingTableError.of("people", wanted_by)
    data = tables["people"].data
    text = {name: _text(data, name) for name in ("person_id", *COLUMNS)}
    start, end = (
        days(data[name], missing).astype(np.int64)
        if has(data, name)
        else np.full(len(data), missing)
        for name, missing in (("start", _ALWAYS), ("end", _NEVER))
    )
    fte = numbers(data["fte"], 1.0) if has(data, "fte") else np.ones(len(data))
    cost = (
        numbers(data["cost_month"], np.nan)
        if has(data, "cost_month")
        else np.full(len(data), np.nan)
    )
    unknown = int((start == _ALWAYS).sum())
    notes = (f"{counted(unknown, 'person')} without a first day count as here from the beginning",)
    found = Staff(
        text["person_id"],
        text["role"],
        text["team"],
        text["pod"],
        text["tier"],
        text["manager_id"],
        start,
        end,
        fte,
        cost,
        notes if unknown else (),
    )
    keep = (start <= as_of) & (end > start)
    return found.pick(np.flatnonzero(keep & _of_roles(text["role"], roles)))


def _of_roles(role: NDArray[Any], roles: Iterable[str] | None) -> NDArray[np.bool_]:
    if roles is None:
        return np.ones(len(role), bool)
    wanted = [roles] if isinstance(roles, str) else list(listed("roles", roles, "roles of people"))
    there = sorted(set(role.tolist()))
    for name in wanted:
        if name not in there:
            msg = f"Nobody in the table people has the role {name!r}; there are {', '.join(map(str, there))}."
            raise UnknownNameError(msg + hint(name, there))
    if not wanted:
        msg = "roles=[] asks for nobody; name at least one role, or None for all."
        raise DataError(msg)
    return np.isin(role, wanted)


def _text(data: pa.Table, name: str) -> NDArray[Any]:
    if name not in data.column_names:
        return np.full(data.num_rows, NONE, object)
    values = flat(data[name]).cast(pa.string()).fill_null(NONE)
    return np.asarray(values.to_numpy(zero_copy_only=False), object)
