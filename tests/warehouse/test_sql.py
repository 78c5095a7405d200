"""The SQL behind a number gives the cells of the cubes behind it, run on the tables as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from psycopg import sql

import saasmetrics as sm
from saasmetrics.engine import written
from saasmetrics.engine.groups import NONE
from saasmetrics.engine.portable.told import Steps
from saasmetrics.engine.written.text import compiled
from saasmetrics.errors import UnknownNameError
from tests.warehouse.postgres import READER, Postgres

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

USED = ("subscriptions", "mrr", "invoices", "customers", "fx")
DIALECTS = written.DIALECTS
LEVELS = ("opening", "closing", "customers_opening", "customers_closing")
Run = Callable[[Mapping[str, pa.Table], str], pd.DataFrame]


@pytest.fixture(scope="session")
def company() -> sm.Book:
    """A company small enough that each query is short."""
    return sm.demo(customers=60, seed=7).with_policy(fx="constant")


@pytest.fixture(scope="session")
def small() -> sm.Book:
    """Three subscriptions."""
    lines = {
        "subscription_id": ["s1", "s2", "s3"],
        "customer_id": ["a", "b", "b"],
        "start": ["2026-01-05", "2026-02-03", "2026-03-01"],
        "end": ["2026-03-20", None, None],
        "amount": [100.0, 40.0, 5.0],
        "interval": ["month"] * 3,
    }
    customers = {"customer_id": ["a", "b"], "segment": ["SMB", "Enterprise"]}
    return sm.Book(subscriptions=lines, customers=customers, as_of="2026-03-31", currency="USD")


@pytest.fixture(params=["duckdb", "postgres"])
def dialect(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def run(dialect: str, request: pytest.FixtureRequest) -> Run:
    """Run a query on tables in the system of the dialect, as somebody who may only read."""
    return in_duckdb if dialect == "duckdb" else in_postgres(request.getfixturevalue("postgres"))


def in_duckdb(tables: Mapping[str, pa.Table], query: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for name, data in tables.items():
            connection.register(name, data)
        return connection.execute(query).df()


def in_duckdb_as_rows(book: sm.Book) -> pd.DataFrame:
    """Return what DuckDB gives for the bridge by segment, in the types of Python."""
    found = in_duckdb(raw(book), sm.revenue.bridge(book, by="segment").sql())
    return found.assign(period=[day.date() for day in found["period"]])


def in_postgres(postgres: Postgres) -> Run:
    def run(tables: Mapping[str, pa.Table], query: str) -> pd.DataFrame:
        schema = postgres.load(tables)
        with postgres.connect(READER) as connection:
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
            connection.execute("set jit = off")
            found = connection.execute(query.encode())
            rows, names = found.fetchall(), [column.name for column in found.description or ()]
        postgres.drop(schema)
        return pd.DataFrame(rows, columns=names)

    return run


def raw(book: sm.Book) -> dict[str, pa.Table]:
    return {name: table.data for name, table in book.history.items() if name in USED}


def filled(found: pd.DataFrame, like: pd.DataFrame, by: list[str], time: str) -> pd.DataFrame:
    """Return rows for every group and period: levels stay as they were, movements are none."""
    found = found.astype({time: "datetime64[s]"})
    found[by] = found[by].where(found[by].notna(), NONE)
    wanted = like.astype({time: "datetime64[s]"}).set_index([*by, time])
    return found.set_index([*by, time]).reindex(wanted.index)


def same(found: pd.DataFrame, ours: pd.DataFrame, names: list[str]) -> None:
    mine = ours.set_index(found.index)[names].astype("int64")
    pd.testing.assert_frame_equal(found[names].fillna(0).astype("int64"), mine)


@pytest.mark.parametrize("by", [[], ["plan", "region"]], ids="+".join)
def test_the_bridge_has_the_movements_of_its_sql(
    company: sm.Book, dialect: str, run: Run, by: list[str]
) -> None:
    result = sm.revenue.bridge(company, freq="Q", by=by or None)
    found = run(raw(company), result.sql(dialect))
    ours = company.movements("Q", by)
    dense = filled(found, ours, by, "period")
    flows = [name for name in found.columns if name not in (*by, "period", *LEVELS)]
    same(dense, ours, flows)
    seen = dense["opening"].notna().to_numpy()
    same(dense[seen], ours[seen], list(LEVELS))


def test_net_retention_has_the_pairs_of_its_sql(company: sm.Book, dialect: str, run: Run) -> None:
    result = sm.retention.nrr(company, by="plan", interval=0.95)
    found = run(raw(company), result.sql(dialect))
    ours = company.pairs(12, "M", "plan")
    dense = filled(found, ours, ["plan"], "period").groupby(level=0, sort=False).ffill()
    same(dense, ours, [name for name in found.columns if name not in ("plan", "period")])


def test_cohorts_have_the_triangle_of_their_sql(company: sm.Book, dialect: str, run: Run) -> None:
    result = sm.retention.cohorts(company, freq="Q")
    found = run(raw(company), result.sql(dialect)).astype({"cohort": "datetime64[s]"})
    ours = company.triangle("Q").query("observed").astype({"cohort": "datetime64[s]"})
    names = ["customers", "mrr", "floor", "point"]
    wanted = ours.set_index(["cohort", "age"])[names].astype("int64")
    theirs = found.set_index(["cohort", "age"])[names].reindex(wanted.index)
    theirs = theirs.groupby(level=0, sort=False).ffill().fillna(0).astype("int64")
    pd.testing.assert_frame_equal(theirs, wanted)


def test_a_survival_curve_has_the_lifetimes_of_its_sql(
    company: sm.Book, dialect: str, run: Run
) -> None:
    book = company.between("2023-06", "2025-06")
    found = run(raw(company), sm.survival.curve(book).sql(dialect))
    dims = ["duration", "entry", "event", "cause"]
    ours = book.lifetimes()
    wanted = ours.sort_values(dims).reset_index(drop=True).astype("int64")
    theirs = found.sort_values(dims).reset_index(drop=True).astype("int64")
    pd.testing.assert_frame_equal(theirs[wanted.columns.tolist()], wanted)


def test_filters_and_dates_are_part_of_the_sql(company: sm.Book, dialect: str, run: Run) -> None:
    book = company.where(segment=["SMB", None]).as_of("2025-03-31").with_policy(view="event")
    found = run(raw(company), sm.revenue.mrr(book).sql(dialect))
    ours = book.movements("M")
    assert int(found["closing"].iloc[-1]) == ours["closing"].iloc[-1]
    assert int(found["new"].sum()) == ours["new"].sum()


@pytest.mark.parametrize("freq", ["M", "Q"])
def test_the_sql_of_a_window_begins_where_its_result_does(
    small: sm.Book, dialect: str, run: Run, freq: str
) -> None:
    first = "2026-02" if freq == "M" else "2026-04"
    result = sm.revenue.bridge(small.as_of("2026-06-30").between(first, "2026-06"), freq=freq)
    found, flows = run(raw(small), result.sql(dialect)), ["opening", "new", "churn", "closing"]
    ours = result.df[["period", *flows]]
    theirs = found[["period", *flows]].astype({"period": "datetime64[s]"}).set_index("period")
    wanted = ours.astype({"period": "datetime64[s]"}).set_index("period")
    assert theirs.index[0] == wanted.index[0]
    pd.testing.assert_frame_equal(
        theirs.astype(float) / 1e6, wanted.loc[theirs.index], check_names=False
    )
    assert f"Observed from {first}-01 to 2026-06-30" in result.sql(dialect)


@pytest.mark.parametrize("by", [[], ["plan"]], ids="+".join)
def test_retention_of_a_window_stands_from_its_first_period(
    company: sm.Book, by: list[str]
) -> None:
    result = sm.retention.nrr(company.between("2024-03", "2025-06"), by=by or None)
    found = in_duckdb(raw(company), result.sql())
    ours = result.df.assign(closing=lambda df: (df["numerator"] * 1e6).round())
    dense = filled(found, ours, by, "period")[["closing"]]
    assert found["period"].min() == ours["period"].min()
    dense = dense.groupby(level=0, sort=False).ffill() if by else dense.ffill()
    same(dense, ours, ["closing"])


def test_the_triangle_of_a_window_has_the_cells_that_were_observed(company: sm.Book) -> None:
    result = sm.retention.cohorts(company.between("2024-03", "2025-06"), freq="Q")
    found = in_duckdb(raw(company), result.sql()).astype({"cohort": "datetime64[s]"})
    ours = result.asked.book.triangle("Q").query("observed").astype({"cohort": "datetime64[s]"})
    seen = (
        ours["cohort"].dt.to_period("Q").astype("int64") + ours["age"]
        >= pd.Period("2024Q1").ordinal
    )
    wanted = ours[seen].set_index(["cohort", "age"])[["customers", "mrr"]].astype("int64")
    theirs = found.set_index(["cohort", "age"])[["customers", "mrr"]].reindex(wanted.index)
    theirs = theirs.groupby(level=0, sort=False).ffill().fillna(0).astype("int64")
    pd.testing.assert_frame_equal(theirs, wanted)
    assert len(found) <= len(wanted)


def test_sql_that_cannot_begin_with_the_window_is_refused(company: sm.Book) -> None:
    result = sm.economics.value_path(company.between("2024-03", "2025-06"))
    with pytest.raises(sm.DataError, match="cannot begin at the first day of between"):
        result.sql()


HOSTILE = "'; drop table subscriptions; --"
COLUMN = 'plan"; drop table subscriptions; --'


def test_hostile_values_stay_values(dialect: str, run: Run) -> None:
    lines = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["a", "b"],
        "start": ["2026-01-05", "2026-02-03"],
        "amount": [100.0, 40.0],
        "interval": ["month"] * 2,
        "plan": [HOSTILE, "x"],
    }
    policy = sm.Policy(name="ours\n; drop table subscriptions; --")
    book = sm.Book(subscriptions=lines, as_of="2026-03-31", currency="USD", policy=policy)
    query = sm.revenue.bridge(book.where(plan=HOSTILE), by="plan").sql(dialect)
    assert len(sqlglot.parse(query.strip().removesuffix(";"), dialect=dialect)) == 1
    rows = run(raw(book), query)
    assert rows["new"].tolist() == [100_000_000]
    assert rows["plan"].tolist() == [HOSTILE]


def test_hostile_names_stay_names(dialect: str, run: Run) -> None:
    table = pa.table({COLUMN: ["x"], "customer_id": ["a"]})
    query = ibis.table({COLUMN: "string", "customer_id": "string"}, name="subscriptions").select(
        COLUMN
    )
    found = run({"subscriptions": table}, compiled(query, Steps(), dialect, {})[0])
    assert found.to_dict("list") == {COLUMN: ["x"]}


@pytest.mark.parametrize("other", DIALECTS)
def test_every_dialect_reads_its_own_sql(small: sm.Book, other: str) -> None:
    query = sm.revenue.bridge(small, by="segment").sql(other)
    parsed = sqlglot.parse_one(query.strip().removesuffix(";"), dialect=other)
    read = {table.name.lower() for table in parsed.find_all(sqlglot.exp.Table)}
    assert {"subscriptions", "customers"} <= read
    assert not any("saasmetrics" in name or "temp" in name for name in read)


def test_spark_runs_its_own_sql(small: sm.Book, spark: SparkSession) -> None:
    for name, data in raw(small).items():
        spark.createDataFrame(data).createOrReplaceTempView(name)
    query = sm.revenue.bridge(small, by="segment").sql("spark")
    found = pd.DataFrame(spark.sql(query.strip().removesuffix(";")).toArrow().to_pylist())
    pd.testing.assert_frame_equal(found, in_duckdb_as_rows(small), check_dtype=False)


def test_tables_have_the_names_that_are_given(small: sm.Book) -> None:
    query = sm.revenue.mrr(small).sql("postgres", tables={"subscriptions": "billing.lines"})
    assert "billing.lines" in query
    assert '"subscriptions"' not in query


@pytest.mark.parametrize(
    "name", ["", "f(x)", "x'; drop table y", "a..b", ".b", "a.", "x -- ", "x /* y */", 5, None]
)
def test_what_is_no_name_of_a_table_is_refused(small: sm.Book, name: object) -> None:
    with pytest.raises(sm.DataError, match="no name of a table"):
        sm.revenue.mrr(small).sql(tables={"subscriptions": name})


@pytest.mark.parametrize("name", ["lines", "a.b.c", '"a b".c', "my-project.billing.lines"])
def test_names_of_several_parts_and_quoted_ones_are_taken(small: sm.Book, name: str) -> None:
    query = sm.revenue.mrr(small).sql("bigquery", tables={"subscriptions": name})
    assert name.replace('"', "`") in query


@pytest.mark.parametrize("tables", [[1], "x", 5, {1: "x"}], ids=str)
def test_tables_that_are_no_mapping_of_names_are_refused(small: sm.Book, tables: object) -> None:
    with pytest.raises(sm.DataError, match=r"no mapping|no name of a table"):
        sm.revenue.mrr(small).sql(tables=tables)


def test_a_table_that_is_not_read_is_refused(small: sm.Book) -> None:
    with pytest.raises(UnknownNameError, match="reads no table 'invoices'"):
        sm.revenue.mrr(small).sql(tables={"invoices": "a.b"})


def test_an_unknown_dialect_is_refused(small: sm.Book) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'postgres'"):
        sm.revenue.mrr(small).sql("postgre")


@pytest.fixture(scope="module", params=["here", "connected"])
def anywhere(request: pytest.FixtureRequest, company: sm.Book) -> Iterator[sm.Book]:
    """The company here, and where its tables are."""
    if request.param == "here":
        yield company
        return
    with duckdb.connect() as connection:
        tables = {n: connection.from_arrow(t.data) for n, t in company.history.items()}
        yield sm.connect(**tables).as_of(company.as_of_text)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("revenue.concentration", "follows single customers, so there is no SQL for it"),
        ("renewals.calendar", "follows renewals of contracts, so there is no SQL for it"),
        ("economics.payback", "follows days from sign-up to the first payment, so"),
        ("support.backlog", "is not summed from MRR, so there is no SQL for it"),
    ],
)
def test_a_number_without_sql_says_in_plain_words_what_it_follows(
    anywhere: sm.Book, metric: str, said: str
) -> None:
    module, name = metric.split(".")
    number = getattr(getattr(sm, module), name)(anywhere)
    with pytest.raises(sm.DataError, match=said) as refused:
        number.sql()
    assert "_" not in str(refused.value)
    assert "bring" not in str(refused.value)


def test_comments_say_which_number_by_which_definition(small: sm.Book) -> None:
    head = sm.retention.grr(small, window=3, freq="Q").sql().split("WITH")[0]
    for words in (
        "Gross revenue retention",
        "pairs(window=3, freq='Q')",
        "default",
        small.as_of_text,
    ):
        assert words.lower() in head.lower()


def test_a_connected_book_has_the_same_sql(small: sm.Book) -> None:
    frames = {name: table.data for name, table in small.history.items() if name in USED}
    with duckdb.connect() as connection:
        there = sm.connect(**{name: connection.from_arrow(data) for name, data in frames.items()})
        query = sm.retention.nrr(there.as_of(small.as_of_text), window=1).sql()
    assert query == sm.retention.nrr(small, window=1).sql()
