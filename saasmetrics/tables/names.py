"""Which column of an export is which column of the schema."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saasmetrics.errors import Problem
from saasmetrics.tables.dressed import Dressed, undressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from saasmetrics.tables.schema import ColumnSchema, TableSchema

__all__ = [
    "Match",
    "Matching",
    "fold",
    "match_columns",
    "missing_column",
    "snake_case",
    "with_currencies",
]

_SUFFIX = re.compile(
    r"\s*(?:[(\[]\s*(?:utc|gmt|z|local|local time|date|iso|yyyy-mm-dd)\s*[)\]]|[ _]utc|[ _]gmt)\s*$",
    re.IGNORECASE,
)
_PLAUSIBLE = 0.8  # "Status" is no misspelt "start", "custmer_id" is a misspelt "customer_id"


@dataclass(frozen=True)
class Match:
    """A column of the export that was recognized.

    Parameters
    ----------
    column
        The column of the schema.
    interval
        Billing interval that the name itself implies ("mrr" is per month), or "".
    after
        Unit of a duration that counts from another column ("minutes"), or "".
    currency
        Currency that the name says beside an amount, or "".
    """

    column: ColumnSchema
    interval: str = ""
    after: str = ""
    currency: str = ""


@dataclass
class Matching:
    """All columns of an export.

    Parameters
    ----------
    known
        Canonical name -> (name in the export, how it was recognized).
    extra
        Name in the export -> snake_case name, for columns that the schema does not know.
    problems
        Names that clash.
    """

    known: dict[str, tuple[str, Match]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def renamed(self) -> dict[str, str]:
        """Name in the export -> name here, where they differ."""
        pairs = {given: name for name, (given, match) in self.known.items() if not match.after}
        pairs |= self.extra
        return {given: name for given, name in pairs.items() if given != name}


def snake_case(name: str) -> str:
    """Name in lower case with underscores, as "Plan Tier" -> "plan_tier".

    Parameters
    ----------
    name
        Any column name.

    Returns
    -------
    str
        The snake_case name.

    Examples
    --------
    >>> snake_case("Plan Tier"), snake_case("customerID"), snake_case("MRR (USD)")
    ('plan_tier', 'customer_id', 'mrr_usd')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    return re.sub(r"[^\w]+", "_", spaced).strip("_").lower() or name


def fold(name: str) -> str:
    """Name without case, spaces and punctuation, for comparing.

    Parameters
    ----------
    name
        Any name.

    Returns
    -------
    str
        Only its letters and digits, in lower case.

    Examples
    --------
    >>> fold("Customer ID") == fold("customer_id") == fold("CustomerId")
    True
    """
    return re.sub(r"[\W_]+", "", name).casefold()


def match_columns(schema: TableSchema, names: Sequence[str]) -> Matching:
    """Find the columns of the schema among the names of an export.

    The canonical name wins over an alias, and earlier aliases over later ones; a zone after a
    name, as in "Start (UTC)", does not matter, nor a currency after that of an amount, as in
    "Amount (EUR)"; what is not wanted stays as an extra column.

    Parameters
    ----------
    schema
        The table that the export is for.
    names
        Column names of the export.

    Returns
    -------
    Matching
        What is what.
    """
    result = Matching(problems=_clashes(schema.name, names))
    by_fold = {fold(_bare(name)): name for name in reversed(names)}
    by_fold |= {fold(name): name for name in reversed(names)}
    taken: set[str] = set()
    for wanted in _passes(schema):
        for column, alias, interval, after in wanted:
            given = by_fold.get(fold(alias))
            if given is None or given in taken or column.name in result.known:
                continue
            money = column.dtype == "money" and "currency" in schema.columns
            dressed = (
                undressed(given) if money else None
            )  # "Betrag €", whose sign does not matter for its name
            if dressed and dressed.wrong:
                result.problems.append(_unclear(schema, column.name, {given: dressed}))
            code = dressed.currencies[0] if dressed and dressed.currencies else ""
            result.known[column.name] = (given, Match(column, interval, after, code))
            if not after:
                taken.add(given)
    _match_dressed(schema, names, taken, result)
    result.extra = _extras(schema, names, taken, result)
    return result


def with_currencies(schema: TableSchema, names: Mapping[str, str]) -> dict[str, str]:
    """Return the names that columns are given, those of amounts with what the old ones say beside them.

    Parameters
    ----------
    schema
        The table.
    names
        Name in the export -> name that it is given.

    Examples
    --------
    >>> from saasmetrics.tables.schema import SCHEMA
    >>> with_currencies(SCHEMA["spend"], {"Kosten (EUR)": "amount", "Monat": "month"})
    {'Kosten (EUR)': 'amount (EUR)', 'Monat': 'month'}
    """
    out = dict(names)
    for old, new in names.items():
        dressed = undressed(old)
        known = match_columns(schema, [new]).known.values() if dressed else ()
        if dressed and any(match.column.dtype == "money" for _, match in known):
            out[old] = dressed.of(new)
    return out


