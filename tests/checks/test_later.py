"""What the report looks for beside the gate: ids of one customer, units, and two sources of one amount."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.checks.spellings import strange
from saasmetrics.checks.units import by_group_and_day
from saasmetrics.errors import Problem


def lines(*rows: tuple[Any, ...], **more: list[Any]) -> dict[str, list[Any]]:
    """Monthly subscriptions from rows of (customer, start, end, amount)."""
    who, start, end, amount = zip(*rows, strict=True)
    return {
        "subscription_id": [f"s{n}" for n in range(len(rows))],
        "customer_id": [*who],
        "start": [*start],
        "end": [*end],
        "amount": [*amount],
        "interval": ["month"] * len(rows),
    } | more


def found(code: str, **tables: Any) -> list[Problem]:
    report = sm.Book(as_of="2026-06-30", currency="USD", **tables).check()
    return [problem for problem in report.problems if problem.code == code]


def people(*names: str | None, **more: list[Any]) -> dict[str, list[Any]]:
    return {"customer_id": [f"c{n}" for n in range(len(names))], "name": [*names]} | more


PAID = lines(("c0", "2025-01-01", None, 10.0))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Inc.", "ACME, Inc"),
        ("Müller GmbH", "müller GmbH & Co. KG"),
        ("Foo-Bar Ltd", "Foo Bar Limited"),
        ("O'Neil Co", "ONeil"),
        ("株式会社テスト", "株式会社テスト "),
    ],
    ids=["case", "umlaut", "hyphen", "apostrophe", "japanese"],
)
def test_the_same_name_without_legal_forms_and_signs_is_one_customer(one: str, other: str) -> None:
    (problem,) = found("several-ids", subscriptions=PAID, customers=people(one, other))
    assert problem.found.to_pylist()[0] | {"name": ""} == {
        "customer_id": "c1",
        "suggested_id": "c0",
        "same": "name",
        "name": "",
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [("Acme East", "Acme West"), ("Inc", "Ltd"), (None, None), ("Al", "AL")],
    ids=["other", "forms", "missing", "short"],
)
def test_other_names_are_other_customers(one: str | None, other: str | None) -> None:
    assert found("several-ids", subscriptions=PAID, customers=people(one, other, "Xyz")) == []


def test_a_domain_names_a_customer_and_that_of_a_free_mail_does_not() -> None:
    mails = ["a@acme.com", "B@ACME.com ", "x@gmail.com", "y@gmail.com"]
    customers = people("One", "Two", "Three", "Four", email=mails)
    (problem,) = found("several-ids", subscriptions=PAID, customers=customers)
    assert problem.found.to_pylist() == [
        {"customer_id": "c1", "suggested_id": "c0", "same": "domain", "name": "Two"}
    ]


def test_the_id_that_is_suggested_is_that_of_the_customer_created_first() -> None:
    customers = people("Acme", "Acme", created_at=["2025-02-01", "2024-02-01"])
    (problem,) = found("several-ids", subscriptions=PAID, customers=customers)
    assert problem.found["suggested_id"].to_pylist() == ["c1"]


def test_a_row_that_is_there_twice_is_no_other_id_and_an_id_counts_once() -> None:
    customers = people("Acme", "Acme", "Acme", "Acme") | {"customer_id": ["c0", "c0", "c1", "c1"]}
    (problem,) = found("several-ids", subscriptions=PAID, customers=customers)
    assert problem.found["customer_id"].to_pylist() == ["c1"]
    twice = people("Acme", "Acme") | {"customer_id": ["c0", "c0"]}
    assert found("several-ids", subscriptions=PAID, customers=twice) == []


def test_customers_in_a_chain_of_names_and_domains_get_one_id() -> None:
    customers = people(
        "Acme", "Acme", "Other", email=["a@acme.com", "a@second.com", "b@second.com"]
    )
    (problem,) = found("several-ids", subscriptions=PAID, customers=customers)
    assert problem.found["suggested_id"].to_pylist() == ["c0", "c0"]


@pytest.mark.parametrize(
    ("amount", "rows"),
    [(1000.0, 1), (120.0, 1), (0.1, 0), (110.0, 0), (1001.0, 0)],
    ids=["cents", "year", "below-1", "growth", "not-exact"],
)
def test_a_jump_by_a_factor_of_units_is_a_warning(amount: float, rows: int) -> None:
    months = {"customer_id": ["a"] * 2, "month": ["2026-05", "2026-06"], "mrr": [10.0, amount]}
    problems = found("unit-jump", mrr=months)
    assert sum(problem.rows for problem in problems) == rows
    assert {problem.severity for problem in problems} <= {"warning"}


def test_amounts_of_other_plans_and_quantities_are_not_compared() -> None:
    rows = lines(
        ("a", "2025-01-01", "2025-06-01", 10.0),
        ("a", "2025-06-01", None, 1000.0),
        quantity=[1, 100],
    )
    assert found("unit-jump", subscriptions=rows) == []
    assert found("unit-jump", subscriptions={k: v for k, v in rows.items() if k != "quantity"})


def bills(*rows: tuple[str, str, float]) -> dict[str, list[Any]]:
    who, date, amount = zip(*rows, strict=True)
    return {
        "invoice_id": [f"i{n}" for n in range(len(rows))],
        "customer_id": [*who],
        "date": [*date],
        "amount": [*amount],
    }


def test_a_month_billed_otherwise_than_mrr_is_found_with_both_amounts() -> None:
    # Twelve months of 10 and of 20; in March 2026 b is billed 25, which is 5 of 360: more than 1 %.
    months = [f"2025-{m:02}-01" for m in range(7, 13)] + [f"2026-{m:02}-01" for m in range(1, 7)]
    billed = bills(
        *(("a", day, 10.0) for day in months),
        *(("b", day, 25.0 if day == "2026-03-01" else 20.0) for day in months),
    )
    paid = lines(("a", "2025-01-01", None, 10.0), ("b", "2025-01-01", None, 20.0))
    (problem,) = found("billed-differs", subscriptions=paid, invoices=billed)
    assert (problem.rows, problem.severity) == (1, "warning")
    assert problem.found.to_pylist() == [
        {"customer_id": "b", "month": "2026-03-31", "mrr": 20.0, "billed": 25.0}
    ]


def test_a_year_billed_ahead_with_its_service_dates_agrees_with_mrr() -> None:
    billed = bills(("a", "2026-01-01", 120.0)) | {
        "service_start": ["2026-01-01"],
        "service_end": ["2026-12-31"],
    }
    paid = lines(("a", "2026-01-01", None, 10.0))
    assert found("billed-differs", subscriptions=paid, invoices=billed) == []


def test_a_contract_is_compared_with_subscriptions_on_its_first_day() -> None:
    # b grows in May, after its contract was signed: nothing is wrong with it.
    paid = lines(
        ("a", "2026-01-01", None, 10.0),
        ("b", "2026-01-01", "2026-05-01", 10.0),
        ("b", "2026-05-01", None, 30.0),
    )
    signed = {
        "contract_id": ["k1", "k2"],
        "customer_id": ["a", "b"],
        "start": ["2026-01-01"] * 2,
        "end": ["2027-01-01"] * 2,
        "arr": [150.0, 120.0],
    }
    (problem,) = found("contract-differs", subscriptions=paid, contracts=signed)
    assert problem.found.to_pylist() == [
        {"customer_id": "a", "start": "2026-01-01", "arr": 120.0, "contracted": 150.0}
    ]


def test_the_demo_company_is_free_of_errors_and_warnings() -> None:
    report = sm.demo(customers=400).check()
    assert (report.score, set(report.df["severity"])) == (100.0, {"note"})


@pytest.mark.parametrize("scale", [1, 2**40])  # the keys fit into one number, or do not
def test_rows_are_compared_in_the_order_of_group_day_and_row(scale: int) -> None:
    rng = np.random.default_rng(5)
    group, day = (
        rng.integers(0, 4, 60) * scale,
        rng.integers(0, 2**20, 60).astype(np.int32) // 2**17,
    )
    order = by_group_and_day(group, day).tolist()
    assert order == sorted(range(60), key=lambda row: (group[row], day[row], row))


WORDS = ["SMB", "Smb", "SMB", "smb ", "Mid", "null", "N/A", "none", None]


def test_values_that_differ_only_in_case_or_blanks_are_told_with_what_to_write() -> None:
    (problem,) = found(
        "alike-values", subscriptions=PAID, customers=people(*"abcdefghi", tier=WORDS)
    )
    assert (problem.table, problem.column, problem.rows) == ("customers", "tier", 2)
    assert problem.severity == "warning"
    assert problem.rule.startswith("'Smb', 'smb ' beside 'SMB': values that differ only in case")
    assert problem.remedy == "Write them alike: df['tier'].replace({'Smb': 'SMB', 'smb ': 'SMB'})."
    assert problem.lines.tolist() == [1, 3]


def test_words_for_nothing_are_told_in_columns_to_group_by() -> None:
    (problem,) = found(
        "word-for-nothing", subscriptions=PAID, customers=people(*"abcdefghi", segment=WORDS)
    )
    assert (problem.table, problem.column, problem.rows) == ("customers", "segment", 3)
    assert problem.rule.startswith("'N/A', 'none', 'null': words for no value")
    assert problem.remedy.startswith("Leave them empty: df['segment'].replace({'N/A': None,")


def test_a_column_of_many_values_is_not_looked_at_for_ways_to_write_them() -> None:
    notes = [f"note {number}" for number in range(400)]
    customers = people(*map(str, range(402)), note=[*notes, "Note 1", "null"])
    for code in ("alike-values", "word-for-nothing"):
        assert found(code, subscriptions=PAID, customers=customers) == []


def test_values_that_are_written_alike_need_no_word() -> None:
    customers = people(*"abcd", tier=["a", "b", "A b", None])
    for code in ("alike-values", "word-for-nothing"):
        assert found(code, subscriptions=PAID, customers=customers) == []


def test_a_spelling_with_blanks_around_it_is_never_the_one_to_write() -> None:
    found = strange({"pro ": 9, "Pro": 2, " pro": 1})
    assert [one.instead for one in found] == [{" pro": "pro", "Pro": "pro", "pro ": "pro"}]


def test_one_spelling_alone_is_not_strange_whatever_its_blanks() -> None:
    assert strange({"pro ": 9, "basic": 2}) == []
