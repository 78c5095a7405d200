"""What the last months say of the next ones: today's MRR by age, churn by age, and monthly rates, drawn many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.movements import CHURN
from saasmetrics.engine.pairs import since
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.money import MICRO
from saasmetrics.survival.bootstrap import SEED, resample_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

    Array = NDArray[np.float64]

DRAWS = 1000
BAGS = 200
CREDIBLE = 12  # lost customers after which a band's own churn counts half, and that of its whole group half
_YEARS = 4  # of tenure told apart; all later ones are one band
BANDS = 2 * _YEARS
FLOWS = ("new", "reactivation", "expansion", "contraction")


def band_of(age: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the band of tenure of an age in months: the year, and whether it is the month of an anniversary.

    Examples
    --------
    >>> band_of(np.array([1, 11, 12, 13, 24, 60])).tolist()
    [0, 0, 4, 1, 5, 7]
    """
    year = np.clip((age - 1) // 12, 0, _YEARS - 1)
    return np.asarray(year + _YEARS * (age % 12 == 0), np.int64)


@dataclass(frozen=True, eq=False)
class Outlook:
    """Today's customers and the rates of the last months, the whole first and then the draws.

    Parameters
    ----------
    labels
        The groups.
    months
        How many months the rates come from.
    mrr, square
        Groups x ages: MRR today, and the sum of squares of that of each customer.
    churn
        Draws x groups x bands of tenure: share of MRR lost in a month.
    flows
        By name, months x groups: new and reactivated MRR, and expansion and contraction over opening MRR, of each
        month that was seen.
    factor
        By name, draws x groups: what a resample of customers makes of the mean of a flow.
    """

    labels: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]
    months: int
    mrr: Array
    square: Array
    churn: Array
    flows: dict[str, Array]
    factor: dict[str, Array]
    size: Array

    @property
    def draws(self) -> int:
        """How many draws there are beside the whole."""
        return len(self.churn) - 1


def outlook(book: Book, by: Sequence[str], months: int) -> Outlook:
    """Read today's customers and the rates of the last months of a book.

    Raises
    ------
    DataError
        If fewer than three months are complete, or customers are grouped by a column of their subscriptions.
    """
    names = tuple(by)
    engine = book.engine
    groups = engine.grouping(names)
    if groups.of_entity is None:
        msg = f"{' and '.join(names)} is a column of subscriptions; a forecast groups by columns of customers."
        raise DataError(msg)
    first, _, full = engine.extent("M")
    if full - first < 3:
        msg = f"A forecast needs at least 4 complete months, and this book has {max(full - first + 1, 0)}."
        raise DataError(msg)
    months = min(months, full - first)
    mrr, square = _today(book, names, full)
    lost, exposed, gone = _by_band(book, names, months, full)
    weights = resample_weights(BAGS, DRAWS)
    churn = _hazard(lost, exposed, gone, weights)
    flows, factor = _flows(book, names, months, full - first, weights)
    return Outlook(
        groups.labels,
        names,
        months,
        mrr,
        square,
        churn,
        flows,
        factor,
        _new_size(book, names, months),
    )


def _today(book: Book, by: tuple[str, ...], full: int) -> tuple[Array, Array]:
    engine = book.engine
    ledger = engine.periodic("M")
    mrr, _ = ledger.state(full)
    begin = since(ledger)
    paying = np.flatnonzero((mrr > 0) & (begin <= full))
    group, age = engine.origin(by)[paying].astype(np.int64), full - begin[paying]
    many, ages = len(engine.grouping(by)), int(age.max(initial=0)) + 1
    value, cell = mrr[paying] / MICRO, group * ages + age
    total, square = (
        np.bincount(cell, weights=each, minlength=many * ages).astype(float).reshape(many, ages)
        for each in (value, value**2)
    )
    return total, square


