"""The SQL of renewals gives the cells of the renewal desk, in every dialect."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot.optimizer.qualify import qualify

import saasmetrics as sm
from saasmetrics.engine import written
from saasmetrics.engine.due import Due
from saasmetrics.engine.portable.renewals.cells import HEADS, MEASURES
from saasmetrics.engine.renewals import Window
from saasmetrics.engine.written.due import due_cells
from saasmetrics.engine.written.shadow import shadow
from saasmetrics.engine.written.text import compiled
from saasmetrics.metrics.renewals.shared import Desk
from tests.warehouse.test_sql_proofs import WORDS

USED = ("subscriptions", "customers", "fx", "contracts")
LONGEST = 36_000  # of the demo company, whose lines have uplifts, pauses and versions


@pytest.fixture(scope="module")
def few() -> sm.Book:
    """Contracts that renew themselves, that renew two at once, that grew, and that were lost."""
    rows = [
        ("k1", "a", "2023-01-01", "2024-01-01", 1200, None, True),  # goes on, twice by now
        ("k2", "b", "2023-02-01", "2024-02-01", 600, None, None),
        ("k3", "b", "2023-03-01", "2024-02-01", 400, None, None),
        ("k4", "b", "2024-02-01", "2025-02-01", 1500, "k2", None),  # instead of both
        ("k5", "b", "2025-02-01", "2026-02-01", 1800, None, None),
        ("k6", "c", "2024-05-01", "2025-05-01", 900, None, False),  # lost
    ]
    names = ("contract_id", "customer_id", "start", "end", "arr", "previous_contract_id")
    deals = pd.DataFrame(rows, columns=[*names, "auto_renew"])
    lines = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["a", "b"],
        "start": ["2023-01-01", "2023-02-01"],
        "amount": [100.0, 130.0],
        "interval": ["month"] * 2,
    }
    customers = {"customer_id": ["a", "b", "c"], "segment": ["SMB", "SMB", None]}
    told = {"as_of": "2025-12-31", "currency": "USD"}
    return sm.Book(subscriptions=lines, customers=customers, contracts=deals, **told)


def rows(book: sm.Book, query: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for word, meaning in WORDS.items():
            connection.execute(f"create macro {word}(x) as {meaning}")
        for name in (name for name in USED if name in book.history):
            connection.register(name, book.history[name].data)
        return connection.execute(query).df()


def same(found: pd.DataFrame, desk: Desk) -> None:
    """Compare rows with the cells of a desk, which has one for every group and period."""
    by, (first, periods) = [*desk.by], desk.span()
    starts = pd.to_datetime(desk.book.calendar(desk.freq).starts(np.arange(first, first + periods)))
    found = found.astype({"period": "datetime64[ns]"})
    found[by] = found[by].fillna("(none)")
    keys = pd.MultiIndex.from_tuples(
        [(*label, day) for label in desk.groups.labels for day in starts], names=[*by, "period"]
    )
    dense = found.set_index([*by, "period"])
    dense.index = pd.MultiIndex.from_tuples([key if by else (key,) for key in dense.index])
    assert set(dense.index) <= set(keys)
    whole = {name: value[:, 0].ravel() for name, value in desk.sums().items()}
    whole |= {name: value.ravel() for name, value in desk.heads().items()}
    for name in (*MEASURES, *HEADS):
        assert dense[name].reindex(keys).fillna(0).tolist() == whole[name].tolist(), name


def test_renewal_rates_have_the_cells_of_their_sql() -> None:
    company = sm.demo(customers=60, seed=7)
    query = sm.renewals.rates(company, by=["segment", "term"]).sql()
    same(rows(company, query), Desk.asked(company, "Q", ["segment", "term"]).past())
    assert len(query) < LONGEST


def test_filters_days_and_windows_are_part_of_the_sql_of_renewals(few: sm.Book) -> None:
    book = few.where(segment="SMB").as_of("2025-06-30").between("2024-02", "2025-06")
    result = sm.renewals.waterfall(book, freq="Y", terms="all", grace_days=30)
    query = result.sql()
    same(rows(few, query), Desk.asked(book, "Y", None, "all", 30).past())
    assert "terms='all', grace_days=30" in query


@pytest.fixture(scope="module")
def texts(few: sm.Book) -> dict[str, str]:
    """The SQL of renewals by segment in every dialect."""
    asked = Due(Window(), "fixed", "Q", ("segment",), -(2**30), 2**30)
    with shadow(few, few.engine, ("contracts",)) as (portable, steps):
        query = due_cells(portable, few.policy, asked)
        return {d: compiled(query, steps, d, {})[0] for d in written.DIALECTS}


@pytest.mark.parametrize("dialect", written.DIALECTS)
def test_the_sql_of_renewals_means_the_same_in_every_dialect(
    few: sm.Book, texts: dict[str, str], dialect: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = sqlglot.parse_one(texts[dialect], dialect=dialect)
    found.set("settings", None)  # of ClickHouse: joins and names as everywhere else
    meant = rows(few, found.sql("duckdb")).rename(columns=str.lower)
    same(meant, Desk.asked(few, "Q", "segment"))
    case = str.upper if dialect == "snowflake" else str
    tables = {
        case(name): {case(column): "varchar" for column in table.data.column_names}
        for name, table in few.history.items()
    }
    qualify(found, dialect=dialect, schema=tables, infer_schema=False)
    assert not caplog.records


def test_terms_of_subscriptions_have_no_sql() -> None:
    lines = {"subscription_id": [1], "customer_id": ["a"], "start": ["2024-01-01"]}
    lines |= {"amount": [1200.0], "interval": ["year"]}
    book = sm.Book(subscriptions=lines, as_of="2025-12-31", currency="USD")
    with pytest.raises(sm.DataError, match="Terms of subscriptions have no SQL"):
        sm.renewals.rates(book).sql()
