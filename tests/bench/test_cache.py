"""What a cache saves, as a ratio of processor time on a small cube."""

from __future__ import annotations

from pathlib import Path

from tests.bench.cache import of_months, panel

AGAIN, MONTH = 0.35, 0.6  # a tenth and a quarter at 36 files of 50 thousand customers


def test_reading_again_and_a_new_month_cost_a_fraction(tmp_path: Path) -> None:
    (tmp_path / "months").mkdir()
    files = panel(tmp_path / "months", 20_000, 13)
    found = of_months(tmp_path, files)
    assert found["again"] <= AGAIN * found["without"], found
    assert found["month"] <= MONTH * found["fresh"], found
