"""Why each life ended: the cause that the line which ended last gives, or a column of the customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.cohorts import CAUSES
from saasmetrics.engine.groups import NONE, Groups
from saasmetrics.engine.service import FAR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans
    from saasmetrics.tables import Table

CAUSE_COLUMN = "churn_cause"


def of_lines(tables: Mapping[str, Table], spans: Spans) -> NDArray[np.int64] | None:
    """Return the number of `churn_cause` of each span; None where the table has no such column."""
    data = tables[spans.source].data
    if CAUSE_COLUMN not in data.column_names:
        return None
    column = data[CAUSE_COLUMN].fill_null(CAUSES[0])
    names = np.append(np.asarray(column.to_numpy(zero_copy_only=False), object), CAUSES[0])
    code = np.zeros(len(names), np.int64)  # the last for spans without a row
    for number, cause in enumerate(CAUSES):
        code[names == cause] = number
    return code[spans.lines()]


def of_groups(found: Groups, spans: Spans) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the number of a column's value for each span, and the values; 0 is unknown."""
    names, number = numbered(found)
    codes = np.array(number, np.int64)
    if found.of_span is not None:
        return codes[found.of_span], names
    assert found.of_entity is not None
    return codes[found.of_entity[spans.entity]], names


def numbered(found: Groups) -> tuple[tuple[str, ...], list[int]]:
    """Return the values of a column as causes, and the number of each group among them; 0 is unknown."""
    labels = [str(label[0]) for label in found.labels]
    names = (CAUSES[0], *(name for name in labels if name not in (NONE, CAUSES[0])))
    number = {name: at for at, name in enumerate(names)}
    return names, [number.get(name, 0) for name in labels]


def of_lives(
    lives: dict[str, NDArray[np.int64]],
    spans: Spans,
    code: NDArray[np.int64],
    ordinal: Callable[[NDArray[np.int32]], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Return the cause of each life that ended: that of the line that ended last before it was gone."""
    out = np.zeros(len(lives["account"]), np.int64)
    at = np.flatnonzero(spans.end < FAR)
    if not len(at):
        return out
    at = at[np.lexsort((code[at], spans.end[at]))]
    key = (spans.entity[at].astype(np.int64) << 32) + ordinal(spans.end[at])
    order = np.argsort(key, kind="stable")
    mine = (lives["account"] << 32) + lives["cohort"] + lives["duration"]
    where = np.searchsorted(key[order], mine, side="right") - 1
    hit = (lives["event"] == 1) & (where >= 0)
    hit &= key[order][np.maximum(where, 0)] == mine
    out[hit] = code[at[order[where[hit]]]]
    return out
