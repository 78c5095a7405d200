"""Findings about names: characters that no document can show, and parents that have parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import one_chunk, raw
from saasmetrics.tables.lazy import later_of, passing
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.texts import NUMBERED, is_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate, View

_LOWEST = 32  # of printed characters; tab and line ends are the only ones below it that a document may hold
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"


def control_characters(gate: Gate) -> Iterable[Problem]:
    """Texts with control characters, which charts cannot show; of columns that were read at once."""
    for view in gate.having(*SCHEMA):
        later = later_of(view.table.data)
        for column in view.table.column_names:
            if column not in later:
                yield from with_control(view, column)


def with_control(view: View, column: str) -> Iterable[Problem]:
    """Texts of a column with control characters; one that is still in its file is let go again."""
    rows = _with_control(passing(view.table.data, column))
    if not len(rows):
        return
    yield from view.problem(
        rows,
        column=column,
        rule="holds control characters, which charts cannot show",
        remedy=f"Take them out: df[{column!r}].str.replace(r'[\\x00-\\x1f]', '', regex=True).",
        code="control-characters",
        severity="warning",
        show=(*SCHEMA[view.name].key, column),
    )


def _with_control(data: pa.ChunkedArray) -> npt.NDArray[np.intp]:
    if data.type == NUMBERED:
        coded = one_chunk(data)
        marked = _with_control(pa.chunked_array([coded.dictionary]))
        return np.flatnonzero(np.isin(raw(coded.indices.fill_null(-1)), marked))
    if not is_text(data.type):
        return np.zeros(0, np.intp)
    if not any(_low_bytes(chunk) for chunk in data.chunks):
        return np.zeros(0, np.intp)
    found = pc.fill_null(pc.match_substring_regex(data, CONTROL), False)
    return np.flatnonzero(found.to_numpy())


def _low_bytes(text: pa.Array) -> bool:
    """Whether there may be control characters: looking at bytes takes a small part of the time of a pattern."""
    bytes_of = text.buffers()[2]
    return bytes_of is not None and bool((np.frombuffer(bytes_of, np.uint8) < _LOWEST).any())


def parents_of_parents(gate: Gate) -> Iterable[Problem]:
    """Parents that have a parent of their own, and those that lead back to themselves."""
    for view in gate.having("customers"):
        if not view.has("customer_id", "parent_id"):
            continue
        above = _above(gate, view)
        turning, customer = _in_circles(above), view.codes("customer_id")
        counted = gate.choice("entity", "customer") == "parent"
        yield from view.problem(
            _rows(turning, customer),
            column="parent_id",
            rule="leads back to the customer itself, so that nobody is the parent",
            remedy="Clear the parent of the one that is at the top.",
            code="circle-of-parents",
            severity="error" if counted else "warning",
            show=("customer_id", "parent_id"),
        )
        chained = (above >= 0) & (above[above] >= 0) & ~turning
        yield from view.problem(
            _rows(chained, customer),
            column="parent_id",
            rule="names a customer that has a parent itself; only the first one counts",
            remedy="Name the customer at the top in every row, where the whole group is to be counted as one.",
            code="parent-of-parent",
            severity="warning",
            show=("customer_id", "parent_id"),
        )


def _above(gate: Gate, view: View) -> npt.NDArray[np.int64]:
    """Return the parent of each customer by number; -1 where there is none, or it is the customer itself."""
    known = np.append(gate.match(view, view, "parent_id", "customer_id"), -1)
    customer = view.codes("customer_id")
    above = np.full(len(view.names("customer_id")) + 1, -1, np.int64)  # the last stands for none
    above[customer] = known[view.codes("parent_id")]
    above[-1] = -1
    above[above == np.arange(len(above))] = -1
    return above


def _in_circles(above: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return who is in a circle: who can still be reached after as many steps up as there are customers."""
    far, steps = above, 1
    while steps < len(above):
        far, steps = np.where(far >= 0, far[far], -1), 2 * steps
    out = np.zeros(len(above), np.bool_)
    out[far[far >= 0]] = True
    return out


def _rows(marked: npt.NDArray[np.bool_], customer: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    return np.asarray(marked[customer] & (customer >= 0), np.bool_)
