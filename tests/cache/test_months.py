"""Months that are added, changed and taken away: always what a fresh read says, to the last bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from tests.cache.books import same, write
from tests.properties.profile import quick

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-06")
HEADS = ("customer_id,month,mrr", "customer_id,month,mrr,plan")

customer = st.integers(0, 5).map("c{}".format)
amount = st.sampled_from([0, 0, 5, 10, 10, 20, 0.01, -3])


@st.composite
def month(draw: st.DrawFn) -> tuple[str, list[tuple[Any, ...]], str]:
    """Return a month with its lines: most clean, some with lines twice, below zero, or of another month."""
    name = draw(st.sampled_from(MONTHS))
    customers = draw(st.lists(customer, min_size=1, max_size=6, unique=draw(st.booleans())))
    clean = draw(st.booleans())
    lines = []
    for who in customers:
        paid = draw(amount)
        when = name if clean else draw(st.sampled_from([name, name, name, name, MONTHS[0]]))
        lines.append((who, when, abs(paid) if clean else paid))
    head = draw(st.sampled_from((HEADS[0],) * 4 + HEADS[1:]))
    return name, [(*line, "pro") for line in lines] if head == HEADS[1] else lines, head


def read(folder: Path, **how: Any) -> sm.Book | str:
    try:
        return sm.read(folder, **how)
    except sm.DataError as error:
        return str(error)


@settings(quick, max_examples=quick.max_examples * 2 // 5)
@given(st.lists(month(), min_size=2, max_size=6), st.booleans())
def test_after_every_change_a_kept_book_is_a_fresh_one(
    changes: list[tuple[str, list[tuple[Any, ...]], str]], in_time: bool
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, kept = Path(place, "exports"), Path(place, "kept")
        folder.mkdir()
        for name, lines, head in sorted(changes, key=lambda c: c[0]) if in_time else changes:
            write(folder, name, lines, head)
            one, two = read(folder, cache=kept), read(folder)
            if isinstance(one, str) or isinstance(two, str):
                assert one == two
            else:
                same(one, two)
