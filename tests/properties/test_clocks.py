"""The clock of knowledge against plain Python: what was known when, and what was learned since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.digest import digest
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.engine.portable.known import known_frame
from saasmetrics.policy import Policy
from saasmetrics.tables import Table
from saasmetrics.tables.known import ALWAYS, known
from saasmetrics.tables.snapshots import joined
from tests.engine.natives import WAYS, native
from tests.properties import ledgers
from tests.properties.ledgers import (
    CUSTOMERS,
    EPOCH,
    FIRST,
    FX,
    SEGMENTS,
    policies,
)
from tests.properties.profile import quick

few = settings(quick, max_examples=30)
CLOCKS = [("recorded_at", pa.timestamp("us")), ("withdrawn_at", pa.timestamp("us"))]
SCHEMAS = {
    "subscriptions": pa.schema([*ledgers.SUBSCRIPTIONS, *CLOCKS]),
    "customers": pa.schema([*ledgers.CUSTOMER, *CLOCKS]),
}
KEYS = {"subscriptions": "subscription_id", "customers": "customer_id"}
FAR = 10**6


@dataclass(frozen=True)
class History:
    """Rows with all their versions, by table."""

    rows: Mapping[str, tuple[dict[str, Any], ...]]

    def tables(self, day: int | None = None) -> dict[str, Table]:
        """The whole history, or the rows known on a day without their clocks."""
        out = {"fx": Table("fx", ledgers.table(RATES, FX))}
        for name, rows in self.rows.items():
            found = rows if day is None else tuple(r for r in rows if holds(name, r, rows, day))
            schema = SCHEMAS[name]
            if day is not None:
                schema = pa.schema(list(schema)[:-2])
            out[name] = Table(name, ledgers.table(found, schema))
        return out


RATES = (
    {"date": FIRST - 400, "currency": "EUR", "rate": 1.05},
    {"date": FIRST + 90, "currency": "EUR", "rate": 1.1},
)


def holds(table: str, row: dict[str, Any], rows: tuple[dict[str, Any], ...], day: int) -> bool:
    """Whether a row was known, not replaced and not withdrawn at the end of a day."""

    def since(each: dict[str, Any]) -> int:
        return -FAR if each["recorded_at"] is None else each["recorded_at"]

    def replaces(other: dict[str, Any]) -> bool:
        if other[KEYS[table]] != row[KEYS[table]] or not since(row) < since(other) <= day:
            return False
        return table != "subscriptions" or overlap(row, other)

    gone = row["withdrawn_at"] is not None and row["withdrawn_at"] <= day
    return since(row) <= day and not gone and not any(replaces(other) for other in rows)


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two terms share a day."""
    ends = [FAR if r["end"] is None else max(r["end"], r["start"] + 1) for r in (one, other)]
    return one["start"] < ends[1] and other["start"] < ends[0]


def moments() -> st.SearchStrategy[int]:
    return st.builds(
        lambda month, day: FIRST + 30 * month + day, st.integers(0, 23), st.sampled_from((0, 5))
    )


def withdrawals() -> st.SearchStrategy[int | None]:
    return st.one_of(*[st.none()] * 5, moments())


