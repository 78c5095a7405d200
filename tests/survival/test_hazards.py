"""Hazards by age and by renewal, as asked of a book."""

from __future__ import annotations

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


def test_the_hazard_of_an_age_is_who_left_at_it_of_those_at_risk():
    book = book_of(
        [life("a", "2025-11-01", 1), life("b", "2025-11-01", None), life("c", "2025-12-01", 1)]
    )
    df = s.hazard(book).df.set_index("age")
    assert df["at_risk"].tolist() == [3, 3, 1]
    assert df["value"].tolist() == [0, 2 / 3, 0]
    assert df["retention"].tolist() == [1, 1 - 2 / 3, 1]


def test_nelson_aalen_agrees_with_lifelines(demo):
    from lifelines import NelsonAalenFitter

    lives = demo.lifetimes("M")
    theirs = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(
        lives["duration"], lives["event"], weights=lives["customers"]
    )
    ours = s.hazard(demo).df.set_index("age").loc[theirs.cumulative_hazard_.index.astype(int)]
    np.testing.assert_allclose(ours["cumulative"], theirs.cumulative_hazard_.iloc[:, 0], atol=1e-12)
    after = ours["cumulative"].to_numpy() > 0  # before it, lifelines' band has no width
    band = theirs.confidence_interval_.to_numpy()[after]
    np.testing.assert_allclose(
        ours.loc[after, ["cumulative_low", "cumulative_high"]], band, atol=1e-9
    )


def test_smoothing_pools_the_ages_before_and_after(demo):
    plain, smooth = (s.hazard(demo, smooth=k).df.set_index("age") for k in (0, 2))
    pooled = plain.loc[4:8, "events"].sum() / plain.loc[4:8, "at_risk"].sum()
    assert smooth.loc[6, "value"] == pytest.approx(pooled)
    assert smooth.loc[1, "value"] == pytest.approx(
        plain.loc[1:3, "events"].sum() / plain.loc[1:3, "at_risk"].sum()
    )


def terms(*lines):
    rows = [
        {"subscription_id": f"s{i}", "customer_id": who, "start": start, "end": end, "amount": 120}
        for i, (who, start, end) in enumerate(lines)
    ]
    frame = pd.DataFrame(rows).assign(interval="year")
    frame["start"], frame["end"] = pd.to_datetime(frame["start"]), pd.to_datetime(frame["end"])
    return sm.Book(subscriptions=frame, as_of="2026-01-31")


def test_retention_by_renewal_follows_each_customer_from_term_to_term():
    book = terms(
        ("a", "2022-01-01", "2023-01-01"),  # renewed at once
        ("a", "2023-01-01", "2024-01-01"),  # renewed 31 days late
        ("a", "2024-02-01", "2025-02-01"),  # lost: nothing for more than 90 days
        ("b", "2022-06-01", "2023-06-01"),  # lost
        ("b", "2024-06-01", "2025-06-01"),  # a year later: a first term again, lost
        ("c", "2025-01-01", "2026-01-01"),  # ended 31 days before the as-of date: still open
        ("d", "2024-01-01", "2025-01-01"),  # renewed
        ("d", "2025-01-01", "2026-12-31"),  # running
    )
    found = s.hazard(book, per="renewal")
    df = found.df.set_index("age")
    assert df["at_risk"].to_dict() == {1: 4, 2: 1, 3: 1}  # a, b, b again, d; a; a
    assert df["events"].to_dict() == {1: 2, 2: 0, 3: 1}
    assert df["retention"].to_dict() == {1: 0.5, 2: 1.0, 3: 0.0}
    assert "1 terms may still be renewed and are left out" in found.footnote


def test_the_terms_of_all_renewals_are_those_of_the_cube_of_terms(demo):
    by_renewal = s.hazard(demo, per="renewal", by="segment").df
    cube = demo.terms("M", "segment").groupby("segment").sum(numeric_only=True)
    left = by_renewal.groupby("segment")[["at_risk", "events"]].sum()
    pd.testing.assert_series_equal(
        left["at_risk"], cube["terms"] - cube["terms_open"], check_names=False
    )
    pd.testing.assert_series_equal(left["events"], cube["terms_lost"], check_names=False)


def test_the_rows_behind_a_renewal_are_the_customers_whose_terms_ended(demo):
    found = s.hazard(demo, per="renewal", by="segment")
    df = found.df.set_index(["segment", "age"])
    rows = found.rows(age=2, segment="SMB")
    assert (rows["terms"] - rows["terms_open"]).sum() == df.loc[("SMB", 2), "at_risk"] > 0
    assert rows["terms_lost"].sum() == df.loc[("SMB", 2), "events"]
    assert len(found.rows()) > len(rows)
    with pytest.raises(UnknownNameError, match="Did you mean 'SMB'"):
        found.rows(segment="SMBB")


def test_terms_that_ended_before_a_book_was_cut_do_not_count_but_their_numbers_do():
    book = terms(
        ("a", "2022-01-01", "2023-01-01"),
        ("a", "2023-01-01", "2024-01-01"),
        ("a", "2024-01-01", "2025-01-01"),
    ).between("2023-06", "2026-01")
    found = s.hazard(book, per="renewal")
    df = found.df.set_index("age")
    assert df["at_risk"].to_dict() == {1: 0, 2: 1, 3: 1}
    assert df["reason"].to_dict() == {1: "nobody is at risk at this age", 2: "", 3: ""}
    assert found.rows(age=1).empty
    assert s.fit(book, "exponential", per="renewal").extra["summary"]["n"].tolist() == [1]


def test_with_yearly_contracts_ages_in_years_are_renewals():
    book = terms(
        ("a", "2022-03-01", "2023-03-01"),
        ("a", "2023-03-01", "2024-03-01"),
        ("b", "2022-09-01", "2023-09-01"),
        ("c", "2022-05-01", "2023-05-01"),
        ("c", "2023-05-01", "2024-05-01"),
    )
    years = s.hazard(book, freq="Y").df.set_index("age").loc[1:, ["at_risk", "events"]]
    renewals = s.hazard(book, per="renewal").df.set_index("age")[["at_risk", "events"]]
    pd.testing.assert_frame_equal(years, renewals, check_dtype=False)


def test_a_table_of_monthly_mrr_has_no_terms():
    book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    with pytest.raises(DataError, match='With per="age" and freq="Y" a year is a term'):
        s.hazard(book, per="renewal")
