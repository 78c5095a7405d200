"""One metric under several policies, over time: one line per policy, one panel per group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import (
    Canvas,
    axis,
    band_note,
    data,
    freq_of,
    period_axis,
    what,
    with_group,
)
from saasmetrics.charts.line_marks import line_layers
from saasmetrics.charts.panels import panels
from saasmetrics.charts.series import bounds_of, line_rows, readable_text
from saasmetrics.charts.text import shortened, spread, ticks
from saasmetrics.money import format_difference

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_TWO_LINES, _ONE_LINE = 28, 15  # pixels between labels with and without their second line
_MOST_TWO = 8  # lines whose labels have a second line
_NAME = 150  # pixels of the name of a policy
MOST_PANELS = 6
_FEW = 6  # periods up to which everything is on the scale
_FAR, _AROUND = (
    2.5,
    0.25,
)  # of the span of the later half: what is too far to show, and what is shown around it


def comparison(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw a metric under each policy over time, named at the end of its line; groups in panels of one scale.

    Policies that give the same numbers share a line. Beneath each name stand numerator and denominator.

    Parameters
    ----------
    result
        Result of kind "comparison": policy, period, by-columns, value, and where known numerator, denominator, n.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page. Panels take the height that they need.
    title
        Replaces the generated message; "" draws no title.
    last
        Only so many of the last periods.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.definitions.compare(sm.demo(customers=50), "nrr", ["default", "stripe"])
    >>> chart = comparison(made)
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    known = frame.loc[frame["value"].notna(), "period"]
    if not len(known):
        return canvas.empty()
    periods = [p for p in sorted(frame["period"].unique()) if known.min() <= p <= known.max()]
    periods = periods if last is None else periods[-last:]
    frame, note = largest(frame[frame["period"].isin(periods)])
    lines = Lines.of(frame, periods, canvas)
    if result.by:
        return panels(lines, canvas, note)
    return _one(lines, canvas)


def largest(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows of the groups that are drawn: all, or the largest where there are many."""
    groups = list(dict.fromkeys(frame["group"]))
    if len(groups) <= MOST_PANELS:
        return frame, ""
    weight = next(c for c in ("denominator", "n", "value") if c in frame.columns)
    size = frame.sort_values("period").groupby("group", sort=False)[weight].last()
    kept = size.fillna(0).sort_values(ascending=False).index[:MOST_PANELS]
    told = f"The {MOST_PANELS} largest of {len(groups)} groups"
    return frame[frame["group"].isin(kept)], told


