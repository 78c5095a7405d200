"""The rules of a board page, checked: a sentence with a number, units, axes from zero, few figures, a footnote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from saasmetrics.board.model import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Chart, Page

MOST_FIGURES = 7
_LONGEST = 160  # characters of a title that stand in two lines
_FROM_ZERO = ("columns", "bridge", "variance", "stack")
_KINDS = (*_FROM_ZERO, "lines", "curve", "ranges")


@dataclass(frozen=True)
class Finding:
    """What is against a rule, and on which page.

    Examples
    --------
    >>> str(Finding("t9q", "number", "The title has no number."))
    't9q: The title has no number.'
    """

    page: str
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


def lint(pack: Pack) -> tuple[Finding, ...]:
    """Return what is against the rules of a board page.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> lint(sm.board.pack(sm.demo(customers=60), settings={"pages": ["bridge"]}))
    ()
    """
    plans = pack.facts.get("unplanned", ())
    return (
        *(Finding(pack.pages[0].id, "plan", text) for text in plans if pack.pages),
        *(
            Finding(page.id, rule, text)
            for page in pack.pages
            if page.tiles or page.charts or page.tables
            for rule, text in _page(pack, page)
        ),
    )


def _page(pack: Pack, page: Page) -> Iterator[tuple[str, str]]:
    if not re.search(r"\d", page.title) and page.id != "asks":
        yield "number", "The title has no number; say the conclusion with its figure."
    if " " not in page.title.strip() or len(page.title) > _LONGEST:
        yield "sentence", f"The title is no sentence of at most {_LONGEST} characters."
    if not page.footnote and any(table.kind != "text" for table in page.tables):
        yield "footnote", "There is no footnote with source and definition."
    if len(page.tiles) > MOST_FIGURES:
        yield "figures", f"There are {len(page.tiles)} figures, and a page takes {MOST_FIGURES}."
    roles = {tile.role for tile in page.tiles}
    if "speed" in roles and "quality" not in roles:
        yield "speed", "A measure of speed stands without one of quality beside it."
    if page.stale:
        yield "stale", f"The words were {page.stale}; write them anew."
    for chart in page.charts:
        yield from _chart(pack, chart)


def _chart(pack: Pack, chart: Chart) -> Iterator[tuple[str, str]]:
    from saasmetrics.board.specs import spec

    if chart.kind not in _KINDS:
        yield "kind", f"The chart {chart.id} is of kind {chart.kind}, which says nothing well."
        return
    if not (chart.who and chart.what and chart.when):
        yield "title", f"The chart {chart.id} does not say who, what and when."
    units = {pack.quantities[key].unit for series in chart.series for key in series.cells if key}
    if not chart.unit or len(units) > 1:
        yield (
            "units",
            f"The chart {chart.id} has the units {', '.join(sorted(units)) or 'none'}; it takes one.",
        )
    if chart.kind in _FROM_ZERO and not _from_zero(spec(pack, chart)):
        yield "zero", f"The axis of the chart {chart.id} does not start at zero."
    for series in chart.series:
        if series.role.partition(":")[0] not in (
            *SCENARIOS,
            "second",
            "vintage",
            "variance",
            "category",
        ):
            yield "scenario", f"The series {series.name} of {chart.id} is of no scenario."


def _from_zero(part: object) -> bool:
    """Return whether no scale of a drawing leaves zero out."""
    if isinstance(part, dict):
        return part.get("zero") is not False and all(map(_from_zero, part.values()))
    return all(map(_from_zero, part)) if isinstance(part, list) else True
