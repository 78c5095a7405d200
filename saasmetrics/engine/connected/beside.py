"""What rows are found out about from other tables, where all of them are: joined to the rows, and what is odd in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.rows import is_there
from saasmetrics.engine.connected.suspects import Suspect, is_yes
from saasmetrics.engine.connected.types import empty
from saasmetrics.engine.portable.fetched import fenced, fetched, repeats
from saasmetrics.engine.portable.whole import FAR, day_number
from saasmetrics.tables.gate import cross, keys, owners, success, support

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.tables import Table
    from saasmetrics.tables.gate.view import Gate

    Tables = Mapping[str, Table]
    Joined = tuple[Frame, tuple[Suspect, ...]]

_SUBSCRIPTIONS = ("subscriptions", "customer_id", "customer_id")
_CUSTOMERS = ("customers", "customer_id", "customer_id")
LISTED = "customer-without-row"  # the finding that is told last of a table
_NAMELESS = "0"  # an owner of nobody, so that there is one, be ids texts or numbers


@dataclass(frozen=True)
class _Asked:
    """The rows of a table, the tables beside it, and the last day known."""

    table: Table
    tables: Tables
    today: int

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def rows(self) -> Rows:
        rows: Rows = self.table.data
        return rows

    def has(self, *columns: str) -> bool:
        return set(columns) <= set(self.rows.column_names)

    def other(self, name: str, *columns: str, key: str = "customer_id", own: str = "") -> bool:
        """Whether another table has rows, some columns, and ids that can be compared with those of the rows."""
        table = self.tables.get(name)
        if table is None or not is_there(table) or not self.has(own or key):
            return False
        there: Rows = table.data
        if not {key, *columns} <= set(there.column_names) or not there.num_rows:
            return False
        return bool(there.schema.field(key).type == self.rows.schema.field(own or key).type)


def with_others(table: Table, tables: Tables, today: int) -> Joined:
    """Return the rows of a table with what other tables say of each, and what is to be looked for in it.

    Parameters
    ----------
    table
        A table whose rows are elsewhere.
    tables
        All tables.
    today
        Day number of the last day known.

    Returns
    -------
    tuple
        The rows, each once, with more columns; and what may be odd in them.
    """
    asked = _Asked(table, tables, today)
    frame = fenced(asked.rows.frame)  # which may be joined itself
    suspects: list[Suspect] = []
    for join in _JOINS:
        frame, more = join(asked, frame)
        suspects += more
    return frame, tuple(suspects)


def _joined(frame: Frame, facts: Frame, own: str, key: str = "_key") -> Frame:
    return frame.join(facts, left_on=own, right_on=key, how="left")


def _late(asked: _Asked, frame: Frame) -> Joined:
    """What comes long after the last subscription of the customer ended."""
    at = {"usage": "date", "invoices": "date", **cross.EVENTS}.get(asked.name, "")
    if not at or not asked.has(at) or not asked.other("subscriptions", "end"):
        return frame, ()
    if asked.name == "invoices" and not asked.has("amount"):
        return frame, ()
    lines = asked.tables["subscriptions"].data.frame
    ends = lines.select(_key=nw.col("customer_id"), _ended=day_number("end", FAR))
    frame = _joined(frame, ends.group_by("_key").agg(nw.col("_ended").max()), "customer_id")
    ended, missing = nw.col("_ended"), nw.col(at).is_null()
    day, known = day_number(at, -FAR), ~missing & (ended < FAR)
    if asked.name == "usage":
        where = known & (day > ended + owners.GRACE)
        code, column, finding = "usage-after-churn", at, owners.usage_after_churn
    elif asked.name == "invoices":
        if asked.has("service_start"):
            day = day_number("service_start", -FAR)
            day = (
                nw.when(nw.col("service_start").is_null()).then(day_number(at, -FAR)).otherwise(day)
            )
        where = known & (day > ended + cross.MONTH) & (nw.col("amount") > 0)
        column, finding = "service_start, date", cross.billed_after_churn
        code = "billed-after-churn"
    else:
        where = known & (day > ended + cross.QUARTER)
        code, column, finding = "contact-after-churn", at, cross.contacts_after_churn
    return frame, (Suspect(finding, code, column, where, beside=(_SUBSCRIPTIONS,)),)


def _of_customers(asked: _Asked, frame: Frame) -> Joined:
    """What happened before the customer signed up, and customers that are not listed."""
    listed = asked.tables.get("customers")
    if asked.name == "customers" or listed is None or not asked.has("customer_id"):
        return frame, ()
    at, found = success.HAPPENS.get(asked.name, ""), []
    known = listed.data.frame.select(_key=nw.col("customer_id")).unique()
    if at and asked.has(at) and asked.other("customers", "created_at"):
        signed = nw.col("created_at").cast(nw.Date).alias("_signed")
        known = listed.data.frame.select(nw.col("customer_id").alias("_key"), signed)
        known = known.group_by("_key").agg(nw.col("_signed").min())
        early = nw.col(at).cast(nw.Date) < nw.col("_signed")
        told = ("before-signup", at, early)
        found.append(Suspect(success.before_signup, *told, beside=(_CUSTOMERS,)))
    frame = _joined(frame, known.with_columns(_listed=nw.lit(1)), "customer_id")
    strange = nw.col("_listed").is_null() & ~nw.col("customer_id").is_null()
    told = (LISTED, "customer_id", strange)
    finding, rule = keys.customers_without_row, keys.without_row
    found.append(
        Suspect(finding, *told, said=partial(_counting_customers, rule), beside=(_CUSTOMERS,))
    )
    return frame, tuple(found)


def _outside(asked: _Asked, frame: Frame) -> Joined:
    """Use before or after the subscription that it names, where each has one term."""
    line = "subscription_id"
    if asked.name != "usage" or not asked.other("subscriptions", "start", key=line):
        return frame, ()
    lines: Rows = asked.tables["subscriptions"].data
    if lines.once("several terms", lambda: repeats(lines.frame, line)):
        return frame, ()
    ends = "end" in lines.column_names
    facts = {"_from": nw.col("start").cast(nw.Date)}
    facts |= {"_until": nw.col("end").cast(nw.Date)} if ends else {}
    frame = _joined(frame, lines.frame.select(_key=nw.col(line), **facts), line)
    day = nw.col("date").cast(nw.Date)
    where = (day < nw.col("_from")).fill_null(False)
    if ends:
        where = where | (day >= nw.col("_until")).fill_null(False)
    beside = (("subscriptions", line, line),)
    found = Suspect(success.usage_outside_term, "usage-outside-term", "date", where, beside=beside)
    return frame, (found,)


def _alone(asked: _Asked, frame: Frame) -> Joined:
    """Customers that pay by one table and that another table of customers who pay does not have."""
    sources = [n for n in cross.SOURCES if n in asked.tables and asked.tables[n].num_rows]
    if not sources or not is_there(asked.tables[sources[0]]) or not asked.has("customer_id"):
        return frame, ()
    source, found = sources[0], []
    paid = _begun(asked) if asked.name == source else _charged(asked)
    others = tuple(cross.PAID) if asked.name == source else (source,)
    if asked.name != source and asked.name not in cross.PAID:
        return frame, ()
    for other in others:
        if paid is None or not asked.other(other):
            continue
        fact = f"_in_{other}"
        known = asked.tables[other].data.frame.select(_key=nw.col("customer_id")).unique()
        frame = _joined(frame, known.with_columns(nw.lit(1).alias(fact)), "customer_id")
        where = nw.col(fact).is_null() & ~nw.col("customer_id").is_null() & paid
        found.append(
            Suspect(
                partial(_without_row, other),
                "customer-in-one-table",
                "customer_id",
                where,
                said=partial(_counting_customers, partial(_not_in, other)),
                beside=((other, "customer_id", "customer_id"),),
            )
        )
    return frame, tuple(found)


def _without_row(other: str, gate: Gate) -> list[Problem]:
    """Return the finding of two tables, whatever others there are."""
    return [p for p in cross.customers_in_one_table(gate) if p.rule.endswith(f" {other}")]


def _not_in(other: str, many: int) -> str:
    return cross.without_row(many, other)


def _counting_customers(rule: Callable[[int], str], problem: Problem, found: Frame) -> Problem:
    """Return a finding whose rule says how many customers it is about."""
    many = fetched(found.select("customer_id").unique().select(nw.len().alias("many")))
    return replace(problem, rule=rule(int(many["many"][0].as_py())))


def _begun(asked: _Asked) -> nw.Expr | None:
    amount, start = ("amount", "start") if asked.name == "subscriptions" else ("mrr", "month")
    if not asked.has(amount, start):
        return None
    return (nw.col(amount) > 0) & (day_number(start, FAR) <= asked.today - cross.MONTH)


def _charged(asked: _Asked) -> nw.Expr:
    amount = "amount" if asked.name == "invoices" else "arr"
    return nw.col(amount) > 0 if asked.has(amount) else ~nw.col("customer_id").is_null()


def _strange(asked: _Asked, frame: Frame) -> Joined:
    """People in charge that the table of people does not have."""
    found: list[Suspect] = []
    agents = dict(support.AGENTS)
    for column in dict.fromkeys((owners.OWNERS.get(asked.name, ""), agents.get(asked.name, ""))):
        if not column or not asked.other("people", key="person_id", own=column):
            continue
        known = asked.tables["people"].data.frame.select(_key=nw.col("person_id")).unique()
        fact = f"_has_{column}"
        frame = _joined(frame, known.with_columns(nw.lit(1).alias(fact)), column)
        where = nw.col(fact).is_null() & ~nw.col(column).is_null()
        beside = (("people", "person_id", column),)
        for code, finding, of in (
            ("unknown-owner", owners.unknown_owners, owners.OWNERS),
            ("unknown-agent", support.unknown_agents, agents),
        ):
            if of.get(asked.name) == column:
                found.append(Suspect(finding, code, column, where, beside=beside))
    return frame, tuple(found)


def _running(asked: _Asked, frame: Frame) -> Joined:
    """Customers with a running subscription: without anybody in charge, or said to be lost."""
    if asked.name != "customers" or not asked.other("subscriptions"):
        return frame, ()
    lines: Rows = asked.tables["subscriptions"].data
    ends = "end" in lines.column_names
    last = day_number("end", FAR) if ends else nw.lit(FAR)
    facts = lines.frame.select(_key=nw.col("customer_id"), _last=last)
    frame = _joined(frame, facts.group_by("_key").agg(nw.col("_last").max()), "customer_id")
    runs, found = nw.col("_last") > asked.today, []
    for column in success.CHURN_FLAGS if ends else ():
        yes = is_yes(asked.rows, column)
        if yes is not None:
            finding, code = success.contradicting_churn_flags, "contradicting-churn-flag"
            found.append(Suspect(finding, code, column, runs & yes, beside=(_SUBSCRIPTIONS,)))
    if asked.has("csm_id") and asked.rows.once(
        "owned", lambda: not empty(asked.rows.frame, "csm_id")
    ):
        finding, where = owners.customers_without_owner, runs & nw.col("csm_id").is_null()
        words, beside = frozenset({_NAMELESS}), (_SUBSCRIPTIONS,)
        code = "customer-without-owner"
        found.append(Suspect(finding, code, "csm_id", where, words, beside=beside))
    return frame, tuple(found)


_JOINS: tuple[Callable[[_Asked, Frame], Joined], ...] = (
    _late,
    _of_customers,
    _outside,
    _alone,
    _strange,
    _running,
)
