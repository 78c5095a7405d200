"""Every kind of finding is explained, and nothing else is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.checks.explained import explanation, explanations
from saasmetrics.checks.remedies import REMEDIES, choices

ROOT = Path(__file__).parents[2] / "saasmetrics"
_SLUG = re.compile(r"[a-z]+(-[a-z]+)+")
_NO_FINDINGS = {"customer-month", "e-mail", "in-app"}
_BY_READING = {"end-looks-exclusive", "end-looks-inclusive"}  # made of a word and the reading


def _slugs() -> set[str]:
    """Texts in the sources of findings that look like the code of one."""
    files = [*(ROOT / "tables/gate").glob("*.py"), *(ROOT / "checks").glob("*.py")]
    files.append(ROOT / "engine/unchanged.py")
    return {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _SLUG.fullmatch(node.value)
    } - _NO_FINDINGS


def test_every_finding_of_the_gate_and_of_the_report_is_explained() -> None:
    assert _slugs() - set(explanations()) == set()


def test_nothing_is_explained_that_is_never_found() -> None:
    words = {"credit", "repaired"}  # codes of one word
    assert set(explanations()) - _slugs() - _BY_READING == words


@pytest.mark.parametrize("code", sorted(explanations()))
def test_an_explanation_is_whole_sentences(code: str) -> None:
    told = explanation(code)
    assert told.title
    assert told.means.endswith(".")
    assert told.changes.endswith(".")


def test_a_finding_is_explained_with_what_was_found_and_its_remedies() -> None:
    rows = {"customer_id": ["a", "a "], "month": ["2026-01"] * 2, "mrr": [10.0, 20.0]}
    text = sm.Book(mrr=rows).check().explain("padded-id")
    assert text.startswith("Ids with blanks around them.")
    assert "mrr.customer_id: has blanks before or after the id, doubtful in 1 row." in text
    assert text.endswith('Remedy "strip": takes the blanks off')


def test_a_finding_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(sm.DataError, match="Did you mean 'repeated-row'"):
        sm.demo(customers=20).check().explain("repeated-rows")


def test_every_remedy_is_for_a_finding_that_is_explained_and_has_a_name_of_its_own() -> None:
    assert set(choices()) <= set(explanations())
    assert len({(one.finding, one.name) for one in REMEDIES}) == len(REMEDIES)
