"""Small companies with one fault of each kind that the gate knows, a few in each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

DAY, TIME = dt.date.fromisoformat, dt.datetime.fromisoformat


def table(columns: dict[str, list[Any]]) -> pa.Table:
    """Texts like 2025-01-31 as dates, and those with a time as times."""
    return pa.table({name: _column(name, values) for name, values in columns.items()})


def _column(name: str, values: list[Any]) -> pa.Array:
    if values:
        return pa.array([_value(value) for value in values])
    return pa.array([], pa.date32() if name == "month" else pa.float64())


def _value(value: Any) -> Any:
    if not isinstance(value, str) or value[4:5] != "-" or value[7:8] != "-":
        return value
    return DAY(value) if len(value) == 10 else TIME(value)


COMPANY = {
    "subscriptions": {
        "subscription_id": ["s01", "s02", "s03", "s04", "s05", "s06", "s07", "s08", "s09", "s10"],
        "customer_id": ["a", "a", "b", "b", "c", "d", "e", "f", "g", "g\x07"],
        "start": [*["2025-01-01"] * 9, "2025-01-15"],
        "end": [None, None, "2025-03-10", None, None, None, None, None, "2025-02-10", None],
        "amount": [10.0, 10.0, 20.0, 30.0, 40.0, 0.0, 60.0, 70.0, 80.0, 90.0],
        "interval": [*["month"] * 8, "year", "quarter"],
        "cancel_requested_at": [None, None, None, None, "2025-02-01 10:00", *[None] * 5],
        "status": [*["active"] * 5, "paused", "canceled", "Trialing", "canceled", "active"],
        "ended_at": [*[None] * 7, "2025-05-01", None, None],
        "is_trial": [*[False] * 5, True, *[False] * 4],
        "churned": [*[False] * 9, True],
    },
    "customers": {
        "customer_id": ["a", "b", "c", "d", "e", "f", "g", "z"],
        "created_at": ["2025-01-10", *["2024-12-01"] * 7],
        "csm_id": ["p1", None, "p9", "p1", "p1", "p1", "p1", None],
        "churned": [True, *[False] * 7],
    },
    "people": {
        "person_id": ["p1", "p2", "p3"],
        "role": ["csm", "agent", "agent"],
        "manager_id": [None, "p1", "p8"],
        "start": ["2024-01-01", "2025-01-01", "2024-01-01"],
        "end": [None, "2024-06-01", None],
    },
    "usage": {
        "usage_id": ["u1", "u2", "u3", "u3"],
        "customer_id": ["g", "b", "a", "a"],
        "date": ["2025-06-01", "2025-06-02", "2025-02-01", "2025-02-02"],
        "subscription_id": ["s09", "s03", "s01", "s01"],
    },
    "tickets": {
        "ticket_id": ["t1", "t2", "t3", "t4"],
        "customer_id": ["g", "b", "c", "c"],
        "created_at": ["2025-09-01 10:00", "2025-02-02 10:00", "2024-02-03 10:00", "2025-02-04 10:00"],
        "first_reply_at": ["2025-09-01 09:00", "2025-02-02 11:00", None, "2025-02-05 11:00"],
        "first_solved_at": ["2025-09-01 08:00", "2025-02-02 13:00", None, None],
        "solved_at": ["2025-09-01 12:00", "2025-02-02 12:00", "2024-02-01 10:00", "2025-02-05 10:00"],
        "channel": ["Email ", "emial", "phone", None],
        "agent_id": ["p2", "p7", "p3", None],
        "csat": [9.0, 4.0, None, 0.0],
        "csat_scale": [10, None, None, 5],
        "touches": [1, -2, 3, 4],
    },
    "activities": {
        "customer_id": ["g", "a"],
        "at": ["2025-09-01 10:00", "2025-01-05 10:00"],
        "kind": ["qbr", "qbr"],
        "csm_id": ["p1", "p6"],
    },
    "surveys": {
        "customer_id": ["g", "c"],
        "at": ["2025-09-01", "2025-02-01"],
        "instrument": ["nps", "nps"],
        "score": [9.0, None],
    },
    "hours": {
        "person_id": ["p1", "p5"],
        "period": ["2025-01", "2025-01"],
        "paid": [100.0, 100.0],
        "online": [120.0, 90.0],
        "available": [80.0, -1.0],
    },
    "trials": {
        "customer_id": ["a", "b"],
        "start": ["2025-01-10", "2025-01-10"],
        "ended_at": ["2025-01-01", "2025-02-01"],
        "converted_at": [None, "2025-01-20 09:30"],
    },
    "contracts": {
        "contract_id": ["k1", "k2"],
        "customer_id": ["a", "q"],
        "start": ["2025-01-01", "2025-01-01"],
        "end": ["2026-01-01", "2026-01-01"],
        "arr": [120.0, 240.0],
    },
    "invoices": {
        "invoice_id": ["i1", "i2", "i3", "i4", "i5", "i6"],
        "customer_id": ["a", "a", "b", "g", "y", "y"],
        "date": ["2025-02-01", "2025-02-01", "2025-02-01", "2025-06-01", "2025-06-10", "2025-06-20"],
        "amount": [10.0, 12.0, 20.0, 80.0, -5.0, 1.0],
        "service_start": [None, None, "2025-02-01", "2025-06-01", None, None],
        "service_end": [None, None, None, "2025-09-30", None, None],
    },
}  # fmt: skip

_MONTHS = [f"2025-{month:02}-01" for month in (1, 2, 3, 4, 5, 6, 8, 9)]
MONTHS = {
    "mrr": {
        "customer_id": [*["a"] * 8, *["b"] * 6, "c", "c"],
        "month": [*_MONTHS, *_MONTHS[:6], "2025-02-01", "2025-03-01"],
        "mrr": [*[100.0] * 7, 10.0, *[100.0] * 6, -3.0, 4.0],
        "currency": [*["USD"] * 8, *["EUR"] * 6, "GBP", "GBP"],
    },
    "fx": {
        "date": ["2025-02-01", "2025-03-01", "2025-06-01"],
        "currency": ["EUR", "EUR", "EUR"],
        "rate": [1.1, 1.1, 1.2],
    },
    "usage": {
        "customer_id": ["a"] * 6,
        "date": [f"2025-{month:02}-11" for month in range(1, 7)],
    },
}

ENDS = {
    "subscriptions": {
        "subscription_id": [f"s{n}" for n in range(8)],
        "customer_id": ["a", "b", "c", "d", "e", "f", "g", "g"],
        "start": ["2025-01-01"] * 6 + ["2025-01-01", "2025-02-01"],
        "end": ["2025-06-30"] * 6 + ["2025-01-31", None],
        "amount": [1.0] * 8,
        "interval": ["month"] * 8,
    }
}

NEXT = {
    "subscriptions": {
        "subscription_id": ["s1", "s1", "s2", "s3"],
        "customer_id": ["a", "a", "b", "b"],
        "start": ["2025-01-10", "2025-03-16", "2025-01-01", "2025-01-01"],
        "end": ["2025-03-15", None, None, None],
        "amount": [10.0, 1000.0, 5.0, 5.0],
        "interval": ["month"] * 4,
    },
    "invoices": {
        "invoice_id": [1, 2, 3],
        "customer_id": ["a", "a", "b"],
        "date": ["2025-02-01", "2025-02-01", "2025-03-01"],
        "amount": [10.0, 10.0, 5.0],
    },
}

BILLS = {
    "invoices": {
        "invoice_id": ["i1", "i2", "i3", "i4"],
        "customer_id": ["a", "b", "b", "c"],
        "date": ["2025-01-05", "2025-02-05", "2025-02-25", "2025-03-05"],
        "amount": [10.0, -20.0, 5.0, 7.0],
        "service_start": [None, None, None, "2025-03-05"],
        "service_end": [None, None, None, "2026-03-04"],
    }
}

FAMILY = {
    "subscriptions": {
        "subscription_id": ["s1", "s1", "s2", "s3"],
        "customer_id": ["a", "a", "b", "c"],
        "start": ["2025-01-10", "2025-03-01", "1970-01-01", "2025-01-01"],
        "end": ["2025-03-15", None, None, "2045-01-01"],
        "amount": [10.0, 20.0, 5.0, 5.0],
        "interval": ["month"] * 4,
    },
    "customers": {
        "customer_id": ["a", "b", "c", "d", "e"],
        "parent_id": ["b", "c", None, "e", "d"],
    },
    "mrr": {
        "customer_id": [f"c{n:03}" for n in range(100)],
        "month": ["2025-01-01"] * 100,
        "mrr": [1.0] * 100,
    },
    "finance": {"month": [], "cash": []},
}

LAST = {
    "subscriptions": {
        **ENDS["subscriptions"],
        "end": ["2025-07-01"] * 6 + ["2025-02-01", None],
    }
}

RATES = {
    "mrr": {"customer_id": ["a", "b"], "month": ["2025-11-01"] * 2, "mrr": [10.0, 20.0]},
    "fx": {"date": ["2025-01-01"], "currency": ["EUR"], "rate": [1.1]},
}

ALL = {
    "company": COMPANY,
    "months": MONTHS,
    "ends": ENDS,
    "next": NEXT,
    "bills": BILLS,
    "family": FAMILY,
    "last": LAST,
    "rates": RATES,
}
