"""A long call that is stopped leaves a book that answers as before; kernels beside each other do not disturb."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.engine.digest import digest

OPTIONS: dict[str, Any] = {"freqs": ("M",), "windows": (12,), "bys": ((), ("segment",))}


def stopped_after(seconds: float, work: Callable[[], object]) -> bool:
    """Do some work, interrupted as by the stop button of a notebook; return whether it was."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return False


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timer that interrupts")
def test_a_call_that_is_stopped_at_any_moment_leaves_the_numbers_as_they_are(
    demo_book: sm.Book,
) -> None:
    tables = {name: table.data for name, table in demo_book.tables.items()}

    def fresh() -> sm.Book:
        return sm.Book(**tables, as_of=demo_book.as_of_text, currency=demo_book.currency)

    began = time.perf_counter()
    whole = digest(fresh().engine, **OPTIONS)
    took = time.perf_counter() - began
    stops = 0
    for part in range(1, 9):
        book = fresh()
        stops += stopped_after(took * part / 10, lambda book=book: digest(book.engine, **OPTIONS))
        assert digest(book.engine, **OPTIONS) == whole
    assert stops


def test_two_kernels_that_read_the_same_files_by_one_cache_give_the_numbers_without_it(
    demo_book: sm.Book, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    place = tmp_path / "data"
    place.mkdir()
    for name in ("subscriptions", "customers", "fx"):
        pq.write_table(demo_book.tables[name].data, place / f"{name}.parquet")
    code = (
        "import sys, saasmetrics as sm; from saasmetrics.engine.digest import digest\n"
        "book = sm.read(sys.argv[1], cache=sys.argv[2]); print(digest(book.engine, ('M',), (12,), ((),)))"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(place), str(tmp_path / "cache")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [run.communicate(timeout=120)[0] for run in runs]
    without = f"{digest(sm.read(place).engine, ('M',), (12,), ((),))}\n"
    assert said == [without, without]
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} == {".kept"}
