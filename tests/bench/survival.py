"""Curves and fits of lifetimes from counts, against lifelines on rows: `python -m tests.bench.survival`.

A million made-up lives in twenty segments, with ages in months up to 60 and a third of them still going. Counting
them is timed apart: the engine hands out counts in any case. Seconds are processor time, the best of several runs.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

SEGMENTS, MONTHS, MODELS = 20, 60, ("weibull", "sbg", "bdw")
Lives = tuple[np.ndarray, np.ndarray, np.ndarray]


def lives(count: int, seed: int = 11) -> Lives:
    """Draw duration, event and segment."""
    rng = np.random.default_rng(seed)
    segment = rng.integers(0, SEGMENTS, count)
    life = np.ceil((15 + 2 * segment) * rng.weibull(0.8, count))
    seen = rng.integers(1, MONTHS + 1, count)
    return np.minimum(life, seen).astype(np.int64), life <= seen, segment


def counted(drawn: Lives) -> Any:
    """Count the lives by segment and age."""
    from saasmetrics.survival.counts import exposure

    duration, event, segment = drawn
    return exposure(duration, None, event, group=segment, groups=SEGMENTS, ages=MONTHS + 1)


def ours(table: Any) -> None:
    """Draw all curves with their bands, and fit three models to every segment."""
    from saasmetrics.survival.distributions import distribution
    from saasmetrics.survival.estimate import kaplan_meier
    from saasmetrics.survival.likelihood import fit_counts

    kaplan_meier(table)
    for at_risk, events in zip(table.at_risk, table.events, strict=True):
        for model in MODELS:
            fit_counts(distribution(model), at_risk, events)


def one_model(table: Any, model: str) -> Any:
    """Fit one model to all lives together."""
    from saasmetrics.survival.distributions import distribution
    from saasmetrics.survival.likelihood import fit_counts

    return fit_counts(distribution(model), table.at_risk.sum(axis=0), table.events.sum(axis=0))


def curves_by_rows(drawn: Lives) -> None:
    """Fit lifelines' Kaplan-Meier to the rows of every segment."""
    from lifelines import KaplanMeierFitter

    duration, event, segment = drawn
    for number in range(SEGMENTS):
        mine = segment == number
        KaplanMeierFitter().fit(duration[mine], event[mine])


def curves_by_counts(table: Any) -> None:
    """Make the same curves from counts."""
    from saasmetrics.survival.estimate import kaplan_meier

    kaplan_meier(table)


def weibull_by_rows(drawn: Lives) -> Any:
    """Fit lifelines' Weibull to the rows of all lives."""
    from lifelines import WeibullFitter

    duration, event, _ = drawn
    return WeibullFitter().fit(duration, event)


def spent(work: Callable[[], Any], runs: int = 3) -> float:
    """Return the processor seconds of the best run."""
    took = []
    for _ in range(runs):
        before = time.process_time()
        work()
        took.append(time.process_time() - before)
    return min(took)


def book_of(rows: int) -> Any:
    """Return the benchmark's company with its customers in twenty segments."""
    import pyarrow as pa

    import saasmetrics as sm
    from tests.bench import data

    table = data.subscriptions(rows)
    ids = table["customer_id"].to_numpy(zero_copy_only=False).astype(np.int64)
    return sm.Book(
        subscriptions=table.append_column("band", pa.array(ids % SEGMENTS)), as_of="2025-12-31"
    )


def lifetime_values(rows: int) -> float:
    """Return the seconds of LTV by segment with intervals, once the company has been counted."""
    import saasmetrics as sm

    book = book_of(rows)
    sm.economics.ltv(book, by="band", margin=0.8)
    return spent(lambda: sm.economics.ltv(book, by="band", margin=0.8), 2)


def measured(count: int) -> dict[str, float]:
    """Return seconds and ratios at a number of lives."""
    drawn, few = lives(count), lives(10_000)
    table, small = counted(drawn), counted(few)
    ours(small)  # imports
    found = {
        "count": spent(lambda: counted(drawn)),
        "curves and fits of 20 segments": spent(lambda: ours(table), 2),
        "curves and fits of 20 segments, 10 thousand lives": spent(lambda: ours(small), 2),
        "curves from counts": spent(lambda: [curves_by_counts(table) for _ in range(20)], 5) / 20,
    }
    for model in MODELS:
        found[model] = spent(lambda m=model: [one_model(table, m) for _ in range(6)]) / 6
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        weibull_by_rows(few)
        found["lifelines Weibull"] = spent(lambda: weibull_by_rows(drawn), 1)
        found["lifelines curves"] = spent(lambda: curves_by_rows(drawn), 1)
    for model in MODELS:
        found[f"lifelines Weibull over {model}"] = found["lifelines Weibull"] / found[model]
    found["lifelines curves over curves"] = found["lifelines curves"] / found["curves from counts"]
    found["lifelines curves over count and curves"] = found["lifelines curves"] / (
        found["count"] + found["curves from counts"]
    )
    large, little = (k for k in found if k.startswith("curves and fits"))
    found["million over 10 thousand"] = found[large] / found[little]
    found["LTV of 20 segments"] = lifetime_values(count // 4)
    found["LTV of 20 segments, few customers"] = lifetime_values(count // 4 // 66)
    found["LTV of many over few"] = (
        found["LTV of 20 segments"] / found["LTV of 20 segments, few customers"]
    )
    return found


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), indent=1))
