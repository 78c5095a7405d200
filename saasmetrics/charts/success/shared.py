"""What charts of customer success share: colors of bands, rows of bars with words, lines by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import axis, data
from saasmetrics.charts.text import shortened, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.charts.frame import Canvas
    from saasmetrics.charts.theme import Palette

ROW = 24


def band_color(colors: Palette, band: str) -> str:
    """Return the color of a health band: danger orange, good blue, between grey; never red against green.

    Examples
    --------
    >>> from saasmetrics.charts.theme import LIGHT
    >>> band_color(LIGHT, "red") == LIGHT.loss
    True
    """
    named = {"red": colors.loss, "amber": colors.plain, "green": colors.gain}
    return named.get(band, colors.grid)


def scale(low: float, high: float) -> alt.Scale:
    """Return a scale that is exactly from low to high."""
    return alt.Scale(domain=[low, high], nice=False, zero=False)


def names_axis(names: Sequence[str], width: float) -> alt.Axis:
    """Return an axis that names rows 0, 1, 2, ..., cut to a width in pixels."""
    labels = {float(i): shortened(name, width) for i, name in enumerate(names)}
    return axis(labels, domain=False, ticks=False, grid=False)


def longest(names: Sequence[str], most: float) -> float:
    """Return the pixels that the longest of some names takes, at most so many."""
    return min(max((text_width(name) for name in names), default=0) + 8, most)


def words(
    rows: Sequence[Mapping[str, Any]], canvas: Canvas, x: alt.X, y: alt.Y, **look: Any
) -> alt.Chart:
    """Return the column `label` of rows as texts on a ground of their own, so that lines below do not disturb them."""
    style: dict[str, Any] = {"baseline": "middle", "fontSize": 11, **look}
    drawn: alt.Chart = (
        alt.Chart(data(rows))
        .mark_text(**style, color=canvas.colors.ink)
        .encode(x=x, y=y, text=alt.Text("label:N"))
    )
    return drawn
