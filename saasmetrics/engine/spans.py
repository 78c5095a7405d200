"""From tables to spans: who pays how much a month from which day until which, under a policy.

A span is one entity at one MRR over the half-open days [start, end). Everything later is computed from spans, so
this is where the choices about dates, intervals, discounts, trials, pauses and overlaps take effect, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import monthly_micro, sum_not_held
from saasmetrics.engine.columns import days, encode, flags, flat, has, parents
from saasmetrics.engine.invoices import invoice_spans, usage_lines
from saasmetrics.engine.line_order import line_order
from saasmetrics.engine.offers import given_free
from saasmetrics.engine.service import FAR, interval_steps, last_day_paid, next_billing_day
from saasmetrics.engine.words import free_words, left_out_words, usage_words
from saasmetrics.errors import MissingTableError
from saasmetrics.memory import give_back
from saasmetrics.money import LARGEST, absolute
from saasmetrics.tables.runs import begun, covered_days, is_runs, lengths
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table


@dataclass(frozen=True)
class Spans:
    """Spans of paid service, one element per span.

    `entity` indexes `entity_ids`; `line` is the row of the source table, -1 for none; `amount` is MRR in micro-units,
    exact to 1e-6; `end` is `FAR` where the span runs at the as-of date; `paused` marks spans whose MRR rests. `aside`
    says whether MRR that rests is a line of its own; otherwise a pause is a contraction.
    """

    source: str
    entity_ids: pa.Array
    entity: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    amount: NDArray[np.int64]
    line: NDArray[np.int64] | None = None
    paused: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = field(default=())
    aside: bool = True

    def __len__(self) -> int:
        return len(self.entity)

    def pick(self, keep: NDArray[Any]) -> Spans:
        """Return the spans that a mask or an index selects."""
        if keep.dtype == np.bool_ and keep.all():
            return self
        line = keep.nonzero()[0] if keep.dtype == np.bool_ else keep
        return replace(
            self,
            entity=self.entity[keep],
            start=self.start[keep],
            end=self.end[keep],
            amount=self.amount[keep],
            line=line if self.line is None else self.line[keep],
            paused=None if self.paused is None else self.paused[keep],
        )

    def joined(self, other: Spans) -> Spans:
        """Return these spans and those of `other`, which index the same entities and lines."""
        return replace(
            self,
            entity=np.concatenate([self.entity, other.entity]),
            start=np.concatenate([self.start, other.start]),
            end=np.concatenate([self.end, other.end]),
            amount=np.concatenate([self.amount, other.amount]),
            line=np.concatenate([self.lines(), other.lines()]),
            paused=np.concatenate([self.rests(), other.rests()]),
        )

    def lines(self) -> NDArray[np.int64]:
        """Return the row of the source table behind each span."""
        return np.arange(len(self.entity)) if self.line is None else self.line

    def rests(self) -> NDArray[np.bool_]:
        """Return which spans are pauses."""
        return np.zeros(len(self.entity), bool) if self.paused is None else self.paused


def source_of(tables: Mapping[str, Table]) -> str:
    """Return the table that MRR comes from: subscriptions before mrr before invoices.

    Raises
    ------
    MissingTableError
        If there is none of them.
    """
    for name in REVENUE:
        if name in tables:
            return name
    msg = (
        "There is no table to compute MRR from. Give one of subscriptions (subscription_id, customer_id, start, "
        "amount, interval), mrr (customer_id, month, mrr) or invoices (invoice_id, customer_id, date, amount)."
    )
    raise MissingTableError(msg)


def spans(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Spans:
    """Return the spans of a book under a policy, as known at the end of the day `as_of`.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy
        The definition choices.
    as_of
        Day number; spans that start later are left out, and an end after it has not happened yet.
    currency
        The reporting currency, three letters.
    """
    source = source_of(tables)
    found = _observed(every_span(tables, policy, as_of, currency), as_of, _runs(tables[source]))
    if absolute(found.amount) > LARGEST:
        raise sum_not_held(source, currency)
    if policy.overlap == "latest":
        found = _latest_wins(found, tables[source])
    if policy.gap_days:
        found = _bridged(found, policy.gap_days)
    if policy.usage != "excluded" and source == "subscriptions":
        found = with_usage(found, tables, policy, as_of, currency)
    give_back(len(found))  # encoding leaves as much memory behind as the spans take
    return found


def every_span(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Spans:
    """Return the spans of every row of the source, also those that lie ahead; amounts are at the rates of `as_of`."""
    build = {"subscriptions": _subscription_spans, "mrr": _month_spans, "invoices": _invoice_spans}
    return build[source_of(tables)](tables, policy, as_of, currency)


def entity_column(tables: Mapping[str, Table], source: str, policy: Policy) -> Any:
    """Return whom each row of a table is counted for: its subscription, its customer, or the parent of that."""
    data = tables[source].data
    if policy.entity == "subscription" and source == "subscriptions":
        return data["subscription_id"]
    if (
        policy.entity == "parent"
        and "customers" in tables
        and has(tables["customers"].data, "parent_id")
    ):
        return parents(data["customer_id"], tables["customers"].data)
    return data["customer_id"]


def _subscription_spans(
    tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str
) -> Spans:
    data = tables["subscriptions"].data
    ids, entity = encode(entity_column(tables, "subscriptions", policy))
    start, end = (
        days(data["start"]),
        days(data["end"], FAR) if has(data, "end") else np.full(len(data), FAR),
    )
    if policy.end == "inclusive":
        end = np.where(end < FAR, end + 1, end).astype(np.int32)
    end = last_day_paid(data, entity, start, end, policy)
    if policy.trial == "excluded" and has(data, "trial_end"):
        start = np.maximum(start, days(data["trial_end"], np.int32(-FAR)))
    amount = monthly_micro(tables, policy, as_of, currency)
    aside = policy.pause == "line"
    found = Spans("subscriptions", ids, entity, start, end, amount, aside=aside)
    if policy.discount != "none" and has(data, "discount_end") and has(data, "list_amount"):
        found = _discounted(found, data, tables, policy, as_of, currency)
    if policy.pause != "kept" and has(data, "pause_start"):
        found = _paused(found, data, keep_balance=policy.pause in ("line", "contraction"))
    return found


def _discounted(
    found: Spans,
    data: pa.Table,
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
) -> Spans:
    """Let a discount that ends do so: the list amount holds from `discount_end` on, or always, by policy.

    While a discount takes all of it, the MRR of a customer who paid before rests like that of a pause.
    """
    until, full = days(data["discount_end"], FAR), flags(pc.is_valid(data["list_amount"]))
    never = np.zeros(len(data), bool)
    if policy.discount == "forever_only":
        never = until < FAR
    elif policy.discount == "recurring":
        begin = days(data["start"])
        never = until <= next_billing_day(begin, begin + 1, interval_steps(data))
    changes = ((until < found.end) | never) & full
    nothing = (found.amount == 0) & full
    if not (changes | nothing).any():
        return found
    listed = monthly_micro(tables, policy, as_of, currency, column="list_amount")
    free = given_free(found, np.where(full & ~never, listed, 0), until, int(FAR))
    if free.any():
        amount = np.where(free, listed, found.amount)
        notes = (*found.notes, free_words(int(free.sum())))
        found = replace(found, amount=amount, paused=free, notes=notes)
    from_day = np.where(never, found.start, np.maximum(until, found.start))
    after = replace(found, start=from_day.astype(np.int32), amount=listed, paused=None)
    after = after.pick(changes)
    before = replace(found, end=np.where(changes, from_day, found.end).astype(np.int32))
    return before.joined(after)


def _paused(found: Spans, data: pa.Table, *, keep_balance: bool) -> Spans:
    """Cut the pause out of each span; with `keep_balance` its MRR rests instead of ending."""
    begin = days(data["pause_start"], FAR)
    until = (
        days(data["pause_end"], FAR)
        if has(data, "pause_end")
        else np.full(len(data), FAR, np.int32)
    )
    line = found.lines()
    begin = np.clip(begin[line], found.start, np.maximum(found.start, found.end)).astype(np.int32)
    until = np.clip(until[line], begin, np.maximum(begin, found.end)).astype(np.int32)
    paused = until > begin
    if not paused.any():
        return found
    before = replace(found, line=line, end=np.where(paused, begin, found.end).astype(np.int32))
    after = replace(found, line=line, start=until).pick(paused)
    out = before.joined(after)
    if keep_balance:
        rest = replace(found, line=line, start=begin, end=until).pick(paused)
        out = out.joined(replace(rest, paused=np.ones(len(rest), bool)))
    return out


def _month_spans(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Spans:
    data = tables["mrr"].data
    ids, entity = encode(entity_column(tables, "mrr", policy))
    amount = monthly_micro(tables, policy, as_of, currency, "mrr", "mrr")
    return Spans("mrr", ids, entity, *covered_days(data), amount)


def _invoice_spans(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Spans:
    ids, entity = encode(entity_column(tables, "invoices", policy))
    line, start, end, amount, notes = invoice_spans(tables, policy, as_of, currency)
    return Spans("invoices", ids, entity[line], start, end, amount, line=line, notes=notes)


def with_usage(
    found: Spans, tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str
) -> Spans:
    """Add the usage charges of the invoices to the spans of subscriptions; no row of the source is behind them."""
    if "invoices" not in tables:
        return found
    rows, start, end, amount = usage_lines(tables, policy, as_of, currency)
    column = entity_column(tables, "invoices", policy)
    lines = tables["invoices"].data
    if policy.entity == "subscription" and has(lines, "subscription_id"):
        column = pc.coalesce(lines["subscription_id"].cast(column.type), column)
    ids = flat(column.take(pa.array(rows))).cast(found.entity_ids.type)
    both, entity = encode(pa.concat_arrays([found.entity_ids, ids]))
    used = replace(
        found,
        entity_ids=both,
        entity=entity[len(found.entity_ids) :],
        start=start,
        end=end,
        amount=amount,
        line=np.full(len(rows), -1),
        paused=None,
        notes=(),
    )
    used = _observed(used, as_of)
    count = (usage_words(len(rows)),) if len(rows) else ()
    return replace(replace(found, entity_ids=both).joined(used), notes=(*found.notes, *count))


def _observed(found: Spans, as_of: int, of: pa.Table | None = None) -> Spans:
    """Keep what is known at the end of the as-of day; count in words what is not, of runs by their months."""
    end = np.where(found.end > as_of, FAR, found.end).astype(np.int32, copy=False)
    later, empty, zero = found.start > as_of, found.end <= found.start, found.amount == 0
    notes = list(found.notes)
    whole = found.line is None  # spans that were cut into pieces may hold empty pieces
    masks = (later, zero & ~later, empty & ~zero & ~later & whole)
    counts = [int(mask.sum()) for mask in masks]
    if found.source == "subscriptions" and not whole:
        counts[0] = len(np.setdiff1d(found.lines()[later], found.lines()[~later]))
    if of is not None:
        there = begun(of, as_of)
        counts[:2] = int((lengths(of) - there).sum()), int(there[zero].sum())
    notes += left_out_words(found.source, counts)
    return replace(found, end=end, notes=tuple(notes)).pick(~(later | empty | zero))


def _runs(table: Table) -> pa.Table | None:
    return table.data if is_runs(table.data) else None


def _latest_wins(found: Spans, table: Table) -> Spans:
    """Where lines of an entity overlap, keep the one that started last; of several, the last date, then the last id.

    An earlier line counts again when the later one has ended. The cost follows the number of overlaps.
    """
    if not len(found):
        return found
    high = found.entity.astype(np.int64) << 32
    moment = np.unique(np.concatenate([high + found.start, high + found.end]))
    first, last = (
        np.searchsorted(moment, high + found.start),
        np.searchsorted(moment, high + found.end),
    )
    piece = np.repeat(np.arange(len(found)), last - first)
    cell = np.arange(len(piece)) - np.repeat(np.cumsum(last - first) - last, last - first)
    rank = line_order(found, table)
    top = np.full(len(moment), -1, np.int64)
    np.maximum.at(top, cell, rank[piece])
    holds = top[cell] == rank[piece]
    piece, cell = piece[holds], cell[holds]
    joined = np.zeros(len(piece), bool)
    joined[1:] = (piece[1:] == piece[:-1]) & (cell[1:] == cell[:-1] + 1)
    begin = np.flatnonzero(~joined)
    until = np.append(begin[1:], len(piece)) - 1
    start, end = moment[cell[begin]], moment[cell[until] + 1]
    low = (1 << 32) - 1
    kept = replace(found, line=found.lines()).pick(piece[begin])
    return replace(kept, start=(start & low).astype(np.int32), end=(end & low).astype(np.int32))


def _bridged(found: Spans, gap_days: int) -> Spans:
    """Extend the spans before a gap of at most `gap_days` to its end, so that paying is continuous."""
    high = found.entity.astype(np.int64) << 32
    order = np.argsort(high + found.start)  # no gap lies between those that start together
    owner, start = high[order], found.start[order]
    reach = np.maximum.accumulate(owner + found.end[order])
    ahead = owner[1:] + start[1:] - reach[:-1]
    at = np.flatnonzero((owner[1:] == owner[:-1]) & (ahead > 0) & (ahead <= gap_days))
    if not len(at):
        return found
    ends = high + found.end
    where = np.minimum(np.searchsorted(reach[at], ends), len(at) - 1)
    hit = reach[at][where] == ends
    return replace(found, end=np.where(hit, start[at + 1][where], found.end).astype(np.int32))
