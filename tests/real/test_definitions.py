"""RavenStack's NRR under several policies: what the notebook tells, and why."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "definitions.ipynb"


@pytest.fixture(scope="module")
def book(real_data: Path) -> sm.Book:
    return sm.read(real_data / "ravenstack")


def test_one_plan_at_a_time_is_the_latest_line_of_each_customer(book: sm.Book) -> None:
    # Counted apart: of the lines that run on a day, each customer's that started last, ids breaking ties.
    lines = book.frame("subscriptions")
    start, end = pd.to_datetime(lines["start"]), pd.to_datetime(lines["end"])
    lines = lines.assign(begin=start)[lines["amount"] > 0]
    held = []
    for day in pd.to_datetime(["2023-12-31", "2024-12-31"]):
        runs = (start <= day) & ~(end <= day)
        ranked = lines[runs.reindex(lines.index)].sort_values(["begin", "subscription_id"])
        held.append(ranked.groupby("customer_id")["amount"].last())
    paying = held[0].index
    expected = held[1].reindex(paying).fillna(0).sum() / held[0].sum()
    ours = book.with_policy(overlap="latest")
    assert sm.retention.nrr(ours, interval=None).value == pytest.approx(expected, rel=1e-12)
