"""What each cohort has repaid of what it cost to win, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.metrics.economics.spend import monthly_spend, shared_out
from saasmetrics.metrics.economics.verdict import UNRECORDED
from saasmetrics.money import MICRO
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import kaplan_meier
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book


def repaid_cohorts(
    book: Book,
    by: tuple[str, ...],
    functions: Sequence[str],
    lag: int,
    margin: NDArray[np.float64],
    target: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the payback of every cohort of customers, and its median over the cohorts.

    Parameters
    ----------
    book
        The company's tables.
    by
        Groups besides the cohort.
    functions, lag
        Which spend, and how many months before the cohort it fell.
    margin
        Gross margin of each group, as a share.
    target
        Months within which the cost should be repaid.

    Returns
    -------
    tuple of DataFrame
        One row per group and cohort; one row per group.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [9, 9]},
    ...     spend={"month": ["2026-01", "2026-02"], "function": ["sales"] * 2, "amount": [12, 0]})
    >>> repaid_cohorts(book, (), ["sales"], 0, np.ones(1), 12)[0]["value"].tolist()
    [2.0]
    """
    import pandas as pd

    first, _, full = book.engine.extent("M")
    labels = book.engine.grouping(by).labels
    cube = book.engine.triangle("M", by).measures
    cohorts = first + np.arange(cube["mrr"].shape[1])
    cost = monthly_spend(book, functions, by)
    labels = cost.labels(labels)
    more = ((0, len(labels) - cube["mrr"].shape[0]), (0, 0))
    won = np.pad(cube["customers"][:, :, 0], more) if len(cohorts) else np.zeros((len(labels), 0))
    spent = shared_out(cost, cost.over(cohorts - lag, cohorts - lag), labels, won)
    earned = np.pad(cube["mrr"] / MICRO * margin[:, None, None], (*more, (0, 0)))
    kept = _shown(book, won, spent, cohorts)
    group, cohort = np.nonzero(kept)
    seen = full - cohorts[cohort] + 1
    brought = np.cumsum(earned[group, cohort], axis=1)
    owed = spent[group, cohort]
    paid = (brought >= owed[:, None] * (1 - 1e-12)) & (np.arange(brought.shape[1]) < seen[:, None])
    month = np.where(paid.any(axis=1), paid.argmax(axis=1) + 1.0, np.nan)
    data: dict[str, Any] = label_columns(by, labels, group)
    data["cohort"] = book.calendar("M").starts(cohorts[cohort])
    data.update(value=month, low=np.nan, high=np.nan, numerator=owed)
    data["denominator"] = brought[np.arange(len(seen)), np.maximum(seen - 1, 0)]
    data["n"] = won[group, cohort].astype(int)
    data.update(_judged(month, seen, owed, won[group, cohort], target))
    return pd.DataFrame(data), _summary(by, labels, group, month, seen, owed)


def _shown(
    book: Book, won: NDArray[Any], spent: NDArray[np.float64], cohorts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Keep cohorts that have customers or cost, from the first month the book observes."""
    kept = (won > 0) | (spent > 0)
    if book.since_day is not None:
        kept &= cohorts >= book.calendar("M").ordinal(np.array([book.since_day]))[0]
    return np.asarray(kept)


def _judged(
    month: NDArray[np.float64],
    seen: NDArray[np.int64],
    owed: NDArray[np.float64],
    won: NDArray[Any],
    target: float,
) -> dict[str, Any]:
    unknown = np.isnan(owed) | (won <= 0)
    late = (month > target) | (np.isnan(month) & (seen >= target))
    verdict = np.select(
        [unknown, month <= target, late], ["not proven", "pass", "fail"], "not proven"
    )
    plain = np.array(
        [f"not repaid in the {n} month{'' if n == 1 else 's'} seen" for n in seen], object
    )
    reason = np.select(
        [np.isnan(owed), won <= 0, np.isnan(month)],
        [UNRECORDED, "no customer was won", plain],
        "",
    )
    return {
        "verdict": verdict,
        "target": float(target),
        "probability": np.nan,
        "observed": seen,
        "reason": reason,
    }


def _summary(
    by: Sequence[str],
    labels: Sequence[tuple[Any, ...]],
    group: NDArray[np.int64],
    month: NDArray[np.float64],
    seen: NDArray[np.int64],
    owed: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the median payback over the cohorts of a group; those not yet repaid are censored."""
    import pandas as pd

    known = ~np.isnan(owed)
    repaid = ~np.isnan(month)
    duration = np.where(repaid, month, seen)[known].astype(np.int64)
    table = exposure(duration, None, repaid[known], group=group[known], groups=max(len(labels), 1))
    curve = kaplan_meier(table)
    low, high = curve.median_interval
    data: dict[str, Any] = label_columns(by, labels, np.arange(len(labels)))
    data["cohorts"] = np.bincount(group[known], minlength=len(labels))
    data["repaid"] = np.bincount(group[known & repaid], minlength=len(labels))
    data.update(median=curve.median, low=low, high=high)
    return pd.DataFrame(data)
