"""Words on charts: labels of periods and values that differ and never overlap."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from saasmetrics.money import format_value, inside
from saasmetrics.periods import period_text as period_text  # noqa: PLC0414 (told on to the charts)

if TYPE_CHECKING:
    import pandas as pd

_CHARACTER = 5.7  # pixels of an average character at 11 px
_STEPS = (1.0, 2.0, 5.0, 10.0)
_CLOCK = (
    1 / 3600,
    5 / 3600,
    15 / 3600,
    0.5 / 60,
    1 / 60,
    5 / 60,
    0.25,
    0.5,
    1,
    2,
    6,
    12,
    24,
    48,
    168,
    720,
    2160,
    8760,
)
_TRAILING = re.compile(r"\.0(?=[kMB]$)")
_ROUND_STEPS = {12: (1, 2, 3, 6, 12, 24, 36, 60, 120), 4: (1, 2, 4, 8, 12, 20, 40)}


def verdict_mark(verdict: str) -> str:
    """Return the mark of a verdict; triangles show directions, of which either may be good.

    Examples
    --------
    >>> verdict_mark("pass"), verdict_mark("fail"), verdict_mark("not proven")
    ('●', '×', '○')
    """
    return {"pass": "●", "fail": "×"}.get(verdict, "○")


def among(said: str, note: str) -> str:
    """Return a sentence on the groups that are drawn with how many these are, where a note says that others are not.

    Examples
    --------
    >>> among("After a year, 90% of A customers are there", "The 6 largest of 20 groups")
    'Of the 6 largest of 20 groups, after a year, 90% of A customers are there'
    >>> among("After a year, 90% of A customers are there", "")
    'After a year, 90% of A customers are there'
    >>> among("CSAT: from 80% (A) to 90% (B)", "The 6 largest of 20 groups")
    'Of the 6 largest of 20 groups, CSAT: from 80% (A) to 90% (B)'
    """
    return f"Of {inside(note)}, {inside(said)}" if note else said


def frequency(periods: pd.Series[Any], given: str | None = None) -> str:
    """Return the frequency of period starts: as given, else from their spacing.

    Examples
    --------
    >>> import pandas as pd
    >>> frequency(pd.Series(pd.to_datetime(["2025-01-01", "2025-04-01"])))
    'Q'
    """
    if given:
        return given
    days = sorted(periods.drop_duplicates())
    if len(days) < 2:
        return "M"
    gap = min((later - earlier).days for earlier, later in pairwise(days))
    limits = ((2, "D"), (20, "W"), (60, "M"), (300, "Q"))
    return next((freq for most, freq in limits if gap < most), "Y")


def text_width(text: str, size: float = 11) -> float:
    """Return about how many pixels wide a text is.

    Examples
    --------
    >>> text_width("churn") < text_width("contraction")
    True
    """
    return len(text) * _CHARACTER * size / 11


def wrap(text: str, width: float, size: float = 11) -> list[str]:
    """Return a text as lines that fit a width in pixels.

    Examples
    --------
    >>> wrap("gross revenue retention", 100)
    ['gross revenue', 'retention']
    """
    return textwrap.wrap(text, max(12, int(width / (_CHARACTER * size / 11)))) or [""]


def shortened(text: str, width: float, size: float = 11) -> str:
    """Return a text in one line, cut with an ellipsis where it is wider than a width in pixels.

    Examples
    --------
    >>> shortened("gross revenue retention", 80)
    'gross revenue…'
    """
    line = " ".join(text.split())
    most = max(3, int(width / (_CHARACTER * size / 11)))
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def side_units(frame: pd.DataFrame, unit: str) -> tuple[str, str] | None:
    """Return the units of numerator and denominator, None without them.

    A denominator of up to two a customer counts customers: those there at the start and those who came.
    """
    if not {"numerator", "denominator", "n"} <= set(frame.columns):
        return None
    counted = bool((frame["denominator"] <= 2 * frame["n"]).all())
    return "count" if counted and unit == "ratio" else "money", "count" if counted else "money"


def sides_text(top: float, bottom: float, units: tuple[str, str], currency: str) -> str:
    """Return numerator and denominator in words, "" where there is none.

    Examples
    --------
    >>> sides_text(1200.0, 1000.0, ("money", "money"), "USD"), sides_text(3, 120, ("count", "count"), "USD")
    ('$1.2k / $1.0k', '3 / 120')
    """
    if top != top or bottom != bottom:
        return ""
    return f"{format_value(top, units[0], currency)} / {format_value(bottom, units[1], currency)}"


def ticks(low: float, high: float, unit: str, currency: str, count: int = 5) -> dict[float, str]:
    """Return round values between two bounds with labels that all differ.

    Examples
    --------
    >>> ticks(0, 1_100_000, "money", "USD", count=2)
    {0.0: '$0', 500000.0: '$500k', 1000000.0: '$1M'}
    >>> ticks(0.8, 1.1, "ratio", "USD", count=3)
    {0.8: '80%', 0.9: '90%', 1.0: '100%', 1.1: '110%'}
    """
    if not high > low:
        high = low + 1.0
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    steps = [power * scale * step for scale in (1.0, 10.0, 100.0) for step in _STEPS]
    if unit == "hours" and raw < _CLOCK[-1]:
        steps = [*_CLOCK]
    for step in sorted(set(steps)):
        if step < raw * 0.7:
            continue
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        values = [round(index * step, 10) + 0.0 for index in range(first, last + 1)]
        labels = [tick_text(value, unit, currency, step) for value in values]
        if len(set(labels)) == len(labels):
            return dict(zip(values, labels, strict=True))
    return {low: tick_text(low, unit, currency, high - low)}


def tick_text(value: float, unit: str, currency: str, step: float) -> str:
    """Return the label of a tick, with no more digits than the step needs.

    Examples
    --------
    >>> tick_text(3, "multiple", "USD", 1), tick_text(12, "months", "USD", 6)
    ('3x', '12')
    """
    whole = abs(step - round(step)) < 1e-9
    if unit == "ratio":
        return f"{value * 100:.{0 if abs(step * 100 - round(step * 100)) < 1e-6 else 1}f}%"
    if unit == "multiple":
        return f"{value:.{0 if whole else 1}f}x"
    if unit in {"months", "points", "fte"}:
        return f"{value:.{0 if whole else 1}f}"
    return _TRAILING.sub("", format_value(value, unit, currency))


def thinned(
    texts: Sequence[str], room: float, *, freq: str = "", first_month: int = 1
) -> list[int]:
    """Return which of evenly spaced labels to write so that none touches the next.

    Parameters
    ----------
    texts
        One label per position.
    room
        Pixels for all of them.
    freq
        With "M" or "Q" the labels kept are those of round months, counted from `first_month`.
    first_month
        Month (or quarter, from 1) of the first label.

    Examples
    --------
    >>> thinned(["Jan 2025", "Feb 2025", "Mar 2025", "Apr 2025"], 130)
    [0, 2]
    """
    count = len(texts)
    if not count:
        return []
    need = max(text_width(text) for text in texts) + 10
    least = max(1, math.ceil(need * count / max(room, 1)))
    per_year = {"M": 12, "Q": 4}.get(freq)
    if per_year is None or least == 1:
        return list(range(0, count, least))
    allowed = [step for step in _ROUND_STEPS[per_year] if step >= least]
    step = allowed[0] if allowed else least
    start = -(first_month - 1) % step
    return list(range(start, count, step)) or [0]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions near those wanted, a gap apart and within bounds.

    Examples
    --------
    >>> spread([10, 11, 40], gap=10, low=0, high=100)
    [5.5, 15.5, 40.0]
    """
    count = len(wanted)
    if not count:
        return []
    gap = min(gap, (high - low) / max(1, count - 1))
    order = sorted(range(count), key=lambda index: wanted[index])
    blocks: list[tuple[float, int]] = []  # mean and size of runs of labels that touch
    for rank, index in enumerate(order):
        blocks.append((float(wanted[index] - rank * gap), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (mean, size), (earlier, others) = blocks.pop(), blocks.pop()
            blocks.append(((mean * size + earlier * others) / (size + others), size + others))
    shifts = [mean for mean, size in blocks for _ in range(size)]
    placed = [0.0] * count
    for rank, index in enumerate(order):
        placed[index] = min(max(shifts[rank], low), high - (count - 1) * gap) + rank * gap
    return placed
