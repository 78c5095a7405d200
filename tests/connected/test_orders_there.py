"""The order in which rows come changes no number, whoever gives them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

import saasmetrics as sm
from tests.connected.natives import WAYS, there

MANY = 120
TOLD: dict[str, Any] = {"as_of": "2024-12-31", "currency": "USD"}


def tables() -> dict[str, pl.DataFrame]:
    """Return customers of as many kinds as often as each other, a third of which grow, and touches at random."""
    rng, who = np.random.default_rng(1), [f"c{i:03}" for i in range(MANY)]
    months, third = rng.integers(4, 13, MANY), range(0, MANY, 3)
    plans = ["ABCD"[i % 4] for i in range(MANY)]
    first = {"customer_id": who, "start": dt.date(2024, 1, 1), "plan": plans}
    grown = {
        "customer_id": [who[i] for i in third],
        "start": [dt.date(2024, int(months[i]), 5) for i in third],
        "plan": [plans[i] for i in third],
    }
    lines = [
        pl.DataFrame({**first, "mrr": [100.0 + 5 * i for i in range(MANY)]}),
        pl.DataFrame({**grown, "mrr": [20.0] * len(third)}),
    ]
    touches = {
        "customer_id": [who[i] for i in rng.integers(0, MANY, 150)],
        "at": [dt.date(2024, int(m), 9) for m in rng.integers(2, 13, 150)],
        "kind": ["call"] * 150,
    }
    segments = ["msl"[i % 3] for i in range(MANY)]
    return {
        "subscriptions": pl.concat(lines).with_row_index("subscription_id"),
        "customers": pl.DataFrame({"customer_id": who, "segment": segments}),
        "activities": pl.DataFrame(touches),
    }


def test_expansion_of_touched_customers_is_the_same_to_the_last_bit_in_every_order() -> None:
    found = set()
    for seed in range(3):
        mixed = {k: v.sample(fraction=1, shuffle=True, seed=seed) for k, v in tables().items()}
        books = [sm.Book(**mixed, **TOLD)]
        for way in WAYS:
            placed = {kind: there(rows.to_arrow(), way) for kind, rows in mixed.items()}
            books += [sm.connect(**placed, **TOLD)]
        for book in books:
            frame = sm.success.touched_expansion(book).extra["adjusted"]
            found.add(tuple(frame[["plain", "value", "low", "high"]].to_numpy().ravel()))
    (numbers,) = found
    assert np.isfinite(numbers).all()


def test_of_equal_subscriptions_sensitivity_names_the_first_by_id_in_every_engine() -> None:
    lines = {
        "subscription_id": ["s9", "s1", "s5", "s3"],
        "customer_id": ["a", "a", "b", "b"],
        "start": [dt.date(2023, 1, 1)] * 4,
        "end": [dt.date(2024, 6, 1)] * 2 + [None] * 2,
        "mrr": [10.0] * 4,
    }
    rows = pl.DataFrame(lines)
    placed = [sm.connect(subscriptions=there(rows.to_arrow(), way), **TOLD) for way in WAYS]
    for book in (sm.Book(subscriptions=rows, **TOLD), *placed):
        said = sm.retention.sensitivity(book.with_policy(entity="subscription")).text
        assert "33.3% (without s3) and 66.7% (without s1)" in said


def test_health_over_time_and_targets_stand_in_one_order_in_every_engine() -> None:
    planned = {
        "metric": ["arr", "arr", "nrr", "arr"],
        "period": ["2024-12", "2024", "2024-Q4", "2024-Q4"],
        "value": [10.0, 20.0, 1.0, 30.0],
    }
    used = {"customer_id": ["c000"], "date": [dt.date(2024, 12, 2)], "users": [1]}
    given = {**tables(), "targets": pl.DataFrame(planned), "usage": pl.DataFrame(used)}
    history, standing = [], []
    for seed in range(2):
        mixed = {k: v.sample(fraction=1, shuffle=True, seed=seed) for k, v in given.items()}
        placed = {kind: there(rows.to_arrow(), "duckdb") for kind, rows in mixed.items()}
        for book in (sm.Book(**mixed, **TOLD), sm.connect(**placed, **TOLD)):
            history.append(sm.success.health_history(book, last=2).df["customer_id"].tolist())
            found = sm.success.targets(book).df
            standing.append([f"{each:%Y-%m}" for each in found["period"]])
    assert all(one == history[0] for one in history)
    assert history[0][:MANY] == sorted(history[0][:MANY])
    # the year, then the quarter, then the month; of arr and nrr each
    months = ["2024-01", "2024-10", "2024-12"]
    assert standing == [[month for month in months for _ in ("arr", "nrr")]] * 4
