from __future__ import annotations

import json
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).parents[3] / "shared" / "examples" / "success.json"


@pytest.fixture(scope="session")
def published():
    """The published entries by id."""
    if not PUBLISHED.exists():
        pytest.skip("the published examples (../shared/examples/success.json) are not here")
    return {entry["id"]: entry for entry in json.loads(PUBLISHED.read_text("utf-8"))}


@pytest.fixture
def example(request, published):
    """The published entry that the test is named by."""
    return published[request.node.name.removeprefix("test_")]
