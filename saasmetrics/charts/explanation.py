"""The way from one number to another: a waterfall of its steps, and the customers that make most of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, data, what
from saasmetrics.charts.text import shortened, text_width
from saasmetrics.money import counted, format_change, format_difference, inside

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

_ROW, _HEAD, _BAR = 31.0, 26.0, 8.0  # pixels of a row, above the first row, half of a bar
_NAMES = 0.36  # largest share of the width for the names of the steps
_SPLIT, _BETWEEN = 0.62, 18.0  # share of the width for the steps; pixels between both panels
_WIDE = 520  # pixels from which both panels stand side by side
_LEAST = 84.0  # pixels of "12,345 customers"
MOST_CUSTOMERS = 8
# Steps that span less of the largest level than this are drawn on an axis that does not start at 0.
_SMALL = 0.25


def explanation(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw how a number becomes another one, step by step, beside the customers that make most of the difference.

    Parameters
    ----------
    result
        Result of kind "explanation": customer_id and value; `extra` has from, to, labels, unit and steps.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page. By default as high as the steps need.
    title
        Replaces the generated message; "" draws no title.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.definitions.explain(sm.demo(customers=60), "nrr", "default", "stripe")
    >>> chart = explanation(made)
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    told = result.extra
    if not {"from", "to", "steps"} <= set(told) or any(told[k] != told[k] for k in ("from", "to")):
        return canvas.empty("one of the two numbers has no value.")
    way = _Way.of(result)
    side = canvas.room >= _WIDE
    left = canvas.room * _SPLIT if side else canvas.room
    people = _customers(result.df, way)
    offset = 0.0 if side else _HEAD + _ROW * (len(way.steps) + 2)
    start = left + _BETWEEN if side else 0.0
    layers = [
        *_waterfall(way, left, canvas),
        *_people(people, (start, canvas.room, offset), canvas.colors),
    ]
    rows = max(len(way.steps) + 2, len(people)) if side else len(way.steps) + 2 + len(people)
    total = _HEAD * (1 if side else 2) + _ROW * rows
    x = alt.Scale(domain=[0, canvas.room], nice=False)
    y = alt.Scale(domain=[total, 0], nice=False, zero=False)
    placed = [
        layer.encode(x=alt.X("x:Q", scale=x, axis=None), y=alt.Y("y:Q", scale=y, axis=None))
        for layer in layers
    ]
    note = ". ".join(
        [
            f"Period of {told['period']}",
            *(["Bars of the two numbers are cut at the left"] if way.floor > 0 else []),
        ]
    )
    return canvas.finish(
        placed,
        message="; ".join([message(way), *filter(None, [told.get("form")])]),
        subtitle=what(result, unit=way.unit, note=note),
        height=canvas.height or total,
    )


@dataclass(frozen=True)
class _Way:
    """The two numbers and the steps between them."""

    start: float
    end: float
    labels: tuple[str, str]
    steps: list[dict[str, Any]]
    unit: str
    currency: str
    floor: float
    top: float
    customers: int = 0
    cancels: str = ""

    @classmethod
    def of(cls, result: Result) -> _Way:
        """Return the way that a result tells."""
        told = result.extra
        drawn = told.get("drawn")
        steps = [s for s in told["steps"].to_dict("records") if drawn is None or s["step"] in drawn]
        start, end = float(told["from"]), float(told["to"])
        levels, level = [start, end], start
        for step in steps:
            step["before"] = level
            level += float(step["value"])
            step["after"] = level
            levels.append(level)
        least, most = min(levels), max(levels)
        floor = min(0.0, least)
        if least > 0 and 0 < most - least < _SMALL * most:
            floor = max(0.0, least - 0.45 * (most - least))
        unit = told.get("unit") or result.definition.unit
        currency, top = result.context.currency, max(most, 0.0)
        people, cancels = len(result.df), str(told.get("cancels", ""))
        return cls(start, end, told["labels"], steps, unit, currency, floor, top, people, cancels)

    def says(self, value: float) -> str:
        """Return one of the two numbers in words."""
        one, other = format_change(self.start, self.end, self.unit, self.currency)
        return other if value == self.end else one

    def signed(self, value: float) -> str:
        """Return a part of the difference in words."""
        return format_difference(value, self.unit, self.currency)


def message(way: _Way) -> str:
    """Return how far and mostly why the number moves, as a sentence; what cancels is told as such."""
    one, two = (shortened(label, 200) for label in way.labels)
    apart = way.signed(way.end - way.start)
    largest = max(way.steps, key=lambda step: abs(step["value"]), default=None)
    if apart.lstrip("+−") == way.signed(0.0):
        same = f"{one} and {two} both give {way.says(way.start)}"
        moved = largest is not None and way.signed(largest["value"]) != way.signed(0.0)
        return f"{same}: what the steps add, others take away" if moved else same
    head = f"{way.says(way.start)} ({one}) becomes {way.says(way.end)} ({two}): {apart}"
    if way.cancels:
        return f"{head} by {counted(way.customers, 'customer')}; {way.cancels}"
    if largest is None or len(way.steps) == 1:
        return head + ("" if largest is None else f", all of it {inside(largest['label'])}")
    return f"{head}, most by {inside(largest['label'])} ({way.signed(largest['value'])})"


def _waterfall(way: _Way, width: float, canvas: Canvas) -> list[alt.Chart]:
    colors = canvas.colors
    longest = max(
        text_width(text, 11.5) for text in (*way.labels, *(s["label"] for s in way.steps))
    )
    names = max(min(longest + 12, width * _NAMES), _LEAST)
    values = [way.signed(step["value"]) for step in way.steps]
    words = max(text_width(text, 12) for text in (way.says(way.start), way.says(way.end), *values))
    span = (way.top - way.floor) or 1.0
    room = width - names - words - 12

    def x(value: float) -> float:
        return names + room * (value - way.floor) / span

    bars = [_total(way.labels[0], way.start, 0, way, colors)]
    for number, step in enumerate(way.steps):
        bars.append(_step(step, number + 1, way, colors))
    bars.append(_total(way.labels[1], way.end, len(way.steps) + 1, way, colors))
    for bar in bars:
        low, high = sorted((x(bar["low"]), x(bar["high"])))
        middle = _HEAD + _ROW * (bar["row"] + 0.5)
        bar |= {"x": low, "x2": max(high, low + 1.5), "middle": middle}
        bar |= {"y": middle - _BAR, "y2": middle + _BAR, "short": shortened(bar["name"], names - 6)}
    joints = [
        {"x": x(one["to"]), "y": one["middle"] + _BAR, "y2": two["middle"] - _BAR}
        for one, two in pairwise(bars)
    ]
    tip = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("name", "step"),
            ("text", "adds"),
            ("from", "from"),
            ("into", "to"),
            ("alone", "switched alone"),
            ("people", "customers"),
        )
    ]
    rects = alt.Chart(data(bars)).mark_rect()
    return [
        alt.Chart(data(joints)).mark_rule(color=colors.rule).encode(y2=alt.Y2("y2:Q")),
        rects.encode(
            x2=alt.X2("x2:Q"),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=tip,
        ),
        *([_breaks(bars, colors)] if way.floor > 0 else []),
        *_words(bars, colors),
    ]


def _breaks(bars: list[dict[str, Any]], colors: Palette) -> alt.Chart:
    """Return the gaps cut into the bars of the two numbers, which do not show the whole of them."""
    cuts = [
        {"x": bar["x"] + at, "x2": bar["x"] + at + 3, "y": bar["y"] - 1, "y2": bar["y2"] + 1}
        for bar in bars
        if bar["total"]
        for at in (8, 14)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(cuts))
        .mark_rect(color=colors.surface)
        .encode(x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))
    )
    return drawn


def _words(bars: list[dict[str, Any]], colors: Palette) -> list[alt.Chart]:
    """Return the names left of the bars, how many customers each step moves, and the values right of the bars."""
    spots = []
    for bar in bars:
        second = "" if bar["total"] or not bar["people"] else _counted(bar["people"])
        up = 6 if second else 0
        spots.append({**bar, "x": 0, "y": bar["middle"] - up, "second": second})
    below = [{**spot, "y": spot["middle"] + 7} for spot in spots if spot["second"]]
    ends = [{**bar, "x": bar["x2"], "y": bar["middle"]} for bar in bars]
    out = []
    for total in (True, False):
        mine = [spot for spot in spots if spot["total"] is total]
        if mine:
            name = alt.Chart(data(mine)).mark_text(
                align="left",
                baseline="middle",
                fontWeight="bold" if total else "normal",
                color=colors.ink,
            )
            out.append(name.encode(text=alt.Text("short:N")))
    if below:
        small = alt.Chart(data(below)).mark_text(
            align="left", baseline="middle", fontSize=10, color=colors.muted
        )
        out.append(small.encode(text=alt.Text("second:N")))
    value = alt.Chart(data(ends)).mark_text(
        align="left", baseline="middle", dx=6, fontSize=12, fontWeight=600, color=colors.ink
    )
    return [*out, value.encode(text=alt.Text("text:N"))]


def _counted(number: str) -> str:
    return f"{number} customer{'' if number == '1' else 's'}"


def _total(label: str, value: float, row: int, way: _Way, colors: Palette) -> dict[str, Any]:
    return {
        "name": label,
        "row": row,
        "low": max(way.floor, 0.0),
        "high": value,
        "to": value,
        "text": way.says(value),
        "color": colors.total,
        "total": True,
        **dict.fromkeys(("people", "alone", "from", "into"), ""),
    }


def _step(step: dict[str, Any], row: int, way: _Way, colors: Palette) -> dict[str, Any]:
    alone = step.get("first_order")
    count = step.get("customers")
    return {
        "name": str(step["label"]),
        "row": row,
        "low": step["before"],
        "high": step["after"],
        "to": step["after"],
        "text": way.signed(float(step["value"])),
        "color": colors.gain if step["value"] >= 0 else colors.loss,
        "total": False,
        "people": "" if count is None or count != count else f"{int(count):,}",
        "alone": "" if alone is None or alone != alone else way.signed(float(alone)),
        "from": str(step.get("from", "")),
        "into": str(step.get("to", "")),
    }


def _customers(frame: pd.DataFrame, way: _Way) -> list[dict[str, Any]]:
    """Return the customers that add most, and all others together."""
    if not len(frame):
        return []
    ranked = frame.iloc[frame["value"].abs().argsort(kind="stable")[::-1]]
    first = ranked.head(MOST_CUSTOMERS)
    out: list[dict[str, Any]] = [
        {"name": str(name), "value": float(value), "rest": False}
        for name, value in zip(first["customer_id"], first["value"], strict=True)
    ]
    if len(ranked) > len(first):
        rest = ranked.iloc[len(first) :]
        told = f"{len(rest):,} others" if len(rest) > 1 else "1 other"
        out.append({"name": told, "value": float(rest["value"].sum()), "rest": True})
    for row in out:
        row |= {"text": way.signed(row["value"]), "left": row["value"] < 0}
    return out


def _people(
    people: list[dict[str, Any]], place: tuple[float, float, float], colors: Palette
) -> list[alt.Chart]:
    """Return the panel of customers: names, bars on both sides of zero, amounts."""
    left, right, top = place
    said = "Customers that make most of it" if people else "No customer adds to the difference"
    head = alt.Chart(data([{"x": left, "y": top + _HEAD / 2, "text": said}])).mark_text(
        align="left", baseline="middle", fontWeight=600, color=colors.muted
    )
    out = [head.encode(text=alt.Text("text:N"))]
    if not people:
        return out
    zero = _set_out(people, left, right, top + _HEAD)
    for row in people:
        row["color"] = colors.gain if row["value"] >= 0 else colors.loss
    line = {"x": zero, "y": top + _HEAD, "y2": top + _HEAD + _ROW * len(people)}
    tip = [alt.Tooltip("name:N", title="customer"), alt.Tooltip("text:N", title="adds")]
    bars = alt.Chart(data(row for row in people if not row["rest"])).mark_rect()
    spots = [{**row, "x": left, "y": row["middle"]} for row in people]
    named = alt.Chart(data(spots)).mark_text(align="left", baseline="middle", color=colors.ink)
    out += [
        bars.encode(
            x2=alt.X2("x2:Q"),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=tip,
        ),
        alt.Chart(data([line])).mark_rule(color=colors.rule).encode(y2=alt.Y2("y2:Q")),
        named.encode(text=alt.Text("short:N")),
    ]
    for before in (True, False):
        side = [row for row in people if row["left"] is before]
        mine = [{**row, "x": row["x" if before else "x2"], "y": row["middle"]} for row in side]
        if mine:
            amount = alt.Chart(data(mine)).mark_text(
                align="right" if before else "left",
                baseline="middle",
                dx=-4 if before else 4,
                fontSize=10,
                color=colors.ink,
            )
            out.append(amount.encode(text=alt.Text("text:N")))
    return out


def _set_out(people: list[dict[str, Any]], left: float, right: float, top: float) -> float:
    """Set where the bars of customers stand, and return where zero does.

    All others together may be far more than any one of them: they are told, not drawn.
    """
    names = min(max(text_width(row["name"]) for row in people) + 8, (right - left) * 0.36)
    words = max(text_width(row["text"], 10) for row in people) + 10
    values = [row["value"] for row in people if not row["rest"]]
    least, most = min(0.0, *values), max(0.0, *values)
    before = [row["left"] for row in people]  # whose amounts stand left of their bars
    begin = left + names + (words if any(before) else 0)
    room = right - begin - (0 if all(before) else words)
    span = (most - least) or 1.0
    zero: float = begin + room * -least / span
    for number, row in enumerate(people):
        end = zero + (0 if row["rest"] else room * row["value"] / span)
        middle = top + _ROW * (number + 0.5)
        row |= {"x": min(zero, end), "x2": max(zero, end, min(zero, end) + 1), "middle": middle}
        row |= {"y": middle - _BAR, "y2": middle + _BAR, "short": shortened(row["name"], names - 4)}
    return zero
