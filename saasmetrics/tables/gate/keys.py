"""Findings about what names a row: missing, repeated and unmatched keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem, Severity
from saasmetrics.money import counted
from saasmetrics.tables.gate.alike import repeated
from saasmetrics.tables.gate.view import Bools, Gate, View, mask_of
from saasmetrics.tables.runs import columns_of
from saasmetrics.tables.schema import CLOCKS, REVENUE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "customers_without_row",
    "identical",
    "is_row_number",
    "missing_values",
    "mixed_key_types",
    "padded_ids",
    "repeated_keys",
    "repeated_rows",
    "row_without_revenue",
    "unknown_parents",
]

# Lines of one invoice share its number, costs come in several lines, and the successive terms of a
# subscription share its id (their overlaps are another finding).
_REPEATED_KEY: dict[str, Severity] = {"invoices": "note", "spend": "note"}
# Exports of surveys have a row for everybody asked; a score made up for those who did not answer would be counted.
_UNANSWERED = frozenset({("surveys", "score")})
_SAME_KEY_IS_NORMAL = ("subscriptions",)
LINE_IDS = {"usage": "usage_id", "activities": "activity_id", "surveys": "survey_id"}


def missing_values(gate: Gate) -> Iterable[Problem]:
    """Required columns without a value."""
    for view in gate.having(*SCHEMA):
        for name in SCHEMA[view.name].required:
            if not view.has(name) or not view.table.data[name].null_count:
                continue
            asked_only = (view.name, name) in _UNANSWERED
            meaning = SCHEMA[view.name].columns[name].meaning
            yield from view.problem(
                ~view.valid(name),
                column=name,
                rule="is missing" if asked_only else "must not be missing",
                remedy="They count as not answered, never as a score."
                if asked_only
                else f"Fill it in, or drop the rows: {dropping(view.name)}. {meaning}",
                code="unanswered-survey" if asked_only else "missing-value",
                severity="note" if asked_only else "error",
                show=(*SCHEMA[view.name].key, "customer_id", name),
            )


def dropping(table: str) -> str:
    """Return what drops the rows of a table that have no value where there must be one."""
    return f'book.repair({{"{table}.missing-value": "drop"}})'


def padded_ids(gate: Gate) -> Iterable[Problem]:
    """Ids with blanks around them, which make two customers out of one."""
    for view in gate.having(*SCHEMA):
        if not view.has("customer_id") or not _is_text(view, "customer_id"):
            continue
        names = view.names("customer_id")
        padded = mask_of(pc.starts_with(names, " ")) | mask_of(pc.ends_with(names, " "))
        if not padded.any():
            continue
        yield from view.problem(
            _where(padded, view.codes("customer_id")),
            column="customer_id",
            rule="has blanks before or after the id",
            remedy='Strip them: df["customer_id"].str.strip().',
            code="padded-id",
            severity="warning",
            show=("customer_id",),
        )


def key_of(name: str) -> list[str]:
    """Return the columns that name a row of a table; those that it must have where rows have no names."""
    return list(SCHEMA[name].key or SCHEMA[name].required)


def mixed_key_types(gate: Gate) -> Iterable[Problem]:
    """Ids that are text in one table and numbers in another, so that nothing would match."""
    having = [view for view in gate.having(*SCHEMA) if view.has("customer_id")]
    texts = [view.name for view in having if _is_text(view, "customer_id")]
    numbers = [view.name for view in having if view.name not in texts]
    if texts and numbers:
        yield Problem(
            numbers[0],
            "customer_id",
            f"ids are numbers in {', '.join(numbers)} and text in {', '.join(texts)}",
            0,
            (),
            'Make them text: df["customer_id"].astype(str).',
            "error",
            "mixed-key-types",
        )


def repeated_keys(gate: Gate) -> Iterable[Problem]:
    """Different rows under one key."""
    for view in gate.having(*SCHEMA):
        key = [name for name in SCHEMA[view.name].key if view.has(name)]
        line_id = LINE_IDS.get(view.name, "")
        severity = _REPEATED_KEY.get(view.name, "error")
        if view.name in _SAME_KEY_IS_NORMAL:
            continue
        if not key and view.has(line_id):
            key, severity = [line_id], "warning"
        if view.name == "mrr" and _attributes(view):
            severity = "note"
        rows = repeated(view, key)
        if not len(rows):
            continue
        rows = _several(view, key, rows[~identical(view, rows)])
        yield from view.problem(
            rows,
            column=", ".join(key),
            rule="several different rows for one key",
            remedy=_advice(view.name, key, severity),
            code="repeated-key",
            severity=severity,
            show=(*key, *SCHEMA[view.name].required),
        )


def repeated_rows(gate: Gate) -> Iterable[Problem]:
    """Rows that are there twice, value for value."""
    for view in gate.having(*SCHEMA):
        yield from _twice(view)


def _twice(view: View) -> Iterable[Problem]:
    key = [name for name in SCHEMA[view.name].key if view.has(name)]
    generated = len(key) == 1 and is_row_number(view, key[0])
    if not key or generated:
        key = [name for name in SCHEMA[view.name].required if view.has(name) and name not in key]
    rows = repeated(view, key)
    if not len(rows):
        return
    twice = rows[identical(view, rows, without=SCHEMA[view.name].key if generated else ())]
    yield from view.problem(
        np.sort(twice),
        column="",
        rule="the same row again, value for value",
        remedy="Drop the copies: df.drop_duplicates().",
        code="repeated-row",
        severity="warning" if generated or not SCHEMA[view.name].key else "error",
        show=(*SCHEMA[view.name].key, *SCHEMA[view.name].required),
    )


def customers_without_row(gate: Gate) -> Iterable[Problem]:
    """Customers of other tables that `customers` does not have."""
    if not gate.having("customers"):
        return
    customers = gate.views["customers"]
    for view in gate.having(*(name for name in SCHEMA if name != "customers")):
        if not view.has("customer_id"):
            continue
        strange = gate.match(view, customers, "customer_id", "customer_id") < 0
        if not strange.any():
            continue
        yield from view.problem(
            _where(strange, view.codes("customer_id")),
            column="customer_id",
            rule=without_row(int(strange.sum())),
            remedy="Add them to customers; until then they have no segment.",
            code="customer-without-row",
            severity="warning",
            show=("customer_id", *SCHEMA[view.name].key),
        )


def without_row(count: int) -> str:
    """Return in words that so many customers have no row in `customers`."""
    return f"{counted(count, 'customer')} without a row in customers"


def row_without_revenue(gate: Gate) -> Iterable[Problem]:
    """Customers that never paid."""
    revenue = [view for view in gate.having(*REVENUE) if view.has("customer_id")]
    if not revenue or not gate.having("customers"):
        return
    customers = gate.views["customers"]
    paying = np.zeros(len(customers.names("customer_id")), np.bool_)
    for view in revenue:
        found = gate.match(view, customers, "customer_id", "customer_id")
        paying[found[found >= 0]] = True
    yield from customers.problem(
        _where(~paying, customers.codes("customer_id")),
        column="customer_id",
        rule=f"customers without a row in {', '.join(view.name for view in revenue)}",
        remedy="Nothing to do where they never paid; otherwise the export of revenue is incomplete.",
        code="customer-without-revenue",
        severity="note",
        show=("customer_id", "name"),
    )


def unknown_parents(gate: Gate) -> Iterable[Problem]:
    """Parents that are no customers."""
    for view in gate.having("customers"):
        if not view.has("parent_id"):
            continue
        strange = gate.match(view, view, "parent_id", "customer_id") < 0
        yield from view.problem(
            _where(strange, view.codes("parent_id")),
            column="parent_id",
            rule="names no customer",
            remedy="Add the parent as a customer, or clear the column.",
            code="unknown-parent",
            severity="warning",
            show=("customer_id", "parent_id"),
        )


def _several(view: View, key: list[str], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return those of some rows whose key others of them have too."""
    _, group, size = np.unique(view.combined(key)[rows], return_inverse=True, return_counts=True)
    return rows[size[group] > 1]


