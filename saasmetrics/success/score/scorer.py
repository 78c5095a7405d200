"""The scores of all customers on a day, from what was known on that day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.columns import days, has
from saasmetrics.engine.followed import followed
from saasmetrics.engine.portions import portion
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.money import MICRO, counted
from saasmetrics.periods import iso_day, last_day
from saasmetrics.success.score.events import FAR, entities_of, events, has_rows, optional, segments
from saasmetrics.success.score.model import BANDS, COMPONENTS, UNSCORED, HealthModel, combined
from saasmetrics.success.score.signals import (
    STALE_DAYS,
    Answers,
    Tickets,
    Usage,
    damping,
    yardstick,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.ledger import Ledger

    Floats = NDArray[np.float64]

MONTH = 365.25 / 12
NAMES = np.array([*BANDS, UNSCORED], object)
NOT_SCORED = len(BANDS)
_FAR = 2**30


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The scores of the customers that pay on a day; `entity` indexes the customers of the engine."""

    day: int
    model: HealthModel
    entity: NDArray[np.int64]
    score: Floats
    coverage: Floats
    band: NDArray[np.int64]
    arr: Floats
    months: Floats
    parts: dict[str, NDArray[Any]]


_KEPT = "_scorer"


class Scorer:
    """What a book knows of its customers, ready to be scored on any day.

    Raises
    ------
    MissingTableError
        If there is neither usage nor tickets nor surveys.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.many = len(followed(book.engine).spans.entity_ids)
        self._recent: Usage | None = None
        if not any(has_rows(book, name) for name in ("usage", "tickets", "surveys")):
            msg = (
                "Health needs at least one of the tables usage (customer_id, date), tickets (ticket_id, customer_id, "
                "created_at) and surveys (customer_id, at, instrument, score); add one to the folder."
            )
            raise MissingTableError(msg)
        self.segment_names, self.segment = segments(book)
        self._ids = followed(book.engine).spans.entity_ids

    @cached_property
    def usage(self) -> Usage | None:
        """All usage by day."""
        found = optional(self.book, "usage", "date")
        return None if found is None else Usage(found, self.many)

    @cached_property
    def tickets(self) -> Tickets | None:
        """The tickets."""
        found = optional(self.book, "tickets", "created_at")
        return None if found is None else Tickets(found)

    @cached_property
    def answers(self) -> Answers | None:
        """The answers to surveys."""
        found = optional(self.book, "surveys", "at")
        return None if found is None else Answers(found)

    def usage_from(self, day: int) -> Usage | None:
        """Return usage by day from a day on at least; of what was known before, first and last days are enough.

        Of a table that is here it is all of it, and of one that is elsewhere once more was needed than was brought.
        """
        brought = None if self._recent is None else self._recent.events.since
        if brought is not None and brought <= day:
            return self._recent
        away = has_rows(self.book, "usage") and self.book.tables["usage"].is_away
        if "usage" in vars(self) or not away or (brought is not None and brought < FAR):
            return self.usage
        self._recent = Usage(events(self.book, "usage", "date", day), self.many)
        return self._recent

    def usage_on(self, day: int, model: HealthModel) -> Usage | None:
        """Return usage by day as far back as a score on a day looks."""
        width = max(model.window_days, model.stop_days)
        found = self.usage_from(day - width + 1)
        if found is None or day - (last := found.last_day(day)) <= STALE_DAYS:
            return found
        return self.usage_from(last - width + 1)

    @property
    def ledger(self) -> Ledger:
        """Every change of MRR of every customer, by day."""
        return followed(self.book.engine).entities

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables whose warnings go into the footnote."""
        return tuple(name for name in ("usage", "tickets", "surveys") if name in self.book.tables)

    @cached_property
    def began(self) -> NDArray[np.int64]:
        """The day on which each customer first paid."""
        ledger, out = self.ledger, np.full(self.many, _FAR, np.int64)
        at = ledger.earliest(ledger.held > 0)
        out[ledger.account[at]] = ledger.time[at]
        return out

    @cached_property
    def departures(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Who left, on which day, and when that was decided: when it was asked for, where the tables tell."""
        ledger = self.ledger
        held = ledger.held
        gone = np.flatnonzero(
            (held == 0) & (ledger.before(held) > 0) & (ledger.time <= self.book.as_of_day)
        )
        who, left = ledger.account[gone].astype(np.int64), ledger.time[gone].astype(np.int64)
        known = who, left, np.minimum(self._asked(who, left), left)
        ahead = self._announced()
        return tuple(np.concatenate(pair) for pair in zip(known, ahead, strict=True))  # type: ignore[return-value]

    def _announced(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return who has said that it leaves after the as-of date: all its running lines end, as it asked for."""
        none = np.zeros(0, np.int64)
        table, today = self.book.tables.get("subscriptions"), self.book.as_of_day
        if (
            table is None
            or not has(table.data, "cancel_requested_at")
            or not has(table.data, "end")
        ):
            return none, none, none
        alone = self.book.policy.entity != "parent"
        asked_for = "cancel_requested_at" if alone else ""
        data = portion(table, ("customer_id", "start", "end", "cancel_requested_at"), (), asked_for)
        entity = entities_of(self.book, data["customer_id"]).astype(np.int64)
        start, end = days(data["start"], _FAR), days(data["end"], _FAR)
        asked = days(data["cancel_requested_at"], _FAR)
        runs = np.flatnonzero((entity >= 0) & (start <= today) & (end > today))
        last, when = np.zeros(self.many, np.int64), np.zeros(self.many, np.int64)
        np.maximum.at(last, entity[runs], end[runs])
        np.maximum.at(when, entity[runs], asked[runs])
        who = np.flatnonzero((last > 0) & (last < _FAR) & (when <= today))
        return who, last[who], when[who]

    def _asked(self, who: NDArray[np.int64], left: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when each departure was asked for; the day itself where the tables do not tell."""
        table = self.book.tables.get("subscriptions")
        source = self.book.engine.source
        if source != "subscriptions" or table is None or not has(table.data, "cancel_requested_at"):
            return left
        said = ("end", "cancel_requested_at")
        data = portion(table, ("customer_id", *said), said)
        entity = entities_of(self.book, data["customer_id"]).astype(np.int64)
        end, asked = days(data["end"], _FAR), days(data["cancel_requested_at"], _FAR)
        told = (entity >= 0) & (end < _FAR) & (asked < _FAR)
        key = (entity[told] << 32) + end[told]
        order = np.lexsort(
            (asked[told], key)
        )  # of lines that end together the last request decides
        key, day = key[order], asked[told][order].astype(np.int64)
        wanted = (who << 32) + left
        at = np.searchsorted(key, wanted, side="right") - 1
        known = (
            (at >= 0) & (key[np.maximum(at, 0)] == wanted) if len(key) else np.zeros(len(who), bool)
        )
        return np.where(known, day[np.maximum(at, 0)] if len(day) else left, left)

    def at(self, day: int, model: HealthModel) -> Snapshot:
        """Return the scores of all who pay on a day, by a model."""
        mrr, _ = self.ledger.state(day)
        paying = mrr > 0  # who pauses has no use to be judged by
        months = np.maximum(day - self.began, 0) / MONTH
        parts: dict[str, NDArray[Any]] = {name: np.full(self.many, np.nan) for name in COMPONENTS}
        parts["tenure"] = 100 * (1 - np.exp2(-months / model.tenure_months))
        usage = self.usage_on(day, model)
        if usage is not None:
            parts |= usage.score(day, model, self.segment, paying)
        if self.tickets is not None:
            parts |= self._issues(day, model, paying, months)
        if self.answers is not None:
            share, _ = self.answers.last(day, model.survey_days, self.many)
            parts["survey"] = 100 * share
        scores = np.stack([parts[name] for name in COMPONENTS], axis=1)
        score, coverage = combined(scores, self._weights(model, months))
        known = (coverage >= model.min_coverage - 1e-12) & ~np.isnan(score)
        band = np.where(
            known, np.searchsorted(model.bands, np.nan_to_num(score), side="right"), NOT_SCORED
        )
        who = np.flatnonzero(paying)
        score = np.where(known, score, np.nan)
        arr = 12 * mrr[who] / MICRO
        kept = {name: value[who] for name, value in parts.items()}
        return Snapshot(
            day, model, who, score[who], coverage[who], band[who], arr, months[who], kept
        )

    def _issues(
        self, day: int, model: HealthModel, paying: NDArray[np.bool_], months: Floats
    ) -> dict[str, NDArray[Any]]:
        assert self.tickets is not None
        load, count, hours = self.tickets.load(day, model, self.many)
        scale = yardstick(load, self.segment, paying, model.quantile)
        ratio = np.divide(load, scale, out=np.zeros(self.many), where=scale > 0)
        penalty = ratio * damping(months, model.tenure_months)
        return {"issues": 100 * np.exp2(-penalty), "tickets": count, "hours": hours}

    def _weights(self, model: HealthModel, months: Floats) -> Floats:
        table = np.stack([model.row(name) for name in self.segment_names])
        return np.where(
            (months < model.onboarding_months)[:, None], model.young(), table[self.segment]
        )

    def unseen(self, day: int, model: HealthModel) -> str:
        """Return in words that the record of usage ends before a day; "" where it does not."""
        usage = self.usage_on(day, model)
        seen = day if usage is None else usage.seen(day, model)
        if seen == day:
            return ""
        return (
            f"Usage is on record until {iso_day(seen)}, {counted(day - seen, 'day')} before: it is scored as of then, "
            "and nobody is taken to have stopped since"
        )

    def notes(self) -> tuple[str, ...]:
        """Return what the footnote says of the tables."""
        said: list[str] = []
        for part in (self.usage_from(FAR), self.tickets, self.answers):
            if part is not None:
                said.extend(part.events.notes())
        absent = [n for n in ("usage", "tickets") if n not in self.book.tables]
        if absent:
            said.append(
                f"Without the table {' and '.join(absent)}: its weight is spread over the rest"
            )
        if self.tickets is not None and not self.tickets.events.has("handle_seconds"):
            said.append("Tickets count without time spent: tickets.handle_seconds is missing")
        if self.answers is not None and self.answers.unscored:
            said.append(
                f"{self.answers.unscored:,} survey rows without a score count as not answered"
            )
        return tuple(said)


def scorer(book: Book) -> Scorer:
    """Return the scorer of a book, kept with the book and let go with it."""
    kept: Scorer | None = book.__dict__.get(_KEPT)
    if kept is None:
        kept = book.__dict__[_KEPT] = Scorer(book)
    return kept


def model_of(given: Any) -> HealthModel:
    """Return a health model: the usual one for None, or as given, or the one a file holds.

    Raises
    ------
    DataError
        If it is none.
    """
    if given is None:
        return HealthModel()
    if isinstance(given, HealthModel):
        return given
    if isinstance(given, dict):
        return HealthModel.from_dict(given)
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        return HealthModel.load(given)
    msg = f"model={given!r} is no health model: give an sm.success.HealthModel, or the file of one."
    raise DataError(msg)


def day_of(book: Book, as_of: Any) -> int:
    """Return the day asked about: by default the last one the book knows.

    Raises
    ------
    DataError
        If the book does not know so late a day.
    """
    if as_of is None:
        return book.as_of_day
    day = last_day(as_of)
    if day > book.as_of_day:
        msg = f"as_of={as_of!r} is after {iso_day(book.as_of_day)}, the last day this book knows."
        raise DataError(msg)
    return day
