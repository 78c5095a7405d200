"""What SQL says of every cube is what the engine counts: other dialects, moving rates, other causes, random ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

import saasmetrics as sm
from saasmetrics.engine import written
from saasmetrics.engine.groups import NONE
from saasmetrics.recording import Ask, Asked
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import Case, cases
from tests.properties.profile import quick

USED = ("subscriptions", "mrr", "invoices", "customers", "fx")
LEVELS = ("opening", "closing", "customers_opening", "customers_closing")
DIMS = ["duration", "entry", "event", "cause"]
LONGEST = {"movements": 15_000, "pairs": 15_500}
LONGEST_AT_MOVING_RATES = 29_000
# Words of ClickHouse and Spark, in those of DuckDB.
WORDS = {
    "todate32": "cast(x as date)",
    "roundbankers": "round_even(x, 0)",
    "rint": "round_even(x, 0)",
}


@pytest.fixture(scope="module")
def company() -> sm.Book:
    """A company with pauses, discounts, trials, invoices for usage, versions of rows, and two currencies."""
    return sm.demo(customers=60, seed=7)


def text(book: sm.Book, cube: str, dialect: str = "duckdb", **given: Any) -> str:
    """Return the SQL of a cube."""
    asked = Asked(book, (Ask(book.engine, cube, given),))
    return replace(some_number(), asked=asked).sql(dialect)


@cache
def some_number() -> sm.Result:
    """A number, to be asked for the SQL of any cube."""
    return sm.retention.nrr(sm.demo(customers=30))


def rows(book: sm.Book, query: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for word, meaning in WORDS.items():
            connection.execute(f"create macro {word}(x) as {meaning}")
        for name, table in book.history.items():
            if name in USED:
                connection.register(name, table.data)
        return connection.execute(query).df()


def at_every_time(found: pd.DataFrame, like: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return a row for every group and period of a cube, with nothing where the SQL has none."""
    found = found.astype({"period": "datetime64[s]"})
    found[by] = found[by].where(found[by].notna(), NONE)
    keys = [*by, "period"]
    wanted = like.astype({"period": "datetime64[s]"}).set_index(keys)
    return found.set_index(keys).reindex(wanted.index)


def same(found: pd.DataFrame, ours: pd.DataFrame, names: list[str]) -> None:
    theirs, mine = (frame[names].fillna(0).astype("int64") for frame in (found, ours))
    assert theirs.to_numpy().tolist() == mine.to_numpy().tolist()


def compare_movements(book: sm.Book, by: list[str], freq: str = "M") -> None:
    ours = book.movements(freq, by)
    found = at_every_time(rows(book, text(book, "movements", freq=freq, by=tuple(by))), ours, by)
    same(found, ours, [n for n in found.columns if n not in LEVELS])
    seen = found["opening"].notna().to_numpy()
    same(found[seen], ours[seen], list(LEVELS))


def compare_pairs(book: sm.Book, by: list[str], freq: str = "M", window: int = 12) -> None:
    ours = book.pairs(window, freq, by)
    query = text(book, "pairs", window=window, freq=freq, by=tuple(by))
    found = at_every_time(rows(book, query), ours, by)
    groups = found.groupby(level=0, sort=False) if by else found
    same(groups.ffill(), ours, list(found.columns))


def compare_triangle(book: sm.Book, freq: str = "M") -> None:
    found = rows(book, text(book, "triangle", freq=freq)).astype({"cohort": "datetime64[s]"})
    ours = book.triangle(freq).query("observed").astype({"cohort": "datetime64[s]"})
    names = [name for name in found.columns if name not in ("cohort", "age")]
    wanted = ours.set_index(["cohort", "age"])[names].astype("int64")
    theirs = found.set_index(["cohort", "age"])[names].reindex(wanted.index)
    theirs = theirs.groupby(level=0, sort=False).ffill().fillna(0).astype("int64")
    pd.testing.assert_frame_equal(theirs, wanted)


def compare_lifetimes(book: sm.Book, **given: str) -> None:
    found = rows(book, text(book, "lifetimes", **given))
    ours = book.engine.lifetimes("M", (), 0, *given.values())
    names = [*DIMS, "customers", "mrr_micro"]
    pd.testing.assert_frame_equal(
        *(f[names].astype("int64").sort_values(names, ignore_index=True) for f in (found, ours))
    )


