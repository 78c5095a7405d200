"""Quantities as every rendering writes them: the same text on the page, in the deck and in the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from saasmetrics.money import format_hours, format_hours_between, format_money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.board.model import Quantity

NONE = "–"
MINUS = "−"
_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}
_LEAST = ((1e10, "B"), (1e8, "M"), (1e5, "k"))
_DIGITS = {"M": 1, "B": 2}
_AFTER = {"months": " months", "monthly": " a month"}  # where there is no header


def scale_of(values: Iterable[float | None]) -> str:
    """Return in what money stands best: units, thousands, millions or billions, by the largest amount.

    Examples
    --------
    >>> scale_of([4_780_000.0, 120_000.0]), scale_of([None]), scale_of([2.5e8]), scale_of([9.35e10])
    ('k', '', 'M', 'B')
    """
    most = max((abs(value) for value in values if value is not None), default=0.0)
    return next((letter for least, letter in _LEAST if most >= least), "")


def head_of(unit: str, scale: str, currency: str) -> str:
    """Return a unit as a header says it.

    Examples
    --------
    >>> head_of("money", "k", "USD"), head_of("ratio", "", "USD")
    ('USD k', '%')
    """
    if unit == "money":
        return f"{currency} {scale}".strip()
    return {"ratio": "%", "points": "pp", "multiple": "x", "monthly": "a month", "fte": "FTE"}.get(
        unit, unit
    )


def unit_in_pack(metric: str, unit: str) -> str:
    """Return the unit of a metric in a pack: points are the distance of two rates, and contacts no multiple of a thing.

    Examples
    --------
    >>> unit_in_pack("nps", "points"), unit_in_pack("support_load", "multiple"), unit_in_pack("ltv_cac", "multiple")
    ('score', 'monthly', 'multiple')
    """
    if metric == "support_load" and unit == "multiple":
        return "monthly"
    return "score" if unit == "points" else unit


def shown(quantity: Quantity, scale: str = "") -> str:
    """Return a quantity as a cell of a table shows it, money in the scale of the table.

    Examples
    --------
    >>> from saasmetrics.board.model import Quantity
    >>> shown(Quantity("a", "A", -1_234_500.0, "money"), "k"), shown(Quantity("a", "A", 0.953, "ratio"))
    ('−1,234', '95.3%')
    >>> shown(Quantity("a", "A", 561_582_000.0, "money"), "M"), shown(Quantity("a", "A", 0.04, "multiple"))
    ('561.6', '0.04x')
    >>> shown(Quantity("a", "A", 93_491_800_000.0, "money"), "B")
    '93.49'
    >>> shown(Quantity("a", "A", 0.0213, "points", signed=True))
    '+2.1 pp'
    """
    value, unit = quantity.value, quantity.unit
    if value is None:
        return NONE
    size = abs(value)
    if unit == "money":
        size = size / _SCALES[scale]
        text = f"{size:,.{_DIGITS.get(scale, 0)}f}"
    else:
        text = _plain(size, unit)
    sign = "" if is_nothing(text) else MINUS if value < 0 else "+" if quantity.signed else ""
    return sign + text


def is_nothing(text: str) -> bool:
    """Return whether a text shows 0: so little is neither good nor bad, and has no sign.

    Examples
    --------
    >>> is_nothing("0.0%"), is_nothing("0.1%")
    (True, False)
    """
    return not any(digit in text for digit in "123456789")


def _plain(size: float, unit: str) -> str:
    if unit == "ratio":
        return f"{size * 100:,.1f}%"
    if unit == "points":
        return f"{size * 100:,.1f} pp"
    if unit == "multiple":
        return f"{size:,.1f}x" if size >= 0.095 or not size else f"{size:.2f}x"
    if unit == "months":
        return f"{size:,.1f}"
    if unit in ("count", "score"):
        return f"{size:,.0f}"
    if unit in ("hours", "fte"):
        return f"{size:,.1f}"
    return f"{size:,.2f}"


def said(quantity: Quantity, currency: str) -> str:
    """Return a quantity as a sentence or a tile says it, with its unit.

    Examples
    --------
    >>> from saasmetrics.board.model import Quantity
    >>> said(Quantity("a", "A", 4_780_000.0, "money"), "USD"), said(Quantity("b", "B", 15.6, "months"), "USD")
    ('$4.78M', '15.6 months')
    >>> said(Quantity("c", "C", 0.4, "hours"), "USD"), said(Quantity("d", "D", -3.24, "hours", signed=True), "USD")
    ('24 min', '−3.2 h')
    """
    value = quantity.value
    if value is None:
        return NONE
    if quantity.unit == "money":
        text = format_money(abs(value), currency)
        text = format_precise(abs(value), text)
    elif quantity.unit == "hours":
        text = format_hours(abs(value))
    else:
        text = _plain(abs(value), quantity.unit)
        text += _AFTER.get(quantity.unit, "")
    if is_nothing(text):
        return text
    return (MINUS if value < 0 else "+" if quantity.signed else "") + text


def better_of(key: str) -> str:
    """Return which difference of a quantity is good, by the metric that its id begins with: "higher" where it is none.

    Examples
    --------
    >>> better_of("logo_churn@2026-07-01"), better_of("nrr[SMB]@2026-07-01"), better_of("churn@2026-07-01")
    ('lower', 'higher', 'higher')
    """
    from saasmetrics.metrics.all import CATALOGUE

    metric = re.split(r"[@.\[]", key, maxsplit=1)[0]
    return CATALOGUE[metric].better if metric in CATALOGUE else "higher"


def interval_text(low: Quantity, high: Quantity, of: Quantity) -> str:
    """Return the ends of the interval of a quantity in words, in the unit in which the quantity is said.

    Examples
    --------
    >>> from saasmetrics.board.model import Quantity
    >>> interval_text(*(Quantity(name, "", hours, "hours") for name, hours in zip("lhv", (0.3, 0.5, 0.415))))
    '18 to 30 min'
    >>> interval_text(*(Quantity(name, "", rate, "ratio") for name, rate in zip("lhv", (0.951, 1.02, 1.0))))
    '95.1% to 102.0%'
    """
    if of.unit != "hours" or low.value is None or high.value is None or of.value is None:
        return f"{shown(low)} to {shown(high)}"
    return format_hours_between(low.value, high.value, like=of.value)


def format_precise(size: float, text: str) -> str:
    """Return an amount in words with a second decimal below ten of a magnitude, where one is too coarse to compare.

    Examples
    --------
    >>> format_precise(4_780_000.0, "$4.8M"), format_precise(950.0, "$950")
    ('$4.78M', '$950')
    """
    for step, letter in ((1e9, "B"), (1e6, "M")):
        if text.endswith(letter) and size < 10 * step:
            symbol = text[: next(i for i, c in enumerate(text) if c.isdigit())]
            return f"{symbol}{size / step:.2f}{letter}"
    return text
