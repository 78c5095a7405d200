"""Money as integers of micro-units, billing intervals as exact fractions of a month, and how both are read.

Sums of floats leave dust where a customer's MRR should be zero, and each grain of dust is a churn not counted.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MICRO = 1_000_000
_BLOCK = 1 << 16  # amounts at a time, so that the steps between stay in the cache
_SYMBOLS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "BRL": "R$",
    "AUD": "A$",
    "CAD": "C$",
}
LARGEST = 9.0e18  # micro-units that 64 bits hold
LIMIT = (
    9.0e12  # of a single amount: 9 trillion in micro-units is close to the largest 64-bit integer
)
_NO_POINTS = 5e-5  # percentage points that four digits do not show
_SAME = 1e-9  # apart, two shares differ only by how numbers are held
_EXACT = 10_000  # amounts of a change below it are written in full
_STEPS = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def to_micro(amounts: NDArray[Any]) -> NDArray[np.int64]:
    """Turn amounts in currency units into integer micro-units, rounded to the nearest.

    Raises
    ------
    DataError
        If an amount is not finite, or too large to be held exactly.

    Examples
    --------
    >>> import numpy as np
    >>> to_micro(np.array([19.99]))
    array([19990000])
    """
    import numpy as np

    values = np.asarray(amounts, dtype=np.float64)
    if values.size and not (float(values.max()) < LIMIT and float(values.min()) > -LIMIT):
        raise not_held(int((~(np.abs(values) < LIMIT)).sum()))
    flat = values.reshape(-1)
    out = np.empty(flat.shape, np.int64)
    for at in range(0, len(flat), _BLOCK):
        part = flat[at : at + _BLOCK] * MICRO
        out[at : at + _BLOCK] = np.rint(part, out=part)
    micro: NDArray[np.int64] = out.reshape(values.shape)[()]
    return micro


def absolute(micro: NDArray[np.int64]) -> float:
    """Return about the sum of amounts whatever their sign.

    Examples
    --------
    >>> import numpy as np
    >>> absolute(np.array([-3, 4]))
    7.0
    """
    import numpy as np

    parts = (micro[at : at + _BLOCK] for at in range(0, len(micro), _BLOCK))
    return float(sum(np.abs(part).sum(dtype=np.float64) for part in parts))


def not_held(rows: int) -> DataError:
    """Return the error that some amounts cannot be held exactly."""
    return DataError(
        f"{rows} amount(s) are missing, infinite or above 9 trillion. Correct them in the export."
    )


def multiplied(micro: Any, times: Any) -> Any:
    """Return integer micro-units so many times.

    Raises
    ------
    DataError
        If a product is too large to be held exactly.

    Examples
    --------
    >>> import numpy as np
    >>> multiplied(np.array([19990000]), 12)
    array([239880000])
    """
    import numpy as np

    check_held(np.asarray(micro, np.float64) * times)
    return micro * times


def check_held(micro: Any) -> None:
    """Refuse amounts, as floats, that 64 bits do not hold in micro-units.

    Examples
    --------
    >>> check_held(1e18)
    """
    import numpy as np

    if float(np.max(np.abs(micro), initial=0.0)) > LARGEST:
        msg = "Amounts come to more than 9 trillion, which cannot be held exactly. Check them in the export."
        raise DataError(msg)


def months_per_interval(
    interval: str, count: int = 1, *, week: str = "52/12", day: str = "365/12"
) -> Fraction:
    """Return the months in a billing interval as an exact fraction.

    Parameters
    ----------
    interval
        day, week, month, quarter or year.
    count
        Intervals per bill: 2 and "year" is a two-year plan.
    week, day
        How many weeks or days make one month: a fraction or a decimal as text, "52/12" or "4.35" or "30".

    Examples
    --------
    >>> months_per_interval("week")
    Fraction(3, 13)
    >>> months_per_interval("year", 2)
    Fraction(24, 1)
    """
    return 1 / intervals_per_month(interval, count, week=week, day=day)


def intervals_per_month(
    interval: str, count: int = 1, *, week: str = "52/12", day: str = "365/12"
) -> Fraction:
    """Return how often a billing interval fits into a month as an exact fraction: the inverse of `months_per_interval`.

    Where a month is said to have no weeks, or no days, it is 0: such plans have no MRR.

    Examples
    --------
    >>> intervals_per_month("week"), intervals_per_month("year", 2), intervals_per_month("week", week="0")
    (Fraction(13, 3), Fraction(1, 24), Fraction(0, 1))
    """
    month = {"month": Fraction(1), "quarter": Fraction(1, 3), "year": Fraction(1, 12)}
    if interval == "week":
        return exact(week) / count
    if interval == "day":
        return exact(day) / count
    if interval not in month:
        raise UnknownNameError.of("billing interval", interval, ("day", "week", *month))
    return month[interval] / count


def exact(quotient: str) -> Fraction:
    """Return a number, or a quotient of two such as "365.25/84", exactly."""
    top, _, bottom = quotient.partition("/")
    return Fraction(top) / Fraction(bottom or 1)


def counted(count: int, noun: str) -> str:
    """Write a number with its noun, in the plural unless it is one.

    Examples
    --------
    >>> counted(1, "contract"), counted(1200, "term")
    ('1 contract', '1,200 terms')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def agreeing(count: int, one: str, many: str) -> str:
    """Return the form of a verb that goes with a number of things.

    Examples
    --------
    >>> counted(1, "row") + agreeing(1, " counts", " count"), counted(2, "row") + agreeing(2, " counts", " count")
    ('1 row counts', '2 rows count')
    """
    return one if count == 1 else many


