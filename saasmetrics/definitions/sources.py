"""The same number from two sources, side by side, customer by customer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, listed, one_of
from saasmetrics.calls import recorded
from saasmetrics.definitions.asked import metric_of
from saasmetrics.definitions.pairing import STATUS, Pair, of_source, own_sources
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, money
from saasmetrics.money import format_money, format_ratio
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.result import Result

_TIMES = {"mrr": 1, "arr": 12}
_CENT = 0.005  # less cannot be seen


@recorded
def sources(
    a: Book,
    b: Book | str | None = None,
    metric: str | Callable[..., Result] = "mrr",
    period: Any = None,
    *,
    freq: str = "M",
    tolerance: float = 0.01,
    labels: tuple[str, str] | None = None,
) -> Result:
    """Return MRR or ARR from two sources side by side: over time, or customer by customer in one period.

    Parameters
    ----------
    a
        A book.
    b
        Another book; or the name of another source of the same book: subscriptions, mrr, invoices or contracts; or
        None, to set every other source that the book has against the one that its MRR comes from.
    metric
        "mrr" or "arr".
    period
        A day in the period to look at customer by customer; None for all periods.
    freq
        D, W, M, Q or Y.
    tolerance
        Share of the larger amount up to which a customer counts as within tolerance, 0.01 by default.
    labels
        What to call the two sources.

    Returns
    -------
    Result
        For all periods: period, a, b, difference (b - a), share (difference / a), how many customers are equal (to the
        cent), within, differ (`differs`), are only in a, only in b, and complete. For one period: customer_id, a, b,
        difference, status, the largest differences first; they sum to the difference of the totals. With several
        sources `against` says which. `rows(period)` has the customers of any period.

    Raises
    ------
    UnknownNameError
        If the metric or the source does not exist.
    DataError
        If there is nothing to compare, the currencies differ, or no period is in both.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> billing = sm.Book(mrr={"customer_id": ["x", "y"], "month": ["2026-01"] * 2, "mrr": [100, 50]})
    >>> finance = sm.Book(mrr={"customer_id": ["x", "z"], "month": ["2026-01"] * 2, "mrr": [90, 20]})
    >>> made = sm.definitions.sources(billing, finance, period="2026-01")
    >>> made.df[["customer_id", "difference", "status"]].values.tolist()
    [['y', -50.0, 'only_a'], ['z', 20.0, 'only_b'], ['x', -10.0, 'differs']]
    """
    entry = metric_of(metric)
    if entry.id not in _TIMES:
        msg = f"{entry.name} is not an amount per customer at an instant; two sources are compared by mrr or arr."
        raise DataError(msg)
    finite("tolerance", tolerance, "a share such as 0.01", least=0, most=1)
    _check_sides(a, b, labels)
    pairs = _pairs(a, b, freq, tolerance, _TIMES[entry.id])
    if labels is not None and len(pairs) == 1:
        pairs = {labels[1]: next(iter(pairs.values()))}
    said = (labels[0] if labels else _name(a, b), tuple(pairs))
    if period is None:
        df = _stacked({name: _over_time(pair) for name, pair in pairs.items()})
    else:
        df = _stacked({name: _customers(pair, period) for name, pair in pairs.items()})
    return _result(a, entry, df, pairs, said, period)


def _check_sides(a: Any, b: Any, labels: Any) -> None:
    """Refuse what is no book, and labels that are not two texts."""
    from saasmetrics.book import Book

    if not isinstance(a, Book) or not (b is None or isinstance(b, (Book, str))):
        wrong = b if isinstance(a, Book) else a
        msg = f"Two sources are two books, or a book and the name of a table of it, not {wrong!r}."
        raise DataError(msg)
    if labels is None:
        return
    said = listed("labels", labels, "two texts, one per source")
    if len(said) != 2 or not all(isinstance(text, str) and text for text in said):
        msg = (
            f'labels={labels!r} are not two texts, one per source, such as ("billing", "finance").'
        )
        raise DataError(msg)


def _name(a: Book, b: Book | str | None) -> str:
    source = a.engine.source
    same = not isinstance(b, str) and b is not None and b.engine.source == source
    return f"{source} (a)" if same else source


def _pairs(
    a: Book, b: Book | str | None, freq: str, tolerance: float, times: int
) -> dict[str, Pair]:
    """Return the pairs to compare by the name of the second source."""
    source = a.engine.source
    if b is not None and not isinstance(b, str):
        other = b.engine.source
        name = f"{other} (b)" if other == source else other
        return {name: Pair(a, b, freq, tolerance, times)}
    own = [name for name in own_sources(a) if name != source]
    if isinstance(b, str):
        one_of("other source of MRR in this book", b, own)
    wanted = own if b is None else [b]
    if not wanted:
        msg = (
            f"MRR comes from {source}, and the book has no other source to set against it. Add one of subscriptions, "
            "mrr, invoices or contracts, or give a second book."
        )
        raise DataError(msg)
    return {name: Pair(a, of_source(a, name), freq, tolerance, times) for name in wanted}


def _stacked(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    if len(frames) == 1:
        return next(iter(frames.values()))
    parts = []
    for name, frame in frames.items():
        frame.insert(1 if "period" in frame.columns else 0, "against", name)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _over_time(pair: Pair) -> pd.DataFrame:
    import pandas as pd

    first, periods = pair.extent
    one, two = pair.totals()
    data: dict[str, Any] = {
        "period": pair.calendar.starts(np.arange(first, first + periods)),
        "a": money(one),
        "b": money(two),
        "difference": money(two - one),
    }
    share = np.full(periods, np.nan)
    np.divide(two - one, one, out=share, where=one != 0)
    data["share"] = share
    data |= pair.counts()
    data["complete"] = pair.complete
    return pd.DataFrame(data)


def _customers(pair: Pair, period: Any) -> pd.DataFrame:
    import pandas as pd

    found = pair.customers(pair.ordinal(period))
    one, two = found.amounts
    order = np.argsort(-np.abs(two - one), kind="stable")
    return pd.DataFrame(
        {
            "customer_id": found.ids.to_pandas().iloc[order].to_numpy(),
            "a": money(one)[order],
            "b": money(two)[order],
            "difference": money(two - one)[order],
            "status": np.array(STATUS, object)[found.status[order]],
        }
    )


def _result(
    a: Book,
    entry: Metric,
    df: pd.DataFrame,
    pairs: dict[str, Pair],
    said: tuple[str, Sequence[str]],
    period: Any,
) -> Result:
    first = next(iter(pairs.values()))

    def rows(period: Any = None, against: str | None = None) -> pd.DataFrame:
        if against is None and len(pairs) > 1:
            msg = f"Name the source to look at: against={next(iter(pairs))!r}, or another of {', '.join(pairs)}."
            raise DataError(msg)
        if against is not None:
            one_of("source in this comparison", against, pairs)
        return _customers(pairs[against] if against else first, period)

    one, others = said
    notes = [f"a is {one}, b is {' or '.join(others)}; difference is b - a", *_said(a, pairs)]
    if entry.id == "arr" and a.policy.arr != "run_rate":
        notes.append("ARR is 12 x MRR here, whatever the policy says")
    if period is not None:
        notes.append(f"Period of {iso_day(first.first_day(period))}")
    base = made(
        a,
        entry.id,
        df,
        "sources" if period is None else "source_customers",
        options={"freq": first.freq},
        notes=(*notes, f"Within tolerance: at most {format_ratio(first.tolerance)} of the larger"),
        tables=[name for name in others if name in a.tables],
    )
    extra = {
        "labels": (one, " or ".join(others)),
        "tolerance": first.tolerance,
        "period": None if period is None else iso_day(first.first_day(period)),
        "headline": _headline(df, a.currency, period, several=len(pairs) > 1),
    }
    by = ("against",) if len(pairs) > 1 else ()
    return replace(base, by=by, extra=extra, drill=rows)


def _said(a: Book, pairs: dict[str, Pair]) -> list[str]:
    """Say where two sources are read differently or known until different days, and what the other one leaves out."""
    told = []
    for name, pair in pairs.items():
        if pair.b.policy.differences(a.policy) and name != "contracts":
            told.append(f"{name} is read by {pair.b.policy}, the other by {a.policy}")
        if pair.b.as_of_day != a.as_of_day:
            told.append(
                f"{name} is known until {pair.b.as_of_text}, the other until {a.as_of_text}"
            )
        told += [f"{name}: {n}" for n in pair.b.engine.notes if n not in a.engine.notes]
    return told


def _headline(df: pd.DataFrame, currency: str, period: Any, *, several: bool) -> str:
    """Return the difference in words: in the period looked at, or in the last complete one."""
    if not several:
        return _in_words(df, currency, period)
    return "; ".join(
        f"{name}: {_in_words(part, currency, period)}"
        for name, part in df.groupby("against", sort=False)
    )


def _in_words(df: pd.DataFrame, currency: str, period: Any) -> str:
    if period is None:
        last = df[df["complete"]].tail(1)
        if not len(last):
            return "no complete period in both"
        away = int(last[["differs", "only_a", "only_b"]].sum(axis=1).iloc[0])
    else:
        last = df
        away = int((~df["status"].isin(["equal", "within"])).sum())
    difference = float(last["difference"].sum())
    if abs(difference) < _CENT and not away:
        return "no difference"
    sign = "+" if difference > 0 else ""
    plural = "customer differs" if away == 1 else "customers differ"
    return f"{sign}{format_money(difference, currency)}, {away:,} {plural}"