@dataclass(frozen=True)
class Lines:
    """The lines of a comparison.

    Parameters
    ----------
    rows
        One per group, line and period; equal policies have one line.
    names
        Key of a line -> the policies that it stands for.
    color
        Key of a line -> color.
    periods, freq
        The periods drawn, and their frequency.
    """

    rows: list[dict[str, Any]]
    names: dict[str, tuple[str, ...]]
    color: dict[str, str]
    periods: list[Any]
    freq: str

    @classmethod
    def of(cls, frame: pd.DataFrame, periods: list[Any], canvas: Canvas) -> Lines:
        """Return the lines of some rows."""
        names = alike(frame)
        frame = frame[frame["policy"].isin(names)].rename(columns={"policy": "line"})
        freq = freq_of(canvas.result, frame)
        place = {period: index for index, period in enumerate(periods)}
        hues = canvas.colors.groups
        color = {
            key: hues[n] if n < len(hues) else canvas.colors.muted for n, key in enumerate(names)
        }
        rows = []
        for group, part in frame.groupby("group", sort=False):
            for row in line_rows(part, place, list(names), freq, canvas.result):
                told = {"group": group, "color": color[row["line"]]}
                rows.append({**row, **told, "policies": ", ".join(names[row["line"]])})
        return cls(rows, names, color, periods, freq)

    @property
    def groups(self) -> list[str]:
        """The groups, in order."""
        return list(dict.fromkeys(row["group"] for row in self.rows))

    def ends(self, group: str = "") -> list[dict[str, Any]]:
        """Return for each line of a group its last row with a value, told by its last complete one."""
        out = []
        for key in self.names:
            mine = [r for r in self.rows if r["line"] == key and r["group"] == group]
            mine = [r for r in mine if r["value"] is not None]
            if mine:
                done = next((r for r in reversed(mine) if r["complete"]), mine[-1])
                out.append({**done, "i": mine[-1]["i"], "at": mine[-1]["value"]})
        return out

    def name(self, key: str, width: float) -> str:
        """Return the names of the policies of a line, in one line."""
        names = self.names[key]
        if len(names) == 1:
            return shortened(names[0], width)
        both = " = ".join(names)
        more = f" = {len(names) - 1} more"
        return both if both == shortened(both, width) else shortened(names[0], width - 45) + more

    def bounds(self, unit: str) -> tuple[float, float]:
        """Return where the axis begins and ends: early values far from all later ones do not flatten the lines."""
        known = [row for row in self.rows if row["value"] is not None]
        later = [row for row in known if row["i"] >= (len(self.periods) - 1) / 2]
        low, high = bounds_of(known, unit)
        least, most = bounds_of(later, unit) if later else (low, high)
        if len(self.periods) < _FEW or high - low <= _FAR * (most - least):
            return low, high
        room = _AROUND * (most - least)
        floor = 0.0 if min(row["value"] for row in known) >= 0 else low
        return max(low, least - room, floor), min(high, most + room)

    def notes(self, unit: str) -> list[str]:
        """Return what must be said beneath the title."""
        low, high = self.bounds(unit)
        still = any(not row["complete"] for row in self.rows)
        band = band_note(len(self.names), known=any(row["between"] for row in self.rows))
        known = [row for row in self.rows if row["value"] is not None]
        beyond = sorted((r for r in known if not low <= r["value"] <= high), key=_value)
        texts = dict.fromkeys(row["text"] for row in (beyond[:1] + beyond[-1:]))
        return [
            *([f"Off the scale: {' to '.join(texts)}"] if beyond else []),
            *([band] if band else []),
            *(["Dashed: the period is not over"] if still else []),
        ]

    def message(self, result: Result) -> str:
        """Return how far apart the policies are, as a sentence."""
        unit, currency = result.definition.unit, result.context.currency
        name = result.definition.abbr or result.definition.name
        found = [(self.ends(group), group) for group in self.groups]
        ends, group = max(((e, g) for e, g in found if e), key=lambda one: _apart(one[0]))
        first, final = min(ends, key=_value), max(ends, key=_value)
        when = f"in {final['period']}" + (f" for {shortened(group, 200)}" if group else "")
        if first["text"] == final["text"]:
            count = sum(len(self.names[row["line"]]) for row in ends)
            under = {1: "under the policy", 2: "under both policies"}.get(
                count, f"under all {count} policies"
            )
            return f"{name} is {final['text']} {when} {under}"
        apart = format_difference(final["value"] - first["value"], unit, currency).lstrip("+")
        told = [f"{row['text']} under {self.name(row['line'], 200)}" for row in (first, final)]
        return f"{name} is {told[0]} and {told[1]} {when}: {apart} apart by definition alone"


def _value(row: dict[str, Any]) -> float:
    return float(row["value"])


def _apart(ends: list[dict[str, Any]]) -> float:
    values = [_value(row) for row in ends]
    return max(values) - min(values)


