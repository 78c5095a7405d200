"""The review of cohorts: what is not seen yet is no 0, two cohorts have their test, and notes are kept."""

from __future__ import annotations

import json
import time

import pytest

import saasmetrics as sm
from saasmetrics_widgets import CohortReview


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=150)


@pytest.fixture
def review(book) -> CohortReview:
    return CohortReview(book, freq="Q")


def shapes(panel) -> list[dict]:
    return json.loads(panel["scene"])["shapes"]


CELL = {"of": "cohorts", "cohort": "2025-01-01", "age": 2}


def test_cells_not_seen_and_not_over_look_apart_and_cannot_be_chosen(review) -> None:
    df = sm.retention.cohorts(review.book, freq="Q").df
    dashed = [s for s in shapes(review.cohorts) if s.get("dash") == "2 2"]
    assert len(dashed) == (df["state"] == "immature").sum()
    assert any(s.get("fill") == "hatch" for s in shapes(review.cohorts))
    picked = {
        (s["pick"]["cohort"], s["pick"]["age"]) for s in shapes(review.cohorts) if "pick" in s
    }
    seen = df[df["observed"]]
    assert picked == {
        (f"{c:%Y-%m-%d}", a) for c, a in zip(seen["cohort"], seen["age"], strict=True)
    }


def test_the_average_stands_above_with_its_interval(book) -> None:
    found = CohortReview(book, freq="Q", ages=12)
    average = sm.retention.cohorts(book, freq="Q").extra["average"].set_index("age").loc[4]
    text = f"{average['low'] * 100:.0f}–{average['high'] * 100:.0f}"
    assert text in [s["text"] for s in shapes(found.cohorts) if s["k"] == "text"]


def test_two_cohorts_are_compared_by_the_test_of_the_library(review) -> None:
    review.controls = {**review.controls, "a": "2024-01-01", "b": "2024-10-01"}
    same = sm.retention.compare_cohorts(review.book, "2024-01-01", "2024-10-01", freq="Q")
    words = same.extra["headline"]
    for name, text in zip(same.extra["names"], ("Q1 2024", "Q4 2024"), strict=True):
        words = words.replace(name, text)
    assert review.view["answer"] == f"{words}."
    review.selection = {"of": "pair", "age": 3, "group": "B"}
    rows = same.rows(age=3, cohort="b")
    assert sorted(review.customers["customer_id"]) == sorted(rows["customer_id"])
    assert {"of": "cohorts", "cohort": "2024-10-01", "age": 3} in review.linked


def test_a_segment_has_a_test_of_its_own(book) -> None:
    found = CohortReview(
        book, freq="Q", column="segment", value="SMB", a="2024-01-01", b="2024-04-01"
    )
    tests = sm.retention.compare_cohorts(
        book, "2024-01-01", "2024-04-01", freq="Q", by="segment"
    ).extra["tables"]["Tests"]
    difference = tests.loc[tests["segment"] == "SMB", "difference"].iloc[0]
    assert f"{abs(difference) * 100:.1f} points" in found.view["answer"]


def test_a_cohort_of_nobody_says_so_in_its_panel() -> None:
    months = [f"2026-0{month}" for month in range(1, 7)]
    rows = {"customer_id": ["a"] * 6 + ["b"] * 4, "month": months + months[2:], "mrr": [10] * 10}
    found = CohortReview(sm.Book(mrr=rows), freq="M", a="2026-02-01", b="2026-01-01")
    assert found.view["error"] == ""
    assert "Nobody is in the cohort" in found.pair["scene"]


def test_what_is_written_is_kept_with_the_chosen_cell_and_cohort(review) -> None:
    review.selection = CELL
    review._answer(review, {"ask": "note", "name": "cell", "value": " Price rise "}, [])
    review._answer(review, {"ask": "note", "name": "cohort", "value": "Fair in May"}, [])
    assert [(n["cohort"], n["age"], n["text"]) for n in review.notes] == [
        ("2025-01-01", 2, "Price rise"),
        ("2025-01-01", None, "Fair in May"),
    ]
    assert [form["value"] for form in review.view["forms"]] == ["Price rise", "Fair in May"]
    assert [s["pick"]["age"] for s in shapes(review.noted) if "pick" in s] == [0, 2]
    review.note("", cohort="2025-01-01", age=2)
    assert [n["text"] for n in review.notes] == ["Fair in May"]


