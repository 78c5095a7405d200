"""Demand, its drivers, hiring and staffing: back-tests, hand calculation, brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics import formulas
from saasmetrics.success.capacity.drivers import broken, fisher_interval, rolling_correlation
from saasmetrics.success.capacity.hiring import planned
from tests.capacity.teams import MONTHS, book, people, tickets

C = sm.capacity


@pytest.fixture(scope="module")
def demo():
    return sm.demo(customers=1000, seed=7)


@pytest.mark.row("H14")
def test_the_segments_of_a_forecast_sum_to_the_total(demo):
    made = C.demand(demo, horizon=6)
    parts = made.df.groupby("period")["value"].sum()
    total = made.extra["total"].set_index("period")["value"]
    assert parts.to_numpy() == pytest.approx(total.to_numpy())
    assert "(not paying)" in set(made.df["segment"])


@pytest.mark.row("H14")
def test_what_is_shown_of_the_past_is_what_was_counted(demo):
    made = C.demand(demo, by=None)
    past = made.df[~made.df["forecast"]].set_index("period")["value"]
    created = pd.to_datetime(demo.frame("tickets")["created_at"]).dt.to_period("M")
    counted = created.value_counts().sort_index()
    wanted = counted.reindex(past.index.to_period("M")).to_numpy()
    assert past.to_numpy() == pytest.approx(wanted)


@pytest.mark.row("H14", "Z6")
def test_forecasts_of_the_demo_company_held_in_the_past(demo):
    made = C.demand_backtest(demo, origins=18, horizon=3)
    assert len(made.df) == 54
    assert made.extra["mape"] < 0.12
    assert abs(made.extra["bias"]) < 0.06
    assert 0.75 <= made.extra["coverage"] <= 1
    errors = made.df["value"] / made.df["actual"] - 1
    assert made.df["error"].to_numpy() == pytest.approx(errors.to_numpy())
    people_needed = C.demand_backtest(demo, origins=18, horizon=3, measure="fte")
    assert people_needed.extra["coverage"] >= 0.7


@pytest.mark.row("Z6")
def test_a_perfect_forecast_is_0_off_and_one_per_cent_is_a_hit():
    assert formulas.forecast_accuracy([5, 7], [5, 7]) == (0, 0, 1)
    mape, bias, hits = formulas.forecast_accuracy([101, 99, 102], [100, 100, 100])
    assert mape == pytest.approx(4 / 300)
    assert bias == pytest.approx(2 / 300)
    assert hits == pytest.approx(2 / 3)
    assert formulas.forecast_accuracy([1], [0]) is None


def test_a_backtest_knows_only_what_was_before_its_origin(demo):
    origin = pd.Timestamp("2026-04-01")
    whole = C.demand_backtest(demo, origins=6, horizon=1).df
    said = whole[whole["origin"] == origin]["value"].iloc[0]
    changed = demo.frame("tickets")
    later = pd.to_datetime(changed["created_at"]) >= "2026-05-01"
    others = {name: t.data for name, t in demo.tables.items() if name != "tickets"}
    less = sm.Book(**others, tickets=changed[~later], as_of="2026-10-31", currency="USD")
    again = C.demand_backtest(less, origins=6, horizon=1).df
    assert again[again["origin"] == origin]["value"].iloc[0] == said


def test_customers_ask_more_when_they_are_new_and_the_forecast_knows(demo):
    from saasmetrics.success.capacity.future import fitted, history

    found = history(demo, (), None)
    model = fitted(demo, (), found, demo.engine.extent("M")[2], 24)
    rate = model.tickets[0] / model.exposed[0]
    assert rate[0] > rate[1] > rate[2] * 0.9  # the demo company's rate falls with exp(-tenure / 3)


def test_a_steady_company_is_forecast_to_stay_steady():
    names = [f"c{k}" for k in range(50)]
    asked = tickets([(name, f"{month}-10") for month in MONTHS for name in names])
    made = C.demand(book(names, tickets=asked), horizon=6, by=None)
    ahead = made.df[made.df["forecast"]]
    assert ahead["value"].to_numpy() == pytest.approx(np.full(6, 50), rel=0.07)
    assert (ahead["low"] < 50).all()
    assert (ahead["high"] > 50).all()
    assert ahead["customers"].to_numpy() == pytest.approx(np.full(6, 50), rel=0.05)


def test_fewer_than_six_months_are_refused():
    small = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [1]})
    with pytest.raises(sm.DataError, match="tickets"):
        C.demand(sm.Book(mrr=small.frame("mrr").assign(month="2026-01")), by=None, horizon=1)
    with pytest.raises(sm.DataError, match="six complete months"):
        C.demand(sm.Book(mrr=small.frame("mrr"), tickets=tickets([("a", "2026-01-05")])), by=None)


@pytest.mark.row("Z5")
def test_a_constructed_break_is_found_where_it_was_made():
    rng = np.random.default_rng(3)
    trials = rng.poisson(60, 48).astype(float)
    asked = np.where(np.arange(48) < 30, 4 * trials, rng.permutation(4 * trials))
    asked = asked + rng.normal(0, 4, 48)
    found = broken(trials, asked)
    assert found["p"] < 0.01
    assert abs(found["at"] - 30) <= 2
    assert found["before"] > 0.95
    assert abs(found["after"]) < 0.5


@pytest.mark.row("Z5")
def test_no_break_is_told_where_there_is_none():
    rng = np.random.default_rng(5)
    told = 0
    for _ in range(40):
        trials = rng.poisson(60, 40).astype(float)
        told += broken(trials, trials + rng.normal(0, 6, 40))["p"] < 0.05
    assert told <= 6  # 2 expected; more than 6 of 40 has a chance below 2 %


@pytest.mark.row("Z5")
def test_tickets_that_stop_following_trials_are_told_with_the_month():
    months = pd.period_range("2022-01", "2025-12", freq="M")
    rng = np.random.default_rng(11)
    begun = rng.integers(5, 60, len(months))
    asked = np.where(np.arange(len(months)) < 30, 3 * begun, rng.integers(15, 180, len(months)))
    names = ["Ada"]
    trials = pd.DataFrame(
        {
            "customer_id": [
                f"t{m}-{k}" for m, n in zip(months, begun, strict=True) for k in range(n)
            ],
            "start": [f"{m}-05" for m, n in zip(months, begun, strict=True) for _ in range(n)],
        }
    )
    rows = [("Ada", f"{m}-09") for m, n in zip(months, asked, strict=True) for _ in range(n)]
    company = book(
        {name: [str(m) for m in months] for name in names}, tickets=tickets(rows), trials=trials
    )
    made = C.drivers(company)
    assert (
        abs((made.extra["break"]["month"] - np.datetime64("2024-07-01")) / np.timedelta64(31, "D"))
        < 3
    )
    assert made.df["broke"].any()
    assert "broke in 2024" in made.text
    levels = C.drivers(company, of="levels").df
    last = levels.iloc[-1]
    wanted = np.corrcoef(levels["tickets"][-12:], levels["driver"][-12:])[0, 1]
    assert last["value"] == pytest.approx(wanted)


def test_rolling_correlation_is_numpys_window_by_window():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 20))
    found = rolling_correlation(x, y, 8)
    wanted = [np.corrcoef(x[k : k + 8], y[k : k + 8])[0, 1] for k in range(13)]
    assert found == pytest.approx(wanted)
    assert np.isnan(rolling_correlation(np.ones(8), y[:8], 8)).all()


def test_fishers_interval_agrees_with_scipy():
    from scipy.stats import pearsonr

    rng = np.random.default_rng(2)
    x = rng.normal(size=15)
    y = x + rng.normal(size=15)
    wanted = pearsonr(x, y)
    edges = wanted.confidence_interval(0.9)
    low, high = fisher_interval(np.array([wanted.statistic]), 15, 0.9)
    assert (low[0], high[0]) == pytest.approx((edges.low, edges.high))


def certain(required, now=10.0, **changes):
    """A plan without chance: one draw repeated, nobody leaves."""
    need = np.tile(np.asarray(required, float), (4, 1))
    have = np.full_like(need, now)
    said = {"ramp": np.array([0.25, 0.75]), "waits": np.array([2.0]), "leaving": np.zeros(4)}
    return planned(need, have, tolerance=0.0, **{**said, **changes})


@pytest.mark.row("H11")
def test_a_requisition_is_opened_lead_and_ramp_before_the_need():
    # one more is needed from month 8 on: 2 months to train, 2 months to find
    plan = certain([10] * 8 + [11] * 4)
    assert plan.open.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert plan.start.tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert plan.capacity[0].tolist() == [10] * 6 + [10.25, 10.75] + [11] * 4
    assert plan.overdue == 0


@pytest.mark.row("H11")
def test_a_need_that_is_too_near_is_overdue_and_short_until_it_is_met():
    plan = certain([10, 12] + [12] * 6)
    assert plan.open.tolist() == [2, 0, 0, 0, 0, 0, 0, 0]
    assert plan.overdue == 2
    assert plan.capacity[0].tolist() == [10, 10, 10.5, 11.5, 12, 12, 12, 12]


@pytest.mark.row("H11", "Z23")
def test_four_of_five_lead_times_are_allowed_for():
    # nine months to find somebody for a language, else two
    leads = np.array([2.0, 2.0, 2.0, 9.0, 9.0])
    plan = certain([10] * 13 + [11], waits=leads)
    assert plan.open.tolist() == [0, 0, 1] + [0] * 11  # month 13 - 2 to train - 9 to find


@pytest.mark.row("H11")
def test_hires_follow_the_workload_formula():
    names = [f"c{k}" for k in range(400)]
    asked = tickets([(name, f"{month}-10") for month in MONTHS for name in names])
    team = people(*[(f"a{k}", "agent", "2020-01-01", None, 1.0, None, None) for k in range(2)])
    plan = C.hiring_plan(
        book(names, tickets=asked, people=team),
        by=None,
        handle_minutes=90,
        attrition=0,
        tolerance=0.5,
        horizon=10,
    )
    wanted = formulas.fte_required(400, 90)
    last = plan.df.iloc[-1]
    assert last["required"] == pytest.approx(wanted, rel=0.05)
    assert last["hires"] == np.ceil(wanted - 2)
    assert last["capacity"] == pytest.approx(np.ceil(wanted))
    assert plan.df["capacity_now"].tolist() == pytest.approx([2] * 10)


@pytest.mark.row("H11")
def test_the_plan_brings_the_chance_of_being_short_below_the_tolerance(demo):
    plan = C.hiring_plan(demo, handle_minutes=60, horizon=12, tolerance=0.1)
    ready = plan.df.iloc[5:]  # after lead and ramp
    assert (ready["short"] <= 0.12).all()
    assert (plan.df["short"] <= plan.df["short_now"] + 1e-9).all()
    assert plan.df["open"].sum() == plan.df["hires"].iloc[-1]
    assert "requisition" in plan.text


def test_nobody_is_hired_where_there_are_enough(demo):
    assert C.hiring_plan(demo, handle_minutes=1).text == "nobody has to be hired"


@pytest.mark.row("P10", "Z22")
def test_staffing_by_hour_is_the_erlang_of_its_arrivals():
    # 100 calls every Monday from 9 to 10 over four weeks, 180 seconds each
    mondays = ["2025-12-01", "2025-12-08", "2025-12-15", "2025-12-22"]
    calls = tickets([("Ada", f"{day} 09:{k % 60:02}") for day in mondays for k in range(200)])
    calls = calls.assign(channel="phone", handle_seconds=180)
    made = C.staffing(book(tickets=calls), weeks=4, max_occupancy=0.85)
    row = made.df[(made.df["weekday"] == "Mon") & (made.df["hour"] == 9)].iloc[0]
    assert row[["value", "scheduled", "arrivals"]].tolist() == [14, 20, 200]
    assert row["service_level"] == pytest.approx(0.8884, abs=5e-5)  # erlangc_cch_100per30
    assert row["low"] <= 14 <= row["high"]
    empty = made.df[made.df["n"] == 0]
    assert (empty["value"] == 0).all()
    assert empty["service_level"].isna().all()


@pytest.mark.row("P10", "Z22")
def test_chats_at_once_shorten_the_handling_time_and_more_than_the_table_is_warned_of():
    chats = tickets([("Ada", f"2025-12-22 09:{k % 60:02}") for k in range(60)])
    chats = chats.assign(channel="chat", handle_seconds=600)
    company = book(tickets=chats)
    at_once = [C.staffing(company, "chat", weeks=1, at_once=n) for n in (1, 3, 5, 10)]
    load = [made.df["erlangs"].max() for made in at_once]
    assert load == pytest.approx([10, 10 / 2.5, 10 / 3.5, 10 / 3.5])
    assert "10 at once is beyond the table" in at_once[-1].footnote
    assert "beyond the table" not in at_once[1].footnote
    with pytest.raises(sm.DataError, match="table goes to 5"):
        formulas.chat_handle_time(600, 10)


def test_hours_are_those_of_the_zone_asked_for():
    call = tickets([("Ada", "2025-12-22 23:30")]).assign(channel="phone", handle_seconds=60)
    df = C.staffing(book(tickets=call), weeks=1, zone="Europe/Berlin").df
    assert df[df["n"] > 0][["weekday", "hour"]].to_numpy().tolist() == [["Tue", 0]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: C.demand(b, by="channel_of_ticket"), "not by channel_of_ticket"),
        (lambda b: C.demand(b, channel="fax"), "'fax'"),
        (lambda b: C.demand(b, interval=None), "interval=None"),
        (lambda b: C.demand(b, 0), "horizon=0"),
        (lambda b: C.demand_backtest(b, origins=500), "complete months"),
        (lambda b: C.demand_backtest(b, measure="heads"), "heads"),
        (lambda b: C.drivers(b, "weather"), "weather"),
        (lambda b: C.drivers(b, window=4), "window=4"),
        (lambda b: C.drivers(b, window=400), "complete months"),
        (lambda b: C.hiring_plan(b, lead=[]), "lead=\\[\\]"),
        (lambda b: C.hiring_plan(b, lead="x"), "lead"),
        (lambda b: C.hiring_plan(b, ramp=-1), "ramp=-1"),
        (lambda b: C.demand(b, growth=20), "growth=20"),
        (lambda b: C.demand(b, contact_change=-2), "contact_change=-2"),
        (lambda b: C.hiring_plan(b, attrition=2), "attrition=2"),
        (lambda b: C.hiring_plan(b, occupancy=3), "occupancy"),
        (lambda b: C.staffing(b, "fax"), "'fax'"),
        (lambda b: C.staffing(b, zone="Moon"), "Moon"),
        (lambda b: C.staffing(b, service_level=80), "service_level=80"),
        (lambda b: C.staffing(b, at_once=0), "at_once=0"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(demo_book, call, words):
    with pytest.raises(sm.DataError, match=words):
        call(demo_book)


@pytest.mark.parametrize("growth", [0.0, 0.3, 1.0])
def test_growth_that_is_assumed_sets_the_customers_of_the_forecast(demo, growth):
    made = C.demand(demo, growth=growth)
    total = made.extra["total"].set_index("period")["customers"]
    now = total.loc["2026-10-01"]
    months = np.arange(1, 13)
    assert total.tail(12).to_numpy() == pytest.approx(now * (1 + growth) ** (months / 12), rel=0.01)
    assert f"customers grow by {growth:.0%} a year" in made.footnote


def test_customers_fall_no_faster_than_they_leave(demo):
    made = C.demand(demo, growth=-0.9)
    total = made.extra["total"].set_index("period")["customers"]
    assert total.iloc[-1] > 0.2 * total.loc["2026-10-01"]
    assert "too few leave" in made.footnote
    assert "too few leave" not in C.demand(demo, growth=0.5).footnote


@pytest.mark.row("H14")
def test_tickets_follow_a_change_of_the_contact_rate(demo):
    plain, more = (
        C.demand(demo, contact_change=change).extra["total"].tail(12)["value"].to_numpy()
        for change in (0, 0.25)
    )
    assert more == pytest.approx(plain * 1.25, rel=0.01)
    none = C.demand(demo, contact_change=-1).extra["total"].tail(12)
    assert (none["value"] == 0).all()
    assert "tickets an account +25%" in C.demand(demo, contact_change=0.25).footnote


@pytest.mark.row("H11")
def test_a_plan_is_made_for_the_growth_and_contacts_assumed(demo):
    plain = C.hiring_plan(demo, handle_minutes=60).df
    grown = C.hiring_plan(demo, handle_minutes=60, growth=1.0, contact_change=0.2).df
    same = C.demand(demo, growth=1.0, contact_change=0.2).extra["total"].tail(12)
    assert grown["hires"].iloc[-1] > plain["hires"].iloc[-1]
    each = formulas.fte_required(1, 60, 160, 0.3, 0.8)
    assert grown["required"].to_numpy() == pytest.approx(same["value"].to_numpy() * each)


def test_months_of_ramp_are_a_straight_line_to_full_output(demo):
    assert C.hiring_plan(demo, handle_minutes=90, ramp=2).df.equals(
        C.hiring_plan(demo, handle_minutes=90, ramp=[0.25, 0.75]).df
    )
    opened = [
        C.hiring_plan(demo, handle_minutes=90, ramp=months).df["start"].to_numpy()
        for months in (0, 4)
    ]
    assert (np.cumsum(opened[1]) >= np.cumsum(opened[0])).all()
    assert "ramp of 4 months" in C.hiring_plan(demo, handle_minutes=90, ramp=4).footnote


def test_the_accounts_behind_a_month_add_up_to_its_tickets(demo):
    made = C.demand(demo)
    month = made.df[made.df["period"] == pd.Timestamp("2026-05-01")]
    rows = made.rows(period="2026-05-01")
    assert rows["tickets"].sum() == month["value"].sum()
    for cell in month.itertuples():
        own = made.rows(period="2026-05-01", segment=cell.segment)
        assert own["tickets"].sum() == cell.value
        assert set(own["paying"]) == {cell.segment != "(not paying)"}
    created = demo.frame("tickets")
    created = created[pd.to_datetime(created["created_at"]).dt.strftime("%Y-%m") == "2026-05"]
    wanted = created["customer_id"].value_counts().sort_index()
    assert rows.groupby("customer_id")["tickets"].sum().sort_index().tolist() == wanted.tolist()
    calls = C.demand(demo, by=None, channel="phone")
    latest = calls.df[calls.df["complete"]]["value"].iloc[-1]
    assert calls.rows()["tickets"].sum() == latest
    with pytest.raises(sm.DataError, match="not over"):
        made.rows(period="2027-01-01")
