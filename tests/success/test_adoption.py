"""Adoption: levels that are kept up, moves between them, who gets there alone, and how long it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from tests.success.books import book, one, paying

LADDER = {"basic": ["reports"], "advanced": ["api"]}


def weekly(
    who: str, feature: str, first: str, count: int, step: int = 7
) -> list[tuple[str, str, str]]:
    return [(who, str(np.datetime64(first) + step * n), feature) for n in range(count)]


def used(*rows: tuple[str, str, str]) -> dict[str, list]:
    who, day, feature = zip(*rows, strict=True)
    return {
        "customer_id": list(who),
        "date": list(day),
        "feature": list(feature),
        "events": [1] * len(rows),
    }


@pytest.mark.row("U8")
def test_a_level_counts_when_kept_up_and_dropping_back_is_seen():
    rows = [*weekly("kept", "api", "2026-01-05", 12), *weekly("kept", "reports", "2026-01-05", 12)]
    rows += [
        *weekly("dropped", "api", "2025-11-03", 8),
        *weekly("dropped", "reports", "2025-11-03", 21),
    ]
    rows += [
        *weekly("tried", "api", "2026-03-24", 1),
        *weekly("tried", "reports", "2026-01-05", 12),
    ]
    names = ("kept", "dropped", "tried")
    the_book = book(subscriptions=paying(*names), usage=used(*rows))
    found = sm.success.adoption(the_book, LADDER)
    assert [one(found, name)["level"] for name in names] == ["advanced", "basic", "basic"]
    before = sm.success.adoption(the_book, LADDER, as_of="2025-12-31")
    assert one(before, "dropped")["level"] == "advanced"


@pytest.mark.row("U8")
def test_moves_between_levels_are_shares_that_sum_to_1(company):
    found = sm.success.adoption(company)
    totals = found.extra["transitions"].groupby("start")["share"].sum()
    assert totals.to_numpy() == pytest.approx(np.ones(len(totals)))
    periods = found.extra["periods"]
    both = periods.groupby(["start", "end"])["customers"].sum()
    wide = found.extra["transitions"].set_index(["start", "end"])["customers"]
    assert wide[wide > 0].sort_index().to_dict() == both.sort_index().to_dict()


@pytest.mark.row("U8")
def test_a_move_is_from_the_end_of_one_quarter_to_that_of_the_next():
    table = paying("up", "gone")
    table["end"] = [None, "2026-02-15"]
    rows = [
        *weekly("up", "reports", "2025-11-03", 22),
        *weekly("up", "api", "2026-02-02", 8),
        *weekly("gone", "reports", "2025-11-03", 10),
    ]
    found = sm.success.adoption(book(subscriptions=table, usage=used(*rows)), LADDER, last=1)
    moves = found.extra["periods"].set_index(["start", "end"])["customers"].to_dict()
    assert moves == {("basic", "advanced"): 1, ("basic", "left"): 1}


@pytest.mark.row("U7")
def test_a_customer_without_any_use_on_record_has_an_unknown_level_not_level_0():
    found = sm.success.adoption(
        book(subscriptions=paying("a", "b"), usage=used(*weekly("a", "reports", "2026-01-05", 12))),
        {"basic": ["reports"]},
    )
    unknown = one(found, "b")
    assert np.isnan(unknown["value"])
    assert unknown["level"] == "use unknown"
    assert unknown["reason"] == "no use is on record, so that it is unknown"


@pytest.mark.row("U7")
def test_each_level_tells_who_left_and_who_bought_more_a_quarter_later(company):
    found = sm.success.adoption(company)
    outcomes = found.extra["outcomes"].set_index("level")
    assert (outcomes["left"] + outcomes["expanded"] <= outcomes["customers"]).all()
    assert outcomes["customers"].sum() == found.extra["periods"]["customers"].sum()
    assert {"left_share", "expanded_share"} <= set(outcomes.columns)


def messaged(alone: int, helped: int, never: int) -> sm.Book:
    """Everybody gets a message on 1 January; all but the last ones use the feature on the 11th, some after a call."""
    names = [f"c{n:03d}" for n in range(alone + helped + never)]
    done = {
        "customer_id": [*names],
        "at": ["2026-01-01"] * len(names),
        "kind": ["message"] * len(names),
    }
    done["csm_id"] = [None] * len(names)
    for name in names[alone : alone + helped]:
        for key, value in (
            ("customer_id", name),
            ("at", "2026-01-05"),
            ("kind", "call"),
            ("csm_id", "x"),
        ):
            done[key].append(value)
    rows = [(name, "2026-01-11", "api") for name in names[: alone + helped]]
    rows += [(name, "2025-12-01", "reports") for name in names]
    return book(subscriptions=paying(*names), usage=used(*rows), activities=done)


@pytest.mark.row("P4")
def test_70_of_100_on_their_own_have_a_wilson_interval_of_60_4_to_78_1():
    found = sm.success.self_serve_rate(messaged(70, 10, 20), "api")
    row = found.df.iloc[0]
    assert (row["value"], row["numerator"], row["denominator"]) == (0.7, 70, 100)
    assert (round(row["low"], 3), round(row["high"], 3)) == (0.604, 0.781)
    assert (row["with_help"], row["not_yet"]) == (10, 20)
    assert found.extra["remaining"]["customer_id"].tolist() == [f"c{n:03d}" for n in range(80, 100)]
    assert found.rows()["outcome"].value_counts().to_dict() == {
        "on its own": 70,
        "with help": 10,
        "not yet": 20,
    }


@pytest.mark.row("P4")
def test_a_message_whose_window_is_not_over_and_who_used_it_before_are_not_counted():
    done = {
        "customer_id": ["early", "open"],
        "at": ["2026-01-01", "2026-03-20"],
        "kind": ["message"] * 2,
    }
    rows = used(("early", "2025-12-01", "api"), ("open", "2025-12-01", "reports"))
    found = sm.success.self_serve_rate(
        book(subscriptions=paying("early", "open"), usage=rows, activities=done), "api"
    ).df.iloc[0]
    assert np.isnan(found["value"])
    assert (found["already"], found["open"]) == (1, 1)
    assert found["reason"] == "the window of no message is over"


def test_a_feature_or_kind_that_is_not_there_is_refused():
    with pytest.raises(sm.DataError, match="no feature called 'apis'"):
        sm.success.self_serve_rate(messaged(1, 0, 0), "apis")
    with pytest.raises(sm.DataError, match="no kind of activity called 'mail'"):
        sm.success.self_serve_rate(messaged(1, 0, 0), "api", kind="mail")
    with pytest.raises(sm.DataError, match="on two levels"):
        sm.success.adoption(messaged(1, 0, 0), {"a": ["api"], "b": ["api"]})


@pytest.mark.row("U9")
def test_daily_use_has_zero_for_a_day_without_use_and_nothing_before_the_first():
    rows = used(
        ("a", "2026-03-25", "api"), ("a", "2026-03-25", "reports"), ("a", "2026-03-28", "api")
    )
    found = sm.success.usage_daily(
        book(subscriptions=paying("a"), usage=rows), last=10
    ).df.set_index("date")["value"]
    assert found.loc["2026-03-25":].tolist() == [2, 0, 0, 1, 0, 0, 0]
    assert found.loc[:"2026-03-24"].isna().all()


@pytest.mark.row("U9")
def test_customers_with_an_open_alert_come_first_on_the_map(company):
    found = sm.success.usage_daily(company, top=12).df
    order = found.drop_duplicates("customer_id")["alerts"].ne("")
    assert order.is_monotonic_decreasing
    assert order.any()


@pytest.mark.row("H5")
def test_days_to_a_stage_are_those_of_lifelines(company):
    import lifelines

    found = sm.success.lifecycle(company, {"value": {"feature": ["automation", "integrations"]}})
    usage = company.frame("usage")
    first = (
        usage[usage["feature"].isin(["automation", "integrations"])]
        .groupby("customer_id")["date"]
        .min()
    )
    lines = company.frame("subscriptions")
    health = sm.success.lifecycle(company, {"value": {"feature": "automation"}})
    assert health.df["n"].iloc[1] == found.df["n"].iloc[1]
    rows = _lives(company, first, pd.to_datetime(usage["date"]).min())
    fit = lifelines.KaplanMeierFitter().fit(rows["days"], rows["reached"])
    stage = found.df.set_index("stage").loc["value"]
    assert stage["median_days"] == fit.median_survival_time_
    curve = found.extra["curves"]
    mine = curve[curve["events"] > 0]
    expected = fit.survival_function_at_times(mine["day"]).to_numpy()
    assert mine["value"].to_numpy() == pytest.approx(expected, abs=1e-9)
    assert stage["within"] == pytest.approx(1 - float(fit.predict(90)), abs=1e-9)
    assert len(lines) > len(rows)


def _lives(company: sm.Book, first: pd.Series, since: pd.Timestamp) -> pd.DataFrame:
    """Days from the first payment to the first use, or to leaving or the as-of date, from the ledger."""
    ledger = company.engine.entities
    held = pd.DataFrame({"who": ledger.account, "day": ledger.time, "held": ledger.held})
    began = held[held["held"] > 0].groupby("who")["day"].min()
    gone = held[(held["held"] == 0) & (held["day"] <= company.as_of_day)]
    left = gone[gone["day"] > gone["who"].map(began)].groupby("who")["day"].min()
    ids = pd.Series(company.engine.spans.entity_ids.to_pylist())
    reached = (pd.to_datetime(ids.map(first)) - pd.Timestamp("1970-01-01")).dt.days
    frame = pd.DataFrame({"began": began, "left": left}).reindex(range(len(ids)))
    frame["reached"] = reached.to_numpy()
    frame = frame[
        (frame["began"] >= (since - pd.Timestamp("1970-01-01")).days)
        & (frame["began"] <= company.as_of_day)
    ]
    stop = frame["left"].fillna(company.as_of_day + 1).clip(upper=company.as_of_day + 1)
    there = frame["reached"] < stop
    days = np.where(
        there, (frame["reached"] - frame["began"]).clip(lower=0), stop - 1 - frame["began"]
    )
    return pd.DataFrame({"days": np.maximum(days, 0), "reached": there})


@pytest.mark.row("H5")
def test_a_stage_that_few_reach_has_no_median():
    found = sm.success.lifecycle(
        book(
            subscriptions=paying("a", "b", "c", start="2026-01-01"),
            usage=used(("a", "2026-01-01", "api"), ("b", "2026-01-01", "reports")),
        ),
        {"value": {"feature": "api"}},
    )
    row = found.df.set_index("stage").loc["value"]
    assert row["value"] == pytest.approx(1 / 3)
    assert np.isnan(row["median_days"])


@pytest.mark.row("U11")
def test_renewals_add_ons_and_referrals_tie_to_their_own_metrics_and_claim_no_cause(company):
    found = sm.success.growth(company)
    rows = found.df.set_index(["line", "period"])["value"]
    quarter = pd.Timestamp("2026-04-01")
    flow = sm.renewals.waterfall(company).df.set_index("period")
    bridge = sm.revenue.bridge(company, freq="Q").df.set_index("period")
    assert rows["renewals"][quarter] == pytest.approx(flow.loc[quarter, "renewed"])
    assert rows["expansion"][quarter] == pytest.approx(12 * bridge.loc[quarter, "expansion"])
    source = sm.revenue.bridge(company, freq="Q", by="customers.source").df
    mine = source[(source["period"] == quarter) & (source["customers.source"] == "referral")]
    assert rows["referrals"][quarter] == pytest.approx(12 * mine["new"].iloc[0])
    assert "not what customer success did" in found.footnote


@pytest.mark.row("U11")
def test_targets_of_the_three_lines_stand_beside_them():
    plan = {"metric": ["expansion"], "period": ["2026-Q1"], "value": [500.0]}
    found = sm.success.growth(book(subscriptions=paying("a"), targets=plan)).df
    mine = found[(found["line"] == "expansion") & (found["period"] == "2026-01-01")]
    assert mine["target"].tolist() == [500.0]
    assert found["target"].notna().sum() == 1
