"""Charts of a pack as Vega-Lite specifications, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board import kinds
from saasmetrics.board.drawn import Drawn, look
from saasmetrics.board.figures import shown
from saasmetrics.charts.theme import FONT, config, palette

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Chart


def spec(
    pack: Pack, chart: Chart, theme: str = "light", width: int = 560, height: int = 240
) -> dict[str, Any]:
    """Return a chart of the pack as a Vega-Lite specification.

    Parameters
    ----------
    pack
        The pack with the quantities.
    chart
        The chart.
    theme
        "light" or "dark".
    width, height
        Pixels.
    """
    colors = look(pack.settings.colors, theme)
    ways = {
        "columns": kinds.columns, "bridge": kinds.bridge, "variance": kinds.variance, "stack": kinds.stack,
        "lines": kinds.lines, "curve": kinds.curve, "ranges": kinds.ranges,
    }  # fmt: skip
    body = ways[chart.kind](Drawn(pack, chart, colors, width, height))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": alt_text(pack, chart), "width": width, "height": height,
        "config": {**config(palette(theme)), "background": None, "font": FONT}, **body,
    }  # fmt: skip


def alt_text(pack: Pack, chart: Chart) -> str:
    """Return what a chart shows, in words for whoever cannot see it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.board.pack(sm.demo(customers=60), settings={"pages": ["bridge"]})
    >>> alt_text(made, made.pages[0].charts[0])[:12]
    'Company, ARR'
    """
    told = []
    for series in chart.series[:3]:
        known = [(c, key) for c, key in zip(chart.categories, series.cells, strict=True) if key]
        ends = known if len(known) <= 12 else [known[0], known[-1]]
        values = ", ".join(f"{c} {shown(pack.quantities[key], chart.scale)}" for c, key in ends)
        told.append(f"{series.name}: {values}")
    return f"{chart.who}, {chart.what}, {chart.when}. {'; '.join(told)}."
