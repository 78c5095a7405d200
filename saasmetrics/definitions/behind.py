"""The customers behind a number, under every subset of what can be switched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.definitions import asked
from saasmetrics.definitions.shapley import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.policy import Policy

    Subset = frozenset[str]
    Rows = pd.DataFrame


def behind(
    book: Book, metric: Metric, policy: Policy, options: Mapping[str, Any], period: Any, freq: str
) -> Rows:
    """Return what each customer adds to the two sides of a number; no customers where the book begins later.

    Raises
    ------
    DataError
        If the number is not a sum over customers.
    """
    calendar, engine = book.calendar(freq), book.with_policy(policy).engine
    first, _, _ = engine.extent(freq)
    found = asked.result(book, metric, policy, options)
    if found.drill is None:
        raise asked.refuse(metric, "the difference")
    if calendar.of(period) < first:
        import pandas as pd

        sides = ("numerator", *(["denominator"] if "denominator" in found.df.columns else []))
        return pd.DataFrame({name: [] for name in ("customer_id", *sides)})
    rows = found.rows(period=period)
    if "numerator" not in rows.columns:
        raise asked.refuse(metric, "the difference")
    return rows


class Customers:
    """Some customers' rows under every subset of the factors that they depend on, in one order."""

    def __init__(self, rows: Callable[[Subset], Rows], depends: Subset) -> None:
        from itertools import combinations

        import pandas as pd

        self._depends = depends
        subsets = (
            frozenset(some)
            for size in range(len(depends) + 1)
            for some in combinations(sorted(depends), size)
        )
        found = {on: rows(on) for on in subsets}
        self.ids = pd.Index(_union(frame["customer_id"] for frame in found.values()))
        self._blocks = {on: self._aligned(frame) for on, frame in found.items()}

    def _aligned(self, rows: Rows) -> Block:
        at = self.ids.get_indexer(rows["customer_id"])
        sides = []
        for name in ("numerator", "denominator"):
            if name in rows.columns:
                out = np.zeros(len(self.ids))
                np.add.at(out, at, rows[name].to_numpy(float))
                sides.append(out)
        return Block(*sides)

    def at(self, switched: Subset) -> Block:
        """Return what the customers add with some factors switched."""
        return self._blocks[switched & self._depends]

    def told(self, start: Subset, end: Subset) -> Rows:
        """Return the customers with what they add to both sides at the start and at the end."""
        import pandas as pd

        out = {"customer_id": self.ids.to_numpy()}
        for letter, on in (("a", start), ("b", end)):
            block = self.at(on)
            out[f"numerator_{letter}"] = block.numerator
            if block.denominator is not None:
                out[f"denominator_{letter}"] = block.denominator
        return pd.DataFrame(out)


def stacked(frames: list[Rows]) -> Rows:
    """Return the customers of several blocks one below the other."""
    import pandas as pd

    return pd.concat(frames, ignore_index=True)


def _union(columns: Iterable[pd.Series[Any]]) -> Any:
    """Return the distinct ids of several columns in order of appearance."""
    import pandas as pd

    filled = [column for column in columns if len(column)]
    return pd.concat(filled).unique() if filled else []
