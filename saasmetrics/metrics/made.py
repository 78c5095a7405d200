"""What all metrics share: from cubes to tidy frames, intervals, drill-down, and the Result around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.book import columns
from saasmetrics.catalogue import definition
from saasmetrics.engine.groups import ambiguous
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.money import MICRO
from saasmetrics.periods import iso_day
from saasmetrics.result import Context, Result
from saasmetrics.survival.bootstrap import resample_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book


def made(
    book: Book,
    id: str,
    df: pd.DataFrame,
    kind: str,
    *,
    by: str | Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
    drill: Callable[..., pd.DataFrame] | None = None,
    tables: Sequence[str] = (),
) -> Result:
    """Return a Result of a catalogued metric for a book.

    `tables` are those used beside the customers and the source of MRR: their warnings go into the footnote.
    """
    context = Context(book.as_of_text, book.currency, book.policy, options or {})
    part = (f"Only {' and '.join(book.scope)}",) if book.scope else ()
    if book.since_day is not None:
        part = (*part, f"Observed from {iso_day(book.since_day)} on")
    part = (*part, *ambiguous(columns(by), book.tables, book.engine.spans.source))
    said = (*part, *notes, *book.engine.notes, *book.warnings(tables))
    return Result(definition(id), df, kind, context, columns(by), tuple(said), extra or {}, drill)


def ratio(numerator: Any, denominator: Any) -> NDArray[np.float64]:
    """Divide, missing where the denominator is zero or below."""
    top, bottom = np.asarray(numerator, float), np.asarray(denominator, float)
    out = np.full(np.broadcast(top, bottom).shape, np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def money(micro: Any) -> NDArray[np.float64]:
    """Turn micro-units into currency units."""
    return np.asarray(micro, np.float64) / MICRO


def bootstrap_ratio(
    numerator: NDArray[np.int64], denominator: NDArray[np.int64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the customer bootstrap interval of a ratio of sums.

    Parameters
    ----------
    numerator, denominator
        Sums per group, bag of customers and period.
    level
        Coverage, such as 0.95.

    Returns
    -------
    low, high
        Groups x periods; missing where fewer than two bags have a denominator.
    """
    groups, _, periods = denominator.shape
    low, high = np.full((groups, periods), np.nan), np.full((groups, periods), np.nan)
    tails = [50 * (1 - level), 50 * (1 + level)]
    for g in range(groups):
        used = np.flatnonzero((denominator[g] != 0).any(axis=1) | (numerator[g] != 0).any(axis=1))
        if len(used) < 2:
            continue
        weights = resample_weights(len(used))
        values = ratio(weights @ numerator[g, used], weights @ denominator[g, used])
        enough = (denominator[g] > 0).sum(axis=0) >= 2
        enough &= ~np.isnan(values).all(axis=0)
        if enough.any():
            edges = np.nanpercentile(values[:, enough], tails, axis=0)
            low[g, enough], high[g, enough] = edges
    return low, high


def period_drill(
    book: Book, kind: str, freq: str, by: Sequence[str], sides: Sides | None = None, **fixed: Any
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows` for results by period; `sides` adds numerator and denominator."""

    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        calendar = book.calendar(freq)
        first, periods, full = book.engine.extent(freq)
        ordinal = full if period is None else calendar.of(period)
        if not first <= ordinal < first + periods:
            last = iso_day(int(calendar.first_day(np.array([first + periods - 1]))[0]))
            start = iso_day(int(calendar.first_day(np.array([first]))[0]))
            asked = "complete period" if period is None else f"period {period!r}"
            msg = f"There is no {asked} in this book; periods run from {start} to {last}."
            raise DataError(msg)
        code = group_code(book, by, group)
        found = book.engine.rows(kind, period=ordinal, freq=freq, by=tuple(by), group=code, **fixed)
        found = in_currency(found)
        return found if sides is None else sided(found, sides)

    return rows


@dataclass(frozen=True)
class Sides:
    """The two sides of a rate as sums of measures: the measures added, each with its sign.

    Examples
    --------
    >>> Sides({"contraction": -1, "churn": -1}, {"opening": 1}).top({"contraction": -2, "churn": -3})
    5
    """

    numerator: Mapping[str, int]
    denominator: Mapping[str, int]

    def top(self, measures: Mapping[str, Any]) -> Any:
        """Return the numerator."""
        return sum(sign * measures[name] for name, sign in self.numerator.items())

    def bottom(self, measures: Mapping[str, Any]) -> Any:
        """Return the denominator."""
        return sum(sign * measures[name] for name, sign in self.denominator.items())


def sided(rows: pd.DataFrame, sides: Sides) -> pd.DataFrame:
    """Keep the customers that are in a rate, with what each adds to its two sides; a sum has no denominator."""
    measures = {str(name): rows[name] for name in rows.columns}
    rows.insert(1, "numerator", sides.top(measures))
    used = rows["numerator"] != 0
    if sides.denominator:
        rows.insert(2, "denominator", sides.bottom(measures))
        used |= rows["denominator"] != 0
    return rows[used].reset_index(drop=True)


def group_code(book: Book, by: Sequence[str], group: Mapping[str, Any]) -> int | None:
    """Return the number of the group that a cell names; None for the whole."""
    if not group:
        return None
    missing = [name for name in by if name not in group]
    if missing:
        msg = f"Name a value for {', '.join(missing)} as well, or leave out the group."
        raise DataError(msg)
    labels = book.engine.grouping(tuple(by)).labels
    wanted = tuple(group[name] for name in by)
    if wanted not in labels:
        there = [", ".join(map(str, label)) for label in labels]
        msg = (
            f"There is no group {', '.join(map(str, wanted))!r}; there are {'; '.join(there[:12])}."
        )
        raise UnknownNameError(msg + hint(str(wanted[0]), there))
    return labels.index(wanted)


_COUNTS = {"duration", "entry", "event", "cause", "age"}


def in_currency(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn the micro-units of drilled rows into currency units."""
    amounts = [
        name for name in rows.columns if name not in _COUNTS and not name.startswith("customer")
    ]
    return rows.assign(**{name: money(rows[name]) for name in amounts})
