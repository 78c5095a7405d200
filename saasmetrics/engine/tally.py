"""Adding integers into the cells of a cube, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 1 << 16  # cells that are counted rather than sorted, however few the elements
_EXACT = 2**53  # floats hold every integer below this, and bincount adds floats


def tally(
    cell: NDArray[np.int64], values: NDArray[np.int64] | None, cells: int
) -> NDArray[np.int64]:
    """Return the sum of `values` (or the count, for None) in each of `cells` cells."""
    if values is None:
        return np.bincount(cell, minlength=cells)
    if not len(values):
        return np.zeros(cells, np.int64)
    largest = max(abs(int(values.max())), abs(int(values.min())))
    if largest * len(values) < _EXACT or float(np.abs(values).sum(dtype=np.float64)) < _EXACT / 2:
        return np.bincount(cell, weights=values, minlength=cells).astype(np.int64)
    out = np.zeros(cells, np.int64)
    np.add.at(out, cell, values)
    return out


def distinct(code: NDArray[Any], size: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the codes that occur, in order, and for each element which of them it is; codes are below `size`."""
    if size > len(code) + _FEW:
        used, at = np.unique(code, return_inverse=True)
        return used, at.reshape(-1).astype(np.int32)
    used = np.flatnonzero(np.bincount(code, minlength=size))
    rank = np.zeros(size, np.int32)
    rank[used] = np.arange(len(used))
    return used, rank[code]
