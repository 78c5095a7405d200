"""The bridge of the chosen period as a waterfall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.bridge import message, steps_of
from saasmetrics.charts.movements import NAMES
from saasmetrics.money import format_money, format_ratio
from saasmetrics_widgets.cards import chosen
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.charts.bridge import Steps
    from saasmetrics.result import Result

WIDTH, HEIGHT = 560, 240
_TOP, _FOOT = 34, 26
_SMALL = 0.12  # of the larger total: movements below would be too thin beside it
_NEUTRAL = {"fx", "transfer", "residual"}


@dataclass(frozen=True)
class Bar:
    """One bar: from where to where, and what it says."""

    id: str
    name: str
    low: float
    high: float
    fill: str
    amount: str
    share: str


def panel(result: Result, now: Mapping[str, Any], when: str) -> dict[str, Any]:
    """Return the bridge of the chosen period and segment, ready to be drawn.

    Parameters
    ----------
    result
        The bridge of all periods.
    now
        The controls.
    when
        The period as people read it.
    """
    currency = result.context.currency
    frame = chosen(result.df, now, now["period"])
    if not len(frame) or not frame[["opening", "closing"]].abs().to_numpy().sum() > 0:
        empty = {"title": "MRR bridge", "scene": Scene(WIDTH, HEIGHT, "MRR bridge").as_dict()}
        return {**empty, "note": f"Nobody paid in {when}."}
    steps = steps_of(frame, now["freq"], result.context.fiscal_start)
    found = bars(steps, currency)
    text = message(steps, "MRR", currency)
    scene = draw(found, now["period"], text)
    partial = "" if frame["complete"].all() else " The period is still open."
    cut = " The axis does not start at 0." if floor(found) > 0 else ""
    note = f"{when}, in {currency} per month.{cut}{partial}"
    return {"title": text.replace(f" in {when}", ""), "note": note, "scene": scene.as_dict()}


def bars(steps: Steps, currency: str) -> list[Bar]:
    """Return the bars of a bridge, from opening to closing."""
    found = [
        Bar(
            "opening",
            "Opening",
            0.0,
            steps.opening,
            "total",
            format_money(steps.opening, currency),
            "",
        )
    ]
    level = steps.opening
    for name, amount in steps.moves.items():
        sign = "+" if amount > 0 else "−" if amount < 0 else ""
        fill = "muted" if name in _NEUTRAL or not amount else "gain" if amount > 0 else "loss"
        words = f"{sign}{format_money(abs(amount), currency)}"
        part = abs(amount) / steps.opening if steps.opening > 0 else 0.0
        share = f"{sign}{format_ratio(part, 1 if part >= 0.0005 else 2)}" if part else ""
        found.append(Bar(name, NAMES[name], level, level + amount, fill, words, share))
        level += amount
    closing = format_money(steps.closing, currency)
    return [*found, Bar("closing", "Closing", 0.0, steps.closing, "total", closing, "")]


def floor(found: list[Bar]) -> float:
    """Return where the axis starts: 0, or higher where movements would be too thin to see."""
    moves = found[1:-1]
    levels = [level for bar in moves for level in (bar.low, bar.high)]
    if not levels or found[0].high <= 0:
        return 0.0
    largest = max(abs(bar.high - bar.low) for bar in moves)
    if not largest or largest >= _SMALL * max(found[0].high, found[-1].high):
        return 0.0
    return max(0.0, min(levels) - (max(levels) - min(levels)) * 0.9)


def draw(found: list[Bar], period: str, label: str) -> Scene:
    """Draw bars as a waterfall whose bars can be chosen."""
    scene = Scene(WIDTH, HEIGHT, label)
    base = floor(found)
    top = max(max(bar.low, bar.high) for bar in found)
    bottom = min(base, *(bar.high for bar in found))
    span, room = (top - bottom) or 1.0, HEIGHT - _TOP - _FOOT
    slot = WIDTH / len(found)

    def y(level: float) -> float:
        return _TOP + room * (top - max(level, bottom)) / span

    for i, bar in enumerate(found[:-1]):
        at = y(bar.high)
        scene.path([(slot * (i + 0.86), at), (slot * (i + 1.14), at)], stroke="rule")
    for i, bar in enumerate(found):
        start = base if bar.id in ("opening", "closing") else bar.low
        upper, lower = y(max(start, bar.high)), y(min(start, bar.high))
        say = f"{bar.name} {bar.amount}" + (f", {bar.share} of opening" if bar.share else "")
        pick = {"of": "bridge", "period": period, "movement": bar.id}
        thick = max(lower - upper, 1.5)
        box = (slot * (i + 0.14), upper, slot * 0.72, thick)
        scene.mark(box, pick, say, place=(0, i), fill=bar.fill)
        if bar.id in ("opening", "closing") and base > 0:
            _gap(scene, slot * (i + 0.1), slot * 0.8, HEIGHT - _FOOT - 16)
        middle = slot * (i + 0.5)
        size = 11.5 if slot > 58 else 10
        lift = 17 if bar.share else 5
        scene.text(middle, upper - lift, bar.amount, size=size, anchor="middle", bold=True)
        if bar.share:
            scene.text(middle, upper - 5, bar.share, size=9.5, anchor="middle", fill="muted")
        scene.text(middle, HEIGHT - 9, bar.name, size=10.5 if slot > 62 else 9, anchor="middle")
    return scene


def _gap(scene: Scene, x: float, wide: float, y: float) -> None:
    """Cut a bar whose axis does not start at 0."""
    for lift in (0, 6):
        scene.path([(x, y - lift + 3), (x + wide, y - lift - 3)], stroke="surface", wide=2.5)
