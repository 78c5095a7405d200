"""Remedies that can be chosen for a finding, and their replay: nothing is repaired unless somebody chose it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from saasmetrics.checks import mending
from saasmetrics.checks.mending import rows_of
from saasmetrics.checks.names import several_ids
from saasmetrics.checks.spellings import spellings
from saasmetrics.checks.worth import worth_of
from saasmetrics.errors import DataError, Problem, UnknownNameError
from saasmetrics.money import counted
from saasmetrics.periods import day_number, iso_day
from saasmetrics.tables.gate import amounts, copies, cross, keys, owners, status, sums, terms
from saasmetrics.tables.gate.view import Gate, View
from saasmetrics.tables.runs import whole
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from saasmetrics.checks.mending import Mend
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]
    Find = Callable[[Gate], Iterable[Problem]]

__all__ = ["REMEDIES", "Asked", "Chosen", "Remedy", "applied", "choices", "chosen"]

_MANY, _PART = 2, 10  # times the rows of then, and one in so many of the table, are many more


@dataclass(frozen=True)
class Remedy:
    """One way to repair one kind of finding.

    Parameters
    ----------
    finding, name
        Code of the finding, and what the remedy is called.
    says
        What it does, to be read after "it".
    find
        The finding of the gate.
    mend
        Tables and findings of one table -> tables, and how many rows it changed.
    """

    finding: str
    name: str
    says: str
    find: Find
    mend: Mend


def _same_customers(gate: Gate) -> Iterable[Problem]:
    return several_ids({name: view.table for name, view in gate.views.items()})


def _spelled(gate: Gate) -> Iterable[Problem]:
    return spellings({name: view.table for name, view in gate.views.items()})


REMEDIES: tuple[Remedy, ...] = (
    Remedy("repeated-row", "drop", "drops the copies", keys.repeated_rows, mending.dropped),
    Remedy(
        "repeated-key",
        "keep_last",
        "keeps the last row of each key",
        keys.repeated_keys,
        mending.kept(last=True),
    ),
    Remedy(
        "repeated-key",
        "keep_first",
        "keeps the first row of each key",
        keys.repeated_keys,
        mending.kept(last=False),
    ),
    Remedy("same-line-twice", "drop", "drops the copies", copies.same_lines, mending.dropped),
    Remedy("missing-value", "drop", "drops the rows", keys.missing_values, mending.dropped),
    Remedy("totals-row", "drop", "drops the rows of totals", sums.totals_row, mending.dropped),
    Remedy("padded-id", "strip", "takes the blanks off", keys.padded_ids, mending.stripped),
    Remedy("negative-amount", "drop", "drops the rows", amounts.negative_amounts, mending.dropped),
    Remedy(
        "negative-amount", "positive", "turns the sign", amounts.negative_amounts, mending.positive
    ),
    Remedy("negative-term", "drop", "drops the rows", terms.negative_terms, mending.dropped),
    Remedy("zero-length-term", "drop", "drops the rows", terms.zero_length_terms, mending.dropped),
    Remedy(
        "status-contradicts-dates",
        "drop",
        "drops the rows",
        status.statuses_against_dates,
        mending.dropped,
    ),
    Remedy(
        "cancelled-but-running",
        "end_on_request",
        "ends them on the day of the request",
        status.requests_without_end,
        mending.ended_on_request,
    ),
    Remedy(
        "end-elsewhere",
        "take",
        "takes the end of the other column",
        status.ends_elsewhere,
        mending.ended_by,
    ),
    Remedy(
        "several-ids",
        "merge",
        "gives all tables the suggested id and adds up their months of MRR",
        _same_customers,
        mending.merged,
    ),
    Remedy("alike-values", "write_alike", "writes them as most rows do", _spelled, mending.written),
    Remedy("word-for-nothing", "empty", "leaves them empty", _spelled, mending.written),
    Remedy(
        "usage-after-churn", "drop", "drops the rows", owners.usage_after_churn, mending.dropped
    ),
    Remedy(
        "contact-after-churn", "drop", "drops the rows", cross.contacts_after_churn, mending.dropped
    ),
    Remedy(
        "billed-after-churn", "drop", "drops the lines", cross.billed_after_churn, mending.dropped
    ),
)
"""Every remedy: to add one, write a function from tables to tables and name it here."""


@dataclass(frozen=True)
class Chosen:
    """A remedy that somebody chose, as it is recorded and replayed.

    Parameters
    ----------
    finding, remedy
        Code of the finding, and name of the remedy.
    table
        The table that it is for; "" for all.
    chosen_on, chosen_by
        ISO day, and who, in words.
    as_of, currency
        Of the book that it was chosen for.
    rows
        How many rows it changed then.
    mrr_before, mrr_after
        MRR on the as-of date without and with it, in micro-units; None where errors left none.
    """

    finding: str
    remedy: str
    table: str = ""
    chosen_on: str = ""
    chosen_by: str = ""
    as_of: str = ""
    currency: str = ""
    rows: int | None = None
    mrr_before: int | None = None
    mrr_after: int | None = None

    @property
    def place(self) -> str:
        """The finding with its table, as it is chosen."""
        return f"{self.table}.{self.finding}" if self.table else self.finding


@dataclass(frozen=True)
class Asked:
    """By what findings are looked for: policy, as-of day and currency."""

    policy: Policy
    as_of: int
    currency: str

    def gate(self, tables: Tables) -> Gate:
        """Return the gate for some tables."""
        views = {name: View(table) for name, table in tables.items()}
        return Gate(views, self.as_of, self.currency, self.policy)


def choices() -> dict[str, dict[str, str]]:
    """Return code of the finding -> name of the remedy -> what it does.

    Examples
    --------
    >>> choices()["repeated-key"]["keep_last"]
    'keeps the last row of each key'
    """
    out: dict[str, dict[str, str]] = {}
    for remedy in REMEDIES:
        out.setdefault(remedy.finding, {})[remedy.name] = remedy.says
    return out


def chosen(
    given: Mapping[str, str], tables: Tables, asked: Asked, by: str = ""
) -> tuple[Chosen, ...]:
    """Return remedies with what they change, to be recorded.

    Parameters
    ----------
    given
        Finding, or table and finding ("spend.repeated-row"), -> name of the remedy.
    tables
        The tables that they are chosen for.
    asked
        By what findings are looked for.
    by
        Who chose them.

    Returns
    -------
    tuple of Chosen
        In the order given.

    Raises
    ------
    UnknownNameError
        If there is no such finding, table or remedy.
    DataError
        If nothing is there to be repaired.
    """
    out, now = [], _single(tables)
    today = datetime.now().astimezone().date().isoformat()
    before = _running(now, asked)
    for place, name in given.items():
        if not isinstance(place, str) or not isinstance(name, str):
            given_words = f"{{{place!r}: {name!r}}}"
            msg = f'A remedy is the name of a finding with what to do, {{"repeated-row": "drop"}}, not {given_words}.'
            raise DataError(msg)
        table, _, finding = place.rpartition(".")
        entry = Chosen(finding, name, table, today, by, iso_day(asked.as_of), asked.currency)
        now, rows = _mended(now, entry, asked)
        many = sum(rows.values())
        if not many:
            msg = f"There is nothing to repair: no row of {table or 'any table'} has the finding {finding}."
            raise DataError(msg)
        after = _running(now, asked)
        out.append(replace(entry, rows=many, mrr_before=before, mrr_after=after))
        before = after
    return tuple(out)


def applied(
    tables: Tables, remedies: Sequence[Chosen], asked: Asked
) -> tuple[dict[str, Table], tuple[Problem, ...]]:
    """Return the tables after some remedies, and a finding for what each did.

    Parameters
    ----------
    tables
        The tables as they were read.
    remedies
        What was chosen, in its order.
    asked
        By what findings are looked for.

    Returns
    -------
    tuple
        The tables, and notes of what was repaired; a warning where a remedy matches nothing, or many more rows than
        when it was chosen.
    """
    now, said = _single(tables), []
    for number, entry in enumerate(remedies):
        was = now
        now, rows = _mended(was, entry, asked)
        words = f'the remedy {entry.finding} = "{entry.remedy}" {_remedy(entry).says}'
        for table, many in rows.items():
            said.append(_note(table, words, many, entry))
        if not rows:
            same = any(
                (one.place, one.remedy) == (entry.place, entry.remedy) for one in remedies[:number]
            )
            said += _unmet(tuple(now), entry, asked, again=same)
        size = sum(table.num_rows for name, table in was.items() if now[name] is not table)
        said += _grown(next(iter(rows), ""), entry, sum(rows.values()), size)
    return now, tuple(said)


def _single(tables: Tables) -> dict[str, Table]:
    """Return the tables with a row of its own for each row of the file, since remedies are for rows."""
    return {name: whole(table, "A remedy") for name, table in tables.items()}


def _note(table: str, words: str, rows: int, entry: Chosen) -> Problem:
    when = f" on {entry.chosen_on}" if entry.chosen_on else ""
    by = f" by {entry.chosen_by}" if entry.chosen_by else ""
    told = f"Chosen{when}{by}; take it out of the remedies to count the rows as they are."
    return Problem(table, "", words, rows, (), told, "note", "repaired")


def _unmet(names: Sequence[str], entry: Chosen, asked: Asked, *, again: bool) -> Iterable[Problem]:
    """Say that a remedy matches nothing; on a day before it was chosen there may be nothing yet."""
    there = not entry.table or entry.table in names
    if there and not again and entry.as_of and asked.as_of < day_number(entry.as_of):
        return
    why = "" if entry.rows is None else f" any more; it was chosen for {counted(entry.rows, 'row')}"
    if not there:
        why = f": there is no table {entry.table}"
    elif again:
        why = ": it is there a second time"
    yield Problem(
        entry.table if entry.table and there else names[0],
        "",
        f'the remedy {entry.finding} = "{entry.remedy}" matches nothing{why}',
        0,
        (),
        "Take it out of the remedies if the source was corrected; else see whether the export has changed.",
        "warning",
        "remedy-without-rows",
    )


def _grown(table: str, entry: Chosen, rows: int, size: int) -> Iterable[Problem]:
    """Say that a remedy changes many more rows than it was chosen for, of tables of `size` rows."""
    then = entry.rows or 0
    more = rows - then
    if entry.rows is None or more <= 1 or (rows <= then * _MANY and more * _PART <= size):
        return
    yield Problem(
        table,
        "",
        f'the remedy {entry.finding} = "{entry.remedy}" was chosen for {counted(then, "row")} '
        "and now changes many more",
        rows,
        (),
        "Look at the rows without the remedy, and choose it again if it is right for all of them.",
        "warning",
        "remedy-grew",
    )


def _remedy(entry: Chosen) -> Remedy:
    known = choices()
    if entry.table and entry.table not in SCHEMA:
        raise UnknownNameError.of("table", entry.table, SCHEMA)
    if entry.finding not in known:
        raise UnknownNameError.of("finding with a remedy", entry.finding, known)
    if entry.remedy not in known[entry.finding]:
        raise UnknownNameError.of(f"remedy of {entry.finding}", entry.remedy, known[entry.finding])
    return next(r for r in REMEDIES if (r.finding, r.name) == (entry.finding, entry.remedy))


def _mended(tables: Tables, entry: Chosen, asked: Asked) -> tuple[dict[str, Table], dict[str, int]]:
    """Apply one remedy; return the tables and how many rows of each it changed."""
    remedy, out, rows = _remedy(entry), dict(tables), {}
    if any(table.is_away for table in tables.values()):
        from saasmetrics.checks.elsewhere.mending import mended_there

        return mended_there(tables, entry, asked)
    found: dict[str, list[Problem]] = {}
    for problem in remedy.find(asked.gate(tables)):
        if problem.code == remedy.finding and entry.table in ("", problem.table):
            found.setdefault(problem.table, []).append(problem)
    for table, problems in found.items():
        if _adds_up(problems) or not len(rows_of(problems)):
            continue
        out, rows[table] = remedy.mend(out, problems)
    return out, {table: many for table, many in rows.items() if many}


def _adds_up(problems: Sequence[Problem]) -> bool:
    """Whether rows share a key because they are lines that add up, of which none is to go."""
    return all(each.code == "repeated-key" and each.severity == "note" for each in problems)


def _running(tables: Tables, asked: Asked) -> int | None:
    if any(table.is_away for table in tables.values()):
        from saasmetrics.checks.elsewhere.worth import paid_there

        return paid_there(tables, asked.policy, asked.as_of, asked.currency)
    found: Any = worth_of(tables, asked.policy, asked.as_of, asked.currency)
    return None if found is None else int(found.running)
