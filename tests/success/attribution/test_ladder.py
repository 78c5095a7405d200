"""The ladder on a company's tables: which rung is used, what it says of itself, what it refuses."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.sample.company import found as founded
from saasmetrics.sample.lifecycle import simulate
from saasmetrics.sample.truths import PARAMETERS
from saasmetrics.success.effect.association import NAIVE, NOT_CAUSAL, WARNING

attribution = sm.success.attribution


def _true_effect(seed: int) -> float:
    """12-month retention with the programme less without, by the chances that the company is made of."""
    history = simulate(founded(2000, seed, "2026-10-31"))
    company, made = history.company, history.decisions
    told = PARAMETERS
    since = np.array(told.programme_waves)[company.wave[company.csm]][made["customer"]]
    ratio = told.programme_hazard_ratio
    use = (made["month"] > told.programme_waves[0]) & (made["month"] <= told.programme_waves[-1])
    without = 1 - (1 - made["chance"]) ** np.where(since < made["month"], 1 / ratio, 1.0)
    inside = 1 - (1 - without) ** ratio
    return float((1 - inside[use].mean()) ** 12 - (1 - without[use].mean()) ** 12)


@pytest.mark.row("H10")
def test_the_true_effect_of_the_programme_is_in_the_interval(programme):
    used = programme.used
    assert used["rung"] == "A"
    assert used["low"] <= _true_effect(7) <= used["high"]


@pytest.mark.slow
def test_the_true_effect_is_in_the_intervals_of_other_companies_too():
    held = 0
    for seed in (1, 2, 3):
        book = sm.demo(2000, seed)
        used = attribution(book, "success_plan", cluster="csm_id", randomized=True).used
        held += used["low"] <= _true_effect(seed) <= used["high"]
    assert held >= 2  # binomial(3, 0.95) is below with a chance of 0.7%


def test_the_odds_of_leaving_are_those_of_guided_onboarding(demo):
    used = attribution(demo, "onboarding", assigned="onboarding_arm").used
    assert used["name"] == "randomized roll-out"
    assert used["ratio_low"] <= PARAMETERS.onboarding_hazard_ratio <= used["ratio_high"]


def test_every_number_comes_with_its_rung_estimand_and_assumptions(programme):
    df = programme.df
    assert df["rung"].tolist() == ["A", "B", "C", "D", "F", "–"]
    assert df.loc[df["rung"] == "A", "estimand"].iloc[0].startswith("intention-to-treat")
    assert "average effect on the treated (ATT)" in df.loc[df["rung"] == "C", "estimand"].iloc[0]
    assert "sustained enrollment" in df.loc[df["rung"] == "D", "estimand"].iloc[0]
    assert "an effect of nothing" in df.loc[df["rung"] == "F", "estimand"].iloc[0]
    assert df["used"].sum() == 1
    assert (df["assumes"] != "").all()
    for said in ("rung A, randomized roll-out: effect", "It assumes that who came first was drawn"):
        assert said in programme.footnote
    assert programme.value == programme.used["value"]


@pytest.mark.row("U11")
def test_an_association_always_carries_its_warning(demo):
    found = attribution(demo, "training", method="association")
    assert found.used["label"] == "association"
    assert WARNING in found.used["words"]
    assert WARNING in found.footnote
    assert found.text.startswith("Association, not an effect")
    assert "renewals, add-ons and referrals" in NOT_CAUSAL


def test_the_naive_lift_is_shown_when_asked_only_and_marked(demo):
    plain = attribution(demo, "training", method="association")
    asked = attribution(demo, "training", method="association", naive=True)
    assert "naive" not in plain.df["label"].tolist()
    row = asked.df[asked.df["label"] == "naive"].iloc[0]
    assert row["words"].startswith("Naive, not to be reported")
    assert NAIVE.rstrip(".") in asked.footnote
    assert not row["used"]


def test_the_tables_alone_never_make_a_roll_out_randomized(demo):
    found = attribution(demo, "success_plan", cluster="csm_id")
    assert found.used["rung"] == "C"
    why = found.df.loc[found.df["rung"] == "A", "reason"].iloc[0]
    assert "nobody said that the order was drawn by lot" in why
    assert "Rung A, randomized roll-out, is not possible" in found.footnote


def test_what_was_not_rolled_out_by_group_is_no_roll_out(demo):
    found = attribution(demo, "qbr", cluster="csm_id")
    why = found.df.loc[found.df["rung"] == "C", "reason"].iloc[0]
    assert "was not rolled out by csm_id" in why
    assert found.used["rung"] == "D"


def test_help_that_only_the_failing_get_has_no_effect_on_everybody_to_tell(demo):
    found = attribution(demo, "save_play")
    assert "no overlap" in found.df.loc[found.df["rung"] == "D", "reason"].iloc[0]
    assert found.used["label"] == "association"
    with pytest.raises(DataError, match="no overlap"):
        attribution(demo, "save_play", method="marginal")


def test_the_marginal_model_says_its_weights_overlap_e_value_and_negative_control(demo):
    found = attribution(demo, "training", method="marginal")
    numbers = found.extra["diagnostics"]
    assert 0 < numbers["effective_treated"] <= found.used["months_treated"]
    assert numbers["e_value"] >= numbers["e_value_of_interval"] >= 1
    assert numbers["negative_control_low"] <= 0 <= numbers["negative_control_high"]
    for said in ("truncated at the 1st and 99th percentile", "Effective months", "E-value"):
        assert said in found.footnote


def test_weighting_balances_what_training_was_given_by(demo):
    found = sm.success.balance(attribution(demo, "training", method="marginal"))
    assert (found.df["before"].abs() > 0.1).sum() >= 3
    assert (found.df["after"].abs() < 0.1).all()
    overlap = found.extra["overlap"]
    assert overlap["touched"].sum() + overlap["not_touched"].sum() == found.df["n"].iloc[0]


def test_a_draw_is_balanced_without_weights(programme):
    found = sm.success.balance(programme)
    assert found.df["after"].isna().all()
    assert (found.df["before"].abs() < 0.35).all()


def test_the_event_study_compares_with_groups_not_started_and_tests_what_was_before(programme):
    found = sm.success.event_study(programme)
    assert set(found.df["phase"]) == {"before", "after"}
    assert 0 <= found.extra["p_before"] <= 1
    each = found.extra["group_time"]
    last = each["wave"].max()
    # The last wave has nobody left to be compared with, so no effect of it and none after it began.
    assert last < pd.Timestamp("2025-09-01")
    assert each["month"].max() <= pd.Timestamp("2025-09-01")


def test_money_outcomes_are_ratios_of_sums(demo):
    for outcome in ("nrr", "expansion"):
        found = attribution(demo, "success_plan", outcome, cluster="csm_id", randomized=True)
        used = found.used
        assert np.isnan(used["ratio"])
        assert used["low"] <= used["value"] <= used["high"]
    assert "MRR added by the customers at the start" in found.footnote


def test_untreated_nrr_of_a_month_is_closing_over_opening_mrr():
    months = pd.period_range("2025-01", periods=4, freq="M").astype(str)
    mrr = pd.DataFrame(
        [
            (f"c{n}", m, 100.0 + (10 * k if n % 2 else 0))
            for n in range(60)
            for k, m in enumerate(months)
        ],
        columns=["customer_id", "month", "mrr"],
    )
    touched = {"customer_id": [f"c{n}" for n in range(1, 60, 2)], "start": ["2025-01-15"] * 30}
    found = attribution(sm.Book(mrr=mrr), touched, "nrr", 1, method="association")
    assert found.used["untreated_monthly"] == pytest.approx(0.0, abs=2e-3)
    # 100 -> 110 -> 120 -> 130 beside 100 all along: each month counts by a b / (a + b) of both sides' opening MRR.
    opening, other = np.array([100.0, 110.0, 120.0]), 100.0
    share = opening * other / (opening + other)
    assert found.used["monthly"] == pytest.approx(np.average(10 / opening, weights=share), rel=1e-5)


def test_months_before_the_first_touch_count_as_untreated(demo):
    found = attribution(demo, "training", method="association")
    rows = found.rows()
    assert rows["months_treated"].sum() == found.used["months_treated"]
    assert rows["months_treated"].sum() + rows["months_untreated"].sum() == found.used["n"]
    never = rows["first_touch"].isna()
    assert (rows.loc[never, "months_treated"] == 0).all()


def _scored_book(jump: float, seed: int = 0):
    """Customers whose health of January decides about help, which keeps `jump` more of them for six months."""
    rng = np.random.default_rng(seed)
    n = 3000
    score = rng.uniform(0, 100, n)
    stays = rng.random(n) < 0.5 + 0.002 * score + jump * (score < 40)
    months = pd.period_range("2025-01", periods=8, freq="M")
    last = np.where(stays, 8, rng.integers(1, 7, n))
    rows = [(f"c{i}", str(m), 100.0) for i in range(n) for m in months[: last[i]]]
    book = sm.Book(
        mrr=pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]), as_of="2025-08-31"
    )
    scores = pd.DataFrame(
        {"customer_id": [f"c{i}" for i in range(n)], "at": "2025-01-31", "score": score}
    )
    helped = scores[scores["score"] < 40].assign(start="2025-02-01")[["customer_id", "start"]]
    return book, scores, helped


@pytest.mark.row("H10")
def test_a_threshold_finds_what_help_does_at_the_cut_off():
    book, scores, helped = _scored_book(0.15)
    found = attribution(book, helped, horizon=6, score=scores, cutoff=40)
    used = found.used
    assert (used["rung"], used["label"]) == ("B", "local effect")
    assert used["low"] <= 0.15 <= used["high"]
    assert used["value"] == pytest.approx(0.15, abs=0.08)
    for said in (
        "Bandwidth",
        "just below as just above",
        "placebo cut-offs",
        "at the cut-off only",
    ):
        assert said in found.footnote


def test_it_is_the_same_as_drawn_with_what_assign_returns(demo):
    drawn = sm.success.assign(demo, seed=1, cluster="csm_id", waves=4, start="2024-01-01")
    found = attribution(demo, "success_plan", assigned=drawn)
    assert found.used["rung"] == "A"
    assert found.used["clusters"] == 12


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"treatment": "succes_plan"}, UnknownNameError, "success_plan"),
        ({"treatment": {"kinds": "qbr"}}, UnknownNameError, "kind"),
        ({"treatment": {"customer_id": ["x"]}}, DataError, "without start"),
        ({"outcome": "nps"}, UnknownNameError, "retained"),
        ({"method": "guess"}, UnknownNameError, "auto"),
        ({"horizon": 0}, DataError, "horizon"),
        ({"interval": 95}, DataError, "0.95"),
        ({"cluster": "csm"}, UnknownNameError, "csm_id"),
        ({"assigned": "onboarding"}, UnknownNameError, "onboarding_arm"),
        ({"assigned": "segment"}, DataError, "one arm beside"),
        ({"confounders": ["weather"]}, UnknownNameError, "weather"),
    ],
)
def test_wrong_questions_are_refused_in_words(demo, asked, error, words):
    call = {"treatment": "success_plan", "method": "auto", **asked}
    if "assigned" in asked:
        call["method"] = "randomized"
    if "confounders" in asked:
        call["method"] = "marginal"
    with pytest.raises(error, match=words):
        attribution(demo, **call)


def test_activities_are_asked_for_by_name_where_they_are_missing():
    book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    with pytest.raises(MissingTableError, match="activities"):
        attribution(book, "qbr")


def test_another_entity_than_the_customer_is_refused(demo):
    with pytest.raises(DataError, match='entity="customer"'):
        attribution(demo.with_policy(entity="parent"), "qbr")


def test_the_topic_lists_what_it_has():
    assert set(sm.success.__all__) <= set(dir(sm.success))
    assert inspect.isfunction(sm.success.attribution)
    with pytest.raises(AttributeError, match="no attribute"):
        _ = sm.success.nothing


@pytest.mark.row("H10")
def test_an_effect_in_money_is_what_is_kept_at_the_margin_less_the_cost(programme):
    found = programme.money(margin=0.8, cost=100_000)
    steps = found.df.set_index("step")
    arr = steps.loc["ARR in the programme", "value"]
    used = programme.used
    assert steps.loc["ARR kept", "value"] == pytest.approx(arr * used["value"])
    assert steps.loc["net", "value"] == pytest.approx(0.8 * arr * used["value"] - 100_000)
    assert steps.loc["net", "low"] == pytest.approx(0.8 * arr * used["low"] - 100_000)
    assert "rung A, randomized roll-out" in found.footnote
    assert found.text.startswith("success_plan pays")


def test_the_cost_of_a_programme_is_its_minutes_at_what_people_cost(programme, demo):
    found = sm.success.value_of(programme, margin=0.8)
    done = demo.frame("activities")
    since = pd.Timestamp("2025-11-01")
    mine = done[(done["playbook"] == "success_plan") & (pd.to_datetime(done["at"]) >= since)]
    people = demo.frame("people")
    hour = people.loc[people["role"] == "csm", "cost_month"].mean() / 160
    cost = -found.df.set_index("step").loc["cost", "value"]
    assert cost == pytest.approx(mine["minutes"].sum() / 60 * hour)


def test_an_association_is_worth_nothing(demo):
    with pytest.raises(DataError, match="An association is not an effect"):
        attribution(demo, "save_play").money(0.8, 0)


def test_a_cost_that_is_not_known_is_asked_for():
    book, scores, helped = _scored_book(0.1)
    found = attribution(book, helped, horizon=6, score=scores, cutoff=40)
    with pytest.raises(DataError, match="pass cost="):
        found.money(margin=0.8)
    assert "for all in the programme" in found.money(margin=0.8, cost=1.0).footnote
