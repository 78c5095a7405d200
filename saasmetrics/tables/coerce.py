"""One column of an export under its canonical dtype."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.money import counted
from saasmetrics.tables.amounts import read_booleans, read_numbers
from saasmetrics.tables.dates import Instants, Refusal, read_instants
from saasmetrics.tables.findings import count
from saasmetrics.tables.months import month_of_label
from saasmetrics.tables.texts import NUMBERABLE, NUMBERED, decode, is_text, numbered, without_blanks

if TYPE_CHECKING:
    from collections.abc import Callable

    from saasmetrics.tables.schema import ColumnSchema

__all__ = ["Column", "coerce", "spelling"]

_MANY_SPELLINGS = 10_000
_YEAR_MONTH = (1900_01, 2100_12)
_LARGEST = 2**63 - 1
_OFFSET = re.compile(r"(?<=\d{2}:\d{2})(:\d{2}(\.\d+)?)?[+-]\d{2}:?\d{2}\s*$")
_WHOLE_DATE = re.compile(r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}")


@dataclass
class Column:
    """A column that was read.

    Parameters
    ----------
    values
        Values under the canonical dtype.
    notes
        What was decided, to be read after the name of the column.
    refusal
        Why some values could not be read; `values` then means nothing.
    zone
        Time zone of the export, if the instants had one.
    """

    values: pa.ChunkedArray
    notes: list[str] = field(default_factory=list)
    refusal: Refusal | None = None
    zone: str = ""


def coerce(schema: ColumnSchema, values: pa.ChunkedArray, dayfirst: bool | None = None) -> Column:
    """Read the values of a column as its schema wants them.

    Parameters
    ----------
    schema
        The column.
    values
        Values as the export has them. Canonical ones come back as they are, without a copy.
    dayfirst
        Whether the day comes first in other dates of the file.

    Returns
    -------
    Column
        The values, or why not.
    """
    if schema.dtype in _DATES:
        return _DATES[schema.dtype](decode(values), dayfirst)
    values = (numbered if schema.dtype in NUMBERABLE else decode)(values)
    return _READERS[schema.dtype](schema, values)


def _id(_: ColumnSchema, values: pa.ChunkedArray) -> Column:
    kind = values.type
    notes: list[str] = []
    if pa.types.is_boolean(kind):
        said = ("true and false, not ids", "Name the column that holds the ids.", "unreadable-id")
        return Column(values, refusal=Refusal(values.is_valid(), *said))
    if pa.types.is_floating(kind):
        # pandas turns whole-number ids into floats as soon as one is missing.
        read = read_numbers(values, whole=True)
        if read.refusal is not None:
            return Column(values, refusal=_id_refusal(read.refusal.mask))
        values, notes = read.values, ["decimal numbers read as whole-number ids"]
    elif pa.types.is_integer(kind) and kind != pa.int64():
        if pa.types.is_uint64(kind) and count(
            far := _above(values, pa.scalar(_LARGEST, pa.uint64()))
        ):
            above = f"whole numbers above {_LARGEST}, which are not held as numbers"
            refusal = Refusal(far, above, "Write the ids as text.", "unreadable-id")
            return Column(values, refusal=refusal)
        values = values.cast(pa.int64())
    elif not is_text(kind) and not pa.types.is_integer(kind):
        values = values.cast(pa.string())
    return Column(without_blanks(values) if is_text(values.type) else values, notes)


def _above(values: pa.ChunkedArray, limit: pa.Scalar) -> pa.ChunkedArray:
    return pc.fill_null(pc.greater(values, limit), False)


def _id_refusal(mask: pa.ChunkedArray) -> Refusal:
    return Refusal(mask, "ids that are decimal numbers", "Read ids as text.", "unreadable-id")


def _date(values: pa.ChunkedArray, dayfirst: bool | None) -> Column:
    return _as_days(values, read_instants(values, beside=dayfirst))


def _as_days(values: pa.ChunkedArray, read: Instants) -> Column:
    if read.refusal is not None:
        return Column(values, refusal=read.refusal)
    days = read.values.cast(pa.date32())
    if days.type != read.values.type:
        lost = count(pc.not_equal(days.cast(pa.timestamp("us")), read.values))
        if lost:
            read.notes.append(f"time of day set aside in {counted(lost, 'row')}")
    return Column(days, read.notes, zone=read.zone)


def _month(values: pa.ChunkedArray, dayfirst: bool | None) -> Column:
    texts = _months_as_days(values)
    read = read_instants(texts, beside=dayfirst)
    if read.zone and pa.types.is_timestamp(read.values.type):
        eve = _midnight_elsewhere(read.values)
        if count(eve):
            said = "the last hours of a month in UTC, which is the next month in zones east of it"
            remedy = "Write months as 2025-01, or take the day on the clock of the company."
            return Column(values, refusal=Refusal(eve, said, remedy, "month-in-utc"))
    column = _as_days(texts, read)
    if column.refusal is not None:
        if _unlike_month(column):
            column.refusal = replace(
                column.refusal, rule="not a month", remedy="Write months as 2025-01."
            )
        return column
    if _all_first_days(column.values):
        return column
    first = pc.floor_temporal(column.values, unit="month").cast(pa.date32())
    moved = count(pc.not_equal(first, column.values))
    column.notes.append(f"moved to the first day of the month in {counted(moved, 'row')}")
    column.values = first
    return column


def _midnight_elsewhere(instants: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return which instants are full hours of the last afternoon or evening of a month."""
    half_day = pa.scalar(12 * 3_600_000_000, pa.duration("us"))
    later = pc.floor_temporal(pc.add(instants.cast(pa.timestamp("us")), half_day), unit="month")
    month = pc.floor_temporal(instants.cast(pa.timestamp("us")), unit="month")
    full = pc.equal(pc.floor_temporal(instants, unit="hour"), instants)
    return pc.and_(full, pc.not_equal(later, month))


