"""Exports as files: each table is written as its system writes it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import saasmetrics as sm
from saasmetrics.importers import import_folder
from saasmetrics.importers.imported import Imported


def folder(place: Path, **tables: str) -> Path:
    """Write tables as CSV files; cells are parted by |, so that texts may hold commas."""
    for name, text in tables.items():
        rows = [line.split("|") for line in text.strip().splitlines()]
        head, *body = [[cell.strip() for cell in row] for row in rows]
        pd.DataFrame(body, columns=head).to_csv(place / f"{name}.csv", index=False)
    return place


def imported(place: Path, **tables: str) -> Imported:
    """Write tables and import them."""
    return import_folder(folder(place, **tables))


def mrr(found: Imported, as_of: str) -> list[float]:
    """MRR at the end of each month."""
    book = sm.Book(**found.tables, as_of=as_of, currency="USD")
    return [round(float(value), 2) for value in sm.revenue.mrr(book).df["value"]]
