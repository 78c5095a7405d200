"""Each preset named after a tool gives what the tool publishes, on a little ledger read through a Book.

The figures are those of `revenue.json` in the shared examples, by their id; nothing is copied here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics import formulas
from saasmetrics.policies import presets

_FILE = Path(__file__).parents[3] / "shared" / "examples" / "revenue.json"
CHARTMOGUL = ("chartmogul_b2b", "chartmogul_b2c")
PREFIX = {"cm_": CHARTMOGUL, "stripe_": ("stripe",), "pw_": ("profitwell",)}
PREFIX |= {"cb_": ("chargebee",), "recurly_": ("recurly",), "bvp_": ("bessemer",)}
PREFIX |= {"skok_": ("skok",)}
FLOWS = ("new", "reactivation", "expansion", "contraction", "churn")

Line = tuple[str, str, str | None, float, str]


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    if not _FILE.exists():
        pytest.skip("the published examples (../shared/examples/revenue.json) are not here")
    return {entry["id"]: entry for entry in json.loads(_FILE.read_text("utf-8"))}


def book(preset: str, as_of: str, *lines: Line, **columns: Any) -> sm.Book:
    """Subscriptions read by a preset: customer, start, end, amount, interval."""
    table = pd.DataFrame(lines, columns=["customer_id", "start", "end", "amount", "interval"])
    table["subscription_id"] = [f"s{n}" for n in range(len(table))]
    table = table.assign(**{k: v for k, v in columns.items() if k not in ("spend", "customers")})
    more = {k: v for k, v in columns.items() if k in ("spend", "customers")}
    return sm.Book(subscriptions=table, as_of=as_of, currency="USD", policy=preset, **more)


def at(result: sm.Result, period: str) -> Any:
    found = result.df.set_index("period").loc[period]
    assert f"policy {result.context.policy.name} v1" in result.footnote
    return found


def churn_of(inputs: dict[str, float]) -> tuple[Line, ...]:
    """Customers who in June lose, add and win back what an example says of its MRR."""
    lost, less, more = (inputs[f"{name}_mrr"] for name in ("churn", "contraction", "expansion"))
    flat = inputs["mrr_start"] - lost - 2 * less - more
    return (
        ("left", "2026-01-01", "2026-06-10", lost, "month"),
        ("less", "2026-01-01", "2026-06-10", 2 * less, "month"),
        ("less", "2026-06-10", None, less, "month"),
        ("more", "2026-01-01", "2026-06-10", more, "month"),
        ("more", "2026-06-10", None, 2 * more, "month"),
        ("flat", "2026-01-01", None, flat, "month"),
    )


@pytest.mark.parametrize(
    ("entry", "metric", "name"),
    [
        ("cm_gross_mrr_churn_std", "gross_churn", "gross_mrr_churn_rate"),
        ("cm_net_mrr_churn_std", "net_churn", "net_mrr_churn_rate"),
    ],
)
def test_chartmogul_sets_losses_against_the_mrr_at_the_start(
    published: dict[str, Any], entry: str, metric: str, name: str
) -> None:
    lines = churn_of(published[entry]["inputs"])
    found = getattr(sm.retention, metric)(book("chartmogul_b2b", "2026-06-30", *lines), window=1)
    assert at(found, "2026-06-01")["value"] == pytest.approx(published[entry]["expected"][name])


def test_chartmogul_for_consumers_adds_up_the_days(published: dict[str, Any]) -> None:
    entry = published["cm_gross_mrr_churn_shopify_day"]
    start, end = entry["inputs"]["mrr_day_start"], entry["inputs"]["mrr_day_end"]
    lines = (
        ("a", "2026-01-01", None, end, "month"),
        ("b", "2026-01-01", "2026-06-10", start - end, "month"),
    )
    found = sm.retention.gross_churn(
        book("chartmogul_b2c", "2026-06-30", *lines), window=1, freq="D", interval=None
    )
    daily = entry["expected"]["daily_gross_churn"]
    assert at(found, "2026-06-10")["value"] == pytest.approx(daily)
    # and the month is the sum of its days: a second loss of 5 % makes 10 %, not 9.75 %
    again = (
        *lines[1:],
        ("a", "2026-01-01", "2026-06-20", end * daily, "month"),
        ("c", "2026-01-01", None, end * (1 - daily), "month"),
    )
    month = sm.retention.gross_churn(book("chartmogul_b2c", "2026-06-30", *again), window=1)
    assert at(month, "2026-06-01")["value"] == pytest.approx(2 * daily)


@pytest.mark.parametrize("preset", CHARTMOGUL)
def test_chartmogul_divides_arpa_by_the_churn_of_six_months(
    published: dict[str, Any], preset: str
) -> None:
    entry = published["cm_ltv"]["inputs"]
    share, months = (
        entry["customer_churn_6m_trailing_avg"],
        pd.period_range("2025-11", "2026-06", freq="M"),
    )
    # A hundred customers; each month some leave and as many come, two more in one month than in the next.
    lines: list[Line] = []
    alive = [(f"c{n}", "2025-11-01") for n in range(100)]
    for number, month in enumerate(months[1:-1]):
        many = round(100 * share) + (1 if number % 2 else -1)
        day = month.start_time.strftime("%Y-%m-10")
        lines += [(name, start, day, entry["arpa"], "month") for name, start in alive[:many]]
        alive = alive[many:] + [(f"{month}-{n}", day) for n in range(many)]
    # The month not over yet, in which half of them leave, does not count.
    lines += [(name, start, "2026-06-05", entry["arpa"], "month") for name, start in alive[:50]]
    lines += [(name, start, None, entry["arpa"], "month") for name, start in alive[50:]]
    found = sm.economics.ltv(book(preset, "2026-06-10", *lines), interval=None)
    assert found.value == pytest.approx(published["cm_ltv"]["expected"]["ltv"])


@pytest.mark.parametrize("preset", ["chartmogul_b2b"])
def test_chartmogul_counts_neither_who_returned_nor_who_joined_in_the_period(
    published: dict[str, Any], preset: str
) -> None:
    entry = published["cm_customer_churn_std"]
    inputs = entry["inputs"]
    back, joined = (inputs[f"of_which_{n}_same_period"] for n in ("reactivated", "joined"))
    gone = inputs["churned"] - back - joined
    stay = inputs["customers_start"] - gone - back
    lines = [(f"s{n}", "2026-01-01", None, 9, "month") for n in range(stay)]
    lines += [(f"g{n}", "2026-01-01", "2026-06-10", 9, "month") for n in range(gone + back)]
    lines += [(f"g{n}", "2026-06-20", None, 9, "month") for n in range(back)]
    lines += [(f"j{n}", "2026-06-05", "2026-06-20", 9, "month") for n in range(joined)]
    row = at(sm.retention.logo_churn(book(preset, "2026-06-30", *lines), window=1), "2026-06-01")
    assert row["value"] == pytest.approx(entry["expected"]["customer_churn_rate"])
    assert row["denominator"] == inputs["customers_start"]


LIFE: tuple[Line, ...] = (
    # 4 x Gold yearly at 500; 2 x Silver monthly at 30, cancelled in June; Gold cancelled and paid to the end of the
    # year; back with 3 x Gold monthly at 50
    ("acme", "2024-01-10", "2025-01-10", 2000, "year"),
    ("acme", "2024-03-05", "2024-06-20", 60, "month"),
    ("acme", "2025-04-02", None, 150, "month"),
)


@pytest.mark.parametrize("preset", CHARTMOGUL)
@pytest.mark.parametrize(
    ("entry", "month"),
    [
        ("cm_lifecycle_new", "2024-01-01"),
        ("cm_lifecycle_expansion", "2024-03-01"),
        ("cm_lifecycle_contraction", "2024-06-01"),
        ("cm_lifecycle_churn", "2025-01-01"),
        ("cm_lifecycle_reactivation", "2025-04-01"),
    ],
)
def test_chartmogul_tells_the_life_of_a_customer(
    published: dict[str, Any], preset: str, entry: str, month: str
) -> None:
    asked = ["2024-09-01", "2024-06-20", None]
    found = book(preset, "2025-06-30", *LIFE, cancel_requested_at=asked)
    row = at(sm.revenue.bridge(found), month)
    moved = {name: row[name] for name in FLOWS if row[name]}
    expected = published[entry]["expected"]
    kind = expected["movement"].removesuffix("_business")
    assert moved == {kind: pytest.approx(expected["mrr"], abs=0.005)}


@pytest.mark.parametrize("preset", CHARTMOGUL)
def test_chartmogul_divides_a_quarter_by_three(published: dict[str, Any], preset: str) -> None:
    entry = published["cm_subscription_duration_ratio"]
    amount, months = entry["inputs"]["amount"], entry["inputs"]["interval_months"]
    line = ("a", "2026-01-01", None, amount, "month")
    found = book(preset, "2026-06-30", line, interval_count=[months])
    assert sm.revenue.mrr(found).value == entry["expected"]["mrr"]


@pytest.mark.parametrize("preset", CHARTMOGUL)
def test_chartmogul_counts_customers_and_not_activities(
    published: dict[str, Any], preset: str
) -> None:
    entry = published["cm_activity_vs_customers"]
    total, many = entry["inputs"]["expansion_mrr_may_2024"], entry["inputs"]["activities"]
    lines = [(f"c{n}", "2024-01-01", None, 10, "month") for n in range(1, many)]
    lines += [
        (f"c{max(n, 1)}", f"2024-05-{n + 2:02d}", None, 300, "month") for n in range(many - 1)
    ]
    lines += [(f"c{many - 1}", "2024-05-25", None, total - 300 * (many - 1), "month")]
    df = sm.revenue.movements(book(preset, "2024-05-31", *lines)).df
    may = df[(df["period"] == "2024-05-01") & (df["movement"] == "expansion")].iloc[0]
    assert (may["value"], may["customers"]) == (total, entry["expected"]["customers"])


def test_stripe_adds_monthly_and_yearly_plans(published: dict[str, Any]) -> None:
    entry = published["stripe_mrr_mix"]
    lines = [
        (f"{name}{n}", "2026-01-01", None, plan["price"], plan["interval"])
        for name, plan in entry["inputs"].items()
        for n in range(plan["subs"])
    ]
    assert sm.revenue.mrr(book("stripe", "2026-06-30", *lines)).value == entry["expected"]["mrr"]


def test_stripe_counts_only_coupons_that_last_for_ever(published: dict[str, Any]) -> None:
    # The note of the example: a forever coupon of 50 % halves MRR, one that repeats leaves it.
    entry = published["stripe_mrr_annual"]
    price = entry["inputs"]["price"]
    lines = [(name, "2026-01-01", None, price / 2, "year") for name in ("forever", "repeating")]
    lines += [("plain", "2026-01-01", None, price, "year")]
    found = book(
        "stripe",
        "2026-06-30",
        *lines,
        list_amount=[price] * 3,
        discount_end=[None, "2026-10-01", None],
    )
    df = sm.revenue.mrr(found, by="customer_id").df
    june = df[df["period"] == "2026-06-01"].set_index("customer_id")["value"].to_dict()
    mrr = entry["expected"]["mrr"]
    assert june == {"forever": mrr / 2, "repeating": mrr, "plain": mrr}


def test_profitwell_takes_every_discount_off(published: dict[str, Any]) -> None:
    entry = published["pw_discount"]
    price = entry["inputs"]["annual"]
    line = ("a", "2026-01-01", None, price * (1 - entry["inputs"]["discount"]), "year")
    for until in (None, "2026-12-01"):
        found = book("profitwell", "2026-06-30", line, list_amount=[price], discount_end=[until])
        assert sm.revenue.mrr(found).value == entry["expected"]["mrr"]


def test_profitwell_books_churn_at_the_end_of_the_paid_period(published: dict[str, Any]) -> None:
    entry = published["pw_cancel_vs_churn"]
    signup, cancelled = (f"2026-{entry['inputs'][name]}" for name in ("signup", "cancelled"))
    found = book(
        "profitwell", "2026-07-31", ("a", signup, cancelled, entry["inputs"]["mrr"], "month")
    )
    days = sm.revenue.bridge(found, freq="D").df
    lost = days[days["churn"] != 0]
    assert lost["period"].dt.strftime("%m-%d").tolist() == [entry["expected"]["churn_date"]]
    assert lost["churn"].tolist() == [-entry["expected"]["churn_mrr"]]


def test_profitwell_books_failed_payments_when_collection_ends() -> None:
    line = ("a", "2026-04-15", "2026-06-08", 10, "month")
    found = book("profitwell", "2026-07-31", line, churn_cause=["involuntary"])
    days = sm.revenue.bridge(found, freq="D").df
    assert days.loc[days["churn"] != 0, "period"].dt.strftime("%m-%d").tolist() == ["06-08"]


def test_chargebee_takes_the_lower_of_two_totals(published: dict[str, Any]) -> None:
    entry = published["cb_grr_aggregate"]
    start, end = entry["inputs"]["mrr_start"], entry["inputs"]["mrr_end"]
    # One customer leaves, another grows by more: the totals hide the loss, as the note says.
    lines = (
        ("a", "2026-01-01", "2026-06-10", 1000, "month"),
        ("b", "2026-01-01", "2026-06-10", start - 1000, "month"),
        ("b", "2026-06-10", None, end, "month"),
    )
    found = book("chargebee", "2026-06-30", *lines)
    row = at(sm.retention.grr(found, window=1), "2026-06-01")
    assert row["value"] == entry["expected"]["grr"]
    assert (
        at(sm.retention.grr(found.with_policy("default"), window=1), "2026-06-01")["value"] == 0.8
    )


def test_chargebee_files_churn_by_cause_and_the_unknown_as_voluntary(
    published: dict[str, Any],
) -> None:
    entry = published["cb_voluntary"]
    price, lines, causes = entry["inputs"]["price"], [], []
    for cause in ("voluntary", "involuntary"):
        many = entry["inputs"][f"{cause}_customers"]
        lines += [(f"{cause}{n}", "2026-01-01", "2026-06-15", price, "month") for n in range(many)]
        causes += [cause] * many
    causes[0] = None
    # Who leaves in the month of activation is left out.
    lines += [("brief", "2026-06-02", "2026-06-20", price, "month")]
    found = book("chargebee", "2026-06-30", *lines, churn_cause=[*causes, "voluntary"])
    df = sm.revenue.movements(found, subtypes=True).df
    lost = df[(df["period"] == "2026-06-01") & (df["movement"] == "churn")]
    assert dict(zip(lost["subtype"], -lost["value"], strict=True)) == {
        cause: entry["expected"][f"{cause}_cancellation_mrr"]
        for cause in ("voluntary", "involuntary")
    }


def test_recurly_has_the_full_mrr_on_every_day(published: dict[str, Any]) -> None:
    entry = published["recurly_no_proration"]
    start, end = (f"2026-{entry['inputs'][name]}" for name in ("start", "end"))
    lines = (
        ("a", start, end, entry["inputs"]["price"], "month"),
        ("daily", "2026-05-02", None, 1, "day"),
        ("yearly", "2026-06-02", None, entry["expected"]["yearly_divisor"], "year"),
    )
    found = book("recurly", "2026-06-30", *lines)
    days = sm.revenue.bridge(found, freq="D").df.set_index("period")["closing"]
    assert set(days["2026-03-29":"2026-04-28"]) == {entry["expected"]["mrr_each_day"]}
    months = sm.revenue.bridge(found).df.set_index("period")["closing"]
    assert (months["2026-03-01"], months["2026-04-01"]) == (entry["inputs"]["price"], 0)
    assert months["2026-05-01"] == entry["expected"]["daily_factor"]
    assert months["2026-06-01"] == entry["expected"]["daily_factor"] + 1


def test_bessemer_pays_back_last_quarters_spend_from_the_margin(published: dict[str, Any]) -> None:
    entry = published["bvp_cac_payback"]
    inputs = entry["inputs"]
    lines = [("old", "2025-01-01", None, 500, "month")]
    lines += [
        (f"c{n}", f"2026-0{4 + n % 3}-10", None, inputs["new_cmrr_quarter"] / 60, "month")
        for n in range(60)
    ]
    months = [f"2026-0{month}" for month in range(1, 7)]
    # Only the first quarter's spend matters, which won the customers of the second.
    amounts = [inputs["prior_sm"] / 3] * 3 + [10**6] * 3
    spend = {"month": months, "function": ["sales"] * 6, "amount": amounts}
    found = book("bessemer", "2026-06-30", *lines, spend=spend)
    result = sm.economics.payback(found, margin=inputs["gross_margin"], window=3)
    assert result.value == pytest.approx(entry["expected"]["cac_payback_months"])


def test_skok_counts_expansion_in_lifetime_value(published: dict[str, Any]) -> None:
    entry = published["skok_expansion"]
    # A margin of 80 % of 100 a month is a = 80; a gain of 125 over 100 customers is m = 1; 3 of 100 leave. The one
    # who grows from 10 to 135 and one new at 65 leave the mean at 100.
    lines = [(f"c{n}", "2026-01-01", None, 100, "month") for n in range(96)]
    lines += [(f"g{n}", "2026-01-01", "2026-06-10", 100, "month") for n in range(3)]
    lines += [
        ("up", "2026-01-01", "2026-06-10", 10, "month"),
        ("up", "2026-06-10", None, 135, "month"),
    ]
    lines += [("new", "2026-06-12", None, 65, "month")]
    found = sm.economics.ltv(book("skok", "2026-06-30", *lines), margin=0.8, interval=None)
    assert found.value == pytest.approx(entry["expected"]["ltv"], abs=1e-4)


def test_every_published_example_of_a_tool_is_told_to_its_preset(published: dict[str, Any]) -> None:
    source = Path(__file__).read_text("utf-8")
    for entry in published:
        if any(entry.startswith(prefix) for prefix in PREFIX):
            assert f'"{entry}"' in source, entry


@pytest.mark.parametrize("preset", presets())
def test_a_preset_says_what_it_follows_and_where_it_falls_short(preset: str) -> None:
    policy = sm.Policy.named(preset)
    assert policy.title != policy.name
    assert policy.sources
    assert policy.limits or preset == "default"
    assert policy.differences(sm.Policy()) or preset == "default"


def test_weeks_are_those_of_their_tools(published: dict[str, Any]) -> None:
    entry = published["interval_week_factors"]
    price, expected = entry["inputs"]["price_week"], entry["expected"]
    line = ("a", "2026-01-01", None, price, "week")
    for choices, name in (
        ("tidemill", "factor_52_12"),
        ({"week": "365.25/84"}, "factor_365_25_84"),
        ({"week": "4.35"}, "qonversion_4_35"),
    ):
        found = book("default", "2026-06-30", line)
        found = (
            found.with_policy(choices) if isinstance(choices, str) else found.with_policy(**choices)
        )
        assert sm.revenue.mrr(found).value == pytest.approx(expected[name], abs=1e-4)
    assert (
        formulas.mrr(price, "week", week="0")
        == published["killbill_weekly_zero"]["expected"]["mrr"]
    )
