"""The sheets of a folder that were made for people: profit and loss, customer cube."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.annual import currency_of_cells, refuse_annual
from saasmetrics.importers.cube import cube, is_cube, joined
from saasmetrics.importers.fields import reading
from saasmetrics.importers.grid import Grid, grids, is_titled
from saasmetrics.importers.once import Once
from saasmetrics.importers.statements import is_statement, statement
from saasmetrics.tables.names import match_columns
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.titles import currency_of_titles
from saasmetrics.tables.told import NOTHING, Told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from saasmetrics.importers.layout import LeftOut


@dataclass
class Sheets:
    """What sheets for people gave: tables, the files they are in, what was left out and decided."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    of: dict[str, dict[str, set[dt.date]]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, grid: Grid, functions: Mapping[str, str]) -> None:
        """Add the tables of a sheet, if it is of a known kind."""
        if is_statement(grid):
            tables, left, notes = statement(grid, functions)
            self.files[grid.label] = "Profit and loss"
        elif is_cube(grid):
            rows, left, notes = cube(grid)
            tables = {"mrr": rows}
            self.files[grid.label] = "Customer cube"
        else:
            return
        above = (*grid.titles, *grid.header[: min(grid.months)])
        if "mrr" in tables:
            refuse_annual(grid.label, above)
        code = currency_of_titles(grid.label, above, self.notes) or currency_of_cells(
            grid, self.notes
        )
        for name, frame in tables.items():
            known = match_columns(SCHEMA[name], [*map(str, frame)]).known
            told = code and "currency" not in known
            self._add(name, frame.assign(currency=code) if told else frame, grid)
        self.left_out += left
        self.notes += notes

    def _add(self, name: str, frame: pd.DataFrame, grid: Grid) -> None:
        """Add a table, below or beside that of an earlier sheet of other months."""
        months = set(grid.months.values())
        if name not in self.tables:
            self.tables[name], self.of[name] = frame, {grid.label: months}
            return
        for label, theirs in self.of[name].items():
            if both := sorted(months & theirs):
                msg = (
                    f"{label} and {grid.label} both give the table {name} for {both[0]:%Y-%m}. "
                    "Leave one of them out."
                )
                raise DataError(msg)
        first = self.tables[name]
        self.tables[name] = (
            joined(first, frame) if name == "mrr" else pd.concat([first, frame], ignore_index=True)
        )
        self.of[name][grid.label] = months
        self.notes.append(
            f"{' and '.join(self.of[name])} are put together as the table {name}, month after month"
        )


def is_known(file: Path, code: str | None = None) -> bool:
    """Whether a file has a sheet that is a profit and loss or a customer cube."""
    return any(is_statement(grid) or is_cube(grid) for grid in grids(file, code))


def titled(files: Sequence[Path], code: str | None = None, once: Once | None = None) -> list[Path]:
    """Return the files that have titles above a header of months."""
    once = once or Once()
    return [file for file in files if once(is_titled, file, code)]


def read_sheets(
    files: Sequence[Path],
    functions: Mapping[str, str],
    told: Told = NOTHING,
    once: Once | None = None,
) -> Sheets:
    """Return the tables of the files that have titles above their header.

    Parameters
    ----------
    files
        Files as `titled` gives them.
    functions
        Account of the profit and loss -> function, as the user says.
    told
        Decimal sign and encoding, where they are told.
    once
        What was read before.
    """
    out, once = Sheets(), once or Once()
    for file in files:
        for grid in once(grids, file, told.encoding):
            with reading(told, semicolon=grid.semicolon):
                out.take(grid, functions)
    return out
