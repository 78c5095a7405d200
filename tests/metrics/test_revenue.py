"""Recurring revenue: each number against a count by hand, and the rows behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm

MONTHS = ("2026-01", "2026-02", "2026-03")


def cube(**customers: tuple[float, ...]) -> sm.Book:
    """A book from MRR per month of each customer; segment "x" for names before "c", "y" for the rest."""
    rows = [
        (c, m, v)
        for c, values in customers.items()
        for m, v in zip(MONTHS, values, strict=False)
        if v
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "month", "mrr"])
    segments = ["x" if c < "c" else "y" for c in customers]
    return sm.Book(
        mrr=frame,
        customers={"customer_id": list(customers), "segment": segments},
        as_of="2026-03-31",
    )


@pytest.fixture
def book() -> sm.Book:
    return cube(a=(100, 80, 120), b=(50, 0, 60), c=(0, 40, 40), d=(10, 10, 0))


def last(result: sm.Result) -> pd.Series:
    return result.df.iloc[-1]


def test_the_bridge_names_every_movement(book: sm.Book) -> None:
    rows = sm.revenue.bridge(book).df.set_index("period").loc["2026-02-01":]
    assert rows["opening"].tolist() == [160, 130]
    assert rows["new"].tolist() == [40, 0]
    assert rows["reactivation"].tolist() == [0, 60]
    assert rows["expansion"].tolist() == [0, 40]
    assert rows["contraction"].tolist() == [-20, 0]
    assert rows["churn"].tolist() == [-50, -10]
    assert rows["closing"].tolist() == [130, 220]
    assert (rows["residual"] == 0).all()


def test_the_bridges_of_segments_add_up(book: sm.Book) -> None:
    parts = sm.revenue.bridge(book, by="segment").df.groupby("period").sum(numeric_only=True)
    whole = sm.revenue.bridge(book).df.set_index("period")
    money = ["opening", "new", "reactivation", "expansion", "contraction", "churn", "closing"]
    pd.testing.assert_frame_equal(parts[money], whole[money])


def test_the_rows_of_a_bridge_sum_to_it(book: sm.Book) -> None:
    rows = sm.revenue.bridge(book).rows(period="2026-02")
    assert rows.set_index("customer_id")["churn"].to_dict() == {"a": 0, "b": -50, "c": 0, "d": 0}
    assert rows["closing"].sum() == 130


def test_the_rows_of_a_segment_are_its_customers(book: sm.Book) -> None:
    rows = sm.revenue.bridge(book, by="segment").rows(period="2026-02", segment="y")
    assert set(rows["customer_id"]) == {"c", "d"}


def test_rows_of_a_period_that_is_not_there_name_those_that_are(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="2026-01-01 to 2026-03-01"):
        sm.revenue.bridge(book).rows(period="2030-01")


def test_rows_of_an_unknown_group_name_the_groups(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="'x', 'y'"):
        sm.revenue.bridge(book, by="segment").rows(segment="z")


def test_arr_is_twelve_times_mrr(book: sm.Book) -> None:
    assert (sm.revenue.mrr(book).value, sm.revenue.arr(book).value) == (220, 2640)


def test_movements_count_customers_not_changes(book: sm.Book) -> None:
    df = sm.revenue.movements(book.with_policy(view="event")).df
    new = df[(df["movement"] == "new") & (df["period"] == "2026-01-01")].iloc[0]
    assert (new["value"], new["customers"]) == (160, 3)


def test_arpa_divides_by_paying_customers(book: sm.Book) -> None:
    row = last(sm.revenue.arpa(book))
    assert (row["value"], row["numerator"], row["denominator"]) == (pytest.approx(220 / 3), 220, 3)


def test_the_quick_ratio_is_gains_over_losses(book: sm.Book) -> None:
    assert sm.revenue.quick_ratio(book).value == pytest.approx((60 + 40) / 10)
    without = sm.revenue.quick_ratio(book, method="without_reactivation")
    assert without.value == pytest.approx(40 / 10)


def test_a_quick_ratio_without_losses_is_missing_with_a_reason() -> None:
    row = last(sm.revenue.quick_ratio(cube(a=(100, 110, 120))))
    assert pd.isna(row["value"])
    assert row["reason"] == "nothing was lost"


def test_concentration_is_the_share_of_the_largest(book: sm.Book) -> None:
    df = sm.revenue.concentration(book).df.set_index("measure")
    assert df.loc["top 1", "value"] == pytest.approx(120 / 220)
    assert df.loc["top 5", "value"] == 1
    assert df.loc["HHI", "value"] == pytest.approx((120**2 + 60**2 + 40**2) / 220**2)


def test_the_largest_customers_are_the_first_of_all_by_size_and_then_by_id() -> None:
    mrr = [10 + number % 7 for number in range(60)]
    ids = [f"c{number:02}" for number in range(60)]
    found = sm.Book(mrr={"customer_id": ids[::-1], "month": ["2026-01"] * 60, "mrr": mrr})
    result = sm.revenue.concentration(found)
    largest, rows = result.extra["largest"], result.rows()
    assert largest.equals(rows.head(20))
    assert len(rows) == 60
    size = [*zip(-rows["closing"], rows["customer_id"], strict=True)]
    assert size == sorted(size)
    assert rows["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("mrr", [[0.1, 0.2, 0.3], [1 / 3] * 3, [0.07] * 5])
def test_all_customers_are_all_of_mrr(mrr: list[float]) -> None:
    ids = [f"c{number}" for number in range(len(mrr))]
    book = sm.Book(mrr={"customer_id": ids, "month": ["2026-01"] * len(mrr), "mrr": mrr})
    top = sm.revenue.concentration(book).df.set_index("measure")
    assert top.loc["top 5", "value"] == top.loc["top 10", "value"] == 1


def test_concentration_counts_a_group_of_companies_as_one_customer() -> None:
    found = sm.Book(
        mrr={"customer_id": ["a", "b", "c"], "month": ["2026-01"] * 3, "mrr": [30, 30, 40]},
        customers={"customer_id": ["a", "b", "c"], "parent_id": [None, "a", None]},
    )
    top = sm.revenue.concentration(found)
    assert top.df["value"].tolist() == pytest.approx([0.6, 1, 1, 0.6**2 + 0.4**2])
    assert "customers count at their parent company" in top.footnote
    alone = sm.revenue.concentration(found, level="customer")
    assert alone.df["value"].iloc[0] == pytest.approx(0.4)
    with pytest.raises(sm.DataError, match="Did you mean 'parent'"):
        sm.revenue.concentration(found, level="parents")


def test_existing_share_is_missing_where_the_tables_do_not_reach_back(book: sm.Book) -> None:
    df = sm.revenue.existing_share(book, months=2).df
    assert df["value"].isna().tolist() == [True, True, False]
    assert df["reason"].tolist()[:2] == ["the tables do not reach back 2 months"] * 2


def test_existing_share_counts_customers_by_their_first_payment(book: sm.Book) -> None:
    # in March b is a customer of January won back, c is of February
    assert sm.revenue.existing_share(book, months=2).value == pytest.approx(180 / 220)


def test_the_layers_add_up_to_mrr(book: sm.Book) -> None:
    layers = sm.revenue.layers(book).df.groupby("period")["value"].sum()
    mrr = sm.revenue.mrr(book).df.set_index("period")["value"]
    assert layers.to_dict() == mrr.to_dict()


def test_a_footnote_says_how_and_as_of_when(book: sm.Book) -> None:
    note = sm.retention.nrr(book, window=1).footnote
    for words in ("over 1 month", "as of 2026-03-31", "USD", "policy default v1", "[nrr v1;"):
        assert words in note


def test_the_rows_of_a_bridge_can_be_those_of_one_movement() -> None:
    found = sm.revenue.bridge(sm.demo(customers=60), freq="Q")
    row = found.df[found.df["complete"] & (found.df["fx"] != 0)].iloc[-1]
    rows = found.rows(period=row["period"], movement="fx")
    assert rows["numerator"].sum() == pytest.approx(row["fx"], abs=1e-6)
    assert (rows["fx"] != 0).all()
    with pytest.raises(sm.DataError, match="There is no movement"):
        found.rows(movement="growth")


def test_a_reconciliation_says_where_its_customers_are() -> None:
    found = sm.revenue.reconcile(sm.demo(customers=40))
    with pytest.raises(sm.DataError, match=r"\.rows\(period=\.\.\., step=\.\.\.\)"):
        found.proof()


def test_nothing_lost_is_zero_and_not_minus_zero() -> None:
    book = sm.demo(customers=60)
    balances = sm.revenue.balances(book)
    frames = (balances.df, balances.rows(), sm.revenue.reconcile(book).df[["share"]])
    for frame in frames:
        numbers = frame.select_dtypes("float").to_numpy()
        assert not (np.signbit(numbers) & (numbers == 0)).any()
