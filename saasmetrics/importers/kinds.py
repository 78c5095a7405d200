"""The kinds of exports by the names that people say them with: "stripe: dashboard subscriptions"."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError
from saasmetrics.importers.files import File, Found
from saasmetrics.importers.nearest import lacks
from saasmetrics.importers.systems import IMPORTERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.importers.layout import Importer, Layout


def name_of(importer: Importer, layout: Layout) -> str:
    """Return how people say a kind of export.

    Examples
    --------
    >>> from saasmetrics.importers.systems import IMPORTERS
    >>> name_of(IMPORTERS["stripe"], IMPORTERS["stripe"].layouts[0])
    'stripe: dashboard subscriptions'
    """
    return f"{importer.id}: {layout.kind.replace('_', ' ')}"


@cache
def kinds() -> dict[str, tuple[Importer, Layout]]:
    """Return every kind of export that is known, by its name."""
    return {
        name_of(one, layout): (one, layout) for one in IMPORTERS.values() for layout in one.layouts
    }


def likely_kinds(columns: Sequence[str]) -> list[str]:
    """Return the kinds of exports of whose needed fields a file has more than half, those with most of them first.

    Examples
    --------
    >>> likely_kinds(["id", "customer_id", "status", "start_date", "amount", "interval", "plan"])[0]
    'stripe: dashboard subscriptions'
    """
    found = {}
    for name, (_, layout) in kinds().items():
        there = layout.fits(columns)
        missing = sum(need not in there for need in layout.needs)
        if 2 * missing < len(layout.needs):
            found[name] = (missing, -len(there))
    return sorted(found, key=lambda name: found[name])


def likely_fields(kind: str, columns: Sequence[str]) -> dict[str, str]:
    """Return column -> field of a kind of export, for the columns whose names say which field they are.

    Examples
    --------
    >>> likely_fields("stripe: products", ["id", "name", "kunde"])
    {'id': 'id', 'name': 'name'}
    """
    return {column: name for name, column in kinds()[kind][1].fits(columns).items()}


def as_said(file: File, entry: Mapping[str, Any]) -> Found:
    """Return a file as the kind of export that is said of it; columns that are said go before those with known names.

    Raises
    ------
    DataError
        If the file lacks a column that this kind needs.
    UnknownNameError
        If there is no such kind, column or field.
    """
    kind, columns = entry["export"], file.said(entry["columns"])
    one_of(f"export of {file.label}", kind, kinds())
    importer, layout = kinds()[kind]
    for column, name in columns.items():
        one_of(f"column of {file.label}", column, file.columns)
        one_of(f"field of {kind}", name, layout.fields)
    named = layout.fits(file.columns)
    own = {
        name: column
        for name, column in named.items()
        if column not in columns or named.get(columns[column]) == column
    }
    fields = {**own, **{name: column for column, name in columns.items()}}
    if any(name not in fields for name in layout.needs):
        msg = f"{file.label} is {kind}, as is said, but has no column {lacks(layout, fields)}. Say which column is."
        raise DataError(msg)
    return Found(file, importer, layout, fields)
