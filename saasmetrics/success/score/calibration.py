"""Whether a probability made of the score is right: predicted against observed, on days it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.success.score.logistic import chance, fitted
from saasmetrics.success.score.ranking import bounds, drawn
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.success.score.panel import Panel

    Floats = NDArray[np.float64]

_BINS = 10
_STEPS = 12  # of Newton, which doubles the digits each time
_NONE = "too few left in the earlier or the later half"


def calibrated(found: Panel, level: float) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Return Brier score, slope and intercept of the probability, and predicted against observed by bins."""
    import pandas as pd

    early, later = found.split()
    names = ("brier", "calibration_slope", "calibration_intercept")
    base: dict[str, Any] = {
        "population": "later",
        "n": len(later.day),
        "events": later.leavers,
        "reason": "",
    }
    base |= dict.fromkeys(("value", "low", "high", "numerator", "denominator"), np.nan)
    if min(early.leavers, later.leavers) < 5 or later.event.all():
        empty = pd.DataFrame(columns=["probability", "observed", "low", "high", "n", "events"])
        return [base | {"measure": name, "reason": _NONE} for name in names], empty
    beta = fitted((100 - early.score[:, None]) / 100, early.event)
    p = chance((100 - later.score[:, None]) / 100, beta)
    miss = (p - later.event) ** 2
    used, owner = np.unique(later.entity, return_inverse=True)

    def brier(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = weights[:, owner.reshape(-1)]
        return np.asarray((rows * miss).sum(axis=1) / np.maximum(rows.sum(axis=1), 1e-300))

    low, high = bounds(drawn(brier, len(used), len(p)), level)
    odds, owner = np.log(p / (1 - p)), owner.reshape(-1)
    line = _line(odds, later.event, np.ones((1, len(p))))[0]
    draws = drawn(lambda w: _line(odds, later.event, w[:, owner]), len(used), 4 * len(p))
    whole = {"numerator": float(miss.sum()), "denominator": float(len(p))}
    rows = [
        base | {"measure": names[0], "value": float(miss.mean()), "low": low, "high": high, **whole}
    ]
    for name, at in ((names[1], 1), (names[2], 0)):
        low, high = bounds(draws[:, at], level)
        rows.append(base | {"measure": name, "value": float(line[at]), "low": low, "high": high})
    return rows, _bins(p, later.event, level)


def _line(x: Floats, event: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return intercept and slope of the logistic line of each resample, resamples x 2, by Newton's method.

    Calibration is right where they are 0 and 1. Missing where all or nobody of a resample left.
    """
    middle, spread = float(x.mean()), float(x.std()) or 1.0
    z, beta = (x - middle) / spread, np.zeros((len(weights), 2))
    share = (weights @ event) / np.maximum(weights.sum(axis=1), 1e-300)
    able = (share > 0) & (share < 1)
    inside = np.clip(share, 1e-9, 1 - 1e-9)
    beta[:, 0] = np.log(inside / (1 - inside))
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(beta[:, :1] + beta[:, 1:] * z, -30, 30)))
        curve, rest = weights * p * (1 - p), weights * (event - p)
        a, b, c = curve.sum(axis=1), curve @ z, curve @ z**2
        g, h = rest.sum(axis=1), rest @ z
        det = np.maximum(a * c - b * b, 1e-12)
        beta += np.clip(np.stack([(c * g - b * h) / det, (a * h - b * g) / det], axis=1), -2, 2)
    slope = beta[:, 1] / spread
    out = np.stack([beta[:, 0] - slope * middle, slope], axis=1)
    return np.where(able[:, None], out, np.nan)


def _bins(p: NDArray[np.float64], event: NDArray[np.bool_], level: float) -> pd.DataFrame:
    import pandas as pd

    edges = np.unique(np.quantile(p, np.linspace(0, 1, _BINS + 1)))
    at = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, max(len(edges) - 2, 0))
    n = np.bincount(at)
    k = np.bincount(at, event)
    low, high = wilson(k, n, level)
    data = {
        "probability": np.bincount(at, p) / n,
        "observed": k / n,
        "low": low,
        "high": high,
        "n": n,
        "events": k,
    }
    return pd.DataFrame(data)
