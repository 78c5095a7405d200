"""Made-up customer-months with every fault, written as Parquet, and two books of each: read whole, and in parts."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.tables.facts import parts, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from saasmetrics.book import Book

Row = tuple[Any, ...]
AMOUNTS = (10.0, 10.0, 10.0, 12.0, 12.5, 1200.0, 0.0, -5.0, None)
CURRENCIES = ("USD", "USD", "EUR", None)
ODD_CURRENCIES = (*CURRENCIES, "XYZ", "gbp")
PLANS = ("Pro", "Pro", "Team", None)
FIRST = np.datetime64("2023-11")
RATES = {"date": ["2023-12-15", "2024-06-01"], "currency": ["EUR", "EUR"], "rate": [1.1, 1.2]}


@st.composite
def panels(draw: st.DrawFn, *, faults: bool = True) -> list[Row]:
    """Draw rows (customer, month, amount, currency, plan): terms with gaps and changes, some rows twice."""
    rows: list[Row] = []
    amounts = st.sampled_from(AMOUNTS if faults else AMOUNTS[:6])
    for customer in range(draw(st.integers(1, 7))):
        month = draw(st.integers(0, 8))
        for _ in range(draw(st.integers(1, 4))):
            amount, many = draw(amounts), draw(st.integers(1, 6))
            currency = draw(st.sampled_from(ODD_CURRENCIES if faults else CURRENCIES))
            plan = draw(st.sampled_from(PLANS))
            rows += [(customer, month + n, amount, currency, plan) for n in range(many)]
            month += many + draw(st.sampled_from((0, 0, 0, 1, -1 if faults else 0)))
    if faults and draw(st.booleans()):
        rows += draw(st.lists(st.sampled_from(rows), max_size=3))
    if faults and draw(st.booleans()):
        rows.append((0, None, 10.0, "USD", None))
    if faults and draw(st.booleans()):
        rows.append((0, draw(st.sampled_from((-900, 150, 300, 900))), 10.0, "USD", None))
    order = draw(st.sampled_from(("month", "customer", "drawn", "mixed")))
    if order == "mixed":
        return draw(st.permutations(rows))
    keys = {"month": lambda row: row[1] or 0, "customer": lambda row: (row[0], row[1] or 0)}
    return sorted(rows, key=keys[order]) if order in keys else rows


def table(rows: Sequence[Row], ids: str = "int") -> pa.Table:
    """Return rows as an Arrow table, with customers as whole numbers, far apart or not, or as text."""
    who, month, amount, currency, plan = zip(*rows, strict=True)
    days = [None if m is None else (FIRST + m).astype("datetime64[D]").astype(int) for m in month]
    names = {
        "int": lambda n: n + 1,
        "far": lambda n: (n * 7_919_000_017) - 5,
        "text": lambda n: f"c{n:03}" if n % 3 else f"c{n} ",
    }
    return pa.table(
        {
            "account": [names[ids](n) for n in who],
            "month": pa.array(days, pa.int32()).cast(pa.date32()),
            "mrr": pa.array(amount, pa.float64()),
            "currency": pa.array(currency, pa.string()),
            "plan": pa.array(plan, pa.string()),
        }
    )


@contextmanager
def in_parts(batch: int = 1 << 20) -> Iterator[None]:
    """Read even the smallest Parquet file in parts of so many rows, month by month if they are odd."""
    kept = parts.LEAST, parts.BATCH, sweep._BY_MONTH
    parts.LEAST, parts.BATCH, sweep._BY_MONTH = 0, batch, 1 if batch % 2 else kept[2]
    try:
        yield
    finally:
        parts.LEAST, parts.BATCH, sweep._BY_MONTH = kept


def books(
    data: pa.Table, batch: int = 3, others: Mapping[str, Any] | None = None, **asked: Any
) -> tuple[Book, Book]:
    """Return the book of a file read whole, and that of the file read in parts."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pq.write_table(data, place / "mrr.parquet", row_group_size=max(batch * 2, 1))
        for name, frame in (others or {}).items():
            pq.write_table(pa.table(frame), place / f"{name}.parquet")
        whole = sm.read(place, **asked)
        with in_parts(batch):
            return whole, sm.read(place, **asked)
