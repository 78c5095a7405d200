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
    from collections.abc import Mapping

    from saasmetrics.book import Book

FREQS = {"W": "Weeks", "M": "Months", "Q": "Quarters", "Y": "Years"}
WINDOWS = {"W": (4, 13, 26, 52), "M": (1, 3, 6, 12, 24), "Q": (1, 2, 4, 8), "Y": (1, 2, 3)}
MEASURES = {
    "logos": "Customers",
    "net": "Net MRR",
    "gross": "Gross MRR",
    "mrr": "MRR in {currency}",
}
MOST_MONTHS = 24  # a history this long still has room for a label in every monthly cohort
MOST_GROUPS = 30
_NOT_SEGMENTS = {"name", "currency", "period", "cohort", "age"}
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
    _periods: dict[str, dict[str, str]] = field(default_factory=dict)

    def settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return complete controls: what is wanted, and a default for what is not said or no longer fits.

        Raises
        ------
        UnknownNameError
            If there is no control of a name, or it does not take that value in any frequency or segment.
        """
        names = ("freq", "period", "window", "column", "value", "measure")
        for name in wanted:
            if name not in names:
                raise UnknownNameError.of("control", name, names)
        freq = _one_of("frequency", wanted.get("freq") or self._freq, FREQS)
        column = _one_of("segment column", wanted.get("column") or "", ("", *self.columns))
        periods, values = self.periods(freq), self.values(column)
        period = self._period(freq, wanted.get("period"))
        value = str(wanted.get("value") or "")
        window = wanted.get("window")
        return {
            "freq": freq,
            "period": period if period in periods else next(iter(periods)),
            "window": int(window) if window in self.windows(freq) else self._window(freq),
            "column": column,
            "value": value if value in values else "",
            "measure": _one_of("measure", wanted.get("measure") or "logos", MEASURES),
        }

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
        """Return how people read a period; fiscal ones by their first and last month."""
        import pandas as pd

        first = pd.Timestamp(self.start(freq, number))
        if freq not in "QY" or self.book.fiscal_start == 1:
            return period_text(first, freq)
        last = pd.Timestamp(self.start(freq, number + 1)) - pd.Timedelta(days=1)
        return f"{first:%b %Y} to {last:%b %Y}"

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
        for table in ("customers", self.book.engine.spans.source):
            data = self.book.tables[table].data if table in self.book.tables else pa.table({})
            for name, kind in zip(data.column_names, data.schema.types, strict=True):
                if name in _NOT_SEGMENTS or name.endswith("_id"):
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
        freq, column = now["freq"], now["column"]
        every = {"": f"All {column.replace('_', ' ')}s" if column else "All customers"}
        names = {"": "None", **{name: name.replace("_", " ").capitalize() for name in self.columns}}
        measures = {m: words.format(currency=self.book.currency) for m, words in MEASURES.items()}
        parts: tuple[tuple[str, str, Mapping[Any, str]], ...] = (
            ("freq", "By", FREQS),
            ("period", "Period", self.periods(freq)),
            ("window", "Window", self.windows(freq)),
            ("column", "Segment", names),
            ("value", "Only", {**every, **{value: value for value in self.values(column)}}),
            ("measure", "Measure", measures),
        )
        return [
            {
                "name": name,
                "label": label,
                "value": now[name],
                "options": [[value, text] for value, text in options.items()],
            }
            for name, label, options in parts
        ]


def _one_of(kind: str, value: Any, known: Any) -> str:
    if value not in known:
        raise UnknownNameError.of(kind, value, [str(k) for k in known])
    return str(value)
