"""What the change of each customer over a window is made of, where the tables are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine import exchange
from saasmetrics.engine.portable.held import held, held_by
from saasmetrics.engine.portable.reasons.lines import known_lines, within
from saasmetrics.engine.portable.reasons.parts import PARTS, with_parts
from saasmetrics.engine.portable.reasons.sides import SIDES_ARE, sides
from saasmetrics.engine.portable.reasons.sums import causes, largest
from saasmetrics.engine.portable.whole import nearest
from saasmetrics.engine.reason_sums import with_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.reasons.sums import Why
    from saasmetrics.engine.portable.whole import Frame


def window_rows(
    engine: PortableEngine, period: int, window: int, freq: str, why: Why
) -> pd.DataFrame:
    """Return every customer of a window with what its change is made of, in micro-units; only these are brought.

    Parameters
    ----------
    engine, period, window, freq
        The engine where the tables are; the last period of the window; its length in periods of `freq`.
    why
        How reasons are told.
    """
    import pandas as pd

    rows = engine.rows("pairs", period=period, window=window, freq=freq)
    known = pd.Index(rows["customer_id"])
    with held_by(rows):
        lines = _in_window(engine, period, window, freq)
        start = int(exchange.ends(engine, freq, period - window, 1)[0])
        made = engine.bring(_changes(engine, lines, start, why), engine.source, rows)
        told = engine.bring(_causes(lines), engine.source, rows)
    parts, place = np.zeros((len(rows), len(PARTS)), np.int64), np.full(len(rows), -1)
    at = known.get_indexer(made["entity"].to_numpy(zero_copy_only=False))
    whole = np.stack([np.asarray(made[name]).astype(np.int64) for name in PARTS], axis=1)
    parts[at[at >= 0]] = whole[at >= 0]
    place[at[at >= 0]] = np.asarray(made["_largest"]).astype(np.int64)[at >= 0]
    stays = ((rows["opening"] > 0) & (rows["customers_lost"] == 0)).to_numpy()
    parts[~stays] = 0
    if engine.policy.fx != "spot":
        lacks = (rows["expansion"] + rows["contraction"]).to_numpy() - parts.sum(axis=1)
        here = np.flatnonzero(stays & (place >= 0))
        parts[here, place[here]] += lacks[here]
    cause = np.zeros(len(rows), np.int64)
    at = known.get_indexer(told["entity"].to_numpy(zero_copy_only=False))
    cause[at[at >= 0]] = np.asarray(told["cause"]).astype(np.int64)[at >= 0]
    return with_reasons(rows, parts, cause, voluntary=why.voluntary)


def _in_window(engine: PortableEngine, period: int, window: int, freq: str) -> Frame:
    days = engine.calendar(freq).last_day(np.array([period - window, period]))
    first, last = (int(day) for day in days)
    return held(within(known_lines(engine), first, last), "window")


def _changes(engine: PortableEngine, lines: Frame, start: int, why: Why) -> Frame:
    """Return the parts of the change of each customer, at the rates of the day `start`, and which is the largest."""
    valued = None
    if engine.valuation is not None:
        valued = partial(_at_rates, engine.valuation.at(np.array([start]))[:, 0].tolist())
    cells = sides(lines, valued, aside=engine.policy.pause == "line").filter(nw.col("time") == 1)
    cells = with_parts(held(cells, "sides", SIDES_ARE), midpoint=why.midpoint)
    sums = largest(cells, ("entity",)).group_by("entity")
    found: Frame = sums.agg(nw.col(*PARTS).sum(), nw.col("_largest").max())
    return found.select("entity", nw.col(*PARTS).cast(nw.Int64), nw.col("_largest"))


def _at_rates(factors: Sequence[float], found: Frame, money: Sequence[str]) -> Frame:
    """Return lines that turn with some columns at the factors of their currencies."""
    factor = nw.lit(1.0)
    for number, value in enumerate(factors):
        factor = nw.when(nw.col("moving") == number).then(nw.lit(value)).otherwise(factor)
    found = found.with_columns(_factor=factor)
    exact = [(nw.col(name).cast(nw.Float64) * nw.col("_factor")).alias(name) for name in money]
    found = found.with_columns(*exact).drop("_factor")
    return found.with_columns(*(nearest(nw.col(name)).alias(name) for name in money))


def _causes(lines: Frame) -> Frame:
    return causes(lines).filter(nw.col("time") == 1).select("entity", "cause")
