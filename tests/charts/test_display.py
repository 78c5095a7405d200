"""How charts are made and shown: quickly, and without a word of what they would not say of anybody's own charts."""

from __future__ import annotations

import altair as alt
import pytest
from altair.utils.schemapi import SchemaValidationError

import saasmetrics as sm
from saasmetrics import charts


def test_what_users_draw_of_their_own_is_checked_as_ever(demo_book: sm.Book) -> None:
    sm.retention.nrr(demo_book).chart()
    with pytest.raises(SchemaValidationError):
        alt.Axis(grid="wide")


def test_a_part_that_users_add_to_a_chart_is_checked_when_it_is_written(demo_book: sm.Book) -> None:
    chart = sm.retention.nrr(demo_book).chart()
    chart.width = "wide"
    with pytest.raises(SchemaValidationError):
        chart.to_dict()


def test_a_copy_of_a_chart_says_the_same_and_a_changed_specification_leaves_the_chart_alone(
    demo_book: sm.Book,
) -> None:
    chart = sm.retention.nrr(demo_book, by="segment").chart()
    spec = chart.to_dict()
    assert chart.copy().to_dict() == spec
    for layer in chart.to_dict()["layer"]:
        for row in layer.get("data", {}).get("values", []):
            row.clear()
    assert chart.to_dict() == spec


def test_a_function_that_draws_is_one_however_it_is_asked_for() -> None:
    assert charts.bridge is charts.bridge is charts.CHARTS["bridge"]
    assert charts.bridge.__doc__
    assert "Parameters" in charts.bridge.__doc__
