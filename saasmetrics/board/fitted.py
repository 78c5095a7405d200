"""The settings and the book that is given with them: read by the policy asked for, and never one against the other."""

from __future__ import annotations

import re
from math import isclose
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.periods import is_fiscal, quarter_month

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.board.asked import Settings
    from saasmetrics.board.making import Making
    from saasmetrics.book import Book

_NAMED = 4  # periods of a plan in a sentence
_PERIOD = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-\d{2})?|-?W\d{2})?"
)  # of a plan that is of no quarter


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
    """Return, in words, the plans that are of no quarter or number of the pack, and the key that was wanted.

    Plans for the quarters that come next are left for later packs.
    """
    name, month = making.label(making.now), making.last_month(making.now)
    found = []
    for metric, periods in making.settings.targets.items():
        lost = [one for one in periods if not (making.is_shown(one) or making.is_ahead(one))]
        if lost:
            verb = "is no quarter" if len(lost) == 1 else "are no quarters"
            plain = making.book.fiscal_start > 1 and any(_is_plain(one) for one in lost)
            rule = " (without FY a quarter is of the calendar)" if plain else ""
            found.append(
                f"Plan of {metric}: {_listed(lost)} of [targets.{metric}] {verb} of this pack{rule}; "
                f'for {name} write "{name}" or "{month}".'
            )
    return (*found, *_unplanned_rows(making), *_differing(making))


def _differing(making: Making) -> list[str]:
    """Return, in words, the plans of the settings that are others than those of the table, which is shown."""
    from saasmetrics.board.figures import said
    from saasmetrics.board.model import Quantity
    from saasmetrics.metrics.all import CATALOGUE

    found = []
    for metric, periods in making.settings.targets.items():
        unit = CATALOGUE[metric].unit if metric in CATALOGUE else "money"
        for period, asked in periods.items():
            quarter = next((q for q in making.quarters if making.is_of(period, q)), None)
            told = None if quarter is None else making.of_table(metric, quarter)
            if quarter is None or told is None or isclose(abs(told), abs(asked)):
                continue
            own, other = (said(Quantity("", "", v, unit), making.currency) for v in (told, asked))
            own, other = (own, other) if own != other else (f"{told:,}", f"{asked:,}")
            found.append(
                f"Plan of {metric}, {making.label(quarter)}: {own} in the table targets, which is shown "
                f"everywhere, and {other} in [targets.{metric}] of the settings; correct one of them."
            )
    more = len(found) - _NAMED
    rest = f"{more} more plans differ between the table targets and the settings."
    return [*found[:_NAMED], rest] if more > 1 else found


def _unplanned_rows(making: Making) -> list[str]:
    """Return the same of the table `targets`, whose rows may be of other periods than quarters too."""
    from saasmetrics.board.asked import PLANNED
    from saasmetrics.errors import suggest
    from saasmetrics.metrics.all import CATALOGUE

    table, found = making.planned_table, []
    lost: dict[str, list[str]] = {}
    across: dict[str, list[str]] = {}
    for key, rows in () if table is None else table.groupby("metric", sort=False):
        metric = str(key)
        if metric not in PLANNED and metric not in CATALOGUE:
            known = suggest(metric, PLANNED)
            found.append(f"Plan of {metric}: the table targets names no such number. {known}")
            continue
        for period in dict.fromkeys(rows["period"].astype(str)):
            if not (quarter_month(period) or _PERIOD.fullmatch(period)):
                lost.setdefault(metric, []).append(period)
            if _is_across(making, period):
                across.setdefault(metric, []).append(period)
    if lost:
        verb = "is no period" if _many(lost) == 1 else "are no periods"
        found.append(f'{_told(lost)} of the table targets {verb}; write "2026-Q3".')
    if across:
        verb = (
            "is of the calendar and lies" if _many(across) == 1 else "are of the calendar and lie"
        )
        name, month = making.label(making.now), making.last_month(making.now)
        found.append(
            f"{_told(across)} of the table targets {verb} in two quarters of the fiscal year; "
            f'for {name} write "{name}" or "{month}".'
        )
    return found


def _many(periods: Mapping[str, list[str]]) -> int:
    return len({one for each in periods.values() for one in each})


def _told(periods: Mapping[str, list[str]]) -> str:
    """Return of which plans which periods are meant, once for all plans that have the same trouble."""
    names, every = [*periods], [*dict.fromkeys(one for each in periods.values() for one in each)]
    if len(names) == 1:
        return f"Plan of {names[0]}: {_listed(every)}"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Plans of {len(names)} numbers ({', '.join(names[:_NAMED])}{more}): {_listed(every)}"


def _is_plain(period: str) -> bool:
    """Return whether a period is a quarter whose name does not say that it is of the fiscal year."""
    return quarter_month(period) is not None and not is_fiscal(period)


def _is_across(making: Making, period: str) -> bool:
    """Return whether a period is a quarter of the calendar that lies in two of the fiscal year."""
    return _is_plain(period) and (making.book.fiscal_start - 1) % 3 != 0


def fiscal_note(making: Making) -> str:
    """Return how plans named by a quarter such as 2026-Q3 are read where fiscal years begin in another month.

    "" where they begin in January, or where no plan is named so.
    """
    if making.book.fiscal_start == 1:
        return ""
    table = making.planned_table
    periods = [one for each in making.settings.targets.values() for one in each]
    periods += [] if table is None else table["period"].astype(str).tolist()
    for quarter in reversed(making.quarters):
        plain = next((one for one in periods if _is_plain(one) and making.is_of(one, quarter)), "")
        if plain:
            return (
                f'Plans by quarter are of the calendar, those with FY of the fiscal year: "{plain}" is '
                f"{making.label(quarter)}, which ends in {making.last_month(quarter)}."
            )
    return ""


def _listed(periods: list[str]) -> str:
    more = f" and {len(periods) - _NAMED} more" if len(periods) > _NAMED else ""
    return ", ".join(f'"{one}"' for one in periods[:_NAMED]) + more
