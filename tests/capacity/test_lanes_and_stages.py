"""Lanes, flexible staff, workload, touches, stages and baselines, against queueing theory and hand calculation."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics import formulas
from saasmetrics.success.capacity.flexible import cheapest, expected_cost
from saasmetrics.success.capacity.lanes import waits
from saasmetrics.success.capacity.stage import guide_of
from tests.capacity.teams import MONTHS, book, people, tickets

C = sm.capacity


@pytest.mark.row("Z4")
def test_the_played_queue_waits_as_erlang_c_says():
    rng = np.random.default_rng(8)
    rate, handle, agents, many = 1.0, 8.0, 10, 120_000
    arrival = np.cumsum(rng.exponential(1 / rate, many))
    found = waits(arrival, rng.exponential(handle, many), agents)
    theory = formulas.erlang_c(rate, handle, agents)
    assert found.mean() == pytest.approx(theory.mean_wait, rel=0.07)
    assert (found > 0).mean() == pytest.approx(theory.p_wait, rel=0.05)


def test_a_queue_worked_by_hand():
    arrival, service = np.array([0.0, 1, 2, 3]), np.array([4.0, 4, 1, 1])
    assert waits(arrival, service, 1).tolist() == [0, 3, 6, 6]
    assert waits(arrival, service, 2).tolist() == [0, 0, 2, 2]
    assert waits(arrival, service, 4).tolist() == [0, 0, 0, 0]


def busy_desk(weeks=26, seed=4):
    """A desk open from 8 to 20 with many short tickets and a few that take hours."""
    rng = np.random.default_rng(seed)
    rows, takes = [], []
    for day in pd.date_range("2025-06-30", periods=7 * weeks, freq="D"):
        for minute in np.sort(rng.uniform(0, 720, rng.poisson(60))):
            rows.append(("Ada", day + pd.Timedelta(hours=8) + pd.Timedelta(minutes=minute)))
            takes.append(600 if rng.random() < 0.85 else 7200)
    team = people(*[(f"a{k}", "agent", "2024-01-01", None, 1.0, None, None) for k in range(3)])
    return book(tickets=tickets(rows).assign(handle_seconds=takes), people=team)


@pytest.mark.row("Z4")
def test_a_lane_for_long_tickets_makes_the_short_ones_wait_less():
    made = C.carve_out(busy_desk(), lane=2, agents=4, quantile=0.5)
    df = made.df.set_index("lane")
    assert made.extra["share_long"] == pytest.approx(0.15, abs=0.02)
    assert df.loc["short", "value"] < 0
    assert df.loc["short", "high"] < 0
    assert df.loc["all", "n"] == df.loc["short", "n"] + df.loc["long", "n"]
    sums = df["n"] * df["after"]
    assert sums["all"] == pytest.approx(sums["short"] + sums["long"])
    assert C.carve_out(busy_desk(), lane=2, agents=4).df.equals(made.df)


@pytest.mark.row("Z4")
def test_more_work_than_there_is_time_for_is_said():
    made = C.carve_out(busy_desk(), lane=1, agents=3)
    assert made.df.set_index("lane").loc["long", "load_after"] > 1
    assert "more work than the agents for long tickets can do" in made.footnote
    assert "1 of 3 agents (33.3%)" in made.footnote


def test_tickets_of_one_moment_wait_alike_in_every_order_of_rows():
    desk = busy_desk()
    rows = desk.frame("tickets")
    rows["created_at"] = rows["created_at"].dt.floor("30min")  # so that many come at once
    found = [
        C.carve_out(book(tickets=mixed, people=desk.frame("people")), agents=3).df
        for mixed in (rows, rows[::-1], rows.sample(frac=1, random_state=2))
    ]
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


@pytest.mark.row("Z24")
def test_the_mix_of_own_and_flexible_staff_is_the_newsvendors():
    demand, own, hired = np.array([10.0, 20, 30, 40]), 6.0, 10.0
    best = cheapest(demand, own, hired)
    by_force = min(np.arange(0, 50), key=lambda hours: expected_cost(demand, hours, own, hired))
    assert best == by_force == 20
    # 20 x 6 + 10 x (0 + 0 + 10 + 20) / 4
    assert expected_cost(demand, best, own, hired) == 195
    assert cheapest(demand, 10, 10) == 0


@pytest.mark.row("Z24")
@pytest.mark.parametrize("seed", range(5))
def test_no_other_own_capacity_is_cheaper(seed):
    rng = np.random.default_rng(seed)
    demand = rng.gamma(4, 10, 30)
    own, hired = 5.0, float(rng.uniform(5.5, 20))
    best = expected_cost(demand, cheapest(demand, own, hired), own, hired)
    others = [expected_cost(demand, hours, own, hired) for hours in np.linspace(0, 150, 601)]
    assert best <= min(others) + 1e-9


@pytest.mark.row("Z24")
def test_volatile_demand_leaves_more_to_flexible_staff():
    rows, takes = [], []
    for week, day in enumerate(pd.date_range("2025-01-06", periods=51, freq="7D")):
        many = 10 if week % 2 else 30
        rows += [("Ada", day)] * many
        takes += [3600] * many
    made = C.flexible(
        book(tickets=tickets(rows).assign(handle_seconds=takes)), 40, 100, "W", periods=40
    )
    df = made.df.set_index("plan")
    assert (made.extra["base"], made.extra["peak"]) == (10, 30)
    assert made.extra["volatile"] == pytest.approx(2 / 3)
    assert df.loc["own for the peak", "value"] == 1200
    assert df.loc["mix", "verdict"] == "cheapest"
    assert df["value"].min() == df.loc["mix", "value"]


def test_workload_is_handling_time_over_productive_hours():
    rows = [("Ada", "2025-11-03")] * 1000 + [("Bo", "2025-11-04")] * 610
    table = tickets(rows).assign(handle_seconds=18 * 60, channel="email")
    table["solved_at"] = ["2025-11-05"] * 1500 + [None] * 110
    df = C.workload(book(tickets=table)).df
    november = df[df["period"] == "2025-11-01"].iloc[0]
    assert november["value"] == pytest.approx(formulas.fte_required(1610, 18))
    assert november[["created", "solved", "backlog"]].tolist() == [1610, 1500, 110]
    assert november["backlog_days"] == pytest.approx(110 / (1500 / 30))
    december = df.iloc[-1]
    assert (december["value"], december["backlog"]) == (0, 110)
    assert np.isnan(december["backlog_days"])  # nothing was solved


def test_tickets_without_a_handling_time_count_at_the_mean_of_the_others():
    table = tickets([("Ada", "2025-12-03")] * 4).assign(handle_seconds=[60, 120, None, None])
    row = C.workload(book(tickets=table)).df.iloc[-1]
    assert row["numerator"] == pytest.approx(4 * 90 / 3600)
    assert row["unhandled"] == 2
    blank = C.workload(book(tickets=table.assign(handle_seconds=np.nan))).df.iloc[-1]
    assert np.isnan(blank["value"])
    assert blank["reason"] == "no ticket has a handling time"


def test_touch_workload_is_minutes_of_an_age_times_accounts():
    customers = pd.DataFrame({"customer_id": ["Ada", "Bo", "Cy"], "csm_id": ["x", "x", "y"]})
    lives = {"Ada": MONTHS, "Bo": MONTHS, "Cy": MONTHS[-2:]}
    rows = [(c, f"{m}-15", 60) for c in ("Ada", "Bo") for m in MONTHS]
    rows += [("Cy", f"{m}-15", 300) for m in MONTHS[-2:]]
    done = pd.DataFrame(rows, columns=["customer_id", "at", "minutes"]).assign(kind="qbr")
    made = C.touch_workload(
        book(lives, customers=customers, activities=done), by=None, window=2, hours=10, shrinkage=0
    )
    rates = made.extra["rates"].set_index("age")["minutes"]
    assert rates[["months 1-3", "months 4-12"]].tolist() == [300, 60]
    df = made.df.set_index("csm_id")
    # Ada and Bo begin their second year, an age not seen yet: the mean over all account-months
    assert df.loc["x", "numerator"] == pytest.approx(2 * (2 * 300 + 4 * 60) / 6 / 60)
    assert df.loc["y", "value"] == pytest.approx(5 / 10)
    assert made.df["n"].sum() == 3


@pytest.mark.row("H1")
@pytest.mark.parametrize(
    ("employees", "name"),
    [
        (0, "Founding"),
        (4, "Founding"),
        (5, "Early"),
        (19, "Early"),
        (20, "Mid"),
        (99, "Mid"),
        (100, "Growth"),
        (249, "Growth"),
        (250, "Scaling"),
    ],
)
def test_where_two_stages_meet_the_later_one_holds(employees, name):
    assert C.Stage.of(employees).name == name
    assert C.stage(book(), employees).extra["stage"] == name


@pytest.mark.row("H2")
def test_founders_do_not_look_at_efficiency():
    df = C.stage(book(), 3).df
    hidden = set(df.loc[df["advice"] == "hide", "metric"])
    assert {"tickets_per_head", "time_to_close", "handle_time"} <= hidden
    shown = set(df.loc[df["advice"] != "hide", "metric"])
    assert {"logo_retention", "top_issues"} <= shown


@pytest.mark.row("H7")
def test_in_the_middle_growth_comes_before_margin():
    assert C.stage(book(), 50).extra["focus"] == "revenue growth, not gross margin"


@pytest.mark.row("H1")
def test_every_stage_has_one_north_star_and_at_most_seven_numbers(tmp_path):
    stages, _ = guide_of()
    assert [stage.first for stage in stages] == [0, 5, 20, 100, 250]
    for stage in stages:
        df = C.stage(book(), stage.first).df
        assert (df["advice"] == "north star").sum() == 1
        assert (df["advice"] != "hide").sum() <= 7
    from importlib.resources import files

    own = json.loads(files("saasmetrics.success.capacity").joinpath("stages.json").read_text())
    own["stages"][2]["show"].append("an_eighth")
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(own))
    with pytest.raises(sm.DataError, match="shows 8 numbers; 7 is the most"):
        C.stage(book(), 50, guide=path)


def test_a_guide_of_ones_own_takes_the_place_of_the_librarys(tmp_path):
    guide = {
        "stages": [
            {
                "name": "Ours",
                "from": 0,
                "north_star": "nrr",
                "show": ["nrr"],
                "hide": [],
                "advice": [],
                "focus": "all",
            }
        ],
        "triggers": [],
    }
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(guide))
    assert C.stage(book(), 500, guide=path).text == "Ours (from 0 employees): north star nrr"
    with pytest.raises(sm.DataError, match="no guide of stages"):
        C.stage(book(), 5, guide=tmp_path / "nothing.json")


def test_the_head_count_is_that_of_the_last_month_known():
    finance = pd.DataFrame({"month": ["2025-10", "2025-11"], "headcount": [90, 120], "revenue": 1})
    assert C.stage(book(finance=finance)).extra["stage"] == "Growth"
    with pytest.raises(sm.DataError, match="head count"):
        C.stage(book())


@pytest.mark.row("H6")
def test_triggers_fire_at_a_thousand_customers_and_six_people():
    def due(customers, heads):
        team = people(
            *[(f"p{k}", "agent", "2024-01-01", None, 1.0, None, None) for k in range(heads)]
        )
        df = C.triggers(book([f"c{k}" for k in range(customers)], people=team)).df
        return df.set_index("trigger")["due"].to_dict()

    assert due(999, 5) == {"knowledge base": False, "specialize": False, "team leads": False}
    assert due(1000, 6) == {"knowledge base": True, "specialize": True, "team leads": False}
    alone = C.triggers(book(["a"])).df.set_index("trigger")
    assert alone.loc["specialize", "due"] is None
    assert alone.loc["specialize", "reason"] == "the table people is not there"


@pytest.mark.row("Z21")
def test_later_data_do_not_alter_a_baseline(tmp_path, demo_book):
    path = tmp_path / "csat.json"
    then = sm.surveys.csat(demo_book.as_of("2025-12-31"), "Y")
    frozen = C.Baseline.freeze(then, "before the chat team")
    frozen.save(path)
    now = sm.surveys.csat(demo_book, "Y")
    later = C.Baseline.freeze(now, "before the chat team")
    assert later.hash != frozen.hash
    with pytest.raises(sm.DataError, match="is set once"):
        later.save(path)
    kept = C.Baseline.load(path)
    assert kept.hash == frozen.hash
    assert kept.df["value"].tolist() == then.df["value"].tolist()
    assert kept.save(path) == path  # the same again is no change
    change = kept.change(now)
    both = change[change["baseline"].notna()]
    assert len(change) == len(both) + 1  # 2026 is new
    assert both["difference"].tolist() == pytest.approx((both["value"] - both["baseline"]).tolist())


@pytest.mark.row("Z21")
def test_a_baseline_that_was_changed_is_refused(tmp_path, demo_book):
    path = tmp_path / "nps.json"
    C.Baseline.freeze(sm.surveys.nps(demo_book, "Y"), "first").save(path)
    said = json.loads(path.read_text())
    said["rows"][0]["value"] = 99.0
    path.write_text(json.dumps(said))
    with pytest.raises(sm.DataError, match="changed after it was frozen"):
        C.Baseline.load(path)
    path.write_text("{}")
    with pytest.raises(sm.DataError, match="is no baseline"):
        C.Baseline.load(path)


def test_a_baseline_of_another_definition_does_not_compare(demo_book):
    frozen = C.Baseline.freeze(sm.surveys.nps(demo_book, "Y"), "first")
    with pytest.raises(sm.DataError, match="do not compare"):
        frozen.change(sm.surveys.csat(demo_book, "Y"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: C.carve_out(b, lane=3, agents=3), "leaves nobody"),
        (lambda b: C.carve_out(b, agents=4, hours=(20, 8)), "closes before it opens"),
        (lambda b: C.carve_out(b, agents=4, quantile=5), "quantile=5"),
        (lambda b: C.flexible(b, 0, 5), "fixed_cost=0"),
        (lambda b: C.flexible(b, 5, 9, "Y"), "frequency"),
        (lambda b: C.workload(b, by="segmnt"), "Did you mean"),
        (lambda b: C.workload(b, shrinkage=1), "shrinkage=1"),
        (lambda b: C.touch_workload(b, limit=0), "limit=0"),
        (lambda b: C.touch_workload(b, owner="boss"), "boss"),
        (lambda b: C.stage(b, -1), "employees=-1"),
        (lambda b: C.Baseline.freeze(b.check(), "x"), "no column value"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(demo_book, call, words):
    with pytest.raises(sm.DataError, match=words):
        call(demo_book)
