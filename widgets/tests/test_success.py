"""The success board: its cards, pictures and rows are those of the library."""

from __future__ import annotations

import json

import pytest

import saasmetrics as sm
from saasmetrics.errors import UnknownNameError
from saasmetrics.money import format_money
from saasmetrics_widgets.success import SuccessBoard, success_board


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=200)


@pytest.fixture(scope="module")
def board(book: sm.Book) -> SuccessBoard:
    return success_board(book)


def cards(board: SuccessBoard) -> dict[str, dict]:
    return {card["id"]: card for card in board.view["cards"]}


def marks(board: SuccessBoard, panel: str) -> list[dict]:
    scene = json.loads(getattr(board, panel)["scene"])
    return [shape for shape in scene["shapes"] if shape["k"] == "mark"]


def test_health_is_the_librarys(book: sm.Book, board: SuccessBoard) -> None:
    means = sm.success.health(book).extra["means"].iloc[0]
    assert cards(board)["health"]["value"] == f"{means['mean']:.0f}"
    assert cards(board)["risk"]["value"] == format_money(means["red_arr"])


def test_a_band_opens_to_its_customers(book: sm.Book, board: SuccessBoard) -> None:
    df = sm.success.health(book).df
    for mark in marks(board, "health"):
        board.selection = dict(mark["pick"])
        assert board.customers is not None
        assert set(board.customers["customer_id"]) == set(
            df[df["band"] == mark["pick"]["band"]]["customer_id"]
        )


def test_every_alert_is_behind_one_of_the_rules(book: sm.Book, board: SuccessBoard) -> None:
    many = 0
    for mark in marks(board, "alerts"):
        board.selection = dict(mark["pick"])
        many += len(board.customers) if board.customers is not None else 0
    assert many == len(sm.success.alerts(book).df)


def test_the_worklist_says_that_the_uplift_is_unknown_until_it_is_given(
    board: SuccessBoard,
) -> None:
    assert "unknown" in board.worklist["note"]
    board.controls = {**board.controls, "uplift": 2}
    assert "per hour" in board.worklist["note"]
    assert "uplift=0.02" in board.worklist["code"]
    board.controls = {**board.controls, "uplift": 0}


def test_targets_can_be_those_of_each_csm(book: sm.Book, board: SuccessBoard) -> None:
    board.controls = {**board.controls, "scope": "csm"}
    df = sm.success.targets(book, by="csm").df
    known = df[df["attainment"].notna()]
    met = int((known["attainment"] >= 1).sum())
    assert cards(board)["targets"]["value"] == f"{met} of {len(known)}"
    board.controls = {**board.controls, "scope": ""}


@pytest.mark.parametrize("column", ["csm_id", "pod_id"])
def test_customers_can_be_those_of_a_csm_or_a_pod(book: sm.Book, column: str) -> None:
    value = min(set(book.tables["customers"].data[column].drop_null().to_pylist()))
    board = SuccessBoard(book, column=column, value=value)
    own = sm.success.health(book.where(**{column: value})).extra["means"].iloc[0]
    assert cards(board)["health"]["value"] == f"{own['mean']:.0f}"
    assert board.view["headline"].startswith(
        f"Customer success, {value} ({'CSM' if column == 'csm_id' else 'Pod'})"
    )
    assert column not in book.explore()._views.choices.columns


def test_an_earlier_day_is_the_book_of_that_day(book: sm.Book, board: SuccessBoard) -> None:
    day = list(board._days())[2]
    board.controls = {**board.controls, "as_of": day}
    means = sm.success.health(book.as_of(day)).extra["means"].iloc[0]
    assert cards(board)["health"]["value"] == f"{means['mean']:.0f}"
    board.controls = {**board.controls, "as_of": book.as_of_text}


def test_the_code_of_a_selection_gives_its_rows(book: sm.Book, board: SuccessBoard) -> None:
    board.selection = dict(marks(board, "health")[0]["pick"])
    first, second = board.table["code"].splitlines()
    space = {"sm": sm, "book": book}
    exec(first, space)
    assert len(eval(second, space)) == len(board.customers)


def test_a_book_without_tables_says_what_to_add() -> None:
    board = SuccessBoard(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}))
    assert "usage" in cards(board)["health"]["note"]
    assert "targets" in cards(board)["targets"]["note"]


def test_unknown_controls_are_refused(book: sm.Book) -> None:
    with pytest.raises(UnknownNameError, match="uplift"):
        SuccessBoard(book, uplift=7)
    with pytest.raises(UnknownNameError, match="scope"):
        SuccessBoard(book, scope="region")
