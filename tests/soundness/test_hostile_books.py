"""Books that once gave a wrong number, or a traceback, in silence."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm

COLUMNS = ("subscription_id", "customer_id", "start", "end", "amount", "interval")


def book(*rows: tuple, **tables: object) -> sm.Book:
    return sm.Book(subscriptions=pd.DataFrame(rows, columns=COLUMNS), **tables)


@pytest.fixture
def two() -> sm.Book:
    customers = {"customer_id": ["a", "b"], "segment": ["SMB", None], "age": [3, 4]}
    lines = [(x, x, "2025-01-10", None, 100.0, "month") for x in "abc"]
    return book(*lines, customers=customers, as_of="2025-04-30")


@pytest.mark.parametrize("amount", [8.9e12, 4e12])
def test_amounts_that_do_not_fit_in_64_bits_are_refused(amount: float) -> None:
    lines = [(str(i), str(i), "2025-01-01", None, amount, "month") for i in range(5)]
    with pytest.raises(sm.DataError, match="9 trillion"):
        sm.revenue.mrr(book(*lines, as_of="2025-02-28"))


def test_a_large_amount_per_day_is_refused_or_exact() -> None:
    with pytest.raises(sm.DataError, match="9 trillion"):
        sm.revenue.mrr(book(("s", "a", "2025-01-01", None, 8e12, "day"), as_of="2025-02-28"))
    large = book(("s", "a", "2025-01-01", None, 1.2e11, "day"), as_of="2025-02-28")
    assert sm.revenue.mrr(large).value == pytest.approx(1.2e11 * 365 / 12, rel=1e-12)


def test_a_window_longer_than_the_book_has_no_value() -> None:
    short = book(("s", "a", "2025-01-01", None, 9.0, "month"), as_of="2025-07-31")
    assert sm.revenue.existing_share(short).value == 0.0
    assert sm.retention.nrr(short, window=40, method="movements").value is None


def test_a_part_of_the_company_says_so_in_every_footnote(two: sm.Book) -> None:
    part = two.where(segment="SMB")
    assert "Only segment = SMB" in sm.revenue.mrr(part).footnote
    assert "only segment = SMB" in repr(part)
    assert "Observed from 2025-02-01" in sm.revenue.mrr(two.between("2025-02", "2025-03")).footnote


def test_the_group_without_a_value_is_the_same_by_and_where(two: sm.Book) -> None:
    by = sm.revenue.mrr(two, by="segment").df.set_index("segment")["value"].groupby(level=0).last()
    assert by["(none)"] == 200  # b has no segment, c is not among the customers
    assert sm.revenue.mrr(two.where(segment=None)).value == 200
    assert sm.revenue.mrr(two.where(segment="(none)")).value == 200


def test_a_value_called_none_is_not_a_missing_one() -> None:
    customers = {"customer_id": ["a", "b"], "segment": ["(none)", None]}
    lines = [(x, x, "2025-01-10", None, 100.0, "month") for x in "ab"]
    labels = sm.revenue.mrr(book(*lines, customers=customers), by="segment").df["segment"]
    assert set(labels) == {"(none)", "(missing)"}


@pytest.mark.parametrize("away", [False, True], ids=["here", "connected"])
def test_where_takes_each_label_that_groups_show(away: bool) -> None:
    words = ["(none)", None, "None", "SMB"]
    customers = pd.DataFrame({"customer_id": list("abcd"), "segment": words})
    lines = [
        (x, x, "2025-01-10", None, m, "month")
        for x, m in zip("abcd", (1.0, 2.0, 4.0, 8.0), strict=True)
    ]
    ours = book(*lines, customers=customers, as_of="2025-01-31")
    if away:
        tables = {name: duckdb.from_arrow(table.data) for name, table in ours.tables.items()}
        ours = sm.connect(**tables, as_of=ours.as_of_text)
    shown = sm.revenue.mrr(ours, by="segment").df.groupby("segment")["value"].last().to_dict()
    assert shown == {"(none)": 1, "(missing)": 2, "None": 4, "SMB": 8}
    for label, value in shown.items():
        assert sm.revenue.mrr(ours.where(segment=label)).value == value
        assert sm.revenue.mrr(ours.where(segment=[label])).value == value
    assert sm.revenue.mrr(ours.where(segment=None)).value == 2
    assert sm.revenue.mrr(ours.where(segment=["(none)", "(missing)"])).value == 3


@pytest.mark.parametrize("away", [False, True], ids=["here", "connected"])
@pytest.mark.parametrize("value", ["Oslo", None, "(none)"])
def test_a_column_of_records_is_refused_by_name_where_one_chooses_by_it(
    away: bool, value: str | None
) -> None:
    rows = pa.table({"customer_id": ["a"], "address": [{"city": "Oslo"}], "deep": [[[1]]]})
    months = pa.table({"customer_id": ["a"], "month": [dt.date(2025, 1, 1)], "mrr": [5.0]})
    ours = sm.Book(mrr=months, customers=rows)
    if away:
        ours = sm.connect(mrr=duckdb.from_arrow(months), customers=duckdb.from_arrow(rows))
    with pytest.raises(
        sm.DataError, match=r"customers\.address holds records .* df\['address'\]\.str\['city'\]"
    ):
        ours.where(address=value)
    with pytest.raises(sm.DataError, match=r"customers\.deep holds lists"):
        ours.where(deep=value)


def test_a_column_of_records_is_refused_by_name_where_one_groups_by_it() -> None:
    rows = pa.table({"customer_id": ["a"], "address": [{"city": "Oslo"}]})
    ours = sm.Book(mrr={"customer_id": ["a"], "month": ["2025-01"], "mrr": [5.0]}, customers=rows)
    with pytest.raises(sm.DataError, match=r"customers\.address holds records"):
        sm.revenue.mrr(ours, by="address")


def test_times_of_one_day_are_different_groups() -> None:
    times = pd.to_datetime(["2025-01-01 08:00", "2025-01-01 09:00"])
    customers = pd.DataFrame({"customer_id": ["a", "b"], "seen": times})
    lines = [(x, x, "2025-01-10", None, 100.0, "month") for x in "ab"]
    labels = sm.revenue.mrr(book(*lines, customers=customers), by="seen").df["seen"]
    assert labels.nunique() == 2


def test_a_column_named_like_one_of_the_result_takes_the_name_of_its_table(two: sm.Book) -> None:
    with pytest.raises(sm.DataError, match=r"'customers\.age'"):
        sm.retention.cohorts(two, by="age")
    assert "customers.age" in sm.retention.cohorts(two, by="customers.age").df.columns


def test_the_layers_of_a_cut_book_keep_their_vintages(two: sm.Book) -> None:
    cut = two.between("2025-03", "2025-04")
    layers = sm.revenue.layers(cut).df
    assert layers.groupby("period")["value"].sum().tolist() == [300, 300]
    assert sm.retention.cohorts(cut).df["observed"].tolist() == [False, False, True, True]


def test_a_loss_in_the_first_period_of_a_cut_book_is_an_event() -> None:
    lines = [
        ("1", "a", "2025-01-10", "2025-03-20", 5.0, "month"),
        ("2", "b", "2025-01-10", None, 5.0, "month"),
    ]
    cut = book(*lines, as_of="2025-07-31").between("2025-03", "2025-07")
    assert sm.survival.curve(cut).df["events"].sum() == 1


def test_cutting_a_cut_book_never_widens_it(two: sm.Book) -> None:
    cut = two.between("2025-03", "2025-04").between("2025-01", "2025-07")
    assert sm.revenue.mrr(cut).df["period"].dt.month.tolist() == [3, 4]


def test_two_rows_of_one_subscription_do_not_depend_on_their_order() -> None:
    rows = [("s", "a", "2025-01-01", None, v, "month") for v in (70.0, 7.0)]
    values = [
        sm.revenue.mrr(book(*order, as_of="2025-02-28").with_policy(overlap="latest")).value
        for order in (rows, rows[::-1])
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    "date", ["foo", "2025-02-30", pd.NaT, None, "", 5, "0001-01-01", "9999-12-31"]
)
def test_what_is_no_date_is_refused_in_words(two: sm.Book, date: object) -> None:
    with pytest.raises(sm.DataError, match="2026-03-31"):
        two.as_of(date)
    with pytest.raises(sm.DataError, match="2026-03-31"):
        two.between(date, "2025-03")


@pytest.mark.parametrize("period", ["zz", "2025-13"])
def test_what_is_no_period_is_refused_in_words(two: sm.Book, period: str) -> None:
    with pytest.raises(sm.DataError, match="not a date"):
        sm.revenue.bridge(two).rows(period=period)


def test_values_of_the_wrong_type_are_refused_in_words(two: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="age holds int64"):
        two.where(age="many")
    with pytest.raises(sm.DataError, match="at least one"):
        two.where(segment=[])
    assert sm.revenue.mrr(two.where(age=np.array([3]))).value == 100
    assert sm.revenue.mrr(two.where(segment=pd.NA)).value == 200


def test_groups_that_are_no_names_are_refused_in_words(two: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="name of a column"):
        sm.revenue.mrr(two, by=5)


def test_a_policy_that_is_none_is_refused_in_words(two: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="policy=3 is no policy"):
        two.with_policy(3)


def test_dates_as_such_are_taken(two: sm.Book) -> None:
    assert two.as_of(dt.date(2025, 3, 31)).as_of_text == "2025-03-31"
    assert two.as_of(pd.Timestamp("2025-03-31")).as_of_text == "2025-03-31"
