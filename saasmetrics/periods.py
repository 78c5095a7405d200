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
_CALENDAR_QUARTER = re.compile(
    r"(?P<year>\d{4})[- ]?Q(?P<at>[1-4])|Q(?P<first>[1-4]) (?P<last>\d{4})", re.IGNORECASE
)
_FISCAL_QUARTER = re.compile(
    r"FY[- ]?(?P<year>\d{4}|\d{2})[- ]?Q(?P<at>[1-4])|Q(?P<first>[1-4])[- ]?FY[- ]?(?P<last>\d{4}|\d{2})",
    re.IGNORECASE,
)
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
    """First month of a calendar quarter in words, as 2026-04 of "2026Q2"; None where it is none."""
    return None if is_fiscal(value) else quarter_month(value)


def is_fiscal(value: Any) -> bool:
    """Return whether text names a quarter of a fiscal year, such as "Q3 FY27" or "FY27-Q3".

    Examples
    --------
    >>> is_fiscal("Q3 FY27"), is_fiscal("2026-Q3")
    (True, False)
    """
    return isinstance(value, str) and _FISCAL_QUARTER.fullmatch(value.strip()) is not None


def quarter_month(value: Any, fiscal_start: int = 1) -> str | None:
    """Return the first month of a quarter in words; None where it is no quarter.

    Parameters
    ----------
    value
        A calendar quarter, "2026-Q3" or "Q3 2026", or one of a fiscal year, "FY27-Q3" or "Q3 FY27": a name without
        FY is always of the calendar, so that a number cannot be put into another year.
    fiscal_start
        First month of the fiscal year, which is named by the year in which it ends.

    Examples
    --------
    >>> quarter_month("2026-Q3", 2), quarter_month("Q3 FY27", 2), quarter_month("2026-08")
    ('2026-07', '2026-08', None)
    """
    if not isinstance(value, str):
        return None
    form = _FISCAL_QUARTER if is_fiscal(value) else _CALENDAR_QUARTER
    found = form.fullmatch(value.strip())
    if found is None:
        return None
    year, at = found["year"] or found["last"], int(found["at"] or found["first"])
    months = 12 * (int(year) + (2000 if len(year) == 2 else 0)) + 3 * (at - 1)
    if form is _FISCAL_QUARTER and fiscal_start > 1:
        months += fiscal_start - 13
    return f"{months // 12:04}-{months % 12 + 1:02}"


def fiscal_quarter(period: pd.Timestamp, fiscal_start: int) -> tuple[int, int]:
    """Return the fiscal year of a quarter, named by the year in which it ends, and its number there.

    Examples
    --------
    >>> import pandas as pd
    >>> fiscal_quarter(pd.Timestamp("2026-08-01"), 2)
    (2027, 3)
    """
    later = fiscal_start > 1 and period.month >= fiscal_start
    return period.year + later, (period.month - fiscal_start) % 12 // 3 + 1


def iso_day(day: int) -> str:
    """Return a day number as ISO text.

    Examples
    --------
    >>> iso_day(31)
    '1970-02-01'
    """
    return date.fromordinal(_EPOCH.toordinal() + int(day)).isoformat()


def period_text(period: pd.Timestamp, freq: str, fiscal_start: int = 1) -> str:
    """Return how people read a period; "FY" says that a quarter or a year is of the fiscal year.

    Where the first month of the fiscal year is not given, a quarter that is none of the calendar is named by months.

    Examples
    --------
    >>> import pandas as pd
    >>> [period_text(pd.Timestamp("2025-04-01"), freq) for freq in "DMQY"]
    ['2025-04-01', 'Apr 2025', 'Q2 2025', '2025']
    >>> period_text(pd.Timestamp("2026-08-01"), "Q", 2), period_text(pd.Timestamp("2026-08-01"), "Q")
    ('Q3 FY27', 'Aug–Oct 2026')
    """
    if freq == "M":
        return f"{period:%b %Y}"
    if freq in ("Q", "Y") and fiscal_start > 1:
        year, number = fiscal_quarter(period, fiscal_start)
        return f"Q{number} FY{year % 100:02}" if freq == "Q" else f"FY{year % 100:02}"
    if freq == "Q" and period.month % 3 != 1:
        return _month_span(12 * period.year + period.month - 1)
    if freq == "Q":
        return f"Q{period.quarter} {period.year}"
    if freq == "Y":
        return f"{period.year}"
    return f"{period:%Y-%m-%d}"


def _month_span(month: int) -> str:
    """Return the names of a month, counted from year 0, and of the second after it."""
    ends = [date((month + ahead) // 12, (month + ahead) % 12 + 1, 1) for ahead in (0, 2)]
    return f"{ends[0]:%b}–{ends[1]:%b %Y}"


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
        """Return the ordinal of the period that a date, ISO text or a quarter ("2026-Q3", "Q3 FY27") falls in.

        Raises
        ------
        DataError
            If a calendar quarter ("2026Q2") is not one period of this calendar, nor within one.
        """
        import numpy as np

        month = quarter_month(value, self.fiscal_start)
        if month is None:
            return int(self.ordinal(np.array([day_number(value)]))[0])
        if self.freq not in ("Q", "Y"):
            msg = f"{value!r} is a quarter, longer than a {self.noun}; name the {self.noun}, such as {month}."
            raise DataError(msg)
        day = np.datetime64(month, "M")
        days = np.array([day_number(day), day_number(day + 3) - 1])
        found = self.ordinal(days)
        if found[0] != found[1]:
            self._of_no_period(value, days)
        return int(found[0])

    def _of_no_period(self, quarter: str, days: NDArray[np.int64]) -> None:
        """Refuse a calendar quarter that lies in two periods of the fiscal year, with the names of both."""
        import pandas as pd

        first, last = (pd.Timestamp(iso_day(int(day))) for day in days)
        begins = f"{pd.Timestamp(2000, self.fiscal_start, 1):%B}"
        around = [
            f'"{period_text(start, "Q", self.fiscal_start)}" ({period_text(start, "Q")})'
            for start in map(
                pd.Timestamp,
                Calendar("Q", self.fiscal_start).starts(
                    Calendar("Q", self.fiscal_start).ordinal(days)
                ),
            )
        ]
        msg = (
            f"{quarter!r} is the calendar quarter {first:%B} to {last:%B %Y}, which lies in two {self.noun}s, for the "
            f"fiscal year begins in {begins}; write {' or '.join(around)}, or a month of it."
        )
        raise DataError(msg)

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
