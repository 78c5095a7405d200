"""The tables of what the company spends, earns and plans: spend, finance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.company import MONTHS, Days, Floats, Ints, generator
from saasmetrics.sample.invoices import set_up_fees
from saasmetrics.sample.money_flows import in_dollars, month_of, mrr_by_month
from saasmetrics.sample.truths import CHANNELS, SEGMENTS

if TYPE_CHECKING:
    from saasmetrics.sample.lifecycle import History

_FUNCTIONS = ("sales", "marketing", "cs", "support", "cogs", "rnd", "ga")
_PAYBACK_MONTHS = np.array([14.5, 17.0, 19.5])
"""What the company pays to win one dollar of monthly gross profit, by segment."""
_CHANNEL_COST = np.array([1.25, 0.9, 1.0, 0.6])
_SALES_SHARE = np.array([0.85, 0.35, 0.75, 0.15])
_GROSS_MARGIN = 0.79


def _acquisition(history: History) -> Floats:
    """Give sales and marketing cost by month, segment and channel.

    Follows the customers won over the next three months at the mean price of their segment, so that
    spend leads sales and one large deal does not move the budget.
    """
    company, lines = history.company, history.lines
    cell = company.segment * len(CHANNELS) + company.channel
    cells = len(SEGMENTS) * len(CHANNELS)
    won = np.zeros((MONTHS + 3, cells))
    np.add.at(won, (company.start_month, cell), 1.0)
    won[MONTHS:] = won[MONTHS - 3 : MONTHS].mean(axis=0)
    kernel = np.array([0.3, 0.4, 0.2, 0.1])
    ahead = sum(weight * won[lag : MONTHS + lag] for lag, weight in enumerate(kernel))
    first = lines["first"] & (lines["product"] == 0)
    mrr = lines["price"][first] * lines["seats"][first] * (1 - lines["discount"][first])
    segment = company.segment[lines["customer"][first]]
    mean = np.bincount(segment, mrr, 3) / np.maximum(np.bincount(segment, minlength=3), 1)
    price = np.repeat(mean * _PAYBACK_MONTHS * _GROSS_MARGIN, len(CHANNELS))
    base = 0.02 * np.asarray(ahead).mean(axis=0)
    cost: Floats = (ahead + base) * price * np.tile(_CHANNEL_COST, len(SEGMENTS))
    return cost


def costs(history: History) -> dict[str, Floats]:
    """Give cost by month per function; sales and marketing by cell of segment x channel too."""
    _, earned = mrr_by_month(history, history.company.segment, len(SEGMENTS))
    revenue = earned.sum(axis=1)
    rng = generator(history.company.seed, "spend")
    wobble = rng.lognormal(0.0, 0.04, (5, MONTHS))
    acquisition = _acquisition(history) * rng.lognormal(0.0, 0.05, (MONTHS, 12))
    share = np.tile(_SALES_SHARE, len(SEGMENTS))
    floor = 0.02 * revenue.max()
    return {
        "sales": acquisition * share,
        "marketing": acquisition * (1 - share),
        "cs": (0.07 * revenue + 0.1 * floor) * wobble[0],
        "support": (0.055 * revenue + 0.1 * floor) * wobble[1],
        "cogs": (0.155 * revenue + 0.2 * floor) * wobble[2],
        "rnd": (0.28 * revenue + 3.0 * floor) * wobble[3],
        "ga": (0.13 * revenue + 1.2 * floor) * wobble[4],
        "revenue": revenue,
    }


def spend(history: History) -> pa.Table:
    """Give one row per month, function and, for sales and marketing, segment and channel.

    The function ``cogs`` is hosting and payment fees; ``support`` is kept apart, ``cs`` too.
    """
    cost = costs(history)
    starts = history.company.calendar.month_starts
    month: list[Days] = []
    function: list[Ints] = []
    cell: list[Ints] = []
    amount: list[Floats] = []
    for number, name in enumerate(_FUNCTIONS):
        values = cost[name].reshape(MONTHS, -1)
        wide = values.shape[1]
        month.append(np.repeat(starts, wide))
        function.append(np.full(values.size, number))
        cell.append(np.tile(np.arange(wide) if wide > 1 else np.array([-1]), MONTHS))
        amount.append(values.ravel())
    cells, overhead = np.concatenate(cell), np.concatenate(cell) < 0
    return pa.table(
        {
            "month": columns.dates(np.concatenate(month)),
            "function": columns.names(_FUNCTIONS, np.concatenate(function)),
            "amount": columns.money(np.concatenate(amount)),
            "channel": columns.names(CHANNELS, cells % len(CHANNELS), overhead),
            "segment": columns.names(SEGMENTS, cells // len(CHANNELS), overhead),
            "currency": columns.names(["USD"], np.zeros(cells.size, np.int64)),
        }
    )


def finance(history: History) -> pa.Table:
    """Give the profit and loss and the cash of the company by month."""
    cost = costs(history)
    revenue = cost["revenue"] + _one_off(history)
    cogs = cost["cogs"] + cost["support"]
    acquisition = cost["sales"].sum(axis=1) + cost["marketing"].sum(axis=1)
    operating = acquisition + cost["cs"] + cost["rnd"] + cost["ga"]
    ebitda = np.round(revenue, 2) - np.round(cogs, 2) - np.round(operating, 2)
    rng = generator(history.company.seed, "finance")
    collected = revenue * rng.normal(0.0, 0.015, MONTHS)
    capex = 0.01 * revenue
    cash_flow = np.round(ebitda + collected - capex, 2)
    raised = _rounds(cash_flow)
    people_cost = 0.75 * operating + cost["support"]
    return pa.table(
        {
            "month": columns.dates(history.company.calendar.month_starts),
            "revenue": columns.money(revenue),
            "cogs": columns.money(cogs),
            "cash": columns.money(np.cumsum(cash_flow + raised)),
            "net_burn": columns.money(-cash_flow),
            "headcount": columns.numbers(np.maximum(3, np.round(people_cost / 9_500))),
            "ebitda": columns.money(ebitda),
            "free_cash_flow": columns.money(cash_flow),
            "currency": columns.names(["USD"], np.zeros(MONTHS, np.int64)),
            "sales_and_marketing": columns.money(acquisition),
            "funding": columns.money(raised),
        }
    )


def _one_off(history: History) -> Floats:
    """Give the set-up fees invoiced by month, which are revenue beside what the subscriptions earn."""
    line, fee = set_up_fees(history)
    month = month_of(history.company.calendar, history.lines["start"][line])
    dollars = in_dollars(history, fee, history.lines["customer"][line], month)
    fees = np.zeros(MONTHS)
    np.add.at(fees, month, dollars)
    return fees


def _rounds(cash_flow: Floats) -> Floats:
    """Raise a round at the start and when cash would not last nine months at the current burn."""
    raised = np.zeros(MONTHS)
    cash = 0.0
    for month in range(MONTHS):
        burn = max(0.0, float(-cash_flow[month : month + 3].mean()))
        if month == 0 or cash < 9 * burn:
            need = float(np.maximum(0, -cash_flow[month : month + 24]).sum()) * 1.2
            raised[month] = round(max(need, 12 * burn), -5)
        cash += float(cash_flow[month]) + raised[month]
    return raised
