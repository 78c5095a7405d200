"""A disk that fills up while files are written: it is said in words, what was there stays, and nothing is half there.

The disk is full for whatever is larger than a limit of this process, for which the operating system ends a write early.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import sample
from saasmetrics.importers.imported import Imported

resource = pytest.importorskip("resource", reason="Windows has no limit for the size of a file")
SMALL = 2_000  # bytes
Write = Callable[[Path], Any]


@contextmanager
def full() -> Iterator[None]:
    """Let no file of this process become larger than a few bytes: Python ignores the signal and gets an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def writers() -> dict[str, Write]:
    """What writes files larger than that, made before the disk is full."""
    book = sm.demo(customers=60)
    review = sm.board.review(book)
    frames = {name: book.tables[name].data.to_pandas() for name in ("customers", "subscriptions")}
    imported = Imported(frames, columns=pd.DataFrame())
    chart = sm.retention.nrr(book).chart()
    chart.svg()  # what draws it is loaded
    return {
        "review-csv": review.to_csv,
        "chart.svg": chart.save,
        "tables": imported.write,
        "company": lambda folder: sample.write(folder, customers=60),
    }


@pytest.mark.parametrize("name", ["review-csv", "chart.svg", "tables", "company"])
def test_what_cannot_be_written_whole_is_not_written(
    name: str, writers: dict[str, Write], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / name
    if place.suffix:
        place.write_text("older", encoding="utf-8")
    with full(), pytest.raises(sm.DataError, match="File too large"):
        writers[name](place)
    gc.collect()
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found == ([place] if place.suffix else [])
    assert not place.suffix or place.read_text(encoding="utf-8") == "older"
    assert capfd.readouterr().err == ""
