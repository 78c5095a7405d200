"""What the source says of the line behind each piece, in whole numbers: product, plan, interval, seats, list MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.held import held, settled
from saasmetrics.engine.portable.whole import FAR, flag, with_period
from saasmetrics.errors import NotPortableError

if TYPE_CHECKING:
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

_MANY = 1_000_000  # more counts of intervals than there are
_TOLD = ("_product", "_plan", "_interval", "_seats", "_listed", "_raised")
_LINES_ARE = "the ledger with what each line says: product and plan in the order of their names, 0 where it says none"


def known_lines(engine: PortableEngine) -> Frame:
    """Return the pieces with what the source says of the line behind each, as `reasons.Lines` has it.

    `product` is twice the number of the product, and one more for charges without a line.

    Raises
    ------
    NotPortableError
        If nothing is kept there between questions, or Spark would plan longer than so few take to come.
    """
    basis = engine.basis
    check_kept(engine)
    return basis.once("known lines", lambda: held(_known(basis), "known_lines", _LINES_ARE))


def check_kept(engine: PortableEngine) -> None:
    """Refuse to count there what takes many steps, where none is kept, or so few rows come sooner than Spark plans.

    Raises
    ------
    NotPortableError
        If so.
    """
    basis = engine.basis
    if not basis.keeps:
        raise NotPortableError(
            "No step can be kept, and each would be computed again for every other."
        )
    if basis.tables[basis.source].implementation.is_pyspark() and basis.size() <= engine.few:
        raise NotPortableError("So few lines come sooner than Spark plans the steps.")


def _known(basis: Basis) -> Frame:
    found = basis.carrying(_with_codes, _TOLD)
    usage = flag(nw.col("line").is_null())
    whole = {name: nw.col(name).fill_null(0).cast(nw.Int64) for name in _TOLD if name != "_seats"}
    found = settled(found).with_columns(
        **whole, _seats=nw.col("_seats").fill_null(0.0), _usage=usage
    )
    full = nw.max_horizontal("_listed", "amount")
    listed = nw.when(nw.col("_usage") == 1).then(nw.col("amount")).otherwise(full)
    return found.select(
        *("entity", "start", "end", "amount", "rests", "cause", "moving"),
        product=nw.col("_product") * 2 + nw.col("_usage"),
        plan=nw.col("_plan"),
        interval=nw.col("_interval"),
        seats=nw.when(nw.col("_seats") > 0).then(nw.col("_seats")).otherwise(nw.lit(0.0)),
        listed=listed.cast(nw.Int64),
        raised=nw.col("_raised"),
    )


def _with_codes(table: Frame) -> Frame:
    """Add what is told of each row of the source."""
    there, none = names(table), nw.lit(0).cast(nw.Int64)
    table = _coded(table, "product", "_product")
    table = _coded(table, "plan", "_plan")
    table = _coded(_coded(table, "interval", "_often"), "interval_count", "_count")
    seats = nw.col("quantity").cast(nw.Float64) if "quantity" in there else nw.lit(0.0)
    raised = flag(nw.col("escalator").fill_null(False)) if "escalator" in there else none
    return table.with_columns(
        _interval=nw.col("_often") * _MANY + nw.col("_count"),
        _seats=seats,
        _listed=nw.col("listed").cast(nw.Int64) if "listed" in there else none,
        _raised=raised.cast(nw.Int64),
    ).drop("_often", "_count")


def _coded(table: Frame, column: str, made: str) -> Frame:
    """Add the number of each value in the order of values, from 1; 0 where it is missing."""
    if column not in names(table):
        return table.with_columns(nw.lit(0).cast(nw.Int64).alias(made))
    values = table.select(column).unique().filter(~nw.col(column).is_null())
    values = values.with_columns(nw.col(column).rank("dense").cast(nw.Int64).alias(made))
    found = table.join(values, on=column, how="left")
    return found.with_columns(nw.col(made).fill_null(0).cast(nw.Int64))


def slotted(lines: Frame, calendar: Calendar, *, events: bool) -> Frame:
    """Add the time at which each line starts and stops to count: days, or the periods whose ends see it."""
    if events:
        return lines.with_columns(begins=nw.col("start"), stops=nw.col("end"))
    ended = nw.col("end") < FAR
    found = lines.with_columns(_last=nw.when(ended).then(nw.col("end")).otherwise(nw.col("start")))
    found = with_period(settled(found), calendar, "start", "begins")
    found = with_period(found, calendar, "_last", "stops").drop("_last")
    stops = nw.when(ended).then(nw.col("stops")).otherwise(FAR)
    return settled(found.with_columns(stops=stops.cast(nw.Int64)))


def within(lines: Frame, first: int, last: int) -> Frame:
    """Return the lines that count in a window, at time 0 if from the day `first` on or before, else at time 1."""

    def slot(day: str) -> nw.Expr:
        until = nw.when(nw.col(day) <= last).then(1).otherwise(FAR)
        return nw.when(nw.col(day) <= first).then(0).otherwise(until).cast(nw.Int64)

    found = lines.filter(nw.col("start") <= last, nw.col("end") > first)
    return found.with_columns(begins=slot("start"), stops=slot("end"))
