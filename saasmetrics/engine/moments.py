"""Moments in a time zone: local days, and the hours in which a team works."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.periods import day_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

DAY = 86_400
_MINUTES = 1_440
_WEEK = 7 * _MINUTES
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def check_zone(zone: Any) -> str:
    """Return the name of a time zone; refuse one that there is not.

    Raises
    ------
    UnknownNameError
        If it is no zone of the IANA database.

    Examples
    --------
    >>> check_zone("Europe/Berlin")
    'Europe/Berlin'
    """
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (ValueError, TypeError, OSError, KeyError) as error:
        msg = f'There is no time zone {zone!r}; name one of the IANA database, such as "Europe/Berlin" or "UTC".'
        raise UnknownNameError(msg) from error
    return str(zone)


def local_days(moments: Ints, zone: str) -> Ints:
    """Return the day number, in a time zone, of moments in seconds of UTC.

    Examples
    --------
    >>> local_days(np.array([0, 82_800]), "Europe/Berlin").tolist()
    [0, 1]
    """
    if zone == "UTC":
        return moments // DAY
    edges, offsets = offsets_of(zone)
    at = np.searchsorted(edges, moments, side="right") - 1
    return np.asarray((moments + offsets[np.maximum(at, 0)]) // DAY)


def end_of_day(day: int, zone: str) -> int:
    """Return the first moment after a local day, in seconds of UTC."""
    return int(to_utc(np.array([(day + 1) * DAY], np.int64), zone)[0])


def to_utc(local: Ints, zone: str) -> Ints:
    """Return moments of a local clock as seconds of UTC; an hour that the clock skips begins after it."""
    if zone == "UTC":
        return local
    import pandas as pd

    wall = pd.DatetimeIndex(local.astype("datetime64[s]"))
    told = wall.tz_localize(zone, ambiguous=np.ones(len(wall), bool), nonexistent="shift_forward")
    return np.asarray(told.tz_convert("UTC").tz_localize(None), "datetime64[s]").astype(np.int64)


@lru_cache(maxsize=32)
def offsets_of(zone: str) -> tuple[Ints, Ints]:
    """Return when the offset of a zone changes, and the offsets from then on, in seconds; 1970 to 2100 by the hour."""
    import pandas as pd

    hours = np.arange(day_number("1970-01-01") * 24, day_number("2100-01-01") * 24, dtype=np.int64)
    utc = hours * 3600
    index = pd.DatetimeIndex(utc.astype("datetime64[s]")).tz_localize("UTC").tz_convert(zone)
    wall = np.asarray(index.tz_localize(None), "datetime64[s]").astype(np.int64)
    offset = wall - utc
    change = np.flatnonzero(np.append(True, offset[1:] != offset[:-1]))
    return utc[change], offset[change]


@dataclass(frozen=True)
class WorkingHours:
    """The hours in which a team works, in its time zone, without its holidays.

    Parameters
    ----------
    zone
        Time zone of the clock on the wall, such as "Europe/Berlin".
    days
        Working days of the week, "Mon" to "Sun".
    opens, closes
        When work begins and ends, as "09:00"; "24:00" is midnight at the end of the day.
    holidays
        Days without work, as dates.
    weekly
        Instead of days, opens and closes: spans of a week as (start, end) in minutes since Monday 0:00, for hours
        that differ by day or have breaks.

    Raises
    ------
    DataError
        If a time, day or span cannot be.

    Notes
    -----
    Those that are the same hours of a week in one zone, without the same holidays, are equal.

    Examples
    --------
    >>> WorkingHours("Europe/Berlin", holidays=["2026-12-25"]).hours_a_week
    40.0
    """

    zone: str = "UTC"
    days: Sequence[str] = field(default=WEEKDAYS[:5], compare=False)
    opens: str = field(default="09:00", compare=False)
    closes: str = field(default="17:00", compare=False)
    holidays: Sequence[Any] = field(default=(), compare=False)
    weekly: Sequence[tuple[int, int]] | None = field(default=None, compare=False)
    spans: tuple[tuple[int, int], ...] = field(init=False, repr=False)
    closed: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_zone(self.zone)
        spans = self._daily() if self.weekly is None else tuple(self.weekly)
        object.__setattr__(self, "spans", _checked(spans))
        object.__setattr__(self, "closed", tuple(sorted(map(day_number, self.holidays))))

    def _daily(self) -> tuple[tuple[int, int], ...]:
        listed = isinstance(self.days, (list, tuple, set, frozenset))
        if not listed or any(day not in WEEKDAYS for day in self.days):
            msg = f"days={self.days!r}: working days are a list out of {', '.join(WEEKDAYS)}."
            raise DataError(msg)
        start, end = _minutes(self.opens), _minutes(self.closes)
        if end <= start:
            msg = f"opens={self.opens!r}, closes={self.closes!r}: for a shift over midnight give weekly spans."
            raise DataError(msg)
        first = sorted(WEEKDAYS.index(day) * _MINUTES for day in set(self.days))
        return tuple((day + start, day + end) for day in first)

    @property
    def hours_a_week(self) -> float:
        """Hours of work in a week without holidays."""
        return sum(end - start for start, end in self.spans) / 60

    def __str__(self) -> str:
        holidays = f" without {len(self.closed)} holidays" if self.closed else ""
        return f"{self.hours_a_week:g} hours a week in {self.zone}{holidays}"

    def between(self, start: Ints, end: Ints) -> Ints:
        """Return the working seconds between moments in seconds of UTC.

        Examples
        --------
        >>> day = WorkingHours(opens="09:00", closes="17:00")  # 1 January 1970 is a Thursday
        >>> day.between(np.array([16 * 3600]), np.array([86_400 + 10 * 3600])).tolist()
        [7200]
        """
        if not len(start):
            return np.zeros(0, np.int64)
        opens, closes = self._open(int(start.min()), int(end.max()))
        return worked(opens, closes, end) - worked(opens, closes, start)

    def by_day(self, first: int, last: int) -> dict[str, Ints]:
        """Return when work goes on on each day of UTC from one moment to another.

        Parameters
        ----------
        first, last
            The moments, in seconds of UTC.

        Returns
        -------
        dict
            The day numbers; the working seconds before each day begins; and begin_0, length_0, begin_1, ...: spans of
            work in seconds since it begins, as many as any day has, those that a day does not have of no length.

        Examples
        --------
        >>> day = WorkingHours(opens="09:00", closes="17:00")  # 1 January 1970 is a Thursday
        >>> told = day.by_day(0, 2 * DAY)
        >>> (told["before"] - told["before"][0]).tolist(), told["length_0"].tolist()
        ([0, 28800, 57600], [28800, 28800, 0])
        """
        opens, closes = self._open(first, last)
        days = np.arange(first // DAY, last // DAY + 1, dtype=np.int64)
        found = {"day": days, "before": worked(opens, closes, days * DAY)}
        begins, ends = opens // DAY, (np.maximum(closes, opens + 1) - 1) // DAY
        of = np.repeat(np.arange(len(opens)), ends - begins + 1)  # cut at midnight
        day = begins[of] + np.arange(len(of)) - np.searchsorted(of, of)
        begin = np.maximum(opens[of] - day * DAY, 0)
        length = np.minimum(closes[of] - day * DAY, DAY) - begin
        mine = (length > 0) & (day >= days[0]) & (day <= days[-1])
        day, begin, length = day[mine], begin[mine], length[mine]
        nth = np.arange(len(day)) - np.searchsorted(day, day)
        for k in range(int(nth.max(initial=-1)) + 1):
            at = day[nth == k] - days[0]
            for name, values in (("begin", begin), ("length", length)):
                found[f"{name}_{k}"] = np.zeros(len(days), np.int64)
                found[f"{name}_{k}"][at] = values[nth == k]
        return found

    def _open(self, first: int, last: int) -> tuple[Ints, Ints]:
        """Return when work begins and ends from one moment to another, in seconds of UTC."""
        day = np.arange(first // DAY - 2, last // DAY + 3, dtype=np.int64)
        day = day[~np.isin(day, self.closed)]
        weekday = (day + 3) % 7
        begins, ends = [], []
        for start, end in self.spans:
            at = day[weekday == start // _MINUTES]
            midnight = at * DAY - (start // _MINUTES) * DAY
            begins.append(midnight + start * 60)
            ends.append(midnight + end * 60)
        order = np.argsort(np.concatenate(begins), kind="stable")
        utc = [to_utc(np.concatenate(each)[order], self.zone) for each in (begins, ends)]
        return utc[0], np.maximum(utc[1], utc[0])


def worked(opens: Ints, closes: Ints, moment: Ints) -> Ints:
    """Return the seconds of work until each moment, from spans of work in order."""
    if not len(opens):
        return np.zeros(len(moment), np.int64)
    before = np.append(0, np.cumsum(closes - opens))
    at = np.searchsorted(opens, moment, side="right") - 1
    inside = np.clip(moment - opens[np.maximum(at, 0)], 0, (closes - opens)[np.maximum(at, 0)])
    return np.where(at >= 0, before[np.maximum(at, 0)] + inside, 0)


def _minutes(clock: Any) -> int:
    hour, _, minute = str(clock).partition(":")
    if not (hour.isdecimal() and (minute or "0").isdecimal()):
        msg = f'{clock!r} is no time of day; write it as "09:00".'
        raise DataError(msg)
    found = int(hour) * 60 + int(minute or 0)
    if found > _MINUTES or int(minute or 0) > 59:
        msg = f'{clock!r} is no time of day; write it as "09:00".'
        raise DataError(msg)
    return found


def _checked(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    ordered = tuple(sorted((int(start), int(end)) for start, end in spans))
    late = [s for s in ordered if not 0 <= s[0] < s[1] or s[0] >= _WEEK]
    again = [(start + _WEEK, end + _WEEK) for start, end in ordered[:1]]  # the week after
    crossed = [b for a, b in pairwise([*ordered, *again]) if b[0] < a[1]]
    if not ordered or late or crossed:
        msg = (
            f"weekly={[*late, *crossed][:1]}: spans of work are (start, end) in minutes since Monday 0:00, "
            "each after the one before."
        )
        raise DataError(msg)
    return ordered
