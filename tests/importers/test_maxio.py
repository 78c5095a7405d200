"""Maxio: Advanced Billing (Chargify) and Core (SaaSOptics), against figures made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from tests.importers.exports import imported, mrr

SUBSCRIPTIONS = """
id|customer_id|customer_organization|state|product_id|product_price_in_cents|activated_at|current_period_started_at|current_period_ends_at|canceled_at|cancel_at_end_of_period|cancellation_method|trial_ended_at|on_hold_at|automatically_resume_at|currency
s1|c1|Ada|active|p1|5000|2026-01-05T10:00:00Z|2026-04-05T10:00:00Z|2026-05-05T10:00:00Z||false|||||USD
s2|c2|Bob|canceled|p2|120000|2026-01-10T10:00:00Z|||2026-03-10T10:00:00Z|false|dunning||||USD
s3|c3|Cy|active|p1|5000|2026-01-12T10:00:00Z|2026-03-12T10:00:00Z|2026-04-12T10:00:00Z||true|||||USD
s4|c4|Di|on_hold|p1|5000|2026-01-12T10:00:00Z|2026-02-12T10:00:00Z|2026-03-12T10:00:00Z||false|||2026-03-01T10:00:00Z|2026-04-20T10:00:00Z|USD
s5|c5|Ed|trial_ended|p1|5000|2026-01-12T10:00:00Z||||false||2026-01-26T10:00:00Z|||USD
"""
PRODUCTS = """
id|name|price_in_cents|interval|interval_unit|product_family_id
p1|Pro|5000|1|month|f1
p2|Year|120000|12|month|f1
"""
COMPONENTS = """
component_id|subscription_id|name|kind|pricing_scheme|allocated_quantity|enabled|unit_price
10|s1|Seats|quantity_based_component|per_unit|3||9.00
11|s1|Support|on_off_component|||true|20.00
12|s1|Calls|metered_component|per_unit|500||0.01
13|s3|Seats|quantity_based_component|volume|3||9.00
14|s4|Support|on_off_component|||false|20.00
10|s2|Seats|quantity_based_component|per_unit|2||60.00
"""
FILES = {"subs": SUBSCRIPTIONS, "products": PRODUCTS, "components": COMPONENTS}


def test_products_and_components_of_chargify_give_the_mrr_made_by_hand(tmp_path: Path) -> None:
    # s1: 50 + 3 x 9 + 20 = 97; s2: (1200 + 2 x 60) / 12 = 110 until 10 March; s3: 50 until 12 April;
    # s4: 50, on hold from 1 March to 20 April. January: 97 + 110 + 50 + 50.
    found = imported(tmp_path, **FILES)
    assert mrr(found, "2026-05-31") == [307.0, 307.0, 147.0, 147.0, 147.0]


def test_the_bridge_and_nrr_of_chargify_are_those_made_by_hand(tmp_path: Path) -> None:
    book = sm.Book(**imported(tmp_path, **FILES).tables, as_of="2026-05-31", currency="USD")
    bridge = sm.revenue.bridge(book).df.set_index("period").round(2)
    assert (bridge.loc["2026-03-01", "churn"], bridge.loc["2026-03-01", "pause"]) == (-110.0, -50.0)
    assert bridge.loc["2026-04-01", "churn"] == -50.0
    assert bridge["residual"].tolist() == [0.0] * 5
    nrr = sm.retention.nrr(book, window=3).df.set_index("period")["value"]
    assert nrr["2026-04-01"] == pytest.approx(147 / 307)


def test_what_chargify_charges_by_use_by_tiers_or_never_is_left_out_and_said(
    tmp_path: Path,
) -> None:
    found = imported(tmp_path, **FILES)
    for words in (
        "1 row charged by use (12)",
        "1 row priced by tiers, which the export does not give (13)",
        "1 row that never paid (s5)",
    ):
        assert words in str(found)
    rows = found.tables["subscriptions"].set_index("subscription_id")
    assert rows.loc["s2", "churn_cause"] == "involuntary"
    assert "s4/14" not in rows.index


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("|on_hold|", "|limbo|", "unknown state 'limbo' (s4)"),
        ("|2026-03-01T10:00:00Z|", "||", "on hold, since when is not in the export (s4)"),
        ("|p1|5000|2026-01-05", "|p9|5000|2026-01-05", "the billing interval, is in no file (s1)"),
        ("|p1|5000|2026-01-05", "|p1||2026-01-05", "without the price of their product (s1)"),
    ],
)
def test_a_chargify_subscription_that_is_not_known_is_left_out(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert said in str(imported(tmp_path, **{**FILES, "subs": SUBSCRIPTIONS.replace(old, new)}))


MOVEMENTS = """
subscription_id|subscriber_name|timestamp|amount_in_cents|category|description
s1|Ada|2026-01-05T10:00:00Z|9700|new_business|New
s1|Ada|2026-02-10T10:00:00Z|900|upgrade|Seat
s2|Bob|2026-02-01T10:00:00Z|5000|new_business|New
s2|Bob|2026-03-05T10:00:00Z|-5000|churn|Gone
"""


def test_movements_of_mrr_of_chargify_add_up(tmp_path: Path) -> None:
    assert mrr(imported(tmp_path, moves=MOVEMENTS), "2026-03-31") == [97.0, 156.0, 106.0]


TRANSACTIONS = """
id|subscription_id|customer_id|type|kind|amount_in_cents|created_at|period_range_start|period_range_end|ending_balance_in_cents|currency
1|s1|c1|Charge|baseline|5000|2026-01-05|2026-01-05|2026-02-05|0|USD
2|s1|c1|Charge|initial|9900|2026-01-05|||0|USD
3|s1|c1|Payment||14900|2026-01-05|||0|USD
4|s1|c1|Adjustment|coupon|1000|2026-01-05|2026-01-05|2026-02-05|0|USD
"""


def test_charges_of_chargify_are_invoices_and_adjustments_are_taken_off(tmp_path: Path) -> None:
    found = imported(tmp_path, transactions=TRANSACTIONS)
    rows = found.tables["invoices"].set_index("invoice_id")
    assert rows["amount"].to_dict() == {"1": 50.0, "2": 99.0, "4": -10.0}
    assert rows["kind"].to_dict() == {"1": "recurring", "2": "one_time", "4": "credit"}
    assert "1 row that is no charge (3)" in str(found)
    # The month from 5 January costs 50 less 10; the set-up does not recur.
    assert mrr(found, "2026-01-31") == [40.0]


TERMS = """
id|contract|item_name|start_date|end_date|local_amount|local_arr_amount|quantity|cancelled|order_date|currency_code
t1|k1|Pro|1/1/2025|12/31/2025|1200|1200|10|false|12/20/2024|USD
t2|k1|Pro|1/1/2026|12/31/2026|1500|1500|12|false|12/20/2025|USD
t3|k2|Team|7/1/2025|6/30/2026|2400|2400|1|false|6/20/2025|USD
t4|k2|Set-up|7/1/2025|7/1/2025|500||1|false|6/20/2025|USD
t5|k3|Pro|1/1/2026|12/31/2026|900|900|1|true|12/20/2025|USD
"""
CONTRACTS = """
id|customer|register|entry_date
k1|c1|1|2024-12-20
k2|c2|1|2025-06-20
k3|c3|1|2025-12-20
"""


def test_terms_of_saasoptics_are_subscriptions_and_contracts(tmp_path: Path) -> None:
    found = imported(tmp_path, terms=TERMS, contracts=CONTRACTS)
    # c1: 100 a month in 2025, 125 in 2026; c2: 200 a month for the year from July 2025.
    values = mrr(found, "2026-07-31")
    assert values == [100.0] * 6 + [300.0] * 6 + [325.0] * 6 + [125.0]
    assert found.tables["contracts"]["arr"].tolist() == [1200.0, 1500.0, 2400.0]
    for words in ("without ARR, charged once or by use (t4)", "cancelled (t5)"):
        assert words in str(found)


def test_nrr_and_the_bridge_of_saasoptics_are_those_made_by_hand(tmp_path: Path) -> None:
    found = imported(tmp_path, terms=TERMS, contracts=CONTRACTS)
    book = sm.Book(**found.tables, as_of="2026-07-31", currency="USD")
    nrr = sm.retention.nrr(book, window=12).df.set_index("period")["value"]
    # Of the 300 of July 2025, c1's 100 are 125 a year later and c2's 200 are gone.
    assert nrr["2026-07-01"] == pytest.approx(125 / 300)
    bridge = sm.revenue.bridge(book).df.set_index("period").round(2)
    assert bridge.loc["2026-01-01", "expansion"] == 25.0
    assert bridge.loc["2026-07-01", "churn"] == -200.0


def test_a_term_whose_contract_is_in_no_file_is_left_out(tmp_path: Path) -> None:
    said = str(
        imported(tmp_path, terms=TERMS, contracts="\n".join(CONTRACTS.strip().splitlines()[:2]))
    )
    assert "1 row whose customer is in no file; add the contracts (t3)" in said
