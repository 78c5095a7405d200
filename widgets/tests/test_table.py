"""The table behind a selection: its sums are the cell, its code gives its rows, its texts are harmless."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics_widgets.behind import Behind, behind
from saasmetrics_widgets.located import located
from saasmetrics_widgets.table import LIMIT, arranged, as_csv, searched, table
from saasmetrics_widgets.view import Views

SELECTIONS = [
    {"of": "bridge", "period": "2026-07-01", "movement": "churn"},
    {"of": "bridge", "period": "2026-07-01", "movement": "opening"},
    {"of": "cohorts", "cohort": "2025-01-01", "age": 2},
    {"of": "survival", "age": 3},
    {"of": "arr", "period": "2026-07-01"},
    {"of": "nrr", "period": "2026-07-01"},
    {"of": "grr", "period": "2026-07-01"},
    {"of": "logo_churn", "period": "2026-07-01"},
    {"of": "ltv_cac"},
    {"of": "payback"},
]


@pytest.fixture(scope="module")
def views() -> Views:
    return Views.of(sm.demo(customers=150))


def found_by(views: Views, selection: dict, **controls) -> Behind:
    now = views.choices.settled(controls)
    return behind(views.results, located(views.choices, now, selection))


@pytest.mark.parametrize("column", [{}, {"column": "segment", "value": "SMB"}])
@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda s: "-".join(map(str, s.values())))
def test_the_code_gives_the_rows_that_are_shown(views, selection, column) -> None:
    found = found_by(views, selection, **column)
    names = {"sm": sm, "book": views.choices.book}
    *first, last = found.code.split("\n")
    if last.startswith("rows = "):
        first, last = [*first, last], "rows"
    exec("\n".join(first), names)
    rows = eval(last, names)
    assert rows["customer_id"].tolist() == found.frame["customer_id"].tolist()
    for name in found.frame.columns.drop(["customer_id", "name"], errors="ignore"):
        assert rows[name].tolist() == found.frame[name].tolist()


def test_churned_amounts_add_up_to_the_bar(views) -> None:
    found = found_by(views, SELECTIONS[0])
    bar = sm.revenue.bridge(views.choices.book, freq="Q").df.set_index("period").loc["2026-07-01"]
    assert found.frame["churn"].sum() == pytest.approx(bar["churn"], abs=1e-6)
    shown, _ = table(found, {})
    at = [column["key"] for column in shown["columns"]].index("churn")
    assert shown["sums"][at] == f"{bar['churn']:,.2f}".replace("-", "−")


@pytest.mark.parametrize(
    ("measure", "column"),
    [("logos", "customers"), ("net", "mrr"), ("gross", "floor"), ("mrr", "mrr")],
)
def test_the_customers_of_a_cohort_cell_add_up_to_it(views, measure, column) -> None:
    found = found_by(views, {"of": "cohorts", "cohort": "2025-01-01", "age": 2}, measure=measure)
    df = sm.retention.cohorts(views.choices.book, measure, freq="Q").df
    cell = df[(df["cohort"] == "2025-01-01") & (df["age"] == 2)].iloc[0]
    assert found.frame[column].sum() == pytest.approx(cell["numerator"])


def test_a_point_of_a_curve_opens_to_those_at_risk(views) -> None:
    found = found_by(views, {"of": "survival", "age": 3, "group": "SMB"}, column="segment")
    df = sm.survival.curve(views.choices.book, by="segment", freq="Q").df
    point = df[(df["segment"] == "SMB") & (df["age"] == 3)].iloc[0]
    assert len(found.frame) == point["at_risk"]


def test_names_stand_beside_ids(views) -> None:
    frame = found_by(views, SELECTIONS[4]).frame
    names = views.choices.book.frame("customers").set_index("customer_id")["name"]
    assert frame["name"].tolist() == names[frame["customer_id"]].tolist()


def test_a_selection_of_nothing_that_is_shown_is_refused(views) -> None:
    with pytest.raises(sm.DataError, match="bridge"):
        found_by(views, {"of": "brigde"})
    with pytest.raises(sm.DataError, match="movement"):
        found_by(views, {"of": "bridge", "period": "2026-07-01"})
    with pytest.raises(sm.DataError, match="churn"):
        found_by(views, {"of": "bridge", "period": "2026-07-01", "movement": "chrun"})


def made(frame: pd.DataFrame) -> Behind:
    return Behind(result=None, frame=frame, title="", code="")  # type: ignore[arg-type]


def test_only_the_first_500_rows_are_sent_but_all_are_counted_and_summed() -> None:
    frame = pd.DataFrame({"customer_id": range(1200), "mrr": [1.0] * 1200})
    shown, rows = table(made(frame), {})
    assert len(rows) == len(shown["texts"]) == LIMIT
    assert shown["count"] == "1,200 customers, first 500 listed"
    assert shown["sums"] == ["", "1,200.00"]


def test_search_finds_parts_of_ids_and_names_in_any_case() -> None:
    frame = pd.DataFrame({"customer_id": ["a1", "b2", "c3"], "name": ["Örsted", None, "A.B"]})
    assert searched(frame, "örst")["customer_id"].tolist() == ["a1"]
    assert searched(frame, "B")["customer_id"].tolist() == ["b2", "c3"]
    assert searched(frame, ".")["customer_id"].tolist() == ["c3"]


def test_losses_are_sorted_by_their_size() -> None:
    frame = pd.DataFrame({"customer_id": ["a", "b", "c"], "churn": [-1.0, -9.0, -4.0]})
    ordered = arranged(frame, "churn", descending=True)
    assert ordered["customer_id"].tolist() == ["b", "c", "a"]


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_text_in_the_csv_can_run_as_a_formula(name) -> None:
    frame = pd.DataFrame({"customer_id": [name], "name": [name], "churn": [-5.0]})
    _, row = csv.reader(io.StringIO(as_csv(frame), newline=""))
    assert row == [f"'{name}", f"'{name}", "-5.0"]


def test_missing_values_are_dashes_in_the_table_and_none_in_the_records() -> None:
    frame = pd.DataFrame({"customer_id": ["a"], "name": [None], "mrr": [float("nan")]})
    shown, rows = table(made(frame), {})
    assert shown["texts"] == [["a", "–", "–"]]
    assert rows == [{"customer_id": "a", "name": None, "mrr": None}]
