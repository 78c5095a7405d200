"""How fast and how well: time zones and working hours, what still waits, urgency, effort; speed beside its quality."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.moments import local_days
from saasmetrics.metrics.support.clocks import PARTNERS
from tests.support.desks import HOUR, desk, replied, solved

S = sm.support
BERLIN = S.WorkingHours("Europe/Berlin", holidays=["2026-01-06"])


def by_the_minute(start: pd.Timestamp, end: pd.Timestamp) -> int:
    """Working minutes of BERLIN, counted one by one on the clock on the wall."""
    count = int((end - start) / pd.Timedelta(minutes=1))
    minutes = pd.date_range(start, periods=count, freq="min", tz="UTC")
    wall = minutes.tz_convert("Europe/Berlin")
    open_ = (wall.day_of_week < 5) & (wall.hour >= 9) & (wall.hour < 17)
    return int((open_ & (wall.date != pd.Timestamp("2026-01-06").date())).sum())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 120 * 1440), st.integers(0, 12 * 1440))
@pytest.mark.row("P9")
def test_working_hours_are_those_on_the_wall_also_when_clocks_change(
    begin: int, length: int
) -> None:
    start = pd.Timestamp("2026-01-01") + pd.Timedelta(minutes=begin)  # 29 March: clocks go forward
    end = start + pd.Timedelta(minutes=length)
    seconds = [np.array([int(each.timestamp())]) for each in (start, end)]
    assert BERLIN.between(*seconds)[0] == by_the_minute(start, end) * 60


def test_a_weekend_is_long_by_the_calendar_and_short_in_working_hours() -> None:
    friday = [
        replied("2026-01-09 15:30", 60 * (2.5 + 48 + 16))
    ]  # 16:30 in Berlin to Monday 9:00 and later
    book = desk(friday)
    assert S.times(book).value == pytest.approx(66.5)
    # Friday 16:30 to 17:00, Monday 9:00 to 11:00
    assert S.times(book, hours=BERLIN).value == pytest.approx(2.5)


def test_hours_by_week_have_breaks() -> None:
    lunch = S.WorkingHours(weekly=[(9 * 60, 12 * 60), (13 * 60, 17 * 60)])  # Mondays
    monday = int(pd.Timestamp("2026-01-05 11:00").timestamp())
    assert lunch.between(np.array([monday]), np.array([monday + 3 * HOUR]))[0] == 2 * HOUR


SCHEDULES = [
    BERLIN,
    S.WorkingHours("America/Los_Angeles", opens="08:30", closes="18:00"),  # over midnight of UTC
    S.WorkingHours("Europe/Berlin", ["Mon", "Sun"], "00:00", "24:00", ["2026-03-29"]),
    # A night shift over each change of the clocks, a break, and a shift of two days and more.
    S.WorkingHours("Europe/Berlin", weekly=[(9_960, 10_470), (600, 720), (780, 900)]),
    S.WorkingHours("Australia/Lord_Howe", weekly=[(1_500, 5_000), (9_000, 10_100)]),
]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SCHEDULES), st.integers(0, 365 * 86_400), st.integers(0, 40 * 86_400))
def test_working_time_is_that_before_a_day_and_that_of_its_spans(
    hours: sm.support.WorkingHours, begin: int, length: int
) -> None:
    moments = int(pd.Timestamp("2026-01-01").timestamp()) + np.array([begin, begin + length])
    told = hours.by_day(*moments.tolist())
    day = moments // 86_400 - told["day"][0]
    gone = moments % 86_400
    until = told["before"][day]
    for at in range((len(told) - 2) // 2):
        start, most = (told[f"{name}_{at}"][day] for name in ("begin", "length"))
        until = until + np.clip(gone - start, 0, most)
    assert until[1] - until[0] == hours.between(moments[:1], moments[1:])[0]


def test_working_hours_are_equal_where_their_weeks_are() -> None:
    days = [(day * 1440 + 540, day * 1440 + 1020) for day in range(5)]
    same = S.WorkingHours("Europe/Berlin", weekly=days, holidays=["2026-01-06"])
    assert {same, BERLIN} == {BERLIN}
    assert S.WorkingHours("UTC") != S.WorkingHours("UTC", holidays=["2026-01-06"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"zone": "Berlin"}, "no time zone 'Berlin'"),
        ({"opens": "9 Uhr"}, "no time of day"),
        ({"opens": "22:00", "closes": "06:00"}, "shift over midnight"),
        ({"days": ["Monday"]}, "working days are a list"),
        ({"weekly": [(0, 600), (500, 700)]}, "each after the one before"),
        ({"weekly": [(0, 600), (9_900, 10_090)]}, "each after the one before"),  # the next Monday
    ],
)
def test_working_hours_that_cannot_be_are_refused(wrong, words) -> None:
    with pytest.raises(sm.DataError, match=words):
        S.WorkingHours(**wrong)


@given(
    st.integers(0, 2**31), st.sampled_from(["America/New_York", "Asia/Kolkata", "Europe/Berlin"])
)
@settings(max_examples=60, deadline=None)
def test_a_local_day_is_that_of_the_clock_on_the_wall(second: int, zone: str) -> None:
    wall = pd.Timestamp(second, unit="s", tz="UTC").tz_convert(zone)
    wanted = (pd.Timestamp(wall.date()) - pd.Timestamp("1970-01-01")).days
    assert local_days(np.array([second]), zone)[0] == wanted


@pytest.mark.row("Z2")
def test_an_unanswered_ticket_is_a_miss_at_30_hours_and_immature_at_2() -> None:
    book = desk(
        [
            replied("2026-01-30 18:00", None),
            replied("2026-01-31 22:00", None),
            replied("2026-01-31 20:00", 5),
        ]
    )
    row = S.answered(book).df.iloc[0]
    assert (row["numerator"], row["denominator"], row["immature"]) == (1, 2, 1)
    strict = S.answered(book, young="all").df.iloc[0]
    assert (strict["numerator"], strict["denominator"], strict["immature"]) == (0, 1, 2)


@pytest.mark.row("Z2")
def test_solved_against_created_says_whether_support_keeps_up() -> None:
    book = desk([solved("2026-01-02", 24), solved("2026-01-03", None), solved("2026-01-04", 48)])
    assert S.backlog(book, "cleared").value == pytest.approx(2 / 3)
    assert S.backlog(book, "days").value == pytest.approx(1 / (2 / 31))
    nothing = S.backlog(desk([solved("2026-01-02", None)]), "days").df.iloc[0]
    assert np.isnan(nothing["value"])
    assert "no end" in nothing["reason"]


@pytest.mark.row("Z9")
def test_an_urgent_miss_is_seen_although_the_mean_is_good() -> None:
    rows = [replied("2026-01-10", 5, priority="low")] * 9 + [
        replied("2026-01-10", 300, priority="urgent")
    ]
    row = S.sla(desk(rows), by=None, targets={"low": 480, "urgent": 30}).df.iloc[0]
    assert row["value"] == 0.9
    assert row["urgent"] == 0
    assert row["weighted"] == pytest.approx(9 / 13)  # urgent weighs 4, low 1
    assert row["p95"] == 5
    assert S.times(desk(rows), statistic="mean").value < 0.6


@pytest.mark.row("Z8")
def test_touches_are_those_of_solved_tickets() -> None:
    rows = [
        solved("2026-01-02", 5, touches=1, reopens=0, channel="chat"),
        solved("2026-01-02", 5, touches=1, reopens=1, channel="chat"),
        solved("2026-01-02", 5, touches=4, reopens=0, channel="email"),
        solved("2026-01-02", None, touches=9, reopens=0, channel="email"),
    ]
    book = desk(rows)
    assert S.touches(book).value == 2
    assert S.touches(book, "one_touch").value == pytest.approx(1 / 3)
    df = S.touches(book, by="channel").df.set_index("channel")
    assert df["value"].to_dict() == {"chat": 1, "email": 4}
    spread = S.touches(book).extra["tables"]["How many touches"].set_index("touches")["tickets"]
    assert spread[spread > 0].to_dict() == {"1": 2, "4": 1}


@pytest.mark.row("Z10")
def test_how_customers_and_agents_judge_urgency_is_a_table() -> None:
    rows = [
        replied("2026-01-02", 5, priority_source=who, priority=p)
        for who, p in (("customer", "urgent"), ("customer", "low"), ("agent", "low"))
    ]
    df = S.mix(desk(rows), "priority_source", "priority").df.set_index(
        ["priority_source", "priority"]
    )
    assert df.loc[("customer", "urgent"), "value"] == 0.5
    assert df.loc[("agent", "urgent"), "n"] == 0


@pytest.mark.row("D9")
@pytest.mark.parametrize("measure", PARTNERS)
def test_a_measure_of_speed_never_comes_without_its_quality(
    demo_book: sm.Book, measure: str
) -> None:
    found = S.times(demo_book, measure, freq="Q")
    partner = found.extra["partner"]
    assert found.df[partner].notna().any()
    drawn = str(found.chart().to_dict())
    assert {"csat": "CSAT", "reopen_rate": "Reopen rate"}[partner] in drawn


@pytest.mark.row("D9")
@pytest.mark.parametrize("ask", [S.answered, S.sla])
def test_promises_come_with_csat_too(demo_book: sm.Book, ask) -> None:
    assert {"csat", "csat_low", "csat_high", "reopen_rate"} <= set(ask(demo_book).df.columns)


@pytest.mark.row("Z16", "Z26")
def test_the_escalation_matrix_counts_began_against_solved() -> None:
    rows = [
        solved("2026-01-02", 5, tier=tier, first_tier=began)
        for began, tier in (("1", "1"), ("1", "2"), ("2", "2"))
    ]
    found = S.tiers(desk(rows), started="first_tier")
    matrix = found.extra["tables"]["Began x solved"].set_index("began at")
    assert matrix.loc["1", ["solved at 1", "solved at 2"]].tolist() == [1, 1]
    assert found.extra["escalated"]["value"].iloc[0] == pytest.approx(1 / 3)


@pytest.mark.row("P11")
def test_templates_are_compared_within_topics() -> None:
    spec = (
        ("easy", "m", 60),
        ("easy", "m", 120),
        ("easy", None, 200),
        ("hard", "m", 1000),
        ("hard", None, 3000),
        ("hard", None, 2000),
        ("odd", None, 9),
    )
    rows = [
        solved("2026-01-02", 5, tag=tag, macro=macro, handle_seconds=s) for tag, macro, s in spec
    ]
    found = S.macro_effect(desk(rows))
    # easy 90 - 200 = -110 of 3 tickets, hard 1000 - 2500 = -1500 of 3; odd has no template
    by_hand = (-110 * 3 + -1500 * 3) / 6 / HOUR
    assert found.df["value"].iloc[-1] == pytest.approx(by_hand)
    assert found.extra["crude"] != pytest.approx(by_hand)
    assert "not an effect" in found.footnote


@pytest.mark.row("P7", "P13")
def test_a_step_of_known_size_is_recovered_and_called_not_causal() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for week in range(40):
        for channel, step in (("chat", -20.0), ("phone", 0.0)):
            for _ in range(30):
                created = pd.Timestamp("2025-04-07") + pd.Timedelta(
                    weeks=week, hours=float(rng.uniform(0, 160))
                )
                minutes = 60 + 0.1 * week + step * (week >= 20) + rng.normal(0, 4)
                rows.append(replied(str(created.round("s")), minutes, channel=channel))
    found = S.before_after(desk(rows), "2025-08-25")
    df = found.df.set_index("channel")
    assert df.loc["chat", "low"] < -20 / 60 < df.loc["chat", "high"]
    assert df.loc["phone", "low"] < 0 < df.loc["phone", "high"]
    assert set(df.index) == {"chat", "phone"}  # also the channel that nothing was done for
    assert "Not causal" in found.footnote


@pytest.mark.row("P7")
def test_any_series_can_be_looked_at_before_and_after(demo_book: sm.Book) -> None:
    churn = sm.retention.logo_churn(demo_book, window=1, by="segment")
    found = S.before_after(demo_book, "2024-06-01", churn)
    assert set(found.df["segment"]) == set(churn.df["segment"])
    alone = sm.Book(subscriptions=demo_book.frame("subscriptions").assign(currency="USD"))
    series = sm.revenue.mrr(alone)
    assert S.before_after(alone, "2024-06-01", series).df["reason"].tolist() == [
        ""
    ]  # without tickets
    with pytest.raises(sm.DataError, match="is no series"):
        S.before_after(demo_book, "2024-06-01", S.macro_effect(demo_book))


@pytest.mark.row("Z7")
def test_what_is_open_within_its_time_is_not_counted_yet() -> None:
    rows = [
        replied("2026-01-31 23:50", None, priority="urgent"),
        replied("2026-01-31 20:00", None, priority="urgent"),
    ]
    row = S.sla(desk(rows), targets={"urgent": 30}).df.iloc[0]
    assert (row["overdue"], row["immature"], row["value"]) == (1, 1, 0)
    assert row["breach_minutes"] == 4 * 60 - 30
