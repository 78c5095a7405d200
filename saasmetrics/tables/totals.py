"""What rows of totals are called, and how they are told from customers called like one: "Total Energies"."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

_WORDS = (*("".join(parts) for parts in itertools.product(("grand", "sub", "sous"), (" ", "-", ""), ("total",))),
          "totals", "total", "gesamtsumme", "zwischensumme", "summe", "gesamt", "insgesamt", "totaal", "subtotaal",
          "totale", "subtotale")  # fmt: skip
_MONEY = ("mrr", "arr", "revenue", "recurring revenue")
_WHO = ("customers", "clients", "accounts", "logos")
_OF = (*_MONEY, *(f"{kind}{who}" for kind in ("", "active ", "paying ") for who in _WHO), "kunden")
_ALONE = ("sum", "all customers")
_CURRENCY = r"(?: ?[(](?:in )?(?:[a-z]{3}|k?[$€£¥])[)])"
_BARE = (
    rf"(?:(?:{'|'.join(_WORDS)})(?: (?:of )?(?:{'|'.join(_OF)}))?{_CURRENCY}?:?$|(?:{'|'.join(_ALONE)}):?$"
    r"|number of |# of |anzahl |合計|小計|総計)"
)
_BEGINS = r"(?:grand[ -]?total|sub[ -]?total|sous[ -]?total|totals?\b|(?:gesamt|zwischen)summe\b)"
_SUMS = ("mrr", "arr", "check", "sums", "checksum", "overall", "alle kunden", "somme", "suma", "somma", "som", "soma",
         "σ")  # fmt: skip
_IS_BARE, _IS_BEGUN = (re.compile(pattern, re.IGNORECASE) for pattern in (_BARE, _BEGINS))
LIKELY = rf"(?i)^\s*(?:{_BARE}|{_BEGINS}|(?:{'|'.join(_SUMS)}):?\s*$)"
"""Pattern, as Arrow reads it, of all names of which `is_total` or `is_doubtful` may be true."""

_CENT = 0.01
_NEAR = 0.001  # of a sum: totals are often rounded


def is_total(name: str) -> bool:
    """Whether nobody but a total is called so.

    Examples
    --------
    >>> [is_total(name) for name in ("Total", "Total MRR", "Total (USD)", "Zwischensumme", "Total Energies")]
    [True, True, True, True, False]
    """
    return _IS_BARE.match(name.strip()) is not None


def may_be_total(name: str) -> bool:
    """Whether a total or a customer may be called so.

    Examples
    --------
    >>> [may_be_total(name) for name in ("Total", "Total Energies", "Totally")]
    [False, True, False]
    """
    return _IS_BEGUN.match(name.strip()) is not None and not is_total(name)


def is_doubtful(name: str) -> bool:
    """Whether only the amounts tell a total from a customer of this name.

    Examples
    --------
    >>> [is_doubtful(name) for name in ("Total", "Total Energies", "Overall", "Ada")]
    [False, True, True, False]
    """
    return may_be_total(name) or name.strip().removesuffix(":").lower() in _SUMS


def spelled() -> list[str]:
    """Return what nobody but a total is called, in lower case.

    Examples
    --------
    >>> {"total", "grand total mrr", "number of customers"} <= set(spelled())
    True
    """
    of = ["", *(f" {joint}{word}" for joint in ("", "of ") for word in _OF)]
    counts = [f"{start}{who}" for start in ("number of ", "# of ", "anzahl ") for who in _OF]
    names = [f"{word}{more}" for word in _WORDS for more in of] + [*_ALONE, "合計", "小計", "総計"]
    return sorted({*names, *(f"{name}:" for name in names), *counts})


def is_sum(
    amounts: npt.NDArray[np.float64],
    customers: npt.NDArray[np.bool_],
    breaks: Collection[int],
    place: int,
    least: int = 2,
    many: npt.NDArray[np.int64] | None = None,
) -> bool:
    """Whether a row is the sum of all customers, of those above it, or of those since the last total.

    Parameters
    ----------
    amounts
        Amounts by row and month.
    customers
        True for the rows of customers.
    breaks
        Places of totals and headings.
    place
        The row.
    least
        How many customers since the last total make a sum.
    many
        How many customers each row stands for, by default one.
    """
    count = np.ones(len(amounts), np.int64) if many is None else many
    others = np.flatnonzero(customers)
    above = others[others < place]
    since = above[above > max((n for n in breaks if n < place), default=-1)]
    for rows, few in ((others, 2), (above, 2), (since, least)):
        sums = amounts[rows].sum(axis=0)
        off = np.abs(amounts[place] - sums)
        near = np.maximum(_CENT, _NEAR * np.abs(sums))
        if count[rows].sum() >= few and bool((off <= near).all()) and bool(sums.any()):
            return True
    return False
