"""The Book: a company's tables, the policy to read them by, and the engine that counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics import shown
from saasmetrics.book_fields import fill, packed
from saasmetrics.engine import local
from saasmetrics.engine.amounts import reporting_currency
from saasmetrics.engine.asof import left_out
from saasmetrics.engine.filters import said
from saasmetrics.engine.groups import columns
from saasmetrics.engine.place import HERE, Place
from saasmetrics.errors import DataError, InvalidTablesError, MissingExtraError, MissingTableError
from saasmetrics.periods import Calendar, day_number, iso_day, last_day
from saasmetrics.policy import DATA_CHOICES, Policy, resolve
from saasmetrics.result import Context
from saasmetrics.tables.runs import whole
from saasmetrics.tables.texts import to_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike
    from pathlib import Path

    import pandas as pd

    from saasmetrics.checks.remedies import Chosen
    from saasmetrics.engine.cubes import Cube
    from saasmetrics.errors import Problem
    from saasmetrics.quality import Checks, Report
    from saasmetrics.tables import Table

    Cut = Callable[[Mapping[str, Table]], dict[str, Table]]

_ENGINES = 4  # kept for books that differ only in their policy


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
        The last day known, inclusive ("2026-03" is 31 March); by default the last day the tables show, with all
        rows known. Rows recorded (`recorded_at`) after a day that is given, or withdrawn (`withdrawn_at`) by then,
        and invoice lines dated after it, are left out.
    **tables
        DataFrames (pandas, Polars, Arrow, DuckDB relations) by table name; MRR comes from `subscriptions`, or
        `mrr`, or `invoices`.

    Attributes
    ----------
    tables : Mapping of str to Table
        The rows known on `known_day`, of the customers looked at.
    history : Mapping of str to Table
        All rows with all their versions.
    told_day : int
        Until which day the tables tell, also where the book is cut to an earlier one: what has no date of its own is
        known from then on. Of snapshots it is the as-of date, since each tells of its own day.

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
    history: Mapping[str, Table]
    policy: Policy
    currency: str
    fiscal_start: int
    as_of_day: int
    checks: Checks = field(repr=False)
    since_day: int | None = field(default=None)
    known_day: int | None = field(default=None)
    cuts: tuple[Cut, ...] = field(default=())
    scope: tuple[str, ...] = field(default=())
    told_day: int = field(default=0)
    place: Place = field(default=HERE, repr=False)
    repairs: tuple[Chosen, ...] = field(default=())
    mended: tuple[Problem, ...] = field(default=(), repr=False)
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
        day, code = None if as_of is None else last_day(as_of), reporting_currency(currency)
        fill(self, ready, resolve(policy), code, fiscal_start, day, known=day)

    @classmethod
    def read(
        cls,
        path: str | Path | Mapping[Any, str | Path],
        *,
        policy: str | PathLike[str] | Policy = "default",
        currency: str | None = None,
        fiscal_start: int = 1,
        as_of: Any = None,
        remedies: Any = None,
        cache: Any = None,
        **told: Any,
    ) -> Book:
        """Read a folder of files, or of several days; see `saasmetrics.read` and `saasmetrics.read_snapshots`."""
        from saasmetrics.checks.replay import beside
        from saasmetrics.engine.kept import place_of
        from saasmetrics.importers.raw import read_tables

        day, code = None if as_of is None else last_day(as_of), reporting_currency(currency)
        place, shelf = place_of(cache)
        repairs, history = beside(path, remedies, read_tables(path, shelf=shelf, **told))
        book, told_by = cls.__new__(cls), resolve(policy)
        asked = (history, told_by, code, fiscal_start, day)
        fill(book, *asked, known=day, repairs=repairs, place=place)
        return book

    def _with(self, **changes: Any) -> Book:
        book = Book.__new__(Book)
        kept = ("history", "policy", "currency", "fiscal_start", "cuts", "scope")
        now = {name: getattr(self, name) for name in (*kept, "place", "repairs", "mended")}
        now |= {name: getattr(self, f"{name}_day") for name in ("as_of", "since", "known", "told")}
        same = changes.keys() <= {"policy", "since", "as_of"}
        if same and changes.get("policy", self.policy).knowledge == self.policy.knowledge:
            now["tables"] = self.tables
        fill(book, **{**now, **changes})
        if changes.keys() <= {"policy", "since"} and book.tables is self.tables:
            object.__setattr__(book, "checks", self.checks)
        if changes.keys() <= {"policy"}:
            object.__setattr__(book, "engines", self.engines)
        return book

    def part(self, cut: Cut) -> Book:
        """Return the book of some rows of its tables; the findings of the gate stay those of the whole."""
        book = self._with(cuts=(*self.cuts, cut), tables=cut(self.tables))
        object.__setattr__(book, "checks", self.checks)
        return book

    def of_rows(self, history: Mapping[str, Table], as_of: int) -> Book:
        """Return this book with other rows, all of them known; the findings of the gate stay those of this book."""
        book = self._with(history=history, known=None, as_of=as_of)
        object.__setattr__(book, "checks", self.checks)
        return book

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
        return self._with(policy=base.changed(**choices))

    def where(self, **values: Any) -> Book:
        """Return the book of the customers, or subscriptions, that have the given values; a list means any of them."""
        scope = (*self.scope, *(f"{name} = {said(value)}" for name, value in values.items()))
        cut = partial(self.place.filtered, values=values)
        return self._with(tables=cut(self.tables), cuts=(*self.cuts, cut), scope=scope)

    def between(self, first: Any, last: Any) -> Book:
        """Return the book as observed from the period of `first` to the end of that of `last` ("2024-01").

        Customers won before enter survival at the age they had; nothing that happens later counts.
        """
        start = max(day_number(first), -(2**31) if self.since_day is None else self.since_day)
        end = last_day(last)
        if end < start:
            msg = f"between({first!r}, {last!r}) ends before it starts; swap the two."
            raise DataError(msg)
        return self._with(since=start, as_of=min(end, self.as_of_day))

    def as_of(self, date: Any, known: Any = None) -> Book:
        """Return the book as known at the end of a day.

        Parameters
        ----------
        date
            The last day that has happened.
        known
            The day of what is known about it, where that is another: rows recorded later are left out, and only the
            last version of a row by then holds, unless it was withdrawn by then. Of snapshots, the last one by then
            is what is known, and nothing after its day has happened.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> rows = {"customer_id": ["a", "b"], "month": ["2026-03"] * 2, "mrr": [10, 5]}
        >>> book = sm.Book(mrr=rows | {"recorded_at": ["2026-04-02", "2026-04-20"]})
        >>> [sm.revenue.mrr(book.as_of("2026-03-31", known=day)).value for day in ("2026-04-05", "2026-05-05")]
        [10.0, 15.0]
        """
        day = last_day(date)
        return self._with(as_of=day, known=day if known is None else last_day(known))

    def repair(
        self, remedies: Mapping[str, str] | str | PathLike[str] | Sequence[Chosen], by: str = ""
    ) -> Book:
        """Return this book with remedies for findings, which `check()` and every footnote then tell.

        Parameters
        ----------
        remedies
            Finding, or table and finding, -> remedy: {"spend.repeated-row": "drop"}; or a file that
            `save_remedies` wrote, to be replayed. What does not exist, or repairs nothing, is refused.
        by
            Who chose them, to be recorded.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> book = sm.Book(mrr={"customer_id": ["a ", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]})
        >>> [entry.rows for entry in book.repair({"padded-id": "strip"}).repairs]
        [1]
        """
        from saasmetrics.checks.replay import asked_for

        more = (one for one in asked_for(self, remedies, by) if one not in self.repairs)
        return self._with(repairs=(*self.repairs, *more))

    def save_remedies(self, path: str | PathLike[str] = "remedies.toml") -> Path:
        """Write the remedies of this book to a file, for `sm.read(folder, remedies=path)` next month."""
        from saasmetrics.checks.recorded import write_remedies

        return write_remedies(path, self.repairs)

    @property
    def looks_back(self) -> bool:
        """Whether what is known is that of another day than the as-of date."""
        return self.known_day not in (None, self.as_of_day) and self.policy.knowledge == "recorded"

    @property
    def as_of_text(self) -> str:
        """The as-of date as ISO text."""
        return iso_day(self.as_of_day)

    @property
    def data_hash(self) -> str:
        """The hash of what the tables hold, whatever the order of their rows and columns."""
        return self.place.data_hash(self.tables)

    def context(self, options: Mapping[str, Any] | None = None) -> Context:
        """Return under which circumstances the numbers of this book hold."""
        return Context(
            self.as_of_text,
            self.currency,
            self.policy,
            options or {},
            lambda: self.data_hash,
            self.fiscal_start,
        )

    def check(self) -> Report:
        """Return the data-quality report: every finding with its rows, MRR and remedy, and the score of all."""
        from saasmetrics.quality import report

        return report(self)

    def warnings(self, tables: Sequence[str] = ()) -> tuple[str, ...]:
        """Return what is left out, and what the data-quality report warns of, in the tables behind a number."""
        used = {self.engine.source, "customers", *tables}
        return (*left_out(self.tables, used), *self.checks.warnings(self.policy, used))

    @cached_property
    def engine(self) -> local.LocalEngine:
        """The engine that computes the cubes.

        Raises
        ------
        InvalidTablesError
            If the tables hold errors; all of them at once.
        """
        errors = [p for p in self.checks.under(self.policy) if p.severity == "error"]
        if errors:
            raise InvalidTablesError(errors)
        key = tuple(getattr(self.policy, name) for name in DATA_CHOICES)
        asked = (self.policy, self.as_of_day, self.currency, self.fiscal_start, self.since_day)
        found = self.engines.pop(key, None) or self.place.engine(self.tables, *asked)
        self.engines[key] = found
        while len(self.engines) > _ENGINES:
            del self.engines[next(iter(self.engines))]
        return found

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas frame, days as datetime64; refuse a table that the book does not have."""
        if name not in self.tables:
            from saasmetrics.tables import SCHEMA

            needs = ", ".join(SCHEMA[name].required) if name in SCHEMA else ""
            msg = f"This needs the table {name} ({needs}); add it to the folder or pass Book({name}=...)."
            raise MissingTableError(msg)
        return to_frame(whole(self.tables[name], f"A frame of {name}").data, as_times=True)

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

    def _by_period(self, cube: Cube, freq: str) -> pd.DataFrame:
        calendar = self.calendar(freq)
        out = local.dense_frame(cube, calendar)
        _, _, full = self.engine.extent(freq)
        out["complete"] = out["period"] <= calendar.starts(np.array([full]))[0]
        if self.since_day is not None:
            since = calendar.starts(calendar.ordinal(np.array([self.since_day])))[0]
            out = out[out["period"] >= since]
        return out

    def explore(self, widget: str = "explorer", **options: Any) -> Any:
        """Open a widget: "explorer", "switch", "review", "survival", "economics" or "pack"; options say how."""
        from importlib.metadata import entry_points

        for point in entry_points(group="saasmetrics.widgets", name=widget):
            return point.load()(self, **options)
        msg = f"There is no widget {widget!r} here; pip install jupyter-saasmetrics brings the explorer and more."
        raise MissingExtraError(msg)

    def __repr__(self) -> str:
        return shown.book_text(self)

    def _repr_html_(self) -> str:
        return shown.book_html(self)

    __getstate__ = packed
    __dir__ = shown.book_names
