"""Sums over days, where the tables are: by how much named levels change, per customer or group and part of a period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.billed import KINDS
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.billed_levels import KIND_OF
from saasmetrics.engine.portable.held import held, held_by, settled
from saasmetrics.engine.portable.reconciling.matching import parted, turns
from saasmetrics.engine.portable.whole import (
    FAR,
    divided,
    summed,
    with_first_day,
    with_last_day,
    with_month,
    with_period,
)
from saasmetrics.engine.reconciled_cell import CAUSES, DATED, READINGS, SERVED, SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from saasmetrics.engine.portable.reconciling.books import Books
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

NAMES = (*READINGS, *CAUSES, *SERVICE, *DATED.values(), *SERVED.values())
NUMBER = {name: number for number, name in enumerate(NAMES)}
"""Named levels by number."""


@dataclass(frozen=True)
class Asked:
    """What is to be added up.

    Parameters
    ----------
    names
        The levels.
    calendar, days
        The periods, the first day looked at and the first after the last: they say what was billed in the period that
        it serves.
    keys
        What tells sums apart: `entity`, `group` or both.
    told
        What is made of rows with an `entity` and a `group` first.
    """

    names: frozenset[str]
    calendar: Calendar
    days: tuple[int, int]
    keys: tuple[str, ...] = ("group",)
    told: Callable[[Frame], Frame] = lambda found: found

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns of changes."""
        return (*self.keys, "moving", "measure")


@dataclass(frozen=True, eq=False)
class Events:
    """By how much named levels change on which day, per customer and currency."""

    books: Books

    @cached_property
    def parted(self) -> Frame:
        """The causes for which invoices serve more or less than MRR."""
        books, said = self.books, "where invoices serve more or less than MRR, and why"
        assert books.lines is not None
        with held_by(books):
            found = parted(books.paid, books.lines, books.billed)
            return held(books.grouped(found), "parted", said)

    def sums(self, asked: Asked) -> Frame:
        """Return what some levels change by in each part of a period that is in one month, where it is anything.

        What changed before the first day changes on it.

        Returns
        -------
        LazyFrame
            keys, moving, measure, `mark`: the first day of the part, `delta`: the sum of all changes, and `since`: of
            the changes times their days since the mark.
        """
        keys, (first, stop) = (*asked.keys, "moving", "measure"), asked.days
        parts = [part.select(*keys, "day", "delta") for part in self._changes(asked)]
        found = nw.concat(parts).filter(nw.col("day") < stop)
        found = found.with_columns(day=nw.max_horizontal("day", _whole(first)))
        # Days are looked up for sums, which are few, and not for every change.
        found = _marked(settled(summed(found, (*keys, "day"), ("delta",))), asked.calendar)
        found = found.with_columns(since=nw.col("delta") * (nw.col("day") - nw.col("mark")))
        found = summed(settled(found), (*keys, "mark"), ("delta", "since"))
        return found.filter((nw.col("delta") != 0) | (nw.col("since") != 0))

    def _changes(self, asked: Asked) -> Iterator[Frame]:
        """Return changes of levels with their `measure`; those that cancel in the days looked at may be left out."""
        first, stop = asked.days
        serves = (nw.col("end") > first) & (nw.col("start") < stop)
        wanted = [number for number, name in enumerate(READINGS) if name in asked.names]
        if wanted:
            paid = self.books.paid.filter(nw.col("reading").is_in(wanted), serves)
            paid = asked.told(paid).with_columns(measure=nw.col("reading") + NUMBER[READINGS[0]])
            yield turns(paid, "amount", *asked.kept)
        if self.books.lines is None:
            return
        for name in CAUSES:
            if name in asked.names:
                found = asked.told(self.parted.filter(nw.col(name) != 0))
                yield found.with_columns(measure=_whole(NUMBER[name]), delta=nw.col(name))
        dated = (nw.col("date") >= first) & (nw.col("date") < stop)
        yield from _billed(asked.told(self.books.lines.filter(serves | dated)), asked)


