"""What the sheets of a pack are made of: blocks of cells, each with its heads, and of a chart its drawing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.board.model import Text
from saasmetrics.board.views import heading

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Chart, Page, Quantity, Series, Table

STACKED = ("Level", "Total", "Up", "Down", "Base")  # what a waterfall is stacked of
REACH = ("Above", "Below")  # how far an interval reaches from its value
_TOLD = ("months", "hours")  # units that a figure has in its name, beside its currency
_STYLED = ("money", "ratio", "points", "multiple", "months", "count", "fte")


@dataclass(frozen=True)
class Id:
    """A quantity in a cell, with the style of the cell."""

    name: str
    style: str


@dataclass
class Block:
    """A block of a sheet: a title, a line of headers, lines of cells, and for a chart its drawing.

    The spot of a drawing is its row, and from where and how many pixels wide it is.
    """

    title: str
    heads: tuple[str, ...]
    lines: list[list[Any]]
    words: bool = False
    chart: Chart | None = None
    names: dict[str, tuple[int, int]] = field(default_factory=dict)
    sheet: Any = None
    row: int = 0
    columns: list[float] = field(default_factory=list)
    spot: tuple[int, int, int] = (0, 0, 0)

    @property
    def rows(self) -> int:
        """How many rows it takes, with those that its chart alone needs."""
        more = {"bridge": len(STACKED), "ranges": len(REACH)}
        return len(self.lines) + 2 + (more.get(self.chart.kind, 0) if self.chart else 0)


def style_of(quantity: Quantity, scale: str, row: str = "") -> str:
    """Return the style of a cell that holds a quantity.

    Examples
    --------
    >>> from saasmetrics.board.model import Quantity
    >>> style_of(Quantity("a", "A", 1.0, "money", signed=True), "k", "sum")
    'money k signed sum'
    """
    alike = {"hours": "months", "score": "count"}
    unit = alike.get(quantity.unit, quantity.unit)
    unit = unit if unit in _STYLED else "number"
    size = f" {scale or 'units'}" if unit == "money" else ""
    sign = " signed" if quantity.signed or unit == "points" else ""
    return f"{unit}{size}{sign}{' sum' if row == 'sum' else ''}"


def in_cell(quantity: Quantity) -> float | None:
    """Return what a cell holds of a quantity: percentage points as they are read, all else as it is.

    Examples
    --------
    >>> from saasmetrics.board.model import Quantity
    >>> in_cell(Quantity("a", "A", -0.25, "points", signed=True))
    -25.0
    """
    if quantity.unit == "points" and quantity.value is not None:
        return quantity.value * 100
    return quantity.value


def _cell(pack: Pack, key: str, scale: str, row: str = "") -> Any:
    """Return a quantity as a cell, and an empty one where there is none."""
    return Id(key, style_of(pack.quantities[key], scale, row)) if key else ("", "plain")


def tiles(pack: Pack, page: Page) -> Block:
    """Return the figures of a page as a block, a line for each."""
    lines: list[list[Any]] = []
    names = {}
    for line, tile in enumerate(page.tiles):
        ids = (tile.value, tile.delta_plan, tile.delta_prior, tile.low, tile.high, *tile.trend)
        cells = [_cell(pack, key, "") for key in ids]
        unit = pack.quantities[tile.value].unit
        told = pack.currency if unit == "money" else unit if unit in _TOLD else ""
        lines.append([(f"{tile.name}, {told}" if told else tile.name, "label"), *cells])
        slug = "".join(c if c.isalnum() else "_" for c in tile.name.lower())
        names[f"kpi_{page.id}_{slug}"] = (line, 1)
    trend = pack.facts["quarters"] if any(tile.trend for tile in page.tiles) else ()
    heads = (
        "Figure",
        pack.facts["quarter"],
        "to plan",
        "to year before",
        "95% low",
        "95% high",
        *trend,
    )
    return Block("Figures", heads, lines, names=names)


def table(pack: Pack, table: Table) -> Block:
    """Return a table as a block."""
    lines, plain = [], "text" if table.kind == "text" else "plain"
    for row in table.rows:
        cells: list[Any] = [(row.label, "label" if row.style == "sum" else plain)]
        for cell in row.cells:
            if isinstance(cell, Text):
                cells.append((cell.text, "text" if table.kind == "text" else "right"))
            else:
                cells.append(_cell(pack, cell, table.scale, row.style))
        lines.append(cells)
    return Block(table.title, ("", *table.columns), lines, words=table.kind == "text")


def chart_block(pack: Pack, chart: Chart) -> Block:
    """Return the numbers of a chart as a block, from which it is drawn."""
    what, when = heading(pack, chart)
    if chart.kind == "curve":
        return Block(f"{what} ({when})", *_down(pack, chart), chart=chart)
    lines: list[list[Any]] = []

    def line(name: str, cells: tuple[str, ...]) -> None:
        lines.append([(name, "plain"), *(_cell(pack, key, chart.scale) for key in cells)])

    for series in chart.series:
        line(series.name, series.cells)
        for end, cells in _ends(series):
            line(f"{series.name}, {end}", cells)
    return Block(f"{what} ({when})", ("", *chart.categories), lines, chart=chart)


def _down(pack: Pack, chart: Chart) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Return heads and lines of a chart of many categories, which stand below one another."""
    columns = [(s.name, s.cells) for s in chart.series]
    columns += [(f"{s.name}, {end}", cells) for s in chart.series for end, cells in _ends(s)]
    lines: list[list[Any]] = [
        [(name, "plain"), *(_cell(pack, cells[at], "") for _, cells in columns)]
        for at, name in enumerate(chart.categories)
    ]
    return ("", *(name for name, _ in columns)), lines


def _ends(series: Series) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (end, cells) for end, cells in (("low", series.low), ("high", series.high)) if any(cells)
    ]
