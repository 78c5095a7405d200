"""Remedies where tables stay: the same rows as those of tables that were read, as part of each query."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.checks.remedies import choices
from tests.connected.companies import table
from tests.connected.natives import WAYS, there

TOLD: dict[str, Any] = {"as_of": "2025-12-31", "currency": "USD"}
DAY = "2025-01-01"


def lines(*rows: tuple[Any, ...], **more: list[Any]) -> dict[str, list[Any]]:
    """Monthly subscriptions from rows of (id, customer, start, end, amount)."""
    columns = zip(*rows, strict=True)
    named = ("subscription_id", "customer_id", "start", "end", "amount")
    found = {name: [*values] for name, values in zip(named, columns, strict=True)}
    return {**found, "interval": ["month"] * len(rows), **more}


SOUND = ("s1", "a", DAY, None, 10.0)
LEFT = ("s2", "b", DAY, "2025-03-01", 20.0)
CASES: dict[tuple[str, str], dict[str, dict[str, list[Any]]]] = {
    ("repeated-row", "drop"): {"subscriptions": lines(SOUND, SOUND, LEFT)},
    ("same-line-twice", "drop"): {"subscriptions": lines(SOUND, ("s3", *SOUND[1:]), LEFT)},
    ("missing-value", "drop"): {"subscriptions": lines(SOUND, ("s3", "c", None, None, 5.0))},
    ("totals-row", "drop"): {"subscriptions": lines(SOUND, ("s3", "Total", DAY, None, 10.0))},
    ("padded-id", "strip"): {"subscriptions": lines(SOUND, ("s3", " a", DAY, None, 5.0))},
    ("negative-amount", "drop"): {"subscriptions": lines(SOUND, ("s3", "c", DAY, None, -5.0))},
    ("negative-amount", "positive"): {"subscriptions": lines(SOUND, ("s3", "c", DAY, None, -5.0))},
    ("negative-term", "drop"): {"subscriptions": lines(SOUND, ("s3", "c", DAY, "2024-06-01", 5.0))},
    ("zero-length-term", "drop"): {"subscriptions": lines(SOUND, ("s3", "c", DAY, DAY, 5.0))},
    ("status-contradicts-dates", "drop"): {
        "subscriptions": lines(SOUND, ("s3", "c", DAY, None, 5.0), status=["active", "canceled"])
    },
    ("cancelled-but-running", "end_on_request"): {
        "subscriptions": lines(
            SOUND,
            ("s3", "c", DAY, None, 5.0),
            cancel_requested_at=[None, "2025-02-01 10:00"],
        )
    },
    ("end-elsewhere", "take"): {
        "subscriptions": lines(SOUND, ("s3", "c", DAY, None, 5.0), ended_at=[None, "2025-05-01"])
    },
    ("usage-after-churn", "drop"): {
        "subscriptions": lines(SOUND, LEFT),
        "usage": {
            "customer_id": ["a", "b", "b"],
            "date": ["2025-06-01", "2025-06-01", "2025-02-01"],
        },
    },
    ("contact-after-churn", "drop"): {
        "subscriptions": lines(SOUND, LEFT),
        "activities": {
            "customer_id": ["a", "b"],
            "at": ["2025-09-01 10:00"] * 2,
            "kind": ["x", "y"],
        },
    },
    ("billed-after-churn", "drop"): {
        "subscriptions": lines(SOUND, LEFT),
        "invoices": {
            "invoice_id": ["i1", "i2"],
            "customer_id": ["a", "b"],
            "date": ["2025-09-01"] * 2,
            "amount": [10.0, 20.0],
        },
    },
    ("alike-values", "write_alike"): {
        "subscriptions": lines(SOUND, LEFT),
        "customers": {
            "customer_id": [*"abcdef"],
            "segment": ["SMB", "SMB", "smb ", "Smb", "Mid", None],
            "region": ["n/a", "EU", "EU", "eu", "EU", "N/A"],
        },
    },
    ("word-for-nothing", "empty"): {
        "subscriptions": lines(SOUND, LEFT),
        "customers": {"customer_id": [*"abcd"], "segment": ["SMB", "smb", "null", "N/A"]},
    },
    ("several-ids", "merge"): {
        "mrr": {
            "customer_id": ["a", "b", "a", "c"],
            "month": [DAY, DAY, "2025-12-01", "2025-12-01"],
            "mrr": [10.0, 5.0, 10.0, 1.0],
        },
        "customers": {"customer_id": ["a", "b", "c"], "name": ["Acme", "ACME Inc.", "Other"]},
    },
}
NEED_ROWS = {("repeated-key", "keep_first"), ("repeated-key", "keep_last")}


def books(case: tuple[str, str], way: str) -> tuple[sm.Book, sm.Book]:
    tables = {name: table(columns) for name, columns in CASES[case].items()}
    natives = {name: there(rows, way) for name, rows in tables.items()}
    return sm.Book(**tables, **TOLD), sm.connect(**natives, **TOLD)


def test_every_remedy_is_one_of_queries_or_says_that_it_needs_the_rows() -> None:
    known = {(finding, name) for finding, names in choices().items() for name in names}
    assert known == set(CASES) | NEED_ROWS


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_remedy_does_there_what_it_does_here(case: tuple[str, str]) -> None:
    finding, remedy = case
    local, book = (b.repair({finding: remedy}, by="a test") for b in books(case, "polars"))
    assert book.repairs == local.repairs
    for name in CASES[case]:
        ours, theirs = (b.tables[name].data.to_pandas() for b in (local, book))
        order = [*ours.columns]
        ours, theirs = (
            frame[order].sort_values(order).reset_index(drop=True) for frame in (ours, theirs)
        )
        pd.testing.assert_frame_equal(theirs, ours)
    codes = {problem.code for problem in book.checks.under(book.policy)}
    assert finding not in codes
    assert "repaired" in codes


def test_a_remedy_is_part_of_the_queries_and_is_replayed(tmp_path: Any) -> None:
    local, book = books(("negative-amount", "positive"), "duckdb")
    repaired = book.repair({"negative-amount": "positive"})
    assert sm.revenue.mrr(repaired).value == 15
    assert "no rows were brought" in repr(repaired)
    file = repaired.save_remedies(tmp_path / "remedies.toml")
    again = book.repair(file)
    assert sm.revenue.mrr(again).value == sm.revenue.mrr(local.repair(file)).value == 15


@pytest.mark.parametrize("way", WAYS)
def test_a_remedy_that_needs_the_order_of_rows_says_how_to_get_them(way: str) -> None:
    customers = table({"customer_id": ["a", "a"], "segment": ["x", "y"]})
    rows = table(lines(SOUND))
    book = sm.connect(subscriptions=there(rows, way), customers=there(customers, way), **TOLD)
    with pytest.raises(sm.DataError, match=r"needs the rows and their order.* sm\.read"):
        book.repair({"repeated-key": "keep_last"})


def test_what_is_not_there_is_not_repaired_in_silence() -> None:
    _, book = books(("padded-id", "strip"), "polars")
    with pytest.raises(sm.DataError, match="nothing to repair"):
        book.repair({"negative-amount": "drop"})
