"""Around the ladder: drawing by lot, levers, touched customers, the hand-off, and published figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.success.effect.association import WARNING
from saasmetrics.success.effect.sustained import compounded

success = sm.success


def _customers(n=400):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in range(n)],
            "segment": rng.choice(["SMB", "Mid", "Ent"], n, p=[0.6, 0.3, 0.1]),
            "csm_id": [f"csm-{i % 10}" for i in range(n)],
        }
    )


def test_churn_compounding(published):
    entry = published["churn_compounding"]
    asked = entry["inputs"]
    kept = asked["customers"] * compounded("retained", asked["monthly_churn"], asked["months"])
    assert kept.round(2).tolist() == entry["expected"]["remaining"]


def test_streamflow_relative_reduction(published):
    entry = published["streamflow_relative_reduction"]
    before, after = entry["inputs"]["before"], entry["inputs"]["after"]
    assert 1 - after / before == pytest.approx(entry["expected"]["relative_reduction"], abs=5e-5)
    # The page shows why that is no causal claim: before and after are two times, not two groups, so no rung takes it.
    months = pd.period_range("2025-01", periods=12, freq="M").astype(str)
    mrr = [(f"c{i}", m, 10.0) for i in range(40) for m in months]
    book = sm.Book(mrr=pd.DataFrame(mrr, columns=["customer_id", "month", "mrr"]))
    everybody = {"customer_id": [f"c{i}" for i in range(40)], "start": ["2025-06-01"] * 40}
    with pytest.raises(DataError):
        success.attribution(book, everybody, method="staggered", cluster="customer_id")


def test_a_draw_is_the_same_for_the_same_seed_whatever_the_order_of_rows():
    rows = _customers()
    one = success.assign(rows, seed=5, by="segment").df.set_index("customer_id")["arm"]
    two = success.assign(rows.sample(frac=1, random_state=1), seed=5, by="segment").df
    assert one.to_dict() == two.set_index("customer_id")["arm"].to_dict()
    other = success.assign(rows, seed=6, by="segment").df.set_index("customer_id")["arm"]
    assert (one != other).any()


def test_arms_are_as_large_as_each_other_in_each_stratum():
    found = success.assign(_customers(), seed=5, by="segment").df
    counts = found.pivot_table(index="stratum", columns="arm", aggfunc="size")
    assert ((counts["control"] - counts["treated"]).abs() <= 1).all()


def test_by_hash_alone_a_customer_keeps_its_arm_whoever_else_is_drawn():
    rows = _customers()
    whole = success.assign(rows, seed=5, dealt=False).df.set_index("customer_id")["arm"]
    part = success.assign(rows.iloc[::3], seed=5, dealt=False).df.set_index("customer_id")["arm"]
    assert part.to_dict() == whole[part.index].to_dict()
    assert 0.4 < (whole == "treated").mean() < 0.6


def test_customers_of_a_cluster_are_drawn_together_in_steps():
    found = success.assign(
        _customers(), seed=2, cluster="csm_id", waves=5, start="2026-01-15", every=2
    )
    df = found.df
    assert not df[["cluster", "arm"]].drop_duplicates()["cluster"].duplicated().any()
    assert df.drop_duplicates("cluster")["arm"].value_counts().tolist() == [2] * 5
    starts = df.drop_duplicates("arm").set_index("arm")["start"]
    assert starts["wave-1"] == pd.Timestamp("2026-01-15")
    assert starts["wave-5"] == pd.Timestamp("2026-09-15")


def test_the_control_arm_has_no_start():
    df = success.assign(_customers(), seed=2, start="2026-01-01").df
    assert df.loc[df["arm"] == "control", "start"].isna().all()
    assert df.loc[df["arm"] == "treated", "start"].notna().all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"arms": ["a"]}, "at least two arms"),
        ({"by": "plan"}, "without plan"),
        ({"waves": 1}, "waves"),
        ({"cluster": "csm_id", "waves": 20}, "cannot be drawn for 20 arms"),
    ],
)
def test_draws_that_cannot_be_are_refused(asked, words):
    with pytest.raises(DataError, match=words):
        success.assign(_customers(), seed=1, **asked)


def test_a_customer_is_drawn_once():
    with pytest.raises(DataError, match="appear twice"):
        success.assign(pd.concat([_customers(), _customers().head(3)]), seed=1)


def test_the_smallest_effect_is_that_of_statsmodels_at_equal_spread(demo):
    from statsmodels.stats.power import NormalIndPower

    row = success.detectable(demo).df.iloc[0]
    size = NormalIndPower().solve_power(nobs1=row["n"] / 2, alpha=0.05, power=0.8)
    assert row["value"] == pytest.approx(size * np.sqrt(row["base"] * (1 - row["base"])), rel=1e-3)


def test_customers_drawn_in_clusters_show_less(demo):
    alone, together = success.detectable(demo), success.detectable(demo, cluster="csm_id", icc=0.05)
    assert together.value > alone.value
    assert together.df["design_effect"].iloc[0] > 5
    with pytest.raises(DataError, match="cluster="):
        success.detectable(demo, waves=4)


def _lever_book(seed=0, n=1500, always=None):
    """Onboarding, of small customers rather, halves churn of 6% a month; a yearly contract takes off one point."""
    rng = np.random.default_rng(seed)
    big = rng.random(n) < 0.5
    onboarded = rng.random(n) < np.where(big, 0.3, 0.7)
    yearly = rng.random(n) < np.where(big, 0.7, 0.3)
    if always is not None:
        yearly = big if always else yearly
    pays = np.where(big, 120.0, 100.0)
    leaves = rng.random((n, 12)) < (0.06 - 0.03 * onboarded - 0.01 * yearly)[:, None]
    last = np.where(leaves.any(axis=1), leaves.argmax(axis=1) + 1, 13)
    months = pd.period_range("2024-01", periods=13, freq="M")
    ids = np.array([f"c{i}" for i in range(n)])
    rows = [(ids[i], str(m), pays[i]) for i in range(n) for m in months[: last[i]]]
    term = np.where(yearly, "2025-01-01", "2024-02-01")
    book = sm.Book(
        mrr=pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]),
        customers={"customer_id": ids, "segment": np.where(big, "big", "small")},
        activities={
            "customer_id": ids[onboarded],
            "at": ["2024-01-10"] * int(onboarded.sum()),
            "kind": ["onboarding"] * int(onboarded.sum()),
        },
        contracts={
            "contract_id": [f"k{i}" for i in range(n)],
            "customer_id": ids,
            "start": ["2024-01-01"] * n,
            "end": term,
            "arr": pays * 12,
        },
        as_of="2025-01-31",
    )
    kept = np.cumprod(np.full((2, 2, 12), 1.0), axis=2)
    for a in (0, 1):
        for b in (0, 1):
            kept[a, b] = (1 - (0.06 - 0.03 * a - 0.01 * b)) ** np.arange(1, 13)
    total = kept.sum(axis=2)
    share = {"onboarded": [total[1, b] - total[0, b] for b in (0, 1)]}
    share["annual_contract"] = [total[a, 1] - total[a, 0] for a in (0, 1)]
    return book, {name: 110 * float(np.mean(v)) for name, v in share.items()}


@pytest.mark.row("H12")
def test_levers_of_known_worth_are_ordered_rightly_and_in_their_intervals():
    held = 0
    for seed in range(5):
        book, true = _lever_book(seed)
        df = success.levers(book, ["annual_contract", "onboarded"]).df
        assert df["lever"].tolist() == ["onboarded", "annual_contract"]
        rows = df.set_index("lever")
        held += sum(rows.loc[n, "low"] <= true[n] <= rows.loc[n, "high"] for n in true)
    assert held >= 8  # of 10 intervals of 95%
    onboarded = rows.loc["onboarded"]
    assert onboarded["kept_with"] > onboarded["kept_without"]
    assert onboarded["logrank_p"] < 0.001
    assert 0 < onboarded["alike"] <= 1


@pytest.mark.row("H12")
def test_a_lever_that_only_large_customers_have_is_refused():
    book, _ = _lever_book(always=True)
    row = success.levers(book, ["annual_contract"]).df.iloc[0]
    assert np.isnan(row["value"])
    assert row["reason"].startswith("no overlap")


def test_the_curves_of_levers_are_those_of_lifelines():
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test

    book, _ = _lever_book(3)
    row = success.levers(book, ["onboarded"]).df.iloc[0]
    held = book.frame("mrr").groupby("customer_id")["month"].nunique()
    life, event = np.minimum(held, 12), held < 13
    has = held.index.isin(book.frame("activities")["customer_id"])
    fitted = KaplanMeierFitter().fit(life[has], event[has])
    assert row["kept_with"] == pytest.approx(float(fitted.predict(12)))
    theirs = logrank_test(life[has], life[~has], event[has], event[~has])
    assert row["logrank_p"] == pytest.approx(theirs.p_value, rel=1e-6)


def test_levers_that_are_not_there_are_refused_by_name(demo):
    with pytest.raises(UnknownNameError, match="lever or column of the table customers"):
        success.levers(demo, ["onbording"])
    with pytest.raises(DataError, match="different values"):
        success.levers(demo, ["region"])


@pytest.mark.row("Z18")
def test_touched_customers_that_expand_are_counted_in_the_same_quarter():
    months = pd.period_range("2024-12", "2025-06", freq="M").astype(str)
    grows = {"a": "2025-02", "b": "2025-04"}  # a in the first quarter, b in the second
    rows = [(c, m, 20.0 if c in grows and m >= grows[c] else 10.0) for c in "abcd" for m in months]
    done = {"customer_id": ["a", "b", "c"], "at": ["2025-01-05"] * 3, "kind": ["qbr"] * 3}
    book = sm.Book(mrr=pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]), activities=done)
    df = success.touched_expansion(book).df
    first = df[df["period"] == "2025-01-01"].set_index("touched")
    assert first.loc["touched", ["numerator", "denominator"]].tolist() == [1, 3]
    assert first.loc["not touched", ["numerator", "denominator"]].tolist() == [0, 1]
    second = df[df["period"] == "2025-04-01"].set_index("touched")
    assert second.loc["touched", "reason"] == "nobody was touched"
    assert np.isnan(second.loc["touched", "value"])


@pytest.mark.row("Z18")
def test_touched_expansion_says_association_and_gives_an_adjusted_difference(demo):
    found = success.touched_expansion(demo)
    assert found.df["label"].unique().tolist() == ["association"]
    assert found.text.startswith("Association: ")
    assert WARNING.rstrip(".") in found.footnote
    adjusted = found.extra["adjusted"].iloc[0]
    assert adjusted["low"] < adjusted["value"] < adjusted["high"]
    assert adjusted["value"] != adjusted["plain"]


@pytest.mark.row("U14")
def test_the_hand_off_is_the_median_wait_with_those_still_waiting_censored(demo):
    from lifelines import KaplanMeierFitter

    found = success.handoff(demo).df.iloc[0]
    contracts, done = demo.frame("contracts"), demo.frame("activities")
    signed = pd.to_datetime(contracts.groupby("customer_id")["signed_at"].min()).dt.normalize()
    signed = signed[signed <= pd.Timestamp("2026-10-31")]
    merged = done.merge(signed.rename("signed").reset_index(), on="customer_id")
    day = pd.to_datetime(merged["at"]).dt.normalize()
    contact = merged.assign(day=day)[day >= merged["signed"]].groupby("customer_id")["day"].min()
    contact = contact.reindex(signed.index)
    met = contact.notna()
    wait = (contact.fillna(pd.Timestamp("2026-10-31")) - signed).dt.days
    fitted = KaplanMeierFitter().fit(wait, met)
    assert found["n"] == len(signed)
    assert found["contacted"] == met.sum()
    assert found["value"] == fitted.median_survival_time_
    assert found["within_30"] == pytest.approx(1 - float(fitted.predict(30)))


@pytest.mark.row("U14")
def test_the_hand_off_by_segment_adds_up(demo):
    whole, parts = success.handoff(demo).df, success.handoff(demo, "segment").df
    assert parts["n"].sum() == whole["n"].iloc[0]
    onboarded = success.handoff(demo, kind="onboarding").df["contacted"].iloc[0]
    assert 0 < onboarded < whole["contacted"].iloc[0]
    with pytest.raises(DataError, match="none of the kind"):
        success.handoff(demo, kind="lunch")
