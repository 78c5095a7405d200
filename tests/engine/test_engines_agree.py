"""The local engine and the portable one give the same digest: on random ledgers, on real data, on the demo company."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import saasmetrics as sm
from saasmetrics.engine.digest import cells_of, digest
from saasmetrics.engine.portable.whole import day_number, with_first_day, with_month
from tests.engine.natives import WAYS, portable
from tests.properties.ledgers import BYS, FREQS, Case, cases, portable_policies
from tests.properties.profile import quick

EXAMPLES = {"pandas": 5, "polars": 8, "duckdb": 3}
FOLDERS = ("ravenstack", "saas_metrics_sample", "fightchurn_socialnet7")
CHOICES: dict[str, dict[str, str]] = {
    "ravenstack": {"overlap": "latest"},
    "saas_metrics_sample": {"recognition": "daily"},
    "fightchurn_socialnet7": {"end": "inclusive"},
}


def check(way: str) -> Callable[[Case, str, tuple[str, ...]], None]:
    """Compare cube by cube, so that a failure says which cell differs."""

    @settings(quick, max_examples=EXAMPLES[way])
    @given(cases(portable_policies()), FREQS.filter(lambda freq: freq != "D"), BYS)
    def compare(case: Case, freq: str, by: tuple[str, ...]) -> None:
        local = case.engine()
        ours = cells_of(local, [freq], [1, 3], [by])
        theirs = cells_of(portable(case.tables, way, local), [freq], [1, 3], [by])
        for (title, mine), (_, other) in zip(ours, theirs, strict=True):
            assert other == mine, (way, title, sorted(other ^ mine)[:10])

    return compare


@pytest.mark.parametrize("way", WAYS)
def test_engines_agree_on_random_ledgers(way: str) -> None:
    check(way)()


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
    book = demo_book.with_policy(fx="constant")
    options = {"freqs": ("Q",), "windows": (4,), "bys": ((), ("segment",), ("plan", "region"))}
    other = portable(book.tables, way, book.engine)
    assert digest(other, **options) == digest(book.engine, **options)


@pytest.mark.parametrize("way", WAYS)
def test_bags_of_customers_are_the_same_in_both_engines(demo_book: sm.Book, way: str) -> None:
    book = demo_book.with_policy(fx="constant")
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


@pytest.mark.parametrize("way", WAYS)
def test_the_portable_engine_refuses_months_given_free(way: str) -> None:
    lines = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["a", "a"],
        "start": ["2026-01-01", "2026-02-01"],
        "end": ["2026-02-01", None],
        "amount": [100.0, 0.0],
        "interval": ["month"] * 2,
        "list_amount": [100.0, 100.0],
        "discount_end": [None, "2026-03-01"],
    }
    book = sm.Book(subscriptions=lines, as_of="2026-04-30", currency="USD")
    with pytest.raises(sm.DataError, match="months given free"):
        portable(book.tables, way, book.engine)
    listed = book.with_policy(discount="none")
    other = portable(listed.tables, way, listed.engine)
    options = {"freqs": ("M",), "windows": (1,), "bys": ((),)}
    assert digest(other, **options) == digest(listed.engine, **options)
