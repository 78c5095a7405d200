"""The pack as a workbook: every number a live formula, from the customers up to the headline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.board.model import Total, cells_of, remarks
from saasmetrics.board.native import draw
from saasmetrics.board.sheet_blocks import Id, chart_block, in_cell, style_of, table, tiles
from saasmetrics.board.sheet_form import across, lines_of, pixels, printed, widths
from saasmetrics.board.views import marks
from saasmetrics.export.expression import computed, in_excel, names
from saasmetrics.export.workbook import Column, Formula, Sheet, Workbook, at, document_day, place

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Page, Quantity, Rows
    from saasmetrics.board.sheet_blocks import Block

_DUST = 3  # digits of a difference of amounts: what is beyond them is of floating point
_FIRST, _CHART = 4, 17  # row of the first block of a page; rows of its charts
_WIDEST, _GAP = 760, 12  # pixels of a chart, and between two
_DAYS = ("start", "end", "month", "cohort")


def xlsx(pack: Pack, path: str | os.PathLike[str]) -> Path:
    """Write a pack as a workbook; see `Pack.to_xlsx`."""
    return Written(pack).save(path)


@dataclass
class Written:
    """A pack while it is written as a workbook: where each quantity has its home, and what stands there."""

    pack: Pack
    homes: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    ends: dict[str, tuple[int, list[float]]] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Lay out all sheets, then write them, so that any cell can refer to any other."""
        pack = self.pack
        book = Workbook(pack.title, document_day(pack.as_of))
        pages = [(page, book.sheet(_sheet_name(page.name), landscape=True)) for page in pack.pages]
        for page, sheet in pages:
            self._lay(page, sheet)
        inputs = self._lay_inputs(book.sheet("Inputs"))
        for block in self.blocks:
            self._write(block)
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
            return Formula(f'=IF({self.homes[key]}="","",{self.homes[key]})', in_cell(quantity))
        value = in_cell(quantity)
        return Formula(self._formula(quantity), value) if quantity.formula else value

    def _formula(self, quantity: Quantity) -> str:
        places = {name: self._place(part) for name, part in quantity.parts.items()}
        text = in_excel(quantity.formula, places)
        text = f"=100*({text[1:]})" if quantity.unit == "points" else text
        named = [part for part in quantity.parts.values() if isinstance(part, str)]
        if any(self.pack.quantities[part].value is None for part in named):
            refs = list(dict.fromkeys(self.homes[part] for part in named))
            return f'=IF(COUNT({",".join(refs)})={len(refs)},{text[1:]},"")'
        return text

    def _share(self, key: str) -> str:
        """Return the place of a quantity in a formula, of percentage points as a share of 1."""
        points = self.pack.quantities[key].unit == "points"
        return f"({self.homes[key]}/100)" if points else self.homes[key]

    def _place(self, part: Total | str) -> str:
        if isinstance(part, str):
            return self._share(part)
        name = _table_name(part.table)
        key = part.part.replace('"', '""')
        return f'SUMIFS({place(name, _title(part.column))},{place(name, "Part")},"{key}")'

    def _lay(self, page: Page, sheet: Sheet) -> None:
        """Give every number of a page its place: figures, then charts side by side, then tables."""
        figures = [tiles(self.pack, page)] if page.tiles else []
        made = figures + [table(self.pack, each) for each in page.tables]
        drawn = [chart_block(self.pack, each) for each in page.charts]
        columns = widths([*made, *drawn])
        sheet.widths(*columns)
        row = _FIRST
        for block in figures:
            row = self._placed(block, sheet, row, columns)
        wide = min(pixels(columns) // max(len(drawn), 1), _WIDEST)
        for along, block in enumerate(drawn):
            block.spot = (row, along * wide, wide - _GAP)
        row += _CHART if drawn else 0
        for block in [*made[len(figures) :], *drawn]:
            row = self._placed(block, sheet, row, columns)
        self.ends[page.id] = (row, columns)

    def _placed(self, block: Block, sheet: Sheet, row: int, columns: list[float]) -> int:
        """Give the numbers of a block their places from a row on, and return the row after it."""
        block.sheet, block.row, block.columns = sheet, row, columns
        for line, cells in enumerate(block.lines, row + 2):
            for column, key in enumerate(cells):
                if isinstance(key, Id):
                    self.homes.setdefault(key.name, _at(sheet.name, line, column))
        self.blocks.append(block)
        return row + block.rows + 1

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
                    ("Source", "header text"),
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
                    ("Source", "header text"),
                ]
            ],
        )
        for line, quantity in enumerate(given, row + 1):
            sheet.write(line, 0, quantity.label)
            home = self.homes[quantity.id]
            again = Formula(f'=IF({home}="","",{home})', in_cell(quantity))
            sheet.write(line, 1, again, style_of(quantity, ""))
            sheet.write(line, 2, quantity.source, "note")

    def _finish(self, page: Page, sheet: Sheet) -> None:
        """Write the words of a page above and below its blocks, and set how it is printed."""
        first, columns = self.ends[page.id]
        said = [f"{label}. {text}" for label, texts in remarks(page) for text in texts]
        below = [text for text in (*said, page.calculation, page.footnote) if text]
        words = {
            0: (page.title, "heading"),
            1: (page.comment, "comment"),
            2: (marks(page), "comment"),
        }
        words |= {row: (text, "note") for row, text in enumerate(below, first)}
        for row, (text, style) in words.items():
            across(sheet, row, text, columns, style)
        sheet.page.freeze_panes(1, 1)
        printed(sheet, columns, first + len(below))

    def _write(self, block: Block) -> None:
        """Write a block, and draw its chart."""
        sheet = block.sheet
        sheet.write(block.row, 0, block.title, "label")
        for column, name in enumerate(block.heads):
            style = "header text" if block.words else "header right" if column else "header"
            sheet.write(block.row + 1, column, name, style)
        for line, cells in enumerate(block.lines, block.row + 2):
            for column, held in enumerate(cells):
                if isinstance(held, Id):
                    value = self.cell(held.name, _at(sheet.name, line, column))
                    sheet.write(line, column, value, held.style)
                else:
                    sheet.write(line, column, held[0], held[1])
            if block.words:
                sheet.high(line, lines_of(cells, block.columns))
        for name, (line, column) in block.names.items():
            sheet.named(name, block.row + 2 + line, column)
        if block.chart is not None:
            draw(self.pack, block.chart, sheet, block.row, block.spot)

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
            text = in_excel(check.formula, {n: self._share(p) for n, p in check.parts.items()})
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
                gap = Formula(f"={self._share(tile.value)}-{quantity.value!r}", 0.0)
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
    sheet.table(name, columns, 2 if rows.note else 0, dense=True)


def _title(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _table_name(name: str) -> str:
    return name if name.startswith("Rows_") else f"Rows_{name}"


def _sheet_name(name: str) -> str:
    return "".join(c for c in name if c not in "[]:*?/\\'")[:31]


def _at(sheet: str, row: int, column: int) -> str:
    return f"'{sheet}'!{at(row, column, fixed=True)}"
