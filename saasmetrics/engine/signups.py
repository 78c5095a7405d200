"""Cohorts by sign-up: everybody who signed up in the same period, whether or not they ever paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine import valued
from saasmetrics.engine.cohorts import aged, triangle_cube
from saasmetrics.engine.columns import days, flat, has
from saasmetrics.engine.cubes import Cube
from saasmetrics.engine.drill import frame
from saasmetrics.engine.groups import Groups, encoded
from saasmetrics.engine.tally import tally
from saasmetrics.engine.valued_rows import Cell, movement_rows
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

SIGNED = "signed_up"
_UNKNOWN = np.int32(2**30)


@dataclass(frozen=True)
class SignUps:
    """Who signed up when: the period of each entity, and period and group of those that never paid."""

    groups: Groups
    of_entity: NDArray[np.int64]
    others: NDArray[np.int64]
    others_ids: pa.Array
    others_group: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def group(self) -> NDArray[np.int64]:
        """The group of each entity."""
        assert self.groups.of_entity is not None
        return self.groups.of_entity.astype(np.int64)


def sign_ups(engine: LocalEngine, freq: str, by: Sequence[str]) -> SignUps:
    """Return the sign-ups of a book up to its as-of date.

    Raises
    ------
    MissingTableError
        If no table says when customers signed up.
    DataError
        If customers are grouped by what only their subscriptions have, or are not the entity of the policy.
    """
    if "customers" not in engine.tables:
        raise MissingTableError.of("customers", "A cohort by sign-up")
    data = engine.tables["customers"].data
    if not has(data, "created_at"):
        msg = "A cohort by sign-up needs customers.created_at, the day each customer signed up; add the column."
        raise DataError(msg)
    if engine.policy.entity != "customer":
        msg = f"Customers sign up, and the policy counts entity={engine.policy.entity!r}: take entity='customer'."
        raise DataError(msg)
    found = engine.grouping(by)
    if found.of_entity is None:
        msg = (
            f"{' and '.join(by)} is a column of subscriptions, which those who never paid do not have. "
            "Group by columns of customers."
        )
        raise DataError(msg)
    ids, created = flat(data["customer_id"]), days(data["created_at"], _UNKNOWN)
    known = created <= engine.as_of
    row = pc.index_in(engine.spans.entity_ids, value_set=ids.cast(engine.spans.entity_ids.type))
    at = row.fill_null(-1).to_numpy(zero_copy_only=False)
    calendar = engine.calendar(freq)
    period = calendar.ordinal(np.append(created, _UNKNOWN))
    signed = np.append(known, False)[at]
    begun = engine.periodic(freq).since.astype(np.int64)
    paid_before = signed & (begun < period[at])
    of_entity = np.where(signed, np.minimum(period[at], begun), np.iinfo(np.int64).max)
    never = known.copy()
    never[at[at >= 0]] = False
    groups, code = _with_others(found, data.filter(never), by)
    left_out = int((~signed).sum())
    notes = []
    if left_out:
        without = f"{counted(left_out, 'customer')} without a date of sign-up"
        notes.append(f"{without} {agreeing(left_out, 'is', 'are')} left out")
    if paid_before.any():
        count = int(paid_before.sum())
        early = f"{counted(count, 'customer')} paid before signing up"
        notes.append(f"{early} and {agreeing(count, 'counts', 'count')} from the first payment")
    return SignUps(
        groups, of_entity, period[:-1][never], ids.filter(pa.array(never)), code, tuple(notes)
    )


def _with_others(
    found: Groups, data: pa.Table, by: Sequence[str]
) -> tuple[Groups, NDArray[np.int64]]:
    """Return the groups with those that only hold customers who never paid, and the group of each of these."""
    rows = data.num_rows
    if not by:
        return found, np.zeros(rows, np.int64)
    parts = [encoded(data[name.rpartition(".")[2]]) for name in by]
    sizes = [max(len(labels), 1) for labels, _ in parts]
    used, code = np.unique(np.ravel_multi_index([c for _, c in parts], sizes), return_inverse=True)
    cells = zip(*np.unravel_index(used, sizes), strict=True)
    labels = [tuple(names[i] for (names, _), i in zip(parts, cell, strict=True)) for cell in cells]
    place = {label: number for number, label in enumerate(found.labels)}
    for label in labels:
        place.setdefault(label, len(place))
    groups = Groups(found.by, tuple(place), of_entity=found.of_entity)
    return groups, np.array([place[label] for label in labels], np.int64)[code.reshape(-1)]


def sign_up_triangle(
    engine: LocalEngine, freq: str, by: Sequence[str]
) -> tuple[Cube, tuple[str, ...]]:
    """Return the triangle by period of sign-up, with `signed_up` beside its measures, and notes.

    Ages count from the period of sign-up, so that who pays later appears at a later age.
    """
    found = sign_ups(engine, freq, by)
    _, _, full = engine.extent(freq)
    inside = found.of_entity <= full
    later = found.others <= full
    periods = np.concatenate([found.of_entity[inside], found.others[later]])
    first = int(periods.min()) if len(periods) else full + 1
    many, width = len(found.groups), max(full - first + 1, 0)
    cohort = np.where(inside, found.of_entity, full + 1)
    asked = (found.group.astype(np.int32), many, first, width, cohort)
    cube = triangle_cube(engine.periodic(freq), *asked)
    cell = np.concatenate(
        [
            found.group[inside] * width + found.of_entity[inside] - first,
            found.others_group[later] * width + found.others[later] - first,
        ]
    )
    signed = tally(cell, None, many * width).reshape(many, width, 1)
    cube["constant"] = cube["mrr"]
    if engine.valuation is not None:
        money = triangle_cube(engine.at_first_rates(freq), *asked)
        cube |= {"constant": money["mrr"], "floor": money["floor"], "point": money["point"]}
        cube["mrr"] = valued.triangle_mrr(engine, engine.valuation, freq, *asked)
    cube[SIGNED] = np.repeat(signed, width, axis=2)
    return Cube(found.groups, cube, first), found.notes


def sign_up_rows(
    engine: LocalEngine, cohort: int, age: int, freq: str, by: Sequence[str], group: int | None
) -> pd.DataFrame:
    """Return every customer that signed up in a period, with its MRR at the age; those that never paid have none."""
    import pandas as pd

    found = sign_ups(engine, freq, by)
    member = np.ones(len(found.of_entity), bool) if group is None else found.group == group
    accounts = np.flatnonzero(member & (found.of_entity == cohort))
    begins = np.full(len(accounts), cohort)
    columns = aged(engine.periodic(freq), accounts, begins, age)
    money = aged(engine.at_first_rates(freq), accounts, begins, age)
    money["constant"] = money["mrr"]
    columns |= {name: money[name] for name in ("constant", "floor", "point", "total")}
    if engine.valuation is not None:
        cell = Cell(cohort + age, 1, freq, (), None)
        columns["mrr"] = movement_rows(engine, engine.valuation, cell, accounts)["closing"]
    paid = frame(engine, accounts, columns)
    other = np.ones(len(found.others), bool) if group is None else found.others_group == group
    ids = found.others_ids.filter(pa.array(other & (found.others == cohort)))
    never = pd.DataFrame(0, index=range(len(ids)), columns=paid.columns)
    never["customer_id"] = ids.to_pandas()
    return pd.concat([paid, never], ignore_index=True) if len(never) else paid
