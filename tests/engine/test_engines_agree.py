"""The local engine and the portable one give the same digest: on random ledgers, on real data, on the demo company."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.digest import cells, cells_of, digest
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.engine.portable.whole import day_number, with_first_day, with_month
from saasmetrics.tables import Table
from tests.engine.natives import WAYS, portable
from tests.engine.test_exchange_rates import moving
from tests.properties.bills import billing_policies, invoices
from tests.properties.ledgers import BYS, FREQS, Case, cases, policies
from tests.properties.profile import quick

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame

Cell = tuple[str, dict[str, Any]]
EXAMPLES = {"pandas": 2, "polars": 10, "duckdb": 2}
# The portable engine asks pandas and Polars alike: of whole companies the gate asks Polars and DuckDB.
COMPANIES = [pytest.param(way, marks=pytest.mark.slow if way == "pandas" else ()) for way in WAYS]
FOLDERS = ("ravenstack", "saas_metrics_sample", "fightchurn_socialnet7")
CHOICES: dict[str, dict[str, str]] = {
    "ravenstack": {"overlap": "latest"},
    "saas_metrics_sample": {"recognition": "daily"},
    "fightchurn_socialnet7": {"end": "inclusive"},
}
FX = st.sampled_from(("constant", "line", "spot"))
FEW = st.sampled_from((0, PortableEngine.few))  # those behind a cell are chosen there, or here
SEEN = FREQS.filter(lambda freq: freq != "D")


def agree(local: LocalEngine, other: PortableEngine, freq: str, by: tuple[str, ...]) -> None:
    """Compare cube by cube, so that a failure says which cell differs."""
    both = (list(cells_of(engine, [freq], [1, 3], [by])) for engine in (local, other))
    for (title, mine), (_, theirs) in zip(*both, strict=True):
        assert theirs == mine, (title, sorted(theirs ^ mine)[:10])
    for bags in (0, 3):
        assert cells(other.ages(freq, by, bags)) == cells(local.ages(freq, by, bags)), "ages"
    if not len(local.spans):
        return
    assert other.cause_names("segment") == local.cause_names("segment")
    mine, theirs = (
        each.lifetimes(freq, by, cause="segment").astype(str) for each in (local, other)
    )
    assert theirs.values.tolist() == mine.values.tolist(), "causes"


@pytest.mark.parametrize("way", WAYS)
def test_engines_agree_on_random_ledgers_under_every_policy(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(cases(renews=True), SEEN, BYS, FX)
    def compare(case: Case, freq: str, by: tuple[str, ...], fx: str) -> None:
        case = moving(case, fx)
        local = case.engine()
        agree(local, portable(case.tables, way, local), freq, by)

    compare()


@pytest.mark.parametrize("way", WAYS)
def test_engines_agree_on_random_invoices_alone_and_beside_subscriptions(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way] // 2)
    @given(cases(billing_policies(policies())), invoices(), SEEN, BYS, FX, st.booleans())
    def compare(
        case: Case, bills: Table, freq: str, by: tuple[str, ...], fx: str, alone: bool
    ) -> None:
        case = moving(case, fx)
        tables = {**case.tables, "invoices": bills}
        if alone:
            del tables["subscriptions"]
        rest = (case.policy, case.as_of, "USD", case.fiscal_start, case.since)
        local = LocalEngine(tables, *rest)
        agree(local, portable(tables, way, local), freq, by)

    compare()


@settings(quick, max_examples=10)
@given(cases(renews=True), SEEN, BYS, FX)
def test_pieces_that_were_brought_count_the_same_cubes(
    case: Case, freq: str, by: tuple[str, ...], fx: str
) -> None:
    case = moving(case, fx)
    local = case.engine()
    here = portable(case.tables, "polars", local).here
    both = (list(cells_of(engine, [freq], [1, 3], [by])) for engine in (local, here))
    for (title, mine), (_, theirs) in zip(*both, strict=True):
        assert theirs == mine, (title, sorted(theirs ^ mine)[:10])
    assert cells(here.ages(freq, by, 3)) == cells(local.ages(freq, by, 3))


@st.composite
def cell_of(draw: st.DrawFn, local: LocalEngine, freq: str, by: tuple[str, ...]) -> Cell:
    """A cell of one of the cubes, with the whole or one group of it."""
    first, periods, full = local.extent(freq)
    period, window = draw(st.integers(first, first + periods - 1)), draw(st.integers(1, 4))
    group = draw(st.none() | st.integers(0, len(local.grouping(by)) - 1))
    kind = draw(st.sampled_from(("movements", "pairs", "lifetimes", "triangle", "renewals")))
    asked = {"by": by, "group": group}
    if kind == "renewals":
        return kind, {**asked, "number": draw(st.none() | st.integers(1, 2))}
    asked["freq"] = freq
    if kind in ("movements", "pairs"):
        return kind, {**asked, "period": period, "window": window}
    if kind == "lifetimes":
        age = draw(st.none() | st.integers(0, 6))
        return kind, {**asked, "age": age, "cause": draw(st.sampled_from(("churn_cause", "plan")))}
    cohort = min(period, full)
    return kind, {**asked, "cohort": cohort, "age": draw(st.integers(0, max(full - cohort, 0)))}


@pytest.mark.parametrize("way", WAYS)
def test_the_customers_behind_any_cell_are_the_same_in_both_engines(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way] // 2)
    @given(cases(renews=True), SEEN, BYS, FX, st.data())
    def compare(case: Case, freq: str, by: tuple[str, ...], fx: str, data: st.DataObject) -> None:
        case = moving(case, fx)
        local = case.engine()
        assume(len(local.spans) and local.extent(freq)[2] >= local.extent(freq)[0])
        other = portable(case.tables, way, local)
        other.few = data.draw(FEW)
        kind, cell = data.draw(cell_of(local, freq, by))
        mine, theirs = (each.rows(kind, **cell) for each in (local, other))
        assert listed(theirs) == listed(mine), (kind, cell)
        assert told(other.term_numbers(by)) == told(local.term_numbers(by))
        asked = (freq, by, ("mrr",))
        assert sorted_rows(other.episodes(*asked)) == sorted_rows(local.episodes(*asked))

    compare()


def listed(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The columns of a frame and its rows in order of their values."""
    return [tuple(frame.columns), *sorted(map(tuple, frame.astype(object).to_numpy().tolist()))]


