"""What comes back from where the tables are: columns, single numbers, and cells as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame


def whole_columns(cells: Frame, names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Fetch the columns of a small frame as whole numbers."""
    table = cells.select(*(nw.col(name).cast(nw.Int64) for name in names)).collect().to_arrow()
    return {name: np.asarray(table[name]).astype(np.int64) for name in names}


def number(cell: Frame) -> Any:
    """Fetch the only value of a frame; None where it is missing."""
    found = cell.collect().to_arrow().column(0).to_pylist()
    return None if not found or found[0] != found[0] else found[0]


def dense(
    cells: Frame, shape: tuple[int, ...], dims: Mapping[str, int], names: Sequence[str]
) -> dict[str, NDArray[np.int64]]:
    """Fetch cells into arrays of groups x periods (x ages); `dims` says where each axis after the group begins."""
    found = whole_columns(cells, ("group", *dims, *names))
    place = (found["group"], *(found[name] - first for name, first in dims.items()))
    out = {}
    for name in names:
        out[name] = np.zeros(shape, np.int64)
        out[name][place] = found[name]
    return out
