"""What other exchange rates would make of today's MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.columns import encode
from saasmetrics.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.forecast.scenario import Scenario


def exchange_factors(
    book: Book, by: Sequence[str], scenario: Scenario
) -> NDArray[np.float64] | None:
    """Return by how much the MRR of each group changes under the scenario's exchange rates; None for not at all.

    Raises
    ------
    UnknownNameError
        If no MRR is in a currency that the scenario names.
    """
    if not scenario.fx:
        return None
    engine = book.engine
    data = engine.tables[engine.spans.source].data
    names: list[str] = []
    code = np.zeros(len(engine.spans), np.int64)
    if "currency" in data.column_names:
        known, of_row = encode(data["currency"])
        names = [str(name) for name in known.to_pylist()]
        code = of_row[engine.spans.lines()].astype(np.int64)
    for currency in scenario.fx:
        if currency not in names:
            raise UnknownNameError.of("currency of MRR", currency, names)
    spans, now = engine.spans, engine.as_of
    live = (spans.start <= now) & (spans.end > now) & ~spans.rests()
    group = engine.origin(tuple(by))[spans.entity]
    factor = np.array([*(float(scenario.fx.get(name, 1.0)) for name in names), 1.0])
    many = len(engine.grouping(tuple(by)))
    before, after = (
        np.bincount(group[live], weights=spans.amount[live] * each[live], minlength=many)
        for each in (np.ones(len(spans)), factor[code])
    )
    return np.divide(after, before, out=np.ones(many), where=before > 0)
