"""What customers signed for is counted where the tables are as it is here: contracts by period, terms renewed."""

from __future__ import annotations

from collections import Counter

import narwhals as nw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.expiring import AskedContracts, expiring
from saasmetrics.engine.in_force import in_force
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable.expiring import expiring_cells, in_force_cells
from saasmetrics.engine.portable.fetched import fetched, whole_columns
from saasmetrics.engine.portable.renewed import renewed_lives as renewed_lives_there
from saasmetrics.engine.renewed import renewed_lives
from saasmetrics.periods import Calendar
from saasmetrics.tables import Table
from tests.engine.natives import WAYS, native, portable
from tests.properties.contracts import signed_cases
from tests.properties.ledgers import Case
from tests.properties.profile import quick

EXAMPLES = {"pandas": 1, "polars": 8, "duckdb": 1}
LIFE = ("since", "term", "made", "due")
SIDES = ("value", "customers")
SUMS = ("_first", "_last", "value", "n")


@pytest.mark.parametrize("way", WAYS)
def test_contracts_have_the_same_periods_and_value_there(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(signed_cases(), st.sampled_from("DWMQY"))
    def compare(case: tuple[Case, dict[str, Table]], freq: str) -> None:
        book, tables = case
        calendar = Calendar(freq, book.fiscal_start)
        here = expiring(tables, AskedContracts((), calendar, book.as_of, "USD"))
        wanted: Counter[tuple[int, int]] = Counter()
        value: Counter[tuple[int, int]] = Counter()
        for row in zip(here.start, here.end, here.value, here.n, strict=True):
            start, end, worth, many = (int(number) for number in row)
            wanted[start, end] += many
            value[start, end] += worth
        used = (name for name in ("contracts", "fx") if name in tables)
        frames = {n: nw.from_native(native(tables[n].data, way)).lazy() for n in used}
        cells = whole_columns(expiring_cells(frames, (), calendar, book.as_of, "USD"), SUMS)
        rows = list(zip(*(cells[name].tolist() for name in SUMS), strict=True))
        assert {(a, b): n for a, b, _, n in rows} == dict(wanted)
        assert {(a, b): v for a, b, v, _ in rows} == {key: value[key] for key in wanted}

    compare()


@pytest.mark.parametrize("way", WAYS)
def test_contracts_are_in_force_there_in_the_same_periods_and_each_customer_once(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(signed_cases(), st.sampled_from("DWMQY"))
    def compare(case: tuple[Case, dict[str, Table]], freq: str) -> None:
        book, tables = case
        calendar = Calendar(freq, book.fiscal_start)
        last = int(calendar.ordinal(np.array([book.as_of]))[0])
        periods = np.arange(last - 40, last + 1)
        here = in_force(tables, AskedContracts((), calendar, book.as_of, "USD"), periods)
        used = (name for name in ("contracts", "fx") if name in tables)
        frames = {n: nw.from_native(native(tables[n].data, way)).lazy() for n in used}
        cells = in_force_cells(frames, (), calendar, book.as_of, "USD")
        for frame, name, wanted in zip(cells, SIDES, (here.value, here.customers), strict=True):
            found = fetched(frame).to_pylist()
            for at, period in enumerate(periods):
                live = [row[name] for row in found if row["_first"] <= period < row["_last"]]
                assert sum(live) == pytest.approx(wanted[0, at], rel=1e-12, abs=1e-9)

    compare()


@pytest.mark.parametrize("way", WAYS)
def test_customers_have_renewed_as_often_there(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(signed_cases())
    def compare(case: tuple[Case, dict[str, Table]]) -> None:
        book, tables = case
        local = LocalEngine(tables, book.policy, book.as_of, "USD", book.fiscal_start, book.since)
        lives = renewed_lives(local)
        ids = local.spans.entity_ids.to_pylist()
        told = zip(*(lives[name].tolist() for name in LIFE), strict=True)
        who = [ids[number] for number in lives["account"]]
        wanted = dict(zip(who, told, strict=True))
        contracts = nw.from_native(native(tables["contracts"].data, way)).lazy()
        other = portable(tables, way, local)
        frame = renewed_lives_there(other, contracts, (), local.calendar("M"))
        rows = fetched(frame.select("entity", "cohort", *LIFE)).to_pylist()
        assert {row["entity"]: tuple(row[name] for name in LIFE) for row in rows} == wanted
        assert all(row["cohort"] == row["since"] for row in rows)

    compare()
