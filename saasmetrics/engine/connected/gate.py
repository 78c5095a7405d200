"""The quality gate where the rows are: counts are pushed down, and the first rows make the words of each finding.

Only the rows that a finding would show come here, and the finding of the local gate says what is wrong with them, so
that problems, severities and words are the same. What needs all rows at once is not looked for, and said so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.connected.repeated import repeated
from saasmetrics.engine.connected.rows import Rows, canonical, is_text, is_there
from saasmetrics.engine.connected.suspects import Suspect, suspects
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import FAR, day_number, flag
from saasmetrics.errors import Problem
from saasmetrics.tables import gate as local
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate import extract, keys, names, reach, status, values
from saasmetrics.tables.gate.view import Gate, View
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.policy import Policy

# Findings that need the names of tables, columns and currencies, but no rows.
_OF_WHOLE = (
    extract.empty_tables,
    keys.mixed_key_types,
    extract.round_row_counts,
    values.reporting_currency,
    reach.unused_mrr,
    reach.guessed_as_of,
    extract.reading_notes,
    status.unused_columns,
)
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
        Errors first; every error that the local gate would find is among them.
    """
    here = {name: table for name, table in tables.items() if not is_there(table)}
    found = local.check(here, as_of=as_of, currency=currency, policy=policy, guessed=guessed)
    there = {name: table for name, table in tables.items() if is_there(table)}
    with link.asking("Checking the tables"):
        looked = _Looking(there, as_of, currency, policy, guessed)
        found += [problem for name in there for problem in looked.at(name)]
        found += list(looked.as_a_whole())
    found.append(_not_looked_for(list(there)))
    return sorted(found, key=lambda problem: _ORDER[problem.severity])


class _Sized(View):
    """A table of which only some rows are here, with the number of all."""

    rows: int = 0

    @property
    def size(self) -> int:
        """Number of rows, wherever they are."""
        return self.rows


class _Looking:
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
        self.rates = _first_rates(tables["fx"].data) if "fx" in tables else {}

    def at(self, name: str) -> Iterator[Problem]:
        """Return the findings in one table."""
        table, rows = self.tables[name], self.tables[name].data
        asked = list(suspects(name, rows, self.policy, self.currency, self.rates, self.as_of))
        for suspect, count in zip(asked, _counts(rows, asked), strict=True):
            if count:
                yield from self._said(table, suspect, count)
        yield from rows.once("repeated", lambda: list(repeated(table)))
        if name == "customers" and "parent_id" in rows.column_names:
            yield from self._parents(table)
        if "customers" in self.tables and "customer_id" in rows.column_names:
            yield from self._never_paid(table) if name == "customers" else self._strangers(table)

    def _said(self, table: Table, suspect: Suspect, count: int) -> Iterator[Problem]:
        rows: Rows = table.data
        first = _first(rows.cut(rows.frame.filter(suspect.where)))
        if suspect.code == "missing-value" and is_text(first.schema.field(suspect.column).type):
            place = first.schema.get_field_index(suspect.column)
            empty = pc.equal(first[suspect.column], "")
            values = pc.if_else(empty, None, first[suspect.column])
            first = first.set_column(place, suspect.column, values)
        if suspect.words:
            words = pa.table({suspect.column: pa.array(sorted(suspect.words))})
            first = pa.concat_tables([first, words], promote_options="permissive")
        for problem in suspect.finding(self._gate({table.name: replace(table, data=first)})):
            if problem.code == suspect.code and problem.column == suspect.column:
                shown = problem.examples[: min(count, SHOWN)]
                yield _counted(problem, count, examples=shown)

    def _gate(self, tables: Mapping[str, Table], sizes: Mapping[str, int] | None = None) -> Gate:
        views: dict[str, View] = {name: View(table) for name, table in tables.items()}
        for name, rows in (sizes or {}).items():
            views[name] = _Sized(tables[name])
            views[name].rows = rows  # type: ignore[attr-defined]
        if self.rates and "fx" not in views:
            views["fx"] = View(_rates_table(self.rates))
        return Gate(views, self.as_of, self.currency, self.policy, self.guessed)

    def _strangers(self, table: Table) -> Iterator[Problem]:
        """Customers of a table that `customers` does not have."""
        rows: Rows = table.data
        known = self.tables["customers"].data.frame.select("customer_id")
        strange = rows.frame.join(known, on="customer_id", how="anti")
        strange = strange.filter(~nw.col("customer_id").is_null())
        each = strange.group_by("customer_id").agg(nw.len().alias("rows"))
        size = each.select(nw.len().alias("ids"), nw.col("rows").sum())
        counts = fetched(size).to_pylist()[0]
        if not counts["ids"]:
            return
        first = replace(table, data=_first(rows.cut(strange)))
        nobody = replace(self.tables["customers"], data=_nobody(first))
        for problem in keys.customers_without_row(
            self._gate({table.name: first, "customers": nobody})
        ):
            rule = keys.without_row(int(counts["ids"]))
            yield _counted(problem, int(counts["rows"]), rule=rule)

    def _never_paid(self, table: Table) -> Iterator[Problem]:
        """Customers that no table of revenue has."""
        paying = [n for n in keys.REVENUE if n in self.tables and self.tables[n].data.num_rows]
        left = table.data.frame
        for name in paying:
            ids = self.tables[name].data.frame.select("customer_id")
            left = left.join(ids, on="customer_id", how="anti")
        never = table.data.cut(left.filter(~nw.col("customer_id").is_null()))
        if not paying or not never.num_rows:
            return
        first = replace(table, data=_first(never))
        others = {n: replace(self.tables[n], data=_nobody(first)) for n in paying}
        for problem in keys.row_without_revenue(self._gate({"customers": first, **others})):
            yield _counted(problem, never.num_rows)

    def _parents(self, table: Table) -> Iterator[Problem]:
        """Parents of parents, and circles of them: of the few customers that have a parent."""
        rows: Rows = table.data
        pairs = rows.frame.filter(~nw.col("parent_id").is_null())
        pairs = pairs.select("customer_id", "parent_id")
        known = rows.frame.select("customer_id")
        strange = pairs.join(known, left_on="parent_id", right_on="customer_id", how="anti")
        if count := rows.cut(strange).num_rows:
            few = strange.sort("customer_id", "parent_id").head(SHOWN)
            first = replace(table, data=canonical("customers", fetched(few)))
            for problem in keys.unknown_parents(self._gate({"customers": first})):
                yield _counted(problem, count)
        above = pairs.select(nw.col("customer_id").alias("parent_id")).unique()
        chained = rows.cut(pairs.join(above, on="parent_id", how="semi"))
        if chained.num_rows:
            whole = replace(table, data=rows.cut(pairs).here())
            for problem in names.parents_of_parents(self._gate({"customers": whole})):
                yield _counted(problem, problem.rows)

    def as_a_whole(self) -> Iterator[Problem]:
        """Return the findings about tables as a whole."""
        shells = {name: _shell(table) for name, table in self.tables.items()}
        sizes = {name: table.data.num_rows for name, table in self.tables.items()}
        sizes.pop("mrr", None)  # counted in customers
        gate = self._gate(shells, sizes)
        for finding in _OF_WHOLE:
            for problem in finding(gate):
                if (
                    problem.table != "mrr"
                    or problem.code != "empty-table"
                    or not len(self.tables["mrr"].data)
                ):
                    yield problem


