"""What exchange rates do to MRR where it is no line of its own: an expansion or contraction of each customer.

It is told per customer (and its group) and currency. Of what is held unchanged through a period all of a currency gain
or lose together, so only accounts that change in it are told one by one: the cost does not follow the months.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.exchange import ROUNDING, ends_of
from saasmetrics.engine.keys import in_one
from saasmetrics.engine.movements import KINDS
from saasmetrics.engine.tally import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.exchange import Dated, Valuation
    from saasmetrics.engine.ledger import Ledger
    from saasmetrics.engine.movements import Moves

    Measures = dict[str, NDArray[np.int64]]

SUMS = (
    "changed",
    "gained",
    "lost",
)  # over accounts that change in a period: their closing, and what rates did


@dataclass(frozen=True, eq=False)
class Changes:
    """Accounts that change in a period: what each holds at its end, at constant rates, and what rates did to it."""

    account: NDArray[np.int32]
    period: NDArray[np.int32]
    closing: NDArray[np.int64]
    effect: NDArray[np.int64]


def changes(
    engine: Dated,
    rates: Valuation,
    currency: NDArray[np.int32],
    seen: tuple[Ledger, NDArray[np.int32]],
    moved: Moves,
    freq: str,
) -> Changes:
    """Return the accounts that change in each period, with what rates did to them.

    Parameters
    ----------
    engine, rates, freq
        The engine, its rates of exchange and the frequency.
    currency
        That of each account.
    seen
        The ledger of accounts, and the period of each of its changes.
    moved
        The movements of its changes, at the rates of their day.
    """
    parts, when = seen
    key = in_one(parts.account, when)
    begins = np.ones(len(key), bool)
    begins[1:] = key[1:] != key[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(key))[: len(first)] - 1
    account, period = parts.account[first], when[first]
    opening, closing = parts.before(parts.mrr)[first], parts.mrr[last]
    days = (ends_of(engine, freq, period.astype(np.int64) - back) for back in (1, 0))
    start, end = (rates.each(currency[account], day) for day in days)
    effect = np.rint(closing * end).astype(np.int64) - np.rint(opening * start).astype(np.int64)
    at = np.searchsorted(key[first], in_one(moved.account, moved.period))
    for amount in (moved.amount, moved.pause, moved.transfer):
        if amount is not None:
            np.subtract.at(effect, at, amount)
    return Changes(account, period, closing, counted(effect))


def counted(effect: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what rates did without what only rounding leaves."""
    return effect * (np.abs(effect) > ROUNDING)


def sums(found: Changes, where: NDArray[np.int64], size: int) -> Measures:
    """Return the sums over accounts that change, per cell."""
    gained, lost = np.maximum(found.effect, 0), np.minimum(found.effect, 0)
    values = zip(SUMS, (found.closing, gained, lost), strict=True)
    return {name: tally(where, value, size) for name, value in values}


def told(
    flows: Measures, held: tuple[NDArray[np.int64], ...], factor: NDArray[np.float64]
) -> Measures:
    """Return flows per group and period, the currencies as one, with what rates did as expansion and contraction.

    Parameters
    ----------
    flows
        The movements per group, currency and period, and in `fx` what rates did in all.
    held
        MRR at the end of each period at constant rates, and the `SUMS` of accounts that change in it.
    factor
        The rates at the end of each period, per currency.

    Notes
    -----
    The units that rounding leaves go to the largest movement of a group; where there is none, they stay in `fx`.
    """
    closing, changed, gained, lost = held
    rest = closing - changed
    before = np.concatenate([np.ones((len(factor), 1)), factor[:, :-1]], axis=1)
    effect = (np.rint(rest * factor) - np.rint(rest * before)).astype(np.int64)
    more, less = gained + np.maximum(effect, 0), lost + np.minimum(effect, 0)
    said = {"expansion": flows["expansion"] + more, "contraction": flows["contraction"] + less}
    said["fx"] = flows["fx"] - more - less
    out = {name: value.sum(axis=1, keepdims=True) for name, value in {**flows, **said}.items()}
    parts = np.stack([out[name] for name in KINDS])
    largest = np.abs(parts).argmax(axis=0)[None]
    most = np.take_along_axis(parts, largest, axis=0)
    left = np.where(most[0] != 0, out["fx"], 0)
    np.put_along_axis(parts, largest, most + left, axis=0)
    return {**out, **dict(zip(KINDS, parts, strict=True)), "fx": out["fx"] - left}
