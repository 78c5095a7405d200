"""What the rows behind a finding are worth a month where they are elsewhere: counted there, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.checks.worth import POINTS, Touched, touched
from saasmetrics.engine.connected.engine import USED, ConnectedEngine
from saasmetrics.engine.connected.gate import Looking
from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import DataError, NotPortableError, WarehouseError
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]


_INTERVALS = SCHEMA["subscriptions"].columns["interval"].choices


@dataclass(frozen=True, eq=False)
class Paid:
    """What customers pay a month where their tables are: on the as-of date, or on the last day that they paid.

    Parameters
    ----------
    basis
        Who pays how much from when until when.
    as_of
        Day number of the last day known.
    left
        Customers of whom every row is left out since it has errors: what these pay is unknown.
    source
        The table that MRR is of.
    """

    basis: Basis
    as_of: int
    left: Frame | None = None
    source: str = ""

    @cached_property
    def customers(self) -> Frame:
        """Each customer that ever paid, with what it pays as `micro`."""
        return self.basis.once("worth", self._customers)

    def _customers(self) -> Frame:
        return held(last_paid(self.basis.pieces(), self.as_of, "entity"), "worth")

    @cached_property
    def total(self) -> int:
        """What all customers pay."""
        return _sum(self.customers.select(nw.col("micro").abs()))

    @cached_property
    def running(self) -> int:
        """MRR on the as-of date."""
        return _sum(running(self.basis.pieces(), self.as_of).select(micro=nw.col("amount")))


def running(pieces: Frame, day: int) -> Frame:
    """Return the pieces that are paid on a day."""
    return pieces.filter(nw.col("start") <= day, nw.col("end") > day, nw.col("rests") == 0)


def last_paid(pieces: Frame, as_of: int, by: str) -> Frame:
    """Return what each customer, or line, pays on its last day, as `micro`."""
    until = nw.min_horizontal(nw.col("end"), nw.lit(as_of + 1)).cast(nw.Int64)
    found = pieces.filter(nw.col("rests") == 0).with_columns(_until=until)
    found = found.with_columns(_last=nw.col("_until").max().over(by))
    found = found.filter(nw.col("start") < nw.col("_last"), nw.col("_until") >= nw.col("_last"))
    return found.group_by(by).agg(micro=nw.col("amount").sum().cast(nw.Int64))


def paid(
    tables: Tables,
    policy: Policy,
    as_of: int,
    currency: str,
    link: Link,
    problems: Sequence[Problem] = (),
) -> Paid | None:
    """Return what customers pay; rows with errors are left out where MRR cannot be counted with them.

    Parameters
    ----------
    tables, policy, as_of, currency
        The tables, and by what MRR is counted.
    link
        The way to them.
    problems
        The findings, which tell the rows with errors.

    Returns
    -------
    Paid or None
        None where there is no MRR even without those rows, or rows of it were picked here.
    """
    source = source_of(tables)
    errors = {p.code for p in problems if p.severity == "error" and p.table == source}
    for broken in (errors,) if not errors or _unspoken(problems, source) else (set[str](), errors):
        try:
            some = without(tables, source, broken, policy, as_of, currency) if broken else tables
            left = _left_out(tables[source], some[source]) if broken else None
            found = Paid(basis_of(some, policy, as_of, currency, link), as_of, left, source)
            found.total  # noqa: B018  # asked now, so that what stops it is known
        except NotPortableError:
            return None
        except WarehouseError:
            raise
        except DataError:
            continue
        return found
    return None


def _unspoken(problems: Sequence[Problem], source: str) -> bool:
    """Return whether rows do not say what their amounts are for, as those here are refused for, so that none count."""
    return any((p.severity, p.table, p.column) == ("error", source, "interval") for p in problems)


def paid_there(tables: Tables, policy: Policy, as_of: int, currency: str) -> int | None:
    """Return MRR on the as-of date; None where errors leave none."""
    there = {name: table for name, table in tables.items() if is_there(table)}
    link: Link = next(iter(there.values())).data.link
    with link.asking("Adding up MRR"):
        found = paid(tables, policy, as_of, currency, link)
        return None if found is None else found.running


def basis_of(tables: Tables, policy: Policy, as_of: int, currency: str, link: Link) -> Basis:
    """Return who pays how much, by customer, where the tables are."""
    used = {name: tables[name] for name in USED if name in tables}
    asked = policy.changed(entity="customer") if policy.entity != "customer" else policy
    return ConnectedEngine(used, asked, as_of, currency, 1, None, link).there.basis


def without(
    tables: Tables, name: str, codes: set[str], policy: Policy, as_of: int, currency: str
) -> dict[str, Table]:
    """Return the tables without the rows of one that have some findings."""
    there = {n: table for n, table in tables.items() if is_there(table)}
    rows: Rows = tables[name].data
    frame = rows.frame
    looking = Looking(there, as_of, currency, policy, guessed=False)
    for found, asked in looking.suspects(name):
        bad = [one.where.fill_null(False) for one in asked if one.code in codes]
        if bad and found is not rows.frame:
            frame = found
        for where in bad:
            frame = frame.filter(~where)
    if "repeated-row" in codes:
        frame = frame.unique()
    data = rows.cut(frame.select(*rows.column_names))
    return {**tables, name: replace(tables[name], data=data)}


def touched_there(
    problem: Problem, tables: Tables, worth: Paid | None, policy: Policy, currency: str
) -> Touched:
    """Return which customers and how much MRR a finding touches, as `worth.touched` does of rows that are here.

    Parameters
    ----------
    problem
        The finding; `found` holds its rows.
    tables
        The tables that it is about.
    worth
        What customers pay; None where that is unknown.
    policy, currency
        By what MRR is counted.
    """
    table, weight = tables.get(problem.table), POINTS[problem.severity]
    found = problem.found
    if table is None or (found is None and problem.severity == "note"):
        return Touched(None, None, None, weight)
    if not is_there(table) and not isinstance(found, Rows):
        return touched(problem, tables, None)
    ids, share = _ids(problem, table), problem.rows / max(table.num_rows, 1)
    if ids is None:
        return Touched(None, None, None, weight * (share if problem.rows else 1.0))
    if worth is None:
        return Touched(_count(ids), None, None, weight)
    micro = _pays(problem, ids, tables, worth, policy, currency)
    if problem.severity == "error" and problem.rows and not micro:
        return Touched(_count(ids), None, share, weight * share)
    if micro == 0 and worth.left is not None and _count(ids.join(worth.left, on="customer_id")):
        part = share if problem.rows else None
        return Touched(_count(ids), None, part, weight * (1.0 if part is None else part))
    if micro is None:
        return Touched(_count(ids), None, None, weight)
    part = min(micro / worth.total, 1.0) if worth.total else None
    return Touched(_count(ids), micro, part, weight * (1.0 if part is None else part))


def _pays(
    problem: Problem, ids: Frame, tables: Tables, worth: Paid, policy: Policy, currency: str
) -> int | None:
    """Return what the rows or customers behind a finding pay; 0 for rows that are left out of MRR, None if unknown."""
    if problem.severity == "error" and problem.table == worth.source and worth.left is not None:
        return 0
    if problem.table == "subscriptions" and isinstance(problem.found, Rows):
        return _of_rows(problem.found, tables, worth, policy, currency)
    paying = ids.join(worth.customers, left_on="customer_id", right_on="entity", how="inner")
    return _sum(paying.select(nw.col("micro").abs()))


def _left_out(whole: Table, some: Table) -> Frame:
    """Return the customers of a table of whom some of its rows have none."""
    every, kept = (each.data.frame.select("customer_id").unique() for each in (whole, some))
    found: Frame = every.join(kept, on="customer_id", how="anti")
    return found


def _ids(problem: Problem, table: Table) -> Frame | None:
    """Return the customers behind a finding, each once; None where its table names none."""
    data = problem.found if isinstance(problem.found, Rows) else table.data
    if "customer_id" not in data.column_names:
        return None
    found: Frame = data.frame.select("customer_id").unique()
    if problem.found is not None and not isinstance(problem.found, Rows):
        ids = problem.found["customer_id"].unique().to_pylist()
        found = found.filter(nw.col("customer_id").is_in(ids))
    return found.filter(~nw.col("customer_id").is_null())


def _of_rows(found: Rows, tables: Tables, worth: Paid, policy: Policy, currency: str) -> int | None:
    """Return what some subscriptions pay, each row by itself; None where that cannot be counted."""
    order = [n for n in ("subscription_id", "start", "amount") if n in found.column_names]
    spoken = found.frame.filter(nw.col("interval").is_in(list(_INTERVALS)))
    numbered = spoken.with_row_index("_n", order_by=order)
    numbered = numbered.with_columns(subscription_id=nw.col("_n").cast(nw.Int64)).drop("_n")
    some = {**tables, "subscriptions": replace(tables["subscriptions"], data=found.cut(numbered))}
    alone = policy.changed(overlap="sum", gap_days=0, usage="excluded")
    try:
        basis = basis_of(some, alone, worth.as_of, currency, found.link)
        each = last_paid(basis.pieces(), worth.as_of, "line")
        return _sum(each.select(nw.col("micro").abs()))
    except WarehouseError:
        raise
    except DataError:
        return None


def _sum(frame: Frame) -> int:
    """Return the sum of `micro`."""
    (total,) = fetched(frame.select(nw.col("micro").sum().cast(nw.Int64)))["micro"]
    return int(total.as_py() or 0)


def _count(frame: Frame) -> int:
    return int(fetched(frame.select(nw.len().alias("n")))["n"][0].as_py())
