from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from saasmetrics import DataError, sample
from saasmetrics.tables.schema import SCHEMA

FILLED = sorted(set(SCHEMA) - {"mrr"})
"""A company bills from subscriptions; the table mrr replaces them and would count them twice."""

EXTRA = {
    "customers": {"lifecycle", "onboarding_arm"},
    "finance": {"sales_and_marketing", "funding"},
    "tickets": {"priority_source"},
    "trials": {"channel"},
}
CLOCKS = {"recorded_at", "withdrawn_at"}
"""When a row became known and was withdrawn: the demo is one export, of one day."""
OPTIONAL = {
    "usage": {"usage_id", "subscription_id"},  # which product telemetry does not have
    "contracts": {"escalator"},  # uplifts are those of subscriptions
    "subscriptions": {"signed_at"},  # contracts say when they were signed
}


def test_every_table_beside_subscriptions_is_filled(company: dict[str, pa.Table]) -> None:
    assert sorted(company) == FILLED
    assert all(table.num_rows > 0 for table in company.values())


@pytest.mark.parametrize("name", FILLED)
def test_columns_are_those_of_the_schema(company: dict[str, pa.Table], name: str) -> None:
    known = set(SCHEMA[name].columns)
    assert set(company[name].column_names) - EXTRA.get(name, set()) <= known
    missing = known - set(company[name].column_names)
    assert missing - OPTIONAL.get(name, set()) <= CLOCKS


@pytest.mark.parametrize("name", FILLED)
def test_required_columns_have_no_missing_value(company: dict[str, pa.Table], name: str) -> None:
    required = [column.name for column in SCHEMA[name].columns.values() if column.required]
    assert {column: company[name][column].null_count for column in required} == dict.fromkeys(
        required, 0
    )


@pytest.mark.parametrize("name", FILLED)
def test_no_column_is_empty(company: dict[str, pa.Table], name: str) -> None:
    table = company[name]
    assert [c for c in table.column_names if table[c].null_count == table.num_rows] == []


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("subscriptions", "subscription_id"),
        ("customers", "customer_id"),
        ("contracts", "contract_id"),
        ("invoices", "invoice_id"),
        ("tickets", "ticket_id"),
        ("activities", "activity_id"),
        ("surveys", "survey_id"),
        ("people", "person_id"),
    ],
)
def test_ids_are_unique(company: dict[str, pa.Table], table: str, key: str) -> None:
    assert pc.count_distinct(company[table][key]).as_py() == company[table].num_rows


def test_two_thousand_customers_pay_and_prospects_come_on_top(
    company: dict[str, pa.Table],
) -> None:
    assert pc.count_distinct(company["subscriptions"]["customer_id"]).as_py() == 2000
    kinds = pc.value_counts(company["customers"]["lifecycle"]).to_pylist()
    counts = {row["values"]: row["counts"] for row in kinds}
    assert counts["customer"] == 2000
    assert counts["prospect"] > 500


@pytest.mark.parametrize(
    ("table", "column", "other", "key"),
    [
        ("subscriptions", "customer_id", "customers", "customer_id"),
        ("contracts", "customer_id", "customers", "customer_id"),
        ("contracts", "owner_id", "people", "person_id"),
        ("contracts", "previous_contract_id", "contracts", "contract_id"),
        ("customers", "parent_id", "customers", "customer_id"),
        ("customers", "csm_id", "people", "person_id"),
        ("tickets", "customer_id", "customers", "customer_id"),
        ("tickets", "agent_id", "people", "person_id"),
        ("usage", "customer_id", "customers", "customer_id"),
        ("surveys", "customer_id", "customers", "customer_id"),
        ("surveys", "ticket_id", "tickets", "ticket_id"),
        ("activities", "customer_id", "customers", "customer_id"),
        ("activities", "csm_id", "people", "person_id"),
        ("trials", "customer_id", "customers", "customer_id"),
        ("hours", "person_id", "people", "person_id"),
        ("people", "manager_id", "people", "person_id"),
        ("invoices", "customer_id", "customers", "customer_id"),
        ("invoices", "subscription_id", "subscriptions", "subscription_id"),
    ],
)
def test_every_reference_leads_to_a_row(
    company: dict[str, pa.Table], table: str, column: str, other: str, key: str
) -> None:
    wanted = set(company[table][column].drop_null().to_pylist())
    assert wanted - set(company[other][key].to_pylist()) == set()


def test_lines_are_half_open_and_what_lies_after_the_extract_is_unknown(
    company: dict[str, pa.Table],
) -> None:
    lines = company["subscriptions"].to_pandas(date_as_object=False)
    as_of = pd.Timestamp("2026-10-31")
    assert (lines.end.dropna() > lines.start[lines.end.notna()]).all()
    for column in ("start", "end", "pause_start", "pause_end", "cancel_requested_at"):
        assert lines[column].max() < as_of + pd.Timedelta(days=1), column
    assert lines.churn_cause[lines.end.isna()].isna().all()
    assert company["contracts"].to_pandas(date_as_object=False).end.max() > as_of


