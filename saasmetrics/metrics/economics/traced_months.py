"""From the numbers of efficiency back to the months they are made of: revenue, profit, burn, spend, closing MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.metrics.economics.traced import INPUTS
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.spans import Spans
    from saasmetrics.metrics.economics.spend import Spend

    Numbers = NDArray[np.float64]

Block = tuple[str, str, "NDArray[np.int64]", "NDArray[np.float64]", float]


def months_lines(book: Book, blocks: Sequence[Block], columns: Sequence[str]) -> pd.DataFrame:
    """Return one line per month of each block, with what it adds to one of the columns.

    Parameters
    ----------
    book
        For its calendar.
    blocks
        What it is, the column it adds to, its months, its amounts, and how many times they count.
    columns
        The columns that are added up.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> block = ("revenue", "numerator", np.array([672, 673]), np.array([5.0, 6.0]), 4.0)
    >>> months_lines(book, [block], ["numerator"])["numerator"].tolist()
    [20.0, 24.0]
    """
    import pandas as pd

    parts = []
    for item, column, months, amounts, times in blocks:
        part = pd.DataFrame({"item": [item] * len(months)})
        part["month"] = book.calendar("M").starts(months)
        part["amount"], part["times"] = amounts, float(times)
        for name in columns:
            part[name] = amounts * times if name == column else 0.0
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def magic_trace(
    spans: Spans,
    before: tuple[NDArray[np.int64], NDArray[np.int64]],
    cost: Spend,
    closing: Numbers,
    earned: Numbers,
    method: str,
) -> Callable[..., Trace | str]:
    """Return how the magic number follows from months of revenue or closing MRR and of spend; `before` is a period ago.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.economics.magic_number(sm.demo(customers=200)).proof().holds
    True
    """

    def trace(period: Any) -> Trace | str:
        at, book = _place(spans, period), spans.book
        now = np.arange(spans.first[at], spans.last[at] + 1)
        then = np.arange(before[0][at], before[1][at] + 1)
        start = book.engine.extent("M")[0]
        if then[0] < start:
            return _EARLY
        if method == "net_new_arr":
            gained = _added(closing, start, now, "numerator")
        else:
            year = float(book.calendar(spans.freq).year())
            gained = [
                ("revenue of the period", "numerator", now, earned[now - start], year),
                ("revenue of the period before", "numerator", then, earned[then - start], -year),
            ]
        spent = cost.amount.sum(axis=0)[then - cost.first]
        return _quotient(book, [*gained, ("spend", "denominator", then, spent, 1.0)])

    return trace


def burn_trace(
    spans: Spans, monthly: Numbers, closing: Numbers, sign: int
) -> Callable[..., Trace | str]:
    """Return how the burn multiple follows from months of burn and from closing MRR.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.economics.burn_multiple(sm.demo(customers=200)).proof().holds
    True
    """

    def trace(period: Any) -> Trace | str:
        at, book = _place(spans, period), spans.book
        now = np.arange(spans.first[at], spans.last[at] + 1)
        start = book.engine.extent("M")[0]
        if now[0] < start:
            return _EARLY
        burnt = ("net burn", "numerator", now, monthly[now - start], float(sign))
        return _quotient(book, [burnt, *_added(closing, start, now, "denominator")])

    return trace


def forty_trace(
    spans: Spans, earned: Numbers, kept: Numbers, name: str, grown: Numbers
) -> Callable[..., Trace | str]:
    """Return how the Rule of 40 follows from months of revenue and profit, and from what grew over a year.

    Parameters
    ----------
    spans
        The periods.
    earned, kept
        Revenue and profit by month.
    name, grown
        What grew: "closing MRR" at the ends of the years, or "revenue" added up over them.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.economics.rule_of_40(sm.demo(customers=200)).proof().holds
    True
    """

    def trace(period: Any) -> Trace | str:
        at, book = _place(spans, period), spans.book
        start, last = book.engine.extent("M")[0], int(spans.last[at])
        now = np.arange(last - 11, last + 1)
        ends = (np.array([last]), np.array([last - 12]))
        years = (now, now - 12) if name == "revenue" else ends
        if min(now[0], years[1][0]) < start:
            return _EARLY
        blocks = [
            (f"{name}, {said}", column, months, grown[months - start], 1.0)
            for said, column, months in zip(
                ("now", "a year before"), ("now", "then"), years, strict=True
            )
        ]
        blocks += [
            ("profit", "numerator", now, kept[now - start], 1.0),
            ("revenue", "denominator", now, earned[now - start], 1.0),
        ]
        columns = ("now", "then", "numerator", "denominator")
        rows = months_lines(book, blocks, columns)
        value = "(now - then) / then + numerator / denominator"
        return _known(Trace(rows, value, dict.fromkeys(columns, "sum"), {}, INPUTS))

    return trace


_EARLY = "it begins before the book does"


def _place(spans: Spans, period: Any) -> int:
    wanted = spans.book.calendar(spans.freq).of(period)
    return int(np.flatnonzero(spans.period == wanted)[0])


def _added(closing: Numbers, start: int, months: NDArray[np.int64], column: str) -> list[Block]:
    """Return ARR added in some months: twelve times closing MRR, less what it was before."""
    last, before = months[-1:], months[:1] - 1
    then = closing[before - start] if before[0] >= start else np.zeros(1)
    return [
        ("closing MRR", column, last, closing[last - start], 12.0),
        ("closing MRR before", column, before, then, -12.0),
    ]


def _quotient(book: Book, blocks: Sequence[Block]) -> Trace | str:
    columns = ("numerator", "denominator")
    rows = months_lines(book, blocks, columns)
    sums = dict.fromkeys(columns, "sum")
    return _known(Trace(rows, "numerator / denominator", sums, {}, INPUTS))


def _known(trace: Trace) -> Trace | str:
    """Refuse rows of months that are not recorded."""
    return "not every month is recorded" if trace.rows["amount"].isna().any() else trace
