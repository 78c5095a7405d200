"""Subscriptions whose words, requests or other columns say another state than their dates do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.connected.rows import canonical
from saasmetrics.engine.connected.suspects import Suspect, total
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import FAR, day_number, flag
from saasmetrics.tables import Table
from saasmetrics.tables.gate import status
from saasmetrics.tables.gate.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem

_MANY = 1000  # different words of a column that says a state


def states(rows: Rows, as_of: int) -> Iterator[Suspect]:
    """Return what is looked for in the states of subscriptions, as of a day."""
    there = set(rows.column_names)
    said = list(_said(rows))
    begun = day_number("start", FAR) <= as_of
    for column, word, wanted in said:
        where = (nw.col(column) == word) & begun & _open(there, wanted)
        rule = status.contradicts(column, word, wanted)
        asks = wanted == "end" and "cancel_requested_at" in there
        told = partial(_at_stake, there, rule, asks)
        finding, code = partial(_of_word, rule), "status-contradicts-dates"
        yield Suspect(finding, code, column, where, said=told)
    if {"cancel_requested_at", "interval"} <= there:
        until = day_number("cancel_requested_at", FAR).cast(nw.Float64) + _wait(there)
        where = (until + status.GRACE < as_of) & _open(there, "end")
        for column, word, wanted in said:
            if wanted == "end":
                where = where & ~(nw.col(column) == word).fill_null(False)
        told = partial(_at_stake, there, status.REQUESTED, False)
        code, column = "cancelled-but-running", "cancel_requested_at"
        yield Suspect(status.requests_without_end, code, column, where, said=told)
    for column in status.OTHER_ENDS:
        if column in there:
            where = ~nw.col(column).is_null() & _open(there, "end")
            told = partial(_at_stake, there, status.filled(column), False)
            yield Suspect(status.ends_elsewhere, "end-elsewhere", column, where, said=told)


def _said(rows: Rows) -> Iterator[tuple[str, str, str]]:
    """Return each word for a state with its column, and the day that it calls for."""
    for column in status.COLUMNS:
        if column in rows.column_names:
            words = rows.once(f"words of {column}", partial(_words, rows.frame, column))
            yield from ((column, word, day) for word in words if (day := status.called_for(word)))


def _words(frame: Frame, column: str) -> list[str]:
    found = fetched(frame.group_by(column).agg(nw.len().alias("rows")).sort(column).head(_MANY))
    return [str(word) for word in found[column].to_pylist() if word is not None]


def _of_word(rule: str, gate: object) -> list[Problem]:
    """Return the findings of one word: each has its own."""
    return [p for p in status.statuses_against_dates(gate) if p.rule.startswith(rule)]  # type: ignore[arg-type]


def _open(there: set[str], column: str) -> nw.Expr:
    missing = nw.lit(True)
    for name in dict.fromkeys((column, "end")):
        if name in there:
            missing = missing & nw.col(name).is_null()
    return missing


def _wait(there: set[str]) -> nw.Expr:
    """Return how many days one amount pays for, at most."""
    days = nw.lit(366)
    for word, many in status.DAYS.items():
        days = nw.when(nw.col("interval") == word).then(many).otherwise(days)
    if "interval_count" not in there:
        return days
    count = nw.col("interval_count").cast(nw.Float64)
    return days * nw.when(count > 0).then(count).otherwise(1.0)


def _at_stake(there: set[str], rule: str, asks: bool, problem: Problem, found: Frame) -> Problem:
    """Return the finding with the MRR that is at stake, and how many of its rows have a day of request."""
    stake = ""
    if {"amount", "interval"} <= there:
        keys = [n for n in ("interval", "interval_count", "currency") if n in there]
        sums = fetched(found.group_by(*keys).agg(nw.col("amount").sum()).sort(*keys))
        view = View(Table("subscriptions", canonical("subscriptions", sums)))
        stake = status.at_stake(view, np.ones(view.size, np.bool_))
    remedy = problem.remedy.partition(" Of them, ")[0]
    if asks:
        requested = flag(~nw.col("cancel_requested_at").is_null())
        remedy += status.asked(int(total(found, requested)))
    return replace(problem, rule=rule + stake, remedy=remedy)
