"""The table of bills, consistent with the subscription lines: invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.company import Bools, Days, Floats, Ints, generator
from saasmetrics.sample.money_flows import line_amount, line_months, month_of
from saasmetrics.sample.subscriptions import PRODUCTS, line_ids
from saasmetrics.sample.truths import PLANS

if TYPE_CHECKING:
    from saasmetrics.sample.lifecycle import History

_SETUP_FEE = np.array([0.0, 1500.0, 6000.0])


def _periods(history: History) -> tuple[Ints, Ints, Ints]:
    """Give line, first month and months served of every bill that was due by the extract.

    A line that ends inside an interval is billed for the months that it ran, net of the credit.
    """
    lines, calendar = history.lines, history.company.calendar
    start = month_of(calendar, lines["start"])
    running = np.isnat(lines["end"]) | (lines["end"] > calendar.as_of)
    last = month_of(calendar, np.where(running, calendar.as_of, lines["end"]))
    due_today = running & (history.company.anchor[lines["customer"]] <= _day_of(calendar.as_of))
    ran = np.where(lines["start"] > calendar.as_of, 0, last - start + due_today)
    interval = line_months(lines["term"])
    number = -(-ran // interval)
    line = np.repeat(np.arange(number.size), number)
    turn = np.arange(line.size) - np.repeat(np.cumsum(number) - number, number)
    first = start[line] + turn * interval[line]
    left = np.where(running[line], interval[line], last[line] - first)
    return line, first, np.minimum(interval[line], left)


def _day_of(day: np.datetime64) -> int:
    return int((day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int)) + 1


def invoices(history: History) -> pa.Table:
    """Give one row per bill, `service_end` being the last day of service, and set-up fees.

    Bill either from these or from ``subscriptions``: both say the same.
    """
    company, lines = history.company, history.lines
    line, first, served = _periods(history)
    anchor = company.anchor[lines["customer"][line]]
    start, after = company.calendar.day(first, anchor), company.calendar.day(first + served, anchor)
    paused: Bools = (start >= lines["pause_start"][line]) & (start < lines["pause_end"][line])
    line, served = line[~paused], served[~paused]
    start, after = start[~paused], after[~paused]
    share = served / line_months(lines["term"])[line]
    fee_line, fees = set_up_fees(history)
    return _table(
        history,
        np.concatenate([line, fee_line]),
        np.concatenate([start, lines["start"][fee_line]]),
        np.concatenate([after - 1, np.full(fee_line.size, np.datetime64("NaT", "D"))]),
        np.concatenate([line_amount(history)[0][line] * share, fees]),
    )


def set_up_fees(history: History) -> tuple[Ints, Floats]:
    """Give the first lines of customers who paid a one-time set-up fee, and the fees."""
    company, lines = history.company, history.lines
    rng = generator(company.seed, "invoices")
    able = lines["first"] & (_SETUP_FEE[company.segment[lines["customer"]]] > 0)
    able &= (lines["start"] <= company.calendar.as_of) & company.onboarded[lines["customer"]]
    rows: Ints = np.flatnonzero(able & (rng.random(able.size) < 0.5))
    return rows, _SETUP_FEE[company.segment[lines["customer"][rows]]]


def _table(history: History, line: Ints, start: Days, last: Days, amount: Floats) -> pa.Table:
    order = np.lexsort((line, start))
    line, start, last = line[order], start[order], last[order]
    one_time = np.isnat(last)
    who = history.lines["customer"][line]
    return pa.table(
        {
            "invoice_id": columns.identifiers(
                "I", np.arange(order.size), columns.width_of(order.size)
            ),
            "customer_id": columns.customer_ids(history.company, who),
            "date": columns.dates(start),
            "amount": columns.money(amount[order]),
            "service_start": columns.dates(np.where(one_time, np.datetime64("NaT", "D"), start)),
            "service_end": columns.dates(last),
            "kind": columns.names(("recurring", "one_time"), one_time.astype(np.int64)),
            "currency": columns.currency(history.company, who),
            "subscription_id": columns.pick(line_ids(history), line),
            "product": columns.names(PRODUCTS, history.lines["product"][line]),
            "plan": columns.names(PLANS, history.lines["plan"][line]),
            "quantity": columns.numbers(history.lines["seats"][line]),
        }
    )
