"""A change of a control is drawn at once, however many subscriptions there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 100.0  # milliseconds that a hand on a slider does not notice; 2 to 50 when this was written


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, float]]:
    command = [sys.executable, "-m", "tests.bench.widgets", "400000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("widget", ["explorer", "switch", "review", "survival", "economics"])
def test_a_change_to_what_is_counted_costs_less_than_a_tenth_of_a_second(found, widget) -> None:
    assert found[widget]["again"] < MOST, found[widget]
