"""The cohort triangle: customers, MRR and the lowest MRR so far, by the period of the first snapshot and the age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.cohorts import TRIANGLE
from saasmetrics.engine.portable.balances import (
    ACCOUNT,
    CHANGES,
    began,
    changes_at,
    of_entities,
    origins,
    with_balances,
)
from saasmetrics.engine.portable.whole import change, flag, summed, where

if TYPE_CHECKING:
    from saasmetrics.engine.portable.engine import PortableEngine
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
    since = began(entities).join(origins(daily), on="entity")
    return _cells(entities, since, last)


def _cells(entities: Frame, since: Frame, last: int) -> Frame:
    """Return the cells of balances, given the cohort and the group of each entity."""
    found = entities.join(since, on="entity")
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


def cohort_cells(engine: PortableEngine, daily: Frame, freq: str) -> Frame:
    """Return `triangle_cells`; where rates of exchange move, with money at those of each cohort's own period."""
    calendar, last = engine.calendar(freq), engine.extent(freq)[2]
    if not engine.basis.curves:
        return triangle_cells(daily, calendar, last)
    entities = with_balances(of_entities(changes_at(daily, calendar, events=False)), ["entity"])
    since = began(entities).join(origins(daily), on="entity")
    money = _at_first_rates(engine, since, calendar)
    none, keys = nw.lit(0).cast(nw.Int64), ("group", "cohort", "age")
    heads = _cells(entities, since, last).with_columns(mrr=none, floor=none, point=none)
    worth = _cells(money, since, last).with_columns(customers=none)
    both = [frame.select(*keys, *TRIANGLE) for frame in (heads, worth)]
    return summed(nw.concat(both), keys, TRIANGLE)


def _at_first_rates(engine: PortableEngine, since: Frame, calendar: Calendar) -> Frame:
    """Return the balances of entities, each at the rates of the period in which it first pays."""
    parts = changes_at(engine.basis.daily(apart=True), calendar, events=False)
    own = with_balances(parts, ACCOUNT).join(since.select("entity", "since"), on="entity")
    own = engine.basis.rates.at_end(own, calendar, "since", ("mrr", "paused"))
    own = own.with_columns(mrr_change=nw.col("mrr"), paused_change=nw.col("paused"))
    own = own.with_columns(*(change(name, ACCOUNT, "time") for name in CHANGES))
    return with_balances(summed(own, ("entity", "time"), CHANGES), ["entity"])


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
