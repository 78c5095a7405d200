"""The truths that the sample company is generated from can be recovered from its tables."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from saasmetrics import sample
from saasmetrics.sample import Truths


def months_between(start: pd.Series, end: pd.Series) -> pd.Series:
    whole = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    return whole - (end.dt.day < start.dt.day)


BANDS = {"1-3": (1, 3), "4-12": (4, 12), "13+": (13, 999)}


def relative_rate(rows: pd.DataFrame) -> tuple[float, int]:
    """How many times its `rate` the rows leave: theta with sum(1 - exp(-theta rate)) = churned."""
    low, high = 0.0, 50.0
    for _ in range(60):
        theta = (low + high) / 2
        if -np.expm1(-theta * rows.rate).sum() < rows.left.sum():
            low = theta
        else:
            high = theta
    return low, int(rows.left.sum())


def hazard_ratio(treated: pd.DataFrame, others: pd.DataFrame) -> tuple[float, float]:
    """Ratio of the two relative rates, and the standard error of its logarithm."""
    (one, n_one), (other, n_other) = relative_rate(treated), relative_rate(others)
    return one / other, float(np.sqrt(1 / n_one + 1 / n_other))


@pytest.mark.parametrize("segment", ["SMB", "Mid-Market", "Enterprise"])
@pytest.mark.parametrize("band", list(BANDS))
def test_churned_over_customer_months_is_the_true_hazard(
    spells: pd.DataFrame, truths: Truths, segment: str, band: str
) -> None:
    first, last = BANDS[band]
    mine = spells[spells.segment == segment]
    months = (mine.lived.clip(upper=last) - first + 1).clip(lower=0).sum()
    churned = (mine.left & mine.lived.between(first, last)).sum()
    assert months == truths.person_months[segment, band]
    expected = truths.hazard[segment, band] * months
    # Variance of a sum of independent yes/no draws is at most its mean; 4 standard errors.
    assert abs(churned - expected) < 4 * np.sqrt(expected)


def test_smaller_customers_leave_more(truths: Truths) -> None:
    hazard = truths.hazard
    for band in BANDS:
        assert hazard["SMB", band] > hazard["Mid-Market", band] > hazard["Enterprise", band]


def test_randomised_onboarding_has_its_true_effect(decisions: pd.DataFrame, truths: Truths) -> None:
    first, after = truths.onboarding_experiment
    arms = decisions[decisions.onboarding_arm.notna() & decisions.started.between(first, after - 1)]
    ratio, error = hazard_ratio(
        arms[arms.onboarding_arm == "guided"], arms[arms.onboarding_arm == "control"]
    )
    assert abs(np.log(ratio / truths.onboarding_hazard_ratio)) < 3 * error
    assert np.log(ratio) + 3 * error < 0


def test_the_staggered_programme_has_its_true_effect(
    large: dict[str, pd.DataFrame], decisions: pd.DataFrame, truths: Truths
) -> None:
    """Stepped wedge: between first and last wave some CSMs are in it and some are not yet."""
    reviews = (
        large["activities"]
        .query("kind == 'success_review'")
        .merge(
            large["customers"][["customer_id", "csm_id"]], on="customer_id", suffixes=("", "_now")
        )
    )
    wave = reviews.groupby("csm_id_now").wave.first().str[-1].astype(int) - 1
    begins = decisions.csm_id.map(wave).map(dict(enumerate(truths.programme_waves)))
    first, last = truths.programme_waves[0], truths.programme_waves[-1]
    window = decisions.month.between(first + 1, last) & begins.notna()
    treated = window & (decisions.month > begins)
    ratio, error = hazard_ratio(decisions[treated], decisions[window & ~treated])
    assert abs(np.log(ratio / truths.programme_hazard_ratio)) < 3 * error


def test_save_plays_look_harmful_to_a_naive_comparison(
    large: dict[str, pd.DataFrame], spells: pd.DataFrame, truths: Truths
) -> None:
    """Only customers whose usage falls get one, so that they leave more although it helps."""
    assert truths.save_play_hazard_ratio < 1
    plays = large["activities"].query("kind == 'save_play'")
    joined = plays.merge(spells, on="customer_id")
    joined = joined[(joined["at"] >= joined.start) & ~(joined["at"] > joined.end)]
    soon = joined.left & (joined.end - joined["at"] < pd.Timedelta(days=90))
    monthly = spells[spells.term == 1]
    base = 3 * monthly.left.sum() / monthly.lived.sum()
    assert soon[joined.term == 1].mean() > base


def usage_months(large: dict[str, pd.DataFrame], spells: pd.DataFrame) -> pd.DataFrame:
    """Monthly-term customer months: users of dashboards, against the median of months before."""
    use = large["usage"].query("feature == 'dashboards'")
    monthly = spells[spells.term == 1].drop_duplicates("customer_id", keep=False)
    use = use.merge(monthly, on="customer_id")
    use["age"] = months_between(use.start, use.date)
    users = use.groupby(["customer_id", "age"]).users.mean().reset_index()
    earlier = users.groupby("customer_id").users.transform(
        lambda u: u.shift().expanding(min_periods=3).median()
    )
    users["level"] = users.users / earlier
    ends = users[earlier >= 4].merge(monthly[["customer_id", "lived", "left"]], on="customer_id")
    ends["leaves"] = ends.left & (ends.age + 1 == ends.lived)
    return ends[ends.age < ends.lived]


def test_falling_usage_comes_before_churn(
    large: dict[str, pd.DataFrame], spells: pd.DataFrame, truths: Truths
) -> None:
    months = usage_months(large, spells)
    low = months.level < 0.7
    assert 0.05 < low.mean() < 0.2
    ratio = months.leaves[low].mean() / months.leaves[~low].mean()
    # Half of those who decline get a save play, which takes 30 % off: 3.5 x 0.85 = 3.0 at most;
    # weekly counts of a few users blur the rest.
    assert 2.0 < ratio < 3.4


def test_the_nps_score_says_nothing_about_churn(
    large: dict[str, pd.DataFrame], spells: pd.DataFrame, truths: Truths
) -> None:
    assert truths.signal_hazard_ratios["nps"] == 1
    answers = large["surveys"].query("instrument == 'nps'").merge(spells, on="customer_id")
    answers = answers[(answers["at"] >= answers.start) & ~(answers["at"] > answers.end)]
    soon = answers.left & (answers.end - answers["at"] < pd.Timedelta(days=180))
    leaving, staying = answers.score[soon], answers.score[~soon]
    error = np.sqrt(leaving.var() / leaving.size + staying.var() / staying.size)
    assert abs(leaving.mean() - staying.mean()) < 3 * error


def test_a_champion_who_left_raises_the_hazard(
    large: dict[str, pd.DataFrame], decisions: pd.DataFrame, truths: Truths
) -> None:
    """Monthly terms: decisions within the six months after the event against all others."""
    rows = decisions[decisions.term == 1].copy()
    gone = large["activities"].query("kind == 'champion_change'")
    month = (gone["at"].dt.year - 2021) * 12 + gone["at"].dt.month - 11
    events = set(zip(gone.customer_id, month, strict=True))
    lags = range(2, truths.champion_change_months)  # months that are surely inside
    rows["after"] = [
        any((who, when - lag) in events for lag in lags)
        for who, when in zip(rows.customer_id, rows.month, strict=True)
    ]
    ratio, error = hazard_ratio(rows[rows.after], rows[~rows.after])
    assert abs(np.log(ratio / truths.signal_hazard_ratios["champion_change"])) < 3 * error + 0.1


def test_trials_convert_at_their_true_rates(large: dict[str, pd.DataFrame], truths: Truths) -> None:
    trials = large["trials"][large["trials"].ended_at.notna()]
    for channel, rate in truths.trial_conversion.items():
        won = trials[trials.channel == channel].converted_at.notna()
        assert abs(won.mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / won.size)


def test_trials_helped_by_support_convert_more(
    large: dict[str, pd.DataFrame], truths: Truths
) -> None:
    trials = large["trials"]
    trials = trials[trials.ended_at.notna() & (trials.start >= "2021-12-01")]
    asked = large["tickets"].merge(trials, on="customer_id")
    age = (asked.created_at.dt.normalize() - asked.start).dt.days
    helped = trials.customer_id.isin(asked.customer_id[age.between(0, 4)])
    won = trials.converted_at.notna()
    ratio = won[helped].mean() / won[~helped].mean()
    error = np.sqrt(1 / won[helped].sum() + 1 / won[~helped].sum())
    assert abs(np.log(ratio / truths.trial_support_ratio)) < 4 * error


def test_prices_rise_on_their_dates(large: dict[str, pd.DataFrame], truths: Truths) -> None:
    lines = large["subscriptions"].query("plan == 'Starter' and currency == 'USD'")
    lines = lines[lines["product"] == "Core"]
    months = lines.interval.map({"month": 1, "quarter": 3, "year": 12})
    price = (lines.list_amount / lines.quantity / months).round(1)
    fresh = lines.trial_end.notna()  # first lines only: others keep their price until renewal
    dates = [pd.Timestamp(day) for day in truths.price_rise_dates]
    edges = [pd.Timestamp("2021-11-01"), *dates, pd.Timestamp("2026-11-01")]
    seen = [
        set(price[fresh & (lines.start >= lo) & (lines.start < hi)]) for lo, hi in pairwise(edges)
    ]
    assert seen == [{24.0}, {25.4}, {26.7}]  # 24 x 1.06 x 1.05, to ten cents


def test_causes_of_churn_split_as_they_should(spells: pd.DataFrame, truths: Truths) -> None:
    for segment, split in truths.cause_split.items():
        cause = spells.cause[spells.left & (spells.segment == segment)]
        for name, share in zip(("voluntary", "involuntary", "unknown"), split, strict=True):
            error = np.sqrt(share * (1 - share) / cause.size)
            assert abs((cause == name).mean() - share) < 4 * error


def test_the_chat_team_answers_faster_and_pleases_more(
    large: dict[str, pd.DataFrame], truths: Truths
) -> None:
    chats = large["tickets"].query("channel == 'chat'")
    month = (chats.created_at.dt.year - 2021) * 12 + chats.created_at.dt.month - 11
    after = month >= truths.chat_team_month
    minutes = (chats.first_reply_at - chats.created_at).dt.total_seconds() / 60
    medians = minutes[~after].median(), minutes[after].median()
    assert medians == pytest.approx(truths.chat_reply_minutes, rel=0.05)
    top = chats.csat.dropna() >= 4
    assert top[after.loc[top.index]].mean() - top[~after.loc[top.index]].mean() > 0.03


def test_truths_differ_between_companies_only_in_what_came_out() -> None:
    one, other = sample.truths(100, seed=1), sample.truths(100, seed=2)
    assert one.base_rate == other.base_rate
    assert one.hazard != other.hazard
