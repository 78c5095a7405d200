"""What all scores share: answers by group and period, the tidy frame, and the answers behind a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.answers import Answers, answers
from saasmetrics.engine.groups import columns
from saasmetrics.engine.row_groups import of_customers
from saasmetrics.errors import DataError
from saasmetrics.metrics.rates import check_interval
from saasmetrics.periods import iso_day
from saasmetrics.survival.lives import group_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

PER = {
    "account": "the last answer of each account in the period counts",
    "response": "every answer counts",
}
SOURCES = {
    "surveys": "answers of the table surveys",
    "tickets": "scores given to tickets (tickets.csat)",
}
NO_ANSWERS = "nobody answered"
EXTRA: tuple[str, ...] = (
    "promoters",
    "passives",
    "detractors",
    "promoter_share",
    "band",
    "missing",
    "population",
)
EXTRA += ("response", "satisfied", "answers", "deviation", "promoter_low", "promoter_high")


@dataclass(frozen=True)
class Cells:
    """Answers of a book by group and period.

    Attributes
    ----------
    answers
        Those that count.
    first, periods, full
        First period, their number, and the last complete one.
    """

    book: Book
    answers: Answers
    freq: str
    by: tuple[str, ...]
    interval: float | None
    first: int
    periods: int
    full: int

    @classmethod
    def of(
        cls,
        book: Book,
        instrument: str,
        freq: str,
        by: str | Sequence[str] | None,
        interval: float | None,
        *,
        per: str = "response",
        source: str = "surveys",
    ) -> Cells:
        """Return the answers to an instrument as asked for."""
        check_interval(interval)
        one_of("way to count answers", per, PER)
        one_of("source of answers", source, SOURCES)
        calendar, names = book.calendar(freq), columns(by)
        found = answers(book.engine, instrument, names, source, EXTRA)
        if per == "account":
            found = found.last_of_account(calendar)
        day = np.concatenate([found.day, found.blank_day])
        ends = np.array([int(day.min()) if len(day) else book.as_of_day, book.as_of_day])
        first, last = (int(p) for p in calendar.ordinal(ends))
        full = last if int(calendar.last_day(np.array([last]))[0]) <= book.as_of_day else last - 1
        count = last - first + 1 if len(day) else 0
        return cls(book, found, freq, names, interval, first, count, full)

    @property
    def shape(self) -> tuple[int, int]:
        """Groups x periods."""
        return len(self.answers.groups), self.periods

    def _cell(self, group: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
        return group * self.periods + self.book.calendar(self.freq).ordinal(day) - self.first

    def total(self, values: Any = None) -> NDArray[np.float64]:
        """Return the number of answers, or the sum of values of theirs, as groups x periods."""
        cell = self._cell(self.answers.group, self.answers.day)
        many = self.shape[0] * self.shape[1]
        weights = None if values is None else np.asarray(values, float)
        return np.bincount(cell, weights, minlength=many).astype(float).reshape(self.shape)

    def missing(self) -> NDArray[np.int64]:
        """Return the number of answers without a score, as groups x periods."""
        cell = self._cell(self.answers.blank_group, self.answers.blank_day)
        return np.bincount(cell, minlength=self.shape[0] * self.periods).reshape(self.shape)

    def population(self) -> NDArray[np.float64]:
        """Return the paying customers at the end of each period; missing where groups are not of customers."""
        out = np.full(self.shape, np.nan)
        tables = self.book.engine.tables
        if not of_customers(tables, self.by) or not self.periods:
            return out
        cube = self.book.engine.movements(self.freq, self.by)
        start, many, _ = self.book.engine.extent(self.freq)
        there = {label: number for number, label in enumerate(cube.groups.labels)}
        paying = cube.measures["customers_closing"]
        out[:] = 0.0
        low, high = max(self.first, start), min(self.first + self.periods, start + many)
        for row, label in enumerate(self.answers.groups.labels):
            if label in there and high > low:
                source = paying[there[label], low - start : high - start]
                out[row, low - self.first : high - self.first] = source
        return out

    def frame(self, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return one row per group and period: period, by-columns, the values, reason and complete."""
        import pandas as pd

        calendar = self.book.calendar(self.freq)
        periods = np.arange(self.first, self.first + self.periods)
        data: dict[str, Any] = {"period": np.tile(calendar.starts(periods), self.shape[0])}
        for name in self.by:
            data[name] = self.answers.groups.column(name, self.periods)
        flat = {name: np.asarray(value).ravel() for name, value in values.items()}
        ends: dict[str, Any] = {name: flat.pop(name) for name in ("low", "high") if name in flat}
        data |= flat
        data["reason"] = np.where(np.isnan(flat["value"]), NO_ANSWERS, "")
        data["complete"] = np.tile(periods <= self.full, self.shape[0])
        if self.interval is not None:
            data |= ends
        return pd.DataFrame(data)

    def drill(self, numerator: NDArray[np.float64]) -> Drill:
        """Return the function behind `Result.rows`, given what each answer adds to the numerator."""
        return Drill(self, numerator)


@dataclass(frozen=True)
class Drill:
    """The answers behind one cell, as a function of the period and the group."""

    cells: Cells
    numerator: NDArray[np.float64]

    def __call__(self, period: Any = None, **group: Any) -> pd.DataFrame:
        """Return the answers of a cell."""
        import pandas as pd

        cells, found = self.cells, self.cells.answers
        ordinal = cells.full if period is None else cells.book.calendar(cells.freq).of(period)
        calendar = cells.book.calendar(cells.freq)
        if not cells.first <= ordinal < cells.first + cells.periods:
            start, last = (
                iso_day(int(calendar.first_day(np.array([p]))[0]))
                for p in (cells.first, cells.first + cells.periods - 1)
            )
            msg = f"There are no answers of the period {period!r}; they run from {start} to {last}."
            raise DataError(msg)
        mine = calendar.ordinal(found.day) == ordinal
        if group:
            mine &= found.group == self._group(group)
        rows = np.flatnonzero(mine)
        ids = found.ids.take(found.customer[rows]).to_pandas()
        return pd.DataFrame(
            {
                "customer_id": ids,
                "at": found.day[rows].astype("datetime64[D]").astype("datetime64[ns]"),
                "score": found.score[rows],
                "scale_max": found.highest[rows],
                "numerator": self.numerator[rows],
                "denominator": 1.0,
            }
        )

    def _group(self, group: Mapping[str, Any]) -> int:
        return group_number(self.cells.by, self.cells.answers.groups.labels, group)
