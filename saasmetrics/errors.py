"""Every error of the library, and the findings about input tables that they carry."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "DataError",
    "InvalidTablesError",
    "MissingExtraError",
    "MissingTableError",
    "NotPortableError",
    "Problem",
    "Severity",
    "TooFewEventsError",
    "UnknownNameError",
    "WarehouseError",
    "hint",
    "suggest",
]

Severity = Literal["error", "warning", "note"]

_CLOSE_ENOUGH = 0.6


class DataError(ValueError):
    """Something about the tables or the names passed in; the message says what to do.

    Examples
    --------
    >>> raise DataError("No table has rows. Check the folder.")
    Traceback (most recent call last):
    ...
    saasmetrics.errors.DataError: No table has rows. Check the folder.
    """


@dataclass(frozen=True)
class Problem:
    """One finding about an input table, with the rows that show it.

    Parameters
    ----------
    table
        Canonical table name, such as "subscriptions".
    column
        Column, several joined by ", ", or "" where the finding is about the table as a whole.
    rule
        The rule in words, to be read after "table.column: ".
    rows
        How many rows break it; 0 where rows cannot be counted, as for a missing column.
    examples
        The first rows that break it, at most three, as column -> value.
    remedy
        What to do about it, in one or two sentences.
    severity
        "error" stops, "warning" goes into footnotes, "note" is for information.
    code
        Stable slug of the kind of finding, such as "negative-amount".
    lines
        Numbers of all rows that break it, from 0, or a function that finds them; None where it is about no row.
    found
        What breaks it as a table, where that is no row of the input, such as a customer in a month.
    place
        The user's own file, column and first rows, where they are known.

    Examples
    --------
    >>> problem = Problem(
    ...     "mrr", "mrr", "must not be negative", 1, ({"customer_id": "b", "mrr": -5.0},),
    ...     "Book credits as contraction, not as negative MRR.", "error", "negative-amount",
    ... )
    >>> print(problem)
    mrr.mrr: must not be negative, broken by 1 row.
      e.g. customer_id=b, mrr=-5.0
      Book credits as contraction, not as negative MRR.
    """

    table: str
    column: str
    rule: str
    rows: int = 0
    examples: tuple[Mapping[str, Any], ...] = ()
    remedy: str = ""
    severity: Severity = "error"
    code: str = ""
    lines: Any = field(default=None, repr=False, compare=False)
    found: Any = field(default=None, repr=False, compare=False)
    place: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Where, which rule, how many rows, up to three of them, what to do."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        place += f" ({self.place})" if self.place else ""
        verb = {"error": "broken by", "warning": "doubtful in", "note": "seen in"}[self.severity]
        count = f", {verb} {self.rows:,} {'row' if self.rows == 1 else 'rows'}" if self.rows else ""
        lines = [f"{place}: {self.rule}{count}."]
        if self.examples:
            lines.append(f"  e.g. {'; '.join(_example(row) for row in self.examples[:3])}")
        if self.remedy:
            lines.append(f"  {self.remedy}")
        return "\n".join(lines)


class InvalidTablesError(DataError):
    """The input tables break rules; all of the broken rules at once.

    Parameters
    ----------
    problems
        The findings. `error.problems` holds the same as data.

    Examples
    --------
    >>> problem = Problem("mrr", "month", "is missing", remedy="Add the column.")
    >>> print(InvalidTablesError([problem]))
    1 problem in the input tables:
      1. mrr.month: is missing.
         Add the column.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """One numbered paragraph per problem."""
        many = len(self.problems)
        lines = [f"{many} {'problem' if many == 1 else 'problems'} in the input tables:"]
        for number, problem in enumerate(self.problems, start=1):
            first, *rest = str(problem).splitlines()
            lines.append(f"  {number}. {first}")
            lines.extend(f"     {line.strip()}" for line in rest)
        return "\n".join(lines)


class UnknownNameError(DataError):
    """A name that does not exist: a metric, table, column, preset or option.

    Examples
    --------
    >>> print(UnknownNameError.of("metric", "nrrr", ["nrr", "grr"]))
    There is no metric called 'nrrr'. Did you mean 'nrr'?
    """

    @classmethod
    def of(cls, kind: str, name: object, options: Iterable[str]) -> UnknownNameError:
        """Make the error for a misspelt name of some kind, with the nearest existing name.

        Parameters
        ----------
        kind
            What the name stands for, such as "metric".
        name
            The name as given.
        options
            The names that exist.

        Returns
        -------
        UnknownNameError
            To be raised by the caller.
        """
        known = list(options)
        hint = suggest(name, known) or _listing(known)
        return cls(f"There is no {kind} called {name!r}. {hint}".rstrip())


