from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared" / "examples" / "revenue.json"


@cache
def published():
    return {entry["id"]: entry for entry in json.loads(PUBLISHED.read_text("utf-8"))}


@pytest.fixture
def example(request):
    """The published entry that the test is named by."""
    if not PUBLISHED.exists():
        pytest.skip("the published examples (../shared/examples/revenue.json) are not here")
    return published()[request.node.name.removeprefix("test_")]
