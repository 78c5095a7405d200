"""The settings and the book that is given with them: read by the policy asked for, and never one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from saasmetrics.board.asked import Settings
    from saasmetrics.board.making import Making
    from saasmetrics.book import Book


def fitted(book: Book, asked: Settings) -> Book:
    """Return the book by the policy of the settings; refuse settings that contradict it.

    Raises
    ------
    UnknownNameError
        If there is no such policy or currency.
    DataError
        If the book has another currency or fiscal year, or other tables than the settings name.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> from saasmetrics.board.asked import settings
    >>> fitted(sm.demo(customers=20), settings({"policy": "stripe"})).policy.name
    'stripe'
    """
    from saasmetrics.engine.amounts import reporting_currency
    from saasmetrics.policy import resolve

    currency = reporting_currency(asked.currency)
    if currency is not None and currency != book.currency:
        _contradict("currency", currency, book.currency)
    if asked.fiscal_start is not None and asked.fiscal_start != book.fiscal_start:
        _contradict("fiscal_start", asked.fiscal_start, book.fiscal_start)
    if asked.data is not None:
        _same_tables(book, asked)
    policy = None if asked.policy_file is None else resolve(asked.policy_file)
    return book if policy is None or policy == book.policy else book.with_policy(policy)


def _contradict(name: str, asked: object, own: object) -> None:
    msg = (
        f"The settings say {name} = {asked!r}, and the book has {own!r}: leave it out of the "
        f"settings, or read the book with {name}={asked!r}."
    )
    raise DataError(msg)


def _same_tables(book: Book, asked: Settings) -> None:
    from saasmetrics.book import Book
    from saasmetrics.tables.fingerprint import fingerprint

    folder = asked.folder / (asked.data or ".")
    leave = "leave data out of the settings, or read the book from there."
    try:
        there = Book.read(folder, policy=book.policy, currency=book.currency)
    except DataError as error:
        msg = f"The settings say data = {asked.data!r}, which cannot be compared with the book; {leave} {error}"
        raise DataError(msg) from error
    if fingerprint(there.history) != fingerprint(book.history):
        msg = f"The settings say data = {asked.data!r}, and the book has other tables than {folder}: {leave}"
        raise DataError(msg)


def unplanned(making: Making) -> tuple[str, ...]:
    """Return, in words, the plans of the settings that are of no quarter of the pack, and the key that was wanted."""
    name, month = making.label(making.now), making.last_month(making.now)
    found = []
    for metric, periods in making.settings.targets.items():
        if periods and not any(making.is_shown(period) for period in periods):
            listed = ", ".join(f'"{period}"' for period in periods)
            found.append(
                f"Plan of {metric}: {listed} of [targets.{metric}] is no quarter of this pack; "
                f'for {name} write "{name}" or "{month}".'
            )
    return tuple(found)
