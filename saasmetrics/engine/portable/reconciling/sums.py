"""Sums over days, where the tables are: by how much named levels change, per customer or group and part of a period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.billed import KINDS
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.billed_levels import KIND_OF
from saasmetrics.engine.portable.held import held, settled
from saasmetrics.engine.portable.reconciling.matching import ACCOUNT, parted, turns
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
    from collections.abc import Iterator, Sequence

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

NAMES = (*READINGS, *CAUSES, *SERVICE, *DATED.values(), *SERVED.values())
NUMBER = {name: number for number, name in enumerate(NAMES)}
"""Named levels by number."""
_EVENT = (*ACCOUNT, "measure", "day", "delta")


@dataclass(frozen=True, eq=False)
class Events:
    """By how much named levels change on which day, per customer and currency.

    Parameters
    ----------
    paid
        MRR under each `reading`, by its number in `READINGS`, with `start`, `end` and `amount`.
    lines
        The invoice lines up to the as-of day; None where there are none.
    billed
        The number of the reading as it is billed.
    """

    paid: Frame
    lines: Frame | None
    billed: int

    @cached_property
    def parted(self) -> Frame:
        """The causes for which invoices serve more or less than MRR."""
        assert self.lines is not None
        said = "where invoices serve more or less than MRR, and why"
        return held(parted(self.paid, self.lines, self.billed), "parted", said)

    def of(self, names: frozenset[str], calendar: Calendar, days: tuple[int, int]) -> Frame:
        """Return the changes of some levels: entity, moving, measure, day, delta.

        Parameters
        ----------
        names
            The levels.
        calendar, days
            The periods, the first day looked at and the first after the last: they say what was billed in the period
            that it serves.
        """
        found = self._earned(names)
        if self.lines is not None:
            found += [*self._parted(names), *_billed(self.lines, names, calendar, days)]
        return nw.concat([part.select(*_EVENT) for part in found])

    def _earned(self, names: frozenset[str]) -> list[Frame]:
        wanted = [number for number, name in enumerate(READINGS) if name in names]
        found = turns(self.paid.filter(nw.col("reading").is_in(wanted)), "amount", "reading")
        return (
            [found.with_columns(measure=nw.col("reading") + NUMBER[READINGS[0]])] if wanted else []
        )

    def _parted(self, names: frozenset[str]) -> Iterator[Frame]:
        for name in CAUSES:
            if name in names:
                found = self.parted.filter(nw.col(name) != 0)
                yield found.with_columns(measure=_whole(NUMBER[name]), delta=nw.col(name))


def _billed(
    lines: Frame, names: frozenset[str], calendar: Calendar, days: tuple[int, int]
) -> Iterator[Frame]:
    """Return the changes of what lines are on single days, as `saasmetrics.engine.billed_levels` has them here."""
    paying = lines.filter(nw.col("kind") < PAYING)
    for dated, constant, rated, others in (
        (True, "invoiced", "rated", DATED),
        (False, "served", "recognised", SERVED),
    ):
        if constant in names:
            yield _changes(
                paying.with_columns(measure=_whole(NUMBER[constant])), "micro", dated=dated
            )
        kinds = {KINDS.index(KIND_OF[step]): name for step, name in others.items()}
        kinds |= dict.fromkeys(range(PAYING), rated)
        wanted = {kind: NUMBER[name] for kind, name in kinds.items() if name in names}
        if wanted:
            measure = _whole(0)
            for kind, number in wanted.items():
                measure = nw.when(nw.col("kind") == kind).then(_whole(number)).otherwise(measure)
            mine = lines.filter(nw.col("kind").is_in(list(wanted)))
            yield _changes(mine.with_columns(measure=measure), "rated", dated=dated)
    if {"own", "later"} & names:
        whole = settled(_with_own_period(paying, calendar, days))
        later = whole.with_columns(_from=nw.col("start"), _until=nw.col("_opens"))
        own = whole.with_columns(_from=nw.col("_opens"), _until=nw.col("_closes"))
        for name, part in (("own", own), ("later", later)):
            if name in names:
                yield _by_day(part.with_columns(measure=_whole(NUMBER[name])), "micro")


def _changes(found: Frame, amount: str, *, dated: bool) -> Frame:
    if dated:
        day = {"start": nw.col("date"), "end": nw.col("date") + 1}
        return turns(found.with_columns(**day), amount, "measure")
    return _by_day(found.with_columns(_from=nw.col("start"), _until=nw.col("end")), amount)


def _by_day(found: Frame, amount: str) -> Frame:
    """Return amounts by day, those of the days from `_from` until `_until`; the first bear what division leaves."""
    found = found.with_columns(_share=divided(nw.col(amount), nw.col("end") - nw.col("start")))
    rest = nw.col(amount) - nw.col("_share") * (nw.col("end") - nw.col("start"))
    found = settled(found.with_columns(_rest_end=nw.col("start") + rest, _one=_whole(1)))
    parts = []
    for level, end in (("_share", "end"), ("_one", "_rest_end")):
        begin = nw.max_horizontal("start", "_from")
        part = found.with_columns(_begin=begin, _end=nw.min_horizontal(end, "_until"))
        part = part.with_columns(start=nw.col("_begin"), end=nw.max_horizontal("_begin", "_end"))
        parts.append(turns(part, level, "measure"))
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


def in_parts(events: Frame, calendar: Calendar, days: tuple[int, int]) -> Frame:
    """Return changes in parts of periods, each of which is in one month.

    Parameters
    ----------
    events
        Changes with their `day` and `delta`.
    calendar, days
        The periods, the first day looked at and the first after the last. What changed before changes on the first.

    Returns
    -------
    LazyFrame
        The changes with `mark`, the first day of the part, and `since`: the change times the days since the mark.
    """
    first, stop = days
    found = events.filter(nw.col("day") < stop)
    day = nw.max_horizontal("day", _whole(first))
    found = settled(_marked(found.with_columns(day=day), calendar))
    return found.with_columns(since=nw.col("delta") * (nw.col("day") - nw.col("mark")))


def part_sums(found: Frame, keys: Sequence[str]) -> Frame:
    """Return what levels change by in each part, `delta`, and `since`, where there is any; `keys` tell them apart."""
    found = summed(found, (*keys, "moving", "measure", "mark"), ("delta", "since"))
    return found.filter((nw.col("delta") != 0) | (nw.col("since") != 0))


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
