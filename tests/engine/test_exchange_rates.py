"""Exchange rates that move: the bridge against a day-by-day reckoning, and what must hold for every ledger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.pairs import MONEY
from tests.connected.natives import connected
from tests.properties.ledgers import BYS, FIRST, Case, cases
from tests.properties.profile import quick

UNITS = 60  # micro-units that rounding may leave in a sum of a few customers
RATES = tuple(
    {"date": FIRST + 30 * month, "currency": "EUR", "rate": 1 + ((month * 7) % 11) / 50}
    for month in range(24)
)


def moving(case: Case, fx: str, rates: Any = RATES) -> Case:
    """The case with rates that move every month, and half of its lines in euros."""
    lines = tuple(
        {**line, "currency": "EUR" if number % 2 else line.get("currency")}
        for number, line in enumerate(case.lines)
    )
    return replace(case, lines=lines, fx=rates, policy=case.policy.changed(fx=fx))


def book(fx: str = "line", **more: Any) -> sm.Book:
    """One customer in euros who grows on the day the rate is 1.2, beside one in dollars."""
    subscriptions = {
        "subscription_id": ["s1", "s2", "s3"],
        "customer_id": ["euro", "euro", "dollar"],
        "start": ["2026-01-01", "2026-02-10", "2026-01-01"],
        "end": ["2026-02-10", None, None],
        "amount": [100.0, 150.0, 100.0],
        "interval": ["month"] * 3,
        "currency": ["EUR", "EUR", "USD"],
    }
    rates = {
        "date": ["2026-01-01", "2026-01-31", "2026-02-05", "2026-02-28"],
        "currency": ["EUR"] * 4,
        "rate": [1.0, 1.1, 1.2, 1.3],
    }
    return sm.Book(
        subscriptions=subscriptions, fx=rates, currency="USD", as_of="2026-02-28", **more
    ).with_policy(fx=fx)


def test_balances_are_at_the_rates_of_the_period_end_and_movements_at_those_of_their_day() -> None:
    january, february = sm.revenue.bridge(book()).df.to_dict("records")
    assert january["new"] == pytest.approx(100 * 1.0 + 100)
    assert january["fx"] == pytest.approx(100 * (1.1 - 1.0))
    assert january["closing"] == pytest.approx(100 * 1.1 + 100)
    assert february["expansion"] == pytest.approx(50 * 1.2)
    assert february["fx"] == pytest.approx(100 * (1.3 - 1.1) + 50 * (1.3 - 1.2))
    assert february["closing"] == pytest.approx(150 * 1.3 + 100)
    assert january["residual"] == february["residual"] == 0


def test_retention_is_at_the_rates_of_the_start_of_the_window() -> None:
    last = sm.retention.nrr(book(), window=1).df.iloc[-1]
    assert last["denominator"] == pytest.approx(100 * 1.1 + 100)
    assert last["numerator"] == pytest.approx(150 * 1.1 + 100)


def test_spot_counts_what_the_rates_did_as_expansion() -> None:
    february = sm.revenue.bridge(book("spot")).df.iloc[-1]
    assert february["fx"] == 0
    assert february["expansion"] == pytest.approx(50 * 1.2 + 100 * (1.3 - 1.1) + 50 * (1.3 - 1.2))
    last = sm.retention.nrr(book("spot"), window=1).df.iloc[-1]
    assert last["numerator"] == pytest.approx(150 * 1.3 + 100)


@pytest.mark.parametrize("way", ["here", "duckdb", "polars"])
def test_spot_tells_what_rates_did_customer_by_customer(way: str) -> None:
    # Whoever was there when the quarter began gains 100 x (1.1 - 1.0); who came at 1.2 loses 100 x (1.2 - 1.1).
    lines = {
        "subscription_id": ["1", "2", "3"],
        "customer_id": ["a", "b", "c"],
        "start": ["2024-01-05", "2024-06-05", "2024-01-05"],
        "amount": [100.0, 100.0, 50.0],
        "interval": ["month"] * 3,
        "currency": ["EUR", "EUR", "USD"],
    }
    days = ["2024-01-01", "2024-06-01", "2024-06-28", "2025-06-01"]
    rates = {"date": days, "currency": ["EUR"] * 4, "rate": [1.0, 1.2, 1.1, 1.05]}
    told = {"currency": "USD", "as_of": "2025-12-31", "policy": sm.Policy(fx="spot")}
    found = sm.Book(subscriptions=lines, fx=rates, **told)
    found = found if way == "here" else connected(found.tables, way, **told)
    result = sm.revenue.bridge(found, "Q")
    cell = result.df.set_index("period").loc["2024-04-01"]
    rows = result.rows(period="2024-04-01").set_index("customer_id")
    assert (cell["new"], cell["expansion"], cell["contraction"]) == pytest.approx((120, 10, -10))
    assert rows["expansion"].to_dict() == pytest.approx({"a": 10, "b": 0, "c": 0})
    assert rows["contraction"].to_dict() == pytest.approx({"a": 0, "b": -10, "c": 0})
    assert result.rows(period="2024-04-01", movement="contraction")["customer_id"].tolist() == ["b"]


def test_what_rounding_leaves_is_no_contraction_under_spot() -> None:
    # The customer grows in a month in which the rate, which is no whole part of the latest one, stands still.
    lines = {
        "subscription_id": ["1", "2", "3"],
        "customer_id": ["a", "a", "b"],
        "start": ["2026-01-05", "2026-03-10", "2026-01-05"],
        "end": ["2026-03-10", None, None],
        "amount": [10.01, 11.03, 7.77],
        "interval": ["month"] * 3,
        "currency": ["EUR", "EUR", "GBP"],
    }
    for rate in (1.07, 1.13, 1.37, 0.77, 0.93):
        rates = {
            "date": ["2026-01-01", "2026-05-01"] * 2,
            "currency": ["EUR"] * 2 + ["GBP"] * 2,
            "rate": [1.01, rate, 1.19, 1.3],
        }
        told = {"currency": "USD", "as_of": "2026-05-31", "policy": sm.Policy(fx="spot")}
        found = sm.Book(subscriptions=lines, fx=rates, **told)
        march = sm.revenue.bridge(found).df.set_index("period").loc["2026-03-01"]
        assert (march["contraction"], march["fx"]) == (0, 0)
        ratio = sm.revenue.quick_ratio(found, window=1).df.set_index("period").loc["2026-03-01"]
        assert (ratio["denominator"], ratio["reason"]) == (0, "nothing was lost")
        assert sm.revenue.arr(found).proof().holds


@pytest.mark.parametrize(("then", "kept"), [(1.5, 100 * 1.0 + 50), (0.5, 100 * 0.5 + 50)])
def test_gross_retention_at_spot_says_that_rates_only_take_away(then: float, kept: float) -> None:
    lines = {
        "subscription_id": ["1", "2", "3"],
        "customer_id": ["a", "b", "c"],
        "start": ["2025-01-01"] * 3,
        "end": [None, None, "2025-06-15"],
        "amount": [100.0, 50.0, 50.0],
        "interval": ["month"] * 3,
        "currency": ["EUR", "USD", "EUR"],
    }
    rates = {"date": ["2025-01-01", "2025-12-01"], "currency": ["EUR"] * 2, "rate": [1.0, then]}
    told = {"currency": "USD", "as_of": "2026-01-31"}
    moving = sm.Book(subscriptions=lines, fx=rates, policy=sm.Policy(fx="spot"), **told)
    found = sm.retention.grr(moving, window=12)
    assert found.value == pytest.approx(kept / 200)
    said = "at the lower of the rates at the start and at the end of the window"
    assert said in found.footnote
    assert said not in sm.retention.grr(moving.with_policy(fx="line"), window=12).footnote
    assert said not in sm.retention.nrr(moving, window=12).footnote


def test_constant_is_one_rate_for_all_time() -> None:
    bridge = sm.revenue.bridge(book("constant")).df
    assert bridge["closing"].tolist() == pytest.approx([230, 295])
    assert (bridge["fx"] == 0).all()


def test_the_footnote_names_the_rates_and_the_days_before_the_first() -> None:
    early = book()
    assert "EUR 76.92% to 100.00%" in sm.revenue.mrr(early).footnote
    late = {"date": ["2026-01-20", "2026-02-10"], "currency": ["EUR"] * 2, "rate": [1.0, 1.1]}
    rest = {name: early.frame("subscriptions")[name] for name in early.frame("subscriptions")}
    shown = sm.Book(subscriptions=rest, fx=late, currency="USD", as_of="2026-02-28")
    assert "EUR before 2026-01-20 at its first rate" in sm.revenue.mrr(shown).footnote


def test_a_switch_of_currency_is_no_transfer() -> None:
    rows = {
        "subscription_id": ["a", "b"],
        "customer_id": ["x", "x"],
        "start": ["2026-01-01", "2026-02-10"],
        "end": ["2026-02-10", None],
        "amount": [130.0, 100.0],
        "interval": ["month"] * 2,
        "currency": ["USD", "EUR"],
    }
    rates = {"date": ["2026-01-01", "2026-02-28"], "currency": ["EUR"] * 2, "rate": [1.2, 1.3]}
    found = sm.Book(subscriptions=rows, fx=rates, currency="USD", as_of="2026-02-28")
    last = sm.revenue.bridge(found).df.iloc[-1]
    assert (last["transfer"], last["closing"], last["residual"]) == (0, pytest.approx(130), 0)


def test_movements_of_groups_add_up_though_they_fall_on_days_of_different_rates() -> None:
    # New in the quarter: 100 euros of basic from 5 January (rate 1.0) and 50 of pro from 20 March (rate 1.2).
    rows = {
        "subscription_id": ["a", "b"],
        "customer_id": ["x", "x"],
        "start": ["2026-01-05", "2026-03-20"],
        "amount": [100.0, 50.0],
        "interval": ["month"] * 2,
        "plan": ["basic", "pro"],
        "currency": ["EUR", "EUR"],
    }
    rates = {"date": ["2026-01-01", "2026-03-15"], "currency": ["EUR"] * 2, "rate": [1.0, 1.2]}
    found = sm.Book(subscriptions=rows, fx=rates, currency="USD", as_of="2026-03-31")
    whole = sm.revenue.bridge(found, "Q").df.iloc[-1]
    plans = sm.revenue.bridge(found, "Q", "plan").df
    assert whole["new"] == pytest.approx(
        150 * 1.2
    )  # the customer's MRR of the quarter, on its last day
    for name in ("new", "fx", "transfer", "closing"):
        assert plans[name].sum() == pytest.approx(whole[name]), name


def reckoned(case: Case) -> dict[int, float]:
    """MRR at the end of each month in dollars, day by day from the lines, without the library's engine."""
    constant = replace(case, policy=case.policy.changed(fx="constant", entity="subscription"))
    engine = constant.engine()
    currency = {line["subscription_id"]: line.get("currency") for line in case.lines}
    out: dict[int, float] = defaultdict(float)
    known = [r for r in case.fx if r["date"] <= case.as_of]
    ledger, ids = engine.entities, engine.spans.entity_ids.to_pylist()
    first, periods, _ = engine.extent("M")
    for period in range(first, first + periods):
        year, month = divmod(period, 12)
        after = date(1970 + year + (month == 11), (month + 1) % 12 + 1, 1)
        day = min((after - date(1970, 1, 1)).days - 1, case.as_of)
        mrr, _ = ledger.state(day)
        rate = next((r["rate"] for r in reversed(known) if r["date"] <= day), known[0]["rate"])
        for account, amount in enumerate(mrr):
            factor = rate / known[-1]["rate"] if currency[ids[account]] == "EUR" else 1.0
            out[period] += amount * factor
    return out


