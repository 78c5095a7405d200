"""The pack as a workbook: every number a live formula, from the customers up to the headline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.board.model import Text, Total, cells_of, remarks
from saasmetrics.board.native import draw
from saasmetrics.board.views import heading, marks
from saasmetrics.export.expression import computed, in_excel, names
from saasmetrics.export.workbook import Column, Formula, Sheet, Workbook, at, document_day, place

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Chart, Page, Quantity, Rows, Series, Table

_STYLED = ("money", "ratio", "points", "multiple", "months", "count", "fte")
_DUST = 3  # digits of a difference of amounts: what is beyond them is of floating point
_WORDS = 50  # characters of a line in a column of words
_DAYS = ("start", "end", "month", "cohort")


def xlsx(pack: Pack, path: str | os.PathLike[str]) -> Path:
    """Write a pack as a workbook; see `Pack.to_xlsx`."""
    return Written(pack).save(path)


@dataclass
class Written:
    """A pack while it is written as a workbook: where each quantity has its home, and what stands there."""

    pack: Pack
    homes: dict[str, str] = field(default_factory=dict)
    blocks: list[_Block] = field(default_factory=list)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Lay out all sheets, then write them, so that any cell can refer to any other."""
        pack = self.pack
        book = Workbook(pack.title, document_day(pack.as_of))
        pages = [(page, book.sheet(_sheet_name(page.name), landscape=True)) for page in pack.pages]
        for page, sheet in pages:
            self._lay(page, sheet)
        inputs = self._lay_inputs(book.sheet("Inputs"))
        for block in self.blocks:
            block.write(self)
        for page, sheet in pages:
            self._finish(page, sheet)
        self._write_inputs(*inputs)
        self._checks(book.sheet("Checks"))
        for rows in pack.rows.values():
            _data(rows, book)
        return book.save(path)

    def cell(self, key: str, here: str) -> Any:
        """Return what stands in a cell for a quantity: its formula at home, a reference elsewhere."""
        quantity = self.pack.quantities[key]
        if self.homes[key] != here:
            return Formula(f'=IF({self.homes[key]}="","",{self.homes[key]})', quantity.value)
        if not quantity.formula:
            return quantity.value
        return Formula(self._formula(quantity), quantity.value)

    def _formula(self, quantity: Quantity) -> str:
        places = {name: self._place(part) for name, part in quantity.parts.items()}
        text = in_excel(quantity.formula, places)
        named = [part for part in quantity.parts.values() if isinstance(part, str)]
        if any(self.pack.quantities[part].value is None for part in named):
            refs = list(dict.fromkeys(self.homes[part] for part in named))
            return f'=IF(COUNT({",".join(refs)})={len(refs)},{text[1:]},"")'
        return text

    def _place(self, part: Total | str) -> str:
        if isinstance(part, str):
            return self.homes[part]
        name = _table_name(part.table)
        key = part.part.replace('"', '""')
        return f'SUMIFS({place(name, _title(part.column))},{place(name, "Part")},"{key}")'

    def _lay(self, page: Page, sheet: Sheet) -> None:
        """Give every number of a page its place, below its title and comment."""
        words = any(table.kind == "text" for table in page.tables)
        sheet.widths(34, *([46] * 4 if words else [12] * 16))
        row = 4
        made: list[_Block] = []
        if page.tiles:
            made.append(_tiles(self.pack, page))
        made += [_table(self.pack, table) for table in page.tables]
        made += [_chart(self.pack, chart) for chart in page.charts]
        widest = max((len(block.lines[0]) if block.lines else 1 for block in made), default=1)
        aside = 4
        for block in made:
            block.sheet, block.row, block.aside = sheet, row, (aside, max(widest, 8) + 1)
            row += len(block.lines) + 3
            aside += 17 if block.chart is not None else 0
            for line, cells in enumerate(block.lines, block.row + 2):
                for column, key in enumerate(cells):
                    if isinstance(key, _Id):
                        self.homes.setdefault(key.name, _at(sheet.name, line, column))
        self.blocks += made
        sheet._rows = row  # noqa: SLF001  (where the words below the blocks begin)

    def _lay_inputs(self, sheet: Sheet) -> tuple[Sheet, list[str]]:
        """Give a place to what pages do not show, and numbers of pages follow from."""
        wanted, queue = [], list(self.homes)
        queue += [part for check in self.pack.checks for part in check.parts.values()]
        seen = set()
        while queue:
            key = queue.pop(0)
            if key in seen:
                continue
            seen.add(key)
            if key not in self.homes:
                wanted.append(key)
            queue += [p for p in self.pack.quantities[key].parts.values() if isinstance(p, str)]
        for row, key in enumerate(wanted, 1):
            self.homes[key] = _at(sheet.name, row, 1)
        return sheet, wanted

    def _write_inputs(self, sheet: Sheet, wanted: list[str]) -> None:
        sheet.widths(60, 18, 44)
        sheet.lines(
            0,
            [
                [
                    ("What pages follow from", "header"),
                    ("Number", "header right"),
                    ("Source", "header"),
                ]
            ],
        )
        for row, key in enumerate(wanted, 1):
            quantity = self.pack.quantities[key]
            sheet.write(row, 0, quantity.label)
            sheet.write(row, 1, self.cell(key, self.homes[key]), style_of(quantity, ""))
            sheet.write(row, 2, quantity.source or quantity.reason or quantity.formula, "note")
        row = len(wanted) + 2
        shown = {key for page in self.pack.pages for key in cells_of(page)}
        given = [
            q for key in self.homes if (q := self.pack.quantities[key]).source and key in shown
        ]
        sheet.lines(
            row,
            [
                [
                    ("Numbers of pages that are given, not computed here", "header"),
                    ("", "header"),
                    ("Source", "header"),
                ]
            ],
        )
        for line, quantity in enumerate(given, row + 1):
            sheet.write(line, 0, quantity.label)
            home = self.homes[quantity.id]
            again = Formula(f'=IF({home}="","",{home})', quantity.value)
            sheet.write(line, 1, again, style_of(quantity, ""))
            sheet.write(line, 2, quantity.source, "note")

    def _finish(self, page: Page, sheet: Sheet) -> None:
        sheet.write(0, 0, page.title, "title")
        sheet.write(1, 0, page.comment, "plain")
        sheet.write(2, 0, marks(page), "subtitle")
        row = sheet._rows  # noqa: SLF001
        for text in (
            *(f"{label}. {text}" for label, texts in remarks(page) for text in texts),
            page.calculation,
            page.footnote,
        ):
            if text:
                sheet.page.merge_range(row, 0, row, 9, "", sheet.book.look("note"))
                sheet.write(row, 0, text, "note")
                sheet.page.set_row(row, 15.0 * max(1, -(-len(text) // 120)))
                row += 1
        sheet.page.freeze_panes(1, 1)

    def _checks(self, sheet: Sheet) -> None:
        sheet.widths(70, 16, 12)
        sheet.lines(0, [[("Check", "header"), ("Difference", "header right"), ("Holds", "header")]])
        row = 1
        truths: list[bool] = []
        values = {key: q.value for key, q in self.pack.quantities.items()}
        for check in self.pack.checks:
            gap = round(
                computed(check.formula, {n: values[p] for n, p in check.parts.items()}), _DUST
            )
            text = in_excel(check.formula, {n: self.homes[p] for n, p in check.parts.items()})
            row = self._check(
                sheet,
                row,
                check.label,
                Formula(f"=ROUND({text[1:]},{_DUST})", gap),
                check.tolerance,
                truths,
            )
        for page in self.pack.pages:
            for tile in page.tiles:
                quantity = self.pack.quantities[tile.value]
                if quantity.value is None or not quantity.formula:
                    continue
                near = 0.005 if quantity.unit == "money" else 1e-9
                label = f"{page.name}: {tile.name} is what was reported, {quantity.value!r}"
                gap = Formula(f"={self.homes[tile.value]}-{quantity.value!r}", 0.0)
                row = self._check(sheet, row, label, gap, near, truths)
        if truths:
            every = Formula(f"=AND(C2:C{row})", all(truths))
            sheet.lines(row, [[("All checks hold", "label"), (None, "plain"), (every, "truth")]])
            sheet.named("all_checks_hold", row, 2)

    @staticmethod
    def _check(
        sheet: Sheet, row: int, label: str, gap: Formula, near: float, truths: list[bool]
    ) -> int:
        truths.append(abs(gap.value or 0.0) <= near)
        held = Formula(f"=ABS(B{row + 1})<={near!r}", truths[-1])
        return sheet.lines(row, [[(label, "text"), (gap, "number"), (held, "truth")]])


@dataclass(frozen=True)
class _Id:
    """A quantity in a cell, with the style of the cell."""

    name: str
    style: str


@dataclass
class _Block:
    """A block of a sheet: a title, a line of headers, lines of cells, and for a chart its drawing."""

    title: str
    heads: tuple[str, ...]
    lines: list[list[Any]]
    words: bool = False
    chart: Chart | None = None
    names: dict[str, tuple[int, int]] = field(default_factory=dict)
    sheet: Any = None
    row: int = 0
    aside: tuple[int, int] = (0, 0)

    def write(self, written: Written) -> None:
        """Write the block, then draw its chart beside it."""
        sheet = self.sheet
        sheet.write(self.row, 0, self.title, "label")
        for column, name in enumerate(self.heads):
            right = column > 0 and not self.words
            sheet.write(self.row + 1, column, name, "header right" if right else "header")
        for line, cells in enumerate(self.lines, self.row + 2):
            for column, held in enumerate(cells):
                if isinstance(held, _Id):
                    sheet.write(
                        line,
                        column,
                        written.cell(held.name, _at(sheet.name, line, column)),
                        held.style,
                    )
                else:
                    sheet.write(line, column, held[0], held[1])
            if self.words:
                longest = max(len(str(held[0])) for held in cells if not isinstance(held, _Id))
                sheet.page.set_row(line, 15.0 * max(1, -(-longest // _WORDS)))
        for name, (line, column) in self.names.items():
            sheet.named(name, self.row + 2 + line, column)
        if self.chart is not None:
            draw(written.pack, self.chart, sheet, self.row, self.aside)


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


def _tiles(pack: Pack, page: Page) -> _Block:
    lines: list[list[Any]] = []
    names = {}
    for line, tile in enumerate(page.tiles):
        ids = (tile.value, tile.delta_plan, tile.delta_prior, tile.low, tile.high, *tile.trend)
        cells = [
            _Id(key, style_of(pack.quantities[key], "")) if key else ("", "plain") for key in ids
        ]
        lines.append([(tile.name, "label"), *cells])
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
    return _Block("Figures", heads, lines, names=names)


def _table(pack: Pack, table: Table) -> _Block:
    lines = []
    for row in table.rows:
        cells: list[Any] = [(row.label, "label" if row.style == "sum" else "plain")]
        for cell in row.cells:
            if isinstance(cell, Text):
                cells.append((cell.text, "text" if table.kind == "text" else "plain"))
            else:
                cells.append(
                    _Id(cell, style_of(pack.quantities[cell], table.scale, row.style))
                    if cell
                    else ("", "plain")
                )
        lines.append(cells)
    return _Block(table.title, ("", *table.columns), lines, words=table.kind == "text")


def _chart(pack: Pack, chart: Chart) -> _Block:
    what, when = heading(pack, chart)
    if chart.kind == "curve":
        return _Block(f"{what} ({when})", *_down(pack, chart), chart=chart)
    lines: list[list[Any]] = []

    def line(name: str, cells: tuple[str, ...]) -> None:
        styles = [
            _Id(key, style_of(pack.quantities[key], chart.scale)) if key else ("", "plain")
            for key in cells
        ]
        lines.append([(name, "plain"), *styles])

    for series in chart.series:
        line(series.name, series.cells)
        for end, cells in _ends(series):
            line(f"{series.name}, {end}", cells)
    return _Block(f"{what} ({when})", ("", *chart.categories), lines, chart=chart)


def _down(pack: Pack, chart: Chart) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Return heads and lines of a chart of many categories, which stand below one another."""
    columns = [(s.name, s.cells) for s in chart.series]
    columns += [(f"{s.name}, {end}", cells) for s in chart.series for end, cells in _ends(s)]
    lines: list[list[Any]] = [
        [(name, "plain"), *(_Id(cells[at], style_of(pack.quantities[cells[at]], "")) if cells[at] else ("", "plain")
                            for _, cells in columns)]
        for at, name in enumerate(chart.categories)
    ]  # fmt: skip
    return ("", *(name for name, _ in columns)), lines


def _ends(series: Series) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (end, cells) for end, cells in (("low", series.low), ("high", series.high)) if any(cells)
    ]


def _data(rows: Rows, book: Workbook) -> None:
    """Add the sheet of a table of rows, what follows from other columns as formulas."""
    name = _table_name(rows.name)
    here = {column: place(name, _title(column), here=True) for column in rows.columns}
    columns = []
    for column, values in rows.columns.items():
        formula = rows.formulas.get(column, "")
        text = in_excel(formula, here) if formula else ""
        numeric = all(v is None or isinstance(v, int | float) for v in values)
        style = "plain" if column in _DAYS or not numeric else "number"
        used = [rows.columns[each] for each in names(formula)] if formula else []
        given = {at for each in used for at, value in enumerate(each) if value is None}
        columns.append(Column(_title(column), values, style, text, frozenset(given)))
    sheet = book.sheet(_sheet_name(f"Data {rows.name.removeprefix('Rows_')}"))
    if rows.note:
        sheet.write(0, 0, rows.note, "subtitle")
    sheet.table(name, columns, 2 if rows.note else 0)


def _title(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _table_name(name: str) -> str:
    return name if name.startswith("Rows_") else f"Rows_{name}"


def _sheet_name(name: str) -> str:
    return "".join(c for c in name if c not in "[]:*?/\\'")[:31]


def _at(sheet: str, row: int, column: int) -> str:
    return f"'{sheet}'!{at(row, column, fixed=True)}"
