"""How long customers and their money stay: survival curves from lifetimes counted by age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import definition, metric
from saasmetrics.money import MICRO
from saasmetrics.proof.trace import Trace
from saasmetrics.result import Result
from saasmetrics.survival.bootstrap import (
    percentile_interval,
    resample_weights,
    resampled_survival,
)
from saasmetrics.survival.estimate import (
    KaplanMeier,
    check_level,
    kaplan_meier,
    median,
    normal_quantile,
    restricted_mean,
    survival,
    whole_horizon,
)
from saasmetrics.survival.lives import Lives, label_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.survival.counts import Exposure

WEIGHTS = {
    "logos": "every customer counts once",
    "mrr": "customers count by the MRR they started with; the interval resamples customers",
}

_SUMMARY = (
    *("n", "events", "median", "median_low", "median_high"),
    *("rmst", "rmst_low", "rmst_high", "horizon", "reason"),
)


@metric(
    id="survival",
    name="Survival",
    unit="curve",
    better="higher",
    meaning="Of the customers won, or of the MRR they started with, the share that is still there "
    "at each age.",
    formula="product over the ages of 1 - lost / at risk (Kaplan-Meier)",
    missing="There is no row for an age that nobody has reached yet; the median is missing where "
    "the curve never falls to a half.",
    sources=("METRICS.md", "Kaplan and Meier 1958", "lifelines 0.30"),
    options={
        "weight": WEIGHTS,
        "freq": "age in {value}",
        "interval": "interval of {value:.0%}",
        "horizon": "restricted mean to age {value}",
    },
    choices=("gap_days", "churn_date"),
)
def curve(
    book: Book,
    by: str | Sequence[str] | None = None,
    weight: str = "logos",
    freq: str = "M",
    horizon: int | None = None,
    *,
    interval: float | None = 0.95,
) -> Result:
    """Kaplan-Meier survival of customers, or of the MRR they started with, by age.

    A customer's life runs from the first period at whose end it pays to the first at whose end it
    is gone; a customer who still pays is censored at the last complete period. In a book cut with
    `between`, customers won earlier come into view at the age they have then (left truncation).

    Parameters
    ----------
    book
        The company's tables.
    by
        Columns of the customers or the subscriptions to group by.
    weight
        "logos": each customer counts once. "mrr": each counts by its starting MRR.
    freq
        D, W, M, Q or Y: the unit of age.
    horizon
        Last age to show, and the age to which the mean lifetime is restricted. By default all ages,
        and the largest age that is known for every group.
    interval
        Coverage of the interval: Greenwood on the log(-log) scale for logos, and before the first loss
        Wilson's of those at risk; customers resampled for MRR; None for none.

    Returns
    -------
    Result
        by-columns, age, value, low, high, at_risk, events, censored (customers, or currency units).
        Its `extra["summary"]` has one row per group: n, events, median and rmst with their
        intervals, horizon, reason.

    Raises
    ------
    UnknownNameError
        If a column, weight or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a", "b", "b"], "mrr": [10, 10, 20, 0],
    ...     "month": ["2026-01", "2026-02", "2026-01", "2026-02"]})
    >>> sm.survival.curve(book).df["value"].tolist()
    [1.0, 0.5]
    """
    one_of("weight", weight, WEIGHTS)
    whole_horizon(horizon)
    if interval is not None:
        check_level(interval)
    resampled = weight == "mrr" and interval is not None
    lives = Lives.of(book, by, freq, resampled=resampled)
    curves = _logo_curves(lives, interval) if weight == "logos" else _mrr_curves(lives, interval)
    until = horizon or _common_horizon(curves, lives.longest)
    options = {"weight": weight, "freq": _ages(book, freq), "interval": interval, "horizon": until}
    df = _curve_frame(lives, curves, horizon)
    return Result(
        definition("survival"),
        df,
        "curve",
        book.context(options),
        lives.by,
        (*lives.notes, *book.engine.notes, *book.warnings()),
        {"summary": _summary(lives, curves, until, interval)},
        lambda age=None, **group: lives.rows(group, age),
        trace=lambda age, **group: _trace(df, age, group),
    )


def _trace(df: pd.DataFrame, age: int, group: Mapping[str, Any]) -> Trace:
    """Return how a point of a curve follows from the ages up to it: the product of the shares kept at each."""
    here = (df["age"] <= age) & (df["at_risk"] > 0)
    for name, label in group.items():
        here &= df[name] == label
    rows = df.loc[here, ["age", "at_risk", "events"]].reset_index(drop=True)
    rows.insert(1, "kept", 1 - rows["events"] / rows["at_risk"])
    said = "The customers at risk at each age are in Result.rows(age=...)"
    made = {"kept": "1 - events / at_risk"}
    return Trace(rows, "kept", {"kept": "product"}, made, "ages", notes=(said,))


@dataclass(frozen=True, eq=False)
class _Curves:
    """Curves per group, with what their medians and means may be."""

    table: Exposure
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    unit: float
    logos: KaplanMeier | None = None
    samples: tuple[NDArray[np.float64] | None, ...] = ()


def _logo_curves(lives: Lives, interval: float | None) -> _Curves:
    found = kaplan_meier(lives.customers, interval or 0.95)
    unknown = np.full_like(found.share, np.nan)
    low, high = (unknown, unknown) if interval is None else (found.low, found.high)
    return _Curves(lives.customers, found.share, low, high, 1.0, logos=found)


def _mrr_curves(lives: Lives, interval: float | None) -> _Curves:
    table = lives.starting
    share = survival(table.at_risk, table.events)
    low, high = np.full_like(share, np.nan), np.full_like(share, np.nan)
    samples: list[NDArray[np.float64] | None] = [None] * len(lives.labels)
    if interval is not None and len(lives.frame):
        exposed, lost = lives.bagged("mrr_micro")
        for g in range(len(lives.labels)):
            used = np.flatnonzero(exposed[g].any(axis=1))
            if len(used) >= 2:
                drawn = resampled_survival(
                    resample_weights(len(used)), exposed[g, used], lost[g, used]
                )
                samples[g] = drawn
                low[g], high[g] = percentile_interval(drawn, interval)
    return _Curves(table, share, low, high, 1 / MICRO, samples=tuple(samples))


def _curve_frame(lives: Lives, curves: _Curves, horizon: int | None) -> pd.DataFrame:
    import pandas as pd

    known = np.arange(curves.share.shape[1]) <= lives.longest[:, None]
    if horizon is not None:
        known[:, horizon + 1 :] = False
    group, age = np.nonzero(known)
    data: dict[str, Any] = label_columns(lives.by, lives.labels, group)
    data["age"] = age
    data["value"], data["low"], data["high"] = (
        values[group, age] for values in (curves.share, curves.low, curves.high)
    )
    for name in ("at_risk", "events", "censored"):
        counts = getattr(curves.table, name)[group, age]
        data[name] = counts if curves.unit == 1 else counts * curves.unit
    return pd.DataFrame(data)


def _summary(lives: Lives, curves: _Curves, horizon: int, interval: float | None) -> pd.DataFrame:
    import pandas as pd

    rows = [_summary_row(lives, curves, g, horizon, interval) for g in range(len(lives.labels))]
    found = pd.DataFrame(rows, columns=[*_SUMMARY])
    labels = label_columns(lives.by, lives.labels, np.arange(len(lives.labels)))
    return pd.concat([pd.DataFrame(labels), found], axis=1)


def _summary_row(
    lives: Lives, curves: _Curves, g: int, horizon: int, interval: float | None
) -> dict[str, Any]:
    alive = curves.share[g]
    n = int(lives.frame["customers"].to_numpy()[lives.group == g].sum())
    out: dict[str, Any] = {"n": n, "events": int(lives.customers.events[g].sum())}
    half = float(median(alive))
    out["median"], out["horizon"], reasons = half, horizon, []
    if np.isnan(half):
        reasons.append(f"the curve does not fall to a half by age {max(lives.longest[g], 0)}")
    mean = _mean(alive, lives.longest[g], horizon)
    if mean is None:
        reasons.append(f"nobody was seen past age {lives.longest[g]}, short of the horizon")
    out["rmst"] = np.nan if mean is None else mean
    if interval is not None:
        bounds = _bounds(curves, g, horizon, interval, known=mean is not None)
        out.update(zip(("median_low", "median_high", "rmst_low", "rmst_high"), bounds, strict=True))
    out["reason"] = "; ".join(reasons)
    return out


def _mean(alive: NDArray[np.float64], longest: int, horizon: int) -> float | None:
    """Return the area under a curve to the horizon; None where it is not known so far."""
    if horizon > longest + 1 and (longest < 0 or alive[longest] > 0):
        return None
    return float(restricted_mean(alive, min(horizon, len(alive))))


def _bounds(
    curves: _Curves, g: int, horizon: int, interval: float, *, known: bool
) -> tuple[float, float, float, float]:
    until = min(horizon, curves.share.shape[1])
    if curves.logos is not None:
        low, high = (float(edge[g]) for edge in curves.logos.median_interval)
        if not known:
            return low, high, np.nan, np.nan
        mean, error = (float(value[g]) for value in curves.logos.restricted_mean(until))
        z = normal_quantile(interval)
        return low, high, max(mean - z * error, 0.0), min(mean + z * error, float(horizon))
    drawn = curves.samples[g]
    if drawn is None:
        return np.nan, np.nan, np.nan, np.nan
    halves = median(drawn)
    endless = np.isnan(halves) & ~np.isnan(drawn[:, 0])
    edges = percentile_interval(np.where(endless, np.inf, halves), interval)
    half = tuple(float(edge) if np.isfinite(edge) else np.nan for edge in edges)
    means = percentile_interval(restricted_mean(drawn, until), interval)
    rmst = tuple(float(edge) for edge in means) if known else (np.nan, np.nan)
    return half[0], half[1], rmst[0], rmst[1]


def _common_horizon(curves: _Curves, longest: NDArray[np.int64]) -> int:
    """Return the largest age known for every group; where nobody is left, all ages are known."""
    open_ended = [
        int(age) for g, age in enumerate(longest) if age >= 1 and curves.share[g, age] > 0
    ]
    return min(open_ended) if open_ended else max(int(longest.max(initial=1)), 1)


def _ages(book: Book, freq: str) -> str:
    return f"{book.calendar(freq).noun}s"
