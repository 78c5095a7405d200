"""Why MRR moved is told where the tables are as it is told here: part by part, customer by customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows
from saasmetrics.engine.taken_out import AGREED
from saasmetrics.tables import Table
from tests.engine.natives import portable
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import CUSTOMERS, FIRST, Case, cases
from tests.properties.profile import quick

EXAMPLES = 4  # DuckDB and PostgreSQL are asked of a whole company elsewhere
FX = st.sampled_from(("constant", "constant", "line", "spot"))
FREQS = st.sampled_from(("M", "M", "Q", "W"))
BYS = st.sampled_from(((), (), ("segment",)))


@st.composite
def chains(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines of one customer, most of which go on where the one before ended."""
    start, customer = draw(st.integers(0, 300)), draw(st.sampled_from(CUSTOMERS[:4]))
    found = []
    for _ in range(draw(st.integers(1, 4))):
        until = start + draw(st.sampled_from((31, 60, 92, 180)))
        amount = draw(st.sampled_from((10.0, 10.5, 12.0, 20.0, 33.33)))
        line = {"customer_id": customer, "start": FIRST + start, "end": FIRST + until}
        line |= {"amount": amount, "interval": draw(st.sampled_from(("month", "year")))}
        line |= {"plan": draw(st.sampled_from(("basic", "basic", "pro")))}
        if draw(st.booleans()):
            line["list_amount"] = amount * draw(st.sampled_from((1, 1.25, 2)))
            line["discount_end"] = draw(st.sampled_from((None, FIRST + start + 45)))
        found.append(line)
        start = until + draw(st.sampled_from((0, 0, 0, -20, 40)))
    found[-1]["end"] = None
    return found


@st.composite
def told_cases(draw: st.DrawFn) -> tuple[Case, dict[str, Table]]:
    """A company whose lines say product, seats, list amounts and uplifts, few of each, so that they meet."""
    case = draw(cases(most=4))
    more = [line for chain in draw(st.lists(chains(), min_size=1, max_size=3)) for line in chain]
    named = ({"subscription_id": f"t{n:02d}", **line} for n, line in enumerate(more))
    case = moving(replace(case, lines=(*case.lines, *named)), draw(FX))
    tables = case.tables
    lines = tables["subscriptions"].data
    many = lines.num_rows

    def column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
        return pa.array(draw(st.lists(st.sampled_from(values), min_size=many, max_size=many)), kind)

    told = {
        "product": column(("core", "core", "core", "core", "extra", None), pa.string()),
        "quantity": column((1.0, 2.0, 3.0, 0.1, 0.2, None), pa.float64()),
        "escalator": column((True, False, False, None), pa.bool_()),
    }
    if draw(st.booleans()):  # who pays in one currency
        told["currency"] = column(("EUR",), pa.string())
        lines = lines.drop_columns("currency")
    for name, values in told.items():
        lines = lines.append_column(name, values)
    tables["subscriptions"] = Table("subscriptions", lines)
    return case, tables


def engine_of(case: Case, tables: dict[str, Table]) -> LocalEngine:
    return LocalEngine(tables, case.policy, case.as_of, "USD", case.fiscal_start, case.since)


def listed(found: ReasonCells | ReasonRows) -> list[tuple[Any, ...]]:
    return sorted(zip(*(values.tolist() for values in vars(found).values()), strict=True))


def test_reasons_are_the_same_there_by_group_and_by_customer() -> None:
    @settings(quick, max_examples=EXAMPLES)
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
        other = portable(told[1], "polars", local)
        why = {"midpoint": midpoint, "voluntary": voluntary}
        wanted = local.reason_cells(freq, by, **why)
        assert listed(other.reason_cells(freq, by, **why)) == listed(wanted)
        first, periods, _ = local.extent(freq)
        asked = (freq, first + place % periods, by, None if not by else 0)
        assert listed(other.reason_rows(*asked, **why)) == listed(local.reason_rows(*asked, **why))

    compare()


def test_what_the_change_of_a_customer_over_a_window_is_made_of_is_the_same_there() -> None:
    @settings(quick, max_examples=EXAMPLES)
    @given(told_cases(), FREQS, st.booleans(), st.sampled_from((1, 3, 12)), st.integers(0, 23))
    def compare(
        told: tuple[Case, dict[str, Table]], freq: str, midpoint: bool, window: int, place: int
    ) -> None:
        local = engine_of(*told)
        other = portable(told[1], "polars", local)
        first, periods, _ = local.extent(freq)
        asked = (first + place % periods, window, freq)
        wanted, found = (
            each.window_rows(*asked, midpoint=midpoint, voluntary=False) for each in (local, other)
        )
        assert list(found) == list(wanted)
        assert sorted(found.to_numpy().tolist()) == sorted(wanted.to_numpy().tolist())

    compare()


def test_what_uplifts_and_ended_discounts_added_over_windows_is_the_same_there() -> None:
    @settings(quick, max_examples=EXAMPLES)
    @given(told_cases(), FREQS, BYS, st.booleans(), st.sampled_from((1, 3, 12)))
    def compare(
        told: tuple[Case, dict[str, Table]],
        freq: str,
        by: tuple[str, ...],
        midpoint: bool,
        window: int,
    ) -> None:
        local = engine_of(*told)
        other = portable(told[1], "polars", local)
        asked = (window, freq, by, 3, AGREED)
        wanted = local.taken_out(*asked, midpoint=midpoint)
        assert other.taken_out(*asked, midpoint=midpoint).tolist() == wanted.tolist()

    compare()


def test_customers_first_expand_at_the_same_age_there() -> None:
    @settings(quick, max_examples=EXAMPLES)
    @given(told_cases(), BYS, st.sampled_from(((0, 1, 2, 3), (6,))), st.none() | st.integers(0, 6))
    def compare(
        told: tuple[Case, dict[str, Table]],
        by: tuple[str, ...],
        counted: tuple[int, ...],
        age: int | None,
    ) -> None:
        local = engine_of(*told)
        other = portable(told[1], "polars", local)
        wanted, found = (
            each.first_expansions(by, counted, midpoint=False) for each in (local, other)
        )
        assert {n: v.tolist() for n, v in found.items()} == {
            n: v.tolist() for n, v in wanted.items()
        }
        wanted, found = (
            each.expansion_rows(by, counted, None, age, midpoint=False) for each in (local, other)
        )
        assert sorted(found.to_numpy().tolist()) == sorted(wanted.to_numpy().tolist())

    compare()