def inside(said: str) -> str:
    """Return words as they stand inside a sentence; abbreviations stay as they are.

    Examples
    --------
    >>> inside("Churn of SMB"), inside("NRR runs up")
    ('churn of SMB', 'NRR runs up')
    """
    return said if said[:2].isupper() else said[:1].lower() + said[1:]


def format_money(value: float | None, currency: str = "USD") -> str:
    """Write an amount the way a board reads it: three digits and a magnitude.

    Examples
    --------
    >>> format_money(1_234_567)
    '$1.2M'
    >>> format_money(-950, "SEK"), format_money(-0.001)
    ('-SEK 950', '$0.00')
    """
    if value is None or value != value:
        return "–"
    symbol = _SYMBOLS.get(currency, f"{currency} " if currency else "")
    sign, size = ("-" if value < 0 else ""), abs(float(value))
    for step, letter in _STEPS:
        if size >= step * 0.9995:
            digits = 0 if size >= 99.95 * step else 1
            return f"{sign}{symbol}{size / step:.{digits}f}{letter}"
    if size and size < 100 and round(size) != size:
        return f"{sign if size >= 0.005 else ''}{symbol}{size:.2f}"
    return f"{'' if round(size) == 0 else sign}{symbol}{size:.0f}"


def format_ratio(value: float | None, digits: int = 1) -> str:
    """Write a ratio as a per cent.

    Examples
    --------
    >>> format_ratio(0.9137)
    '91.4%'
    """
    return "–" if value is None or value != value else f"{value * 100:.{digits}f}%"


def format_part(value: float | None, digits: int = 1) -> str:
    """Write a part of a whole as a per cent that says 100% only where all of it is there, and 0% only where none is.

    Examples
    --------
    >>> format_part(1267 / 1269, 0), format_part(1.0, 0), format_part(1 / 1269, 0), format_part(0.5)
    ('99%', '100%', '1%', '50.0%')
    """
    if value is None or value != value:
        return "–"
    said, step = format_ratio(value, digits), 10.0 ** -(digits + 2)
    if said == format_ratio(1.0, digits) and abs(value - 1) > _SAME:
        return format_ratio(1 + step if value > 1 else 1 - step, digits)
    if said.lstrip("-") == format_ratio(0.0, digits):
        return format_ratio(step * (int(value > _SAME) - int(value < -_SAME)), digits)
    return said


def format_value(value: float | None, unit: str, currency: str = "USD") -> str:
    """Write a value in the words of its unit: ratio, money, count, months or multiple.

    Examples
    --------
    >>> format_value(3.4567, "multiple"), format_value(1200, "count"), format_value(11.31, "months")
    ('3.5x', '1,200', '11.3 months')
    """
    if value is None or value != value:
        return "–"
    if unit == "ratio":
        return format_ratio(value)
    if unit == "money":
        return format_money(value, currency)
    if unit == "multiple":
        return f"{value:.1f}x"
    if unit == "months":
        return f"{value:.1f} months"
    if unit == "hours":
        return format_hours(value)
    if unit == "count":
        return f"{value:,.0f}"
    if unit in ("points", "fte"):
        return f"{value:.1f}"
    return format_number(value)


