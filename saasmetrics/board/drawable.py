"""Charts in which there is something to see; of the others a sentence says that there is nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.board.model import Chart, Page, Quantity

_AMOUNTS = ("columns", "bridge", "variance", "stack")  # in which 0 has no height


def drawable(page: Page, quantities: Mapping[str, Quantity]) -> Page:
    """Return a page without the charts that would be empty, and with what is to be said of them.

    Examples
    --------
    >>> from saasmetrics.board.model import Chart, Page, Quantity, Series
    >>> chart = Chart("a", "stack", "Example", "ARR won", "Q3 2026", "money", ("Q3",), (Series("New", ("n",)),))
    >>> drawable(Page("t9q", "Nine quarters", "", charts=(chart,)), {"n": Quantity("n", "New", 0.0, "money")}).missing
    ('ARR won: 0 throughout (Q3 2026).',)
    """
    told = {chart.id: _nothing(chart, quantities) for chart in page.charts}
    kept = tuple(chart for chart in page.charts if not told[chart.id])
    return replace(page, charts=kept, missing=(*page.missing, *filter(None, told.values())))


def _nothing(chart: Chart, quantities: Mapping[str, Quantity]) -> str:
    values = {quantities[cell].value for series in chart.series for cell in series.cells if cell}
    known = values - {None}
    if not known:
        return f"{chart.what}: no value ({chart.when})."
    if chart.kind in _AMOUNTS and known == {0.0}:
        return f"{chart.what}: 0 throughout ({chart.when})."
    return ""