@st.composite
def subscriptions(draw: st.DrawFn) -> tuple[dict[str, Any], ...]:
    """Subscriptions, some recorded again with another amount, end, start or customer; one was always known."""
    always = {
        "subscription_id": "s",
        "customer_id": "g",
        "start": FIRST,
        "end": None,
        "amount": 10.0,
    }
    found = [always | {"interval": "month", "recorded_at": None, "withdrawn_at": None}]
    for number in range(draw(st.integers(1, 8))):
        line = {"subscription_id": f"s{number}", **draw(ledgers.lines())}
        line |= {
            "recorded_at": draw(st.one_of(st.none(), moments())),
            "withdrawn_at": draw(withdrawals()),
        }
        found.append(line)
        for _ in range(draw(st.sampled_from((0, 0, 1, 1, 2)))):
            change = draw(
                st.sampled_from(
                    (
                        {"amount": 77.77},
                        {"end": line["start"] + 45},
                        {"customer_id": "a"},
                        {"start": line["start"] + 60, "end": None},
                    )
                )
            )
            again = {"recorded_at": draw(moments()), "withdrawn_at": draw(withdrawals())}
            found.append({**line, **change, **again})
    return tuple(draw(st.permutations(found)))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Subscriptions and customers with versions."""
    customers = []
    for name in CUSTOMERS:
        for recorded in draw(st.sampled_from(((None,), (None,), (None, FIRST + 400)))):
            row = {"customer_id": name, "segment": draw(st.sampled_from(SEGMENTS))}
            row |= {"parent_id": draw(st.sampled_from((None, None, "a")))}
            customers.append(row | {"recorded_at": recorded, "withdrawn_at": None})
    return History({"subscriptions": draw(subscriptions()), "customers": tuple(customers)})


def told(book: sm.Book) -> Any:
    engine = LocalEngine(book.tables, book.policy, book.as_of_day, "USD")
    return digest(engine, freqs=("M",), windows=(1, 12), bys=((), ("segment",)))


def day_text(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


@few
@given(histories(), policies(), moments())
def test_a_book_as_of_a_day_is_that_of_the_rows_known_on_it(
    history: History, policy: Policy, day: int
) -> None:
    then = history.tables(day)
    whole = sm.Book(policy=policy, currency="USD", **history.tables()).as_of(day_text(day))
    brute = sm.Book(policy=policy, currency="USD", as_of=day_text(day), **then)
    for name, table in then.items():
        clocks = [c for c in ("recorded_at", "withdrawn_at") if c in whole.tables[name]]
        assert whole.tables[name].data.drop_columns(clocks).equals(table.data), name
    assert told(whole) == told(brute)


@few
@given(histories(), moments(), moments())
def test_what_is_known_does_not_depend_on_the_days_asked_for_before(
    history: History, first: int, second: int
) -> None:
    book = sm.Book(currency="USD", **history.tables())
    again = book.as_of(day_text(first)).as_of(day_text(second))
    for name, table in book.as_of(day_text(second)).tables.items():
        assert again.tables[name].data.equals(table.data)


ASKED = (("nrr", {"window": 3}), ("grr", {"window": 1}), ("mrr", {}), ("logo_churn", {"window": 1}))


OTHER = st.sampled_from(({}, {}, {"trial": "included"}, {"pause": "churn", "gap_days": 30}))


@settings(quick, max_examples=25)
@given(histories(), policies(), moments(), moments(), st.sampled_from(ASKED), OTHER)
def test_a_restatement_sums_to_the_difference_of_the_two_books(
    history: History,
    policy: Policy,
    one: int,
    other: int,
    asked: tuple[str, dict],
    other_choices: dict[str, Any],
) -> None:
    then, now = sorted((one, other))
    metric, options = asked
    book = sm.Book(policy=policy, currency="USD", **history.tables())
    after = policy.changed(**other_choices)
    values = []
    for day, how in ((then, policy), (now, after)):
        there = book.as_of(day_text(day)).with_policy(how)
        assume(not any(p.severity == "error" for p in there.checks.under(there.policy)))
        values.append(_value(there, metric, options, then))
    assume(not np.isnan(values).any())
    made = sm.definitions.restatement(
        book, metric, day_text(then), day_text(now), policy_now=after, **options
    )
    steps = made.extra["steps"]
    assert [made.extra["from"], made.extra["to"]] == pytest.approx(values, abs=1e-9)
    assert made.df["value"].sum() == pytest.approx(values[1] - values[0], abs=1e-6)
    assert steps["value"].sum() == pytest.approx(values[1] - values[0], abs=1e-6)
    for step in steps["step"]:
        assert made.df[step].sum() == pytest.approx(
            steps.set_index("step")["value"][step], abs=1e-6
        )
        rows = made.rows(step=step)
        assert len(rows) or not (made.df[step] != 0).any() or step == "since"


def _value(book: sm.Book, metric: str, options: dict[str, Any], then: int) -> float:
    """The metric in the last month that was over on a day; 0 of money before the first."""
    from saasmetrics.metrics.all import CATALOGUE

    df = CATALOGUE[metric].function(book, **options).df
    month = np.datetime64(then + 1, "D").astype("datetime64[M]") - 1
    found = df.loc[df["period"] == month.astype("datetime64[ns]"), "value"]
    return float(found.iloc[0]) if len(found) else (0.0 if metric == "mrr" else np.nan)


@few
@given(st.data())
def test_the_book_of_snapshots_is_each_snapshot_on_its_day(data: st.DataObject) -> None:
    cells = st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("abc"),
            "month": st.sampled_from((FIRST, FIRST + 31)),
            "mrr": st.sampled_from((1.0, 2.0)),
        }
    )
    exports = data.draw(st.lists(st.lists(cells, max_size=5), min_size=1, max_size=4))
    schema = pa.schema(
        [("customer_id", pa.string()), ("month", pa.date32()), ("mrr", pa.float64())]
    )
    tables = {
        FIRST + 90 * n: Table("mrr", ledgers.table(tuple(rows), schema))
        for n, rows in enumerate(exports)
    }
    found = joined({day: {"mrr": table} for day, table in tables.items()})["mrr"]
    before = None
    for (day, table), told_of in zip(tables.items(), found.snapshots, strict=True):
        there = known(found, day + 3).data.select(schema.names).to_pylist()
        assert sorted(map(str, there)) == sorted(map(str, table.data.to_pylist()))
        size = 0 if before is None else before.num_rows
        assert size + told_of.added - told_of.withdrawn == table.num_rows
        before = table


def check(way: str) -> Any:
    @settings(quick, max_examples={"pandas": 8, "polars": 12, "duckdb": 8}[way])
    @given(histories(), st.one_of(st.none(), moments()))
    def compare(history: History, day: int | None) -> None:
        for name in history.rows:
            table = history.tables()[name]
            frame = nw.from_native(native(table.data, way)).lazy()
            columns = [
                c for c in ("customer_id", "subscription_id", "amount", "segment") if c in table
            ]
            there = known_frame(name, frame, day).collect().to_arrow().select(columns)
            here = known(table, ALWAYS if day is None else day).data.select(columns)
            assert rows_of(there) == rows_of(here), (way, name)

    return compare


def rows_of(data: pa.Table) -> list[str]:
    """The rows in an order that does not depend on the library; what is missing is missing in all of them."""
    return sorted(
        str([None if value != value else value for value in row.values()])
        for row in data.to_pylist()
    )


@pytest.mark.parametrize("way", WAYS)
def test_what_is_known_is_the_same_where_the_tables_are(way: str) -> None:
    check(way)()


def test_the_portable_engine_counts_what_was_known() -> None:
    rows = {
        "subscription_id": ["s", "s", "t"],
        "customer_id": ["a", "a", "b"],
        "start": ["2026-01-01"] * 3,
        "amount": [10, 12, 5],
        "interval": ["month"] * 3,
        "recorded_at": ["2026-01-01", "2026-03-05", "2026-04-20"],
    }
    book = sm.Book(subscriptions=rows, as_of="2026-04-30")
    frame = native(book.history["subscriptions"].data, "polars")
    for day, closing in (("2026-02-28", 10), ("2026-04-05", 12), ("2026-04-30", 17)):
        then = book.as_of(day)
        there = PortableEngine(
            {"subscriptions": frame}, Policy(), then.as_of_day, "USD", known=then.known_day
        )
        found = there.movements("M").measures["closing"]
        assert (found == then.engine.movements("M").measures["closing"]).all()
        assert found[0, -1] == closing * 1_000_000
