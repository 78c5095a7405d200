"""Ratios of processor time of curves and fits at a million lives; never seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.survival", "1000000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("model", ["weibull", "sbg", "bdw"])
def test_a_fit_from_counts_is_500_times_as_fast_as_lifelines_on_rows(
    found: dict[str, float], model: str
) -> None:
    assert found[f"lifelines Weibull over {model}"] >= 500  # figure P11


def test_curves_with_bands_are_faster_than_lifelines_with_the_counting_and_far_so_without(
    found: dict[str, float],
) -> None:
    # 15 to 17 with the counting and 4,900 without, when this was written
    assert found["lifelines curves over count and curves"] >= 10
    assert found["lifelines curves over curves"] >= 1000


def test_once_counted_a_million_customers_cost_what_ten_thousand_do(
    found: dict[str, float],
) -> None:
    assert found["million over 10 thousand"] < 1.5


def test_lifetime_value_of_20_segments_costs_at_most_twice_as_much_for_66_times_the_customers(
    found: dict[str, float],
) -> None:
    assert found["LTV of many over few"] < 2
