"""Charts of effects: the rung used stands out, reasons are written out, and nothing is drawn that is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics import charts
from saasmetrics.charts.theme import DARK, LIGHT


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    """One result of each kind, of a small company."""
    book, success = sm.demo(customers=600), sm.success
    programme = success.attribution(
        book, "success_plan", cluster="csm_id", randomized=True, method="all", naive=True
    )
    training = success.attribution(book, "training", method="marginal")
    return {
        "ladder": programme,
        "reasons": success.attribution(book, "training"),
        "money": programme.money(margin=0.8, cost=20_000),
        "balance": success.balance(training),
        "balance of a draw": success.balance(programme),
        "event study": success.event_study(programme),
        "levers": success.levers(book),
        "touched": success.touched_expansion(book),
    }


KINDS = ("ladder", "reasons", "money", "balance", "balance of a draw", "event study", "levers")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [*KINDS, "touched"])
def test_a_chart_of_effects_draws_in_both_themes(drawn, name, theme):
    svg = charts.to_svg(drawn[name].chart(theme=theme))
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("name", KINDS)
def test_a_chart_of_effects_says_unit_date_and_meaning(drawn, name):
    spec = drawn[name].chart(width="container").to_dict()
    assert spec["width"] == "container"
    words = " ".join(spec["title"]["subtitle"])
    assert "as of 2026-10-31" in words
    assert words.endswith(".")


@pytest.mark.parametrize("name", KINDS)
def test_a_chart_of_effects_without_rows_says_so(drawn, name):
    empty = replace(drawn[name], df=drawn[name].df.iloc[:0])
    assert "Nothing to show yet" in str(charts.CHARTS[empty.kind](empty).to_dict())


def _texts(chart: Any) -> str:
    return str(chart.to_dict())


def test_the_reason_why_a_rung_is_not_possible_is_written_out(drawn):
    assert "nobody said that the order" in _texts(drawn["reasons"].chart())


def test_an_association_is_never_in_the_color_of_a_gain(drawn):
    found = drawn["ladder"]
    df = found.df.assign(used=found.df["rung"] == "F", low=-0.01, high=0.01)
    text = _texts(replace(found, df=df).chart())
    assert LIGHT.gain not in text
    assert "an association, not an effect" in text


def test_a_lever_without_overlap_shows_the_reason_and_no_point(drawn):
    found = drawn["levers"]
    df = found.df.assign(value=np.nan, low=np.nan, high=np.nan, reason="no overlap: nobody alike")
    text = _texts(replace(found, df=df).chart())
    assert "no overlap: nobody alike" in text
    assert "No lever is proven" in text


HOSTILE = ("<script>alert(1)</script>", "Ζωή\nand\tSons " * 9, "a" * 200)
LOOKS: dict[str, Callable[[Any, str], Any]] = {
    "levers": lambda r, name: replace(r, df=r.df.assign(lever=name)),
    "balance": lambda r, name: replace(r, df=r.df.assign(covariate=name)),
    "ladder": lambda r, name: replace(r, df=r.df.assign(name=name, reason=name)),
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", LOOKS)
def test_odd_names_are_drawn_as_text(drawn, name, hostile):
    svg = charts.to_svg(LOOKS[name](drawn[name], hostile).chart(theme="dark"))
    assert "<script>" not in svg
    assert DARK.surface in svg
