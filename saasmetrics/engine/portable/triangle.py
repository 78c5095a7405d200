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
    with_balances,
)
from saasmetrics.engine.portable.whole import change, flag, summed, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar


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


def cohort_cells(engine: PortableEngine, freq: str, by: Sequence[str], bags: int = 0) -> Frame:
    """Return by how much each measure changes, per group, cohort and age, up to the last period observed in full.

    Notes
    -----
    A cohort is the period at whose end a customer first pays. `floor` is the lowest MRR on the way, from the
    first snapshot on, so that it never rises with age. Where rates of exchange move, money is at those of the period
    of each cohort.
    """
    calendar, last = engine.calendar(freq), engine.extent(freq)[2]
    entities, since = _cohorts(engine, freq, by, bags)
    if not engine.basis.curves:
        return _cells(entities, since, last)
    money = _at_first_rates(engine, since, calendar)
    none, keys = nw.lit(0).cast(nw.Int64), ("group", "cohort", "age")
    heads = _cells(entities, since, last).with_columns(mrr=none, floor=none, point=none)
    worth = _cells(money, since, last).with_columns(customers=none)
    both = [frame.select(*keys, *TRIANGLE) for frame in (heads, worth)]
    return summed(nw.concat(both), keys, TRIANGLE)


def _cohorts(
    engine: PortableEngine, freq: str, by: Sequence[str], bags: int
) -> tuple[Frame, Frame]:
    """Return the balances of entities at the ends of periods, and the cohort and group of each."""
    daily = engine.basis.daily(by, bags)
    seen = changes_at(daily, engine.calendar(freq), events=False)
    entities = with_balances(of_entities(seen), ["entity"])
    return entities, began(entities).join(engine.basis.origins(by, bags), on="entity")


def _at_first_rates(engine: PortableEngine, since: Frame, calendar: Calendar) -> Frame:
    """Return the balances of entities, each at the rates of the period in which it first pays."""
    parts = changes_at(engine.basis.daily(apart=True), calendar, events=False)
    own = with_balances(parts, ACCOUNT).join(since.select("entity", "since"), on="entity")
    own = engine.basis.rates.at_end(own, calendar, "since", ("mrr", "paused"))
    own = own.with_columns(mrr_change=nw.col("mrr"), paused_change=nw.col("paused"))
    own = own.with_columns(*(change(name, ACCOUNT, "time") for name in CHANGES))
    return with_balances(summed(own, ("entity", "time"), CHANGES), ["entity"])


def money_cells(engine: PortableEngine, freq: str, by: Sequence[str], bags: int = 0) -> Frame:
    """Return by how much MRR changes, per group and currency, cohort and age, where rates of exchange move."""
    calendar, last = engine.calendar(freq), engine.extent(freq)[2]
    _, since = _cohorts(engine, freq, by, bags)
    parts = engine.basis.daily(apart=True)
    found = with_balances(changes_at(parts, calendar, events=False), ACCOUNT)
    found = found.rename({"group": "_currency"}).join(since, on="entity")
    found = found.filter(nw.col("time") >= nw.col("since"), nw.col("time") <= last)
    found = found.with_columns(
        change("mrr", ["entity", "_currency"], "time"),
        group=nw.col("group") * engine.basis.rates.count + nw.col("_currency"),
        cohort=nw.col("since"),
        age=nw.col("time") - nw.col("since"),
    )
    return summed(found, ("group", "cohort", "age"), ("mrr",))