def alike(frame: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the policies that give different numbers, each with those that give the same as it.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"policy": ["a", "b", "c"], "group": "", "period": 1, "value": [1.0, 2.0, 1.0]})
    >>> alike(frame)
    {'a': ('a', 'c'), 'b': ('b',)}
    """
    columns = ["group", "period", "value"]
    columns += [name for name in ("numerator", "denominator") if name in frame.columns]
    rows = {
        p: part[columns].reset_index(drop=True) for p, part in frame.groupby("policy", sort=False)
    }
    found: dict[str, tuple[str, ...]] = {}
    for policy, mine in rows.items():
        first = next((name for name in found if mine.equals(rows[name])), str(policy))
        found[first] = (*found.get(first, ()), str(policy))
    return found


def _one(lines: Lines, canvas: Canvas) -> alt.LayerChart:
    """Draw the whole in one panel, with an interval where there is one."""
    count, colors = len(lines.periods), canvas.colors
    two = len(lines.names) <= _MOST_TWO
    height = max(canvas.height, len(lines.names) * (_TWO_LINES if two else _ONE_LINE) + 24)
    low, high = lines.bounds(canvas.unit)
    labels = period_axis(
        lines.periods, lines.freq, canvas.room - 230, canvas.result.context.fiscal_start
    )
    edge = max(count - 1, 0.4) * 1.03
    across = alt.Scale(domain=[-0.2, edge], nice=False)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    x = alt.X("i:Q", scale=across, axis=axis(labels, grid=False))
    marks = ticks(low, high, canvas.unit, canvas.currency)
    named = "months" if canvas.unit == "months" else None
    y = alt.Y("value:Q", scale=scale, axis=axis(marks, title=named))
    layers: list[alt.Chart] = []
    if canvas.unit == "ratio" and low < 1.0 < high:
        whole = alt.Chart(data([{"y": 1.0}])).mark_rule(color=colors.muted, strokeDash=[2, 3])
        layers.append(whole.encode(y=alt.Y("y:Q", scale=scale)))
    layers += line_layers(lines.rows, x, y, scale, colors, clip=True)
    layers += _end_labels(lines, canvas, (low, high), height, edge, scale, two=two)
    note = ". ".join(lines.notes(canvas.unit))
    return canvas.finish(
        layers,
        message=lines.message(canvas.result),
        subtitle=what(canvas.result, freq=lines.freq, note=note),
        height=height,
    )


def _end_labels(
    lines: Lines,
    canvas: Canvas,
    bounds: tuple[float, float],
    height: float,
    edge: float,
    scale: alt.Scale,
    *,
    two: bool,
) -> list[alt.Chart]:
    """Return the names at the ends of the lines, numerator and denominator beneath, and what leads to them."""
    (low, high), ends = bounds, lines.ends()
    shown = [min(max(row["at"], low), high) for row in ends]
    wanted = [height * (1 - (value - low) / ((high - low) or 1)) for value in shown]
    placed = spread(wanted, _TWO_LINES if two else _ONE_LINE, 8, height - (16 if two else 8))
    spots = [
        {
            "i": row["i"],
            "edge": edge,
            "at": value,
            "y": high - spot / height * (high - low),
            "label": f"{lines.name(row['line'], _NAME)} {row['text']}",
            "sides": row["sides"] if two else "",
            "color": readable_text(row["color"], canvas.colors),
        }
        for row, value, spot in zip(ends, shown, placed, strict=True)
    ]
    base = alt.Chart(data(spots))
    lead = base.mark_rule(color=canvas.colors.rule, strokeWidth=1).encode(
        x=alt.X("i:Q"), x2=alt.X2("edge:Q"), y=alt.Y("at:Q", scale=scale), y2=alt.Y2("y:Q")
    )
    at = base.encode(x=alt.X("edge:Q"), y=alt.Y("y:Q", scale=scale))
    name = at.mark_text(align="left", dx=5, fontWeight=600, baseline="middle").encode(
        text=alt.Text("label:N"), color=alt.Color("color:N", scale=None)
    )
    sides = at.mark_text(
        align="left", dx=5, dy=12, fontSize=10, baseline="middle", color=canvas.colors.muted
    ).encode(text=alt.Text("sides:N"))
    return [lead, name, sides]
