"""The rows of the tables behind a restatement: which value was what, and since when it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.definitions.changes import LABELS
from saasmetrics.engine.columns import flat, has, parents
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.known import identity
from saasmetrics.tables.schema import CLOCKS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.definitions.changes import Changes
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Numbers = NDArray[np.int64]

COLUMNS = (
    "step",
    "table",
    "key",
    "customer_id",
    "change",
    "column",
    "from",
    "to",
    "recorded_at",
)


def restated_rows(
    changes: Mapping[str, Changes],
    touching: Mapping[str, Any],
    policies: tuple[Policy, Policy],
    tables: Sequence[Mapping[str, Table]],
) -> pd.DataFrame:
    """Return the rows behind some steps, those of customers that a step adds something for.

    Parameters
    ----------
    changes
        Table -> what became of its rows.
    touching
        Step -> the customers that it adds something for.
    policies
        The policies of then and of now.
    tables
        The tables of then and of now.

    Returns
    -------
    DataFrame
        step, table, key, customer_id, change (added, changed, withdrawn), column, from, to, recorded_at; one row per
        value that changed, one per row that was added or withdrawn, one per choice.
    """
    import pandas as pd

    found = []
    for step, customers in touching.items():
        if step not in LABELS:
            found.append(_choice(step, policies))
            continue
        wanted = pa.array(customers.astype(str), pa.string())
        for each in changes.values():
            entity = [_entities(each.table, policies[0], known) for known in tables]
            found += _of_table(step, each, [_among(ids, wanted) for ids in entity])
    filled = [frame for frame in found if len(frame)]
    if not filled:
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(filled, ignore_index=True)[[*COLUMNS]]


def _choice(step: str, policies: tuple[Policy, Policy]) -> pd.DataFrame:
    import pandas as pd

    said = {"step": step, "table": "policy", "key": step, "change": "changed", "column": step}
    sides = {"from": policies[0].sentence(step), "to": policies[1].sentence(step)}
    return pd.DataFrame([{**said, "customer_id": None, **sides, "recorded_at": pd.NaT}])


def _entities(table: Table, policy: Policy, tables: Mapping[str, Table]) -> pa.Array | None:
    """Return for each row what counts as its customer; None where rows are of nobody."""
    if policy.entity == "subscription":
        name = "subscription_id"
        return flat(table.data[name]) if name in table else None
    if "customer_id" not in table:
        return None
    mine = table.data["customer_id"]
    known = tables.get("customers")
    if policy.entity == "parent" and known is not None and has(known.data, "parent_id"):
        return flat(parents(mine, known.data))
    return flat(mine)


def _among(ids: pa.Array | None, wanted: pa.Array) -> NDArray[np.bool_] | None:
    return None if ids is None else np.asarray(pc.is_in(ids.cast(pa.string()), wanted))


def _of_table(
    step: str, changes: Changes, mine: list[NDArray[np.bool_] | None]
) -> list[pd.DataFrame]:
    """Return what changed, was added and was withdrawn in one table: nth old and nth new row of a key are a pair."""
    old, new = (side.get(step, np.zeros(0, np.int64)) for side in (changes.old, changes.new))
    one, other = _paired(changes.keys, old, new)
    before, after = mine
    if before is not None and after is not None:
        keep = before[one] | after[other]
        one, other = one[keep], other[keep]
        old, new = old[before[old]], new[after[new]]
    table = changes.table
    frames = [
        _values(table, step, "withdrawn", np.setdiff1d(old, one), "from"),
        _values(table, step, "added", np.setdiff1d(new, other), "to"),
    ]
    compared = [name for name in table.column_names if name not in CLOCKS]
    return [*(_changed(table, step, name, one, other) for name in compared), *frames]


def _paired(keys: Numbers, old: Numbers, new: Numbers) -> tuple[Numbers, Numbers]:
    """Return the old and new rows that are the nth of their key on both sides."""
    sides = []
    for rows in (old, new):
        order = rows[np.argsort(keys[rows], kind="stable")]
        first = np.searchsorted(keys[order], keys[order], side="left")
        sides.append((order, keys[order], np.arange(len(order)) - first))
    (one, left, nth), (other, right, mth) = sides
    codes = np.unique(
        np.stack([np.append(left, right), np.append(nth, mth)]), axis=1, return_inverse=True
    )[1]
    codes = codes.reshape(-1)
    _, a, b = np.intersect1d(codes[: len(one)], codes[len(one) :], return_indices=True)
    return one[a], other[b]


def _changed(table: Table, step: str, name: str, one: Numbers, other: Numbers) -> pd.DataFrame:
    """Return the rows that have another value in a column."""
    codes = View(table).codes(name)
    differ = codes[one] != codes[other]
    one, other = one[differ], other[differ]
    said = {"from": _text(table, name, one), "to": _text(table, name, other)}
    return _frame(table, step, "changed", other, column=name, **said)


def _values(table: Table, step: str, change: str, rows: Numbers, side: str) -> pd.DataFrame:
    """Return rows that came or went, with what they say."""
    told = [
        n for n in (*SCHEMA[table.name].required, "end") if n in table and n not in identity(table)
    ]
    return _frame(table, step, change, rows, **{side: _joined(table, told, rows)})


def _frame(table: Table, step: str, change: str, rows: Numbers, **said: Any) -> pd.DataFrame:
    import pandas as pd

    clock = CLOCKS[1] if change == "withdrawn" else CLOCKS[0]
    data: dict[str, Any] = {
        "step": np.full(len(rows), step, object),
        "table": table.name,
        "key": _joined(table, identity(table), rows),
        "customer_id": None,
        "change": change,
        "column": None,
        "from": None,
        "to": None,
        "recorded_at": pd.NaT,
        **said,
    }
    if "customer_id" in table:
        data["customer_id"] = table.data["customer_id"].take(pa.array(rows)).to_pandas()
    if clock in table:
        data["recorded_at"] = table.data[clock].take(pa.array(rows)).to_pandas()
    return pd.DataFrame(data)


def _text(table: Table, name: str, rows: Numbers) -> NDArray[Any]:
    """Return the values of a column as text, None where missing."""
    values = table.data[name].take(pa.array(rows)).cast(pa.string())
    return np.array(values.to_pylist(), object)


def _joined(table: Table, names: Iterable[str], rows: Numbers) -> NDArray[Any]:
    """Return several columns as text such as "amount=100, interval=month"; missing values are not named."""
    parts = []
    for name in names:
        values = table.data[name].take(pa.array(rows)).cast(pa.string()).combine_chunks()
        parts.append(pc.binary_join_element_wise(f"{name}=", values, ""))
    if not parts:
        return np.full(len(rows), "", object)
    joined = pc.binary_join_element_wise(*parts, ", ", null_handling="skip")
    return np.array(joined.to_pylist(), object)
