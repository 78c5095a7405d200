"""Tables as CSV files that a spreadsheet opens without running what a customer's name says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.board.outputs import put, put_all

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def write_csvs(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    r"""Write tables as CSV files of a folder, all of them or none.

    Raises
    ------
    DataError
        If one cannot be written; then nothing was changed.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> written = write_csvs({"a": pd.DataFrame({"name": ["=1+1"]})}, Path(tempfile.mkdtemp()))
    >>> written[0].name, written[0].read_text()
    ('a.csv', "name\n'=1+1\n")
    """
    return put_all(folder, csv_files(tables), "headline.csv")


def csv_files(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    r"""Return tables as what their CSV files hold, by name of the file.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_files({"a": pd.DataFrame({"name": ["=1+1"]})})
    {'a.csv': b"name\r\n'=1+1\r\n"}
    """
    return {f"{name}.csv": _csv(table).encode("utf-8") for name, table in tables.items()}


def _csv(table: pd.DataFrame) -> str:
    safe = table.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype) in {"string", "category", "str"}:
            safe[name] = safe[name].astype(object).map(guarded)
    safe.columns = [guarded(str(name)) for name in safe.columns]
    text: str = safe.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\r\n")
    return text


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
