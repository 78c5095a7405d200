"""Expansion: against lifelines, against a loop over customers, and against the bridge."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import UnknownNameError


def cube(rows: dict[str, list[int]]) -> sm.Book:
    """MRR by month from January 2025 on; 0 is a month without."""
    months = pd.period_range("2025-01", periods=max(map(len, rows.values())), freq="M").astype(str)
    data = [
        (who, months[i], mrr) for who, values in rows.items() for i, mrr in enumerate(values) if mrr
    ]
    who, month, mrr = zip(*data, strict=True)
    return sm.Book(mrr={"customer_id": list(who), "month": list(month), "mrr": list(mrr)})


def test_time_to_first_expansion_by_hand():
    # Ann expands at age 1, Ben at 3, Cat leaves at 2 without, Dan never does and is seen to age 3.
    rows = {
        "Ann": [10, 12, 12, 12],
        "Ben": [10, 10, 10, 15],
        "Cat": [10, 10, 0, 0],
        "Dan": [10, 10, 10, 10],
    }
    df = sm.renewals.expansion(cube(rows)).df.set_index("age")
    assert df["at_risk"].tolist() == [4, 4, 3, 2]
    assert df["events"].tolist() == [0, 1, 0, 1]
    # Staying: 1 - (3/4), unchanged at 2 where Cat is censored, 1 - (3/4)(1/2) at 3.
    assert df["value"].tolist() == pytest.approx([0, 0.25, 0.25, 0.625])
    assert df["of_all"].tolist() == pytest.approx(
        [0, 0.25, 0.25, 0.5]
    )  # two of four, and Cat never will


def test_a_customer_who_shrinks_or_returns_has_not_expanded():
    rows = {"Ann": [10, 5, 10, 10], "Ben": [10, 0, 20, 30], "Cat": [10, 8, 8, 8]}
    df = sm.renewals.expansion(cube(rows)).df.set_index("age")
    assert df["events"].tolist() == [
        0,
        0,
        1,
        0,
    ]  # Ann at 2; Ben left at 1, what he pays on return is another life


def test_the_curve_is_that_of_lifelines(demo_book):
    from lifelines import KaplanMeierFitter

    found = sm.renewals.expansion(demo_book)
    lives = found.rows()
    fitter = KaplanMeierFitter().fit(lives["age"], lives["expanded"])
    df = found.df.set_index("age")
    theirs = fitter.survival_function_["KM_estimate"]
    band = fitter.confidence_interval_
    shared = df.index.intersection(theirs.index.astype(int))
    assert (1 - df["value"][shared]).to_numpy() == pytest.approx(theirs[shared].to_numpy())
    begun = [
        age for age in shared if df["value"][age] > 0
    ]  # before it, lifelines' band has no width
    assert (1 - df["high"][begun]).to_numpy() == pytest.approx(
        band.iloc[:, 0][begun].to_numpy(), abs=1e-9
    )


def test_the_share_of_all_is_counted_where_nobody_is_censored():
    rng = np.random.default_rng(3)
    rows = {}
    for i in range(60):  # all have left by the end, some after expanding
        length, grows = int(rng.integers(1, 11)), int(rng.integers(1, 14))
        rows[f"c{i:02d}"] = [20 if age >= grows else 10 for age in range(length)] + [0] * (
            12 - length
        )
    rows["end"] = [0] * 11 + [5]  # the data go on to the last month
    df = sm.renewals.expansion(cube(rows)).df.set_index("age")
    for age in range(1, 10):
        expanded = sum(any(b > a > 0 for a, b in pairwise(r[: age + 1])) for r in rows.values())
        everyone = len(rows) - 1  # the last one is censored at age 0
        assert df["of_all"][age] == pytest.approx(expanded / everyone, abs=1e-9)


def test_expansion_by_cause_is_the_expansion_of_the_bridge(demo_book):
    book = demo_book.with_policy(fx="constant")
    df = sm.renewals.expansion(book, measure="causes").df
    assert df["value"].sum() == pytest.approx(12 * sm.revenue.bridge(book).df["expansion"].sum())
    grouped = sm.renewals.expansion(book, by="segment", measure="causes").df
    assert grouped["value"].sum() == pytest.approx(df["value"].sum())


def test_who_comes_back_in_what_is_observed_is_as_old_as_since_the_first_payment():
    # Won in January 2025, gone before 2026, back in March 2026 and paying more in April: in its second year.
    book = cube({"Ann": [10] * 6 + [0] * 8 + [10, 12, 12, 12]}).between("2026-01", "2026-06")
    df = sm.renewals.expansion(book, measure="causes").df
    assert df["year"].tolist() == [2]


def test_escalators_come_at_renewal(demo_book):
    df = sm.renewals.expansion(demo_book, measure="causes").df
    lifts = df[df["cause"] == "escalator"].groupby("at")["value"].sum()
    assert lifts["renewal"] > 4 * lifts.get(
        "mid_term", 0.0
    )  # uplifts are agreed for the renewal (sample/subscriptions)


def test_causes_narrow_the_curve_and_unknown_ones_are_refused(demo_book):
    seats = sm.renewals.expansion(demo_book, causes=["seats"]).df
    every = sm.renewals.expansion(demo_book).df
    last = min(seats["age"].max(), every["age"].max())
    assert (seats["value"][: last + 1] <= every["value"][: last + 1] + 1e-12).all()
    with pytest.raises(UnknownNameError, match="Did you mean 'seats'"):
        sm.renewals.expansion(demo_book, causes=["seat"])


def test_without_contracts_the_time_of_renewals_is_unknown():
    found = sm.renewals.expansion(cube({"Ann": [10, 12]}), measure="causes")
    assert found.df["at"].tolist() == ["unknown"]
    assert "renewals are not known" in found.footnote
