"""A chart of a pack while it is drawn: its colors, its categories, and its quantities as rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.board.figures import shown
from saasmetrics.board.measured import ems
from saasmetrics.charts.theme import palette

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Chart, Series

_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}
_LETTER = 6.6  # pixels of a letter of an axis
_SIZE, _SMALLEST, _AIR = 11.0, 7.5, 4.0  # pixels of its type, at least, and beside a word
_PARTS = {"ratio": 100.0, "points": 100.0}


@dataclass(frozen=True)
class Look:
    """The colors of a pack in one theme, and the size of a picture.

    Examples
    --------
    >>> look({}).good
    '#0072b2'
    """

    theme: str
    surface: str
    ink: str
    muted: str
    rule: str
    actual: str
    prior: str
    plan: str
    forecast: str
    good: str
    bad: str
    accent: str
    ramp: tuple[str, ...]
    movements: Mapping[str, str]


def look(colors: Mapping[str, str], theme: str = "light") -> Look:
    """Return the colors of a theme, with those of the company in their places.

    Examples
    --------
    >>> look({"good": "#123456"}).good
    '#123456'
    """
    own = palette(theme)
    dark = theme == "dark"
    base = {
        "actual": "#d5dae0" if dark else "#3f464e",
        "prior": "#6d7782" if dark else "#b3bac2",
        "plan": own.ink, "forecast": "#8d97a2" if dark else "#7b848e",
        "good": own.gain, "bad": own.loss, "accent": own.gain,
    }  # fmt: skip
    return Look(
        theme, own.surface, own.ink, own.muted, own.rule, **{**base, **colors},
        ramp=own.ramp, movements=own.movements,
    )  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A chart while it is drawn."""

    pack: Pack
    chart: Chart
    colors: Look
    width: int
    height: int

    @property
    def x(self) -> dict[str, Any]:
        """The categories, in their order."""
        step = self.width / max(len(self.chart.categories), 1)
        whole = max(map(len, self.chart.categories), default=0)
        words = [part for name in self.chart.categories for part in name.split()]
        word = max((_SIZE * ems(part) + _AIR for part in words), default=0.0)
        axis: dict[str, Any] = {"title": None, "labelAngle": 0, "ticks": False, "labelLimit": 120}
        if (whole + 1) * _LETTER > step:
            axis["labelExpr"] = "split(datum.label, ' ')"
        if word > step:  # smaller, and only where that would be too small, aslant
            axis |= {"labelFontSize": _SIZE * step / word, "labelOverlap": False}
        if word * _SMALLEST > step * _SIZE:
            axis |= {"labelFontSize": _SIZE, "labelAngle": -32, "labelAlign": "right"}
            axis["labelExpr"] = "datum.label"
        return {
            "field": "c",
            "type": "ordinal",
            "sort": None,
            "axis": axis,
            "scale": {
                "type": "band",
                "domain": [*self.chart.categories],
                "paddingInner": 0.35,
                "paddingOuter": 0.2,
            },
        }

    def scaled(self, key: str) -> float | None:
        """A value as the axis has it."""
        value = self.pack.quantities[key].value if key else None
        by = (
            _SCALES[self.chart.scale]
            if self.chart.unit == "money"
            else 1 / _PARTS.get(self.chart.unit, 1.0)
        )
        return None if value is None else value / by

    def text(self, key: str) -> str:
        """A value as its label has it."""
        return shown(self.pack.quantities[key], self.chart.scale) if key else ""

    def rows(self, series: Series) -> list[dict[str, Any]]:
        """One series as rows."""
        made = []
        for at, (category, key) in enumerate(zip(self.chart.categories, series.cells, strict=True)):
            value = self.scaled(key)
            if value is None:
                continue
            row = {
                "c": category,
                "v": value,
                "t": self.text(key),
                "s": series.name,
                "q": key,
                "i": at,
            }
            for end, cells in (("low", series.low), ("high", series.high)):
                if cells and cells[at]:
                    row[end] = self.scaled(cells[at])
            made.append(row)
        return made

    def layer(
        self, rows: list[dict[str, Any]], mark: dict[str, Any], **encoding: Any
    ) -> dict[str, Any]:
        """One layer with its own rows."""
        tip = {"field": "t", "type": "nominal", "title": "value"}
        return {
            "data": {"values": rows}, "mark": mark,
            "encoding": {
                **encoding, "tooltip": [{"field": "s", "title": "series"}, {"field": "c", "title": "at"}, tip],
            },
        }  # fmt: skip

    def label(
        self,
        rows: list[dict[str, Any]],
        y: str,
        *,
        dy: int = -7,
        color: str = "",
        bold: bool = False,
    ) -> dict[str, Any]:
        """Texts at the rows."""
        mark = {"type": "text", "dy": dy, "fontSize": 10.5, "color": color or self.colors.ink}
        if bold:
            mark["fontWeight"] = 600
        return self.layer(
            rows, mark, x=self.x, y=vertical(y), text={"field": "t", "type": "nominal"}
        )


