"""The currency of amounts, where a header or the signs in its cells name it: "Betrag (EUR)", "€ 1.200"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.gate.values import known_currencies
from saasmetrics.tables.signs import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.importers.layout import Parts

AMOUNTS = ("net", "gross", "amount", "tax")
_SIGNS = {**SIGNS, "US$": "USD", "zł": "PLN", "円": "JPY"}
_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)))
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|(?<=_)[a-z]{3}$")
_ENDING = re.compile(r"_(?:in_)?([a-z]{3})$")


def _codes() -> frozenset[str]:
    return known_currencies() - {"ALL", "TOP"}  # which headers say in another sense


def amounts_with_currency(
    names: Mapping[str, Sequence[str]], columns: Iterable[str], fields: Mapping[str, str]
) -> dict[str, str]:
    """Return field -> column of amounts whose header ends with a currency, where no other column is that field.

    Parameters
    ----------
    names
        Field -> names of its column.
    columns
        Columns of the file.
    fields
        Field -> column of those that are known.

    Examples
    --------
    >>> amounts_with_currency({"net": ["netto"], "tax": ["mwst"]}, ["netto_eur", "mwst_in_eur", "netto_alt"], {})
    {'net': 'netto_eur', 'tax': 'mwst_in_eur'}
    """
    bare = {
        column[: ending.start()]: column
        for column in columns
        if column not in fields.values()
        and (ending := _ENDING.search(column))
        and ending[1].upper() in _codes()
    }
    found = {}
    for field in AMOUNTS:
        named = next((name for name in names.get(field, ()) if name in bare), None)
        if named and field not in fields:
            found[field] = bare[named]
    return found


def currency_said(files: Parts, kind: str, rows: pd.DataFrame) -> str | None:
    """Return the currency that headers and cells of amounts name, None where they name none.

    Raises
    ------
    DataError
        If they name several.
    """
    label, names = files.labels[kind], files.names[kind]
    places: dict[str, str] = {}
    for field in AMOUNTS:
        if not files.has(kind, field):
            continue
        header = names[field]
        codes = {code.upper() for code in _CODE.findall(header)} & _codes()
        cells = rows[field].dropna().astype("string").str.extract(f"({_SIGN.pattern})")[0]
        signs = {*_SIGN.findall(header), *cells.dropna().unique()}
        for code in sorted(codes | {_SIGNS[sign] for sign in signs}):
            places.setdefault(code, header)
    if len(places) > 1:
        said = " and ".join(f"{code} in {header!r}" for code, header in places.items())
        msg = f"{label}: amounts are in several currencies, {said}. Add a column currency that says which a row has."
        raise DataError(msg)
    for code, header in places.items():
        files.notes.append(f"{label}: amounts are in {code}, as {header!r} says")
    return next(iter(places), None)