def test_a_change_of_seats_starts_another_line_on_the_day_the_old_one_ends(
    company: dict[str, pa.Table],
) -> None:
    lines = company["subscriptions"].to_pandas(date_as_object=False)
    core = lines[lines["product"] == "Core"].sort_values(["customer_id", "start"])
    nearest = core.groupby("customer_id").start.shift(-1)
    followed = nearest.notna()
    assert (nearest[followed] >= core.end[followed]).all()  # never two core lines at once
    assert (nearest[followed] == core.end[followed]).mean() > 0.8
    gaps = (nearest - core.end)[followed & (nearest > core.end)].dt.days
    assert gaps.min() >= 59  # two months, February included: reactivations


def test_amounts_are_list_amounts_less_discounts_to_the_cent(company: dict[str, pa.Table]) -> None:
    lines = company["subscriptions"].to_pandas()
    net = (lines.list_amount - lines.discount.fillna(0)).round(2)
    assert (net == lines.amount).all()
    assert (lines.amount > 0).all()
    assert lines.discount_end.notna().sum() > 100


def test_invoices_bill_what_the_subscriptions_say(company: dict[str, pa.Table]) -> None:
    """January 2026 by lines (days / days of the month) and by bills spread over their days."""
    lines = company["subscriptions"].to_pandas(date_as_object=False)
    bills = company["invoices"].to_pandas(date_as_object=False).query("kind == 'recurring'")
    at = pd.Timestamp("2026-01-31")
    on = (lines.start <= at) & (lines.end.isna() | (lines.end > at))
    paused = (lines.pause_start <= at) & (lines.pause_end.isna() | (lines.pause_end > at))
    paid = lines[on & ~paused].set_index("subscription_id")
    months = paid.interval.map({"month": 1, "quarter": 3, "year": 12})
    mrr = (paid.amount / months).groupby(level=0).sum()
    served = bills[(bills.service_start <= at) & (bills.service_end >= at)]
    length = (served.service_end + pd.Timedelta(days=1)).dt.to_period("M").astype(
        "int64"
    ) - served.service_start.dt.to_period("M").astype("int64")
    billed = (served.amount / length).groupby(served.subscription_id).sum()
    assert set(mrr.index) == set(billed.index)
    assert (mrr - billed.reindex(mrr.index)).abs().max() <= 0.01  # a bill is rounded to the cent


def test_finance_revenue_follows_the_mrr(company: dict[str, pa.Table]) -> None:
    lines = company["subscriptions"].to_pandas(date_as_object=False)
    rates = company["fx"].to_pandas().rate
    at = pd.Timestamp("2026-09-30")
    on = lines[(lines.start <= at) & (lines.end.isna() | (lines.end > at))]
    mrr = on.amount / on.interval.map({"month": 1, "quarter": 3, "year": 12})
    mrr = (mrr * np.where(on.currency == "EUR", rates.iloc[-2], 1.0)).sum()
    revenue = company["finance"].to_pandas().revenue.iloc[-2]
    assert revenue == pytest.approx(mrr, rel=0.05)  # MRR grows during the month


def test_cash_falls_by_net_burn_and_rises_by_funding(company: dict[str, pa.Table]) -> None:
    months = company["finance"].to_pandas()
    change = months.cash.diff().iloc[1:]
    assert (change - (months.funding - months.net_burn).iloc[1:]).abs().max() < 0.01
    assert months.cash.min() > 0


def test_hours_paid_online_available_and_handling_are_ordered(
    company: dict[str, pa.Table],
) -> None:
    hours = company["hours"].to_pandas()
    assert (hours.paid >= hours.online).all()
    assert (hours.online >= hours.available).all()
    assert (hours.available >= hours.handling).all()
    assert hours.handling.sum() / hours.available.sum() > 0.3


def test_handling_hours_are_those_of_the_tickets(company: dict[str, pa.Table]) -> None:
    seconds = company["tickets"].to_pandas().handle_seconds.sum()
    handling = company["hours"].to_pandas().handling.sum()
    assert handling == pytest.approx(seconds / 3600, rel=1e-3)


def test_tickets_move_forward_in_time(company: dict[str, pa.Table]) -> None:
    tickets = company["tickets"].to_pandas()
    assert (
        tickets.first_reply_at.dropna() > tickets.created_at[tickets.first_reply_at.notna()]
    ).all()
    solved = tickets.dropna(subset=["solved_at"])
    assert (solved.first_solved_at >= solved.first_reply_at).all()
    assert (solved.solved_at >= solved.first_solved_at).all()
    assert tickets.solved_at.isna().sum() > 0  # some are still open
    assert tickets.created_at.max() < pd.Timestamp("2026-11-01")


def test_some_company_names_have_letters_beyond_ascii(company: dict[str, pa.Table]) -> None:
    names = company["customers"]["name"].to_pylist()
    assert len(set(names)) == len(names)
    assert 0.05 < np.mean([not name.isascii() for name in names]) < 0.5


def test_targets_reach_beyond_the_data_for_every_scope(company: dict[str, pa.Table]) -> None:
    targets = company["targets"].to_pandas()
    assert set(targets.scope) == {"company", "segment", "pod", "csm"}
    assert set(targets.metric) == {"arr", "nrr", "grr"}
    assert targets.period.max() == "2027-Q1"  # two quarters after the last whole one, 2026-Q3
    grr = targets.query("metric == 'grr'").value
    assert grr.between(0.5, 1).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"customers": 0}, "at least one customer"),
        ({"seed": -1}, "seed from 0 up"),
        ({"as_of": "October"}, "2026-10-31"),
    ],
)
def test_arguments_that_make_no_company_are_refused(
    arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        sample.tables(**arguments)  # type: ignore[arg-type]
