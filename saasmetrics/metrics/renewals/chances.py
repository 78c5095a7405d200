"""How likely a renewal is, from the history of those like it: shares drawn towards the whole where they are few."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.due import History
from saasmetrics.engine.renewals import RENEWED
from saasmetrics.engine.tally import tally

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.metrics.renewals.shared import Desk

ENOUGH = 30  # decided renewals for first and later ones to be told apart
_STRENGTHS = tuple(10 ** (step / 20) for step in range(61))  # 1 to 1,000 renewals
_ALONE = 20.0  # strength where there is one group only
LATER = ("first", "later")


@dataclass(frozen=True, eq=False)
class Chances:
    """The probability of renewal per group, for first and later renewals.

    `probability` is groups x 2 (missing without history); `decided` and `renewed` count what it comes from; `strength`
    is how many renewals the whole weighs in each group; `lags` holds how many days after the end (before it where
    negative) each renewal was signed, in order.
    """

    labels: tuple[tuple[Any, ...], ...]
    probability: NDArray[np.float64]
    decided: NDArray[np.int64]
    renewed: NDArray[np.int64]
    strength: float
    lags: NDArray[np.int64]
    by: tuple[str, ...]

    def of(
        self, group: NDArray[np.int64], number: NDArray[np.int64], waited: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the probability that terms still open some days after their end (before it: negative) will renew.

        Of those that will, a part would have signed by then: p u / (p u + 1 - p), u being the share of renewals that
        were signed later than that.
        """
        before = self.probability[group, (number > 1).astype(np.int64)]
        if not len(self.lags):
            return np.asarray(before)
        later = 1 - np.searchsorted(self.lags, waited, side="right") / len(self.lags)
        return np.asarray(before * later / (before * later + 1 - before))

    def frame(self) -> pd.DataFrame:
        """Return group, renewal, n, renewed, share and probability."""
        import pandas as pd

        many = len(self.labels)
        data: dict[str, Any] = {}
        for i, name in enumerate(self.by):
            data[name] = [label[i] for label in self.labels for _ in LATER]
        data["renewal"] = list(LATER) * many
        data["n"], data["renewed"] = self.decided.ravel(), self.renewed.ravel()
        with np.errstate(invalid="ignore", divide="ignore"):
            data["share"] = self.renewed.ravel() / self.decided.ravel()
        data["probability"] = self.probability.ravel()
        return pd.DataFrame(data)


def history(desk: Desk) -> History:
    """Return what became of the terms of a desk whose grace is over."""
    found = desk.found
    over = found.settled[desk.kept] <= desk.as_of
    at = desk.kept[over]
    cell = desk.code()[over] * 2 + (found.number[at] > 1)
    cells = 2 * len(desk.groups)
    shape = (len(desk.groups), 2)
    decided = tally(cell, None, cells).reshape(shape)
    won = tally(cell, (found.outcome[at] == RENEWED).astype(np.int64), cells).reshape(shape)
    done = at[found.outcome[at] == RENEWED]
    return History(desk.groups, decided, won, np.sort(found.signed[done] - found.terms.end[done]))


def chances(past: History) -> Chances:
    """Return the probability of renewal by group, from terms whose grace is over.

    Notes
    -----
    Terms still in their grace are left out though some are renewed: those that are lost do not show yet. A group's
    share is that of a beta-binomial model: its renewals plus those of `strength` terms at the share of the whole. The
    strength is the one under which the groups' counts are most likely. First and later renewals are told apart in a
    group, drawn towards the group in the same way, where each has `ENOUGH` decided terms.
    """
    decided, won, groups = past.decided, past.renewed, past.groups
    total = int(decided.sum())
    if not total:
        missing, none = np.full(decided.shape, np.nan), np.zeros(0, np.int64)
        return Chances(groups.labels, missing, decided, won, math.nan, none, groups.by)
    overall = (int(won.sum()) + 0.5) / (total + 1)
    n, k = decided.sum(axis=1), won.sum(axis=1)
    strength = prior_strength(k, n, overall)
    share = (k + strength * overall) / (n + strength)
    apart = (won + strength * share[:, None]) / (decided + strength)
    enough = decided.min(axis=1, keepdims=True) >= ENOUGH
    probability = np.where(enough, apart, share[:, None])
    return Chances(groups.labels, probability, decided, won, strength, past.lags, groups.by)


def prior_strength(k: NDArray[np.int64], n: NDArray[np.int64], mean: float) -> float:
    """Return how many terms the whole weighs: the strength under which k of n in each group are most likely.

    Examples
    --------
    >>> alike = prior_strength(np.array([80, 79, 81]), np.array([100, 100, 100]), 0.8)
    >>> apart = prior_strength(np.array([95, 50, 80]), np.array([100, 100, 100]), 0.8)
    >>> alike > 10 * apart
    True
    """
    used = n > 0
    counts = list(zip(k[used].tolist(), n[used].tolist(), strict=True))
    if len(counts) < 2:
        return _ALONE
    return max(_STRENGTHS, key=lambda strength: _likelihood(counts, strength, mean))


def _likelihood(counts: list[tuple[int, int]], strength: float, mean: float) -> float:
    a, b = strength * mean, strength * (1 - mean)
    return sum(_log_beta(a + k, b + n - k) for k, n in counts) - len(counts) * _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
