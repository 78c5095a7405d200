"""Committed MRR and the balances under MRR: by hand, against a count line by line, and what must always hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import BYS, Case, cases
from tests.properties.profile import quick

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


def test_an_mrr_table_says_that_it_knows_nothing_ahead() -> None:
    found = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    result = sm.revenue.committed(found)
    assert result.value == 10
    assert "says nothing of what is signed" in result.footnote


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


# What the tables know at a day, line by line, without the library's engine.


def known(line: dict[str, Any], day: int, told: int) -> float:
    """What a line of so much a month will pay when all that is known at a day has happened."""
    asked, end = line["cancel_requested_at"], line["end"]
    begins = line["signed_at"] if line["signed_at"] is not None else told
    if line["recorded_at"] is not None:
        begins = (
            line["recorded_at"] if line["signed_at"] is None else max(begins, line["recorded_at"])
        )
    if line["start"] > day and begins > day:
        return 0.0
    if end is not None and (end <= day or end <= line["start"]):
        return 0.0
    if asked is not None and asked <= day:
        return 0.0
    if line["start"] <= day and end is not None and asked is None and told <= day:
        return 0.0
    if line["pause_start"] is not None and line["start"] <= day:
        until = line["pause_end"]
        resting = line["pause_start"] <= day and (until is None or until > day)
        if resting and (until is None or told > day):
            return 0.0
    if line["list_amount"] is not None and line["discount_end"] is not None:
        return float(line["list_amount"])
    return float(line["amount"])


DAY = st.integers(0, 180)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """A subscription with days on which this and that became known."""
    start = draw(DAY)
    after = st.one_of(st.none(), st.integers(1, 120))
    end, asked, pause = draw(after), draw(st.one_of(st.none(), st.integers(0, 100))), draw(after)
    full = draw(st.sampled_from((None, 200)))
    rest = draw(st.one_of(st.none(), st.integers(1, 60)))
    return {
        "customer_id": draw(st.sampled_from("abc")),
        "start": start,
        "end": None if end is None else start + end,
        "amount": draw(st.sampled_from((100, 70, 0))),
        "cancel_requested_at": None
        if asked is None
        else start + (asked if end is None else min(asked, end)),
        "signed_at": draw(st.one_of(st.none(), st.integers(max(start - 60, 0), start))),
        "recorded_at": draw(st.one_of(st.none(), st.integers(max(start - 60, 0), start + 20))),
        "list_amount": full,
        "discount_end": None if full is None else draw(st.one_of(st.none(), st.just(start + 45))),
        "pause_start": None if pause is None else start + pause,
        "pause_end": None if pause is None or rest is None else start + pause + rest,
        "plan": draw(st.sampled_from(("pro", "scale"))),
    }


ORIGIN = np.datetime64("2026-01-01", "D")
DATES = ("start", "end", "cancel_requested_at", "signed_at", "recorded_at", "discount_end")
DATES += ("pause_start", "pause_end")


def of_facts(lines: list[dict[str, Any]], as_of: int) -> sm.Book:
    rows = [
        {"subscription_id": f"s{n}", "interval": "month", **line} for n, line in enumerate(lines)
    ]
    frame = pd.DataFrame(rows)
    for name in DATES:
        frame[name] = pd.to_datetime(
            [None if v is None or v != v else ORIGIN + int(v) for v in frame[name]]
        )
    return sm.Book(subscriptions=frame, as_of=ORIGIN + as_of, currency="USD")


# A line open for ever keeps the ends of the others from being those of billing periods.
ALWAYS = dict.fromkeys(("end", *DATES[2:], "list_amount")) | {
    "customer_id": "z",
    "start": 0,
    "amount": 50,
    "plan": "pro",
}


@quick
@given(st.lists(facts(), min_size=1, max_size=6), st.sampled_from((89, 120, 200)))
def test_committed_mrr_is_what_each_line_will_pay_as_far_as_is_known(
    lines: list[dict[str, Any]], as_of: int
) -> None:
    lines = [ALWAYS, *lines]
    df = sm.revenue.committed(of_facts(lines, as_of)).df
    for row in df.to_dict("records"):
        last = (row["period"] + pd.offsets.MonthEnd(0)).to_datetime64().astype("datetime64[D]")
        day = min(int((last - ORIGIN).astype(int)), as_of)
        expected = sum(known(line, day, as_of) for line in lines)
        assert row["value"] == pytest.approx(expected), (row["period"], day)


def of_case(case: Case) -> sm.Book:
    return sm.Book(
        **{name: table.data for name, table in case.tables.items()},
        currency="USD",
        as_of=np.datetime64(case.as_of, "D"),
    ).with_policy(case.policy)


@quick
@given(cases(), BYS, st.sampled_from(("constant", "line")), st.sampled_from(("M", "Q", "W")))
def test_the_gap_is_the_sum_of_its_parts_and_groups_add_up(
    case: Case, by: tuple[str, ...], fx: str, freq: str
) -> None:
    found = of_case(moving(case, fx))
    df = sm.revenue.committed(found, freq, by).df
    parts = df[[*PARTS, *(["transfer"] if by else [])]].sum(axis=1)
    assert ((df["value"] - df["live"] - parts).abs() < 1e-6).all()
    assert (df[["not_started", "resuming", "discounts_ending"]] >= 0).all().all()
    assert (df[["scheduled_downgrades", "scheduled_churn"]] <= 0).all().all()
    mrr = sm.revenue.mrr(found, by, freq).df
    keys = ["period", *by]
    assert (
        df.set_index(keys)["live"].reindex(mrr.set_index(keys).index)
        == mrr.set_index(keys)["value"]
    ).all()
    whole = sm.revenue.committed(found, freq).df.set_index("period")
    added = df.groupby("period")[["value", "live", *PARTS]].sum()
    assert ((added - whole[added.columns]).abs() < 1e-4).all().all()
    balance = sm.revenue.balances(found, freq, by).df
    assert (balance["committed"] == df["value"]).all()


@quick
@given(cases(), BYS, st.sampled_from(("constant", "line")), st.integers(0, 23))
def test_rows_sum_to_their_cell(case: Case, by: tuple[str, ...], fx: str, place: int) -> None:
    found = of_case(moving(case, fx))
    result = sm.revenue.committed(found, "M", by)
    cell = result.df.iloc[place % len(result.df)]
    rows = result.rows(period=cell["period"], **{name: cell[name] for name in by})
    for name in ("value", "live", *PARTS):
        assert rows[name].sum() == pytest.approx(cell[name], abs=1e-4), name
    stock = sm.revenue.balances(found, "M", by)
    cell = stock.df.iloc[place % len(stock.df)]
    rows = stock.rows(period=cell["period"], **{name: cell[name] for name in by})
    for name in ("paused", "past_due", "scheduled_churn", "committed"):
        assert rows[name].sum() == pytest.approx(cell[name], abs=1e-4), name


@quick
@given(cases(), st.integers(30, 300))
def test_a_past_period_does_not_know_what_became_known_later(case: Case, cut: int) -> None:
    # What was requested after a day, or begins after it without a date, changes nothing before it.
    day = case.as_of - cut
    lines = tuple(
        line
        for line in case.lines
        if line["start"] <= day or (line.get("signed_at") or 2**30) <= day
    )
    lines = tuple(
        {**line, "cancel_requested_at": None}
        if (line.get("cancel_requested_at") or 0) > day
        else line
        for line in lines
    )
    policy = case.policy.changed(churn_date="ended", gap_days=0, entity="customer")
    before, after = (
        of_case(replace(case, lines=part, policy=policy)) if part else None
        for part in (lines, case.lines)
    )
    if before is None or after is None:
        return
    one, other = (sm.revenue.committed(found).df.set_index("period") for found in (before, after))
    ends = one.index + pd.offsets.MonthEnd(0)
    past = one.index[(ends - pd.Timestamp("1970-01-01")).days <= day]
    shared = past.intersection(other.index)
    assert (one.loc[shared, "value"] - other.loc[shared, "value"]).abs().max() < 1e-6 or not len(
        shared
    )


@quick
@given(cases())
def test_paused_mrr_is_that_of_the_bridge(case: Case) -> None:
    found = of_case(replace(case, policy=case.policy.changed(pause="line")))
    paused = sm.revenue.balances(found).df["paused"]
    assert (-sm.revenue.bridge(found).df["pause"].cumsum() - paused).abs().max() < 1e-6
