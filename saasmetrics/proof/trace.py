"""How a number follows from rows: which columns add up, and to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.export.expression import computed, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

CENT = 0.005  # sums of cents are right to half of one
CLOSE = 1e-9  # of a ratio, in doubles
UNIT = 1e-6  # of money: reported amounts are rounded to it


def near(unit: str, rows: int = 0, below: float | None = None) -> float:
    """Return by how much a value of a unit may differ from that of its rows and still be the same.

    At exchange rates that move each row is rounded by itself, and a year of it counts twelve times.

    Parameters
    ----------
    unit
        That of the value.
    rows
        How many rows it follows from.
    below
        The denominator of a ratio.

    Examples
    --------
    >>> near("money"), near("ratio")
    (1e-06, 1e-09)
    >>> f"{near('money', 20):.6f}", f"{near('ratio', 20, 5000.0):.1e}"
    ('0.000241', '5.0e-09')
    """
    if unit in ("money", "mixed"):
        return min(UNIT + 12 * UNIT * rows, CENT / 2)
    return CLOSE + (min(UNIT * rows / abs(below), UNIT) if below else 0.0)


@dataclass(frozen=True, eq=False)
class Trace:
    """How a number follows from rows.

    Parameters
    ----------
    rows
        What the number is made of; the first column names each row.
    value
        The number as a formula of the totals.
    totals
        Columns of the rows that are added up, or multiplied: "sum" or "product".
    parts
        How columns follow from other columns of their row, as formulas.
    noun
        What a row is.
    unit
        The unit of the value, where it is not the metric's.
    notes
        What else there is to say.
    """

    rows: pd.DataFrame
    value: str
    totals: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)
    noun: str = "customers"
    unit: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of_sides(cls, rows: pd.DataFrame, parts: Mapping[str, str]) -> Trace:
        """Return the trace of rows that say what each adds to the numerator and, for a rate, to the denominator."""
        rate = "denominator" in rows.columns
        sides = ("numerator", "denominator") if rate else ("numerator",)
        return cls(rows, " / ".join(sides), dict.fromkeys(sides, "sum"), parts)

    @cached_property
    def sums(self) -> dict[str, float]:
        """The totals, from the rows."""
        columns = {name: self.rows[name].to_numpy(float) for name in self.totals}
        return {
            name: float(columns[name].sum() if how == "sum" else columns[name].prod())
            for name, how in self.totals.items()
        }

    @cached_property
    def formulas(self) -> dict[str, str]:
        """The parts that give every row exactly what it holds: only those are written as formulas."""
        scope = {str(name): self.rows[name] for name in self.rows.columns}
        found = {}
        for name, formula in self.parts.items():
            if name in scope and set(names(formula)) <= scope.keys():
                gap = np.abs(computed(formula, scope) - scope[name]).to_numpy(float)
                if bool((gap < CENT / 1000).all()):
                    found[name] = formula
        return found
