"""What titles above a sheet say of its amounts: their currency, and that they are in thousands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.dressed import Dressed, undressed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BEFORE = (
    "in", "en", "em", "currency", "währung", "waehrung", "devise", "monnaie", "moneda", "divisa", "valuta", "moeda",
    "unit", "units", "einheit", "unité", "unidad", "通貨", "単位",
)  # fmt: skip
_SAID = re.compile(
    rf"(?<!\w)(?:{'|'.join(_BEFORE)})(?!\w)\s*[:=]?\s*(?P<after>[^,;.()\[\]]+)|[(\[](?P<inside>[^()\[\]]+)[)\]]",
    re.IGNORECASE,
)


def currency_of_titles(label: str, titles: Sequence[str], notes: list[str]) -> str:
    """Return the currency that titles name, "" where they name none.

    Parameters
    ----------
    label
        The sheet.
    titles
        What stands above its header.
    notes
        Where to say so.

    Raises
    ------
    DataError
        If they say that amounts are in thousands or in several currencies.

    Examples
    --------
    >>> currency_of_titles("cube.xlsx", ["MRR by customer", "all amounts in EUR"], [])
    'EUR'
    >>> currency_of_titles("cube.xlsx", ["MRR by customer, 2026"], [])
    ''
    """
    found: dict[str, str] = {}
    for title in titles:
        for said in _units(title):
            if said.scale:
                raise DataError(
                    f"{label}: {said.wrong}, as {title!r} says. Write them in full, not in {said.scale}, and take "
                    "these words out of the title."
                )
            found |= dict.fromkeys(said.currencies, title)
    if len(found) > 1:
        raise DataError(
            f"{label}: amounts are in {' or '.join(found)}, as {next(iter(found.values()))!r} says. Leave the one that "
            "they are in, or give each currency a sheet."
        )
    for code, title in found.items():
        notes.append(f"{label}: amounts are in {code}, as {title!r} says")
    return next(iter(found), "")


def _units(title: str) -> Iterator[Dressed]:
    """Yield what is said of amounts by the whole title, in parentheses, or after "in" or "currency"."""
    found = [one["after"] or one["inside"] for one in _SAID.finditer(title)]
    for words in (title, *found):
        # Before a name, all of it is what stands beside the name, or it says something else.
        dressed = undressed(f"amount {words}")
        if dressed and dressed.bare == "amount" and (dressed.currencies or len(words.strip()) > 1):
            yield dressed
    # "MRR T€" at the end of a title, where nothing else can be meant.
    if (dressed := undressed(title)) and dressed.scale and dressed.currencies:
        yield dressed
