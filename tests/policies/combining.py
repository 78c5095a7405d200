"""The choices that decide how sums are combined, each with what its alternatives make of a little ledger."""

from __future__ import annotations

import saasmetrics as sm
from tests.policies.looks import Row, gross_at_age, rate, subscriptions, subtypes

# Paying at the start of June: a, b, c and d with 100 each. a grows by 50, b shrinks by 20, c leaves, d leaves and
# returns within the month, e is won back with 100, f is new with 40, g comes and goes with 30.
JUNE = (
    {"customer_id": "a", "end": "2026-06-10"},
    {"customer_id": "a", "start": "2026-06-10", "amount": 150},
    {"customer_id": "b", "end": "2026-06-10"},
    {"customer_id": "b", "start": "2026-06-10", "amount": 80},
    {"customer_id": "c", "end": "2026-06-10"},
    {"customer_id": "d", "end": "2026-06-10"},
    {"customer_id": "d", "start": "2026-06-20"},
    {"customer_id": "e", "end": "2026-03-10"},
    {"customer_id": "e", "start": "2026-06-10"},
    {"customer_id": "f", "start": "2026-06-10", "amount": 40},
    {"customer_id": "g", "start": "2026-06-10", "end": "2026-06-20", "amount": 30},
)
COMBINING: tuple[Row, ...] = (
    (
        "month",
        lambda: subscriptions({}, {"customer_id": "b", "end": "2026-05-01"}),
        rate("logo_churn", "2026-05"),
        # Gone on 1 May: within May, but not in the 30 days from 1 May on.
        {"calendar": 0.5, "30_days": 0},
    ),
    (
        "open_period",
        lambda: subscriptions({}, {"customer_id": "b", "end": "2026-06-05"}).as_of("2026-06-10"),
        rate("logo_churn"),
        # One of two is gone after 10 of 30 days.
        {"marked": 0.5, "projected": 1.5},
    ),
    (
        "arr",
        lambda: subscriptions(
            {},
            contracts={
                "contract_id": ["k"],
                "customer_id": ["a"],
                "start": ["2026-01-01"],
                "end": ["2027-01-01"],
                "arr": [1500],
            },
        ),
        lambda book: sm.revenue.arr(book).value,
        {"run_rate": 1200, "contracted": 1500},
    ),
    (
        "price_volume",
        lambda: subscriptions(
            {"end": "2026-06-10", "quantity": 10},
            {"start": "2026-06-10", "quantity": 12, "amount": 132},
        ),
        lambda book: subtypes(book, "expansion"),
        # From 10 seats at 10 to 12 at 11: 1 x 10 and 11 x 2, or 1 x 11 and 10.5 x 2.
        {"price_first": {"price": 10, "seats": 22}, "midpoint": {"price": 11, "seats": 21}},
    ),
    (
        "churn_cause",
        lambda: subscriptions({}, {"customer_id": "b", "end": "2026-06-10", "churn_cause": "unknown"}),
        lambda book: subtypes(book, "churn"),
        {"unknown": {"unknown": -100}, "voluntary": {"voluntary": -100}},
    ),
    (
        "window",
        lambda: subscriptions({"end": "2026-04-01"}, {"start": "2026-04-01", "amount": 150}),
        rate("nrr", window=None),
        # 150 now, 150 a month ago, 100 four months ago.
        {1: 1, 4: 1.5},
    ),
    (
        "nrr",
        lambda: subscriptions(*JUNE).with_policy(view="event"),
        rate("nrr"),
        {
            "cohort": 0.825,  # 150 + 80 + 0 + 100 of 400
            "movements": 0.5,  # 400 + 50 - 20 - 100 - 100 - 30: the return of d is out
            "changelog": 0.55,  # the same without the contraction
        },
    ),
    ("reactivation", lambda: subscriptions(*JUNE), rate("nrr"), {"out": 0.825, "in": 1.075}),
    (
        "escalators",
        lambda: subscriptions(
            {"end": "2026-06-10"}, {"start": "2026-06-10", "amount": 107, "escalator": True}
        ),
        rate("nrr"),
        {"included": 1.07, "excluded": 1},
    ),
    (
        "grr",
        lambda: subscriptions(*JUNE).with_policy(view="event"),
        rate("grr"),
        {
            "customer": 0.7,  # 100 + 80 + 0 + 100
            "cohort_total": 0.825,  # 330
            "total": 1,  # 470 at the close
            "movements": 0.375,  # 400 - 20 - 100 - 100 - 30
        },
    ),
    (
        "gross_churn",
        lambda: subscriptions(*JUNE),
        rate("gross_churn"),
        # 20 + 100 of 400; each day by itself: on the 10th 220 of 400, on the 20th 30 of 400 again.
        {"with_contraction": 0.3, "churn_only": 0.25, "daily_sum": round(220 / 400 + 30 / 400, 4)},
    ),
    (
        "net_churn",
        lambda: subscriptions(*JUNE),
        rate("net_churn"),
        # Day by day: on the 10th 220 - 50 - 100 of 400, on the 20th 30 - 100 of 400.
        {"with_reactivation": -0.075, "without_reactivation": 0.175, "daily_sum": 0},
    ),
    (
        "logo_churn",
        lambda: subscriptions(*JUNE).with_policy(view="event"),
        rate("logo_churn"),
        {
            "opening": 0.25,  # c of a, b, c, d
            "opening_with_returns": 0.5,  # c and d
            "opening_plus_new": 0.5,  # c, d and g of four and f and g
            "opening_all": 0.75,  # c, d and g of four
            "total": 0.375,  # c, d and g of four, f, g, and those who returned, e and d
            "daily_sum": round(2 / 4 + 1 / 5, 4),  # on the 10th c and d; on the 20th g of a, b, e, f, g
        },
    ),
    (
        "quick_ratio",
        lambda: subscriptions(*JUNE),
        rate("quick_ratio"),
        # (40 + 50 + 100) / (20 + 100)
        {"with_reactivation": round(190 / 120, 4), "without_reactivation": 0.75},
    ),
    (
        "cohort_floor",
        lambda: subscriptions(
            {"end": "2026-02-10"},
            {"start": "2026-02-10", "end": "2026-03-10", "amount": 60},
            {"start": "2026-03-10", "amount": 90},
        ),
        lambda book: gross_at_age(book, 2),
        {"path": 0.6, "point": 0.9},
    ),
)  # fmt: skip
