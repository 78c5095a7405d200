"""Tables as people read them: money as $1.2M, rates as 91.4%, cohorts as a matrix, missing as a dash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from saasmetrics.money import format_money, format_part, format_ratio, format_value

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.board.exhibits import Exhibit

MOST_ROWS = 60
_MONEY = {
    "opening", "new", "reactivation", "expansion", "contraction", "churn", "pause", "fx", "transfer",
    "closing", "residual", "mrr", "mrr_start",
}  # fmt: skip
_COUNTS = {"n", "rows", "customers", "events", "censored", "at_risk", "cohorts", "age"}
_VALUES = {"value", "low", "high", "target"}


def readable(exhibit: Exhibit) -> tuple[pd.DataFrame, str]:
    """Return the numbers of an exhibit as text for a page, and a note on what was left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from saasmetrics.board.exhibits import Exhibit
    >>> table = pd.DataFrame({"opening": [1_200_000.0], "n": [1234]})
    >>> readable(Exhibit("bridge", "", None, None, table))[0].values.tolist()
    [['$1.2M', '1,234']]
    """
    result, table = exhibit.result, exhibit.table
    if result is not None and result.kind == "cohorts":
        return _matrix(table, exhibit)
    total = len(table)
    if total > MOST_ROWS and "period" in table.columns:
        recent = sorted(table["period"].unique())[::-1]
        groups = max(1, total // max(1, len(recent)))
        table = table[table["period"].isin(recent[: max(12, MOST_ROWS // groups)])]
    table = table.head(MOST_ROWS * 2)
    note = f"{len(table):,} of {total:,} rows; the CSV file has all" if len(table) < total else ""
    unit = result.definition.unit if result is not None else "count"
    currency = result.context.currency if result is not None else "USD"
    texts = {name: _column(table[name], name, unit, currency) for name in _worth_showing(table)}
    return _frame(texts), note


def _worth_showing(table: pd.DataFrame) -> list[str]:
    """Return the columns that say something: not empty reasons, nor movements that never happened."""
    silent = {"reason", "residual", "fx", "transfer", "pause", "reactivation"}
    return [
        name
        for name in table.columns
        if name not in silent or (table[name].notna() & ~table[name].isin(["", 0, 0.0])).any()
    ]


def _frame(texts: dict[str, list[str]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in texts.items()})


def _column(values: pd.Series[Any], name: str, unit: str, currency: str) -> list[str]:
    write = _writer(name, unit, currency)
    known = values.notna()
    return [write(value) if there else "–" for value, there in zip(values, known, strict=True)]


def _writer(name: str, unit: str, currency: str) -> Callable[[Any], str]:
    if name in {"period", "cohort"}:
        return lambda v: f"{v:%Y-%m-%d}" if hasattr(v, "strftime") else str(v)
    if name in _MONEY:
        return lambda v: format_money(float(v), currency)
    if name == "share":
        return lambda v: format_part(float(v))
    if name in _VALUES:
        shown = "ratio" if unit == "curve" else unit
        return lambda v: _value(v, shown, currency)
    if name in _COUNTS:
        return lambda v: f"{v:,.0f}" if isinstance(v, int | float) or hasattr(v, "item") else str(v)
    if name == "complete":
        return lambda v: "" if v else "open"
    return _plain


def _value(value: Any, unit: str, currency: str) -> str:
    return format_value(float(value), unit, currency) if not isinstance(value, str) else value


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        return str(value)
    number = float(value)
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"


def _matrix(table: pd.DataFrame, exhibit: Exhibit) -> tuple[pd.DataFrame, str]:
    """Return cohorts as rows and ages as columns; what is not observed is empty."""
    ratio = exhibit.result is None or exhibit.result.context.options.get("measure") != "mrr"
    currency = exhibit.result.context.currency if exhibit.result is not None else "USD"
    seen = table[table["observed"].astype(bool)]
    wide = seen.pivot_table(index="cohort", columns="age", values="value", aggfunc="first")
    first = seen[seen["age"] == seen["age"].min()].set_index("cohort")["denominator"]

    def write(value: float) -> str:
        if not ratio:
            return format_money(value, currency)
        return format_part(value, 0) if value <= 1 else format_ratio(value, 0)

    texts: dict[str, list[str]] = {
        "cohort": [f"{cohort:%Y-%m-%d}" for cohort in wide.index],
        "at start": [f"{first.get(cohort, float('nan')):,.0f}" for cohort in wide.index],
    }
    for age in wide.columns:
        texts[str(age)] = ["" if v != v else write(float(v)) for v in wide[age]]
    return _frame(texts), ""
