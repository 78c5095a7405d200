"""The tables of what customers pay: subscriptions, contracts, invoices."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.company import Bools, Days, Floats, Ints, generator
from saasmetrics.sample.lifecycle import CAUSES, History
from saasmetrics.sample.money_flows import (
    in_dollars,
    line_amount,
    line_months,
    line_mrr,
    month_of,
)
from saasmetrics.sample.truths import PLANS

PRODUCTS = ("Core", "Analytics add-on")
_NAT = np.datetime64("NaT", "D")


def _known(days: Days, as_of: np.datetime64) -> Days:
    """Blank what lies after the day of the extract."""
    return np.where(days > as_of, _NAT, days)


def line_ids(history: History) -> pa.Array:
    """Give the id of every line, known to the extract or not."""
    size = history.lines["customer"].size
    return columns.identifiers("S", np.arange(size), columns.width_of(size))


def _extracted(history: History) -> Ints:
    """Give the rows of lines that had begun on the day of the extract."""
    rows: Ints = np.flatnonzero(history.lines["start"] <= history.company.calendar.as_of)
    return rows


def subscriptions(history: History) -> pa.Table:
    """Give one row per subscription line; a change of seats, plan or price starts another line."""
    rows, company = _extracted(history), history.company
    lines = {name: values[rows] for name, values in history.lines.items()}
    as_of, who = company.calendar.as_of, lines["customer"]
    amount, full = (values[rows] for values in line_amount(history))
    end = _known(lines["end"], as_of)
    asked = _known(lines["asked"], as_of)
    months = line_months(lines["term"])
    rng = generator(company.seed, "subscriptions")
    hour = rng.integers(8 * 60, 19 * 60, rows.size).astype("timedelta64[m]")
    whole = np.zeros(rows.size, bool)
    trial = lines["first"] & company.trial[who] & (lines["start"] == _first_start(history)[who])
    return pa.table(
        {
            "subscription_id": columns.pick(line_ids(history), rows),
            "customer_id": columns.customer_ids(company, who),
            "start": columns.dates(lines["start"]),
            "end": columns.dates(end),
            "amount": columns.money(amount),
            "interval": columns.names(
                ("month", "quarter", "year"), np.searchsorted([1, 3, 12], months)
            ),
            "interval_count": columns.counts(np.ones(rows.size, np.int64)),
            "quantity": columns.numbers(lines["seats"]),
            "product": columns.names(PRODUCTS, lines["product"]),
            "plan": columns.names(PLANS, lines["plan"]),
            "currency": columns.currency(company, who),
            "list_amount": columns.money(full),
            "discount": columns.money(full - amount, whole | (full == amount)),
            "discount_end": columns.dates(lines["discount_end"]),
            "trial_end": columns.dates(np.where(trial, lines["start"], _NAT)),
            "cancel_requested_at": columns.moments(asked.astype("datetime64[m]") + hour),
            "churn_cause": columns.names(
                CAUSES, np.maximum(lines["cause"], 0), (lines["cause"] < 0) | np.isnat(end)
            ),
            "past_due_since": columns.dates(_past_due(lines, end, as_of, rng)),
            "escalator": pa.array(_escalators(history)[rows]),
            "pause_start": columns.dates(_known(lines["pause_start"], as_of)),
            "pause_end": columns.dates(_known(lines["pause_end"], as_of)),
            "recorded_at": columns.moments(_recorded(history, rows, rng)),
        }
    )


def _first_start(history: History) -> Days:
    """Give the day on which each customer first paid."""
    return history.company.calendar.day(history.company.start_month, history.company.anchor)


def _past_due(
    lines: dict[str, np.ndarray], end: Days, as_of: np.datetime64, rng: np.random.Generator
) -> Days:
    """Give the day the payment first failed: a month before an involuntary end, or lately for one in a hundred."""
    failed = ~np.isnat(end) & (lines["cause"] == CAUSES.index("involuntary"))
    late = np.isnat(end) & (rng.random(end.size) < 0.01)
    since: Days = np.where(failed, end - 30, np.where(late, as_of - 12, _NAT))
    shown: Days = np.maximum(since, lines["start"])
    return shown


def _escalators(history: History) -> Bools:
    """Say which lines continue an enterprise contract, with the same plan and seats, at a contracted higher price."""
    lines = history.lines
    order = np.lexsort((lines["start"], lines["product"], lines["customer"]))
    before, after = order[:-1], order[1:]
    same = np.ones(before.size, bool)
    for name in ("customer", "product", "plan", "seats"):
        same &= lines[name][before] == lines[name][after]
    same &= lines["end"][before] == lines["start"][after]
    same &= lines["price"][after] > lines["price"][before]
    same &= history.company.segment[lines["customer"][after]] == 2
    out = np.zeros(order.size, bool)
    out[after[same]] = True
    return out


def _recorded(history: History, rows: Ints, rng: np.random.Generator) -> Days:
    """Say when a line was entered: mostly within three days, one in fifty a month late."""
    late = np.where(
        rng.random(rows.size) < 0.02,
        rng.integers(20, 45, rows.size),
        rng.integers(0, 4, rows.size),
    )
    day: Days = np.minimum(history.lines["start"][rows] + late, history.company.calendar.as_of)
    hour = rng.integers(9 * 60, 18 * 60, rows.size).astype("timedelta64[m]")
    recorded: Days = day.astype("datetime64[m]") + hour
    return recorded


def contracts(history: History) -> pa.Table:
    """Give one row per term of a year or more that was signed by the day of the extract."""
    company, terms = history.company, history.contracts
    rng = generator(company.seed, "contracts")
    size = terms["customer"].size
    who, month = terms["customer"], terms["month"]
    start = company.calendar.day(month, company.anchor[who])
    end = company.calendar.day(month + terms["term"], company.anchor[who])
    first = terms["previous"] < 0
    before = np.where(first, rng.integers(0, 15, size), rng.integers(-25, 60, size))
    signed = start - before
    arr = _arr(history, signed)
    forecast, category = _forecast(terms["risk"], arr, rng)
    keep: Bools = (signed <= company.calendar.as_of) & (
        first | (start <= company.calendar.as_of + 60)
    )
    rows = np.flatnonzero(keep)
    ids = columns.identifiers("K", np.arange(size), columns.width_of(size))
    hour = rng.integers(8 * 60, 18 * 60, size).astype("timedelta64[m]")
    return pa.table(
        {
            "contract_id": ids,
            "customer_id": columns.customer_ids(company, who),
            "start": columns.dates(start),
            "end": columns.dates(end),
            "arr": columns.money(arr),
            "auto_renew": pa.array(
                rng.random(size) < np.where(company.segment[who] == 2, 0.3, 0.8)
            ),
            "signed_at": columns.moments(signed.astype("datetime64[m]") + hour),
            "previous_contract_id": columns.pick(ids, np.maximum(terms["previous"], 0), first),
            "forecast_arr": columns.money(forecast),
            "category": columns.names(("commit", "best", "at_risk", "omit"), category),
            "owner_id": columns.csm_ids(company.csm[who]),
            "currency": columns.names(["USD"], np.zeros(size, np.int64)),
        }
    ).take(pa.array(rows))


def _arr(history: History, signed: Days) -> Floats:
    """Give the ARR in dollars at signature: the core line and the add-on of that day."""
    terms = history.contracts
    mrr = line_mrr(history)
    total = mrr[terms["line"]] + np.where(terms["addon"] >= 0, mrr[terms["addon"]], 0.0)
    month = month_of(history.company.calendar, signed)
    return 12 * in_dollars(history, total, terms["customer"], month)


def _forecast(risk: Floats, arr: Floats, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Give the forecast that the owner files 90 days ahead: informed, but optimistic."""
    seen = np.log(np.nan_to_num(risk, nan=1.0)) + rng.normal(-0.2, 0.5, risk.size)
    category = np.searchsorted([-0.3, 0.5, 1.5], seen)
    share = np.array([1.03, 0.97, 0.6, 0.0])[category]
    return arr * share * rng.uniform(0.95, 1.05, risk.size) * (share > 0), category