def _counted(problem: Problem, rows: int, **changed: Any) -> Problem:
    """Return a finding with the number of its rows where they are, of which those here are only the first."""
    return replace(problem, rows=rows, lines=None, found=None, **changed)


def _counts(rows: Rows, asked: list[Suspect]) -> list[int]:
    """Return how many rows each condition holds for: one query for all."""
    if not asked:
        return []
    flags = rows.frame.select(*(flag(s.where).alias(f"n{i}") for i, s in enumerate(asked)))
    sums = [nw.col(f"n{i}").sum().cast(nw.Int64) for i in range(len(asked))]
    found = fetched(flags.select(*sums)).to_pylist()[0]
    return [int(found[f"n{i}"] or 0) for i in range(len(asked))]


def _first(rows: Rows) -> pa.Table:
    """Return the first of some rows, in the order of their keys."""
    by = dict.fromkeys([*SCHEMA[rows.name].key, *SCHEMA[rows.name].required, *rows.column_names])
    order = [name for name in by if name in rows.column_names][:6]
    found = rows.frame.sort(*order).head(SHOWN)
    return canonical(rows.name, fetched(found))


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
    kind = table.data.schema.field("customer_id").type
    value = pa.scalar("\0" if is_text(kind) else -(2**62), kind)
    return pa.table({"customer_id": pa.repeat(value, 1)})


def _shell(table: Table) -> Table:
    """Return a table with its columns, and a row for each of its currencies."""
    rows: Rows = table.data
    data = rows.schema.empty_table()
    words = sorted(rows.words.get("currency", ()))
    if words:
        data = pa.concat_tables([data, pa.table({"currency": words})], promote_options="permissive")
    return replace(table, data=data)


def _not_looked_for(there: list[str]) -> Problem:
    return Problem(
        there[0] if there else "",
        "",
        "was checked where it is, for all that stops and the commonest warnings; not for what needs every row at once: "
        "overlaps, ends read the other way, cut exports, use after churn",
        0,
        (),
        f"Looked through: {', '.join(there)}. For the rest, check a part of the rows here: sm.Book(...).check().",
        "note",
        "checked-there",
    )
