"""NRR without what was agreed before: contracted uplifts, and discounts that end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import group_code, made
from saasmetrics.metrics.rates import Question, rate_frame
from saasmetrics.metrics.retention.shared import MISSING, NOBODY, WINDOW
from saasmetrics.metrics.retention.window import changes_of, ordinal
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_AGREED = ("escalator", "discount_end")
_LONG = 24  # periods from which progress is shown


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
    return nrr_without("organic_nrr", question, _AGREED)


def nrr_without(id: str, question: Question, left_out: Sequence[str]) -> Result:
    """Return NRR with some reasons of expansion taken out of the closing MRR."""
    book, freq, bags = question.book, question.freq, max(question.bags(), 1)
    first, periods, _ = book.engine.extent(freq)
    groups = book.engine.grouping(question.by)
    if groups.of_entity is None:
        named = " and ".join(question.by)
        msg = f"{named} differs between the subscriptions of one customer; group by a column of customers."
        raise DataError(msg)
    cell = groups.of_entity.astype(np.int64)
    if bags > 1:
        cell = cell * bags + book.engine.bags(bags)
    shape = (len(groups) * bags, periods)
    sums = {name: np.zeros(shape) for name in ("top", "bottom", "count")}
    for number in _shown(range(question.window, periods)):
        rows = _rows(book, first + number, question.window, freq, left_out)
        at = cell[_entities(book, rows)]
        for name, value in (
            ("top", rows["numerator"]),
            ("bottom", rows["denominator"]),
            ("count", rows["denominator"] > 0),
        ):
            np.add.at(sums[name][:, number], at, value.to_numpy(float))
    split = (len(groups), bags, periods)
    micro = {
        name: np.rint(sums[name] * MICRO).astype(np.int64).reshape(split)
        for name in ("top", "bottom")
    }
    count = sums["count"].astype(np.int64).reshape(split)
    df = rate_frame(question, micro["top"], micro["bottom"], count, NOBODY)
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


def _entities(book: Book, rows: pd.DataFrame) -> NDArray[np.int64]:
    known = book.engine.spans.entity_ids
    found = pc.index_in(pa.array(rows["customer_id"]).cast(known.type), value_set=known)
    return np.asarray(found).astype(np.int64)


def _drill(question: Question, left_out: Sequence[str]) -> Callable[..., pd.DataFrame]:
    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        book, freq = question.book, question.freq
        found = _rows(book, ordinal(book, freq, period), question.window, freq, left_out)
        code = group_code(book, question.by, group)
        if code is not None:
            of_entity = book.engine.grouping(question.by).of_entity
            assert of_entity is not None
            found = found[of_entity[_entities(book, found)] == code]
        return found.reset_index(drop=True)

    return rows


def _shown(periods: range) -> Iterable[int]:
    """Show progress where there are many periods and it takes long."""
    if len(periods) < _LONG:
        return periods
    from tqdm.auto import tqdm

    shown: Iterable[int] = tqdm(periods, desc="Periods", leave=False, delay=2)
    return shown
