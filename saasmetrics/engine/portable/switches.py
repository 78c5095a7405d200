"""Tickets that are followed by one of the same customer and topic on another channel, found where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import flag

if TYPE_CHECKING:
    from saasmetrics.engine.facets import Switched
    from saasmetrics.engine.portable.whole import Frame

_SAME = ("_customer_id", "_topic")


def with_switched(found: Frame, asked: Switched, now: int) -> Frame:
    """Add to tickets whether they tell channel and topic, are old enough, and are followed on another channel.

    Parameters
    ----------
    found
        With `_customer_id`, `_topic`, `_channel` and `_created`, the seconds of UTC since 1970.
    asked
        What follows.
    now
        The first moment that is not known yet.

    Returns
    -------
    Frame
        With `told`, `ripe` and `switched`, each 1 or 0.
    """
    told = ~nw.col("_channel").is_null() & ~nw.col("_topic").is_null()
    rank = nw.lit(-1)
    for place, channel in enumerate(asked.channels):
        rank = nw.when(nw.col("_channel").cast(nw.String) == channel).then(place).otherwise(rank)
    found = held(
        found.with_columns(
            told=flag(told).cast(nw.Int64),
            ripe=flag(nw.col("_created") + asked.span <= now).cast(nw.Int64),
            _rank=rank.cast(nw.Int64),
        )
    )
    keys = [*_SAME, "_created", "_rank"]
    # One of those of one moment and channel, so that their order is one only.
    moments = held(found.filter(nw.col("told") == 1).group_by(*keys).agg(_n=nw.len()))
    order = ["_created", "_rank"]
    before = nw.col("_rank").shift(1).over(*_SAME, order_by=order).fill_null(-2).cast(nw.Int64)
    runs = moments.with_columns(_before=before)
    runs = held(runs.with_columns(_new=flag(nw.col("_before") != nw.col("_rank")).cast(nw.Int64)))
    run = nw.col("_new").cum_sum().over(*_SAME, order_by=order).cast(nw.Int64)
    runs = held(runs.with_columns(_run=run))
    begun = runs.filter(nw.col("_new") == 1)
    following = begun.select(*_SAME, _run=nw.col("_run") - 1, _next=nw.col("_created"))
    soon = nw.col("_next") - nw.col("_created") <= asked.span
    after = runs.join(following, on=[*_SAME, "_run"], how="inner").filter(soon)
    after = held(after.select(*keys).with_columns(switched=nw.lit(1).cast(nw.Int64)))
    found = found.join(after, on=keys, how="left")
    return found.with_columns(nw.col("switched").fill_null(0).cast(nw.Int64))
