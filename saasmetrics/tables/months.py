"""Which labels stand for a month."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["month_columns", "month_of_label"]

# Not from `calendar`, whose names follow the locale of the process.
_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS = {name: n for n, name in enumerate(_NAMES, start=1)}
_MONTHS |= {name[:3]: n for name, n in _MONTHS.items()} | {"sept": 9}
# Without a separator 210112 is a day of 2021 as well, so that the next century takes one.
_YEAR_MONTH = re.compile(
    r"^(?P<y>(19|20)\d{2}(?=[-_/. ]?M?\d)|21\d{2}(?=[-_/.]))[-_/. ]?M?(?P<m>0[1-9]|1[0-2])$",
    re.IGNORECASE,
)
_YEAR_DIGIT = re.compile(r"^(?P<y>(19|20|21)\d{2})[-/](?P<m>[1-9])$")
_DAY = re.compile(
    r"^(?P<y>(19|20|21)\d{2})[-_/.](?P<m>0?[1-9]|1[0-2])[-_/.](?P<d>\d{1,2})([ T_]00[:_]00([:_]00)?.*)?$"
)
_MONTH_YEAR = re.compile(r"^(?P<m>0?[1-9]|1[0-2])[-_/. ](?P<y>(19|20|21)\d{2})$")
_NAME_YEAR = re.compile(r"^(?P<n>[a-z]{3,9})\.?[-_/. ']*(?P<y>(19|20|21)?\d{2})$", re.IGNORECASE)
_YEAR_NAME = re.compile(r"^(?P<y>(19|20|21)\d{2})[-_/. ]?(?P<n>[a-z]{3,9})$", re.IGNORECASE)
_PREFIX = re.compile(r"^(mrr|revenue|amount|value)[-_/. ]+(?=.*\d)", re.IGNORECASE)


def month_of_label(label: str | None) -> dt.date | None:
    """Month that the label of a column stands for.

    Parameters
    ----------
    label
        Such as "2025-01", "Jan-25", "January 2025", "2025-01-31" or "MRR 2025-01".

    Returns
    -------
    datetime.date or None
        First day of the month; None where the label is no month.

    Examples
    --------
    >>> month_of_label("Jan-25")
    datetime.date(2025, 1, 1)
    >>> month_of_label("seats") is None
    True
    """
    text = _PREFIX.sub("", (label or "").strip())
    for pattern in (_YEAR_MONTH, _YEAR_DIGIT, _DAY, _MONTH_YEAR):
        if found := pattern.match(text):
            return dt.date(int(found["y"]), int(found["m"]), 1)
    for pattern in (_NAME_YEAR, _YEAR_NAME):
        found = pattern.match(text)
        if found and found["n"].lower() in _MONTHS:
            year = int(found["y"])
            return dt.date(year + 2000 if year < 100 else year, _MONTHS[found["n"].lower()], 1)
    return None


def month_columns(names: list[str]) -> dict[str, dt.date]:
    """Columns that are months.

    Parameters
    ----------
    names
        Column names.

    Returns
    -------
    dict
        Name -> first day of the month.
    """
    found = {name: month_of_label(name) for name in names}
    return {name: month for name, month in found.items() if month is not None}
