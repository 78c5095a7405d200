"""The way from one number to another, choice by choice, as bars that begin where the one above ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened
from saasmetrics.money import format_change, format_difference
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.result import Result

WIDTH = 1000
_ROW, _LABEL, _LEFT, _RIGHT = 52, 540, 560, 900
_SURROUND = 0.18  # of the span between the lowest and the highest level, left free on both sides


@dataclass(frozen=True)
class _Bar:
    """One row: its words, where its bar begins and ends, and what is chosen by it."""

    name: str
    under: tuple[str, str] | tuple[()]
    start: float
    end: float
    text: str
    pick: Mapping[str, Any]
    whole: bool = False


def panel(result: Result, pick: Mapping[str, Any]) -> dict[str, Any]:
    """Return the way between the numbers of two policies, ready to be drawn.

    Parameters
    ----------
    result
        Of `sm.definitions.explain`.
    pick
        What every selection begins with.
    """
    extra, currency = result.extra, result.context.currency
    unit, (one, other) = extra["unit"], extra["labels"]
    texts = format_change(extra["from"], extra["to"], unit, currency)
    level = extra["from"]
    bars = [_Bar(one, (), level, level, texts[0], {"of": "a"}, whole=True)]
    steps = extra["steps"]
    for step in steps[steps["step"].isin(extra["drawn"])].to_dict("records"):
        words = format_difference(step["value"], unit, currency)
        under = (f"from: {step['from']}", f"to: {step['to']}")
        end = level + step["value"]  # where the next bar begins; the amounts are the library's
        bars.append(_Bar(step["label"], under, level, end, words, {**pick, "step": step["step"]}))
        level = end
    bars.append(_Bar(other, (), extra["to"], extra["to"], texts[1], {"of": "b"}, whole=True))
    scene = draw(bars, str(extra["headline"]))
    many = len(bars) - 2
    note = f"{many} choice{'' if many == 1 else 's'} matter{'s' if many == 1 else ''}; the bars close without a rest."
    if not many:
        note = "No choice that the two make differently matters here."
    cut = " The axis does not start at 0." if many else ""
    return {"title": f"From {one} to {other}", "note": note + cut, "scene": scene.as_dict()}


def draw(bars: list[_Bar], label: str) -> Scene:
    """Draw rows of words and bars that can be chosen."""
    scene = Scene(WIDTH, _ROW * len(bars) + 8, label)
    levels = [level for bar in bars for level in (bar.start, bar.end)]
    low, high = min(levels), max(levels)
    span = (high - low) or abs(high) or 1.0
    base = low - span * _SURROUND

    def x(level: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (level - base) / (span * (1 + 2 * _SURROUND))

    for row, bar in enumerate(bars):
        y = _ROW * row + 4.0
        say = f"{bar.name}: {bar.text}" + "".join(f"; {line}" for line in bar.under)
        scene.mark((0, y, WIDTH, _ROW - 3), bar.pick, say, place=(row, 0))
        middle = y + (_ROW - 3) / 2
        scene.text(
            8,
            y + 15 if bar.under else middle + 4,
            shortened(bar.name, _LABEL - 8, 12),
            size=12,
            bold=True,
        )
        for line, words in enumerate(bar.under):
            scene.text(
                8, y + 29 + 13 * line, shortened(words, _LABEL - 8, 10), size=10, fill="muted"
            )
        start, end = sorted((x(base if bar.whole else bar.start), x(bar.end)))
        fill = "total" if bar.whole else "gain" if bar.end >= bar.start else "loss"
        scene.rect(start, middle - 11, max(end - start, 1.2), 22, fill)
        scene.text(max(end, start + 2) + 8, middle + 4, bar.text, size=11.5, bold=bar.whole)
        if row + 1 < len(bars):
            at = x(bar.end)
            scene.path([(at, middle + 11), (at, middle + _ROW - 11)], stroke="rule")
    return scene
