"""What each cohort has repaid of what it cost to win, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.cash import cash_by_cohort
from saasmetrics.metrics.economics.spend import monthly_spend, shared_out
from saasmetrics.metrics.economics.verdict import UNRECORDED
from saasmetrics.metrics.made import ratio
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
    view: str = "margin",
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
    view
        "margin": gross profit on MRR; "cash": what was billed, less the cost of serving.

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
    earned = np.pad(_earned(book, by, cube["mrr"], margin, view), (*more, (0, 0)))
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
    left = np.pad(cube["customers"], (*more, (0, 0)))[group, cohort, np.maximum(seen - 1, 0)]
    ended = np.isnan(month) & (left == 0) & (won[group, cohort] > 0)
    data.update(_judged(month, seen, owed, won[group, cohort], target, ended))
    ahead = np.pad(_ahead(book, by), (more[0], (0, 0)))
    found = _projected(month, seen, owed, brought, earned[group, cohort], ahead[group])
    # What was billed last says nothing of what will be: cash is not projected.
    data["projected"] = np.where(ended, np.nan, found if view == "margin" else month)
    return pd.DataFrame(data), _summary(by, labels, group, month, seen, owed, ended)


def _shown(
    book: Book, won: NDArray[Any], spent: NDArray[np.float64], cohorts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Keep cohorts that have customers or cost, from the first month the book observes."""
    kept = (won > 0) | (spent > 0)
    if book.since_day is not None:
        kept &= cohorts >= book.calendar("M").ordinal(np.array([book.since_day]))[0]
    return np.asarray(kept)


def _earned(
    book: Book, by: tuple[str, ...], mrr: NDArray[np.int64], margin: NDArray[np.float64], view: str
) -> NDArray[np.float64]:
    """Return what a cohort brought in at each age, in currency units."""
    share = margin[:, None, None]
    if view == "margin":
        return np.asarray(mrr / MICRO * share)
    cash, _ = cash_by_cohort(book.engine, by)
    return np.asarray(cash / MICRO - mrr / MICRO * (1 - share))


def _ahead(book: Book, by: tuple[str, ...]) -> NDArray[np.float64]:
    """Return MRR by age as multiples of that at age 0: each step is that of everybody seen at both of its ends."""
    cube = book.engine.ages("M", by).measures
    before, after = (cube["mrr"] - cube["oldest"])[:, :-1], cube["mrr"][:, 1:]
    step = np.divide(after, before, out=np.zeros(after.shape), where=before > 0)
    return np.cumprod(np.pad(step, ((0, 0), (1, 0)), constant_values=1.0), axis=1)


def _projected(
    month: NDArray[np.float64],
    seen: NDArray[np.int64],
    owed: NDArray[np.float64],
    brought: NDArray[np.float64],
    earned: NDArray[np.float64],
    ahead: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the month in which a cohort will have repaid if it goes on like older ones did; missing for never.

    From its last month on the MRR of a cohort follows the steps that older ones took from the same age on, up to the
    age of the oldest.
    """
    rows, last = np.arange(len(seen)), np.maximum(seen - 1, 0)
    ages = ahead.shape[1]
    if not len(seen) or not ages:
        return np.full(len(seen), np.nan)
    pace = np.divide(
        earned[rows, last], ahead[rows, last], out=np.zeros(len(seen)), where=ahead[rows, last] > 0
    )
    later = np.where(np.arange(ages) > last[:, None], ahead * pace[:, None], 0.0)
    total = brought[rows, last][:, None] + np.cumsum(later, axis=1)
    enough = (total >= owed[:, None]) & (np.arange(ages) > last[:, None])
    found = np.where(enough.any(axis=1), enough.argmax(axis=1) + 1.0, np.nan)
    return np.where(np.isnan(month), found, month)


def _judged(
    month: NDArray[np.float64],
    seen: NDArray[np.int64],
    owed: NDArray[np.float64],
    won: NDArray[Any],
    target: float,
    ended: NDArray[np.bool_],
) -> dict[str, Any]:
    unknown = np.isnan(owed) | (won <= 0)
    late = (month > target) | (np.isnan(month) & ((seen >= target) | ended))
    verdict = np.select(
        [unknown, month <= target, late], ["not proven", "pass", "fail"], "not proven"
    )
    plain = np.array(
        [f"not repaid in the {n} month{'' if n == 1 else 's'} seen" for n in seen], object
    )
    reason = np.select(
        [np.isnan(owed), won <= 0, ended, np.isnan(month)],
        [UNRECORDED, "no customer was won", "never: all its customers have left", plain],
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
    ended: NDArray[np.bool_],
) -> pd.DataFrame:
    """Return the median payback over the cohorts of a group; those not yet repaid are censored.

    Cohorts that have lost all customers never repay: they are at risk for as long as anyone is.
    """
    import pandas as pd

    known = ~np.isnan(owed)
    repaid = ~np.isnan(month)
    longest = int(seen.max(initial=0))
    duration = np.where(repaid, month, np.where(ended, longest, seen))[known].astype(np.int64)
    table = exposure(duration, None, repaid[known], group=group[known], groups=max(len(labels), 1))
    curve = kaplan_meier(table)
    low, high = curve.median_interval
    data: dict[str, Any] = label_columns(by, labels, np.arange(len(labels)))
    data["cohorts"] = np.bincount(group[known], minlength=len(labels))
    data["repaid"] = np.bincount(group[known & repaid], minlength=len(labels))
    data["never"] = np.bincount(group[known & ended], minlength=len(labels))
    data["share"] = ratio(data["repaid"], data["cohorts"])
    data.update(median=curve.median, low=low, high=high)
    return pd.DataFrame(data)
