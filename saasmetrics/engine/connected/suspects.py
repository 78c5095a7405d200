"""Which rows a finding of the gate would stop at or warn of, as conditions that the system of the tables can count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import narwhals as nw
import pyarrow as pa

from saasmetrics.engine.connected.facts import CONTROL
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import flag
from saasmetrics.tables.dressed import known_currencies
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate import (
    amounts,
    extract,
    keys,
    names,
    reach,
    success,
    sums,
    support,
    terms,
    values,
)
from saasmetrics.tables.schema import REVENUE, SCHEMA
from saasmetrics.tables.texts import is_text
from saasmetrics.tables.totals import spelled

if TYPE_CHECKING:
    from saasmetrics.engine.connected.facts import Facts
    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables.gate.view import Gate

    Finding = Callable[[Gate], Iterable[Problem]]
    Said = Callable[[Problem, Frame], Problem]
    Unless = Callable[[Facts], bool]

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
    said
        The finding and all of the rows -> the finding with the numbers in its words.
    beside
        Other tables that the finding looks at, each with its column and the one of the rows that names it.
    order
        Columns by which the first rows are told; the key of the table, if not given.
    few
        How many of the rows are needed for the words.
    unless
        Whether a look at the table says that there are none.
    """

    finding: Finding
    code: str
    column: str
    where: nw.Expr
    words: frozenset[str] = field(default=frozenset())
    said: Said | None = None
    beside: tuple[tuple[str, str, str], ...] = ()
    order: tuple[str, ...] = ()
    few: int = SHOWN
    unless: Unless | None = None


def suspects(
    name: str, rows: Rows, policy: Policy, currency: str, rates: Mapping[str, int], as_of: int
) -> Iterator[Suspect]:
    """Return what is looked for in the rows of one table; `rates` has the first day of a rate of each currency."""
    there = set(rows.column_names)
    yield from _missing(name, rows)
    yield from _ids(name, rows)
    yield from _amounts(name, there)
    yield from _free(name, rows)
    yield from _terms(name, there, policy)
    yield from _dates(name, there, as_of)
    yield from _words(name, rows)
    yield from _currencies(name, rows, currency, rates, as_of, policy)
    yield from _texts(rows)
    yield from _flags(name, rows)
    yield from _invoices(name, there)
    if name == "tickets":
        yield from _tickets(there)
    if name == "hours":
        yield from _hours(there)
    if name == "trials":
        yield from _trials(there)


def _missing(name: str, rows: Rows) -> Iterator[Suspect]:
    for column in SCHEMA[name].required:
        if column not in rows.column_names:
            continue
        unanswered = (name, column) == ("surveys", "score")
        code = "unanswered-survey" if unanswered else "missing-value"
        where = nw.col(column).is_null()
        yield Suspect(keys.missing_values, code, column, where, unless=_full(column))


def _full(column: str) -> Unless:
    return lambda facts: facts.is_full(column)


def _from(column: str, least: float) -> Unless:
    return lambda facts: facts.is_from(column, least)


def _within(column: str, least: float, most: float) -> Unless:
    return lambda facts: facts.is_from(column, least) and facts.is_until(column, most)


def _ids(name: str, rows: Rows) -> Iterator[Suspect]:
    if "customer_id" not in rows.column_names:
        return
    if not is_text(rows.schema.field("customer_id").type):
        return
    ids = nw.col("customer_id")
    blank = ids.str.starts_with(" ") | ids.str.ends_with(" ")
    yield Suspect(keys.padded_ids, "padded-id", "customer_id", blank)
    if name in REVENUE:
        called = ids.str.to_lowercase().is_in(spelled())
        yield Suspect(sums.totals_row, "totals-row", "customer_id", called)


def _amounts(name: str, there: set[str]) -> Iterator[Suspect]:
    for table, column, _, _ in amounts.NOT_NEGATIVE:
        if table == name and column in there:
            less, unless = nw.col(column) < 0, _from(column, 0)
            yield Suspect(amounts.negative_amounts, "negative-amount", column, less, unless=unless)
    if name == "tickets" and "csat" in there:
        none, unless = nw.col("csat").is_null(), _full("csat")
        yield Suspect(success.unanswered_csat, "unanswered-csat", "csat", none, unless=unless)
    for table, column in amounts.POSITIVE:
        if table == name and column in there:
            yield Suspect(amounts.negative_amounts, "zero-divisor", column, nw.col(column) == 0)


