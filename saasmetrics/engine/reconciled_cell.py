"""The steps of a reconciliation from sums over days, wherever those were added up: valued, in micro-units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from saasmetrics.engine.day_sums import valued
from saasmetrics.engine.matched import UNEXPLAINED

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.engine.day_sums import Ints, Segments
    from saasmetrics.engine.exchange import Valuation
    from saasmetrics.policy import Policy

MATCHED = ("only_mrr", "only_invoices", "credits")
TIMING = ("billed_ahead", "billed_before", "billed_later")
OTHER = ("one_off", "usage", "refunds", "tax")
READINGS = ("policy", "live", "billed")
"""MRR by the policy, with discounts as they are billed, and all as it is billed."""
CAUSES = (*MATCHED, "discounts", *UNEXPLAINED)
SERVICE = ("served", "recognised", "invoiced", "rated", "own", "later")
"""The lines that pay for days of service: by these days, at constant rates and at those of the invoices' days; whole
on the days of the invoices, at both; and by the days of service in the period of the invoice, or before it."""
DATED = {name: f"{name} dated" for name in OTHER}
SERVED = {name: f"{name} served" for name in OTHER}


class Sums(Protocol):
    """Levels added up: over the days of each part, per group of customers and currency."""

    def over(self, name: str) -> Ints:
        """Return the sum of level x days, as groups x currencies x parts."""

    def closing(self, name: str) -> Ints:
        """Return the level at the end of each part, as groups x currencies x parts."""


@dataclass(frozen=True)
class Behind:
    """Customers one by one: the first `skipped` rows of the cell come before them in order, and are not asked for."""

    ids: pa.Array
    cell: Cell
    skipped: int


@dataclass(frozen=True)
class Cell:
    """Groups of customers over some periods: every step as micro-units per group and period.

    Parameters
    ----------
    sums
        What the levels add up to.
    parts
        The days.
    rates
        The exchange rates that move.
    policy
        The definition choices.
    has_lines
        Whether there are invoices.
    """

    sums: Sums
    parts: Segments
    rates: Valuation
    policy: Policy
    has_lines: bool

    @cached_property
    def _first(self) -> Ints:
        """The part that each period begins with."""
        return np.flatnonzero(np.append(True, self.parts.last[:-1]))

    @cached_property
    def _ends(self) -> Ints:
        """The last part of the period of each part."""
        number = np.cumsum(np.append(0, self.parts.last[:-1]))
        ends: Ints = np.flatnonzero(self.parts.last)[number]
        return ends

    def _factors(self, *, moving: bool) -> NDArray[np.float64] | None:
        """Return the rates at the end of the period of each part; None where there is only one."""
        if self.rates.count == 1 or not moving:
            return None
        return self.rates.at(self.parts.bounds[1:][self._ends] - 1)

    @property
    def _moving(self) -> bool:
        return self.policy.fx != "constant"

    def _valued(self, sums: Ints, *, monthly: bool, moving: bool | None = None) -> Ints:
        parts = self.parts.month_days if monthly else np.ones_like(self.parts.month_days)
        rates = self._factors(moving=self._moving if moving is None else moving)
        return self._periods(valued(sums, parts, rates).sum(axis=1))

    def _periods(self, values: Ints) -> Ints:
        return np.add.reduceat(values, self._first, axis=1)

    def _monthly(self, name: str) -> Ints:
        return self._valued(self.sums.over(name), monthly=True)

    def _at_their_day(self, name: str) -> Ints:
        """Return amounts that are at the rates of their day already."""
        return self._valued(self.sums.over(name), monthly=False, moving=False)

    @cached_property
    def _earned(self) -> list[Ints]:
        """MRR earned day by day, under each reading."""
        return [self._monthly(name) for name in READINGS]

    def mrr(self) -> dict[str, Ints]:
        """Return MRR at the close of each period, once for every month in it, and what leads to MRR as billed."""
        closing = self.sums.closing(READINGS[0])[:, :, self._ends]
        base = self._valued(closing * self.parts.days, monthly=True)
        policy, live, billed = self._earned
        return {
            "mrr": base,
            "changes": policy - base,
            "discounts": live - policy,
            "definition": billed - live,
        }

    def exchange(self) -> Ints:
        """Return what MRR earned is worth more at the rates at the end of each month than at those used so far."""
        if self.rates.count == 1:
            return np.zeros_like(self._earned[2])
        rates = self.rates.at(self.parts.bounds[1:] - 1)
        sums = self.sums.over(READINGS[2])
        monthly = valued(sums, self.parts.month_days, rates).sum(axis=1)
        return self._periods(monthly) - self._earned[2]

    def parted(self) -> dict[str, Ints]:
        """Return the causes for which invoices serve more or less than MRR, `unexplained` and its parts among them."""
        out = {name: self._monthly(name) for name in CAUSES}
        sums = sum(self.sums.over(name) for name in UNEXPLAINED)
        out["unexplained"] = self._valued(np.asarray(sums), monthly=True)
        return out

    def served(self) -> Ints:
        """Return what the recurring lines, discounts and credits pay for in each period, by days."""
        return self._valued(self.sums.over("served"), monthly=False)

    def recognised(self) -> Ints:
        """Return the same at the rates of the days on which it was invoiced."""
        return self._at_their_day("recognised")

    def other(self, *, when: str) -> dict[str, Ints]:
        """Return the lines that are no service, at the rates of their days, by `when` they are billed or served."""
        found = DATED if when == "billed" else SERVED
        return {name: self._at_their_day(asked) for name, asked in found.items()}

    def billed(self) -> tuple[dict[str, Ints], Ints]:
        """Return the timing of the bills for service, and what they add up to at the rates of their days."""
        names = ("invoiced", "served", "own", "later")
        invoiced, served, own, later = (self.sums.over(name) for name in names)
        timing = {
            "billed_ahead": self._valued(invoiced - own, monthly=False),
            "billed_before": -self._valued(served - own - later, monthly=False),
            "billed_later": -self._valued(later, monthly=False),
        }
        return timing, self._at_their_day("rated")
