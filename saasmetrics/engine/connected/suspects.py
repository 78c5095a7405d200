"""Which rows a finding of the gate would stop at or warn of, as conditions that the system of the tables can count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.rows import is_text
from saasmetrics.tables.gate import amounts, extract, keys, reach, success, support, terms, values
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables.gate.view import Gate

    Finding = Callable[[Gate], Iterable[Problem]]

_FIRST, _LAST = date(1678, 1, 1), date(2261, 12, 31)


@dataclass(frozen=True)
class Suspect:
    """Rows of a table that a finding is about.

    Parameters
    ----------
    finding
        The finding of the gate, which says it in words from the first of the rows.
    code, column
        Which of its problems is meant.
    where
        True for the rows.
    words
        Values of the column that the words of the finding list.
    """

    finding: Finding
    code: str
    column: str
    where: nw.Expr
    words: frozenset[str] = field(default=frozenset())


def suspects(
    name: str, rows: Rows, policy: Policy, currency: str, rates: Mapping[str, int], as_of: int
) -> Iterator[Suspect]:
    """Return what is looked for in the rows of one table; `rates` has the first day of a rate of each currency."""
    there = set(rows.column_names)
    yield from _missing(name, rows)
    yield from _ids(name, rows)
    yield from _amounts(name, there)
    yield from _terms(name, there, policy)
    yield from _dates(name, there, as_of)
    yield from _words(name, rows)
    yield from _currencies(name, rows, currency, rates, as_of)


def _missing(name: str, rows: Rows) -> Iterator[Suspect]:
    for column in SCHEMA[name].required:
        if column not in rows.column_names:
            continue
        unanswered = (name, column) == ("surveys", "score")
        code = "unanswered-survey" if unanswered else "missing-value"
        where = nw.col(column).is_null()
        if SCHEMA[name].columns[column].dtype == "id" and is_text(rows.schema.field(column).type):
            where = where | (nw.col(column) == "")
        yield Suspect(keys.missing_values, code, column, where)


def _ids(name: str, rows: Rows) -> Iterator[Suspect]:
    if "customer_id" not in rows.column_names:
        return
    if not is_text(rows.schema.field("customer_id").type):
        return
    ids = nw.col("customer_id")
    blank = ids.str.starts_with(" ") | ids.str.ends_with(" ")
    yield Suspect(keys.padded_ids, "padded-id", "customer_id", blank)
    if name in keys.REVENUE:
        yield Suspect(keys.totals_row, "totals-row", "customer_id", ids.is_in(keys.total_words()))


def _amounts(name: str, there: set[str]) -> Iterator[Suspect]:
    for table, column, _, _ in amounts.NOT_NEGATIVE:
        if table == name and column in there:
            yield Suspect(amounts.negative_amounts, "negative-amount", column, nw.col(column) < 0)
    if name == "tickets" and "csat" in there:
        yield Suspect(success.unanswered_csat, "unanswered-csat", "csat", nw.col("csat").is_null())
    for table, column in amounts.POSITIVE:
        if table == name and column in there:
            yield Suspect(amounts.negative_amounts, "zero-divisor", column, nw.col(column) == 0)
    if name == "subscriptions" and "amount" in there and "is_trial" not in there:
        yield Suspect(amounts.zero_amounts, "zero-amount", "amount", nw.col("amount") == 0)


def _terms(name: str, there: set[str], policy: Policy) -> Iterator[Suspect]:
    for table, start, end, choice, usual in terms.TERMS:
        if table != name or not {start, end} <= there:
            continue
        first, last, column = (
            nw.col(start).cast(nw.Date),
            nw.col(end).cast(nw.Date),
            f"{start}, {end}",
        )
        yield Suspect(terms.negative_terms, "negative-term", column, last < first)
        if (getattr(policy, choice) if choice else usual) != "inclusive":
            yield Suspect(terms.zero_length_terms, "zero-length-term", column, last == first)
    if name == "people" and {"start", "end"} <= there:
        late = nw.col("end") < nw.col("start")
        yield Suspect(support.ends_before_starts, "end-before-start", "start, end", late)
    if name == "invoices" and {"service_start", "service_end"} <= there:
        begun, ended = nw.col("service_start").is_null(), nw.col("service_end").is_null()
        half = (begun & ~ended) | (ended & ~begun)
        column = "service_start, service_end"
        yield Suspect(terms.half_service_periods, "half-service-period", column, half)


def _dates(name: str, there: set[str], as_of: int) -> Iterator[Suspect]:
    earliest, latest = (_date(day) for day in extract.near(as_of))
    for column in SCHEMA[name].columns.values():
        if column.dtype not in ("date", "month", "timestamp") or column.name not in there:
            continue
        day = nw.col(column.name).cast(nw.Date)
        outside = day < nw.lit(_FIRST)
        early, late = (day < nw.lit(earliest)) & ~outside, day > nw.lit(latest)
        if (name, column.name) not in reach.OPEN:
            outside, late = outside | (day > nw.lit(_LAST)), late & ~(day > nw.lit(_LAST))
        yield Suspect(reach.impossible_dates, "impossible-date", column.name, outside)
        yield Suspect(extract.distant_dates, "distant-date", column.name, early | late)


def _date(day: int) -> date:
    begin = date(1970, 1, 1)
    return begin + timedelta(min(day, (date.max - begin).days))


def _words(name: str, rows: Rows) -> Iterator[Suspect]:
    for column in SCHEMA[name].columns.values():
        strange = rows.words.get(column.name, frozenset()) - {*column.choices}
        if column.choices and strange:
            code = "unknown-interval" if column.name == "interval" else "unknown-choice"
            where = nw.col(column.name).is_in(sorted(strange))
            yield Suspect(values.unknown_choices, code, column.name, where, strange)


def _currencies(
    name: str, rows: Rows, currency: str, rates: Mapping[str, int], as_of: int
) -> Iterator[Suspect]:
    if "currency" not in rows.column_names:
        return
    code = nw.col("currency")
    used = rows.words.get("currency", frozenset())
    if strange := used - values.known_currencies():
        where = code.is_in(sorted(strange))
        yield Suspect(values.unknown_currencies, "unknown-currency", "currency", where, strange)
    if name not in values.DATE_OF:
        return
    yield Suspect(values.missing_currencies, "missing-currency", "currency", code.is_null())
    for foreign in sorted(used & values.known_currencies() - {currency}):
        if rates.get(foreign, as_of + 1) > as_of:
            yield Suspect(values.missing_rates, "missing-rate", "currency", code == foreign)
