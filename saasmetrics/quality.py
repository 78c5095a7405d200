"""The data-quality report as a Result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saasmetrics.catalogue import definition, metric
from saasmetrics.money import counted
from saasmetrics.result import Result

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

_GATED = ("end", "service_end", "overlap", "fx", "knowledge")  # the choices that the gate reads


@dataclass(frozen=True, eq=False)
class Checks:
    """The findings of the quality gate in some tables, looked for once for all policies that it reads alike."""

    tables: Mapping[str, Table]
    as_of: int
    currency: str
    guessed: bool = False
    found: dict[tuple[str, ...], list[Problem]] = field(default_factory=dict)

    def under(self, policy: Policy) -> list[Problem]:
        """Return the findings under a policy."""
        from saasmetrics.tables import gate

        key = tuple(str(getattr(policy, name)) for name in _GATED)
        if key not in self.found:
            self.found[key] = gate.check(
                self.tables,
                as_of=self.as_of,
                currency=self.currency,
                policy=policy,
                guessed=self.guessed,
            )
        return self.found[key]

    def warnings(self, policy: Policy, tables: Collection[str]) -> tuple[str, ...]:
        """Return the warnings in some tables as sentences."""
        return tuple(
            f"{p.table}{'.' if p.column else ''}{p.column}: {p.rule} ({counted(p.rows, 'row')})"
            for p in self.under(policy)
            if p.severity == "warning" and p.table in tables
        )


@metric(
    id="check",
    name="Data quality",
    unit="table",
    better="neutral",
    meaning="What is wrong or doubtful in the tables, how many rows it touches, and what to do about it.",
    formula="one row per finding; an error stops, a warning goes into footnotes, a note is for information",
    missing="An empty report means that nothing was found.",
    sources=("METRICS.md",),
)
def report(book: Book, problems: Sequence[Problem]) -> Result:
    """Return the findings of the quality gate.

    Parameters
    ----------
    book
        The book that was checked.
    problems
        Its findings.

    Returns
    -------
    Result
        Columns severity, table, column, finding, rows, examples, remedy, code, place (the user's own file, column and
        first rows); errors first.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.demo(customers=50).check().df
    >>> set(found["severity"]) <= {"warning", "note"}
    True
    """
    import pandas as pd

    order = {"error": 0, "warning": 1, "note": 2}
    found = sorted(problems, key=lambda p: (order[p.severity], -p.rows))
    data = {
        "severity": [p.severity for p in found],
        "table": [p.table for p in found],
        "column": [p.column for p in found],
        "finding": [p.rule for p in found],
        "rows": [p.rows for p in found],
        "examples": ["; ".join(str(dict(e)) for e in p.examples[:3]) for p in found],
        "remedy": [p.remedy for p in found],
        "code": [p.code for p in found],
        "place": [p.place for p in found],
    }
    extra = {"problems": tuple(found), "headline": _headline([p.severity for p in found])}
    return Result(definition("check"), pd.DataFrame(data), "table", book.context(), extra=extra)


def _headline(severities: Sequence[str]) -> str:
    """Return how many errors, warnings and notes there are, in words."""
    counts = [(severities.count(s), s) for s in ("error", "warning", "note")]
    return ", ".join(counted(n, s) for n, s in counts)
