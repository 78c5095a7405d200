"""Past scores with what came after them: the panel that back-tests, learnt weights and surveys are judged on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.errors import TooFewEventsError
from saasmetrics.success.score.events import optional
from saasmetrics.success.score.history import scored
from saasmetrics.success.score.model import COMPONENTS
from saasmetrics.success.score.scorer import scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.success.score.model import HealthModel

LEAST = 30
PER_VARIABLE = 10


@dataclass(frozen=True, eq=False)
class Panel:
    """Customers at the ends of past periods, one element per customer and day.

    `event` says whether the customer decided to leave in the days after, `notice` whether it had decided before;
    `touched` whether somebody turned to it in those days; `parts` are the components, elements x components.
    """

    book: Book
    horizon: int
    day: NDArray[np.int64]
    entity: NDArray[np.int64]
    score: NDArray[np.float64]
    band: NDArray[np.int64]
    arr: NDArray[np.float64]
    parts: NDArray[np.float64]
    event: NDArray[np.bool_]
    notice: NDArray[np.bool_]
    touched: NDArray[np.bool_]
    days: NDArray[np.int64]
    who: NDArray[np.int64]
    left: NDArray[np.int64]
    decided: NDArray[np.int64]

    def only(self, mask: NDArray[np.bool_]) -> Panel:
        """Return some elements of the panel."""
        names = ("day", "entity", "score", "band", "arr", "parts", "event", "notice", "touched")
        return replace(self, **{name: getattr(self, name)[mask] for name in names})

    @property
    def judged(self) -> Panel:
        """The elements that a score can be judged by: scored, and not already in notice."""
        return self.only(~np.isnan(self.score) & ~self.notice)

    @property
    def leavers(self) -> int:
        """How many customers decided to leave after one of the days of the panel."""
        return len(np.unique(self.entity[self.event]))

    def split(self) -> tuple[Panel, Panel]:
        """Return the earlier half, and the later one less the days whose outcome overlaps the earlier half."""
        middle = float(np.median(np.unique(self.day))) if len(self.day) else 0.0
        return self.only(self.day <= middle), self.only(self.day > middle + self.horizon)


def panel(
    book: Book, freq: str, horizon_days: int, versions: list[HealthModel], last: int | None = None
) -> Panel:
    """Return the panel of a book: the ends of all complete periods whose days after are over."""
    horizon = whole("horizon_days", horizon_days, 1, "a number of days")
    facts = scorer(book)
    first, _, full = book.engine.extent(freq)
    ends = book.calendar(freq).last_day(np.arange(first, full + 1))
    ends = ends[ends + horizon <= book.as_of_day]
    ends = ends[-last:] if last is not None else ends
    found = scored(book, ends.tolist(), versions)
    who, left, decided = facts.departures
    touches = optional(book, "activities", "at")
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for each in found:
        gone, notice = np.zeros(facts.many, bool), np.zeros(facts.many, bool)
        gone[who[(decided > each.day) & (decided <= each.day + horizon)]] = True
        notice[who[(decided <= each.day) & (left > each.day)]] = True
        touched = np.zeros(facts.many, bool)
        if touches is not None:
            here = touches.within(each.day + 1, each.day + horizon)
            touched[touches.entity[here][_ours(touches)[here]]] = True
        parts = np.stack([each.parts[name] for name in COMPONENTS], axis=1)
        who_pays = each.entity
        told = (who_pays, each.score, each.band, each.arr, parts)
        came = (gone[who_pays], notice[who_pays], touched[who_pays])
        row: tuple[Any, ...] = (np.full(len(who_pays), each.day), *told, *came)
        for name, values in zip(_COLUMNS, row, strict=True):
            columns[name].append(values)
    joined = {name: np.concatenate(v) if v else _empty(name) for name, v in columns.items()}
    days = np.array([each.day for each in found], np.int64)
    return Panel(
        book=book, horizon=horizon, days=days, who=who, left=left, decided=decided, **joined
    )


_COLUMNS = ("day", "entity", "score", "band", "arr", "parts", "event", "notice", "touched")


def _empty(name: str) -> NDArray[Any]:
    if name == "parts":
        return np.zeros((0, len(COMPONENTS)))
    kinds: dict[str, Any] = {
        "day": np.int64,
        "entity": np.int64,
        "band": np.int64,
        "score": float,
        "arr": float,
    }
    return np.zeros(0, kinds.get(name, bool))


def _ours(touches: Any) -> NDArray[np.bool_]:
    """Return which activities are touches of ours: by a person, and on our initiative where the table tells."""
    mine = np.ones(len(touches.row), bool)
    if touches.has("csm_id"):
        mine &= touches.codes("csm_id")[1] >= 0
    return mine


def enough(found: Panel, what: str, least: int, variables: int = 0) -> None:
    """Refuse a panel with too few customers who left.

    Raises
    ------
    TooFewEventsError
        If there are fewer than `least`, or than ten per variable.
    """
    needed = max(least, PER_VARIABLE * variables)
    if found.leavers < needed:
        raise TooFewEventsError(what, found.leavers, needed)
