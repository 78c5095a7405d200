"""Help goes to those at risk and lowers their risk: which designs find what it does, and which do not.

The world is that of the published simulation (cs_touch_confounding_sim) in kind: enrollment by risk, a direct effect of
-0.3 on the log-odds, and a programme that also lowers risk. The truth is that of 30,000 accounts living twice.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from saasmetrics.success.effect import association, marginal, randomized
from saasmetrics.success.effect.association import NAIVE, WARNING
from saasmetrics.success.effect.marginal import smd
from saasmetrics.success.effect.treatments import NEVER
from tests.success.attribution.worlds import MONTHS, world

SEEDS = range(10)
LEAST = int(binom.ppf(0.001, len(SEEDS), 0.95))  # intervals of 95% that hold the truth


@pytest.fixture(scope="module")
def truth() -> float:
    return world(1, 30_000, "all").kept - world(1, 30_000, "nobody").kept


@pytest.fixture(scope="module")
def estimates():
    found = []
    for seed in SEEDS:
        panel = world(seed, 1500).panel
        weights = marginal.weights(panel)
        asked = ("retained", MONTHS, 0.95)
        found.append(
            {
                "weighted": marginal.marginal(panel, weights, *asked, stepwise=True),
                "plain": marginal.marginal(panel, None, *asked, stepwise=True),
                "cox": association.hazard_ratio(panel, 1.96)[0],
                "naive": association.naive(panel)[2],
                "panel": panel,
                "weights": weights,
            }
        )
    return found


def _held(effects, truth):
    return sum(effect.low <= truth <= effect.high for effect in effects)


@pytest.mark.row("H10")
def test_the_marginal_structural_model_recovers_the_true_effect(estimates, truth):
    effects = [found["weighted"] for found in estimates]
    assert _held(effects, truth) >= LEAST
    assert np.mean([effect.value for effect in effects]) == pytest.approx(truth, abs=0.03)


@pytest.mark.row("H10")
def test_a_randomized_trial_recovers_the_true_effect(truth):
    effects = []
    for seed in SEEDS:
        drawn = world(100 + seed, 1500, "half")
        start = np.where(drawn.start > MONTHS, NEVER, drawn.start)
        draw = randomized.Draw(start, np.zeros(len(start), int))
        asked = ("retained", MONTHS, 0.95)
        effects.append(randomized.randomized(drawn.panel, draw, *asked, stepwise=True))
    assert _held(effects, truth) >= LEAST
    assert np.mean([effect.value for effect in effects]) == pytest.approx(truth, abs=0.02)


def test_the_published_simulation_has_the_same_signs(published, estimates, truth):
    told = published["cs_touch_confounding_sim"]["expected"]
    kept = told["retention_24m"]
    assert np.sign(kept["everybody"] - kept["nobody"]) == np.sign(truth)
    for name, value in (
        ("cox_tv_unadjusted", np.mean([np.log(found["cox"]) for found in estimates])),
        ("msm_iptw", np.mean([np.log(found["weighted"].ratio) for found in estimates])),
        ("crude_ever_never_churn_diff", -np.mean([found["naive"] for found in estimates])),
    ):
        assert np.sign(value) == np.sign(told[name]), name


def test_touched_against_untouched_months_makes_help_look_harmful(estimates, truth):
    effects = [found["plain"] for found in estimates]
    assert _held(effects, truth) == 0
    assert np.mean([effect.value for effect in effects]) < 0 < truth
    assert np.mean([found["cox"] for found in estimates]) > 1


def test_holding_current_risk_constant_keeps_the_direct_effect_only(estimates):
    ratios = []
    for found in estimates:
        panel = found["panel"]
        head = np.stack([np.ones(len(panel)), panel.treated, panel.moving[:, 0]], axis=1)
        y, _ = panel.outcome("retained")
        from saasmetrics.success.effect.regress import fit

        ratios.append(fit(head.astype(float), y).coefficients[1])
    assert np.mean(ratios) == pytest.approx(-0.3, abs=0.1)  # DIRECT of the world
    total = np.mean([np.log(found["weighted"].ratio) for found in estimates])
    assert total < np.mean(ratios) - 0.1


def test_weights_make_those_who_begin_look_like_those_who_do_not(estimates):
    panel, weights = estimates[0]["panel"], estimates[0]["weights"]
    begins = panel.begins[weights.deciding]
    risk = panel.moving[weights.deciding]
    before = smd(risk, begins, np.ones(len(begins)))
    after = smd(risk, begins, weights.balancing)
    assert before[0] > 0.5
    assert abs(after[0]) < 0.1


def test_weights_have_mean_one_and_truncation_is_counted(estimates):
    for found in estimates[:3]:
        plain = marginal.weights(found["panel"], truncate=0.0)
        assert plain.weight.mean() == pytest.approx(1.0, abs=0.1)
        assert plain.cut == 0
        cut = found["weights"].cut
        assert 0 < cut <= 0.021 * len(found["panel"])


def test_the_sentences_of_warning_say_what_is_wrong():
    assert WARNING == "Risky accounts get more touches; this is not an effect."
    assert "immortal time" in NAIVE
