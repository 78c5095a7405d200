"""Files that are small and would fill the memory when they are unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is(tmp_path: Path) -> None:
    place = tmp_path / "subscriptions.xlsx"
    with (
        zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as parts,
        parts.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(160):
            sheet.write(b"0" * 2**20)
    assert place.stat().st_size < 2**20
    with pytest.raises(DataError, match=r"unpacks to 160 MB, .* times its size"):
        sm.read(tmp_path)
