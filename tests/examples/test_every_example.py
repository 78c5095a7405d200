from __future__ import annotations

import ast
from pathlib import Path

# own_divergence is test_divergence_ledger.py, number by number; the others are about health scores and about what
# customer success changed, and have their tests where those are
ELSEWHERE = {
    "own_divergence",
    "health_audit_recall",
    "health_null_renormalise",
    "cs_touch_confounding_sim",
}
# Models that the library does not have yet: purchases without contract
NOT_YET = {"bgnbd_cdnow", "gamma_gamma_cdnow"}


def test_every_published_example_has_a_test_of_its_name(published):
    written = {
        node.name.removeprefix("test_")
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert set(published) - ELSEWHERE - NOT_YET - written == set()
    assert not NOT_YET & written, "take these out of NOT_YET"
