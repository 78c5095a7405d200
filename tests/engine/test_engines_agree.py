"""The local engine and the portable one give the same digest: on random ledgers, on real data, on the demo company."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
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

EXAMPLES = {"pandas": 4, "polars": 25, "duckdb": 4}
FOLDERS = ("ravenstack", "saas_metrics_sample", "fightchurn_socialnet7")
CHOICES: dict[str, dict[str, str]] = {
    "ravenstack": {"overlap": "latest"},
    "saas_metrics_sample": {"recognition": "daily"},
    "fightchurn_socialnet7": {"end": "inclusive"},
}
FX = st.sampled_from(("constant", "line", "spot"))
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
    @given(cases(), SEEN, BYS, FX)
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


@pytest.mark.parametrize("way", WAYS)
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


@pytest.mark.parametrize("way", WAYS)
def test_engines_agree_on_the_demo_company(demo_book: sm.Book, way: str) -> None:
    book = demo_book
    options = {"freqs": ("Q",), "windows": (4,), "bys": ((), ("segment",), ("plan", "region"))}
    other = portable(book.tables, way, book.engine)
    assert digest(other, **options) == digest(book.engine, **options)


@pytest.mark.parametrize("way", WAYS)
def test_bags_of_customers_are_the_same_in_both_engines(demo_book: sm.Book, way: str) -> None:
    book = demo_book
    ours = book.engine.pairs(12, "M", ("segment",), bags=20)
    theirs = portable(book.tables, way, book.engine).pairs(12, "M", ("segment",), bags=20)
    for name in ours.measures:
        assert (ours.bagged(name) == theirs.bagged(name)).all()


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
