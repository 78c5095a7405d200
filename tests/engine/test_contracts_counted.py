"""Contracts are counted where their table is as they are counted here: by the periods in which they start and end."""

from __future__ import annotations

from collections import Counter

import narwhals as nw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.expiring import AskedContracts, expiring
from saasmetrics.engine.portable.expiring import expiring_cells
from saasmetrics.engine.portable.fetched import whole_columns
from saasmetrics.periods import Calendar
from saasmetrics.tables import Table
from tests.engine.natives import WAYS, native
from tests.properties.contracts import signed_cases
from tests.properties.ledgers import Case
from tests.properties.profile import quick

EXAMPLES = {"pandas": 2, "polars": 15, "duckdb": 2}
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
