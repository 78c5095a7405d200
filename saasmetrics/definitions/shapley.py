"""How a number gets from A to B: the exact part of each factor and of each customer, whatever the order.

A number is a numerator over a denominator, both sums over customers. A factor is anything that can be switched from
A to B: a definition choice, a set of rows. The part of a factor is its Shapley value: what switching it does to the
number, averaged over every order in which the factors can be switched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Subset = frozenset[str]

MOST = 10  # factors, which are 1,024 evaluations


@dataclass(frozen=True, eq=False)
class Block:
    """What each of some customers adds to the numerator and to the denominator of a number.

    `denominator` is None for a number that is a sum of money. Customers are those of the block, always in one order.
    """

    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64] | None = None

    def padded(self, customers: int) -> Block:
        """Return the block with more customers, which add nothing."""
        sides = [_padded(side, customers) for side in (self.numerator, self.denominator)]
        return Block(sides[0], None if self.denominator is None else sides[1])


@dataclass(frozen=True, eq=False)
class Changed:
    """A block told by the customers, `where`, that add something else than in a block `base`."""

    base: Block
    where: NDArray[np.int64]
    changed: Block

    @classmethod
    def of(cls, base: Block, block: Block) -> Changed:
        """Return a block as what differs from a base, whose customers are its first ones."""
        base = base.padded(len(block.numerator))
        differs = block.numerator != base.numerator
        if block.denominator is not None:
            differs |= block.denominator != base.denominator
        where = np.flatnonzero(differs)
        below = None if block.denominator is None else block.denominator[where]
        return cls(base, where, Block(block.numerator[where], below))

    def onto(self, base: Block) -> Changed:
        """Return the same block with a base of more customers."""
        return replace(self, base=base)

    @property
    def numerator(self) -> NDArray[np.float64]:
        """What each customer adds to the numerator."""
        out = self.base.numerator.copy()
        out[self.where] = self.changed.numerator
        return out

    @property
    def denominator(self) -> NDArray[np.float64] | None:
        """What each customer adds to the denominator; None for a sum of money."""
        if self.base.denominator is None or self.changed.denominator is None:
            return None
        out = self.base.denominator.copy()
        out[self.where] = self.changed.denominator
        return out


def _padded(side: NDArray[np.float64] | None, customers: int) -> NDArray[np.float64]:
    out = np.zeros(customers)
    if side is not None:
        out[: len(side)] = side
    return out


@dataclass(frozen=True, eq=False)
class Attribution:
    """The parts of a difference.

    `parts` has one array per block, factors x customers; they sum to `values[all] - values[none]`. `first_order` is
    what each factor does when it alone is switched.
    """

    factors: tuple[str, ...]
    parts: tuple[NDArray[np.float64], ...]
    values: Mapping[Subset, float]
    first_order: NDArray[np.float64]

    @property
    def start(self) -> float:
        """The number with no factor switched."""
        return self.values[frozenset()]

    @property
    def end(self) -> float:
        """The number with every factor switched."""
        return self.values[frozenset(self.factors)]

    @property
    def by_factor(self) -> NDArray[np.float64]:
        """The part of each factor."""
        total = np.zeros(len(self.factors))
        for part in self.parts:
            total += part.sum(axis=1)
        return total


def attribute(
    factors: Sequence[str], evaluate: Callable[[Subset], tuple[Block | Changed, ...]]
) -> Attribution:
    """Return the part of each factor and of each customer in the difference that all factors make together.

    Parameters
    ----------
    factors
        Names of what can be switched, at most 10.
    evaluate
        From the factors that are switched to blocks of customers. Blocks at the same place hold the same customers in
        the same order; a block that does not depend on a factor may be the same object with and without it.

    Raises
    ------
    DataError
        If there are too many factors, or the number cannot be computed at the start, at the end, or on every way
        from the one to the other.

    Notes
    -----
    Orders that pass through a number with no denominator are left out of the average. What one switch does is split
    over customers by the discrete product rule: v' - v = sum of (n' - n - m (d' - d)) / h with m the mean of v and v'
    and h that of the denominators, which is exact and the same in both directions.

    Examples
    --------
    >>> blocks = {"": [3.0, 1.0], "a": [3.0, 2.0], "b": [5.0, 1.0], "ab": [5.0, 4.0]}
    >>> made = attribute(["a", "b"], lambda on: (Block(np.array(blocks["".join(sorted(on))])),))
    >>> made.start, made.end, made.by_factor.tolist()
    (4.0, 9.0, [2.0, 3.0])
    """
    check_number(factors)
    subsets = [frozenset(s) for n in range(len(factors) + 1) for s in combinations(factors, n)]
    found = {subset: evaluate(subset) for subset in subsets}
    totals = {subset: _totals(blocks) for subset, blocks in found.items()}
    values = {s: top / bottom if bottom > 0 else np.nan for s, (top, bottom) in totals.items()}
    weight = _weights(factors, subsets, values)
    parts = tuple(np.zeros((len(factors), len(b.numerator))) for b in found[subsets[0]])
    for subset in subsets:
        switches = [n for n in range(len(factors)) if (subset, n) in weight]
        for place, part in enumerate(parts):
            old = found[subset][place]
            if not switches:
                continue
            top, bottom = old.numerator, old.denominator
            for number in switches:
                more = subset | {factors[number]}
                new = found[more][place]
                if new is old:
                    continue
                change = new.numerator - top
                if bottom is not None and (below := new.denominator) is not None:
                    middle = (values[subset] + values[more]) / 2
                    height = (totals[subset][1] + totals[more][1]) / 2
                    change = (change - middle * (below - bottom)) / height
                part[number] += weight[subset, number] * change
    alone = [values[frozenset({name})] - values[frozenset()] for name in factors]
    return Attribution(tuple(factors), parts, values, np.array(alone))


def check_number(factors: Sequence[str]) -> None:
    """Refuse more factors than can be told apart exactly, before anything is counted."""
    if len(factors) > MOST:
        msg = (
            f"{len(factors)} things differ ({', '.join(factors)}), more than the {MOST} that can be told apart "
            "exactly. Compare with something in between first: a policy that shares some of the choices."
        )
        raise DataError(msg)


def _totals(blocks: tuple[Block | Changed, ...]) -> tuple[float, float]:
    """Return numerator and denominator of all blocks; 1 for a sum of money."""
    top = sum(float(block.numerator.sum()) for block in blocks)
    below = [float(side.sum()) for b in blocks if (side := b.denominator) is not None]
    return top, sum(below) if below else 1.0


def _weights(
    factors: Sequence[str], subsets: Sequence[Subset], values: Mapping[Subset, float]
) -> dict[tuple[Subset, int], float]:
    """Return for each switch the share of orders that make it, of those that pass only through known numbers."""
    known = {subset for subset in subsets if values[subset] == values[subset]}
    to = {subset: int(subset == subsets[0]) for subset in subsets if subset in known}
    for subset in subsets[1:]:
        if subset in known:
            to[subset] = sum(to.get(subset - {name}, 0) for name in subset)
    onward = {subset: int(subset == subsets[-1]) for subset in subsets if subset in known}
    for subset in reversed(subsets[:-1]):
        if subset in known:
            onward[subset] = sum(onward.get(subset | {n}, 0) for n in factors if n not in subset)
    orders = onward.get(subsets[0], 0)
    if not orders:
        msg = "The number has no value under one of the two, or under everything between them: its denominator is 0."
        raise DataError(msg)
    return {
        (subset, number): to[subset] * onward[more] / orders
        for subset in known
        for number, name in enumerate(factors)
        if name not in subset and (more := subset | {name}) in known
    }