def test_the_ages_of_cohorts_are_those_of_their_sql(company: sm.Book) -> None:
    found = rows(company, text(company, "ages", freq="Q")).set_index("age")
    ours = company.engine.ages("Q").measures
    every = found.reindex(range(ours["won"].shape[1]))
    for name in ("customers", "mrr", "won"):
        theirs = every[name].ffill().fillna(0).to_numpy().astype(np.int64)
        assert theirs.tolist() == ours[name][0].tolist()
    assert every["oldest"].fillna(0).astype(np.int64).tolist() == ours["oldest"][0].tolist()


def test_lifetimes_by_another_cause_are_those_of_their_sql(company: sm.Book) -> None:
    compare_lifetimes(company, cause="plan")
    assert "-- Causes: 0 unknown, 1 " in text(company, "lifetimes", cause="plan")


def test_terms_are_those_of_their_sql(company: sm.Book) -> None:
    ours = company.engine.terms("Q", ("plan",))
    found = at_every_time(
        rows(company, text(company, "terms", freq="Q", by=("plan",))), ours, ["plan"]
    )
    same(found, ours, list(found.columns))


def test_money_at_rates_that_move_is_that_of_its_sql(company: sm.Book) -> None:
    book = company.with_policy(fx="line")
    compare_movements(book, ["plan"], "Q")
    compare_triangle(book, "Q")


def test_retention_at_rates_that_move_is_that_of_its_sql(company: sm.Book) -> None:
    compare_pairs(company.with_policy(fx="spot"), ["plan"], "Q", 4)


def test_a_window_at_rates_that_move_is_that_of_its_sql(company: sm.Book) -> None:
    book = company.with_policy(fx="line").between("2025-01-01", "2026-03-31")
    compare_movements(book, [], "Q")
    compare_pairs(book, [], "Q", 4)


@cache
def moves() -> sm.Book:
    """A company at rates that move, whose query is built once for all dialects."""
    return sm.demo(customers=60, seed=7).with_policy(fx="line")


def at_moving_rates(dialect: str) -> str:
    """Return the SQL of net retention in a dialect, which lists the last days of all periods."""
    return text(moves(), "pairs", dialect, window=12, freq="M").rstrip(";")


def parsed(dialect: str) -> exp.Expression:
    """Return that SQL as a dialect reads it."""
    found = sqlglot.parse_one(at_moving_rates(dialect), dialect=dialect)
    found.set("settings", None)  # of ClickHouse: joins and names as everywhere else
    return found


def meant(company: sm.Book, dialect: str) -> pd.DataFrame:
    """Return what the SQL of a dialect gives where it is translated to that of DuckDB."""
    found = rows(company, parsed(dialect).sql("duckdb")).rename(columns=str.lower)
    return found.astype({"period": "datetime64[s]"})


@pytest.fixture(scope="module")
def in_duckdb(company: sm.Book) -> pd.DataFrame:
    """What the SQL of DuckDB gives."""
    return meant(company, "duckdb")


@pytest.mark.parametrize("other", [d for d in written.DIALECTS if d != "duckdb"])
def test_the_sql_of_another_dialect_means_the_same(
    company: sm.Book, in_duckdb: pd.DataFrame, other: str
) -> None:
    pd.testing.assert_frame_equal(meant(company, other), in_duckdb, check_dtype=False)


@pytest.mark.parametrize("dialect", written.DIALECTS)
def test_each_column_that_a_step_uses_is_one_of_the_tables_or_of_a_step(
    company: sm.Book, dialect: str, caplog: pytest.LogCaptureFixture
) -> None:
    case = str.upper if dialect == "snowflake" else str
    tables = {
        case(name): {case(column): "varchar" for column in table.data.column_names}
        for name, table in company.history.items()
    }
    qualify(parsed(dialect), dialect=dialect, schema=tables, infer_schema=False)
    assert not caplog.records