@quick
@given(cases())
def test_closing_is_the_balance_of_each_currency_at_its_rate(case: Case) -> None:
    plain = case.policy.changed(overlap="sum", gap_days=0, churn_date="ended")
    case = moving(replace(case, policy=plain), "line")
    engine = case.engine()
    cube = engine.movements("M")
    for period, value in reckoned(case).items():
        found = cube.measures["closing"][0, period - cube.first]
        assert abs(int(found) - value) <= UNITS


@quick
@given(cases(), BYS, st.sampled_from(("line", "spot")), st.sampled_from(("M", "Q")))
def test_bridges_close_and_groups_add_up(
    case: Case, by: tuple[str, ...], fx: str, freq: str
) -> None:
    engine = moving(case, fx).engine()
    cube = engine.movements(freq, by).measures
    assert (cube["opening"] + sum(cube[name] for name in FLOWS) == cube["closing"]).all()
    assert (cube["opening"][:, 1:] == cube["closing"][:, :-1]).all()
    whole = engine.movements(freq).measures
    for name in ("fx", "opening", "closing", "new", "churn", "transfer"):
        apart = cube[name].sum(axis=0) - whole[name][0]
        assert (np.abs(apart) <= UNITS).all(), name
    assert not cube["transfer"].sum(axis=0).any()


