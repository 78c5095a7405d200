"""The reasons of movements, summed per group and period, and per customer over a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine import exchange, valued
from saasmetrics.engine.amounts import monthly_micro
from saasmetrics.engine.columns import has
from saasmetrics.engine.keys import apart, in_one
from saasmetrics.engine.movements import CHURN, CONTRACTION, EXPANSION
from saasmetrics.engine.reasons import CAUSES, SUBTYPES, Changes, Lines, causes, changes, lines_of
from saasmetrics.engine.service import FAR

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.reasons import Rate

KINDS = {"expansion": SUBTYPES, "contraction": SUBTYPES, "churn": CAUSES}
EXPANDED, CONTRACTED, CHURNED = range(len(KINDS))


@dataclass(frozen=True, eq=False)
class Reasons:
    """Customers' movements by reason: one element per customer, period, movement and subtype that is not 0."""

    entity: NDArray[np.int64]
    period: NDArray[np.int64]
    movement: NDArray[np.int64]
    subtype: NDArray[np.int64]
    amount: NDArray[np.int64]

    def pick(self, keep: NDArray[np.bool_]) -> Reasons:
        """Return the elements that a mask selects."""
        return Reasons(*(values[keep] for values in vars(self).values()))


@dataclass(frozen=True, eq=False)
class _Moved:
    """Customers' movements: one element per customer and time, in the order of `key`, which is both in one.

    `day` is that of the exchange rates of each.
    """

    key: NDArray[np.int64]
    day: NDArray[np.int64]
    period: NDArray[np.int64]
    kind: NDArray[np.int8]
    amount: NDArray[np.int64]

    def pick(self, keep: NDArray[np.bool_]) -> _Moved:
        """Return the elements that a mask selects."""
        return _Moved(*(values[keep] for values in vars(self).values()))


def known_lines(engine: LocalEngine) -> Lines:
    """Return what the source says of the line behind each span."""
    spans = engine.spans
    data = engine.tables[spans.source].data
    listed = np.zeros(len(data), np.int64)
    if spans.source == "subscriptions" and has(data, "list_amount"):
        full = monthly_micro(
            engine.tables, engine.policy, engine.as_of, engine.currency, column="list_amount"
        )
        listed = np.where(np.asarray(pc.is_valid(data["list_amount"])), full, 0)
    return lines_of(spans, data, listed)


