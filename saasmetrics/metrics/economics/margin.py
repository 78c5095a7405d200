"""Gross margin of a book: given, from the accounts, or from the table of spend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.columns import days, has, numbers
from saasmetrics.engine.exchange import monthly_rates
from saasmetrics.errors import DataError, hint
from saasmetrics.metrics.economics.asked import check_margin
from saasmetrics.metrics.economics.spend import monthly_spend, shared_out
from saasmetrics.money import MICRO, format_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

_MONTHS = 12
Margin = (
    float | str | Mapping[Any, float] | None
)  # of all, of a stream, of each group, or of the tables


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
            "A gross margin is needed and the tables give none. Add the columns revenue and cogs to the table finance, "
            "or rows of the function cogs to the table spend; or give the margin itself, for 80% as margin=0.8."
        )
        raise DataError(msg)
    return found


def _from_finance(
    book: Book, revenue: str = "revenue", cogs: str = "cogs"
) -> tuple[float, str] | None:
    if "finance" not in book.tables:
        return None
    data = book.tables["finance"].data
    if not has(data, revenue) or not has(data, cogs):
        return None
    _, _, full = book.engine.extent("M")
    month = book.calendar("M").ordinal(days(data["month"]))
    income, costs = (numbers(data[name], np.nan) for name in (revenue, cogs))
    known = ~np.isnan(income) & ~np.isnan(costs) & (month <= full)
    if not known.any():
        return None
    last = int(month[known].max())
    mine = known & (month > last - _MONTHS)
    rates = monthly_rates(book.engine, book.tables, "finance", book.currency)
    earned, cost = (float((values * rates)[mine].sum()) for values in (income, costs))
    if earned <= 0:
        return None
    share = 1 - cost / earned
    span = _span(int(mine.sum()), last)
    return share, f"{format_ratio(share)}: {revenue} less {cogs} in the table finance, {span}"


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


def group_margins(book: Book, by: Sequence[str], given: Margin) -> tuple[NDArray[np.float64], str]:
    """Return the gross margin of each group and where it is from.

    Parameters
    ----------
    book, by
        The company's tables, and the columns of the groups.
    given
        A share for all; a share per group, by its value (or tuple of values); or the name of a revenue stream:
        "usage" reads revenue_usage and cogs_usage of the table finance. None: by group from rows of cogs in the table
        spend where these name the group, else that of the whole.

    Raises
    ------
    DataError
        If a margin is no share, a group has none, or there is no such stream.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=60)
    >>> margins, said = group_margins(book, ["segment"], {"SMB": 0.7, "Mid-Market": 0.8, "Enterprise": 0.9})
    >>> said
    'as given by segment'
    """
    labels = book.engine.grouping(tuple(by)).labels
    if isinstance(given, Mapping):
        return _given(labels, by, given), f"as given by {' and '.join(by)}"
    if isinstance(given, str):
        share, words = _from_stream(book, given)
        return np.full(len(labels), share), words
    if given is None and by:
        found = _by_group(book, tuple(by), labels)
        if found is not None:
            return found
    share, words = gross_margin(book, given)
    return np.full(len(labels), share), words


def _given(
    labels: Sequence[tuple[Any, ...]], by: Sequence[str], given: Mapping[Any, float]
) -> NDArray[np.float64]:
    shares = {key if isinstance(key, tuple) else (key,): value for key, value in given.items()}
    missing = [", ".join(map(str, label)) for label in labels if label not in shares]
    if missing:
        msg = f"No margin is given for {'; '.join(missing)} of {' and '.join(by) or 'all'}; add it to margin={{...}}."
        raise DataError(msg)
    for label in labels:
        check_margin(shares[label])
    return np.array([float(shares[label]) for label in labels])


def _from_stream(book: Book, stream: str) -> tuple[float, str]:
    names = [f"revenue_{stream}", f"cogs_{stream}"]
    there = book.tables["finance"].data.column_names if "finance" in book.tables else []
    if not set(names) <= set(there):
        streams = [n.removeprefix("revenue_") for n in there if n.startswith("revenue_")]
        known = f"; there are {', '.join(streams)}" if streams else ""
        msg = (
            "margin is a share of revenue above 0 and up to 1, one per group, or the name of a revenue stream, "
            f"not {stream!r}: the table finance has no {' and '.join(names)}{known}."
        )
        raise DataError(msg + hint(stream, streams))
    found = _from_finance(book, *names)
    if found is None:
        msg = f"The table finance has no complete month with {' and '.join(names)} above 0."
        raise DataError(msg)
    return found


def _by_group(
    book: Book, by: tuple[str, ...], labels: Sequence[tuple[Any, ...]]
) -> tuple[NDArray[np.float64], str] | None:
    """Return the margins of groups that rows of cogs name; None where they do not."""
    if "spend" not in book.tables:
        return None
    data = book.tables["spend"].data
    if "cogs" not in data["function"].unique().to_pylist() or not all(has(data, n) for n in by):
        return None
    spend = monthly_spend(book, ["cogs"], by)
    if not any(all(value is not None for value in key) for key in spend.keys):
        return None
    first, _, full = book.engine.extent("M")
    closing = book.engine.movements("M", by).measures["closing"] / MICRO
    months = np.arange(max(first, full - _MONTHS + 1), full + 1)
    known = months[spend.recorded[months - spend.first]]
    earned = closing[:, known - first]
    every = spend.labels(labels)
    weight = np.pad(earned, ((0, len(every) - len(labels)), (0, 0)))
    cost = shared_out(spend, spend.amount[:, known - spend.first], every, weight)[: len(labels)]
    if not len(known) or (earned.sum(axis=1) <= 0).any():
        return None
    share = 1 - cost.sum(axis=1) / earned.sum(axis=1)
    if (share <= 0).any():
        return None
    return (
        share,
        f"by {' and '.join(by)}: MRR less cogs in the table spend, {_span(len(known), full)}",
    )


def aligned(
    share: NDArray[np.float64], book: Book, by: Sequence[str], labels: Sequence[tuple[Any, ...]]
) -> NDArray[np.float64]:
    """Return the margins of a book's groups in the order of other labels; a group that nobody pays in has 1.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> aligned(np.array([0.7]), book, (), [(), ("b",)]).tolist()
    [0.7, 1.0]
    """
    of = dict(zip(book.engine.grouping(tuple(by)).labels, share.tolist(), strict=True))
    return np.array([of.get(label, 1.0) for label in labels])
