"""NRR without what was agreed before: contracted uplifts, and discounts that end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.taken_out import AGREED
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import group_code, made
from saasmetrics.metrics.rates import Question, rate_frame
from saasmetrics.metrics.retention.shared import MISSING, NOBODY, WINDOW
from saasmetrics.metrics.retention.window import changes_of, ordinal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_APART = "{} differs between the subscriptions of one customer; group by a column of customers."


@metric(
    id="organic_nrr",
    name="Organic net revenue retention",
    abbr="Organic NRR",
    unit="ratio",
    better="higher",
    meaning="NRR from what customers decided: without contracted price uplifts and without discounts that ended.",
    formula="(closing MRR of the customers paying at the start - uplifts - ended discounts) / their opening MRR",
    missing=MISSING,
    sources=("METRICS.md",),
    options={"window": WINDOW, "interval": "interval of {value:.0%} by resampling customers"},
)
def organic_nrr(
    book: Book,
    window: int | None = None,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
) -> Result:
    """Net revenue retention without contracted uplifts and ended discounts.

    Parameters
    ----------
    book, window, by, freq, interval
        As for `nrr`; `by` takes columns of customers.

    Returns
    -------
    Result
        As for `nrr`.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"subscription_id": [1, 2], "customer_id": ["a", "a"], "start": ["2026-01-01", "2026-02-01"]}
    >>> rows |= {"end": ["2026-02-01", None], "amount": [100, 107], "interval": ["month"] * 2}
    >>> book = sm.Book(subscriptions=rows | {"escalator": [False, True]}, as_of="2026-02-28")
    >>> sm.retention.nrr(book, window=1).value, sm.retention.organic_nrr(book, window=1).value
    (1.07, 1.0)
    """
    question = Question.asked(book, window, freq, by, interval)
    return nrr_without("organic_nrr", question, AGREED)


def nrr_without(id: str, question: Question, left_out: Sequence[str]) -> Result:
    """Return NRR with some reasons of expansion taken out of the closing MRR."""
    book, window, freq, by = question.book, question.window, question.freq, question.by
    bags = question.bags()
    midpoint = book.policy.price_volume == "midpoint"
    taken = book.engine.taken_out(window, freq, by, bags, tuple(left_out), midpoint=midpoint)
    if taken is None:
        raise DataError(_APART.format(" and ".join(by)))
    pairs = book.engine.pairs(window, freq, by, bags).measures
    paying = book.engine.movements(freq, by, bags).measures["customers_closing"]
    count = np.zeros_like(paying)
    count[:, window:] = paying[:, :-window]
    split = (len(book.engine.grouping(by)), max(bags, 1), paying.shape[1])
    top, bottom, n = (
        value.reshape(split) for value in (pairs["closing"] - taken, pairs["opening"], count)
    )
    df = rate_frame(question, top, bottom, n, NOBODY)
    options = {"window": question.span, "interval": question.interval}
    drill = _drill(question, left_out)
    return made(book, id, df, "series", by=question.by, options=options, drill=drill)


def _rows(book: Book, period: int, window: int, freq: str, left_out: Sequence[str]) -> pd.DataFrame:
    """Return the customers paying at the start of a window with both sides of the rate."""
    rows = changes_of(book, period, window, freq)
    taken = rows[list(left_out)].clip(lower=0).sum(axis=1)
    rows.insert(1, "numerator", rows["closing"] - taken)
    rows.insert(2, "denominator", rows["opening"])
    return rows[rows["opening"] > 0].reset_index(drop=True)


def _drill(question: Question, left_out: Sequence[str]) -> Callable[..., pd.DataFrame]:
    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        book, freq = question.book, question.freq
        found = _rows(book, ordinal(book, freq, period), question.window, freq, left_out)
        code = group_code(book, question.by, group)
        if code is not None:
            of = np.asarray(book.engine.group_codes(found["customer_id"], question.by))
            found = found[of == code]
        return found.reset_index(drop=True)

    return rows
