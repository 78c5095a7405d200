"""The published examples of ../shared/examples/success.json that are formulas on numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import poisson

from saasmetrics.metrics import formulas
from saasmetrics.metrics.formulas.workforce import CHATS_AT_ONCE


def queue_of(inputs, agents, target="target_s"):
    """Erlang C of an entry, in seconds."""
    rate = inputs["erlangs"] / inputs["aht_s"]
    return formulas.erlang_c(rate, inputs["aht_s"], agents, inputs[target])


@pytest.mark.row("H11")
def test_erlangc_cch_100per30(example):
    inputs, expected = example["inputs"], example["expected"]
    rate = inputs["calls"] / inputs["interval_min"] / 60
    agents = formulas.agents_required(
        rate,
        inputs["aht_s"],
        service_level=inputs["service_level"],
        target=inputs["target_s"],
        max_occupancy=inputs["max_occupancy"],
    )
    assert agents == expected["raw_agents"]
    assert formulas.scheduled_agents(agents, inputs["shrinkage"]) == (expected["scheduled_agents"])
    found = formulas.erlang_c(rate, inputs["aht_s"], agents, inputs["target_s"])
    assert found.erlangs == pytest.approx(expected["erlangs"])
    for name in ("service_level", "occupancy", "p_wait"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=5e-5), name


def test_erlangc_grid_a10(example):
    inputs, expected = example["inputs"], example["expected"]
    found = queue_of(inputs, np.array(inputs["agents"]))
    for index, agents in enumerate(inputs["agents"]):
        row = expected[str(agents)]
        assert found.p_wait[index] == pytest.approx(row["pw"], abs=5e-5)
        assert found.occupancy[index] == pytest.approx(row["occ"], abs=5e-5)
        assert found.mean_wait[index] == pytest.approx(row["asa"], abs=5e-5)
        assert found.service_level[index] == pytest.approx(row["sl"], abs=5e-5)


def impatient(inputs):
    """Erlang A of an entry, in minutes."""
    rate = inputs["calls"] / inputs["interval_min"]
    return formulas.erlang_a(
        rate, inputs["aht_min"], inputs["agents"], inputs["patience_min"], inputs["target_min"]
    )


def test_erlanga_pyworkforce_test14(example):
    found, expected = impatient(example["inputs"]), example["expected"]
    assert found.p_wait == pytest.approx(expected["p_wait"], abs=5e-6)
    assert found.p_abandon == pytest.approx(expected["p_abandon"], abs=5e-7)
    assert found.occupancy == pytest.approx(expected["occupancy"], abs=5e-7)
    assert found.mean_wait == pytest.approx(expected["mean_wait_all_min"], abs=5e-7)
    level = expected["service_level_served_within_target"]
    assert found.service_level == pytest.approx(level, abs=5e-7)


def test_erlanga_pyworkforce_readme13_erratum(example):
    # the README prints .2265 / .0253 / .1258 / .8584; an occupancy of .7500 needs what is expected here
    found, expected = impatient(example["inputs"]), example["expected"]
    assert found.p_wait == pytest.approx(expected["p_wait"], abs=5e-5)
    assert found.p_abandon == pytest.approx(expected["p_abandon"], abs=5e-4)
    assert found.occupancy == pytest.approx(expected["occupancy"], abs=5e-4)
    assert found.mean_wait == pytest.approx(expected["mean_wait_all_min"], abs=5e-5)
    assert found.service_level == pytest.approx(expected["service_level"], abs=5e-5)


def test_erlangb_readme_erratum(example):
    # the README prints a blocking of .0183 and an occupancy of .9375
    inputs, expected = example["inputs"], example["expected"]
    blocked = formulas.erlang_b(inputs["erlangs"], inputs["agents"])
    assert blocked == pytest.approx(expected["blocking"], abs=5e-7)
    carried = inputs["erlangs"] * (1 - blocked) / inputs["agents"]
    assert carried == pytest.approx(expected["occupancy"], abs=5e-5)
    assert formulas.erlang_b(10, 16) > 0.02 >= blocked


def test_erlang_invariants(example):
    # the rules hold on drawn queues too: tests/metrics/test_erlang.py
    assert len(example["expected"]["rules"]) == 7
    for rate, patience, agents in itertools.product((2.0, 9.5), (0.2, 1.0, 7.0), (1, 5, 10, 20)):
        found = formulas.erlang_a(rate, 1.0, agents, patience, 0.3)
        assert found.p_abandon <= formulas.erlang_b(rate, agents) + 1e-12
        assert found.mean_wait == pytest.approx(found.queue / rate)
        assert found.p_abandon == pytest.approx(found.queue / patience / rate)
        assert found.occupancy == pytest.approx(rate * (1 - found.p_abandon) / agents)
        more = formulas.erlang_a(rate, 1.0, agents + 1, patience, 0.3)
        assert more.service_level >= found.service_level - 1e-12
        waits = 1 - poisson.cdf(agents - 1, rate)
        assert formulas.erlang_a(rate, 1.0, agents, 1.0).p_wait == pytest.approx(waits)
        if agents > rate:
            patient = formulas.erlang_c(rate, 1.0, agents, 0.3)
            limit = formulas.erlang_a(rate, 1.0, agents, 1e8, 0.3)
            assert limit.p_wait == pytest.approx(patient.p_wait, rel=1e-5)
            assert limit.service_level == pytest.approx(patient.service_level, rel=1e-5)


def test_erlang_a_theta_eq_mu(example):
    inputs = example["inputs"]
    found = formulas.erlang_a(
        inputs["lam"], 1 / inputs["mu"], inputs["agents"], 1 / inputs["theta"]
    )
    assert found.p_wait == pytest.approx(example["expected"]["p_wait"], abs=5e-6)
    assert found.p_wait == pytest.approx(poisson.sf(inputs["agents"] - 1, inputs["lam"]))


@pytest.mark.row("P10", "Z22")
def test_chat_concurrency_factor(example):
    inputs = example["inputs"]
    factors = {int(at_once): factor for at_once, factor in inputs["factor_table"].items()}
    assert factors == CHATS_AT_ONCE
    found = formulas.chat_handle_time(inputs["aht_s"], inputs["concurrent_chats"], factors)
    assert found == example["expected"]["effective_aht_s"]


def check_nps(entry):
    """The score, its standard error and both intervals of an entry."""
    answers, expected = entry["inputs"], entry["expected"]
    sides = [answers[name] for name in ("promoters", "passives", "detractors")]
    assert formulas.nps(*sides) == pytest.approx(expected["nps"], abs=5e-5)
    assert formulas.nps_standard_error(*sides) == pytest.approx(expected["se"], abs=5e-5)
    wald = formulas.nps_interval(*sides, method="wald")
    assert wald == pytest.approx(expected["wald95"], abs=5e-3)
    assert formulas.nps_interval(*sides) == pytest.approx(expected["adj_wald95"], abs=5e-3)


def test_nps_crossvalidated_324(example):
    check_nps(example)


def test_nps_30_50_20(example):
    check_nps(example)


def test_nps_10_0_0(example):
    check_nps(example)


@pytest.mark.row("U6")
def test_nps_buckets(example):
    expected = example["expected"]
    buckets = {name: [] for name in ("detractor", "passive", "promoter")}
    for score in example["inputs"]["scores"]:
        buckets[formulas.nps_bucket(score)].append(score)
    assert buckets == {name: expected[name] for name in buckets}
    counts = [len(buckets[name]) for name in ("promoter", "passive", "detractor")]
    assert formulas.nps(*counts) == pytest.approx(expected["nps"], abs=5e-5)


@pytest.mark.row("Z11")
def test_csat_wilson_96_100(example):
    answers = example["inputs"]["satisfied"], example["inputs"]["rated"]
    assert formulas.csat(*answers) == example["expected"]["csat"]
    assert formulas.wilson(*answers) == pytest.approx(example["expected"]["wilson95"], abs=5e-5)


@pytest.mark.row("P12")
def test_csat_change_90_96(example):
    before, after = example["inputs"]["before"], example["inputs"]["after"]
    difference, *interval = formulas.csat_change(before, after)
    assert difference == pytest.approx(example["expected"]["diff"])
    assert interval == pytest.approx(example["expected"]["newcombe95"], abs=5e-5)
    assert formulas.csat_z(before, after) == pytest.approx(example["expected"]["z"], abs=5e-5)


def test_kellblog_t9q_leaky_bucket(example):
    inputs, expected = example["inputs"], example["expected"]
    opening = inputs["starting"]
    ending = formulas.closing_arr(opening[0], inputs["new"], inputs["churn"])
    assert ending == expected["ending"]
    assert [e - s for e, s in zip(ending, opening, strict=True)] == expected["net_new"]
    yoy = [None] * 4 + [formulas.growth(*pair) for pair in zip(ending[4:], ending, strict=False)]
    assert yoy[4:] == pytest.approx(expected["ending_yoy"][4:], abs=5e-5)
    new = [formulas.growth(*pair) for pair in zip(inputs["new"][4:], inputs["new"], strict=False)]
    assert new == pytest.approx(expected["new_yoy_last5"], abs=5e-5)


def test_kellblog_blended_gm_1q18(example):
    inputs, expected = example["inputs"], example["expected"]
    streams = [inputs["subscription"], inputs["services"]]
    assert sum(streams) == expected["total"]
    margin = formulas.blended_margin(streams, [inputs["sub_gm"], inputs["svc_gm"]])
    assert margin == pytest.approx(expected["blended_gm"], abs=5e-5)
    left = formulas.operating_margin(margin, inputs["sm"], inputs["rd"], inputs["ga"])
    assert left == pytest.approx(expected["operating_margin"], abs=5e-5)


def test_ibcs_variance(example):
    absolute, relative = formulas.variance(example["inputs"]["AC"], example["inputs"]["PL"])
    assert absolute == example["expected"]["abs"]
    assert relative == pytest.approx(example["expected"]["rel"], abs=5e-7)
    assert formulas.variance(10, 0)[1] is None  # shown as n.m.


def test_snowflake_nrr_series(example):
    # the filings give the ratio, not the two years: a cohort that spends so much more has that ratio
    for ratio in example["expected"]["nrr"].values():
        assert formulas.nrr_two_years([5.0] * 12 + [5.0 * ratio] * 12) == pytest.approx(ratio)
    assert formulas.nrr_two_years([0.0] * 12 + [5.0] * 12) is None


def test_churn_compounding(example):
    inputs = example["inputs"]
    rates = inputs["monthly_churn"]
    left = [inputs["customers"] * (1 - formulas.annualize_churn(rate)) for rate in rates]
    assert left == pytest.approx(example["expected"]["remaining"], abs=5e-3)


def test_ltv_cac_payback_simple(example):
    inputs, expected = example["inputs"], example["expected"]
    assert formulas.lifetime(inputs["monthly_churn"]) == expected["lifetime_months"]
    value = formulas.ltv_simple(inputs["mrr"], inputs["monthly_churn"])
    assert value == expected["ltv"]
    assert formulas.ltv_cac(value, inputs["cac"]) == expected["ltv_cac"]
    assert formulas.payback_simple(inputs["cac"], inputs["mrr"]) == expected["payback_months"]


def test_udesk_ltv_cac_fail(example):
    inputs, expected = example["inputs"], example["expected"]
    ratio = formulas.ltv_cac(inputs["lifetime_revenue"], inputs["cac"])
    assert ratio == expected["ltv_cac"]
    assert (ratio >= 3) is expected["passes_3x"]


def test_burn_multiple(example):
    inputs = example["inputs"]
    found = formulas.burn_multiple(inputs["net_burn"], inputs["net_new_arr"])
    assert found == example["expected"]["burn_multiple"]


def test_renewal_forecast_simple(example):
    inputs = example["inputs"]
    found = formulas.expected_renewals(inputs["renewal_pool"], inputs["probability"])
    assert found == pytest.approx(example["expected"]["base_forecast"])


def test_target_pace(example):
    inputs, expected = example["inputs"], example["expected"]
    found = formulas.target_pace(
        inputs["target"], inputs["actual"], inputs["elapsed_months"], inputs["total_months"]
    )
    assert found.attainment == pytest.approx(expected["attainment"], abs=5e-7)
    assert found.expected == expected["linear_pace"]
    assert found.pace == pytest.approx(expected["pace_ratio"])
    assert (found.run_rate, found.required) == (expected["run_rate"], expected["required_run_rate"])


def test_streamflow_relative_reduction(example):
    found = formulas.relative_reduction(example["inputs"]["before"], example["inputs"]["after"])
    assert found == pytest.approx(example["expected"]["relative_reduction"], abs=5e-5)


def test_coverage_tiers(example):
    found = formulas.csms_required(example["inputs"]["tiers"])
    assert found == example["expected"]["required_csm"]


def test_arr_per_csm(example):
    found = formulas.arr_per_csm(example["inputs"]["arr"], example["inputs"]["ramped_csm"])
    assert found == example["expected"]["arr_per_csm"]
    rules = example["expected"]["benchmarks"]
    assert found > max(rules.values())  # above every benchmark that the sources give


@pytest.mark.row("Z1")
def test_zendesk_productivity(example):
    inputs, expected = example["inputs"], example["expected"]
    work = inputs["requests_per_year"], inputs["advocates"]
    assert formulas.per_head(*work) == expected["per_advocate_year"]
    assert formulas.per_head(*work, months=12) == expected["per_advocate_month"]


@pytest.mark.row("Z4")
def test_zendesk_20pct_inconsistency(example):
    # "20 % (or two of a team of 15)": two of fifteen are 13.3 %
    inputs = example["inputs"]
    share = formulas.csat(inputs["reassigned"], inputs["team"])
    assert share == pytest.approx(example["expected"]["actual_share"], abs=5e-5)
    assert share < inputs["text_share"]


@pytest.mark.row("P1")
def test_poster_productivity(example):
    inputs, expected = example["inputs"], example["expected"]
    found = formulas.per_head(inputs["requests_per_month"], inputs["people"])
    assert found == pytest.approx(expected["per_head_month"], abs=5e-3)
    template = tuple(inputs["pod"].values())
    assert sum(template) == expected["pod_size"]
    assert formulas.pods(inputs["people"], template) == (6, 4)
    assert template[0] / template[1] == expected["cs_to_support_ratio"]


def test_poster_frt(example):
    found = formulas.relative_reduction(example["inputs"]["before_s"], example["inputs"]["after_s"])
    assert found == example["expected"]["improvement"]


@pytest.mark.row("H15")
def test_hubspot_span(example):
    people, expected = example["inputs"]["ics"], example["expected"]
    assert formulas.managers_required(people, 8) == expected["managers_specialised_8"]
    assert formulas.managers_required(people, 15) == expected["managers_15"]
    assert formulas.managers_required(people, 20) == expected["managers_20"]


@pytest.mark.row("H11")
def test_support_hiring_workload(example):
    inputs, expected = example["inputs"], example["expected"]
    customers = formulas.customers_after(
        inputs["customers"], inputs["monthly_growth"], inputs["month"]
    )
    assert customers == pytest.approx(expected["customers"], abs=0.05)
    contacts = customers * inputs["contacts_per_customer"]
    assert contacts == pytest.approx(expected["contacts"], abs=0.05)
    rest = inputs["hours_per_fte"], inputs["shrinkage"], inputs["occupancy"]
    people = formulas.fte_required(contacts, inputs["aht_min"], *rest)
    assert people == pytest.approx(expected["fte"], abs=5e-3)


def test_vacation_hours(example):
    found = formulas.vacation_hours(
        example["inputs"]["vacation_days"], example["inputs"]["hours_per_day"]
    )
    assert found == pytest.approx(example["expected"]["hours_per_week"], abs=5e-3)


def test_cost_per_ticket(example):
    found = formulas.cost_per_ticket(example["inputs"]["cost"], example["inputs"]["tickets"])
    assert found == example["expected"]["cost_per_ticket"]


def test_ytd_ratio_of_sums(example):
    inputs, expected = example["inputs"], example["expected"]
    found = formulas.year_to_date(inputs["cost"], inputs["chats"])
    assert found == pytest.approx(expected["ytd"], abs=5e-5)
    assert found[-1] < expected["wrong_mean_of_months"]


def test_tank_tickets(example):
    inputs, expected = example["inputs"], example["expected"]
    baseline, week = inputs["baseline_resolution_h"], inputs["week_resolution_h"]
    edge, tanks, share = formulas.tank_tickets(baseline, week)
    assert (edge, tanks) == (expected["baseline_median"], expected["tank"])
    assert share == pytest.approx(expected["share"], abs=5e-5)
    assert formulas.tank_tickets(week, week)[2] == expected["self_median_share"]


def test_deflection_two_definitions(example):
    inputs, expected = example["inputs"], example["expected"]
    users = inputs["help_center_users"], inputs["ticket_users"]
    assert formulas.self_service_ratio(*users) == expected["self_service_ratio"]
    assert formulas.self_service_share(*users) == expected["user_share"]
    sessions = inputs["self_service_sessions"], inputs["sessions_with_ticket"]
    assert formulas.session_deflection(*sessions) == expected["session_deflection"]


def test_sla_breach_zendesk(example):
    found = formulas.sla_breach(
        example["inputs"]["completion_min"], example["inputs"]["target_min"]
    )
    assert found == (example["expected"]["breach_time_min"], example["expected"]["status"])


def test_tier_mix(example):
    first, rest = formulas.tier_mix(example["inputs"]["requests"], example["inputs"]["tier1_share"])
    assert first == pytest.approx(example["expected"]["tier1"])
    assert rest == pytest.approx(example["expected"]["tiers_2_3"])


def test_root_cause_saving(example):
    inputs = example["inputs"]
    found = formulas.root_cause_saving(inputs["requests_removed"], inputs["cost_per_request"])
    assert found == pytest.approx(example["expected"]["saving"])
