"""Runs of months: which order rows come in decides how they are put together, and never what comes out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.tables.facts import sweep
from saasmetrics.tables.facts.sweep import Runs, Sweep

CUSTOMERS = 5
ROOM = 1 << 30
RUNS = st.lists(
    st.lists(
        st.tuples(st.integers(0, CUSTOMERS - 1), st.integers(0, 9), st.sampled_from([1.0, 2.0])),
        min_size=1,
        max_size=8,
    ),
    min_size=1,
    max_size=4,
)


def _part(rows: list[tuple[int, int, float]]) -> Runs:
    who, first, amount = zip(*rows, strict=True)
    small = np.array(first, np.int16)
    ones = np.ones(len(rows), np.int16)
    return Runs(np.array(who, np.int32), small * 0, small, ones, np.array(amount))


def _columns(parts: list[Runs]) -> dict[str, list[np.ndarray]]:
    return {name: [getattr(part, name) for part in parts] for name in Runs.__annotations__}


def _said(runs: Runs) -> list[list[float]]:
    return [column.tolist() for column in (runs.who, runs.kind, runs.first, runs.many, runs.amount)]


@given(RUNS)
def test_runs_that_are_counted_to_their_places_are_in_the_order_that_sorting_gives(parts) -> None:
    given_parts = [_part(rows) for rows in parts]
    counted = sweep._by_count(_columns(given_parts))
    rows = sorted(
        (row for part in parts for row in part),
        key=lambda row: (row[0], row[1]),
    )  # stable: as they came, where two are of one customer and month
    if counted is not None:
        assert _said(counted) == _said(_part(rows))
    assert _said(sweep._in_order(given_parts)) == _said(_part(rows))


def test_runs_that_come_month_by_month_are_counted_and_those_that_go_back_are_not() -> None:
    months = [[(3, 1, 1.0), (0, 1, 2.0)], [(0, 4, 1.0), (3, 5, 1.0)], [(1, 7, 1.0)]]
    assert sweep._by_count(_columns([_part(rows) for rows in months])) is not None
    assert sweep._by_count(_columns([_part(rows) for rows in reversed(months)])) is None
    here_and_there = [[(3, 1, 1.0), (0, 1, 2.0), (3, 2, 1.0)]]
    assert sweep._by_count(_columns([_part(rows) for rows in here_and_there])) is None


@given(
    st.sets(st.tuples(st.integers(0, CUSTOMERS - 1), st.integers(0, 11)), min_size=1), st.randoms()
)
def test_months_in_order_and_months_in_no_order_give_the_same_runs(there, chance) -> None:
    price = {
        who: [float(1 + (who + month // 5) % 2) for month in range(12)] for who in range(CUSTOMERS)
    }
    by_month = sorted(there, key=lambda row: row[1])
    mixed = list(by_month)
    chance.shuffle(mixed)

    def swept(rows: list[tuple[int, int]], size: int) -> list[list[float]]:
        whole = Sweep(ROOM)
        for at in range(0, len(rows), size):
            who, month = (np.array(each) for each in zip(*rows[at : at + size], strict=True))
            amount = np.array([price[one][of] for one, of in rows[at : at + size]])
            whole.add(who.astype(np.int32), None, month.astype(np.int16), amount, CUSTOMERS)
        return _said(whole.finish())

    assert swept(by_month, 60) == swept(mixed, 3) == swept(mixed, 60)


def test_a_month_of_many_rows_meets_what_each_customer_had_in_the_month_before() -> None:
    many = 200
    whole = Sweep(ROOM)
    who = np.arange(many, dtype=np.int32)
    for month in range(3):
        rows = who if month < 2 else who[::2]  # half of them leave
        amount = np.where(rows == 4, 10.0 + month, 5.0)
        whole.add(rows, None, np.full(len(rows), month, np.int16), amount, many)
    runs = whole.finish()
    assert runs.who.tolist() == sorted([*range(many), 4, 4])
    assert runs.amount[runs.who == 4].tolist() == [10.0, 11.0, 12.0]
    assert runs.many[runs.who == 7].tolist() == [2]
    assert runs.many[runs.who == 8].tolist() == [3]
