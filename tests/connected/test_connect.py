"""What can be connected: frames, connections with names of tables, files and addresses; and what cannot."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.errors import MissingTableError
from tests.connected.natives import WAYS, brought, there

LINES = {
    "subscription_id": ["s1", "s2"],
    "customer_id": ["a", "b"],
    "start": [dt.date(2025, 1, 10), dt.date(2025, 2, 1)],
    "end": [None, dt.date(2025, 6, 15)],
    "amount": [100.0, 50.0],
    "interval": ["month", "month"],
}
TOLD = {"as_of": "2025-05-31", "currency": "USD"}


def value(book: sm.Book) -> float:
    return sm.revenue.mrr(book).value


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with one table under its own name, and one in another schema."""
    connection = duckdb.connect()
    lines = pa.table(LINES)
    connection.register("lines", lines)
    connection.execute("create table subscriptions as from lines; create schema crm")
    connection.execute("create table crm.accounts (account_id varchar, tier varchar)")
    connection.execute("insert into crm.accounts values ('a', 'x'), ('b', 'y')")
    connection.unregister("lines")
    return connection


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame(LINES),
        pl.LazyFrame(LINES),
        pa.table(LINES),
        pd.DataFrame(LINES).astype({"start": "datetime64[ns]", "end": "datetime64[ns]"}),
        there(LINES, "duckdb"),
    ],
    ids=["polars", "lazy polars", "arrow", "pandas", "duckdb"],
)
def test_frames_of_any_library_are_connected(frame: object) -> None:
    assert value(sm.connect(subscriptions=frame, **TOLD)) == 150


def test_tables_of_a_connection_are_named(warehouse: duckdb.DuckDBPyConnection) -> None:
    book = sm.connect(warehouse, subscriptions="subscriptions", customers="crm.accounts", **TOLD)
    last = sm.revenue.mrr(book, by="tier").df.groupby("tier")["value"].last()
    assert last.to_dict() == {"x": 100, "y": 50}
    assert any("account_id is customer_id" in note for note in book.tables["customers"].notes)
    assert not brought(book)


def test_tables_of_a_connection_are_recognized_by_name(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert list(sm.connect(warehouse, **TOLD).tables) == ["subscriptions"]
    warehouse.execute("create view stripe_subscriptions as from subscriptions")
    with pytest.raises(sm.DataError, match="are both the table 'subscriptions'"):
        sm.connect(warehouse)


def test_a_file_of_duckdb_is_opened_for_reading(tmp_path: Path) -> None:
    file = tmp_path / "company.duckdb"
    lines = pa.table(LINES)
    with duckdb.connect(str(file)) as made:
        made.register("lines", lines)
        made.execute("create table subscriptions as from lines")
    assert value(sm.connect(str(file), **TOLD)) == 150
    assert value(sm.connect(file, subscriptions="subscriptions", **TOLD)) == 150


@pytest.mark.parametrize(
    ("connection", "tables", "said"),
    [
        (None, {}, "connect needs tables"),
        (None, {"mrr": "facts"}, "names a table, but of what"),
        (42, {}, "cannot connect to a builtins int"),
        ("exports", {}, "neither a DuckDB file nor an address"),
        ("none.duckdb", {}, "There is no file 'none.duckdb'"),
        (None, {"mrr": 42}, "cannot connect to a int"),
        (None, {"subscription": pl.LazyFrame(LINES)}, "Did you mean 'subscriptions'"),
    ],
)
def test_what_is_no_table_is_refused(connection: object, tables: dict, said: str) -> None:
    with pytest.raises(sm.DataError, match=said):
        sm.connect(connection, **tables)


def test_a_connection_without_tables_to_recognize_is_refused() -> None:
    with pytest.raises(sm.DataError, match="No table is recognized there"):
        sm.connect(duckdb.connect())


def test_a_table_that_is_not_there_is_refused_with_the_names_of_those_that_are(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    there_are = ", ".join(row[0] for row in sorted(warehouse.execute("show tables").fetchall()))
    with pytest.raises(MissingTableError) as raised:
        sm.connect(warehouse, subscriptions="abonnements")
    said = f"There is no table 'abonnements' for subscriptions. It has {there_are}."
    assert str(raised.value).startswith(said)


def test_a_table_of_a_schema_that_is_not_there_is_a_fault_of_the_warehouse(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(sm.DataError, match="a table, or a column of it, is not there"):
        sm.connect(warehouse, subscriptions="billing.abonnements")


@pytest.mark.parametrize("way", WAYS)
def test_missing_columns_and_wrong_types_are_said_at_once(way: str) -> None:
    rows = {
        "subscription_id": ["s1"],
        "custmer": ["a"],
        "start": ["10.01.2025"],
        "amount": ["100"],
        "interval": ["month"],
    }
    with pytest.raises(sm.DataError) as raised:
        sm.connect(subscriptions=there(rows, way))
    said = str(raised.value)
    assert "3 problems" in said
    assert "subscriptions.customer_id: the column is missing" in said
    assert "Did you mean 'custmer'?" in said
    assert 'sm.connect(..., columns={"subscriptions": {"custmer": "customer_id"}})' in said
    assert "subscriptions.start: is String, not a date" in said
    cast = "pl.col('start').cast(pl.String).str.to_date(strict=False)"
    assert ("TRY_CAST(start AS DATE)" if way == "duckdb" else cast) in said
    assert "subscriptions.amount: is String, not a number" in said


MONTHS = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10.0, 20.0]}


def test_a_month_in_words_is_refused_with_sql_that_duckdb_understands() -> None:
    with pytest.raises(sm.DataError) as raised:
        sm.connect(mrr=there(MONTHS, "duckdb"))
    (cast,) = re.findall(r"TRY_CAST\(.*? AS DATE\)", str(raised.value))
    made = there(MONTHS, "duckdb").project(f"customer_id, {cast} as month, mrr")
    assert value(sm.connect(mrr=made, as_of="2026-02-28", currency="USD")) == 20


def test_the_sql_that_is_advised_runs_where_some_words_are_no_numbers_and_no_days() -> None:
    rows = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["a", "b"],
        "interval": ["month"] * 2,
        "start": ["2025-01-01"] * 2,
        "end": ["N/A", "2025-06-01"],
        "amount": ["100", "20"],
        "quantity": ["N/A", "3"],
    }
    with pytest.raises(sm.DataError) as raised:
        sm.connect(subscriptions=there(rows, "duckdb"))
    said = str(raised.value)
    assert "What cannot be read, such as N/A, is missing then." in said
    casts = re.findall(r"with (TRY_CAST\(\"?(\w+)\"? AS [A-Z ]+\))\.", said)
    assert [name for _, name in casts] == ["start", "end", "amount", "quantity"]
    made = ", ".join(f'{cast} as "{name}"' for cast, name in casts)
    frame = there(rows, "duckdb").project(f"subscription_id, customer_id, interval, {made}")
    book = sm.connect(subscriptions=frame, as_of="2025-12-31", currency="USD")
    assert value(book) == 100
    assert book.frame("subscriptions")["quantity"].isna().tolist() == [True, False]


