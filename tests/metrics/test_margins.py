"""Gross margin of a group, of a stream, or of the whole: each from where it is known."""

from __future__ import annotations

import pytest

import saasmetrics as sm

MRR = {
    "customer_id": ["a", "b", "a", "b"],
    "month": ["2026-01", "2026-01", "2026-02", "2026-02"],
    "mrr": [100, 300, 100, 300],
}
CUSTOMERS = {"customer_id": ["a", "b"], "segment": ["SMB", "Enterprise"]}


def of(book: sm.Book, **options: object) -> dict[str, float]:
    return sm.economics.ltv(book, "segment", "margin", **options).df.set_index("segment")["margin"]


def test_a_margin_is_given_for_each_group() -> None:
    book = sm.Book(mrr=MRR, customers=CUSTOMERS)
    assert of(book, margin={"SMB": 0.5, "Enterprise": 0.9}).to_dict() == {
        "Enterprise": 0.9,
        "SMB": 0.5,
    }


def test_a_group_without_a_margin_is_named() -> None:
    book = sm.Book(mrr=MRR, customers=CUSTOMERS)
    with pytest.raises(sm.DataError, match="No margin is given for Enterprise of segment"):
        of(book, margin={"SMB": 0.5})


def test_cogs_that_name_the_group_are_those_of_the_group_and_shared_ones_follow_mrr() -> None:
    spend = {
        "month": ["2026-01", "2026-01", "2026-01", "2026-02", "2026-02", "2026-02"],
        "function": ["cogs"] * 6,
        "segment": ["SMB", "Enterprise", None] * 2,
        "amount": [20, 30, 40] * 2,
    }
    found = of(sm.Book(mrr=MRR, customers=CUSTOMERS, spend=spend))
    # SMB: (20 + 40/4) of 100; Enterprise: (30 + 40 x 3/4) of 300
    assert found.to_dict() == pytest.approx({"SMB": 0.7, "Enterprise": 0.8})


def test_a_stream_has_the_margin_of_its_own_revenue() -> None:
    finance = {
        "month": ["2026-01", "2026-02"],
        "revenue": [500, 500],
        "cogs": [250, 250],
        "revenue_usage": [100, 100],
        "cogs_usage": [60, 60],
    }
    book = sm.Book(mrr=MRR, finance=finance)
    assert sm.economics.ltv(book, method="margin", margin="usage").df["margin"].tolist() == [
        pytest.approx(0.4)
    ]
    assert sm.economics.ltv(book, method="margin").df["margin"].tolist() == [0.5]
    with pytest.raises(sm.DataError, match="no revenue_usge and cogs_usge; there are usage"):
        sm.economics.ltv(book, method="margin", margin="usge")


def test_a_window_that_a_cut_book_sees_only_in_part_has_no_cost_per_customer() -> None:
    # Spend of a whole quarter over the customers of its last two months would be too dear.
    book = sm.demo(customers=150).between("2025-02", "2026-10")
    for found in (sm.economics.cac(book, freq="Q").df, sm.economics.cac_ratio(book).df):
        first, second = found.iloc[0], found.iloc[1]
        assert first["value"] != first["value"]
        assert first["reason"] == "the book is observed from a later month on"
        assert second["value"] > 0
