"""When the cost of winning a customer is repaid: counted once, and judged under any levers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.metrics.economics.curves import curves_of
from saasmetrics.metrics.economics.levers import UNMOVED, Levers
from saasmetrics.metrics.economics.margin import Margin, aligned, group_margins
from saasmetrics.metrics.economics.verdict import UNRECORDED, Cost, verdict_frame
from saasmetrics.metrics.economics.window import divide
from saasmetrics.metrics.economics.worth import arpa_of
from saasmetrics.survival.lives import Lives

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book


@dataclass(frozen=True, eq=False)
class Repayment:
    """Cost and monthly gross profit per new customer, draws x groups, and the curves that the profit follows.

    Parameters
    ----------
    method, horizon
        How repayment is counted, and the months after which it counts as never.
    cost, price, share
        What was spent and won; MRR per customer; gross margin.
    lived
        Survival as draws x groups x months with the months seen of each group; None where the method has no curve.
    said
        For the footnote.
    """

    method: str
    horizon: int
    cost: Cost
    price: NDArray[np.float64]
    share: NDArray[np.float64]
    lived: tuple[NDArray[np.float64], NDArray[np.int64]] | None
    said: dict[str, Any]

    @classmethod
    def of(
        cls,
        book: Book,
        method: str,
        by: tuple[str, ...],
        margin: Margin,
        functions: tuple[str, ...],
        lag: int | None,
        window: int,
        horizon: int,
        arpa: str,
        interval: float | None,
    ) -> Repayment:
        """Count what is needed of a book."""
        share, words = group_margins(book, by, 1.0 if method == "simple" else margin)
        cost = Cost.of(book, by, functions, lag, window, interval)
        lived = _lived(book, cost, horizon) if method == "churn_adjusted" else None
        said = {
            "method": method,
            "spend": " and ".join(functions),
            "margin": None if method == "simple" else words,
            **({"horizon": horizon} if lived is not None else {}),
            "arpa": arpa,
            "window": cost.months.text(),
            "lag": cost.lead,
        }
        price = arpa_of(cost.months, arpa)
        return cls(method, horizon, cost, price, aligned(share, book, by, cost.labels), lived, said)

    def span(self, _period: Any) -> tuple[int, int]:
        """Return the first and the last month in which the customers were won."""
        return self.cost.months.first, self.cost.months.last

    def judged(
        self, interval: float, target: float, levers: Levers = UNMOVED
    ) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """Return months until the cost is repaid with the verdict, and the draws of them."""
        cost = replace(self.cost, spent=self.cost.spent * (1 + levers.cac))
        profit = self.price * (1 + levers.price) * (self.share * (1 + levers.margin))
        bound = np.zeros(len(cost.labels), bool)
        if self.lived is not None:
            alive, seen = self.lived
            lived = (levers.staying(alive), seen)
            draws, reason, known = _along(lived, cost, profit, self.horizon)
            bound = known < target
        else:
            draws = divide(divide(cost.spent, cost.won), profit)
            reason = np.where(profit[0] <= 0, "customers bring no gross profit: never repaid", "")
        draws, reason = _known(draws, reason, cost)
        df = verdict_frame(cost, draws, interval, target, reason, better="lower", bound=bound)
        df.insert(len(cost.by) + 3, "numerator", divide(cost.spent, cost.won)[0])
        df.insert(len(cost.by) + 4, "denominator", profit[0])
        return df.replace([np.inf], np.nan), draws


def _lived(book: Book, cost: Cost, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the survival of the groups, drawn with the months, and the months seen of each."""
    lives = Lives.of(book, cost.by)
    more = len(cost.labels) - len(lives.labels)
    alive = np.pad(curves_of(lives, cost.months), ((0, 0), (0, more), (0, 0)))[:, :, :horizon]
    return alive, np.pad(np.minimum(lives.longest + 1, horizon), (0, more))


def _along(
    lived: tuple[NDArray[np.float64], NDArray[np.int64]],
    cost: Cost,
    profit: NDArray[np.float64],
    horizon: int,
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64]]:
    """Return the month of repayment along each survival curve, why there is none, and the months seen.

    The month is inf where it is never, or later than what was seen; the months seen are inf where
    nothing more can come.
    """
    alive, seen = lived
    if len(alive) != len(profit):
        alive = np.broadcast_to(alive, (len(profit), *alive.shape[1:]))
    known = np.arange(alive.shape[2]) < seen[:, None]
    brought = np.cumsum(profit[..., None] * alive * known, axis=2)
    owed = divide(cost.spent, cost.won)[..., None]
    repaid = brought >= owed * (1 - 1e-12)
    month = np.where(repaid.any(axis=2), repaid.argmax(axis=2) + 1.0, np.inf)
    nobody_left = (alive[0] <= 0).any(axis=1)
    full = (seen >= horizon) | nobody_left
    reason = [
        f"never within the horizon of {horizon} months"
        if whole
        else f"not within the {int(age)} month{'' if age == 1 else 's'} seen"
        for whole, age in zip(full, seen, strict=True)
    ]
    known_until = np.where(full, np.inf, seen)
    return month, np.where(np.isinf(month[0]), reason, ""), known_until


def _known(
    draws: NDArray[np.float64], reason: NDArray[Any], cost: Cost
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Take out the groups in which nobody was won or spend is not known."""
    spent, won = cost.spent[0], cost.won[0]
    nobody = f"no customer was won in {cost.months.text()}"
    reason = np.select([np.isnan(spent), won <= 0], [UNRECORDED, nobody], reason)
    return np.where(np.isnan(spent) | (won <= 0), np.nan, draws), reason
