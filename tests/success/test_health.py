"""The health score: what raises it, what lowers it, and that it never knows the future."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.success.score.health import headline
from saasmetrics.success.score.signals import damping, yardstick
from tests.properties.profile import quick
from tests.success.books import book, one, paying, tickets, usage

NAMES = ("a", "b", "c", "d")
DAYS = st.integers(0, 400).map(lambda n: str(np.datetime64("2025-03-01") + n))
ASKED = st.lists(st.tuples(st.sampled_from(NAMES), DAYS), max_size=25)
USED = st.lists(st.tuples(st.sampled_from(NAMES), DAYS, st.sampled_from(["x", "y"])), max_size=40)


@pytest.mark.row("P16")
@settings(quick, max_examples=60)
@given(ASKED, st.sampled_from(NAMES), DAYS, st.floats(0, 9))
def test_one_more_ticket_never_raises_a_score(asked, who, day, hours):
    before = sm.success.health(
        book(
            subscriptions=paying(*NAMES), tickets=tickets(("a", "2026-03-01"), *asked, hours=hours)
        )
    )
    more = tickets(("a", "2026-03-01"), *asked, (who, day), hours=hours)
    after = sm.success.health(book(subscriptions=paying(*NAMES), tickets=more))
    assert one(after, who)["value"] <= one(before, who)["value"] + 1e-9
    assert one(after, who)["issues"] <= one(before, who)["issues"] + 1e-9


@pytest.mark.row("P16")
def test_a_ticket_of_91_days_ago_has_no_effect_with_a_hard_window():
    # 2026-03-31 less 90 days is 2025-12-31; the window is 2026-01-01 to 2026-03-31
    inside, outside = (
        tickets(("a", day), ("b", "2026-03-01"), ("b", "2026-03-02"))
        for day in ("2026-01-01", "2025-12-30")
    )
    scores = [
        one(sm.success.health(book(subscriptions=paying("a", "b"), tickets=t)), "a")["issues"]
        for t in (inside, outside)
    ]
    assert scores[1] == 100
    assert scores[0] < 100
    fading = sm.success.HealthModel(hard_window=False)
    soft = sm.success.health(book(subscriptions=paying("a", "b"), tickets=outside), model=fading)
    assert 0 < one(soft, "a")["issues"] < 100


@pytest.mark.row("P16")
def test_hours_of_work_on_a_ticket_count_beside_their_number():
    asked = [("a", "2026-03-01"), ("b", "2026-03-01")]
    table = tickets(*asked)
    table["handle_seconds"] = [7200.0, 0.0]
    found = sm.success.health(book(subscriptions=paying("a", "b"), tickets=table))
    assert one(found, "a")["issues"] < one(found, "b")["issues"]
    assert one(found, "a")["hours"] == 2


@pytest.mark.row("P17")
def test_a_feature_stopped_scores_below_one_never_used_and_both_below_one_used():
    # x was last used 60 days before the as-of date by "stopped", never by "never", and in March by "used"
    rows = [(who, "2026-03-20", "y") for who in ("used", "stopped", "never")]
    rows += [("used", "2026-03-20", "x"), ("stopped", "2026-01-30", "x")]
    table, names = usage(*rows), ("used", "stopped", "never")
    only = sm.success.HealthModel(usage_parts={"features": 1.0, "level": 0.0, "trend": 0.0})
    found = sm.success.health(book(subscriptions=paying(*names), usage=table), model=only)
    scores = [one(found, name)["usage"] for name in names]
    assert scores[0] > scores[2] > scores[1]
    states = found.rows(customer_id="stopped").set_index("signal")["state"]
    assert dict(states) == {"y": "used", "x": "stopped"}
    longer = found.extra["model"].changed(stop_days=90)
    same = sm.success.health(book(subscriptions=paying(*names), usage=table), model=longer)
    assert one(same, "stopped")["usage"] == one(same, "used")["usage"]


@pytest.mark.row("P17")
def test_whether_stopped_is_worse_than_never_is_a_parameter():
    rows = [("a", "2026-03-20", "y"), ("b", "2026-03-20", "y"), ("a", "2026-01-30", "x")]
    kind = sm.success.HealthModel(
        stopped=0.6, never=0.1, usage_parts={"features": 1.0, "level": 0, "trend": 0}
    )
    found = sm.success.health(book(subscriptions=paying("a", "b"), usage=usage(*rows)), model=kind)
    assert one(found, "a")["usage"] > one(found, "b")["usage"]


@pytest.mark.row("P18")
def test_the_same_trouble_weighs_strictly_less_the_longer_a_customer_has_been_one():
    assert (np.diff(damping(np.arange(0, 120.0), 24)) < 0).all()
    table = paying("old", "new")
    table["start"] = ["2024-03-01", "2026-02-28"]
    found = sm.success.health(
        book(subscriptions=table, tickets=tickets(("old", "2026-03-15"), ("new", "2026-03-15")))
    )
    assert one(found, "old")["issues"] > one(found, "new")["issues"]


@pytest.mark.row("P19")
def test_missing_components_are_left_out_and_their_weight_spread_as_published(published):
    example = published["health_null_renormalise"]
    row = {"*": {**example["inputs"]["weights"], "survey": 0.0}}
    score, coverage = sm.success.HealthModel(weights=row).combine(example["inputs"]["scores"])
    assert score == pytest.approx(example["expected"]["score"], abs=1e-4)
    assert coverage == example["expected"]["coverage"]


@pytest.mark.row("P19")
def test_the_mean_of_the_company_is_given_by_customers_and_by_arr(company):
    found = sm.success.health(company, by="segment")
    df, whole = found.df, found.extra["means"].iloc[-1]
    assert whole["mean"] == pytest.approx(df["value"].mean())
    assert whole["mean_by_arr"] == pytest.approx((df["value"] * df["arr"]).sum() / df["arr"].sum())
    groups = found.extra["means"].iloc[:-1]
    assert (groups["mean"] * groups["scored"]).sum() / groups["scored"].sum() == pytest.approx(
        whole["mean"]
    )
    assert df["value"].between(0, 100).all()


@pytest.mark.row("P19")
def test_weights_that_do_not_sum_to_1_are_refused():
    with pytest.raises(sm.DataError, match=r"sums to 0\.9; weights sum to 1"):
        sm.success.HealthModel(weights={"*": {"usage": 0.5, "issues": 0.4}})


@pytest.mark.row("P20")
def test_a_customer_with_values_for_less_than_half_of_the_weights_is_not_scored_and_says_why():
    found = sm.success.health(
        book(subscriptions=paying("a", "b"), usage=usage(("a", "2026-03-20", "x")))
    )
    assert one(found, "a")["coverage"] == pytest.approx(0.7)
    unknown = one(found, "b")
    assert np.isnan(unknown["value"])
    assert unknown["band"] == "not scored"
    assert unknown["reason"] == "not scored: values for 20% of the weights"
    assert found.extra["means"].iloc[0]["coverage"] == 0.5


@pytest.mark.row("P20")
def test_everybody_who_pays_is_there_whether_surveyed_or_not(company):
    found = sm.success.health(company).df
    assert found["survey"].isna().any()
    assert found["value"].notna().all()
    paying_now = company.movements("M")
    assert len(found) == int(paying_now["customers_closing"].iloc[-1])


@settings(quick, max_examples=40)
@given(USED, ASKED, st.integers(0, 200))
def test_what_happens_after_the_day_never_changes_a_score(used, asked, back):
    day = str(np.datetime64("2026-03-31") - back)
    asked, used = [("a", "2025-03-02"), *asked], [("a", "2025-03-02", "x"), *used]
    early_asked = [row for row in asked if row[1] <= day]
    early_used = [row for row in used if row[1] <= day]
    whole = book(subscriptions=paying(*NAMES), tickets=tickets(*asked), usage=usage(*used))
    known = book(
        subscriptions=paying(*NAMES), tickets=tickets(*early_asked), usage=usage(*early_used)
    )
    one, two = (sm.success.health(each, as_of=day).df for each in (whole, known))
    pd.testing.assert_frame_equal(one, two)


def test_hours_of_a_ticket_are_not_known_before_it_is_solved():
    table = tickets(("a", "2026-03-01"), ("b", "2026-03-01"), hours=5.0)
    table["solved_at"] = ["2026-03-02", "2026-04-05"]
    found = sm.success.health(book(subscriptions=paying("a", "b"), tickets=table))
    assert one(found, "b")["hours"] == 0
    assert one(found, "b")["issues"] > one(found, "a")["issues"]


def test_a_row_recorded_later_does_not_count_before():
    table = tickets(("a", "2026-03-01"), ("b", "2026-03-01")) | {
        "recorded_at": ["2026-03-01", "2026-03-25"]
    }
    found = book(subscriptions=paying("a", "b"), tickets=table)
    assert one(sm.success.health(found, as_of="2026-03-20"), "b")["tickets"] == 0
    assert one(sm.success.health(found), "b")["tickets"] == 1


def test_young_customers_are_scored_by_the_weights_of_onboarding():
    table = paying("old", "new")
    table["start"] = ["2024-03-01", "2026-02-28"]
    found = sm.success.health(
        book(
            subscriptions=table,
            usage=usage(("old", "2026-03-20", "x"), ("new", "2026-03-20", "x")),
            tickets=tickets(("old", "2025-01-01")),
        )
    )
    assert one(found, "new")["value"] == pytest.approx(
        100
    )  # neither tenure nor tickets hold it back
    assert one(found, "old")["value"] < 100


def test_the_yardstick_of_a_small_segment_is_that_of_the_company():
    values, group = np.arange(40.0), np.repeat([0, 1], [35, 5])
    found = yardstick(values, group, np.ones(40, bool), 0.5)
    assert found[0] == np.median(values[1:35])
    assert found[39] == np.median(values[1:])


def test_without_usage_tickets_and_surveys_the_book_is_refused_with_what_is_needed():
    with pytest.raises(sm.DataError, match=r"usage \(customer_id, date\)"):
        sm.success.health(book(subscriptions=paying("a")))


def test_a_day_that_is_not_known_yet_is_refused(company):
    with pytest.raises(sm.DataError, match="the last day this book knows"):
        sm.success.health(company, as_of="2027-01-31")


def test_asking_for_the_signals_of_nobody_or_of_a_stranger_is_refused(company):
    found = sm.success.health(company)
    with pytest.raises(sm.DataError, match="Say whose signals"):
        found.rows()
    with pytest.raises(sm.DataError, match="no customer called"):
        found.rows(customer_id="nobody")


def used_weekly(*customers: str, until: str = "2026-03-30", weeks: int = 26) -> dict[str, list]:
    """The same feature once a week until a day."""
    last = dt.date.fromisoformat(until)
    rows = [(who, last - dt.timedelta(weeks=n)) for n in range(weeks) for who in customers]
    return usage(*((who, day.isoformat(), "reports") for who, day in rows))


def test_customers_have_not_stopped_where_the_record_of_usage_ends_and_the_footnote_says_until_when():
    # Thirty customers, all in use to the last day of the export; two months later the scores of usage are the same.
    names = [f"c{n:02}" for n in range(30)]
    then = sm.success.health(
        book("2026-03-31", subscriptions=paying(*names), usage=used_weekly(*names))
    )
    late = sm.success.health(
        book("2026-05-31", subscriptions=paying(*names), usage=used_weekly(*names))
    )
    assert then.df["usage"].tolist() == late.df["usage"].tolist() == [100.0] * 30
    assert late.df["features_stopped"].sum() == 0
    assert "Usage is on record until 2026-03-30, 62 days before" in late.footnote
    assert "on record until" not in then.footnote


def test_a_customer_that_alone_stops_has_stopped():
    names = [f"c{n:02}" for n in range(30)]
    others, mine = used_weekly(*names[1:]), used_weekly(names[0], until="2025-12-01")
    rows = {key: [*others[key], *mine[key]] for key in others}
    found = sm.success.health(book("2026-03-31", subscriptions=paying(*names), usage=rows))
    assert one(found, "c00")["features_stopped"] == 1
    assert one(found, "c00")["usage"] < 30


def test_hardly_all_customers_are_not_said_to_be_all() -> None:
    row = {"mean": 61.0, "mean_by_arr": 60.0, "customers": 1269, "coverage": 1267 / 1269}
    assert headline(pd.DataFrame([row])).endswith("99% of 1,269 customers scored")
