"""What a run gave, as HTML: results with chart, rows and footnote, frames, sentences and plain text."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from docs.site.pictures import picture

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

ROWS = 8  # of a table on a page
_TALL = 24  # rows of a table that moves in a frame of its own
_NAME, _SENTENCE = 24, 48  # letters of what is not broken, and of what needs width


def result(found: Result, prefix: str) -> str:
    """Return a result as a notebook shows it: its headline, its chart, what is beside it, its rows and its footnote.

    Parameters
    ----------
    found
        The result.
    prefix
        What ids in its picture begin with.
    """
    name, said = found.metric.name, found.text.removeprefix("–")
    head = f'<p class="headline"><span>{escape(name)}</span> {escape(said)}</p>'
    drawn = ""
    if has_chart(found):
        drawn = scrolled("Chart: " + name, picture(found, name, prefix), "chart")
    beside = "".join(
        f"<details open><summary>{escape(words)}</summary>{frame(table)}</details>"
        for words, table in found.extra.get("tables", {}).items()
    )
    opened = "" if drawn else " open"
    table = f"<summary>{_counted(found.df)}</summary>{frame(_latest(found.df))}"
    rows = f"<details{opened}>{table}</details>"
    return (
        f'<div class="result">{head}{drawn}{beside}{rows if len(found.df) else ""}'
        f'<p class="footnote">{escape(found.footnote)}</p></div>'
    )


def has_chart(found: Result) -> bool:
    """Return whether a result draws itself."""
    from saasmetrics.charts import CHARTS

    return found.kind in CHARTS and bool(len(found.df) or "steps" in found.extra)


def scrolled(name: str, body: str, kind: str) -> str:
    """Return something wide in a frame of its own, which the keyboard can reach and move."""
    return f'<div class="{kind}" role="group" tabindex="0" aria-label="{escape(name)}">{body}</div>'


def _is_past(df: pd.DataFrame) -> bool:
    return "period" in df.columns and df["period"].is_monotonic_increasing


def _latest(df: pd.DataFrame) -> pd.DataFrame:
    return df.tail(ROWS) if _is_past(df) else df.head(ROWS)


def _counted(df: pd.DataFrame) -> str:
    count = f"{len(df):,} row{'' if len(df) == 1 else 's'}"
    if len(df) <= ROWS:
        return count
    return f"{count}, the {'last' if _is_past(df) else 'first'} {ROWS}"


def frame(df: pd.DataFrame) -> str:
    """Return a frame as a table: numbers to the right, missing values as a dash, every text as text.

    Examples
    --------
    >>> import pandas as pd
    >>> frame(pd.DataFrame({"plan": ["<b>"], "mrr": [1234.5]})).count("<b>")
    0
    """
    df = df if _counting(df) else df.reset_index()
    cells = [[cell(value) for value in df.iloc[:, at].tolist()] for at in range(df.shape[1])]
    kinds = [_kind(df.dtypes.iloc[at], column) for at, column in enumerate(cells)]
    head = "".join(
        f'<th scope="col"{kind}>{escape(_header(name))}</th>'
        for name, kind in zip(df.columns, kinds, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{k}>{escape(v)}</td>" for v, k in zip(row, kinds, strict=True))
        + "</tr>"
        for row in zip(*cells, strict=True)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return scrolled("Table", table, "table tall" if len(df) > _TALL else "table")


def _kind(dtype: Any, column: list[str]) -> str:
    """Return how a column is set: numbers to the right, names on one line, sentences in a column of some width."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(dtype) and not is_bool_dtype(dtype):
        return ' class="num"'
    longest = max(map(len, column), default=0)
    if longest <= _NAME:
        return ' class="name"'
    return ' class="long"' if longest > _SENTENCE else ""


def _counting(df: pd.DataFrame) -> bool:
    """Return whether the index only counts rows, or tells from where they were taken."""
    return df.index.nlevels == 1 and df.index.name is None and df.index.dtype.kind in "iu"


def _header(name: Any) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name).replace("_", " ")


def cell(value: Any) -> str:
    """Return a value as it is read: 1,234 and 0.8123, 2026-10-31, a dash for what is missing.

    Examples
    --------
    >>> cell(1234567.891), cell(0.81234), cell(float("nan")), cell(None), cell(3.0)
    ('1,234,568', '0.8123', '–', '–', '3')
    """
    if value is None or str(value) in ("NaT", "<NA>", "nan"):
        return "–"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).removesuffix(" 00:00:00")


def _number(value: float) -> str:
    if math.isinf(value):
        return str(value)
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.4g}"
