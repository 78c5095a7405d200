"""An Arrow table from whatever holds a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from saasmetrics.errors import DataError, InvalidTablesError, Problem
from saasmetrics.tables.lazy import LazyTable

__all__ = ["to_arrow"]

# In this order: what is lazy is collected first, and only a dataset of Arrow has nothing but the last.
_METHODS = ("collect", "to_arrow_table", "to_arrow", "to_pyarrow", "toArrow", "arrow", "to_table")


def to_arrow(name: str, source: Any) -> pa.Table:
    """Rows of a source as an Arrow table with text as column names.

    Parameters
    ----------
    name
        Canonical table name, for messages.
    source
        pandas, Polars or Arrow table or dataset, DuckDB relation, anything that speaks the Arrow stream
        interface, or a dictionary of lists.

    Returns
    -------
    pyarrow.Table
        The same rows; not a copy where the source allows it.

    Raises
    ------
    InvalidTablesError
        If columns hold values of several kinds.
    DataError
        If the source is no table.
    """
    if isinstance(source, (pa.Table, LazyTable)):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if _is_pandas(source):
        return _from_pandas(name, source)
    if isinstance(source, Mapping):
        return _from_columns(name, source.items())
    if isinstance(source, Sequence) and source and all(isinstance(row, Mapping) for row in source):
        names = dict.fromkeys(key for row in source for key in row)
        return _from_columns(name, ((key, [row.get(key) for row in source]) for key in names))
    for method in _METHODS:
        if hasattr(source, method) and (method != "collect" or not hasattr(source, "toArrow")):
            return to_arrow(name, getattr(source, method)())
    if hasattr(source, "read_all"):
        return source.read_all()
    if hasattr(source, "__arrow_c_stream__"):
        return pa.table(source)
    raise DataError(
        f"{name}: cannot read a table from {type(source).__name__}. Pass a DataFrame of pandas or "
        "Polars, an Arrow table, a DuckDB relation, a dictionary of lists, or a path."
    )


def _is_pandas(source: Any) -> bool:
    kind = type(source)
    return kind.__name__ in {"DataFrame", "GeoDataFrame"} and any(
        base.__module__.startswith("pandas.") for base in kind.__mro__
    )


def _from_pandas(name: str, frame: Any) -> pa.Table:
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise DataError(
            f"{name}: the columns have {frame.columns.nlevels} levels. Flatten them: "
            'df.columns = ["_".join(map(str, c)) for c in df.columns].'
        )
    index = [
        (level, frame.index.get_level_values(level))
        for level in frame.index.names
        if level is not None
    ]
    columns = ((label, _plain(frame.iloc[:, n])) for n, label in enumerate(frame.columns))
    present = {_label(label) for label in frame.columns}
    return _from_columns(
        name, [*(pair for pair in index if _label(pair[0]) not in present), *columns]
    )


def _plain(series: Any) -> Any:
    """Periods as their first instant, as Arrow has no type for them."""
    return series.dt.to_timestamp() if str(series.dtype).startswith("period") else series


def _from_columns(name: str, columns: Iterable[tuple[Any, Any]]) -> pa.Table:
    names: list[str] = []
    arrays: list[Any] = []
    problems: list[Problem] = []
    for label, values in columns:
        text = _label(label)
        if _is_one_value(values):
            raise DataError(
                f"{name}.{text} is one value, {values!r}, not a list of values. "
                f"Put it in a list: {text}=[{values!r}]."
            )
        try:
            array = pa.array(values, from_pandas=True)
        except UnicodeEncodeError as error:
            raise DataError(
                f"{name}.{text} holds half of a character, {error.object!r}, which no file of text can hold. "
                f"Replace it: df[{text!r}].str.encode('utf-8', 'replace').str.decode('utf-8')."
            ) from error
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError, OverflowError):
            array = _mixed(values)
            if array is None:
                problems.append(_several_kinds(name, text, values))
                continue
        names.append(text)
        arrays.append(array)
    if problems:
        raise InvalidTablesError(problems)
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        raise DataError(f"{name}: the columns have different lengths: {sorted(lengths)}.")
    return pa.Table.from_arrays(arrays, names=names)


def _is_one_value(values: Any) -> bool:
    if isinstance(values, (str, bytes)) or getattr(values, "ndim", 1) == 0:
        return True
    return not isinstance(values, Iterable) and not hasattr(values, "__arrow_array__")


def _label(label: Any) -> str:
    if isinstance(label, dt.datetime):
        return label.date().isoformat()
    return label.isoformat() if isinstance(label, dt.date) else str(label)


def _mixed(values: Any) -> pa.Array | None:
    # Numbers among texts and dates among texts have one honest reading: as text.
    plain = (str, int, float, bool, dt.date, dt.datetime, type(None))
    listed = [None if _is_missing(value) else _from_numpy(value) for value in values]
    if not all(isinstance(value, plain) for value in listed):
        return None
    return pa.array([None if v is None else _cell_text(v) for v in listed], pa.string())


def _from_numpy(value: Any) -> Any:
    # Nanoseconds would become a whole number.
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[us]").item()
    return value.item() if isinstance(value, np.generic) else value


def _cell_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return (
            value.isoformat(sep=" ")
            if (value.hour, value.minute, value.second) != (0, 0, 0) or value.tzinfo
            else value.date().isoformat()
        )
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _is_missing(value: Any) -> bool:
    return value is None or bool(type(value).__name__ in {"NaTType", "NAType"} or value != value)


def _several_kinds(table: str, column: str, values: Any) -> Problem:
    kinds = sorted({type(value).__name__ for value in values})
    several = len(kinds) > 1
    return Problem(
        table,
        column,
        f"holds values of several kinds ({', '.join(kinds)})"
        if several
        else f"holds values of a kind that no table has ({kinds[0]})",
        len(values),
        (),
        "Make them all of one kind."
        if several
        else f"Make each a text, a number or a date: [str(each) for each in {column}].",
        "error",
        "mixed-kinds",
    )