def _by_band(
    book: Book, by: tuple[str, ...], months: int, full: int
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return MRR lost and MRR exposed per group, bag and band over the last months, and customers lost without bags."""
    engine = book.engine
    ledger, begin = engine.periodic("M"), since(engine.periodic("M"))
    group = engine.origin(by).astype(np.int64) * BAGS + engine.bags(BAGS)
    many = len(engine.grouping(by))
    source, period, kind = engine.kinds("M")
    change = source.before(source.mrr) - source.mrr
    ended = np.flatnonzero((kind == CHURN) & (period > full - months) & (period <= full))
    account = source.account[ended]
    age = np.maximum(period[ended] - begin[account], 1)
    cell = group[account] * BANDS + band_of(age)
    lost = tally(cell, change[ended], many * BAGS * BANDS).reshape(many, BAGS, BANDS)
    whole = (group[account] // BAGS) * BANDS + band_of(age)
    gone = tally(whole, None, many * BANDS).reshape(many, BANDS)
    exposed = np.zeros((many, BAGS, BANDS), np.int64)
    for month in range(full - months + 1, full + 1):
        mrr, _ = ledger.state(month - 1)
        there = np.flatnonzero((mrr > 0) & (begin < month))
        where = group[there] * BANDS + band_of(month - begin[there])
        exposed += tally(where, mrr[there], exposed.size).reshape(exposed.shape)
    return lost.astype(float), exposed.astype(float), gone


def _hazard(lost: Array, exposed: Array, gone: NDArray[np.int64], weights: Array) -> Array:
    """Return churn by band for the whole and each draw, drawn towards that of the group where few were lost."""
    ones = np.ones((1, lost.shape[1]))
    drawn = np.concatenate([ones, weights])
    top, bottom = (np.einsum("db,gbk->dgk", drawn, side) for side in (lost, exposed))
    own = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
    whole = np.divide(
        top.sum(axis=2, keepdims=True),
        bottom.sum(axis=2, keepdims=True),
        out=np.zeros((*top.shape[:2], 1)),
        where=bottom.sum(axis=2, keepdims=True) > 0,
    )
    trust = (gone / (gone + CREDIBLE))[None]
    return np.asarray(np.clip(trust * own + (1 - trust) * whole, 0.0, 1.0))


def _flows(
    book: Book, by: tuple[str, ...], months: int, last: int, weights: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the flows of each month seen, and what resamples of customers make of their means."""
    cube = book.engine.movements("M", by, BAGS)
    bags = cube.bagged if cube.bags else lambda name: cube.measures[name][:, None]
    span = slice(last - months + 1, last + 1)
    opening = bags("opening")[..., span].astype(float)
    flows, factor = {}, {}
    base = opening.sum(axis=1)
    for name in FLOWS:
        sums = np.abs(bags(name)[..., span].astype(float))
        total = sums.sum(axis=1)
        if name in ("new", "reactivation"):
            flows[name] = total.T / MICRO
            drawn = np.einsum("db,gb->dg", _fitting(weights, sums.shape[1]), sums.sum(axis=2))
            means = total.sum(axis=1)
        else:
            flows[name] = np.divide(total, base, out=np.zeros_like(total), where=base > 0).T
            sides = [
                np.einsum("db,gb->dg", _fitting(weights, x.shape[1]), x.sum(axis=2))
                for x in (sums, opening)
            ]
            drawn = np.divide(sides[0], sides[1], out=np.zeros_like(sides[0]), where=sides[1] > 0)
            below = base.sum(axis=1)
            means = np.divide(total.sum(axis=1), below, out=np.zeros(len(below)), where=below > 0)
        ratio = np.divide(drawn, means, out=np.ones_like(drawn), where=means > 0)
        factor[name] = np.concatenate([np.ones((1, len(means))), ratio])
    return flows, factor


def _fitting(weights: Array, bags: int) -> Array:
    return weights[:, :bags] if bags <= weights.shape[1] else resample_weights(bags, len(weights))


def _new_size(book: Book, by: tuple[str, ...], months: int) -> Array:
    """Return the sum of squares of the MRR of new customers over their MRR: how lumpy new business is, per group."""
    engine = book.engine
    lives = engine.lives("M")
    _, _, full = engine.extent("M")
    young = lives["cohort"] > full - max(months, 12)
    group = engine.origin(by)[lives["account"][young]].astype(np.int64)
    mrr, many = lives["mrr"][young] / MICRO, len(engine.grouping(by))
    total, square = (np.bincount(group, weights=x, minlength=many) for x in (mrr, mrr**2))
    return np.divide(square, total, out=np.zeros(many), where=total > 0)


def generator(seed: int = SEED) -> np.random.Generator:
    """Return the random numbers of a forecast: the same every time."""
    return np.random.default_rng(seed)
