"""The cohort triangle: customers, MRR and the lowest MRR so far, by the period of the first snapshot and the age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.cohorts import TRIANGLE
from saasmetrics.engine.portable.balances import (
    began,
    changes_at,
    of_entities,
    origins,
    with_balances,
)
from saasmetrics.engine.portable.whole import change, flag, summed, where

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar


def triangle_cells(daily: Frame, calendar: Calendar, last: int) -> Frame:
    """Return by how much each measure changes, per group, cohort and age, up to the period `last`.

    Notes
    -----
    A cohort is the period at whose end a customer first holds MRR. `floor` is the lowest MRR on the way, from the
    first snapshot on, so that it never rises with age.
    """
    entities = with_balances(of_entities(changes_at(daily, calendar, events=False)), ["entity"])
    found = entities.join(began(entities), on="entity").join(origins(daily), on="entity")
    found = found.filter(nw.col("time") >= nw.col("since"), nw.col("time") <= last)
    found = found.with_columns(
        customers=flag(nw.col("held") > 0),
        floor=nw.col("mrr").cum_min().over("entity", order_by="time"),
        _start=where(nw.col("time") == nw.col("since"), nw.col("mrr")),
    )
    found = found.with_columns(_start=nw.col("_start").sum().over("entity"))
    found = found.with_columns(point=nw.min_horizontal("mrr", "_start"))
    found = found.with_columns(*(change(name, ["entity"], "time") for name in TRIANGLE))
    found = found.with_columns(cohort=nw.col("since"), age=nw.col("time") - nw.col("since"))
    return summed(found, ("group", "cohort", "age"), TRIANGLE)
