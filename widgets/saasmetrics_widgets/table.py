"""The table of the customers behind a selection: sorted, searched, summed and written as texts and as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from pandas.api.types import is_datetime64_any_dtype, is_float_dtype, is_integer_dtype

from saasmetrics.money import format_difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from saasmetrics_widgets.behind import Behind

LIMIT = 500
HINT = "Choose a number, a bar, a cell or a point to see the customers behind it."
_LABELS = {
    "customer_id": "Customer",
    "name": "Name",
    "opening": "Opening MRR",
    "closing": "Closing MRR",
    "denominator": "Denominator",
    "numerator": "Numerator",
    "start": "MRR at start",
    "customers": "Still here",
    "mrr": "MRR",
    "arr": "ARR",
    "atr": "ATR",
    "floor": "Lowest MRR",
    "duration": "Age",
    "event": "Gone",
}
_NO_SUM = {"customer_id", "duration", "entry", "cause", "age"}
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def empty(message: str = HINT) -> dict[str, Any]:
    """Return the table where nothing is selected, or what was selected is not made of customers."""
    return {"message": message, "columns": [], "texts": [], "sums": [], "title": "", "code": ""}


def table(found: Behind, lookup: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the table ready to be drawn, and the same rows as records.

    Parameters
    ----------
    found
        The customers behind the selection.
    lookup
        "sort" (a column), "descending" and "search" (part of an id or a name).

    Returns
    -------
    table, rows
        At most the first 500 rows; counts and sums are of all of them.
    """
    frame = searched(found.frame, str(lookup.get("search") or ""))
    wanted = lookup.get("sort")
    key = wanted if isinstance(wanted, str) and wanted in frame.columns else _amount(frame)
    frame = arranged(frame, key, descending=bool(lookup.get("descending", True)))
    shown = frame.head(LIMIT)
    columns = [_column(frame, name, found.labels) for name in frame.columns]
    return (
        {
            "title": found.title,
            "code": found.code,
            "message": "" if len(found.frame) else f"{found.title}: nobody.",
            "columns": columns,
            "texts": texts(shown, found.points),
            "sums": sums(found.frame, found.points),
            "count": counted(len(found.frame), len(frame), len(shown)),
            "sort": key,
            "descending": bool(lookup.get("descending", True)),
            "search": str(lookup.get("search") or ""),
        },
        records(shown),
    )


def _amount(frame: pd.DataFrame) -> str:
    """Return the column that rows are sorted by at first: the last amount that is summed."""
    names = [str(n) for n in frame.columns if _numeric(frame, n) and n not in _NO_SUM | {"event"}]
    if not names:
        return "customer_id"
    return names[-1]


def _numeric(frame: pd.DataFrame, name: str) -> bool:
    if name in ("customer_id", "name"):
        return False
    return bool(is_float_dtype(frame[name]) or is_integer_dtype(frame[name]))


def _column(frame: pd.DataFrame, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    label = labels.get(name) or _LABELS.get(name) or name.replace("_", " ").capitalize()
    return {"key": name, "label": label, "number": _numeric(frame, name)}


def searched(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the rows whose id or name contains a text, in any case."""
    if not text:
        return frame
    hit = frame["customer_id"].astype(str).str.contains(text, case=False, regex=False)
    if "name" in frame.columns:
        names = frame["name"].fillna("").astype(str)
        hit |= names.str.contains(text, case=False, regex=False)
    return frame[hit.astype(bool)]


def arranged(frame: pd.DataFrame, key: str, *, descending: bool) -> pd.DataFrame:
    """Return rows sorted by a column, amounts by size; rows that are equal keep their order."""
    if key not in frame.columns:
        return frame
    size = abs if _numeric(frame, key) else None
    return frame.sort_values(key, ascending=not descending, kind="stable", key=size)


def texts(frame: pd.DataFrame, points: Sequence[str] = ()) -> list[list[str]]:
    """Return the cells as people read them, those of some columns in percentage points."""
    written = [
        [_text(value, points=name in points) for value in frame[name].tolist()]
        for name in frame.columns
    ]
    return [list(row) for row in zip(*written, strict=True)]


def _text(value: Any, *, points: bool = False) -> str:
    if value is None or value != value:
        return "–"
    if points:
        return format_difference(value, "ratio", "")
    if isinstance(value, float):
        return f"{value:,.2f}".replace("-", "−")
    return str(value)


def sums(frame: pd.DataFrame, points: Sequence[str] = ()) -> list[str]:
    """Return the total of each column of amounts or customers, "" elsewhere."""
    return [
        _text(frame[name].to_numpy().sum().item(), points=name in points)
        if _numeric(frame, name) and name not in _NO_SUM
        else ""
        for name in frame.columns
    ]


def counted(total: int, found: int, shown: int) -> str:
    """Return how many customers there are, match and are listed.

    Examples
    --------
    >>> counted(1200, 900, 500)
    '1,200 customers, 900 match, first 500 listed'
    """
    parts = [f"{total:,} customer{'' if total == 1 else 's'}"]
    if found != total:
        parts.append(f"{found:,} match")
    if shown < found:
        parts.append(f"first {shown:,} listed")
    return ", ".join(parts)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain records, missing values as None."""
    columns = {
        name: [None if v != v else v for v in frame[name].tolist()] for name in frame.columns
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def as_csv(frame: pd.DataFrame) -> str:
    r"""Return all rows as CSV in which no text can run as a formula.

    Examples
    --------
    >>> import pandas as pd
    >>> as_csv(pd.DataFrame({"customer_id": ["=cmd()"], "mrr": [-5.0]}))
    "customer_id,mrr\r\n'=cmd(),-5.0\r\n"
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(str(name)) for name in frame.columns])
    columns = [[_cell(v) for v in _plain(frame[name]).tolist()] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return days as ISO text, all else as it is."""
    return column.dt.strftime("%Y-%m-%d") if is_datetime64_any_dtype(column) else column


def _cell(value: Any) -> Any:
    if value is None or value != value:
        return ""
    return _harmless(value) if isinstance(value, str) else value


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text
