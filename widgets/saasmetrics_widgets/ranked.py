"""Amounts to the left and right of nothing, one below the other: reasons, customers, segments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics_widgets.scene import Scene

ROW = 22
_SIZE = 11


@dataclass(frozen=True)
class Line:
    """One amount: its name, the amount and its words, what is chosen by it, and what is said of it."""

    name: str
    value: float
    text: str
    pick: Mapping[str, Any] = field(default_factory=dict)
    say: str = ""


def ranked(
    scene: Scene,
    lines: Sequence[Line],
    place: tuple[float, float, float],
    *,
    title: str = "",
    column: int = 0,
    names: float = 0.4,
) -> float:
    """Draw amounts as bars that can be chosen, and return where the next thing below may begin.

    Parameters
    ----------
    scene
        Where to draw.
    lines
        The amounts, the first on top.
    place
        Left, top and width.
    title
        Stands above.
    column
        For the arrow keys: bars beside each other have columns of their own.
    names
        Share of the width that names take.
    """
    left, top, wide = place
    if title:
        scene.text(left, top + 12, title, size=12, bold=True)
        top += 24
    label = wide * names
    room = wide - label - 16
    texts = max((text_width(line.text, _SIZE) for line in lines), default=0.0) + 8
    below = max((-line.value for line in lines), default=0.0)
    above = max((line.value for line in lines), default=0.0)
    below, above = max(below, 0.0), max(above, 0.0)
    sides = texts * ((below > 0) + (above > 0))
    scale = max(room - sides, 20) / ((below + above) or 1.0)
    zero = left + label + 8 + (texts + below * scale if below > 0 else 0)
    for number, line in enumerate(lines):
        _line(scene, line, (left, top + ROW * number, wide), (zero, scale, label), (number, column))
    end = top + ROW * len(lines)
    if lines:
        scene.path([(zero, top), (zero, end)], stroke="rule")
    return end + 8


def _line(
    scene: Scene,
    line: Line,
    place: tuple[float, float, float],
    axis: tuple[float, float, float],
    at: tuple[int, int],
) -> None:
    (left, top, wide), (zero, scale, label) = place, axis
    if line.pick:
        scene.mark(
            (left - 4, top, wide + 8, ROW - 1),
            line.pick,
            line.say or f"{line.name}: {line.text}",
            place=at,
        )
    middle = top + ROW / 2
    scene.text(left, middle + 4, shortened(line.name, label, _SIZE), size=_SIZE)
    size = abs(line.value) * scale
    up = line.value >= 0
    fill = "gain" if up else "loss"
    if line.value:
        scene.rect(zero if up else zero - size, top + 4, max(size, 0.8), ROW - 9, fill)
    end = zero + size + 5 if up else zero - size - 5
    scene.text(
        end, middle + 4, line.text, size=_SIZE, anchor="start" if up else "end", fill="muted"
    )