def test_a_month_in_words_is_refused_with_an_expression_that_polars_understands() -> None:
    with pytest.raises(sm.DataError) as raised:
        sm.connect(mrr=there(MONTHS, "polars"))
    (code,) = re.findall(r"frame\.with_columns\((.*)\)\.", str(raised.value))
    made = there(MONTHS, "polars").with_columns(eval(code, {"pl": pl}))
    assert value(sm.connect(mrr=made, as_of="2026-02-28", currency="USD")) == 20


@pytest.mark.parametrize("way", WAYS)
def test_other_names_and_types_are_understood(way: str) -> None:
    rows = {
        "Id": [1, 2],
        "Account ID": [7, 8],
        "Begun": [dt.datetime.fromisoformat("2025-01-10 12:30"), None],
        "MRR": [Decimal("100.10"), Decimal("50.20")],
        "is_trial": ["no", "Yes"],
    }
    rows["Begun"][1] = rows["Begun"][0]
    names = {"subscriptions": {"Id": "subscription_id", "Begun": "start"}}
    book = sm.connect(subscriptions=there(rows, way), columns=names, **TOLD)
    local = sm.Book(
        subscriptions=pa.table(rows).rename_columns(
            ["subscription_id", "Account ID", "start", "MRR", "is_trial"]
        ),
        **TOLD,
    )
    assert value(book) == value(local) == pytest.approx(150.3)
    notes = book.tables["subscriptions"].notes
    assert "MRR is an amount per month" in notes
    assert any("Account ID is customer_id" in note for note in notes)


@pytest.mark.parametrize("way", WAYS)
def test_ids_are_text_everywhere_if_they_are_in_one_table(way: str) -> None:
    mrr = {"customer_id": [1, 2], "month": [dt.date(2026, 1, 1)] * 2, "mrr": [10.0, 5.0]}
    customers = {"customer_id": ["1", "2"], "segment": ["x", "y"]}
    book = sm.connect(mrr=there(mrr, way), customers=there(customers, way))
    assert sm.revenue.mrr(book, by="segment").df["value"].tolist() == [10, 5]
    assert any("made text" in note for note in book.tables["mrr"].notes)


@pytest.mark.parametrize("way", WAYS)
def test_instants_with_a_zone_are_read_in_utc(way: str) -> None:
    zone = dt.timezone(dt.timedelta(hours=-5))
    late = dt.datetime(2025, 1, 31, 22, tzinfo=zone)  # 1 February in UTC
    column = pa.array([late, late], pa.timestamp("us", "America/New_York"))
    rows = pa.table({**LINES, "start": column})
    local, book = (
        make(subscriptions=found, **TOLD)
        for make, found in ((sm.Book, rows), (sm.connect, there(rows, way)))
    )
    pd.testing.assert_frame_equal(sm.revenue.mrr(book).df, sm.revenue.mrr(local).df)
    assert str(sm.revenue.mrr(book).df["period"].min().date()) == "2025-02-01"


@pytest.mark.parametrize("way", WAYS)
def test_numbers_that_are_none_are_missing(way: str) -> None:
    rows = pa.table({**LINES, "list_amount": [float("nan"), 80.0]})
    told = {**TOLD, "policy": sm.Policy(discount="none")}
    assert value(sm.connect(subscriptions=there(rows, way), **told)) == 180


def test_the_callers_frames_are_never_changed() -> None:
    frame = pl.DataFrame(LINES)
    before = frame.clone()
    sm.retention.nrr(sm.connect(subscriptions=frame, **TOLD))
    assert frame.equals(before)


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Null], ids=str)
def test_days_and_numbers_without_a_value_are_missing_whatever_their_type(
    kind: type[pl.DataType],
) -> None:
    empty = [pl.Series(name, [None, None], dtype=kind) for name in ("end", "signed_at", "discount")]
    lines = pl.DataFrame(LINES).with_columns(*empty)
    book = sm.connect(subscriptions=lines, **TOLD)
    assert value(book) == value(sm.Book(subscriptions=lines, **TOLD)) == 150


def test_a_text_without_a_value_in_duckdb_is_no_day() -> None:
    made = there(LINES, "duckdb").project('* replace (cast(null as varchar) as "end")')
    assert value(sm.connect(subscriptions=made, **TOLD)) == 150
