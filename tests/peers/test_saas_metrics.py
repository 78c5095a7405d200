"""The peer `saas-metrics`, run here on the same panels, gives the same bridge to the cent and the same retention.

Its rules as a policy of ours: customers, month-end snapshots, a return after any gap is a reactivation, invoices
spread by days in whole cents, retention of the customers billed twelve months before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import saas_metrics
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm

# The peer's own use of pandas is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BRIDGE = {
    "beginning": "opening",
    "new_logo": "new",
    "reactivation": "reactivation",
    "expansion": "expansion",
    "contraction": "contraction",
    "churn": "churn",
    "ending": "closing",
}


def cents(values: pd.Series) -> list[int]:
    return [round(abs(float(v)) * 100) for v in values]


def assert_same_bridge(peer: pd.DataFrame, ours: pd.DataFrame) -> None:
    for theirs, name in BRIDGE.items():
        assert cents(peer[theirs]) == cents(ours[name]), name
    assert (ours["residual"] == 0).all()


def assert_same_retention(peer: pd.DataFrame, book: sm.Book) -> None:
    for theirs, ours in (
        ("nrr_12m", sm.retention.nrr(book, interval=None)),
        ("grr_12m", sm.retention.grr(book, interval=None)),
        ("logo_retention_12m", sm.retention.logo_retention(book, interval=None)),
    ):
        expected = peer[theirs].to_numpy(float)
        np.testing.assert_allclose(ours.df["value"].to_numpy(float), expected, rtol=0, atol=1e-12)


panels = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.integers(0, 17), st.integers(1, 90_000)),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=25, deadline=None)
@given(panels)
def test_random_panels_give_the_same_bridge_and_retention(
    panel: list[tuple[str, int, int]],
) -> None:
    first, last = min(m for _, m, _ in panel), max(m for _, m, _ in panel)
    months = pd.period_range("2023-01", periods=18, freq="M")
    panel = [
        *panel,
        *(("z", m, 100) for m in range(first, last + 1)),
    ]  # the peer refuses empty months
    frame = pd.DataFrame(panel, columns=["customer_id", "month", "cents"])
    frame["month"] = [str(months[m]) + "-01" for m in frame["month"]]
    frame["mrr"] = frame.pop("cents") / 100
    report = saas_metrics.analyze(frame.rename(columns={"month": "period", "mrr": "revenue"}))
    book = sm.Book(mrr=frame)
    assert_same_bridge(report.waterfall, sm.revenue.bridge(book).df)
    assert_same_retention(report.metrics, book)


@pytest.fixture(scope="module")
def billing(real_data: Path) -> Path:
    return real_data / "saas_metrics_sample" / "billing.csv"


def test_sample_export_gives_the_same_bridge_and_retention(billing: Path) -> None:
    columns = {
        "customer_id": "Customer",
        "period": "Invoice Date",
        "revenue": "Amount",
        "service_start": "Service Start",
        "service_end": "Service End",
    }
    report = saas_metrics.analyze(billing, columns, allow_warnings=True)
    book = sm.read(billing, policy="default").with_policy(recognition="daily")
    assert_same_bridge(report.waterfall, sm.revenue.bridge(book).df)
    assert_same_retention(report.metrics, book)
    ours = sm.revenue.quick_ratio(book, interval=None).df["value"].to_numpy(float)
    np.testing.assert_allclose(ours, report.metrics["quick_ratio"].to_numpy(float), atol=1e-12)


def test_sample_export_gives_the_same_cohorts(billing: Path) -> None:
    columns = {
        "customer_id": "Customer",
        "period": "Invoice Date",
        "revenue": "Amount",
        "service_start": "Service Start",
        "service_end": "Service End",
    }
    report = saas_metrics.analyze(billing, columns, allow_warnings=True)
    book = sm.read(billing).with_policy(recognition="daily")
    for measure, theirs in (("logos", "logo_retention"), ("net", "ndr")):
        ours = sm.retention.cohorts(book, measure=measure).df
        ours = ours[ours["observed"]].sort_values(["cohort", "age"])
        peer = report.retention.sort_values(["vintage", "age"])
        np.testing.assert_allclose(
            ours["value"].to_numpy(float), peer[theirs].to_numpy(float), atol=1e-12
        )
