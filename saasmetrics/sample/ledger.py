"""Records what the simulation opens and closes, as columns that grow by chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.sample.company import Ints


class Chunks:
    """Columns of equal length that grow by whole arrays and are joined once at the end."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._later: list[dict[str, Any]] = []
        self.size = 0

    def add(self, length: int, **columns: Any) -> Ints:
        """Append rows (scalars are repeated) and return their numbers."""
        self._rows.append({k: np.broadcast_to(v, length) for k, v in columns.items()})
        numbers = np.arange(self.size, self.size + length)
        self.size += length
        return numbers

    def amend(self, rows: Ints, **columns: Any) -> None:
        """Set columns of earlier rows; of two amendments the later one holds."""
        self._later.append(
            {"rows": rows, **{k: np.broadcast_to(v, rows.size) for k, v in columns.items()}}
        )

    def joined(self) -> dict[str, NDArray[Any]]:
        """Give every column as one array, with the amendments made."""
        columns = {k: np.concatenate([c[k] for c in self._rows]) for k in self._rows[0]}
        for change in self._later:
            rows = change["rows"]
            for name, values in change.items():
                if name != "rows":
                    columns[name][rows] = values
        return columns
