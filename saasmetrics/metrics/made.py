"""What all metrics share: from cubes to tidy frames, intervals, drill-down, and the Result around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import definition
from saasmetrics.engine.groups import ambiguous, columns
from saasmetrics.errors import DataError
from saasmetrics.money import MICRO, multiplied
from saasmetrics.periods import iso_day
from saasmetrics.result import Result
from saasmetrics.survival.bootstrap import resample_weights
from saasmetrics.survival.lives import group_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.proof.trace import Trace


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
    sides: Sides | None = None,
    trace: Callable[..., Trace | str] | None = None,
) -> Result:
    """Return a Result of a catalogued metric for a book.

    `tables` are those used beside the customers and the source of MRR: their warnings go into the footnote. `sides`
    are those of the rows that `drill` gives; `trace` says how a number follows from rows where it is not their sum.
    """
    part = (f"Only {' and '.join(book.scope)}",) if book.scope else ()
    if book.known_day is not None and book.looks_back:
        part = (*part, f"As known on {iso_day(book.known_day)}")
    if book.since_day is not None:
        part = (*part, f"Observed from {iso_day(book.since_day)} on")
    part = (*part, *ambiguous(columns(by), book.tables, book.engine.source))
    said = (*part, *notes, *book.engine.notes, *book.warnings(tables), *_odd_texts(book, by, df))
    parts = {} if sides is None else sides.parts()
    return Result(
        definition(id),
        df,
        kind,
        book.context(options),
        columns(by),
        tuple(dict.fromkeys(said)),
        extra or {},
        drill,
        parts,
        trace,
    )


def _odd_texts(book: Book, by: str | Sequence[str] | None, df: pd.DataFrame) -> tuple[str, ...]:
    """Return what is odd in texts that groups are named by and that the gate has not looked at."""
    names = {word for name in columns(by) for word in (name, name.rpartition(".")[2])}
    if not names:
        return ()
    from saasmetrics.checks.later import unread_texts
    from saasmetrics.checks.spellings import MANY, strange
    from saasmetrics.quality import as_sentences

    told = list(as_sentences(unread_texts(book.checks.tables, names)))
    for name in columns(by):
        labels = df[name].unique().tolist() if name in df.columns else []
        words = [label for label in labels if isinstance(label, str)]
        if len(words) <= MANY:
            told += [f"{name}: {found.rule}" for found in strange(dict.fromkeys(words, 0))]
    return tuple(told)


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
    groups, bags, periods = denominator.shape
    low, high = np.full((groups, periods), np.nan), np.full((groups, periods), np.nan)
    tails = [50 * (1 - level), 50 * (1 + level)]
    for g in range(groups):
        tops, bottoms = numerator[g], denominator[g]
        used = np.flatnonzero((bottoms != 0).any(axis=1) | (tops != 0).any(axis=1))
        enough = np.flatnonzero((bottoms > 0).sum(axis=0) >= 2)
        if len(used) < 2 or not len(enough):
            continue
        # A bag draws the same in every period of every frequency: a number has one interval.
        weights = resample_weights(bags)
        if len(used) < bags:
            weights, tops, bottoms = weights[:, used], tops[used], bottoms[used]
        values = ratio((weights @ tops[:, enough]).T, (weights @ bottoms[:, enough]).T)
        known = ~np.isnan(values).all(axis=1)
        if not known.all():
            values, enough = values[known], enough[known]
        low[g, enough], high[g, enough] = _percentiles(values, tails)
    return low, high


def _percentiles(values: NDArray[np.float64], tails: Sequence[float]) -> NDArray[np.float64]:
    """Return percentiles of each row of the values that are there, row by row only where some are not."""
    out = np.empty((len(tails), len(values)))
    holes = np.isnan(values).any(axis=1)
    if not holes.any():
        return np.percentile(values, tails, axis=1, overwrite_input=True)
    out[:, ~holes] = np.percentile(values[~holes], tails, axis=1)
    out[:, holes] = np.nanpercentile(values[holes], tails, axis=1)
    return out


def listed(df: pd.DataFrame, *names: str) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows` of a list: its rows of which some columns have the values asked for."""
    from inspect import Parameter, Signature

    def drill(**cell: Any) -> pd.DataFrame:
        kept = df
        for name, value in cell.items():
            kept = kept[kept[name] == value]
        return kept.reset_index(drop=True)

    there = [Parameter(name, Parameter.KEYWORD_ONLY) for name in names if name in df.columns]
    drill.__signature__ = Signature(there)  # type: ignore[attr-defined]
    return drill


