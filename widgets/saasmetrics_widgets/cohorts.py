"""Cohorts by age as a heat map; what is not observed yet is hatched, never 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.charts.cohorts import MOST_LABELED
from saasmetrics.charts.text import period_text, text_width, thinned
from saasmetrics.money import format_money
from saasmetrics.periods import NOUNS
from saasmetrics_widgets.cards import chosen
from saasmetrics_widgets.colors import STEPS
from saasmetrics_widgets.panels import blank
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from saasmetrics.result import Result

WIDTH = 560
MOST = 60  # cohorts and ages drawn
_BETWEEN = 38  # pixels that a cell needs for an interval
_LEFT, _TOP = 104, 34
_TITLES = {
    "logos": "Customers left by cohort",
    "net": "MRR left by cohort, with expansion",
    "gross": "MRR left by cohort, without expansion",
    "mrr": "MRR by cohort",
}


@dataclass(frozen=True)
class Grid:
    """Where cells go, and how their values are written and colored."""

    cohorts: list[pd.Timestamp]
    ages: int
    freq: str
    measure: str
    currency: str
    shade: Callable[[float], tuple[str, int]]
    average: bool
    width: float = WIDTH
    between: bool = False
    fiscal_start: int = 1

    @property
    def wide(self) -> float:
        """Width of a cell."""
        return (self.width - _LEFT) / max(self.ages, 1)

    @property
    def high(self) -> float:
        """Height of a row."""
        return min(20.0, max(5.5, 380 / max(len(self.cohorts), 1)))

    @property
    def first(self) -> float:
        """Top of the first cohort: below the row of the average."""
        return _TOP + (self.high + 5 if self.average else 0) + (14 if self.between else 0)

    @property
    def bottom(self) -> float:
        """Bottom of the last cohort."""
        return self.first + self.high * len(self.cohorts)

    @property
    def labeled(self) -> bool:
        """Whether cells are large enough to hold their value."""
        return max(len(self.cohorts), self.ages) <= MOST_LABELED and self.wide >= 17

    def words(self, value: float) -> str:
        """Return a value as people read it."""
        return (
            format_money(value, self.currency) if self.measure == "mrr" else f"{value * 100:.0f}%"
        )

    def label(self, value: float) -> str:
        """Return what is written into a cell: the value where it fits, without its sign."""
        if not self.labeled:
            return ""
        text = self.words(value).removesuffix("%")
        return text if text_width(text, self.size) <= self.wide - 1 else ""

    @property
    def size(self) -> float:
        """Size of the text in cells."""
        return 9.5 if self.wide >= 21 else 8.5

    def text(self, cohort: Any) -> str:
        """Return how people read a cohort."""
        return period_text(cohort, self.freq, self.fiscal_start)


def panel(
    result: Result,
    now: Mapping[str, Any],
    *,
    width: float = WIDTH,
    ages: int = MOST,
    said: Mapping[tuple[str, Any], str] | None = None,
    compared: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the heat map of the chosen measure and segment, ready to be drawn.

    Parameters
    ----------
    result
        Cohorts by age.
    now
        The controls: column, value, measure, freq.
    width, ages
        How wide it is, and how many ages are drawn at most.
    said
        What was noted of a cohort and an age, or of a cohort and None.
    compared
        Letters of the cohorts that are compared, by their first day.
    """
    frame = chosen(result.df, now)
    measure, freq, noun = now["measure"], now["freq"], NOUNS[now["freq"]]
    title = _TITLES[measure]
    seen = frame[frame["observed"] & frame["value"].notna()]
    if not len(seen):
        return blank(title, f"No cohort has been observed for a full {noun}.", width)
    every = sorted(frame["cohort"].unique())
    cohorts = every[-MOST:]
    drawn = seen[seen["cohort"].isin(cohorts) & (seen["age"] < ages)]
    average = result.extra.get("average")
    many = min(int(frame["age"].max()) + 1, ages)
    whole = average is not None and len(every) > 1
    wide = (width - _LEFT) / max(many, 1) >= _BETWEEN
    grid = Grid(
        *(cohorts, many, freq, measure, result.context.currency),
        shades(drawn["value"].to_numpy(float), measure),
        whole,
        width,
        whole and wide and width > WIDTH and average is not None and "low" in average,
        result.context.fiscal_start,
    )
    known = frame[frame["observed"]].groupby("cohort")["age"].max()
    scene = draw(grid, drawn, {cohort: int(age) for cohort, age in known.items()})
    young = _immature(scene, grid, frame[frame["state"] == "immature"])
    if grid.average and average is not None:
        _average(scene, grid, chosen(average, now))
    _noted(scene, grid, said or {}, compared or {})
    notes = [f"By {noun} of first payment, as of {result.context.as_of}"]
    if len(every) > MOST:
        notes.append(f"the last {MOST} of {len(every)} cohorts, the first {MOST} {noun}s")
    elif int(frame["age"].max()) >= ages:
        notes.append(f"the first {many} {noun}s")
    if int(known.min()) + 1 < grid.ages:
        notes.append("hatched: not observed yet")
    if young:
        notes.append(f"dashed: the {noun} is not over")
    return {"title": title, "note": "; ".join(notes) + ".", "scene": scene.as_dict()}


