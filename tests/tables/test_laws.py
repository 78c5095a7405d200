"""Laws that hold for every table."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from saasmetrics.tables import gate, normalize

IDS = st.text("ab1 ", min_size=1, max_size=3) | st.integers(1, 9)
DATES = st.dates(dt.date(1980, 1, 1), dt.date(2050, 1, 1))
MONEY = st.floats(-1e6, 1e6) | st.none()
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Subscription": IDS,
            "Account ID": IDS,
            "start_date": DATES,
            "end_date": DATES | st.none(),
            "amount": MONEY,
            "billing": st.sampled_from(["monthly", "Yearly", "odd", None]),
            "ccy": st.sampled_from(["usd", "EUR", "xx", None]),
            "Some Flag": st.booleans() | st.none(),
        }
    ),
    min_size=1,
    max_size=12,
)


def frame_of(rows):
    return pd.DataFrame(rows).rename(columns={"billing": "billing_frequency"})


@given(ROWS)
@settings(max_examples=50, deadline=None)
def test_normalizing_never_changes_the_frame_of_the_caller(rows):
    frame = frame_of(rows)
    before = frame.copy(deep=True)
    normalize("subscriptions", frame)
    assert_frame_equal(frame, before)


@given(ROWS)
@settings(max_examples=50, deadline=None)
def test_every_row_in_is_a_row_out_in_the_same_order(rows):
    table = normalize("subscriptions", frame_of(rows))
    assert table.data["start"].to_pylist() == [row["start_date"] for row in rows]
    assert table.data["amount"].to_pylist() == [row["amount"] for row in rows]
    ids = [str(row["Account ID"]) for row in rows]
    assert [str(value) for value in table.data["customer_id"].to_pylist()] == [
        name if name.strip() else "None" for name in ids
    ]


@given(ROWS)
@settings(max_examples=50, deadline=None)
def test_normalizing_twice_changes_nothing_more(rows):
    once = normalize("subscriptions", frame_of(rows))
    assert normalize("subscriptions", once.data).data.equals(once.data)


@given(ROWS)
@settings(max_examples=50, deadline=None)
def test_the_gate_takes_whatever_was_read_and_shows_what_it_counts(rows):
    table = normalize("subscriptions", frame_of(rows))
    for problem in gate.check({"subscriptions": table}, as_of="2026-06-30", currency="USD"):
        assert problem.code
        assert problem.severity in ("error", "warning", "note")
        assert problem.rows <= len(rows)
        assert len(problem.examples) <= min(problem.rows, 3)
        assert str(problem)


CELLS = st.lists(
    st.lists(st.none() | st.integers(-100, 100), min_size=3, max_size=3), min_size=1, max_size=8
)


@given(CELLS)
@settings(max_examples=50, deadline=None)
def test_melting_keeps_every_cell_that_is_filled_and_no_other(cells):
    months = ["2026-01", "Feb-26", "2026-03-31"]
    wide = pd.DataFrame(cells, columns=months, dtype="Int64")
    wide.insert(0, "customer", [f"c{n}" for n in range(len(cells))])
    filled = [float(value) for row in cells for value in row if value is not None]
    assert normalize("mrr", wide).data["mrr"].to_pylist() == filled
