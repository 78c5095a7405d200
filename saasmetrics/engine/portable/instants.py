"""Moments in any dialect: seconds since 1970, and the day that a clock in a time zone shows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import FAR, day_number, divided, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame

_DAY = 86_400


def with_seconds(frame: Frame, column: str, name: str) -> Frame:
    """Add the seconds of UTC since 1970 of a column of moments, far ahead where there is none."""
    moment = nw.col(column)
    clock = sum(
        getattr(moment.dt, part)().fill_null(0).cast(nw.Int64) * seconds
        for part, seconds in (("hour", 3_600), ("minute", 60), ("second", 1))
    )
    return frame.with_columns((day_number(column, FAR) * _DAY + clock).alias(name))


def with_local_day(
    frame: Frame, column: str, name: str, offsets: Sequence[tuple[int, int]] = ()
) -> Frame:
    """Add the day number that a clock shows at each moment.

    Parameters
    ----------
    frame
        With a column of moments of UTC.
    column, name
        The column of moments, none of them missing, and that of the days.
    offsets
        From which second since 1970 on the clock is how many seconds ahead of UTC; the first holds before it too. ()
        is UTC.
    """
    if not offsets:
        return frame.with_columns(day_number(column, FAR).alias(name))
    # Kept, or the moment would be told anew for each change of the clock.
    frame = held(with_seconds(frame, column, "_utc"))
    return with_shown_day(frame, "_utc", name, offsets).drop("_utc")


def with_shown_day(
    frame: Frame, moment: str, name: str, offsets: Sequence[tuple[int, int]] = ()
) -> Frame:
    """Add the day number that a clock shows at each moment, given in seconds of UTC.

    Parameters
    ----------
    frame
        With a column of seconds since 1970.
    moment, name
        That column, and that of the days.
    offsets
        As for `with_local_day`.
    """
    if not offsets:
        return frame.with_columns(divided(nw.col(moment), _DAY).alias(name))
    ahead = nw.lit(offsets[0][1]).cast(nw.Int64)
    for (_, before), (since, after) in pairwise(offsets):
        ahead = ahead + where(nw.col(moment) >= since, nw.lit(after - before)).cast(nw.Int64)
    frame = fenced(frame.with_columns(_clock=nw.col(moment) + ahead))
    return frame.with_columns(divided(nw.col("_clock"), _DAY).alias(name)).drop("_clock")


def offsets_between(
    edges: NDArray[Any], offsets: NDArray[Any], first: int, last: int
) -> list[tuple[int, int]]:
    """Return the offsets of a zone that hold from one moment to another: since when, and seconds ahead of UTC.

    Examples
    --------
    >>> import numpy as np
    >>> offsets_between(np.array([0, 100, 200]), np.array([1, 2, 1]), 150, 170)
    [(100, 2)]
    """
    pairs = [(int(since), int(ahead)) for since, ahead in zip(edges, offsets, strict=True)]
    begun = [at for at, (since, _) in enumerate(pairs) if since <= first]
    low = begun[-1] if begun else 0
    return [pair for at, pair in enumerate(pairs) if at >= low and (at == low or pair[0] <= last)]
