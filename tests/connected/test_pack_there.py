"""The same board pack from tables here and from tables that stay where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from tests.connected.natives import WAYS, connected

# What says where the numbers come from, and the page about the data, which says where they were looked through.
OF_THE_DATA = ("data_hash",)


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=100)


def saved(book: sm.Book, file: Path) -> Any:
    """Return the pack as its file holds it."""
    sm.board.pack(book).save(file)
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def packs(local: sm.Book, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("packs")
    told = {"as_of": local.as_of_text, "currency": "USD"}
    books = {"here": local} | {way: connected(local.tables, way, **told) for way in WAYS}
    return {way: saved(book, folder / f"{way}.json") for way, book in books.items()}


def differences(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Say where two packs differ; floats are the same to a billionth, as their sums depend on the order of rows."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = sorted({*ours, *theirs} - {*OF_THE_DATA})
        return [d for k in keys for d in differences(ours.get(k), theirs.get(k), f"{place}.{k}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, f"{place}[{i}]")]
    both = isinstance(ours, float) and isinstance(theirs, (int, float))
    same = ours == pytest.approx(theirs, rel=1e-9, abs=1e-6) if both else ours == theirs
    return [] if same else [f"{place}: {str(ours)[:80]} | {str(theirs)[:80]}"]


def without_data_page(pack: Any) -> Any:
    return {**pack, "pages": [page for page in pack["pages"] if page["id"] != "quality"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_connected_book_makes_the_same_pack(packs: dict[str, Any], way: str) -> None:
    ours, theirs = (without_data_page(packs[which]) for which in ("here", way))
    assert len(ours["pages"]) > 8
    assert not differences(ours, theirs)


def test_packs_of_two_systems_are_the_same_to_the_last_byte(packs: dict[str, Any]) -> None:
    assert json.dumps(packs["polars"]) == json.dumps(packs["duckdb"])
