"""What the gate finds in tables that are here it finds where tables stay: the same findings in the same words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.checks.explained import explanations
from saasmetrics.errors import Problem
from saasmetrics.tables import gate, normalize_all
from tests.connected.companies import ALL, table
from tests.connected.natives import WAYS, there
from tests.connected.test_gate_there import FAULTY

TOLD: dict[str, Any] = {"as_of": "2025-12-31", "currency": "USD"}
POLICY = {"months": sm.Policy(fx="spot"), "last": sm.Policy(end="inclusive")}
# What is said of tables that are there alone; how they were read, which is told in other words there.
READING = {"checked-there", "as-read", "left-out"}


def asked(name: str) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return the tables of a small company, and what else is told of it."""
    told = {**TOLD, "policy": POLICY.get(name, "default")}
    return {kind: table(columns) for kind, columns in ALL[name].items()}, told


def findings(book: sm.Book) -> list[tuple[Any, ...]]:
    """Every finding of the gate in full, but for the rows that it shows."""
    problems = (p for p in book.checks.under(book.policy) if p.code not in READING)
    return sorted(map(_said, problems))


def _said(p: Problem) -> tuple[Any, ...]:
    return (p.severity, p.table, p.column, p.code, p.rule, p.rows, p.remedy)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ALL)
def test_every_finding_is_found_there_too(name: str, way: str) -> None:
    tables, told = asked(name)
    book = sm.connect(**{kind: there(rows, way) for kind, rows in tables.items()}, **told)
    local = sm.Book(**tables, **told)
    assert findings(book) == findings(local)
    assert not book.place.link.brought


@pytest.mark.parametrize("looked", [True, False], ids=["after the whole", "alone"])
@pytest.mark.parametrize("name", ALL)
def test_a_part_has_its_own_findings_whether_or_not_the_whole_was_looked_at(
    name: str, looked: bool
) -> None:
    tables, told = asked(name)
    book = sm.connect(**{kind: there(rows, "polars") for kind, rows in tables.items()}, **told)
    local = sm.Book(**tables, **told)
    if looked:
        findings(book)
    for ids in _halves(tables):
        assert findings(book.where(customer_id=ids)) == findings(local.where(customer_id=ids))


def _halves(tables: dict[str, pa.Table]) -> list[list[str]]:
    """The ids of every second customer that is in a table, and of the others."""
    having = [
        rows["customer_id"].to_pylist()
        for rows in tables.values()
        if "customer_id" in rows.column_names
    ]
    ids = sorted({i for column in having for i in column if i})
    return [half for half in (ids[::2], ids[1::2]) if half]


@pytest.mark.parametrize("way", WAYS)
def test_the_first_rows_are_shown_and_the_others_are_brought_when_they_are_asked_for(
    way: str,
) -> None:
    tables, told = asked("next")
    book = sm.connect(**{kind: there(rows, way) for kind, rows in tables.items()}, **told)
    problems = {p.code: p for p in book.checks.under(book.policy)}
    first = problems["lines-on-one-day"].examples
    assert [row["amount"] for row in first] == [10.0]
    found = problems["lines-on-one-day"].found.to_pandas()
    assert found["customer_id"].tolist() == ["a", "a"]
    assert book.place.link.has("invoices")


@pytest.mark.parametrize(
    ("name", "way"), [("months", "duckdb"), ("next", "polars"), ("family", "polars")]
)
def test_the_report_counts_the_same_customers_and_mrr_there(name: str, way: str) -> None:
    tables, told = asked(name)
    local = sm.Book(**tables, **told).check()
    book = sm.connect(**{kind: there(rows, way) for kind, rows in tables.items()}, **told).check()
    ours, theirs = (_touched(report) for report in (local, book))
    assert theirs == ours
    assert book.score == pytest.approx(local.score)


def _touched(report: sm.Result) -> set[tuple[Any, ...]]:
    named = ["severity", "table", "code", "column", "finding", "rows", "customers", "mrr", "points"]
    found = report.df[~report.df["code"].isin(READING)][named]
    found = found.assign(customers=found["customers"].fillna(-1), mrr=found["mrr"].fillna(-1))
    return set(found.round(6).itertuples(index=False, name=None))