def format_number(value: float) -> str:
    """Write a number of no unit: four digits, and all that stand before the decimals.

    Examples
    --------
    >>> format_number(453_123.4), format_number(0.123456), format_number(12)
    ('453,123', '0.1235', '12')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def format_hours(hours: float) -> str:
    """Write a duration in the unit that people would say it in.

    Examples
    --------
    >>> [format_hours(hours) for hours in (0, 0.0125, 1.75 / 60, 3.24, 71.5)]
    ['0 min', '45 s', '1.8 min', '3.2 h', '3 d']
    """
    size, sign = abs(hours), "-" if hours < 0 else ""
    for step, word in ((48, "h"), (1, "min"), (1 / 60, "s")):
        if size >= step:
            unit = {"h": ("d", 24.0), "min": ("h", 1.0), "s": ("min", 1 / 60)}[word]
            return f"{sign}{_short(size / unit[1])} {unit[0]}"
    return f"{sign}{_short(size * 3600)} s" if size else "0 min"


def format_hours_between(low: float, high: float, like: float) -> str:
    """Write the durations that another one lies between, in the unit of that one.

    Examples
    --------
    >>> format_hours_between(0.3, 0.5, like=0.415), format_hours_between(0.9, 1.4, like=1.2)
    ('18 to 30 min', '0.9 to 1.4 h')
    """
    word = format_hours(abs(like)).rpartition(" ")[2]
    hours = {"d": 24.0, "h": 1.0, "min": 1 / 60, "s": 1 / 3600}[word]
    return f"{_short(low / hours)} to {_short(high / hours)} {word}"


def _short(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0") if value < 99.95 else f"{value:,.0f}"


def format_difference(value: float | None, unit: str, currency: str = "USD") -> str:
    """Write a difference with its sign; that of two ratios in percentage points, with digits enough to see it.

    Examples
    --------
    >>> format_difference(-0.0213, "ratio"), format_difference(1200.0, "money"), format_difference(0.00012, "ratio")
    ('−2.1 pp', '+$1.2k', '+0.012 pp')
    """
    if value is None or value != value:
        return "–"
    sign, size = ("+" if value > 0 else "−" if value < 0 else ""), abs(float(value))
    if unit != "ratio":
        return sign + format_value(size, unit, currency)
    points = size * 100
    if points < _NO_POINTS:
        return "0.0 pp"
    digits = 1 if points >= 0.95 else min(1 - math.floor(math.log10(points)), 4)
    return f"{sign}{points:,.{digits}f} pp"


def format_change(start: float, end: float, unit: str, currency: str = "USD") -> tuple[str, str]:
    """Write two values of a change, exact below 10,000 and with digits enough to tell one from the other.

    Examples
    --------
    >>> format_change(0.75312, 0.75334, "ratio"), format_change(1700, 2450, "money")
    (('75.31%', '75.33%'), ('$1,700', '$2,450'))
    """
    if unit == "money":
        return _amounts_apart(start, end, currency)
    pair = format_value(start, unit, currency), format_value(end, unit, currency)
    if unit != "ratio":
        return pair
    for digits in range(1, 5):
        pair = format_ratio(start, digits), format_ratio(end, digits)
        if pair[0] != pair[1]:
            break
    else:
        return format_ratio(start), format_ratio(end)
    return pair


def _amounts_apart(start: float, end: float, currency: str) -> tuple[str, str]:
    symbol = _SYMBOLS.get(currency, f"{currency} " if currency else "")

    def written(value: float, digits: int) -> str:
        amount = f"{abs(value):,.{digits}f}"
        return f"{'-' if value < 0 and float(amount.replace(',', '')) else ''}{symbol}{amount}"

    short = format_money(start, currency), format_money(end, currency)
    if max(abs(start), abs(end)) < _EXACT:
        short = written(start, 0), written(end, 0)
    ways = (short, (written(start, 0), written(end, 0)), (written(start, 2), written(end, 2)))
    return next((pair for pair in ways if pair[0] != pair[1]), short)
