"""Difference in differences where groups start one after another, not by lot.

Each wave is compared with groups whose turn has not come yet, both against their own months before (Callaway and
Sant'Anna 2021). Groups already treated are never the comparison, as they are in two-way fixed effects, where effects
that grow over time then count with the wrong sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.success.effect.sustained import Effect, shifted
from saasmetrics.success.effect.treatments import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.success.effect.randomized import Sums

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

BEFORE = 6  # months before the start that are the base
BIN = 3  # months of one point of the event study
LOOKED_BACK = 12  # months before the base that the test of trends looks at
DRAWS = 999
_ASIDE = -(10**6)
LEAST_CLUSTERS = 6


@dataclass(frozen=True, eq=False)
class Study:
    """Effects by months since the start.

    Parameters
    ----------
    since
        First month of each bin of `BIN` months, counted from the start; negative before it.
    value, low, high
        Difference in differences of the monthly rate; those before the base should be 0.
    p_before
        Of the test that all of them are 0; missing where there is none.
    wave, month, att, share
        The effect of each wave in each month, and how much it counts.
    effect
        Of all months since the start.
    """

    since: Ints
    value: Array
    low: Array
    high: Array
    p_before: float
    wave: Ints
    month: Ints
    att: Array
    share: Array
    effect: Effect


def _rate(top: Array, bottom: Array) -> Array:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)


def group_time(
    sums: Sums, start: Ints, weight: Array, before: int = BEFORE
) -> tuple[Ints, Ints, Array, Array]:
    """Return the effect of each wave and month, against groups not treated by then.

    Parameters
    ----------
    sums
        Outcome and weight by group and month.
    start
        Month in which each group starts: it counts from the month after.
    weight
        Draws x groups: how often each group counts.
    before
        Months up to the start that are the base.

    Returns
    -------
    tuple
        Wave and month of each effect, and draws x effects: the effects, and the weight of the wave in the month.
    """
    waves, months = np.unique(start[start < NEVER]), sums.months
    found: list[tuple[int, int, Array, Array]] = []
    for wave in waves:
        base = (months > wave - before) & (months <= wave)
        if not base.any() or (months[base].size < min(before, 2)):
            continue
        mine = weight * (start == wave)
        for column, month in enumerate(months):
            if base[column]:
                continue
            other = weight * (start >= max(int(month), int(wave) + 1))
            parts = [
                _rate(side @ sums.top[:, at].sum(axis=1), side @ sums.bottom[:, at].sum(axis=1))
                for side in (mine, other)
                for at in (np.array([column]), np.flatnonzero(base))
            ]
            att = (parts[0] - parts[1]) - (parts[2] - parts[3])
            if np.isnan(att[0]):
                continue
            found.append((int(wave), int(month), att, mine @ sums.bottom[:, column]))
    if not found:
        msg = "No wave has months before it and groups whose turn had not come: there is nothing to compare with."
        raise DataError(msg)
    wave_of, month_of = (np.array([f[i] for f in found], np.int64) for i in (0, 1))
    att, share = (
        np.stack(parts, axis=1) for parts in ([f[2] for f in found], [f[3] for f in found])
    )
    return wave_of, month_of, att, share


def _pooled(att: Array, share: Array) -> Array:
    known = ~np.isnan(att)
    total = np.where(known, share, 0.0).sum(axis=1)
    out: Array = np.where(known, att * share, 0.0).sum(axis=1) / np.where(total > 0, total, np.nan)
    return out


def staggered(
    sums: Sums,
    start: Ints,
    outcome: str,
    horizon: int,
    level: float,
    *,
    before: int = BEFORE,
    finer: tuple[Sums, Ints] | None = None,
    seed: int = 0,
) -> Study:
    """Return effects by months since the start, with a bootstrap of whole groups within their wave.

    Parameters
    ----------
    sums
        Outcome and weight by group and month.
    start
        Month in which each group starts; `NEVER` where it has not.
    outcome, horizon, level
        The outcome, the months, the coverage.
    before
        Months up to the start that are the base.
    finer
        The same by parts of groups, such as some customers of each; the larger of both errors holds.
    seed
        Of the bootstrap.

    Raises
    ------
    DataError
        If there are too few groups, or nothing to compare with.
    """
    from scipy.stats import t

    if len(start) < LEAST_CLUSTERS:
        msg = f"{len(start)} groups are too few for a difference in differences; it needs {LEAST_CLUSTERS}."
        raise DataError(msg)
    wave, month, att, share = group_time(sums, start, _draws(start, seed), before)
    after = month > wave
    if not after.any():
        msg = "There is no month after a start in which other groups were not treated."
        raise DataError(msg)
    bins = _bins(month - wave, before)
    points = np.unique(bins[bins > _ASIDE])
    each, whole = _summarized(att, share, bins, points, after)
    error, total_error = np.nanstd(each[1:], axis=0), float(np.nanstd(whole[1:]))
    if finer is not None:
        # Spread of a few groups is seen badly and often too small; that of customers is at least there.
        _, _, of_parts, counts = group_time(*finer, _draws(finer[1], seed), before)
        small, small_whole = _summarized(of_parts, counts, bins, points, after)
        error = np.maximum(error, np.nanstd(small[1:], axis=0))
        total_error = max(total_error, float(np.nanstd(small_whole[1:])))
    freedom = max(len(start) - len(np.unique(start)), 1)
    reach = float(t.ppf(0.5 + level / 2, freedom))
    p_before = _before(each[0], error, points < 0, freedom)
    value, base = float(whole[0]), _untreated(sums, start, month[after])
    p = float(2 * t.sf(abs(value) / total_error, freedom)) if total_error > 0 else np.nan
    how = f"a bootstrap of {len(start)} groups within their waves"
    shift = (value, value - reach * total_error, value + reach * total_error)
    return Study(
        points,
        each[0],
        each[0] - reach * error,
        each[0] + reach * error,
        p_before,
        wave,
        month,
        att[0],
        share[0],
        shifted(outcome, horizon, base, shift, p, how),
    )


def _bins(since: Ints, before: int) -> Ints:
    """Return the first month of the bin of each month since the start; `_ASIDE` where it is too long before it.

    Bins after the start count from month 1 on, those before it back from the base.
    """
    later = (since - 1) // BIN * BIN + 1
    back = -before - since
    earlier = -before - back // BIN * BIN - BIN + 1
    return np.where(since > 0, later, np.where(back < LOOKED_BACK, earlier, _ASIDE))


def _before(each: Array, error: Array, past: NDArray[np.bool_], freedom: int) -> float:
    """Return the p of the largest effect before the start, corrected for how many there are (Bonferroni)."""
    from scipy.stats import t

    if not past.any():
        return np.nan
    seen = np.abs(each[past]) / np.where(error[past] > 0, error[past], np.inf)
    return min(1.0, 2 * int(past.sum()) * float(t.sf(np.nanmax(seen), freedom)))


def _summarized(
    att: Array, share: Array, bins: Ints, points: Ints, after: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Return per draw the effect of each bin, and that of all months since the start."""
    each = [_pooled(att[:, bins == b], share[:, bins == b]) for b in points]
    return np.stack(each, axis=1), _pooled(att[:, after], share[:, after])


def _draws(start: Ints, seed: int) -> Array:
    """Return how often each group counts: once, and then as drawn."""
    return np.concatenate([np.ones((1, len(start))), _multipliers(start, seed)])


def _multipliers(start: Ints, seed: int) -> Array:
    """Return how often each group counts in each draw: exponential weights, scaled within waves for few groups."""
    rng = np.random.default_rng(seed)
    out = rng.exponential(size=(DRAWS, len(start)))
    for wave in np.unique(start):
        mine = np.flatnonzero(start == wave)
        part = out[:, mine] / out[:, mine].mean(axis=1, keepdims=True)
        few = np.sqrt(len(mine) / max(len(mine) - 1, 1))
        out[:, mine] = np.maximum(1 + few * (part - 1), 0.0)
    return out


def _untreated(sums: Sums, start: Ints, months: Ints) -> float:
    """Return the rate of groups not treated yet, over the months that are compared."""
    used = np.isin(sums.months, months)
    waiting = (start[:, None] >= sums.months[None]) & used[None]
    return float(sums.top[waiting].sum() / sums.bottom[waiting].sum())
