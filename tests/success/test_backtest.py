"""The back-test against brute force, and what it refuses."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.errors import TooFewEventsError
from saasmetrics.success.score.calibration import _line
from saasmetrics.success.score.logistic import fitted
from saasmetrics.success.score.panel import panel
from saasmetrics.success.score.ranking import Ranking
from saasmetrics.success.score.scorer import scorer
from tests.properties.profile import quick
from tests.success.books import book, paying, tickets

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 6), st.booleans(), st.integers(0, 5)),
    min_size=2,
    max_size=40,
)


@settings(quick, max_examples=100)
@given(ROWS)
def test_auc_is_the_share_of_pairs_of_a_day_in_the_right_order_ties_counting_half(rows):
    day, score, event, who = (np.array(column) for column in zip(*rows, strict=True))
    pairs = [
        1.0 if score[i] < score[j] else 0.5 if score[i] == score[j] else 0.0
        for i, j in itertools.product(range(len(rows)), repeat=2)
        if event[i] and not event[j] and day[i] == day[j]
    ]
    order = Ranking.of(day, score.astype(float), event, who)
    expected = np.mean(pairs) if pairs else np.nan
    assert order.whole(order.auc) == pytest.approx(expected, nan_ok=True)


@settings(quick, max_examples=60)
@given(ROWS, st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_weighing_a_customer_twice_is_counting_it_twice(rows, times):
    day, score, event, who = (np.array(column) for column in zip(*rows, strict=True))
    order = Ranking.of(day, score.astype(float), event, who)
    weights = np.array([times])[:, np.unique(who)].astype(float)
    repeat = np.repeat(np.arange(len(rows)), np.array(times)[who])
    if not len(repeat):
        return
    again = Ranking.of(day[repeat], score[repeat].astype(float), event[repeat], who[repeat])
    for name in ("auc", "lift"):
        weighted = float(getattr(order, name)(weights)[0])
        assert weighted == pytest.approx(again.whole(getattr(again, name)), nan_ok=True)


def test_a_tie_at_the_cut_of_the_worst_tenth_is_split_in_proportion():
    # 20 customers, so two are the worst tenth; one scores 1, four tie at 2 of whom two left: 1 + 1 x 2/4
    score = np.array([1.0] + [2.0] * 4 + [3.0] * 15)
    event = np.array([True, True, True, False, False] + [False] * 15)
    order = Ranking.of(np.zeros(20, int), score, event, np.arange(20))
    caught, worst, left, every = (float(v[0]) for v in order.caught(np.ones((1, 20))))
    assert (caught, worst, left, every) == (1.5, 2.0, 3.0, 20.0)
    assert order.whole(order.lift) == pytest.approx((1.5 / 2) / (3 / 20))


@pytest.mark.row("H4")
def test_too_few_customers_who_left_are_refused_with_their_number():
    with pytest.raises(
        TooFewEventsError, match="needs at least 30 customers who left, and there are"
    ) as refused:
        sm.success.backtest(sm.demo(customers=40))
    assert refused.value.events < refused.value.needed == 30
    assert isinstance(refused.value, sm.DataError)


@pytest.mark.row("H4")
def test_learning_needs_ten_customers_who_left_per_weight():
    with pytest.raises(TooFewEventsError) as refused:
        sm.success.learn(sm.demo(customers=120), min_events=1)
    assert refused.value.needed == 30  # usage, issues and tenure; most have no survey answer


@pytest.mark.row("P20", "P21")
def test_the_backtest_looks_as_of_each_day_and_finds_what_is_in_the_company(company):
    found = sm.success.backtest(company)
    rows = found.df.set_index(["measure", "population"])
    assert (
        rows.loc[("auc", "within_segment"), "low"] > 0.5
    )  # falling use raises the true hazard 3.5 times
    assert (rows["low"].dropna() <= rows["value"][rows["low"].notna()]).all()
    lead = found.extra["leads"]
    counted = rows.loc["missed"].iloc[0]["numerator"]
    assert (lead["kind"] == "missed").sum() == counted
    assert (lead.loc[lead["kind"] == "late", "lead_days"] < 0).all()


@pytest.mark.row("P21")
def test_lead_is_the_decision_less_the_first_day_in_red_and_misses_and_late_ones_are_told():
    names = [f"c{n:02d}" for n in range(40)]
    table = paying(*names)
    # c00 floods the desk in June and leaves in October, having asked on 20 September; c01 leaves without a sign
    table["end"] = ["2025-10-05", "2025-10-05", *[None] * 38]
    table["cancel_requested_at"] = ["2025-09-20", "2025-09-20", *[None] * 38]
    asked = [("c00", f"2025-{m}-{d:02d}") for m in ("06", "07", "08", "09") for d in range(5, 28)]
    asked += [(name, "2025-06-10") for name in names[2:30]]
    one = sm.success.HealthModel(
        weights={"*": {"issues": 1.0}},
        onboarding={"issues": 1.0},
        tenure_months=1e9,
        half_life_days=None,
    )
    found = sm.success.backtest(
        book(subscriptions=table, tickets=tickets(*asked)), one, min_events=1
    )
    leads = found.extra["leads"].set_index("customer_id")
    assert (
        leads.loc["c00", "lead_days"]
        == (pd.Timestamp("2025-09-20") - pd.Timestamp("2025-06-30")).days
    )
    assert leads.loc["c01", "kind"] == "missed"
    rows = found.df.set_index("measure")
    assert rows.loc["missed", "value"] == 0.5
    assert "customers.csm_id is missing" in rows.loc["false_alarms", "reason"]


def test_who_has_asked_to_leave_is_in_notice_and_no_longer_judged():
    names = [f"c{n}" for n in range(5)]
    table = paying(*names)
    table["end"] = ["2025-12-31", *[None] * 4]
    table["cancel_requested_at"] = ["2025-10-10", *[None] * 4]
    found = panel(
        book(subscriptions=table, tickets=tickets(("c1", "2025-06-01"))),
        "M",
        90,
        [sm.success.HealthModel(weights={"*": {"issues": 1.0}})],
    )
    mine = found.entity == 0
    noticed = found.day[mine & found.notice]
    assert noticed.min() == (np.datetime64("2025-10-31") - np.datetime64("1970-01-01")).astype(int)
    events = found.day[mine & found.event]
    assert [str(np.datetime64(int(d), "D")) for d in events] == [
        "2025-07-31",
        "2025-08-31",
        "2025-09-30",
    ]


def test_a_leaving_announced_for_after_the_last_day_counts_from_the_day_it_was_asked_for():
    table = paying("a", "b")
    table["end"], table["cancel_requested_at"] = ["2026-06-30", None], ["2026-02-10", None]
    facts = scorer(book(subscriptions=table, tickets=tickets(("a", "2026-01-01"))))
    who, left, decided = facts.departures
    assert who.tolist() == [0]
    assert str(np.datetime64(int(decided[0]), "D")) == "2026-02-10"
    assert str(np.datetime64(int(left[0]), "D")) == "2026-06-30"


def test_the_logistic_fit_is_that_of_statsmodels():
    import statsmodels.api as sm_api

    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 2))
    y = rng.random(400) < 1 / (1 + np.exp(-(0.3 + x @ [1.0, -0.5])))
    expected = sm_api.Logit(y.astype(float), sm_api.add_constant(x)).fit(disp=0).params
    assert fitted(x, y, penalty=0.0) == pytest.approx(expected, abs=1e-4)
    line = sm_api.Logit(y.astype(float), sm_api.add_constant(x[:, :1])).fit(disp=0).params
    assert _line(x[:, 0], y, np.ones((1, 400)))[0] == pytest.approx(line, abs=1e-8)


def test_learnt_weights_sum_to_1_and_are_graded_beside_those_set_by_hand(company):
    found = sm.success.learn(company)
    rows = found.df.set_index(["measure", "population", "component"])
    assert rows.loc["weight"].xs("learnt")["value"].sum() == pytest.approx(1)
    assert (rows.loc["weight"]["value"] >= 0).all()
    gain = rows.loc[("auc_gain", "learnt - hand", "")]
    assert gain["low"] <= gain["value"] <= gain["high"]
    both = rows.loc["auc"]["value"]
    assert both.xs("learnt").iloc[0] - both.xs("hand").iloc[0] == pytest.approx(gain["value"])
    assert found.extra["model"].version == 2


@pytest.mark.row("P15")
def test_a_survey_without_signal_has_an_auc_interval_around_a_half(company):
    found = sm.success.validate(
        company, "nps"
    )  # the score of the made-up company is drawn without regard to churn
    rows = found.df.set_index(["measure", "population"])
    auc = rows.loc[("auc", "with")]
    assert auc["low"] < 0.5 < auc["high"]
    link = rows.loc[("correlation", "with")]
    assert link["low"] < 0 < link["high"]
    assert found.text.startswith("NPS does not foretell churn")


@pytest.mark.row("P15")
def test_those_who_answer_are_compared_with_those_who_do_not(company):
    rows = sm.success.validate(company).df.set_index(["measure", "population"])
    answered, silent = rows.loc[("churn", "with")], rows.loc[("churn", "without")]
    assert answered["value"] < silent["value"]  # unhappy customers answer less often
    assert rows.loc[("churn_gap", "with - without"), "value"] == pytest.approx(
        answered["value"] - silent["value"]
    )
    assert (
        answered["denominator"] + silent["denominator"]
        == rows.loc[("answered", "all"), "denominator"]
    )


def test_a_survey_that_knows_who_leaves_is_found():
    names = [f"c{n:03d}" for n in range(120)]
    table = paying(*names)
    table["end"] = ["2025-09-15"] * 60 + [None] * 60
    surveys = {"customer_id": names, "at": ["2025-08-01"] * 120, "instrument": ["nps"] * 120}
    surveys["score"] = [3.0 if n % 10 else 9.0 for n in range(60)] + [
        9.0 if n % 10 else 3.0 for n in range(60)
    ]
    found = sm.success.validate(book(subscriptions=table, surveys=surveys))
    # 54 of 60 leavers gave 3, as 6 of 60 stayers: (54 x 54 + (54 x 6 + 6 x 54) / 2) / 3600
    assert found.df["value"].iloc[0] == pytest.approx((54 * 54 + 54 * 6) / 3600)
    assert found.text.startswith("NPS foretells churn")


def test_a_signal_that_is_not_there_is_refused(company):
    with pytest.raises(sm.DataError, match="no signal called 'npss'"):
        sm.success.validate(company, "npss")
