"""Customers who go over to another currency: nothing of the past turns on the rates that come later."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.pairs import MONEY
from tests.connected.natives import connected
from tests.engine.test_exchange_rates import RATES, UNITS, moving
from tests.properties.ledgers import BYS, FIRST, Case, cases
from tests.properties.profile import quick

WAYS = ("here", "duckdb", "polars")
PLAIN = {"overlap": "sum", "gap_days": 0, "churn_date": "ended", "entity": "customer"}


def switching(
    fx: str, rates: tuple[float, ...], way: str = "here", as_of: str = "2024-03-31"
) -> Any:
    """A customer that pays 100 euros in January and 100 dollars from February on."""
    days = ["2024-01-01", "2024-02-25", "2024-03-06"][: len(rates)]
    tables = {
        "mrr": {
            "customer_id": ["c", "c", "c"],
            "month": ["2024-01-01", "2024-02-01", "2024-03-01"],
            "mrr": [100.0, 100.0, 100.0],
            "currency": ["EUR", "USD", "USD"],
        },
        "fx": {"date": days, "currency": ["EUR"] * len(days), "rate": list(rates)},
    }
    book = sm.Book(**tables, currency="USD", as_of=as_of)
    found = book if way == "here" else connected(book.tables, way, currency="USD", as_of=as_of)
    return found.with_policy(fx=fx)


@pytest.mark.parametrize(
    ("way", "fx", "later"),
    [
        *product(["here"], ["line", "spot"], [0.5, 1.0, 2.0]),
        *[("duckdb", "line", 2.0), ("polars", "line", 0.5), ("polars", "spot", 2.0)],
    ],
)
def test_as_many_dollars_as_the_euros_were_worth_are_no_loss(
    way: str, fx: str, later: float
) -> None:
    book = switching(fx, (1.0, 1.0, later), way)
    for metric in (sm.retention.nrr, sm.retention.grr):
        february = metric(book, window=1).df.set_index("period").loc["2024-02-01"]
        assert (february["value"], february["denominator"]) == (1.0, 100.0), metric
    bridge = sm.revenue.bridge(book).df.set_index("period").loc["2024-02-01"]
    assert not bridge[["expansion", "contraction", "churn", "transfer", "fx"]].any()
    assert (bridge["opening"], bridge["closing"]) == (100.0, 100.0)
    for measure in ("net", "gross"):
        assert sm.retention.cohorts(book, measure).df["value"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("way", ["here", "polars"])
def test_what_the_new_price_is_worth_less_on_its_day_is_contraction(way: str) -> None:
    book = switching("line", (1.25, 1.25, 2.0), way)
    bridge = sm.revenue.bridge(book).df.set_index("period").loc["2024-02-01"]
    assert (bridge["contraction"], bridge["fx"], bridge["closing"]) == (-25.0, 0.0, 100.0)
    assert sm.retention.nrr(book, window=1).df["value"].tolist()[1] == pytest.approx(0.8)
    counted = book.engine.movements("M").measures
    assert counted["customers_contracted"].tolist() == [[0, 1, 0]]
    assert counted["customers_expanded"].tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("way", ["here", "polars"])
def test_a_switch_at_the_rate_of_the_day_counts_nobody_as_grown(way: str) -> None:
    counted = switching("line", (1.0, 1.0, 1 / 3), way).engine.movements("M").measures
    assert not counted["customers_contracted"].any()
    assert not counted["customers_expanded"].any()


@pytest.mark.parametrize("way", WAYS)
def test_who_returns_in_another_currency_is_back_at_what_it_paid_before(way: str) -> None:
    rows = {
        "subscription_id": ["1", "2"],
        "customer_id": ["c", "c"],
        "start": ["2024-01-01", "2024-03-10"],
        "end": ["2024-02-01", None],
        "amount": [100.0, 150.0],
        "interval": ["month"] * 2,
        "currency": ["EUR", "USD"],
    }
    rates = {
        "date": ["2024-01-01", "2024-03-01", "2024-04-01"],
        "currency": ["EUR"] * 3,
        "rate": [1.0, 1.2, 3.0],
    }
    told = {"currency": "USD", "as_of": "2024-04-30"}
    book: Any = sm.Book(subscriptions=rows, fx=rates, **told)
    if way != "here":
        book = connected(book.tables, way, **told)
    march = sm.revenue.bridge(book.with_policy(return_price="split")).df.iloc[2]
    assert march["reactivation"] == pytest.approx(120)
    assert march["expansion"] == pytest.approx(30)


def by_plan(
    rows: list[tuple[str, str | None, float, str, str]], rates: list[float], way: str
) -> Any:
    """Lines of one customer, each with its plan and currency, from 2026 on; a rate of the euro for each month."""
    start, end, amount, plan, currency = (list(values) for values in zip(*rows, strict=True))
    lines = {
        "subscription_id": [str(number) for number in range(len(rows))],
        "customer_id": ["c"] * len(rows),
        "start": start,
        "end": end,
        "amount": amount,
        "interval": ["month"] * len(rows),
        "plan": plan,
        "currency": currency,
    }
    days = [f"2026-{month:02}-01" for month in range(1, len(rates) + 1)]
    told = {"currency": "USD", "as_of": f"2026-{len(rates):02}-28"}
    fx = {"date": days, "currency": ["EUR"] * len(rates), "rate": rates}
    book = sm.Book(subscriptions=lines, fx=fx, **told)
    return book if way == "here" else connected(book.tables, way, **told)


@pytest.mark.parametrize("way", ["here", "polars"])
def test_a_plan_that_changes_its_currency_takes_nothing_from_another(way: str) -> None:
    rows = [
        ("2026-01-01", "2026-02-01", 100.0, "basic", "EUR"),
        ("2026-02-01", None, 100.0, "basic", "USD"),
        ("2026-02-01", None, 60.0, "addon", "USD"),
    ]
    book = by_plan(rows, [1.0, 1.0, 1.2], way)
    bridge = sm.revenue.bridge(book, by="plan").df.set_index(["period", "plan"]).loc["2026-02-01"]
    assert bridge["expansion"].to_dict() == {"addon": 60.0, "basic": 0.0}
    assert not bridge["transfer"].any()
    kept = sm.retention.nrr(book, window=1, by="plan")
    for plan, pays in (("basic", 100.0), ("addon", 60.0)):
        cell = kept.df.set_index(["period", "plan"]).loc[("2026-02-01", plan)]
        rows_of = kept.rows(plan=plan, period="2026-02-01")
        assert cell["numerator"] == rows_of["numerator"].sum() == pays


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("freq", ["M", "Q"])
def test_what_moves_between_plans_is_at_the_rate_of_its_day(way: str, freq: str) -> None:
    rows = [
        ("2026-01-01", "2026-05-01", 100.0, "basic", "EUR"),
        ("2026-05-01", None, 100.0, "pro", "EUR"),
    ]
    book = by_plan(rows, [1.0, 1.1, 1.2, 1.3, 1.5, 1.7], way)
    moved = sm.revenue.bridge(book, freq, by="plan").df.groupby("plan")["transfer"].sum()
    assert moved.round(6).to_dict() == {"basic": -150.0, "pro": 150.0}


def later(case: Case, day: int) -> Case:
    """The case with other rates from a day on."""
    fx = tuple(
        {**rate, "rate": rate["rate"] * 1.7} if rate["date"] >= day else rate for rate in RATES
    )
    return replace(case, fx=fx)


@quick
@given(
    cases(), BYS, st.sampled_from(("line", "spot")), st.sampled_from(("M", "Q")), st.integers(2, 20)
)
def test_rates_that_come_later_change_no_number_of_the_past(
    case: Case, by: tuple[str, ...], fx: str, freq: str, month: int
) -> None:
    case, day = moving(case, fx), FIRST + 30 * month
    one, two = case.engine(), later(case, day).engine()
    first, periods, full = one.extent(freq)
    last = one.calendar(freq).last_day(np.arange(first, first + periods))
    known = last < day
    made = [(e.movements(freq, by), e.pairs(3, freq, by)) for e in (one, two)]
    (moves, pairs), (other_moves, other_pairs) = made
    names = ("opening", *FLOWS, "closing", "customers_expanded", "customers_contracted")
    for mine, theirs, of in ((moves, other_moves, names), (pairs, other_pairs, MONEY)):
        for name in of:
            apart = (mine.measures[name] - theirs.measures[name])[:, known]
            assert (np.abs(apart) <= UNITS).all(), name
    cohorts, others = (e.triangle(freq, by).measures for e in (one, two))
    seen = known[: full - first + 1]
    age = np.add.outer(np.arange(len(seen)), np.arange(len(seen)))
    inside = np.append(seen, np.zeros(len(seen), bool))[age] if len(seen) else age.astype(bool)
    for name in ("constant", "floor", "point", "mrr"):
        assert (np.abs(cohorts[name] - others[name])[:, inside] <= UNITS).all(), name


Levels = dict[str, dict[bool, tuple[int, int]]]


def levels(case: Case, engine: LocalEngine, day: int) -> Levels:
    """MRR and paused MRR of each customer at the end of a day, in euros or not, at constant rates."""
    told = {line["subscription_id"]: line for line in case.lines}
    out: Levels = defaultdict(lambda: {True: (0, 0), False: (0, 0)})
    for name, mrr, paused in zip(
        engine.spans.entity_ids.to_pylist(), *engine.entities.state(day), strict=True
    ):
        line = told[name]
        euro = line.get("currency") == "EUR"
        old = out[line["customer_id"]][euro]
        out[line["customer_id"]][euro] = (old[0] + int(mrr), old[1] + int(paused))
    return out


def factor(case: Case, day: int) -> float:
    """What a euro is worth on a day, against the latest rate."""
    known = [rate for rate in case.fx if rate["date"] <= case.as_of]
    found = next((rate for rate in reversed(known) if rate["date"] <= day), known[0])
    return float(found["rate"] / known[-1]["rate"])


def added_up(before: Levels, after: Levels, rate: float, late: float, *, aside: bool) -> Any:
    """What the customers of a window add up to, at the rates of its start (and of its end)."""
    found: dict[str, float] = defaultdict(float)
    for name in before.keys() | after.keys():
        (m0, p0), (m0_home, p0_home) = (before[name][euro] for euro in (True, False))
        (m1, p1), (m1_home, p1_home) = (after[name][euro] for euro in (True, False))
        m0, p0 = m0 * rate + m0_home, p0 * rate + p0_home
        m1, p1 = m1 * late + m1_home, p1 * rate + p1_home
        if m0 <= 0:
            continue
        stays, rests = m1 + p1 > 0, p1 - p0 if aside else 0.0
        found["opening"] += m0
        found["closing"] += m1
        found["kept"] += min(m0, m1)
        if stays:
            found["expansion"] += max(m1 - m0 + rests, 0)
            found["contraction"] += min(m1 - m0 + rests, 0)
        else:
            found["churn"] += m1 - m0
    return found


@quick
@given(cases(), st.sampled_from(("line", "spot")), st.sampled_from((1, 3)))
def test_pairs_are_what_each_customer_pays_at_both_ends(case: Case, fx: str, window: int) -> None:
    case = moving(replace(case, policy=case.policy.changed(**PLAIN)), fx)
    engine, aside = case.engine(), case.policy.pause == "line"
    each = replace(case, policy=case.policy.changed(fx="constant", entity="subscription")).engine()
    cube = engine.pairs(window, "M")
    periods = cube.measures["opening"].shape[1]
    days = engine.calendar("M").last_day(cube.first + np.arange(-window, periods))
    days = [min(int(day), case.as_of) for day in days]
    known = [levels(case, each, day) for day in days]
    for place in range(periods):
        rate, end = factor(case, days[place]), factor(case, days[place + window])
        late = end if fx == "spot" else rate
        found = added_up(known[place], known[place + window], rate, late, aside=aside)
        money = {name: value[0, place] for name, value in cube.measures.items()}
        names = ["opening", "closing", "kept", "expansion", "contraction", "churn"]
        if fx == "spot":  # what rates do is told by currency
            money["changed"] = sum(money[name] for name in names[3:])
            found["changed"] = sum(found[name] for name in names[3:])
            names = ["opening", "closing", "changed"]
        for name in names:
            assert abs(money[name] - found[name]) <= UNITS, (name, place)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("later", [[], [0.8]])
def test_the_plan_of_a_cohort_is_that_of_most_mrr_at_the_rates_of_the_first_day(
    way: str, later: list[float]
) -> None:
    lines = {
        "subscription_id": ["1", "2"],
        "customer_id": ["c", "c"],
        "start": ["2026-01-05"] * 2,
        "amount": [100.0, 110.0],
        "interval": ["month"] * 2,
        "plan": ["basic", "addon"],
        "currency": ["USD", "EUR"],
    }
    rates = [1.0, 1.1, *later]
    days = ["2026-01-01", "2026-02-01", "2026-06-05"][: len(rates)]
    fx = {"date": days, "currency": ["EUR"] * len(rates), "rate": rates}
    told: dict[str, Any] = {"currency": "USD", "as_of": "2026-06-30"}
    book = sm.Book(subscriptions=lines, fx=fx, **told)
    book = book if way == "here" else connected(book.tables, way, **told)
    assert set(sm.retention.cohorts(book, by="plan", interval=None).df["plan"]) == {"addon"}
    assert set(sm.retention.cohorts(book, "net", by="plan", interval=None).df["plan"]) == {"addon"}
    assert set(sm.survival.curve(book, by="plan").df["plan"]) == {"addon"}
