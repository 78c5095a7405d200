"""Why MRR changed, on ledgers small enough to reckon by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.reason_sums import KINDS, window_rows
from saasmetrics.engine.reasons import CAUSES, SUBTYPES
from tests.connected.natives import connected
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import Case, cases
from tests.properties.profile import quick


def book(*lines: dict[str, Any], **choices: Any) -> sm.Book:
    """Subscriptions of one customer; a change is a line that ends and another that starts on 10 February."""
    usual = {"start": "2026-01-01", "end": None, "interval": "month", "customer_id": "a"}
    rows = [{"subscription_id": f"s{n}", **usual, **line} for n, line in enumerate(lines)]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(subscriptions=table, as_of="2026-02-28", currency="USD").with_policy(**choices)


def reasons(found: sm.Book) -> dict[str, float]:
    """What February adds, by subtype."""
    df = sm.revenue.movements(found, subtypes=True).df
    df = df[(df["period"] == "2026-02-01") & (df["value"] != 0)]
    return {row.subtype: round(row.value, 6) for row in df.itertuples()}


OLD = {"end": "2026-02-10"}
NEW = {"start": "2026-02-10"}


def test_more_seats_at_the_same_price_are_seats() -> None:
    found = book({**OLD, "amount": 100, "quantity": 10}, {**NEW, "amount": 120, "quantity": 12})
    assert reasons(found) == {"seats": 20}


def test_a_higher_price_for_the_same_seats_is_price() -> None:
    found = book({**OLD, "amount": 100, "quantity": 10}, {**NEW, "amount": 110, "quantity": 10})
    assert reasons(found) == {"price": 10}


def test_price_counts_first_at_the_old_seats_or_at_the_mean() -> None:
    # From 10 seats at 10 to 12 at 11: price 1 x 10 and seats 11 x 2, or 1 x 11 and 10.5 x 2.
    lines = {**OLD, "amount": 100, "quantity": 10}, {**NEW, "amount": 132, "quantity": 12}
    assert reasons(book(*lines)) == {"price": 10, "seats": 22}
    assert reasons(book(*lines, price_volume="midpoint")) == {"price": 11, "seats": 21}


def test_another_plan_is_plan_and_not_churn_and_new() -> None:
    found = book({**OLD, "amount": 50, "plan": "pro"}, {**NEW, "amount": 90, "plan": "scale"})
    assert reasons(found) == {"plan": 40}
    bridge = sm.revenue.bridge(found).df.iloc[-1]
    assert (bridge["new"], bridge["churn"]) == (0, 0)


def test_a_second_product_is_cross_sell_and_dropping_it_too() -> None:
    found = book({"amount": 50, "product": "core"}, {**NEW, "amount": 30, "product": "extra"})
    assert reasons(found) == {"cross_sell": 30}
    found = book({"amount": 50, "product": "core"}, {**OLD, "amount": 30, "product": "extra"})
    assert reasons(found) == {"cross_sell": -30}


def test_another_subscription_of_a_plan_already_held_is_seats() -> None:
    found = book({"amount": 50, "plan": "pro"}, {**NEW, "amount": 50, "plan": "pro"})
    assert reasons(found) == {"seats": 50}


def test_a_yearly_price_for_the_same_plan_is_interval() -> None:
    found = book({**OLD, "amount": 100}, {**NEW, "amount": 1080, "interval": "year"})
    assert reasons(found) == {"interval": -10}


def test_the_end_of_a_discount_inside_one_subscription_is_discount_end() -> None:
    # fight-churn #26: 10 in the first month, then the list price of 20.
    found = book({"amount": 10, "list_amount": 20, "discount_end": "2026-02-01"})
    assert reasons(found) == {"discount_end": 10}


def test_seats_under_a_discount_that_stays_are_seats_at_the_price_paid() -> None:
    old = {**OLD, "amount": 80, "list_amount": 100, "quantity": 10}
    new = {**NEW, "amount": 96, "list_amount": 120, "quantity": 12}
    assert reasons(book(old, new)) == {"seats": 16}


def test_a_discount_that_begins_is_discount_start() -> None:
    old = {**OLD, "amount": 100, "list_amount": 100}
    new = {**NEW, "amount": 90, "list_amount": 100}
    assert reasons(book(old, new)) == {"discount_start": -10}


def test_a_contracted_uplift_is_an_escalator() -> None:
    found = book({**OLD, "amount": 100}, {**NEW, "amount": 105, "escalator": True})
    assert reasons(found) == {"escalator": 5}


@pytest.mark.parametrize(
    ("cause", "policy", "subtype"),
    [
        ("voluntary", "unknown", "voluntary"),
        ("involuntary", "unknown", "involuntary"),
        (None, "unknown", "unknown"),
        (None, "voluntary", "voluntary"),
        ("involuntary", "voluntary", "involuntary"),
    ],
)
def test_churn_is_told_by_cause(cause: str | None, policy: str, subtype: str) -> None:
    found = book({**OLD, "amount": 40, "churn_cause": cause}, churn_cause=policy)
    assert reasons(found) == {subtype: -40}


def test_usage_charges_are_usage() -> None:
    lines = {"subscription_id": ["s"], "customer_id": ["a"], "start": ["2026-01-01"]}
    lines |= {"amount": [100], "interval": ["month"]}
    bills = {
        "invoice_id": ["i1", "i2", "i3"],
        "customer_id": ["a"] * 3,
        "date": ["2026-01-31", "2026-02-28", "2026-02-28"],
        "amount": [30.0, 90.0, 5.0],
        "kind": ["usage", "usage", "recurring"],
    }
    found = sm.Book(subscriptions=lines, invoices=bills, as_of="2026-02-28", currency="USD")
    assert reasons(found) == {}
    assert reasons(found.with_policy(usage="as_invoiced")) == {"usage": 60}
    assert reasons(found.with_policy(usage="trailing_mean")) == {"usage": 30}


def test_customers_are_counted_and_not_their_activities() -> None:
    # ChartMogul's cm_activity_vs_customers: 15 activities of 14 customers in a month are 14 customers.
    ids = [f"c{n:02d}" for n in range(14)]
    rows = [(c, "2026-01-01", "2026-02-05", 10) for c in ids]
    rows += [(c, "2026-02-05", "2026-02-20" if c == "c00" else None, 20) for c in ids]
    rows += [("c00", "2026-02-20", None, 30)]
    names = ("customer_id", "start", "end", "amount")
    table = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    table |= {"subscription_id": [f"s{n}" for n in range(29)], "interval": ["month"] * 29}
    found = sm.Book(subscriptions=table, as_of="2026-02-28", currency="USD")
    df = sm.revenue.movements(found.with_policy(view="event"), subtypes=True).df
    february = df[(df["period"] == "2026-02-01") & (df["movement"] == "expansion")]
    assert february["customers"].tolist() == [14]


def test_rows_of_a_subtype_sum_to_its_cell(demo_book: sm.Book) -> None:
    result = sm.revenue.movements(demo_book, by="segment", subtypes=True)
    cell = result.df[(result.df["subtype"] == "seats") & result.df["complete"]].iloc[-1]
    rows = result.rows(period=cell["period"], segment=cell["segment"], subtype="seats")
    mine = rows[rows["movement"] == cell["movement"]]
    assert mine["value"].sum() == pytest.approx(cell["value"])
    assert len(mine) == cell["customers"]


def test_a_grouping_by_plan_is_refused_with_what_to_do(demo_book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match=r"book.where"):
        sm.revenue.movements(demo_book, by="plan", subtypes=True)


FX = st.sampled_from(("constant", "line", "spot"))


def of_case(case: Case) -> sm.Book:
    """The book of a random ledger."""
    book = sm.Book(
        **{name: table.data for name, table in case.tables.items()},
        currency="USD",
        as_of=np.datetime64(case.as_of, "D"),
    )
    return book.with_policy(case.policy)


@quick
@given(cases(), FX, st.sampled_from((None, "segment")), st.sampled_from(("M", "Q", "W")))
def test_subtypes_sum_to_the_bridge_in_every_period_and_group(
    case: Case, fx: str, by: str | None, freq: str
) -> None:
    found = of_case(moving(case, fx))
    columns = ["period", *([] if by is None else [by])]
    bridge = sm.revenue.bridge(found, freq, by).df.set_index(columns)
    parts = sm.revenue.movements(found, freq, by, subtypes=True).df
    assert parts["subtype"].isin([*SUBTYPES, *CAUSES, "fx"]).all()
    for name in KINDS:
        mine = parts[parts["movement"] == name].groupby(columns)["value"].sum()
        micro = (mine.reindex(bridge.index, fill_value=0.0) * 1e6).round()
        assert (micro == (bridge[name] * 1e6).round()).all(), name


@quick
@given(cases(), FX, st.integers(0, 23), st.booleans())
def test_rows_by_subtype_sum_to_those_of_the_bridge_customer_by_customer(
    case: Case, fx: str, place: int, midpoint: bool
) -> None:
    found = of_case(moving(case, fx))
    found = found.with_policy(price_volume="midpoint" if midpoint else "price_first")
    first, periods, _ = found.engine.extent("M")
    period = np.datetime64(first + place % periods, "M").astype("datetime64[D]")
    told = sm.revenue.movements(found, subtypes=True).rows(period=period)
    rows = sm.revenue.bridge(found).rows(period=period).set_index("customer_id")
    stays = told[told["movement"] != "churn"].groupby("customer_id")["value"].sum()
    whole = rows["expansion"] + rows["contraction"]
    apart = whole - stays.reindex(rows.index, fill_value=0.0)
    assert not (apart.abs() > 5e-6).any()
    left = told[told["movement"] == "churn"].groupby("customer_id")["value"].sum()
    apart = rows["churn"] - left.reindex(rows.index, fill_value=0.0)
    assert not (apart.abs() > 5e-6).any()


@quick
@given(cases(), FX, st.sampled_from((1, 3, 12)), st.integers(0, 23))
def test_a_window_of_a_customer_is_its_opening_and_the_parts_of_its_change(
    case: Case, fx: str, window: int, place: int
) -> None:
    engine = moving(case, fx).engine()
    first, periods, _ = engine.extent("M")
    period = first + place % periods
    rows = window_rows(engine, period, window, "M", midpoint=False, voluntary=False)
    parts = rows[[*SUBTYPES, "fx"]].sum(axis=1)
    assert (parts == rows["expansion"] + rows["contraction"]).all()
    assert fx == "spot" or not rows["fx"].any()
    causes = rows[[f"churn_{name}" for name in CAUSES]].sum(axis=1)
    assert (causes == rows["churn"]).all()


def test_what_rates_did_is_a_subtype_where_they_count_as_expansion() -> None:
    # 100 euros at 1.1, then 150 at 1.3, of which 50 were added when the rate was 1.2:
    # seats 50 x 1.2 and rates 100 x (1.3 - 1.1) + 50 x (1.3 - 1.2).
    lines = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["a", "a"],
        "start": ["2026-01-01", "2026-02-10"],
        "end": ["2026-02-10", None],
        "amount": [100.0, 150.0],
        "quantity": [10, 15],
        "interval": ["month"] * 2,
        "currency": ["EUR"] * 2,
    }
    rates = {
        "date": ["2026-01-01", "2026-02-05", "2026-02-28"],
        "currency": ["EUR"] * 3,
        "rate": [1.1, 1.2, 1.3],
    }
    found = sm.Book(subscriptions=lines, fx=rates, as_of="2026-02-28", currency="USD")
    assert reasons(found) == {"seats": 60}
    assert reasons(found.with_policy(fx="spot")) == {"seats": 60, "fx": 25}
    assert reasons(found.with_policy(fx="constant")) == {"seats": 65}
    rows = sm.revenue.movements(found.with_policy(fx="spot"), subtypes=True).rows(period="2026-02")
    assert dict(zip(rows["subtype"], rows["value"], strict=True)) == {"seats": 60, "fx": 25}


@pytest.mark.parametrize("later", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("way", ["here", "duckdb"])
@pytest.mark.parametrize("fx", ["line", "spot"])
def test_seats_and_price_of_who_changes_currency_are_told_at_the_rate_of_the_day(
    fx: str, way: str, later: float
) -> None:
    # From 1 seat at 100 euros to 2 at 90 dollars, when a euro was a dollar: price 1 x -10 first, then seats 1 x 90.
    lines = {
        "subscription_id": ["1", "2"],
        "customer_id": ["c", "c"],
        "start": ["2026-01-05", "2026-02-10"],
        "end": ["2026-02-10", None],
        "amount": [100.0, 180.0],
        "quantity": [1, 2],
        "interval": ["month"] * 2,
        "currency": ["EUR", "USD"],
    }
    rates = {"date": ["2026-01-01", "2026-03-05"], "currency": ["EUR"] * 2, "rate": [1.0, later]}
    told = {"as_of": "2026-03-31", "currency": "USD", "policy": sm.Policy(fx=fx)}
    found = sm.Book(subscriptions=lines, fx=rates, **told)
    found = found if way == "here" else connected(found.tables, way, **told)
    assert reasons(found) == {"price": -10, "seats": 90}
    asked = {"then": "2026-01-31", "now": "2026-02-28"}
    steps = sm.retention.drivers(found, "arr", **asked).extra["steps"].set_index("step")["value"]
    assert steps[["price", "seats"]].to_dict() == pytest.approx({"price": -120, "seats": 1080})


def test_price_and_seats_of_a_plan_change_are_plan_and_seats() -> None:
    # From 10 seats of pro at 5 to 12 of scale at 7: plan 2 x 10, seats 7 x 2; at the mean 2 x 11 and 6 x 2.
    lines = (
        {**OLD, "amount": 50, "quantity": 10, "plan": "pro"},
        {**NEW, "amount": 84, "quantity": 12, "plan": "scale"},
    )
    assert reasons(book(*lines)) == {"plan": 20, "seats": 14}
    assert reasons(book(*lines, price_volume="midpoint")) == {"plan": 22, "seats": 12}


def test_fewer_seats_and_a_higher_price_are_told_apart_though_mrr_stays() -> None:
    # 10 at 10 and 8 at 12.50 are both 100: no movement, and so no subtypes.
    lines = {**OLD, "amount": 100, "quantity": 10}, {**NEW, "amount": 100, "quantity": 8}
    assert reasons(book(*lines)) == {}
    # 10 at 10 and 8 at 13 are 100 and 104: price 3 x 10, seats 13 x -2.
    lines = {**OLD, "amount": 100, "quantity": 10}, {**NEW, "amount": 104, "quantity": 8}
    assert reasons(book(*lines)) == {"price": 30, "seats": -26}


def test_a_discount_that_ends_as_seats_are_added_is_told_apart() -> None:
    # List 10 a seat. 10 seats at half price are 50, 12 at full price 120: the discount was 50, the seats 2 x 10.
    lines = (
        {**OLD, "amount": 50, "list_amount": 100, "quantity": 10},
        {**NEW, "amount": 120, "list_amount": 120, "quantity": 12},
    )
    assert reasons(book(*lines)) == {"discount_end": 50, "seats": 20}
    # At the mean of both list totals the discount is half of 110, and the seats are the rest of 70.
    assert reasons(book(*lines, price_volume="midpoint")) == {"discount_end": 55, "seats": 15}


def test_reasons_of_nobody_are_not_listed() -> None:
    df = sm.revenue.movements(sm.demo(customers=60), subtypes=True).df
    assert ((df["value"] != 0) | (df["customers"].fillna(0) != 0)).all()
