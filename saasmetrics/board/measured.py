"""How wide words are in the widest font that stands in where Arial is not installed, so that nothing touches."""

from __future__ import annotations

_EMS = {
    "ijl'|": 0.28, "I.,:; ": 0.33, "frt-()": 0.41, "ckszvxy": 0.58, "mwMWQ%": 0.98, "ABCEFKLPRSTVXYZ": 0.7,
    "DGHNOU&": 0.79, "+−=▲▼": 0.84,
}  # fmt: skip
_OTHER, _BROAD = 0.64, 1.0  # of an em: letters, figures; signs of Chinese, Japanese and Korean
_BOLD = 1.12  # of plain letters
_POINTS = 72.0  # in an inch


def ems(text: str, *, bold: bool = False) -> float:
    """Return how wide a text is, as a multiple of the size of its letters.

    Examples
    --------
    >>> round(ems("Churn"), 2), ems("Contraction") > ems("Churn")
    (3.03, True)
    """
    wide = sum(_em(letter) for letter in text)
    return _BOLD * wide if bold else wide


def _em(letter: str) -> float:
    if letter > "\u2e7f":
        return _BROAD
    return next((em for letters, em in _EMS.items() if letter in letters), _OTHER)


def inches(text: str, points: float, *, bold: bool = False) -> float:
    """Return how many inches wide a text of some points is.

    Examples
    --------
    >>> round(inches("Renewed", 10, bold=True), 2)
    0.76
    """
    return ems(text, bold=bold) * points / _POINTS


def fitting(text: str, room: float, most: float, least: float, *, bold: bool = False) -> float:
    """Return the points at which a text stands on one line of so many inches, within bounds.

    Examples
    --------
    >>> fitting("8", 1.5, 19, 9), round(fitting("18.2 months", 1.0, 19, 9), 1)
    (19, 11.1)
    """
    return max(least, min(most, room * _POINTS / max(ems(text, bold=bold), 0.1)))
