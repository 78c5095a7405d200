"""Survival of customers by group, drawn with the months: as far as was seen, and carried on by a model beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.survival.bootstrap import BAGS, resample_weights
from saasmetrics.survival.estimate import survival
from saasmetrics.survival.tails import Tail, check_beyond, onward, pace, said, tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.metrics.economics.window import Months
    from saasmetrics.survival.lives import Lives

    Array = NDArray[np.float64]

MOSTLY = 0.5  # share of a value beyond which it is said that most of it is projected


def curves_of(lives: Lives, months: Months) -> Array:
    """Return the survival of customers as draws x groups x ages, drawn with the months.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> from saasmetrics.metrics.economics.window import Months
    >>> from saasmetrics.survival.lives import Lives
    >>> book = sm.Book(mrr={"customer_id": ["a", "b", "a"], "mrr": [5, 8, 5],
    ...     "month": ["2026-01", "2026-01", "2026-02"]})
    >>> curves_of(Lives.of(book, None), Months.of(book, (), 12, None)).tolist()
    [[[1.0, 0.5]]]
    """
    return _curves(*drawn_counts(lives, months))


def drawn_counts(lives: Lives, months: Months) -> tuple[Array, Array]:
    """Return customers at risk and lost as draws x groups x ages; draw 0 is all of them as they are.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> from saasmetrics.metrics.economics.window import Months
    >>> from saasmetrics.survival.lives import Lives
    >>> book = sm.Book(mrr={"customer_id": ["a", "b", "a"], "mrr": [5, 8, 5],
    ...     "month": ["2026-01", "2026-01", "2026-02"]})
    >>> [side.tolist() for side in drawn_counts(Lives.of(book, None), Months.of(book, (), 12, None))]
    [[[[2.0, 2.0]]], [[[0.0, 1.0]]]]
    """
    table = lives.customers
    whole = (table.at_risk[None].astype(float), table.events[None].astype(float))
    if not months.resampled.any():
        return whole
    weights = resample_weights(len(months.bags))
    sides = []
    for side, bagged in zip(whole, lives.bagged("customers"), strict=True):
        parts = _padded(bagged)[:, months.bags].astype(float)
        drawn = np.stack([weights @ part for part in parts], axis=1)
        sides.append(np.concatenate([side, drawn]))
    return sides[0], sides[1]


def _curves(at_risk: Array, events: Array) -> Array:
    """Return the curves of the draws; nan in one that holds nobody."""
    nobody = np.asarray(~at_risk.any(axis=2))
    curves = survival(at_risk, events)
    curves[1:][nobody[1:]] = np.nan
    return curves


def _padded(table: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.pad(table, ((0, 0), (0, max(BAGS - table.shape[1], 0)), (0, 0)))


@dataclass(frozen=True, eq=False)
class Curves:
    """Survival curves as draws x groups x ages, and what they do beyond the oldest age seen.

    Parameters
    ----------
    alive
        As far as was seen in any group; draw 0 is the book as it is.
    seen
        How many ages each group was seen at.
    tails
        What carries each group on.
    at_risk, events
        The counts that curves and models are from.
    beyond
        What was asked for.
    """

    alive: Array
    seen: NDArray[np.int64]
    tails: tuple[Tail, ...]
    at_risk: Array
    events: Array
    beyond: str

    @classmethod
    def of(cls, lives: Lives, months: Months, beyond: str, until: int | None = None) -> Curves:
        """Follow the customers of a book.

        Parameters
        ----------
        lives, months
            The lifetimes, and the months that customers are resampled with.
        beyond
            As for `ltv`.
        until
            How many ages are wanted: a group that was seen as long needs no model. None: all need one.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> from saasmetrics.metrics.economics.window import Months
        >>> from saasmetrics.survival.lives import Lives
        >>> book = sm.demo(customers=200).between("2020-01", "2023-12")
        >>> curves = Curves.of(Lives.of(book, None), Months.of(book, (), 12, None), "auto", 60)
        >>> [tail.origin for tail in curves.tails], curves.extended(60).shape
        (['own'], (1, 1, 60))
        """
        check_beyond(beyond)
        at_risk, events = drawn_counts(lives, months)
        alive, seen = _curves(at_risk, events), lives.longest + 1
        needed = seen < (np.inf if until is None else until)
        over = (alive[0] <= 0).any(axis=1) | (seen <= 0)
        found = tails(beyond if needed.any() else "none", at_risk[0], events[0], over)
        found = tuple(
            tail if need or tail.origin == "ended" else Tail("whole")
            for tail, need in zip(found, needed, strict=True)
        )
        return cls(alive, seen, found, at_risk, events, beyond)

    @property
    def goes_on(self) -> NDArray[np.bool_]:
        """Which groups are projected."""
        return np.array([tail.known for tail in self.tails], bool)

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Which groups end although customers are still there."""
        return np.array([tail.origin == "none" for tail in self.tails], bool)

    def notes(self, labels: Sequence[tuple[Any, ...]], until: int | None = None) -> tuple[str, ...]:
        """Return what a footnote says of what lies beyond what was seen."""
        seen = self.seen if until is None else np.minimum(self.seen, until)
        names = [", ".join(map(str, label)) for label in labels]
        return said(list(zip(names, self.tails, seen.tolist(), strict=True)), self.beyond)

    def extended(self, ages: int, draws: int | None = None) -> Array:
        """Return the curves up to so many ages: 0 where nothing is known of a group any more."""
        alive = self.alive[:draws]
        out = np.zeros((*alive.shape[:2], ages))
        known = min(ages, alive.shape[2])
        out[:, :, :known] = alive[:, :, :known] * (np.arange(known) < self.seen[:, None])
        for g, tail in enumerate(self.tails):
            last = int(self.seen[g]) - 1
            if tail.fit is None or ages <= last + 1:
                continue
            own = slice(g, g + 1) if tail.origin == "own" else slice(None)
            counts = (side[:draws, own].sum(axis=1) for side in (self.at_risk, self.events))
            further = onward(tail.fit, last, ages - last - 1, *counts)
            if tail.origin == "company":
                further **= pace(tail.fit, self.at_risk[:draws, g], self.events[:draws, g])[:, None]
            out[:, g, last + 1 :] = alive[:, g, last, None] * further
        return out
