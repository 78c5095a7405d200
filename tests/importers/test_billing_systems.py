"""Recurly, Zuora, Recharge, Chargebee and Baremetrics, against figures made by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from tests.importers.exports import imported, mrr

RECURLY = """
id|account_id|plan_id|state|updated_at|activated_at|canceled_at|expires_at|currency|unit_amount|quantity|add_ons_total|subtotal|expiration_reason|remaining_billing_cycles
s1|a1|m|active|2026-01-10 00:00:00|2026-01-10 00:00:00|||USD|20.0|5|10.0|110.0||
s1|a1|m|active|2026-02-01 00:00:00|2026-01-10 00:00:00|||USD|20.0|5|10.0|110.0||
s1|a1|m|active|2026-03-15 00:00:00|2026-01-10 00:00:00|||USD|20.0|8|10.0|170.0||
s2|a2|y|expired|2026-04-02 00:00:00|2026-01-20 00:00:00|2026-03-01 00:00:00|2026-04-02 00:00:00|USD|1200.0|1|0.0|1200.0|nonpayment|
s3|a3|m|future|2026-04-02 00:00:00|2026-09-01 00:00:00|||USD|20.0|1|0.0|20.0||
"""  # noqa: E501
PLANS = """
id|code|name|interval_unit|interval_length|updated_at
m|m|Monthly|months|1|2026-01-01
y|y|Yearly|months|12|2026-01-01
"""


def test_recurlys_history_becomes_one_row_per_stretch_at_one_price(tmp_path: Path) -> None:
    found = imported(tmp_path, subscription_history=RECURLY, plan_history=PLANS)
    # s1: 110, from 15 March 170 (seats); s2: 1200 a year, unpaid, gone on 2 April.
    assert mrr(found, "2026-04-30") == [210.0, 210.0, 270.0, 170.0]
    rows = found.tables["subscriptions"]
    assert len(rows) == 3
    assert rows.set_index("subscription_id").loc["s2", "churn_cause"] == "involuntary"
    assert "that has not begun (s3)" in str(found)


SUBSCRIPTIONS = """
id|account_id|name|status|version|is_latest_version|cancelled_date|term_type|term_start_date|term_end_date|auto_renew|contract_effective_date
v1|a1|S-1|Expired|1|FALSE||TERMED|2026-01-01|2027-01-01|TRUE|2025-12-20
v2|a1|S-1|Active|2|TRUE||TERMED|2026-01-01|2027-01-01|TRUE|2025-12-20
v3|a2|S-2|Cancelled|1|TRUE|2026-03-31|TERMED|2026-01-01|2027-01-01|FALSE|2025-12-28
v4|a3|S-3|Draft|1|TRUE||TERMED|2026-01-01|2027-01-01|FALSE|
"""
CHARGES = """
id|subscription_id|charge_number|charge_type|mrr|effective_start_date|effective_end_date|quantity|segment|name
c0|v1|C-1|Recurring|100|2026-01-01|2027-01-01|10|1|Seats
c1|v2|C-1|Recurring|100|2026-01-01|2026-03-01|10|1|Seats
c2|v2|C-1|Recurring|150|2026-03-01|2027-01-01|15|2|Seats
c3|v2|C-2|OneTime|0|2026-01-01|2026-01-02|1|1|Set-up
c4|v3|C-3|Recurring|40|2026-01-01|2026-03-31|1|1|Flat
"""
ACCOUNTS = """
id|name|currency|created_date|bill_cycle_day
a1|Ada|USD|2025-12-01|1
a2|Bob|USD|2025-12-02|1
"""


def test_zuora_counts_segments_of_the_current_version_once(tmp_path: Path) -> None:
    found = imported(tmp_path, subscription=SUBSCRIPTIONS, charge=CHARGES, account=ACCOUNTS)
    assert mrr(found, "2026-04-30") == [140.0, 140.0, 150.0, 150.0]
    assert "charged once or by use (c3)" in str(found)


def test_the_term_of_an_active_zuora_subscription_renews_and_is_a_contract(tmp_path: Path) -> None:
    found = imported(tmp_path, subscription=SUBSCRIPTIONS, charge=CHARGES, account=ACCOUNTS)
    rows = found.tables["subscriptions"].set_index("subscription_id")
    assert rows.loc["S-1/C-1.2"].isna()["end"]
    terms = found.tables["contracts"].set_index("contract_id")
    assert terms.loc["S-1", "arr"] == 1800.0
    assert terms["auto_renew"].tolist() == [True, False]


RECHARGE = """
subscription_id|customer_id|updated_at|created_at|cancelled_at|price|quantity|status|cancellation_reason|product_title|variant_title|order_interval_unit|order_interval_frequency|charge_interval_frequency
r1|c1|2026-01-05|2026-01-05||10|2|ACTIVE||Coffee|Big|month|1|3
r2|c2|2026-01-10|2026-01-10||12|1|ACTIVE||Tea|Small|month|1|1
r2|c2|2026-03-20|2026-01-10|2026-03-20|12|1|CANCELLED|max_number_of_charge_attempts_reached|Tea|Small|month|1|1
"""


def test_a_prepaid_recharge_subscription_is_charged_for_all_its_orders(tmp_path: Path) -> None:
    found = imported(tmp_path, history=RECHARGE)
    rows = found.tables["subscriptions"].set_index("subscription_id")
    assert (rows.loc["r1", "amount"], rows.loc["r1", "interval_count"]) == (60.0, 3)
    assert mrr(found, "2026-04-30") == [32.0, 32.0, 20.0, 20.0]
    assert rows.loc["r2", "churn_cause"] == "involuntary"


CHARGEBEE = """
subscriptions.id|subscriptions.customer_id|subscriptions.status|subscriptions.plan_id|subscriptions.plan_quantity|subscriptions.plan_unit_price|subscriptions.billing_period|subscriptions.billing_period_unit|subscriptions.currency_code|subscriptions.started_at|subscriptions.cancelled_at|subscriptions.cancel_reason
s1|c1|active|pro|4|25.00|1|month|USD|2026-01-05 08:00:00||
s2|c2|cancelled|pro|1|300.00|3|month|USD|2026-01-05 08:00:00|2026-03-05 08:00:00|not_paid
s3|c3|future|pro|1|25.00|1|month|USD|2026-12-05 08:00:00||
"""


def test_chargebees_export_is_in_currency_units_and_its_api_in_the_smallest(tmp_path: Path) -> None:
    found = imported(tmp_path, subs=CHARGEBEE)
    assert mrr(found, "2026-03-31") == [200.0, 200.0, 100.0]
    api = (
        CHARGEBEE.replace("subscriptions.", "").replace("25.00", "2500").replace("300.00", "30000")
    )
    (tmp_path / "api").mkdir()
    assert mrr(imported(tmp_path / "api", subscription=api), "2026-03-31") == [200.0, 200.0, 100.0]


def test_chargebees_prices_with_cents_are_no_cents_whatever_their_columns_are_called(
    tmp_path: Path,
) -> None:
    names = CHARGEBEE.replace("subscriptions.", "").replace("currency_code", "Currency")
    found = imported(tmp_path, subs=names.replace("|25.00|", "|29.90|"))
    assert "prices are in currency units, not in cents, as '29.90' shows" in str(found)
    assert found.tables["subscriptions"]["amount"].tolist() == [4 * 29.9, 300.0]
    assert set(found.tables["subscriptions"]["currency"]) == {"USD"}
    with pytest.raises(DataError, match=r"'25\.00' may be in currency units"):
        imported(tmp_path, subs=names)


BAREMETRICS = """
plan_oid|plan_name|plan_currency|plan_amount|plan_interval|plan_interval_count|customer_oid|customer_name|customer_email|subscription_oid|subscription_started_at|subscription_canceled_at|subscription_quantity
p1|Pro|USD|5000|month|1|c1|Ada|a@x.com|s1|2026-01-31|2026-03-04|1
p2|Team|JPY|5000|month|1|c2|Bob|b@x.com|s2|2026-01-31||2
"""


def test_baremetrics_prices_are_in_the_smallest_unit(tmp_path: Path) -> None:
    found = imported(tmp_path, template=BAREMETRICS)
    assert found.tables["subscriptions"]["amount"].tolist() == [50.0, 10000.0]


LAYOUTS = {
    "recurly": ("subscription_history", "plan_history", "account_history"),
    "recharge": ("subscription_history", "customer"),
    "stripe": ("subscription", "subscription_item", "plan", "price", "customer", "product"),
    "zendesk": ("ticket", "ticket_comment", "ticket_field_history", "user", "organization"),
}


@pytest.mark.parametrize("system", LAYOUTS)
def test_the_column_layouts_of_a_warehouse_are_recognized(
    system: str, real_data: Path, tmp_path: Path
) -> None:
    for name in LAYOUTS[system]:
        file = f"{name}_data.csv"
        shutil.copy(real_data / f"fivetran_{system}_seeds" / file, tmp_path / file)
    found = sm.importers.import_folder(tmp_path)
    assert found.systems == [system.title()]
    assert not found.strangers
    assert all(len(frame) for frame in found.tables.values())


def test_zuoras_layout_is_recognized_and_says_that_versions_are_missing(
    real_data: Path, tmp_path: Path
) -> None:
    for name in ("subscription", "rate_plan_charge", "account"):
        file = f"zuora_{name}_data.csv"
        shutil.copy(real_data / "fivetran_zuora_seeds" / file, tmp_path / file)
    found = sm.importers.zuora(tmp_path)
    assert "of subscriptions that are not in the export" in str(found)


# From the seeds themselves: 1500.00 a month for one and for two seats; 99 a month, and 2999 with add-ons of 2597;
# 18.45 every 28 and 11.95 every 45 days.
WAREHOUSES = {
    "stripe": [(1500.0, "month", 1), (3000.0, "month", 1)],
    "recurly": [(99.0, "month", 1)] * 3 + [(5596.0, "month", 1)],
    "recharge": [(11.95, "day", 45), (18.45, "day", 28)],
}


@pytest.mark.parametrize("system", WAREHOUSES)
def test_the_amounts_of_a_warehouse_are_in_currency_units_per_interval(
    system: str, real_data: Path, tmp_path: Path
) -> None:
    for name in LAYOUTS[system]:
        file = f"{name}_data.csv"
        shutil.copy(real_data / f"fivetran_{system}_seeds" / file, tmp_path / file)
    rows = sm.importers.import_folder(tmp_path).tables["subscriptions"]
    found = zip(rows["amount"], rows["interval"], rows["interval_count"], strict=True)
    assert sorted(found) == WAREHOUSES[system]
