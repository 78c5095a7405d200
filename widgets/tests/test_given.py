"""Whatever a browser or a cell gives a widget: it is refused in words, and the widget still answers."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

import saasmetrics as sm
import saasmetrics_widgets as sw

ODD: tuple[Any, ...] = (
    *([], {}, ["a"], {"a": 1}, None, float("nan"), float("inf"), 10**400, -1, 2.5, True),
    *("", "x", "a" * 5000, "\ud83d", "1900-01-01", "9999-12-31", "2026Q9"),
)
WIDGETS = (
    *("Explorer", "DefinitionSwitch", "CohortReview", "SurvivalExplorer"),
    *("UnitEconomics", "RenewalDesk", "SuccessBoard", "CapacityPlanner"),
)
ASIDE = ("of", "period", "movement", "cohort", "age", "group", "customer", "step", "band", "rule")


@cache
def opened(name: str) -> Any:
    return getattr(sw, name)(sm.demo(customers=60))


def picks(widget: Any) -> list[dict[str, Any]]:
    """Return one selection of every kind that the widget offers, first those of its cards."""
    found = [card["pick"] for card in widget.view["cards"] if card.get("pick")]
    for row in widget.layout:
        for panel in (getattr(widget, name) for name, _ in row if name != "table"):
            shapes = json.loads(panel["scene"])["shapes"] if panel else []
            found += [shape["pick"] for shape in shapes if "pick" in shape][:1]
    return list({(pick["of"], *sorted(pick)): pick for pick in found}.values())


@pytest.mark.parametrize("name", WIDGETS)
def test_odd_controls_are_refused_in_words_and_the_widget_still_answers(name: str) -> None:
    widget = opened(name)
    start, logged = dict(widget.controls), []
    widget.log.addFilter(logged.append)
    for key in start:
        for value in ODD:
            wanted = {**start, key: value}
            with suppress(sm.DataError):
                widget.controls = wanted
            assert set(widget.controls) == set(start)
            widget.set_state({"controls": wanted})
            json.dumps([widget.view, widget.controls], allow_nan=False).encode()
            widget.controls = start
    widget.set_state({"controls": {"nothing": 1}})
    assert "control" in widget.view["error"]
    widget.set_state({"controls": [1]})
    assert widget.controls == start
    assert not logged
    widget.controls = {**start}
    assert widget.view["headline"]


@pytest.mark.parametrize("name", WIDGETS)
def test_odd_selections_give_an_empty_table_with_the_reason(name: str) -> None:
    widget = opened(name)
    known = picks(widget)
    odd = [{}] + [{**pick, key: value} for pick in known for key in pick for value in ODD]
    odd += [{"of": of, key: v} for of in ("x", [], *widget.traits()) for key in ASIDE for v in ODD]
    for selection in odd:
        widget.selection = selection
        assert widget.table["message"] or widget.rows, selection
        assert "Error:" not in widget.table["message"]
        widget.lookup = {"sort": ["x"], "search": 3}
    for pick in known:
        widget.selection = pick
        assert widget.table["message"] or len(widget.rows)
    widget.selection = {}


def test_controls_that_the_browser_may_not_set_stay_as_they_were_and_it_is_said() -> None:
    widget = opened("Explorer")
    before = widget.controls
    widget.set_state({"controls": {**before, "measure": ["net"]}})
    assert widget.controls == before
    assert "measure" in widget.view["error"]
    widget.set_state({"controls": {**before, "measure": "net"}})
    assert (widget.controls["measure"], widget.view["error"]) == ("net", "")
    widget.controls = before


def test_a_selection_stays_odd_without_a_trace_when_controls_change() -> None:
    widget = opened("Explorer")
    widget.selection = {"of": [], "period": {}}
    widget.controls = {**widget.controls, "measure": "gross"}
    assert (widget.selection, widget.view["error"]) == ({}, "")


@pytest.mark.parametrize(
    ("name", "trait", "wrong"),
    [
        ("CohortReview", "notes", [{"text": None, "cohort": "2025-01-01"}]),
        ("UnitEconomics", "scenarios", [{"name": "x", "churn": []}]),
    ],
)
def test_lists_that_the_browser_may_not_set_stay_as_they_were(name, trait, wrong) -> None:
    widget = opened(name)
    for value in (wrong, [None], "x", None):
        widget.set_state({trait: value})
        assert getattr(widget, trait) == []
        assert widget.view["error"]
