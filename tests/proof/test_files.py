"""A workbook is written whole or not at all, and only over a file."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.export.files import replacing
from saasmetrics.export.workbook import Workbook


def _workbook() -> Workbook:
    book = Workbook("One", date(2026, 1, 31))
    book.sheet("Number").write(0, 0, 1.0)
    return book


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match=r"no folder .*nowhere"):
        _workbook().save(tmp_path / "nowhere" / "a.xlsx")


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match="is a folder; name the file"):
        _workbook().save(tmp_path)


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(sm.DataError, match="device or pipe"):
        _workbook().save(os.devnull)


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_text("old")
    _workbook().save(file)
    assert file.read_bytes()[:2] == b"PK"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interruption_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_text("old")

    def interrupted() -> None:
        with replacing(file) as beside:
            beside.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_a_clear_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    """The system refuses to write more than a thousand bytes, as a full disk does."""
    pytest.importorskip("resource", reason="limits of a process are those of Unix")
    file = tmp_path / "a.xlsx"
    file.write_text("old")
    code = f"""
import resource, signal
from datetime import date
import saasmetrics as sm
from saasmetrics.export.workbook import Workbook
book = Workbook("One", date(2026, 1, 31))
book.sheet("Number").write(0, 0, 1.0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    book.save({str(file)!r})
except sm.DataError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "a.xlsx could not be written" in done.stdout, done.stderr
    assert "Nothing was changed" in done.stdout
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
