"""What the cells of a sheet say of its currency, and what its titles and name say of a cube: MRR or ARR."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.signs import SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.importers.grid import Grid

_ANNUAL = re.compile(
    r"(?<![^\W_])(?:arr|acv|annual(?:i[sz]ed)? recurring revenue)(?![^\W_])", re.IGNORECASE
)
_MONTHLY = re.compile(r"(?<![^\W_])(?:mrr|monthly)(?![^\W_])", re.IGNORECASE)


def currency_of_cells(grid: Grid, notes: list[str]) -> str:
    """Return the currency whose sign stands beside the amounts of a sheet, "" where none does.

    Raises
    ------
    DataError
        If several do.
    """
    cells = (row[n] for row in grid.rows for n in grid.months if n < len(row))
    letters = set("".join(cell for cell in cells if isinstance(cell, str)))
    found = [code for sign, code in SIGNS.items() if sign in letters]
    if len(found) > 1:
        raise DataError(
            f"{grid.label}: amounts are in {' and '.join(found)}, as signs beside them say. Give each currency a sheet."
        )
    if not found:
        return ""
    notes.append(f"{grid.label}: amounts are in {found[0]}, as the signs beside them say")
    return found[0]


def refuse_annual(label: str, titles: Sequence[str]) -> None:
    """Refuse a cube of which a title, or the name of the file or sheet, says that it holds ARR.

    Raises
    ------
    DataError
        If it does, and none says MRR.

    Examples
    --------
    >>> refuse_annual("cube.xlsx: MRR", ["MRR and ARR by customer"])
    """
    said = (*titles, label)
    annual = next((one for one in said if _ANNUAL.search(one)), None)
    if annual is not None and not any(_MONTHLY.search(one) for one in said):
        raise DataError(
            f"{label}: amounts are ARR, as {annual!r} says, and MRR is a twelfth of it. Divide them by 12, and say MRR "
            "there."
        )
