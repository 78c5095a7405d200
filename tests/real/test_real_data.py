"""Four public data sets, from the files as they are to the retention review, against counts made apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm

FLOWS = ["new", "reactivation", "expansion", "contraction", "churn", "pause", "fx", "transfer"]
FOLDERS = ("ravenstack", "saas_metrics_sample", "fightchurn_socialnet7")
GROUPS = {
    "ravenstack": ["industry", "country", "subscriptions.plan_tier", "billing_frequency"],
    "saas_metrics_sample": ["plan_tier", "channel"],
    "fightchurn_socialnet7": ["channel", "country"],
}


@pytest.fixture(scope="module", params=FOLDERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def book(name: str, real_data: Path) -> sm.Book:
    return sm.read(real_data / name)


def test_the_gate_reports_and_lets_pass(book: sm.Book) -> None:
    assert "error" not in set(book.check().df["severity"])


@pytest.mark.parametrize("view", ["snapshot", "event"])
@pytest.mark.parametrize("freq", ["W", "M", "Q"])
def test_the_bridge_closes_to_the_last_unit(book: sm.Book, freq: str, view: str) -> None:
    cube = book.with_policy(view=view).movements(freq)
    moved = cube["opening"] + cube[FLOWS].sum(axis=1)
    assert (moved == cube["closing"]).all()
    assert (cube["opening"].iloc[1:].to_numpy() == cube["closing"].iloc[:-1].to_numpy()).all()


def test_the_bridges_of_any_group_close_and_add_up(book: sm.Book, name: str) -> None:
    whole = book.movements("M").set_index("period")
    columns = ["opening", *FLOWS, "closing"]
    for by in GROUPS[name]:
        cube = book.movements("M", by)
        assert (cube["opening"] + cube[FLOWS].sum(axis=1) == cube["closing"]).all(), by
        parts = cube.groupby("period")[columns].sum()
        pd.testing.assert_frame_equal(parts, whole[columns])


def test_net_and_gross_retention_of_groups_add_up(book: sm.Book, name: str) -> None:
    whole = book.pairs(3, "M").set_index("period")
    for by in GROUPS[name]:
        parts = book.pairs(3, "M", by).groupby("period")[["opening", "closing", "kept"]].sum()
        pd.testing.assert_frame_equal(parts, whole[["opening", "closing", "kept"]])


def test_gross_retention_is_at_most_one_and_at_most_net(book: sm.Book) -> None:
    net = sm.retention.nrr(book, window=3, interval=None).df["value"]
    gross = sm.retention.grr(book, window=3, interval=None).df["value"]
    assert ((gross <= 1) | gross.isna()).all()
    assert ((gross <= net) | gross.isna()).all()


def test_the_cohorts_add_up_to_mrr(book: sm.Book) -> None:
    layers = sm.revenue.layers(book).df.groupby("period")["value"].sum()
    mrr = sm.revenue.mrr(book).df
    mrr = mrr[mrr["complete"]].set_index("period")["value"]
    np.testing.assert_allclose(layers, mrr, rtol=1e-12)


def test_survival_falls_from_one_with_its_interval_around_it(book: sm.Book) -> None:
    df = sm.survival.curve(book).df
    assert (df["value"].diff().dropna() <= 0).all()
    known = df.dropna(subset=["low", "high"])
    assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).all()


@pytest.fixture(scope="module")
def raven(real_data: Path) -> sm.Book:
    return sm.read(real_data / "ravenstack")


def month_ends(real_data: Path, latest: bool) -> pd.Series:
    """MRR of ravenstack at each month end, from the raw file alone."""
    raw = pd.read_csv(real_data / "ravenstack" / "ravenstack_subscriptions.csv", parse_dates=[2, 3])
    raw = raw[raw["mrr_amount"] > 0]
    raw = raw[raw["end_date"].isna() | (raw["end_date"] > raw["start_date"])]
    totals = {}
    for day in pd.date_range("2023-01-31", "2024-12-31", freq="ME"):
        running = raw[(raw["start_date"] <= day) & ~(raw["end_date"] <= day)]
        if latest:
            running = (
                running.sort_values(["start_date", "subscription_id"]).groupby("account_id").tail(1)
            )
        totals[day.replace(day=1)] = float(running["mrr_amount"].sum())
    return pd.Series(totals)


@pytest.mark.parametrize("overlap", ["sum", "latest"])
def test_overlapping_subscriptions_follow_the_policy(
    raven: sm.Book, real_data: Path, overlap: str
) -> None:
    ours = sm.revenue.mrr(raven.with_policy(overlap=overlap)).df.set_index("period")["value"]
    assert ours.to_dict() == month_ends(real_data, overlap == "latest").to_dict()


def test_the_gate_finds_what_is_known_of_ravenstack(raven: sm.Book) -> None:
    found = raven.check().df
    assert found.loc[found["code"].str.contains("zero-length"), "rows"].sum() == 13
    notes = " ".join(sm.revenue.mrr(raven).notes)
    assert "778 subscriptions rows have no recurring amount" in notes


def test_prepaid_years_are_spread_over_their_service_dates(real_data: Path) -> None:
    book = sm.read(real_data / "saas_metrics_sample").with_policy(recognition="daily")
    raw = pd.read_csv(real_data / "saas_metrics_sample" / "billing.csv")
    spread = book.as_of("2027-12-31")
    assert sm.revenue.mrr(spread).df["value"].sum() == pytest.approx(raw["Amount"].sum(), abs=0.005)


def test_billing_periods_merge_into_continuous_service(real_data: Path) -> None:
    book = sm.read(real_data / "fightchurn_socialnet7")
    raw = pd.read_csv(real_data / "fightchurn_socialnet7" / "subscription.csv", parse_dates=[2, 3])
    day = pd.Timestamp("2020-04-30")
    paying = raw[(raw["start_date"] <= day) & (raw["end_date"] > day)]["account_id"].nunique()
    df = sm.revenue.mrr(book).df.set_index("period")
    assert df.loc["2020-04-01", "n"] == paying
    assert df.loc["2020-04-01", "value"] == 10 * paying
