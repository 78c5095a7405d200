"""Paddle Billing: items, changes to come, pauses, discounts and tax, against figures made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from tests.importers.exports import imported

COLUMNS = (
    "id", "customer_id", "status", "currency_code", "started_at", "first_billed_at", "next_billed_at", "paused_at",
    "canceled_at", "scheduled_change_action", "scheduled_change_effective_at", "scheduled_change_resume_at",
    "discount_id", "discount_starts_at", "discount_ends_at", "environment",
)  # fmt: skip


def subscriptions(*rows: dict[str, str]) -> str:
    """Subscriptions as the API states them; days are its moments at eight in the morning."""
    lines = ["|".join(COLUMNS)]
    for row in rows:
        given = {"status": "active", "currency_code": "USD", "environment": "production", **row}
        given.setdefault("first_billed_at", given["started_at"])
        cells = (given.get(name, "") for name in COLUMNS)
        lines.append("|".join(f"{c}T08:00:00Z" if c.startswith("2026") else c for c in cells))
    return "\n".join(lines)


S1 = {"id": "s1", "customer_id": "c1", "started_at": "2026-01-05", "next_billed_at": "2026-05-05"}
OTHERS = (
    {"id": "s2", "customer_id": "c2", "started_at": "2026-01-10", "status": "canceled", "canceled_at": "2026-03-10"},
    {"id": "s3", "customer_id": "c3", "started_at": "2026-01-12", "scheduled_change_action": "cancel",
     "scheduled_change_effective_at": "2026-04-15"},
    {"id": "s4", "customer_id": "c4", "started_at": "2026-01-12", "status": "paused", "paused_at": "2026-03-01"},
    {"id": "s5", "customer_id": "c5", "started_at": "2026-01-20", "discount_id": "d1",
     "discount_starts_at": "2026-01-20", "discount_ends_at": "2026-03-20"},
    {"id": "s6", "customer_id": "c6", "started_at": "2026-01-20", "environment": "sandbox"},
)  # fmt: skip
SUBSCRIPTIONS = subscriptions(S1, *OTHERS)
ITEMS = """
subscription_id|price_id|quantity|status|recurring|previously_billed_at
s1|seat|3|active|true|2026-04-05
s1|addon|1|active|true|2026-04-05
s1|setup|1|active|false|2026-01-05
s2|year|1|active|true|2026-01-10
s3|fifty|1|active|true|2026-03-12
s4|forty|1|active|true|2026-02-12
s5|forty|2|active|true|2026-04-20
s6|forty|2|active|true|2026-04-20
"""
PRICES = """
id|unit_price_amount|unit_price_currency_code|billing_cycle_interval|billing_cycle_frequency|tax_mode|product_id|name
seat|2900|USD|month|1|external|p1|Seat
addon|1000|USD|month|1|external|p1|Add-on
setup|50000|USD|||external|p1|Set-up
year|120000|USD|year|1|external|p1|Yearly
fifty|5000|USD|month|1|external|p1|Fifty
forty|4000|USD|month|1|external|p1|Forty
"""
DISCOUNTS = """
id|type|amount|currency_code|recur|maximum_recurring_intervals
d1|percentage|25||true|2
"""
FILES = {"sub": SUBSCRIPTIONS, "item": ITEMS, "price": PRICES, "discount": DISCOUNTS}


def mrr(found: sm.importers.imported.Imported) -> list[float]:
    book = sm.Book(**found.tables, as_of="2026-05-31", currency="USD").with_policy(discount="live")
    return [round(float(value), 2) for value in sm.revenue.mrr(book).df["value"]]


def test_items_discounts_pauses_and_scheduled_ends_give_the_mrr_made_by_hand(
    tmp_path: Path,
) -> None:
    # s1: 3 x 29 + 10 = 97; s2: 1200 / 12 until March; s3: 50 until it ends in April; s4: 40, paused in March;
    # s5: 80 less 25 % = 60, from 20 March 80. January: 97 + 100 + 50 + 40 + 60.
    found = imported(tmp_path, **FILES)
    assert mrr(found) == [347.0, 347.0, 227.0, 177.0, 177.0]


def test_the_bridge_and_nrr_are_those_made_by_hand(tmp_path: Path) -> None:
    found = imported(tmp_path, **FILES)
    book = sm.Book(**found.tables, as_of="2026-05-31", currency="USD").with_policy(discount="live")
    bridge = sm.revenue.bridge(book).df.set_index("period").round(2)
    march = bridge.loc["2026-03-01"]
    assert (march["churn"], march["pause"], march["expansion"]) == (-100.0, -40.0, 20.0)
    assert bridge.loc["2026-04-01", "churn"] == -50.0
    assert bridge["residual"].tolist() == [0.0] * 5
    nrr = sm.retention.nrr(book, window=3).df.set_index("period")["value"]
    assert nrr["2026-04-01"] == pytest.approx(177 / 347)


def test_what_is_charged_once_or_of_the_sandbox_is_left_out_and_said(tmp_path: Path) -> None:
    said = str(imported(tmp_path, **FILES))
    assert "sub.csv: 1 row of the sandbox (s6)" in said
    assert "item.csv: 1 row charged once" in said


def test_a_trial_ends_when_the_first_charge_comes(tmp_path: Path) -> None:
    trial = {"started_at": "2026-03-25", "next_billed_at": "2026-04-08", "first_billed_at": ""}
    rows = subscriptions({**S1, **trial, "status": "trialing"}, *OTHERS)
    found = imported(tmp_path, **{**FILES, "sub": rows})
    # s1 pays 97 from April on.
    assert mrr(found) == [250.0, 250.0, 130.0, 177.0, 177.0]


LINES = """
transaction_id|transaction_item_id|status|customer_id|subscription_id|price_id|product_name|quantity|currency_code|subtotal|discount|tax|total|billed_at|billing_period_starts_at|billing_period_ends_at
t1|i1|completed|c4|s4|forty|Pro|1|USD|3333|0|667|4000|2026-01-12T08:00:00Z|2026-01-12T08:00:00Z|2026-02-12T08:00:00Z
t2|i2|completed|c4|s4|forty|Pro|1|USD|3333|0|667|4000|2026-02-12T08:00:00Z|2026-02-12T08:00:00Z|2026-03-12T08:00:00Z
t3|i3|draft|c4|s4|forty|Pro|1|USD|3333|0|667|4000|2026-03-12T08:00:00Z||
t4|i4|paid|c1|s1|setup|Set-up|1|USD|50000|10000|8000|48000|2026-01-05T08:00:00Z||
"""
ADJUSTMENTS = """
adjustment_item_id|adjustment_id|transaction_id|transaction_item_id|action|status|customer_id|currency_code|subtotal|created_at
a1|j1|t2|i2|refund|approved|c4|USD|3333|2026-02-20T08:00:00Z
a2|j2|t1|i1|refund|rejected|c4|USD|3333|2026-02-20T08:00:00Z
"""


def test_a_price_with_tax_inside_counts_without_it_by_the_rate_that_was_charged(
    tmp_path: Path,
) -> None:
    prices = PRICES.replace("forty|4000|USD|month|1|external", "forty|4000|USD|month|1|internal")
    found = imported(tmp_path, **{**FILES, "price": prices, "lines": LINES})
    rows = found.tables["subscriptions"].set_index("subscription_id")
    # 40.00 at 6.67 of tax on 33.33.
    assert rows.loc["s4", "amount"] == pytest.approx(33.33, abs=0.005)
    assert rows.loc["s5", "amount"] == 60.0
    assert "1 item of Paddle with a price that includes tax counts with it" in str(found)


def test_lines_of_transactions_are_invoices_before_tax_and_refunds_are_negative(
    tmp_path: Path,
) -> None:
    found = imported(tmp_path, lines=LINES, adjustments=ADJUSTMENTS)
    rows = found.tables["invoices"].set_index("invoice_id")
    assert rows["amount"].to_dict() == {"i1": 33.33, "i2": 33.33, "i4": 400.0, "a1": -33.33}
    assert rows["kind"].to_dict() == {
        "i1": "recurring",
        "i2": "recurring",
        "i4": "one_time",
        "a1": "refund",
    }
    assert str(rows.loc["i1", "service_end"])[:10] == "2026-02-11"
    for words in ("not billed (i3)", "not approved (a2)", "as Paddle's API writes them"):
        assert words in str(found)


def test_invoices_of_paddle_give_mrr_by_the_month_of_service(tmp_path: Path) -> None:
    found = imported(tmp_path, lines=LINES)
    book = sm.Book(**found.tables, as_of="2026-03-31", currency="USD")
    assert sm.revenue.mrr(book).df["value"].round(2).tolist() == [33.33, 33.33, 0.0]


def test_amounts_of_a_report_with_decimals_are_in_currency_units(tmp_path: Path) -> None:
    lines = LINES.replace("|3333|0|667|4000|", "|33.33|0|6.67|40.00|").replace(
        "50000|10000|8000|48000", "500|100|80|480"
    )
    rows = imported(tmp_path, lines=lines).tables["invoices"].set_index("invoice_id")
    assert rows["amount"].to_dict() == {"i1": 33.33, "i2": 33.33, "i4": 400.0}


def test_yen_have_no_hundredths(tmp_path: Path) -> None:
    prices = PRICES.replace("forty|4000|USD", "forty|4000|JPY")
    found = imported(tmp_path, sub=subscriptions(OTHERS[2]), item=ITEMS, price=prices)
    assert found.tables["subscriptions"]["amount"].tolist() == [4000.0]


def test_a_price_that_is_no_amount_is_named_by_file_column_and_row(tmp_path: Path) -> None:
    prices = PRICES.replace("fifty|5000", "fifty|much")
    said = r"price.csv, column 'unit_price_amount' \(amount\), row 6: 'much' is not an amount"
    with pytest.raises(DataError, match=said):
        imported(tmp_path, **{**FILES, "price": prices})
