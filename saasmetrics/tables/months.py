"""Which labels stand for a month."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["month_columns", "month_of_label", "skipped"]

# Not from `calendar`, whose names follow the locale of the process. No name stands for two months.
_NAMES = (
    ("january", "jan", "januar", "jänner", "jän", "janvier", "janv", "enero", "ene", "gennaio", "gen", "januari",
     "janeiro"),
    ("february", "feb", "februar", "feber", "février", "fevrier", "févr", "fevr", "fév", "febrero", "febbraio",
     "februari", "fevereiro", "fev"),
    ("march", "mar", "märz", "maerz", "mär", "mrz", "mars", "marzo", "maart", "mrt", "março", "marco"),
    ("april", "apr", "avril", "avr", "abril", "abr", "aprile"),
    ("may", "mai", "mayo", "maggio", "mag", "mei", "maio"),
    ("june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho"),
    ("july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho"),
    ("august", "aug", "août", "aout", "agosto", "ago", "augustus"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre", "set", "setembro"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "dezember", "dez", "décembre", "decembre", "déc", "diciembre", "dic", "dicembre", "dezembro"),
)  # fmt: skip
_MONTHS = {name: n for n, names in enumerate(_NAMES, start=1) for name in names}
_WORDS = (
    "gen",
    "set",
    "out",
    "ago",
    "mag",
)  # gen_10 and set_12 are columns too: with all digits of the year
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
_NAME_YEAR = re.compile(r"^(?P<n>[^\W\d_]{3,10})\.?[-_/. '’]*(?:de )?(?P<y>(19|20|21)?\d{2})$")
_YEAR_NAME = re.compile(r"^(?P<y>(19|20|21)\d{2})[-_/. ]?(?P<n>[^\W\d_]{3,10})\.?$")
_JAPANESE = re.compile(r"^(?P<y>(19|20|21)\d{2})年(?P<m>0?[1-9]|1[0-2])月$")
_PREFIX = re.compile(r"^(mrr|revenue|amount|value)[-_/. ]+(?=.*\d)", re.IGNORECASE)


def month_of_label(label: str | None) -> dt.date | None:
    """Month that the label of a column stands for.

    Parameters
    ----------
    label
        Such as "2025-01", "Jan-25", "January 2025", "2025-01-31" or "MRR 2025-01"; names of months are read in English,
        German, French, Spanish, Dutch, Italian, Portuguese and Japanese.

    Returns
    -------
    datetime.date or None
        First day of the month; None where the label is no month.

    Examples
    --------
    >>> month_of_label("Jan-25")
    datetime.date(2025, 1, 1)
    >>> month_of_label("Mär 2026")
    datetime.date(2026, 3, 1)
    >>> month_of_label("seats") is None
    True
    """
    text = _PREFIX.sub("", unicodedata.normalize("NFKC", label or "").strip())
    for pattern in (_YEAR_MONTH, _YEAR_DIGIT, _DAY, _MONTH_YEAR, _JAPANESE):
        if found := pattern.match(text):
            return dt.date(int(found["y"]), int(found["m"]), 1)
    for pattern in (_NAME_YEAR, _YEAR_NAME):
        if not (found := pattern.match(text)):
            continue
        name, year = found["n"].casefold(), int(found["y"])
        if name in _MONTHS and (year > 99 or name not in _WORDS or "-" in text):
            return dt.date(year + 2000 if year < 100 else year, _MONTHS[name], 1)
    return None


def skipped(labels: Sequence[str]) -> list[str]:
    """Labels between those of months that are no months, where months are missing.

    Parameters
    ----------
    labels
        Labels of columns, in their order.

    Returns
    -------
    list of str
        The labels; none where months follow each other.

    Examples
    --------
    >>> skipped(["Customer", "Jan 2026", "Mrch 2026", "Apr 2026"])
    ['Mrch 2026']
    >>> skipped(["Customer", "Jan 2026", "Growth", "Feb 2026"])
    []
    """
    months = [month_of_label(label) for label in labels]
    at = [place for place, month in enumerate(months) if month is not None]
    out: list[str] = []
    for first, then in pairwise(at):
        one, other = months[first], months[then]
        assert one is not None
        assert other is not None
        apart = abs((other.year - one.year) * 12 + other.month - one.month)
        if apart > 1:
            out += [label for label in labels[first + 1 : then] if label]
    return out


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
