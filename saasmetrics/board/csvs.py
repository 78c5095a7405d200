"""Tables as CSV files that a spreadsheet opens without running what a customer's name says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.board.outputs import put

if TYPE_CHECKING:
    import pandas as pd

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: text only is changed.

    Examples
    --------
    >>> guarded("=HYPERLINK(1)"), guarded(-5.0), guarded("Acme")
    ("'=HYPERLINK(1)", -5.0, 'Acme')
    """
    if isinstance(value, str) and value.startswith(_STARTS_FORMULA):
        return f"'{value}"
    return value


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    r"""Write a table as CSV in one step: a reader sees the whole file or none.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_csv(pd.DataFrame({"name": ["=1+1"]}), folder / "a.csv").read_text()
    "name\n'=1+1\n"
    """
    safe = table.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype) in {"string", "category", "str"}:
            safe[name] = safe[name].astype(object).map(guarded)
    safe.columns = [guarded(str(name)) for name in safe.columns]
    return write_text(path, safe.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\r\n"))


def write_text(path: Path, text: str) -> Path:
    """Write a text file in one step, through a file beside it.

    Raises
    ------
    DataError
        If the file cannot be written; then nothing was changed.

    Examples
    --------
    >>> import tempfile
    >>> write_text(Path(tempfile.mkdtemp()) / "a.txt", "whole").read_text()
    'whole'
    """
    return put(path, text.encode("utf-8"), "review.html")
