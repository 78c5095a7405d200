"""Numbers, amounts and yes/no values from whatever an export holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.money import counted
from saasmetrics.tables.dates import MISSING_WORDS, Refusal
from saasmetrics.tables.findings import count
from saasmetrics.tables.texts import is_text

__all__ = ["Values", "decimal_signs", "read_booleans", "read_numbers"]

_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
# In files of Japan the sign of the yen has the code of the backslash.
_SIGNS = "$€£¥￥₹\\\\"
_SPACES = r" \x{00a0}\x{202f}\x{2009}"
_EDGE = rf"\(?[+-]?[{_SIGNS}]?[{_SPACES}]?[+-]?"
_END = rf"[{_SPACES}]?[{_SIGNS}]?-?\)?"


def _forms(decimal: str, group: str) -> tuple[str, str]:
    """Return patterns of numbers with a decimal sign: of all, and of those that no other sign explains."""
    apart = "|".join(rf"(?:[{sign}]\d{{3}})+" for sign in (group, "'’", _SPACES))
    whole = rf"(?:\d{{1,3}}(?:{apart})|\d+)"
    sure = (
        rf"\d{{1,3}}(?:{apart})[{decimal}]\d+",  # 1.234,5
        rf"\d{{1,3}}(?:[{group}]\d{{3}}){{2,}}",  # 1.234.567
        rf"\d*[{decimal}](?:\d{{1,2}}|\d{{4,}})",  # 12,5
        rf"(?:0|\d{{4,}})[{decimal}]\d+",  # 0,125 and 1234,125
    )
    return f"^{_EDGE}{whole}(?:[{decimal}]\\d+)?{_END}$", f"^{_EDGE}(?:{'|'.join(sure)}){_END}$"


_FORMS = {",": _forms(",", "."), ".": _forms(".", ",")}
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


def read_numbers(
    values: pa.ChunkedArray, *, whole: bool = False, decimal: str | None = None
) -> Values:
    """Read numbers as float64, or as int64 where they must be whole.

    Parameters
    ----------
    values
        Numbers, decimals or text.
    whole
        Whether they must be whole.
    decimal
        Sign that parts decimals; None where the numbers of the column must tell: a comma if one of them can be read in
        no other way, as 12,50 or 1.234,5, else a point.

    Returns
    -------
    Values
        The numbers, or why not.
    """
    kind = values.type
    if is_text(kind):
        read = _from_text(values, decimal)
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


def decimal_signs(values: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """Decimal signs that numbers show, each with the rows that no other sign explains.

    Parameters
    ----------
    values
        Text without spaces around it.

    Examples
    --------
    >>> sorted(decimal_signs(pa.chunked_array([["1.234,50", "7", "1.234"]])))
    [',']
    """
    found = {sign: pc.match_substring_regex(values, sure) for sign, (_, sure) in _FORMS.items()}
    return {sign: mask for sign, mask in found.items() if count(mask)}


def _from_text(values: pa.ChunkedArray, decimal: str | None) -> Values:
    if decimal != ",":
        try:
            return Values(values.cast(pa.float64()))
        except pa.ArrowInvalid:
            pass
    trimmed = pc.replace_substring(pc.utf8_trim_whitespace(values), "\u2212", "-")
    missing = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(MISSING_WORDS, trimmed.type))
    if decimal is None:
        signs = decimal_signs(trimmed)
        if len(signs) > 1:
            return _refuse_both(values, signs)
        decimal = next(iter(signs), ".")
    plain = pc.match_substring_regex(trimmed, _PLAIN)
    if decimal == ",":
        plain = pc.and_(plain, pc.invert(pc.match_substring(trimmed, ".")))
    dressed = pc.and_(pc.match_substring_regex(trimmed, _FORMS[decimal][0]), pc.invert(plain))
    bare = _bare(trimmed, decimal)
    dressed = pc.and_(dressed, pc.match_substring_regex(bare, _PLAIN))  # (-5) is of either sign
    unread = pc.and_(trimmed.is_valid(), pc.invert(pc.or_(missing, pc.or_(plain, dressed))))
    if count(unread):
        return _refuse(values, unread, "not a number")
    if (refused := _several_currencies(values, trimmed)) is not None:
        return refused
    notes = []
    if count(dressed):
        shown = trimmed.filter(dressed)[0].as_py()
        read = bare.filter(dressed)[0].as_py()
        how = (
            "read with a decimal comma"
            if decimal == ","
            else "signs of currency and thousands removed"
        )
        notes.append(f"{how} in {counted(count(dressed), 'row')} ({shown!r} is {read})")
    if words := count(pc.and_(missing, values.is_valid())):
        notes.append(counted(words, "empty or 'n/a' text") + " read as missing")
    return Values(pc.if_else(missing, None, bare).cast(pa.float64()), notes)


def _bare(texts: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray:
    """Return numbers without signs of currency and thousands, with a decimal point."""
    group = "." if decimal == "," else ","
    # An amount in parentheses is negative in every ledger; some programs write the minus behind.
    bare = pc.replace_substring_regex(texts, r"^\((.*)\)$", r"-\1")
    bare = pc.replace_substring_regex(bare, rf"[{_SIGNS}{_SPACES}'’{group}]", "")
    bare = pc.replace_substring_regex(bare, r"^([^-].*)-$", r"-\1")
    return pc.replace_substring(bare, ",", ".")


def _several_currencies(values: pa.ChunkedArray, texts: pa.ChunkedArray) -> Values | None:
    """Return the refusal of amounts with signs of several currencies, which must not be added up."""
    signs = pc.struct_field(pc.extract_regex(texts, rf"(?P<sign>[{_SIGNS}])"), "sign")
    different = pc.unique(signs.drop_null()).to_pylist()
    if len(different) < 2:
        return None
    other = pc.and_(signs.is_valid(), pc.not_equal(signs, different[0]))
    rule = f"amounts in several currencies ({', '.join(different)})"
    remedy = "Write the currency into a column of its own and the amounts without signs."
    return Values(values, refusal=Refusal(other, rule, remedy, "several-currencies"))


def _refuse_both(values: pa.ChunkedArray, signs: dict[str, pa.ChunkedArray]) -> Values:
    fewer = min(signs.values(), key=count)
    point, comma = count(signs["."]), count(signs[","])
    rule = f"{comma:,} numbers have a decimal comma and {point:,} a decimal point"
    remedy = "Write all of them with a point, as 1234.50."
    return Values(values, refusal=Refusal(fewer, rule, remedy, "mixed-decimal-signs"))


def _finite(read: Values) -> Values:
    values = read.values
    if pa.types.is_decimal(values.type):
        # Arrow's own cast makes 19.99 to 19.990000000000002.
        values = values.cast(pa.string())
    # A large integer becomes the nearest float.
    numbers = values.cast(pa.float64(), safe=False)
    nans = pc.is_nan(numbers)
    if count(nans):
        read.notes.append(f"NaN read as missing in {counted(count(nans), 'row')}")
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
        "Write numbers as 1234.50, without units; a file with a decimal comma throughout: "
        'sm.read(..., decimal=",").'
    )
    return Values(values, refusal=Refusal(mask, rule, remedy, "unreadable-number"))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
