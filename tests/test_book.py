"""The Book: from tables to numbers, and every way to look at a part of them."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import saasmetrics as sm


def lines(*rows: tuple, **extra: list) -> dict[str, list]:
    """Subscriptions as (customer, start, end, amount per month)."""
    names = ("customer_id", "start", "end", "amount")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    ids = [f"s{i}" for i in range(len(rows))]
    return {"subscription_id": ids, "interval": ["month"] * len(rows), **columns, **extra}


@pytest.fixture
def book() -> sm.Book:
    subscriptions = lines(
        ("a", "2025-01-10", None, 100),
        ("b", "2025-02-01", "2025-06-15", 50),
        ("c", "2025-03-05", None, 30),
        plan=["Pro", "Basic", "Basic"],
    )
    customers = {"customer_id": ["a", "b", "c"], "segment": ["SMB", "SMB", "Ent"]}
    return sm.Book(subscriptions=subscriptions, customers=customers, as_of="2025-12-31")


def mrr(book: sm.Book) -> dict[str, float]:
    df = sm.revenue.mrr(book).df
    return dict(zip(df["period"].dt.strftime("%Y-%m"), df["value"], strict=True))


def test_mrr_is_that_of_the_last_day_of_the_month(book: sm.Book) -> None:
    found = mrr(book)
    assert (found["2025-01"], found["2025-05"], found["2025-06"]) == (100, 180, 130)


def test_days_of_a_frame_are_datetimes_of_any_year() -> None:
    rows = lines(("a", "2025-01-10", "9999-12-31", 100), ("b", "2025-02-01", None, 5))
    frame = sm.Book(subscriptions=rows).frame("subscriptions")
    assert [frame[name].dtype.kind for name in ("start", "end")] == ["M", "M"]
    assert frame["start"].dt.month.tolist() == [1, 2]
    assert (frame["end"].dt.year.iloc[0], frame["end"].isna().tolist()) == (9999, [False, True])
    again = sm.Book(subscriptions=frame)
    assert again.tables["subscriptions"].data["end"].type == "date32[day]"


def test_the_callers_frame_is_never_changed() -> None:
    frame = pd.DataFrame(lines(("a", "2025-01-10", None, 100)))
    before = frame.copy(deep=True)
    sm.revenue.bridge(sm.Book(subscriptions=frame))
    pd.testing.assert_frame_equal(frame, before)


def test_the_last_day_shown_is_the_as_of_date() -> None:
    rows = lines(("a", "2025-01-10", None, 100), ("b", "2025-02-01", "2025-06-15", 50))
    assert sm.Book(subscriptions=rows).as_of_text == "2025-06-15"


def test_billing_periods_are_known_until_the_last_one_starts() -> None:
    rows = lines(("a", "2025-01-10", "2025-02-10", 9), ("a", "2025-02-10", "2025-03-10", 9))
    assert sm.Book(subscriptions=rows).as_of_text == "2025-02-10"


def test_as_of_forgets_what_came_later(book: sm.Book) -> None:
    then = book.as_of("2025-05-31")
    assert mrr(then)["2025-05"] == 180
    assert max(mrr(then)) == "2025-05"
    assert sm.retention.logo_churn(then, window=1).value == 0


def test_a_period_still_open_is_marked(book: sm.Book) -> None:
    df = sm.revenue.bridge(book.as_of("2025-06-20")).df
    assert df["complete"].tolist() == [True] * 5 + [False]


def test_where_keeps_the_customers_of_a_segment(book: sm.Book) -> None:
    assert mrr(book.where(segment="SMB"))["2025-05"] == 150
    assert mrr(book.where(segment=["SMB", "Ent"])) == mrr(book)


def test_where_keeps_the_subscriptions_of_a_plan(book: sm.Book) -> None:
    assert mrr(book.where(plan="Basic"))["2025-05"] == 80


def test_where_names_the_values_there_are(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="Ent, SMB"):
        book.where(segment="smb")


def test_where_names_the_columns_there_are(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match=r"segment.*Did you mean 'segment'"):
        book.where(segmnt="SMB")


def test_between_shows_the_periods_observed(book: sm.Book) -> None:
    df = sm.revenue.bridge(book.between("2025-02", "2025-04")).df
    assert df["period"].dt.strftime("%Y-%m").tolist() == ["2025-02", "2025-03", "2025-04"]
    assert df["opening"].iloc[0] == 100


def test_between_the_wrong_way_round_is_refused(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="swap"):
        book.between("2025-04", "2025-02")


def test_errors_in_the_tables_stop_before_any_number() -> None:
    rows = lines(("a", "2025-01-10", None, -5))
    with pytest.raises(sm.DataError, match=r"subscriptions\.amount"):
        sm.revenue.mrr(sm.Book(subscriptions=rows))


def test_the_check_reports_errors_without_stopping() -> None:
    rows = lines(("a", "2025-01-10", None, -5))
    found = sm.Book(subscriptions=rows).check().df
    assert "error" in found["severity"].tolist()


def test_a_book_without_a_source_of_mrr_says_what_to_give() -> None:
    with pytest.raises(sm.DataError, match=r"subscriptions .*mrr .*invoices"):
        sm.Book(customers={"customer_id": ["a"]})


def test_a_missing_table_is_named_with_its_columns(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match=r"spend \(month, function, amount\)"):
        book.frame("spend")


def test_currencies_are_converted_at_the_latest_rate() -> None:
    rows = lines(("a", "2025-01-01", None, 100), ("b", "2025-01-01", None, 10))
    rows["currency"] = ["USD", "EUR"]
    fx = {
        "date": ["2024-12-01", "2025-01-01", "2026-01-01"],
        "currency": ["EUR"] * 3,
        "rate": [3.0, 2.0, 9.0],
    }
    book = sm.Book(subscriptions=rows, fx=fx, as_of="2025-01-31")
    assert (book.currency, sm.revenue.mrr(book).value) == ("USD", 120)


def test_a_currency_without_a_rate_stops() -> None:
    rows = lines(
        ("a", "2025-01-01", None, 100), ("b", "2025-01-01", None, 10), currency=["USD", "EUR"]
    )
    with pytest.raises(sm.DataError, match="EUR"):
        sm.revenue.mrr(sm.Book(subscriptions=rows, currency="USD"))


def test_a_discount_that_ends_is_an_expansion() -> None:
    # carl24k/fight-churn#26: an expired discount is a second price segment
    rows = lines(("a", "2021-10-01", None, 10))
    rows.update(list_amount=[20], discount_end=["2021-11-01"])
    book = sm.Book(subscriptions=rows, as_of="2021-12-31")
    assert list(mrr(book).values()) == [10, 20, 20]
    assert list(mrr(book.with_policy(discount="forever_only")).values()) == [20, 20, 20]
    assert list(mrr(book.with_policy(discount="none")).values()) == [20, 20, 20]


def test_a_pause_is_its_own_line_and_not_churn() -> None:
    rows = lines(("a", "2025-01-01", None, 10))
    rows.update(pause_start=["2025-02-10"], pause_end=["2025-04-05"])
    book = sm.Book(subscriptions=rows, as_of="2025-05-31")
    df = sm.revenue.bridge(book).df
    assert df["pause"].tolist() == [0, -10, 0, 10, 0]
    assert (df["churn"] == 0).all()
    assert sm.revenue.bridge(book.with_policy(pause="churn")).df["churn"].tolist() == [
        0,
        -10,
        0,
        0,
        0,
    ]
    assert mrr(book.with_policy(pause="kept")) == dict.fromkeys(mrr(book), 10)


def test_a_pause_is_no_lost_customer() -> None:
    rows = lines(("a", "2025-01-01", None, 10), ("b", "2025-01-01", None, 10))
    rows.update(pause_start=["2025-02-10", None], pause_end=["2025-04-05", None])
    book = sm.Book(subscriptions=rows, as_of="2025-03-31")
    assert sm.retention.logo_churn(book, window=2).value == 0
    assert sm.retention.nrr(book, window=2).value == 0.5


def test_a_late_renewal_within_the_tolerance_is_continuous() -> None:
    rows = lines(("a", "2025-01-01", "2025-02-25", 10), ("a", "2025-03-10", None, 10))
    book = sm.Book(subscriptions=rows, as_of="2025-04-30")
    assert sm.revenue.bridge(book).df["churn"].sum() == -10
    assert sm.revenue.bridge(book.with_policy(gap_days=13)).df["churn"].sum() == 0
    assert sm.revenue.bridge(book.with_policy(gap_days=12)).df["churn"].sum() == -10


def test_a_return_after_too_long_is_new() -> None:
    rows = lines(("a", "2025-01-01", "2025-02-10", 10), ("a", "2025-06-10", None, 10))
    book = sm.Book(subscriptions=rows, as_of="2025-06-30")
    assert sm.revenue.bridge(book).df["reactivation"].sum() == 10
    later = sm.revenue.bridge(book.with_policy(new_after_days=90)).df
    assert (later["reactivation"].sum(), later["new"].sum()) == (0, 20)


def test_overlapping_subscriptions_are_added_or_replaced() -> None:
    rows = lines(("a", "2025-01-01", None, 10), ("a", "2025-02-10", "2025-03-05", 30))
    book = sm.Book(subscriptions=rows, as_of="2025-03-31")
    assert list(mrr(book).values()) == [10, 40, 10]
    assert list(mrr(book.with_policy(overlap="latest")).values()) == [10, 30, 10]


@pytest.mark.parametrize("way", ["read", "connected"])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 1, 0)], ids=["abc", "bca", "cba"])
@pytest.mark.parametrize(
    ("name", "rows", "latest"),
    [
        ("invoices", {"date": ["2026-01-11", "2026-01-01", "2026-01-05"], "amount": [5, 9, 1]}, 5),
        ("invoices", {"date": ["2026-01-11"] * 3, "amount": [5, 9, 1]}, 9),
        (
            "invoices",
            {"invoice_id": ["i3", "i1", "i2"], "date": ["2026-01-11"] * 3, "amount": [5, 9, 1]},
            5,
        ),
        ("mrr", {"month": ["2026-01-01"] * 3, "mrr": [5, 9, 1], "plan": ["x", "y", "z"]}, 9),
    ],
    ids=["dates", "same_date", "ids", "mrr"],
)
def test_of_lines_that_begin_together_the_latest_is_the_same_in_every_order_of_rows(
    name: str, rows: dict[str, list[Any]], latest: float, order: tuple[int, ...], way: str
) -> None:
    table = pa.table({"customer_id": ["a"] * 3, **rows}).take(pa.array(order))
    day = "date" if name == "invoices" else "month"
    days = pc.cast(table[day], pa.date32())
    table = table.set_column(table.column_names.index(day), day, days)
    make = sm.Book if way == "read" else sm.connect
    given = table if way == "read" else pl.from_arrow(table)
    assert sm.revenue.mrr(make(**{name: given}, policy=sm.Policy(overlap="latest"))).value == latest


def test_an_end_date_is_the_first_day_without_service_unless_it_is_inclusive() -> None:
    rows = lines(("a", "2025-01-01", "2025-01-31", 10), ("b", "2025-01-01", None, 1))
    book = sm.Book(subscriptions=rows, as_of="2025-02-28")
    assert mrr(book)["2025-01"] == 1
    assert mrr(book.with_policy(end="inclusive"))["2025-01"] == 11


def test_a_trial_counts_from_its_conversion() -> None:
    rows = lines(("a", "2025-01-01", None, 10), trial_end=["2025-02-14"])
    book = sm.Book(subscriptions=rows, as_of="2025-03-31")
    assert list(mrr(book).values()) == [10, 10]
    assert list(mrr(book.with_policy(trial="included")).values()) == [10, 10, 10]


def test_groups_of_companies_are_counted_at_their_parent() -> None:
    rows = lines(("a", "2025-01-01", "2025-02-10", 10), ("b", "2025-01-01", None, 10))
    customers = {"customer_id": ["a", "b"], "parent_id": ["p", "p"]}
    book = sm.Book(subscriptions=rows, customers=customers, as_of="2025-02-28")
    assert sm.retention.logo_churn(book, window=1).value == 0.5
    assert sm.retention.logo_churn(book.with_policy(entity="parent"), window=1).value == 0
    assert sm.retention.logo_churn(book.with_policy(entity="subscription"), window=1).value == 0.5


def test_an_invoice_counts_per_month_of_service() -> None:
    invoices = {
        "invoice_id": ["1", "2"],
        "customer_id": ["a", "b"],
        "date": ["2025-01-05", "2025-02-05"],
        "amount": [120, 10],
        "service_start": ["2025-01-01", None],
        "service_end": ["2025-12-31", None],
    }
    book = sm.Book(invoices=invoices)
    assert (book.as_of_text, list(mrr(book).values())) == ("2025-02-28", [10, 20])


def test_spread_invoices_add_up_to_what_was_billed() -> None:
    invoices = {
        "invoice_id": ["1"],
        "customer_id": ["a"],
        "date": ["2025-01-05"],
        "amount": [100.01],
        "service_start": ["2025-01-17"],
        "service_end": ["2025-09-03"],
    }
    book = sm.Book(invoices=invoices, as_of="2025-12-31").with_policy(recognition="daily")
    assert round(sum(mrr(book).values()), 2) == 100.01


def test_the_wide_customer_cube_is_the_long_one() -> None:
    wide = pd.DataFrame({"customer_id": ["a", "b"], "2025-01": [10, 0], "2025-02": [12, 5]})
    long = {
        "customer_id": ["a", "a", "b"],
        "month": ["2025-01", "2025-02", "2025-02"],
        "mrr": [10, 12, 5],
    }
    assert mrr(sm.Book(mrr=wide)) == mrr(sm.Book(mrr=long)) == {"2025-01": 10, "2025-02": 17}


def test_an_empty_book_has_no_periods_but_no_error() -> None:
    rows = lines(("a", "2025-01-01", None, 0))
    book = sm.Book(subscriptions=rows, as_of="2025-01-31")
    assert sm.revenue.mrr(book).value == 0
    assert sm.retention.nrr(book).value is None
    assert not len(sm.retention.cohorts(book).df)


def test_a_policy_that_only_combines_sums_differently_counts_nothing_again(book: sm.Book) -> None:
    engine = book.engine
    assert book.with_policy(nrr="movements", reactivation="in").engine is engine
    assert book.with_policy(view="event").engine is not engine


def test_a_customer_that_leaves_out_of_a_pause_is_lost_in_that_month() -> None:
    paused = [(f"p{i}", "2025-01-01", "2025-06-15", 100) for i in range(5)]
    rows = lines(*paused, *((f"k{i}", "2025-01-01", None, 100) for i in range(5)))
    rows["pause_start"] = ["2025-03-01"] * 5 + [None] * 5
    book = sm.Book(subscriptions=rows, as_of="2025-09-30")
    churn = sm.retention.logo_churn(book, window=1).df.set_index("period")
    assert churn.loc["2025-03-01", "numerator"] == 0
    assert (churn.loc["2025-06-01", "numerator"], churn.loc["2025-06-01", "denominator"]) == (5, 10)
    assert sm.retention.logo_churn(book, window=1).rows(period="2025-06")["numerator"].sum() == 5


def test_a_book_that_was_pickled_gives_the_same_numbers_with_the_same_footnotes() -> None:
    book = sm.demo(customers=40).where(segment="SMB").as_of("2026-03-31")
    again = pickle.loads(pickle.dumps(book))
    found, wanted = sm.retention.nrr(again), sm.retention.nrr(book)
    assert (found.value, found.footnote) == (wanted.value, wanted.footnote)
    assert again.data_hash == book.data_hash


def test_a_book_whose_tables_are_elsewhere_is_not_pickled_and_says_what_to_do() -> None:
    rows = pl.DataFrame({"customer_id": ["a"], "month": [dt.date(2026, 1, 1)], "mrr": [10.0]})
    book = sm.connect(mrr=rows.lazy(), currency="USD")
    with pytest.raises(sm.DataError, match=r"call sm\.connect in each process"):
        pickle.dumps(book)
