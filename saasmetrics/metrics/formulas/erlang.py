"""Queues with several agents: lost calls (Erlang B), patient callers (Erlang C), callers who hang up (Erlang A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MOST_AGENTS = 100_000
_CELLS = 4_000_000  # of one table of queue lengths
_NEGLIGIBLE = 42.0  # exp(-42) is below the last digit of a float


@dataclass(frozen=True)
class Queue:
    """What a queue does in the long run; numbers where numbers were given, arrays where arrays were.

    Attributes
    ----------
    erlangs
        Offered load: arrivals x handling time.
    agents
        Agents.
    p_wait
        Share of arrivals that find all agents busy.
    p_abandon
        Share of arrivals that leave unanswered.
    mean_wait
        Mean wait of all arrivals, those who leave included, in the unit of time of the handling time.
    queue
        Mean number waiting.
    occupancy
        Share of the agents' time that is spent on contacts.
    service_level
        Share of all arrivals that are answered within the target.
    """

    erlangs: Any
    agents: Any
    p_wait: Any
    p_abandon: Any
    mean_wait: Any
    queue: Any
    occupancy: Any
    service_level: Any


def erlang_b(erlangs: ArrayLike, agents: ArrayLike) -> Any:
    """Share of calls that find all agents busy and are lost, as no queue forms.

    Parameters
    ----------
    erlangs
        Offered load: calls per hour x hours per call. A number or an array.
    agents
        Agents, whole numbers from 0.

    Returns
    -------
    float or ndarray
        Between 0 and 1.

    Raises
    ------
    DataError
        If a load is negative or a number of agents is not whole.

    Notes
    -----
    By the recursion B(0) = 1, B(n) = a B(n - 1) / (n + a B(n - 1)), which no size makes overflow.

    Examples
    --------
    >>> round(erlang_b(10, 17), 6)
    0.012949
    """
    load, heads = np.broadcast_arrays(numbers_from_0("erlangs", erlangs), _whole(agents))
    return _shaped(_blocking(load.ravel(), heads.ravel()).reshape(load.shape))


def erlang_c(
    arrivals: ArrayLike, handle_time: ArrayLike, agents: ArrayLike, target: ArrayLike = 0
) -> Queue:
    """How a queue fares in which everybody waits until answered.

    Parameters
    ----------
    arrivals
        Contacts per unit of time, such as calls per minute.
    handle_time
        Mean handling time in the same unit.
    agents
        Agents, whole numbers.
    target
        Wait within which an answer counts for the service level, in the same unit.

    Returns
    -------
    Queue
        Where agents do not exceed the load the queue grows without end: everybody waits, the service level is 0, and
        mean wait and queue are missing.

    Raises
    ------
    DataError
        If a number is negative or a number of agents is not whole.

    Notes
    -----
    Wait is exponential once there is one: P(W > t) = C exp(-(n - a) t / h). Overstates agents where callers hang up.

    Examples
    --------
    >>> queue = erlang_c(arrivals=100 / 30, handle_time=3, agents=14, target=20 / 60)
    >>> round(queue.p_wait, 4), round(queue.service_level, 4), round(queue.occupancy, 4)
    (0.1741, 0.8884, 0.7143)
    """
    rate, handle, heads, within = _asked(arrivals, handle_time, agents, target)
    load = rate * handle
    blocked = _blocking(load.ravel(), heads.ravel()).reshape(load.shape)
    found = _patient(rate, handle, heads, within, blocked)
    return _queue(rate, load, heads, found)


def erlang_a(
    arrivals: ArrayLike,
    handle_time: ArrayLike,
    agents: ArrayLike,
    patience: ArrayLike,
    target: ArrayLike = 0,
) -> Queue:
    """How a queue fares in which callers hang up after a while.

    Parameters
    ----------
    arrivals, handle_time, agents, target
        As in `erlang_c`.
    patience
        Mean time that a caller is ready to wait, in the same unit of time; infinite is Erlang C.

    Returns
    -------
    Queue
        There is a long run for any number of agents, also for fewer than the load.

    Raises
    ------
    DataError
        If a number is negative, a number of agents is not whole, or patience is 0.

    Notes
    -----
    Exact: the weights of the queue lengths are products of arrivals / (agents / handle time + k / patience), and the
    wait behind j others is -patience x ln of a beta variable with (agents x patience / handle time, j + 1).
    Garnett, Mandelbaum and Reiman 2002. Patience and handling times are taken to be exponential.

    Examples
    --------
    >>> queue = erlang_a(arrivals=100 / 30, handle_time=3, agents=14, patience=5, target=20 / 60)
    >>> round(queue.p_wait, 5), round(queue.p_abandon, 6), round(queue.service_level, 6)
    (0.14526, 0.013984, 0.916792)
    """
    rate, handle, heads, within, stays = np.broadcast_arrays(
        *_asked(arrivals, handle_time, agents, target),
        numbers_from_0("patience", patience, finite=False),
    )
    if (stays <= 0).any():
        msg = "patience is the mean time a caller is ready to wait: a number above 0."
        raise DataError(msg)
    shape, load = rate.shape, rate * handle
    flat = [part.ravel() for part in (rate, handle, heads, within, stays)]
    blocked = _blocking(load.ravel(), flat[2])
    found = np.stack(_patient(flat[0], flat[1], flat[2], flat[3], blocked))
    for some in _blocks(flat[0], flat[1], flat[2], flat[4]):
        found[:, some] = _impatient(*(part[some] for part in (*flat, blocked)))
    return _queue(rate, load, heads, tuple(part.reshape(shape) for part in found))


def _blocking(load: Floats, agents: NDArray[np.int64]) -> Floats:
    blocked, out = np.ones_like(load), np.ones_like(load)
    for n in range(1, int(agents.max(initial=0)) + 1):
        blocked = load * blocked / (n + load * blocked)
        out = np.where(agents == n, blocked, out)
    return out


def _patient(
    rate: Floats, handle: Floats, agents: NDArray[np.int64], target: Floats, blocked: Floats
) -> tuple[Floats, ...]:
    """Return P(wait), P(abandon), mean queue, occupancy and service level of Erlang C."""
    load = rate * handle
    spare = agents - load
    steady = spare > 0
    room = np.where(steady, spare, 1.0)
    waits = np.where(steady, agents * blocked / (room + load * blocked), 1.0)
    queue = np.where(steady, waits * load / room, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        late = np.where(handle > 0, np.exp(-room * target / handle), 0.0)
        busy = np.where(steady, load / np.maximum(agents, 1), 1.0)
    return waits, np.zeros_like(waits), queue, busy, np.where(steady, 1 - waits * late, 0.0)


def _impatient(
    rate: Floats,
    handle: Floats,
    agents: NDArray[np.int64],
    target: Floats,
    patience: Floats,
    blocked: Floats,
) -> tuple[Floats, ...]:
    """Return the same of Erlang A, from the weights of all queue lengths that matter."""
    from scipy.special import betainc, logsumexp

    leaving = (agents / handle * patience)[
        :, None
    ]  # of those in service, in leavers from the queue
    coming = (rate * patience)[:, None]
    length = np.arange(_lengths(rate, handle, agents, patience).max() + 1)[None, :]
    steps = -np.log1p((leaving + length[:, 1:] - coming) / coming)
    weight = np.concatenate([np.zeros_like(coming), np.cumsum(steps, axis=1)], axis=1)
    total = logsumexp(weight, axis=1)  # log of the time with all busy, in times with nobody waiting
    share = np.exp(weight - total[:, None])
    with np.errstate(over="ignore", divide="ignore"):
        waits = 1 / (1 + np.exp(np.log(1 / blocked - 1) - total))
    queue = waits * (share * length).sum(axis=1)
    lost = queue / coming[:, 0]
    in_time = np.exp(-target / patience)[:, None]
    kept = leaving / (leaving + length + 1) * (1 - betainc(leaving + 1, length + 1.0, in_time))
    level = 1 - waits + waits * np.where(target > 0, (share * kept).sum(axis=1), 0.0)
    busy = rate * handle * (1 - lost) / np.maximum(agents, 1)
    return waits, lost, queue, np.where(agents > 0, busy, np.nan), level


def _lengths(
    rate: Floats, handle: Floats, agents: NDArray[np.int64], patience: Floats
) -> NDArray[np.int64]:
    """Return how long queues can get before they are as good as impossible."""
    leaving, coming = agents / handle * patience, rate * patience
    over = np.maximum(coming - leaving, 0.0)
    spread = np.sqrt(2 * _NEGLIGIBLE * np.maximum(coming, leaving)) + 2 * _NEGLIGIBLE
    falling = np.log(np.maximum(leaving, coming) / coming)
    with np.errstate(divide="ignore"):
        geometric = np.where(falling > 0, _NEGLIGIBLE / falling, np.inf)
    most = np.minimum(over + spread, np.where(over > 0, np.inf, geometric + 2))
    return np.ceil(np.minimum(most, 10.0 * _CELLS)).astype(np.int64) + 2


def _blocks(
    rate: Floats,
    handle: Floats,
    agents: NDArray[np.int64],
    patience: Floats,
) -> list[NDArray[np.int64]]:
    """Return the queues with impatient callers in blocks of like size that fit into memory."""
    here = np.flatnonzero(np.isfinite(patience) & (rate > 0) & (handle > 0))
    if not len(here):
        return []
    long = _lengths(rate[here], handle[here], agents[here], patience[here])
    if long.max() > _CELLS:
        msg = f"Queues of {int(long.max()):,} would form: patience is too long for so few agents; take Erlang C."
        raise DataError(msg)
    order = np.argsort(long, kind="stable")
    block = np.cumsum(long[order]) // _CELLS
    return [here[order[block == number]] for number in np.unique(block)]


def _queue(
    rate: Floats, load: Floats, agents: NDArray[np.int64], found: tuple[Floats, ...]
) -> Queue:
    waits, lost, queue, busy, level = (_shaped(part) for part in found)
    wait = np.divide(queue, rate, out=np.zeros(np.shape(rate)), where=rate > 0)  # Little
    return Queue(_shaped(load), _shaped(agents), waits, lost, _shaped(wait), queue, busy, level)


def _asked(
    arrivals: ArrayLike, handle_time: ArrayLike, agents: ArrayLike, target: ArrayLike
) -> tuple[Any, ...]:
    return tuple(
        np.broadcast_arrays(
            numbers_from_0("arrivals", arrivals),
            numbers_from_0("handle_time", handle_time),
            _whole(agents),
            numbers_from_0("target", target),
        )
    )


def numbers_from_0(name: str, value: ArrayLike, *, finite: bool = True) -> Floats:
    """Return a number or an array as floats; refuse what is below 0 or no number."""
    try:
        found = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        found = np.array(np.nan)
    if not (found >= 0).all() or (finite and not np.isfinite(found).all()):
        msg = f"{name}={value!r} is not a number from 0, or an array of them."
        raise DataError(msg)
    return found


def _whole(agents: ArrayLike) -> NDArray[np.int64]:
    found = numbers_from_0("agents", agents)
    if (found % 1 != 0).any() or found.max(initial=0) > MOST_AGENTS:
        msg = f"agents={agents!r} is not a whole number from 0 to {MOST_AGENTS:,}."
        raise DataError(msg)
    return found.astype(np.int64)


def _shaped(found: Any) -> Any:
    return found.item() if np.ndim(found) == 0 and hasattr(found, "item") else found
