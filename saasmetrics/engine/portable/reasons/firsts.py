"""How old each customer is when it first pays more, where the tables are: `engine.first_expansions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.first_expansions import LIFE
from saasmetrics.engine.portable.lifetimes import lifetimes
from saasmetrics.engine.portable.reasons.parts import PARTS
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, flag
from saasmetrics.engine.reason_sums import EXPANDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame

_LIVES_ARE = "the age of each customer when it first expands, or is last seen without that"


def first_expansions(
    engine: PortableEngine, reasons: Frame, by: Sequence[str], counted: Sequence[int]
) -> Frame:
    """Return entity, group and the columns of `LIFE` of every customer; reasons are those of months."""
    calendar, (_, _, full) = engine.calendar("M"), engine.extent("M")
    daily, since = engine.daily(by), engine.since_day
    born = nw.lit(0)
    if since is not None:
        left = int(calendar.of(np.datetime64(since - 1, "D")))
        born = nw.max_horizontal(left - nw.col("since"), nw.lit(0))
    lives = lifetimes(daily, calendar, full).join(engine.basis.origins(by), on="entity")
    lives = lives.with_columns(entry=born.cast(nw.Int64))
    more = nw.lit(0)
    for number in counted:
        more = more + flag(nw.col(PARTS[number]) != 0)
    grown = reasons.filter(nw.col("movement") == EXPANDED).with_columns(_more=more)
    grown = grown.filter(nw.col("_more") > 0).select("entity", "period")
    grown = grown.join(lives.select("entity", "since"), on="entity")
    grown = grown.filter(nw.col("period") >= nw.col("since"))
    first = grown.group_by("entity").agg(_first=nw.col("period").min())
    found = lives.join(first, on="entity", how="left")
    age = nw.col("_first").fill_null(FAR).cast(nw.Int64) - nw.col("since")
    found = found.with_columns(_age=nw.when(nw.col("_first").is_null()).then(FAR).otherwise(age))
    stays, age = nw.col("event") == 0, nw.col("_age")
    expanded = (age < nw.col("duration")) | ((age == nw.col("duration")) & stays)
    found = found.with_columns(expanded=flag(expanded))
    grew = nw.col("expanded") == 1
    found = found.with_columns(
        age=nw.when(grew).then(age).otherwise(nw.col("duration")).cast(nw.Int64),
        left=flag(~grew & ~stays),
    )
    found = found.filter((nw.col("age") > nw.col("entry")) | (nw.col("entry") == 0))
    return step(found.select("entity", "group", *LIFE), "lives", _LIVES_ARE)
