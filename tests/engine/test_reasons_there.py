"""Why MRR moved is told where the tables are as it is told here: part by part, customer by customer."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows
from saasmetrics.tables import Table
from tests.engine.natives import WAYS, portable
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import Case, cases
from tests.properties.profile import quick

EXAMPLES = {"pandas": 2, "polars": 15, "duckdb": 2}
FX = st.sampled_from(("constant", "constant", "line", "spot"))
FREQS = st.sampled_from(("M", "M", "Q", "W"))
BYS = st.sampled_from(((), (), ("segment",)))


@st.composite
def told_cases(draw: st.DrawFn) -> tuple[Case, dict[str, Table]]:
    """A company whose lines say product, seats, list amounts and uplifts, few of each, so that they meet."""
    case = moving(draw(cases()), draw(FX))
    tables = case.tables
    lines = tables["subscriptions"].data
    many = lines.num_rows

    def column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
        return pa.array(draw(st.lists(st.sampled_from(values), min_size=many, max_size=many)), kind)

    more = {
        "product": column(("core", "core", "core", "extra", None), pa.string()),
        "quantity": column((1.0, 2.0, 3.0, 0.1, 0.2, None), pa.float64()),
        "escalator": column((True, False, False, None), pa.bool_()),
    }
    for name, values in more.items():
        lines = lines.append_column(name, values)
    tables["subscriptions"] = Table("subscriptions", lines)
    return case, tables


def engine_of(case: Case, tables: dict[str, Table]) -> LocalEngine:
    return LocalEngine(tables, case.policy, case.as_of, "USD", case.fiscal_start, case.since)


def listed(found: ReasonCells | ReasonRows) -> list[tuple[Any, ...]]:
    return sorted(zip(*(values.tolist() for values in vars(found).values()), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_reasons_are_the_same_there_by_group_and_by_customer(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(told_cases(), FREQS, BYS, st.booleans(), st.booleans(), st.integers(0, 23))
    def compare(
        told: tuple[Case, dict[str, Table]],
        freq: str,
        by: tuple[str, ...],
        midpoint: bool,
        voluntary: bool,
        place: int,
    ) -> None:
        local = engine_of(*told)
        other = portable(told[1], way, local)
        why = {"midpoint": midpoint, "voluntary": voluntary}
        wanted = local.reason_cells(freq, by, **why)
        assert listed(other.reason_cells(freq, by, **why)) == listed(wanted)
        first, periods, _ = local.extent(freq)
        asked = (freq, first + place % periods, by, None if not by else 0)
        assert listed(other.reason_rows(*asked, **why)) == listed(local.reason_rows(*asked, **why))

    compare()


@pytest.mark.parametrize("way", WAYS)
def test_what_the_change_of_a_customer_over_a_window_is_made_of_is_the_same_there(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(told_cases(), FREQS, st.booleans(), st.sampled_from((1, 3, 12)), st.integers(0, 23))
    def compare(
        told: tuple[Case, dict[str, Table]], freq: str, midpoint: bool, window: int, place: int
    ) -> None:
        local = engine_of(*told)
        other = portable(told[1], way, local)
        first, periods, _ = local.extent(freq)
        asked = (first + place % periods, window, freq)
        wanted, found = (
            each.window_rows(*asked, midpoint=midpoint, voluntary=False) for each in (local, other)
        )
        assert list(found) == list(wanted)
        assert sorted(found.to_numpy().tolist()) == sorted(wanted.to_numpy().tolist())

    compare()
