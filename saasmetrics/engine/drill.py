"""The customers behind a cell: what each adds to the sums of a cube."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine import valued_rows as valued
from saasmetrics.engine.axis import Axis
from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.engine.cohorts import aged, lifetimes
from saasmetrics.engine.group_pairs import contributions
from saasmetrics.engine.movements import movement_cube
from saasmetrics.engine.pairs import COUNTS, MONEY
from saasmetrics.engine.term_numbers import renewal_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine


Found = tuple["NDArray[Any]", dict[str, "NDArray[np.int64]"]]


def measures(engine: LocalEngine, kind: str, **cell: Any) -> Found:
    """Return the customers behind a cell of `movements`, `pairs`, `triangle` or `lifetimes`, with their measures.

    Of kind `closing` they are all who have MRR at the end of a period.
    """
    makers: dict[str, Callable[..., Found]] = {
        "movements": _movements,
        "closing": _closing,
        "pairs": _pairs,
        "triangle": _triangle,
        "lifetimes": _lives,
        "renewals": _renewals,
    }
    return makers[kind](engine, **cell)


def frame(
    engine: LocalEngine, entity: NDArray[Any], columns: Mapping[str, NDArray[Any]]
) -> pd.DataFrame:
    """Return customers with their measures as a frame."""
    import pandas as pd

    ids = engine.spans.entity_ids.take(pa.array(entity))
    return pd.DataFrame({"customer_id": ids.to_pandas(), **columns})


def _movements(
    engine: LocalEngine,
    period: int,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
    window: int = 1,
) -> Found:
    """Every customer that pays at the start or end of the window, or moves in it."""
    moved, group_of = engine.moved(freq, by)
    owner = _owner(engine, by)
    ledger = engine.periodic(freq) if owner is None else engine.accounts(by)[0]
    if owner is not None:
        ledger = engine.at_periods(ledger, freq)
    inside = (moved.period > period - window) & (moved.period <= period)
    here = np.flatnonzero(inside & _in_group(group_of, group)[moved.account])
    opening, _ = ledger.state(period - window)
    closing, _ = ledger.state(period)
    member = _in_group(group_of, group)
    involved = ((opening != 0) | (closing != 0)) & member
    involved[moved.account[here]] = True
    accounts = np.flatnonzero(involved)
    entity = accounts if owner is None else owner[accounts]
    used, at = np.unique(entity, return_inverse=True)
    place = np.full(len(involved), -1)
    place[accounts] = at.reshape(-1)
    picked = moved.pick(here, period)
    cube = movement_cube(picked, place, len(used), Axis(period, 1))
    columns = {name: value[:, 0] for name, value in cube.items()}
    for name, state in (("opening", opening), ("closing", closing)):
        columns[name] = np.zeros(len(used), np.int64)
        np.add.at(columns[name], place[accounts], state[accounts])
        columns[f"customers_{name}"] = (columns[name] > 0).astype(np.int64)
    if engine.valuation is not None:
        cell = valued.Cell(period, window, freq, tuple(by), group)
        columns |= valued.movement_rows(engine, engine.valuation, cell, used)
    return used, columns


def _closing(engine: LocalEngine, period: int, freq: str = "M") -> Found:
    """Every customer that has MRR at the end of a period, and nothing else of it."""
    closing, _ = engine.periodic(freq).state(period)
    used = np.flatnonzero(closing)
    columns = {"closing": closing[used]}
    if engine.valuation is not None:
        cell = valued.Cell(period, 1, freq, (), None)
        columns["closing"] = valued.movement_rows(engine, engine.valuation, cell, used)["closing"]
    return used, columns


def _pairs(
    engine: LocalEngine,
    period: int,
    window: int,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
) -> Found:
    """Every customer that paid at the start of the window."""
    owner = _owner(engine, by)
    if owner is None:
        ledger, group_of = engine.periodic(freq), engine.grouping(by).of_entity
    else:
        daily, _, group_of = engine.accounts(by)
        ledger = engine.at_periods(daily, freq)
    (m0, p0), (m1, p1) = ledger.state(period - window), ledger.state(period)
    begun = engine.periodic(freq).held_since <= period - window
    customer = np.arange(len(m0)) if owner is None else owner.astype(np.int64)
    parts = contributions(customer, (m0, m1), (p0, p1), begun[customer], aside=ledger.aside)
    member = _in_group(group_of, group)
    involved = np.any([value != 0 for value in parts.values()], axis=0)
    if engine.valuation is not None:  # at which rates what moves between groups may be another part
        cell = valued.Cell(period, window, freq, tuple(by), group)
        every = np.arange(len(engine.spans.entity_ids))
        money = valued.pair_rows(engine, engine.valuation, cell, every)
        involved |= np.any([value != 0 for value in money.values()], axis=0)[customer]
    involved = np.flatnonzero(member & involved)
    entity = involved if owner is None else owner[involved]
    used, at = np.unique(entity, return_inverse=True)
    columns = {}
    for name in (*MONEY, *COUNTS):
        columns[name] = np.zeros(len(used), np.int64)
        np.add.at(columns[name], at.reshape(-1), parts[name][involved])
    if engine.valuation is not None:
        columns |= {name: value[used] for name, value in money.items()}
    return used, columns


def _triangle(
    engine: LocalEngine,
    age: int,
    cohort: int | None = None,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
) -> Found:
    """Every customer of a cohort, with its MRR at the start and at the age; without one, of all old enough."""
    _, _, full = engine.extent(freq)
    # All of the cohort, whenever the book is observed from.
    lives = lifetimes(engine.periodic(freq), full, None)
    mine = lives["cohort"] + age <= full if cohort is None else lives["cohort"] == cohort
    mine &= _in_group(engine.origin(by), group)[lives["account"]]
    accounts = lives["account"][mine]
    begins = lives["cohort"][mine]
    columns = aged(engine.periodic(freq), accounts, begins, age)
    columns["constant"], columns["start"] = columns["mrr"], lives["mrr"][mine]
    if engine.valuation is not None:
        ledger = engine.at_first_rates(freq)
        money = aged(ledger, accounts, begins, age)
        columns |= {name: money[name] for name in ("floor", "point", "total")}
        columns["constant"] = money["mrr"]
        columns["start"] = aged(ledger, accounts, begins, 0)["mrr"]
    if engine.valuation is not None and cohort is not None:
        cell = valued.Cell(cohort + age, 1, freq, tuple(by), None)
        columns["mrr"] = valued.movement_rows(engine, engine.valuation, cell, accounts)["closing"]
    return accounts, columns


def _lives(
    engine: LocalEngine,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
    age: int | None = None,
    cause: str = CAUSE_COLUMN,
) -> Found:
    """Every customer with its lifetime; with an age, those at risk at it."""
    lives = engine.lives(freq, cause)
    member = _in_group(engine.origin(by), group)[lives["account"]]
    if age is not None:
        member &= (lives["duration"] >= age) & ((lives["entry"] < age) | (lives["entry"] == 0))
    columns = {name: lives[name][member] for name in ("duration", "entry", "event", "cause", "mrr")}
    return lives["account"][member], columns


def _renewals(
    engine: LocalEngine,
    number: int | None = None,
    by: Sequence[str] = (),
    group: int | None = None,
    grace_days: int = 90,
) -> Found:
    """Every customer with a term of a number, or of any, that ended, and what became of it."""
    found = renewal_rows(engine, number, by, group, grace_days)
    return found.pop("account"), found


def _owner(engine: LocalEngine, by: Sequence[str]) -> NDArray[np.int32] | None:
    return None if engine.grouping(by).of_entity is not None else engine.accounts(by)[1]


def _in_group(group_of: NDArray[np.int32] | None, group: int | None) -> NDArray[np.bool_]:
    codes = np.zeros(0, np.int32) if group_of is None else group_of
    return np.ones(len(codes), bool) if group is None else codes == group
