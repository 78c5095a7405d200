"""The cells of the renewal desk: due periods and groups, whether terms are here or are summed where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.engine.renewals import Window
from saasmetrics.errors import DataError
from saasmetrics.money import counted
from saasmetrics.periods import iso_day
from saasmetrics.survival.lives import group_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.groups import Groups

TERMS = {
    "fixed": "terms longer than a month; month-to-month ones are reported apart",
    "monthly": "month-to-month terms, which are due every month: their renewal is retention",
    "all": "all terms, month-to-month ones each time they are due",
}
GRACE = "a renewal signed up to {value} days after the end counts as late, and the term is open until then"
EARLY = "signed more than {value} days before the end, or starting before it, is early"
SOURCES = ("METRICS.md", "Gainsight Renewal Center", "Kellblog, available to renew")


def window_of(book: Book, freq: str, terms: str, grace_days: int, early_days: int) -> Window:
    """Check what is asked of a desk and return how late and how early a renewal may be.

    Raises
    ------
    UnknownNameError
        If `terms` is not one of "fixed", "monthly" and "all".
    """
    book.calendar(freq)
    one_of("kind of terms", terms, TERMS)
    for name, value in (("grace_days", grace_days), ("early_days", early_days)):
        whole(name, value, 0, "a number of days")
    return Window(int(grace_days), int(early_days))


def check_monthly(terms: str, source: str) -> None:
    """Refuse month-to-month terms of subscriptions.

    Examples
    --------
    >>> check_monthly("fixed", "subscriptions")
    """
    if terms == "monthly" and source == "subscriptions":
        msg = (
            "Month-to-month subscriptions have no terms: they renew by staying. Their renewal rate is "
            "sm.retention.logo_retention(book, window=1)."
        )
        raise DataError(msg)


def said_of_terms(
    notes: tuple[str, ...], which: str, monthly: int, returned: int, *, rates: bool
) -> tuple[str, ...]:
    """Return what the footnote says about the terms: their notes, at which rates they are, who is out or returned."""
    said = list(notes)
    if rates:
        said.append(
            "Terms and their renewals are at the latest exchange rates, and move with these"
        )
    if which == "fixed" and monthly:
        said.append(
            f'Without {counted(monthly, "month-to-month term")}: terms="monthly" shows them'
        )
    if returned:
        said.append(
            f"{counted(returned, 'lost term')} with a later contract, signed after the grace: a return, no renewal"
        )
    return tuple(said)


class Cells:
    """What all desks have: cells of groups and due periods."""

    book: Book
    freq: str
    window: Window
    which: str
    by: tuple[str, ...]

    @property
    def as_of(self) -> int:
        """Day number of the last day known."""
        raise NotImplementedError

    @property
    def groups(self) -> Groups:
        """The groups of every term."""
        raise NotImplementedError

    def span(self) -> tuple[int, int]:
        """Return the first due period and the number of periods up to the last one, now at the latest."""
        raise NotImplementedError

    @property
    def now(self) -> int:
        """The period of the as-of day."""
        return int(self.book.calendar(self.freq).ordinal(np.array([self.as_of]))[0])

    @property
    def options(self) -> dict[str, Any]:
        """What the footnote says of every metric of the desk."""
        return {
            "terms": self.which,
            "grace_days": self.window.grace,
            "early_days": self.window.early,
        }

    def cells(self) -> dict[str, Any]:
        """Return the columns that name the cells: period, the by-columns, and whether all is decided."""
        first, periods = self.span()
        calendar = self.book.calendar(self.freq)
        number = np.arange(first, first + periods)
        many = len(self.groups)
        data: dict[str, Any] = {"period": np.tile(calendar.starts(number), many)}
        for i, name in enumerate(self.by):
            label = np.empty(many, object)
            label[:] = [row[i] for row in self.groups.labels]
            data[name] = np.repeat(label, periods)
        return data

    def settled(self) -> NDArray[np.bool_]:
        """Return for each cell whether the grace of all that is due in its period is over."""
        first, periods = self.span()
        last = self.book.calendar(self.freq).last_day(np.arange(first, first + periods))
        return np.tile(last + self.window.grace <= self.as_of, len(self.groups))

    def place(self, period: Any, group: dict[str, Any]) -> tuple[int, int | None]:
        """Return the due period and the group of a cell; the period is the last settled one by default.

        Raises
        ------
        DataError
            If nothing is due in the period, or the group is named in part.
        UnknownNameError
            If there is no such group.
        """
        first, periods = self.span()
        calendar = self.book.calendar(self.freq)
        if period is None:
            done = self.settled()[:periods]
            number = first + (int(np.flatnonzero(done)[-1]) if done.any() else periods - 1)
        else:
            number = int(calendar.of(period))
        if not first <= number < first + periods:
            edges = calendar.first_day(np.array([first, first + max(periods - 1, 0)]))
            msg = (
                f"No term is due in period {period!r}; due periods run from {iso_day(int(edges[0]))} to "
                f"{iso_day(int(edges[1]))}."
            )
            raise DataError(msg)
        if not group:
            return number, None
        return number, group_number(self.by, self.groups.labels, group)