def period_drill(
    book: Book, kind: str, freq: str, by: Sequence[str], sides: Sides | None = None, **fixed: Any
) -> PeriodDrill:
    """Return the function behind `Result.rows` for results by period; `sides` adds numerator and denominator."""
    return PeriodDrill(book, kind, freq, tuple(by), sides, fixed)


@dataclass(frozen=True)
class PeriodDrill:
    """The customers behind one period of a result, as a function of the period and the group.

    `at` turns the period asked for into one of `freq`; `sides_only` leaves out all measures but the two sides.
    """

    book: Book
    kind: str
    freq: str
    by: tuple[str, ...]
    sides: Sides | None
    fixed: Mapping[str, Any]
    at: Callable[[Any], Any] | None = None
    sides_only: bool = False

    def __call__(self, period: Any = None, **group: Any) -> pd.DataFrame:
        """Return the customers of a cell."""
        engine, sides = self.book.engine, self.sides
        cell = {"freq": self.freq, "by": self.by, "group": group_code(self.book, self.by, group)}
        period = self.number(period if self.at is None else self.at(period))
        entity, found = engine.measures(self.kind, period=period, **cell, **self.fixed)
        if sides is not None:
            entity, found = _sided(entity, found, sides, alone=self.sides_only)
        amounts = {
            name: values if _counted(name, sides) else money(values)
            for name, values in found.items()
        }
        return engine.frame(entity, amounts)

    def number(self, period: Any) -> int:
        """Return the ordinal of a period of the book; None is the latest complete one."""
        calendar = self.book.calendar(self.freq)
        first, periods, full = self.book.engine.extent(self.freq)
        ordinal = full if period is None else calendar.of(period)
        if not first <= ordinal < first + periods:
            last = iso_day(int(calendar.first_day(np.array([first + periods - 1]))[0]))
            start = iso_day(int(calendar.first_day(np.array([first]))[0]))
            asked = "complete period" if period is None else f"period {period!r}"
            msg = f"There is no {asked} in this book; periods run from {start} to {last}."
            raise DataError(msg)
        return ordinal


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
        return sum(_times(measures[name], sign) for name, sign in self.numerator.items())

    def bottom(self, measures: Mapping[str, Any]) -> Any:
        """Return the denominator."""
        return sum(_times(measures[name], sign) for name, sign in self.denominator.items())

    def parts(self) -> dict[str, str]:
        """Return what each side of a row adds up, as formulas of the row's measures."""
        sides = {"numerator": self.numerator, "denominator": self.denominator}
        found = {name: _added(signs) for name, signs in sides.items() if signs}
        return {**found, "kept": "min(opening, closing)"}


def _times(measure: Any, sign: int) -> Any:
    return sign * measure if abs(sign) == 1 else multiplied(measure, sign)


def _added(signs: Mapping[str, int]) -> str:
    """Return a sum of measures as a formula: closing + 2 * expansion - churn."""
    text = " ".join(
        f"{'-' if sign < 0 else '+'} {f'{abs(sign)} * ' if abs(sign) != 1 else ''}{name}"
        for name, sign in signs.items()
    )
    return text.removeprefix("+ ")


def _sided(
    entity: NDArray[Any], measures: Mapping[str, NDArray[np.int64]], sides: Sides, *, alone: bool
) -> tuple[NDArray[Any], dict[str, NDArray[np.int64]]]:
    """Keep the customers that are in a rate, with what each adds to its two sides, before it is made currency."""
    both = {"numerator": sides.top(measures)}
    if sides.denominator:
        both["denominator"] = sides.bottom(measures)
    used = np.flatnonzero(np.any([values != 0 for values in both.values()], axis=0))
    kept = both if alone else {**both, **measures}
    return entity[used], {name: v[used] for name, v in kept.items()}


def _counted(name: str, sides: Sides | None) -> bool:
    """Return whether a measure, or a side made of measures, counts instead of being an amount."""
    if sides is not None and name in ("numerator", "denominator"):
        return all(_counted(part, None) for part in getattr(sides, name))
    return name in _COUNTS or name.startswith("customer")


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
    return group_number(by, book.engine.grouping(tuple(by)).labels, group)


_COUNTS = {"duration", "entry", "event", "cause", "age"}


def in_currency(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn the micro-units of drilled rows into currency units."""
    amounts = [name for name in rows.columns if not _counted(name, None)]
    return rows.assign(**{name: money(rows[name]) for name in amounts})
