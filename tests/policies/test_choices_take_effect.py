"""Each alternative of each choice changes what its sentence says: on ledgers small enough to reckon by hand.

Every book runs to 30 June 2026; an amount is 100 a month where nothing else is said. `EXPECTED` holds, for a choice,
what is looked at and what each alternative makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.policies import choices

FLOWS = ("new", "reactivation", "expansion", "contraction", "churn", "pause", "fx")
Seen = Callable[[sm.Book], Any]


def subscriptions(*lines: dict[str, Any], **tables: Any) -> sm.Book:
    usual = {"customer_id": "a", "start": "2026-01-01", "end": None, "amount": 100}
    rows = [
        {"subscription_id": f"s{n}", "interval": "month", **usual, **line}
        for n, line in enumerate(lines)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(subscriptions=table, as_of="2026-06-30", currency="USD", **tables)


def flows(month: str, freq: str = "M") -> Seen:
    """What moved MRR in a month."""

    def seen(book: sm.Book) -> dict[str, float]:
        bridge = sm.revenue.bridge(book, freq=freq).df
        assert not bridge["residual"].any()
        row = bridge.set_index("period").loc[f"{month}-01"]
        return {name: round(row[name], 2) for name in FLOWS if round(row[name], 2)}

    return seen


def closing(month: str = "2026-06") -> Seen:
    """MRR at the end of a month."""

    def seen(book: sm.Book) -> float:
        found = sm.revenue.mrr(book).df.set_index("period")["value"]
        return round(float(found.get(f"{month}-01", 0.0)), 4)

    return seen


def first_day_without(book: sm.Book) -> str:
    """The day on which the last customer is gone."""
    days = sm.revenue.bridge(book, freq="D").df
    return str(days.loc[days["churn"] != 0, "period"].iloc[-1].date())


def customers(month: str) -> Seen:
    """Paying customers at the end of a month."""

    def seen(book: sm.Book) -> int:
        return int(book.movements().set_index("period").loc[f"{month}-01", "customers_closing"])

    return seen


def rate(metric: str, month: str = "2026-06", **options: Any) -> Seen:
    """A rate at the end of a month, to four digits."""

    def seen(book: sm.Book) -> float:
        module = sm.revenue if metric == "quick_ratio" else sm.retention
        found = getattr(module, metric)(book, **{"window": 1, "interval": None, **options}).df
        return round(float(found.set_index("period").loc[f"{month}-01", "value"]), 4)

    return seen


def invoices(*lines: dict[str, Any]) -> sm.Book:
    usual = {"customer_id": "a", "date": "2026-01-01", "amount": 100}
    rows = [{"invoice_id": f"i{n}", **usual, **line} for n, line in enumerate(lines)]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(invoices=table, as_of="2026-06-30", currency="USD")


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

Row = tuple[str, Callable[[], sm.Book], Seen, dict[Any, Any]]
EXPECTED: tuple[Row, ...] = (
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
        lambda book: _subtypes(book, "expansion"),
        # From 10 seats at 10 to 12 at 11: 1 x 10 and 11 x 2, or 1 x 11 and 10.5 x 2.
        {"price_first": {"price": 10, "seats": 22}, "midpoint": {"price": 11, "seats": 21}},
    ),
    (
        "churn_cause",
        lambda: subscriptions({}, {"customer_id": "b", "end": "2026-06-10", "churn_cause": "unknown"}),
        lambda book: _subtypes(book, "churn"),
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
        lambda book: _gross_at_age(book, 2),
        {"path": 0.6, "point": 0.9},
    ),
)  # fmt: skip

# Formulas of economics under each method: tests/metrics/test_economics.py, test_efficiency.py, test_lifetime_value.py
# and test_payback.py reckon each one; here only that the policy decides which one it is.
METHODS: tuple[tuple[str, str, Any], ...] = (
    ("ltv", "ltv", "method"),
    ("cac", "cac", "method"),
    ("cac_ratio", "cac_ratio", "method"),
    ("payback", "payback", "method"),
    ("magic_number", "magic_number", "method"),
    ("rule_of_40", "rule_of_40", "method"),
    ("lag", "cac", "lag"),
    ("ltv_churn_months", "ltv", "churn_months"),
)
VALUES = {"lag": (0, 2), "ltv_churn_months": (1, 3)}
ELSEWHERE = {"knowledge"}  # which rows are read at all


def _subtypes(book: sm.Book, movement: str) -> dict[str, float]:
    df = sm.revenue.movements(book, subtypes=True).df
    df = df[(df["period"] == "2026-06-01") & (df["movement"] == movement) & (df["value"] != 0)]
    return dict(zip(df["subtype"], df["value"].round(6), strict=True))


def _gross_at_age(book: sm.Book, age: int) -> float:
    df = sm.retention.cohorts(book, measure="gross").df
    return float(df.loc[df["age"] == age, "value"].iloc[0])


CASES = [
    pytest.param(choice, made, seen, value, expected, id=f"{choice}={value} ({n})")
    for n, (choice, made, seen, told) in enumerate(EXPECTED)
    for value, expected in told.items()
]


@pytest.mark.parametrize(("choice", "made", "seen", "value", "expected"), CASES)
def test_an_alternative_changes_exactly_what_it_says(
    choice: str, made: Callable[[], sm.Book], seen: Seen, value: Any, expected: Any
) -> None:
    assert seen(made().with_policy(**{choice: value})) == expected


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=150)


@pytest.mark.parametrize(("choice", "metric", "option"), METHODS)
def test_the_policy_decides_what_an_option_would(
    demo: sm.Book, choice: str, metric: str, option: str
) -> None:
    function = getattr(sm.economics, metric)
    found = {}
    for value in VALUES.get(choice) or choices()[choice]["options"]:
        under = function(demo.with_policy(**{choice: value}))
        asked = function(demo, **{option: value})
        assert under.df.equals(asked.df)
        found[value] = under.df.to_json()
    assert len(set(found.values())) > 1


def test_no_alternative_is_left_out() -> None:
    told: dict[str, set[Any]] = {name: set() for name in choices()}
    for choice, _, _, expected in EXPECTED:
        told[choice] |= set(expected)
    by_option = {choice for choice, _, _ in METHODS}
    for choice, info in choices().items():
        if choice not in by_option | ELSEWHERE:
            assert told[choice] >= set(info.get("options", {})), choice
            assert len(told[choice]) > 1, choice


def test_uplifts_cannot_be_left_out_of_a_method_that_does_not_know_them() -> None:
    book = subscriptions({}).with_policy(escalators="excluded", nrr="movements")
    with pytest.raises(sm.DataError, match='nrr="cohort"'):
        sm.retention.nrr(book, window=1)