def _immature(scene: Scene, grid: Grid, cells: pd.DataFrame) -> int:
    """Frame the cells that are being observed, which have no value yet, and return how many there are."""
    place = {cohort: row for row, cohort in enumerate(grid.cohorts)}
    drawn = 0
    for cohort, age in zip(cells["cohort"], cells["age"].tolist(), strict=True):
        if cohort not in place or age >= grid.ages:
            continue
        x, y = _LEFT + grid.wide * age, grid.first + grid.high * place[cohort]
        tip = f"Cohort {grid.text(cohort)}, age {age}: still being observed"
        scene.rect(x, y, grid.wide - 0.6, grid.high - 0.6, "surface", tip=tip)
        right, bottom = x + grid.wide - 1.6, y + grid.high - 1.6
        edge = [(x + 1, y + 1), (right, y + 1), (right, bottom), (x + 1, bottom), (x + 1, y + 1)]
        scene.path(edge, stroke="muted", dash="2 2", opacity=0.7)
        drawn += 1
    return drawn


def _noted(
    scene: Scene, grid: Grid, said: Mapping[tuple[str, Any], str], compared: Mapping[str, str]
) -> None:
    """Mark the cells and cohorts of which something was noted, and the two that are compared."""
    place = {f"{cohort:%Y-%m-%d}": row for row, cohort in enumerate(grid.cohorts)}
    for cohort, age in said:
        if cohort not in place or (age is not None and age >= grid.ages):
            continue
        right = _LEFT - 3 if age is None else _LEFT + grid.wide * (age + 1) - 0.6
        y = grid.first + grid.high * place[cohort]
        scene.path([(right - 6, y), (right, y), (right, y + 6)], fill="loss")
    for cohort, letter in compared.items():
        if cohort in place and grid.high > 9:
            y = grid.first + grid.high * (place[cohort] + 0.5) + 3.6
            scene.text(4, y, letter, size=10, bold=True, fill="gain")


def shades(values: Any, measure: str) -> Callable[[float], tuple[str, int]]:
    """Return the function from a value to its ramp and step: "r" from little to much, "d" around 100 %.

    Examples
    --------
    >>> shades([0.5, 1.0], "logos")(1.0), shades([0.5, 1.2], "net")(1.0)
    (('r', 20), ('d', 10))
    """
    low, top = float(np.min(values)), float(np.max(values))
    if measure != "mrr" and top > 1.005:
        reach = max(min(max(top - 1, 1 - low), 1.0), 0.05)
        return lambda v: ("d", round((min(max((v - 1) / reach, -1.0), 1.0) + 1) / 2 * STEPS))
    floor = 0.0 if measure == "mrr" or low < 0.4 else 0.1 * math.floor(low * 10)
    span = ((top if measure == "mrr" else 1.0) - floor) or 1.0
    return lambda v: ("r", round(min(max((v - floor) / span, 0.0), 1.0) * STEPS))


