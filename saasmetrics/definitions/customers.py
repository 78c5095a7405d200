"""What each customer adds to a number under every combination of choices, kept where it differs."""

from __future__ import annotations

from itertools import compress, product
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.definitions.shapley import Block, Changed, check_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Subset = frozenset[str]
    Rows = pd.DataFrame

_LONG = 64  # evaluations from which progress is shown


class Customers:
    """Some customers' rows under every subset of the factors that they depend on, in one order.

    Parameters
    ----------
    rows
        From the factors that are switched to customer_id, numerator and, for a rate, denominator.
    outer, inner
        The factors; those that are dear to switch are in `outer`, and each of their subsets is visited once.
    """

    def __init__(
        self, rows: Callable[[Subset], Rows], outer: Sequence[str], inner: Sequence[str]
    ) -> None:
        check_number((*outer, *inner))
        visits = [some | more for some in _subsets(outer) for more in _subsets(inner)]
        self.evaluations = len(visits)
        self._depends = frozenset((*outer, *inner))
        self._ids = _Ids()
        base = self._block(rows(visits[0]))
        found = {on: Changed.of(base, self._block(rows(on))) for on in _shown(visits[1:])}
        base = base.padded(len(self._ids))
        self._blocks: dict[Subset, Block | Changed] = {visits[0]: base}
        for on, changed in found.items():
            self._blocks[on] = changed.onto(base)

    def _block(self, rows: Rows) -> Block:
        at = self._ids.places(rows["customer_id"])
        sides = [
            np.bincount(at, rows[name].to_numpy(float), len(self._ids)).astype(float, copy=False)
            for name in ("numerator", "denominator")
            if name in rows.columns
        ]
        return Block(*sides)

    def at(self, switched: Subset) -> Block | Changed:
        """Return what the customers add with some factors switched."""
        return self._blocks[switched & self._depends]

    def told(self, start: Subset, end: Subset) -> Rows:
        """Return the customers with what they add to both sides at the start and at the end."""
        import pandas as pd

        out = {"customer_id": self._ids.array}
        for letter, on in (("a", start), ("b", end)):
            block = self.at(on)
            out[f"numerator_{letter}"] = block.numerator
            if block.denominator is not None:
                out[f"denominator_{letter}"] = block.denominator
        return pd.DataFrame(out)


class _Ids:
    """The places of ids: those seen for the first time come after the others."""

    def __init__(self) -> None:
        self._index: pd.Index[Any] | None = None
        self._last: tuple[NDArray[Any], NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return 0 if self._index is None else len(self._index)

    @property
    def array(self) -> NDArray[Any]:
        """The ids in their order."""
        return np.zeros(0) if self._index is None else self._index.to_numpy()

    def places(self, ids: pd.Series[Any]) -> NDArray[np.int64]:
        """Return the place of each id."""
        import pandas as pd

        values = ids.to_numpy()
        if self._last is not None and np.array_equal(values, self._last[0]):
            return self._last[1]  # as nearly always from one choice to the next
        if self._index is None or not len(self._index):
            self._index = pd.Index(ids.unique())
        asked = pd.Index(ids)
        at = self._index.get_indexer(asked)
        if (at < 0).any():
            self._index = self._index.append(pd.Index(ids[at < 0].unique()))
            at = self._index.get_indexer(asked)
        self._last = values, at
        return at


def _subsets(factors: Sequence[str]) -> Iterator[Subset]:
    """Yield every subset, none first; neighbours differ mostly in the last factors, which often share their rows."""
    for switched in product((False, True), repeat=len(factors)):
        yield frozenset(compress(factors, switched))


def _shown(visits: Sequence[Subset]) -> Iterable[Subset]:
    """Show progress where there is much to evaluate."""
    if len(visits) < _LONG - 1:
        return visits
    from tqdm.auto import tqdm

    shown: Iterable[Subset] = tqdm(
        visits, desc="Every combination of the choices", leave=False, delay=1
    )
    return shown
