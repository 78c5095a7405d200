"""The fields of a book, derived from its tables where nobody gave them."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from saasmetrics.engine.place import HERE, Place
from saasmetrics.errors import DataError
from saasmetrics.periods import Calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book, Cut
    from saasmetrics.checks.remedies import Chosen
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

__all__ = ["fill", "packed"]


def fill(
    book: Book,
    history: Mapping[str, Table],
    policy: Policy,
    currency: str | None,
    fiscal_start: int,
    as_of: int | None,
    since: int | None = None,
    known: int | None = None,
    cuts: tuple[Cut, ...] = (),
    scope: tuple[str, ...] = (),
    tables: Mapping[str, Table] | None = None,
    told: int | None = None,
    repairs: tuple[Chosen, ...] = (),
    mended: tuple[Problem, ...] = (),
    place: Place = HERE,
) -> None:
    """Set the fields of a new book, deriving from the tables what was not given.

    Parameters
    ----------
    book
        The book, empty.
    history, policy, currency, fiscal_start, as_of, since, known, cuts, scope, told, repairs, place
        As its fields; as_of None is the last day that the tables show.
    tables, mended
        The rows that are known, after repairs and cuts, with what was repaired in them; derived where not given.
    """
    from saasmetrics.quality import Checks

    Calendar("Y", fiscal_start)
    guessed = as_of is None
    if tables is None:
        history = history if currency else place.with_assumed(history)
        tables = place.known(history, known if policy.knowledge == "recorded" else None)
        as_of = place.until(tables, as_of)
        tables, mended = _repaired(tables, repairs, policy, as_of, currency, place)
        for cut in cuts:
            tables = cut(tables)
    assert as_of is not None
    currency = currency or place.currency(tables)
    fields = {
        "tables": tables,
        "history": history,
        "policy": policy,
        "currency": currency,
        "fiscal_start": fiscal_start,
        "as_of_day": as_of,
        "since_day": since,
        "known_day": known,
        "cuts": cuts,
        "scope": scope,
        "told_day": as_of if told is None or any(t.snapshots for t in tables.values()) else told,
        "engines": {},
        "place": place,
        "repairs": repairs,
        "mended": mended,
        "checks": Checks(tables, as_of, currency, guessed, place, mended=mended, whole=history),
    }
    for name, value in fields.items():
        object.__setattr__(book, name, value)


def packed(book: Book) -> dict[str, Any]:
    """Return what a book is pickled as: its tables and choices, without what has been counted.

    Raises
    ------
    DataError
        If its tables are elsewhere: a connection cannot be sent to another process.
    """
    if book.place.said():
        msg = (
            "A book whose tables stay where they are cannot be pickled, as its connection cannot: call sm.connect in "
            "each process, or send what it answers, result.df."
        )
        raise DataError(msg)
    names = [each.name for each in fields(book)]
    state = {name: getattr(book, name) for name in names}
    cuts = tuple(_here(cut) for cut in book.cuts)
    checks = replace(book.checks, place=HERE)
    return {**state, "engines": {}, "place": HERE, "cuts": cuts, "checks": checks}


def _here(cut: Any) -> Any:
    """Return a filter of a book as that of a book whose files are kept nowhere."""
    values = getattr(cut, "keywords", {}).get("values")
    return cut if values is None else partial(HERE.filtered, values=values)


def _repaired(
    tables: Mapping[str, Table],
    repairs: tuple[Chosen, ...],
    policy: Policy,
    as_of: int,
    currency: str | None,
    place: Place,
) -> tuple[Mapping[str, Table], tuple[Problem, ...]]:
    if not repairs:
        return tables, ()
    from saasmetrics.checks.remedies import Asked, applied

    asked = Asked(policy, as_of, currency or place.currency(tables))
    return applied(tables, repairs, asked)