@pytest.mark.parametrize("cube", LONGEST)
def test_the_sql_of_a_cube_is_short_enough_to_read(company: sm.Book, cube: str) -> None:
    book = company.with_policy(fx="constant")
    given = {"window": 12} if cube == "pairs" else {}
    assert len(text(book, cube, **given)) < LONGEST[cube]


def test_at_moving_rates_it_is_at_most_twice_as_long() -> None:
    assert len(at_moving_rates("duckdb")) < LONGEST_AT_MOVING_RATES


def test_where_nothing_can_be_paused_the_sql_does_not_ask_whether_it_was() -> None:
    months = {"a": "13", "b": "124", "c": "34"}
    lines = [(who, f"2026-0{month}", 9.0) for who, when in months.items() for month in when]
    book = sm.Book(mrr=pd.DataFrame(lines, columns=["customer_id", "month", "mrr"]))
    query = text(book, "pairs", window=1, freq="M")
    assert "_idle" not in query
    assert '0 AS "resumed"' in query
    compare_pairs(book, [], window=1)


def test_the_same_number_has_the_same_sql(company: sm.Book) -> None:
    assert text(company, "lifetimes") == text(company, "lifetimes")


@pytest.mark.parametrize("fx", ["line", "spot"])
def test_money_of_customers_who_change_their_currency_is_that_of_its_sql(fx: str) -> None:
    lines = {
        "subscription_id": ["1", "2", "3", "4", "5", "6"],
        "customer_id": ["a", "a", "b", "b", "c", "d"],
        "start": [
            "2024-01-05",
            "2024-05-10",
            "2024-02-01",
            "2024-04-01",
            "2024-01-01",
            "2024-03-03",
        ],
        "end": ["2024-05-10", None, "2024-03-01", None, None, None],
        "amount": [100.0, 105.0, 80.0, 90.0, 50.0, 60.0],
        "interval": ["month"] * 6,
        "plan": ["basic", "pro", "basic", "basic", "pro", "pro"],
        "currency": ["EUR", "USD", "USD", "EUR", "EUR", "USD"],
    }
    days = [f"2024-{month:02}-01" for month in range(1, 10)]
    rates = {
        "date": days,
        "currency": ["EUR"] * 9,
        "rate": [1 + (n * 7 % 5) / 20 for n in range(9)],
    }
    told = {"currency": "USD", "as_of": "2024-09-30"}
    book = sm.Book(subscriptions=lines, fx=rates, **told).with_policy(fx=fx)
    compare_movements(book, ["plan"])
    compare_pairs(book, ["plan"], window=3)
    compare_pairs(book, [], "Q", 1)
    compare_triangle(book)
    compare_lifetimes(book)
    split = book.with_policy(return_price="split")
    compare_movements(split, [])


def told(case: Case) -> sm.Book:
    """Return the book of a case."""
    tables: Mapping[str, Any] = {name: table.data for name, table in case.tables.items()}
    day = str(np.datetime64(case.as_of, "D"))
    return sm.Book(
        **tables, policy=case.policy, as_of=day, currency="USD", fiscal_start=case.fiscal_start
    )


@pytest.mark.cluster
@settings(quick, max_examples=4)
@given(cases(), st.sampled_from(("constant", "line", "spot")))
def test_the_sql_of_random_ledgers_says_what_the_engine_counts(case: Case, fx: str) -> None:
    book = told(moving(case, fx))
    compare_movements(book, ["plan"])
    compare_pairs(book, ["segment"], window=2)
    compare_lifetimes(book)


def test_a_step_that_others_use_keeps_its_name() -> None:
    lines = {
        "subscription_id": ["s", "s", "t"],  # one was renewed: its rows are told apart by a number
        "customer_id": ["x", "x", "y"],
        "start": ["2025-01-03", "2025-02-03", "2025-01-03"],
        "end": ["2025-02-03", None, None],
        "amount": [10.0] * 3,
        "interval": ["month"] * 3,
    }
    customers = {"customer_id": ["x", "y"], "segment": [None, "b"]}
    book = sm.Book(subscriptions=lines, customers=customers, as_of="2025-06-30", currency="USD")
    for part in (book.where(segment=None), book.where(segment="b")):
        compare_movements(part, ["segment"])
