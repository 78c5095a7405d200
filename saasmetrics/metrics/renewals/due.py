"""What came up for renewal so far, and what comes up: summed or chosen where the tables of a connected book are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from saasmetrics.engine.due import Due, DueBefore
from saasmetrics.engine.groups import columns
from saasmetrics.metrics.renewals.cells import Cells, check_monthly, said_of_terms, window_of
from saasmetrics.metrics.renewals.shared import Desk
from saasmetrics.recording import asking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.connected.engine import ConnectedEngine
    from saasmetrics.engine.due import Before, DueCells, History, Question
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.renewals import Window

_EVER = -(2**30)  # day


@dataclass(frozen=True, eq=False)
class Summed(Cells):
    """The sums of the terms that are asked about, from where the tables are."""

    book: Book
    freq: str
    window: Window
    which: str
    by: tuple[str, ...]
    engine: ConnectedEngine
    asked: Due
    found: DueCells

    @property
    def as_of(self) -> int:
        """Day number of the last day known."""
        return self.book.as_of_day

    @property
    def groups(self) -> Groups:
        """The groups of every term."""
        return self.found.groups

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables used beside the source of MRR."""
        return (self.found.source,)

    def span(self) -> tuple[int, int]:
        """Return the first due period and the number of periods up to the last one, now at the latest."""
        return (self.found.first, self.found.periods) if self.found.periods else (self.now, 0)

    def notes(self) -> tuple[str, ...]:
        """Return what the footnote says about the terms themselves."""
        returned = int(self.found.sums["terms_returned"].sum())
        rates = self.book.engine.rates_move
        return said_of_terms(
            self.found.notes, self.which, self.found.monthly, returned, rates=rates
        )

    def sums(self, bags: int = 0) -> dict[str, NDArray[np.int64]]:
        """Return the measures summed, as groups x bags x periods (one bag for none)."""
        found = self.engine.due_cells(self.asked, bags) if bags else self.found
        assert found is not None
        return found.sums

    def heads(self) -> dict[str, NDArray[np.int64]]:
        """Return customers with a term due, renewed (any of their terms), lost (all of them) and open, per cell."""
        return self.found.heads

    def drilled(self, period: Any, group: dict[str, Any]) -> pd.DataFrame:
        """Return the contracts of a cell, which alone are brought."""
        number, code = self.place(period, group)
        calendar = self.book.calendar(self.freq)
        first, last = (
            int(day(np.array([number]))[0]) for day in (calendar.first_day, calendar.last_day)
        )
        asked = replace(
            self.asked, first=max(first, self.asked.first), last=min(last, self.asked.last)
        )
        found = self.engine.due_terms(asked, code)
        assert found is not None
        told = (self.book, self.freq, found.found, found.kept, self.window, self.which, self.by)
        return Desk(*told, found).rows(np.ones(len(found.kept), bool))


def so_far(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    terms: str = "fixed",
    grace_days: int = 90,
    early_days: int = 90,
) -> Desk | Summed:
    """Return the terms due up to the period of the as-of day, and from the first one observed, or their sums.

    Parameters
    ----------
    book, freq, by, terms, grace_days, early_days
        As for `rates`.
    """
    window, names = window_of(book, freq, terms, grace_days, early_days), columns(by)
    calendar = book.calendar(freq)
    last = int(calendar.last_day(calendar.ordinal(np.array([book.as_of_day])))[0])
    first = _EVER if book.since_day is None else book.since_day
    asked = Due(window, terms, freq, names, first, last)
    found = _summed(book, asked)
    return found or _recorded(book, asked, lambda: _desk(book, asked).past())


def _summed(book: Book, asked: Due) -> Summed | None:
    """Return the sums of terms where they are; None where terms are here."""
    engine = _connected(book)
    found = None if engine is None else engine.due_cells(asked)
    if engine is None or found is None:
        return None
    check_monthly(asked.terms, found.source)
    return Summed(book, asked.freq, asked.window, asked.terms, asked.by, engine, asked, found)


def _desk(book: Book, asked: Due) -> Desk:
    """Return the desk of the terms, whenever they are due."""
    days = (asked.window.grace, asked.window.early)
    return Desk.asked(book, asked.freq, asked.by, asked.terms, *days)