def test_a_note_belongs_to_the_segment_and_the_frequency_it_was_made_in(review) -> None:
    review.note("Price rise", cohort="2025-01-01", age=2)
    review.controls = {**review.controls, "freq": "M"}
    assert review.noted == {}
    review.controls = {**review.controls, "freq": "Q"}
    assert review.noted["title"] == "1 note"


def test_a_review_is_saved_and_opened_again(review, tmp_path) -> None:
    review.note("Größer als “erwartet”", cohort="2025-01-01", age=2)
    review.controls = {**review.controls, "measure": "gross"}
    path = review.save(tmp_path / "review.json")
    found = CohortReview.load(review.book, path)
    assert (found.controls, found.notes) == (review.controls, review.notes)
    assert [p.name for p in tmp_path.iterdir()] == ["review.json"]


def test_a_review_of_another_book_keeps_its_notes(review, tmp_path) -> None:
    review.controls = {**review.controls, "column": "segment", "value": "SMB"}
    review.note("Kept", cohort="2025-01-01")
    path = review.save(tmp_path / "review.json")
    rows = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 10]}
    found = CohortReview.load(sm.Book(mrr=rows), path)
    assert found.controls["column"] == ""
    assert found.notes[0]["text"] == "Kept"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"saasmetrics": "unit economics", "version": 1}']
)
def test_a_file_that_is_no_review_is_refused(book, tmp_path, text) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(sm.DataError, match="no cohort review"):
        CohortReview.load(book, path)


def test_a_file_of_a_later_version_or_none_is_refused(book, tmp_path) -> None:
    later = tmp_path / "later.json"
    later.write_text('{"saasmetrics": "cohort review", "version": 9}', encoding="utf-8")
    with pytest.raises(sm.DataError, match="version 9"):
        CohortReview.load(book, later)
    with pytest.raises(sm.DataError, match="cannot be read"):
        CohortReview.load(book, tmp_path / "none.json")


def test_notes_that_are_none_are_refused(review) -> None:
    with pytest.raises(sm.DataError, match="is no note"):
        review.notes = [{"text": "of nothing"}]
    assert review.notes == []


@pytest.mark.parametrize(
    "kept", ["null", "{}", '"text"', '[{"text": null, "cohort": "2025-01-01"}]']
)
def test_a_file_with_notes_that_are_none_is_refused(book, tmp_path, kept) -> None:
    path = tmp_path / "wrong.json"
    whole = '{"saasmetrics": "cohort review", "version": 1, "controls": {}, "notes": %s}'
    path.write_text(whole % kept, encoding="utf-8")
    with pytest.raises(sm.DataError, match="note"):
        CohortReview.load(book, path)


def test_a_file_that_never_ends_or_is_nested_without_end_is_refused(book, tmp_path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000, encoding="utf-8")
    for path in (deep, "/dev/zero", tmp_path):
        with pytest.raises(sm.DataError):
            CohortReview.load(book, path)


def test_a_note_has_a_day_an_age_and_a_text_that_can_be_kept(review) -> None:
    for wrong in ({"age": float("inf")}, {"age": 1.5}, {"cohort": "soon"}, {"text": ["a"]}):
        with pytest.raises(sm.DataError, match="is no note"):
            review.notes = [{"text": "a", "cohort": "2025-01-01", "age": 1, **wrong}]
    review.note("Fair \ud83d in May", cohort="2025-01-01")
    assert review.notes[0]["text"] == "Fair ? in May"


def test_many_notes_are_drawn_at_once(book) -> None:
    days = [*CohortReview(book, freq="M")._choices.periods("M")][:40]
    many = [
        {"text": "a", "cohort": day, "age": age, "freq": "M"} for day in days for age in range(20)
    ]
    review = CohortReview(book, freq="M")
    start = time.process_time()
    review.notes = many
    assert time.process_time() - start < 2
    assert review.noted["title"] == "800 notes"