def _billed(lines: Frame, asked: Asked) -> Iterator[Frame]:
    """Return the changes of what lines are on single days, as `saasmetrics.engine.billed_levels` has them here."""
    names, keep = asked.names, asked.kept
    paying = lines.filter(nw.col("kind") < PAYING)
    for dated, constant, rated, others in (
        (True, "invoiced", "rated", DATED),
        (False, "served", "recognised", SERVED),
    ):
        if constant in names:
            mine = paying.with_columns(measure=_whole(NUMBER[constant]))
            yield _on_days(mine, "micro", keep, dated=dated)
        kinds = {KINDS.index(KIND_OF[step]): name for step, name in others.items()}
        kinds |= dict.fromkeys(range(PAYING), rated)
        wanted = {kind: NUMBER[name] for kind, name in kinds.items() if name in names}
        if wanted:
            measure = _whole(0)
            for kind, number in wanted.items():
                measure = nw.when(nw.col("kind") == kind).then(_whole(number)).otherwise(measure)
            mine = lines.filter(nw.col("kind").is_in(list(wanted)))
            yield _on_days(mine.with_columns(measure=measure), "rated", keep, dated=dated)
    if {"own", "later"} & names:
        whole = settled(_with_own_period(paying, asked.calendar, asked.days))
        later = whole.with_columns(_from=nw.col("start"), _until=nw.col("_opens"))
        own = whole.with_columns(_from=nw.col("_opens"), _until=nw.col("_closes"))
        for name, part in (("own", own), ("later", later)):
            if name in names:
                yield _by_day(part.with_columns(measure=_whole(NUMBER[name])), "micro", keep)


def _on_days(found: Frame, amount: str, keep: tuple[str, ...], *, dated: bool) -> Frame:
    if dated:
        day = {"start": nw.col("date"), "end": nw.col("date") + 1}
        return turns(found.with_columns(**day), amount, *keep)
    found = found.with_columns(_from=nw.col("start"), _until=nw.col("end"))
    return _by_day(found, amount, keep)


def _by_day(found: Frame, amount: str, keep: tuple[str, ...]) -> Frame:
    """Return amounts by day, those of the days from `_from` until `_until`; the first bear what division leaves."""
    found = found.with_columns(_share=divided(nw.col(amount), nw.col("end") - nw.col("start")))
    rest = nw.col(amount) - nw.col("_share") * (nw.col("end") - nw.col("start"))
    found = settled(found.with_columns(_rest_end=nw.col("start") + rest, _one=_whole(1)))
    parts = []
    for level, end in (("_share", "end"), ("_one", "_rest_end")):
        begin = nw.max_horizontal("start", "_from")
        part = found.with_columns(_begin=begin, _end=nw.min_horizontal(end, "_until"))
        part = part.with_columns(start=nw.col("_begin"), end=nw.max_horizontal("_begin", "_end"))
        parts.append(turns(part, level, *keep))
    return nw.concat(parts)


def _with_own_period(lines: Frame, calendar: Calendar, days: tuple[int, int]) -> Frame:
    """Add from which day until which the period lasts that each line is dated in.

    A line dated before all periods was billed before them, one dated after them is billed later.
    """
    first, stop = days
    found = with_period(lines, calendar, "date", "_period")
    found = with_last_day(found, calendar, "_period", "_last")
    found = settled(found).with_columns(_before=nw.col("_period") - 1)
    found = settled(with_last_day(found, calendar, "_before", "_ended"))
    before, after = nw.col("date") < first, nw.col("date") >= stop
    opens = nw.when(after).then(_whole(stop)).otherwise(nw.col("_ended") + 1)
    closes = (
        nw.when(after)
        .then(_whole(FAR))
        .otherwise(nw.min_horizontal(nw.col("_last") + 1, _whole(stop)))
    )
    return found.with_columns(
        _opens=nw.when(before).then(_whole(-FAR)).otherwise(opens),
        _closes=nw.when(before).then(_whole(first)).otherwise(closes),
    )


def _marked(found: Frame, calendar: Calendar) -> Frame:
    """Add the first day of the part of a period that each day is in, as `mark`."""
    if calendar.freq == "D":
        return found.with_columns(mark=nw.col("day"))
    found = with_first_day(with_month(found, "day", "_month"), "_month", "mark")
    if calendar.freq != "W":
        return found
    monday = divided(nw.col("day") + 3, 7) * 7 - 3
    return found.with_columns(mark=nw.max_horizontal("mark", monday))


def _whole(number: int) -> nw.Expr:
    return nw.lit(number).cast(nw.Int64)
