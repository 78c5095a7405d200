"""From what was reported once to what is true now: late, changed, moved and withdrawn rows, and other definitions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import one_of
from saasmetrics.calls import recorded
from saasmetrics.definitions import asked
from saasmetrics.definitions.behind import behind, stacked
from saasmetrics.definitions.changes import LABELS, SINCE, changes, plain
from saasmetrics.definitions.customers import Customers
from saasmetrics.definitions.restated_rows import restated_rows
from saasmetrics.definitions.shapley import attribute
from saasmetrics.definitions.touched import families, of_ids, touched
from saasmetrics.engine.columns import days
from saasmetrics.errors import DataError
from saasmetrics.metrics.explanation import Step, explanation
from saasmetrics.periods import iso_day, last_day
from saasmetrics.policy import DATA_CHOICES, choices
from saasmetrics.tables.known import has_clocks, holding, tells_when
from saasmetrics.tables.schema import CLOCKS, REVENUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.definitions.changes import Changes
    from saasmetrics.policy import Policy
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

    Subset = frozenset[str]
    Rows = pd.DataFrame

_KINDS = frozenset(LABELS)
_CENT = 0.01
_COUNTED = (*REVENUE, "customers", "fx")  # what MRR is counted from


@recorded
def restatement(
    book: Book,
    metric: str | Callable[..., Result],
    then: Any,
    now: Any = None,
    period: Any = None,
    *,
    policy_then: str | Policy | Mapping[str, Any] | None = None,
    policy_now: str | Policy | Mapping[str, Any] | None = None,
    **options: Any,
) -> Result:
    """Return why a number that was reported once is another one now: what each reason and each customer adds.

    Parameters
    ----------
    book
        The company's tables, which say when their rows became known: `recorded_at`, or snapshots.
    metric
        Id of a metric in the catalogue, such as "nrr", or its function.
    then
        Day of the report: what was known at its end was reported.
    now
        Day to compare with; by default all that the book knows.
    period
        A day in the period reported; by default the last one that was over on `then`.
    policy_then, policy_now
        The definitions of the two numbers: names of presets, policies, or choices that change the book's policy;
        by default the book's policy for both.
    **options
        Options of the metric, such as window or freq.

    Returns
    -------
    Result
        customer_id, value (what the customer adds to the difference now - then), one column per step, and numerator
        and denominator on both days. `extra["steps"]` has one row per step: step, label, value, first_order (what
        it does alone), customers, rows (of the tables). Rows and steps sum to the difference. `rows(step="late")`
        gives the rows of the tables behind a step.

    Raises
    ------
    UnknownNameError
        If there is no such metric, policy or option.
    DataError
        If the period was not over on `then`, nothing was known by then, no customers are behind the metric, or it
        has no value on one of the days.

    Notes
    -----
    The steps are rows recorded late, rows changed, rows moved to another customer, rows withdrawn, and each choice
    in which the policies differ. "What happened since" is a step where the number of a period that was over still
    depends on later days: a customer that returned within the gap allowed, a rate of exchange. The part of a step is
    its Shapley value, so no order is preferred.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a", "b"], "month": ["2026-03"] * 3, "mrr": [10, 12, 5]}
    >>> book = sm.Book(mrr=rows | {"recorded_at": ["2026-04-02", "2026-05-04", "2026-04-20"]})
    >>> made = sm.definitions.restatement(book, "mrr", "2026-04-05")
    >>> made.extra["from"], made.extra["to"], made.extra["steps"].set_index("step")["value"].to_dict()
    (10.0, 17.0, {'late': 5.0, 'changed': 2.0})
    """
    entry = asked.metric_of(metric)
    a, b = (
        book.policy if policy is None else asked.policy_of(book, policy)
        for policy in (policy_then, policy_now)
    )
    options = asked.completed(entry, (a, b), options)
    _refuse(book, (a, b), options)
    between = last_day(then), _known_until(book) if now is None else last_day(now)
    if between[1] < between[0]:
        msg = f"now, {iso_day(between[1])}, is before then, {iso_day(between[0])}; swap the two."
        raise DataError(msg)
    end = book.as_of_day if now is None else between[1]
    return _Restated(book, entry, a, b, options, period, between, end).result()


def _refuse(book: Book, policies: tuple[Policy, Policy], options: Mapping[str, Any]) -> None:
    if options.get("by") is not None:
        msg = 'restatement looks at one number; for that of a group, take book.where(segment="SMB") first.'
        raise DataError(msg)
    if any(policy.knowledge != "recorded" for policy in policies):
        msg = (
            'A policy with knowledge="effective" counts rows whenever they were recorded, so there is nothing to '
            'restate; take knowledge="recorded".'
        )
        raise DataError(msg)
    if not any(map(has_clocks, book.history.values())):
        msg = (
            "No table says when its rows became known. Add recorded_at to the tables, or read the exports of several "
            'days: read_snapshots({"2026-04-05": "exports_april/", "2026-07-05": "exports_july/"}).'
        )
        raise DataError(msg)


def _known_until(book: Book) -> int:
    """Return the last day on which a book learned something."""
    if book.known_day is not None:
        return book.known_day
    learned = [
        int(days(table.data[name], -(2**30)).max(initial=-(2**30)))
        for table in book.history.values()
        for name in CLOCKS
        if name in table
    ]
    return max(book.as_of_day, *learned)


@dataclass(frozen=True)
class _Restated:
    """One question of `restatement`: `days` are those of knowledge, `end` the last day that has happened by now."""

    book: Book
    metric: Metric
    a: Policy
    b: Policy
    options: Mapping[str, Any]
    asked_period: Any
    days: tuple[int, int]
    end: int

    @cached_property
    def books(self) -> tuple[Book, Book]:
        """The book as of then and the book as of now."""
        then, now = (
            self.book.as_of(iso_day(min(known, self.end)), known=iso_day(known))
            for known in self.days
        )
        return then.with_policy(self.a), now.with_policy(self.b)

    @property
    def start(self) -> int:
        """The last day that had happened by then."""
        return self.books[0].as_of_day

    @property
    def freq(self) -> str:
        """The frequency of the metric's periods."""
        return asked.freq_of(self.metric, self.options)

    @cached_property
    def period(self) -> Any:
        """First day of the period looked at, which was over by then."""
        calendar, first_day = self.book.calendar(self.freq), self.asked_period
        last = calendar.of(np.datetime64(self.start, "D"))
        over = last if int(calendar.last_day(np.array([last]))[0]) <= self.start else last - 1
        number = over if first_day is None else calendar.of(first_day)
        start, end = (
            int(day(np.array([number]))[0]) for day in (calendar.first_day, calendar.last_day)
        )
        if number > over:
            msg = (
                f"The {calendar.noun} of {iso_day(start)} was not over on {iso_day(self.start)}: what happened until "
                f"its end, {iso_day(end)}, is no restatement. Take an earlier period, or a later day for then."
            )
            raise DataError(msg)
        return calendar.starts(np.array([number]))[0]

    @cached_property
    def changes(self) -> dict[str, Changes]:
        """What became of the rows of the tables that a number is counted from."""
        found = {
            name: changes(table, *self.days)
            for name, table in self.book.history.items()
            if name in _COUNTED and tells_when(table)
        }
        return {name: each for name, each in found.items() if each.kinds}

    def state(self, switched: Subset) -> Book:
        """Return the book of then with some kinds of change made."""
        key = switched & _KINDS
        if key not in self._states:
            tables = {name: each.state(key) for name, each in self.changes.items()}
            as_of = self.books[1].as_of_day if SINCE in key else self.start
            self._states[key] = self.books[1].of_rows({**self._others, **tables}, as_of)
        return self._states[key]

    @cached_property
    def _states(self) -> dict[Subset, Book]:
        return {}

    @cached_property
    def _others(self) -> dict[str, Table]:
        """The tables that stay the same."""
        return {
            name: plain(table, holding(table, self.days[1])) if tells_when(table) else table
            for name, table in self.book.history.items()
        }

    @cached_property
    def touched(self) -> dict[str, pa.Array | None]:
        """The customers that each deciding data choice touches then or now, those that touch nobody left out."""
        deciding = [c for c in asked.deciding(self.metric, self.a, self.b) if c in DATA_CHOICES]
        found = [touched(book, self.a, self.b, deciding) for book in self.books]
        out = {name: _together([each[name] for each in found]) for name in deciding}
        return {name: ids for name, ids in out.items() if ids is None or len(ids)}

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of change that there are; what happened since only where it matters."""
        there = {kind for each in self.changes.values() for kind in each.kinds} - {SINCE}
        with_it, without = (
            self.rows(self.state(on), frozenset()) for on in (_KINDS, _KINDS - {SINCE})
        )
        matters = not _same(with_it, without)
        return tuple(k for k in LABELS if k in there or (k == SINCE and matters))

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Kinds of change, then the choices that differ and matter here."""
        deciding = asked.deciding(self.metric, self.a, self.b)
        return (
            *self.kinds,
            *(c for c in deciding if c not in DATA_CHOICES or c in self.touched),
        )

    @cached_property
    def ids(self) -> pa.Array | None:
        """The customers that anything but a formula touches, with their families; None for all of them."""
        if SINCE in self.kinds or "fx" in self.changes or None in self.touched.values():
            return None
        if asked.together(self.metric, self.a, self.b, self.options):
            return None
        found = [ids for each in self.changes.values() for ids in each.customers(self.kinds)]
        found += [ids for ids in self.touched.values() if ids is not None]
        ids = pa.concat_arrays(
            [pa.array([], pa.string()), *(each.cast(pa.string()) for each in found)]
        )
        for switched in (frozenset(), _KINDS - {SINCE}):
            ids = families(self.state(switched).tables, ids.unique())
        return ids.unique()

    def rows(self, book: Book, switched: Subset) -> Rows:
        """Return the customers behind the number of a book."""
        policy = self.a.changed(**{name: getattr(self.b, name) for name in switched - _KINDS})
        return behind(book, self.metric, policy, self.options, self.period, self.freq)

    def part(self, switched: Subset) -> Rows:
        """Return the customers that are touched."""
        book = self.state(switched)
        if self.ids is not None:
            book = book.part(partial(of_ids, ids=self.ids))
        return self.rows(book, switched)

    def rest(self, switched: Subset) -> Rows:
        """Return the customers that nothing but a formula touches."""
        rows = self.rows(self.state(frozenset()), switched)
        return rows[~rows["customer_id"].isin(self.untold)]

    @cached_property
    def untold(self) -> Any:
        """The customers, or what counts as one, that are touched."""
        book = self.state(frozenset()).part(partial(of_ids, ids=self.ids))
        return book.with_policy(self.a).engine.spans.entity_ids.to_pandas()

    def result(self) -> Result:
        """Return the restatement."""
        for book in self.books:
            _ = book.engine  # the tables of both days have to be sound
        blocks = [Customers(self.part, self.factors, ())]
        if self.ids is not None:
            formulas = [n for n in self.factors if n not in DATA_CHOICES and n not in _KINDS]
            blocks.append(Customers(self.rest, (), formulas))
        made = attribute(self.factors, lambda on: tuple(block.at(on) for block in blocks))
        told = stacked([block.told(frozenset(), frozenset(self.factors)) for block in blocks])
        parts, day = (
            np.hstack(made.parts),
            iso_day(int(np.datetime64(self.period, "D").astype(int))),
        )
        then, now = iso_day(self.days[0]), iso_day(self.days[1])
        base = asked.result(self.books[1], self.metric, self.b, self.options)
        touching = {n: told["customer_id"][parts[i] != 0] for i, n in enumerate(self.factors)}
        return explanation(
            base,
            told,
            parts,
            [self._step(name) for name in self.factors],
            made.first_order,
            (made.start, made.end),
            (f"known on {then}", f"known on {now}"),
            period=day,
            notes=(*self._said(then, now), f"Period of {day}", *base.notes),
            extra={"policies": (self.a, self.b), "then": then, "now": now},
            drill=partial(_drill, self, touching),
        )

    def _said(self, then: str, now: str) -> tuple[str, ...]:
        """Return the two sides of the way in words."""
        if self.a == self.b:
            return (f"From what was known on {then} to what was known on {now}",)
        return (
            f"From what was known on {then}, under {self.a}",
            f"To what was known on {now}, under {self.b}",
        )

    def _step(self, name: str) -> Step:
        rows = sum(each.rows(name) for each in self.changes.values())
        if name in LABELS:
            return Step(name, LABELS[name], {"rule": "G16", "from": "", "to": "", "rows": rows})
        info = choices()[name]
        said = {"rule": info["rule"], "from": self.a.sentence(name), "to": self.b.sentence(name)}
        return Step(name, info["title"], {**said, "rows": 0})


