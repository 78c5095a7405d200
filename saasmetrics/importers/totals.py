"""Which rows of a sheet are totals, and which are customers whose name begins like one: "Total Energies"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.money import agreeing
from saasmetrics.tables.totals import is_doubtful, is_sum, may_be_total

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt
    import pandas as pd

_CENT = 0.01


@dataclass
class Totals:
    """Rows of a sheet by their place: totals, and customers whose name begins like that of one."""

    places: set[int] = field(default_factory=set)
    customers: list[int] = field(default_factory=list)

    def notes(self, label: str, names: Sequence[str]) -> list[str]:
        """Say which rows are taken for customers though their names begin like those of totals."""
        if not self.customers:
            return []
        many = len(self.customers)
        who = ", ".join(names[place] for place in self.customers[:3]) + (
            ", ..." if many > 3 else ""
        )
        kind = agreeing(many, "a customer, not a total", "customers, not totals")
        verb = agreeing(many, "is", "are")
        return [
            f"{label}: {who} {verb} taken for {kind}: {agreeing(many, 'it is', 'they are')} no sum of other rows"
        ]


def totals(names: Sequence[str], values: pd.DataFrame, aside: Collection[int]) -> Totals:
    """Tell totals by what they are: the sum of other rows, or what stands below all of them and is no smaller than one.

    Parameters
    ----------
    names
        Name of each row, "" where it has none.
    values
        Amounts of the rows that have some, by place and month; those of known totals tell what they contain.
    aside
        Places of rows that are known to be totals or headings.
    """
    amounts = values.reindex(range(len(names))).fillna(0.0).to_numpy(float)
    filled = values.notna().any(axis=1).reindex(range(len(names)), fill_value=False).to_numpy()
    doubtful = [
        place for place, name in enumerate(names) if place not in aside and is_doubtful(name)
    ]
    known = [bool(name) and n not in aside and n not in doubtful for n, name in enumerate(names)]
    found = Totals(set(), [])
    customers = np.array(known, bool)
    proven = any(may_be_total(names[n]) and is_sum(amounts, customers, aside, n) for n in doubtful)
    for place in doubtful:
        own = may_be_total(names[place])
        breaks = {*aside, *found.places}
        summed = is_sum(amounts, customers, breaks, place, 1 if own and proven else 2)
        last = own and _is_last(amounts, customers, place)
        if last and not summed:
            rest = [n for n in doubtful if n >= place]
            last = not _is_contained(amounts, customers, breaks, place, rest)
        if summed or last or (own and not filled[place]):
            found.places.add(place)
        else:
            customers[place] = True
            found.customers += [place] if own else []
    return found


def _is_contained(
    amounts: npt.NDArray[np.float64],
    customers: npt.NDArray[np.bool_],
    breaks: Collection[int],
    place: int,
    doubtful: Collection[int],
) -> bool:
    """Whether some total is the sum of the customers only with a row, alone or beside others that are in doubt."""
    for total in (*breaks, *doubtful):
        if total == place or is_sum(amounts, customers, breaks, total):
            continue
        for rows in ([place], [n for n in doubtful if n != total]):
            more = customers.copy()
            more[rows] = True
            if is_sum(amounts, more, breaks, total):
                return True
    return False


def _is_last(
    amounts: npt.NDArray[np.float64], customers: npt.NDArray[np.bool_], place: int
) -> bool:
    """Whether no customer stands below a row and none is larger than it, as no part is larger than its sum."""
    above = np.flatnonzero(customers)
    if not len(above) or above[-1] > place:
        return False
    return bool((amounts[place] >= amounts[above].max(axis=0) - _CENT).all())
