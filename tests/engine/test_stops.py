"""Cubes at stops: what is summed up to some periods only is what the cube of every period adds up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.digest import cells
from tests.engine.natives import portable
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import BYS, Case, cases
from tests.properties.profile import quick

if TYPE_CHECKING:
    from saasmetrics.engine.cubes import Cube

BALANCES = ("closing", "customers_closing")
OPENINGS = {"opening": "closing", "customers_opening": "customers_closing"}


def stops_of(first: int, periods: int, step: int) -> tuple[int, ...]:
    """Every so many periods, one long before the first, and always the last."""
    last = first + periods - 1
    return tuple(sorted({first - 40, *range(first, last, step), last}))


def expected(cube: Cube, stops: tuple[int, ...], name: str) -> np.ndarray:
    """Add up the periods after each stop up to the next one."""
    out = []
    for stop, before in zip(stops, (cube.first - 100, *stops), strict=False):
        inside = [t - cube.first for t in range(max(before + 1, cube.first), stop + 1)]
        level = cube.measures[OPENINGS.get(name, name)]
        at = (before if name in OPENINGS else stop) - cube.first
        if name in OPENINGS or name in BALANCES:
            out.append(level[:, at] if at >= 0 else np.zeros(len(level), np.int64))
        else:
            out.append(level[:, inside].sum(axis=1))
    return np.stack(out, axis=1)


@settings(quick, max_examples=25)
@given(
    cases(),
    st.sampled_from(("M", "W", "D")),
    BYS,
    st.sampled_from(("constant", "line", "spot")),
    st.integers(1, 35),
    st.sampled_from((0, 3)),
)
def test_movements_up_to_stops_are_the_sums_of_the_periods_between(
    case: Case, freq: str, by: tuple[str, ...], fx: str, step: int, bags: int
) -> None:
    engine = moving(case, fx).engine()
    stops = stops_of(*engine.extent(freq)[:2], step)
    found, every = engine.movements(freq, by, bags, stops), engine.movements(freq, by, bags)
    for name, value in found.measures.items():
        np.testing.assert_array_equal(value, expected(every, stops, name), err_msg=name)


@settings(quick, max_examples=25)
@given(
    cases(),
    st.sampled_from(("M", "W", "D")),
    BYS,
    st.sampled_from(("constant", "line", "spot")),
    st.integers(1, 35),
    st.sampled_from((0, 3)),
)
def test_pairs_at_stops_are_the_pairs_of_those_periods(
    case: Case, freq: str, by: tuple[str, ...], fx: str, step: int, bags: int
) -> None:
    engine = moving(case, fx).engine()
    first, periods, _ = engine.extent(freq)
    stops = tuple(stop for stop in stops_of(first, periods, step) if stop >= first)
    found, every = engine.pairs(3, freq, by, bags, stops), engine.pairs(3, freq, by, bags)
    for name, value in found.measures.items():
        at = np.array(stops) - first
        np.testing.assert_array_equal(value, every.measures[name][:, at], err_msg=name)


@settings(quick, max_examples=3)
@given(cases(), BYS)
def test_engines_agree_at_stops(case: Case, by: tuple[str, ...]) -> None:
    case = moving(case, "line")
    local = case.engine()
    other = portable(case.tables, "polars", local)
    stops = stops_of(*local.extent("D")[:2], 30)
    for mine, theirs in (
        (local.movements("D", by, 0, stops), other.movements("D", by, 0, stops)),
        (local.pairs(30, "D", by, 0, stops), other.pairs(30, "D", by, 0, stops)),
    ):
        assert cells(theirs) == cells(mine)


@pytest.mark.parametrize("metric", ["nrr", "grr", "gross_churn", "logo_churn"])
def test_a_rate_over_windows_of_30_days_is_read_off_the_daily_cube(metric: str) -> None:
    book = sm.demo(customers=60).with_policy("baremetrics", logo_churn="opening")
    found = getattr(sm.retention, metric)(book, window=2, freq="M", by="segment")
    last = found.df.iloc[-1]
    rows = found.rows(period=last["period"], segment=last["segment"])
    assert rows["numerator"].sum() == pytest.approx(last["numerator"])
    assert rows["denominator"].sum() == pytest.approx(last["denominator"])