def missing_column(schema: TableSchema, name: str, names: Iterable[str]) -> Problem:
    """Problem for a required column that the export does not have.

    Parameters
    ----------
    schema
        The table.
    name
        Canonical name of the missing column.
    names
        Column names of the export.

    Returns
    -------
    Problem
        With the nearest name, or the names that would be recognized.
    """
    column = schema.columns[name]
    likely = _nearest(column, names)
    also = ", ".join(
        [*column.aliases, *(a for s in column.aliases_by_interval.values() for a in s)][:6]
    )
    told = f'sm.read(..., columns={{"{schema.name}": {{"{likely or "its name"}": "{name}"}}}})'
    if likely:
        remedy = f"Did you mean {likely!r}? Rename it to {name!r}, or say {told}."
    else:
        remedy = f"Add it{f' (also recognized: {also}, ...)' if also else ''}, or say {told}. {column.meaning}"
    if name == "interval":
        remedy = "Add it (day, week, month, quarter or year), or name the amount 'mrr' if it is per month."
    return Problem(
        schema.name, name, "the column is missing", 0, (), remedy, "error", "missing-column"
    )


def _bare(name: str) -> str:
    """Name without the zone or the form that stands after it, as "Start (UTC)"."""
    return _SUFFIX.sub("", name) or name


def _nearest(column: ColumnSchema, names: Iterable[str]) -> str:
    """Column of the export that is plausibly a misspelt name of one of the schema, or ""."""
    wanted = [fold(known) for known in (column.name, *column.aliases)]
    near = {
        given: max(
            difflib.SequenceMatcher(None, fold(_bare(given)), known).ratio() for known in wanted
        )
        for given in names
    }
    best = max(near, key=lambda given: near[given], default="")
    return best if near.get(best, 0.0) >= _PLAUSIBLE else ""


def _passes(schema: TableSchema) -> Iterable[list[tuple[ColumnSchema, str, str, str]]]:
    columns = list(schema.columns.values())
    yield [(column, column.name, "", "") for column in columns]
    yield [(column, alias, "", "") for column in columns for alias in column.aliases]
    for interval in ("month", "year"):
        yield [
            (column, alias, interval, "")
            for column in columns
            for alias in column.aliases_by_interval.get(interval, ())
        ]
    yield [
        (column, alias, "", unit)
        for column in columns
        for unit, aliases in column.aliases_after.items()
        if unit != "column"
        for alias in aliases
    ]


def _match_dressed(
    schema: TableSchema, names: Sequence[str], taken: set[str], result: Matching
) -> None:
    """Add columns of amounts whose names say a currency too; those in thousands or several currencies are a problem."""
    by_fold: dict[str, dict[str, Dressed]] = {}
    for name in names:
        if name not in taken and (dressed := undressed(name)):
            by_fold.setdefault(fold(dressed.bare), {})[name] = dressed
    if not by_fold or "currency" not in schema.columns:
        return
    for wanted in _passes(schema):
        for column, alias, interval, _ in wanted:
            found = by_fold.get(fold(alias), {})
            if column.dtype != "money" or not found or column.name in result.known:
                continue
            right = [name for name, dressed in found.items() if not dressed.wrong]
            if len(right) == 1:
                (code,) = found[right[0]].currencies or ("",)
                result.known[column.name] = (right[0], Match(column, interval, currency=code))
                taken.add(right[0])
            elif not any(one.column == column.name for one in result.problems):
                result.problems.append(_unclear(schema, column.name, found))


def _unclear(schema: TableSchema, name: str, found: Mapping[str, Dressed]) -> Problem:
    """Problem for amounts whose names say that they are in thousands, or in one of several currencies."""
    given, dressed = next(iter(found.items()))
    right = [one for one in found if not found[one].wrong]
    if len(right) > 1:
        rule = f"{' and '.join(map(repr, right))} are the same amount in several currencies"
        remedy = "Keep one of them, or write one column of amounts and one of currencies."
    else:
        rule, remedy = f"{dressed.wrong}, as {given!r} says", dressed.remedy(name)
    return Problem(schema.name, name, rule, 0, (), remedy, "error", "unclear-amounts")


def _clashes(table: str, names: Sequence[str]) -> list[Problem]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(fold(name), []).append(name)
    return [
        Problem(
            table,
            ", ".join(map(repr, group)),
            "columns whose names differ only in case, spaces or underscores",
            0,
            (),
            "Drop or rename all but one of them.",
            "error",
            "ambiguous-columns",
        )
        for group in groups.values()
        if len(group) > 1
    ]


def _extras(
    schema: TableSchema, names: Sequence[str], taken: set[str], result: Matching
) -> dict[str, str]:
    used = set(result.known)
    extra: dict[str, str] = {}
    for given in names:
        if given in taken:
            continue
        name = snake_case(given)
        # An alias that lost against a better one must not take the place of the canonical column.
        if name in used or name in schema.columns:
            name = f"{name}_as_given"
        extra[given] = name
        used.add(name)
    return extra
