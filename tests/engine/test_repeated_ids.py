"""A subscription that keeps its id when it is renewed, on another plan too, is one row per term in every engine."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.policy import Policy
from tests.connected.natives import connected
from tests.engine.natives import WAYS, portable
from tests.properties.ledgers import FIRST, Case


def line(start: int, end: int | None, amount: float, plan: str, **more: Any) -> dict[str, Any]:
    named = {"subscription_id": "s", "customer_id": "a", "interval": "month", "plan": plan}
    return {**named, "start": FIRST + start, "end": end and FIRST + end, "amount": amount, **more}


def engines(way: str, *lines: dict[str, Any], **choices: Any) -> tuple[LocalEngine, PortableEngine]:
    customers = ({"customer_id": "a", "segment": "SMB", "parent_id": None},)
    case = Case(lines, customers, Policy(**choices), as_of=FIRST + 180)
    local = case.engine()
    return local, portable(case.tables, way, local)


@pytest.mark.parametrize("way", WAYS)
def test_each_term_is_counted_in_its_own_plan(way: str) -> None:
    local, there = engines(way, line(0, 90, 400, "B"), line(90, 240, 100, "A"))
    for engine in (local, there, there.here):
        cube = engine.movements("M", ("plan",))
        assert cube.groups.labels == (("A",), ("B",))
        assert (cube.measures["closing"][:, 4] // 10**6).tolist() == [100, 0]


@pytest.mark.parametrize("way", WAYS)
def test_each_row_ends_as_a_term_of_its_own(way: str) -> None:
    for engine in engines(way, line(0, 90, 400, "B"), line(90, 150, 100, "A")):
        found = engine.terms("M")
        assert found["terms"].sum() == 2
        assert found["terms_renewed"].sum() == 1


@pytest.mark.parametrize("way", WAYS)
def test_of_terms_that_overlap_the_last_to_start_counts(way: str) -> None:
    for engine in engines(way, line(0, None, 400, "B"), line(31, None, 100, "A"), overlap="latest"):
        closing = engine.movements("M").measures["closing"][0]
        assert (closing[[0, 4]] // 10**6).tolist() == [400, 100]


@pytest.mark.parametrize("way", WAYS)
def test_of_terms_that_begin_to_be_paid_on_one_day_the_later_date_counts(way: str) -> None:
    tried = line(0, None, 400, "B", subscription_id="t", trial_end=FIRST + 30)
    for engine in engines(way, tried, line(30, None, 100, "A"), overlap="latest"):
        closing = engine.movements("M").measures["closing"][0]
        assert closing[4] // 10**6 == 100


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("turned", [1, -1])
def test_lines_alike_in_start_id_and_amount_go_by_what_else_they_say(way: str, turned: int) -> None:
    year = {**line(0, 360, 1200, "p"), "interval": "year"}
    rows = (line(0, 330, 1200, "q"), year)[::turned]
    for engine in engines(way, *rows, overlap="latest"):
        cube = engine.movements("M", ("plan",))
        may = cube.measures["closing"][:, 4] // 10**6
        found = {label: value for (label,), value in zip(cube.groups.labels, may, strict=True)}
        assert (found["p"], found.get("q", 0)) == (100, 0)


@pytest.mark.parametrize("way", ["duckdb", "polars"])
def test_a_connected_book_says_the_same_after_it_was_asked_for_rows(way: str) -> None:
    rows = pa.table(
        {
            "subscription_id": ["s", "s"],
            "customer_id": ["a", "a"],
            "start": pa.array([FIRST, FIRST + 90], pa.int32()).cast(pa.date32()),
            "end": pa.array([FIRST + 90, FIRST + 240], pa.int32()).cast(pa.date32()),
            "mrr": [400.0, 100.0],
            "plan": ["B", "A"],
        }
    )
    told = {"as_of": "2023-06-30", "currency": "EUR"}
    book = connected(sm.Book(subscriptions=rows, **told).tables, way, **told)
    sm.retention.nrr(book, window=1).rows(period="2023-05-01")
    june = book.movements("M", "plan").groupby("plan", as_index=False).last()
    assert dict(zip(june["plan"], june["closing"] / 1e6, strict=True)) == {"A": 100.0, "B": 0.0}
