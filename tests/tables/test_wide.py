"""The wide customer cube."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables import normalize
from saasmetrics.tables.months import month_of_label
from saasmetrics.tables.schema import customer_words


@pytest.mark.parametrize(
    "label",
    [
        "2025-01",
        "2025_01",
        "2025/01",
        "202501",
        "2025M01",
        "Jan-25",
        "Jan 2025",
        "January 2025",
        "jan'25",
        "2025-01-31",
        "2025-01-31 00:00:00",
        "01/2025",
        "MRR 2025-01",
        "mrr_2025_01",
        "2025 Jan",
    ],
)
def test_a_label_that_means_january_2025_is_understood(label):
    assert month_of_label(label) == dt.date(2025, 1, 1)


@pytest.mark.parametrize(
    "label",
    ["2025", "mrr", "mrr_2025", "seats", "13/2025", "2025-13", "Total", "q1 2025", "plan 25", ""],
)
def test_a_label_that_is_no_month_is_none(label):
    assert month_of_label(label) is None


def melted(frame):
    return normalize("mrr", frame)


def test_a_wide_table_becomes_one_row_per_customer_and_month():
    table = melted({"customer": ["a", "b"], "Jan-25": [10, 20], "Feb-25": [11, 0]})
    assert table.data.select(["customer_id", "month", "mrr"]).to_pylist() == [
        {"customer_id": "a", "month": dt.date(2025, 1, 1), "mrr": 10.0},
        {"customer_id": "a", "month": dt.date(2025, 2, 1), "mrr": 11.0},
        {"customer_id": "b", "month": dt.date(2025, 1, 1), "mrr": 20.0},
        {"customer_id": "b", "month": dt.date(2025, 2, 1), "mrr": 0.0},
    ]


def test_columns_that_are_no_months_are_kept_for_every_month():
    table = melted({"customer": ["a"], "Segment": ["SMB"], "2025-01": [10], "2025-02": [11]})
    assert table.data["segment"].to_pylist() == ["SMB", "SMB"]


def test_timestamps_as_labels_are_months():
    frame = pd.DataFrame(
        {"customer": ["a"], pd.Timestamp("2025-01-31"): [1.0], pd.Timestamp("2025-02-28"): [2.0]}
    )
    assert melted(frame).data["mrr"].to_pylist() == [1.0, 2.0]


def test_a_pivot_of_pandas_is_read():
    long = pd.DataFrame(
        {
            "customer_id": ["a", "a"],
            "month": pd.PeriodIndex(["2025-01", "2025-02"], freq="M"),
            "mrr": [1, 2],
        }
    )
    assert melted(long.pivot_table("mrr", "customer_id", "month")).data["mrr"].to_pylist() == [
        1.0,
        2.0,
    ]


def test_empty_cells_give_no_row_and_are_counted():
    table = melted({"customer": ["a", "b"], "2025-01": [10, None], "2025-02": [None, 5]})
    assert table.num_rows == 2
    assert "2 empty cells mean no MRR" in table.notes


def test_two_columns_for_one_month_are_refused():
    with pytest.raises(InvalidTablesError) as caught:
        melted({"customer": ["a"], "2025-01-06": [1], "2025-01-13": [2]})
    assert caught.value.problems[0].code == "repeated-month"


def test_a_column_that_may_be_a_missing_month_is_refused():
    with pytest.raises(InvalidTablesError, match="'Mrch 2026'") as caught:
        melted({"customer": ["a"], "Jan 2026": [1], "Mrch 2026": [2], "Apr 2026": [3]})
    assert caught.value.problems[0].code == "unreadable-month"


@pytest.mark.parametrize(
    "labels",
    [
        "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "jan feb mrt apr mei jun jul aug sep okt nov dec",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        "jan fev mar abr mai jun jul ago set out nov dez",
    ],
)
@pytest.mark.parametrize("year", [" 2026", "-26"])
def test_months_are_read_in_the_languages_of_invoices(labels, year):
    read = [month_of_label(f"{label}{year}") for label in labels.split()]
    assert read == [dt.date(2026, n, 1) for n in range(1, 13)]


def test_months_are_read_in_japanese():
    assert month_of_label("2026年10月") == dt.date(2026, 10, 1)


@pytest.mark.parametrize("label", ["set_12", "gen 10", "out_25"])
def test_words_that_are_no_months_in_english_need_all_digits_of_the_year(label):
    assert month_of_label(label) is None


def test_cells_that_are_no_numbers_are_refused_month_by_month():
    with pytest.raises(InvalidTablesError) as caught:
        melted({"customer": ["a", "b"], "2025-01": ["1", "x"], "2025-02": ["y", "z"]})
    assert [(problem.column, problem.rows) for problem in caught.value.problems] == [
        ("2025-01", 1),
        ("2025-02", 2),
    ]


def test_a_long_table_with_month_texts_is_read():
    table = melted({"customer": ["a", "a"], "month": ["Jan-25", "2025-02"], "mrr": [1, 2]})
    assert table.data["month"].to_pylist() == [dt.date(2025, 1, 1), dt.date(2025, 2, 1)]


def test_month_ends_become_the_first_day_and_are_counted():
    table = melted({"customer": ["a"], "month_end": ["2025-01-31"], "mrr": [1]})
    assert table.data["month"].to_pylist() == [dt.date(2025, 1, 1)]
    assert "month: moved to the first day of the month in 1 row" in table.notes


def test_periods_of_pandas_are_months():
    frame = pd.DataFrame(
        {"customer": ["a"], "month": pd.PeriodIndex(["2025-01"], freq="M"), "mrr": [1]}
    )
    assert melted(frame).data["month"].to_pylist() == [dt.date(2025, 1, 1)]


def test_a_column_of_current_mrr_does_not_hide_the_months():
    table = melted({"customer": ["a"], "MRR": [9], "2025-01": [1]})
    assert (table.data["mrr"].to_pylist(), table.data["mrr_as_given"].to_pylist()) == ([1.0], [9])


@pytest.mark.parametrize("name", [word for words in customer_words().values() for word in words])
def test_the_customer_of_a_plain_cube_has_its_name_in_eight_languages(name: str) -> None:
    frame = pd.DataFrame({name.replace("_", " ").title(): ["a"], "2026-01": [5]})
    assert normalize("mrr", frame).data["customer_id"].to_pylist() == ["a"]
