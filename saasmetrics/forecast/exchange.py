"""What other exchange rates would make of today's MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.followed import followed, of_spans
from saasmetrics.engine.groups import NONE
from saasmetrics.errors import DataError
from saasmetrics.forecast.rates import sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.forecast.scenario import Scenario


def currencies(book: Book) -> tuple[str, ...]:
    """Return the currencies in which there is MRR now."""
    names, code = _by_span(book)
    live = _live(book)
    return tuple(names[number] for number in np.unique(code[live]) if number >= 0)


def exchange_factors(
    book: Book, by: Sequence[str], scenario: Scenario
) -> NDArray[np.float64] | None:
    """Return by how much the MRR of each group changes under the scenario's exchange rates; None for not at all.

    Raises
    ------
    UnknownNameError
        If no MRR is in a currency that the scenario names.
    DataError
        If the scenario moves the currency that everything is told in.
    """
    if not scenario.fx:
        return None
    there = currencies(book)
    for currency in scenario.fx:
        if currency == book.currency:
            msg = f"{currency} is the currency of this book and cannot move against itself; move the others."
            raise DataError(msg)
        one_of("currency of MRR", currency, there)
    engine = followed(book.engine)
    names, code = _by_span(book)
    live = _live(book)
    amount = engine.spans.amount[live].astype(float)
    group = engine.origin(tuple(by))[engine.spans.entity[live]]
    factor = np.array([*(float(scenario.fx.get(name, 1.0)) for name in names), 1.0])
    many = len(engine.grouping(tuple(by)))
    before, _ = sums(group, amount, many)
    after, _ = sums(group, amount * factor[code[live]], many)
    return np.divide(after, before, out=np.ones(many), where=before > 0)


def _live(book: Book) -> NDArray[np.int64]:
    """Return the spans that are MRR on the last day of the last complete month."""
    spans, months = followed(book.engine).spans, book.calendar("M")
    _, _, full = book.engine.extent("M")
    now = int(months.last_day(np.array([full]))[0])
    return np.flatnonzero((spans.start <= now) & (spans.end > now) & ~spans.rests())


def _by_span(book: Book) -> tuple[list[str], NDArray[np.int64]]:
    """Return the currencies of the source of MRR, and which of them each span is in; -1 for none."""
    engine, source = followed(book.engine), book.engine.source
    if "currency" not in book.tables[source]:
        return [], np.full(len(engine.spans), -1, np.int64)
    labels, code = of_spans(engine, (f"{source}.currency",))
    names = [str(label[0]) for label in labels if label[0] != NONE]
    place = {name: number for number, name in enumerate(names)}
    number = np.array([place.get(str(label[0]), -1) for label in labels], np.int64)
    return names, number[code]