PAID = {
    "subscriptions": {
        "subscription_id": ["s1", "s2", "s3"],
        "customer_id": ["a", "b", "c"],
        "start": ["2025-01-01"] * 3,
        "amount": [10.0, 20.0, 30.0],
        "interval": ["month"] * 3,
    },
    "invoices": {
        "invoice_id": [f"i{n}" for n in range(12)],
        "customer_id": ["a", "b"] * 6,
        "date": [f"2025-{month:02}-01" for month in range(7, 13) for _ in range(2)],
        "amount": [10.0, 20.0] * 5 + [10.0, 25.0],
    },
    "contracts": {
        "contract_id": ["k1", "k2"],
        "customer_id": ["a", "c"],
        "start": ["2025-01-01"] * 2,
        "end": ["2026-01-01"] * 2,
        "arr": [150.0, 360.0],
    },
    "customers": {
        "customer_id": ["a", "b", "c"],
        "name": ["Acme Inc.", "ACME", "Other"],
        "email": ["x@one.com", "y@two.com", "z@two.com"],
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_two_sources_that_differ_and_ids_of_one_customer_are_found_there(way: str) -> None:
    tables = {kind: table(columns) for kind, columns in PAID.items()}
    local = sm.Book(**tables, **TOLD).check()
    natives = {kind: there(rows, way) for kind, rows in tables.items()}
    book = sm.connect(**natives, **TOLD).check()
    assert _touched(book) == _touched(local)
    for code in ("billed-differs", "contract-differs", "several-ids"):
        ours, theirs = (report.rows(finding=code) for report in (local, book))
        assert theirs.to_dict("list") == ours.to_dict("list") != {}


@pytest.mark.parametrize("way", WAYS)
def test_values_written_in_several_ways_and_words_for_nothing_are_found_there(way: str) -> None:
    words = ["SMB", "SMB", "smb ", "Smb", "null", "N/A", None]
    ids = [f"c{number}" for number in range(len(words))]
    mrr = table({"customer_id": ids, "month": ["2025-01-01"] * len(ids), "mrr": [1.0] * len(ids)})
    tables = {
        "mrr": mrr,
        "customers": pa.table({"customer_id": ids, "segment": words, "tier": words}),
    }
    local = sm.Book(**tables, **TOLD).check()
    book = sm.connect(**{kind: there(rows, way) for kind, rows in tables.items()}, **TOLD).check()
    for code, rows in (("alike-values", ["c2", "c3"]), ("word-for-nothing", ["c4", "c5"])):
        ours, theirs = ([_said(p) for p in b.problems if p.code == code] for b in (local, book))
        assert theirs == ours
        assert len(theirs) == 2
        for report in (local, book):
            assert sorted(report.rows(finding=code)["customer_id"].unique()) == rows


NAIVE, AWARE = (pa.timestamp("us", zone) for zone in (None, "America/New_York"))


def stamps(**kinds: pa.DataType) -> pa.Table:
    """Return a ticket with a time of each type."""
    noon = pa.array([1_767_268_800_000_000])
    times = {name: noon.cast(pa.int64()).cast(kind) for name, kind in kinds.items()}
    return pa.table({"ticket_id": ["1"], "customer_id": ["a"], **times})


@pytest.mark.parametrize("way", WAYS)
def test_times_with_a_zone_beside_times_without_one_are_found_there(way: str) -> None:
    tables = {
        "tickets": stamps(created_at=AWARE, solved_at=NAIVE),
        "mrr": table(ALL["months"]["mrr"]),
    }
    local = sm.Book(**tables, **TOLD)
    book = sm.connect(**{kind: there(rows, way) for kind, rows in tables.items()}, **TOLD)
    ours, theirs = (
        next(p for p in b.checks.under(b.policy) if p.code == "mixed-time-zones")
        for b in (local, book)
    )
    assert _said(theirs)[:3] == _said(ours)[:3]
    # DuckDB keeps instants, and no zone with them.
    zone = {"polars": "America/New_York", "duckdb": "UTC"}[way]
    assert theirs.rule == f"time zones differ: created_at ({zone}), solved_at (none)"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [NAIVE, AWARE], ids=["without", "with"])
def test_times_that_all_have_a_zone_or_none_are_sound_there(way: str, kind: pa.DataType) -> None:
    tables = {
        "tickets": stamps(created_at=kind, solved_at=kind),
        "mrr": table(ALL["months"]["mrr"]),
    }
    book = sm.connect(**{name: there(rows, way) for name, rows in tables.items()}, **TOLD)
    assert "mixed-time-zones" not in {p.code for p in book.checks.under(book.policy)}


# Ids are made one kind, and a currency is chosen, when tables are connected.
NOT_THERE = {"mixed-key-types", "no-reporting-currency"}
# Of the report, of remedies, and of how tables are read: they have tests of their own.
ELSEWHERE = {
    "several-ids",
    "alike-values",
    "word-for-nothing",
    "unit-jump",
    "billed-differs",
    "contract-differs",
    "as-of-guessed",
    "unchanged-since",
    "left-out",
    "mixed-time-zones",
}
ELSEWHERE |= {"repaired", "remedy-grew", "remedy-without-rows"}


def test_the_small_companies_have_every_fault_that_the_gate_knows() -> None:
    codes = set()
    for name in ALL:
        tables, told = asked(name)
        policy = POLICY.get(name, sm.Policy())
        found = gate.check(
            normalize_all(tables), as_of=told["as_of"], currency="USD", policy=policy
        )
        codes |= {problem.code for problem in found}
    faulty = {kind: table(columns) for kind, columns in FAULTY.items()}
    codes |= {problem.code for problem in gate.check(normalize_all(faulty), **TOLD)}
    assert set(explanations()) - codes == NOT_THERE | ELSEWHERE


@pytest.mark.parametrize("way", WAYS)
def test_footnotes_name_findings_in_one_order_those_of_most_rows_first(way: str) -> None:
    lines = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["a", "z"],
        "start": [date(2024, 1, 1), date(2024, 2, 1)],
        "mrr": [10.0, 20.0],
    }
    customers = {
        "customer_id": ["a", "b"],
        "created_at": [date(2024, 3, 1), date(2023, 1, 1)],
        "parent_id": ["x", "y"],
    }
    local = sm.Book(subscriptions=lines, customers=customers, **TOLD)
    frames = {"subscriptions": there(lines, way), "customers": there(customers, way)}
    found = sm.revenue.mrr(local).footnote
    assert found.index("names no customer (2 rows)") < found.index("signed up")
    assert sm.revenue.mrr(sm.connect(**frames, **TOLD)).footnote == found


