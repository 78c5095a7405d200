"""Files that would not fit into memory are refused before they are read; files that change meanwhile afterwards."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

import saasmetrics as sm
from saasmetrics.tables.steady import unchanged
from tests.bench.data import subscriptions

LINES = "customer_id,month,mrr\n" + "".join(f"c{n:05},2026-01,10\n" for n in range(20_000))


def as_csv(folder: Path) -> Path:
    (folder / "mrr.csv").write_text(LINES)
    return folder


def as_packed(folder: Path) -> Path:
    (folder / "mrr.csv.gz").write_bytes(gzip.compress(LINES.encode()))
    return folder


def as_parquet(folder: Path) -> Path:
    rows = [line.split(",") for line in LINES.splitlines()[1:]]
    who, month, _ = zip(*rows, strict=True)
    mrr = {"customer_id": who, "month": month, "mrr": [float(n) for n in range(len(rows))]}
    pq.write_table(pa.table(mrr), folder / "mrr.parquet")
    return folder


def as_days(folder: Path) -> Path:
    for day in ("2026-02-01", "2026-03-01"):
        (folder / day).mkdir()
        as_csv(folder / day)
    return folder


@pytest.mark.parametrize("write", [as_csv, as_packed, as_parquet, as_days])
def test_what_would_not_fit_is_refused_with_the_largest_file_and_what_to_do(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    folder = write(tmp_path)
    with pytest.raises(sm.DataError) as error:
        sm.read(folder, memory_limit="100kB")
    said = str(error.value)
    assert "the limit is 0.1 MB" in said
    assert "mrr." in said
    assert "sm.connect(mrr=duckdb.read_" in said
    assert ("20,000 rows" in said) == (write is as_parquet)


@pytest.mark.parametrize("write", [as_csv, as_packed, as_parquet, as_days])
def test_what_fits_is_read(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    book = sm.read(write(tmp_path), memory_limit="1GB")
    assert len(book.tables["mrr"].data) >= 20_000


def test_a_limit_that_is_no_amount_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match="memory_limit='lots' is no amount of memory"):
        sm.read(as_csv(tmp_path), memory_limit="lots")


def peak(folder: Path) -> int:
    """Return the largest memory of a fresh process that reads a folder."""
    code = "import sys, saasmetrics as sm; sm.read(sys.argv[1]); print(open('/proc/self/status').read())"
    said = subprocess.check_output([sys.executable, "-c", code, str(folder)], text=True)
    return 1024 * int(said.split("VmHWM:")[1].split()[0])


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says the peak of memory there"
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_estimate_is_within_a_factor_of_three_of_what_reading_takes(
    tmp_path: Path, suffix: str
) -> None:
    table = subscriptions(200_000, text_ids=True)
    large, small = tmp_path / "large", tmp_path / "small"
    for folder, rows in ((large, table), (small, table.slice(0, 10))):
        folder.mkdir()
        file = folder / f"subscriptions.{suffix}"
        (csv.write_csv if suffix == "csv" else pq.write_table)(rows, file)
    taken = peak(large) - peak(small)
    with pytest.raises(sm.DataError, match="Reading needs about"):
        sm.read(large, memory_limit=taken // 3)
    assert sm.read(large, memory_limit=taken * 3).as_of_text


def test_a_file_that_is_written_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mrr.csv"
    file.write_text(LINES)
    with (
        pytest.raises(sm.DataError, match=r"mrr\.csv was written while it was read"),
        unchanged(file),
    ):
        file.write_text(LINES + "late,2026-02,10\n")


def test_a_parquet_file_that_ends_early_is_named(tmp_path: Path) -> None:
    file = as_parquet(tmp_path) / "mrr.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(sm.DataError, match=r"mrr\.parquet is not a readable Parquet file"):
        sm.read(tmp_path)
