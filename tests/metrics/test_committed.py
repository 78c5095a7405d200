"""Committed MRR and the balances under MRR: by hand, against a count line by line, and what must always hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm

PARTS = (
    "not_started",
    "resuming",
    "discounts_ending",
    "scheduled_downgrades",
    "scheduled_churn",
)


def book(*lines: dict[str, Any], as_of: str = "2026-03-31", **tables: Any) -> sm.Book:
    """Subscriptions of 100 a month from January on, as far as the lines do not say otherwise."""
    usual = {"customer_id": "a", "start": "2026-01-01", "amount": 100, "interval": "month"}
    rows = [
        {"subscription_id": f"s{n}", "end": None, **usual, **line} for n, line in enumerate(lines)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(subscriptions=table, as_of=as_of, currency="USD", **tables)


def ahead(found: sm.Book, month: str, **options: Any) -> dict[str, float]:
    """What lies between MRR and committed MRR at the end of a month, with both."""
    df = sm.revenue.committed(found, **options).df.set_index("period").loc[month]
    row = {name: round(float(df[name]), 6) for name in ("live", *PARTS, "value") if name in df}
    assert row["value"] == pytest.approx(row["live"] + df["gap"])
    return {name: value for name, value in row.items() if value or name in ("live", "value")}


def test_a_deal_is_committed_from_its_signature_until_it_starts() -> None:
    found = book(
        {}, {"customer_id": "b", "start": "2026-03-10", "amount": 40, "signed_at": "2026-02-05"}
    )
    assert ahead(found, "2026-01-01") == {"live": 100, "value": 100}
    assert ahead(found, "2026-02-01") == {"live": 100, "not_started": 40, "value": 140}
    assert ahead(found, "2026-03-01") == {"live": 140, "value": 140}


def test_a_line_recorded_before_its_start_is_known_from_then_on() -> None:
    found = book({}, {"customer_id": "b", "start": "2026-04-10", "recorded_at": "2026-02-20 10:00"})
    assert ahead(found, "2026-01-01")["value"] == 100
    assert ahead(found, "2026-02-01") == {"live": 100, "not_started": 100, "value": 200}


def test_a_start_without_a_date_is_known_at_the_date_of_the_tables_only() -> None:
    found = book({}, {"customer_id": "b", "start": "2026-04-10"})
    assert ahead(found, "2026-02-01")["value"] == 100
    assert ahead(found, "2026-03-01") == {"live": 100, "not_started": 100, "value": 200}
    assert "neither signed_at nor recorded_at" in sm.revenue.committed(found).footnote
    # Replayed as of February, the tables say nothing of since when it was known.
    assert ahead(found.as_of("2026-02-28"), "2026-02-01") == {"live": 100, "value": 100}


def test_a_cancellation_is_scheduled_churn_until_the_service_ends() -> None:
    found = book(
        {"cancel_requested_at": "2026-02-10 09:30", "end": "2026-03-15"}, {"customer_id": "b"}
    )
    assert ahead(found, "2026-01-01") == {"live": 200, "value": 200}
    assert ahead(found, "2026-02-01") == {"live": 200, "scheduled_churn": -100, "value": 100}
    assert ahead(found, "2026-03-01") == {"live": 100, "value": 100}
    signed = ahead(found, "2026-02-01", method="signed")
    assert signed == {"live": 200, "value": 200}


def test_a_cancellation_whose_end_is_not_known_is_scheduled_churn_too() -> None:
    found = book({"cancel_requested_at": "2026-03-02"}, {"customer_id": "b"})
    assert ahead(found, "2026-03-01") == {"live": 200, "scheduled_churn": -100, "value": 100}


def test_an_end_without_a_request_is_known_at_the_date_of_the_tables_only() -> None:
    found = book({"end": "2026-06-01"}, {"customer_id": "b"})
    assert ahead(found, "2026-02-01") == {"live": 200, "value": 200}
    assert ahead(found, "2026-03-01") == {"live": 200, "scheduled_churn": -100, "value": 100}
    assert ahead(found.as_of("2026-02-28"), "2026-02-01") == {"live": 200, "value": 200}


def test_ends_of_billing_periods_are_terms_and_no_churn() -> None:
    lines = [{"start": f"2026-0{m}-01", "end": f"2026-0{m + 1}-01"} for m in (1, 2, 3)]
    assert ahead(book(*lines), "2026-03-01") == {"live": 100, "value": 100}


def test_one_of_two_subscriptions_cancelled_is_a_downgrade() -> None:
    found = book({}, {"amount": 30, "cancel_requested_at": "2026-03-02"})
    assert ahead(found, "2026-03-01") == {"live": 130, "scheduled_downgrades": -30, "value": 100}


def test_a_line_that_another_follows_counts_by_the_difference() -> None:
    old = {"cancel_requested_at": "2026-02-10", "end": "2026-04-01"}
    more = {"start": "2026-04-01", "amount": 120, "signed_at": "2026-02-10"}
    assert ahead(book(old, more), "2026-02-01") == {"live": 100, "not_started": 20, "value": 120}
    less = {**more, "amount": 80}
    found = {"live": 100, "scheduled_downgrades": -20, "value": 80}
    assert ahead(book(old, less), "2026-02-01") == found


def test_a_finite_discount_lowers_mrr_and_not_committed_mrr() -> None:
    # Polar issue 8222: customers in a first month at a discount, $77 live and $1,155 committed: 15 times as much.
    found = book({"amount": 77, "list_amount": 1155, "discount_end": "2026-05-01"})
    assert ahead(found, "2026-03-01") == {"live": 77, "discounts_ending": 1078, "value": 1155}
    forever = book({"amount": 77, "list_amount": 1155, "discount_end": None})
    assert ahead(forever, "2026-03-01") == {"live": 77, "value": 77}


def test_a_free_first_month_is_committed_at_the_list_price() -> None:
    free = {"customer_id": "b", "start": "2026-03-01", "amount": 0, "list_amount": 60}
    found = book({}, {**free, "discount_end": "2026-04-01"})
    assert ahead(found, "2026-03-01") == {"live": 100, "discounts_ending": 60, "value": 160}


def test_a_line_given_free_after_paid_service_is_committed_at_its_list_price() -> None:
    given = {"start": "2026-02-01", "amount": 0, "list_amount": 200, "discount_end": "2026-05-01"}
    found = book({"amount": 190}, given)
    assert ahead(found, "2026-03-01") == {"live": 190, "discounts_ending": 200, "value": 390}


def test_a_line_given_free_that_is_paused_is_outside_committed_mrr_while_it_rests() -> None:
    given = {"customer_id": "b", "start": "2026-02-01", "amount": 0, "list_amount": 200}
    pause = {"pause_start": "2026-02-20", "pause_end": "2026-03-10"}
    found = book({}, {**given, **pause, "discount_end": "2026-06-01"})
    assert ahead(found, "2026-02-01") == {"live": 100, "value": 100}
    assert ahead(found, "2026-03-01") == {"live": 100, "discounts_ending": 200, "value": 300}


def test_a_discount_on_what_will_go_does_not_end() -> None:
    line = {"amount": 60, "list_amount": 100, "discount_end": "2026-05-01"}
    found = book({**line, "cancel_requested_at": "2026-03-10"}, {"customer_id": "b"})
    assert ahead(found, "2026-03-01") == {"live": 160, "scheduled_churn": -60, "value": 100}


def test_an_open_trial_is_committed_only_where_it_is_signed() -> None:
    trial = {"customer_id": "b", "start": "2026-03-20", "trial_end": "2026-04-03"}
    assert ahead(book({}, trial), "2026-03-01") == {"live": 100, "value": 100}
    signed = ahead(book({}, {**trial, "signed_at": "2026-03-20"}), "2026-03-01")
    assert signed == {"live": 100, "not_started": 100, "value": 200}


def test_a_pause_is_outside_mrr_and_committed_where_its_end_is_known() -> None:
    rest = {"customer_id": "b", "pause_start": "2026-03-10"}
    assert ahead(book({}, {**rest, "pause_end": None}), "2026-03-01") == {"live": 100, "value": 100}
    back = ahead(book({}, {**rest, "pause_end": "2026-05-01"}), "2026-03-01")
    assert back == {"live": 100, "resuming": 100, "value": 200}


def signed(**contract: Any) -> dict[str, Any]:
    usual = {"customer_id": "b", "start": "2026-04-01", "end": "2027-04-01", "arr": 1200}
    rows = [
        {
            "contract_id": "k0",
            "start": "2025-04-01",
            "end": "2026-04-01",
            "customer_id": "b",
            "arr": 600,
        }
    ]
    rows += [{"contract_id": "k1", **usual, "signed_at": "2026-03-20", **contract}]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def test_a_signed_contract_counts_where_no_subscription_begins() -> None:
    new = signed(customer_id="new")
    assert ahead(book({}, contracts=new), "2026-02-01") == {"live": 100, "value": 100}
    found = {"live": 100, "not_started": 100, "value": 200}
    assert ahead(book({}, contracts=new), "2026-03-01") == found
    both = book({}, {"customer_id": "new", "start": "2026-04-01", "amount": 90}, contracts=new)
    assert ahead(both, "2026-03-01") == {"live": 100, "not_started": 90, "value": 190}


def test_a_signed_renewal_counts_by_what_it_adds() -> None:
    # k1 renews k0 at 1,200 a year instead of 600: 50 a month more on top of the 100 that go on.
    found = book({"customer_id": "b"}, contracts=signed(previous_contract_id="k0"))
    assert ahead(found, "2026-03-01") == {"live": 100, "not_started": 50, "value": 150}
    less = book({"customer_id": "b"}, contracts=signed(previous_contract_id="k0", arr=360))
    assert ahead(less, "2026-03-01") == {"live": 100, "scheduled_downgrades": -20, "value": 80}
    # Without the contract before it nobody can tell what it adds.
    assert ahead(book({"customer_id": "b"}, contracts=signed()), "2026-03-01")["value"] == 100


def test_a_signed_renewal_replaces_a_subscription_that_ends() -> None:
    found = book({"customer_id": "b", "end": "2026-04-01"}, {}, contracts=signed())
    assert ahead(found, "2026-03-01") == {"live": 200, "value": 200}


def test_balances_at_one_glance() -> None:
    found = book(
        {},
        {"customer_id": "b", "pause_start": "2026-03-10"},
        {"customer_id": "c", "past_due_since": "2026-03-20", "amount": 30},
        {"customer_id": "d", "cancel_requested_at": "2026-03-20", "amount": 20},
        {"customer_id": "e", "start": "2026-04-01", "amount": 10},
    )
    row = sm.revenue.balances(found).df.iloc[-1]
    assert row["live"] == 150
    assert row["paused"] == 100
    assert row["past_due"] == 30
    assert row["scheduled_churn"] == 20
    assert row["not_started"] == 10
    assert row["committed"] == 140
    before = sm.revenue.balances(found).df.iloc[-2]
    assert (before["past_due"], before["paused"]) == (0, 0)


def test_past_due_is_a_balance_also_where_it_is_outside_mrr() -> None:
    found = book({}, {"customer_id": "c", "past_due_since": "2026-03-20", "amount": 30})
    row = sm.revenue.balances(found.with_policy(past_due="excluded")).df.iloc[-1]
    assert (row["live"], row["past_due"]) == (100, 30)


def test_committed_mrr_is_the_formula_of_its_parts(demo_book: sm.Book) -> None:
    row = sm.revenue.committed(demo_book).df.iloc[-1]
    won = row["not_started"] + row["resuming"] + row["discounts_ending"]
    lost = row["scheduled_downgrades"] + row["scheduled_churn"]
    assert sm.formulas.committed(row["live"], won, lost) == pytest.approx(row["value"])
    assert won > 0 > lost


def test_an_mrr_table_says_that_it_knows_nothing_ahead() -> None:
    found = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    result = sm.revenue.committed(found)
    assert result.value == 10
    assert "says nothing of what is signed" in result.footnote
    row = sm.revenue.balances(found).df.iloc[-1]
    assert row[["paused", "past_due", "scheduled_churn", "not_started"]].isna().all()


def test_a_balance_of_which_the_tables_have_no_column_is_missing_and_not_0() -> None:
    result = sm.revenue.balances(book({}, {"customer_id": "b", "pause_start": "2026-03-10"}))
    row = result.df.iloc[-1]
    assert (row["paused"], row["scheduled_churn"], row["not_started"]) == (100, 0, 0)
    assert pd.isna(row["past_due"])
    assert "Missing for want of columns: past_due, resuming, discounts_ending" in result.footnote


def test_two_currencies_are_at_the_rates_of_the_period_end() -> None:
    # 50 euros signed in January: 55 dollars at January's 1.1, 60 at February's 1.2.
    rates = {"date": ["2026-01-31", "2026-02-28"], "currency": ["EUR"] * 2, "rate": [1.1, 1.2]}
    late = {"customer_id": "b", "start": "2026-03-10", "amount": 50, "currency": "EUR"}
    found = book(
        {"currency": "USD"}, {**late, "signed_at": "2026-01-05"}, fx=rates, as_of="2026-02-28"
    )
    assert ahead(found, "2026-01-01") == {"live": 100, "not_started": 55, "value": 155}
    assert ahead(found, "2026-02-01") == {"live": 100, "not_started": 60, "value": 160}
    constant = found.with_policy(fx="constant")
    assert ahead(constant, "2026-01-01")["not_started"] == 60


def test_an_unknown_method_is_refused_with_the_nearest() -> None:
    with pytest.raises(sm.DataError, match="Did you mean 'signed'"):
        sm.revenue.committed(book({}), method="sined")


def test_a_plan_that_is_signed_only_is_a_group() -> None:
    found = book({"plan": "pro"}, {"customer_id": "b", "plan": "scale", "start": "2026-04-01"})
    df = sm.revenue.committed(found, by="plan").df
    row = df[(df["period"] == "2026-03-01") & (df["plan"] == "scale")].iloc[0]
    assert (row["live"], row["not_started"], row["value"]) == (0, 100, 100)
    rows = sm.revenue.committed(found, by="plan").rows(period="2026-03", plan="scale")
    assert rows[["customer_id", "value"]].values.tolist() == [["b", 100]]


def test_a_known_change_of_plan_is_a_transfer_between_plans() -> None:
    old = {"plan": "pro", "cancel_requested_at": "2026-03-10", "end": "2026-05-01"}
    new = {"plan": "scale", "start": "2026-05-01", "amount": 130, "signed_at": "2026-03-10"}
    df = sm.revenue.committed(book(old, new), by="plan").df
    df = df[df["period"] == "2026-03-01"].set_index("plan")
    assert df["transfer"].to_dict() == {"pro": -100, "scale": 100}
    assert df["not_started"].to_dict() == {"pro": 0, "scale": 30}
    assert df["value"].to_dict() == {"pro": 0, "scale": 130}


def test_of_snapshots_each_tells_what_lies_ahead_on_its_own_day(tmp_path: Path) -> None:
    # The snapshot of January has no end; that of February says that the line ends in April.
    for day, end in (("2026-01-31", ""), ("2026-02-28", "2026-04-01")):
        (tmp_path / day).mkdir()
        head = "subscription_id,customer_id,start,end,amount,interval\n"
        lines = f"s1,a,2026-01-01,{end},100,month\ns2,b,2026-01-01,,40,month\n"
        (tmp_path / day / "subscriptions.csv").write_text(head + lines)
    found = sm.read_snapshots({day.name: day for day in sorted(tmp_path.iterdir())})
    assert ahead(found, "2026-02-01") == {"live": 140, "scheduled_churn": -100, "value": 40}
    assert ahead(found.as_of("2026-01-31"), "2026-01-01") == {"live": 140, "value": 140}
