"""What was billed when: every interval on its first day, against a walk from bill to bill."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.cash import cash_by_cohort

DAYS = st.integers(0, 900).map(lambda n: pd.Timestamp("2023-01-01") + pd.Timedelta(days=n))
LINE = st.tuples(
    st.sampled_from("abc"),
    DAYS,
    st.sampled_from([None, 20, 31, 365, 366, 500]),
    st.sampled_from(["month", "quarter", "year"]),
    st.sampled_from([1, 2]),
)
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def walked(lines, book: sm.Book) -> dict[tuple[int, int], int]:
    """Go from bill to bill of every line; cell by the customer's first month at whose end it pays, and age."""
    lives = book.engine.rows("lifetimes", freq="M")
    _, _, full = book.engine.extent("M")
    ends = book.engine.lives("M")
    ids = book.engine.spans.entity_ids.to_pylist()
    cohort = {ids[a]: int(c) for a, c in zip(ends["account"], ends["cohort"], strict=True)}
    assert len(lives) == len(cohort)
    out: dict[tuple[int, int], int] = {}
    for who, start, length, interval, count in lines:
        if who not in cohort:
            continue
        end = pd.Timestamp("2025-12-31") + pd.Timedelta(days=1)
        if length is not None:
            end = min(end, start + pd.Timedelta(days=length))
        step, number = MONTHS[interval] * count, 0
        while (day := start + pd.DateOffset(months=step * number)) < end:
            month = (day.year - 1970) * 12 + day.month - 1
            age = max(month - cohort[who], 0)
            if cohort[who] + age <= full:
                cell = cohort[who], age
                out[cell] = out.get(cell, 0) + 1_200 * step * 1_000_000
            number += 1
    return out


@given(st.lists(LINE, min_size=1, max_size=8))
def test_bills_are_those_of_a_walk_from_bill_to_bill(lines) -> None:
    who, start, length, interval, count = zip(*lines, strict=True)
    book = sm.Book(
        as_of="2025-12-31",
        subscriptions={
            "subscription_id": [f"s{n}" for n in range(len(lines))],
            "customer_id": list(who),
            "start": [day.date() for day in start],
            "end": [
                None if n is None else (day + pd.Timedelta(days=n)).date()
                for day, n in zip(start, length, strict=True)
            ],
            "amount": [1_200.0 * MONTHS[i] * c for i, c in zip(interval, count, strict=True)],
            "interval": list(interval),
            "interval_count": list(count),
        },
    )
    cube, _ = cash_by_cohort(book.engine, ())
    first, _, _ = book.engine.extent("M")
    found = {(int(c) + first, int(a)): int(cube[0, c, a]) for c, a in np.argwhere(cube[0] != 0)}
    assert found == walked(lines, book)


def test_an_annual_prepayment_is_cash_in_full_in_its_first_month() -> None:
    book = sm.Book(
        as_of="2026-02-28",
        subscriptions={
            "subscription_id": ["s"],
            "customer_id": ["a"],
            "start": ["2025-01-10"],
            "amount": [1200.0],
            "interval": ["year"],
        },
        spend={
            "month": [f"2025-{m:02}" for m in range(1, 13)] + ["2026-01", "2026-02"],
            "function": ["sales"] * 14,
            "amount": [900.0] + [0.0] * 13,
        },
    )
    options = {"margin": 0.8, "lag": 0}
    cash = sm.economics.payback(book, "empirical", view="cash", **options)
    margin = sm.economics.payback(book, "empirical", **options)
    # cash: 1,200 less 20 in January; margin: 80 a month, 900 after 12 months
    assert cash.df["value"].tolist()[0] == 1
    assert margin.df["value"].tolist()[0] == 12
