"""A public billing export reconciled: to its own lines, and to recognition by days made apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm


@pytest.fixture(scope="module")
def lines(real_data: Path) -> pd.DataFrame:
    found = pd.read_csv(real_data / "saas_metrics_sample" / "billing.csv")
    for name in ("Invoice Date", "Service Start", "Service End"):
        found[name] = pd.to_datetime(found[name])
    return found


@pytest.fixture(scope="module")
def book(real_data: Path) -> sm.Book:
    return sm.read(real_data / "saas_metrics_sample")


def test_what_was_billed_is_the_export_by_month(book: sm.Book, lines: pd.DataFrame) -> None:
    made = sm.revenue.reconcile(book).df
    billed = lines.groupby(lines["Invoice Date"].dt.to_period("M"))["Amount"].sum()
    np.testing.assert_allclose(made["billed"], billed.iloc[: len(made)], atol=1e-6)
    assert (made["residual"] == 0).all()


def test_what_was_recognised_is_the_sum_over_days(book: sm.Book, lines: pd.DataFrame) -> None:
    made = sm.revenue.reconcile(book, "service")
    stated = lines["Service Start"].notna() & lines["Service End"].notna()
    month = lines["Invoice Date"].dt.to_period("M")
    expected = lines[~stated].groupby(month[~stated])["Amount"].sum().to_dict()
    for row in lines[stated].itertuples(index=False):
        days = pd.date_range(row[3], row[4]).to_period("M").value_counts()
        for period, number in days.items():
            expected[period] = expected.get(period, 0.0) + row[2] * number / days.sum()
    right = [expected[p] for p in made.df["period"].dt.to_period("M")]
    np.testing.assert_allclose(made.df["recognised"], right, atol=1e-3)


def test_mrr_that_is_made_of_the_invoices_says_that_nothing_else_can_part_them(
    book: sm.Book,
) -> None:
    made = sm.revenue.reconcile(book)
    assert not made.df["unexplained"].any()
    assert "MRR comes from these invoices itself" in made.footnote


def test_a_billing_system_with_one_customer_less_is_found_out(
    real_data: Path, lines: pd.DataFrame
) -> None:
    whole = sm.read(real_data / "saas_metrics_sample")
    largest = lines.groupby("Customer")["Amount"].sum().idxmax()
    invoices = whole.frame("invoices")
    less = sm.Book(invoices=invoices[invoices["customer_id"] != largest], as_of=whole.as_of_text)
    made = sm.definitions.sources(whole, less)
    rows = made.rows()
    assert rows.loc[rows["status"] != "equal", "customer_id"].tolist() == [largest]
    assert rows["difference"].sum() == pytest.approx(made.df["difference"].iloc[-1], abs=1e-6)
