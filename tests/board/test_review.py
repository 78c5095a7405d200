"""The review's numbers: the same as the library's, with what is missing named."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.board import Review
from saasmetrics.board.csvs import guarded, write_csvs
from saasmetrics.board.exhibits import Exhibit
from saasmetrics.board.shown import readable


def figure(review: Review, id: str) -> sm.board.Figure:
    return next(f for f in review.headline if f.id == id)


def test_the_headline_is_what_the_library_computes(demo_review: Review, demo_book: sm.Book) -> None:
    assert figure(demo_review, "arr").value == sm.revenue.arr(demo_book).value
    assert figure(demo_review, "nrr").value == sm.retention.nrr(demo_book).value
    assert figure(demo_review, "grr").value == sm.retention.grr(demo_book).value
    assert figure(demo_review, "logo_churn").value == sm.retention.logo_churn(demo_book).value


def test_the_change_is_against_the_same_month_a_year_earlier(
    demo_review: Review, demo_book: sm.Book
) -> None:
    df = sm.retention.nrr(demo_book).df
    then = df[df["period"] == "2025-10-01"]["value"].iloc[0]  # the demo ends in October 2026
    assert figure(demo_review, "nrr").before == then


def test_a_rate_in_the_headline_has_its_interval(demo_review: Review) -> None:
    nrr = figure(demo_review, "nrr")
    assert nrr.low is not None
    assert nrr.high is not None
    assert nrr.low < nrr.value < nrr.high  # type: ignore[operator]


def test_more_churn_is_worse_and_more_arr_is_better() -> None:
    months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(30)]
    rows = [("a", month, 100.0 + 5 * i) for i, month in enumerate(months)]
    rows += [("b", month, 40.0 if i < 20 else 0.0) for i, month in enumerate(months)]
    book = sm.Book(mrr=pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]))
    review = sm.board.review(book)
    assert figure(review, "logo_churn").value == 0.5  # b of a and b left in month 21
    assert figure(review, "logo_churn").verdict == "worse"
    assert figure(review, "arr").verdict == "better"


def test_a_section_without_its_table_says_what_to_add(tmp_path: Path) -> None:
    book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    review = sm.board.review(book)
    economics = next(s for s in review.sections if s.id == "economics")
    assert economics.exhibits == ()
    assert any("spend" in text for text in economics.missing)
    assert "spend" in figure(review, "ltv_cac").reason
    assert "Not shown." in review.to_html(tmp_path / "r.html").read_text("utf-8")


def test_tables_with_errors_are_refused_with_all_problems() -> None:
    book = sm.Book(
        subscriptions={
            "subscription_id": ["s1", "s2"],
            "customer_id": ["a", "b"],
            "start": ["2026-01-01", "2026-01-01"],
            "end": ["2025-01-01", None],  # ends before it starts
            "amount": [10.0, 20.0],
            "interval": ["month", "month"],
        }
    )
    with pytest.raises(sm.DataError, match="end"):
        sm.board.review(book)


def test_every_table_becomes_a_csv_file(demo_review: Review, tmp_path: Path) -> None:
    names = {path.stem for path in demo_review.to_csv(tmp_path / "csv")}
    wanted = {"headline", "bridge", "movements", "nrr_grr", "cohorts_logos", "cohorts_net"}
    assert wanted | {"survival", "layers", "definitions", "data_quality"} <= names
    shown = {exhibit.id for section in demo_review.sections for exhibit in section.exhibits}
    assert shown <= names


def test_numbers_of_a_csv_file_are_those_of_the_result(
    demo_review: Review, demo_book: sm.Book, tmp_path: Path
) -> None:
    demo_review.to_csv(tmp_path)
    written = pd.read_csv(tmp_path / "bridge.csv", parse_dates=["period"])
    pd.testing.assert_frame_equal(written, sm.revenue.bridge(demo_book).df, check_dtype=False)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_a_spreadsheet_would_run_is_written_as_text(start: str, tmp_path: Path) -> None:
    table = pd.DataFrame({f"{start}head": [f"{start}1+1"], "amount": [-5.0]})
    (path,) = write_csvs({"t": table}, tmp_path)
    with path.open(newline="") as file:
        head, row = list(csv.reader(file))
    assert head[0].startswith("'")
    assert row == [f"'{start}1+1", "-5.0"]


def test_negative_numbers_stay_numbers() -> None:
    assert guarded(-5.0) == -5.0


def test_a_triangle_of_the_headline_is_the_direction_of_the_change(
    demo_review: Review, demo_page: Path
) -> None:
    page = demo_page.read_text(encoding="utf-8")
    for figure in demo_review.headline:
        if figure.verdict in ("better", "worse"):
            assert f"{'▲' if figure.change.startswith('+') else '▼'} {figure.change}" in page
    worse = [f for f in demo_review.headline if f.verdict == "worse" and f.change.startswith("+")]
    better = [
        f for f in demo_review.headline if f.verdict == "better" and not f.change.startswith("+")
    ]
    assert worse or better  # of churn


def test_a_share_in_a_cell_reads_as_all_only_where_it_is_all() -> None:
    table = pd.DataFrame({"share": [0.9999, 1.0, 0.0001, 0.0]})
    cells = readable(Exhibit("concentration", "", None, None, table))[0]
    assert cells["share"].tolist() == ["99.9%", "100.0%", "0.1%", "0.0%"]


def test_a_cohort_that_lost_somebody_does_not_read_as_whole() -> None:
    day = pd.Timestamp("2025-01-01")
    table = pd.DataFrame({"cohort": [day] * 3, "age": [0, 1, 2], "value": [1.0, 0.998, 1.002]})
    result = sm.retention.cohorts(sm.demo(customers=50))
    table = table.assign(denominator=1000.0, observed=True)
    cells = readable(Exhibit("cohorts", "", result, None, table))[0]
    assert cells[["0", "1", "2"]].iloc[0].tolist() == ["100%", "99%", "100%"]


def test_the_only_paying_customer_is_not_the_largest_of_one() -> None:
    book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 5]})
    shown = [each for part in sm.board.review(book).sections for each in part.exhibits]
    titles = {each.id: each.title for each in shown}
    assert titles["largest_customers"] == "The one paying customer"