def _free(name: str, rows: Rows) -> Iterator[Suspect]:
    if name != "subscriptions" or "amount" not in rows.column_names:
        return
    trials = is_yes(rows, "is_trial")
    said = None if trials is None else partial(_trials_among, trials)
    nothing = nw.col("amount") == 0
    yield Suspect(amounts.zero_amounts, "zero-amount", "amount", nothing, said=said)


def _trials_among(trials: nw.Expr, problem: Problem, found: Frame) -> Problem:
    return replace(problem, rule=amounts.is_zero(int(total(found, flag(trials)))))


def is_yes(rows: Rows, column: str) -> nw.Expr | None:
    """Return where a column of yes and no says yes; None where it is none."""
    if column not in rows.column_names or not pa.types.is_boolean(rows.schema.field(column).type):
        return None
    return nw.col(column).fill_null(False)


def total(found: Frame, value: nw.Expr) -> float:
    """Return the sum of what is computed of each row, 0 of none."""
    (sum_of,) = fetched(found.select(_value=value).select(nw.col("_value").sum()))["_value"]
    return float(sum_of.as_py() or 0)


def counted_in(frame: Frame, *conditions: nw.Expr) -> tuple[int, ...]:
    """Return for how many rows each condition holds: one query for all."""
    each = enumerate(conditions)
    sums = [flag(one).sum().cast(nw.Int64).alias(f"n{i}") for i, one in each]
    row = fetched(frame.select(*sums)).to_pylist()[0]
    return tuple(int(row[f"n{i}"] or 0) for i in range(len(conditions)))


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
    near = extract.near(as_of)
    earliest, latest = (day_of(day) for day in near)
    for column in SCHEMA[name].columns.values():
        if column.dtype not in ("date", "month", "timestamp") or column.name not in there:
            continue
        day = nw.col(column.name).cast(nw.Date)
        outside = day < nw.lit(_FIRST)
        early, late = (day < nw.lit(earliest)) & ~outside, day > nw.lit(latest)
        if (name, column.name) not in reach.OPEN:
            outside, late = outside | (day > nw.lit(_LAST)), late & ~(day > nw.lit(_LAST))
        usual = _within(column.name, near[0], min(near[1], (_LAST - date(1970, 1, 1)).days))
        told = (column.name, outside), (column.name, early | late)
        yield Suspect(reach.impossible_dates, "impossible-date", *told[0], unless=usual)
        yield Suspect(extract.distant_dates, "distant-date", *told[1], unless=usual)


def day_of(day: int) -> date:
    """Return a day number as a date, the last one there is for those beyond."""
    begin = date(1970, 1, 1)
    return begin + timedelta(min(day, (date.max - begin).days))


def _words(name: str, rows: Rows) -> Iterator[Suspect]:
    for column in SCHEMA[name].columns.values():
        strange = rows.words.get(column.name, frozenset()) - {*column.choices}
        if column.choices and strange:
            code = "unknown-interval" if column.name == "interval" else "unknown-choice"
            where = nw.col(column.name).is_in(sorted(strange))
            yield Suspect(values.unknown_choices, code, column.name, where, strange)


def _texts(rows: Rows) -> Iterator[Suspect]:
    for column in rows.column_names:
        if is_text(rows.schema.field(column).type):
            where = nw.col(column).str.contains(CONTROL)
            finding, code = names.control_characters, "control-characters"
            yield Suspect(finding, code, column, where, unless=_has_no_controls)


def _has_no_controls(facts: Facts) -> bool:
    return not facts.controls


def _flags(name: str, rows: Rows) -> Iterator[Suspect]:
    if name != "subscriptions" or "end" not in rows.column_names:
        return
    for column in success.CHURN_FLAGS:
        if column in rows.column_names:
            yes, ended = is_yes(rows, column), ~nw.col("end").is_null()
            where = ended if yes is None else (yes & ~ended) | (~yes & ended)
            yield Suspect(
                success.contradicting_churn_flags,
                "contradicting-churn-flag",
                f"{column}, end",
                where,
            )


