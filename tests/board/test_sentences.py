"""Sentences on what moved a number: in words that pull the way the number went."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from saasmetrics.board.sentences import causes


def test_a_rate_is_up_by_less_churn_and_down_by_fewer_new_customers() -> None:
    rows = {"churn_voluntary": 0.122, "paused": 0.01, "seats": -0.03, "new": -0.02}
    steps = pd.DataFrame({"step": [*rows], "value": [*rows.values()]})
    drivers: Any = SimpleNamespace(extra={"steps": steps, "unit": "ratio"})
    assert causes(drivers, "EUR") == (
        "Up by less voluntary churn (+12.2 pp) and fewer pauses (+1.0 pp); "
        "down by seats (−3.0 pp) and fewer new customers (−2.0 pp)."
    )


def test_what_churn_took_stays_churn() -> None:
    steps = pd.DataFrame({"step": ["new", "churn_unknown"], "value": [4e6, -5e5]})
    drivers: Any = SimpleNamespace(extra={"steps": steps, "unit": "money"})
    said = causes(drivers, "EUR")
    assert said.startswith("Up by new customers (")
    assert "; down by churn of unknown cause (" in said
