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
_NEAR = 0.001  # of a sum: totals are often rounded


@dataclass
class Totals:
    """Rows of a sheet by their place: totals, those of them that are no sum, and customers called like a total."""

    places: set[int] = field(default_factory=set)
    customers: list[int] = field(default_factory=list)
    guessed: list[int] = field(default_factory=list)

    def notes(self, label: str, names: Sequence[str]) -> list[str]:
        """Say which rows are taken for customers though their names begin like those of totals, and the reverse."""
        said = []
        if many := len(self.customers):
            kind = agreeing(many, "a customer, not a total", "customers, not totals")
            why = f"{agreeing(many, 'it is', 'they are')} no sum of other rows"
            verb = agreeing(many, "is", "are")
            said.append(f"{label}: {_some(self.customers, names)} {verb} taken for {kind}: {why}")
        said += [
            f"{label}: {names[place]} is taken for a total, as it is last and no less than the customers above it "
            "together; give a customer another name"
            for place in self.guessed
        ]
        return said


def _some(places: Sequence[int], names: Sequence[str]) -> str:
    return ", ".join(names[place] for place in places[:3]) + (", ..." if len(places) > 3 else "")


def totals(names: Sequence[str], values: pd.DataFrame, aside: Collection[int]) -> Totals:
    """Tell totals by what they are: the sum of other rows, or what stands below all and is no less than they are.

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
        last = own and _is_last(amounts, customers, breaks, place)
        if last and not summed:
            rest = [n for n in doubtful if n >= place]
            last = not _is_contained(amounts, customers, breaks, place, rest)
        if summed or last or (own and not filled[place]):
            found.places.add(place)
            found.guessed += [place] if last and filled[place] and not summed else []
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
    amounts: npt.NDArray[np.float64],
    customers: npt.NDArray[np.bool_],
    breaks: Collection[int],
    place: int,
) -> bool:
    """Whether no customer stands below a row, none is larger than it, nor those since the last total together."""
    above = np.flatnonzero(customers)
    if not len(above) or above[-1] > place:
        return False
    since = above[above > max((n for n in breaks if n < place), default=-1)]
    sums = amounts[since].sum(axis=0)
    least = np.maximum(amounts[above].max(axis=0), sums - _NEAR * np.abs(sums))
    return bool((amounts[place] >= least - _CENT).all())
