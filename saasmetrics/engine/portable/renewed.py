"""How often each customer has renewed the term it began with, and how often it could have, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.entities import with_entity
from saasmetrics.engine.portable.lifetimes import lifetimes
from saasmetrics.engine.portable.whole import (
    day_number,
    divided,
    nearest,
    with_first_day,
    with_period,
)
from saasmetrics.engine.renewed import MONTH_DAYS
from saasmetrics.money import months_per_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

_INTERVALS = ("day", "week", "quarter", "year")


def renewed_lives(
    engine: PortableEngine, contracts: Frame | None, by: Sequence[str], calendar: Calendar
) -> Frame:
    """Return one life per customer in terms, as `engine.renewed.renewed_lives` says it.

    Parameters
    ----------
    engine
        The engine where the tables are; MRR comes from subscriptions.
    contracts
        The table of contracts, if there is any.
    by
        Columns by which the engine groups customers.
    calendar
        The periods of cohorts.

    Returns
    -------
    Frame
        entity, since (month of the first payment), term, made, due, group, and cohort by the calendar.
    """
    basis = engine.basis
    _, _, full = engine.extent("M")
    found = lifetimes(basis.daily(), engine.calendar("M"), full)
    if engine.since_day is not None:
        found = found.filter(nw.col("since") >= _left(engine))
    found = found.join(_term_months(basis, contracts), on="entity", how="left")
    found = found.with_columns(term=nw.col("term").fill_null(1).cast(nw.Int64))
    term, lasted = nw.col("term"), nw.col("duration")
    over = divided(lasted + term - 1, term) - 1
    made = nw.when(nw.col("event") == 1).then(over).otherwise(divided(lasted, term))
    due = divided(nw.lit(full).cast(nw.Int64) - nw.col("since"), term)
    found = found.with_columns(made=made.cast(nw.Int64), due=due)
    found = basis.with_origin(found, by)
    found = with_period(with_first_day(found, "since", "_day"), calendar, "_day", "cohort")
    return found.select("entity", "since", "term", "made", "due", "group", "cohort")


def _left(engine: PortableEngine) -> int:
    """Return the last month before the first one observed: who was won before is not seen from the beginning."""
    assert engine.since_day is not None
    return int(engine.calendar("M").of(np.datetime64(engine.since_day - 1, "D")))


def _term_months(basis: Basis, contracts: Frame | None) -> Frame:
    """Return the months of the term that each entity began with, as `term`."""
    found = _billed(basis)
    if contracts is None or basis.policy.entity == "subscription":
        return found
    signed = _contracted(basis, contracts).rename({"term": "_signed"})
    found = found.join(signed, on="entity", how="left")
    term = nw.when(nw.col("_signed").is_null()).then(nw.col("term")).otherwise(nw.col("_signed"))
    return found.select("entity", term=term.cast(nw.Int64))


def _billed(basis: Basis) -> Frame:
    """Return the longest billing interval that each entity began with."""
    counted = "interval_count" in names(basis.tables["subscriptions"])
    columns = ("interval", "interval_count") if counted else ("interval",)
    lines = basis.pieces(tuple(f"subscriptions.{name}" for name in columns))
    lines = lines.filter(~nw.col("line").is_null())
    lines = lines.with_columns(_first=nw.col("start").min().over("entity"))
    lines = lines.filter(nw.col("start") == nw.col("_first"))
    month = nw.lit(1.0)
    for name in _INTERVALS:
        many = float(months_per_interval(name))
        month = nw.when(nw.col("_by0") == name).then(nw.lit(many)).otherwise(month)
    count = nw.col("_by1").fill_null(1) if counted else nw.lit(1)
    lines = lines.with_columns(_months=month.cast(nw.Float64) * count.cast(nw.Float64))
    lines = lines.with_columns(_months=nearest(nw.col("_months")))
    return _first_length(lines)


def _contracted(basis: Basis, contracts: Frame) -> Frame:
    """Return the length of the first contract of each entity that has any of a month or longer."""
    tables = {**basis.tables, "contracts": contracts}
    kind = basis.tables[basis.source].collect_schema()["entity"]
    found = with_entity(tables, "contracts", "contracts", basis.policy.entity)
    found = found.select(
        entity=nw.col("entity").cast(kind),
        start=day_number("start", 0),
        _days=(day_number("end", 0) - day_number("start", 0)).cast(nw.Float64) / MONTH_DAYS,
    )
    found = found.with_columns(_months=nearest(nw.col("_days"))).filter(nw.col("_months") >= 1)
    found = found.with_columns(_first=nw.col("start").min().over("entity"))
    return _first_length(found.filter(nw.col("start") == nw.col("_first")))


def _first_length(found: Frame) -> Frame:
    longest = found.group_by("entity").agg(_most=nw.col("_months").max())
    term = nw.when(nw.col("_most") < 1).then(1).otherwise(nw.col("_most"))
    return longest.select("entity", term=term.cast(nw.Int64))
