"""Health and support cost a bounded multiple of reading their files, whatever the size."""

from __future__ import annotations

from tests.bench.health import measured

MOST = 40  # times reading the files; 12 on a quiet machine


def test_health_and_support_cost_a_bounded_multiple_of_reading_the_files() -> None:
    found = measured(20_000, 2_000_000, 200_000)
    read = found.pop("reading the files")
    assert sum(found.values()) < MOST * read, found
