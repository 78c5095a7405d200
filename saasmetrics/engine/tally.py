"""Adding integers into the cells of a cube, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.tables.arrays import looked_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 1 << 16  # cells that are counted rather than sorted, however few the elements


def tally(
    cell: NDArray[np.int64], values: NDArray[np.int64] | None, cells: int
) -> NDArray[np.int64]:
    """Return the sum of `values` (or the count, for None) in each of `cells` cells."""
    out = np.zeros(cells, np.int64)
    pour(out, cell, values)
    return out


def pour(
    total: NDArray[np.int64], cell: NDArray[np.int64], values: NDArray[np.int64] | None
) -> None:
    """Add `values` (or 1, for None) into cells of a total; what it costs follows the values, not the cells."""
    np.add.at(total, cell, 1 if values is None else values)


def drain(
    total: NDArray[np.int64], cell: NDArray[np.int64], values: NDArray[np.int64] | None
) -> None:
    """Take `values` (or 1, for None) out of cells of a total."""
    np.subtract.at(total, cell, 1 if values is None else values)


def distinct(code: NDArray[Any], size: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the codes that occur, in order, and for each element which of them it is; codes are below `size`."""
    if size > len(code) + _FEW:
        used, at = np.unique(code, return_inverse=True)
        return used, at.reshape(-1).astype(np.int32)
    at = code.astype(np.intp, copy=False)
    used = np.flatnonzero(np.bincount(at, minlength=size))
    rank = np.zeros(size, np.int32)
    rank[used] = np.arange(len(used))
    return used, looked_up(rank, at)
