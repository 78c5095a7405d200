"""Two cohorts chosen by period or by what their customers are: both sides of a measure by age, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError, hint
from saasmetrics.metrics.made import ratio
from saasmetrics.periods import day_number, iso_day
from saasmetrics.survival.bootstrap import SEED, resample_weights
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import wilson
from saasmetrics.survival.logrank import Test, logrank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.retention.triangles import Triangle

    Array = NDArray[np.float64]

COHORT = "cohort"  # the key of a mapping that names the periods as well
Chosen = str | tuple[Any, Any] | Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Which customers make a cohort: those of some periods, and of some values of columns.

    Parameters
    ----------
    name
        As people read it.
    first, last
        Ordinals of the periods of the first payment, both included; None without a bound.
    values
        The values of each column that count.
    """

    name: str
    first: int | None
    last: int | None
    values: Mapping[str, tuple[Any, ...]]

    @classmethod
    def of(cls, book: Book, freq: str, chosen: Chosen) -> Cohort:
        """Read what was asked for.

        Raises
        ------
        DataError
            If it is neither a period, nor two, nor a mapping; or the range runs backwards.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2025-01"], "mrr": [5]})
        >>> Cohort.of(book, "M", {"plan": "pro", "cohort": ("2025-01", "2025-06")}).name
        'pro, 2025-01 to 2025-06'
        """
        if not isinstance(chosen, Mapping):
            return cls.spanning(*_span(book, freq, chosen))
        values = {
            name: tuple(value) if isinstance(value, list | tuple | set) else (value,)
            for name, value in chosen.items()
            if name != COHORT
        }
        parts = [" or ".join(map(str, some)) for some in values.values()]
        first: int | None = None
        last: int | None = None
        if COHORT in chosen:
            first, last, words = _span(book, freq, chosen[COHORT])
            parts.append(words)
        if not parts:
            msg = 'An empty mapping names no cohort; write {"plan": "pro"} or a period such as "2025-01".'
            raise DataError(msg)
        return cls(", ".join(parts), first, last, values)

    @classmethod
    def spanning(cls, first: int, last: int, words: str) -> Cohort:
        """Return the cohort of some periods."""
        return cls(words, first, last, {})

    def groups(self, names: Sequence[str], labels: Sequence[tuple[Any, ...]]) -> NDArray[np.bool_]:
        """Return which groups of a cut by the columns are in it.

        Raises
        ------
        DataError
            If no customer has one of the values.
        """
        for name, wanted in self.values.items():
            there = {label[list(names).index(name)] for label in labels}
            for value in wanted:
                if value not in there:
                    shown = ", ".join(sorted(map(str, there))[:12])
                    msg = f"No customer has {name} {value!r}; there are {shown}."
                    raise DataError(msg + hint(str(value), sorted(map(str, there))))
        inside = [
            all(label[list(names).index(name)] in some for name, some in self.values.items())
            for label in labels
        ]
        return np.array(inside, bool)

    def periods(self, ordinals: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which periods of the first payment are in it."""
        low = True if self.first is None else ordinals >= self.first
        high = True if self.last is None else ordinals <= self.last
        return np.broadcast_to(np.asarray(low) & np.asarray(high), ordinals.shape)


def _span(book: Book, freq: str, chosen: Any) -> tuple[int, int, str]:
    """Return the first and the last period named, and the words for them."""
    ends = chosen if isinstance(chosen, tuple | list) else (chosen, chosen)
    if len(ends) != 2 or not all(isinstance(end, str) or hasattr(end, "year") for end in ends):
        msg = (
            f'{chosen!r} is no cohort; write a period such as "2025-01", a range ("2025-01", "2025-06"), or values '
            'of columns such as {"plan": "pro"}.'
        )
        raise DataError(msg)
    calendar = book.calendar(freq)
    begin = int(calendar.ordinal(np.array([day_number(ends[0])]))[0])
    end = int(calendar.ordinal(np.array([_last_day(ends[1])]))[0])
    if end < begin:
        msg = f"The cohort {ends[0]} to {ends[1]} runs backwards; name the earlier end first."
        raise DataError(msg)
    short = 7 if freq in ("M", "Q", "Y") else 10
    words = [iso_day(int(calendar.first_day(np.array([at]))[0]))[:short] for at in (begin, end)]
    return begin, end, " to ".join(dict.fromkeys(words))


def _last_day(value: Any) -> int:
    """Return the last day that a date, a month or a year in text names."""
    day = day_number(value)
    months = {4: 12, 7: 1}.get(len(value)) if isinstance(value, str) else None
    if months is None:
        return day
    after = int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64)) + months
    return int(np.datetime64(after, "M").astype("datetime64[D]").astype(np.int64)) - 1


@dataclass(frozen=True, eq=False)
class Side:
    """A measure of one cohort by age: numerator and denominator by bag of customers, of those old enough.

    Parameters
    ----------
    top, bottom
        Bags x ages.
    n
        Customers old enough, by age.
    """

    top: Array
    bottom: Array
    n: NDArray[np.int64]

    @classmethod
    def of(cls, found: Triangle, groups: NDArray[np.bool_], cohorts: NDArray[np.bool_]) -> Side:
        """Add up the cells of a cohort."""
        known = found.known * cohorts[:, None]
        top, bottom = (
            (part[groups] * known).sum(axis=(0, 2)) for part in (found.top, found.bottom)
        )
        return cls(top, bottom, (found.heads[groups][:, :, None] * known).sum(axis=(0, 1)))

    @property
    def value(self) -> Array:
        """The measure by age; missing where nobody is so old."""
        return ratio(self.top.sum(axis=0), self.bottom.sum(axis=0))

    def draws(self, seed: int) -> Array:
        """Return the measure of every resample of the customers: resamples x ages."""
        weights = resample_weights(len(self.top), seed=seed)
        return ratio(weights @ self.top, weights @ self.bottom)


def compared(
    a: Side, b: Side, level: float | None, *, counted: bool
) -> tuple[dict[str, Array], Array | None]:
    """Return values, intervals and the difference by age, and the draws of the difference of money.

    Notes
    -----
    Counts: Wilson for each, Newcombe 1998 (his method 10) for the difference. Money: the customers of either cohort
    resampled by themselves.

    Examples
    --------
    >>> side = lambda stayed, of: Side(np.array([[stayed]]), np.array([[of]]), np.array([of]))
    >>> made, _ = compared(side(56.0, 70.0), side(48.0, 80.0), 0.95, counted=True)  # Newcombe's example (a)
    >>> [round(float(made[name][0]), 4) for name in ("value", "low", "high")]
    [0.2, 0.0524, 0.3339]
    """
    out = {"a": a.value, "b": b.value, "value": a.value - b.value}
    if level is None:
        return out, None
    if counted:
        for name, side in (("a", a), ("b", b)):
            low, high = wilson(side.top.sum(axis=0), side.bottom.sum(axis=0), level)
            out |= {f"{name}_low": low, f"{name}_high": high}
        down = np.hypot(out["a"] - out["a_low"], out["b_high"] - out["b"])
        up = np.hypot(out["a_high"] - out["a"], out["b"] - out["b_low"])
        return out | {"low": out["value"] - down, "high": out["value"] + up}, None
    drawn = {"a": a.draws(SEED), "b": b.draws(SEED + 1)}
    apart = drawn["a"] - drawn["b"]
    for name, draws in (("a_", drawn["a"]), ("b_", drawn["b"]), ("", apart)):
        out[f"{name}low"], out[f"{name}high"] = _between(draws, level)
    return out, apart


def _between(draws: Array, level: float) -> tuple[Array, Array]:
    """Return the interval of draws; missing where more than one in twenty is."""
    sure = np.isnan(draws).mean(axis=0) <= 0.05
    edges = np.full((2, draws.shape[1]), np.nan)
    if sure.any():
        edges[:, sure] = np.nanquantile(draws[:, sure], [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return edges[0], edges[1]


def leaving(
    book: Book,
    freq: str,
    by: tuple[str, ...],
    inside: Sequence[tuple[NDArray[np.bool_], Cohort]],
) -> Test:
    """Test by the log-rank whether customers of two cohorts leave alike, at the ages seen of both.

    Parameters
    ----------
    book, freq, by
        Whose lifetimes, the unit of age, and the columns of the groups.
    inside
        Which groups are in each cohort, and the cohort.
    """
    lives = followed(book.engine).lives(freq)
    group = followed(book.engine).origin(by)[lives["account"]]
    tables = []
    for groups, cohort in inside:
        mine = groups[group] & cohort.periods(lives["cohort"])
        part = {name: lives[name][mine] for name in ("duration", "entry", "event")}
        tables.append(exposure(part["duration"], part["entry"], part["event"]))
    ages = min(table.at_risk.shape[1] for table in tables)
    at_risk = np.concatenate([table.at_risk[:, :ages] for table in tables])
    events = np.concatenate([table.events[:, :ages] for table in tables])
    return logrank(at_risk, events)


def chance(draws: Array) -> float:
    """Return the two-sided p-value of a difference by its resamples; no resample beyond 0 says below 1 in 500.

    Examples
    --------
    >>> chance(np.array([1.0, 2.0, -1.0, 3.0]))
    0.5
    """
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan")
    other = min((known <= 0).mean(), (known >= 0).mean())
    return float(min(1.0, max(2 * other, 2 / len(known))))
