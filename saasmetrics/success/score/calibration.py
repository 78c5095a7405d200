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

_BINS = 10
_NONE = "too few left in the earlier or the later half"


def calibrated(found: Panel, level: float) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Return Brier score, slope and intercept of the probability, and predicted against observed by bins."""
    import pandas as pd

    early, later = found.split()
    names = ("brier", "calibration_slope", "calibration_intercept")
    base: dict[str, Any] = {"population": "later", "n": len(later.day), "events": later.leavers, "reason": ""}
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
    odds = np.log(p / (1 - p))
    line = fitted(odds[:, None], later.event, penalty=0.0)
    whole = {"numerator": float(miss.sum()), "denominator": float(len(p))}
    rows = [base | {"measure": names[0], "value": float(miss.mean()), "low": low, "high": high, **whole}]
    rows += [base | {"measure": names[1], "value": float(line[1])}, base | {"measure": names[2], "value": float(line[0])}]
    return rows, _bins(p, later.event, level)


def _bins(p: NDArray[np.float64], event: NDArray[np.bool_], level: float) -> pd.DataFrame:
    import pandas as pd

    edges = np.unique(np.quantile(p, np.linspace(0, 1, _BINS + 1)))
    at = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, max(len(edges) - 2, 0))
    n = np.bincount(at)
    k = np.bincount(at, event)
    low, high = wilson(k, n, level)
    data = {"probability": np.bincount(at, p) / n, "observed": k / n, "low": low, "high": high, "n": n, "events": k}
    return pd.DataFrame(data)
