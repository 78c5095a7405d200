"""Gross margin of a book: given, from the accounts, or from the table of spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, has, numbers
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.asked import check_margin
from saasmetrics.metrics.economics.spend import monthly_spend
from saasmetrics.money import MICRO, format_ratio

if TYPE_CHECKING:
    from saasmetrics.book import Book

_MONTHS = 12


def gross_margin(book: Book, given: float | None = None) -> tuple[float, str]:
    """Return the gross margin and where it is from.

    Parameters
    ----------
    book
        The company's tables.
    given
        A margin as a share, which then is taken as it is.

    Returns
    -------
    tuple
        The margin, and the words for the footnote.

    Raises
    ------
    DataError
        If a margin is given that is not above 0 and up to 1, or none is given and the tables have none.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]},
    ...     finance={"month": ["2026-01"], "revenue": [1000], "cogs": [200]})
    >>> gross_margin(book)
    (0.8, '80.0%: revenue less cogs in the table finance, 1 month to 2026-01')
    """
    if given is not None:
        check_margin(given)
        return float(given), f"{format_ratio(given)} as given"
    found = _from_finance(book) or _from_spend(book)
    if found is None:
        msg = (
            "A gross margin is needed and the book has none: pass margin=0.8, or add revenue and "
            "cogs to the table finance, or rows of the function cogs to the table spend."
        )
        raise DataError(msg)
    return found


def _from_finance(book: Book) -> tuple[float, str] | None:
    if "finance" not in book.tables:
        return None
    data = book.tables["finance"].data
    if not has(data, "revenue") or not has(data, "cogs"):
        return None
    _, _, full = book.engine.extent("M")
    month = book.calendar("M").ordinal(days(data["month"]))
    revenue, cogs = (numbers(data[name], np.nan) for name in ("revenue", "cogs"))
    known = ~np.isnan(revenue) & ~np.isnan(cogs) & (month <= full)
    if not known.any():
        return None
    last = int(month[known].max())
    mine = known & (month > last - _MONTHS)
    rates = currency_rates(book.tables, "finance", book.as_of_day, book.currency)
    earned, cost = (float((values * rates)[mine].sum()) for values in (revenue, cogs))
    if earned <= 0:
        return None
    share = 1 - cost / earned
    span = _span(int(mine.sum()), last)
    return share, f"{format_ratio(share)}: revenue less cogs in the table finance, {span}"


def _from_spend(book: Book) -> tuple[float, str] | None:
    if "spend" not in book.tables:
        return None
    if "cogs" not in book.tables["spend"].data["function"].unique().to_pylist():
        return None
    spend = monthly_spend(book, ["cogs"])
    first, periods, full = book.engine.extent("M")
    closing = book.engine.movements("M").measures["closing"].sum(axis=0) / MICRO
    months = np.arange(first, first + periods)
    known = spend.recorded[months - spend.first] & (months <= full)
    known &= months > full - _MONTHS
    earned = float(closing[known].sum())
    if earned <= 0:
        return None
    share = 1 - float(spend.amount.sum(axis=0)[months - spend.first][known].sum()) / earned
    span = _span(int(known.sum()), full)
    return share, f"{format_ratio(share)}: MRR less cogs in the table spend, {span}"


def _span(months: int, last: int) -> str:
    return f"{months} month{'s' if months > 1 else ''} to {np.datetime64(last, 'M')}"
