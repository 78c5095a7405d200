"""Customers one by one: the engine to ask what each of them pays and when, wherever the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
