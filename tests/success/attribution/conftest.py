from __future__ import annotations

from typing import Any

import pytest

import saasmetrics as sm


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
