"""A cube that follows from another one, or from what was kept of it, is the one that is made anew."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.engine import recent
from saasmetrics.engine.cubes import Cube
from saasmetrics.engine.local import LocalEngine

ASKED: dict[str, Callable[..., Cube]] = {
    "movements": lambda engine, by, bags: engine.movements("M", by, bags),
    "pairs": lambda engine, by, bags: engine.pairs(12, "M", by, bags),
    "triangle": lambda engine, by, bags: engine.triangle("Q", by, bags),
}
CELLS = [((), 0), ((), 20), (("segment",), 0), (("segment",), 20), (("plan",), 20)]


def engine_of(book: sm.Book, **choices: str) -> LocalEngine:
    found = sm.Book(**book.tables, as_of="2026-10-31", policy=sm.Policy(**choices)).engine
    assert isinstance(found, LocalEngine)
    return found


def same(one: Cube, other: Cube) -> bool:
    measures = one.measures.keys() == other.measures.keys()
    return measures and all((one.measures[n] == other.measures[n]).all() for n in one.measures)


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize(
    "choices", [{"fx": "constant"}, {}, {"fx": "constant", "view": "event"}], ids=str
)
def test_cubes_are_the_same_whatever_was_asked_before(
    demo_book: sm.Book, kind: str, choices: dict[str, str]
) -> None:
    used = engine_of(demo_book, **choices)
    for by, bags in (*reversed(CELLS), *CELLS):
        fresh = ASKED[kind](engine_of(demo_book, **choices), by, bags)
        assert same(ASKED[kind](used, by, bags), fresh), (by, bags)


def test_the_company_is_the_sum_of_groups_that_were_asked_before(
    demo_book: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = engine_of(demo_book, fx="constant")
    used.pairs(12, "M", ("segment",), 20)
    monkeypatch.setattr("saasmetrics.engine.by_period.pairs", None)  # nothing is swept again
    assert used.pairs(12, "M", (), 20).measures["opening"].shape[0] == 20
    assert used.pairs(12, "M", (), 0).measures["opening"].shape[0] == 1


def test_cubes_beyond_a_size_are_not_kept_but_the_last(
    demo_book: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_ROOM", 1)
    used = engine_of(demo_book)
    last = [used.pairs(window) for window in (3, 6, 12)][-1]
    assert used.pairs(12) is last
    monkeypatch.setattr("saasmetrics.engine.by_period.pairs", None)
    with pytest.raises(TypeError):
        used.pairs(3)


def test_lifetimes_that_are_kept_cannot_be_written_into(demo_book: sm.Book) -> None:
    lives = engine_of(demo_book).lives("M")
    assert not any(values.flags.writeable for values in lives.values())


@pytest.mark.parametrize("fx", ["constant", "spot"])
def test_who_pays_at_the_end_of_a_period_is_who_the_bridge_closes_with(
    demo_book: sm.Book, fx: str
) -> None:
    engine = engine_of(demo_book, fx=fx)
    period = engine.extent("M")[2]
    entity, found = engine.measures("closing", period=period, freq="M")
    moved, bridge = engine.measures("movements", period=period, freq="M")
    there = bridge["closing"] != 0
    assert (entity == moved[there]).all()
    assert (found["closing"] == bridge["closing"][there]).all()
    assert np.count_nonzero(there)


def test_threads_that_ask_one_book_at_once_get_what_one_alone_gets(demo_book: sm.Book) -> None:
    asked = [("M", (), 20), ("M", ("segment",), 20), ("Q", (), 0), ("M", ("plan",), 0)] * 12
    expected = {key: engine_of(demo_book, fx="constant").pairs(2, *key) for key in set(asked)}
    engine = engine_of(demo_book, fx="constant")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda key: engine.pairs(2, *key), asked))
    finally:
        sys.setswitchinterval(interval)
    assert all(same(cube, expected[key]) for cube, key in zip(found, asked, strict=True))
