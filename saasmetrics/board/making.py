"""What the pages of a pack are made from: the book, its closed quarters, and one collection of quantities."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.board.condensed import Began
from saasmetrics.board.figures import said, unit_in_pack
from saasmetrics.board.model import Quantity, Total
from saasmetrics.board.numbers import Numbers
from saasmetrics.errors import DataError
from saasmetrics.periods import iso_day, period_text, quarter_month

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.board.asked import Settings
    from saasmetrics.book import Book
    from saasmetrics.result import Result

MOVES = ("new", "reactivation", "expansion", "contraction", "churn", "pause", "fx", "transfer")
SHOWN = 9  # quarters
_YEAR = 4  # quarters
_AHEAD = 8  # quarters that a plan may tell of before they are there
_MONTH = re.compile(r"(\d{4})-(\d{2})(-\d{2})?")
_LOSSES = ("contraction_arr", "churned_arr")


@dataclass
class Making:
    """The book while its pack is made.

    Attributes
    ----------
    numbers : Numbers
        The quantities, which all pages share.
    sources : dict of str to Result
        The results behind the pages, whose definitions the pack lists.
    """

    book: Book
    settings: Settings
    numbers: Numbers = field(init=False)
    sources: dict[str, Result] = field(default_factory=dict)
    _fits: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = Numbers(lambda: self._began, self.named)

    @cached_property
    def _began(self) -> Began:
        return Began.of(self.book)

    @property
    def currency(self) -> str:
        """Three letters of the reporting currency."""
        return self.book.currency

    @cached_property
    def _starts(self) -> pd.DataFrame:
        frame = self.bridge.df
        return frame[frame["complete"].to_numpy(bool)].reset_index(drop=True)

    @cached_property
    def bridge(self) -> Result:
        """The bridge of MRR by quarter."""
        from saasmetrics.metrics import revenue

        return self.used(revenue.bridge(self.book, freq="Q"))

    @cached_property
    def all_quarters(self) -> list[pd.Timestamp]:
        """First days of the quarters that are over."""
        found = list(self._starts["period"])
        if not found:
            msg = f"No quarter is over yet on {self.book.as_of_text}; a pack needs one. Give tables that reach further."
            raise DataError(msg)
        return found

    @property
    def quarters(self) -> list[pd.Timestamp]:
        """The quarters shown, at most nine."""
        return self.all_quarters[-SHOWN:]

    @property
    def compared(self) -> list[pd.Timestamp]:
        """The quarters shown and those of the year before, which they are compared with."""
        return self.all_quarters[-SHOWN - _YEAR :]

    @property
    def now(self) -> pd.Timestamp:
        """The quarter that the pack reports."""
        return self.all_quarters[-1]

    @property
    def prior(self) -> pd.Timestamp | None:
        """The same quarter of the year before, None where the tables do not reach so far."""
        return self.year_before(self.now)

    def year_before(self, quarter: pd.Timestamp) -> pd.Timestamp | None:
        """Return the quarter four before, None where there is none."""
        at = self.all_quarters.index(quarter) - _YEAR
        return self.all_quarters[at] if at >= 0 else None

    def before(self, quarter: pd.Timestamp) -> pd.Timestamp | None:
        """Return the quarter before, None where there is none."""
        at = self.all_quarters.index(quarter) - 1
        return self.all_quarters[at] if at >= 0 else None

    @cached_property
    def closed(self) -> Book:
        """The book as of the end of the quarter that the pack reports, with what is known now."""
        if self.quarter_end >= self.book.as_of_text:
            return self.book
        return self.book.as_of(
            self.quarter_end, known=iso_day(self.book.known_day or self.book.as_of_day)
        )

    @cached_property
    def quarter_end(self) -> str:
        """The last day of the quarter that the pack reports, as ISO text."""
        calendar = self.book.calendar("Q")
        return iso_day(int(calendar.last_day(np.array([calendar.of(self.now.date())]))[0]))

    def label(self, quarter: pd.Timestamp) -> str:
        """Return a quarter as people read it; those of a fiscal year by the year in which it ends."""
        return period_text(quarter, "Q", self.book.fiscal_start)

    def used(self, result: Result) -> Result:
        """Remember a result whose definition the pack is to list."""
        self.sources.setdefault(result.metric.id, result)
        return result

    def say(self, key: str) -> str:
        """Return a quantity in words."""
        return said(self.quantity(key), self.currency)

    def quantity(self, key: str) -> Quantity:
        """Return a quantity by its id."""
        return self.numbers.quantities[key]

    def value(self, key: str) -> float | None:
        """Return the value of a quantity, None where there is none."""
        return self.numbers.value(key) if key else None

    def at(self, name: str, quarter: pd.Timestamp) -> str:
        """Return the id of a quantity of a quarter."""
        return f"{name}@{quarter:%Y-%m-%d}"

    def move(self, name: str, quarter: pd.Timestamp) -> str:
        """Return the id of a movement, the opening or the closing of ARR in a quarter, with the customers behind it."""
        key = self.at(name, quarter)
        if key in self.numbers:
            return key
        row = self._starts[self._starts["period"] == quarter].iloc[0]
        label, part = (
            f"{_WORDS.get(name, name.capitalize())}, {self.label(quarter)}",
            self.label(quarter),
        )
        value = 12 * float(row[name])
        if not self._moved(quarter, part):
            return self.numbers.given(
                key, label, value, "money", "the sum of more customers than a sheet holds"
            )
        return self.numbers.total(
            key, label, "money", value, "12 * total", {"total": Total("Movements", name, part)}
        )

    def _moved(self, quarter: pd.Timestamp, part: str) -> bool:
        """Add the customers behind the bridge of a quarter; return whether they fit."""
        if part in self._fits:
            return self._fits[part]
        rows = self.bridge.rows(period=quarter)
        rows["paying"] = (rows["closing"] > 0).astype(int)
        added = ["opening", *MOVES, "closing", "paying"]
        columns = ["customer_id", "name", *added]
        self._fits[part] = self.numbers.frame("Movements", part, rows, columns, added)
        return self._fits[part]

    def rate(self, result: Result, quarter: pd.Timestamp, name: str = "", **group: Any) -> str:
        """Return the id of a number of a result in a quarter, with the rows behind it."""
        self.used(result)
        groups = "".join(f"[{value}]" for value in group.values())
        metric = name or result.metric.id
        key = self.at(f"{metric}{groups}", quarter)
        if key in self.numbers:
            return key
        label = f"{result.metric.abbr or result.metric.name}{' ' + ' '.join(map(str, group.values())) if group else ''}"
        text = f"{label}, {self.label(quarter)}"
        if not (result.df["period"] == quarter).any():
            return self.numbers.given(
                key, text, None, unit_of(result), "", "the tables do not reach so far"
            )
        part = " ".join([self.label(quarter), *map(str, group.values())])
        return self.numbers.traced(result, key, text, part, period=quarter, **group)

    def together(
        self, results: Sequence[Result], quarters: Sequence[pd.Timestamp] = (), **group: Any
    ) -> None:
        """Add several rates quarter by quarter: they follow from the same customers, which are looked up once so.

        A rate that cannot be had says so when it is asked for.
        """
        for quarter in quarters or self.quarters:
            for result in results:
                with suppress(DataError):
                    self.rate(result, quarter, **group)

    def edge(
        self, result: Result, quarter: pd.Timestamp, end: str, name: str = "", **group: Any
    ) -> str:
        """Return the id of one end of an interval, "" where the result has none."""
        df = result.df
        chosen = df["period"] == quarter
        for column, value in group.items():
            chosen &= df[column] == value
        if end not in df.columns or not chosen.any():
            return ""
        value = df.loc[chosen, end].iloc[0]
        if value != value or value in (float("inf"), float("-inf")):
            return ""
        groups = "".join(f"[{v}]" for v in group.values())
        key = self.at(f"{name or result.metric.id}{groups}.{end}", quarter)
        label = f"{result.metric.abbr or result.metric.name}, {end} end of the 95% interval"
        return self.numbers.given(key, label, value, unit_of(result), "from resampling customers")

    def plan(self, metric: str, quarter: pd.Timestamp, unit: str, scenario: str = "plan") -> str:
        """Return the id of what was planned for a quarter, "" where nothing was."""
        key = self.at(f"{metric}.{scenario}", quarter)
        if key in self.numbers:
            return key
        value, source = self._planned(metric, quarter, scenario)
        if value is None:
            return ""
        if metric in _LOSSES:
            value = -abs(value)
        label = f"{scenario.capitalize()} of {metric.replace('_', ' ')}, {self.label(quarter)}"
        return self.numbers.given(key, label, value, unit, source)

    def _planned(
        self, metric: str, quarter: pd.Timestamp, scenario: str
    ) -> tuple[float | None, str]:
        """Return the plan and where it is from: the table goes before the settings, in every place of the pack."""
        value = self.of_table(metric, quarter, scenario)
        if value is not None:
            return value, "table targets"
        if scenario == "plan":
            for period, asked in self.settings.targets.get(metric, {}).items():
                if self.is_of(period, quarter):
                    return asked, "settings, targets"
        return None, ""

    def of_table(self, metric: str, quarter: pd.Timestamp, scenario: str = "plan") -> float | None:
        """Return what the table `targets` has for the company and a quarter; None where it has nothing."""
        table = self._targets
        if table is None:
            return None
        chosen = table[(table["metric"] == metric) & (table["scenario"] == scenario)]
        for period, value in zip(chosen["period"], chosen["value"], strict=True):
            if self.is_of(str(period), quarter):
                return float(value)
        return None

    @cached_property
    def _targets(self) -> pd.DataFrame | None:
        if "targets" not in self.book.tables:
            return None
        table = self.book.frame("targets")
        for name, default in (("scope", "company"), ("scenario", "plan")):
            if name not in table.columns:
                table[name] = default
        return table[table["scope"] == "company"]

    def is_of(self, period: str, quarter: pd.Timestamp) -> bool:
        """Return whether a period in words is the quarter: by its name, or by the month in which it ends."""
        if (month := quarter_month(period, self.book.fiscal_start)) is not None:
            return month == f"{quarter:%Y-%m}"
        return bool(_MONTH.fullmatch(period)) and period[:7] == self.last_month(quarter)

    @staticmethod
    def last_month(quarter: pd.Timestamp) -> str:
        """Return the month in which a quarter ends, such as 2026-09."""
        year, at = divmod(12 * quarter.year + quarter.month + 1, 12)
        return f"{year}-{at + 1:02}"

    def is_shown(self, period: str) -> bool:
        """Return whether a period in words is a quarter of the pack."""
        return any(self.is_of(period, quarter) for quarter in self.quarters)

    def is_ahead(self, period: str) -> bool:
        """Return whether a period in words is one of the quarters that come next, for which a plan may be there."""
        import pandas as pd

        return any(
            self.is_of(period, self.now + pd.DateOffset(months=3 * ahead))
            for ahead in range(1, _AHEAD + 1)
        )

    @property
    def planned_table(self) -> pd.DataFrame | None:
        """The plans of the whole company in the table `targets`; None where there is no such table."""
        table = self._targets
        return None if table is None else table[table["scenario"] == "plan"]

    def compare(self, key: str, other: str, name: str, *, relative: bool = False) -> str:
        """Return the id of the distance of a quantity to another, "" where either is missing."""
        if not key or not other or self.value(key) is None or self.value(other) is None:
            return ""
        if relative and (self.value(key) or 0.0) * (self.value(other) or 0.0) <= 0:
            return ""  # from a gain to a loss there is no share
        made = f"{key}.{name}{'_share' if relative else ''}"
        if made in self.numbers:
            return made
        label = f"{self.quantity(key).label}, against {name.replace('_', ' ')}"
        if not relative:
            return self.numbers.less(made, label, key, other)
        return self.numbers.share(made, label, key, other)

    def apart(self, key: str, other: str, name: str) -> str:
        """Return the id of the distance to another quantity as people compare it: money by shares, rates by points."""
        return self.compare(
            key, other, name, relative=bool(key) and self.quantity(key).unit == "money"
        )

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows of customers with the customers' names, where the tables have them."""
        if "customer_id" not in rows.columns or "name" in rows.columns or not len(self.names):
            return rows
        return rows.assign(name=rows["customer_id"].map(self.names))

    @cached_property
    def names(self) -> pd.Series[Any]:
        """Name by customer."""
        import pandas as pd

        table = self.book.tables.get("customers")
        if table is None or "name" not in table.data.column_names:
            return pd.Series(dtype=object)
        frame = self.book.frame("customers").drop_duplicates("customer_id")
        return frame.set_index("customer_id")["name"]

    def name_of(self, customer: Any) -> str:
        """Return how a customer is called, its id where it has no name."""
        found = self.names.get(customer) if len(self.names) else None
        return str(customer) if found is None or found != found else str(found)


_WORDS = {
    "opening": "Opening ARR",
    "new": "New",
    "closing": "Closing ARR",
    "churn": "Churn",
    "pause": "Paused",
    "fx": "Exchange rates",
    "transfer": "Moved between groups",
}
MOVE_NAMES = {name: _WORDS.get(name, name.capitalize()) for name in MOVES}


def unit_of(result: Result) -> str:
    """Return the unit of a result in a pack, where points are the distance of two rates: those of a score are not."""
    return unit_in_pack(result.metric.id, result.metric.unit)
