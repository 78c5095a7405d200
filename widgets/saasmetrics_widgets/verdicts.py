"""Numbers with their intervals against a bar, one row per group: as they are, and with levers moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened
from saasmetrics.money import format_value
from saasmetrics_widgets.cards import against_target, interval, reading
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.result import Result

WIDTH = 500
MOST = 12
_LEFT, _RIGHT, _ROW, _TOP = 104, 340, 46, 26
_TONES = {"pass": "gain", "fail": "loss"}


def panel(result: Result, before: Result, of: str, title: str, goal: str) -> dict[str, Any]:
    """Return the numbers of each group against their bar, ready to be drawn.

    Parameters
    ----------
    result, before
        With the levers moved, and as it is.
    of
        What is chosen by a row, beside its group.
    title, goal
        Of the panel, and how people read the bar.
    """
    rows, earlier = (_records(each) for each in (result, before))
    unit, currency = result.metric.unit, result.context.currency
    scene = Scene(WIDTH, _TOP + _ROW * max(len(rows), 1) + 4, title)
    bar = float(rows[0]["target"]) if rows else 1.0
    known = [row[name] for row in (*rows, *earlier) for name in ("value", "low", "high")]
    most = max([bar, *(float(value) for value in known if value == value)])
    most = min(most, _FURTHEST * bar)

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * min(value, most * 1.04) / (most * 1.04)

    end = _TOP + _ROW * len(rows)
    scene.path([(_LEFT, _TOP), (_LEFT, end)], stroke="grid")
    scene.path([(x(bar), _TOP - 6), (x(bar), end)], stroke="ink", dash="3 3")
    scene.text(x(bar), _TOP - 11, goal, size=10, anchor="middle")
    for number, (row, old) in enumerate(zip(rows, earlier, strict=True)):
        name = ", ".join(str(row[column]) for column in result.by) or "All customers"
        group = {column: str(row[column]) for column in result.by}
        _row(
            scene,
            (name, {"of": of, **group}),
            row,
            old,
            (number, _TOP + _ROW * number),
            x,
            (unit, currency),
        )
    left = len(result.df) - len(rows)
    note = (
        "Bar: with levers and its 95% interval; diamond: as it is; P: chance of reaching the goal."
    )
    return {
        "title": title,
        "note": note + (f" {left} more groups." if left > 0 else ""),
        "scene": scene.as_dict(),
    }


_FURTHEST = 6.0  # times the bar, beyond which a number leaves the picture


def _row(
    scene: Scene,
    named: tuple[str, Mapping[str, Any]],
    row: Mapping[str, Any],
    old: Mapping[str, Any],
    place: tuple[int, float],
    x: Any,
    units: tuple[str, str],
) -> None:
    (name, pick), (number, y), this = named, place, reading(row)
    value, verdict = format_value(this.value, *units), against_target(this, units[0])
    band = interval(this, *units)
    say = ", ".join(part for part in (f"{name}: {value}", band, verdict, chance(row)) if part)
    scene.mark((0, y, WIDTH, _ROW - 2), pick, say, place=(number, 0))
    middle, tone = y + _ROW / 2 - 1, _TONES.get(this.verdict, "muted")
    scene.text(2, middle + 4, shortened(name, _LEFT - 8, 11), size=11)
    if this.value is None:
        scene.text(
            _LEFT + 8,
            middle + 4,
            shortened(this.reason, WIDTH - _LEFT - 12, 10.5),
            size=10.5,
            fill="muted",
        )
        return
    if this.low is not None:
        end = x(this.high) if this.high is not None else _RIGHT
        scene.path([(x(this.low), middle), (end, middle)], stroke=tone, wide=5, opacity=0.35)
    scene.rect(x(this.value) - 2.5, middle - 8, 5, 16, tone)
    if old["value"] == old["value"]:
        at = x(float(old["value"]))
        diamond = [
            (at - 4, middle),
            (at, middle - 4),
            (at + 4, middle),
            (at, middle + 4),
            (at - 4, middle),
        ]
        scene.path(diamond, stroke="ink", wide=1.2)
    left = _RIGHT + 12
    scene.text(left, middle - 9, value, size=12, bold=True)
    words = ", ".join(part for part in (verdict, chance(row)) if part)
    scene.text(left, middle + 4, words, size=10, fill=tone)
    scene.text(left, middle + 17, band, size=9.5, fill="muted")


def _records(result: Result) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in result.df.head(MOST).to_dict("records")]


def chance(row: Mapping[str, Any]) -> str:
    """Return the chance of reaching the bar in words.

    Examples
    --------
    >>> chance({"probability": 0.553}), chance({"probability": float("nan")})
    ('P 55%', '')
    """
    value = row.get("probability")
    if value is None or value != value:
        return ""
    return (
        "P below 1%" if value < 0.01 else "P above 99%" if value > 0.99 else f"P {value * 100:.0f}%"
    )
