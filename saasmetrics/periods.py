"""Calendars: from days to periods and back, for days, weeks, months, quarters, years and fiscal years.

A day is an integer, the number of days since 1970-01-01. A period is an integer too, its ordinal: consecutive
periods have consecutive ordinals, so that "twelve periods earlier" is a subtraction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

from saasmetrics.asked import among, is_whole
from saasmetrics.errors import DataError, UnknownNameError, hint

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Freq = Literal["D", "W", "M", "Q", "Y"]
FREQS: tuple[str, ...] = get_args(Freq)
NOUNS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
PER_YEAR = {"D": 365, "W": 52, "M": 12, "Q": 4, "Y": 1}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_QUARTER = re.compile(r"(\d{4})[- ]?[Qq]([1-4])")
_EPOCH = date(1970, 1, 1)
_FIRST, _LAST = -25_567, 84_005  # 1900-01-01 and 2199-12-31


def day_number(value: Any) -> int:
    """Return the days since 1970-01-01 of a date, a timestamp or ISO text; of a quarter ("2026Q2") its first day.

    Examples
    --------
    >>> day_number("1970-02-01"), iso_day(day_number("2026-Q2"))
    (31, '2026-04-01')

    Raises
    ------
    DataError
        If it is none of these, or lies outside 1900 to 2199.
    """
    import numpy as np

    month = _quarter_month(value)
    try:
        day = int(np.datetime64(value if month is None else month, "D").astype(int))
    except (ValueError, TypeError, OverflowError) as error:
        msg = f"{value!r} is not a date; write it as 2026-03-31, 2026-03 or 2026Q1."
        raise DataError(msg) from error
    if isinstance(value, int) or not _FIRST <= day <= _LAST:
        msg = f"{value!r} is not a date between 1900 and 2199; write it as 2026-03-31, 2026-03 or 2026Q1."
        raise DataError(msg)
    return day


def last_day(value: Any) -> int:
    """Return the last day meant by a date, a month ("2025-12"), a calendar quarter ("2025Q4") or a year ("2025").

    Examples
    --------
    >>> iso_day(last_day("2025-02")), iso_day(last_day("2025-Q2"))
    ('2025-02-28', '2025-06-30')
    """
    if (month := _quarter_month(value)) is not None:
        import numpy as np

        return day_number(np.datetime64(month, "M") + 3) - 1
    if isinstance(value, str) and len(value) in (4, 7):
        import numpy as np

        day_number(value)
        unit: Literal["Y", "M"] = "Y" if len(value) == 4 else "M"
        return day_number(np.datetime64(value, unit) + 1) - 1
    return day_number(value)


def _quarter_month(value: Any) -> str | None:
    """First month of a quarter in words, as 2026-04 of "2026Q2"; None where it is no quarter."""
    found = _QUARTER.fullmatch(value.strip()) if isinstance(value, str) else None
    return f"{found[1]}-{3 * int(found[2]) - 2:02}" if found else None


def iso_day(day: int) -> str:
    """Return a day number as ISO text.

    Examples
    --------
    >>> iso_day(31)
    '1970-02-01'
    """
    return date.fromordinal(_EPOCH.toordinal() + int(day)).isoformat()


def period_text(period: pd.Timestamp, freq: str) -> str:
    """Return how people read a period.

    Examples
    --------
    >>> import pandas as pd
    >>> [period_text(pd.Timestamp("2025-04-01"), freq) for freq in "DMQY"]
    ['2025-04-01', 'Apr 2025', 'Q2 2025', '2025']
    """
    if freq == "M":
        return f"{period:%b %Y}"
    if freq == "Q":
        return f"Q{period.quarter} {period.year}"
    if freq == "Y":
        return f"{period.year}"
    return f"{period:%Y-%m-%d}"


@dataclass(frozen=True)
class Calendar:
    """A frequency, and the month in which the fiscal year starts.

    Parameters
    ----------
    freq
        "D", "W" (Monday to Sunday), "M", "Q" or "Y".
    fiscal_start
        First month of the fiscal year, 1 to 12; quarters and years follow it.

    Examples
    --------
    >>> import numpy as np
    >>> Calendar("Q", fiscal_start=2).first_day(Calendar("Q", 2).ordinal(np.array([31])))
    array([31])
    """

    freq: str = "M"
    fiscal_start: int = 1

    def __post_init__(self) -> None:
        if not among(self.freq, FREQS):
            msg = f"There is no frequency {self.freq!r}; take one of {', '.join(FREQS)}."
            raise UnknownNameError(
                msg + hint(str(self.freq).upper()[:1], FREQS if isinstance(self.freq, str) else ())
            )
        if not is_whole(self.fiscal_start) or not 1 <= self.fiscal_start <= 12:
            msg = f"fiscal_start is the first month of the fiscal year, 1 to 12, not {self.fiscal_start!r}."
            raise UnknownNameError(msg)

    def ordinal(self, days: NDArray[Any]) -> NDArray[np.int64]:
        """Return the ordinal of the period that each day falls in."""
        import numpy as np

        days = np.asarray(days, dtype=np.int64)
        if self.freq == "D":
            return days
        if self.freq == "W":
            return (days + 3) // 7
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return (months - (self.fiscal_start - 1 if self.freq != "M" else 0)) // _MONTHS[self.freq]

    def first_day(self, ordinals: NDArray[Any]) -> NDArray[np.int64]:
        """Return the first day of each period."""
        import numpy as np

        ordinals = np.asarray(ordinals, dtype=np.int64)
        if self.freq == "D":
            return ordinals
        if self.freq == "W":
            return ordinals * 7 - 3
        shift = self.fiscal_start - 1 if self.freq != "M" else 0
        months = (ordinals * _MONTHS[self.freq] + shift).astype("datetime64[M]")
        return months.astype("datetime64[D]").astype(np.int64)

    def last_day(self, ordinals: NDArray[Any]) -> NDArray[np.int64]:
        """Return the last day of each period."""
        import numpy as np

        return self.first_day(np.asarray(ordinals, dtype=np.int64) + 1) - 1

    def starts(self, ordinals: NDArray[Any]) -> NDArray[np.datetime64]:
        """Return the first day of each period as datetime64, the `period` column of results."""
        return self.first_day(ordinals).astype("datetime64[D]").astype("datetime64[ns]")

    def of(self, value: Any) -> int:
        """Return the ordinal of the period that a date or ISO text falls in.

        Raises
        ------
        DataError
            If a quarter ("2026Q2") is not one period of this calendar, nor within one.
        """
        import numpy as np

        if (month := _quarter_month(value)) is not None:
            if self.freq not in ("Q", "Y"):
                msg = f"{value!r} is a quarter, longer than a {self.noun}; name the {self.noun}, such as {month}."
                raise DataError(msg)
            if self.fiscal_start != 1:
                msg = f"{value!r} can be of the calendar or of the fiscal year; write a month of it, such as {month}."
                raise DataError(msg)
        return int(self.ordinal(np.array([day_number(value)]))[0])

    def lookup(self, first: int, last: int) -> NDArray[np.int32]:
        """Return the ordinals of all days from `first` to `last`: a table to index instead of computing."""
        import numpy as np

        return self.ordinal(np.arange(first, last + 1)).astype(np.int32)

    @property
    def noun(self) -> str:
        """The word for one period: day, week, month, quarter or year."""
        return NOUNS[self.freq]

    def year(self) -> int:
        """Return the number of periods in a year (52 weeks, 365 days)."""
        return PER_YEAR[self.freq]
