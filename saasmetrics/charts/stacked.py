"""Stacked bars of money: one bar per place, one segment per kind, the total on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import axis, data
from saasmetrics.charts.text import text_width, ticks, wrap
from saasmetrics.charts.theme import readable_on
from saasmetrics.money import format_money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.charts.frame import Canvas


@dataclass(frozen=True)
class Segment:
    """A part of a bar: which bar, which kind, how much, and what the tooltip adds."""

    bar: int
    kind: str
    amount: float
    tip: str = ""


def stacked(
    segments: Sequence[Segment],
    labels: Sequence[str],
    colors: Mapping[str, str],
    canvas: Canvas,
) -> list[alt.Chart]:
    """Return the layers of stacked bars: segments in the order of `colors`, amounts inside where they fit, totals.

    Examples
    --------
    >>> from types import SimpleNamespace as S
    >>> from saasmetrics.charts.frame import Canvas
    >>> canvas = Canvas.of(S(context=S(currency="USD")), "light", 400, 200, None)
    >>> len(stacked([Segment(0, "won", 5.0)], ["Q1"], {"won": "#000000"}, canvas))
    3
    """
    rows, total = _rows(segments, labels, colors, canvas)
    high = max([*total, 0.0]) * 1.1 or 1.0
    y = alt.Scale(domain=[0, high], nice=False)
    across = alt.Scale(domain=[-0.5, len(labels) - 0.5], nice=False)
    slot = canvas.room / max(len(labels), 1)
    below = axis(
        dict(enumerate([wrap(label, slot) for label in labels])),
        labelColor=canvas.colors.ink,
        ticks=False,
        grid=False,
    )
    marks = axis(ticks(0.0, high, "money", canvas.currency))
    used = [kind for kind in colors if any(row["kind"] == kind for row in rows)]
    scale = alt.Scale(domain=used, range=[colors[kind] for kind in used])
    bars = (
        alt.Chart(data(rows))
        .mark_rect(stroke=canvas.colors.surface, strokeWidth=0.8)
        .encode(
            x=alt.X("left:Q", scale=across, axis=below),
            x2=alt.X2("right:Q"),
            y=alt.Y("start:Q", scale=y, axis=marks),
            y2=alt.Y2("end:Q"),
            color=alt.Color("kind:N", scale=scale, legend=alt.Legend(columns=0)),
            tooltip=[alt.Tooltip(f"{name}:N") for name in ("place", "kind", "amount", "tip")],
        )
    )
    pixel = high / max(canvas.height, 1.0)
    return [bars, *_words(rows, total, canvas, across, y, slot, 15 * pixel)]


def _rows(
    segments: Sequence[Segment], labels: Sequence[str], colors: Mapping[str, str], canvas: Canvas
) -> tuple[list[dict[str, Any]], list[float]]:
    """Return the segments set on top of each other, and the height of each bar."""
    order = list(colors)
    total = [0.0] * len(labels)
    rows: list[dict[str, Any]] = []
    for part in sorted(segments, key=lambda s: (s.bar, order.index(s.kind))):
        start = total[part.bar]
        total[part.bar] += part.amount
        rows.append(
            {
                "i": part.bar,
                "left": part.bar - 0.34,
                "right": part.bar + 0.34,
                "start": start,
                "end": total[part.bar],
                "kind": part.kind,
                "place": labels[part.bar],
                "amount": format_money(part.amount, canvas.currency),
                "tip": part.tip,
                "ink": readable_on(colors[part.kind]),
            }
        )
    return rows, total


def _words(
    rows: list[dict[str, Any]],
    total: list[float],
    canvas: Canvas,
    across: alt.Scale,
    y: alt.Scale,
    slot: float,
    least: float,
) -> list[alt.Chart]:
    """Return the amounts inside segments of at least some height, and the totals on top."""
    inside = [
        {**row, "middle": (row["start"] + row["end"]) / 2}
        for row in rows
        if row["end"] - row["start"] > least and text_width(row["amount"], 10) < 0.66 * slot
    ]
    words = [
        alt.Chart(data(row for row in inside if row["ink"] == shade))
        .mark_text(fontSize=10, baseline="middle", color=shade)
        .encode(
            x=alt.X("i:Q", scale=across), y=alt.Y("middle:Q", scale=y), text=alt.Text("amount:N")
        )
        for shade in dict.fromkeys(row["ink"] for row in inside)
    ]
    tops = [
        {"i": i, "y": amount, "text": format_money(amount, canvas.currency)}
        for i, amount in enumerate(total)
        if amount
    ]
    sums = (
        alt.Chart(data(tops))
        .mark_text(dy=-8, fontWeight=600, fontSize=12, color=canvas.colors.ink)
        .encode(x=alt.X("i:Q", scale=across), y=alt.Y("y:Q", scale=y), text=alt.Text("text:N"))
    )
    return [*words, sums]
