"""Customers one by one: the engine to ask what each of them pays and when, wherever the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine


def followed(engine: LocalEngine) -> LocalEngine:
    """Return what knows the ledger of each customer: of a connected book its pieces, brought as whole numbers.

    Periods, groups and rates are those of the engine. Lines are numbered, but no rows of tables are behind them: what
    a line says besides its MRR is asked of the engine itself.

    Parameters
    ----------
    engine
        The engine of a book.
    """
    found: LocalEngine = getattr(engine, "followed", engine)
    return found


def of_spans(
    engine: LocalEngine, by: Sequence[str]
) -> tuple[tuple[tuple[Any, ...], ...], NDArray[np.int32]]:
    """Return the values of some columns, and which of them the line of each span has.

    Parameters
    ----------
    engine
        What knows the ledger of each customer.
    by
        Columns by which it groups.
    """
    groups = engine.grouping(by)
    if groups.of_entity is not None:
        return groups.labels, groups.of_entity[engine.spans.entity]
    assert groups.of_span is not None
    return groups.labels, groups.of_span
