"""The Book: a company's tables, the policy to read them by, and the engine that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from saasmetrics.engine import local
from saasmetrics.engine.asof import observed_until
from saasmetrics.engine.filters import filtered
from saasmetrics.errors import DataError, InvalidTablesError, MissingExtraError, MissingTableError
from saasmetrics.periods import Calendar, day_number, iso_day
from saasmetrics.policy import DATA_CHOICES, Policy, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from pathlib import Path

    import pandas as pd

    from saasmetrics.engine.cubes import Cube
    from saasmetrics.errors import Problem
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

_GATED = ("end", "service_end", "overlap", "fx", "knowledge")
_ENGINES = 4  # kept for books that differ only in their policy


def columns(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the by-columns as a tuple."""
    if by is None:
        return ()
    if isinstance(by, str):
        return (by,)
    if not isinstance(by, Iterable) or not all(isinstance(name, str) for name in by):
        msg = f"by={by!r} is neither the name of a column nor a list of names."
        raise DataError(msg)
    return tuple(by)


@dataclass(frozen=True, init=False, eq=False)
class Book:
    """A company's tables with the definition choices to read them by.

    Parameters
    ----------
    policy
        A policy, the name of a preset, or the file that a policy is saved in.
    currency
        The reporting currency; by default that of most rows, or USD.
    fiscal_start
        First month of the fiscal year, 1 to 12.
    as_of
        The last day known, inclusive; by default the last day the tables show.
    **tables
        DataFrames (pandas, Polars, Arrow, DuckDB relations) by table name; MRR comes from `subscriptions`, or
        `mrr`, or `invoices`.

    Raises
    ------
    InvalidTablesError
        If a table cannot be read as what its name says.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]})
    >>> book.as_of_text
    '2026-02-28'
    """

    tables: Mapping[str, Table]
    policy: Policy
    currency: str
    fiscal_start: int
    as_of_day: int
    since_day: int | None = field(default=None)
    scope: tuple[str, ...] = field(default=())
    engines: dict[tuple[Any, ...], local.LocalEngine] = field(default_factory=dict, repr=False)

    def __init__(
        self,
        *,
        policy: str | PathLike[str] | Policy = "default",
        currency: str | None = None,
        fiscal_start: int = 1,
        as_of: Any = None,
        **tables: Any,
    ) -> None:
        from saasmetrics.tables import normalize_all

        ready = normalize_all({name: data for name, data in tables.items() if data is not None})
        _fill(
            self,
            ready,
            resolve(policy),
            currency,
            fiscal_start,
            None if as_of is None else day_number(as_of),
        )

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        policy: str | PathLike[str] | Policy = "default",
        currency: str | None = None,
        fiscal_start: int = 1,
        as_of: Any = None,
    ) -> Book:
        """Read a folder of CSV, Parquet or XLSX files, one per table; see `saasmetrics.read`."""
        from saasmetrics.tables import read_folder

        book = cls.__new__(cls)
        day = None if as_of is None else day_number(as_of)
        _fill(book, read_folder(path), resolve(policy), currency, fiscal_start, day)
        return book

    def _with(self, **changes: Any) -> Book:
        book = Book.__new__(Book)
        now = {
            "tables": self.tables,
            "policy": self.policy,
            "currency": self.currency,
            "fiscal_start": self.fiscal_start,
            "as_of": self.as_of_day,
            "since": self.since_day,
            "scope": self.scope,
        }
        _fill(book, **{**now, **changes})
        if changes.keys() <= {"policy", "since"} and self.gated == book.gated:
            book.__dict__.update({k: v for k, v in self.__dict__.items() if k == "_problems"})
        if changes.keys() <= {"policy"}:
            object.__setattr__(book, "engines", self.engines)
        return book

    def part(self, tables: Mapping[str, Table]) -> Book:
        """Return the book of some rows of its tables; the findings of the gate stay those of the whole."""
        book = self._with(tables=tables)
        book.__dict__["_problems"] = self._problems
        return book

    @property
    def gated(self) -> tuple[str, ...]:
        """The choices that the data-quality gate reads."""
        return tuple(str(getattr(self.policy, name)) for name in _GATED)

    def with_policy(
        self, policy: str | PathLike[str] | Policy | None = None, **choices: Any
    ) -> Book:
        """Return this book read by another policy, or by this one with other choices.

        Parameters
        ----------
        policy
            A policy, the name of a preset, or the file that a policy is saved in ("ours.json").
        **choices
            Choices of the policy with their values; see `Policy.table`.

        Raises
        ------
        UnknownNameError
            If there is no such policy, choice or value.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
        >>> book.with_policy(view="event").policy.view
        'event'
        """
        base = self.policy if policy is None else resolve(policy)
        return self._with(policy=base.changed(**choices) if choices else base)

    def where(self, **values: Any) -> Book:
        """Return the book of the customers, or subscriptions, that have the given values; a list means any of them."""
        said = [f"{name} = {_said(value)}" for name, value in values.items()]
        return self._with(tables=filtered(self.tables, values), scope=(*self.scope, *said))

    def between(self, first: Any, last: Any) -> Book:
        """Return the book as observed from the period of `first` to the end of that of `last` ("2024-01").

        Customers won before enter survival at the age they had; nothing after is known.
        """
        start = max(day_number(first), -(2**31) if self.since_day is None else self.since_day)
        end = _last_day(last)
        if end < start:
            msg = f"between({first!r}, {last!r}) ends before it starts; swap the two."
            raise DataError(msg)
        return self._with(since=start, as_of=min(end, self.as_of_day))

    def as_of(self, date: Any) -> Book:
        """Return the book as known at the end of a day."""
        return self._with(as_of=_last_day(date))

    @property
    def as_of_text(self) -> str:
        """The as-of date as ISO text."""
        return iso_day(self.as_of_day)

    @cached_property
    def _problems(self) -> list[Problem]:
        from saasmetrics.tables import gate

        return gate.check(
            self.tables, as_of=self.as_of_day, currency=self.currency, policy=self.policy
        )

    def check(self) -> Result:
        """Return the data-quality report: every finding with its rows, what to do, and whether it stops."""
        from saasmetrics.quality import report

        return report(self, self._problems)

    def warnings(self, tables: Sequence[str] = ()) -> tuple[str, ...]:
        """Return what the data-quality report warns of in the source of MRR, the customers and some other tables."""
        used = {self.engine.spans.source, "customers", *tables}
        return tuple(
            f"{p.table}{'.' if p.column else ''}{p.column}: {p.rule} ({p.rows:,} rows)"
            for p in self._problems
            if p.severity == "warning" and p.table in used
        )

    @cached_property
    def engine(self) -> local.LocalEngine:
        """The engine that computes the cubes.

        Raises
        ------
        InvalidTablesError
            If the tables hold errors; all of them at once.
        """
        errors = [p for p in self._problems if p.severity == "error"]
        if errors:
            raise InvalidTablesError(errors)
        key = tuple(getattr(self.policy, name) for name in DATA_CHOICES)
        found = self.engines.pop(key, None) or local.LocalEngine(
            self.tables,
            self.policy,
            self.as_of_day,
            self.currency,
            self.fiscal_start,
            self.since_day,
        )
        self.engines[key] = found
        while len(self.engines) > _ENGINES:
            del self.engines[next(iter(self.engines))]
        return found

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas frame.

        Raises
        ------
        MissingTableError
            If the book has no such table; the message says which columns it needs.
        """
        if name not in self.tables:
            from saasmetrics.tables import SCHEMA

            known = SCHEMA[name].columns.values() if name in SCHEMA else ()
            needs = ", ".join(c.name for c in known if c.required)
            msg = f"This needs the table {name} ({needs}); add it to the folder or pass Book({name}=...)."
            raise MissingTableError(msg)
        found: pd.DataFrame = self.tables[name].data.to_pandas()
        return found

    def calendar(self, freq: str = "M") -> Calendar:
        """Return the calendar of a frequency in the book's fiscal year."""
        return Calendar(freq, self.fiscal_start)

    def movements(self, freq: str = "M", by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return opening, movements and closing per group and period, in integer micro-units."""
        return self._by_period(self.engine.movements(freq, columns(by)), freq)

    def pairs(
        self, window: int, freq: str = "M", by: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the sums over customers of MRR in each period and `window` periods before, in micro-units."""
        return self._by_period(self.engine.pairs(window, freq, columns(by)), freq)

    def triangle(self, freq: str = "M", by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return customers, MRR and its running minimum per group, cohort and age."""
        _, _, full = self.engine.extent(freq)
        calendar = self.calendar(freq)
        out = local.triangle_frame(self.engine.triangle(freq, columns(by)), calendar, full)
        if self.since_day is not None:
            days = out["cohort"].to_numpy().astype("datetime64[D]").astype(np.int64)
            seen = calendar.ordinal(days) + out["age"].to_numpy()
            out["observed"] &= seen >= calendar.ordinal(np.array([self.since_day]))[0]
        return out

    def lifetimes(
        self, freq: str = "M", by: str | Sequence[str] | None = None, bags: int = 0
    ) -> pd.DataFrame:
        """Return customers and starting MRR per group, duration, entry, event and cause."""
        return self.engine.lifetimes(freq, columns(by), bags)

    def terms(self, freq: str = "M", by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return the subscription terms that end per group and period, by outcome."""
        return self.engine.terms(freq, columns(by))

    def _since(self, freq: str) -> Any:
        calendar = self.calendar(freq)
        assert self.since_day is not None
        return calendar.starts(calendar.ordinal(np.array([self.since_day])))[0]

    def _by_period(self, cube: Cube, freq: str) -> pd.DataFrame:
        calendar = self.calendar(freq)
        out = local.dense_frame(cube, calendar)
        _, _, full = self.engine.extent(freq)
        out["complete"] = out["period"] <= calendar.starts(np.array([full]))[0]
        return out[out["period"] >= self._since(freq)] if self.since_day is not None else out

    def explore(self, **options: Any) -> Any:
        """Open the explorer widget: headline numbers, bridge, cohorts and survival that follow one row of controls."""
        from importlib.metadata import entry_points

        for point in entry_points(group="saasmetrics.widgets", name="explorer"):
            return point.load()(self, **options)
        msg = "The widgets are not installed: pip install jupyter-saasmetrics."
        raise MissingExtraError(msg)

    def __repr__(self) -> str:
        tables = ", ".join(f"{name} {len(table.data):,}" for name, table in self.tables.items())
        part = f", only {' and '.join(self.scope)}" if self.scope else ""
        part += f", from {iso_day(self.since_day)}" if self.since_day is not None else ""
        return (
            f"Book as of {self.as_of_text}{part}, {self.currency}, {self.policy}\n  {tables} rows"
        )


def _fill(
    book: Book,
    tables: Mapping[str, Table],
    policy: Policy,
    currency: str | None,
    fiscal_start: int,
    as_of: int | None,
    since: int | None = None,
    scope: tuple[str, ...] = (),
) -> None:
    """Set the fields of a new book, deriving from the tables what was not given."""
    Calendar("Y", fiscal_start)
    fields = {
        "tables": tables,
        "policy": policy,
        "currency": currency or _main_currency(tables),
        "fiscal_start": fiscal_start,
        "as_of_day": observed_until(tables) if as_of is None else as_of,
        "since_day": since,
        "scope": scope,
        "engines": {},
    }
    for name, value in fields.items():
        object.__setattr__(book, name, value)


def _said(value: Any) -> str:
    """Return the values of a filter in words."""
    many = isinstance(value, (list, tuple, set, frozenset))
    return " or ".join(map(str, value)) if many else str(value)


def _last_day(value: Any) -> int:
    """Return the last day meant by a date, a month ("2025-12") or a year ("2025")."""
    if isinstance(value, str) and len(value) in (4, 7):
        day_number(value)
        unit: Literal["Y", "M"] = "Y" if len(value) == 4 else "M"
        return day_number(np.datetime64(value, unit) + 1) - 1
    return day_number(value)


def _main_currency(tables: Mapping[str, Table]) -> str:
    """Return the currency of most rows that is not converted by fx, or USD."""
    import pyarrow.compute as pc

    quoted = set(tables["fx"].data["currency"].unique().to_pylist()) if "fx" in tables else set()
    for name in ("subscriptions", "mrr", "invoices"):
        if name in tables and "currency" in tables[name].data.column_names:
            counts = pc.value_counts(tables[name].data["currency"]).to_pylist()
            known = [c for c in counts if c["values"] and c["values"] not in quoted]
            if known:
                return str(max(known, key=lambda c: c["counts"])["values"])
    return "USD"
