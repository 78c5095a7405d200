"""Exchange rates and monthly recurring revenue of the generated lines, in dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.company import MONTHS, Calendar, Company, Days, Floats, Ints, generator

if TYPE_CHECKING:
    from saasmetrics.sample.lifecycle import History


def euro_rates(seed: int) -> Floats:
    """Give dollars per euro for the month before the first one and every month of history."""
    rng = generator(seed, "fx")
    steps = rng.normal(0.0, 0.011, MONTHS + 1)
    level = np.empty(MONTHS + 1)
    level[0] = 0.0
    for month in range(1, MONTHS + 1):
        level[month] = 0.93 * level[month - 1] + steps[month]
    rates: Floats = np.round(1.09 * np.exp(level), 4)
    return rates


def fx(company: Company) -> pa.Table:
    """Give the table of monthly exchange rates to the dollar."""
    starts = company.calendar.day(np.arange(-1, MONTHS), 1)
    return pa.table(
        {
            "date": columns.dates(starts),
            "currency": columns.names(["EUR"], np.zeros(MONTHS + 1, np.int64)),
            "rate": columns.numbers(euro_rates(company.seed)),
        }
    )


def line_months(term: Ints) -> Ints:
    """Give the months that one amount pays for: contracts of two years are billed by the year."""
    months: Ints = np.minimum(term, 12)
    return months


def line_amount(history: History) -> tuple[Floats, Floats]:
    """Give the amount per interval and the list amount of every line, to the cent."""
    lines = history.lines
    full = np.round(lines["price"] * lines["seats"] * line_months(lines["term"]), 2)
    net: Floats = np.round(full * (1 - lines["discount"]), 2)
    return net, full


def line_mrr(history: History) -> Floats:
    """Give the MRR of every line in its own currency."""
    mrr: Floats = line_amount(history)[0] / line_months(history.lines["term"])
    return mrr


def month_of(calendar: Calendar, days: Days) -> Ints:
    """Give the month number of dates."""
    months: Ints = (days.astype("datetime64[M]") - calendar.first).astype(np.int64)
    return months


def in_dollars(history: History, amounts: Floats, who: Ints, month: Ints) -> Floats:
    """Convert amounts at the rate of a month."""
    rates = euro_rates(history.company.seed)[1 + np.clip(month, -1, MONTHS - 1)]
    dollars: Floats = amounts * np.where(history.company.euro[who], rates, 1.0)
    return dollars


def mrr_by_month(history: History, group: Ints, groups: int) -> tuple[Floats, Floats]:
    """Give, by month and group of customers, MRR at the end and revenue earned, in dollars.

    Revenue is the MRR of each line times the share of the month's days that it ran.
    """
    company, lines = history.company, history.lines
    mrr, who = line_mrr(history), lines["customer"]
    far = np.datetime64("2200-01-01", "D")
    end = np.where(np.isnat(lines["end"]), far, lines["end"])
    away = np.where(np.isnat(lines["pause_start"]), far, lines["pause_start"])
    back = np.where(np.isnat(lines["pause_start"]), far, lines["pause_end"])
    closing, earned = np.zeros((MONTHS, groups)), np.zeros((MONTHS, groups))
    first, after = company.calendar.month_starts, company.calendar.month_ends
    for month in range(MONTHS):
        lo, hi = first[month], after[month]
        near = np.flatnonzero((lines["start"] < hi) & (end > lo))
        usd = in_dollars(history, mrr[near], who[near], np.full(near.size, month))
        days = (np.minimum(end[near], hi) - np.maximum(lines["start"][near], lo)).astype(float)
        paused = (np.minimum(back[near], hi) - np.maximum(away[near], lo)).astype(float)
        share = (days - np.maximum(paused, 0)) / float((hi - lo).astype(int))
        on = (end[near] >= hi) & ~((away[near] < hi) & (back[near] >= hi))
        bucket = group[who[near]]
        closing[month] = np.bincount(bucket, usd * on, groups)
        earned[month] = np.bincount(bucket, usd * share, groups)
    return closing, earned