@quick
@given(cases(), BYS, st.sampled_from(("line", "spot")), st.sampled_from((1, 12)))
def test_net_retention_is_1_plus_its_parts_and_gross_is_below(
    case: Case, by: tuple[str, ...], fx: str, window: int
) -> None:
    pairs = moving(case, fx).engine().pairs(window, "M", by).measures
    parts = sum(pairs[name] for name in ("expansion", "contraction", "churn", "paused"))
    assert (pairs["closing"] - pairs["opening"] == parts).all()
    assert (pairs["kept"] <= pairs["opening"]).all()
    if not by:
        assert (pairs["kept"] <= pairs["closing"] + UNITS).all()


@quick
@given(cases(), BYS, st.sampled_from(("M", "Q")))
def test_constant_rates_make_all_choices_equal(case: Case, by: tuple[str, ...], freq: str) -> None:
    still = tuple({**rate, "rate": 1.1} for rate in RATES)
    cubes = [moving(case, fx, still).engine() for fx in ("line", "spot", "constant")]
    for made in (lambda e: e.movements(freq, by), lambda e: e.pairs(3, freq, by)):
        one, *others = (made(engine).measures for engine in cubes)
        for other in others:
            assert all((one[name] == other[name]).all() for name in one)


@quick
@given(cases(), BYS, st.sampled_from(("line", "spot")), st.integers(0, 23))
def test_rows_add_up_to_their_cell(case: Case, by: tuple[str, ...], fx: str, place: int) -> None:
    engine = moving(case, fx).engine()
    cube = engine.movements("M", by)
    period = place % cube.measures["closing"].shape[1]
    for group in range(len(cube.groups)):
        rows = engine.rows("movements", period=cube.first + period, by=by, group=group)
        for name in ("opening", *FLOWS, "closing"):
            assert abs(rows[name].sum() - cube.measures[name][group, period]) <= UNITS, name
        long = engine.rows("movements", period=cube.first + period, by=by, group=group, window=3)
        for name in FLOWS:
            value = cube.measures[name][group, max(period - 2, 0) : period + 1].sum()
            assert abs(long[name].sum() - value) <= UNITS, name
    pairs = engine.pairs(3, "M", by)
    for group in range(len(pairs.groups)):
        asked = {"period": pairs.first + period, "window": 3, "by": by, "group": group}
        rows = engine.rows("pairs", **asked)
        for name in MONEY:
            assert abs(rows[name].sum() - pairs.measures[name][group, period]) <= UNITS, name


