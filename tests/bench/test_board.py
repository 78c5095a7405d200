"""What a board pack costs does not grow with the rows behind it where it need not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.board import COMPUTING, measured

FEW, MANY = 5_000, 50_000  # subscriptions; of the few nearly every row stands in the workbook
PAGES = ("summary", "cohorts")  # the one that says the most of few, and the one with most cells


@pytest.fixture(scope="module")
def runs() -> dict[int, dict[str, Any]]:
    measured(500, PAGES, ("xlsx",))  # what is loaded on first use
    return {rows: measured(rows, PAGES, ("xlsx",)) for rows in (FEW, MANY)}


def test_a_workbook_of_ten_times_the_customers_is_not_larger(runs: dict[int, Any]) -> None:
    assert runs[MANY]["sizes"]["xlsx"] < 1.3 * runs[FEW]["sizes"]["xlsx"]


def test_a_workbook_of_ten_times_the_customers_is_written_as_fast(runs: dict[int, Any]) -> None:
    few, many = (runs[rows]["steps"]["xlsx"][0] for rows in (FEW, MANY))
    assert many < 1.6 * few


def test_a_pack_of_ten_times_the_customers_is_computed_in_less_than_ten_times_the_time(
    runs: dict[int, Any],
) -> None:
    few, many = (runs[rows]["steps"][COMPUTING][0] for rows in (FEW, MANY))
    assert many < 10 * few
