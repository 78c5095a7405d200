"""What the change of each customer over a window is made of, in currency units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.reasons import CAUSES, SUBTYPES
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import in_currency
from saasmetrics.periods import iso_day, period_text

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book

PARTS = (*SUBTYPES, "fx", *(f"churn_{cause}" for cause in CAUSES), "paused")
LABELS = {
    "mix": "Mix of groups",
    "new": "New customers",
    "reactivation": "Customers won back",
    "seats": "Seats",
    "price": "Price",
    "plan": "Plan changes",
    "cross_sell": "Cross-sell",
    "interval": "Billing interval",
    "discount_start": "Discounts given",
    "discount_end": "Discounts ended",
    "escalator": "Contracted uplifts",
    "usage": "Usage",
    "pause": "Pauses and resumptions",
    "churn_voluntary": "Churn, voluntary",
    "churn_involuntary": "Churn, involuntary",
    "churn_unknown": "Churn, cause unknown",
    "paused": "Pauses",
    "fx": "Exchange rates",
}


def changes_of(book: Book, period: int, window: int, freq: str) -> pd.DataFrame:
    """Return every customer of the window that ends with a period: opening, closing, kept and the parts between."""
    policy = book.policy
    rows = book.engine.window_rows(
        period,
        window,
        freq,
        midpoint=policy.price_volume == "midpoint",
        voluntary=policy.churn_cause == "voluntary",
    )
    return in_currency(rows)


def ordinal(book: Book, freq: str, period: Any) -> int:
    """Return the number of a period, the last complete one for None.

    Raises
    ------
    DataError
        If the book has no such period.
    """
    first, periods, full = book.engine.extent(freq)
    found = full if period is None else book.calendar(freq).of(period)
    if not first <= found < first + periods:
        start, last = day_of(book, freq, first), day_of(book, freq, first + periods - 1)
        what = "complete period" if period is None else f"period {period!r}"
        msg = f"There is no {what} in this book; periods run from {start} to {last}."
        raise DataError(msg)
    return int(found)


def day_of(book: Book, freq: str, period: int) -> str:
    """Return the first day of a period as ISO text."""
    return iso_day(int(book.calendar(freq).first_day(np.array([period]))[0]))


def period_of(book: Book, freq: str, period: int) -> str:
    """Return a period as people read it, such as "Oct 2025"."""
    import pandas as pd

    return period_text(pd.Timestamp(day_of(book, freq, period)), freq, book.fiscal_start)
