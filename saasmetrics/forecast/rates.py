"""What the last months say of the next ones: today's MRR by age, churn by age, and monthly rates, drawn many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.followed import followed
from saasmetrics.engine.movements import CHURN
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.forecast.growth import Growth, growth
from saasmetrics.money import MICRO
from saasmetrics.survival.bootstrap import SEED, resample_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.ledger import Ledger

    Array = NDArray[np.float64]

DRAWS = 1000
BAGS = 200
MOST_GROUPS = 50
CREDIBLE = 12  # customers that a band should have lost for its own churn to count half, and that of its group half
_YEARS = 4  # of tenure told apart; all later ones are one band
BANDS = 2 * _YEARS
WON = ("new", "reactivation")
RATES = ("expansion", "contraction", "pause")
_RARE = 0.5  # customers lost that a draw adds to those seen (Jeffreys): nobody lost yet is not nobody ever


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
    labels, by
        The groups, and the columns they are values of.
    months
        How many months the rates come from.
    mrr, square
        Groups x ages: MRR today, and the sum of squares of that of each customer.
    churn
        Draws x groups x bands of tenure: share of MRR lost in a month.
    flows
        By name, months x groups: new and reactivated MRR, and expansion, contraction and pauses (net) over opening
        MRR, of each month that was seen.
    factor
        By name, draws x groups: what a resample of customers makes of the mean of a flow.
    growth
        How new business grows.
    size
        Per group, the sum of squares of the MRR of new customers over their MRR: how lumpy new business is.
    """

    labels: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]
    months: int
    mrr: Array
    square: Array
    churn: Array
    flows: dict[str, Array]
    factor: dict[str, Array]
    growth: Growth
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
        If fewer than four months are complete, customers are grouped by a column of their subscriptions, or into more
        groups than can be drawn.
    """
    names = tuple(by)
    engine = followed(book.engine)
    groups = engine.grouping(names)
    if groups.of_entity is None:
        msg = f"{' and '.join(names)} is a column of subscriptions; a forecast groups by columns of customers."
        raise DataError(msg)
    if len(groups) > MOST_GROUPS:
        msg = f"{' and '.join(names)}: {len(groups)} groups; a forecast takes {MOST_GROUPS}. See book.where."
        raise DataError(msg)
    first, _, full = engine.extent("M")
    if full - first < 3:
        msg = f"A forecast needs at least 4 complete months, and this book has {max(full - first + 1, 0)}."
        raise DataError(msg)
    months = min(months, full - first)
    mrr, square = _today(book, names, full)
    seen = _seen(book, names, months, full)
    weights = resample_weights(BAGS, DRAWS)
    flows, factor, grown = _flows(book, names, seen, full - first, weights)
    return Outlook(
        labels=groups.labels,
        by=names,
        months=months,
        mrr=mrr,
        square=square,
        churn=_hazard(seen, weights),
        flows=flows,
        factor=factor,
        growth=grown,
        size=_new_size(book, names, months),
    )


def _today(book: Book, by: tuple[str, ...], full: int) -> tuple[Array, Array]:
    engine = followed(book.engine)
    ledger = engine.periodic("M")
    mrr, _ = ledger.state(full)
    begin = ledger.since
    paying = np.flatnonzero((mrr > 0) & (begin <= full))
    group, age = engine.origin(by)[paying].astype(np.int64), full - begin[paying]
    many, ages = len(engine.grouping(by)), int(age.max(initial=0)) + 1
    total, square = sums(group * ages + age, mrr[paying] / MICRO, many * ages)
    return total.reshape(many, ages), square.reshape(many, ages)


def sums(cell: NDArray[Any], value: Array, cells: int) -> tuple[Array, Array]:
    """Return the sums of values and of their squares, the same to the last digit in every order of rows.

    A draw of luck may turn on that digit, and with it all that are drawn after it.

    Examples
    --------
    >>> [each.tolist() for each in sums(np.array([1, 0, 1]), np.array([2.0, 3.0, 4.0]), 2)]
    [[3.0, 6.0], [9.0, 20.0]]
    """
    order = np.lexsort((value, cell))
    cell, value = cell[order], value[order]
    total, square = (np.bincount(cell, x, cells).astype(float) for x in (value, value**2))
    return total, square


@dataclass(frozen=True, eq=False)
class Seen:
    """Churn of the last months.

    Parameters
    ----------
    months
        How many they are.
    lost, exposed
        Groups x bags x bands of tenure: MRR lost, and MRR that could have been, summed over the months.
    gone
        Per group, customers lost.
    lived
        Groups x bands: months that customers lived.
    by_month
        Groups x months: MRR lost.
    """

    months: int
    lost: Array
    exposed: Array
    gone: NDArray[np.int64]
    lived: NDArray[np.int64]
    by_month: NDArray[np.int64]


def _seen(book: Book, by: tuple[str, ...], months: int, full: int) -> Seen:
    """Count what was lost and what could have been, from changes of MRR."""
    engine = followed(book.engine)
    ledger, begin = engine.periodic("M"), engine.periodic("M").since
    group = engine.origin(by).astype(np.int64)
    bag, many = group * BAGS + engine.bags(BAGS), len(engine.grouping(by))
    shape = (many, BAGS, BANDS)
    source, period, kind = engine.kinds("M")
    change = source.before(source.mrr) - source.mrr
    ended = np.flatnonzero((kind == CHURN) & (period > full - months) & (period <= full))
    account = source.account[ended]
    band = band_of(np.maximum(period[ended] - begin[account], 1))
    lost = tally(bag[account] * BANDS + band, change[ended], int(np.prod(shape)))
    gone = tally(group[account], None, many)
    when = group[account] * months + period[ended] - (full - months + 1)
    account, mrr, first, last = _lived(ledger, full - months, full - 1)
    ages = int((last + 1 - begin[account]).max(initial=0)) + 1
    upto = np.cumsum(np.eye(BANDS, dtype=np.int64)[band_of(np.arange(1, ages + 1))], axis=0)
    upto = np.vstack([np.zeros((1, BANDS), np.int64), upto])
    often = upto[last + 1 - begin[account]] - upto[first - begin[account]]
    exposed = np.stack(
        [tally(bag[account], mrr * often[:, band], many * BAGS) for band in range(BANDS)], axis=-1
    )
    return Seen(
        months=months,
        lost=lost.reshape(shape).astype(float),
        exposed=exposed.reshape(shape).astype(float),
        gone=gone,
        lived=np.stack([tally(group[account], each, many) for each in often.T], axis=-1),
        by_month=tally(when, change[ended], many * months).reshape(many, months),
    )


def _lived(
    ledger: Ledger, start: int, end: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the stretches of unchanged MRR between two periods: account, MRR, first and last period."""
    until = np.full(len(ledger), end, np.int64)
    until[:-1] = np.where(ledger.first[1:], end, np.minimum(ledger.time[1:] - 1, end))
    begin = np.maximum(ledger.time.astype(np.int64), start)
    kept = np.flatnonzero((ledger.mrr > 0) & (until >= begin))
    return ledger.account[kept], ledger.mrr[kept], begin[kept], until[kept]


