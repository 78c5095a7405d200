"""The choices that decide what a ledger holds, each with what its alternatives make of a little one."""

from __future__ import annotations

import pytest

from tests.policies.looks import (
    Row,
    closing,
    customers,
    first_day_without,
    flows,
    invoices,
    subscriptions,
)

PARENTS = {"customer_id": ["a", "b"], "parent_id": [None, "a"]}
TWO = ({}, {"end": "2026-06-10"}, {"customer_id": "b"})  # two lines of a, one of its daughter b
ROUND_TRIP = ({"end": "2026-06-10"}, {"start": "2026-06-20"})
GAP = ({"end": "2026-04-10"}, {"start": "2026-05-20"})  # 40 days, over one month's end
PAUSED = ({"pause_start": "2026-05-15", "pause_end": "2026-06-15"},)
VISIT = ({}, {"customer_id": "b", "start": "2026-06-03", "end": "2026-06-25"})
CANCELLED = (
    {"end": "2026-06-08", "start": "2026-04-15", "cancel_requested_at": "2026-06-02"},
    {"customer_id": "b"},
)
DUNNED = ({**CANCELLED[0], "churn_cause": "involuntary"}, {"customer_id": "b"})
PROMO = {"amount": 60, "list_amount": 100}
SHORT, LONG, ALWAYS = (
    {**PROMO, "discount_end": "2026-02-01"},
    {**PROMO, "discount_end": "2026-04-01"},
    PROMO,
)
EURO = (
    {"currency": "EUR", "end": "2026-06-10"},
    {"currency": "EUR", "start": "2026-06-10", "amount": 150},
)
RATES = {
    "date": ["2026-01-01", "2026-06-05", "2026-06-30"],
    "currency": ["EUR"] * 3,
    "rate": [1.0, 1.2, 1.5],
}
USAGE = (
    {"invoice_id": "i1", "date": "2026-04-30", "amount": 90, "kind": "usage"},
    {"invoice_id": "i2", "date": "2026-06-30", "amount": 30, "kind": "usage"},
)
USED = {k: [row[k] for row in USAGE] + [None] * 0 for k in USAGE[0]} | {"customer_id": ["a", "a"]}