@quick
@given(cases(), st.sampled_from(((), ("segment",))), st.sampled_from((1, 3)))
def test_customers_add_up_to_rates_that_count_what_exchange_rates_did(
    case: Case, by: tuple[str, ...], window: int
) -> None:
    case = moving(case, "spot")
    tables: dict[str, Any] = {name: table.data for name, table in case.tables.items()}
    told = {"currency": "USD", "as_of": str(np.datetime64(case.as_of, "D"))}
    found = sm.Book(**tables, **told, policy=case.policy, fiscal_start=case.fiscal_start)
    for rate in (
        sm.retention.gross_churn(found, window, by, method="daily_sum"),
        sm.retention.nrr(found, window, by, method="movements", interval=None),
        sm.revenue.quick_ratio(found, window, by, interval=None),
    ):
        shown = rate.df[rate.df["complete"] & rate.df["value"].notna()]
        for row in shown.tail(4).to_dict("records"):
            rows = rate.rows(period=row["period"], **{name: row[name] for name in by})
            for side in ("numerator", "denominator"):
                assert rows[side].sum() == pytest.approx(row[side], abs=UNITS / 1e6)


@quick
@given(cases(), BYS)
def test_cohorts_add_up_to_mrr(case: Case, by: tuple[str, ...]) -> None:
    engine = moving(case, "line").engine()
    triangle = engine.triangle("M", by).measures["mrr"].sum(axis=0)
    closing = engine.movements("M").measures["closing"][0]
    for period in range(len(triangle)):
        layers = sum(triangle[cohort, period - cohort] for cohort in range(period + 1))
        assert abs(layers - closing[period]) <= UNITS