def vertical(field: str, *, zero: bool = True, show: bool = False) -> dict[str, Any]:
    """Return the axis of amounts, from zero unless it is said otherwise, and unseen where labels stand at the marks.

    Examples
    --------
    >>> vertical("v")["scale"]
    {'zero': True, 'nice': False}
    """
    axis = {"title": None, "labels": True, "tickCount": 4} if show else None
    return {
        "field": field,
        "type": "quantitative",
        "axis": axis,
        "scale": {"zero": zero, "nice": False},
    }


def line_color(chart: Chart, series: Series, colors: Look) -> str:
    """Return the color of a line: that of a plan is the one of the line that it is for.

    Examples
    --------
    >>> from saasmetrics.board.model import Chart, Series
    >>> grr, plan = Series("GRR", (), "second"), Series("Plan GRR", (), "plan")
    >>> chart = Chart("nrr", "lines", "", "NRR and GRR", "2026", "ratio", (), (grr, plan))
    >>> line_color(chart, plan, look({})) == look({}).accent
    True
    """
    paint = {"second": colors.accent, "plan": colors.plan, "prior": colors.prior}
    of = {each.name: each for each in chart.series}.get(series.name.removeprefix("Plan "), series)
    role = "second" if series.role == "plan" and of.role == "second" else series.role
    return paint.get(role, colors.actual)


def stands_alone(values: Sequence[float | None]) -> bool:
    """Return whether a line has a value without one beside it: it needs a mark, as no line leads to it.

    Examples
    --------
    >>> stands_alone([None, None, 1.05]), stands_alone([1.05, 1.06, None])
    (True, False)
    """
    known = [value is not None for value in (None, *values, None)]
    return any(
        there and not before and not after
        for before, there, after in zip(known, known[1:], known[2:], strict=False)
    )


def gaps_of(pack: Pack, series: Series) -> dict[str, list[float]]:
    """Return how far the intervals of a series reach above and below its values."""
    value = {key: quantity.value for key, quantity in pack.quantities.items()}
    gaps: dict[str, list[float]] = {"plus": [], "minus": []}
    for key, low, high in zip(series.cells, series.low, series.high, strict=True):
        middle = value.get(key) or 0.0
        gaps["plus"].append((value[high] or middle) - middle if high else 0.0)
        gaps["minus"].append(middle - (value[low] or middle) if low else 0.0)
    return gaps


def round_below(values: list[float]) -> float:
    """Return the first round number below all values, so that ticks from it are round as well."""
    if not values:
        return 0.0
    low = min(values)
    if max(values) == low:  # a line on the axis could not be seen
        return float(round(low - 0.1 * max(abs(low), 1.0), 6))
    step = max(0.1, 10.0 ** math.floor(math.log10(max(values) - low)))
    return float(round(math.floor(low / step) * step, 6))
