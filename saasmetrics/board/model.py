"""What a pack is made of: quantities that follow from rows, and pages that show them by name.

Every number stands once, as a quantity. Tiles, charts and tables hold the ids of quantities, so that no two
renderings, nor two places of one rendering, can show different numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1  # of the JSON file; a reader refuses what is newer
SCENARIOS = ("actual", "prior", "plan", "forecast", "part", "range")


@dataclass(frozen=True)
class Total:
    """The sum of a column of a table of rows, over one part of the table.

    Examples
    --------
    >>> Total("Movements", "closing", "Q3 2026").column
    'closing'
    """

    table: str
    column: str
    part: str


@dataclass(frozen=True)
class Quantity:
    """One number of the pack, and how it follows from others or from rows.

    Parameters
    ----------
    id, label
        Its name in the pack, and for people.
    value, unit
        The number, None where it is missing; ratio, points, money, count, multiple, months or number.
    formula, parts
        The value as a formula of named parts, each the id of another quantity or a total of rows; "" where the
        number does not follow from others.
    source
        What it comes from, where there is no formula.
    reason
        Why there is no value.
    signed
        Whether it is a difference, which is written with its sign.
    better
        Which difference is good: "higher", "lower", or "" where none is.

    Examples
    --------
    >>> Quantity("arr", "ARR", 120.0, "money").value
    120.0
    """

    id: str
    label: str
    value: float | None
    unit: str
    formula: str = ""
    parts: Mapping[str, Total | str] = field(default_factory=dict)
    source: str = ""
    reason: str = ""
    signed: bool = False
    better: str = "higher"


@dataclass(frozen=True)
class Rows:
    """Rows behind quantities: a table of the workbook, its first column says to which part a row belongs.

    Parameters
    ----------
    name
        Name of the table.
    columns
        Values by column; "part" is the first.
    formulas
        How columns follow from others of the same row, where that has all of them.
    note
        What the table leaves out; "" where nothing is.

    Examples
    --------
    >>> len(Rows("Movements", {"part": ["Q3 2026"], "closing": [10.0]}))
    1
    """

    name: str
    columns: Mapping[str, list[Any]]
    formulas: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def __len__(self) -> int:
        return len(self.columns["part"])


@dataclass(frozen=True)
class Text:
    """Words in a cell of a table."""

    text: str


Cell = str | Text


@dataclass(frozen=True)
class Tile:
    """A figure that stands by itself: the value, its distance to plan and to the year before, and its course.

    Examples
    --------
    >>> Tile("ARR", "arr").better
    'higher'
    """

    name: str
    value: str
    delta_plan: str = ""
    delta_prior: str = ""
    trend: tuple[str, ...] = ()
    better: str = "higher"
    role: str = ""
    low: str = ""
    high: str = ""
    context: str = ""


@dataclass(frozen=True)
class Series:
    """One line, or one kind of column, of a chart; `low` and `high` are the ends of intervals."""

    name: str
    cells: tuple[str, ...]
    role: str = "actual"
    low: tuple[str, ...] = ()
    high: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A chart: who and what in which unit, when, and the quantities along its categories.

    `kind` is columns, lines, bridge, variance, stack or ranges.
    """

    id: str
    kind: str
    who: str
    what: str
    when: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    scale: str = ""
    better: tuple[str, ...] = ()
    totals: tuple[int, ...] = ()
    target: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a table: its label, its cells, and whether it is a sum."""

    label: str
    cells: tuple[Cell, ...]
    style: str = ""


@dataclass(frozen=True)
class Table:
    """A table; `kind` is plain, heat or text, and money stands in thousands or millions by `scale`."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: str = "plain"
    scale: str = ""
    head: str = ""


@dataclass(frozen=True)
class Check:
    """Something that must hold: a formula of quantities that is 0 to within a tolerance."""

    label: str
    formula: str
    parts: Mapping[str, str]
    tolerance: float = 0.005


@dataclass(frozen=True)
class Page:
    """One page: a sentence with its number, what shows it, and what must be said beside it.

    Parameters
    ----------
    id, name
        Short name in the settings, and for the table of contents.
    title
        The conclusion, a sentence with a number.
    comment
        Why, in a few sentences.
    key
        The quantity that the page is about.
    footnote, calculation
        Definitions and parameters; how the numbers follow, for whoever presents.
    missing
        What is not shown, and what to add.
    faults
        What is shown and may be wrong, and what to correct.
    edited
        Which of title and comment somebody wrote by hand.
    written_for
        The number that the edited words were written for.
    stale
        What has changed since; "" where nothing has.
    """

    id: str
    name: str
    title: str
    key: str = ""
    comment: str = ""
    footnote: str = ""
    calculation: str = ""
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    missing: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    written_for: str = ""
    stale: str = ""


def remarks(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Return what must be said beside a page, each kind with its label.

    Examples
    --------
    >>> remarks(Page("a", "A", "1 is one", missing=("By pod: no target.",), faults=("Two plans differ.",)))
    [('Not shown', ('By pod: no target.',)), ('To correct', ('Two plans differ.',))]
    """
    said = (("Not shown", page.missing), ("To correct", page.faults))
    return [(label, texts) for label, texts in said if texts]


def cells_of(page: Page) -> Iterator[str]:
    """Give the ids of all quantities of a page, in the order in which they are read.

    Examples
    --------
    >>> list(cells_of(Page("a", "A", "1 is one", tiles=(Tile("ARR", "arr"),))))
    ['arr']
    """
    for tile in page.tiles:
        named = (tile.value, tile.delta_plan, tile.delta_prior, tile.low, tile.high)
        yield from (each for each in (*named, *tile.trend) if each)
    for table in page.tables:
        for row in table.rows:
            yield from (cell for cell in row.cells if isinstance(cell, str) and cell)
    for chart in page.charts:
        for series in chart.series:
            yield from (cell for cell in (*series.cells, *series.low, *series.high) if cell)


def to_json(body: Mapping[str, Any]) -> str:
    """Write the parts of a pack as JSON, the same text for the same parts.

    Examples
    --------
    >>> to_json({"company": "Example"})
    '{"company": "Example", "format": 1}'
    """
    return json.dumps(
        {**body, "format": FORMAT}, default=_plain, ensure_ascii=False, sort_keys=True
    )


def _plain(value: Any) -> Any:
    return {"text": value.text} if isinstance(value, Text) else asdict(value)
