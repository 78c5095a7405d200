"""The cohort triangle: customers, MRR and the lowest MRR so far, by the period of the first snapshot and the age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.cohorts import TRIANGLE
from saasmetrics.engine.portable.balances import (
    ACCOUNT,
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
    A cohort is the period at whose end a customer first pays. `floor` is the lowest MRR on the way, from the
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


def money_cells(
    parts: Frame, daily: Frame, calendar: Calendar, last: int, currencies: int
) -> Frame:
    """Return by how much MRR changes, per group and currency, cohort and age.

    Parameters
    ----------
    parts
        Changes per entity and currency and day; the currency is its `group`.
    daily
        Changes per account and day.
    calendar, last
        The periods; the last one observed in full.
    currencies
        How many there are.
    """
    entities = with_balances(of_entities(changes_at(daily, calendar, events=False)), ["entity"])
    since = began(entities).join(origins(daily), on="entity")
    found = with_balances(changes_at(parts, calendar, events=False), ACCOUNT)
    found = found.rename({"group": "_currency"}).join(since, on="entity")
    found = found.filter(nw.col("time") >= nw.col("since"), nw.col("time") <= last)
    found = found.with_columns(
        change("mrr", ["entity", "_currency"], "time"),
        group=nw.col("group") * currencies + nw.col("_currency"),
        cohort=nw.col("since"),
        age=nw.col("time") - nw.col("since"),
    )
    return summed(found, ("group", "cohort", "age"), ("mrr",))
