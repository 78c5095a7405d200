from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm

PUBLISHED = Path(__file__).parents[4] / "shared" / "examples" / "success.json"


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """The published entries about customer success by id."""
    if not PUBLISHED.exists():
        pytest.skip("the published examples (../shared/examples/success.json) are not here")
    return {entry["id"]: entry for entry in json.loads(PUBLISHED.read_text("utf-8"))}


@pytest.fixture(scope="session")
def demo() -> sm.Book:
    """The demo company at its usual size: twelve CSMs."""
    return sm.demo()


@pytest.fixture(scope="session")
def programme(demo: sm.Book) -> Any:
    """The effect of the success plan, whose order was drawn by lot, with all rungs beside it."""
    return sm.success.attribution(
        demo, "success_plan", cluster="csm_id", randomized=True, method="all", naive=True
    )
