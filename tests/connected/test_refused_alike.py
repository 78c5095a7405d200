"""What a book of rows here refuses, or takes, a connected one does too, in the same words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

import saasmetrics as sm
from tests.connected.natives import WAYS, there

JANUARY = dt.date(2026, 1, 1)
TOLD: dict[str, Any] = {"as_of": "2026-01-31", "currency": "USD"}


def months(amounts: list[float], **more: Any) -> pa.Table:
    """One customer per amount, all in the same month."""
    ids = [f"c{number}" for number in range(len(amounts))]
    return pa.table({"customer_id": ids, "month": [JANUARY] * len(ids), "mrr": amounts} | more)


def lines(amounts: list[float], **more: Any) -> pa.Table:
    """One subscription per amount, all since the same day."""
    ids = [str(number) for number in range(len(amounts))]
    columns = {"subscription_id": ids, "customer_id": ids, "start": [JANUARY] * len(ids)}
    return pa.table(columns | {"amount": amounts, "interval": ["month"] * len(ids)} | more)


def refusals(way: str, policy: sm.Policy | str = "default", **tables: pa.Table) -> tuple[str, str]:
    """The words with which MRR is refused, here and there."""
    said = []
    for make in (
        lambda: sm.Book(**tables, **TOLD, policy=policy),
        lambda: sm.connect(
            **{name: there(t, way) for name, t in tables.items()}, **TOLD, policy=policy
        ),
    ):
        with pytest.raises(sm.DataError) as raised:
            sm.revenue.mrr(make())
        said.append(str(raised.value))
    return said[0], said[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("policy", ["default", sm.Policy(overlap="latest")], ids=["sum", "latest"])
def test_a_sum_beyond_64_bits_is_refused(way: str, policy: sm.Policy | str) -> None:
    here, away = refusals(way, policy, mrr=months([5e12, 5e12]))
    assert away == here
    assert "add up to more than 9 trillion USD" in away


@pytest.mark.parametrize("way", WAYS)
def test_amounts_that_cancel_are_added_up_without_their_sign(way: str) -> None:
    here, away = refusals(way, mrr=months([5e12, -5e12]))
    assert away == here


@pytest.mark.parametrize("way", WAYS)
def test_a_single_amount_beyond_64_bits_is_refused(way: str) -> None:
    here, away = refusals(way, mrr=months([5e13, 1.0]))
    assert away == here
    assert away.startswith("1 amount(s) are missing, infinite or above 9 trillion")


@pytest.mark.parametrize("way", WAYS)
def test_an_amount_per_day_that_is_too_large_per_month_is_refused(way: str) -> None:
    here, away = refusals(way, subscriptions=lines([4e12], interval=["day"]))
    assert away == here
    assert "An amount per month is above 9 trillion" in away


@pytest.mark.parametrize("way", WAYS)
def test_an_infinite_amount_is_refused(way: str) -> None:
    book = sm.connect(mrr=there(months([float("inf"), 1.0]), way), **TOLD)
    with pytest.raises(sm.DataError, match="1 amount"):
        sm.revenue.mrr(book)


@pytest.mark.parametrize("way", WAYS)
def test_the_largest_sum_that_64_bits_hold_is_counted(way: str) -> None:
    book = sm.connect(mrr=there(months([4e12, 4e12]), way), **TOLD)
    assert sm.revenue.mrr(book).value == 8e12


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("second", "words"),
    [(10.0, "the same row again, value for value"), (12.0, "several different rows for one key")],
    ids=["copy", "other"],
)
def test_two_days_of_a_month_are_one_key(way: str, second: float, words: str) -> None:
    days = pa.array([JANUARY, dt.date(2026, 1, 15)])
    rows = pa.table({"customer_id": ["a", "a"], "month": days, "mrr": [10.0, second]})
    here, away = refusals(way, mrr=rows)
    assert away == here
    assert words in away


@pytest.mark.parametrize("way", WAYS)
def test_months_told_by_another_day_are_said_to_be_moved(way: str) -> None:
    rows = pa.table({"customer_id": ["a"], "month": [dt.date(2026, 1, 15)], "mrr": [10.0]})
    book = sm.connect(mrr=there(rows, way), **TOLD)
    local = sm.Book(mrr=rows, **TOLD)
    assert sm.revenue.mrr(book).value == 10
    assert book.tables["mrr"].notes == local.tables["mrr"].notes
    assert "moved to the first day of the month in 1 row" in str(book.tables["mrr"].notes)


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("way", WAYS)
def test_an_interval_that_nobody_can_see_is_missing(way: str, blank: str) -> None:
    rows = lines([120.0, 10.0], interval=[blank, "month"])
    here, away = refusals(way, subscriptions=rows)
    assert away == here
    assert "subscriptions.interval: must not be missing" in away


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize("way", WAYS)
def test_blanks_are_no_currency_but_a_missing_one(way: str, blank: str) -> None:
    rows = months([1.0, 2.0], currency=[blank, "USD"])
    assert sm.revenue.mrr(sm.Book(mrr=rows, **TOLD)).value == 3
    assert sm.revenue.mrr(sm.connect(mrr=there(rows, way), **TOLD)).value == 3


@pytest.mark.parametrize("way", WAYS)
def test_a_column_without_type_and_without_values_is_taken_as_missing(way: str) -> None:
    names = ("end", "currency", "is_trial", "list_amount", "interval_count", "trial_end", "plan")
    rows = lines([10.0, 5.0], **{name: pa.nulls(2) for name in names})
    book = sm.connect(subscriptions=there(rows, way), **TOLD)
    local = sm.Book(subscriptions=rows, **TOLD)
    assert sm.revenue.mrr(book).value == sm.revenue.mrr(local).value == 15
    data = book.tables["subscriptions"].data
    assert [data[name].null_count for name in names] == [2] * len(names)


@pytest.mark.parametrize("way", WAYS)
def test_days_far_from_today_are_warned_of_in_every_footnote(way: str) -> None:
    starts = [dt.date(1850, 1, 1), JANUARY, dt.date(2261, 12, 31)]
    ends = pa.array([None, dt.date(9999, 12, 31), None])
    rows = lines([1.0, 2.0, 3.0], start=starts, end=ends)
    local = sm.Book(subscriptions=rows, **TOLD)
    book = sm.connect(subscriptions=there(rows, way), **TOLD)
    ours, theirs = (
        [str(p) for p in b.checks.under(b.policy) if p.code == "distant-date"]
        for b in (local, book)
    )
    assert theirs == ours
    assert len(ours) == 2
    for said in ("start: before 1990-01-01", "end: before 1990-01-01"):
        assert said in sm.revenue.mrr(book).footnote


@pytest.mark.parametrize("blank", ["", "   ", "\t\u00a0", None])
@pytest.mark.parametrize("way", WAYS)
def test_an_id_that_nobody_can_see_is_none(way: str, blank: str | None) -> None:
    ids = {"customer_id": ["0", "1"], "parent_id": [blank, " 0"]}
    family = pa.table(ids).cast(pa.schema([(name, pa.string()) for name in ids]))
    made = pa.array([JANUARY] * 2)
    asked = pa.table({"ticket_id": ["t1", "t2"], "customer_id": ["0", blank], "created_at": made})
    tables = {"subscriptions": lines([10.0, 20.0]), "customers": family, "tickets": asked}
    here = sm.Book(**tables, **TOLD)
    away = sm.connect(**{name: there(t, way) for name, t in tables.items()}, **TOLD)
    for book in (here, away):
        found = {p.code: p for p in book.checks.under(book.policy) if p.severity == "error"}
        assert [(p.table, p.column, p.rows) for p in found.values()] == [
            ("tickets", "customer_id", 1)
        ]
        assert found["missing-value"].examples[0]["customer_id"] is None
        assert book.frame("customers")["parent_id"].isna().sum() == 1
        mended = book.repair({"missing-value": "drop"})
        assert sm.revenue.mrr(mended).value == 30


@pytest.mark.parametrize("way", WAYS)
def test_rows_of_nobody_stop_the_numbers_of_a_part_too(way: str) -> None:
    nobody = pa.array(["c0", None])
    tables = {
        "subscriptions": lines([5.0, 7.0]).set_column(1, "customer_id", nobody),
        "customers": pa.table({"customer_id": ["c0", "c1"], "region": ["EU", "US"]}),
    }
    said = []
    for book in (
        sm.Book(**tables, **TOLD),
        sm.connect(**{name: there(table, way) for name, table in tables.items()}, **TOLD),
    ):
        with pytest.raises(sm.DataError) as raised:
            sm.revenue.mrr(book.where(region="EU"))
        said.append(str(raised.value))
    assert said[1] == said[0]
    assert "customer_id" in said[0]