def _drill(self: _Restated, touching: Mapping[str, Any], step: str | None = None) -> pd.DataFrame:
    """Return the rows of the tables behind a step, or behind all of them."""
    if step is not None:
        one_of("step in this restatement", step, touching)
    asked_for = touching if step is None else {step: touching[step]}
    tables = [self.state(on).tables for on in (frozenset(), _KINDS)]
    return restated_rows(self.changes, asked_for, (self.a, self.b), tables)


def _together(found: list[pa.Array | None]) -> pa.Array | None:
    """Return the ids of several, None for everybody if one of them is."""
    some = [ids for ids in found if ids is not None]
    if len(some) < len(found):
        return None
    return pa.concat_arrays([ids.cast(pa.string()) for ids in some]).unique()


def _same(one: Rows, other: Rows) -> bool:
    """Return whether the same customers add the same, but for what rounding to micro-units leaves."""
    if len(one) != len(other):
        return False
    left, right = (rows.sort_values("customer_id", ignore_index=True) for rows in (one, other))
    if not left["customer_id"].equals(right["customer_id"]):
        return False
    sides = [name for name in ("numerator", "denominator") if name in one.columns]
    change = (left[sides] - right[sides]).to_numpy(float)
    return bool(np.abs(change).sum() < _CENT / 2)
