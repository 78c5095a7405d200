"""Workbooks calculated again by LibreOffice, and what their cells then hold."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

# Without it LibreOffice shows the values that a file says its formulas have.
_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"""


def soffice() -> str | None:
    """Return the program, None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def recalculated(files: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Return the same workbooks with every formula calculated anew, by name: one start for all of them."""
    program = soffice()
    assert program is not None
    user, out = folder / "user", folder / "again"
    (user / "user").mkdir(parents=True)
    (user / "user" / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
    command = [program, f"-env:UserInstallation={user.as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {file.name: out / file.name for file in files}


@cache
def cells(file: Path, *, formulas: bool = False) -> dict[str, Any]:
    """Return sheet!cell -> value, or the formula as text, of every cell that holds something."""
    book = openpyxl.load_workbook(file, data_only=not formulas)
    return {
        f"{sheet.title}!{cell.coordinate}": cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def formula_cells(file: Path) -> dict[str, str]:
    """Return the formulas of a workbook by cell."""
    return {
        place: str(value)
        for place, value in cells(file, formulas=True).items()
        if isinstance(value, str) and value.startswith("=")
    }
