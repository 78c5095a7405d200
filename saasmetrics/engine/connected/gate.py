"""The quality gate where the rows are: counts are pushed down, and the first rows make the words of each finding.

Only the rows that a finding would show come here, and the finding of the local gate says what is wrong with them, so
that problems, severities and words are the same. All rows behind one stay where they are until they are asked for.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from saasmetrics.engine.connected.beside import LISTED, with_others
from saasmetrics.engine.connected.by_day import at_the_edges, mixed_zones, of_days
from saasmetrics.engine.connected.endings import endings
from saasmetrics.engine.connected.facts import Facts, first_look
from saasmetrics.engine.connected.gathered import Gathered, gathered
from saasmetrics.engine.connected.repeated import repeated
from saasmetrics.engine.connected.rows import Rows, canonical, is_there
from saasmetrics.engine.connected.states import states
from saasmetrics.engine.connected.suspects import Suspect, counted_in, suspects
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import FAR, day_number
from saasmetrics.errors import Problem
from saasmetrics.tables import gate as local
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate import extract, keys, names, reach, status, values
from saasmetrics.tables.gate.view import Gate, View
from saasmetrics.tables.schema import REVENUE, SCHEMA
from saasmetrics.tables.table import Table
from saasmetrics.tables.texts import is_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

# Findings that need the names of tables, columns and currencies, but no rows.
_OF_WHOLE = (
    extract.empty_tables,
    keys.mixed_key_types,
    extract.round_row_counts,
    values.reporting_currency,
    values.unused_rates,
    reach.unused_mrr,
    reach.guessed_as_of,
    extract.reading_notes,
    status.unused_columns,
)
_BESIDE = 1000  # rows of another table that are looked at beside the first rows
_ORDER = {"error": 0, "warning": 1, "note": 2}


def check(
    tables: Mapping[str, Table],
    link: Link,
    as_of: int,
    currency: str,
    policy: Policy,
    *,
    guessed: bool,
) -> list[Problem]:
    """Return the findings of the gate in tables that stay where they are.

    Parameters
    ----------
    tables, as_of, currency, policy, guessed
        As for `saasmetrics.tables.gate.check`.
    link
        The way to the tables.

    Returns
    -------
    list of Problem
        Errors first; every error that the local gate would find is among them, but for totals that only their sums
        tell from customers.
    """
    here = {name: table for name, table in tables.items() if not is_there(table)}
    found = local.check(here, as_of=as_of, currency=currency, policy=policy, guessed=guessed)
    there = {name: table for name, table in tables.items() if is_there(table)}
    with link.asking("Checking the tables"):
        looked = Looking(there, as_of, currency, policy, guessed)
        found += [problem for name in there for problem in looked.at(name)]
        found += list(looked.as_a_whole())
        found += list(of_days(there, as_of, currency, policy))
    found.append(_checked_there(list(there), list(here)))
    return sorted(found, key=lambda problem: _ORDER[problem.severity])


class _Sized(View):
    """A table of which only some rows are here, with the number of all."""

    rows: int = 0

    @property
    def size(self) -> int:
        """Number of rows, wherever they are."""
        return self.rows


class Looking:
    """What a check asks of several tables."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        as_of: int,
        currency: str,
        policy: Policy,
        guessed: bool,
    ) -> None:
        self.tables = tables
        self.as_of, self.currency, self.policy, self.guessed = as_of, currency, policy, guessed
        fx: Rows | None = tables["fx"].data if "fx" in tables else None
        self.rates = {} if fx is None else fx.once("first rates", lambda: _first_rates(fx))

    def at(self, name: str) -> Iterator[Problem]:
        """Return the findings in one table."""
        table, rows = self.tables[name], self.tables[name].data
        facts, found = self._counted(name)
        for frame, suspect, count in (each for each in found if each[1].code != LISTED):
            yield from self._said(table, frame, suspect, count)
        for one in gathered(name, rows, facts, inclusive=self.policy.end == "inclusive"):
            yield from self._told(table, one)
        yield from repeated(table)
        yield from mixed_zones(table)
        if name == "customers" and facts.filled.get("parent_id"):
            yield from self._parents(table)
        if name == "customers":
            yield from self._never_paid(table)
        for frame, suspect, count in (each for each in found if each[1].code == LISTED):
            yield from self._said(table, frame, suspect, count)

    def _counted(self, name: str) -> tuple[Facts, list[tuple[Frame, Suspect, int]]]:
        """Return what one look at a table says, and what it has of that which is looked for, with the rows of each.

        What a look rules out is not counted, nor what no row had of more rows, of which these are some.
        """
        table, rows = self.tables[name], self.tables[name].data
        key = f"found {self.as_of} {self.currency} {self.rates} {astuple(self.policy)}"
        before = rows.told(key)

        own = [s for s in self._own(name) if before is None or (s.code, s.column) in before]
        frame, joined = with_others(table, self.tables, self.as_of)
        now = [s for s in own if s.unless is None]
        facts, counts = _looked(frame, rows, [*now, *joined])
        later = [s for s in own if s.unless is not None and not s.unless(facts)]
        later += at_the_edges(name, rows, facts)  # which for some of the rows are others
        counts += _counts(rows.frame, later)
        frames = [rows.frame] * len(now) + [frame] * len(joined) + [rows.frame] * len(later)
        every = zip(frames, (*now, *joined, *later), counts, strict=True)
        out = [each for each in every if each[2]]
        mine = frozenset((s.code, s.column) for where, s, _ in out if where is rows.frame)
        rows.once(key, lambda: mine)
        for other, suspect in endings(name, rows, self.policy):
            (count,) = _counts(other, [suspect])
            out += [(other, suspect, count)] if count else []
        return facts, out

    def _own(self, name: str) -> list[Suspect]:
        """Return what is looked for in the rows of a table alone."""
        rows: Rows = self.tables[name].data
        asked = suspects(name, rows, self.policy, self.currency, self.rates, self.as_of)
        return [*asked, *(states(rows, self.as_of) if name == "subscriptions" else ())]

    def suspects(self, name: str) -> Iterator[tuple[Frame, list[Suspect]]]:
        """Return what is looked for in one table, row by row, each with the frame that it is looked for in."""
        table, rows = self.tables[name], self.tables[name].data
        facts, _ = _looked(rows.frame, rows, [])
        frame, beside = with_others(table, self.tables, self.as_of)
        yield frame, [*self._own(name), *at_the_edges(name, rows, facts), *beside]
        for other, suspect in endings(name, rows, self.policy):
            yield other, [suspect]

    def _said(self, table: Table, frame: Frame, suspect: Suspect, count: int) -> Iterator[Problem]:
        rows: Rows = table.data
        found = frame.filter(suspect.where)
        every = rows.part(found.select(*rows.column_names))
        first = _first(every, suspect.order, suspect.few)
        whole = {table.name: replace(table, data=_with_words(first, suspect))}
        others = (ids for ids in suspect.beside if ids[0] != table.name)
        whole |= {other: self._beside(first, other, *ids) for other, *ids in others}
        for problem in suspect.finding(self._gate(whole)):
            where = (problem.table, problem.code, problem.column)
            if where == (table.name, suspect.code, suspect.column):
                shown = problem.examples[: min(count, SHOWN)]
                told = _counted(problem, count, every, examples=shown)
                yield told if suspect.said is None else suspect.said(told, found)

    def _told(self, table: Table, one: Gathered) -> Iterator[Problem]:
        rows: Rows = table.data
        shown = _first(rows.part(one.shown), one.order, one.few)
        if one.number and pa.types.is_integer(shown.schema.field(one.number).type):
            none = pa.table({one.number: pa.array([0]).cast(shown.schema.field(one.number).type)})
            shown = pa.concat_tables([shown, none], promote_options="permissive")
        first = replace(table, data=shown)
        every = rows.part(one.found.select(*rows.column_names))
        for problem in one.finding(self._gate({table.name: first})):
            if (problem.table, problem.code) == (table.name, one.code):
                severity = one.severity or problem.severity
                yield _counted(problem, one.rows, every, rule=one.rule, severity=severity)

    def _beside(self, first: pa.Table, other: str, key: str, own: str) -> Table:
        """Return the rows of another table that some rows name; one that none names, where there are none."""
        rows: Rows = self.tables[other].data
        ids = [value for value in first[own].unique().to_pylist() if value is not None]
        nobody = pa.table({key: pa.array([_no_one(rows.schema.field(key).type)])})
        found = canonical(other, fetched(rows.frame.filter(nw.col(key).is_in(ids)).head(_BESIDE)))
        data = pa.concat_tables([found, nobody], promote_options="permissive")
        return replace(self.tables[other], data=data)

    def _gate(self, tables: Mapping[str, Table], sizes: Mapping[str, int] | None = None) -> Gate:
        views: dict[str, View] = {name: View(table) for name, table in tables.items()}
        for name, rows in (sizes or {}).items():
            views[name] = _Sized(tables[name])
            views[name].rows = rows  # type: ignore[attr-defined]
        if self.rates and "fx" not in views:
            views["fx"] = View(_rates_table(self.rates))
        return Gate(views, self.as_of, self.currency, self.policy, self.guessed)

    def _never_paid(self, table: Table) -> Iterator[Problem]:
        """Customers that no table of revenue has."""
        paying = [n for n in REVENUE if n in self.tables and self.tables[n].data.num_rows]
        left = table.data.frame
        for name in paying:
            ids = self.tables[name].data.frame.select("customer_id")
            left = left.join(ids, on="customer_id", how="anti")
        never = table.data.part(left.filter(~nw.col("customer_id").is_null()))
        if not paying or not never.num_rows:
            return
        first = replace(table, data=_first(never))
        others = {n: replace(self.tables[n], data=_nobody(first)) for n in paying}
        for problem in keys.row_without_revenue(self._gate({"customers": first, **others})):
            yield _counted(problem, never.num_rows, never)

    def _parents(self, table: Table) -> Iterator[Problem]:
        """Parents of parents, and circles of them: of the few customers that have a parent."""
        rows: Rows = table.data
        pairs = rows.frame.filter(~nw.col("parent_id").is_null())
        pairs = pairs.select("customer_id", "parent_id")
        known = rows.frame.select("customer_id")
        strange = pairs.join(known, left_on="parent_id", right_on="customer_id", how="anti")
        if count := rows.part(strange).num_rows:
            few = strange.sort("customer_id", "parent_id").head(SHOWN)
            first = replace(table, data=canonical("customers", fetched(few)))
            for problem in keys.unknown_parents(self._gate({"customers": first})):
                yield _counted(problem, count, rows.part(strange))
        above = pairs.select(nw.col("customer_id").alias("parent_id")).unique()
        chained = rows.part(pairs.join(above, on="parent_id", how="semi"))
        if chained.num_rows:
            under = pairs.select(customer_id=nw.col("parent_id")).unique()
            tops = rows.frame.filter(nw.col("parent_id").is_null())
            tops = tops.join(under, on="customer_id", how="semi")
            both = nw.concat([pairs, tops.select("customer_id", "parent_id")])
            whole = replace(table, data=rows.cut(both).here())
            for problem in names.parents_of_parents(self._gate({"customers": whole})):
                lines = problem.lines() if callable(problem.lines) else problem.lines
                ids = whole.data["customer_id"].take(pa.array(lines)).to_pylist()
                some = rows.part(rows.frame.filter(nw.col("customer_id").is_in(ids)))
                yield _counted(problem, problem.rows, some)

    def as_a_whole(self) -> Iterator[Problem]:
        """Return the findings about tables as a whole."""
        shells = {name: _shell(table) for name, table in self.tables.items()}
        sizes = {name: table.data.num_rows for name, table in self.tables.items()}
        sizes.pop("mrr", None)  # counted in customers
        gate = self._gate(shells, sizes)
        if "mrr" in self.tables:
            cube: Rows = self.tables["mrr"].data
            yield from extract.at_a_limit("mrr", cube.once("customers", lambda: _customers(cube)))
        for finding in _OF_WHOLE:
            for problem in finding(gate):
                if (
                    problem.table != "mrr"
                    or problem.code != "empty-table"
                    or not len(self.tables["mrr"].data)
                ):
                    yield problem


