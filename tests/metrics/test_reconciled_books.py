"""Whole companies reconciled: the demo company, groups, parts of a book, awkward tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from tests.metrics.bills import bill, book, month, monthly, sub


@pytest.mark.parametrize("against", ["invoices", "service", "revenue"])
@pytest.mark.parametrize("freq", ["M", "Q"])
def test_the_demo_company_reconciles(demo_book: sm.Book, against: str, freq: str) -> None:
    made = sm.revenue.reconcile(demo_book, against, freq)
    whole = made.df[made.df["complete"]]
    assert (whole["residual"] == 0).all()
    assert whole["within"].all()
    assert whole["share"].abs().max() < 1e-6  # cents of prorated bills


@pytest.mark.parametrize("policy", ["stripe", "profitwell", "maxio", "recurly", "chartmogul_b2b"])
def test_what_another_tool_calls_mrr_reconciles_to_the_same_bills(
    demo_book: sm.Book, policy: str
) -> None:
    made = sm.revenue.reconcile(demo_book.with_policy(policy))
    assert made.df["share"].abs().max() < 1e-6
    same = sm.revenue.reconcile(demo_book).df["billed"]
    np.testing.assert_array_equal(made.df["billed"], same)


def test_what_was_billed_is_the_sum_of_the_invoices_at_the_rates_of_their_days(
    demo_book: sm.Book,
) -> None:
    lines, fx = demo_book.frame("invoices"), demo_book.frame("fx")
    lines["date"] = pd.to_datetime(lines["date"])
    fx["date"] = pd.to_datetime(fx["date"])
    joined = pd.merge_asof(
        lines.sort_values("date"), fx[["date", "rate"]].sort_values("date"), on="date"
    )
    rate = joined["rate"].where(joined["currency"] == "EUR", 1.0)
    billed = (joined["amount"] * rate).groupby(joined["date"].dt.to_period("M")).sum()
    made = sm.revenue.reconcile(demo_book).df
    expected = billed.reindex(made["period"].dt.to_period("M"), fill_value=0)
    np.testing.assert_allclose(made["billed"], expected, atol=1e-3)


def test_groups_add_up_and_their_rows_to_them(demo_book: sm.Book) -> None:
    made, whole = sm.revenue.reconcile(demo_book, by="segment"), sm.revenue.reconcile(demo_book)
    names = [*made.extra["steps"], "billed"]
    parts = made.df.groupby("period")[names].sum()
    np.testing.assert_allclose(parts, whole.df.set_index("period")[names], atol=5e-7)
    cell = made.df[(made.df["period"] == "2026-08-01") & (made.df["segment"] == "SMB")].iloc[0]
    rows = made.rows(period="2026-08", segment="SMB")
    np.testing.assert_allclose(rows[names].sum(), cell[names].astype(float), atol=5e-7)


def test_what_cannot_be_reconciled_is_refused_with_the_remedy() -> None:
    alone = sm.Book(subscriptions=pd.DataFrame([sub("a", "2026-01-01", 100)]), as_of="2026-01-31")
    with pytest.raises(sm.DataError, match="invoices"):
        sm.revenue.reconcile(alone)
    with pytest.raises(sm.DataError, match="finance"):
        sm.revenue.reconcile(alone, "revenue")
    both = book([sub("a", "2026-01-01", 100)], monthly("a", 100))
    with pytest.raises(sm.DataError, match="Did you mean 'invoices'"):
        sm.revenue.reconcile(both, "invoice")
    with pytest.raises(sm.DataError, match="column of customers"):
        sm.revenue.reconcile(both, by="segment")
    with pytest.raises(sm.DataError, match="periods run from 2026-01-01 to 2026-03-01"):
        sm.revenue.reconcile(both).rows(period="2031-01")
    with pytest.raises(sm.DataError, match="step of this reconciliation"):
        sm.revenue.reconcile(both).rows(step="unexplaned")


def test_lines_without_service_dates_count_for_their_month_and_the_footnote_says_so() -> None:
    bills = [bill("a", f"2026-0{m}-15", 100) for m in (1, 2, 3)]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], bills))
    assert month(made, "2026-02-01") == {"mrr": 100, "billed": 100}
    assert "3 invoice lines do not say which days they serve" in made.footnote


def test_bills_that_a_short_month_cuts_are_whole_months() -> None:
    # Billed on the last day of each month, as billing systems do for an anchor on the 31st.
    bills = [
        bill("a", "2026-01-31", 100, "2026-01-31", "2026-02-27"),
        bill("a", "2026-02-28", 100, "2026-02-28", "2026-03-30"),
        bill("a", "2026-03-31", 100, "2026-03-31", "2026-04-29"),
    ]
    tables = book([sub("a", "2026-01-31", 100)], bills)
    assert not sm.revenue.reconcile(tables).df["unexplained"].any()
    alone = sm.Book(invoices=tables.frame("invoices"), as_of="2026-03-31")
    assert sm.revenue.mrr(alone).df["value"].tolist() == [100, 100, 100]


def test_a_customer_cube_reconciles_too_and_ids_may_be_numbers_in_one_table_and_text_in_the_other() -> (
    None
):
    mrr = pd.DataFrame(
        {
            "customer_id": [1, 1, 2],
            "month": ["2026-01", "2026-02", "2026-02"],
            "mrr": [100, 100, 40],
        }
    )
    lines = pd.DataFrame(
        [
            {"invoice_id": i, **b}
            for i, b in enumerate([*monthly("1", 100, 2), *monthly("2", 40, 2)[1:]])
        ]
    )
    tables = sm.Book(mrr=mrr, invoices=lines, as_of="2026-02-28")
    made = sm.revenue.reconcile(tables)
    assert month(made, "2026-02-01") == {"mrr": 140, "billed": 140}


def test_parents_and_subscriptions_count_to_the_same_bills() -> None:
    subs = [sub("a", "2026-01-01", 100), sub("a", "2026-01-01", 20), sub("b", "2026-01-01", 30)]
    customers = pd.DataFrame({"customer_id": ["a", "b"], "parent_id": ["b", None]})
    bills = [*monthly("a", 120), *monthly("b", 30)]
    for entity, names in (("subscription", ["a", "b"]), ("parent", ["b"])):
        tables = book(subs, bills, customers=customers, policy=sm.Policy(entity=entity))
        made = sm.revenue.reconcile(tables)
        assert month(made, "2026-02-01") == {"mrr": 150, "billed": 150}
        assert made.rows(step="billed")["customer_id"].tolist() == names


def test_a_book_observed_from_a_day_on_starts_there(demo_book: sm.Book) -> None:
    part = sm.revenue.reconcile(demo_book.between("2026-01", "2026-06"))
    whole = sm.revenue.reconcile(demo_book).df
    assert part.df["period"].tolist() == list(pd.date_range("2026-01-01", periods=6, freq="MS"))
    same = whole[whole["period"].isin(part.df["period"])]
    np.testing.assert_array_equal(part.df["billed"], same["billed"])


def test_a_part_of_the_book_reconciles_by_itself(demo_book: sm.Book) -> None:
    made = sm.revenue.reconcile(demo_book.where(segment="SMB")).df
    whole = sm.revenue.reconcile(demo_book, by="segment").df
    same = whole.loc[whole["segment"] == "SMB", "billed"]
    np.testing.assert_allclose(made["billed"], same.iloc[-len(made) :], atol=5e-6)


def test_an_open_month_counts_its_days_so_far() -> None:
    made = sm.revenue.reconcile(
        book([sub("a", "2026-01-01", 310)], monthly("a", 310, 1), as_of="2026-01-10")
    )
    # 10 of 31 days: 100 of MRR, 100 served, 210 billed for days to come.
    assert month(made, "2026-01-01") == {"mrr": 100, "billed_ahead": 210, "billed": 310}
    assert not made.df["complete"].iloc[0]


def test_no_line_at_all_leaves_all_mrr_without_an_invoice() -> None:
    later = [bill("a", "2030-01-01", 100)]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], later))
    assert month(made, "2026-01-01") == {"mrr": 100, "only_mrr": -100}
    assert "1 invoices row dated after" in made.footnote
