"""What each subscription says of what lies ahead: `promises.Rows`, where the tables are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.asof import NEARLY_ALL
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.held import apart, held
from saasmetrics.engine.portable.known import RECORDED
from saasmetrics.engine.portable.service import with_next_billing_day
from saasmetrics.engine.portable.whole import FAR, day_number, flag
from saasmetrics.engine.promises import ahead_notes

if TYPE_CHECKING:
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

# Of each row: its number; the days on which its start, its cancellation and its end are known, and on which a discount
# ends; MRR without that; whether its pause is known to end; when it pauses; since when it is late; whether it is free.
FACTS = (
    *("ahead_row", "ahead_known", "ahead_asked", "ahead_ends", "ahead_until", "ahead_full"),
    *("ahead_back", "ahead_rests", "ahead_resumes", "ahead_late", "ahead_free"),
)


@dataclass(frozen=True)
class Facts:
    """How rows are read: until which day the tables tell, and whether rows are billing periods."""

    told: int
    terms: bool
    policy: Policy

    def of(self, table: Frame) -> Frame:
        """Add what is told of each row of the subscriptions, which has its days, as `FACTS`; without `ahead_row`."""
        there = set(names(table))

        def day(column: str) -> nw.Expr:
            return day_number(column, FAR) if column in there else nw.lit(FAR).cast(nw.Int64)

        table = table.with_columns(
            ahead_asked=day("cancel_requested_at"),
            _signed=day("signed_at"),
            _recorded=day(RECORDED),
            _trial=day("trial_end"),
            ahead_until=day("discount_end"),
            ahead_rests=day("pause_start"),
            ahead_resumes=day("pause_end"),
            ahead_late=day("past_due_since"),
            ahead_free=flag(nw.col("amount").cast(nw.Float64).fill_null(0.0) == 0),
        )
        signed, recorded = nw.col("_signed"), nw.col("_recorded")
        known = nw.when(signed < FAR).then(signed).otherwise(recorded)
        if self.policy.knowledge == "recorded":
            later = nw.max_horizontal(known, recorded)
            known = nw.when(recorded < FAR).then(later).otherwise(known)
        table = table.with_columns(ahead_known=known.cast(nw.Int64))
        dated = (
            nw.when(nw.col("ahead_known") >= FAR).then(self.told).otherwise(nw.col("ahead_known"))
        )
        trial = (nw.col("_trial") < FAR) & (nw.col("_trial") > nw.col("_start_day"))
        table = apart(table)
        known = nw.when(trial).then(signed).otherwise(dated)
        open_end = (nw.col("_end_day") < FAR) & (nw.col("ahead_asked") >= FAR)
        undated = flag(nw.col("ahead_known") >= FAR)
        table = table.with_columns(
            _undated=undated, _open_end=flag(open_end) * (0 if self.terms else 1)
        )
        ends = nw.when(nw.col("_open_end") == 1).then(self.told).otherwise(nw.col("ahead_asked"))
        return apart(
            table.with_columns(
                ahead_known=known.cast(nw.Int64),
                ahead_ends=ends.cast(nw.Int64),
                ahead_full=self._undiscounted(there),
                ahead_back=flag(nw.col("ahead_resumes") < FAR).cast(nw.Int64),
                ahead_free=nw.col("ahead_free").cast(nw.Int64),
            )
        )

    def _undiscounted(self, there: set[str]) -> nw.Expr:
        none = nw.lit(0).cast(nw.Int64)
        known = {"discount_end", "list_amount", "listed"} <= there
        if not known or self.policy.discount not in ("live", "recurring"):
            return none
        full = ~nw.col("list_amount").is_null() & (nw.col("ahead_until") < FAR)
        return nw.when(full).then(nw.col("listed")).otherwise(none).cast(nw.Int64)

    def carried(self, table: Frame) -> Frame:
        """Add to each row what is told of it, with its number."""
        found = self.of(table)
        order = ["subscription_id", "start", "ahead_known", "ahead_asked", "ahead_full"]
        return found.with_row_index("ahead_row", order_by=order).with_columns(
            nw.col("ahead_row").cast(nw.Int64)
        )

    def notes(self, basis: Basis) -> tuple[str, ...]:
        """Say where the rows cannot tell since when something is known."""
        late = (nw.col("_open_end") == 1) & (nw.col("_end_day") > self.told)
        found = self.of(basis.served()).select(
            undated=nw.col("_undated"),
            open_end=nw.col("_open_end"),
            ahead=flag(late),
            pauses=flag(nw.col("ahead_resumes") < FAR),
        )
        asked = ("undated", "open_end", "ahead", "pauses")
        row = fetched(found.select(nw.col(*asked).sum())).to_pylist()[0]
        undated, open_end, ahead, pauses = (int(row[name] or 0) for name in asked)
        return ahead_notes(undated, open_end, ahead, terms=self.terms, pauses=pauses > 0)


def with_days(table: Frame) -> Frame:
    """Add the days that each row of the subscriptions says itself, as `_start_day` and `_end_day`."""
    end = day_number("end", FAR) if "end" in names(table) else nw.lit(FAR).cast(nw.Int64)
    return table.with_columns(_start_day=day_number("start", 0), _end_day=end)


def facts(basis: Basis, told: int) -> Facts:
    """Return how the rows of the subscriptions are read."""
    return Facts(told, basis.once("billing periods", lambda: _billing_periods(basis)), basis.policy)


def _billing_periods(basis: Basis) -> bool:
    """Return whether no subscription is open-ended and nearly all last exactly one billing interval: rows are terms."""
    table = basis.tables[basis.source]
    if not {"end", "interval"} <= set(names(table)):
        return False
    found = table.with_columns(
        start=day_number("start", 0),
        _end=day_number("end", FAR),
        _open=flag(nw.col("end").is_null()),
    )
    found = found.with_columns(_second=nw.col("start") + 1)
    found = with_next_billing_day(found, "_second", "_due")
    found = held(found.select("_open", due=flag(nw.col("_due") == nw.col("_end"))), "periods")
    row = fetched(found.select(nw.len().alias("rows"), nw.col("_open", "due").sum())).to_pylist()[0]
    many = {name: int(value or 0) for name, value in row.items()}
    if not many["rows"] or many["_open"]:
        return False
    return many["due"] / many["rows"] >= NEARLY_ALL
