"""What other tools get wrong, or their users complain of, and we do not: each on a ledger reckoned by hand.

The tool, and where the defect is told, stand beside each test.
"""

from __future__ import annotations

from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.engine.movements import FLOWS


def subscriptions(*lines: dict[str, Any], **more: Any) -> sm.Book:
    """Subscriptions of 100 a month of customer a from January 2026, where nothing else is said; known to 30 June."""
    usual = {"customer_id": "a", "start": "2026-01-01", "end": None, "amount": 100}
    rows = [
        {"subscription_id": f"s{n}", "interval": "month", **usual, **line}
        for n, line in enumerate(lines)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(subscriptions=table, **{"as_of": "2026-06-30", "currency": "USD", **more})


def months(book: sm.Book, **options: Any) -> Any:
    """The bridge by month, which closes."""
    df = sm.revenue.bridge(book, **options).df
    assert not df["residual"].any()
    return df.set_index("period")


def moved(book: sm.Book, month: str) -> dict[str, float]:
    """What moved MRR in a month."""
    row = months(book).loc[f"{month}-01"]
    return {name: round(row[name], 2) for name in FLOWS if round(row[name], 2)}


def rate(metric: str, book: sm.Book, month: str = "2026-06", **options: Any) -> Any:
    found = getattr(sm.retention, metric)(book, **{"window": 1, "interval": None, **options}).df
    return found.set_index("period").loc[f"{month}-01", "value"]


# Movements


@pytest.mark.parametrize("view", ["snapshot", "event"])
@pytest.mark.parametrize("amount", [50, 100, 300])
def test_dbt_stripe_calls_a_return_after_a_gap_expansion_and_we_reactivation(
    view: str, amount: int
) -> None:
    # models/stripe__subscription_item_mrr_report.sql: "expansion" is tested first, so 0 -> x never is a reactivation.
    book = subscriptions({"end": "2026-02-10"}, {"start": "2026-05-10", "amount": amount})
    assert moved(book.with_policy(view=view), "2026-05") == {"reactivation": amount}


@pytest.mark.parametrize("view", ["snapshot", "event"])
def test_dbt_recurly_and_zuora_call_a_churn_contraction_and_we_churn(view: str) -> None:
    # models/*monthly_recurring_revenue.sql: "contraction" is tested before "churned".
    book = subscriptions({"end": "2026-05-10"}, {"customer_id": "b"}).with_policy(view=view)
    assert moved(book, "2026-05") == {"churn": -100}


def test_dbt_recurly_books_an_annual_charge_in_one_month_and_we_spread_it() -> None:
    book = subscriptions({"interval": "year", "amount": 1200})
    assert months(book)["closing"].tolist() == [100] * 6
    invoice = {"invoice_id": ["i"], "customer_id": ["a"], "date": ["2026-01-01"], "amount": [1200]}
    invoice |= {"service_start": ["2026-01-01"], "service_end": ["2026-12-31"]}
    assert months(sm.Book(invoices=invoice, as_of="2026-06-30"))["closing"].tolist() == [100] * 6


def test_dbt_recurly_has_no_row_for_a_quiet_month_and_we_have_every_month() -> None:
    book = subscriptions({"end": "2026-02-10"}, {"start": "2026-06-10"})
    assert len(months(book)) == 6


def test_mrr_playbook_gives_two_rows_a_month_to_overlapping_subscriptions_and_we_one() -> None:
    # models/customer_revenue_by_month.sql has no group by.
    book = subscriptions({}, {"amount": 70, "start": "2026-03-01"})
    found = months(book, by="customer_id")
    assert found.index.is_unique
    assert found["closing"].tolist() == [100, 100, 170, 170, 170, 170]
    assert found["expansion"].tolist() == [0, 0, 70, 0, 0, 0]


def test_tidemill_calls_a_second_subscription_new_and_we_expansion() -> None:
    book = subscriptions({}, {"amount": 70, "start": "2026-03-10", "end": "2026-05-10"})
    assert moved(book, "2026-03") == {"expansion": 70}
    assert moved(book, "2026-05") == {"contraction": -70}


def test_posthog_calls_a_returning_customer_new_and_we_reactivated() -> None:
    book = subscriptions({"end": "2026-02-10"}, {"start": "2026-05-10"})
    assert moved(book, "2026-05") == {"reactivation": 100}
    assert moved(book.with_policy("posthog"), "2026-05") == {"new": 100}


def test_flowglad_counts_an_upgrade_as_churn_and_new_and_we_as_expansion() -> None:
    # flowglad#400
    book = subscriptions(
        {"end": "2026-05-10", "plan": "pro"},
        {"start": "2026-05-10", "plan": "scale", "amount": 150},
    )
    for view in ("snapshot", "event"):
        assert moved(book.with_policy(view=view), "2026-05") == {"expansion": 50}


def test_moving_customers_to_new_products_wrecks_churn_in_stripe_and_not_here() -> None:
    # commonknowledge/leftbookclub#288: every customer moves to another product on one day.
    lines = [
        {"customer_id": name, "product": product, "start": start, "end": end}
        for name in "abcd"
        for product, start, end in (
            ("old", "2026-01-01", "2026-05-10"),
            ("new", "2026-05-10", None),
        )
    ]
    book = subscriptions(*lines)
    assert moved(book, "2026-05") == {}
    assert rate("logo_churn", book, "2026-05") == 0
    by = sm.revenue.bridge(book, by="product").df
    may = by[by["period"] == "2026-05-01"].set_index("product")
    assert may["transfer"].to_dict() == {"old": -400, "new": 400}
    assert not may[["new", "churn"]].to_numpy().any()


def test_chartmogul_leaves_exchange_rates_out_of_movements_and_our_bridge_closes_with_them() -> (
    None
):
    rates = {"date": ["2026-01-01", "2026-05-31"], "currency": ["EUR"] * 2, "rate": [1.0, 1.2]}
    book = subscriptions({"currency": "EUR"}, fx=rates)
    assert moved(book, "2026-05") == {"fx": 20}
    assert months(book).loc["2026-05-01", ["opening", "closing"]].tolist() == [100, 120]


def test_saas_metrics_moves_history_when_a_segment_changes_and_we_do_not() -> None:
    # engine.py fixes the segment to the last one; here the plan changes in May.
    lines = {"end": "2026-05-10", "plan": "basic"}, {"start": "2026-05-10", "plan": "pro"}
    before = subscriptions(*lines).as_of("2026-04-30")
    after = subscriptions(*lines)
    for book in (before, after):
        april = sm.revenue.bridge(book, by="plan").df.set_index(["period", "plan"])
        assert april.loc[("2026-04-01", "basic"), "closing"] == 100
    may = sm.revenue.bridge(after, by="plan").df.set_index(["period", "plan"])
    assert may.loc[("2026-05-01", "basic"), "transfer"] == -100
    assert may.loc[("2026-05-01", "pro"), "transfer"] == 100


def test_saas_metrics_clips_negative_customer_months_and_we_keep_what_was_billed() -> None:
    # engine.py: a credit of 130 beside 100 leaves -30, which it sets to 0.
    lines = [
        ("i1", "a", "recurring", 100),
        ("i2", "a", "refund", -130),
        ("i3", "b", "recurring", 50),
    ]
    names = ("invoice_id", "customer_id", "kind", "amount")
    table = {name: [line[n] for line in lines] for n, name in enumerate(names)}
    book = sm.Book(invoices={**table, "date": ["2026-01-01"] * 3}, as_of="2026-01-31")
    january = months(book.with_policy(refunds="counted")).loc["2026-01-01"]
    assert january["closing"] == 20


# Amounts


@pytest.mark.parametrize(
    ("interval", "count", "monthly"),
    [
        ("day", 1, 10 * 365 / 12),
        ("day", 30, 10 * 365 / 12 / 30),
        ("week", 1, 10 * 52 / 12),
        ("week", 2, 10 * 52 / 24),
    ],
)
def test_kill_bill_gives_plans_by_the_day_or_week_no_mrr_and_we_do(
    interval: str, count: int, monthly: float
) -> None:
    # BusinessSubscription.getMrrFromBillingPeriod; dbt_stripe does the same to days.
    book = subscriptions({"interval": interval, "interval_count": count, "amount": 10})
    assert sm.revenue.mrr(book).value == pytest.approx(monthly, abs=1e-6)


@pytest.mark.parametrize(("years", "monthly"), [(1, 200), (2, 100), (3, pytest.approx(66.666667))])
def test_pax8_counts_plans_of_several_years_that_often_and_we_divide(
    years: int, monthly: float
) -> None:
    # pax8labs/pax8-cli#439: 2,400 for a year, two years, three years.
    book = subscriptions({"interval": "year", "interval_count": years, "amount": 2400})
    assert sm.revenue.mrr(book).value == monthly


def test_polar_takes_a_first_month_for_the_price_and_we_show_both() -> None:
    # polar#8222: the first month at a discount; MRR that runs and what it will be are two numbers.
    book = subscriptions({"amount": 77, "list_amount": 1155, "discount_end": "2026-07-01"})
    assert sm.revenue.mrr(book).value == 77
    assert sm.revenue.mrr(book.with_policy(discount="none")).value == 1155


def test_polar_counts_who_is_past_due_and_we_say_so_or_do_not() -> None:
    # polar#5337
    book = subscriptions({"past_due_since": "2026-06-05"}, {"customer_id": "b"})
    assert sm.revenue.mrr(book).value == 200
    assert sm.revenue.mrr(book.with_policy(past_due="excluded")).value == 100


def test_ghost_takes_a_free_month_for_a_loss_and_we_keep_the_customer() -> None:
    # TryGhost/Ghost#26533: one month free, to keep who wanted to leave.
    book = subscriptions(
        {"end": "2026-04-01"},
        {"start": "2026-04-01", "amount": 0, "list_amount": 100, "discount_end": "2026-05-01"},
    )
    assert moved(book, "2026-04") == {"pause": -100}
    assert moved(book, "2026-05") == {"pause": 100}
    assert rate("logo_churn", book, "2026-04") == 0
    assert rate("gross_churn", book, "2026-04") == 0
    assert "1 subscriptions row is free for a time" in sm.revenue.bridge(book).footnote
    # and where a discount of one billing interval does not count, MRR does not move at all
    assert moved(book.with_policy(discount="recurring"), "2026-04") == {}


def test_a_customer_free_from_the_first_day_is_new_only_when_it_pays() -> None:
    book = subscriptions(
        {"customer_id": "b"}, {"amount": 0, "list_amount": 100, "discount_end": "2026-03-01"}
    )
    assert moved(book, "2026-01") == {"new": 100}  # that is b
    assert moved(book, "2026-03") == {"new": 100}


def test_ghost_misses_discounts_for_ever_and_we_take_them_off() -> None:
    # TryGhost/Ghost#14470
    book = subscriptions({"amount": 60, "list_amount": 100})
    for policy in ("default", "stripe", "profitwell", "chargebee"):
        assert sm.revenue.mrr(book.with_policy(policy)).value == 60


def test_stripe_cohort_applies_a_coupon_of_today_to_the_past_and_we_do_not() -> None:
    # segmentio/stripe-cohort#2, carl24k/fight-churn#26: a coupon on the subscription that ran out within the row.
    book = subscriptions({"amount": 60, "list_amount": 100, "discount_end": "2026-04-01"})
    assert months(book)["closing"].tolist() == [60, 60, 60, 100, 100, 100]
    assert moved(book, "2026-04") == {"expansion": 40}


# When churn happens


def test_posthog_books_churn_a_day_early_and_we_on_the_first_day_without_service() -> None:
    # PostHog#39439
    book = subscriptions({"end": "2026-05-31"}, {"customer_id": "b"})
    days = sm.revenue.bridge(book, freq="D").df
    lost = days.loc[days["churn"] != 0, "period"]
    assert lost.dt.strftime("%Y-%m-%d").tolist() == ["2026-05-31"]
    # paid to the end of May, so that May closes with both and June begins without
    book = subscriptions({"end": "2026-06-01"}, {"customer_id": "b"})
    assert months(book).loc["2026-05-01", "closing"] == 200
    assert moved(book, "2026-06") == {"churn": -100}


def test_ghost_deducts_a_cancellation_twice_and_we_once() -> None:
    # TryGhost/Members#255: once when asked for, once when it ends.
    line = {"end": "2026-06-15", "cancel_requested_at": "2026-05-20"}
    for choice in ("ended", "cancel_requested", "period_end"):
        book = subscriptions(line, {"customer_id": "b"}).with_policy(churn_date=choice)
        assert months(book)["churn"].sum() in (-100, 0)  # paid to 1 July, after the last day known
        assert (months(book)["churn"] != 0).sum() <= 1
    book = subscriptions(line, {"customer_id": "b"})
    assert moved(book.with_policy(churn_date="cancel_requested"), "2026-05") == {"churn": -100}
    assert moved(book, "2026-06") == {"churn": -100}


def test_polar_cannot_tell_when_churn_happens_and_every_footnote_here_does() -> None:
    # polar#7634: at canceled_at or at ended_at?
    line = {"end": "2026-06-15", "cancel_requested_at": "2026-05-20"}
    book = subscriptions(line, {"customer_id": "b"}).with_policy(churn_date="cancel_requested")
    footnote = sm.retention.logo_churn(book, window=1).footnote
    assert "churn falls on the day the cancellation was requested" in footnote
    assert "policy default* v1" in footnote


# Retention


def test_tidemill_counts_who_was_won_back_in_nrr_and_we_do_not() -> None:
    book = subscriptions(
        {"customer_id": "b"}, {"end": "2026-02-10"}, {"start": "2026-06-10", "amount": 500}
    )
    assert rate("nrr", book) == 1
    assert rate("nrr", book.with_policy("tidemill")) == 6


@pytest.mark.parametrize("method", ["customer", "cohort_total", "total", "movements"])
def test_gross_retention_is_never_above_1(method: str) -> None:
    book = subscriptions({"end": "2026-06-10"}, {"start": "2026-06-10", "amount": 900})
    assert rate("grr", book, method=method) == 1


def test_chargebee_hides_churn_behind_the_expansion_of_others_and_our_gross_retention_does_not() -> (
    None
):
    # chargebee.com/docs/2.0/recurring-revenue.html takes the lower of totals.
    book = subscriptions(
        {"end": "2026-06-10"},
        {"customer_id": "b", "end": "2026-06-10"},
        {"customer_id": "b", "start": "2026-06-10", "amount": 300},
    )
    assert rate("grr", book) == 0.5
    assert rate("grr", book.with_policy("chargebee")) == 1


def test_posthog_divides_churn_by_everybody_and_we_by_those_at_the_start() -> None:
    book = subscriptions(
        {"end": "2026-06-10"},
        {"customer_id": "b"},
        {"customer_id": "c", "start": "2026-06-05"},
        {"customer_id": "d", "start": "2026-06-05"},
    )
    assert rate("logo_churn", book) == 0.5
    assert rate("logo_churn", book.with_policy("posthog")) == 0.25


def test_repeatradar_prints_0_for_what_is_not_observed_and_we_leave_it_missing() -> None:
    # repeatradar 1.0.0; PostHog#58679 shows open brackets as 0 %.
    book = subscriptions({}, {"customer_id": "b", "start": "2026-05-10"})
    df = sm.retention.cohorts(book, measure="logos").df
    late = df[(df["cohort"] == "2026-05-01") & (df["age"] > 1)]
    assert not late["observed"].any()
    assert late["value"].isna().all()


def test_repeatradar_counts_months_of_30_days_and_we_months() -> None:
    # From 31 January to 28 February are 28 days, and one month.
    book = subscriptions({"start": "2026-01-31"})
    df = sm.retention.cohorts(book, measure="logos").df
    assert df.loc[df["observed"], "age"].tolist() == [0, 1, 2, 3, 4, 5]


def test_posthog_leaves_cohorts_of_0_out_of_the_mean_and_we_count_them() -> None:
    # PostHog#30624; moneat-io/moneat#455: and cohorts not yet old enough do not count as lost.
    book = subscriptions(
        {"end": "2026-02-01"},
        {"customer_id": "b", "start": "2026-02-01"},
        {"customer_id": "c", "start": "2026-06-01"},
    )
    df = sm.retention.cohorts(book, measure="logos").df
    aged = df[(df["age"] == 1) & df["observed"]]
    assert aged["numerator"].sum() / aged["denominator"].sum() == 0.5
    assert len(aged) == 2


def test_a_customer_who_comes_and_goes_is_in_no_rate_of_those_at_the_start() -> None:
    book = subscriptions({}, {"customer_id": "b", "start": "2026-06-05", "end": "2026-06-20"})
    for view in ("snapshot", "event"):
        assert rate("logo_churn", book.with_policy(view=view)) == 0
        assert rate("nrr", book.with_policy(view=view)) == 1


def test_capgo_reads_the_first_1000_rows_and_we_all() -> None:
    # Cap-go/capgo.app#2993: $22.3k shown where $26.5k are true.
    book = subscriptions(*({"customer_id": f"c{n}", "amount": 10} for n in range(2650)))
    assert sm.revenue.mrr(book).value == 26_500
