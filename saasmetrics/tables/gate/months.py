"""Findings about the months of an MRR cube."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.tables.gate.view import Bools, Gate

_SHOWN = 3
_COUNTED = 2**16  # months, which are counted rather than sorted


def empty_months(gate: Gate) -> Iterable[Problem]:
    """Months between the first and the last of a cube for which nobody has a row."""
    for view in gate.having("mrr"):
        if not view.has("month"):
            continue
        months = _different(view.months("month"), view.valid("month")).astype("datetime64[M]")
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


def _different(months: NDArray[np.int64], valid: Bools) -> NDArray[np.int64]:
    """Return the months that there are, in order."""
    months = months if valid.all() else months[valid]
    low, high = (int(months.min()), int(months.max())) if len(months) else (0, 0)
    if high - low > _COUNTED:
        return np.unique(months)
    return np.flatnonzero(np.bincount(months - low)) + low