def draw(grid: Grid, cells: pd.DataFrame, known: Mapping[Any, int]) -> Scene:
    """Draw cells that can be chosen; what lies beyond the last age known of a cohort is hatched."""
    scene = Scene(grid.width, round(grid.bottom + 4), _TITLES[grid.measure])
    noun = NOUNS[grid.freq]
    scene.text(_LEFT, 11, f"{noun}s since the first payment", size=10, fill="muted")
    ages = [str(age) for age in range(grid.ages)]
    for age in thinned(ages, grid.wide * grid.ages):
        scene.text(
            _LEFT + grid.wide * (age + 0.5), 27, ages[age], size=10, anchor="middle", fill="muted"
        )
    place = {cohort: row for row, cohort in enumerate(grid.cohorts)}
    step = max(1, math.ceil(12.5 / grid.high))
    for cohort, row in place.items():
        if row % step == 0:
            y = grid.first + grid.high * (row + 0.5) + 3.6
            scene.text(_LEFT - 8, y, grid.text(cohort), size=10, anchor="end", fill="muted")
    peopled = set(cells["cohort"])
    for cohort, row in place.items():
        seen = min(known.get(cohort, -1) + 1, grid.ages)
        x, y = _LEFT + grid.wide * seen, grid.first + grid.high * row
        if cohort not in peopled:
            scene.rect(
                _LEFT, y, x - _LEFT, grid.high, "surface", tip="Nothing was paid at the start"
            )
        if seen < grid.ages:
            wide = grid.wide * (grid.ages - seen)
            scene.rect(x, y, wide, grid.high, "hatch", tip="Not observed yet")
    columns = ("cohort", "age", "value", "numerator", "denominator")
    for cohort, age, value, part, whole in cells[[*columns]].itertuples(index=False):
        _cell(scene, grid, (place[cohort], int(age)), cohort, float(value), (part, whole))
    return scene


def _cell(
    scene: Scene,
    grid: Grid,
    place: tuple[int, int],
    cohort: pd.Timestamp,
    value: float,
    parts: tuple[float, float],
) -> None:
    row, age = place
    ramp, step = grid.shade(value)
    edge = 0.6 if grid.wide > 12 else 0.0
    box = (
        _LEFT + grid.wide * age,
        grid.first + grid.high * row,
        grid.wide - edge,
        grid.high - edge,
    )
    part, whole = (f"{number:,.0f}" for number in parts)
    unit = "customers" if grid.measure == "logos" else grid.currency
    of = "" if grid.measure == "mrr" else f", {part} of {whole} {unit}"
    scene.mark(
        box,
        {"of": "cohorts", "cohort": f"{cohort:%Y-%m-%d}", "age": age},
        f"Cohort {grid.text(cohort)}, age {age}: {grid.words(value)}{of}",
        place=place,
        fill=f"{ramp}{step}",
        label=grid.label(value),
        ink=f"{ramp}i{step}",
        size=grid.size,
    )


def _average(scene: Scene, grid: Grid, average: pd.DataFrame) -> None:
    """Draw the average of the cohorts old enough above the cohorts."""
    middle = _TOP + grid.high / 2 + 3.6
    scene.text(_LEFT - 8, middle, "All cohorts", size=10, anchor="end", bold=True)
    known = average[(average["age"] < grid.ages) & average["value"].notna()]
    for row in known.to_dict("records"):
        age, value = int(row["age"]), float(row["value"])
        ramp, step = grid.shade(value)
        x = _LEFT + grid.wide * age
        of = f"{row['cohorts']} cohort{'s' if row['cohorts'] > 1 else ''} old enough"
        band = ""
        if "low" in row and row["low"] == row["low"]:
            band = f" ({grid.words(row['low'])} to {grid.words(row['high'])})"
        tip = f"All cohorts, age {age}: {grid.words(value)}{band}, {of}"
        edge = 0.6 if grid.wide > 12 else 0.0
        scene.rect(x, _TOP, grid.wide - edge, grid.high - edge, f"{ramp}{step}", tip=tip)
        if label := grid.label(value):
            at = x + (grid.wide - edge) / 2
            ink = f"{ramp}i{step}"
            scene.text(at, middle, label, size=grid.size, anchor="middle", fill=ink, bold=True)
        if grid.between and band:
            text = f"{grid.label(row['low'])}–{grid.label(row['high'])}"
            y = _TOP + grid.high + 11
            scene.text(x + grid.wide / 2, y, text, size=9, anchor="middle", fill="muted")
    if grid.between:
        scene.text(_LEFT - 8, _TOP + grid.high + 11, "95%", size=9, anchor="end", fill="muted")
