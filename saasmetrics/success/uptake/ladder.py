"""The ladder of adoption: which level of use a customer has kept up for some weeks, from basic to complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.success.score.events import FAR
from saasmetrics.success.score.scorer import Scorer, scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.success.score.signals import Usage

NAMES = ("basic", "advanced", "complete")
NONE = "none"


@dataclass(frozen=True, eq=False)
class Ladder:
    """Levels from the lowest to the highest, and the level of each feature of the usage table (-1 is none)."""

    names: tuple[str, ...]
    level: NDArray[np.int64]
    features: dict[str, list[str]]
    said: str


def watched(book: Book, wanted_by: str, since: int | None = None) -> tuple[Scorer, Usage]:
    """Return what is known of usage; with `since`, by day from then on and before as first and last days.

    Raises
    ------
    MissingTableError
        If there is no table usage.
    """
    if "usage" not in book.tables:
        raise MissingTableError.of("usage", wanted_by)
    facts = scorer(book)
    usage = facts.usage if since is None else facts.usage_from(since)
    if usage is None or not len(usage.events.row):
        msg = f"{wanted_by} needs rows in the table usage, and it has none of customers who ever paid."
        raise DataError(msg)
    return facts, usage


def ladder_of(facts: Scorer, usage: Usage, given: Any) -> Ladder:
    """Return the ladder asked for, or that of how many customers ever used each feature, in thirds.

    Raises
    ------
    UnknownNameError
        If a feature is not in the table.
    DataError
        If the ladder is no table of levels, or a feature is on two of them.
    """
    if given is None:
        used = np.zeros((facts.many, len(usage.names)), bool)
        used[usage.events.entity, usage.feature] = True
        order = np.argsort(-used.sum(axis=0), kind="stable")
        thirds = list(np.array_split(order, min(len(NAMES), len(order))))
        levels = {NAMES[i]: [usage.names[f] for f in part] for i, part in enumerate(thirds)}
        said = "levels are thirds of the features by how many customers ever used them; give ladder to set them"
        return _built(usage, levels, said)
    if not isinstance(given, Mapping) or not given:
        msg = f"ladder={given!r} is no table of levels, such as {{'basic': ['reports'], 'advanced': ['api']}}."
        raise DataError(msg)
    levels = {
        str(name): [str(f) for f in listed(str(name), found, "features")]
        for name, found in given.items()
    }
    return _built(usage, levels, "levels are as given")


def _built(usage: Usage, levels: dict[str, list[str]], said: str) -> Ladder:
    level = np.full(len(usage.names), -1, np.int64)
    for number, found in enumerate(levels.values()):
        for feature in found:
            if feature not in usage.names:
                raise UnknownNameError.of("feature", feature, usage.names)
            at = usage.names.index(feature)
            if level[at] >= 0:
                msg = f"The feature {feature!r} is on two levels of the ladder; put it on one."
                raise DataError(msg)
            level[at] = number
    return Ladder(tuple(levels), level, levels, said)


def levels_on(
    facts: Scorer, usage: Usage, ladder: Ladder, day: int, weeks: int, of: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the level each customer has kept up on a day (0 is none), and who has any use on record by then.

    A level is kept up where one of its features was used in at least `weeks` of the last `of` weeks.
    """
    events, depth = usage.events, len(ladder.names)
    here = events.within(day - 7 * of + 1, day)
    who, level = events.entity[here].astype(np.int64), ladder.level[usage.feature[here]]
    week = (day - events.day[here].astype(np.int64)) // 7
    mine = level >= 0
    seen = np.zeros(facts.many * depth * of, bool)
    seen[(who[mine] * depth + level[mine]) * of + week[mine]] = True
    kept = seen.reshape(facts.many, depth, of).sum(axis=2) >= weeks
    out = np.where(kept, np.arange(1, depth + 1), 0).max(axis=1)
    ever = np.zeros(facts.many, bool)
    ever[events.entity[events.until(day)]] = True
    return out.astype(np.int64), ever


def first_use(facts: Scorer, usage: Usage, features: list[str]) -> NDArray[np.int64]:
    """Return the first day on which each customer used one of some features; far off for never."""
    wanted = np.isin(usage.feature, [usage.names.index(name) for name in features])
    out = np.full(facts.many, FAR, np.int64)
    np.minimum.at(out, usage.events.entity[wanted], usage.events.day[wanted])
    return out
