"""Which rows of a sheet are totals, and which are customers whose name begins like one: "Total Energies"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.money import agreeing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt
    import pandas as pd

_WHO = r"(?:active |paying )?(?:customers|clients|accounts|logos)|kunden"
_OF = rf"(?: (?:of )?(?:mrr|arr|revenue|recurring revenue|{_WHO}))"
_BARE = re.compile(
    rf"(?:(?:grand[ -]?total|sub[ -]?total|sous[ -]?total|totals?|(?:gesamt|zwischen)summe|summe|gesamt|insgesamt"
    rf"|totaal|subtotaal|totale|subtotale){_OF}?:?$|number of |# of |anzahl |合計|小計|総計)",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"(?:grand[ -]?total|sub[ -]?total|sous[ -]?total|totals?\b|(?:gesamt|zwischen)summe\b)",
    re.IGNORECASE,
)
_CENT = 0.01
_NEAR = 0.001  # of a sum: totals are often rounded
_SUMS = ("sum", "mrr", "arr", "check", "sums", "checksum", "all customers", "overall", "alle kunden", "somme", "suma",
         "somma", "som", "soma", "σ")  # fmt: skip


def is_total(name: str) -> bool:
    """Whether nobody but a total is called so.

    Examples
    --------
    >>> [is_total(name) for name in ("Total", "Total MRR", "Zwischensumme", "Total Energies")]
    [True, True, True, False]
    """
    return _BARE.match(name) is not None


def may_be_total(name: str) -> bool:
    """Whether a total or a customer may be called so.

    Examples
    --------
    >>> [may_be_total(name) for name in ("Total", "Total Energies", "Totally")]
    [False, True, False]
    """
    return _BEGINS.match(name) is not None and not is_total(name)


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
        Amounts of the rows that have some, by place and month.
    aside
        Places of rows that are known to be totals or headings.
    """
    amounts = values.reindex(range(len(names))).fillna(0.0).to_numpy(float)
    filled = values.notna().any(axis=1).reindex(range(len(names)), fill_value=False).to_numpy()
    doubtful = [
        place
        for place, name in enumerate(names)
        if place not in aside and (may_be_total(name) or name.lower() in _SUMS)
    ]
    known = [bool(name) and n not in aside and n not in doubtful for n, name in enumerate(names)]
    found = Totals(set(), [])
    customers = np.array(known, bool)
    proven = any(
        may_be_total(names[n]) and _is_sum(amounts, customers, aside, n, 2) for n in doubtful
    )
    for place in doubtful:
        own = may_be_total(names[place])
        breaks = {*aside, *found.places}
        summed = _is_sum(amounts, customers, breaks, place, 1 if own and proven else 2)
        if summed or (own and (not filled[place] or _is_last(amounts, customers, place))):
            found.places.add(place)
        else:
            customers[place] = True
            found.customers += [place] if own else []
    return found


def _is_sum(
    amounts: npt.NDArray[np.float64],
    customers: npt.NDArray[np.bool_],
    breaks: Collection[int],
    place: int,
    least: int,
) -> bool:
    """Whether a row is the sum of all customers, of those above it, or of those since the last total."""
    others = np.flatnonzero(customers)
    above = others[others < place]
    since = above[above > max((n for n in breaks if n < place), default=-1)]
    for rows, few in ((others, 2), (above, 2), (since, least)):
        sums = amounts[rows].sum(axis=0)
        off = np.abs(amounts[place] - sums)
        near = np.maximum(_CENT, _NEAR * np.abs(sums))
        if len(rows) >= few and bool((off <= near).all()) and bool(sums.any()):
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
