"""Targets: on the same movements and renewals as everything else, with a pace, and probabilities that are exact."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.success.goals.league import bands, shrunk
from saasmetrics.success.goals.pace import Pace, standing
from tests.properties.profile import quick
from tests.renewals.contract_book import book as contract_book
from tests.success.books import book, paying

MONEY = ["renewals", "expansion", "churn", "new"]


def planned(metric: str, value: float, period: str = "2026", **more: str) -> dict[str, list]:
    return {"metric": [metric], "period": [period], "value": [value]} | {
        k: [v] for k, v in more.items()
    }


def test_pace_and_required_run_rate_are_as_in_the_example(published):
    example = published["target_pace"]
    given_, expected = example["inputs"], example["expected"]
    passed, total = given_["elapsed_months"], given_["total_months"]
    found = standing(given_["target"], given_["actual"], Pace(passed, total, passed / total))
    assert found["attainment"] == pytest.approx(expected["attainment"], abs=1e-6)
    assert found["expected"] == expected["linear_pace"]
    for name in ("pace_ratio", "required_run_rate", "run_rate"):
        assert found[name] == pytest.approx(expected[name])


def test_a_period_that_is_over_has_no_required_run_rate_and_says_why():
    found = standing(100.0, 80.0, Pace(12, 12, 1.0))
    assert np.isnan(found["required_run_rate"])
    assert found["pace_reason"] == "the period is over, so that nothing can be run any more"


def test_variance_is_as_published_and_its_impact_turns_where_less_is_better(published):
    example = published["ibcs_variance"]
    given_, expected = example["inputs"], example["expected"]
    found = standing(given_["PL"], given_["AC"], Pace(1, 12, 0.1))
    assert found["variance"] == expected["abs"]
    assert found["variance_share"] == pytest.approx(expected["rel"], abs=1e-6)
    assert found["impact"] == -1
    less = standing(given_["PL"], given_["AC"], Pace(1, 12, 0.1), lower=True)
    assert less["impact"] == 1
    assert less["attainment"] == pytest.approx(given_["PL"] / given_["AC"])


@pytest.mark.row("H9", "U10", "U5")
@pytest.mark.parametrize("by", ["segment", "pod", "csm"])
def test_parts_sum_to_the_company_and_tie_to_the_bridge(company, by):
    whole = sm.success.targets(company, metric=MONEY, period="2026-Q3").df.set_index("metric")[
        "value"
    ]
    parts = (
        sm.success.targets(company, by, metric=MONEY, period="2026-Q3")
        .df.groupby("metric")["value"]
        .sum()
    )
    assert parts.to_dict() == pytest.approx(whole.to_dict())
    bridge = sm.revenue.bridge(company, freq="Q").df.set_index("period").loc["2026-07-01"]
    assert whole["expansion"] == pytest.approx(12 * bridge["expansion"])
    assert whole["churn"] == pytest.approx(-12 * bridge["churn"])
    rates = sm.renewals.waterfall(company, freq="Q").df.set_index("period").loc["2026-07-01"]
    assert whole["renewals"] == pytest.approx(rates["renewed"])


@pytest.mark.row("P14", "H9")
def test_pods_have_their_own_targets_of_nrr_and_grr_and_roll_up_to_the_company(company):
    pods = sm.success.targets(company, "pod", ["nrr", "grr"]).df
    whole = sm.success.targets(company, None, ["nrr", "grr"]).df.set_index("metric")
    assert pods["target"].notna().all()
    for name, rows in pods.groupby("metric"):
        assert rows["numerator"].sum() == pytest.approx(whole.loc[name, "numerator"])
        assert rows["denominator"].sum() == pytest.approx(whole.loc[name, "denominator"])
    nrr = sm.retention.nrr(company).value
    assert whole.loc["nrr", "value"] == pytest.approx(nrr)


def moved_book(**more) -> sm.Book:
    """Two customers of csm x; the second was given to y in the middle of February, and left in March."""
    table = paying("a", "b", "c")
    table["end"] = [None, "2026-03-10", None]
    owners = {
        "customer_id": ["a", "b", "b", "c"],
        "csm_id": ["x", "x", "y", "y"],
        "recorded_at": ["2024-01-01", "2024-01-01", "2026-02-15", "2024-01-01"],
    }
    return book(
        subscriptions=table,
        customers=owners,
        targets=planned("churn", 600.0, "2026-Q1", scope="csm", owner="x"),
        **more,
    )


@pytest.mark.row("H9")
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("start", {"x": 1200, "y": 0}),
        ("event", {"x": 0, "y": 1200}),
        ("time", {"x": 400, "y": 800}),
    ],
)
def test_a_customer_that_changed_hands_follows_the_rule_that_is_said(rule, expected):
    # 100 a month is 1,200 a year; x had it at the end of January only, y at the end of February and March
    found = sm.success.targets(moved_book(), "csm", "churn", period="2026-Q1", owner=rule)
    rows = found.df.set_index("owner")
    assert rows["value"].to_dict() == pytest.approx(expected)
    assert {
        "start": "start of the period",
        "event": "end of its month",
        "time": "share of the months",
    }[rule] in found.footnote
    assert rows.loc["x", "target"] == 600


def test_where_the_tables_keep_no_history_of_owners_the_footnote_says_so(company):
    assert "one version of each row" in sm.success.targets(company, "csm", "grr").footnote


def test_the_probability_of_renewals_is_that_of_all_outcomes_of_the_open_ones():
    found = contract_book()
    day = found.as_of_day
    quarter = sm.renewals.forecast(found, quarters=1)
    rows = quarter.rows()
    total = float(rows["atr"].sum())
    target = 0.6 * total
    year = str(np.datetime64(day + 1, "D"))[:4]
    text = f"{year}-Q{(int(str(np.datetime64(day + 1, 'D'))[5:7]) - 1) // 3 + 1}"
    with_plan = sm.Book(
        as_of=found.as_of_text,
        currency=found.currency,
        targets=planned("renewals", target, text),
        **{name: found.frame(name) for name in found.tables},
    )
    got = sm.success.targets(with_plan, metric="renewals", period=text).df.iloc[0]
    still = rows[rows["probability"].between(1e-12, 1 - 1e-12)]
    won = float(rows.loc[rows["probability"] == 1, "renewed"].sum())
    chance = 0.0
    for came in itertools.product((0, 1), repeat=len(still)):
        p = float(
            np.prod([q if c else 1 - q for q, c in zip(still["probability"], came, strict=True)])
        )
        amount = won + float((still["atr"] * np.array(came)).sum())
        chance += p * (amount >= target - 1e-6)
    assert got["denominator"] == pytest.approx(total)
    assert got["probability"] == pytest.approx(chance, abs=1e-6)


def test_the_season_is_the_share_that_past_periods_had_by_the_same_month():
    # every year 1,200 of churn in January and 3,600 in December: by the end of March a quarter of it
    names = [f"c{n}" for n in range(20)]
    table = paying(*names, start="2022-06-01")
    ends = [
        f"{year}-{month}-15" for year in (2023, 2024, 2025) for month in ("01", "12", "12", "12")
    ]
    table["end"] = [*ends, "2026-02-10", *[None] * 7]
    found = sm.success.targets(
        book(subscriptions=table, targets=planned("churn", 4800.0)), period="2026"
    ).df.iloc[0]
    assert found["season"] == pytest.approx(0.25)
    assert found["value"] == 1200
    assert found["expected"] == 1200
    assert found["pace_ratio"] == 1
    assert found["attainment"] == 4
    assert found["required_run_rate"] == pytest.approx((4800 - 1200) / 9)


def test_without_two_complete_past_periods_the_pace_is_linear_and_says_so():
    found = sm.success.targets(
        book(subscriptions=paying("a", "b", start="2025-06-01"), targets=planned("churn", 100.0)),
        period="2026",
    )
    assert found.df["season"].iloc[0] == pytest.approx(3 / 12)
    assert "The pace is linear" in found.footnote


def test_a_rate_has_no_pace_and_only_renewals_have_a_probability(company):
    rows = sm.success.targets(company).df
    assert rows["pace_ratio"].isna().all()
    assert rows["pace_reason"].str.startswith("a rate or a level").all()
    assert (
        rows["probability_reason"] == "only of renewals there is a list of what is still open"
    ).all()


def test_without_targets_or_with_an_unknown_scope_the_book_is_refused(company):
    with pytest.raises(sm.DataError, match="needs the table 'targets'"):
        sm.success.targets(book(subscriptions=paying("a")))
    with pytest.raises(sm.DataError, match="scope of targets"):
        sm.success.targets(company, "pods")
    with pytest.raises(sm.DataError, match="Did you mean 'churn'"):
        sm.success.targets(company, None, "churned")


COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=2, max_size=8)


@settings(quick, max_examples=60)
@given(COUNTS, st.floats(1, 100), st.floats(0.05, 0.95))
def test_a_shrunk_share_lies_between_the_own_one_and_what_was_to_be_expected(
    counts, strength, expected
):
    k, n = (np.array(c, float) for c in zip(*[(min(a, b), b) for a, b in counts], strict=True))
    value, low, high = shrunk(k, n, np.full(len(k), expected), strength, 0.95)
    inside = np.minimum(k / n, expected) - 1e-9 <= value
    assert (inside & (value <= np.maximum(k / n, expected) + 1e-9)).all()
    assert ((low <= value + 1e-9) & (value <= high + 1e-9)).all()


def test_owners_whose_intervals_reach_the_first_of_a_band_share_it():
    assert bands(
        np.array([0.9, 0.8, 0.7, np.nan]),
        np.array([0.85, 0.7, 0.6, np.nan]),
        np.array([0.95, 0.84, 0.75, np.nan]),
    ) == [1, 2, 2, None]


def test_owners_of_the_made_up_company_cannot_be_told_apart_since_none_is_better(company):
    found = sm.success.league(company)
    df = found.df
    assert df["denominator"].sum() > 50
    assert df["band"].max() == 1
    assert "cannot be told apart" in found.text
    spread = (df["raw"].max() - df["raw"].min(), df["value"].max() - df["value"].min())
    assert spread[1] < spread[0]


def test_arr_per_ramped_csm_is_as_published(published):
    example = published["arr_per_csm"]
    arr, many = example["inputs"]["arr"], example["inputs"]["ramped_csm"]
    table = paying("a") | {"amount": [arr / 12]}
    people = {
        "person_id": [f"p{n}" for n in range(many + 2)],
        "role": ["csm"] * (many + 1) + ["vp"],
    }
    people["start"] = ["2024-01-01"] * many + ["2026-02-01", "2024-01-01"]
    found = sm.success.arr_per_csm(book(subscriptions=table, people=people))
    assert found.value == pytest.approx(example["expected"]["arr_per_csm"])
    assert found.df["unramped"].iloc[-1] == 1


def test_the_csms_that_a_coverage_asks_for_are_as_published(published):
    example = published["coverage_tiers"]
    tiers = example["inputs"]["tiers"]
    names = [f"{tier}{n}" for tier, (many, _) in tiers.items() for n in range(many)]
    segment = [tier for tier, (many, _) in tiers.items() for _ in range(many)]
    found = sm.success.csm_coverage(
        book(subscriptions=paying(*names), customers={"customer_id": names, "segment": segment}),
        {tier: each for tier, (_, each) in tiers.items()},
    )
    assert found.df["value"].iloc[-1] == pytest.approx(example["expected"]["required_csm"])


def test_the_cost_ratio_is_a_years_cost_over_arr_with_support_in_or_out():
    spend = {"month": ["2026-03"] * 2, "function": ["cs", "support"], "amount": [30.0, 20.0]}
    one = book(subscriptions=paying("a", "b"), spend=spend)
    assert sm.success.cost_ratio(one).value == pytest.approx(30 * 12 / 2400)
    both = sm.success.cost_ratio(one, support=True)
    assert both.value == pytest.approx(50 * 12 / 2400)
    assert "support is counted in" in both.footnote
    assert both.df["reason"].iloc[0] == "no cost of customer success is on record"


def test_a_target_of_a_calendar_quarter_stands_against_the_fiscal_quarter_of_these_months():
    # April begins the year: July to September 2026 is 2026-Q3 and Q2 FY27.
    data = {
        "mrr": {
            "customer_id": ["a"] * 9,
            "month": [f"2026-{m:02}" for m in range(1, 10)],
            "mrr": [100.0] * 9,
        }
    }
    for name in ("2026-Q3", "Q2 FY27"):
        made = sm.Book(**data, targets=planned("arr", 2400.0, name), fiscal_start=4)
        row = sm.success.targets(made, period="Q2 FY27").df.iloc[0]
        assert (str(row["period"].date()), row["attainment"]) == ("2026-07-01", 0.5), name


def test_targets_of_calendar_quarters_are_told_and_hide_no_target_of_a_fiscal_quarter():
    # February begins the year: May to July 2026 is Q2 FY27, and 2026-Q2 and 2026-Q3 each lie partly in it.
    rows = {
        "metric": ["arr"] * 3,
        "period": ["2026-Q2", "2026-Q3", "Q2 FY27"],
        "value": [1.0, 2.0, 2400.0],
    }
    months = [f"2026-{m:02}" for m in range(1, 8)]
    mrr = {"customer_id": ["a"] * 7, "month": months, "mrr": [100.0] * 7}
    found = sm.success.targets(sm.Book(mrr=mrr, targets=rows, fiscal_start=2))
    assert found.df["attainment"].tolist() == [0.5]
    assert "2 rows of targets are of calendar quarters (2026-Q2, 2026-Q3)" in found.footnote
    assert '"Q2 FY27" for May–Jul 2026' in found.footnote


def test_of_several_targets_of_one_number_the_first_by_owner_counts_and_the_footnote_says_so():
    rows = {"metric": ["arr"] * 2, "period": ["2026"] * 2, "value": [5.0, 7.0], "owner": ["b", "a"]}
    for order in (slice(None), slice(None, None, -1)):
        plan = {name: values[order] for name, values in rows.items()}
        found = sm.success.targets(book(subscriptions=paying("a"), targets=plan))
        assert found.df["target"].tolist() == [7.0]
        assert "for one number, and the first by owner, period and value counts: arr 2026" in (
            found.footnote
        )
