"""Causes, comparisons, hazard ratios and fits as asked of a book."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, UnknownNameError
from tests.survival.books import book_of, life

s = sm.survival


@pytest.fixture(scope="module")
def demo():
    return sm.demo(customers=600, seed=7)


# causes


def test_causes_and_survival_sum_to_one_and_alone_overstates(demo):
    found = s.causes(demo, by="segment")
    df = found.df
    total = df.groupby(["segment", "age"]).agg(lost=("value", "sum"), there=("survival", "first"))
    np.testing.assert_allclose(total["lost"] + total["there"], 1, atol=1e-12)
    assert (df["alone"] >= df["value"] - 1e-12).all()
    assert "overstates" in found.footnote


def test_a_column_of_reasons_can_name_the_causes():
    book = book_of(
        [
            life("a", "2025-11-01", 1, reason="price"),
            life("b", "2025-11-01", 2, reason="no longer needed"),
            life("c", "2025-11-01", None, reason=None),
            life("d", "2025-11-01", 1, reason=None),
        ]
    )
    df = s.causes(book, column="reason").df
    end = df[df["age"] == 2].set_index("cause")["value"].to_dict()
    assert end == {"unknown": 0.25, "no longer needed": 0.25, "price": 0.25}


def test_a_column_of_the_customers_can_name_the_causes():
    customers = pd.DataFrame({"customer_id": ["a", "b"], "left_to": ["rival", None]})
    book = book_of([life("a", "2025-11-01", 1), life("b", "2025-11-01", 1)], customers=customers)
    df = s.causes(book, column="left_to").df
    assert df[df["age"] == 1].set_index("cause")["value"].to_dict() == {
        "unknown": 0.5,
        "rival": 0.5,
    }


def test_the_rows_behind_a_cause_are_the_customers_lost_to_it(demo):
    found = s.causes(demo, by="segment")
    rows = found.rows(cause="involuntary", age=12, segment="SMB")
    df = found.df[(found.df["cause"] == "involuntary") & (found.df["segment"] == "SMB")]
    assert len(rows) == df.loc[df["age"] <= 12, "events"].sum() > 0
    assert (rows["duration"] <= 12).all()
    with pytest.raises(UnknownNameError, match="Did you mean 'voluntary'"):
        found.rows(cause="volontary")


def test_without_a_column_of_causes_all_are_unknown_and_the_footnote_says_so():
    found = s.causes(book_of([life("a", "2025-11-01", 1), life("b", "2025-11-01", None)]))
    assert set(found.df["cause"]) == {"unknown"}
    assert "has no column churn_cause" in found.footnote


# comparison


def test_the_difference_of_two_groups_is_said_in_words():
    lives = [life(f"a{i}", "2025-07-01", 2, plan="A") for i in range(20)]
    lives += [life(f"b{i}", "2025-07-01", None, plan="B") for i in range(20)]
    found = s.compare(book_of(lives), "plan", horizon=6)
    row = found.df.iloc[0]
    assert row["value"] == -4  # 2 months of 6 against 6 of 6
    assert "A customers stay 4.0 months less than B over 6 months" in row["words"]
    assert "log-rank test, p below 0.001: the curves differ by more than chance" in row["words"]
    assert found.text == row["words"]


def test_interval_and_corrected_test_are_told_apart_where_they_disagree():
    lives = [life(f"a{i}", "2025-07-01", 2, plan="A") for i in range(4)]
    lives += [life(f"{p}{i}", "2025-07-01", None, plan=p) for p in "BCDEF" for i in range(3)]
    df = s.compare(book_of(lives), "plan", horizon=6).df.set_index(["group", "against"])
    row = df.loc[("A", "B")]
    assert row["high"] < 0
    assert row["p_corrected"] > 0.05
    assert "for this pair alone" in row["words"]
    # nobody left B to F, so that 5 of the 15 pairs have a test
    assert "log-rank test corrected for 5 comparisons" in row["words"]
    assert "the means lie apart, but the curves could differ by chance" in row["words"]


def test_rows_and_proof_of_a_comparison_say_which_group_to_name(demo):
    found = s.compare(demo, "segment")
    for ask in (found.rows, found.proof):
        with pytest.raises(DataError, match=r"rows\(of='Enterprise'\); there are .*SMB"):
            ask()
    with pytest.raises(UnknownNameError, match=r"rows\(of=\.\.\.\)"):
        found.proof(of="SMB")


def test_a_difference_and_its_interval_are_those_of_the_two_curves(demo):
    found = s.compare(demo, "segment", horizon=24).df.set_index(["group", "against"])
    means = s.curve(demo, "segment", horizon=24).extra["summary"].set_index("segment")
    row = found.loc[("Mid-Market", "SMB")]
    assert row["value"] == pytest.approx(means.loc["Mid-Market", "rmst"] - means.loc["SMB", "rmst"])
    half = (means["rmst_high"] - means["rmst_low"]) / 2  # Greenwood, as symmetric
    expected = np.hypot(half["Mid-Market"], half["SMB"])
    assert (row["high"] - row["low"]) / 2 == pytest.approx(expected, rel=1e-9)


def test_every_pair_is_tested_and_corrected(demo):
    found = s.compare(demo, "segment", correction="holm")
    df = found.df
    assert len(df) == 3
    assert (df["p_corrected"] >= df["p"]).all()
    assert found.extra["overall"].df == 2
    assert found.rows(of="SMB")["customer_id"].nunique() == int(
        df.loc[df["against"] == "SMB", "n_against"].iloc[0]
    )


def test_a_group_not_seen_to_the_horizon_has_no_difference_and_a_reason():
    lives = [life("a", "2025-12-01", None, plan="A"), life("b", "2025-01-01", None, plan="B")]
    found = s.compare(book_of(lives), "plan", horizon=10).df.iloc[0]
    assert np.isnan(found["value"])
    assert "A was observed to age 1 only" in found["reason"]


def test_one_group_cannot_be_compared():
    with pytest.raises(DataError, match="compare at least two"):
        s.compare(book_of([life("a", "2025-12-01", None, plan="A")]), "plan")


# hazard ratios


def test_hazard_ratios_of_columns_agree_with_lifelines(demo):
    import warnings

    from lifelines import CoxPHFitter

    found = s.cox(demo, ["segment", "region"]).df.set_index("level")
    customers = demo.frame("customers").set_index("customer_id")
    raw = s.curve(demo).rows().set_index("customer_id").join(customers[["segment", "region"]])
    x = pd.get_dummies(
        raw[["segment", "region"]].fillna("(none)"), prefix="", prefix_sep="", dtype=float
    )
    x = x.drop(columns=list(found["reference"].unique()))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        tight = {"precision": 1e-18, "r_precision": 1e-15}
        theirs = CoxPHFitter().fit(
            x.assign(d=raw["duration"], e=raw["event"]), "d", "e", fit_options=tight
        )
    np.testing.assert_allclose(
        found["coefficient"][theirs.params_.index], theirs.params_, atol=1e-9
    )
    np.testing.assert_allclose(
        found["se"][theirs.params_.index], theirs.standard_errors_, atol=1e-9
    )


def test_what_varies_counts_as_it_was_before_the_age():
    # a doubles its MRR in its third month; at ages 1 and 2 it was still at 10
    lives = [
        life("a", "2025-10-01", 2, 10, quantity=1),
        life("a", "2025-12-01", None, 20, quantity=3),
        life("b", "2025-10-01", 1, 40, quantity=2),
    ]
    found = book_of(lives).engine.episodes("M", (), ("mrr", "seats"))
    rows = sorted(
        zip(
            found["entry"],
            found["duration"],
            found["event"],
            found["mrr"] // 10**6,
            found["seats"] // 10**6,
            strict=True,
        )
    )
    assert rows == [(0, 1, 1, 40, 2), (0, 2, 0, 10, 1), (2, 3, 0, 20, 3)]


def test_episodes_hold_every_age_that_lives_hold(demo):
    lives = demo.engine.lives("M")
    found = demo.engine.episodes("M", ("segment",), ("mrr",))
    ages = ((found["duration"] - found["entry"]) * found["customers"]).sum()
    assert ages == (lives["duration"] - lives["entry"]).sum()
    assert (found["event"] * found["customers"]).sum() == lives["event"].sum()


def test_varying_covariates_of_one_value_give_what_fixed_ones_give():
    rng = np.random.default_rng(3)
    lives = [
        life(f"c{i}", "2024-01-01", int(m) if m < 24 else None, 2.0 ** int(k))
        for i, (m, k) in enumerate(
            zip(1 + rng.geometric(0.06, 300), rng.integers(3, 7, 300), strict=True)
        )
    ]
    book = book_of(lives)
    fixed, moving = s.cox(book, "start_mrr").df, s.cox(book, varying="mrr").df
    assert fixed["value"].iloc[0] == pytest.approx(moving["value"].iloc[0], rel=1e-10)


def test_hazard_ratios_are_said_in_words(demo):
    found = s.cox(demo, ["segment", "size"])
    assert "times as fast as SMB" in found.df["words"].iloc[0]
    assert "An association with the covariates named" in found.footnote
    assert "size: thirds by starting MRR" in found.footnote


def test_a_column_with_a_value_for_each_customer_is_refused(demo):
    with pytest.raises(DataError, match="too many to compare one by one"):
        s.cox(demo, "name")
    with pytest.raises(DataError, match="Name at least one covariate"):
        s.cox(demo)
    with pytest.raises(UnknownNameError, match="Did you mean 'seats'"):
        s.cox(demo, varying="seat")


def test_a_level_that_nobody_left_with_is_set_aside_and_the_others_are_fitted():
    lives = [life(f"a{i}", "2025-07-01", 1 + i % 5, plan="A") for i in range(20)]
    lives += [life(f"b{i}", "2025-07-01", 2 + i % 9, plan="B") for i in range(20)]
    lives += [life(f"c{i}", "2025-07-01", None, plan="C") for i in range(30)]
    found = s.cox(book_of(lives), "plan")
    rows = found.df.set_index("level")
    assert rows.loc["C", "reason"] == "nobody with it left"
    assert rows["value"].notna().to_dict() == {"B": True, "C": False}
    assert "Nobody with plan C left: the 30 rows are left out" in found.footnote
    without = s.cox(book_of([row for row in lives if row["plan"] != "C"]), "plan").df
    assert rows.loc["B", "value"] == pytest.approx(without["value"].iloc[0], rel=1e-12)


def test_when_nobody_left_there_is_nothing_to_say():
    lives = [life("a", "2025-10-01", None, plan="A"), life("b", "2025-10-01", None, plan="B")]
    with pytest.raises(DataError, match="Nobody has left yet"):
        s.cox(book_of(lives), "plan")


# fits


def test_a_fit_says_what_is_observed_and_what_is_projected(demo):
    found = s.fit(demo, "weibull", horizon=80)
    df = found.df
    last = df.loc[~df["projected"], "age"].max()
    assert last == s.curve(demo).df["age"].max()
    assert df.loc[df["projected"], "observed"].isna().all()
    assert df["age"].max() == 80
    observed = s.curve(demo).df["value"].to_numpy()
    np.testing.assert_allclose(df.loc[~df["projected"], "observed"], observed)
    assert f"Observed to age {last}" in found.footnote
    summary = found.extra["summary"].iloc[0]
    assert summary["events"] == s.curve(demo).extra["summary"]["events"].iloc[0]
    assert summary["converged"]


def test_n_counts_the_customers_seen_for_a_whole_period_in_a_book_that_was_cut_too(demo):
    cut = demo.between("2025-01", "2026-10")
    lives = cut.lifetimes("M")
    seen = lives[lives["duration"] > lives["entry"]]["customers"].sum()
    assert s.fit(cut, "weibull").extra["summary"]["n"].tolist() == [seen]


def test_auto_takes_the_lowest_aic(demo):
    found = s.fit(demo)
    models = found.extra["models"]
    assert len(models) == 7
    assert models.loc[models["chosen"], "aic"].iloc[0] == models["aic"].min()


def test_groups_are_fitted_apart_and_tested_together(demo):
    found = s.fit(demo, "weibull", by="segment")
    alone = s.fit(demo.where(segment="SMB"), "weibull")
    assert found.params["SMB"] == pytest.approx(alone.params, rel=1e-6)
    logs = found.extra["summary"]["log_likelihood"].sum()
    whole = s.fit(demo, "weibull").fitted().log_likelihood
    assert found.extra["difference"]["statistic"] == pytest.approx(2 * (logs - whole), rel=1e-6)
    assert found.extra["difference"]["df"] == 4  # three groups of two parameters against one of two
    assert found.predict(12, segment="SMB")[12] == pytest.approx(alone.predict(12)[12], rel=1e-6)
    with pytest.raises(UnknownNameError, match="Name one group by segment"):
        found.predict(12)


def test_a_fit_where_nobody_left_is_missing_with_its_reason():
    found = s.fit(book_of([life("a", "2025-10-01", None)]), "sbg")
    assert found.df["value"].isna().all()
    assert set(found.df["reason"]) == {"nobody has left yet"}
    with pytest.raises(DataError, match="nobody has left yet"):
        found.derl(0.1)


def test_a_fit_of_late_entries_does_not_use_what_was_not_seen():
    rng = np.random.default_rng(9)
    months = 1 + rng.geometric(0.05, 400)
    begun = rng.integers(0, 40, 400)
    lives = [
        life(f"c{i}", str((pd.Period("2022-01", "M") + int(b)).start_time.date()), int(m))
        for i, (b, m) in enumerate(zip(begun, months, strict=True))
    ]
    book = book_of(lives)
    whole, cut = (
        s.fit(book, "exponential"),
        s.fit(book.between("2024-01", "2026-01"), "exponential"),
    )
    # 1 / -log(1 - 0.05) = 19.5 months
    assert whole.params["lambda"] == pytest.approx(19.5, rel=0.15)
    assert cut.params["lambda"] == pytest.approx(19.5, rel=0.2)


def test_an_unknown_model_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'weibull'"):
        s.fit_shares([1, 0.5], "weibul")


def test_a_fit_says_the_median_lifetime_that_was_observed(demo):
    found = s.fit(demo, model="exponential")
    # the median of an exponential is ln 2 times its mean
    median = math.log(2) * found.params["lambda"]
    assert found.text == f"median lifetime {median:.0f} months (exponential)"
    heading = " ".join(found.chart().to_dict()["title"]["text"])
    assert heading.lower() == found.text
    n, everybody = found.extra["summary"]["n"].iloc[0], s.curve(demo).df["at_risk"].iloc[0]
    assert f"{everybody - n:.0f} customers were seen for less than one month" in found.footnote


def test_a_median_that_was_not_reached_is_no_headline():
    lives = [life(f"a{i}", "2025-01-01", 2 if i == 0 else None) for i in range(20)]
    found = s.fit(book_of(lives), model="exponential")
    assert found.text.startswith("mean lifetime ")
    assert "months observed (exponential)" in found.text


def test_a_difference_that_chance_may_make_is_no_headline_of_a_curve():
    def heading(lives):
        return " ".join(s.curve(book_of(lives), "plan").chart().to_dict()["title"]["text"])

    few = [life(f"a{i}", "2024-07-01", 2 if i < 3 else None, plan="A") for i in range(20)]
    few += [life(f"b{i}", "2024-07-01", 2 if i < 2 else None, plan="B") for i in range(20)]
    assert "differences may be chance" in heading(few)
    clear = [life(f"a{i}", "2024-07-01", 2 if i < 9 else None, plan="A") for i in range(20)]
    clear += [life(f"b{i}", "2024-07-01", None, plan="B") for i in range(20)]
    assert "chance" not in heading(clear)
    thin = [life(f"a{i}", "2024-07-01", 2 if i < 19 else None, plan="A") for i in range(20)]
    thin += [life(f"b{i}", "2024-07-01", None, plan="B") for i in range(20)]
    assert "differences may be chance" in heading(thin)  # one customer of A is left after a year
