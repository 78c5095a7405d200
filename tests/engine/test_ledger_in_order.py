"""Spans that follow each other make their ledger without being sorted; it is the one that sorting makes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.engine import ledger as module
from saasmetrics.engine.ledger import ledger
from saasmetrics.engine.service import FAR
from saasmetrics.engine.spans import Spans

ACCOUNTS = 4
STEPS = st.lists(
    st.tuples(
        st.integers(0, ACCOUNTS - 1),
        st.integers(-1, 3),  # days after the span before it; before its end, where negative
        st.integers(1, 3),
        st.integers(-1, 2),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


def _spans(steps: list[tuple[int, int, int, int, bool]]) -> Spans:
    """Spans of accounts in their order, the last of each perhaps without an end."""
    rows, until = [], [10] * ACCOUNTS
    for account, gap, days, amount, open_end in sorted(steps, key=lambda step: step[0]):
        start = until[account] + gap
        until[account] = start + days
        rows.append([account, start, until[account], amount, open_end])
    for row, after in zip(rows, [*rows[1:], [ACCOUNTS]], strict=True):
        row[2] = FAR if row[4] and row[0] != after[0] else row[2]
    account, start, end, amount, _ = np.array(rows, np.int64).T
    days = (start.astype(np.int32), end.astype(np.int32))
    return Spans("mrr", pa.array(range(ACCOUNTS)), account.astype(np.int32), *days, amount)


def _said(spans: Spans, rows: np.ndarray) -> list[list[int]]:
    some = spans.pick(rows)
    made = ledger(some, some.entity, ACCOUNTS)
    return [made.account.tolist(), made.time.tolist(), made.mrr.tolist()]


@given(STEPS, st.randoms(use_true_random=False))
def test_spans_in_order_make_the_ledger_that_the_same_spans_make_in_any_order(
    steps, chance
) -> None:
    spans = _spans(steps)
    mixed = list(range(len(spans)))
    chance.shuffle(mixed)
    assert _said(spans, np.arange(len(spans))) == _said(spans, np.array(mixed))


@given(STEPS, st.randoms(use_true_random=False))
def test_keys_of_64_bits_make_the_same_ledger_as_short_ones(steps, chance) -> None:
    spans = _spans(steps)
    mixed = list(range(len(spans)))
    chance.shuffle(mixed)
    short = _said(spans, np.array(mixed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SHORT", 0)
        assert _said(spans, np.array(mixed)) == short


def test_a_price_that_stays_and_a_pause_between_spans_are_told_apart() -> None:
    entity = np.zeros(3, np.int32)
    start, end = np.array([0, 5, 9], np.int32), np.array([5, 8, FAR], np.int32)
    spans = Spans("mrr", pa.array([1]), entity, start, end, np.array([7, 7, 7], np.int64))
    made = ledger(spans, entity, 1)
    assert made.time.tolist() == [0, 8, 9]
    assert made.mrr.tolist() == [7, 0, 7]
