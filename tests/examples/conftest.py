from __future__ import annotations

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "examples"
FILES = ("revenue.json", "success.json")


@pytest.fixture(scope="session")
def published():
    """The published entries by id."""
    missing = [name for name in FILES if not (FOLDER / name).exists()]
    if missing:
        pytest.skip(
            f"the published examples (../shared/examples: {', '.join(missing)}) are not here"
        )
    entries = [e for name in FILES for e in json.loads((FOLDER / name).read_text("utf-8"))]
    by_id = {entry["id"]: entry for entry in entries}
    assert len(by_id) == len(entries), "two published examples have one id"
    return by_id


@pytest.fixture
def example(request, published):
    """The published entry that the test is named by."""
    return published[request.node.name.removeprefix("test_")]
