"""How old each customer is when it first pays more, or when it was last seen without that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.reason_sums import Reasons

    Columns = dict[str, NDArray[np.int64]]

LIFE = ("age", "expanded", "left", "entry")


def first_expansions(
    engine: LocalEngine, found: Reasons, by: Sequence[str], counted: Sequence[int]
) -> Columns:
    """Return per customer its group, the age in months that counts, and how that ended.

    Parameters
    ----------
    engine, found, by
        The engine, the reasons of its movements by months, the columns of the groups.
    counted
        The subtypes of expansion that count.

    Returns
    -------
    dict
        account, group, age (at the first expansion, or when last seen without one), expanded, left (without one) and
        entry (the age at which the customer was first observed).
    """
    found = found.pick((found.movement == 0) & np.isin(found.subtype, counted))
    lives = engine.lives("M")
    account, cohort, duration = lives["account"], lives["cohort"], lives["duration"]
    never = np.iinfo(np.int64).max
    first = np.full(len(engine.spans.entity_ids), never)
    born = np.full(len(first), never)
    born[account] = cohort
    later = found.period >= born[found.entity]
    np.minimum.at(first, found.entity[later], found.period[later])
    age = np.where(first[account] == never, never, first[account] - cohort)
    expanded = (age < duration) | ((age == duration) & (lives["event"] == 0))
    seen = np.where(expanded, age, duration)
    keep = (seen > lives["entry"]) | (lives["entry"] == 0)
    return {
        "account": account[keep],
        "group": engine.origin(by)[account[keep]].astype(np.int64),
        "age": seen[keep],
        "expanded": expanded[keep].astype(np.int64),
        "left": (~expanded & (lives["event"] == 1))[keep].astype(np.int64),
        "entry": lives["entry"][keep],
    }


def counts(lives: Columns) -> Columns:
    """Return how many customers there are of each group and kind of life."""
    keys = np.stack([lives[name] for name in ("group", *LIFE)])
    used, many = np.unique(keys, axis=1, return_counts=True)
    return dict(zip(("group", *LIFE), used, strict=True)) | {"customers": many.astype(np.int64)}
