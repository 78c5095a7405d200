"""Published figures of five companies and their tools, through the tables; each test bears the id of its example."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from tests.support.desks import desk, replied, solved


def people(count: int, start: str = "2024-01-01") -> dict[str, list[object]]:
    return {
        "person_id": [f"p{n}" for n in range(count)],
        "role": ["agent"] * count,
        "start": [start] * count,
    }


@pytest.mark.row("P1")
def test_poster_productivity(example):
    month = pd.Timestamp("2026-01-05")
    rows = [{"created_at": str(month)}] * example["inputs"]["requests_per_month"]
    book = desk(rows, people=people(example["inputs"]["people"]))
    found = sm.support.load(book, "per_head")
    assert found.value == pytest.approx(example["expected"]["per_head_month"], abs=0.005)


@pytest.mark.row("Z1", "P1")
def test_zendesk_productivity(example):
    given = example["inputs"]
    # one ticket stands for a hundred: 720,000 a year and 300 heads are 7,200 and 3
    rows = [{"created_at": "2025-03-05"}] * (given["requests_per_year"] // 100)
    book = desk(rows, as_of="2025-12-31", people=people(given["advocates"] // 100))
    assert (
        sm.support.load(book, "per_head", freq="Y").value
        == example["expected"]["per_advocate_year"]
    )


@pytest.mark.row("P9")
def test_poster_frt(example):
    before, after = (example["inputs"][name] / 60 for name in ("before_s", "after_s"))
    rows = [replied("2025-12-10 10:00", before, channel="chat")] * 3
    rows += [replied("2026-01-10 10:00", after, channel="chat")] * 3
    for statistic in ("mean", "median"):
        df = sm.support.times(desk(rows), statistic=statistic, by="channel").df
        then, now = df["value"]
        assert 1 - now / then == pytest.approx(example["expected"]["improvement"])


@pytest.mark.row("Z3")
def test_tank_tickets(example):
    given, expected = example["inputs"], example["expected"]
    rows = [solved("2026-01-05", hours) for hours in given["baseline_resolution_h"]]
    rows += [solved("2026-01-19", hours) for hours in given["week_resolution_h"]]
    book = desk(rows)
    fixed = sm.support.tank_tickets(book, baseline=("2026-01-05", "2026-01-11")).df.iloc[2]
    assert fixed["threshold"] == expected["baseline_median"]
    assert fixed["numerator"] == expected["tank"]
    assert fixed["value"] == pytest.approx(expected["share"], abs=5e-5)
    own = sm.support.tank_tickets(book, baseline=("2026-01-19", "2026-01-25")).df.iloc[2]
    assert own["value"] == expected["self_median_share"]  # why the period itself is no baseline


@pytest.mark.row("Z7")
def test_sla_breach_zendesk(example):
    given, expected = example["inputs"], example["expected"]
    book = desk([replied("2026-01-05 10:00", given["completion_min"], priority="urgent")])
    found = sm.support.sla(book, targets={"urgent": given["target_min"]})
    row = found.df.iloc[0]
    assert (row["breach_minutes"], row["value"]) == (expected["breach_time_min"], 0)
    assert row[expected["status"]] == 1
    assert found.rows(priority="urgent")["breach_minutes"].tolist() == [15]


@pytest.mark.row("Z16", "Z26")
def test_tier_mix(example):
    # one ticket stands for a thousand
    first, other = (example["expected"][name] // 1000 for name in ("tier1", "tiers_2_3"))
    rows = [solved("2026-01-05", 1, tier=tier) for tier in ["1"] * first + ["2"] * other]
    found = sm.support.tiers(desk(rows))
    assert found.df.set_index("tier")["value"]["1"] == example["inputs"]["tier1_share"]
    assert found.extra["escalated"]["value"].iloc[0] == pytest.approx(0.1)
    assert found.df["numerator"].sum() * 1000 == example["inputs"]["requests"]
