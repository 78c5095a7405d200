"""What can be chosen in a book: periods, windows, frequencies, segments and measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.charts.text import period_text
from saasmetrics.errors import UnknownNameError
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.book import Book

FREQS = {"W": "Weeks", "M": "Months", "Q": "Quarters", "Y": "Years"}
WINDOWS = {"W": (4, 13, 26, 52), "M": (1, 3, 6, 12, 24), "Q": (1, 2, 4, 8), "Y": (1, 2, 3)}
MEASURES = {
    "logos": "Customers",
    "net": "Net MRR",
    "gross": "Gross MRR",
    "mrr": "MRR in {currency}",
}
EXPLAINED = {"nrr": "NRR", "grr": "GRR", "arr": "ARR"}
NAMES = ("freq", "period", "window", "column", "value", "measure", "policy", "explain")
MOST_MONTHS = 24  # a history this long still has room for a label in every monthly cohort
MOST_GROUPS = 30
_NOT_SEGMENTS = {"name", "currency", "period", "cohort", "age"}
OWNERS = {
    "csm_id": "CSM",
    "pod_id": "Pod",
}  # ids by which those who look after customers are told apart
_ORDER = ("segment", "plan", "product", "region", "channel", "source")


@dataclass(frozen=True, eq=False)
class Choices:
    """The choices that a book offers, in the order of the row of controls.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [9, 9]})
    >>> Choices(book).settled({})["period"]
    '2026-02-01'
    """

    book: Book
    own: str = ""
    owners: bool = False  # whether customers can be told apart by who looks after them
    _periods: dict[str, dict[str, str]] = field(default_factory=dict)
    _others: dict[str, Choices] = field(default_factory=dict)

    def under(self, policy: str) -> Choices:
        """Return the choices of the book read by a policy; "" is its own."""
        if not policy:
            return self
        if policy not in self._others:
            other = Choices(self.book.with_policy(policy), self.book.policy.name, self.owners)
            self._others[policy] = other
        return self._others[policy]

    @cached_property
    def policies(self) -> dict[str, str]:
        """The policies on offer: the book's own first, then every preset."""
        from saasmetrics.policy import Policy

        own = self.own or self.book.policy.name
        return {name: name for name in dict.fromkeys((own, *Policy.presets()))}

    def reading(self, policy: str) -> str:
        """Return what a call says of a policy: nothing of the book's own."""
        own = self.own or self.book.policy.name
        return "" if policy == own else policy

    def settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return complete controls: what is wanted, and a default for what is not said or no longer fits.

        Raises
        ------
        UnknownNameError
            If there is no control of a name, or it does not take that value in any frequency or segment.
        """
        check_names(wanted, NAMES)
        policy = one_of("policy", wanted.get("policy") or next(iter(self.policies)), self.policies)
        if not self.own and self.reading(policy):
            return self.under(policy).settled({**wanted, "policy": policy})
        when = self.when(wanted)
        window = wanted.get("window")
        known = window in self.windows(when["freq"])
        return {
            **when,
            "window": int(window or 0) if known else self._window(when["freq"]),
            **self.segment(wanted),
            "measure": one_of("measure", wanted.get("measure") or "logos", MEASURES),
            "policy": policy,
            "explain": one_of("number to explain", wanted.get("explain") or "nrr", EXPLAINED),
        }

    def when(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return the frequency that is wanted, and the period in it; the last complete one where it does not fit."""
        freq = one_of("frequency", wanted.get("freq") or self._freq, FREQS)
        periods, period = self.periods(freq), self._period(freq, wanted.get("period"))
        return {"freq": freq, "period": period if period in periods else next(iter(periods))}

    def segment(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return the column that is wanted, and the value in it; all of them where it does not fit."""
        column = one_of("segment column", wanted.get("column") or "", ("", *self.columns))
        value = str(wanted.get("value") or "")
        return {"column": column, "value": value if value in self.values(column) else ""}

    def where(self, now: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
        """Return the chosen segment as a call takes it; empty for all customers."""
        column, value = now["column"], now["value"]
        if not column or not value:
            return ()
        values = self.values(column)
        if value not in values:
            raise UnknownNameError.of(column, value, values)
        return ((column, values[value]),)

    def who(self, now: Mapping[str, Any]) -> str:
        """Return whose numbers are shown, in words."""
        column = OWNERS.get(now["column"], now["column"])
        return f"{now['value']} ({column})" if now["value"] else "All customers"

    def named(self, now: Mapping[str, Any]) -> str:
        """Return the chosen period as people read it."""
        return self.text(now["freq"], self.book.calendar(now["freq"]).of(now["period"]))

    def _period(self, freq: str, wanted: Any) -> str:
        """Return the period of a frequency that a date falls in."""
        return self.start(freq, self.book.calendar(freq).of(wanted)) if wanted else ""

    @cached_property
    def _freq(self) -> str:
        _, months, _ = self.book.engine.extent("M")
        return "M" if months <= MOST_MONTHS else "Q"

    def periods(self, freq: str) -> dict[str, str]:
        """Return the complete periods, latest first, with how people read them."""
        if freq not in self._periods:
            self._periods[freq] = self._listed(freq)
        return self._periods[freq]

    def _listed(self, freq: str) -> dict[str, str]:
        first, count, full = self.book.engine.extent(freq)
        last = full if full >= first else first + count - 1
        if self.book.since_day is not None:
            first = min(
                int(self.book.calendar(freq).ordinal(np.array([self.book.since_day]))[0]), last
            )
        return {
            self.start(freq, number): self.text(freq, number)
            for number in range(last, first - 1, -1)
        }

    def start(self, freq: str, number: int) -> str:
        """Return the first day of a period."""
        return iso_day(int(self.book.calendar(freq).first_day(np.array([number]))[0]))

    def end(self, freq: str, period: str) -> str:
        """Return the last day of a period, or the as-of date where that is earlier."""
        calendar = self.book.calendar(freq)
        last = int(calendar.last_day(np.array([calendar.of(period)]))[0])
        return iso_day(min(last, self.book.as_of_day))

    def text(self, freq: str, number: int) -> str:
        """Return how people read a period, as the board pack names it."""
        import pandas as pd

        return period_text(pd.Timestamp(self.start(freq, number)), freq, self.book.fiscal_start)

    def year_before(self, freq: str, period: str) -> tuple[str, str]:
        """Return the period a year before another, and how people read it."""
        calendar = self.book.calendar(freq)
        number = calendar.of(period) - calendar.year()
        return self.start(freq, number), self.text(freq, number)

    def windows(self, freq: str) -> dict[int, str]:
        """Return the windows on offer, in periods, with their words."""
        noun = self.book.calendar(freq).noun
        offered = sorted({*WINDOWS[freq], self._window(freq)})
        return {n: f"{n} {noun}{'s' if n > 1 else ''}" for n in offered}

    def _window(self, freq: str) -> int:
        return max(round(self.book.policy.window * self.book.calendar(freq).year() / 12), 1)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that customers or subscriptions can be told apart by: texts with few values."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found: dict[str, None] = {}
        for table in ("customers", self.book.engine.source):
            data = self.book.tables[table].data if table in self.book.tables else pa.table({})
            for name, kind in zip(data.column_names, data.schema.types, strict=True):
                owner = self.owners and table == "customers" and name in OWNERS
                if name in _NOT_SEGMENTS or (name.endswith("_id") and not owner):
                    continue
                if not (
                    pa.types.is_string(kind)
                    or pa.types.is_large_string(kind)
                    or pa.types.is_boolean(kind)
                ):
                    continue
                if 2 <= pc.count_distinct(data[name], mode="all").as_py() <= MOST_GROUPS:
                    found[name] = None
        known = [name for name in _ORDER if name in found]
        return (*known, *sorted(found.keys() - set(known)))

    def values(self, column: str) -> dict[str, Any]:
        """Return the values of a segment column: their text, and what the library calls them."""
        if not column:
            return {}
        return {str(label): label for (label,) in self.book.engine.grouping((column,)).labels}

    def row(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the row of controls, ready to be drawn."""
        return [
            select("freq", "By", now, FREQS),
            select("period", "Period", now, self.periods(now["freq"])),
            select("window", "Window", now, self.windows(now["freq"])),
            *self.segments(now),
            select("measure", "Measure", now, self.measures()),
            select("policy", "Definitions", now, self.policies),
            select("explain", "Explain", now, EXPLAINED),
        ]

    def segments(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the controls of the column that customers are told apart by, and of its value."""
        column = now["column"]
        plural = f"{OWNERS.get(column, column.replace('_', ' '))}s"
        every = {"": f"All {plural}" if column else "All customers"}
        values = {value: value for value in self.values(column)}
        return [self.column(now), select("value", "Only", now, {**every, **values})]

    def column(self, now: Mapping[str, Any], label: str = "Segment") -> dict[str, Any]:
        """Return the control of the column that customers are told apart by."""
        words = {name: name.replace("_", " ").capitalize() for name in self.columns} | OWNERS
        names = {"": "None", **{name: words[name] for name in self.columns}}
        return select("column", label, now, names)

    def measures(self) -> dict[str, str]:
        """Return the measures of a cohort, with how people read them."""
        return {m: words.format(currency=self.book.currency) for m, words in MEASURES.items()}


def select(
    name: str, label: str, now: Mapping[str, Any], options: Mapping[Any, str], kind: str = "select"
) -> dict[str, Any]:
    """Return a control that offers some values, each with its words.

    Parameters
    ----------
    name, label
        Of the control.
    now
        The controls as they are.
    options
        From each value to its words.
    kind
        "select", or "range" for a slider over the values in their order.

    Examples
    --------
    >>> select("freq", "By", {"freq": "M"}, {"M": "Months"})["options"]
    [['M', 'Months']]
    """
    offered = [[value, text] for value, text in options.items()]
    return {"name": name, "label": label, "kind": kind, "value": now[name], "options": offered}


def entry(name: str, label: str, ask: str, **more: Any) -> dict[str, Any]:
    """Return a control to write into: what is written is sent with what is asked for, at the press of its button.

    Parameters
    ----------
    name, label
        Of the control.
    ask
        What the browser asks the widget for.
    **more
        value (the text that is there), button (its words), lines (more than 1 for long texts), hint, options (values to
        choose from instead of writing).

    Examples
    --------
    >>> entry("note", "Note", "note", button="Keep")["button"]
    'Keep'
    """
    return {"name": name, "label": label, "kind": "entry", "ask": ask, "value": "", **more}


def check_names(wanted: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse a control that does not exist.

    Examples
    --------
    >>> check_names({"freq": "M"}, ("freq", "period"))
    """
    known = [*names]
    for name in wanted:
        if name not in known:
            raise UnknownNameError.of("control", name, known)


def one_of(kind: str, value: Any, known: Any) -> str:
    """Return a choice as text, or refuse it with the nearest that there is.

    Examples
    --------
    >>> one_of("measure", "net", ("logos", "net"))
    'net'
    """
    if value not in known:
        raise UnknownNameError.of(kind, value, [str(k) for k in known])
    return str(value)
