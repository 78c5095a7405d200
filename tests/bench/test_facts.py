"""Reading a fact table in parts costs a small multiple of reading its columns, and memory that follows what changes."""

from __future__ import annotations

import time
from pathlib import Path

import saasmetrics as sm
from tests.bench.facts import columns, write
from tests.tables.facts.panels import in_parts

ROWS = 500_000
RATIO = 5.0  # 2 at ten million rows; here what is done once per file weighs more


def test_reading_in_parts_costs_a_few_times_reading_the_columns(tmp_path: Path) -> None:
    file = write(tmp_path, ROWS)
    ratios = []
    with in_parts(1 << 18):
        sm.read(file.parent)  # imports apart
        for _ in range(3):
            begin = time.process_time()
            columns(str(file))
            middle = time.process_time()
            book = sm.read(file.parent)
            ratios.append((time.process_time() - middle) / (middle - begin))
    assert min(ratios) <= RATIO, ratios
    assert len(book.tables["mrr"].data) * 20 < book.tables["mrr"].rows