def _hazard(seen: Seen, weights: Array) -> Array:
    """Return churn by band for the whole and each draw, drawn towards that of the group where little was seen.

    A band counts by the customers that it would have lost at the rate of its group: where they are `CREDIBLE`, half.
    """
    drawn = np.concatenate([np.ones((1, weights.shape[1])), weights])
    top, bottom = (np.einsum("db,gbk->dgk", drawn, side) for side in (seen.lost, seen.exposed))
    total, base = top.sum(axis=2, keepdims=True), bottom.sum(axis=2, keepdims=True)
    whole = _over(total, base, _over(total[:1], base[:1], np.zeros_like(base[:1])))
    own = _over(top, bottom, whole)
    lived = np.maximum(seen.lived.sum(axis=1, keepdims=True), 1)
    due = seen.lived * seen.gone[:, None] / lived
    trust = due / (due + CREDIBLE)
    found = trust * own + (1 - trust) * whole
    found[1:] += generator("rare").gamma(_RARE, size=(len(weights), len(lived), 1)) / lived
    return np.asarray(np.clip(found, 0.0, 1.0))


def _over(top: Array, bottom: Array, otherwise: Array) -> Array:
    """Divide; where there is nothing to divide by, take another value."""
    out = np.broadcast_to(otherwise, top.shape).copy()
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 0))


def _flows(
    book: Book, by: tuple[str, ...], seen: Seen, last: int, weights: Array
) -> tuple[dict[str, Array], dict[str, Array], Growth]:
    """Return the flows of each month seen, what resamples of customers make of their means, and how new ones grow."""
    cube = book.engine.movements("M", by, BAGS)
    bags = cube.bagged if cube.bags else lambda name: cube.measures[name][:, None]
    span = slice(last - seen.months + 1, last + 1)
    opening = bags("opening")[..., span].astype(float)
    base = opening.sum(axis=1)
    drawn = np.concatenate([np.ones((1, opening.shape[1])), _fitting(weights, opening.shape[1])])
    flows, factor = {}, {}
    for name in (*WON, *RATES):
        sums = bags(name)[..., span].astype(float)
        if (
            name == "pause"
        ):  # a customer who leaves while paused pauses no longer, and takes no MRR along
            paused_out = bags("churn")[..., span].sum(axis=1) + seen.by_month
            flows[name] = _over(sums.sum(axis=1) + paused_out, base, np.zeros_like(base)).T
            factor[name] = np.ones((len(drawn), len(base)))
            continue
        sums = np.abs(sums)
        side = np.einsum("db,gb->dg", drawn, sums.sum(axis=2))
        if name in WON:
            flows[name] = sums.sum(axis=1).T / MICRO
        else:
            flows[name] = _over(sums.sum(axis=1), base, np.zeros_like(base)).T
            below = np.einsum("db,gb->dg", drawn, opening.sum(axis=2))
            side = _over(side, below, _over(side[:1], below[:1], np.zeros_like(side[:1])))
        factor[name] = _over(side, side[:1], np.ones_like(side))
    grown = growth(bags("new")[..., 1 : last + 1], drawn, generator("growth"))
    return flows, factor, grown


def _fitting(weights: Array, bags: int) -> Array:
    return weights[:, :bags] if bags <= weights.shape[1] else resample_weights(bags, len(weights))


def _new_size(book: Book, by: tuple[str, ...], months: int) -> Array:
    """Return the sum of squares of the MRR of new customers over their MRR: how lumpy new business is, per group."""
    engine = followed(book.engine)
    lives = engine.lives("M")
    _, _, full = engine.extent("M")
    young = lives["cohort"] > full - max(months, 12)
    group = engine.origin(by)[lives["account"][young]].astype(np.int64)
    many = len(engine.grouping(by))
    total, square = sums(group, lives["mrr"][young] / MICRO, many)
    return np.divide(square, total, out=np.zeros(many), where=total > 0)


def generator(topic: str) -> np.random.Generator:
    """Return the random numbers of a topic of a forecast: the same every time.

    Examples
    --------
    >>> generator("luck 1").random() == generator("luck 1").random()
    True
    """
    return np.random.default_rng([SEED, *topic.encode()])
