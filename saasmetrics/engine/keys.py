"""An owner and a time as one number that sorts by owner, then time; a time may be below 0 (before 1970)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

_HALF = np.int64(1 << 31)


def in_one(owner: NDArray[Any], time: NDArray[Any]) -> NDArray[np.int64]:
    """Return an owner and a time as one number that sorts by owner, then time."""
    return np.asarray((owner.astype(np.int64) << 32) + time, np.int64)


def apart(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the owner and the time of keys.

    Examples
    --------
    >>> owner, time = apart(in_one(np.array([0, 3]), np.array([-365, 12])))
    >>> owner.tolist(), time.tolist()
    ([0, 3], [-365, 12])
    """
    owner = (key + _HALF) >> 32
    return owner, key - (owner << 32)
