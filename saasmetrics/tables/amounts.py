"""Numbers, amounts and yes/no values from whatever an export holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.dates import MISSING_WORDS, Refusal
from saasmetrics.tables.findings import count

__all__ = ["Values", "read_booleans", "read_numbers"]

_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DRESSED = r"^\(?[+-]?[$€£¥]? ?[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?\)?$"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


@dataclass
class Values:
    """Values read from a column.

    Parameters
    ----------
    values
        The values under their canonical dtype.
    notes
        What was decided, to be read after the name of the column.
    refusal
        Why some could not be read; `values` then means nothing.
    """

    values: pa.ChunkedArray
    notes: list[str] = field(default_factory=list)
    refusal: Refusal | None = None


def read_numbers(values: pa.ChunkedArray, *, whole: bool = False) -> Values:
    """Read numbers as float64, or as int64 where they must be whole.

    Parameters
    ----------
    values
        Numbers, decimals or text.
    whole
        Whether they must be whole.

    Returns
    -------
    Values
        The numbers, or why not.
    """
    kind = values.type
    if _is_text(kind):
        read = _from_text(values)
    elif pa.types.is_boolean(kind) or not (_is_number(kind) or pa.types.is_null(kind)):
        read = _refuse(values, values.is_valid(), f"not numbers but {kind}")
    else:
        read = Values(values)
    if read.refusal is not None:
        return read
    return _whole(read) if whole else _finite(read)


def read_booleans(values: pa.ChunkedArray) -> Values:
    """Read yes/no values.

    Parameters
    ----------
    values
        Booleans, 0 and 1, or text such as "yes".

    Returns
    -------
    Values
        Booleans, or why not.
    """
    if pa.types.is_boolean(values.type) or pa.types.is_null(values.type):
        return Values(values.cast(pa.bool_()))
    words = pc.utf8_lower(pc.utf8_trim_whitespace(values.cast(pa.string())))
    words = pc.replace_substring_regex(words, r"^([01])\.0$", r"\1")
    true, false, missing = (
        pc.is_in(words, value_set=pa.array(known)) for known in (_TRUE, _FALSE, MISSING_WORDS)
    )
    unread = pc.and_(words.is_valid(), pc.invert(pc.or_(pc.or_(true, false), missing)))
    if count(unread):
        mask = Refusal(unread, "neither true nor false", "Write true or false.", "unreadable-bool")
        return Values(values, refusal=mask)
    return Values(pc.if_else(true, True, pc.if_else(false, False, pa.scalar(None, pa.bool_()))))


def _from_text(values: pa.ChunkedArray) -> Values:
    try:
        return Values(values.cast(pa.float64()))
    except pa.ArrowInvalid:
        pass
    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(MISSING_WORDS, trimmed.type))
    plain = pc.match_substring_regex(trimmed, _PLAIN)
    dressed = pc.and_(pc.match_substring_regex(trimmed, _DRESSED), pc.invert(plain))
    unread = pc.and_(trimmed.is_valid(), pc.invert(pc.or_(missing, pc.or_(plain, dressed))))
    if count(unread):
        return _refuse(values, unread, "not a number")
    # An amount in parentheses is negative in every ledger.
    bare = pc.replace_substring_regex(trimmed, r"^\((.*)\)$", r"-\1")
    bare = pc.replace_substring_regex(bare, r"[$€£¥, ]", "")
    notes = []
    if count(dressed):
        shown = trimmed.filter(dressed)[0].as_py()
        read = bare.filter(dressed)[0].as_py()
        notes.append(
            f"signs of currency and thousands removed in {count(dressed):,} rows ({shown!r} is {read})"
        )
    if words := count(pc.and_(missing, values.is_valid())):
        notes.append(f"{words:,} empty or 'n/a' texts read as missing")
    return Values(pc.if_else(missing, None, bare).cast(pa.float64()), notes)


def _finite(read: Values) -> Values:
    values = read.values
    if pa.types.is_decimal(values.type):
        # Arrow's own cast makes 19.99 to 19.990000000000002.
        values = values.cast(pa.string())
    # A large integer becomes the nearest float.
    numbers = values.cast(pa.float64(), safe=False)
    nans = pc.is_nan(numbers)
    if count(nans):
        read.notes.append(f"NaN read as missing in {count(nans):,} rows")
        numbers = pc.if_else(nans, pa.scalar(None, pa.float64()), numbers)
    infinite = pc.is_inf(numbers)
    if count(infinite):
        return _refuse(numbers, infinite, "infinite")
    return Values(numbers, read.notes)


def _whole(read: Values) -> Values:
    if pa.types.is_integer(read.values.type):
        return Values(read.values.cast(pa.int64()), read.notes)
    read = _finite(read)
    if read.refusal is not None:
        return read
    fractions = pc.not_equal(read.values, pc.round(read.values))
    if count(fractions):
        return _refuse(read.values, fractions, "not a whole number")
    return Values(read.values.cast(pa.int64()), read.notes)


def _refuse(values: pa.ChunkedArray, mask: pa.ChunkedArray, rule: str) -> Values:
    remedy = (
        "Write numbers as 1234.50, without units, signs of currency or a decimal comma; a file with a decimal comma: "
        'sm.read(..., decimal=",").'
    )
    return Values(values, refusal=Refusal(mask, rule, remedy, "unreadable-number"))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
