"""Month by month into the future: every draw of the rates moves MRR on by age, with the luck of single customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.forecast.rates import FLOWS, Outlook, band_of, generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.forecast.scenario import Scenario

    Array = NDArray[np.float64]

PARTS = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "fx", "closing")


@dataclass(frozen=True, eq=False)
class Ways:
    """The months ahead: by name of movement, draws x groups x months; row 0 is expected, without any luck.

    Losses are negative; opening and movements add up to closing. `cells` holds MRR at the end of each month asked for,
    draws x groups x ages.
    """

    parts: dict[str, Array]
    cells: dict[int, Array]


def ways(
    found: Outlook,
    months: int,
    scenario: Scenario,
    *,
    start: Array | None = None,
    square: Array | None = None,
    newcomers: bool = True,
    exchange: Array | None = None,
    keep: tuple[int, ...] = (),
    first: int = 1,
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
    start, square
        MRR by draw, group and age to begin with, and its sum of squares; by default today's.
    newcomers
        Whether new and returning customers come.
    exchange
        Factor per group that a change of exchange rates makes of MRR in the first month.
    keep
        Months whose cells to return.
    first
        The number of the first month from today, for levers that begin at a month.
    """
    draws, groups = found.draws + 1, len(found.labels)
    luck = generator()
    mrr = np.broadcast_to(found.mrr, (draws, *found.mrr.shape)).copy() if start is None else start
    squares = found.square if square is None else square
    spread = np.broadcast_to(squares, mrr.shape).copy()
    parts = {name: np.zeros((draws, groups, months)) for name in PARTS}
    cells: dict[int, Array] = {}
    for month in range(months):
        parts["opening"][:, :, month] = mrr.sum(axis=2)
        if month == 0 and exchange is not None:
            parts["fx"][:, :, 0] = mrr.sum(axis=2) * (exchange - 1)
            mrr, spread = mrr * exchange[:, None], spread * exchange[:, None] ** 2
        picked = luck.integers(0, found.months, draws)
        flow = {name: _flow(found, name, picked) for name in FLOWS}
        lost = _lost(found, mrr, spread, scenario.churn, luck)
        grown = mrr * _growth(flow, scenario, month + first)[..., None]
        shrunk = np.minimum(
            mrr * (flow["contraction"] * scenario.contraction)[..., None], mrr - lost
        )
        share = np.divide(mrr - lost + grown - shrunk, mrr, out=np.zeros_like(mrr), where=mrr > 0)
        mrr, spread = _older(mrr * share), _older(spread * np.minimum(share, 1.0))
        parts["churn"][:, :, month] = -lost.sum(axis=2)
        parts["expansion"][:, :, month] = grown.sum(axis=2)
        parts["contraction"][:, :, month] = -shrunk.sum(axis=2)
        if newcomers:
            won = flow["new"] * scenario.new * (1 + scenario.new_growth) ** ((month + first) / 12)
            back = flow["reactivation"] * scenario.new
            mrr[:, :, 0] = won + back
            spread[:, :, 0] = (won + back) * found.size
            parts["new"][:, :, month], parts["reactivation"][:, :, month] = won, back
        parts["closing"][:, :, month] = mrr.sum(axis=2)
        if month + 1 in keep:
            cells[month + 1] = mrr.copy()
    return Ways(parts, cells)


def _flow(found: Outlook, name: str, picked: NDArray[np.int64]) -> Array:
    """Return a flow per draw and group: a month that was seen, moved by a resample; row 0 is the mean month."""
    out = found.flows[name][picked] * found.factor[name]
    out[0] = found.flows[name].mean(axis=0)
    return np.asarray(out)


def _lost(
    found: Outlook, mrr: Array, spread: Array, factor: float, luck: np.random.Generator
) -> Array:
    """Return what leaves from each cell: expected churn, and around it the luck of customers of its sizes."""
    hazard = np.minimum(found.churn * factor, 1.0)[:, :, band_of(np.arange(1, mrr.shape[2] + 1))]
    expected = mrr * hazard
    noise = luck.standard_normal(mrr.shape[:2])
    noise[0] = 0.0
    total = expected.sum(axis=2)
    deviation = np.sqrt((spread * hazard * (1 - hazard)).sum(axis=2))
    wanted = np.clip(total + noise * deviation, 0.0, mrr.sum(axis=2))
    scale = np.divide(wanted, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.minimum(expected * scale[..., None], mrr))


def _growth(flow: dict[str, Array], scenario: Scenario, month: int) -> Array:
    """Return the share by which MRR grows in a month."""
    seats = (1 + scenario.seats) ** (1 / 12) - 1
    price = scenario.price if month == scenario.price_month else 0.0
    return np.asarray(flow["expansion"] * scenario.expansion + seats + price)


def _older(cells: Array) -> Array:
    """Return cells a month older, with nobody at age 0."""
    return np.asarray(np.pad(cells, ((0, 0), (0, 0), (1, 0))))
