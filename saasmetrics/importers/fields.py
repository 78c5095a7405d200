"""Columns of text as amounts, moments and flags, whatever system wrote them."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError
from saasmetrics.money import counted
from saasmetrics.tables.amounts import read_booleans, read_numbers
from saasmetrics.tables.dates import Refusal, read_instants
from saasmetrics.tables.separators import ambiguous
from saasmetrics.tables.told import NOTHING, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Currencies whose smallest unit is no hundredth: ISO 4217.
_WHOLE = (
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")


# What is told holds for all columns of the files of a system, through every join and function that reads them.
@dataclass(frozen=True)
class _How:
    """What is told, and what the files of a system show."""

    told: Told = NOTHING
    semicolon: bool = False
    dayfirst: bool | None = None


_TOLD: ContextVar[_How] = ContextVar("told", default=_How())  # noqa: B039


class UnreadableError(DataError):
    """Values of a column that are not what they should be; who knows the files says where they stand.

    Parameters
    ----------
    name
        Name of the column.
    values
        The first of the values.
    rows
        How many rows hold one.
    what
        What they are not, and what to do: to be read after the values.
    """

    def __init__(self, name: str, values: tuple[str, ...], rows: int, what: str) -> None:
        self.name, self.values, self.rows, self.what = name, values, rows, what
        super().__init__(self.said(f"the column {name}", counted(rows, "row")))

    def said(self, column: str, rows: str) -> str:
        """Return the message with the column and its rows as the user has them."""
        return f"{column}, {rows}: {', '.join(map(repr, self.values))} {self.what}"


@contextmanager
def reading(told: Told, *, semicolon: bool = False, dayfirst: bool | None = None) -> Iterator[None]:
    """Read amounts and dates as told, and as the files show, until the end of the block.

    Parameters
    ----------
    told
        What is told, which goes before what the files show.
    semicolon
        Whether semicolons separate columns, as where a comma parts decimals.
    dayfirst
        Whether the day comes first in dates of the files.
    """
    before = _TOLD.set(_How(told, semicolon, dayfirst))
    try:
        yield
    finally:
        _TOLD.reset(before)


def told_decimal() -> str | None:
    """Return the decimal sign that is told for the files that are read; None where none is."""
    return _TOLD.get().told.decimal


def amounts(values: pd.Series) -> pd.Series:
    """Return amounts as numbers; what is no amount is refused.

    Raises
    ------
    DataError
        If a value is no amount, with the first of them.

    Examples
    --------
    >>> amounts(pd.Series(["12.50", None, "(3)"])).tolist()
    [12.5, nan, -3.0]
    """
    how, text = _TOLD.get(), _arrow(values)
    unclear = ambiguous(text) if how.semicolon and how.told.decimal is None else None
    if unclear is not None:
        remedy = 'Say which sign parts decimals: decimal="," or decimal=".".'
        rule = "1.200 may be 1200 or 1.2 in a file separated by semicolons"
        _refuse(values, Refusal(unclear, rule, remedy, "ambiguous-number"), "clear")
    read = read_numbers(text, decimal=how.told.decimal)
    _refuse(values, read.refusal, "an amount")
    return pd.Series(read.values.to_numpy(zero_copy_only=False), index=values.index, dtype=float)


def whole(values: pd.Series) -> pd.Series:
    """Return counts of intervals as whole numbers, 1 where missing; what is no count is refused.

    Raises
    ------
    DataError
        If a count is not whole, or not above 0.

    Examples
    --------
    >>> whole(pd.Series(["3", None])).tolist()
    [3, 1]
    """
    read = amounts(values).fillna(1)
    wrong = values[(read % 1 != 0) | (read <= 0)]
    if len(wrong):
        some = tuple(str(value) for value in wrong.drop_duplicates().head(3))
        rule = "is no count of intervals. Give whole numbers above 0."
        raise UnreadableError(str(values.name), some, len(wrong), rule)
    return read.astype(int)


def from_minor(values: pd.Series, currency: pd.Series) -> pd.Series:
    """Return amounts in currency units from amounts in the smallest unit of the currency.

    Examples
    --------
    >>> from_minor(pd.Series(["2999", "2999"]), pd.Series(["usd", "jpy"])).tolist()
    [29.99, 2999.0]
    """
    code = currency.astype("string").str.upper()
    digits = np.where(code.isin(_WHOLE), 0, np.where(code.isin(_THOUSANDTHS), 3, 2))
    return amounts(values) / 10.0 ** pd.Series(digits, index=values.index)


def moments(values: pd.Series) -> pd.Series:
    """Return dates and times as moments in UTC without a zone; seconds since 1970 are read too.

    Raises
    ------
    DataError
        If a value is no date, or dates can be read in two ways.

    Examples
    --------
    >>> moments(pd.Series(["2026-01-31 10:00:00", None])).dt.date.tolist()
    [datetime.date(2026, 1, 31), NaT]
    """
    if values.isna().all():
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]")
    text = values.astype("string")
    seconds = text.str.fullmatch(r"\d{9,10}").fillna(value=True)
    if seconds.all():
        whole = pd.to_numeric(text, errors="coerce")
        return pd.to_datetime(whole, unit="s").astype("datetime64[us]")
    told = _TOLD.get()
    read = read_instants(_arrow(values), dayfirst=told.told.dayfirst, beside=told.dayfirst)
    _refuse(values, read.refusal, "a date")
    found = read.values.cast(pa.timestamp("us")).to_pandas()
    return pd.Series(found.to_numpy(), index=values.index, dtype="datetime64[us]")


def flags(values: pd.Series, *, missing: bool = False) -> pd.Series:
    """Return yes and no as booleans.

    Examples
    --------
    >>> flags(pd.Series(["TRUE", "no", None])).tolist()
    [True, False, False]
    """
    read = read_booleans(_arrow(values))
    _refuse(values, read.refusal, "yes or no")
    found = pd.Series(read.values.to_pandas().to_numpy(), index=values.index, dtype="object")
    return found.where(found.notna(), missing).astype(bool)


def words(values: pd.Series) -> pd.Series:
    """Return texts in lower case with underscores, "" where missing.

    Examples
    --------
    >>> words(pd.Series(["Past Due", None])).tolist()
    ['past_due', '']
    """
    text = values.astype("string").str.strip().str.lower().str.replace(r"[\s-]+", "_", regex=True)
    return text.fillna("")


def renamed(values: pd.Series, names: Mapping[str, str], what: str) -> pd.Series:
    """Return words of a system as those of a table; a word that is not known is refused.

    Raises
    ------
    DataError
        If there is a word without a meaning.

    Examples
    --------
    >>> renamed(pd.Series(["Monthly"]), {"monthly": "month"}, "interval").tolist()
    ['month']
    """
    plain = words(values)
    unknown = plain[(plain != "") & ~plain.isin(names)]
    if len(unknown):
        some = tuple(str(value) for value in values[unknown.index].drop_duplicates().head(5))
        rule = f"is an unknown {what}. Known are {', '.join(names)}."
        raise UnreadableError(str(values.name), some, len(unknown), rule)
    return plain.map(names).astype("object").where(plain != "", None)


def added(moment: pd.Series, months: pd.Series) -> pd.Series:
    """Return moments some months later, on the last day of a month that is shorter.

    Examples
    --------
    >>> added(pd.Series(pd.to_datetime(["2026-01-31"])), pd.Series([1])).dt.date.tolist()
    [datetime.date(2026, 2, 28)]
    """
    known = moment.notna() & months.notna()
    day = moment[known].to_numpy().astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    there = month + months[known].to_numpy().astype(int)
    last = (there + 1).astype("datetime64[D]") - 1
    out = pd.Series(pd.NaT, index=moment.index, dtype="datetime64[us]")
    moved = np.minimum(there.astype("datetime64[D]") + (day - month.astype("datetime64[D]")), last)
    out[known] = moved.astype("datetime64[us]")
    return out


def causes(involuntary: pd.Series, known: pd.Series) -> pd.Series:
    """Return why customers left: "involuntary", else "voluntary" where it is known that they did; missing elsewhere.

    Examples
    --------
    >>> causes(pd.Series([True, False, False]), pd.Series([True, True, False])).tolist()
    ['involuntary', 'voluntary', None]
    """
    out = pd.Series([None] * len(known), index=known.index, dtype="object")
    out[known] = "voluntary"
    out[involuntary] = "involuntary"
    return out


def _arrow(values: pd.Series) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, from_pandas=True)])


def _refuse(values: pd.Series, refusal: Refusal | None, what: str) -> None:
    if refusal is None:
        return
    wrong = values[np.asarray(pc.fill_null(refusal.mask, False))]
    some = tuple(str(value) for value in wrong.drop_duplicates().head(3))
    verb = "is" if len(some) == 1 else "are"
    rule = f"{verb} not {what} ({refusal.rule}). {refusal.remedy}"
    raise UnreadableError(str(values.name), some, len(wrong), rule)