@pytest.mark.parametrize(
    ("fx", "dollars"),
    [("line", [1.0, 1.0, 2.0]), ("spot", [1.0, 1.0, 2.0]), ("constant", [2.0] * 3)],
)
def test_spend_and_finance_are_valued_as_mrr_at_the_end_of_their_month(
    fx: str, dollars: list[float]
) -> None:
    months = ["2026-01", "2026-02", "2026-03"]
    book = sm.Book(
        mrr={
            "customer_id": ["a", "a", "a", "b", "b", "c"],
            "month": [*months, *months[1:], months[2]],
            "mrr": [100, 100, 100, 50, 50, 10],
            "currency": ["USD"] * 3 + ["EUR"] * 3,
        },
        spend={"month": months, "function": ["sales"] * 3, "amount": [1000] * 3, "currency": ["USD"] * 3},
        finance={"month": months, "revenue": [150] * 3, "net_burn": [60] * 3, "currency": ["USD"] * 3},
        fx={"date": ["2026-01-01", "2026-02-01", "2026-03-31"], "currency": ["USD"] * 3, "rate": [1, 1, 2]},
        currency="EUR",
        policy=sm.Policy(fx=fx),
    )  # fmt: skip
    assert sm.economics.cac(book, lag=0).df["value"].tolist() == [1000 * rate for rate in dollars]
    revenue = sm.revenue.reconcile(book, against="revenue").df["revenue"].tolist()
    assert revenue == [150 * rate for rate in dollars]
    burn = sm.economics.burn_multiple(book, freq="M").df["numerator"].tolist()
    assert burn == [60 * rate for rate in dollars]


def test_what_was_spent_does_not_change_with_rates_that_came_later() -> None:
    months = ["2026-01", "2026-02", "2026-03"]
    book = sm.Book(
        mrr={"customer_id": ["a", "b", "c"], "month": months, "mrr": [1, 1, 1]},
        spend={"month": months, "function": ["sales"] * 3, "amount": [1000] * 3, "currency": ["USD"] * 3},
        fx={"date": ["2026-01-01", "2026-03-01"], "currency": ["USD"] * 2, "rate": [1, 2]},
        currency="EUR",
    )  # fmt: skip
    then = sm.economics.cac(book.as_of("2026-02-28"), lag=0).df["value"].tolist()
    assert sm.economics.cac(book, lag=0).df["value"].tolist()[:2] == then == [1000, 1000]
