"""The same board pack from tables here and from tables that stay where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.engine.portable import PortableEngine
from tests.connected.natives import WAYS, connected

# What says where the numbers come from, and the page about the data, which says where they were looked through.
OF_THE_DATA = ("data_hash",)


# tests/warehouse has every page of DuckDB; here it counts all where the tables are, as for many customers.
PAGES = {"polars": None, "duckdb": {"pages": ["bridge", "cohorts"]}}
USED = ("subscriptions", "customers", "fx", "contracts")


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=60).with_policy(fx="constant")


def saved(book: sm.Book, file: Path, settings: Any) -> Any:
    """Return the pack as its file holds it."""
    sm.board.pack(book, settings=settings).save(file)
    return json.loads(file.read_text(encoding="utf-8"))


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
def test_a_connected_book_makes_the_same_pack(
    local: sm.Book, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "duckdb":
        monkeypatch.setattr(PortableEngine, "few", 0)
    told = {"as_of": local.as_of_text, "currency": "USD", "policy": local.policy}
    names = local.tables if way == "polars" else USED
    tables = {name: local.tables[name] for name in names}
    books = {"here": sm.Book(**tables, **told), "there": connected(tables, way, **told)}
    ours, theirs = (
        without_data_page(saved(book, tmp_path / f"{which}.json", PAGES[way]))
        for which, book in books.items()
    )
    assert len(ours["pages"]) > 1
    assert not differences(ours, theirs)