class TooFewEventsError(DataError):
    """Too few events happened for what is asked to be learnt or tested.

    Parameters
    ----------
    what
        What needs them, in words.
    events, needed
        How many there are, and how many it needs.

    Examples
    --------
    >>> print(TooFewEventsError("A back-test", 12, 30))
    A back-test needs at least 30 customers who left, and there are 12: until then talk to customers one by one.
    """

    def __init__(self, what: str, events: int, needed: int) -> None:
        self.events, self.needed = events, needed
        super().__init__(
            f"{what} needs at least {needed:,} {'customer' if needed == 1 else 'customers'} who left, and there "
            f"{'is' if events == 1 else 'are'} {events:,}: until then talk to customers one by one."
        )


class MissingTableError(DataError):
    """A metric needs a table that the book does not have.

    Examples
    --------
    >>> print(MissingTableError.of("spend", "CAC"))
    CAC needs the table 'spend', which this book does not have. Add it: sm.Book(..., spend=df).
    """

    @classmethod
    def of(cls, table: str, wanted_by: str) -> MissingTableError:
        """Make the error for a table that something needs.

        Parameters
        ----------
        table
            Canonical table name.
        wanted_by
            What needs it, in words.

        Returns
        -------
        MissingTableError
            To be raised by the caller.
        """
        return cls(
            f"{wanted_by} needs the table {table!r}, which this book does not have. "
            f"Add it: sm.Book(..., {table}=df)."
        )


class NotPortableError(DataError):
    """Something that is only counted from rows in this process, so far, and not where the tables are.

    Examples
    --------
    >>> raise NotPortableError("Renewals are not followed where the tables are.")
    Traceback (most recent call last):
    ...
    saasmetrics.errors.NotPortableError: Renewals are not followed where the tables are.
    """


class WarehouseError(DataError):
    """The system that holds the tables failed: the connection was lost, a query was ended, a table is gone.

    Examples
    --------
    >>> raise WarehouseError("The rows of spend could not be brought: the connection was lost. Ask again.")
    Traceback (most recent call last):
    ...
    saasmetrics.errors.WarehouseError: The rows of spend could not be brought: the connection was lost. Ask again.
    """


class MissingExtraError(DataError, ImportError):
    """An optional library is not installed.

    Examples
    --------
    >>> print(MissingExtraError.of("openpyxl", "xlsx", "Reading XLSX files"))
    Reading XLSX files needs 'openpyxl': pip install "jupyter-saasmetrics[xlsx]"
    """

    @classmethod
    def of(cls, library: str, extra: str, wanted_by: str) -> MissingExtraError:
        """Make the error for a library that an extra of the package brings.

        Parameters
        ----------
        library
            Name of the library.
        extra
            Extra of the distribution that installs it.
        wanted_by
            What needs it, in words.

        Returns
        -------
        MissingExtraError
            To be raised by the caller.
        """
        return cls(f'{wanted_by} needs {library!r}: pip install "jupyter-saasmetrics[{extra}]"')


def hint(name: object, options: Iterable[str]) -> str:
    """End of a message that offers the nearest existing name: a space and `suggest`, or "".

    Examples
    --------
    >>> "There is no 'nrrr'." + hint("nrrr", ["nrr", "grr"])
    "There is no 'nrrr'. Did you mean 'nrr'?"
    """
    found = suggest(name, options)
    return f" {found}" if found else ""


def suggest(name: object, options: Iterable[str]) -> str:
    """Sentence that offers the existing name nearest to a misspelt one, or "".

    Parameters
    ----------
    name
        The name as given; to what is no text, nothing is near.
    options
        The names that exist.

    Returns
    -------
    str
        "Did you mean 'nrr'?", or "" when nothing is near.

    Examples
    --------
    >>> suggest("nrrr", ["nrr", "grr"])
    "Did you mean 'nrr'?"
    >>> suggest("zzz", ["nrr", "grr"])
    ''
    """
    if not isinstance(name, str):
        return ""
    by_key = {option.casefold(): option for option in options}
    for option in by_key.values():  # a heading that was read under a plainer name
        if option != name and _letters(option) == _letters(name) != "":
            return f"Did you mean {option!r}?"
    near = difflib.get_close_matches(name.casefold(), by_key, n=1, cutoff=_CLOSE_ENOUGH)
    return f"Did you mean {by_key[near[0]]!r}?" if near else ""


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _example(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{column}={value}" for column, value in row.items())


def _listing(options: list[str]) -> str:
    if not options:
        return ""
    shown = ", ".join(repr(option) for option in options[:8])
    return f"There are: {shown}{', ...' if len(options) > 8 else ''}."
