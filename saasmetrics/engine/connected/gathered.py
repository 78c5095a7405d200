"""What several rows show together: overlaps, months below zero, days with several lines, lines that are there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.repeated import counts_rows
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import FAR, day_number, divided, running, where
from saasmetrics.tables.gate import amounts, copies, terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.engine.connected.facts import Facts
    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate

_SHOWN = 200  # rows that are looked at for the words
_PAID = {"invoices": ("amount", "date"), "mrr": ("mrr", "month")}
_LEAST = -0.005  # sums of cents in floats miss zero by less than this


@dataclass(frozen=True)
class Gathered:
    """What was found among rows.

    Parameters
    ----------
    finding
        The finding of the gate, which says it in words from some of the rows.
    code, column
        Which of its problems is meant.
    rows
        How many rows there are.
    rule
        The rule in words, with the numbers of all rows.
    found
        All of the rows.
    shown
        Those that the words are made from.
    order
        Columns by which the first of them are told.
    severity
        What it is where all rows are counted; as the finding says it, if not given.
    number
        A column of ids that does not count the rows, though those of the first ones may look like it.
    few
        How many of them are looked at.
    """

    finding: Callable[[Gate], Iterable[Problem]]
    code: str
    column: str
    rows: int
    rule: str
    found: Frame
    shown: Frame
    order: tuple[str, ...]
    severity: str = ""
    number: str = ""
    few: int = _SHOWN


def gathered(name: str, rows: Rows, facts: Facts, *, inclusive: bool) -> Iterator[Gathered]:
    """Return what is found among the rows of one table; `inclusive`: subscriptions run on the day of their end."""
    there = set(rows.column_names)
    if name in copies.LINES:
        yield from rows.once("same lines", lambda: list(_same_lines(name, rows)))
    amount, at = _PAID.get(name, ("", ""))
    if amount and {"customer_id", amount, at} <= there and not facts.is_from(amount, 0):
        months = partial(_negative_months, rows, amount, at)
        yield from rows.once("negative months", lambda: list(months()))
    if name == "invoices" and {"customer_id", "date"} <= there:
        yield from rows.sought("days", partial(_days, rows))
    if name == "subscriptions" and "start" in there:
        key = f"overlaps {inclusive}"
        yield from rows.sought(key, partial(_overlaps, rows, inclusive=inclusive))


def _counts(cells: Frame, *columns: str) -> tuple[int, ...]:
    """Return how many cells there are, and the sums of some columns."""
    sums = [nw.col(name).sum().cast(nw.Int64).alias(name) for name in columns]
    found = fetched(cells.select(nw.len().alias("_cells"), *sums)).to_pylist()[0]
    return tuple(int(found[name] or 0) for name in ("_cells", *columns))


def _days(rows: Rows) -> Iterator[Gathered]:
    keys = ["customer_id", "date"]
    cells = rows.frame.group_by(*keys).agg(nw.len().alias("_rows"))
    cells = cells.filter(nw.col("_rows") > 1, *(~nw.col(key).is_null() for key in keys))
    days, many = _counts(cells, "_rows")
    if days:
        found = rows.frame.join(cells.select(*keys), on=keys, how="semi")
        first = cells.sort(*keys).head(3).select(*keys)
        shown = rows.frame.join(first, on=keys, how="semi")
        rule, column = amounts.several_lines(days), "customer_id, date"
        finding, order = amounts.lines_on_one_day, (*keys, "invoice_id")
        yield Gathered(finding, "lines-on-one-day", column, many, rule, found, shown, order)


def _negative_months(rows: Rows, amount: str, at: str) -> Iterator[Gathered]:
    keys = ["customer_id", "_year", "_month"]
    good = (~nw.col(name).is_null() for name in ("customer_id", amount, at))
    day = nw.col(at).cast(nw.Date)
    frame = rows.frame.filter(*good)
    if set(amounts.SERVED) <= set(rows.column_names):
        open_ = (nw.col(name).is_null() for name in amounts.SERVED)
        frame = frame.filter((nw.col(amount) >= 0) | nw.any_horizontal(*open_, ignore_nulls=True))
    frame = frame.with_columns(_year=day.dt.year(), _month=day.dt.month())
    cells = frame.group_by(*keys).agg(nw.col(amount).sum().alias("_sum"), nw.len().alias("_rows"))
    cells = cells.filter(nw.col("_sum") < _LEAST)
    months, many = _counts(cells, "_rows")
    if months:
        found = frame.join(cells.select(*keys), on=keys, how="semi")
        first = cells.sort(*keys).head(3).select(*keys)
        shown = frame.join(first, on=keys, how="semi").select(*rows.column_names)
        code, column = "negative-customer-month", f"customer_id, {at}, {amount}"
        finding, rule = amounts.negative_customer_months, amounts.negative_months(months)
        order = ("customer_id", at, amount)
        yield Gathered(finding, code, column, many, rule, found, shown, order)


def same_line_of(name: str, rows: Rows) -> nw.Expr:
    """Return the first number under which each line is there."""
    number = copies.LINES[name][0]
    return nw.col(number).min().over(*(n for n in rows.column_names if n != number))


def _same_lines(name: str, rows: Rows) -> Iterator[Gathered]:
    number, columns = copies.LINES[name]
    if not {number, *columns} <= set(rows.column_names) or counts_rows(rows, number):
        return
    if rows.of_whole("same lines") == [] and rows.of_whole(f"{number} counts") is False:
        return
    good = ~nw.col(number).is_null() & ~nw.col(columns[1]).is_null()
    different = rows.frame.filter(good).unique()
    different = different.with_columns(_first=same_line_of(name, rows))
    found = different.filter(nw.col(number) != nw.col("_first"))
    (many,) = _counts(found)
    if not many:
        return
    first = found.sort("_first").head(3).select("_first").unique()
    shown = different.join(first, on="_first", how="semi").select(*rows.column_names)
    severity = "warning" if many * 100 >= rows.num_rows else "note"
    rule, code = "the same line as another one in all but its number", "same-line-twice"
    order = (number, *columns)
    told = (many, rule, found, shown, order, severity, number)
    yield Gathered(copies.same_lines, code, number, *told)


def _overlaps(rows: Rows, *, inclusive: bool) -> Iterator[Gathered]:
    frame = with_days(rows.frame, "end" in rows.column_names, inclusive=inclusive)
    for key, what, finding in (
        ("subscription_id", "terms of one subscription", terms.overlaps_in_subscription),
        ("customer_id", "subscriptions of one customer", terms.overlaps_in_customer),
    ):
        if key not in rows.column_names:
            continue
        cells = _cells(frame.filter(~nw.col(key).is_null()), key)
        _, many, pairs = _counts(cells, "_late", "_pairs")
        if not many:
            continue
        found = _late(frame, cells.select(key, "_from", "_before"), key)
        groups = cells.filter(nw.col("_late") > 0).sort(key).head(3).select(key).unique()
        shown = rows.frame.join(groups, on=key, how="semi")
        severity = ""
        if key == "customer_id":
            severity = "warning" if pairs > rows.num_rows else "note"
        code = f"overlap-in-{'subscription' if key == 'subscription_id' else 'customer'}"
        column, order = f"{key}, start, end", (key, "start", "subscription_id")
        rule = terms.overlap_in(what, pairs)
        yield Gathered(finding, code, column, many, rule, found, shown, order, severity)


def with_days(frame: Frame, ends: bool, *, inclusive: bool) -> Frame:
    """Return the rows that run for at least a day, with the days from which and until which."""
    end = day_number("end", FAR) if ends else nw.lit(FAR).cast(nw.Int64)
    if ends and inclusive:
        end = nw.when(nw.col("end").is_null()).then(FAR).otherwise(end + 1)
    frame = frame.filter(~nw.col("start").is_null())
    frame = frame.with_columns(_from=day_number("start", 0), _to=end)
    return frame.filter(nw.col("_to") > nw.col("_from"))


def _cells(frame: Frame, key: str) -> Frame:
    """Return for each day on which some of a group start how many do, how many ran before, and which pairs that makes.

    What ends on a day has ended before others start on it, so only what starts is ever late.
    """
    one, none = nw.lit(1), nw.lit(0)
    up = frame.select(nw.col(key), nw.col("_from"), _up=one, _down=none)
    down = frame.select(nw.col(key), nw.col("_to").alias("_from"), _up=none, _down=one)
    days = (
        nw.concat([up, down])
        .group_by(key, "_from")
        .agg(nw.col("_up").sum().cast(nw.Int64), nw.col("_down").sum().cast(nw.Int64))
    )
    days = days.with_columns(_net=nw.col("_up") - nw.col("_down"))
    days = days.with_columns(_before=running("_net", [key], "_from"))
    days = days.with_columns(_before=nw.col("_before") - nw.col("_up"))
    started: Frame = days.filter(nw.col("_up") > 0)
    many, before = nw.col("_up"), nw.col("_before")
    return started.with_columns(
        _late=many - where(before == 0, nw.lit(1)),
        _pairs=many * before + divided(many * (many - 1), 2),
    )


def _late(frame: Frame, cells: Frame, key: str) -> Frame:
    """Return the rows that start while another one of their group runs: of those that start first, all but one."""
    others: Sequence[str] = [key, "_from"]
    found = frame.join(cells, on=[*others], how="inner").with_columns(_one=nw.lit(1))
    found = found.with_columns(_nth=nw.col("_one").cum_sum().over(*others, order_by="_to"))
    return found.filter((nw.col("_before") > 0) | (nw.col("_nth") > 1))


__all__ = ["Gathered", "gathered", "same_line_of", "with_days"]
