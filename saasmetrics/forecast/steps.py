"""Month by month into the future: every draw of the rates moves MRR on by age, with the luck of single customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.forecast.rates import RATES, WON, Outlook, band_of, generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.forecast.scenario import Scenario

    Array = NDArray[np.float64]

PARTS = (
    "opening",
    "new",
    "reactivation",
    "expansion",
    "contraction",
    "churn",
    "pause",
    "fx",
    "closing",
)


_NO_CHANCE = 1e-12  # of leaving in a month: nothing is drawn


@dataclass(frozen=True, eq=False)
class Cells:
    """MRR by draw, group and age, with the sum of squares of that of each customer."""

    mrr: Array
    square: Array

    def scaled(self, factor: Array) -> Cells:
        """Return the cells with every customer's MRR multiplied."""
        return Cells(self.mrr * factor, self.square * factor**2)


@dataclass(frozen=True, eq=False)
class Ways:
    """The months ahead: by name of movement, draws x groups x months; row 0 is expected, without any luck.

    Losses are negative; opening and movements add up to closing. `cells` is MRR at the end of each month asked for.
    """

    parts: dict[str, Array]
    cells: dict[int, Cells]


def today(found: Outlook) -> Cells:
    """Return the cells of today, the same in every draw."""
    shape = (found.draws + 1, *found.mrr.shape)
    return Cells(np.broadcast_to(found.mrr, shape), np.broadcast_to(found.square, shape))


def ways(
    found: Outlook,
    months: int,
    scenario: Scenario,
    *,
    start: Cells | None = None,
    after: int = 0,
    newcomers: bool = True,
    exchange: Array | None = None,
    keep: tuple[int, ...] = (),
) -> Ways:
    """Move MRR on month by month.

    Parameters
    ----------
    found
        Today's customers and the rates.
    months
        How many months ahead.
    scenario
        What is assumed to be different.
    start
        The cells to begin with; by default those of today.
    after
        How many months from today it begins.
    newcomers
        Whether new and returning customers come.
    exchange
        Factor per group that a change of exchange rates makes of MRR in the first month.
    keep
        Months whose cells to return.
    """
    now = today(found) if start is None else start
    parts = {name: np.zeros((*now.mrr.shape[:2], months)) for name in PARTS}
    cells: dict[int, Cells] = {}
    factor = np.ones(len(found.labels)) if exchange is None else exchange
    for month in range(months):
        number = after + month + 1
        move = {"opening": now.mrr.sum(axis=2)}
        if month == 0 and exchange is not None:
            move["fx"] = move["opening"] * (factor - 1)
            now = now.scaled(factor[:, None])
        picked = generator(f"month {number}").integers(0, found.months, found.draws + 1)
        now = _stayed(found, now, scenario, number, picked, move)
        won = [_won(found, name, scenario, number, picked) * factor for name in WON]
        now = _older(
            now, won[0] + won[1] if newcomers else np.zeros_like(won[0]), found.size * factor
        )
        if newcomers:
            move |= dict(zip(WON, won, strict=True))
        move["closing"] = now.mrr.sum(axis=2)
        for name, amount in move.items():
            parts[name][:, :, month] = amount
        if number in keep:
            cells[number] = now
    return Ways(parts, cells)


def _won(
    found: Outlook, name: str, scenario: Scenario, month: int, picked: NDArray[np.int64]
) -> Array:
    """Return new or returning MRR of a month: that of a month that was seen, grown since; row 0 is the mean."""
    seen, ago = found.flows[name], found.months - 1 - np.arange(found.months)
    lever = scenario.new * (1 + scenario.new_growth) ** (month / 12)
    if name != "new":
        out = seen[picked] * found.factor[name]
        out[0] = seen.mean(axis=0)
        return np.asarray(out * lever)
    usual = found.growth.rate[0]
    level = seen * np.exp(usual * ago[:, None])
    pivot = (found.growth.rate - usual) * ago.mean()
    out = level[picked] * found.factor[name] * np.exp(pivot)
    out[0] = level.mean(axis=0)
    return np.asarray(out * found.growth.ahead(month) * lever)


def _stayed(
    found: Outlook,
    now: Cells,
    scenario: Scenario,
    month: int,
    picked: NDArray[np.int64],
    move: dict[str, Array],
) -> Cells:
    """Return the cells after churn, expansion, contraction and pauses, and write down what moved."""
    rate = {name: _rate(found, name, picked)[..., None] for name in RATES}
    lost = _lost(found, now, scenario.churn, generator(f"luck {month}"))
    stay = now.mrr - lost
    lever = (1 + scenario.seats) ** (1 / 12)
    if month == scenario.price_month:
        lever *= 1 + scenario.price
    changed = stay * (lever - 1)
    grown = now.mrr * rate["expansion"] * scenario.expansion + np.maximum(changed, 0.0)
    shrunk = now.mrr * rate["contraction"] * scenario.contraction + np.maximum(-changed, 0.0)
    shrunk = np.minimum(shrunk, stay + grown)
    rested = np.maximum(now.mrr * rate["pause"], shrunk - stay - grown)
    after = stay + grown - shrunk + rested
    move["churn"], move["contraction"] = -lost.sum(axis=2), -shrunk.sum(axis=2)
    move["expansion"], move["pause"] = grown.sum(axis=2), rested.sum(axis=2)
    kept, larger = _share(stay, now.mrr), _share(after, stay)
    return Cells(after, now.square * kept * larger**2)


def _rate(found: Outlook, name: str, picked: NDArray[np.int64]) -> Array:
    """Return a rate per draw and group: that of a month that was seen, moved by a resample; row 0 is the mean month."""
    out = found.flows[name][picked] * found.factor[name]
    out[0] = found.flows[name].mean(axis=0)
    return np.asarray(out)


def _lost(found: Outlook, now: Cells, factor: float, luck: np.random.Generator) -> Array:
    """Return what leaves each cell: expected churn in row 0, and a Beta of the spread of its customers in the draws.

    Of n customers of equal size the share that leaves has variance hazard x (1 - hazard) / n; of customers of any size,
    1/n is the sum of squares over the square of the sum. The Beta has that mean and variance and stays between none
    and all.
    """
    hazard = np.minimum(found.churn * factor, 1.0)[
        :, :, band_of(np.arange(1, now.mrr.shape[2] + 1))
    ]
    share = hazard.copy()
    at = np.nonzero((now.mrr > 0) & (hazard > _NO_CHANCE) & (hazard < 1))
    drawn = tuple(each[at[0] > 0] for each in at)
    customers = now.mrr[drawn] ** 2 / np.maximum(now.square[drawn], 1e-12)
    weight = np.maximum(customers - 1, 1e-3)
    share[drawn] = luck.beta(hazard[drawn] * weight, (1 - hazard[drawn]) * weight)
    return np.asarray(now.mrr * share)


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _older(cells: Cells, won: Array, size: Array) -> Cells:
    """Return cells a month older, with those just won at age 0."""
    mrr, square = (np.pad(each, ((0, 0), (0, 0), (1, 0))) for each in (cells.mrr, cells.square))
    mrr[:, :, 0], square[:, :, 0] = won, won * size
    return Cells(mrr, square)
