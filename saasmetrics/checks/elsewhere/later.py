"""Findings that need MRR or many comparisons, where the rows are elsewhere: only what differs comes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.checks.agreement import (
    APART,
    BILLED,
    CONTRACTED,
    LEAST,
    LEEWAY,
    Side,
    differences,
    month_ends,
)
from saasmetrics.checks.elsewhere.spellings import spellings_there
from saasmetrics.checks.elsewhere.worth import basis_of, running
from saasmetrics.checks.names import DOMAINS, MAILS, several_ids
from saasmetrics.checks.units import DATES, FACTORS, NEAR, SAME, jumped
from saasmetrics.checks.units import LEAST as SMALLEST
from saasmetrics.engine.connected.rows import Rows, canonical, is_there, measured, size_of
from saasmetrics.engine.portable.amounts import currency_rate, micro
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import FAR, day_number, flag
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import DataError, Problem, WarehouseError
from saasmetrics.tables import Table
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.schema import REVENUE
from saasmetrics.tables.texts import is_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

    Tables = Mapping[str, Table]

_NAMED = 500_000  # customers whose names come here to be compared
_FEW = 20_000  # differences that come here


def later_there(
    tables: Tables,
    policy: Policy,
    as_of: int,
    currency: str,
    problems: Sequence[Problem],
    link: Link,
) -> list[Problem]:
    """Return the findings that the gate leaves to the report, as `later.later` does of rows that are here."""
    there = {name: table for name, table in tables.items() if is_there(table)}
    found = [*same_names(there, link), *_unit_jumps(there), *spellings_there(there)]
    if len(there) < len(tables) or any(problem.severity == "error" for problem in problems):
        return found
    for compare in (_billed, _contracted):
        try:
            found += compare(there, policy, as_of, currency, link)
        except WarehouseError:
            raise
        except DataError:  # what stops it is told as a finding of its own
            continue
    return found


def same_names(tables: Tables, link: Link) -> Iterable[Problem]:
    """Return the customers that share a name or a domain with an earlier one, by names that come here."""
    if "customers" not in tables:
        return []
    rows: Rows = tables["customers"].data
    told = [name for name in ("name", *MAILS, *DOMAINS) if name in rows.column_names]
    if not told or "customer_id" not in rows.column_names:
        return []
    columns = ["customer_id", *told, *(n for n in ("created_at",) if n in rows.column_names)]
    texts = [name for name in columns if is_text(rows.schema.field(name).type)]
    many, letters = measured(rows.frame, texts)
    size = size_of(many, len(columns), len(texts), letters)
    if many > _NAMED or size > link.limit:
        return [_too_many(many)]
    data = canonical("customers", fetched(rows.frame.select(*columns).sort("customer_id")))
    return several_ids({"customers": Table("customers", data)})


def _too_many(rows: int) -> Problem:
    return Problem(
        "customers",
        "customer_id",
        f"several ids of one customer were not looked for, because {rows:,} names would have to come here",
        0,
        (),
        "Ask for a part of them, book.where(...).check(), or allow more: sm.connect(..., memory_limit=...).",
        "note",
        "checked-there",
    )


def _unit_jumps(tables: Tables) -> Iterator[Problem]:
    for name, (date, amount) in DATES.items():
        if name not in tables or not {"customer_id", date, amount} <= set(
            tables[name].column_names
        ):
            continue
        rows: Rows = tables[name].data
        same = [n for n in SAME if n in rows.column_names] if name == "subscriptions" else []
        found = _jumps(rows.frame, ["customer_id", *same], date, amount)
        by = {one: f"by{one:g}" for one in FACTORS}
        flags = found.select(*(flag(nw.col("_by") == one).alias(n) for one, n in by.items()))
        counts = fetched(flags.select(*(nw.col(n).sum() for n in by.values()))).to_pylist()[0]
        jumps = {one: int(counts[n] or 0) for one, n in by.items()}
        if not any(jumps.values()):
            continue
        behind = rows.part(found.filter(nw.col("_by") > 0).select(*rows.column_names))
        first = behind.frame.sort("customer_id", date).head(SHOWN)
        view = View(Table(name, canonical(name, fetched(first))))
        for problem in jumped(view, np.arange(view.size), jumps):
            yield _of(problem, behind)


def _of(problem: Problem, found: Rows) -> Problem:
    return replace(problem, lines=None, found=found)


def _jumps(frame: Frame, group: list[str], date: str, amount: str) -> Frame:
    """Return the rows with the factor between their amount and the one before, 0 where units make none."""
    good = (~nw.col(name).is_null() for name in ("customer_id", date, amount))
    found = frame.filter(*good, nw.col(amount).abs() >= SMALLEST)
    found = found.with_columns(_was=nw.col(amount).shift(1).over(*group, order_by=date))
    one, other = nw.col(amount), nw.col("_was")
    more = nw.when(one >= other).then(one).otherwise(other)
    less = nw.when(one >= other).then(other).otherwise(one)
    by = nw.lit(0.0)
    for factor in FACTORS:
        near = (more / less / factor - 1).abs() < NEAR
        by = nw.when(near & ~other.is_null()).then(factor).otherwise(by)
    return found.with_columns(_by=by)


def _billed(
    tables: Tables, policy: Policy, as_of: int, currency: str, link: Link
) -> Iterable[Problem]:
    source = source_of(tables)
    if source == "invoices" or "invoices" not in tables or not tables["invoices"].num_rows:
        return []
    bills = {name: table for name, table in tables.items() if name not in REVENUE[:2]}
    plans = {name: table for name, table in tables.items() if name != "invoices"}
    ours, theirs = (basis_of(some, policy, as_of, currency, link) for some in (plans, bills))
    ends = month_ends(as_of, theirs.start)
    if not ends:
        return []
    one, two = (_at_ends(each.pieces(), ends) for each in (ours, theirs))
    both = one.join(two.rename({"amount": "other"}), on=["entity", "day"], how="inner")
    whole = fetched(one.select(nw.col("amount").sum().cast(nw.Int64)))["amount"][0].as_py()
    return _told(both, APART, "invoices", int(whole or 0), currency, *BILLED)


def _at_ends(pieces: Frame, ends: Sequence[int]) -> Frame:
    """Return what each customer pays at the end of some months."""
    parts = [running(pieces, day).select("entity", "amount", day=nw.lit(day)) for day in ends]
    found = nw.concat(parts).group_by("entity", "day").agg(nw.col("amount").sum().cast(nw.Int64))
    return found.with_columns(nw.col("day").cast(nw.Int64))


def _contracted(
    tables: Tables, policy: Policy, as_of: int, currency: str, link: Link
) -> Iterable[Problem]:
    if source_of(tables) == "invoices" or "contracts" not in tables:
        return []
    rows: Rows = tables["contracts"].data
    if not rows.num_rows:
        return []
    basis = basis_of(tables, policy, as_of, currency, link)
    pieces = basis.pieces()
    frames = {n: tables[n].data.frame for n in ("contracts", "fx") if n in tables}
    rate = currency_rate(frames, "contracts", as_of, currency)
    runs = (day_number("start", FAR) <= as_of) & (day_number("end", as_of) > as_of)
    found = rows.frame.filter(runs, ~nw.col("arr").is_null(), ~nw.col("customer_id").is_null())
    found = found.select("customer_id", other=micro("arr", rate), day=day_number("start", 0))
    each = found.group_by("customer_id").agg(
        nw.col("other").sum().cast(nw.Int64), nw.col("day").max()
    )
    paid = pieces.join(each, left_on="entity", right_on="customer_id", how="left")
    paid = paid.with_columns(day=nw.col("day").fill_null(as_of))
    on_day = (nw.col("start") <= nw.col("day")) & (nw.col("end") > nw.col("day"))
    paid = paid.filter(on_day, nw.col("rests") == 0)
    ours = paid.group_by("entity", "day").agg(
        nw.col("amount").sum().cast(nw.Int64), nw.col("other").max()
    )
    ours = ours.with_columns(amount=nw.col("amount") * 12)
    whole = fetched(ours.select(nw.col("amount").sum().cast(nw.Int64)))["amount"][0].as_py()
    return _told(ours, LEEWAY, "contracts", int(whole or 0), currency, *CONTRACTED)


def _told(
    both: Frame,
    share: float,
    table: str,
    whole: int,
    currency: str,
    columns: tuple[str, ...],
    code: str,
) -> list[Problem]:
    """Return the finding of two amounts of one customer and day that differ."""
    one, two = nw.col("amount"), nw.col("other")
    size = nw.max_horizontal(one.abs(), two.abs())
    apart = both.filter(~two.is_null(), one != 0, two != 0).with_columns(_apart=(one - two).abs())
    apart = apart.filter(nw.col("_apart") >= LEAST, nw.col("_apart") > size * share)
    sums = apart.select(nw.len().alias("many"), nw.col("_apart").sum().cast(nw.Int64))
    counts = fetched(sums).to_pylist()[0]
    if not counts["many"]:
        return []
    first = apart.sort("_apart", "day", "entity", descending=[True, False, False]).head(_FEW)
    found = fetched(first.select("entity", "day", "amount", "other"))
    when, ours, theirs = (np.asarray(found[n]).astype(np.int64) for n in ("day", "amount", "other"))
    names = canonical("customers", pa.table({"customer_id": found["entity"]}))["customer_id"]
    side = Side(names.combine_chunks(), when, ours, theirs)
    total = (int(counts["many"]), int(counts["_apart"]))
    return differences(table, [side], whole, currency, columns, code, total)