def _counted(problem: Problem, rows: int, found: Rows | None = None, **changed: Any) -> Problem:
    """Return a finding with the number of its rows where they are, of which those here are only the first."""
    return replace(problem, rows=rows, lines=None, found=found, **changed)


def _with_words(first: pa.Table, suspect: Suspect) -> pa.Table:
    """Return the first rows, and a row for each word that the finding lists."""
    if not suspect.words:
        return first
    kind = first.schema.field(suspect.column).type
    words = pa.table({suspect.column: pa.array(sorted(suspect.words)).cast(kind)})
    return pa.concat_tables([first, words], promote_options="permissive")


def _looked(frame: Frame, rows: Rows, asked: list[Suspect]) -> tuple[Facts, tuple[int, ...]]:
    """Return what a look at rows says, and for how many each condition holds; a second look is only for conditions."""
    if asked:
        facts, counts = first_look(frame, rows, [suspect.where for suspect in asked])
        return rows.once("facts", lambda: facts), counts
    return rows.once("facts", lambda: first_look(frame, rows)[0]), ()


def _counts(frame: Frame, asked: list[Suspect]) -> tuple[int, ...]:
    """Return how many rows each condition holds for: one query for all."""
    return counted_in(frame, *(suspect.where for suspect in asked)) if asked else ()


