"""Agents, teams and the company, told apart only where chance does not."""

from __future__ import annotations

import numpy as np
import pytest

import saasmetrics as sm
from tests.support.desks import desk, replied, solved

S = sm.support


@pytest.mark.row("D2")
def test_satisfaction_is_one_scale_and_the_rule_is_stated() -> None:
    rows = [
        solved("2026-01-05", 1, agent_id=a, csat=c, csat_scale=m)
        for a, c, m in (("x", 4, 5), ("y", 8, 10), ("z", 9, 10))
    ]
    df = S.scorecard(desk(rows), "agent").df.set_index("agent_id")
    assert df["satisfaction"].round(4).to_dict() == {"x": 0.75, "y": 0.7778, "z": 0.8889}
    assert df["csat"].to_dict() == {"x": 1, "y": 0, "z": 1}  # the two best scores


@pytest.mark.row("D3")
def test_utilization_has_four_names_and_occupancy_is_the_highest_of_handling() -> None:
    hours = {
        "person_id": ["p", "q"],
        "period": ["2026-01"] * 2,
        "paid": [100, 50],
        "online": [90, 40],
        "available": [80, 30],
        "handling": [60, 10],
    }
    book = desk([replied("2026-01-05", 5)], hours=hours)
    found = {
        name: S.utilization(book, name).value
        for name in ("online", "handling", "occupancy", "shrinkage")
    }
    assert found == pytest.approx(
        {"online": 130 / 150, "handling": 70 / 150, "occupancy": 70 / 110, "shrinkage": 40 / 150}
    )
    assert found["handling"] <= found["occupancy"]


@pytest.mark.row("D3")
def test_the_longest_wait_is_that_of_who_still_waits() -> None:
    rows = [
        replied("2026-01-05 00:00", 60, team_id="t"),
        replied("2026-01-31 00:00", None, team_id="t"),
    ]
    assert S.scorecard(desk(rows)).df["longest_wait"].iloc[0] == 24
    assert S.times(desk(rows), statistic="longest").value == 24


def test_hours_of_a_month_do_not_say_what_was_worked_in_a_week() -> None:
    hours = {"person_id": ["p"], "period": ["2026-01"], "paid": [100]}
    with pytest.raises(sm.DataError, match="not within one week"):
        S.utilization(desk([replied("2026-01-05", 5)], hours=hours), freq="W")


@pytest.mark.row("H16")
def test_agents_who_work_alike_stay_in_the_funnel_and_one_who_does_not_is_found() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for agent in range(12):
        hard = rng.uniform(0, 1)  # who takes hard tickets is not slow
        for _ in range(120):
            tag = "hard" if rng.uniform() < hard else "easy"
            base = 3000 if tag == "hard" else 300
            slow = 1.6 if agent == 11 else 1.0
            rows.append(
                solved(
                    "2026-01-05",
                    1,
                    agent_id=f"a{agent:02}",
                    tag=tag,
                    handle_seconds=round(base * slow * rng.lognormal(0, 0.3)),
                )
            )
    df = S.productivity(desk(rows)).df.set_index("agent_id")
    assert df.loc["a11", "funnel"] == "outside 99.8%"
    alike = desk([row for row in rows if row["agent_id"] != "a11"])
    others = S.productivity(alike).df
    assert (others["funnel"] != "outside 99.8%").all()
    crude = others["mean"].max() / others["mean"].min()
    assert crude > 1.5 > others["value"].max() / others["value"].min()


@pytest.mark.row("P6")
def test_teams_whose_intervals_overlap_share_a_band() -> None:
    rng = np.random.default_rng(5)
    rows = []
    for team, mean in (("a", 30), ("b", 31), ("c", 90)):
        rows += [
            replied("2025-12-05", float(mean * rng.lognormal(0, 0.4)), team_id=team)
            for _ in range(200)
        ]
    df = S.league(desk(rows), "first_reply").df.set_index("team_id")
    assert df["band"].to_dict() == {"a": 1, "b": 1, "c": 2}
    assert df.loc["a", "note"]
    assert not df.loc["c", "note"]
    assert (df["high"] > df["low"]).all()


@pytest.mark.row("P6")
def test_churn_is_ranked_on_what_is_expected_of_such_customers() -> None:
    """Both teams lose a tenth of their small and none of their large customers: no team is worse."""
    n = 200
    small = [i % 2 == 0 if i < 100 else i % 10 == 0 for i in range(n)]
    lost = [i in (0, 20, 40, 60, 80, 100) for i in range(n)]
    lines = {
        "subscription_id": range(n),
        "customer_id": [f"c{i}" for i in range(n)],
        "start": ["2025-01-01"] * n,
        "amount": [10] * n,
        "interval": ["month"] * n,
        "end": ["2025-11-15" if gone else None for gone in lost],
    }
    customers = {
        "customer_id": lines["customer_id"],
        "segment": ["S" if s else "L" for s in small],
        "pod_id": ["p1"] * 100 + ["p2"] * 100,
    }
    tickets = {"ticket_id": [1], "customer_id": ["c1"], "created_at": ["2025-11-05"]}
    book = sm.Book(subscriptions=lines, customers=customers, tickets=tickets, as_of="2025-12-31")
    df = S.league(book, "churn", by="pod_id").df.set_index("pod_id")
    assert df["numerator"].sum() == sum(lost)
    assert df["band"].tolist() == [1, 1]
    assert df.loc["p1", "mean"] > df.loc["p2", "mean"]  # without regard to whom they serve


@pytest.mark.row("P3", "H21")
def test_reactive_and_proactive_sum_to_one_and_unknown_kinds_are_told() -> None:
    activities = {
        "customer_id": ["a"] * 5,
        "at": ["2026-01-05"] * 5,
        "kind": ["qbr", "escalation", "lunch", "qbr", "call"],
        "proactive": [None, None, None, False, True],
        "csm_id": ["x"] * 5,
    }
    book = desk([replied("2026-01-05", 5)], activities=activities)
    found = S.reactive_share(book, by="csm_id")
    row = found.df.iloc[0]
    assert (row["numerator"], row["denominator"], row["unknown"]) == (2, 4, 1)
    assert row["value"] + row["proactive_share"] == 1
    assert "1 contact of unknown initiative" in found.footnote
    assert S.reactive_share(book, kinds={"lunch": "proactive"}).df["unknown"].sum() == 0
    assert S.reactive_share(book, tickets=True).df["numerator"].iloc[0] == 3


@pytest.mark.row("H20")
def test_an_executive_with_one_customer_a_month_is_enough() -> None:
    people = {
        "person_id": ["ceo", "cto"],
        "role": ["ceo", "cto"],
        "start": ["2025-01-01", "2026-01-01"],
    }
    activities = {
        "customer_id": ["a", "a", "b"],
        "at": ["2025-12-05", "2026-01-05", "2026-01-06"],
        "kind": ["call"] * 3,
        "csm_id": ["ceo", "ceo", "cto"],
    }
    found = S.exec_contacts(desk([replied("2026-01-05", 5)], people=people, activities=activities))
    assert found.df[["numerator", "denominator"]].values.tolist() == [[1, 1], [2, 2]]


@pytest.mark.row("D7")
def test_company_teams_and_agents_have_the_same_figures(demo_book: sm.Book) -> None:
    frames = [S.scorecard(demo_book, level, "Y").df for level in ("agent", "team", "company")]
    assert len({tuple(sorted(set(f.columns) - {"agent_id", "team_id"})) for f in frames}) == 1
