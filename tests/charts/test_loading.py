"""A first chart does not wait for what it never asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

DRAWN = "import sys; from saasmetrics import charts; charts.CHARTS; "


def test_a_first_chart_compiles_no_grammar_of_web_addresses(
    fresh_python: Callable[..., str],
) -> None:
    assert fresh_python(DRAWN + "print('jsonschema' in sys.modules, 'lark' in sys.modules)") == (
        "True False"
    )


def test_web_addresses_are_still_checked_for_who_asks(fresh_python: Callable[..., str]) -> None:
    pytest.importorskip("rfc3987_syntax", reason="JupyterLab brings it")
    asked = "from jsonschema import FormatChecker as F; "
    said = "print([F().conforms(x, 'iri') for x in ('http://a.b/', 'a b')])"
    assert fresh_python(DRAWN + asked + said) == "[True, False]"