def _recorded(book: Book, asked: Due, answer: Callable[[], Desk]) -> Desk:
    """Return the desk of some terms, and note that it is their sums that were asked for."""
    return asking(book.engine, "due_cells", {"asked": asked}, answer)


def coming(
    book: Book,
    by: str | Sequence[str] | None,
    quarters: int,
    terms: str,
    grace_days: int,
    early_days: int,
) -> Desk:
    """Return the desk of the terms due in the next quarters, or ended so lately that they may be open; at least these.

    Parameters
    ----------
    book, by, terms, grace_days, early_days
        As for `rates`.
    quarters
        How many quarters, the one of the day after the as-of date first.
    """
    window, names = window_of(book, "Q", terms, grace_days, early_days), columns(by)
    engine = _connected(book)
    if engine is not None:
        calendar, day = book.calendar("Q"), book.as_of_day
        number = int(calendar.ordinal(np.array([day + 1]))[0])
        last = int(calendar.last_day(np.array([number + quarters - 1]))[0])
        first = min(int(calendar.first_day(np.array([number]))[0]), day - window.grace)
        found = engine.due_terms(Due(window, terms, "Q", names, first, last))
        if found is not None:
            check_monthly(terms, found.found.terms.source)
            return Desk(book, "Q", found.found, found.kept, window, terms, names, found)
    return Desk.asked(book, "Q", by, terms, grace_days, early_days)


def decided(book: Book, by: str | Sequence[str] | None, quarters: int) -> Desk | Summed:
    """Return the terms due in the last quarters whose grace is over, or their sums.

    Parameters
    ----------
    book, by
        As for `rates`.
    quarters
        How many of the quarters in which anything was due.
    """
    whole = every(book, "fixed", 90, 90)
    numbers = settled(whole, quarters)
    first, last = _edges(book, numbers)
    asked = Due(whole.window, whole.which, "Q", columns(by), first, last)
    found = _summed(book, asked)
    if found is not None:
        return found

    def here() -> Desk:
        desk = _desk(book, asked)
        return desk.only(np.isin(desk.due, numbers))

    return _recorded(book, asked, here)


def settled(desk: Desk | Summed, quarters: int) -> NDArray[np.int64]:
    """Return the last quarters in which anything was due and whose grace is over."""
    first, _ = desk.span()
    due = first + np.flatnonzero(desk.sums()["terms"].any(axis=(0, 1)))
    last = desk.book.calendar("Q").last_day(due)
    return due[last + desk.window.grace <= desk.as_of][-quarters:]


def _edges(book: Book, quarters: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first and the last day of quarters; of none, days on which nothing ends."""
    if not len(quarters):
        return -_EVER, -_EVER
    calendar = book.calendar("Q")
    first, last = calendar.first_day(quarters[:1]), calendar.last_day(quarters[-1:])
    return int(first[0]), int(last[0])


def history_of(book: Book, desk: Desk) -> History | None:
    """Return what became of all terms of the kind of a desk, in its groups, where only some of its terms are here."""
    engine = _connected(book)
    if desk.chosen is None or engine is None:
        return None
    return engine.due_history(Due(desk.window, desk.which, "Q", desk.by, _EVER, -_EVER))


def every(book: Book, terms: str, grace_days: int, early_days: int) -> Desk | Summed:
    """Return all terms by the quarter in which they are due, or their sums."""
    window = window_of(book, "Q", terms, grace_days, early_days)
    asked = Due(window, terms, "Q", (), _EVER, -_EVER)
    return _summed(book, asked) or _recorded(book, asked, lambda: _desk(book, asked))


def known_before(now: Summed, by: tuple[str, ...], questions: Sequence[Question]) -> list[Before]:
    """Return what was known on days before of terms that stay elsewhere, in groups, and what came of it."""
    asked = DueBefore(now.window, now.which, by, tuple(questions))
    found = now.engine.due_before(asked)
    assert found is not None
    return found


def _connected(book: Book) -> ConnectedEngine | None:
    """Return the engine of a book whose tables are elsewhere."""
    return cast("ConnectedEngine", book.engine) if hasattr(book.engine, "due_cells") else None
