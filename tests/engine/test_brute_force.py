"""The local engine gives what the obvious, slow way gives, cell by cell, whatever the ledger and the policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.engine.cubes import Cube
from tests.engine import oracle_cubes
from tests.properties.ledgers import BYS, FREQS, Case, cases
from tests.properties.profile import thorough


def cells_of(cube: Cube) -> dict[Any, dict[str, int]]:
    """The cells of a cube that hold anything: (group, period) or (group, cohort, age) -> measures."""
    out: dict[Any, dict[str, int]] = {}
    for name, values in cube.measures.items():
        for place in zip(*np.nonzero(values), strict=True):
            group, time, *age = (int(i) for i in place)
            key = (cube.groups.labels[group], cube.first + time, *age)
            out.setdefault(key, {})[name] = int(values[place])
    return out


def cells_of_frame(
    frame: pd.DataFrame, by: tuple[str, ...], dims: tuple[str, ...]
) -> dict[Any, dict[str, int]]:
    """The same of a sparse frame."""
    out = {}
    for row in frame.to_dict("records"):
        key = (tuple(row[name] for name in by), *(int(row[name]) for name in dims))
        out[key] = {k: int(v) for k, v in row.items() if k not in (*by, *dims) and v}
    return out


def filled(cells: dict[Any, dict[str, int]]) -> dict[Any, dict[str, int]]:
    """The cells without zeros."""
    kept = {key: {k: int(v) for k, v in cell.items() if v} for key, cell in cells.items()}
    return {key: cell for key, cell in kept.items() if cell}


@thorough
@given(cases(), FREQS, BYS)
def test_movements_are_those_of_a_walk_through_every_day(
    case: Case, freq: str, by: tuple[str, ...]
) -> None:
    assert cells_of(case.engine().movements(freq, by)) == filled(
        oracle_cubes.movements(case, freq, by)
    )


@thorough
@given(cases(), FREQS, BYS, st.sampled_from((1, 3, 12)))
def test_pairs_are_those_of_two_looks_at_every_customer(
    case: Case, freq: str, by: tuple[str, ...], window: int
) -> None:
    assert cells_of(case.engine().pairs(window, freq, by)) == filled(
        oracle_cubes.pairs(case, window, freq, by)
    )


@thorough
@given(cases(), FREQS.filter(lambda freq: freq != "D"), BYS)
def test_triangles_follow_every_customer_from_its_first_period(
    case: Case, freq: str, by: tuple[str, ...]
) -> None:
    engine = case.engine()
    found, (_, _, full) = cells_of(engine.triangle(freq, by)), engine.extent(freq)
    observed = {key: cell for key, cell in found.items() if key[1] + key[2] <= full}
    assert observed == filled(oracle_cubes.triangle(case, freq, by))


@thorough
@given(cases(), FREQS, BYS)
def test_lifetimes_count_periods_until_a_customer_is_gone(
    case: Case, freq: str, by: tuple[str, ...]
) -> None:
    found = case.engine().lifetimes(freq, by)
    dims = ("duration", "entry", "event", "cause")
    assert cells_of_frame(found, by, dims) == filled(oracle_cubes.lifetimes(case, freq, by))


@thorough
@given(cases(), FREQS, BYS)
def test_terms_look_for_what_follows_the_end_of_every_line(
    case: Case, freq: str, by: tuple[str, ...]
) -> None:
    engine = case.engine()
    frame = engine.terms(freq, by)
    frame["period"] = engine.calendar(freq).ordinal(
        frame["period"].to_numpy().astype("datetime64[D]").astype(int)
    )
    found = filled(cells_of_frame(frame, by, ("period",)))
    assert found == filled(oracle_cubes.terms(case, freq, by))
