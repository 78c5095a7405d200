"""The way from a number under one policy to the same number under another: choice by choice, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.calls import recorded
from saasmetrics.definitions import asked
from saasmetrics.definitions.behind import behind, stacked
from saasmetrics.definitions.customers import Customers
from saasmetrics.definitions.shapley import attribute
from saasmetrics.definitions.touched import divided, touched
from saasmetrics.errors import DataError
from saasmetrics.metrics.explanation import Step, explanation
from saasmetrics.money import format_value
from saasmetrics.periods import iso_day
from saasmetrics.policy import DATA_CHOICES, choices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.policy import Policy
    from saasmetrics.result import Result

    Subset = frozenset[str]
    Rows = pd.DataFrame


@recorded
def explain(
    book: Book,
    metric: str | Callable[..., Result],
    a: str | Policy | Mapping[str, Any],
    b: str | Policy | Mapping[str, Any],
    period: Any = None,
    **options: Any,
) -> Result:
    """Return why a number differs between two policies: what each choice and each customer adds to the difference.

    Parameters
    ----------
    book
        The company's tables.
    metric
        Id of a metric in the catalogue, such as "nrr", or its function.
    a, b
        The two policies: names of presets, policies, or choices that change the book's policy.
    period
        A day in the period to look at; by default the last complete one.
    **options
        Options of the metric, such as window or freq.

    Returns
    -------
    Result
        customer_id, value (what the customer adds to the difference b - a), one column per choice that matters, and
        numerator and denominator under both. `extra["steps"]` has one row per choice: step, label, value, first_order
        (what it does when it alone is switched), customers. Rows and steps sum to the difference.
        `extra["evaluations"]` says how often the customers behind the number were counted.

    Raises
    ------
    UnknownNameError
        If there is no such metric, policy or option.
    DataError
        If no customers are behind the metric, or it has no value under one of the policies.

    Notes
    -----
    The part of a choice is its Shapley value: its effect averaged over every order in which the choices that differ
    can be switched, so that no order is preferred. Customers that a choice about data can touch are counted 2^k times
    for the k choices that matter, at most 1,024 times, all others 2^f times for the f of them that are formulas.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=60)
    >>> made = sm.definitions.explain(book, "nrr", "default", {"reactivation": "in"})
    >>> bool(abs(made.df["value"].sum() - made.extra["difference"]) < 1e-9)
    True
    """
    entry = asked.metric_of(metric)
    one, other = asked.policy_of(book, a), asked.policy_of(book, b)
    options = asked.completed(entry, (one, other), options)
    if options.get("by") is not None:
        msg = 'explain looks at one number; for that of a group, take book.where(segment="SMB") first.'
        raise DataError(msg)
    return _Way(book, entry, one, other, options, period).result()


@dataclass(frozen=True)
class _Way:
    """One question of `explain`, with what is computed once for it."""

    book: Book
    metric: Metric
    a: Policy
    b: Policy
    options: Mapping[str, Any]
    asked_period: Any

    @cached_property
    def base(self) -> Result:
        """The metric under policy a."""
        return asked.result(self.book, self.metric, self.a, self.options)

    @cached_property
    def period(self) -> Any:
        """First day of the period looked at."""
        if self.asked_period is not None:
            calendar = self.book.calendar(self.freq)
            return calendar.starts(np.array([calendar.of(self.asked_period)]))[0]
        df = self.base.df
        if "complete" not in df.columns or not df["complete"].any():
            msg = f"{self.metric.name} has no complete period in this book; name one: period='2026-01'."
            raise DataError(msg)
        return df.loc[df["complete"], "period"].iloc[-1].to_datetime64()

    @property
    def freq(self) -> str:
        """The frequency of the metric's periods."""
        return asked.freq_of(self.metric, self.options)

    @cached_property
    def touched(self) -> dict[str, pa.Array | None]:
        """The customers that each deciding data choice touches, those that touch nobody left out."""
        deciding = asked.deciding(self.metric, self.a, self.b)
        found = touched(self.book, self.a, self.b, [c for c in deciding if c in DATA_CHOICES])
        return {c: ids for c, ids in found.items() if ids is None or len(ids)}

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """The choices that differ and matter here."""
        deciding = asked.deciding(self.metric, self.a, self.b)
        return tuple(c for c in deciding if c not in DATA_CHOICES or c in self.touched)

    @cached_property
    def books(self) -> tuple[Book | None, Book | None]:
        """The book of the customers that the data choices touch and that of all others; None for nobody.

        Where a number is not a sum over customers that can be counted apart, all of them are in the first.
        """
        if not self.touched:
            return None, self.book
        found = [ids for ids in self.touched.values() if ids is not None]
        together = asked.together(self.metric, self.a, self.b, self.options)
        if len(found) < len(self.touched) or together:
            return self.book, None
        kind = found[0].type
        return divided(self.book, pa.concat_arrays([ids.cast(kind) for ids in found]).unique())

    def policy(self, switched: Subset) -> Policy:
        """Return policy a with some choices of b."""
        return self.a.changed(**{name: getattr(self.b, name) for name in switched})

    def rows(self, book: Book, switched: Subset) -> Rows:
        """Return the customers behind the number, none where the book begins later."""
        policy = self.policy(switched)
        return behind(book, self.metric, policy, self.options, self.period, self.freq)

    def result(self) -> Result:
        """Return the explanation."""
        if self.base.drill is None:
            raise asked.refuse(self.base)
        data = tuple(name for name in self.factors if name in DATA_CHOICES)
        formula = tuple(name for name in self.factors if name not in DATA_CHOICES)
        part, rest = self.books
        blocks = [] if part is None else [self._block(part, data, formula)]
        if rest is not None:
            blocks.append(self._block(rest, (), formula))
        made = attribute(self.factors, lambda on: tuple(block.at(on) for block in blocks))
        steps = [self._step(name) for name in self.factors]
        day = iso_day(int(np.datetime64(self.period, "D").astype(int)))
        return explanation(
            self.base,
            stacked([block.told(frozenset(), frozenset(self.factors)) for block in blocks]),
            np.hstack(made.parts),
            steps,
            made.first_order,
            (made.start, made.end),
            (self.a.name, self.b.name if self.b.name != self.a.name else f"{self.b.name} (b)"),
            period=day,
            notes=(f"From {self.a} to {self.b}", f"Period of {day}", *self.base.notes),
            extra={
                "policies": (self.a, self.b),
                "evaluations": sum(block.evaluations for block in blocks),
                **self._same(made.start),
            },
        )

    def _same(self, value: float) -> dict[str, str]:
        """Return the headline of two policies that are the same; nothing where they are not."""
        if self.a.differences(self.b):
            return {}
        said = format_value(value, self.metric.unit, self.book.currency)
        return {"headline": f"nothing differs between {self.a.name} and {self.b.name}: {said}"}

    def _block(self, book: Book, data: tuple[str, ...], formula: tuple[str, ...]) -> Customers:
        return Customers(lambda on: self.rows(book, on), data, formula)

    def _step(self, choice: str) -> Step:
        info = choices()[choice]
        said = {
            "rule": info["rule"],
            "from": self.a.sentence(choice),
            "to": self.b.sentence(choice),
        }
        return Step(choice, info["title"], said)