def _first(rows: Rows, order: Sequence[str] = (), few: int = SHOWN) -> pa.Table:
    """Return the first of some rows, in the order of some columns, else of their keys."""
    schema = SCHEMA[rows.name]
    by = dict.fromkeys([*order, *schema.key, *schema.required, *rows.column_names])
    order = [name for name in by if name in rows.column_names][:6]
    found = rows.frame.sort(*order).head(few)
    return canonical(rows.name, fetched(found))


def _customers(rows: Rows) -> int:
    every = rows.frame.filter(~nw.col("customer_id").is_null()).select("customer_id").unique()
    return rows.cut(every).num_rows


def _first_rates(rows: Rows) -> dict[str, int]:
    if not {"date", "currency", "rate"} <= set(rows.column_names):
        return {}
    frame = rows.frame.filter(~nw.col("rate").is_null(), ~nw.col("currency").is_null())
    frame = frame.select("currency", day=day_number("date", FAR))
    found = fetched(frame.group_by("currency").agg(nw.col("day").min()))
    return {row["currency"]: int(row["day"]) for row in found.to_pylist() if row["day"] < FAR}


def _rates_table(rates: Mapping[str, int]) -> Table:
    days = pa.array(list(rates.values()), pa.int32()).cast(pa.date32())
    data = {"date": days, "currency": pa.array(list(rates), pa.string())}
    return Table("fx", pa.table(data | {"rate": pa.array([1.0] * len(rates))}))


def _nobody(table: Table) -> pa.Table:
    """Return a row with an id that no row of a table has."""
    value = _no_one(table.data.schema.field("customer_id").type)
    return pa.table({"customer_id": pa.repeat(value, 1)})


def _no_one(kind: pa.DataType) -> pa.Scalar:
    """Return an id of a type that nobody has."""
    return pa.scalar("\0" if is_text(kind) else -(2**62), kind)


def _shell(table: Table) -> Table:
    """Return a table with its columns, and a row for each of its currencies."""
    rows: Rows = table.data
    data = rows.schema.empty_table()
    words = sorted(rows.words.get("currency", ()))
    if words:
        data = pa.concat_tables([data, pa.table({"currency": words})], promote_options="permissive")
    return replace(table, data=data)


def _checked_there(there: list[str], here: list[str]) -> Problem:
    """Say where it was looked, and what cannot be seen from there."""
    beside = f"; not against {' and '.join(here)}, picked here" if here else ""
    return Problem(
        there[0] if there else "",
        "",
        f"was checked where it is{beside}",
        0,
        (),
        f"Looked through: {', '.join(there)}. For the rest, check a part of the rows here: sm.Book(...).check().",
        "note",
        "checked-there",
    )
