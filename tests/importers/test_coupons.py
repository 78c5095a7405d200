"""Coupons of Stripe: several on one subscription, each for as long as it lasts, against figures made by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.importers.imported import Imported
from tests.importers.exports import imported

SUBSCRIPTION = """
id|customer_id|status|start_date|canceled_at|ended_at|cancel_at|trial_end|billing_cycle_anchor
s|c|active|2026-01-10 00:00:00|||||2026-01-10
"""
ITEM = "id|subscription_id|plan_id|quantity|created\ni|s|p|1|2026-01-10"
PRICE = """
id|unit_amount|currency|recurring_interval|recurring_interval_count
p|10000|usd|month|1
"""
COUPONS = """
id|duration|duration_in_months|percent_off|amount_off|currency|times_redeemed
free|once||100||usd|1
ten|forever||10||usd|1
half|repeating|2|50||usd|1
fifth|repeating|4|20||usd|1
fixed|forever|||3000|usd|1
euro|forever|||3000|eur|1
"""


def granted(place: Path, *coupons: str, start: str = "2026-01-10", **tables: str) -> Imported:
    """Import a subscription of 100 a month with coupons; `coupon@day` is granted later."""
    rows = [
        f"d{n}|{name}|s|{day or start} 00:00:00||"
        for n, (name, _, day) in enumerate(one.partition("@") for one in coupons)
    ]
    discount = "\n".join(["id|coupon_id|subscription_id|start|end|promotion_code", *rows])
    files = {"sub": SUBSCRIPTION, "items": ITEM, "price": PRICE, "coupon": COUPONS}
    return imported(place, **{**files, "discount": discount, **tables})


@pytest.mark.parametrize(
    ("coupons", "expected"),
    [
        # Free for the first interval, then 10 per cent off for ever.
        (["free", "ten"], [0, 90, 90, 90, 90, 90]),
        # 50 per cent on 20 for two months, 20 for two more, then all.
        (["half", "fifth"], [40, 40, 80, 80, 100, 100]),
        # Granted in March.
        (["ten@2026-03-10"], [100, 100, 90, 90, 90, 90]),
        (["half@2026-03-10"], [100, 100, 50, 50, 100, 100]),
        # Per cent come off before amounts.
        (["ten", "fixed"], [60] * 6),
        (["fixed", "half"], [20, 20, 70, 70, 70, 70]),
    ],
    ids=["once", "two", "late", "late-ends", "amount", "amount-stays"],
)
def test_each_coupon_is_taken_off_while_it_lasts(
    tmp_path: Path, coupons: list[str], expected: list[float]
) -> None:
    found = granted(tmp_path, *coupons)
    book = sm.Book(**found.tables, as_of="2026-06-30", currency="USD").with_policy(discount="live")
    values = sm.revenue.mrr(book).df.set_index("period")["value"]
    got = [round(float(values.get(pd.Timestamp(2026, n, 1), 0.0)), 2) for n in range(1, 7)]
    assert got == expected


def test_one_coupon_that_ends_is_one_row_with_its_list_amount(tmp_path: Path) -> None:
    (row,) = granted(tmp_path, "half").tables["subscriptions"].to_dict("records")
    assert (row["amount"], row["list_amount"], str(row["discount_end"])[:10]) == (
        50,
        100,
        "2026-03-10",
    )


def test_an_amount_off_in_another_currency_is_not_taken_off_and_said(tmp_path: Path) -> None:
    found = granted(tmp_path, "euro")
    assert found.tables["subscriptions"]["amount"].tolist() == [100.0]
    assert "1 amount off is in another currency" in str(found)


def test_per_cent_off_are_0_to_100(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"coupon.csv: percent_off of 'ten' is 110"):
        granted(tmp_path, "ten", coupon=COUPONS.replace("|10||", "|110||"))


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"items": ITEM + "\nj|gone|p|1|2026-01-10"}, "of subscriptions that are not in the export (j)"),
        ({"sub": SUBSCRIPTION + "t|c|active|2026-01-10|||||2026-01-10"}, "without items, which say what is paid (t)"),
    ],
    ids=["items", "subscriptions"],
)  # fmt: skip
def test_what_has_no_counterpart_is_left_out(
    tmp_path: Path, tables: dict[str, str], said: str
) -> None:
    assert said in str(granted(tmp_path, "ten", **tables))


def test_discounts_of_unknown_subscriptions_are_left_out(tmp_path: Path) -> None:
    head = "id|coupon_id|subscription_id|start|end|promotion_code"
    found = granted(tmp_path, discount=f"{head}\nd|ten|gone|2026-01-10||")
    assert "1 row of subscriptions that are in no table (d)" in str(found)


def test_a_price_with_two_amounts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the price 'p' is there with several amounts"):
        granted(tmp_path, "ten", price=PRICE + "p|20000|usd|month|1")
