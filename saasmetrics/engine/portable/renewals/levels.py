"""Levels on days that are asked for, from the changes that they add up to; and the same day of a later month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import running, with_first_day, with_month

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame


def level_at(changes: Frame, asked: Frame, *keys: str) -> Frame:
    """Return the level of keys at the end of days, as `level`.

    Parameters
    ----------
    changes
        The columns `keys`, `day` and `change`.
    asked
        The columns `keys` and `day`; each row is answered once, also where nothing ever changes.
    keys
        Whose level it is.

    Notes
    -----
    Not every engine joins the last row before a day, so the days asked for are put between the changes.
    """
    none = nw.lit(0).cast(nw.Int64)
    marks = nw.concat(
        [
            changes.select(*keys, "day", nw.col("change").cast(nw.Int64), asked=none),
            asked.select(*keys, "day", change=none, asked=none + 1),
        ]
    )
    marks = marks.group_by(*keys, "day").agg(nw.col("change").sum(), nw.col("asked").max())
    marks = marks.with_columns(nw.col("change").cast(nw.Int64))
    marks = marks.with_columns(level=running("change", keys, "day"))
    found = marks.filter(nw.col("asked") == 1).select(*keys, "day", "level")
    return step(found, "levels", "what there is at the end of the days asked for")


def with_months_later(frame: Frame, day: str, months: str, later: str) -> Frame:
    """Add the same day of a later month, or its last where it is shorter."""
    frame = with_first_day(with_month(frame, day, "_month"), "_month", "_first")
    frame = frame.with_columns(_month=nw.col("_month") + nw.col(months))
    frame = with_first_day(frame, "_month", "_then").with_columns(_month=nw.col("_month") + 1)
    frame = with_first_day(frame, "_month", "_over")
    same = nw.col("_then") + nw.col(day) - nw.col("_first")
    frame = frame.with_columns(_same=same, _last=nw.col("_over") - 1)
    found = frame.with_columns(nw.min_horizontal("_same", "_last").cast(nw.Int64).alias(later))
    return found.drop("_month", "_first", "_then", "_over", "_same", "_last")