def told(columns: Mapping[str, NDArray[np.int64]]) -> dict[str, list[Any]]:
    """Arrays by name as lists."""
    return {name: value.tolist() for name, value in columns.items()}


def sorted_rows(columns: Mapping[str, NDArray[np.int64]]) -> list[tuple[int, ...]]:
    """Columns by name as rows in order of their values."""
    return sorted(zip(*(columns[name].tolist() for name in sorted(columns)), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_where_many_pay_only_what_the_customers_behind_a_cell_pay_is_brought(
    demo_book: sm.Book, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = portable(demo_book.tables, way, demo_book.engine)
    other.few = 0
    first, _, _ = demo_book.engine.extent("M")
    fetched: list[pa.Table] = []
    bring = other.bring

    def seen(frame: Frame, table: str, holder: object) -> pa.Table:
        fetched.append(bring(frame, table, holder))
        return fetched[-1]

    monkeypatch.setattr(other, "bring", seen)
    found = other.rows("triangle", cohort=first, age=3)
    assert 0 < len(found) < len(demo_book.engine.spans.entity_ids) / 4
    pieces = max(table.num_rows for table in fetched)
    assert len(found) <= pieces < len(demo_book.engine.spans) / 4


def test_where_few_pay_all_that_is_paid_is_brought_once_for_every_cell(
    demo_book: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = portable(demo_book.tables, "polars", demo_book.engine)
    first, _, _ = demo_book.engine.extent("M")
    other.rows("triangle", cohort=first, age=3)
    monkeypatch.setattr(other, "bring", None)
    found = other.rows("pairs", period=first + 12, window=12)
    assert listed(found) == listed(demo_book.engine.rows("pairs", period=first + 12, window=12))


@pytest.mark.parametrize("way", COMPANIES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_engines_agree_on_real_data(real_data: Path, folder: str, way: str) -> None:
    if not (real_data / folder).is_dir():
        pytest.skip(f"the data set {folder} is not in {real_data}")
    book = sm.read(real_data / folder)
    for read in (book, book.with_policy(**CHOICES[folder], view="event")):
        by = ("plan",) if "plan" in read.tables[read.engine.source] else ()
        options = {"freqs": ("M",), "windows": (12,), "bys": ((), by)}
        other = portable(read.tables, way, read.engine)
        assert digest(other, **options) == digest(read.engine, **options)


@pytest.mark.parametrize("way", COMPANIES)
def test_engines_agree_on_the_demo_company(demo_book: sm.Book, way: str) -> None:
    book = demo_book
    options = {"freqs": ("Q",), "windows": (4,), "bys": ((), ("segment",), ("plan", "arr_band"))}
    other = portable(book.tables, way, book.engine)
    assert digest(other, **options) == digest(book.engine, **options)


@pytest.mark.parametrize("way", WAYS)
def test_bags_of_customers_are_the_same_in_both_engines(demo_book: sm.Book, way: str) -> None:
    book = demo_book
    ours = book.engine.pairs(12, "M", ("segment",), bags=20)
    theirs = portable(book.tables, way, book.engine).pairs(12, "M", ("segment",), bags=20)
    for name in ours.measures:
        assert (ours.bagged(name) == theirs.bagged(name)).all()


@pytest.mark.parametrize("policy", ["default", "stripe"])
@pytest.mark.parametrize("by", [(), ("segment",), ("plan",)])
def test_sums_are_the_same_whether_they_were_asked_in_bags_before(
    demo_book: sm.Book, by: tuple[str, ...], policy: str
) -> None:
    fresh, used = (
        sm.Book(**demo_book.tables, as_of="2026-10-31", policy=policy).engine for _ in range(2)
    )
    for split in (lambda e, n: e.pairs(12, "M", by, n), lambda e, n: e.movements("M", by, n)):
        plain, bagged = split(fresh, 0), split(used, 20)
        after = split(used, 0)
        assert bagged.measures.keys() == after.measures.keys()
        for name, value in plain.measures.items():
            assert (after.measures[name] == value).all()


def test_months_and_their_first_days_are_right_for_two_centuries() -> None:
    import narwhals as nw
    import polars as pl

    days = np.arange("1900-01-01", "2100-01-01", dtype="datetime64[D]")
    frame = (
        nw.from_native(pl.DataFrame({"date": days})).lazy().with_columns(day=day_number("date", 0))
    )
    frame = with_first_day(with_month(frame, "day", "month"), "month", "first")
    found = frame.collect()
    month = days.astype("datetime64[M]")
    assert (found["day"].to_numpy() == days.astype(int)).all()
    assert (found["month"].to_numpy() == month.astype(int)).all()
    assert (found["first"].to_numpy() == month.astype("datetime64[D]").astype(int)).all()
