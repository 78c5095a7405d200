"""How large an effect must be for a trial of the company's size to show it."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import finite, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.success.effect.panel import balances
from saasmetrics.survival.estimate import check_level, normal_quantile

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]


@metric(
    id="detectable_effect",
    name="Smallest effect that a trial can show",
    abbr="MDE",
    unit="ratio",
    better="lower",
    meaning="How many more customers a programme must keep for a trial of this size to notice it.",
    formula="(quantile of the level + that of the power) x standard error of the difference between arms",
    missing="Missing where too few customers pay.",
    sources=("METRICS.md", "Hussey and Hughes 2007", "Eldridge, Ashby and Kerry 2006"),
    options={
        "horizon": "retention over {value} months",
        "share": "share treated {value:.0%}",
        "cluster": "drawn by {value}",
        "waves": "stepped roll-out in {value} waves",
        "power": "power {value:.0%}",
        "interval": "two-sided level {value:.0%}",
    },
)
def detectable(
    book: Book,
    horizon: int = 12,
    *,
    cluster: str | None = None,
    waves: int | None = None,
    share: float = 0.5,
    icc: float | None = None,
    power: float = 0.8,
    interval: float = 0.95,
) -> Result:
    """The smallest effect on retention that a trial among today's customers would show.

    Parameters
    ----------
    book
        The company's tables.
    horizon
        Months that customers are followed; in a stepped roll-out the months between waves.
    cluster
        Column by which customers are drawn together, such as "csm_id".
    waves
        How many waves, for a stepped roll-out by cluster; None for two arms.
    share
        Share of the units that are treated, of two arms.
    icc
        How alike customers of a cluster are (intra-cluster correlation); by default as over the last `horizon` months.
    power
        Chance to show an effect of that size.
    interval
        Coverage of the interval that must exclude 0.

    Returns
    -------
    Result
        One row: value (smallest difference of retention), base (retention without it), n, clusters, icc,
        design_effect (how many times more customers it takes), standard_error, words, reason.

    Raises
    ------
    DataError
        If waves are asked for without a cluster, or a number is out of its limits.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> 0 < sm.success.detectable(sm.demo(customers=300)).value < 1
    True
    """
    horizon = whole("horizon", horizon, 1, "a whole number of months", 120)
    share = finite("share", share, "the share treated", least=0.01, most=0.99)
    power = finite("power", power, "a chance such as 0.8", least=0.05, most=0.999)
    check_level(interval)
    if waves is not None and cluster is None:
        msg = 'A stepped roll-out is by groups: name their column, such as cluster="csm_id".'
        raise DataError(msg)
    kept, code, now = _kept(book, horizon, cluster)
    base = float(kept.mean()) if len(kept) else np.nan
    sizes = np.bincount(now) if len(now) else np.zeros(1, np.int64)
    sizes = sizes[sizes > 0]
    like = 0.0 if cluster is None else _icc(kept, code) if icc is None else icc
    like = finite("icc", like, "a correlation", least=0.0, most=1.0)
    error, effect = _error(base, sizes, like, share, waves)
    value = _reach(interval, power, None if cluster is None else len(sizes)) * error
    reason = "" if value == value and len(kept) else "too few customers have been followed so long"
    df = _frame(value, base, sizes, like, effect, error, horizon, reason)
    options = {
        "horizon": horizon,
        "share": None if waves else share,
        "cluster": cluster,
        "waves": waves,
        "power": power,
        "interval": interval,
    }
    notes = ["Base and likeness are those of customers who paid so many months ago"]
    extra = {"headline": str(df["words"].iloc[0]) or reason}
    return made(book, "detectable_effect", df, "table", options=options, notes=notes, extra=extra)


def _frame(
    value: float,
    base: float,
    sizes: Ints,
    icc: float,
    effect: float,
    error: float,
    horizon: int,
    reason: str,
) -> pd.DataFrame:
    import pandas as pd

    said = (
        f"A trial with {int(sizes.sum()):,} customers shows a change of {horizon}-month retention from {base:.1%} if "
        f"it is at least {100 * value:.1f} points"
    )
    return pd.DataFrame(
        [
            {
                "value": value,
                "base": base,
                "n": int(sizes.sum()),
                "clusters": len(sizes),
                "icc": icc,
                "design_effect": effect,
                "standard_error": error,
                "words": "" if reason else said,
                "reason": reason,
            }
        ]
    )


def _reach(interval: float, power: float, clusters: int | None) -> float:
    """Return how many standard errors an effect must be; of Student's distribution where clusters are drawn."""
    if clusters is None:
        return normal_quantile(interval) + NormalDist().inv_cdf(power)
    from scipy.stats import t

    freedom = max(clusters - 2, 1)
    return float(t.ppf(0.5 + interval / 2, freedom) + t.ppf(power, freedom))


