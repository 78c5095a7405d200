"""Survival by age as steps with their band, and the number at risk below."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    """The curve of one group, the color role it is drawn in, and what a model makes of it beyond what was seen."""

    name: str
    color: str
    rows: list[dict[str, Any]]
    beyond: list[dict[str, Any]] = field(default_factory=list)
    short: str = ""

    def at(self, age: int) -> dict[str, Any] | None:
        """Return the row of an age."""
        return next((row for row in self.rows if row["age"] == age), None)


@dataclass(frozen=True)
class Plot:
    """Where curves go: sizes, the unit of age, the currency of what is at risk, what is chosen, the largest share."""

    noun: str
    currency: str = ""
    of: str = "survival"
    width: float = WIDTH
    high: float = PLOT
    top: float = 1.0
    last: int = 1

    def x(self, age: float) -> float:
        """Where an age is."""
        return _LEFT + (self.width - _LEFT - _RIGHT) * age / self.last

    def y(self, share: float) -> float:
        """Where a share is."""
        return _TOP + self.high * (1 - share / self.top)


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
    notes = axes(found, noun)
    if left_out:
        notes.append(f"the {len(found)} largest of {len(found) + left_out} groups")
    if len(found) == 1:
        title = f"{title}: {half(result, now, noun)}"
    return {"title": title, "note": "; ".join(notes) + ".", "scene": scene.as_dict()}


def axes(found: list[Curve], noun: str) -> list[str]:
    """Return in words what is to be seen: the ages, and the band where a curve has one."""
    banded = any(row["low"] is not None for curve in found for row in curve.rows)
    return [f"By age in {noun}s", *(["band: 95% interval"] if banded else [])]


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
        Curve(name, color, records(sized[name])) for name, color in zip(kept, colors, strict=True)
    ]
    return found, len(sized) - len(kept)


def carried(curve: Curve, rows: pd.DataFrame) -> Curve:
    """Return a curve with what a model makes of it beyond the oldest age seen."""
    return replace(curve, beyond=records(rows))


def records(part: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the points of a curve in the order of age, what is missing as None."""
    names = ("age", "value", "low", "high", "at_risk")
    rows = part.sort_values("age")[[*names]].to_dict("records")
    return [{name: None if row[name] != row[name] else row[name] for name in names} for row in rows]


def half(result: Result, now: Mapping[str, Any], noun: str) -> str:
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
    return drawn(found, Plot(noun, currency), label)


def drawn(found: list[Curve], plot: Plot, label: str) -> Scene:
    """Draw curves as large as a plot says; what lies beyond what was seen is dashed."""
    ages = [int(row["age"]) for curve in found for row in (*curve.rows[-1:], *curve.beyond[-1:])]
    plot = replace(plot, last=max(ages) or 1)
    scene = Scene(plot.width, _TOP + plot.high + 36 + _ROW * len(found), label)
    step = 0.25 if plot.top <= 1.3 else 0.5 if plot.top <= 2.6 else 2.0
    for number in range(int(plot.top / step + 1e-9) + 1):
        level, share = plot.y(number * step), number * step
        line = [(_LEFT, level), (plot.width - _RIGHT, level)]
        scene.path(line, stroke="grid" if number else "rule")
        text = f"{share * 100:.0f}%"
        scene.text(_LEFT - 8, level + 3.5, text, size=10, anchor="end", fill="muted")
    ticks = _ticks(plot.last)
    for age in ticks:
        y = _TOP + plot.high + 14
        scene.text(plot.x(age), y, str(age), size=10, anchor="middle", fill="muted")
    if len(found) > 1:
        _legend(scene, found)
    for row, curve in enumerate(found):
        _line(scene, curve, plot)
        _at_risk(scene, curve, ticks, plot, row)
    for row, curve in enumerate(found):
        _marks(scene, curve, plot, row, alone=len(found) == 1)
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


def _line(scene: Scene, curve: Curve, plot: Plot) -> None:
    def steps(name: str) -> list[Point]:
        points: list[Point] = []
        for row in curve.rows:
            if row[name] is None:
                continue
            if points:
                points.append((plot.x(row["age"]), points[-1][1]))
            points.append((plot.x(row["age"]), plot.y(min(row[name], plot.top))))
        return points

    low, high = steps("low"), steps("high")
    if len(low) > 1:
        scene.path([*high, *reversed(low)], fill=curve.color, opacity=0.2)
    scene.path(steps("value"), stroke=curve.color, wide=2)
    smooth = [(plot.x(row["age"]), plot.y(row["value"])) for row in curve.beyond]
    edges = [
        [(plot.x(row["age"]), plot.y(row[name])) for row in curve.beyond if row[name] is not None]
        for name in ("high", "low")
    ]
    if len(edges[0]) > 1:
        scene.path([*edges[0], *reversed(edges[1])], fill=curve.color, opacity=0.1)
    if len(smooth) > 1:
        scene.path(smooth, stroke=curve.color, wide=2, dash="6 4")


def _at_risk(scene: Scene, curve: Curve, ticks: list[int], plot: Plot, row: int) -> None:
    y = _TOP + plot.high + 34 + _ROW * row
    whole = curve.short or curve.name
    name = whole if len(whole) <= 11 else f"{whole[:10]}…"
    color = curve.color if name else "muted"
    scene.text(_LEFT - 26, y, name or "at risk", size=9.5, anchor="end", fill=color)
    for age in ticks:
        if point := curve.at(age):
            text = _many(point["at_risk"], plot.currency)
            scene.text(plot.x(age), y, text, size=9.5, anchor="middle", fill="muted")


def _many(amount: float, currency: str) -> str:
    return format_money(float(amount), currency) if currency else f"{amount:,.0f}"


def _marks(scene: Scene, curve: Curve, plot: Plot, row: int, *, alone: bool) -> None:
    gap = plot.x(1) - plot.x(0)
    for point in curve.rows:
        age, value = int(point["age"]), float(point["value"])
        band = ""
        if point["low"] is not None and point["high"] is not None:
            band = f" ({format_ratio(point['low'])} to {format_ratio(point['high'])})"
        who = f"{curve.name}, " if curve.name else ""
        say = (
            f"{who}age {age} {plot.noun}{'' if age == 1 else 's'}: {format_ratio(value)}{band}, "
            f"{_many(point['at_risk'], plot.currency)} at risk"
        )
        named = curve.short or curve.name
        pick = {"of": plot.of, "age": age} | ({"group": named} if named else {})
        wide = min(max(gap, 3), 14)
        high = plot.high if alone else 12
        x, y = plot.x(age), plot.y(min(value, plot.top))
        box = (x - wide / 2, _TOP if alone else y - 6, wide, high)
        scene.mark(box, pick, say, place=(row, age), dot=(x, y), tone=curve.color)
