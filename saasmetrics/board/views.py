"""Pages as texts and colors, the same for every rendering that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from saasmetrics.board.drawn import look
from saasmetrics.board.figures import head_of, interval_text, is_nothing, said, shown
from saasmetrics.board.model import Text
from saasmetrics.charts.theme import blend, readable_on

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.drawn import Look
    from saasmetrics.board.model import Cell, Chart, Page, Table, Tile

_MOST = 0.35  # distance to 100% at which a cell of the triangle has its full color
_FULL = 0.62  # of the color: the text stays readable
_LEGEND = {
    "actual": "solid: actual",
    "prior": "light: year before",
    "plan": "outline: plan",
    "forecast": "hatched: forecast",
}


@dataclass(frozen=True)
class Delta:
    """A distance in words, what it is to, and whether it is good."""

    text: str
    to: str
    verdict: str
    mark: str
    id: str


@dataclass(frozen=True)
class TileView:
    """A figure as it is read."""

    name: str
    value: str
    id: str
    deltas: tuple[Delta, ...]
    interval: str
    context: str
    trend: tuple[float, ...]

    @property
    def spark(self) -> str:
        """Points of its course on a field of 100 by 24, for an SVG polyline."""
        if len(self.trend) < 3:
            return ""
        low, high = min(self.trend), max(self.trend)
        step, span = 100 / (len(self.trend) - 1), (high - low) or 1.0
        return " ".join(
            f"{i * step:.1f},{22 - (v - low) / span * 20:.1f}" for i, v in enumerate(self.trend)
        )


@dataclass(frozen=True)
class CellView:
    """A cell as it is read."""

    text: str
    id: str = ""
    verdict: str = ""
    fill: str = ""
    ink: str = ""
    blank: bool = False


@dataclass(frozen=True)
class RowView:
    """A line of a table as it is read."""

    label: str
    style: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class TableView:
    """A table as it is read."""

    id: str
    title: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[RowView, ...]


def tile_view(pack: Pack, tile: Tile) -> TileView:
    """Return a figure as it is read."""
    deltas = []
    for key, to in ((tile.delta_plan, "plan"), (tile.delta_prior, "year before")):
        if key and pack.quantities[key].value is not None:
            quantity = pack.quantities[key]
            words = said(quantity, pack.currency)
            verdict = "" if is_nothing(words) else verdict_of(quantity.value, tile.better)
            deltas.append(Delta(words, to, verdict, _mark(quantity.value) if verdict else "", key))
    ends = [pack.quantities[key] for key in (tile.low, tile.high) if key]
    trend = tuple(v for key in tile.trend if (v := pack.quantities[key].value) is not None)
    value = pack.quantities[tile.value]
    interval = f"95%: {interval_text(ends[0], ends[1], value)}" if len(ends) == 2 else ""
    text = said(value, pack.currency)
    return TileView(
        tile.name,
        text,
        tile.value,
        tuple(deltas),
        interval or (value.reason if value.value is None else ""),
        tile.context,
        trend,
    )


def _mark(value: float | None) -> str:
    """Return the direction of a difference; whether it is good is for the color to say."""
    return "▲" if value and value > 0 else "▼"


def verdict_of(value: float | None, better: str = "higher") -> str:
    """Return whether a difference is good or bad by its impact, "" where it is neither.

    Examples
    --------
    >>> verdict_of(0.02), verdict_of(0.02, "lower"), verdict_of(0.0)
    ('good', 'bad', '')
    """
    if not value or better not in ("higher", "lower"):
        return ""
    return "good" if (value > 0) == (better == "higher") else "bad"


def table_view(pack: Pack, table: Table, theme: str = "light") -> TableView:
    """Return a table as it is read."""
    colors = look(pack.settings.colors, theme)
    rows = tuple(
        RowView(
            row.label,
            row.style,
            tuple(_cell(pack, table, cell, at, colors) for at, cell in enumerate(row.cells)),
        )
        for row in table.rows
    )
    return TableView(table.id, table.title, table.kind, table.columns, rows)


def _cell(pack: Pack, table: Table, cell: Cell, at: int, colors: Look) -> CellView:
    if isinstance(cell, Text):
        return CellView(cell.text, blank=table.kind == "heat" and not cell.text and at > 0)
    if not cell:
        return CellView("")
    quantity = pack.quantities[cell]
    text = shown(quantity, table.scale)
    if table.kind == "heat" and quantity.value is not None:
        fill = heat(quantity.value, colors)
        return CellView(text, cell, fill=fill, ink=readable_on(fill))
    judged = quantity.signed and quantity.unit in ("money", "ratio", "points")
    return CellView(
        text,
        cell,
        verdict_of(quantity.value, quantity.better) if judged and not is_nothing(text) else "",
    )


def heat(value: float, colors: Look) -> str:
    """Return the color of a cell of a triangle: more below 100% in one hue, more above it in the other.

    Examples
    --------
    >>> heat(1.0, look({}))
    '#ffffff'
    """
    end = colors.good if value >= 1 else colors.bad
    return blend(colors.surface, end, _FULL * min(abs(value - 1) / _MOST, 1.0))


def heading(pack: Pack, chart: Chart) -> tuple[str, str]:
    """Return who and what in which unit, and when with the scenarios that the chart shows."""
    unit = head_of(chart.unit, chart.scale, pack.currency)
    roles = dict.fromkeys(series.role for series in chart.series)
    told = (
        [_LEGEND[role] for role in roles if role in _LEGEND]
        if len(roles) > 1 and chart.kind == "columns"
        else []
    )
    return f"{chart.what}, {unit}", " · ".join([chart.when, *told])


def marks(page: Page) -> str:
    """Return what the reader must know of the words: that somebody wrote them, and that their number has moved on."""
    said_of = {"title": "title", "comment": "comment"}
    told = " and ".join(said_of[name] for name in page.edited)
    text = f"{told[:1].upper()}{told[1:]} written by hand" if told else ""
    return f"{text}; {page.stale}" if page.stale else text
