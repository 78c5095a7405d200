"""What is compared of two books: everything that a cache keeps, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import saasmetrics as sm
from saasmetrics.checks.worth import lines_of

MONTHS = ("2026-06", "2026-07", "2026-08", "2026-09", "2026-10")


def write(folder: Path, month: str, lines: list[tuple[Any, ...]], head: str = "") -> Path:
    """Write the file of a month."""
    rows = [head or "customer_id,month,mrr", *(",".join(map(str, line)) for line in lines)]
    file = folder / f"mrr-{month}.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


def part(folder: Path, month: str, amount: float) -> Path:
    """Write the Parquet part of a month."""
    rows = [(f"c{i}", pd.Timestamp(month).date(), amount) for i in range(4)]
    file = folder / f"{month}.parquet"
    pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]).to_parquet(file, index=False)
    return file


def panel(folder: Path, months: tuple[str, ...] = MONTHS, customers: int = 6) -> Path:
    """Write a small cube in which customers come, grow, leave and return."""
    folder.mkdir(exist_ok=True)
    for n, month in enumerate(months):
        lines = [(f"c{i}", month, 10 * i + 5 * (n % 3)) for i in range(customers) if (n + i) % 4]
        write(folder, month, lines)
    return folder


def same_arrays(one: Any, two: Any, names: tuple[str, ...]) -> None:
    for name in names:
        left, right = getattr(one, name), getattr(two, name)
        assert (left is None) == (right is None), name
        if left is not None:
            assert left.dtype == right.dtype, name
            assert np.array_equal(left, right), name


def same(one: sm.Book, two: sm.Book) -> None:
    """Require that two books say the same, rows, findings, ledger and numbers."""
    assert (one.as_of_text, one.currency) == (two.as_of_text, two.currency)
    assert list(one.tables) == list(two.tables)
    for name, table in one.tables.items():
        assert table.data.equals(two.tables[name].data), name
        assert (table.notes, table.renamed) == (two.tables[name].notes, two.tables[name].renamed)
    assert one.data_hash == two.data_hash
    found, others = one.checks.under(one.policy), two.checks.under(two.policy)
    assert list(map(str, found)) == list(map(str, others))
    for problem, other in zip(found, others, strict=True):
        assert problem == other
        mine, yours = lines_of(problem), lines_of(other)
        assert (mine is None) == (yours is None)
        assert mine is None or np.array_equal(mine, yours), problem.code
        assert problem.place == other.place
    if any(problem.severity == "error" for problem in found):
        return
    spans, theirs = one.engine.spans, two.engine.spans
    assert spans.entity_ids.equals(theirs.entity_ids)
    assert spans.notes == theirs.notes
    same_arrays(spans, theirs, ("entity", "start", "end", "amount", "line", "paused"))
    same_arrays(one.engine.entities, two.engine.entities, ("account", "time", "mrr", "paused"))
    for ask in (sm.retention.nrr, sm.revenue.bridge):
        pd.testing.assert_frame_equal(ask(one).df, ask(two).df, check_exact=True)
