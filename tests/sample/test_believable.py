"""The company looks like one that a founder would recognise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from saasmetrics import sample

MONTHS = {"month": 1, "quarter": 3, "year": 12}


@pytest.fixture(scope="module", params=[7, 1, 2, 3])
def any_company(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    tables = sample.tables(seed=request.param)
    names = ("subscriptions", "customers", "spend", "finance", "fx")
    return {name: tables[name].to_pandas(date_as_object=False) for name in names}


def mrr_at(tables: dict[str, pd.DataFrame], day: str) -> pd.Series:
    lines, at = tables["subscriptions"], pd.Timestamp(day)
    on = (lines.start <= at) & (lines.end.isna() | (lines.end > at))
    on &= ~((lines.pause_start <= at) & (lines.pause_end.isna() | (lines.pause_end > at)))
    rate = tables["fx"].rate.iloc[-1]  # constant currency
    mrr = lines.amount / lines.interval.map(MONTHS) * np.where(lines.currency == "EUR", rate, 1.0)
    return mrr[on].groupby(lines.customer_id).sum()


def test_arr_is_some_tens_of_millions(any_company: dict[str, pd.DataFrame]) -> None:
    assert 15e6 < 12 * mrr_at(any_company, "2026-10-31").sum() < 60e6


def test_retention_is_in_the_range_of_real_companies(
    any_company: dict[str, pd.DataFrame],
) -> None:
    before, now = mrr_at(any_company, "2025-10-31"), mrr_at(any_company, "2026-10-31")
    kept = now.reindex(before.index).fillna(0.0)
    assert 0.97 < kept.sum() / before.sum() < 1.18
    assert 0.82 < np.minimum(kept, before).sum() / before.sum() < 0.94
    assert 0.70 < (kept > 0).mean() < 0.90


def test_customers_earn_several_times_what_they_cost(
    any_company: dict[str, pd.DataFrame],
) -> None:
    """Simple LTV:CAC and payback of the last twelve months, by the plain formulas."""
    lines, spend = any_company["subscriptions"], any_company["spend"]
    won = (lines.groupby("customer_id").start.min() >= "2025-11-01").sum()
    year = spend[spend.month >= "2025-11-01"]
    cac = year[year.function.isin(["sales", "marketing"])].amount.sum() / won
    finance = any_company["finance"].tail(12)
    margin = 1 - finance.cogs.sum() / finance.revenue.sum()
    before, now = mrr_at(any_company, "2025-10-31"), mrr_at(any_company, "2026-10-31")
    churn = 1 - before.index.isin(now.index).mean() ** (1 / 12)
    assert 0.75 < margin < 0.82
    assert 9 < cac / (now.mean() * margin) < 18
    assert 3 < now.mean() * margin / churn / cac < 6.5


def test_signups_grow(any_company: dict[str, pd.DataFrame]) -> None:
    first = any_company["subscriptions"].groupby("customer_id").start.min()
    by_year = first.dt.year.value_counts()
    assert by_year[2022] < by_year[2023] < by_year[2024] < by_year[2025]


def test_everything_that_was_promised_happens(company: dict[str, pa.Table]) -> None:
    lines = company["subscriptions"].to_pandas(date_as_object=False)
    assert set(lines.interval) == {"month", "quarter", "year"}
    assert set(lines.currency) == {"USD", "EUR"}
    assert set(lines.plan) == {"Starter", "Growth", "Scale"}
    assert set(lines["product"]) == {"Core", "Analytics add-on"}
    assert set(lines.churn_cause.dropna()) == {"voluntary", "involuntary", "unknown"}
    assert lines.pause_start.notna().sum() > 20
    assert (lines.cancel_requested_at.notna() & lines.end.isna()).sum() > 3  # in notice at as_of
    customers = company["customers"].to_pandas()
    assert set(customers.channel) == {"outbound", "inbound", "partner", "self_serve"}
    assert set(customers.segment) == {"SMB", "Mid-Market", "Enterprise"}
    assert customers.parent_id.notna().sum() > 20
    assert company["people"].to_pandas().end.notna().sum() > 3


def test_a_csm_looks_after_fifty_to_two_hundred_customers(company: dict[str, pa.Table]) -> None:
    lines = company["subscriptions"].to_pandas(date_as_object=False)
    active = lines[lines.end.isna()].customer_id.unique()
    customers = company["customers"].to_pandas()
    books = customers[customers.customer_id.isin(active)].csm_id.value_counts()
    assert books.between(50, 200).all()
