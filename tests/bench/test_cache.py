"""What a cache saves, as a ratio of processor time on a small cube."""

from __future__ import annotations

from pathlib import Path

from tests.bench.cache import of_months, panel, seconds

AGAIN, MONTH = 0.4, 0.75  # a tenth and a quarter at 36 files of 50 thousand customers


def test_reading_again_and_a_new_month_cost_a_fraction(tmp_path: Path) -> None:
    (tmp_path / "months").mkdir()
    files = panel(tmp_path / "months", 10_000, 13)
    seconds(tmp_path / "months", None)  # so that all is imported
    runs = [of_months(tmp_path, files, seconds) for _ in range(3)]
    assert min(run["again"] / run["without"] for run in runs) <= AGAIN, runs
    assert min(run["month"] / run["fresh"] for run in runs) <= MONTH, runs
