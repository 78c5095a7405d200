"""Survival by age as steps with their band, and the number at risk below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import text_width
from saasmetrics.money import format_money, format_ratio
from saasmetrics.periods import NOUNS
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.result import Result
    from saasmetrics_widgets.scene import Point

WIDTH, PLOT = 420, 164
MOST_CURVES = 6
_LEFT, _RIGHT, _TOP = 86, 14, 22
_ROW = 13


@dataclass(frozen=True)
class Curve:
    """The curve of one group, and the color role it is drawn in."""

    name: str
    color: str
    rows: list[dict[str, Any]]

    def at(self, age: int) -> dict[str, Any] | None:
        """Return the row of an age."""
        return next((row for row in self.rows if row["age"] == age), None)


def panel(result: Result, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the survival curve of the chosen segment, or those of all its values, ready to be drawn."""
    noun = NOUNS[now["freq"]]
    what = "customers" if now["measure"] == "logos" else "starting MRR"
    title = f"Survival of {what}"
    found, left_out = curves(result.df, now)
    if not found:
        blank = Scene(WIDTH, PLOT, title).as_dict()
        return {"title": title, "note": "No customer has a lifetime yet.", "scene": blank}
    currency = "" if now["measure"] == "logos" else result.context.currency
    scene = draw(found, noun, currency, title)
    notes = [f"By age in {noun}s"]
    if any(row["low"] is not None for curve in found for row in curve.rows):
        notes.append("band: 95% interval")
    if left_out:
        notes.append(f"the {len(found)} largest of {len(found) + left_out} groups")
    if len(found) == 1:
        title = f"{title}: {_half(result, now, noun)}"
    return {"title": title, "note": "; ".join(notes) + ".", "scene": scene.as_dict()}


def curves(df: pd.DataFrame, now: Mapping[str, Any]) -> tuple[list[Curve], int]:
    """Return the curves to draw, the largest groups first, and how many groups were left out."""
    df = df[df["value"].notna()]
    if not now["column"]:
        groups = {"": df}
    else:
        names = df[now["column"]].map(str)
        wanted = [now["value"]] if now["value"] else list(dict.fromkeys(names))
        groups = {name: df[names == name] for name in wanted}
    sized = {name: part for name, part in groups.items() if len(part)}
    order = sorted(sized, key=lambda name: -float(sized[name]["at_risk"].max()))
    kept = [name for name in sized if name in order[:MOST_CURVES]]
    colors = ["gain"] if len(kept) == 1 else [f"g{i}" for i in range(len(kept))]
    found = [
        Curve(name, color, _rows(sized[name])) for name, color in zip(kept, colors, strict=True)
    ]
    return found, len(sized) - len(kept)


def _rows(part: pd.DataFrame) -> list[dict[str, Any]]:
    names = ("age", "value", "low", "high", "at_risk")
    rows = part.sort_values("age")[[*names]].to_dict("records")
    return [{name: None if row[name] != row[name] else row[name] for name in names} for row in rows]


def _half(result: Result, now: Mapping[str, Any], noun: str) -> str:
    """Return the median lifetime in words."""
    summary = result.extra["summary"]
    if now["column"]:
        summary = summary[summary[now["column"]].map(str) == now["value"]]
    if not len(summary) or summary["median"].isna().iloc[0]:
        return "more than half is left" if now["measure"] != "logos" else "more than half are left"
    half = float(summary["median"].iloc[0])
    return f"half {'is' if now['measure'] != 'logos' else 'are'} gone after {half:g} {noun}{'' if half == 1 else 's'}"


def draw(found: list[Curve], noun: str, currency: str, label: str) -> Scene:
    """Draw curves whose points can be chosen, above a table of the number at risk."""
    last = max(int(curve.rows[-1]["age"]) for curve in found) or 1
    scene = Scene(WIDTH, _TOP + PLOT + 36 + _ROW * len(found), label)

    def x(age: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * age / last

    def y(share: float) -> float:
        return _TOP + PLOT * (1 - share)

    for quarter in range(5):
        level = y(quarter / 4)
        scene.path([(_LEFT, level), (WIDTH - _RIGHT, level)], stroke="grid" if quarter else "rule")
        scene.text(_LEFT - 8, level + 3.5, f"{quarter * 25}%", size=10, anchor="end", fill="muted")
    ticks = _ticks(last)
    for age in ticks:
        scene.text(x(age), _TOP + PLOT + 14, str(age), size=10, anchor="middle", fill="muted")
    if len(found) > 1:
        _legend(scene, found)
    for row, curve in enumerate(found):
        _line(scene, curve, x, y)
        _at_risk(scene, curve, ticks, x, row, currency)
    for row, curve in enumerate(found):
        _marks(scene, curve, x, y, row, currency, noun, alone=len(found) == 1)
    return scene


def _ticks(last: int) -> list[int]:
    step = next((s for s in (1, 2, 3, 4, 6, 12, 24, 36, 60, 120) if last / s <= 7), last)
    return list(range(0, last + 1, step))


def _legend(scene: Scene, found: list[Curve]) -> None:
    left = float(_LEFT)
    for curve in found:
        scene.rect(left, 3, 9, 9, curve.color)
        scene.text(left + 13, 11, curve.name, size=10)
        left += 24 + text_width(curve.name, 10)


def _line(scene: Scene, curve: Curve, x: Any, y: Any) -> None:
    def steps(name: str) -> list[Point]:
        points: list[Point] = []
        for row in curve.rows:
            if row[name] is None:
                continue
            if points:
                points.append((x(row["age"]), points[-1][1]))
            points.append((x(row["age"]), y(row[name])))
        return points

    low, high = steps("low"), steps("high")
    if len(low) > 1:
        scene.path([*high, *reversed(low)], fill=curve.color, opacity=0.2)
    scene.path(steps("value"), stroke=curve.color, wide=2)


def _at_risk(scene: Scene, curve: Curve, ticks: list[int], x: Any, row: int, currency: str) -> None:
    y = _TOP + PLOT + 34 + _ROW * row
    name = curve.name if len(curve.name) <= 11 else f"{curve.name[:10]}…"
    color = curve.color if name else "muted"
    scene.text(_LEFT - 26, y, name or "at risk", size=9.5, anchor="end", fill=color)
    for age in ticks:
        if point := curve.at(age):
            text = _many(point["at_risk"], currency)
            scene.text(x(age), y, text, size=9.5, anchor="middle", fill="muted")


def _many(amount: float, currency: str) -> str:
    return format_money(float(amount), currency) if currency else f"{amount:,.0f}"


def _marks(
    scene: Scene, curve: Curve, x: Any, y: Any, row: int, currency: str, noun: str, *, alone: bool
) -> None:
    gap = x(1) - x(0)
    for point in curve.rows:
        age, value = int(point["age"]), float(point["value"])
        band = ""
        if point["low"] is not None and point["high"] is not None:
            band = f" ({format_ratio(point['low'])} to {format_ratio(point['high'])})"
        who = f"{curve.name}, " if curve.name else ""
        say = (
            f"{who}age {age} {noun}{'' if age == 1 else 's'}: {format_ratio(value)}{band}, "
            f"{_many(point['at_risk'], currency)} at risk"
        )
        pick = {"of": "survival", "age": age} | ({"group": curve.name} if curve.name else {})
        wide = min(max(gap, 3), 14)
        high = PLOT if alone else 12
        box = (x(age) - wide / 2, _TOP if alone else y(value) - 6, wide, high)
        dot = (x(age), y(value))
        scene.mark(box, pick, say, place=(row, age), dot=dot, tone=curve.color)