def _unlike_month(column: Column) -> bool:
    """Whether what is refused is neither an ambiguous date nor a count of seconds or days."""
    assert column.refusal is not None
    if column.refusal.code != "unreadable-date":
        return False
    if not pa.types.is_integer(column.values.type):
        return True
    limits = pc.min_max(column.values).as_py()
    return bool(limits["min"] >= _YEAR_MONTH[0] and limits["max"] <= _YEAR_MONTH[1])


def _all_first_days(days: pa.ChunkedArray) -> bool:
    different = pc.unique(days)
    return not count(pc.not_equal(pc.day(different), 1))


def _months_as_days(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts of months as days; a time with a zone stands for the day on the clock of that zone."""
    if pa.types.is_timestamp(values.type) and (values.type.tz or "UTC").upper() != "UTC":
        return pc.local_timestamp(values)
    if not is_text(values.type):
        return values
    coded = values.combine_chunks().dictionary_encode()
    if len(coded.dictionary) > _MANY_SPELLINGS:
        return values
    # Whole dates are left to be read as dates, so that moving them to the first day is counted.
    texts = [
        _OFFSET.sub("", label)
        if day is None or _WHOLE_DATE.match(label.strip())
        else day.isoformat()
        for label in coded.dictionary.to_pylist()
        for day in [month_of_label(label)]
    ]
    return pa.chunked_array([pa.array(texts, pa.string()).take(coded.indices)])


def _timestamp(values: pa.ChunkedArray, dayfirst: bool | None) -> Column:
    read = read_instants(values, beside=dayfirst)
    if read.refusal is not None:
        return Column(values, refusal=read.refusal)
    return Column(read.values.cast(pa.timestamp("us")), read.notes, zone=read.zone)


def _number(_: ColumnSchema, values: pa.ChunkedArray) -> Column:
    read = read_numbers(values)
    return Column(read.values, read.notes, read.refusal)


def _int(_: ColumnSchema, values: pa.ChunkedArray) -> Column:
    read = read_numbers(values, whole=True)
    return Column(read.values, read.notes, read.refusal)


def _bool(_: ColumnSchema, values: pa.ChunkedArray) -> Column:
    read = read_booleans(values)
    return Column(read.values, read.notes, read.refusal)


def _text(_: ColumnSchema, values: pa.ChunkedArray) -> Column:
    there = is_text(values.type) or values.type == NUMBERED
    return Column(values if there else values.cast(pa.string()))


def _free(schema: ColumnSchema, values: pa.ChunkedArray) -> Column:
    return Column(without_blanks(_text(schema, values).values))


def spelling(schema: ColumnSchema, text: str) -> str:
    """Return a word as the schema spells it: one of the choices of the column, or a currency in capitals.

    Parameters
    ----------
    schema
        A column of choices or of currencies.
    text
        The word as given.

    Returns
    -------
    str
        The same word where the schema does not know it; "" where there is none to see.

    Examples
    --------
    >>> from saasmetrics.tables.schema import SCHEMA
    >>> spelling(SCHEMA["subscriptions"].columns["interval"], "Monthly")
    'month'
    """
    if schema.dtype == "currency":
        return text.strip().upper()
    word = " ".join(text.split()).lower()
    if not word:
        return ""
    for known in (word, word.replace(" ", "_"), word.removeprefix("every ")):
        if known in schema.choices:
            return known
        if known in schema.synonyms:
            return schema.synonyms[known]
    return text


def _choice(schema: ColumnSchema, values: pa.ChunkedArray) -> Column:
    return _respell(_text(schema, values), partial(spelling, schema))


def _respell(column: Column, spell: Callable[[str], str]) -> Column:
    different = pc.unique(column.values)
    if len(different) > _MANY_SPELLINGS:
        return column
    changed = {
        text: spell(text) or None
        for text in different.to_pylist()
        if text is not None and (spell(text) != text or not text)
    }
    if not changed:
        return column
    coded = column.values.combine_chunks().dictionary_encode()
    texts = [changed.get(text, text) for text in coded.dictionary.to_pylist()]
    column.values = pa.chunked_array([pa.array(texts, pa.string()).take(coded.indices)])
    shown = ", ".join(f"{old!r} as {new!r}" for old, new in changed.items() if new)
    if shown:
        column.notes.append(f"read {shown}")
    return column


_DATES: dict[str, Callable[[pa.ChunkedArray, bool | None], Column]] = {
    "date": _date,
    "month": _month,
    "timestamp": _timestamp,
}
_READERS: dict[str, Callable[[ColumnSchema, pa.ChunkedArray], Column]] = {
    "id": _id,
    "money": _number,
    "number": _number,
    "int": _int,
    "bool": _bool,
    "text": _free,
    "choice": _choice,
    "currency": _choice,
}
