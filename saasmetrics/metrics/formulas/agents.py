"""How many agents a goal takes: the fewest whose queue meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.erlang import MOST_AGENTS, Queue, erlang_a, numbers_from_0

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def agents_required(
    arrivals: ArrayLike,
    handle_time: ArrayLike,
    *,
    service_level: float | None = 0.8,
    target: float = 0,
    max_wait: float | None = None,
    max_occupancy: float | None = None,
    max_abandon: float | None = None,
    patience: float | None = None,
) -> Any:
    """Fewest agents that meet every goal given.

    Parameters
    ----------
    arrivals, handle_time
        As in `erlang_c`.
    service_level, target
        Share of arrivals to be answered within `target`; None for no such goal.
    max_wait
        Highest mean wait of all arrivals, in the same unit of time.
    max_occupancy
        Highest share of time on contacts, such as 0.85.
    max_abandon
        Highest share of callers lost; needs `patience`.
    patience
        Mean time a caller is ready to wait (Erlang A); None for callers who never hang up (Erlang C).

    Returns
    -------
    int or ndarray
        Agents at work; `scheduled_agents` adds those on leave and in training. 0 where nobody calls.

    Raises
    ------
    DataError
        If no goal is given, or no number of agents up to 100,000 meets them.

    Examples
    --------
    >>> agents_required(100 / 30, 3, service_level=0.8, target=20 / 60, max_occupancy=0.85)
    14
    """
    goals = (service_level, max_wait, max_occupancy, max_abandon)
    if all(goal is None for goal in goals):
        msg = "Give at least one goal: service_level, max_wait, max_occupancy or max_abandon."
        raise DataError(msg)
    if max_abandon is not None and patience is None:
        msg = "max_abandon is for callers who hang up: give their patience as well."
        raise DataError(msg)
    rate, handle = np.broadcast_arrays(
        numbers_from_0("arrivals", arrivals), numbers_from_0("handle_time", handle_time)
    )
    stays = np.inf if patience is None else patience

    def met(agents: NDArray[np.int64]) -> NDArray[np.bool_]:
        queue = erlang_a(rate.ravel(), handle.ravel(), agents, stays, target)
        return _meets(queue, goals)

    most = np.ceil(rate * handle).astype(np.int64).ravel() + 1
    low = np.full_like(most, -1)  # where the goals are known not to be met
    while not (fine := met(most)).all():
        low = np.where(fine, low, most)
        most = np.where(fine, most, 2 * most)
        if most.max() > MOST_AGENTS:
            msg = f"No number of agents up to {MOST_AGENTS:,} meets these goals; check the target."
            raise DataError(msg)
    while (most - low > 1).any():
        middle = (low + most) // 2
        fine = met(np.maximum(middle, 0))
        low, most = np.where(fine, low, middle), np.where(fine, middle, most)
    found = np.where(rate.ravel() * handle.ravel() == 0, 0, most).reshape(rate.shape)
    return int(found) if found.ndim == 0 else found


def _meets(queue: Queue, goals: tuple[float | None, ...]) -> NDArray[np.bool_]:
    level, wait, busy, lost = goals
    fine = np.ones(np.shape(queue.p_wait), bool)
    if level is not None:
        fine &= queue.service_level >= level - 1e-12
    if wait is not None:
        fine &= queue.mean_wait <= wait + 1e-12  # missing where the queue grows without end
    if busy is not None:
        fine &= queue.occupancy <= busy + 1e-12
    if lost is not None:
        fine &= queue.p_abandon <= lost + 1e-12
    return fine
