"""Findings about the months of an MRR cube."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import Problem
from saasmetrics.tables.runs import covered

if TYPE_CHECKING:
    from saasmetrics.tables.gate.view import Gate

_SHOWN = 3


def empty_months(gate: Gate) -> Iterable[Problem]:
    """Months between the first and the last of a cube for which nobody has a row."""
    for view in gate.having("mrr"):
        if not view.has("month"):
            continue
        months = covered(*view.reach()).astype("datetime64[M]")
        missing = np.setdiff1d(np.arange(months[0], months[-1]), months) if len(months) else months
        if len(missing):
            words = ", ".join(map(str, missing[:_SHOWN])) + (
                ", ..." if len(missing) > _SHOWN else ""
            )
            yield Problem(
                "mrr",
                "month",
                f"nobody has a row in {words}, so everybody leaves and returns",
                0,
                tuple({"month": str(month)} for month in missing[:_SHOWN]),
                "Look for a column or a file with a misspelt month; where nobody paid, write 0.",
                "warning",
                "empty-months",
            )
