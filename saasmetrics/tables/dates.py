"""Dates and instants from whatever an export holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.findings import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Instants", "Refusal", "common_order", "read_instants"]

MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "none", "nan", "nat", "-", "–", "—")

_ISO = r"^\d{4}-\d{2}-\d{2}$"
_ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?$"
_ISO_ZONE = (
    r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)$"
)
_CLOCK = r"(?:,?[ T]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?(?: ?(?P<p>[AaPp])\.?[Mm]\.?)?)?$"
_NUMERIC = r"^(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})[/.-](?P<y>\d{4})" + _CLOCK
_YEAR_FIRST = r"^(?P<y>\d{4})[/.年-](?P<a>\d{1,2})[/.月-](?P<b>\d{1,2})日?" + _CLOCK
_NOON = _MONTHS = 12
_SAY_ORDER = (
    "Say the order: sm.read(..., dayfirst=True), or dayfirst=False where the month comes first. Else write them "
    'as 2025-01-31, or read them with pd.to_datetime(df[column], format="%d/%m/%Y").'
)
_PEEK = 1000  # values that show whether a column may hold dates in numbers
_SPELT = (
    (r"^(19|20)\d{6}$", "%Y%m%d"),
    (r"^\d{1,2}[- ][A-Za-z]{3}[- ]\d{4}$", "%d-%b-%Y"),
    (r"^\d{1,2} [A-Za-z]{4,9} \d{4}$", "%d %B %Y"),
    (r"^[A-Za-z]{3} \d{1,2},? \d{4}$", "%b %d %Y"),
    (r"^[A-Za-z]{4,9} \d{1,2},? \d{4}$", "%B %d %Y"),
)
_NAMED_CLOCK = r"^(\d{1,2}[- ][A-Za-z]{3,9}|[A-Za-z]{3,9} \d{1,2}),?[- ]\d{4},?[ T]+\d{1,2}:\d{2}"
_NAMES = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
    "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_YMD_INT = (19000101, 21001231)
_UNIX_SECONDS = (300_000_000, 5_000_000_000)
_UNIX_MILLIS = (300_000_000_000, 5_000_000_000_000)


@dataclass(frozen=True)
class Refusal:
    """Why values of a column cannot be read.

    Parameters
    ----------
    mask
        True where a value is refused.
    rule, remedy, code
        As in `Problem`.
    """

    mask: pa.ChunkedArray
    rule: str
    remedy: str
    code: str


@dataclass
class Instants:
    """Instants read from a column.

    Parameters
    ----------
    values
        date32, or timestamp[us] in UTC without a zone.
    zone
        Zone of the export where it had one.
    notes
        What was decided, to be read after the name of the column.
    refusal
        Why some could not be read; `values` then means nothing.
    """

    values: pa.ChunkedArray
    zone: str = ""
    notes: list[str] = field(default_factory=list)
    refusal: Refusal | None = None


def read_instants(
    values: pa.ChunkedArray, *, dayfirst: bool | None = None, beside: bool | None = None
) -> Instants:
    """Read dates or instants, leaving the choice between the two to the data.

    Parameters
    ----------
    values
        Dates, timestamps, text or whole numbers such as 20250131.
    dayfirst
        Whether 03/04/2025 is 3 April; None where the other dates of the column must tell.
    beside
        Whether the day comes first in other columns of the file, for a column that does not tell.

    Returns
    -------
    Instants
        The values, or why not.
    """
    kind = values.type
    if pa.types.is_date32(kind) or pa.types.is_null(kind):
        return Instants(values.cast(pa.date32()))
    if pa.types.is_date(kind):
        return Instants(values.cast(pa.date32()))
    if pa.types.is_timestamp(kind):
        return _from_timestamp(values)
    if pa.types.is_integer(kind):
        return _from_integers(values)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _from_text(values, dayfirst, beside)
    if pa.types.is_floating(kind) and values.null_count == len(values):
        return Instants(pa.chunked_array([pa.nulls(len(values), pa.date32())]))
    return _refused(
        values, values.is_valid(), f"not dates but {kind}", "Convert the column to dates."
    )


def _from_timestamp(values: pa.ChunkedArray) -> Instants:
    # Casting drops nanoseconds; dropping them is what "microseconds" in the schema means.
    naive = values.cast(pa.timestamp("us", values.type.tz), safe=False).cast(pa.timestamp("us"))
    zone = values.type.tz or ""
    notes = [f"converted from {zone} to UTC"] if zone and zone.upper() != "UTC" else []
    return Instants(naive, zone, notes)


def _from_integers(values: pa.ChunkedArray) -> Instants:
    limits = pc.min_max(values).as_py()
    low, high = limits["min"], limits["max"]
    if low is None:
        return Instants(pa.chunked_array([pa.nulls(len(values), pa.date32())]))
    if low >= _YMD_INT[0] and high <= _YMD_INT[1]:
        read = _from_text(values.cast(pa.string()), None, None)
        read.notes.append("whole numbers read as year, month, day (20250131)")
        return read
    unit = ""
    if low >= _UNIX_SECONDS[0] and high <= _UNIX_SECONDS[1]:
        unit = "s"
    elif low >= _UNIX_MILLIS[0] and high <= _UNIX_MILLIS[1]:
        unit = "ms"
    remedy = (
        f"They look like Unix time: pd.to_datetime(df[column], unit={unit!r})."
        if unit
        else "Convert the column to dates (spreadsheet serial numbers: "
        'pd.to_datetime(df[column], unit="D", origin="1899-12-30")).'
    )
    return _refused(values, values.is_valid(), "whole numbers, not dates", remedy)


def _from_text(values: pa.ChunkedArray, dayfirst: bool | None, beside: bool | None) -> Instants:
    try:
        return Instants(values.cast(pa.date32()))
    except pa.ArrowInvalid:
        pass
    # Dates repeat, so the slow reading is done once per different text.
    coded = values.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    different = pc.utf8_trim_whitespace(coded.dictionary)
    read = _read_different(different, dayfirst, beside)
    if read.refusal is not None:
        refusal = read.refusal
        mask = pc.fill_null(refusal.mask.take(coded.indices), False)
        spread = Refusal(pa.chunked_array([mask]), refusal.rule, refusal.remedy, refusal.code)
        return Instants(values, refusal=spread)
    read.values = pa.chunked_array([read.values.take(coded.indices)])
    return read


def _read_different(texts: pa.Array, dayfirst: bool | None, beside: bool | None) -> Instants:
    missing = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(MISSING_WORDS, texts.type))
    aware = pc.match_substring_regex(texts, _ISO_ZONE)
    iso = pc.or_(pc.match_substring_regex(texts, _ISO), pc.match_substring_regex(texts, _ISO_TIME))
    notes: list[str] = []
    known = pc.or_(missing, pc.or_(aware, iso))
    parts = [_iso(texts, iso), _iso_zone(texts, aware)]
    for pattern, form in _SPELT:
        mask = pc.and_(pc.match_substring_regex(texts, pattern), pc.invert(known))
        if count(mask):
            parts.append(_spelt(texts, mask, form))
            known = pc.or_(known, mask)
    named = pc.and_(pc.match_substring_regex(texts, _NAMED_CLOCK), pc.invert(known))
    if count(named):
        parts.append(_in_order(_numbered(texts), named, _NUMERIC, dayfirst=True))
        known = pc.or_(known, named)
    year_first = pc.and_(pc.match_substring_regex(texts, _YEAR_FIRST), pc.invert(known))
    if count(year_first):
        parts.append(_in_order(texts, year_first, _YEAR_FIRST, dayfirst=False))
        known = pc.or_(known, year_first)
    numeric = pc.and_(pc.match_substring_regex(texts, _NUMERIC), pc.invert(known))
    if count(numeric):
        order, why = _order(texts.filter(numeric), dayfirst, beside)
        if order is None:
            remedy = _SAY_ORDER
            return Instants(texts, refusal=Refusal(numeric, why, remedy, "ambiguous-dates"))
        parts.append(_in_order(texts, numeric, _NUMERIC, dayfirst=order))
        notes.append(f"read with the {'day' if order else 'month'} first, {why}")
    values = pc.coalesce(*parts)
    return _judge(texts, values, missing, aware, notes)


def _judge(
    texts: pa.Array, values: pa.Array, missing: pa.Array, aware: pa.Array, notes: list[str]
) -> Instants:
    unread = pc.and_(values.is_null(), pc.and_(texts.is_valid(), pc.invert(missing)))
    if count(unread):
        return _refused(texts, unread, "not a date", "Write dates as 2025-01-31.")
    with_zone, others = count(aware), count(pc.and_(values.is_valid(), pc.invert(aware)))
    if with_zone and others:
        return Instants(
            texts,
            refusal=Refusal(
                aware if with_zone <= others else pc.and_(values.is_valid(), pc.invert(aware)),
                f"{with_zone:,} different times have a zone and {others:,} have none",
                "Write all of them with a zone (2025-01-31T12:00:00Z), or none.",
                "mixed-time-zones",
            ),
        )
    words = count(pc.and_(missing, texts.is_valid()))
    if words:
        shown = pc.unique(texts.filter(missing)).to_pylist()
        notes.append(
            f"read as missing: {', '.join(map(repr, filter(None, shown))) or 'empty text'}"
        )
    if not with_zone and values.type == pa.timestamp("us"):
        days = values.cast(pa.date32())
        if not count(pc.not_equal(days.cast(pa.timestamp("us")), values)):
            return Instants(days, "", notes)
    return Instants(values, "offset in the text" if with_zone else "", notes)


def _iso(texts: pa.Array, mask: pa.Array) -> pa.Array:
    return _cast_where_possible(_decimals(pc.if_else(mask, texts, None)), pa.timestamp("us"))


def _decimals(texts: pa.Array) -> pa.Array:
    """Return times as Arrow reads them: with a decimal point, to the microsecond."""
    plain = pc.replace_substring(texts, ",", ".")
    return pc.replace_substring_regex(plain, r"(\.\d{6})\d+", r"\1")


def _iso_zone(texts: pa.Array, mask: pa.Array) -> pa.Array:
    plain = pc.replace_substring_regex(_decimals(pc.if_else(mask, texts, None)), r" ?(Z|UTC)$", "Z")
    plain = pc.replace_substring_regex(plain, r" ?([+-]\d{2})$", r"\1:00")
    plain = pc.replace_substring_regex(plain, r" ?([+-]\d{2}):?(\d{2})$", r"\1:\2")
    return _cast_where_possible(plain, pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


def _spelt(texts: pa.Array, mask: pa.Array, form: str) -> pa.Array:
    plain = pc.if_else(mask, texts, None)
    if form == "%d-%b-%Y":
        plain = pc.replace_substring(plain, " ", "-")
    elif "," in "".join(plain.drop_null().to_pylist()[:1]):
        plain = pc.replace_substring(plain, ",", "")
    return pc.strptime(plain, format=form, unit="us", error_is_null=True)


def _numbered(texts: pa.Array) -> pa.Array:
    """Return dates with the name of a month as day, month and year in numbers, with their time of day."""
    for number, name in enumerate(_NAMES, 1):
        for pattern in (
            rf"(?i)^(\d{{1,2}})[- ]{name},?[- ](\d{{4}})",
            rf"(?i)^{name} (\d{{1,2}}),? (\d{{4}})",
        ):
            texts = pc.replace_substring_regex(texts, pattern, rf"\1/{number}/\2")
    return texts


def _in_order(texts: pa.Array, mask: pa.Array, pattern: str, *, dayfirst: bool) -> pa.Array:
    """Return dates in numbers, with or without a time of day, as instants; missing where there is no such day."""
    found = pc.extract_regex(pc.if_else(mask, texts, None), pattern)
    part = {name: pc.struct_field(found, name) for name in "yabhmsp"}
    month, day = ("b", "a") if dayfirst else ("a", "b")
    days = [part["y"], *(pc.utf8_lpad(part[n], 2, "0") for n in (month, day)), "-"]
    instants = _cast_where_possible(pc.binary_join_element_wise(*days), pa.timestamp("us"))
    hour, minute, second = (
        pc.if_else(pc.equal(part[n], ""), "0", part[n]).cast(pa.int64()) for n in "hms"
    )
    half = pc.utf8_lower(part["p"])
    hour = pc.if_else(pc.and_(pc.not_equal(half, ""), pc.equal(hour, _NOON)), 0, hour)
    hour = pc.add(hour, pc.if_else(pc.equal(half, "p"), _NOON, 0))
    seconds = pc.add(pc.multiply(pc.add(pc.multiply(hour, 60), minute), 60), second)
    micros = pc.multiply(seconds, 1_000_000)
    fits = pc.and_(pc.less(hour, 24), pc.and_(pc.less(minute, 60), pc.less(second, 60)))
    return pc.if_else(fits, pc.add(instants, micros.cast(pa.duration("us"))), None)


def _cast_where_possible(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return pa.array(_one_by_one(texts, kind), kind)


def _one_by_one(texts: pa.Array, kind: pa.DataType) -> Iterator[object]:
    # Only reached when a text such as 2025-02-30 has the form of a date without being one.
    for text in texts:
        try:
            yield text.cast(kind).as_py()
        except pa.ArrowInvalid:
            yield None


def common_order(columns: Iterable[pa.ChunkedArray]) -> bool | None:
    """Whether the day comes first in the dates of a file, as one program writes all of them alike.

    Parameters
    ----------
    columns
        Columns of the file, of any kind.

    Returns
    -------
    bool or None
        None where no column tells, or two contradict each other.
    """
    shown = set()
    for values in columns:
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            continue
        if count(pc.match_substring_regex(pc.utf8_trim_whitespace(values[:_PEEK]), _NUMERIC)):
            texts = pc.utf8_trim_whitespace(pc.unique(values))
            found = texts.filter(pc.fill_null(pc.match_substring_regex(texts, _NUMERIC), False))
            order, _ = _order(found, None, None)
            shown.add(order)
    shown.discard(None)
    return shown.pop() if len(shown) == 1 else None


def _order(texts: pa.Array, told: bool | None, beside: bool | None) -> tuple[bool | None, str]:
    """Return whether the day comes first and why; None where it cannot be told."""
    if told is not None:
        return told, "as told"
    parts = pc.extract_regex(texts, _NUMERIC)
    first = pc.max(pc.struct_field(parts, "a").cast(pa.int64())).as_py()
    second = pc.max(pc.struct_field(parts, "b").cast(pa.int64())).as_py()
    if first is not None and (first > _MONTHS) != (second > _MONTHS):
        return first > _MONTHS, "as no other order fits all of them"
    if first is not None and first > _MONTHS:
        return None, "dates some have the day first and some the month"
    if beside is not None:
        return beside, "as other dates of the file are"
    return None, "dates could be day/month or month/day"


def _refused(values: pa.ChunkedArray, mask: pa.ChunkedArray, rule: str, remedy: str) -> Instants:
    return Instants(values, refusal=Refusal(mask, rule, remedy, "unreadable-date"))
