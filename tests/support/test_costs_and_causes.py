"""The fiscal year; what support costs, what it is for, and who asks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from tests.support.desks import desk, replied, solved

S = sm.support


def months(*counts: int, start: str = "2025-11", **more: object) -> list[dict[str, object]]:
    """So many tickets in each month from November 2025 on."""
    first = pd.Period(start, "M")
    return [
        {"created_at": f"{first + i}-10"} | more
        for i, count in enumerate(counts)
        for _ in range(count)
    ]


@pytest.mark.row("D5")
@pytest.mark.parametrize("fiscal_start", [11, 1])
def test_to_date_is_a_ratio_of_sums_from_the_first_month_of_the_fiscal_year(
    fiscal_start: int,
) -> None:
    """The example ytd_ratio_of_sums: 100, 200 and 50 chats at 1,000 a month; its fiscal year begins in November."""
    spend = {
        "month": ["2025-11", "2025-12", "2026-01"],
        "function": ["support"] * 3,
        "amount": [1000] * 3,
    }
    book = desk(months(100, 200, 50, channel="chat"), spend=spend, fiscal_start=fiscal_start)
    df = S.unit_cost(book, allocation="volume", ytd=True).df
    wanted = [10, 2000 / 300, 3000 / 350] if fiscal_start == 11 else [10, 2000 / 300, 1000 / 50]
    np.testing.assert_allclose(df["value"], wanted)


@pytest.mark.row("D5")
def test_ytd_ratio_of_sums(example) -> None:
    given, expected = example["inputs"], example["expected"]
    spend = {
        "month": ["2025-11", "2025-12", "2026-01"],
        "function": ["support"] * 3,
        "amount": given["cost"],
    }
    book = desk(months(*given["chats"], channel="chat"), spend=spend, fiscal_start=11)
    df = S.unit_cost(book, by="channel", allocation="volume", ytd=True).df
    np.testing.assert_allclose(df["value"], expected["ytd"], atol=5e-5)
    monthly = S.unit_cost(book, by="channel", allocation="volume").df["value"].mean()
    assert monthly == pytest.approx(expected["wrong_mean_of_months"], abs=5e-5)


@pytest.mark.row("D4")
@pytest.mark.parametrize(("fiscal_start", "begins"), [(4, "2025-04-01"), (7, "2025-07-01")])
def test_the_scorecard_to_date_begins_with_the_fiscal_year(fiscal_start: int, begins: str) -> None:
    rows = [
        replied(f"{month}-10", 10 * (i + 1), team_id="t")
        | {"handle_seconds": 60 * (i + 1), "solved_at": f"{month}-11"}
        for i, month in enumerate(pd.period_range("2025-03", "2025-09", freq="M").astype(str))
    ]
    book = desk(rows, as_of="2025-09-30", fiscal_start=fiscal_start)
    monthly = S.scorecard(book).df.set_index("period")
    to_date = S.scorecard(book, ytd=True).df.set_index("period")
    for period in monthly.index:
        year = monthly[
            (monthly.index <= period)
            & ((monthly.index >= begins) == (period >= pd.Timestamp(begins)))
        ]
        assert to_date.loc[period, "opened"] == year["opened"].sum()
        wanted = year["first_reply_hours"].sum() / year["answered"].sum()
        assert to_date.loc[period, "first_reply"] == pytest.approx(wanted)


@pytest.mark.row("H20")
def test_top_issues_break_ties_by_arr_and_months_begin_in_the_time_zone() -> None:
    rows = [
        replied("2026-01-10", 1, tag=tag, customer_id=c)
        for tag, c in (("x", "a"), ("y", "b"), ("x", "a"), ("y", "b"), ("z", "a"))
    ]
    late = replied("2025-12-31 23:30", 1, tag="z", customer_id="a")  # January in Berlin
    lines = {
        "subscription_id": [1, 2],
        "customer_id": ["a", "b"],
        "start": ["2025-01-01"] * 2,
        "amount": [10, 900],
        "interval": ["month"] * 2,
    }
    book = desk([*rows, late, replied("2026-01-12", 1, customer_id="b")], subscriptions=lines)
    found = S.top_issues(book, n=2)
    assert found.df["tag"].tolist() == ["y", "x"]
    assert found.df["arr"].tolist() == [10_800, 120]
    assert "1 ticket of the period without tag" in found.footnote
    berlin = S.top_issues(book, zone="Europe/Berlin").df.set_index("tag")
    assert (berlin.loc["z", "value"], S.top_issues(book).df.set_index("tag").loc["z", "value"]) == (
        2,
        1,
    )


@pytest.mark.row("H3")
def test_tickets_per_mrr_tie_and_who_has_no_mrr_is_told() -> None:
    rows = [
        replied("2026-01-10", 1, tag=t, customer_id=c)
        for t, c in (("x", "a"), ("x", "b"), ("y", "gone"))
    ]
    lines = {
        "subscription_id": [1, 2],
        "customer_id": ["a", "b"],
        "start": ["2025-01-01"] * 2,
        "amount": [1000, 500],
        "interval": ["month"] * 2,
        "plan": ["pro", "free"],
    }
    found = S.by_revenue(desk(rows, subscriptions=lines))
    df = found.df.set_index(["tag", "plan"])
    assert df["numerator"].sum() == 3
    assert df.loc[("x", "pro"), "value"] == 1
    assert df.loc[("x", "free"), "value"] == 2
    assert np.isnan(df.loc[("y", "(no MRR)"), "value"])
    assert "1 ticket of customers without MRR" in found.footnote


@pytest.mark.row("Z17")
def test_who_pays_for_half_a_month_counts_half() -> None:
    lines = {
        "subscription_id": [1, 2],
        "customer_id": ["a", "b"],
        "start": ["2025-01-01", "2025-11-16"],
        "amount": [10, 10],
        "interval": ["month"] * 2,
    }
    rows = [
        replied("2025-11-20", 1, customer_id="b"),
        replied("2025-11-21", 1, customer_id="b"),
        replied("2025-11-21", 1, customer_id="trial"),
    ]
    book = desk(rows, subscriptions=lines, as_of="2025-11-30")
    assert S.load(book).value == pytest.approx(2 / 1.5)
    found = S.load(book, "contact_share")
    assert found.value == pytest.approx(0.5 / 1.5)
    assert found.df["per_contacting"].iloc[0] == 2
    assert "1 ticket of who did not pay" in found.footnote


@pytest.mark.row("D8", "Z27")
def test_deflection_two_definitions(example) -> None:
    """Scaled down by a hundred: 40 self-service users, 10 with tickets; 50 sessions, 6 of them with a ticket."""
    given, expected = (
        {k: v // 100 if k in example["inputs"] else v for k, v in part.items()}
        for part in (example["inputs"], example["expected"])
    )
    users, askers = given["help_center_users"], given["ticket_users"]
    sessions = [f"u{i % users}" for i in range(given["self_service_sessions"])]
    start = pd.Timestamp("2026-01-05 09:00")
    visits = pd.DataFrame(
        {
            "customer_id": sessions,
            "at": [start + pd.Timedelta(days=i // users) for i in range(len(sessions))],
        }
    )
    asked = sessions[-given["sessions_with_ticket"] :]  # on the second day, two hours after
    who = [*asked, *(f"v{i}" for i in range(askers - len(asked)))]
    rows = [replied("2026-01-06 11:00", 5, customer_id=name) for name in who]
    book = desk(rows)
    assert S.deflection(book, visits).value == expected["session_deflection"]
    assert S.deflection(book, visits, "users").value == expected["self_service_ratio"]
    assert S.deflection(book, visits, "user_share").value == expected["user_share"]


@pytest.mark.row("Z20")
def test_cost_per_ticket(example) -> None:
    given = example["inputs"]
    spend = {"month": ["2026-01"], "function": ["support"], "amount": [given["cost"]]}
    book = desk([{"created_at": "2026-01-10"}] * given["tickets"], spend=spend)
    assert S.unit_cost(book).value == example["expected"]["cost_per_ticket"]


@pytest.mark.row("Z25")
def test_root_cause_saving(example) -> None:
    """One ticket stands for a hundred."""
    given = example["inputs"]
    rows = months(*[given["requests_removed"] // 100] + [0] * 0, start="2025-06", tag="gap")
    book = desk([*rows, {"created_at": "2025-02-01", "tag": "other"}])
    found = S.root_cause(book, "gap", cost_per_ticket=given["cost_per_request"])
    assert found.value * 100 == pytest.approx(example["expected"]["saving"])


@pytest.mark.row("Z20")
def test_direct_costs_stay_with_who_did_the_work() -> None:
    people = {
        "person_id": ["p", "q", "lead"],
        "role": ["agent", "agent", "lead"],
        "cost_month": [3000, 1000, 400],
        "start": ["2025-01-01"] * 3,
    }
    rows = [
        solved("2026-01-05", 1, agent_id=a, channel=c, handle_seconds=s)
        for a, c, s in (("p", "chat", 100), ("q", "email", 300))
    ]
    df = S.unit_cost(desk(rows, people=people), by="channel", allocation="direct").df.set_index(
        "channel"
    )
    # the lead answers nothing: shared by handle time, 1 to 3
    assert df["numerator"].to_dict() == {"chat": 3100, "email": 1300}


@pytest.mark.row("H22", "D10")
def test_cost_to_serve_stands_beside_retention_and_csat(demo_book: sm.Book) -> None:
    df = S.cost_to_serve(demo_book).df
    kept = sm.retention.grr(demo_book, by="segment", freq="Q").df
    both = df.merge(kept, on=["period", "segment"])
    np.testing.assert_allclose(both["gross_retention"], both["value_y"])
    over_time = S.cost_to_serve(demo_book, by=None).df
    total = df.groupby("period")["numerator"].sum().reindex(over_time["period"]).to_numpy()
    # trials have a segment too: every cost of a period with tickets is in a group
    busy = over_time["n"] > 0
    np.testing.assert_allclose(total[busy], over_time.loc[busy, "numerator"])
    assert {"csat", "reopen_rate"} <= set(df.columns)


@pytest.mark.row("Z19")
def test_the_naive_rate_of_the_contacted_is_too_high() -> None:
    """Nobody converts because of support; trials that last long have had more time to ask."""
    rng = np.random.default_rng(11)
    trials, rows = [], []
    for i in range(4000):
        length = int(rng.integers(1, 31))
        end = pd.Timestamp("2025-06-01") + pd.Timedelta(days=length)
        won = rng.uniform() < length / 40  # who stays longer converts more often
        trials.append(
            {
                "customer_id": f"c{i}",
                "start": "2025-06-01",
                "ended_at": str(end),
                "converted_at": str(end) if won else None,
            }
        )
        asks = rng.exponential(20)
        if asks < length:
            rows.append(
                {
                    "created_at": str(pd.Timestamp("2025-06-01") + pd.Timedelta(days=float(asks)))[
                        :19
                    ],
                    "customer_id": f"c{i}",
                }
            )
    columns = {name: [t[name] for t in trials] for name in trials[0]}
    found = S.trial_conversion(desk(rows, trials=columns), day=7, horizon=40)
    (gap, low, high), naive = found.extra["difference"], found.extra["naive"][0]
    assert low < 0 < high
    assert naive > gap + 0.05
    assert "immortal time" in found.footnote


@pytest.mark.row("Z12")
def test_the_estimate_of_untagged_topics_covers_the_truth() -> None:
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(40):
        truth = rng.choice(["bug", "how_to"], 600, p=[0.3, 0.7])
        told = rng.uniform(size=600) < 1 / 3
        rows = [
            replied("2026-01-05", 1, tag=t if k else None) for t, k in zip(truth, told, strict=True)
        ]
        bare = np.flatnonzero(~told)
        read = rng.choice(bare, 80, replace=False)
        audit = pd.DataFrame({"ticket_id": [f"t{i}" for i in read], "tag": truth[read]})
        row = S.untagged(desk(rows), audit).df.set_index("tag").loc["bug"]
        covered.append(row["low"] <= (truth == "bug").sum() <= row["high"])
    assert np.mean(covered) >= 0.85


@pytest.mark.row("Z13")
def test_voices_are_those_of_trials_new_long_standing_and_dismissed() -> None:
    lines = {
        "subscription_id": [1, 2, 3],
        "customer_id": ["new", "old", "left"],
        "start": ["2025-12-15", "2025-01-01", "2025-01-01"],
        "end": [None, None, "2025-10-01"],
        "amount": [10] * 3,
        "interval": ["month"] * 3,
    }
    trials = {
        "customer_id": ["try", "lost"],
        "start": ["2026-01-01", "2025-06-01"],
        "ended_at": [None, "2025-07-01"],
    }
    names = ["new", "old", "left", "try", "lost", "who"]
    rows = [replied("2026-01-10", 1, tag="x", customer_id=name) for name in names]
    df = S.voice(desk(rows, subscriptions=lines, trials=trials)).df
    assert set(df["voice"]) == {
        "new",
        "long-standing",
        "dismissed",
        "trial",
        "lost prospect",
        "prospect",
    }
    assert df["n"].sum() == 6
