"""Terms of subscriptions: where there are no contracts, each interval of a quarter or more is a term."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode, flat, has
from saasmetrics.engine.contracts import CATEGORIES, UNKNOWN, Terms
from saasmetrics.engine.groups import sort_key
from saasmetrics.engine.service import FAR, interval_steps
from saasmetrics.money import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.ledger import Ledger
    from saasmetrics.engine.local import LocalEngine

QUARTER, YEAR = 3, 12  # months
NOTE = (
    "Terms are those of subscriptions billed by the quarter or longer, which roll on from their first day; "
    "there is no table of contracts"
)


def subscription_terms(engine: LocalEngine) -> Terms:
    """Return the terms that subscriptions billed by the quarter, the year or longer have begun.

    Notes
    -----
    What a customer pays for one product at one interval without a day between is one run of terms, which begin on its
    first day and on every anniversary while it runs. A term comes up with what is paid on its last day, and was
    renewed at what is paid on the day after. Month-to-month subscriptions have no terms: they renew by staying.
    """
    spans = engine.spans
    data = engine.tables["subscriptions"].data
    line = np.maximum(spans.lines(), 0)
    months = np.where(spans.lines() < 0, 0, interval_steps(data)[line, 0])
    product = np.zeros(len(data), np.int64)
    if has(data, "product"):
        sold, of_row = encode(data["product"])
        product = np.append(sort_key(sold) + 1, 0)[of_row]
    steps, step = np.unique(months, return_inverse=True)
    code = product[line] * len(steps) + step.reshape(-1) if len(spans) else np.zeros(0, np.int64)
    many = (int(product.max(initial=0)) + 1) * max(len(steps), 1)
    daily, entity, kind = engine.split(("terms",), code.astype(np.int32), many)
    every = steps[kind % len(steps)] if len(steps) else np.zeros(0, np.int64)
    run, first, last = _runs(daily, every >= QUARTER)
    told = _anniversaries(first, last, every[daily.account[run]], int(engine.as_of))
    ids = sort_key(spans.entity_ids)[entity[daily.account[run[told[0]]]]]
    # by the ids of customers, the names of products and the interval, which no order of rows changes
    order = np.lexsort((kind[daily.account[run[told[0]]]], ids))
    at, number, start, end = (each[order] for each in told)
    account = daily.account[run[at]].astype(np.int64)
    row = _rows(engine, code * np.int64(1), entity, kind, many, daily, run)[at]
    subscription = flat(data["subscription_id"]).cast(pa.string())
    count = len(at)
    often = np.unique(line[(spans.lines() >= 0) & (months < QUARTER)])
    return Terms(
        source="subscriptions",
        customer_ids=spans.entity_ids,
        ids=subscription.take(pa.array(row)),
        row=row,
        customer=entity[account].astype(np.int64),
        start=start,
        end=end,
        signed=start,
        arr=YEAR * held_at(daily, account, start),
        due=YEAR
        * held_at(daily, account, np.minimum(np.minimum(end, last[at]), engine.as_of + 1) - 1),
        previous=np.where(number > 0, np.arange(count) - 1, UNKNOWN),
        auto=np.full(count, UNKNOWN, np.int64),
        forecast=np.full(count, UNKNOWN, np.int64),
        category=np.full(count, len(CATEGORIES) - 1, np.int64),
        escalator=np.zeros(count),
        notes=(NOTE, *short_notes(len(often))),
    )


def short_notes(many: int) -> tuple[str, ...]:
    """Return what to say about so many subscriptions billed too often to have terms."""
    if not many:
        return ()
    said = f"{counted(many, 'subscription')} billed more often: no terms, renewed by staying (sm.retention)"
    return (said,)


def _runs(
    daily: Ledger, wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where unbroken runs of wanted accounts begin in a ledger, their first day and the day after the last."""
    begins = (daily.before(daily.held) <= 0) & (daily.held > 0) & wanted[daily.account]
    over = np.flatnonzero((daily.held <= 0) & wanted[daily.account])
    run = np.flatnonzero(begins)
    following = np.searchsorted(over, run)
    ended = following < len(over)
    ended[ended] = daily.account[over[following[ended]]] == daily.account[run[ended]]
    last = np.full(len(run), np.int64(FAR))
    last[ended] = daily.time[over[following[ended]]]
    return run, daily.time[run].astype(np.int64), last


def _anniversaries(
    first: NDArray[np.int64], last: NDArray[np.int64], every: NDArray[np.int64], as_of: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return for each term begun by the as-of day its run, its number from 0, its first day and the day after it."""
    until = np.minimum(last, as_of + 1)
    most = np.maximum((until - first) // (28 * np.maximum(every, 1)) + 1, 0)
    at = np.repeat(np.arange(len(first)), most)
    number = np.arange(len(at)) - np.repeat(np.cumsum(most) - most, most)
    start = months_later(first[at], number * every[at])
    keep = start < until[at]
    at, number, start = at[keep], number[keep], start[keep]
    return at, number, start, months_later(first[at], (number + 1) * every[at])


def months_later(day: NDArray[np.int64], months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the same day of a later month, or its last where it is shorter."""
    first = day.astype("datetime64[D]").astype("datetime64[M]")
    within = day - first.astype("datetime64[D]").astype(np.int64)
    target = first + months
    last = (target + 1).astype("datetime64[D]").astype(np.int64) - 1
    out: NDArray[np.int64] = np.minimum(
        target.astype("datetime64[D]").astype(np.int64) + within, last
    )
    return out


def held_at(daily: Ledger, account: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what accounts hold at the end of days, as MRR."""
    if not len(daily):
        return np.zeros(len(account), np.int64)
    key = (daily.account.astype(np.int64) << 32) + daily.time
    at = np.searchsorted(key, (account << 32) + day, side="right") - 1
    mine = (at >= 0) & (daily.account[np.maximum(at, 0)] == account)
    return np.where(mine, daily.held[np.maximum(at, 0)], 0)


def _rows(
    engine: LocalEngine,
    code: NDArray[np.int64],
    entity: NDArray[np.int32],
    kind: NDArray[np.int32],
    many: int,
    daily: Ledger,
    run: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the row of the subscriptions that each run begins with."""
    spans = engine.spans
    if not len(run):
        return np.zeros(0, np.int64)
    owner = spans.entity.astype(np.int64) * many + code
    ids, of_row = encode(engine.tables["subscriptions"].data["subscription_id"])
    rank = np.append(sort_key(ids), -1)[of_row]
    order = np.lexsort((rank[np.maximum(spans.lines(), 0)], spans.start, owner))
    account = daily.account[run]
    wanted = entity[account].astype(np.int64) * many + kind[account]
    numbered = np.unique(owner[order], return_inverse=True)[1].reshape(-1).astype(np.int64) << 32
    place = np.searchsorted(np.unique(owner), wanted).astype(np.int64) << 32
    at = np.searchsorted(numbered + spans.start[order], place + daily.time[run])
    rows: NDArray[np.int64] = spans.lines()[order[at]]
    return rows
