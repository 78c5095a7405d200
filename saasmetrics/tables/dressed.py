"""Headers that say beside an amount its currency, or that it is in thousands: "Betrag (EUR)", "ARR in T€"."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Dressed", "known_currencies", "undressed"]

_SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "zł": "PLN", "円": "JPY"}
_SEVERAL = ("$", "¥")  # signs of several currencies, which name none
_DOLLARS = {
    "US": "USD",
    "A": "AUD",
    "AU": "AUD",
    "C": "CAD",
    "CA": "CAD",
    "NZ": "NZD",
    "HK": "HKD",
    "S": "SGD",
    "R": "BRL",
}
_WORDS = {"euro": "EUR", "euros": "EUR"}
_PLAIN_WORDS = frozenset({"ALL", "TOP"})  # which headers say in another sense
_SCALES = {
    "thousands": (
        "k", "t", "000", "000s", "thousand", "thousands", "thsd", "tsd", "tds", "tausend", "milliers", "millier",
        "miles", "migliaia", "duizend", "duizenden", "milhares", "千円",
    ),
    "millions": ("mm", "mio", "mln", "million", "millions", "millionen", "millones", "milioni", "miljoen", "百万円"),
    "ten thousands": ("万円",),
}  # fmt: skip
_SCALE = {word: scale for scale, words in _SCALES.items() for word in words}
_LETTERS = {"k": "thousands", "t": "thousands", "m": "millions"}
_DOLLAR = re.compile(rf"(?<![^\W_])({'|'.join(_DOLLARS)})\$")
_TOKEN = re.compile(r"[€£₹$¥]|[^\W_]+")
_FILLERS = frozenset({"in", "en", "em", "d", "de", "di", "of"})


@dataclass(frozen=True)
class Dressed:
    """A header without what it says beside the name of an amount.

    Parameters
    ----------
    bare
        The name alone, its words parted by spaces.
    currencies
        Codes of the currencies that it names.
    scale
        "thousands", "millions" ..., "" where amounts are units.
    """

    bare: str
    currencies: tuple[str, ...] = ()
    scale: str = ""

    @property
    def wrong(self) -> str:
        """Why amounts below it cannot be read as they stand, "" where they can."""
        if self.scale:
            return f"amounts are in {self.scale}"
        return f"amounts are in {' or '.join(self.currencies)}" if len(self.currencies) > 1 else ""

    def of(self, name: str) -> str:
        """Return another name with what this header says beside its own."""
        said = ", ".join(filter(None, (*self.currencies, self.scale)))
        return f"{name} ({said})" if said else name

    def remedy(self, name: str) -> str:
        """Return what to do about it, for an amount that should be called by some name."""
        code = self.currencies[0] if self.currencies else "EUR"
        if self.scale:
            return (
                f'Write them in full, not in {self.scale}, and call the column "{name} ({code})".'
            )
        return (
            f'Write the currency of each row into a column currency, and call the amounts "{name}".'
        )


@cache
def known_currencies() -> frozenset[str]:
    """Codes of ISO 4217."""
    text = Path(__file__).with_name("currencies.json").read_text(encoding="utf-8")
    return frozenset(json.loads(text)["codes"])


@cache
def undressed(header: str) -> Dressed | None:
    """Return what a header says beside its name; None where it says nothing beside it.

    Examples
    --------
    >>> undressed("Betrag (EUR)")
    Dressed(bare='Betrag', currencies=('EUR',), scale='')
    >>> undressed("netto_eur_usd").wrong, undressed("ARR in T€").wrong
    ('amounts are in EUR or USD', 'amounts are in thousands')
    >>> undressed("Amount in thousands")
    Dressed(bare='Amount', currencies=(), scale='thousands')
    >>> undressed("Amount") is None
    True
    """
    words = _TOKEN.findall(_DOLLAR.sub(lambda found: _DOLLARS[found[1]], header))
    left, said = list(words), list[str]()
    while len(left) > 1 and (
        left[-1].casefold() in _FILLERS or _meaning(left[-1], said) is not None
    ):
        said.append(left.pop())
    while len(left) > 1 and _is_currency(left[0]):
        said.append(left.pop(0))
    meanings = [one for word in reversed(said) if (one := _meaning(word, said)) is not None]
    if not meanings:
        return None
    codes = tuple(dict.fromkeys(code for code, _ in meanings if code))
    several = any(word in _SEVERAL for word in said) and len(codes) == 1
    scale = next((scale for _, scale in meanings if scale), "")
    return Dressed(" ".join(left), (*codes, "another currency") if several else codes, scale)


def _is_currency(word: str) -> bool:
    found = _meaning(word)
    return found is not None and not found[1]


def _meaning(word: str, after: Sequence[str] = ()) -> tuple[str, str] | None:
    """Return the currency and the scale that a word of a header names; None where it names neither."""
    plain = word.casefold()
    if plain == "m":  # M€ are millions; an amount m may be per month
        return ("", "millions") if any(map(_is_currency, after)) else None
    if word in _SEVERAL:
        return "", ""
    if plain in _SCALE:
        return "JPY" if plain.endswith("円") else "", _SCALE[plain]
    if code := _code(plain):
        return code, ""
    if plain[:1] in _LETTERS and (code := _code(plain[1:])):
        return code, _LETTERS[plain[0]]
    return None


def _code(plain: str) -> str:
    named = _SIGNS.get(plain) or _WORDS.get(plain)
    if named:
        return named
    code = plain.upper()
    return code if code in known_currencies() - _PLAIN_WORDS else ""
