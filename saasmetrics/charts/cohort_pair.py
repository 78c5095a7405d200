"""Two cohorts by age as lines with their intervals, and below them the difference with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.age_axis import age_marks
from saasmetrics.charts.by_age import THIN
from saasmetrics.charts.frame import Canvas, data, freq_option, what, with_group
from saasmetrics.charts.series import readable_text
from saasmetrics.charts.text import shortened, spread, ticks
from saasmetrics.money import format_ratio
from saasmetrics.periods import NOUNS

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_UPPER, _GAP, _LOWER, _FOOT = 190.0, 34.0, 100.0, 36.0  # pixels
_LEFT, _RIGHT = 46.0, 190.0
Rows = list[dict[str, Any]]


def cohort_pair(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw two cohorts by age with their bands, and the difference below; of groups, the largest.

    Parameters
    ----------
    result
        Result of kind "cohort_pair": age, a, b, value and their intervals.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page. The panels take the height that they need.
    title
        Replaces the answer in words; "" draws no title.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=100)
    >>> chart = cohort_pair(sm.retention.compare_cohorts(book, {"segment": "SMB"}, {"segment": "Enterprise"}))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = with_group(result.df, result.by)
    frame = frame[frame["a"].notna() | frame["b"].notna()]
    if not len(frame):
        return canvas.empty("no cohort has been observed for a full period.")
    size = frame.groupby("group", sort=False)["n"].max().sort_values(ascending=False)
    note = f"{size.index[0]}, the largest of {len(size)} groups" if len(size) > 1 else ""
    return _Pair(frame[frame["group"] == size.index[0]], canvas).chart(note)


class _Pair:
    """The two panels of one group: pixels of what is drawn."""

    def __init__(self, frame: pd.DataFrame, canvas: Canvas) -> None:
        self.frame, self.canvas = frame.sort_values("age"), canvas
        self.last = float(frame["age"].max()) or 1.0
        hues = canvas.colors.groups
        names = canvas.result.extra.get("names", ("a", "b"))
        self.lines = [("a", names[0], hues[0]), ("b", names[1], hues[1])]
        self.right = canvas.room - _RIGHT
        self.high = self._most() * 1.04
        self.low = 0.0
        self.reach = self._widest()

    def _sure(self, side: str) -> pd.Series[Any]:
        own = self.frame[f"{side}_n"] if side else self.frame[["a_n", "b_n"]].min(axis=1)
        return own >= THIN

    def _most(self) -> float:
        tops = [float(self.frame[side].max()) for side in ("a", "b")]
        tops += [
            float(self.frame.loc[self._sure(side), f"{side}_high"].max())
            for side in ("a", "b")
            if f"{side}_high" in self.frame
        ]
        value = max(float(self.frame[side].max()) for side in ("a", "b"))
        return min(max(top for top in tops if top == top), 1.6 * value) or 1.0

    def _widest(self) -> float:
        sure = self.frame[self._sure("")]
        names = [name for name in ("value", "low", "high") if name in self.frame]
        ends = (sure if len(sure) else self.frame)[names].abs().max()
        found = max([float(end) for end in ends if end == end] or [0.0])
        return min(found, 1.5) * 1.05 or 0.1

    def x(self, age: float) -> float:
        """Return where an age stands."""
        return _LEFT + (self.right - _LEFT) * age / self.last

    def above(self, value: float) -> float:
        """Return where a value of a cohort stands."""
        share = (value - self.low) / (self.high - self.low)
        return _UPPER * (1 - min(max(share, 0.0), 1.0))

    def below(self, value: float) -> float:
        """Return where a difference stands."""
        share = (min(max(value, -self.reach), self.reach) + self.reach) / (2 * self.reach)
        return _UPPER + _GAP + _LOWER * (1 - share)

    def chart(self, note: str) -> alt.LayerChart:
        """Return the chart."""
        canvas, total = self.canvas, _UPPER + _GAP + _LOWER + _FOOT
        layers = [*self._frame(), *self._bands(), *self._curves(), self._names()]
        x = alt.X("x:Q", scale=alt.Scale(domain=[0, canvas.room], nice=False), axis=None)
        y = alt.Y("y:Q", scale=alt.Scale(domain=[total, 0], nice=False, zero=False), axis=None)
        notes = [note] if note else []
        notes += ["Bands: 95% intervals"] if "low" in self.frame else []
        thin = ~(self._sure("a") & self._sure("b"))
        notes += [f"Dashed: fewer than {THIN} customers"] if thin.any() else []
        return canvas.finish(
            [layer.encode(x=x, y=y) for layer in layers],
            message=str(canvas.result.extra.get("headline", canvas.result.definition.name)),
            subtitle=what(canvas.result, note=". ".join(notes)),
            height=total,
        )

    def _frame(self) -> list[alt.Chart]:
        colors, freq = self.canvas.colors, freq_option(self.canvas.result) or "M"
        grid: Rows = []
        for low, high, place, count in (
            (self.low, self.high, self.above, 4),
            (-self.reach, self.reach, self.below, 3),
        ):
            for value, word in ticks(low, high, "ratio", "", count).items():
                text = word if place == self.above else word.replace("%", "")
                zero = place == self.below and value == 0
                color = colors.muted if zero else colors.grid
                row = {"x": _LEFT, "x2": self.right, "y": place(value), "text": text}
                grid.append({**row, "color": color})
        end = _UPPER + _GAP + _LOWER
        ages: Rows = [
            {"x": self.x(age), "y": end + 12, "text": str(age)}
            for age in age_marks(self.last, self.right - _LEFT)
        ]
        words: Rows = [
            {"x": _LEFT, "y": end + 28, "text": f"{NOUNS[freq]}s since the first payment"},
            {"x": _LEFT, "y": _UPPER + 18, "text": "Difference in points"},
        ]
        ruled = alt.Chart(data(grid))
        small: dict[str, Any] = {"fontSize": 10, "color": colors.muted}
        return [
            ruled.mark_rule().encode(x2=alt.X2("x2:Q"), color=alt.Color("color:N", scale=None)),
            ruled.mark_text(align="right", dx=-5, **small).encode(text=alt.Text("text:N")),
            alt.Chart(data(ages)).mark_text(**small).encode(text=alt.Text("text:N")),
            alt.Chart(data(words)).mark_text(align="left", **small).encode(text=alt.Text("text:N")),
        ]

    def _bands(self) -> list[alt.Chart]:
        rows: Rows = []
        sides = [(side, f"{side}_low", f"{side}_high", color) for side, _, color in self.lines]
        for side, low, high, color in (*sides, ("", "low", "high", self.canvas.colors.muted)):
            if low not in self.frame:
                continue
            place = self.above if side else self.below
            known = self.frame[self.frame[low].notna() & self._sure(side)]
            for row in known.to_dict("records"):
                spot = {"x": self.x(row["age"]), "y": place(row[high]), "y2": place(row[low])}
                rows.append({**spot, "color": color, "line": side or "difference"})
        area = alt.Chart(data(rows)).mark_area(opacity=0.16)
        return [
            area.encode(
                y2=alt.Y2("y2:Q"),
                color=alt.Color("color:N", scale=None),
                detail=alt.Detail("line:N"),
            )
        ]

    def _curves(self) -> list[alt.Chart]:
        rows: Rows = []
        for side, name, color in (*self.lines, ("", "difference", self.canvas.colors.ink)):
            column, place = side or "value", self.above if side else self.below
            sure = self._sure(side).tolist()
            for row, solid in zip(self.frame.to_dict("records"), sure, strict=True):
                value = row[column]
                if value != value:
                    continue
                text = format_ratio(value) if side else f"{100 * value:+.1f} points"
                low: Any = row.get(f"{side}_low" if side else "low")
                high: Any = row.get(f"{side}_high" if side else "high")
                known = low is not None and low == low
                between = (
                    f"{100 * low:.1f} to {100 * high:.1f}" if known and high is not None else ""
                )
                many = row[f"{side}_n"] if side else row["n"]
                spot = {"x": self.x(row["age"]), "y": place(value), "age": row["age"]}
                said = {"text": text, "between": between, "customers": f"{many:,.0f}"}
                rows.append({**spot, **said, "line": name, "color": color, "solid": bool(solid)})
        tip = [
            alt.Tooltip(f"{name}:N", title=title)
            for name, title in (
                ("line", "cohort"),
                ("age", "age"),
                ("text", "value"),
                ("between", "interval"),
                ("customers", "customers"),
            )
        ]
        hue, one = alt.Color("color:N", scale=None), alt.Detail("line:N")
        solid = alt.Chart(data([row for row in rows if row["solid"]]))
        thin = alt.Chart(data(_thin(rows)))
        return [
            solid.mark_line(strokeWidth=2.2).encode(color=hue, detail=one),
            thin.mark_line(strokeWidth=1.6, strokeDash=[3, 3]).encode(color=hue, detail=one),
            alt.Chart(data(rows))
            .mark_point(filled=True, size=50, opacity=0 if len(self.frame) > 2 else 1)
            .encode(color=hue, tooltip=tip),
        ]

    def _names(self) -> alt.Chart:
        ends = []
        for side, name, color in self.lines:
            known = self.frame[self.frame[side].notna()]
            if len(known):
                ends.append((name, float(known[side].iloc[-1]), color))
        placed = spread([self.above(value) for _, value, _ in ends], 15, 6, _UPPER)
        rows: Rows = [
            {
                "x": self.right + 8,
                "y": at,
                "text": f"{shortened(name, _RIGHT - 62)} {format_ratio(value)}",
                "color": readable_text(color, self.canvas.colors),
            }
            for (name, value, color), at in zip(ends, placed, strict=True)
        ]
        words = alt.Chart(data(rows)).mark_text(align="left", fontWeight=600)
        drawn: alt.Chart = words.encode(
            text=alt.Text("text:N"), color=alt.Color("color:N", scale=None)
        )
        return drawn


def _thin(rows: Rows) -> Rows:
    """Return the rows of few customers, each with the one before it that they go on from."""
    out: Rows = []
    for before, row in zip([None, *rows[:-1]], rows, strict=True):
        if row["solid"]:
            continue
        if before is not None and before["line"] == row["line"] and before["solid"]:
            out.append(before)
        out.append(row)
    return out
