"""The currency of amounts, where a header or the signs in its cells name it: "Betrag (EUR)", "€ 1.200"."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.tables.dressed import undressed
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.signs import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.importers.layout import Parts

AMOUNTS = ("net", "gross", "amount", "tax")
_CALLED = {"net": "net amount", "gross": "gross amount", "amount": "amount", "tax": "tax"}
_SIGNS = {**SIGNS, "US$": "USD", "zł": "PLN", "円": "JPY"}
_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)))
_NEAR = 0.75  # "betraege" is near "betrag", "farbe" near nothing
_TELLING = 5  # letters of a name that tell an amount within another: "nettosumme"


def amounts_with_currency(
    names: Mapping[str, Sequence[str]], columns: Iterable[str], fields: Mapping[str, str]
) -> dict[str, str]:
    """Return field -> column of amounts whose header names a currency too, where no other column is that field.

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
    >>> amounts_with_currency({"net": ["netto"], "tax": ["mwst"]}, ["netto_eur", "mwst_in_euro", "netto_teur"], {})
    {'net': 'netto_eur', 'tax': 'mwst_in_euro'}
    """
    bare: dict[str, list[str]] = {}
    for column in columns:
        dressed = undressed(column)
        if column not in fields.values() and dressed and not dressed.wrong:
            bare.setdefault(snake_case(dressed.bare), []).append(column)
    found = {}
    for field in AMOUNTS:
        named = next((name for name in names.get(field, ()) if name in bare), None)
        if named and field not in fields and len(bare[named]) == 1:
            found[field] = bare[named][0]
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
        dressed = undressed(header)
        cells = rows[field].dropna().astype("string").str.extract(f"({_SIGN.pattern})")[0]
        codes = {_SIGNS[sign] for sign in cells.dropna().unique()}
        for code in sorted(codes | {*(dressed.currencies if dressed else ())}):
            places.setdefault(code, header)
    if len(places) > 1:
        said = " and ".join(f"{code} in {header!r}" for code, header in places.items())
        msg = f"{label}: amounts are in several currencies, {said}. Add a column currency that says which a row has."
        raise DataError(msg)
    for code, header in places.items():
        files.notes.append(f"{label}: amounts are in {code}, as {header!r} says")
    return next(iter(places), None)


def refuse_unclear(files: Parts, kind: str, names: Mapping[str, Sequence[str]]) -> None:
    """Refuse amounts of which a header says that they are in thousands, or in one of several currencies.

    Parameters
    ----------
    files, kind
        The files, and which of them.
    names
        Field -> names of its column.

    Raises
    ------
    DataError
        If a column that is read says so, or one that would be read if it did not.
    """
    label = files.labels[kind]
    fields = {name: column for name, column in files.names[kind].items() if name in AMOUNTS}
    would = {
        header: name for header in files.unused.get(kind, ()) if (name := _field(header, names))
    }
    read = {header: name for name, header in fields.items()}
    for header, field in (
        read | {h: name for h, name in would.items() if name not in fields}
    ).items():
        dressed = undressed(header)
        if dressed and dressed.wrong:
            msg = f"{label}: {dressed.wrong}, as {header!r} says."
            raise DataError(f"{msg} {dressed.remedy(_CALLED[field])}")


def _bare(header: str) -> str:
    """Return a header in snake case without the currency that it names."""
    dressed = undressed(header)
    return snake_case(dressed.bare if dressed else header)


def _field(header: str, names: Mapping[str, Sequence[str]]) -> str:
    """Return which amount a header names beside its currency, "" where it names none."""
    return next((name for name in AMOUNTS if _bare(header) in names[name]), "")


def no_amounts(files: Parts, kind: str, names: Mapping[str, Sequence[str]]) -> DataError:
    """Return the error of a file without a column of amounts, with the columns that may be one.

    Parameters
    ----------
    files, kind
        The files, and which of them.
    names
        Field -> names of its column.
    """
    label, headers = files.labels[kind], files.unused.get(kind, ())
    known = [name for field in AMOUNTS[:3] for name in names[field]]
    near = [
        header
        for header in headers
        if difflib.get_close_matches(_bare(header), known, 1, _NEAR)
        or any(name in _bare(header) for name in known if len(name) >= _TELLING)
    ]
    msg = f"{label} has no column of amounts."
    if near:
        msg += f" {' or '.join(map(repr, near[:3]))} may be it."
    return DataError(f"{msg} Name one amount, net amount or gross amount.")