def slots(engine: LocalEngine, freq: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the time at which each span starts and stops to count: days, or the periods whose ends see it."""
    start, end = engine.spans.start.astype(np.int64), engine.spans.end.astype(np.int64)
    if engine.policy.view == "event":
        return start, end
    calendar, ended = engine.calendar(freq), end < FAR
    out = np.full(len(end), np.int64(FAR))
    out[ended] = calendar.ordinal(end[ended])
    return np.asarray(calendar.ordinal(start), np.int64), out


def reasons(engine: LocalEngine, freq: str, *, midpoint: bool, voluntary: bool) -> Reasons:
    """Return why MRR of customers expanded and contracted, and by which cause it churned.

    Parameters
    ----------
    engine, freq
        The engine and the frequency.
    midpoint, voluntary
        Whether price and seats count at the mean of the other; whether churn without a cause is voluntary.
    """
    source = _moved(engine, freq)
    start, end = slots(engine, freq)
    rate = _rate(engine, source)
    found = changes(engine.spans, known_lines(engine), start, end, midpoint=midpoint, rate=rate)
    at, there = _place(source.key, found.entity, found.time)
    stays = there & np.isin(source.kind[at], (EXPANSION, CONTRACTION))
    parts = _whole(found.parts[stays], at[stays], source.amount)
    row, subtype = np.nonzero(parts)
    change = at[stays][row]
    movement = np.where(source.kind[change] == EXPANSION, 0, 1)
    value = parts[row, subtype]
    left = np.flatnonzero(source.kind == CHURN)
    cause = _filed(_causes(engine, source, end)[left], voluntary=voluntary)
    entity, _ = apart(source.key)
    told = _summed(
        np.concatenate([entity[change], entity[left]]),
        np.concatenate([source.period[change], source.period[left]]),
        np.concatenate([movement, np.full(len(left), 2)]),
        np.concatenate([subtype, cause]),
        np.concatenate([value, source.amount[left]]),
    )
    return _with_returns(engine, freq, told) if engine.policy.return_price == "split" else told


def _with_returns(engine: LocalEngine, freq: str, told: Reasons) -> Reasons:
    """Add the expansion and contraction of customers who returned at another price, which is of price."""
    rates = engine.valuation
    if rates is None:
        moved, _ = engine.moved(freq)
        entity = moved.account.astype(np.int64)
    else:
        held = valued.accounts(engine, rates, ())
        moved, _ = valued.valued_moves(engine, rates, held, freq)
        entity = held.entity[moved.account].astype(np.int64)
    mine = np.flatnonzero((moved.kind == EXPANSION) | (moved.kind == CONTRACTION))
    known = told.pick(told.movement < 2)
    movement = np.where(moved.kind[mine] == EXPANSION, 0, 1)
    rest = _summed(
        np.concatenate([entity[mine], known.entity]),
        np.concatenate([moved.period[mine].astype(np.int64), known.period]),
        np.concatenate([movement, known.movement]),
        np.full(len(mine) + len(known.entity), SUBTYPES.index("price")),
        np.concatenate([moved.amount[mine], -known.amount]),
    )
    both = (
        np.concatenate([getattr(told, name), getattr(rest, name)])
        for name in ("entity", "period", "movement", "subtype", "amount")
    )
    return _summed(*both)


def _summed(
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    movement: NDArray[np.int64],
    subtype: NDArray[np.int64],
    amount: NDArray[np.int64],
) -> Reasons:
    """Return one element per customer, period, movement and subtype."""
    order = np.lexsort((subtype, movement, period, entity))
    columns = [values[order] for values in (entity, period, movement, subtype)]
    begins = np.ones(len(order), bool)
    if len(order):
        begins[1:] = np.any([np.diff(values) != 0 for values in columns], axis=0)
    at = np.flatnonzero(begins)
    total = np.add.reduceat(amount[order], at) if len(at) else amount
    whose, when, what, why = (values[at] for values in columns)
    found = Reasons(whose, when, what, why, total)
    return found.pick(total != 0)


def _moved(engine: LocalEngine, freq: str) -> _Moved:
    """Return the movements of customers, at the rates of their day."""
    source, period, kind = engine.kinds(freq)
    key, rates = in_one(source.account, source.time), engine.valuation
    amount, day = source.moving - source.before(source.moving), source.time
    if rates is not None:
        held = valued.accounts(engine, rates, ())
        moved, day = valued.valued_moves(engine, rates, held, freq)
        time = day if engine.policy.view == "event" else moved.period
        mine, first, place = np.unique(
            in_one(held.entity[moved.account], time), return_index=True, return_inverse=True
        )
        amount = np.zeros(len(mine), np.int64)
        np.add.at(amount, place.reshape(-1), moved.amount)
        at, there = _place(key, *apart(mine))
        # At constant rates a change of currency may be another movement, or by chance none.
        sign = np.where(amount > 0, np.int8(EXPANSION), np.int8(CONTRACTION))
        stays = ~there | np.isin(kind[at], (EXPANSION, CONTRACTION))
        key, day, period = mine, day[first], moved.period[first]
        kind = np.where(stays, sign, kind[at])
    days, periods = (values.astype(np.int64) for values in (day, period))
    found = _Moved(key, days, periods, kind.astype(np.int8), amount)
    return found.pick(~np.isin(kind, (EXPANSION, CONTRACTION)) | (amount != 0))


def _rate(engine: LocalEngine, source: _Moved) -> Rate | None:
    """Return what gives the rates of spans that start or end: those of the day of their customer's movement."""
    rates, entity = engine.valuation, engine.spans.entity
    if rates is None or not len(source.key):
        return None

    def rate(span: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.float64]:
        at, _ = _place(source.key, entity[span].astype(np.int64), time)
        return rates.each(rates.of_span[span], source.day[at])

    return rate


def _whole(
    parts: NDArray[np.int64], at: NDArray[np.int64], amount: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give what the parts of a change lack of its amount to the largest of them."""
    if not len(parts):
        return parts
    out = parts.copy()
    total = np.zeros(len(amount), np.int64)
    np.add.at(total, at, parts.sum(axis=1))
    lacks = amount - total
    size = np.abs(parts).max(axis=1)
    order = np.lexsort((-size, at))
    first = np.ones(len(order), bool)
    first[1:] = at[order][1:] != at[order][:-1]
    row = order[first]
    out[row, np.abs(parts[row]).argmax(axis=1)] += lacks[at[row]]
    return out


def _place(
    key: NDArray[np.int64], entity: NDArray[np.int64], time: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return which change is that of an entity and time, and whether there is one."""
    wanted = in_one(entity, time)
    at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    there = key[at] == wanted if len(key) else np.zeros(len(wanted), bool)
    return at, there


def _causes(engine: LocalEngine, source: _Moved, end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each movement the cause of the line that ended last by then."""
    spans = engine.spans
    code = causes(spans, engine.tables[spans.source].data)
    over = np.flatnonzero(end < FAR)
    order = over[np.lexsort((code[over], spans.end[over], spans.entity[over]))]
    at, there = _place(source.key, spans.entity[order].astype(np.int64), end[order])
    out = np.zeros(len(source.key), np.int64)
    out[at[there]] = code[order[there]]
    return out


def _filed(cause: NDArray[np.int64], *, voluntary: bool) -> NDArray[np.int64]:
    """Return causes with the unknown ones filed as voluntary, if asked for."""
    unknown = CAUSES.index("unknown")
    return np.where((cause == unknown) & voluntary, CAUSES.index("voluntary"), cause)


def window_rows(
    engine: LocalEngine, period: int, window: int, freq: str, *, midpoint: bool, voluntary: bool
) -> pd.DataFrame:
    """Return every customer of a window with what its change is made of, in micro-units.

    Parameters
    ----------
    engine, period, window, freq
        The engine; the last period of the window; its length in periods of `freq`.
    midpoint, voluntary
        As for `reasons`.

    Returns
    -------
    DataFrame
        customer_id, the columns of pairs, one column per subtype and fx (together expansion + contraction) and
        churn_voluntary, churn_involuntary, churn_unknown (together churn). What exchange rates did is 0 unless it
        counts as expansion and contraction.
    """
    rows = engine.rows("pairs", period=period, window=window, freq=freq)
    found, end = _window_changes(engine, period, window, freq, midpoint=midpoint)
    entity = np.asarray(
        pc.index_in(
            pa.array(rows["customer_id"]).cast(engine.spans.entity_ids.type),
            value_set=engine.spans.entity_ids,
        )
    ).astype(np.int64)
    place = np.full(len(engine.spans.entity_ids), -1)
    place[entity] = np.arange(len(rows))
    stays = (rows["opening"] > 0).to_numpy() & (rows["customers_lost"] == 0).to_numpy()
    keep = (found.time == 1) & (place[found.entity] >= 0)
    keep[keep] = stays[place[found.entity[keep]]]
    change = (rows["expansion"] + rows["contraction"]).to_numpy()
    parts = found.parts[keep]
    if engine.policy.fx != "spot":
        parts = _whole(parts, place[found.entity[keep]], change)
    out = np.zeros((len(rows), len(SUBTYPES)), np.int64)
    np.add.at(out, place[found.entity[keep]], parts)
    return with_reasons(rows, out, _last_causes(engine, end)[entity], voluntary=voluntary)


def with_reasons(
    rows: pd.DataFrame,
    parts: NDArray[np.int64],
    cause: NDArray[np.int64],
    *,
    voluntary: bool,
) -> pd.DataFrame:
    """Add to customers of a window the parts of their change, by subtype, what rates did, and churn by its cause."""
    for number, name in enumerate(SUBTYPES):
        rows[name] = parts[:, number]
    rows["fx"] = rows["expansion"] + rows["contraction"] - parts.sum(axis=1)
    cause = _filed(cause, voluntary=voluntary)
    for number, name in enumerate(CAUSES):
        rows[f"churn_{name}"] = np.where(cause == number, rows["churn"], 0)
    return rows


def _window_changes(
    engine: LocalEngine, period: int, window: int, freq: str, *, midpoint: bool
) -> tuple[Changes, NDArray[np.int64]]:
    """Return how the lines at the end of a window differ from those at its start, as changes at the time 1."""
    spans, calendar = engine.spans, engine.calendar(freq)
    first, last = (int(d) for d in calendar.last_day(np.array([period - window, period])))

    def slot(day: NDArray[Any]) -> NDArray[np.int64]:
        return np.where(day <= first, 0, np.where(day <= last, 1, np.int64(FAR)))

    start, end, rates = slot(spans.start), slot(spans.end), engine.valuation
    rate = None
    if rates is not None:
        factor = rates.at(exchange.ends(engine, freq, period - window, 1))[rates.of_span, 0]

        def rate(span: NDArray[np.int64], _: NDArray[np.int64]) -> NDArray[np.float64]:
            found: NDArray[np.float64] = factor[span]
            return found

    found = changes(spans, known_lines(engine), start, end, midpoint=midpoint, rate=rate)
    return found, end


def _last_causes(engine: LocalEngine, end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cause of the line of each entity that ended last in the window."""
    spans = engine.spans
    code = causes(spans, engine.tables[spans.source].data)
    over = np.flatnonzero(end == 1)
    order = over[np.lexsort((code[over], spans.end[over]))]
    out = np.zeros(len(spans.entity_ids), np.int64)
    out[spans.entity[order]] = code[order]
    return out
