"""Columns of Parquet files that no number needs stay in their file until somebody asks for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import saasmetrics as sm
from saasmetrics.tables import needed
from saasmetrics.tables.lazy import LazyTable
from saasmetrics.tables.steady import content

ROWS = 240
CUSTOMERS = 80


def subscriptions(**more: list[object]) -> pa.Table:
    """Return subscriptions of customers that pay month by month, with columns that no number needs."""
    rng = np.random.default_rng(5)
    who = np.arange(ROWS) % CUSTOMERS
    start = (np.datetime64("2024-01") + np.arange(ROWS) // CUSTOMERS).astype("datetime64[D]")
    return pa.table(
        {
            "Subscription ID": [f"s{n:03}" for n in range(ROWS)],
            "account_id": [f"c{n:02}" for n in who],
            "start": start,
            "amount": np.round(rng.lognormal(3, 1, ROWS), 2),
            "interval": ["month"] * ROWS,
            "plan_name": [("Basic", "Pro", None)[n % 3] for n in who],
            "region code": [f"{n % 4}" for n in who],
            "note": [f"free text {n}" for n in range(ROWS)],
            "signed": ["2023-12-05"] * ROWS,
            "nothing": pa.nulls(ROWS),
            **more,
        }
    )


@pytest.fixture
def lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed, "LEAST", 0)


def read_both(folder: Path, monkeypatch: pytest.MonkeyPatch, **told: object) -> Iterator[sm.Book]:
    """Yield the book of which everything was read at once, and the one of which some columns were not."""
    for least in (1 << 60, 0):
        monkeypatch.setattr(needed, "LEAST", least)
        yield sm.read(folder, **told)


def written(folder: Path, data: pa.Table | None = None, name: str = "subscriptions") -> Path:
    pq.write_table(subscriptions() if data is None else data, folder / f"{name}.parquet")
    return folder


def unread(book: sm.Book, table: str = "subscriptions") -> list[str]:
    data = book.tables[table].data
    return data.unread if isinstance(data, LazyTable) else []


def rows_of(book: sm.Book) -> list[dict[str, object]]:
    return book.check().df.drop(columns="place").to_dict("records")


def test_free_text_and_columns_that_the_schema_does_not_know_are_left_in_the_file(tmp_path, lazily):
    book = sm.read(written(tmp_path))
    assert unread(book) == ["plan", "region_code", "note", "signed", "nothing"]


def test_no_number_of_the_whole_reads_what_was_left(tmp_path, lazily):
    book = sm.read(written(tmp_path))
    left = unread(book)
    sm.retention.nrr(book, window=1)
    sm.revenue.bridge(book)
    assert sm.retention.cohorts(book).footnote
    assert unread(book) == left


def test_a_group_reads_the_column_that_it_is_named_by_and_no_other(tmp_path, lazily):
    book = sm.read(written(tmp_path))
    groups = sm.revenue.mrr(book, by="plan").df["plan"].unique()
    assert {"Basic", "Pro"} <= set(groups)
    assert unread(book) == ["region_code", "note", "signed", "nothing"]


def test_a_part_of_the_customers_leaves_in_the_file_what_the_whole_leaves_there(tmp_path, lazily):
    part = sm.read(written(tmp_path)).where(plan="Pro")
    assert unread(part) == ["region_code", "note", "signed", "nothing"]
    assert set(part.tables["subscriptions"].data["region_code"].to_pylist()) == {0, 1, 2, 3}


def test_small_columns_are_all_read_at_once(tmp_path):
    assert unread(sm.read(written(tmp_path))) == []


@pytest.mark.parametrize("by", ["plan", "region_code", "subscriptions.signed", "note"])
def test_numbers_by_any_column_are_those_of_a_file_that_is_read_at_once(tmp_path, monkeypatch, by):
    whole, lazy = read_both(written(tmp_path), monkeypatch)
    one, two = (sm.revenue.bridge(book, by=by) for book in (whole, lazy))
    assert one.df.equals(two.df)
    assert one.footnote == two.footnote


def test_names_types_and_notes_are_those_of_a_file_that_is_read_at_once(tmp_path, monkeypatch):
    whole, lazy = (
        book.tables["subscriptions"] for book in read_both(written(tmp_path), monkeypatch)
    )
    assert (whole.renamed, whole.notes, whole.places) == (lazy.renamed, lazy.notes, lazy.places)
    assert whole.data.schema.equals(lazy.data.schema)
    assert whole.data.equals(lazy.data.here())


def test_the_hash_of_the_content_is_the_same_and_leaves_columns_where_they_are(
    tmp_path, monkeypatch
):
    whole, lazy = read_both(written(tmp_path), monkeypatch)
    left = unread(lazy)
    assert whole.data_hash == lazy.data_hash
    assert unread(lazy) == left


@pytest.mark.parametrize("value", ["a\x07b", "plain"])
def test_the_report_looks_at_columns_that_were_left(tmp_path, monkeypatch, value):
    notes = [value if n % 50 == 3 else f"free text {n}" for n in range(ROWS)]
    folder = written(tmp_path, subscriptions(note=notes))
    whole, lazy = (rows_of(book) for book in read_both(folder, monkeypatch))
    assert sorted(map(str, whole)) == sorted(map(str, lazy))
    assert ("control-characters" in {row["code"] for row in lazy}) == (value != "plain")


def test_a_footnote_warns_of_odd_texts_of_the_column_that_groups_are_named_by(tmp_path, lazily):
    notes = ["a\x07b" if n % 50 == 3 else "same" for n in range(ROWS)]
    book = sm.read(written(tmp_path, subscriptions(note=notes)))
    said = "subscriptions.note: holds control characters, which charts cannot show (5 rows)"
    assert said in sm.revenue.mrr(book, by="note").footnote
    assert said not in sm.revenue.mrr(book, by="plan").footnote


def test_rows_that_differ_only_in_a_column_that_was_left_are_no_copies(tmp_path, monkeypatch):
    one = subscriptions()
    other = one.slice(0, 5).set_column(7, "note", pa.array(["another note"] * 5))
    lines = pa.concat_tables([one, other, one.slice(10, 3)])
    ids = pa.array([f"s{n:04}" for n in range(lines.num_rows)])
    folder = written(tmp_path, lines.set_column(0, "Subscription ID", ids))
    whole, lazy = (rows_of(book) for book in read_both(folder, monkeypatch))
    assert list(map(str, whole)) == list(map(str, lazy))
    assert next(row["rows"] for row in lazy if row["code"] == "same-line-twice") == 3


def test_a_file_that_was_written_since_gives_no_mixed_rows(tmp_path, lazily):
    book = sm.read(written(tmp_path))
    written(tmp_path, subscriptions().slice(0, ROWS - 1))
    with pytest.raises(sm.DataError, match=r"subscriptions\.parquet has changed since it was read"):
        sm.revenue.mrr(book, by="plan")


def test_a_file_of_the_same_size_and_time_is_known_to_be_another_one(tmp_path, lazily):
    file = written(tmp_path) / "subscriptions.parquet"
    before = file.stat()
    book = sm.read(tmp_path)
    other = subscriptions(note=[f"other txt {n}" for n in range(ROWS)])
    pq.write_table(other, file)
    assert file.stat().st_size == before.st_size
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(sm.DataError, match="has changed since it was read"):
        sm.revenue.mrr(book, by="note")


def test_values_that_changed_places_make_another_file_of_the_same_size_time_and_statistics(
    tmp_path, lazily
):
    file = written(tmp_path) / "subscriptions.parquet"
    before = file.stat()
    book = sm.read(tmp_path)
    notes = [f"free text {n}" for n in range(ROWS)]
    notes[100:102] = notes[101], notes[100]
    pq.write_table(subscriptions().set_column(7, "note", [notes]), file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(sm.DataError, match="has changed since it was read"):
        sm.revenue.mrr(book, by="note")


@pytest.mark.parametrize("size", [10, 1 << 21])
def test_the_content_of_a_file_is_the_same_until_a_block_is_another(tmp_path, size):
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(size))
    before = content(file)
    assert before.is_of(content(file))
    with file.open("r+b") as held:
        held.seek(size // 2 + 100_001 if size > 10 else 5)
        held.write(b"x")
    assert not before.is_of(content(file))


def test_a_file_that_is_gone_is_said_to_be(tmp_path, lazily):
    book = sm.read(written(tmp_path))
    sm.revenue.mrr(book, by="plan")
    (tmp_path / "subscriptions.parquet").unlink()
    assert len(sm.revenue.mrr(book, by="plan").df)
    with pytest.raises(sm.DataError, match=r"subscriptions\.parquet was moved or deleted"):
        sm.revenue.mrr(book, by="note")


def test_columns_are_left_in_every_part_of_a_table_in_parts(tmp_path, monkeypatch):
    folder = tmp_path / "subscriptions"
    folder.mkdir()
    for n in range(3):
        written(folder, subscriptions().slice(n * 80, 80), f"{n}")
    whole, lazy = read_both(tmp_path, monkeypatch)
    assert "note" in unread(lazy)
    assert sm.revenue.bridge(whole, by="note").df.equals(sm.revenue.bridge(lazy, by="note").df)


def test_names_that_are_told_are_those_of_columns_that_are_left_too(tmp_path, monkeypatch):
    told = {"columns": {"subscriptions": {"note": "plan", "plan_name": "tier"}}}
    whole, lazy = read_both(written(tmp_path), monkeypatch, **told)
    assert {"plan", "tier"} <= set(unread(lazy))
    assert sm.revenue.bridge(whole, by="tier").df.equals(sm.revenue.bridge(lazy, by="tier").df)


def test_a_table_of_one_column_per_month_is_read_at_once(tmp_path, lazily):
    wide = pa.table({"customer_id": ["a"], "2026-01": [5], "2026-02": [6], "tier": ["x"]})
    book = sm.read(written(tmp_path, wide, "mrr"))
    assert unread(book, "mrr") == []


def test_what_a_cache_keeps_is_read_at_once(tmp_path, lazily):
    folder = tmp_path / "files"
    folder.mkdir()
    written(folder)
    assert [unread(sm.read(folder, cache=tmp_path / "cache")) for _ in range(2)] == [[], []]


def test_rows_that_were_picked_are_those_of_the_arrow_table(tmp_path, lazily):
    lazy = sm.read(written(tmp_path)).tables["subscriptions"].data
    whole = sm.read(tmp_path).tables["subscriptions"].data.here()
    mask = pa.array([n % 3 == 1 for n in range(ROWS)])
    picked = [
        (lazy.filter(mask).slice(4, 9), whole.filter(mask).slice(4, 9)),
        (lazy.take(pa.array([7, 3, 3])), whole.take(pa.array([7, 3, 3]))),
        (lazy.slice(ROWS - 2), whole.slice(ROWS - 2)),
        (lazy.drop_columns(["note"]).take(pa.array([1])), whole.drop_columns(["note"]).take([1])),
    ]
    for one, other in picked:
        assert one.unread
        assert (one.num_rows, one.column_names) == (other.num_rows, other.column_names)
        assert one.here().equals(other)


def test_a_limit_of_memory_holds_for_the_columns_that_are_read(tmp_path, monkeypatch):
    data = subscriptions()
    for n in range(40):
        data = data.append_column(
            f"more {n}", pa.array([f"{n} {row} long text" for row in range(ROWS)])
        )
    folder = written(tmp_path, data)
    monkeypatch.setattr(needed, "LEAST", 1 << 60)
    with pytest.raises(sm.DataError, match="Reading needs about"):
        sm.read(folder, memory_limit="1MB")
    monkeypatch.setattr(needed, "LEAST", 0)
    assert len(unread(sm.read(folder, memory_limit="1MB"))) == 45


_TAKEN = """
import json, sys, time, pyarrow.compute, pyarrow.parquet, tqdm.auto, saasmetrics as sm, saasmetrics.engine.local
def peak(): return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
before, began = peak(), time.process_time()
sm.read(sys.argv[1]).movements()
print(json.dumps([peak() - before, time.process_time() - began]))
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says the peak of memory there"
)
def test_thirty_columns_of_text_take_hardly_more_than_none(tmp_path: Path) -> None:
    rows = 40_000
    rng = np.random.default_rng(1)
    start = np.datetime64("2021-01-01") + rng.integers(0, 1500, rows)
    data = {
        "subscription_id": np.arange(rows),
        "customer_id": rng.integers(0, rows // 2, rows),
        "start": start,
        "end": start + rng.integers(30, 900, rows),
        "amount": np.round(rng.lognormal(3, 1, rows), 2),
        "interval": ["month"] * rows,
    }
    words = pa.array([f"{n:012} and forty more letters of free text" for n in range(rows)])
    taken = {}
    for name, more in (("narrow", 0), ("wide", 30)):
        folder = tmp_path / name
        folder.mkdir()
        wide = {f"text {n}": words for n in range(more)}
        written(folder, pa.table({**data, **wide}))
        command = [sys.executable, "-c", _TAKEN, str(folder)]
        taken[name] = json.loads(subprocess.check_output(command, text=True))
    texts = 30 * words.nbytes / 1024
    assert taken["wide"][0] - taken["narrow"][0] < texts / 6
    assert taken["wide"][1] < 3 * taken["narrow"][1]
