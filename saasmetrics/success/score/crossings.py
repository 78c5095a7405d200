"""When customers turned red before they left, how many never did, and how often red meant nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode, has
from saasmetrics.engine.followed import followed
from saasmetrics.success.score.ranking import bounds, drawn
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.success.score.panel import Panel

RED = 0
_BACK = 365  # days before a decision in which a red day counts
_EARLY = 60
_KINDS = np.array(["early", "late", "missed"], object)


def leads(every: Panel, level: float) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Return lead times with what was late or missed, and one row per customer who left."""
    kept = _decisions(every)
    who, left, decided = every.who[kept], every.left[kept], every.decided[kept]
    crossed = _first_red(every, who, left, decided)
    lead = np.where(crossed >= 0, decided - crossed, 0)
    kind = np.select([crossed < 0, lead < 0], [2, 1], 0)
    return _rows(who, kind, lead, level), _frame(every, who, decided, crossed, lead, kind)


def _decisions(every: Panel) -> NDArray[np.intp]:
    """Return the departures that one of the days of the panel could have foretold."""
    if not len(every.days):
        return np.zeros(0, np.intp)
    first, last = int(every.days.min()), int(every.days.max()) + every.horizon
    return np.flatnonzero((every.decided > first) & (every.decided <= last))


def _first_red(
    every: Panel, who: NDArray[np.int64], left: NDArray[np.int64], decided: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the first day in red in the year before each decision or in its notice; -1 for none."""
    red = np.flatnonzero(every.band == RED)
    key = np.sort((every.entity[red] << 32) + every.day[red])
    at = np.searchsorted(key, (who << 32) + np.maximum(decided - _BACK, 0))
    found = key[np.minimum(at, max(len(key) - 1, 0))] if len(key) else np.full(len(who), -1)
    day = found & ((1 << 32) - 1)
    mine = (at < len(key)) & (found >> 32 == who) & (day < left)
    return np.where(mine, day, -1)


def _rows(
    who: NDArray[np.int64], kind: NDArray[np.int64], lead: NDArray[np.int64], level: float
) -> list[dict[str, Any]]:
    many, told = len(who), np.flatnonzero(kind != 2)
    base: dict[str, Any] = {"population": "left", "n": many, "events": many, "reason": ""}
    base |= dict.fromkeys(("value", "low", "high", "numerator", "denominator"), np.nan)
    middle = base | {"measure": "lead_days", "n": len(told)}
    if len(told):
        used, owner = np.unique(who[told], return_inverse=True)
        draws = drawn(
            lambda w: _medians(lead[told].astype(float), w[:, owner.reshape(-1)]),
            len(used),
            len(told),
        )
        low, high = bounds(draws, level)
        middle |= {"value": float(np.median(lead[told])), "low": low, "high": high}
    else:
        middle |= {"reason": "nobody who left was ever in red"}
    rows = [middle]
    counts = {"lead_60": (kind == 0) & (lead >= _EARLY), "missed": kind == 2, "late": kind == 1}
    for name, mask in counts.items():
        k = int(mask.sum())
        low, high = (float(edge) for edge in wilson(k, many, level))
        value = k / many if many else np.nan
        sides = {"value": value, "low": low, "high": high, "numerator": k, "denominator": many}
        rows.append(base | {"measure": name, **sides, "reason": "" if many else "nobody left"})
    return rows


def _medians(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted median of each resample; missing where nobody is drawn."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[:, order], axis=1)
    at = (total < total[:, -1:] / 2).sum(axis=1)
    return np.where(total[:, -1] > 0, values[order][np.minimum(at, len(values) - 1)], np.nan)


def _frame(
    every: Panel, who: Any, decided: Any, crossed: Any, lead: Any, kind: Any
) -> pd.DataFrame:
    import pandas as pd

    ids = followed(every.book.engine).spans.entity_ids.take(pa.array(who)).to_pandas()
    red = pd.Series(pd.to_datetime(np.maximum(crossed, 0).astype("datetime64[D]")))
    data = {"customer_id": ids, "decided": pd.to_datetime(decided.astype("datetime64[D]"))}
    data |= {
        "crossed": red.where(crossed >= 0),
        "lead_days": np.where(kind == 2, np.nan, lead),
        "kind": _KINDS[kind],
    }
    return pd.DataFrame(data)


def turned_red(every: Panel) -> NDArray[np.bool_]:
    """Return which elements are red where the customer was not at the end of the period before."""
    order = np.lexsort((every.day, every.entity))
    red = every.band[order] == RED
    place = np.searchsorted(every.days, every.day[order])
    follows = np.zeros(len(order), bool)
    follows[1:] = (every.entity[order][1:] == every.entity[order][:-1]) & (
        place[1:] == place[:-1] + 1
    )
    new = red.copy()
    new[1:] &= ~(follows[1:] & red[:-1])
    out = np.zeros(len(order), bool)
    out[order] = new
    return out


def false_alarms(every: Panel, level: float) -> dict[str, Any]:
    """Return how many customers turned red without leaving, per CSM and week."""
    row: dict[str, Any] = {
        "measure": "false_alarms",
        "population": "all",
        "n": 0,
        "events": 0,
        "reason": "",
    }
    row |= dict.fromkeys(("value", "low", "high", "numerator", "denominator"), np.nan)
    new = turned_red(every) & ~every.notice
    wrong = int((new & ~every.event).sum())
    row |= {"numerator": wrong, "n": int(new.sum()), "events": int((new & every.event).sum())}
    table = every.book.tables.get("customers")
    if table is None or not has(table.data, "csm_id"):
        return row | {
            "reason": "customers.csm_id is missing, so that nobody knows how many CSMs there are"
        }
    if len(every.days) < 2:
        return row | {"reason": "only one day was looked at"}
    weeks = (int(every.days.max()) - int(every.days.min())) / 7
    work = weeks * len(encode(table.data["csm_id"])[0])
    used, owner = np.unique(every.entity, return_inverse=True)
    per = np.bincount(owner.reshape(-1), new & ~every.event, minlength=len(used)).astype(float)
    low, high = bounds(drawn(lambda w: w @ per / work, len(used), len(used)), level)
    return row | {"value": wrong / work, "low": low, "high": high, "denominator": work}
