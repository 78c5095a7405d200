"""What goes with being touched, and what does not follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.survival.partial import CoxFit, Rows, fit_cox

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.success.effect.panel import Panel

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

WARNING = "Risky accounts get more touches; this is not an effect."
NAIVE = (
    "Ever touched against never touched: customers had to stay to be touched (immortal time), and who is touched "
    "is not like the others; do not report it."
)
NOT_CAUSAL = (
    "Before and after, or side by side, is not cause and effect: renewals, add-ons and referrals move with season, "
    "price and product as well. Ask sm.success.attribution for what the programme did."
)


def time_varying(start: Ints, stop: Ints, event: Ints, covariates: Array) -> CoxFit:
    """Fit Cox's model to episodes: a life is cut where it begins to be treated, and counts as untreated until then.

    Parameters
    ----------
    start, stop
        Ages between which an episode runs, whole numbers; at risk after `start`, up to `stop`.
    event
        1 where the life ended with it.
    covariates
        Rows x columns, as they were during the episode.

    Examples
    --------
    >>> age, event = np.arange(5), np.array([1, 1, 1, 0])
    >>> found = time_varying(age[:4] * 0, age[1:], event, np.array([[1.0], [0], [1], [0]]))
    >>> found.coefficients.round(3).tolist()  # by hand: the log of (1 + sqrt(17)) / 2
    [0.941]
    """
    table = np.concatenate([np.stack([start, stop, event], axis=1), covariates], axis=1)
    alike, count = np.unique(table, axis=0, return_counts=True)
    begin, end, ended = (alike[:, i].astype(np.int64) for i in range(3))
    return fit_cox(Rows(begin, end, ended, alike[:, 3:], count.astype(np.int64)))


def hazard_ratio(panel: Panel, reach: float) -> tuple[float, float, float]:
    """Return the hazard ratio of leaving, treated months against others of the same age, with its interval."""
    left = (panel.closing <= 0).astype(np.int64)
    found = time_varying(
        panel.tenure, panel.tenure + 1, left, panel.treated.astype(np.float64)[:, None]
    )
    if not found.converged:
        return np.nan, np.nan, np.nan
    beta, error = float(found.coefficients[0]), float(np.sqrt(found.covariance[0, 0]))
    low, middle, high = (float(np.exp(beta + side * reach * error)) for side in (-1, 0, 1))
    return middle, low, high


def naive(panel: Panel) -> tuple[float, float, float, int, int]:
    """Return the share kept of those ever and of those never touched, their difference, and how many there are."""
    last = np.append(panel.unit[1:] != panel.unit[:-1], True)
    ever = np.zeros(int(panel.unit.max()) + 1, bool)
    ever[panel.unit[panel.treated | panel.begins]] = True
    touched, kept = ever[panel.unit[last]], panel.closing[last] > 0
    one, two = float(kept[touched].mean()), float(kept[~touched].mean())
    return one, two, one - two, int(touched.sum()), int((~touched).sum())