READING: tuple[Row, ...] = (
    (
        "entity",
        lambda: subscriptions(*TWO, customers=PARENTS),
        lambda book: (customers("2026-05")(book), flows("2026-06")(book)),
        {
            # Of two lines one ends: a contraction of the customer, the churn of a subscription.
            "customer": (2, {"contraction": -100}),
            "parent": (1, {"contraction": -100}),
            "subscription": (3, {"churn": -100}),
        },
    ),
    (
        "view",
        lambda: subscriptions(*ROUND_TRIP),
        flows("2026-06"),
        {"snapshot": {}, "event": {"churn": -100, "reactivation": 100}},
    ),
    (
        "gap_days",
        lambda: subscriptions(*GAP),
        lambda book: (flows("2026-04")(book), flows("2026-05")(book)),
        # The 40 days from 10 April to 20 May are a gap, unless as many are forgiven.
        {0: ({"churn": -100}, {"reactivation": 100}), 39: ({"churn": -100}, {"reactivation": 100}), 40: ({}, {})},
    ),
    (
        "new_after_days",
        lambda: subscriptions(*GAP),
        flows("2026-05"),
        {None: {"reactivation": 100}, 40: {"reactivation": 100}, 39: {"new": 100}, 0: {"new": 100}},
    ),
    (
        "churn_date",
        lambda: subscriptions(*CANCELLED),
        first_day_without,
        {
            # Billed on the 15th, asked on 2 June to be ended on the 8th.
            "ended": "2026-06-08",
            "cancel_requested": "2026-06-02",
            "period_end": "2026-06-15",
            "dunning_end": "2026-06-15",
        },
    ),
    (
        "churn_date",
        lambda: subscriptions(*DUNNED),
        first_day_without,
        {"period_end": "2026-06-15", "dunning_end": "2026-06-08"},
    ),
    (
        "past_due",
        lambda: subscriptions({"past_due_since": "2026-05-20"}, {"customer_id": "b"}),
        closing(),
        {"counted": 200, "excluded": 100},
    ),
    (
        "same_period",
        lambda: subscriptions(*VISIT).with_policy(view="event"),
        flows("2026-06"),
        {"counted": {"new": 100, "churn": -100}, "ignored": {}},
    ),
    (
        "pause",
        lambda: subscriptions(*PAUSED),
        lambda book: (flows("2026-05")(book), flows("2026-06")(book)),
        {
            "line": ({"pause": -100}, {"pause": 100}),
            "churn": ({"churn": -100}, {"reactivation": 100}),
            "kept": ({}, {}),
            "contraction": ({"contraction": -100}, {"expansion": 100}),
        },
    ),
    *(
        ("discount", (lambda line=line: subscriptions(line)), closing("2026-01"), expected)
        for line, expected in (
            # 60 instead of 100: for the first month, for three months, for ever.
            (SHORT, {"live": 60, "recurring": 100, "forever_only": 100, "none": 100}),
            (LONG, {"live": 60, "recurring": 60, "forever_only": 100, "none": 100}),
            (ALWAYS, {"live": 60, "recurring": 60, "forever_only": 60, "none": 100}),
        )
    ),
    (
        "usage",
        lambda: subscriptions({}, invoices=USED),
        lambda book: [closing(f"2026-0{month}")(book) for month in (4, 5, 6)],
        {
            # 90 for April and 30 for June, beside 100 a month.
            "excluded": [100, 100, 100],
            "as_invoiced": [190, 100, 130],
            "trailing_mean": [130, 130, 140],
        },
    ),
    (
        "refunds",
        lambda: invoices({}, {"amount": -30, "kind": "refund"}),
        closing("2026-01"),
        {"ignored": 100, "counted": 70},
    ),
    (
        "trial",
        lambda: subscriptions({"trial_end": "2026-02-10"}),
        closing("2026-01"),
        {"excluded": 0, "included": 100},
    ),
    (
        "week",
        lambda: subscriptions({"interval": "week", "amount": 10}),
        closing(),
        {
            "52/12": pytest.approx(10 * 52 / 12, abs=1e-4),
            "4.35": 43.5,
            "30/7": pytest.approx(10 * 30 / 7, abs=1e-4),
            "365.25/84": pytest.approx(10 * 365.25 / 84, abs=1e-4),
            "0": 0,
        },
    ),
    (
        "day",
        lambda: subscriptions({"interval": "day", "amount": 1}),
        closing(),
        {"365/12": pytest.approx(365 / 12, abs=1e-4), "30": 30, "0": 0},
    ),
    (
        "overlap",
        lambda: subscriptions({}, {"start": "2026-03-01", "amount": 70}),
        closing(),
        {"sum": 170, "latest": 70},
    ),
    (
        "end",
        lambda: subscriptions({"end": "2026-06-08"}, {"customer_id": "b"}),
        first_day_without,
        {"exclusive": "2026-06-08", "inclusive": "2026-06-09"},
    ),
    (
        "service_end",
        lambda: invoices({"service_start": "2026-01-01", "service_end": "2026-01-31"}, {"customer_id": "b"}),
        lambda book: closing("2026-01")(book) - 100,
        # 31 January as the last day is a whole month; as the day after, 30 of 365/12 days, and gone at the month's end.
        {"inclusive": 100, "exclusive": 0},
    ),
    (
        "recognition",
        lambda: invoices({"amount": 365, "service_start": "2026-01-01", "service_end": "2026-12-31"}),
        lambda book: [closing("2026-01")(book), closing("2026-02")(book)],
        {"normalized": [30.4167, 30.4167], "daily": [31, 28]},
    ),
    (
        "fx",
        lambda: subscriptions(*EURO, fx=RATES),
        flows("2026-06"),
        {
            # From 100 at 1.0 to 150 at 1.5, the 50 gained on 10 June at 1.2.
            "line": {"expansion": 60, "fx": 65},
            "spot": {"expansion": 125},
            "constant": {"expansion": 75},
        },
    ),
    (
        "return_price",
        lambda: subscriptions({"end": "2026-04-10"}, {"start": "2026-06-10", "amount": 130}),
        flows("2026-06"),
        {"full": {"reactivation": 130}, "split": {"reactivation": 100, "expansion": 30}},
    ),
    (
        "return_price",
        lambda: subscriptions({"end": "2026-04-10"}, {"start": "2026-06-10", "amount": 70}),
        flows("2026-06"),
        {"full": {"reactivation": 70}, "split": {"reactivation": 100, "contraction": -30}},
    ),
)  # fmt: skip
