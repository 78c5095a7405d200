"""The published examples of ../shared/examples/revenue.json that tell a story, told to a Book."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics import formulas

FLOWS = ["new", "reactivation", "expansion", "contraction", "churn"]


def subscriptions(*rows, **columns):
    names = ["customer_id", "start", "end", "amount", "interval"]
    table = pd.DataFrame(rows, columns=names)
    table["subscription_id"] = [f"s{i}" for i in range(len(table))]
    return table.assign(**columns)


# 4 x Gold yearly at 500; 2 x Silver monthly at 30 from March, cancelled mid-cycle in June; Gold cancelled
# in September, paid to the end of the year; back in April with 3 x Gold monthly at 50
LIFECYCLE = subscriptions(
    ("acme", "2024-01-10", "2025-01-10", 2000, "year"),
    ("acme", "2024-03-05", "2024-06-20", 60, "month"),
    ("acme", "2025-04-02", None, 150, "month"),
    cancel_requested_at=["2024-09-01", "2024-06-20", None],
)


def movement(period):
    """The one movement of a month of the lifecycle: its name and its MRR."""
    bridge = sm.revenue.bridge(sm.Book(subscriptions=LIFECYCLE, as_of="2025-06-30")).df
    row = bridge.set_index("period").loc[period]
    moved = {name: row[name] for name in FLOWS if row[name] != 0}
    assert len(moved) == 1, moved
    return next(iter(moved.items()))


def test_cm_lifecycle_new(example):
    name, mrr = movement("2024-01-01")
    assert name == example["expected"]["movement"].removesuffix("_business")
    assert mrr == pytest.approx(example["expected"]["mrr"], abs=0.005)


def test_cm_lifecycle_expansion(example):
    name, mrr = movement("2024-03-01")
    assert (name, mrr) == (example["expected"]["movement"], example["expected"]["mrr"])


def test_cm_lifecycle_contraction(example):
    name, mrr = movement("2024-06-01")
    assert (name, mrr) == (example["expected"]["movement"], example["expected"]["mrr"])


def test_cm_lifecycle_churn(example):
    name, mrr = movement("2025-01-01")  # the end of the paid year
    assert name == example["expected"]["movement"]
    assert mrr == pytest.approx(example["expected"]["mrr"], abs=0.005)


def test_cm_lifecycle_reactivation(example):
    name, mrr = movement("2025-04-01")
    assert (name, mrr) == (example["expected"]["movement"], example["expected"]["mrr"])


def test_cm_activity_vs_customers(example):
    total, activities = (example["inputs"][k] for k in ("expansion_mrr_may_2024", "activities"))
    grown = [(f"c{i}", "2024-05-02", None, 300, "month") for i in range(activities)]
    grown[0] = ("c1", "2024-05-20", None, total - 300 * (activities - 1), "month")
    before = [(f"c{i}", "2024-01-01", None, 10, "month") for i in range(1, activities)]
    book = sm.Book(
        subscriptions=subscriptions(*before, *grown), as_of="2024-05-31", policy="default"
    )
    may = book.with_policy(view="event").movements().set_index("period").loc["2024-05-01"]
    assert may["expansion"] == total * 1_000_000
    assert may["customers_expanded"] == example["expected"]["customers"]


def test_stripe_mrr_annual_with_coupons(published):
    # the note of stripe_mrr_annual: a forever coupon of 50 % halves MRR, a repeating one leaves it
    entry = published["stripe_mrr_annual"]
    price = entry["inputs"]["price"]
    table = subscriptions(
        ("forever", "2024-01-01", None, price / 2, "year"),
        ("repeating", "2024-01-01", None, price / 2, "year"),
        list_amount=price,
        discount_end=[None, "2024-07-01"],
    )
    book = sm.Book(subscriptions=table, as_of="2024-03-31").with_policy(discount="forever_only")
    march = sm.revenue.bridge(book, by="customer_id").df
    closing = march[march["period"] == "2024-03-01"].set_index("customer_id")["closing"]
    assert closing.to_dict() == {"forever": 50, "repeating": entry["expected"]["mrr"]}


def test_pw_cancel_vs_churn(example):
    inputs, expected = example["inputs"], example["expected"]
    row = ("a", f"2024-{inputs['signup']}", f"2024-{inputs['cancelled']}", inputs["mrr"], "month")
    book = sm.Book(subscriptions=subscriptions(row), as_of="2024-07-31")
    days = sm.revenue.bridge(book.with_policy(churn_date="period_end"), freq="D").df
    lost = days[days["churn"] != 0]
    assert lost["period"].dt.strftime("%m-%d").tolist() == [expected["churn_date"]]
    assert lost["churn"].tolist() == [-expected["churn_mrr"]]


def test_cb_voluntary(example):
    inputs, price = example["inputs"], example["inputs"]["price"]
    many = {cause: inputs[f"{cause}_customers"] for cause in ("voluntary", "involuntary")}
    causes = [cause for cause, count in many.items() for _ in range(count)]
    rows = [(f"c{i}", "2024-01-01", "2024-03-15", price, "month") for i in range(len(causes))]
    table = subscriptions(*rows, churn_cause=causes)
    bridge = sm.revenue.bridge(
        sm.Book(subscriptions=table, as_of="2024-03-31"), by="churn_cause"
    ).df
    lost = bridge[bridge["period"] == "2024-03-01"].set_index("churn_cause")["churn"]
    for cause in many:
        assert -lost[cause] == example["expected"][f"{cause}_cancellation_mrr"]


def test_recurly_no_proration(example):
    inputs, expected = example["inputs"], example["expected"]
    row = ("a", f"2024-{inputs['start']}", f"2024-{inputs['end']}", inputs["price"], "month")
    book = sm.Book(subscriptions=subscriptions(row), as_of="2024-05-31")
    days = sm.revenue.bridge(book, freq="D").df.set_index("period")["closing"]
    assert set(days["2024-03-29":"2024-04-28"]) == {expected["mrr_each_day"]}
    months = sm.revenue.bridge(book).df.set_index("period")["closing"]
    assert (months["2024-03-01"], months["2024-04-01"]) == (inputs["price"], 0)
    assert formulas.mrr(1, "day", day=30) == expected["daily_factor"]
    assert formulas.mrr(expected["yearly_divisor"], "year") == 1


def test_fivetran_month_end(example):
    inputs = example["inputs"]
    row = ("a", f"2024-{inputs['period_start']}", f"2024-{inputs['period_end']}", 70, "month")
    book = sm.Book(subscriptions=subscriptions(row), as_of="2024-07-31")
    closing = sm.revenue.bridge(book).df.set_index("period")["closing"]
    assert closing["2024-05-01"] == 70  # "MRR": whatever it is
    assert closing["2024-06-01"] == example["expected"]["june"]


def test_fightchurn_discount_step(example):
    inputs, segments = example["inputs"]["sub"], example["expected"]["segments"]
    table = subscriptions(
        ("a", inputs["start"], None, inputs["mrr_first_month"], "month"),
        list_amount=inputs["list"],
        discount_end="2021-11-01",  # the discount is for the first month
    )
    days = sm.revenue.bridge(sm.Book(subscriptions=table, as_of="2021-12-31"), freq="D").df
    changed = days[days["opening"] != days["closing"]]
    assert changed["period"].dt.strftime("%Y-%m-%d").tolist() == [s[0] for s in segments]
    assert changed["closing"].tolist() == [s[2] for s in segments]


@pytest.fixture
def janz(example):
    """Janz's cohorts as customers: first how many converted, then how many paid at each month end."""
    cohorts = example["inputs"]["first_is_converted_then_month0"]
    rows = []
    for label, (_, *paying) in cohorts.items():
        first = pd.Period(pd.to_datetime(label, format="%b-%y"), "M")
        for number in range(paying[0]):
            months = sum(number < count for count in paying)
            start, end = first.start_time, (first + months).start_time
            rows.append(
                (f"{label}-{number}", start, end if months < len(paying) else None, 1, "month")
            )
    return sm.Book(subscriptions=subscriptions(*rows), as_of="2013-10-31"), cohorts


def test_janz_cohorts(example, janz):
    # lifetimes and LTV of the sheet hold Janz's own guess for the survivors, and are not compared
    book, cohorts = janz
    bridge = book.movements().set_index("period")
    active = bridge["customers_closing"].tolist()
    assert active == example["expected"]["active_total_by_calendar_month"]
    found = sm.retention.cohorts(book, measure="logos").df
    found = found[found["observed"]]
    for label, name in (("Jan-13", "jan13_pct_of_converted"), ("Feb-13", "feb13_pct")):
        cohort = found[found["cohort"] == pd.to_datetime(label, format="%b-%y")]
        shares = cohort["numerator"] / cohorts[label][0]
        assert shares.tolist() == pytest.approx(example["expected"][name], abs=5e-5)