def identical(view: View, rows: npt.NDArray[np.intp], without: tuple[str, ...] = ()) -> Bools:
    """True for each of the rows that repeats an earlier one in all columns."""
    some = view.table.data.take(pa.array(rows))
    columns = [
        field.name
        for field in some.schema
        if field.name not in without and not pa.types.is_null(field.type)
    ]
    for place, name in enumerate(some.column_names):
        if pa.types.is_nested(some[name].type):  # lists and structures group no rows
            texts = pa.array([repr(value) for value in some[name].to_pylist()], pa.string())
            some = some.set_column(place, name, texts)
    part = some.select(columns).append_column("__row", pa.array(np.arange(len(rows))))
    first = part.group_by(columns, use_threads=False).aggregate([("__row", "min")])["__row_min"]
    again = np.ones(len(rows), np.bool_)
    again[first.to_numpy()] = False
    return again


def _attributes(view: View) -> bool:
    return bool({*columns_of(view.table.data)} - {*SCHEMA[view.name].required, *CLOCKS})


def is_row_number(view: View, column: str) -> bool:
    """Whether a column of ids counts the rows, as one that stands in for ids that the export does not have."""
    values = view.table.data[column]
    if not pa.types.is_integer(values.type) or values.null_count:
        return False
    limits = pc.min_max(values).as_py()
    if (limits["min"], limits["max"]) != (1, view.size):
        return False
    return bool((values.combine_chunks().to_numpy() == np.arange(1, view.size + 1)).all())


def _advice(table: str, key: list[str], severity: Severity) -> str:
    if severity == "note":
        return "They are added up."
    if table in ("customers", "people", "finance", "fx"):
        return f"Keep one row per {', '.join(key)}: df.drop_duplicates({key}, keep='last')."
    if table == "mrr":
        return f"Sum the rows: df.groupby({key}, as_index=False).sum()."
    return f"Make {', '.join(key)} different, or keep one row of each."


def _where(names: Bools, codes: npt.NDArray[np.int32]) -> Bools:
    """Rows whose value is among the marked ones."""
    return np.append(names, False)[codes]


def _is_text(view: View, column: str) -> bool:
    return not pa.types.is_integer(view.table.data.field(column).type)
