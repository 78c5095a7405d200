"""Alerts: raised once, on the day the condition first holds, with the reason in words; nothing is sent."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import saasmetrics as sm
from saasmetrics.success.alarm.episodes import runs
from saasmetrics.success.alarm.grid import rolling
from saasmetrics.success.alarm.record import ANY, _headline, precision, recall, warned
from tests.properties.profile import quick
from tests.success.books import book, paying, tickets


def days(first: str, count: int, step: int = 1) -> list[str]:
    return [str(np.datetime64(first) + n * step) for n in range(count)]


def used(amounts: dict[str, list[tuple[str, int]]], **more: list[int]) -> dict[str, list]:
    rows = [(who, day, n) for who, found in amounts.items() for day, n in found]
    table = {
        "customer_id": [r[0] for r in rows],
        "date": [r[1] for r in rows],
        "events": [r[2] for r in rows],
    }
    return table | more


@settings(quick, max_examples=80)
@given(arrays.arrays(bool, st.tuples(st.integers(1, 3), st.integers(1, 30))), st.integers(0, 5))
def test_a_stretch_is_one_alert_until_the_condition_has_not_held_for_the_cooldown(hold, cooldown):
    found = {tuple(map(int, run)) for run in zip(*runs(hold, cooldown), strict=True)}
    expected = set()
    for row in range(hold.shape[0]):
        first = last = None
        for day in np.flatnonzero(hold[row]).tolist():
            if last is None or day - last > max(cooldown, 1):
                if first is not None:
                    expected.add((row, first, last))
                first = day
            last = day
        if first is not None:
            expected.add((row, first, last))
    assert found == expected


@settings(quick, max_examples=40)
@given(arrays.arrays(np.int64, (2, 20), elements=st.integers(0, 9)), st.integers(1, 25))
def test_a_rolling_sum_is_that_of_the_last_days(values, width):
    expected = [[row[max(0, d + 1 - width) : d + 1].sum() for d in range(20)] for row in values]
    assert rolling(values.astype(float), width).tolist() == expected


@pytest.mark.row("H17")
def test_asking_twice_on_a_day_gives_the_same_alerts_once_each(company):
    one, two = sm.success.alerts(company), sm.success.alerts(company)
    pd.testing.assert_frame_equal(one.df, two.df)
    assert one.df["alert_id"].is_unique
    assert set(one.df["kind"]) == {"churn", "expansion"}


@pytest.mark.row("H17")
def test_an_open_alert_keeps_its_id_on_the_next_days(company):
    before, after = (
        sm.success.alerts(company, as_of=day).df for day in ("2026-09-01", "2026-09-08")
    )
    still = before.merge(after, on=["customer_id", "rule"])
    assert len(still) > 10
    kept = still["first_crossing_x"] == still["first_crossing_y"]
    assert (still.loc[kept, "alert_id_x"] == still.loc[kept, "alert_id_y"]).all()
    assert kept.mean() > 0.9
    assert (after.loc[after["new"], "first_crossing"] == pd.Timestamp("2026-09-08")).all()


def test_what_is_known_later_changes_no_alert(company):
    day = "2026-03-31"
    whole, cut = sm.success.alerts(company, as_of=day).df, sm.success.alerts(company.as_of(day)).df
    both = whole.merge(cut, on="alert_id", how="outer", indicator=True)
    # subscriptions recorded late are known only to the whole book
    assert (both["_merge"] == "both").mean() > 0.97


@pytest.mark.row("U9")
def test_use_that_drops_against_the_own_average_is_an_alert_from_its_first_day():
    # 10 a day until 2026-02-28 and 4 a day after: below 60 % of the average when 28 days hold more than 18.67 of 4
    steady = [(day, 10) for day in days("2025-06-01", 304)]
    falls = [(day, 10 if day < "2026-03-01" else 4) for day in days("2025-06-01", 304)]
    found = sm.success.alerts(
        book(
            subscriptions=paying("steady", "falls"), usage=used({"steady": steady, "falls": falls})
        ),
        ["usage_drop"],
    )
    assert found.df["customer_id"].tolist() == ["falls"]
    amount = pd.Series([n for _, n in falls], index=pd.to_datetime([d for d, _ in falls]))
    now, then = amount.rolling(28).sum(), amount.rolling(84).sum().shift(28) / 3
    assert found.df["first_crossing"].iloc[0] == (now < 0.6 * then).idxmax()
    assert "less use in 28 days than its own average" in found.df["evidence"].iloc[0]
    assert found.df["value"].iloc[0] == 1200


@pytest.mark.row("U9")
def test_silence_and_a_change_of_champion_are_alerts():
    table = used(
        {
            "quiet": [(day, 5) for day in days("2025-12-01", 60)],
            "busy": [(day, 5) for day in days("2025-12-01", 120)],
        }
    )
    done = {"customer_id": ["busy"], "at": ["2026-02-01"], "kind": ["champion_change"]}
    found = sm.success.alerts(
        book(subscriptions=paying("quiet", "busy"), usage=table, activities=done),
        ["silence", "champion_change"],
    ).df
    rows = found.set_index("rule")
    assert rows.loc["silence", "customer_id"] == "quiet"
    assert rows.loc["silence", "evidence"] == "no use since 2026-01-29"
    assert (
        str(rows.loc["silence", "first_crossing"].date()) == "2026-02-28"
    )  # the 30th day without use
    assert rows.loc["champion_change", "evidence"] == "champion changed on 2026-02-01"


def test_a_burst_of_tickets_is_measured_against_the_customers_own_average():
    asked = [("loud", day) for day in days("2026-03-05", 8)] + [
        ("usual", day) for day in days("2025-04-01", 120, 3)
    ]
    found = sm.success.alerts(
        book(subscriptions=paying("loud", "usual"), tickets=tickets(*asked)), ["ticket_burst"]
    ).df
    assert found["customer_id"].tolist() == ["loud"]
    assert found["evidence"].iloc[0] == "8 tickets in 28 days, against 0.0 on its own average"


def test_an_unpaid_invoice_is_an_alert_from_its_day():
    table = paying("a", "b") | {"past_due_since": ["2026-03-10", None]}
    found = sm.success.alerts(
        book(subscriptions=table, tickets=tickets(("b", "2026-01-01"))), ["payment_failed"]
    ).df
    assert found["evidence"].tolist() == ["past due for 22 days"]
    assert str(found["first_crossing"].iloc[0].date()) == "2026-03-10"


@pytest.mark.row("H17")
def test_seats_in_use_up_to_the_limit_point_to_expansion_with_no_arr_at_risk():
    table = paying("full", "roomy") | {"quantity": [10, 10]}
    use = used({"full": [("2026-03-20", 1)], "roomy": [("2026-03-20", 1)]}, users=[10, 4])
    found = sm.success.alerts(book(subscriptions=table, usage=use), ["seat_limit"]).df
    assert found["customer_id"].tolist() == ["full"]
    assert found["kind"].tolist() == ["expansion"]
    assert found["evidence"].tolist() == ["10 of 10 seats in use"]
    assert found["value"].isna().all()
    assert found["reason"].tolist() == ["an alert of expansion puts no ARR at risk"]


@pytest.mark.row("P21")
def test_turning_red_is_an_alert_at_the_end_of_the_month(company):
    found = sm.success.alerts(company, ["health_red"]).df
    scores = sm.success.health(company).df
    assert set(found["customer_id"]) == set(scores.loc[scores["band"] == "red", "customer_id"])
    assert found["first_crossing"].dt.is_month_end.all()


@pytest.mark.row("H17")
def test_the_payload_is_plain_json_and_keeps_its_id(company):
    found = sm.success.alerts(company)
    messages = found.payload()
    assert json.loads(json.dumps(messages)) == messages
    assert [m["id"] for m in messages] == found.df["alert_id"].tolist()
    assert {m["arr_at_risk"] for m in messages if m["kind"] == "expansion"} == {None}


def test_a_rule_without_its_table_raises_nothing_and_says_so():
    found = sm.success.alerts(book(subscriptions=paying("a"), tickets=tickets(("a", "2026-01-01"))))
    assert not len(found.df)
    assert "silence: the table usage is missing, so that it raises nothing" in found.footnote


def test_numbers_of_rules_can_be_changed_and_misspelt_ones_are_refused(company):
    few = sm.success.alerts(company, {"usage_drop": {"share": 0.6}}).df
    many = sm.success.alerts(company, {"usage_drop": {"share": 0.3}}).df
    assert set(few["customer_id"]) < set(many["customer_id"])
    with pytest.raises(sm.DataError, match="Did you mean 'share'"):
        sm.success.alerts(company, {"usage_drop": {"shares": 0.6}})
    with pytest.raises(sm.DataError, match="no rule called 'usage_drops'"):
        sm.success.alerts(company, ["usage_drops"])


def test_recall_and_alerts_without_consequence_are_as_published(published):
    example = published["health_audit_recall"]
    given_, expected = example["inputs"], example["expected"]
    kind = np.repeat(
        [0, 2], [given_["churned_flagged_red"], given_["churned"] - given_["churned_flagged_red"]]
    )
    rows = {row["measure"]: row for row in recall("red", np.zeros(len(kind), int), kind, 0.95)}
    assert rows["recall"]["value"] == pytest.approx(expected["recall"], abs=1e-4)
    assert rows["missed"]["numerator"] == expected["missed"]
    alerts_, idle = given_["red_alerts"], given_["red_renewed_no_intervention"]
    hit = np.repeat([False, True], [idle, alerts_ - idle])
    stayed = precision("red", hit, np.zeros(alerts_, bool), 0.95)[-1]
    assert stayed["value"] == pytest.approx(expected["red_that_renewed_untouched"], abs=1e-4)


@pytest.mark.row("P21", "U9")
def test_lead_is_counted_from_the_first_alert_open_within_the_horizon_and_late_ones_are_negative():
    who, left, decided = np.arange(4), np.full(4, 200), np.array([100, 100, 100, 100])
    entity = np.array([0, 0, 1, 2])
    first, last = np.array([20, 60, 120, 1]), np.array([40, 70, 130, 5])
    lead, kind = warned(who, left, decided, entity, first, last, 90)
    assert kind.tolist() == [0, 1, 2, 2]  # the third had closed 95 days before
    assert lead.tolist()[:2] == [80, -20]


@pytest.mark.row("U9")
def test_the_record_tells_precision_acted_on_and_not_and_the_share_told_60_days_before(company):
    rows = (
        sm.success.alert_record(company)
        .df.set_index(["rule", "measure", "population"])
        .sort_index()
    )
    for rule in ("usage_drop", "any"):
        parts = rows.loc[(rule, "precision")]
        assert parts.loc["acted", "n"] + parts.loc["not acted", "n"] == parts.loc["all", "n"]
        kinds = [
            rows.loc[(rule, name, "left"), "numerator"] for name in ("recall", "late", "missed")
        ]
        assert sum(kinds) == rows.loc[(rule, "recall", "left"), "denominator"]
        assert rows.loc[(rule, "lead_60", "left"), "numerator"] <= kinds[0]
    assert (
        rows.loc[("any", "recall", "left"), "value"]
        > rows.loc[("usage_drop", "recall", "left"), "value"]
    )


@pytest.mark.row("P22")
def test_the_list_is_by_arr_at_risk_and_says_so_where_the_uplift_is_unknown(company):
    found = sm.success.worklist(company)
    df = found.df
    assert df["value"].is_monotonic_decreasing
    assert df["value"].tolist() == (df["arr"] * df["probability"]).tolist()
    assert df["uplift"].isna().all()
    assert df["uplift_note"].str.startswith("unknown").all()
    assert "not those most helped" in found.footnote
    assert not df["score"].is_monotonic_increasing  # never by risk alone


@pytest.mark.row("P22")
def test_with_an_uplift_the_list_is_by_arr_saved_per_hour(company):
    df = sm.success.worklist(
        company,
        {"SMB": 0.03, "Mid-Market": 0.02, "Enterprise": 0.01},
        {"SMB": 0.5, "Enterprise": 8},
    ).df
    hours = df["segment"].map({"SMB": 0.5, "Enterprise": 8.0, "Mid-Market": 1.0})
    uplift = df["segment"].map({"SMB": 0.03, "Mid-Market": 0.02, "Enterprise": 0.01})
    assert df["value"].to_numpy() == pytest.approx((df["arr"] * uplift / hours).to_numpy())
    assert df["value"].is_monotonic_decreasing


@pytest.mark.row("P22")
def test_the_order_is_the_same_whatever_the_order_of_rows_and_ties_are_stable():
    names = [f"c{n}" for n in range(12)]
    asked = tickets(*[(name, "2026-03-01") for name in names])
    one = sm.success.worklist(book(subscriptions=paying(*names), tickets=asked), uplift=0.1).df
    back = {key: values[::-1] for key, values in paying(*names).items()}
    two = sm.success.worklist(book(subscriptions=back, tickets=asked), uplift=0.1).df
    assert one["customer_id"].tolist() == two["customer_id"].tolist() == sorted(names)
    assert one["rank"].tolist() == list(range(1, 13))


@pytest.mark.row("P22")
def test_who_is_below_average_and_its_last_nps_are_beside_each_customer(company):
    df = sm.success.worklist(company).df
    assert (df["below_average"] == (df["score"] < df["score"].mean())).all()
    assert df["nps"].dropna().between(0, 10).all()
    assert df["alerts"].str.contains("usage_drop").any()


def test_an_uplift_that_fits_nobody_is_refused(company):
    with pytest.raises(sm.DataError, match="No customer and no segment is called Smb"):
        sm.success.worklist(company, {"Smb": 0.1})
    with pytest.raises(sm.DataError, match="hours=0 is not a number"):
        sm.success.worklist(company, 0.1, hours=0)


def test_nearly_all_who_were_warned_of_are_not_all_in_the_sentence() -> None:
    recall, precision = ({"value": value, "n": 1000} for value in (0.998, 0.002))
    rows = [
        {"rule": ANY, "population": "left", "measure": "recall", **recall},
        {"rule": ANY, "population": "all", "measure": "precision", **precision},
    ]
    assert _headline(rows) == (
        "99% of those who left had been warned of; 1% of alerts were followed by a decision to leave"
    )
