"""For any ledger and any invoices the steps from MRR to the bills close, and are what a loop over days says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.engine.billed import KINDS
from saasmetrics.engine.day_sums import segments
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.reconciled import Reconciled
from saasmetrics.engine.reconciled_steps import STEPS, TARGET, steps
from saasmetrics.periods import Calendar
from saasmetrics.tables import Table
from tests.properties.ledgers import CUSTOMERS, FREQS, Case, cases, days, table
from tests.properties.profile import quick

INVOICES = pa.schema(
    [
        ("invoice_id", pa.string()),
        ("customer_id", pa.string()),
        ("date", pa.date32()),
        ("amount", pa.float64()),
        ("service_start", pa.date32()),
        ("service_end", pa.date32()),
        ("kind", pa.string()),
        ("currency", pa.string()),
    ]
)
SPELLED = {"refund": "refunds"}


@dataclass(frozen=True)
class Billed:
    """A company with invoices."""

    case: Case
    bills: tuple[dict[str, Any], ...]
    fx: str

    def reconciled(self) -> Reconciled:
        """MRR by the policy, with discounts as billed, and as billed, with the invoices."""
        policy = self.case.policy.changed(entity="customer", fx=self.fx)
        tables = {**self.case.tables, "invoices": Table("invoices", table(self.bills, INVOICES))}
        live = policy.changed(discount="live")
        plain = live.changed(
            trial="excluded",
            pause="line",
            churn_date="ended",
            past_due="counted",
            gap_days=0,
            overlap="sum",
        )
        views = [
            LocalEngine(tables, p, self.case.as_of, "USD").spans for p in (policy, live, plain)
        ]
        return Reconciled(tables, policy, self.case.as_of, "USD", (views[0], views[1], views[2]))


@st.composite
def bills(draw: st.DrawFn, currencies: tuple[str | None, ...]) -> dict[str, Any]:
    """One invoice line, before, within or after what it is for, or of no stated service."""
    date, length = draw(days()), draw(st.sampled_from((1, 28, 30, 31, 90, 365)))
    start = date + draw(st.sampled_from((0, 0, 0, -31, -90, 14)))
    stated = draw(st.sampled_from((True, True, False)))
    return {
        "customer_id": draw(st.sampled_from((*CUSTOMERS, "z"))),
        "date": date,
        "amount": draw(st.sampled_from((1000, 1000, 2500, 4999, -1000, -333, 1, 0))) / 100,
        "service_start": start if stated else None,
        "service_end": start + length - 1 if stated else None,
        "kind": draw(
            st.sampled_from(
                ("recurring",) * 3 + (None, "credit", "discount", "refund", "setup", "usage", "tax")
            )
        ),
        "currency": draw(st.sampled_from(currencies)),
    }


@st.composite
def companies(draw: st.DrawFn, fx: str = "line") -> Billed:
    """A company with up to a dozen invoice lines."""
    found = draw(st.lists(bills((None, "USD", "EUR")), min_size=1, max_size=12))
    named = tuple({"invoice_id": f"i{n:02d}", **line} for n, line in enumerate(found))
    return Billed(draw(cases(most=8)), named, fx)


def cell_of(found: Reconciled, freq: str, group: np.ndarray, groups: int, only: int | None = None):
    calendar = Calendar(freq)
    ends = calendar.ordinal(np.array([found.begins(served=True), found.as_of]))
    first, periods = int(ends[0]), int(ends[1] - ends[0]) + 1
    if only is not None:
        first, periods = first + only % periods, 1
    return found.cell(segments(calendar, first, periods, found.as_of), group, groups), first


@quick
@given(companies(), FREQS, st.sampled_from(("invoices", "service")), st.integers(0, 800))
def test_steps_close_to_the_unit_and_customers_add_up_to_them(
    billed: Billed, freq: str, against: str, period: int
) -> None:
    found = billed.reconciled()
    many = len(found.ids)
    cell, first = cell_of(found, freq, np.zeros(many, np.int64), 1)
    whole = steps(cell, against)
    assert (sum(whole[name] for name in STEPS[against]) == whole[TARGET[against]]).all()
    alone, at = cell_of(found, freq, np.arange(many), many, period)
    each = steps(alone, against)
    for name, value in each.items():
        assert value[:, 0].sum() == whole[name][0, at - first], name
    assert (sum(each[name] for name in STEPS[against]) == each[TARGET[against]]).all()


@quick
@given(companies(), st.sampled_from(("M", "M", "Q", "W")))
def test_what_was_billed_is_the_sum_of_the_lines(billed: Billed, freq: str) -> None:
    found = billed.reconciled()
    lines = found.lines
    assert lines is not None
    cell, first = cell_of(found, freq, np.zeros(len(found.ids), np.int64), 1)
    made = steps(cell, "invoices")["billed"][0]
    when = Calendar(freq).ordinal(lines.date) - first
    expected = np.zeros_like(made)
    np.add.at(expected, when, lines.rated)
    assert (made == expected).all()


@quick
@given(companies(fx="constant"), st.sampled_from(("M", "M", "Q", "W")))
def test_steps_are_what_a_loop_over_days_says(billed: Billed, freq: str) -> None:
    bare = tuple({**line, "currency": None} for line in billed.bills)
    subscriptions = tuple({**line, "currency": None} for line in billed.case.lines)
    case = replace(billed.case, lines=subscriptions, fx=())
    found = replace(billed, bills=bare, case=case).reconciled()
    cell, first = cell_of(found, freq, np.zeros(len(found.ids), np.int64), 1)
    made = steps(cell, "invoices")
    expected = by_hand(found, freq)
    for name in STEPS["invoices"]:
        for number, value in enumerate(made[name][0]):
            right = expected[name][first + number]
            # Every sum is rounded once per currency and month, and day_count holds what that leaves.
            assert abs(value - right) <= 40, (name, number, value, float(right))


def by_hand(found: Reconciled, freq: str) -> dict[str, dict[int, Fraction]]:
    """The steps by period, one customer and one day after the other."""
    calendar, out = Calendar(freq), defaultdict(lambda: defaultdict(Fraction))
    lines = found.lines
    assert lines is not None
    names = ("customer", "kind", "date", "start", "end", "micro", "monthly")
    rows = list(zip(*(getattr(lines, name).tolist() for name in names), strict=True))
    opening = calendar.ordinal(np.array([found.begins(served=True)]))
    span = range(int(calendar.first_day(opening)[0]), found.as_of + 1)
    period = dict(zip(span, calendar.ordinal(np.array(span)).tolist(), strict=True))
    part = {day: Fraction(1, month_days(day)) for day in span}
    fields = ("customer", "start", "end", "level")
    held = [list(zip(*(getattr(m, f).tolist() for f in fields), strict=True)) for m in found.mrr]
    customers = set(range(len(found.ids)))
    with_mrr = {c for view in held for c, *_ in view}
    with_lines = {row[0] for row in rows}
    closes = {p: max(d for d in span if period[d] == p) for p in set(period.values())}
    for customer in customers:
        for day in span:
            p = period[day]
            policy, live, plain = (
                sum(level for c, start, end, level in view if c == customer and start <= day < end)
                for view in held
            )
            close = sum(v for c, s, e, v in held[0] if c == customer and s <= closes[p] < e)
            out["mrr"][p] += close * part[day]
            out["changes"][p] += (policy - close) * part[day]
            out["discounts"][p] += (live - policy) * part[day]
            out["definition"][p] += (plain - live) * part[day]
            served = [
                sum(r[6] for r in rows if r[0] == customer and r[1] == k and r[3] <= day < r[4])
                for k in range(3)
            ]
            for name, value in causes(
                plain, served, customer in with_mrr, customer in with_lines
            ).items():
                out[name][p] += value * part[day]
            out["day_count"][p] -= sum(served) * part[day]
    for _, kind, date, start, end, micro, _ in rows:
        if kind >= 3:
            out[SPELLED.get(KINDS[kind], KINDS[kind])][period[date]] += micro
            continue
        out["billed_ahead"][period[date]] += micro
        for day in filter(period.__contains__, range(start, end)):
            p, (share, rest) = period[day], divmod(micro, end - start)
            mine = share + (day - start < rest)  # whole units: the first days bear what is left
            out["day_count"][p] += mine
            own = "billed_before" if period[date] < p else "billed_later"
            out["billed_ahead" if p == period[date] else own][p] -= mine
    return out


def causes(mrr: int, served: list[int], in_mrr: bool, in_lines: bool) -> dict[str, int]:
    """Why the service of a day is not its MRR: the rule in words, step by step."""
    recurring, discount, credit = served
    if not in_lines:
        return {"only_mrr": -mrr}
    if not in_mrr:
        return {"only_invoices": sum(served)}
    over = recurring - mrr
    out = {}
    for name, amount in (("discounts", discount), ("credits", credit)):
        taken = min(max(-amount, 0), max(over, 0))
        over -= taken
        out[name] = amount + taken
    return {**out, "unexplained": over}


def month_days(day: int) -> int:
    month = np.datetime64(day, "D").astype("datetime64[M]")
    return int(((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int))