@pytest.mark.parametrize("way", WAYS)
def test_days_beside_times_are_found_in_a_table_that_is_read_beside_exchange_rates(
    way: str,
) -> None:
    tables = {
        "subscriptions": table(
            {
                "subscription_id": ["s"],
                "customer_id": ["a"],
                "start": [date(2024, 1, 1)],
                "mrr": [10.0],
                "currency": ["EUR"],
            }
        ),
        "fx": table({"date": [date(2024, 1, 1)], "currency": ["EUR"], "rate": [1.1]}),
        "trials": table(
            {
                "customer_id": ["a"],
                "start": [datetime.fromisoformat("2024-01-01")],
                "converted_at": [datetime.fromisoformat("2024-01-05 10:30")],
                "ended_at": [datetime.fromisoformat("2024-01-31")],
            }
        ),
    }
    book = sm.connect(**{kind: there(rows, way) for kind, rows in tables.items()}, **TOLD)
    local = sm.Book(**tables, **TOLD)
    assert "dates-beside-times" in {p.code for p in local.checks.under(local.policy)}
    assert findings(book) == findings(local)


@pytest.mark.parametrize("way", WAYS)
def test_credits_that_say_which_months_they_give_back_are_no_finding_there_either(way: str) -> None:
    lines = {
        "invoice_id": ["i1", "i2", "i3"],
        "customer_id": ["a", "a", "b"],
        "date": [date(2025, 1, 1), date(2025, 2, 9), date(2025, 3, 1)],
        "amount": [10.0, -10.0, -5.0],
        "service_start": [date(2025, 1, 1), date(2025, 1, 1), None],
        "service_end": [date(2025, 2, 1), date(2025, 2, 1), None],
    }
    book = sm.connect(invoices=there(table(lines), way), **TOLD)
    local = sm.Book(invoices=table(lines), **TOLD)
    assert findings(book) == findings(local)
    (found,) = (p for p in book.checks.under(book.policy) if p.code == "negative-customer-month")
    assert found.rows == 1
