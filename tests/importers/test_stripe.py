"""Stripe: the dashboard's exports and the tables of its API, against figures made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from tests.importers.exports import folder, imported, mrr

DASHBOARD = """
id   |Customer ID|Customer Email|Plan|Quantity|Currency|Interval|Amount |Status   |Start (UTC)     |Canceled At (UTC)|Ended At (UTC)  |Trial End (UTC)|Cancel At Period End
sub_1|cus_1      |a@x.com       |pro |2       |usd     |month   |50.00  |active   |2026-01-05 10:00|                 |                ||false
sub_2|cus_2      |b@y.com       |team|1       |usd     |year    |1200.00|canceled |2026-01-10 09:00|2026-04-02 08:00 |2026-04-02 08:00||false
sub_3|cus_3      |c@z.com       |pro |1       |usd     |month   |50.00  |incomplete_expired|2026-02-01 09:00|        |                ||false
sub_4|cus_4      |d@w.com       |pro |1       |usd     |month   |50.00  |trialing |2026-03-20 09:00|                 |                |2026-04-03 09:00|false
"""  # noqa: E501
SUBSCRIPTIONS = """
id|customer_id|status|start_date|canceled_at|ended_at|cancel_at|trial_end|billing_cycle_anchor|livemode
s1|c1|active|2026-01-10 00:00:00|||||2026-01-10|true
s2|c2|canceled|2026-01-15 00:00:00|2026-03-01 00:00:00|2026-03-20 00:00:00|||2026-01-15|true
s3|c3|active|2026-02-01 00:00:00|||||2026-02-01|false
s4|c4|active|2026-02-10 00:00:00|||||2026-02-10|true
"""
ITEMS = """
id|subscription_id|plan_id|quantity|created
i1|s1|p_seat|3|2026-01-10
i2|s1|p_addon|1|2026-01-10
i3|s2|p_year|1|2026-01-15
i4|s3|p_seat|1|2026-02-01
i5|s4|p_usage|1|2026-02-10
i6|s4|p_yen|1|2026-02-10
"""
PRICES = """
id|unit_amount|currency|recurring_interval|recurring_interval_count|recurring_usage_type|billing_scheme|type|product_id|nickname
p_seat|2999|usd|month|1|licensed|per_unit|recurring|prod_1|Seat
p_addon|1000|usd|month|3|licensed|per_unit|recurring|prod_2|Add-on
p_year|120000|usd|year|1|licensed|per_unit|recurring|prod_1|Year
p_usage||usd|month|1|metered|per_unit|recurring|prod_3|Calls
p_yen|1500|jpy|month|1|licensed|per_unit|recurring|prod_1|Yen
"""


def test_the_dashboard_states_the_price_of_a_seat_in_currency_units(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD)
    # sub_1: 2 x 50; sub_2: 1200 a year until April; sub_4: 50 from the end of its trial in April.
    assert mrr(found, "2026-05-31") == [200.0, 200.0, 200.0, 150.0, 150.0]
    assert [(one.rows, one.examples) for one in found.left_out] == [(1, ("sub_3",))]
    assert found.tables["customers"]["email"].tolist()[0] == "a@x.com"


def test_amounts_of_the_api_are_in_the_smallest_unit_of_their_currency(tmp_path: Path) -> None:
    found = imported(tmp_path, sub=SUBSCRIPTIONS, items=ITEMS, price=PRICES)
    lines = found.tables["subscriptions"].set_index("subscription_id")
    assert lines["amount"].round(2).tolist() == [89.97, 10.0, 1200.0, 1500.0]
    assert lines.index.tolist() == ["s1/i1", "s1/i2", "s2", "s4"]
    assert lines.loc["s1/i2", "interval_count"] == 3


def test_what_is_metered_or_of_test_mode_is_left_out_and_said(tmp_path: Path) -> None:
    found = imported(tmp_path, sub=SUBSCRIPTIONS, items=ITEMS, price=PRICES)
    said = " / ".join(str(one) for one in found.left_out)
    assert "of test mode (s3)" in said
    assert "metered" in said


def test_the_bridge_of_the_api_tables_is_the_one_made_by_hand(tmp_path: Path) -> None:
    no_yen = "\n".join(line for line in ITEMS.splitlines() if "p_yen" not in line)
    found = imported(tmp_path, sub=SUBSCRIPTIONS, items=no_yen, price=PRICES)
    # s1: 3 x 29.99 + 10 / 3 a month from January; s2: 1200 / 12 until 20 March.
    assert mrr(found, "2026-04-30") == [193.30, 193.30, 93.30, 93.30]
    book = sm.Book(**found.tables, as_of="2026-04-30", currency="USD")
    bridge = sm.revenue.bridge(book).df.set_index("period").round(2)
    assert bridge["churn"].tolist() == [0.0, 0.0, -100.0, 0.0]
    assert bridge["residual"].tolist() == [0.0] * 4
    nrr = sm.retention.nrr(book, window=1).df.set_index("period")["value"]
    assert nrr["2026-03-01"] == pytest.approx(93.30 / 193.30, abs=1e-4)


COUPONS = """
id|duration|duration_in_months|percent_off|amount_off|currency|times_redeemed
half|repeating|3|50||usd|4
ten|forever|||1000|usd|1
first|once||100||usd|1
"""


def discounts(coupon: str, subscription: str = "s2", start: str = "2026-01-15") -> str:
    head = "id|coupon_id|subscription_id|start|end|promotion_code"
    return f"{head}\nd1|{coupon}|{subscription}|{start} 00:00:00||"


@pytest.mark.parametrize(
    ("coupon", "subscription", "expected"),
    [
        # A repeating coupon ends after its months, one forever stays, one that is used once ends with the interval.
        ("half", "s1", [46.65, 46.65, 46.65, 93.30, 93.30]),
        ("ten", "s2", [99.17, 99.17, 0.0, 0.0, 0.0]),
        # The monthly item is free in January, the quarterly one until April; nothing is paid in January.
        ("first", "s1", [89.97, 89.97, 93.30, 93.30]),
    ],
)
def test_coupons_are_taken_off_for_as_long_as_they_last(
    tmp_path: Path, coupon: str, subscription: str, expected: list[float]
) -> None:
    keep = [i for i in ITEMS.strip().splitlines()[1:] if i.split("|")[1] == subscription]
    items = "\n".join([ITEMS.strip().splitlines()[0], *keep])
    tables = {"sub": SUBSCRIPTIONS, "items": items, "price": PRICES, "coupon": COUPONS}
    start = "2026-01-10" if subscription == "s1" else "2026-01-15"
    made = imported(tmp_path, **tables, discount=discounts(coupon, subscription, start))
    book = sm.Book(**made.tables, as_of="2026-05-31", currency="USD")
    found = sm.revenue.mrr(book.with_policy(discount="live")).df["value"].round(2)
    assert found.tolist() == expected


def test_a_price_that_is_in_no_file_is_said(tmp_path: Path) -> None:
    found = imported(
        tmp_path, sub=SUBSCRIPTIONS, items=ITEMS, price="\n".join(PRICES.strip().splitlines()[:2])
    )
    assert "whose price is in no file" in " ".join(str(one) for one in found.left_out)  # fmt: skip


def test_subscriptions_without_items_say_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Stripe lacks its subscription items"):
        imported(tmp_path, sub=SUBSCRIPTIONS, price=PRICES)


def test_two_files_of_one_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are both"):
        imported(tmp_path, one=DASHBOARD, two=DASHBOARD)


def test_a_price_that_is_no_amount_names_column_and_rows(tmp_path: Path) -> None:
    wrong = DASHBOARD.replace("50.00  |active", "fifty  |active")
    with pytest.raises(
        DataError,
        match=r"subscriptions.csv, column 'Amount' \(amount\), row 2: 'fifty' is not an amount",
    ):
        imported(tmp_path, subscriptions=wrong)


def test_an_unknown_folder_lists_the_systems_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Known are Stripe"):
        sm.importers.import_folder(folder(tmp_path, strange="a|b\n1|2"))
    with pytest.raises(DataError, match="Its files are"):
        sm.importers.stripe(tmp_path)


def test_unpaid_and_paused_subscriptions_end_with_the_period_paid_last(tmp_path: Path) -> None:
    rows = DASHBOARD.replace("|Cancel At Period End", "|Current Period Start (UTC)")
    rows = rows.replace("active   |", "unpaid   |").replace("false", "2026-03-05 10:00")
    found = imported(tmp_path, subscriptions=rows)
    # sub_1 pays 100 until 5 March; sub_2 is cancelled on 2 April; sub_4 pays from the end of its trial.
    assert mrr(found, "2026-04-30") == [200.0, 200.0, 100.0, 50.0]
    assert "unpaid or paused" in str(found)
    causes = found.tables["subscriptions"].set_index("subscription_id")["churn_cause"]
    assert causes["sub_1"] == "involuntary"
