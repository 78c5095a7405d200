"""Which number of a result is meant, and what was reported for it."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import among
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.periods import day_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.result import Result

_KEYS = (
    "period",
    "cohort",
    "cause",
    "age",
    "movement",
    "subtype",
    "measure",
    "category",
    "horizon",
)
_TIMES = ("period", "cohort")
UNSEEN = "not observed"
BY_POLICY = "by_policy"  # what a comparison of policies holds: the result of each
_NO_PARTS = {"period", "complete", "residual", "reason"}  # columns of a bridge that are no movement


def chosen(result: Result, cell: Mapping[str, Any]) -> tuple[pd.Series[Any], dict[str, Any]]:
    """Return the row of a result that a cell names, and the whole cell.

    Raises
    ------
    DataError
        If nothing like it is there, or too little was named.
    """
    df = result.df
    if result.kind != "bridge" and ("value" not in df.columns or "customer_id" in df.columns):
        names = [] if result.drill is None else [*signature(result.drill).parameters]
        if not names:
            msg = f"{result.metric.name} is a list, not numbers made of rows; its rows are in .df."
            raise DataError(msg)
        asked = ", ".join(f"{name}=..." for name in names if name != "group")
        msg = (
            f"{result.metric.name} has no single number to prove: its numbers are in .df, the customers behind them "
            f"in .rows({asked})."
        )
        raise DataError(msg)
    if not len(df):
        msg = f"{result.metric.name} has no numbers in this book: no period is complete yet."
        raise DataError(msg)
    keys = [k for k in dict.fromkeys((*result.by, *_KEYS)) if k in df.columns]
    known = [*keys, *(["movement"] if result.kind == "bridge" else [])]
    for name in cell:
        if name not in known:
            if not known:
                msg = f"{result.metric.name} has no numbers to choose by {name}; its rows: rows({name}=...)."
                raise UnknownNameError(msg)
            msg = f"There is no {name!r} to choose a number by; there are {', '.join(known)}."
            raise UnknownNameError(msg + hint(name, known))
    found: dict[str, Any] = {}
    for key in keys:
        found[key] = _value_of(result, df, key, cell)
        df = df[_is(df[key], found[key])]
    if result.kind == "bridge":
        movements = [c for c in df.columns if c not in _NO_PARTS and c not in result.by]
        found["movement"] = cell.get("movement", "closing")
        _known("movement", found["movement"], movements)
    return df.iloc[0], found


def reported(
    result: Result, row: pd.Series[Any], cell: Mapping[str, Any]
) -> tuple[dict[str, float | None], str]:
    """Return value, numerator, denominator and interval of a row, None where missing, and its reason."""
    name = cell["movement"] if result.kind == "bridge" else "value"
    value = _number(row, name)
    sides = {n: _number(row, n) for n in ("numerator", "denominator", "low", "high")}
    if "numerator" not in row.index:
        sides["numerator"] = value if "at_risk" not in row.index else None
    unseen = UNSEEN if not_observed(row) else ""
    return {"value": value, **sides}, str(row.get("reason", unseen))


def not_observed(row: pd.Series[Any]) -> bool:
    """Return whether a row is one that lies in the future."""
    return "observed" in row.index and not bool(row["observed"])


def _value_of(result: Result, df: pd.DataFrame, key: str, cell: Mapping[str, Any]) -> Any:
    values = df[key]
    if key in cell:
        if _timed(key, values):
            return _time(values, cell[key], key)
        _known(key, cell[key], values.unique().tolist())
        return cell[key]
    if key == "period":
        over = values[df["complete"].to_numpy(bool)] if "complete" in df.columns else values
        if len(over):
            return over.max()
        msg = f"No period of {result.metric.name} is complete yet; name one, such as period={_iso(values)!r}."
        raise DataError(msg)
    there = values.unique().tolist()
    if len(there) == 1:
        return there[0]
    example = _iso(values) if _timed(key, values) else there[0]
    msg = f"Name the {key} of the number, such as proof({key}={example!r})."
    raise DataError(msg)


def _timed(key: str, values: pd.Series[Any]) -> bool:
    """Return whether a key is one of time; a cohort may be a value of a column instead."""
    return key in _TIMES and values.dtype.kind == "M"


def _time(values: pd.Series[Any], given: Any, key: str) -> Any:
    """Return the period in which a day lies."""
    import pandas as pd

    starts = np.sort(values.unique()).astype("datetime64[D]")
    day = np.datetime64(day_number(given), "D")
    at = int(np.searchsorted(starts, day, side="right")) - 1
    longest = max([31, *np.diff(starts).astype(int).tolist()])
    if at < 0 or (at == len(starts) - 1 and day >= starts[-1] + np.timedelta64(longest, "D")):
        msg = f"There is no {key} {given!r} in this result; it has {starts[0]} to {starts[-1]}."
        raise DataError(msg)
    return pd.Timestamp(starts[at])


def _known(key: str, value: Any, there: list[Any]) -> None:
    if among(value, there) and not isinstance(value, (list, tuple, dict)):
        return
    listed = ", ".join(str(name) for name in there[:12])
    msg = f"There is no {key} {value!r}; there are {listed}{', ...' if len(there) > 12 else ''}."
    raise UnknownNameError(msg + hint(str(value), [str(name) for name in there]))


def _is(values: pd.Series[Any], wanted: Any) -> Any:
    return values.isna() if wanted is None or wanted != wanted else values == wanted


def _number(row: pd.Series[Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or value != value else float(value)


def _iso(values: pd.Series[Any]) -> str:
    return str(values.max())[:10]
