"""Who is behind a cell of a cube, chosen where the tables are: only what these pay is brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from saasmetrics.engine.portable.balances import (
    began,
    changes_at,
    of_entities,
    with_balances,
)
from saasmetrics.engine.portable.lifetimes import lifetimes
from saasmetrics.engine.portable.whole import FAR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame


def chosen(engine: PortableEngine, kind: str, **cell: Any) -> Frame:
    """Return the entities that may be in a cell of a cube, each once; who is not in it adds nothing to it.

    Parameters
    ----------
    engine
        The engine.
    kind, cell
        As for the local engine's `measures`.
    """
    makers: dict[str, Callable[..., Frame]] = {
        "movements": _paying,
        "closing": _paying,
        "pairs": _paying,
        "triangle": _won,
        "lifetimes": _alive,
        "renewals": _ended,
    }
    return makers[kind](engine, **cell).select("entity").unique()


def _paying(
    engine: PortableEngine,
    period: int,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
    window: int = 1,
) -> Frame:
    """Return who has a line that runs, starts or ends in a window, or runs on the day before it."""
    calendar = engine.calendar(freq)
    first = int(calendar.first_day(np.array([period - window + 1]))[0])
    last = int(calendar.last_day(np.array([period]))[0])
    found = engine.basis.pieces(by).filter(nw.col("start") <= last, nw.col("end") >= first)
    return found if group is None else found.filter(nw.col("group") == group)


def _won(
    engine: PortableEngine,
    age: int,
    cohort: int | None = None,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
) -> Frame:
    """Return the customers of a cohort; without one, all who are old enough."""
    daily, calendar = engine.basis.daily(by), engine.calendar(freq)
    seen = of_entities(changes_at(daily, calendar, events=False))
    found = began(with_balances(seen, ["entity"]))
    _, _, full = engine.extent(freq)
    since = nw.col("since")
    found = found.filter(since + age <= full if cohort is None else since == cohort)
    return _of_origin(engine, found, by, group)


def _alive(
    engine: PortableEngine,
    freq: str = "M",
    by: Sequence[str] = (),
    group: int | None = None,
    age: int | None = None,
    cause: str = "",  # noqa: ARG001  # which is told of whoever is chosen
) -> Frame:
    """Return every customer; with an age, those at risk at it."""
    daily = engine.basis.daily(by)
    found = lifetimes(daily, engine.calendar(freq), engine.extent(freq)[2])
    found = found if age is None else found.filter(nw.col("duration") >= age)
    return _of_origin(engine, found, by, group)


def _ended(
    engine: PortableEngine,
    number: int | None = None,  # noqa: ARG001  # which follows from all terms of who is chosen
    by: Sequence[str] = (),
    group: int | None = None,
    grace_days: int = 90,  # noqa: ARG001
) -> Frame:
    """Return every customer with a line that ended."""
    found = engine.basis.pieces().filter(nw.col("end") < FAR)
    if group is None or not engine.basis.per_entity(by):
        return found
    return _of_origin(engine, found, by, group)


def _of_origin(engine: PortableEngine, found: Frame, by: Sequence[str], group: int | None) -> Frame:
    """Keep the entities of a group, each by that of most of its MRR on its first day."""
    if group is None:
        return found
    mine = engine.basis.origins(by).filter(nw.col("group") == group).select("entity")
    return found.join(mine, on="entity", how="semi")