def _invoices(name: str, there: set[str]) -> Iterator[Suspect]:
    if name == "invoices" and "amount" in there:
        credit, unless = nw.col("amount") < 0, _from("amount", 0)
        told = ("credit", "amount", credit)
        yield Suspect(amounts.credits_on_invoices, *told, said=_credited, unless=unless)


def _credited(problem: Problem, found: Frame) -> Problem:
    return replace(problem, rule=amounts.credited(-total(found, nw.col("amount"))))


_TICKETS = (
    (support.replies_before_creation, "reply-before-created", "created_at", "first_reply_at"),
    (
        support.replies_before_creation,
        "first-solved-before-created",
        "created_at",
        "first_solved_at",
    ),
    (
        support.solved_before_first_solved,
        "solved-before-first-solved",
        "first_solved_at",
        "solved_at",
    ),
    (success.replies_after_solution, "reply-after-solution", "first_reply_at", "solved_at"),
    (success.replies_after_solution, "solved-before-created", "created_at", "solved_at"),
)
"""Finding, its code, and the two times of which the second must not be before the first."""


def _tickets(there: set[str]) -> Iterator[Suspect]:
    for finding, code, first, then in _TICKETS:
        if {first, then} <= there:
            backwards = nw.col(then).cast(nw.Datetime()) < nw.col(first).cast(nw.Datetime())
            yield Suspect(finding, code, f"{first}, {then}", backwards)
    for column in support.WORK:
        if column in there:
            less = nw.col(column) < 0
            told = ("negative-work", column, less)
            yield Suspect(support.negative_amounts_of_work, *told, unless=_from(column, 0))
    if "csat" in there:
        most = nw.lit(5.0)
        if "csat_scale" in there:
            given = nw.col("csat_scale").cast(nw.Float64)
            most = nw.when(given.is_null()).then(5.0).otherwise(given)
        beyond = (nw.col("csat") < 1) | (nw.col("csat") > most)
        column = "csat, csat_scale"
        yield Suspect(support.csat_beyond_scale, "csat-beyond-scale", column, beyond)
    if "channel" in there:
        plain = nw.col("channel").str.strip_chars().str.to_lowercase()
        strange = ~plain.is_in(support.CHANNELS)
        yield Suspect(support.unknown_channels, "unknown-channel", "channel", strange)


def _hours(there: set[str]) -> Iterator[Suspect]:
    finding, code = support.hours_out_of_order, "hours-out-of-order"
    told = [name for name in support.HOURS if name in there]
    for column in told:
        yield Suspect(finding, code, column, nw.col(column) < 0, unless=_from(column, 0))
    for less, more in pairwise(told):
        over = nw.col(less) > nw.col(more) * (1 + 1e-9)
        yield Suspect(finding, code, f"{less}, {more}", over)


def _trials(there: set[str]) -> Iterator[Suspect]:
    for column in ("converted_at", "ended_at"):
        if column in there:
            late = nw.col(column).cast(nw.Date) < nw.col("start").cast(nw.Date)
            finding = support.trials_that_run_backwards
            yield Suspect(finding, "end-before-start", f"start, {column}", late)


def _currencies(
    name: str,
    rows: Rows,
    currency: str,
    rates: Mapping[str, int],
    as_of: int,
    policy: Policy,
) -> Iterator[Suspect]:
    if "currency" not in rows.column_names:
        return
    code = nw.col("currency")
    used = rows.words.get("currency", frozenset())
    if strange := used - known_currencies():
        where = code.is_in(sorted(strange))
        yield Suspect(values.unknown_currencies, "unknown-currency", "currency", where, strange)
    if name not in values.DATE_OF:
        return
    none, unless = code.is_null(), _full("currency")
    yield Suspect(values.missing_currencies, "missing-currency", "currency", none, unless=unless)
    for foreign in sorted(used & known_currencies() - {currency}):
        since = rates.get(foreign, as_of + 1)
        if since > as_of:
            yield Suspect(values.missing_rates, "missing-rate", "currency", code == foreign)
        elif policy.fx != "constant":
            early = nw.col(values.DATE_OF[name]).cast(nw.Date) < nw.lit(day_of(since))
            where, unless = (code == foreign) & early, _from(values.DATE_OF[name], since)
            finding, words = values.missing_rates, "early-rate"
            yield Suspect(finding, words, "currency", where, unless=unless)