def _kept(book: Book, horizon: int, cluster: str | None) -> tuple[NDArray[np.float64], Ints, Ints]:
    """Return who of those paying `horizon` months ago still pays, with the cluster of each, and that of those today."""
    held, _, _ = balances(book)
    code = np.arange(len(held)) if cluster is None else followed(book.engine).origin((cluster,))
    now = code[held[:, -1] > 0].astype(np.int64)
    if held.shape[1] <= horizon:
        return np.zeros(0), np.zeros(0, np.int64), now
    there = held[:, -1 - horizon] > 0
    # Who left and came back had left.
    gone = (held[there, -horizon:] == 0).any(axis=1)
    return (~gone).astype(np.float64), code[there].astype(np.int64), now


def _icc(y: NDArray[np.float64], code: Ints) -> float:
    """Return the intra-cluster correlation by analysis of variance, at least 0."""
    _, code = np.unique(code, return_inverse=True)
    code = code.reshape(-1)
    n = np.bincount(code)
    many, total = len(n), len(y)
    if many < 2 or total <= many:
        return 0.0
    means = np.bincount(code, y) / n
    between = float((n * (means - y.mean()) ** 2).sum()) / (many - 1)
    within = float(((y - means[code]) ** 2).sum()) / (total - many)
    size = (total - float((n**2).sum()) / total) / (many - 1)
    bottom = between + (size - 1) * within
    return max((between - within) / bottom, 0.0) if bottom > 0 else 0.0


def _error(
    base: float, sizes: Ints, icc: float, share: float, waves: int | None
) -> tuple[float, float]:
    """Return the standard error of the difference, and how many times more customers clusters take.

    Examples
    --------
    >>> round(_error(0.8, np.ones(200, int), 0.0, 0.5, None)[0], 4)  # sqrt(0.8 x 0.2 x (1/100 + 1/100))
    0.0566
    """
    spread, total = base * (1 - base), int(sizes.sum())
    if not total or not spread > 0:
        return np.nan, np.nan
    mean = total / len(sizes)
    uneven = float((sizes**2).mean()) / mean**2
    effect = 1 + (uneven * mean - 1) * icc
    plain = spread / total * (1 / share + 1 / (1 - share))
    if waves is None:
        return float(np.sqrt(plain * effect)), effect
    variance = _stepped(len(sizes), waves, spread * (1 - icc) / mean, spread * icc)
    return float(np.sqrt(variance)), variance / (4 * spread / total)


def _stepped(clusters: int, waves: int, cell: float, between: float) -> float:
    """Return the variance of the effect in a stepped roll-out with one period before it (Hussey and Hughes 2007).

    Parameters
    ----------
    clusters, waves
        How many there are.
    cell
        Variance of the mean of a cluster in a period, about its own mean.
    between
        Variance of the means of clusters.
    """
    periods = waves + 1
    on = np.arange(periods)[None, :] > (np.arange(clusters) * waves // clusters)[:, None]
    u, w = float(on.sum()), float((on.sum(axis=0) ** 2).sum())
    v = float((on.sum(axis=1) ** 2).sum())
    i, t = clusters, periods
    top = i * cell * (cell + t * between)
    bottom = (i * u - w) * cell + (u**2 + i * t * u - t * w - i * v) * between
    return top / bottom if bottom > 0 else np.nan
