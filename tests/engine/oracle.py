"""The obvious way: every customer on every day, in plain loops, to check the engines by.

Nothing here is shared with the library but the tables. Slow on purpose; read it beside DEFINITIONS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.properties.ledgers import Case

EPOCH = date(1970, 1, 1)
NEVER = 10**6
CAUSES = {None: 0, "unknown": 0, "voluntary": 1, "involuntary": 2}
Balance = tuple[int, int]  # MRR and paused MRR, in micro-units


@dataclass(frozen=True)
class Piece:
    """A part of a line at one MRR from `start` to the day before `end`."""

    entity: str
    group: tuple[str, ...]
    line: str
    start: int
    end: int
    amount: int
    rests: bool
    cause: int


def period_of(day: int, freq: str, fiscal_start: int) -> int:
    """Return the number of the period of a day."""
    when = EPOCH + timedelta(days=day)
    month = (when.year - 1970) * 12 + when.month - 1
    if freq == "D":
        return day
    if freq == "W":
        return (when.toordinal() - date(1969, 12, 29).toordinal()) // 7
    if freq == "M":
        return month
    return (month - (fiscal_start - 1)) // {"Q": 3, "Y": 12}[freq]


def monthly(amount: float, line: dict[str, Any], case: Case) -> int:
    """Return an amount per interval as micro-units per month, rounded half up."""
    rate = 1.0
    if line.get("currency") not in (None, "USD"):
        known = [
            r for r in case.fx if r["currency"] == line["currency"] and r["date"] <= case.as_of
        ]
        rate = max(known, key=lambda r: r["date"])["rate"]
    micro = round(amount * rate * 1_000_000)
    per = {"month": Fraction(1), "quarter": Fraction(3), "year": Fraction(12)}
    weeks = case.policy.week.partition("/")
    per |= {
        "week": Fraction(weeks[2] or 1) / Fraction(weeks[0]),
        "day": 1 / Fraction(case.policy.day),
    }
    months = per[line["interval"]] * (line.get("interval_count") or 1)
    return (micro / months + Fraction(1, 2)).__floor__()


def add_months(day: int, months: int) -> int:
    """Return the same day of the month some months later, or that month's last day."""
    when = EPOCH + timedelta(days=day)
    index = when.year * 12 + when.month - 1 + months
    for dom in range(when.day, 27, -1):
        try:
            return (date(index // 12, index % 12 + 1, dom) - EPOCH).days
        except ValueError:
            continue
    return (date(index // 12, index % 12 + 1, when.day) - EPOCH).days


def billing_end(line: dict[str, Any], end: int) -> int:
    """Return the first billing day on or after the end."""
    count = line.get("interval_count") or 1
    step = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}[line["interval"]] * count
    for n in range(10_000):
        by_day = line["interval"] in ("day", "week")
        due = line["start"] + n * step if by_day else add_months(line["start"], n * step)
        if due >= end:
            return due
    raise AssertionError


def service(line: dict[str, Any], case: Case) -> tuple[int, int]:
    """Return the first day that a line pays for and the first day that it does not."""
    policy, start = case.policy, line["start"]
    end = NEVER if line["end"] is None else line["end"] + (policy.end == "inclusive")
    if policy.churn_date == "cancel_requested" and line.get("cancel_requested_at") is not None:
        end = max(start, min(end, line["cancel_requested_at"]))
    if policy.churn_date in ("period_end", "dunning_end") and end < NEVER:
        failed = policy.churn_date == "dunning_end" and line.get("churn_cause") == "involuntary"
        if not failed:
            end = paid_until(line, end, case)
    if policy.past_due == "excluded" and line.get("past_due_since") is not None:
        end = max(start, min(end, line["past_due_since"]))
    if policy.trial == "excluded":
        start = max(start, line.get("trial_end") or 0)
    return start, end


def paid_until(line: dict[str, Any], end: int, case: Case) -> int:
    """Return the end of the paid period, if the customer leaves with this line, or the day it is back before that."""
    entity, after = entity_of(line, case), case.policy.end == "inclusive"
    terms = [
        (other["start"], NEVER if other["end"] is None else other["end"] + after)
        for other in case.lines
        if entity_of(other, case) == entity
    ]
    if any(a <= end < b for a, b in terms):
        return end
    return min([billing_end(line, end), *(a for a, b in terms if end <= a < b)])


def day_amounts(line: dict[str, Any], case: Case) -> tuple[int, int, int]:
    """Return a line's MRR before a day, the day, and the MRR from it on."""
    amount, listed, until = line["amount"], line.get("list_amount"), line.get("discount_end")
    if listed is None:
        return monthly(amount, line, case), NEVER, 0
    if case.policy.discount == "none":
        return monthly(listed, line, case), NEVER, 0
    if until is None:
        return monthly(amount, line, case), NEVER, 0
    first = 0 if case.policy.discount == "forever_only" else until
    if case.policy.discount == "recurring" and until <= billing_end(line, line["start"] + 1):
        first = 0
    return monthly(amount, line, case), first, monthly(listed, line, case)


def line_pieces(
    line: dict[str, Any], case: Case, entity: str, group: tuple[str, ...]
) -> Iterator[Piece]:
    """Cut a line where its discount ends and where it pauses."""
    start, end = service(line, case)
    low, turn, high = day_amounts(line, case)
    rest_from, rest_to = NEVER, NEVER
    if case.policy.pause != "kept" and line.get("pause_start") is not None:
        rest_from = line["pause_start"]
        rest_to = NEVER if line.get("pause_end") is None else line["pause_end"]
    cuts = sorted(
        {start, max(start, end), *(c for c in (turn, rest_from, rest_to) if start < c < end)}
    )
    for a, b in pairwise(cuts):
        rests = rest_from <= a < rest_to
        if a < b and not (rests and case.policy.pause == "churn"):
            amount = low if a < turn else high
            cause = CAUSES[line.get("churn_cause")]
            yield Piece(entity, group, line["subscription_id"], a, b, amount, rests, cause)


def groups_of(
    line: dict[str, Any], case: Case, entity: str, by: tuple[str, ...]
) -> tuple[str, ...]:
    """Return a line's group; customers without a value are in "(none)"."""
    who = line["customer_id"] if case.policy.entity == "subscription" else entity
    mine = next((c for c in case.customers if c["customer_id"] == who), {})
    return tuple(
        (mine.get(name) if name == "segment" else line.get(name)) or "(none)" for name in by
    )


def entity_of(line: dict[str, Any], case: Case) -> str:
    """Return whom a line belongs to."""
    if case.policy.entity == "subscription":
        return str(line["subscription_id"])
    customer = str(line["customer_id"])
    if case.policy.entity == "parent":
        mine = next((c for c in case.customers if c["customer_id"] == customer), {})
        return mine.get("parent_id") or customer
    return customer


def pieces(case: Case, by: tuple[str, ...]) -> list[Piece]:
    """Return what everybody pays from when until when, as known at the end of the as-of day."""
    found: list[Piece] = []
    for line in case.lines:
        entity = entity_of(line, case)
        found += line_pieces(line, case, entity, groups_of(line, case, entity, by))
    found = [
        replace(p, end=NEVER if p.end > case.as_of else p.end)
        for p in found
        if p.start <= case.as_of
    ]
    found = [p for p in found if p.amount]
    if case.policy.overlap == "latest":
        found = on_top(found)
    return bridged(found, case.policy.gap_days) if case.policy.gap_days else found


def on_top(found: list[Piece]) -> list[Piece]:
    """Where lines of an entity overlap, keep the one that started last."""
    out = []
    begin = {p.line: min(q.start for q in found if q.line == p.line) for p in found}
    for mine in found:
        place = (begin[mine.line], mine.line)
        rivals = [p for p in found if p.entity == mine.entity and (begin[p.line], p.line) > place]
        inside = {t for p in rivals for t in (p.start, p.end) if mine.start < t < mine.end}
        for start, end in pairwise(sorted({mine.start, mine.end, *inside})):
            if not any(p.start <= start and end <= p.end for p in rivals):
                out.append(replace(mine, start=start, end=end))
    return out


def bridged(found: list[Piece], gap_days: int) -> list[Piece]:
    """Extend what ends before a short gap in all service of an entity to the end of the gap."""
    out = []
    for piece in found:
        mine = [p for p in found if p.entity == piece.entity]
        covered = any(p.start <= piece.end < p.end for p in mine)
        later = [p.start for p in mine if p.start > piece.end]
        if not covered and later and min(later) - piece.end <= gap_days:
            out.append(replace(piece, end=min(later)))
        else:
            out.append(piece)
    return out


class Oracle:
    """The balance of every entity, in every group, at the end of every day."""

    def __init__(self, case: Case, by: tuple[str, ...] = ()) -> None:
        self.case = case
        self.pieces = pieces(case, by)
        self.base = min((p.start for p in self.pieces), default=case.as_of)
        self.entities = sorted({p.entity for p in self.pieces})
        self.days = {e: self._days(e) for e in self.entities}
        self.groups = sorted(
            {p.group for p in self.pieces}, key=lambda g: [(v == "(none)", v) for v in g]
        )

    def _days(self, entity: str) -> list[dict[tuple[str, ...], Balance]]:
        turns = {day for p in self.pieces if p.entity == entity for day in (p.start, p.end)}
        out: list[dict[tuple[str, ...], Balance]] = []
        for day in range(self.base, self.case.as_of + 1):
            out.append(self._balance(entity, day) if not out or day in turns else out[-1])
        return out

    def _balance(self, entity: str, day: int) -> dict[tuple[str, ...], Balance]:
        out: dict[tuple[str, ...], Balance] = {}
        for p in self.pieces:
            if p.entity == entity and p.start <= day < p.end:
                mrr, paused = out.get(p.group, (0, 0))
                out[p.group] = (mrr, paused + p.amount) if p.rests else (mrr + p.amount, paused)
        return out

    def state(self, entity: str, day: int) -> dict[tuple[str, ...], Balance]:
        """Return an entity's balance by group at the end of a day."""
        day = min(day, self.case.as_of)
        return {} if day < self.base else self.days[entity][day - self.base]

    def held(self, entity: str, day: int) -> int:
        """Return MRR and paused MRR together: positive for a customer."""
        return sum(m + p for m, p in self.state(entity, day).values())

    def mrr(self, entity: str, day: int) -> int:
        """Return MRR at the end of a day."""
        return sum(m for m, _ in self.state(entity, day).values())

    def periods(self, freq: str) -> list[tuple[int, list[int]]]:
        """Return every period with its days."""
        out: dict[int, list[int]] = defaultdict(list)
        for day in range(self.base, self.case.as_of + 1):
            out[period_of(day, freq, self.case.fiscal_start)].append(day)
        return sorted(out.items())

    def last_full(self, freq: str) -> int:
        """Return the last period whose last day is known."""
        here = period_of(self.case.as_of, freq, self.case.fiscal_start)
        return (
            here
            if period_of(self.case.as_of + 1, freq, self.case.fiscal_start) > here
            else here - 1
        )

    def ends(self, freq: str) -> dict[int, int]:
        """Return the last known day of every period."""
        return {period: days[-1] for period, days in self.periods(freq)}

    def origin(self, entity: str) -> tuple[str, ...]:
        """Return the group of most MRR on an entity's first day."""
        first = next(d for d in range(self.base, self.case.as_of + 1) if self.held(entity, d))
        state = self.state(entity, first)
        return max(state, key=lambda g: (state[g][0], self.groups.index(g)))


def split(
    changes: dict[tuple[str, ...], int], order: list[tuple[str, ...]]
) -> dict[tuple[str, ...], int]:
    """Return what moves between groups: the smaller of gains and losses, filled in the order of groups."""
    gains, losses = (
        sum(v for v in changes.values() if v > 0),
        -sum(v for v in changes.values() if v < 0),
    )
    into = out_of = min(gains, losses)
    moved = {}
    for group in sorted(changes, key=order.index):
        change = changes[group]
        part = min(into, change) if change > 0 else -min(out_of, -change)
        into, out_of = into - max(part, 0), out_of - max(-part, 0)
        moved[group] = part
    return moved
