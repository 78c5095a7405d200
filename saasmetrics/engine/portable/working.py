"""Working time where tickets are: that of each day is looked up, and what goes on within the day is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import divided

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from saasmetrics.engine.facets import Facets
    from saasmetrics.engine.portable.tickets import Clock
    from saasmetrics.engine.portable.whole import Frame

_DAY = 86_400


def listed(columns: Mapping[str, NDArray[np.int64]], frame: Frame) -> Frame:
    """Return a small table of whole numbers, where another frame is that has rows.

    It goes there as one text, which every engine can take apart: nobody's schema is written to.
    """
    rows = ";".join(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
    one = frame.head(1).select(_rows=nw.lit(rows).str.split(";")).explode("_rows")
    found = fenced(one.select(_row=nw.col("_rows").str.split(",")))
    told = {name: nw.col("_row").list.get(at) for at, name in enumerate(columns)}
    return held(found.select(**{name: value.cast(nw.Int64) for name, value in told.items()}))


def with_work(found: Frame, tickets: Frame, asked: Facets, clock: Clock) -> Frame:
    """Add how long tickets took or have been taking in working seconds: `_took_first_reply`, ...; and their `_age`.

    Parameters
    ----------
    found
        Tickets that are known with their moments in seconds of UTC, far ahead where they have not come.
    tickets
        The table that they are of.
    asked
        Which moments, and whether the age is asked for.
    clock
        With the days of work.

    Notes
    -----
    The time between two moments is the working time up to the second, less that up to the first. What came before the
    creation took -1.
    """
    days = listed({f"_work_{name}": values for name, values in clock.work.items()}, tickets)
    found = found.with_columns(_now=nw.lit(clock.now).cast(nw.Int64))
    found = _with_work_until(found, "_created", "_begun", days, clock)
    for kind in asked.took:
        moment, came = nw.col(f"_{kind}"), f"_came_{kind}"
        until = nw.when(moment < clock.now).then(moment).otherwise(nw.col("_now"))
        found = found.with_columns(until.alias(came))
        found = _with_work_until(found, came, "_until", days, clock)
        took = nw.col("_until") - nw.col("_begun")
        took = nw.when(nw.col(came) < nw.col("_created")).then(-1).otherwise(took)
        found = fenced(found.with_columns(took.cast(nw.Int64).alias(f"_took_{kind}")))
        found = found.drop("_until", came)
    if asked.young is not None:
        found = _with_work_until(found, "_now", "_until", days, clock)
        found = found.with_columns(_age=nw.col("_until") - nw.col("_begun")).drop("_until")
    return found.drop("_now", "_begun")


def _with_work_until(frame: Frame, moment: str, name: str, days: Frame, clock: Clock) -> Frame:
    """Add the working seconds up to a moment."""
    frame = fenced(frame.with_columns(_on=divided(nw.col(moment), _DAY)))
    frame = frame.join(days, left_on="_on", right_on="_work_day", how="left")
    frame = fenced(frame.with_columns(_since=nw.col(moment) - nw.col("_on") * _DAY))
    total = nw.col("_work_before")
    for begin in (each for each in clock.work if each.startswith("begin_")):
        gone = nw.col("_since") - nw.col(f"_work_{begin}")
        length = nw.col(f"_work_{begin.replace('begin', 'length')}")
        some = nw.when(gone < length).then(gone).otherwise(length)
        total = total + nw.when(gone > 0).then(some).otherwise(0)
    found = fenced(frame.with_columns(total.cast(nw.Int64).alias(name)))
    return found.drop("_on", "_since", *(f"_work_{each}" for each in clock.work if each != "day"))
