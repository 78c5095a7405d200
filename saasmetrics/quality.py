"""The data-quality report as a Result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.catalogue import definition, metric
from saasmetrics.engine.place import HERE, Place
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import counted, format_value
from saasmetrics.printable import escape
from saasmetrics.result import Result
from saasmetrics.tables.runs import is_runs, unrolled
from saasmetrics.tables.texts import to_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.checks.worth import Touched
    from saasmetrics.engine.spans import Spans
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
    place: Place = HERE
    found: dict[tuple[str, ...], list[Problem]] = field(default_factory=dict)
    there: dict[str, list[tuple[Problem, Touched]]] = field(default_factory=dict)
    mended: tuple[Problem, ...] = ()
    whole: Mapping[str, Table] | None = None  # before any filter: one customer rarely changes

    def under(self, policy: Policy) -> list[Problem]:
        """Return the findings under a policy."""
        key = tuple(str(getattr(policy, name)) for name in _GATED)
        if key not in self.found:
            found = self.place.check(
                self.tables,
                as_of=self.as_of,
                currency=self.currency,
                policy=policy,
                guessed=self.guessed,
            )
            since = self.place.unchanged(self.whole or self.tables, self.as_of)
            self.found[key] = [*found, *since, *self.mended]
        return self.found[key]

    def weighed_there(self, policy: Policy) -> list[tuple[Problem, Touched]]:
        """Return the findings under a policy with what they touch, asked once of tables that are elsewhere."""
        if policy.hash not in self.there:
            from saasmetrics.checks.elsewhere.report import weighed

            asked = (policy, self.as_of, self.currency, self.under(policy))
            self.there[policy.hash] = weighed(self.tables, *asked)
        return list(self.there[policy.hash])

    def warnings(self, policy: Policy, tables: Collection[str]) -> tuple[str, ...]:
        """Return the warnings in some tables as sentences, those of most rows first, wherever the tables are."""
        told = (
            p
            for p in self.under(policy)
            if (p.severity == "warning" or p.code == "repaired") and p.table in tables
        )
        return as_sentences(sorted(told, key=lambda p: (-p.rows, p.table, p.column, p.code)))


def as_sentences(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return findings as they stand in footnotes."""
    return tuple(
        f"{p.table}{'.' if p.column else ''}{p.column}: {p.rule}"
        + (f" ({counted(p.rows, 'row')})" if p.rows else "")
        for p in problems
    )


class Report(Result):
    """The data-quality report: its findings, the score, what each means, and the rows behind it."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The findings, in the order of `df`."""
        found: tuple[Problem, ...] = self.extra["problems"]
        return found

    @property
    def score(self) -> float:
        """From 0 to 100: what is left when each finding has taken its points."""
        return float(self.extra["score"])

    def rows(self, **cell: Any) -> pd.DataFrame:
        """Return all rows behind a finding: those of its table with their number, from 1, or what contradicts.

        Parameters
        ----------
        **cell
            `finding`, its code, and `table`, where several tables have it.

        Raises
        ------
        DataError
            If no finding is named, or several tables have it.
        UnknownNameError
            If there is no such finding in the report.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> rows = {"customer_id": ["a", "b "], "month": ["2026-01"] * 2, "mrr": [10, 12]}
        >>> sm.Book(mrr=rows).check().rows(finding="padded-id")["row"].tolist()
        [2]
        """
        for name in cell:
            if name not in ("finding", "table"):
                raise UnknownNameError.of("word to choose rows by", name, ("finding", "table"))
        found: pd.DataFrame = self.extra["rows"](**cell)
        return found

    def explain(self, finding: str) -> str:
        """Return what a kind of finding means, how it changes numbers, what was found of it, and what to do.

        Parameters
        ----------
        finding
            Its code, as in the column `code`.

        Raises
        ------
        UnknownNameError
            If there is no such finding.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> print(sm.demo(customers=50).check().explain("padded-id").splitlines()[0])  # doctest: +ELLIPSIS
        Ids with blanks around them. An id begins or ends with a blank, ...
        """
        from saasmetrics.checks.explained import paragraph
        from saasmetrics.checks.remedies import choices

        there = [problem for problem in self.problems if problem.code == finding]
        return paragraph(finding, there, choices().get(finding, {}))

    def __str__(self) -> str:
        from saasmetrics.checks.explained import as_text, wrapped

        pairs = zip(self.problems, self.extra["touched"], strict=True)
        lines = [f"{self.metric.name}: {self.text}", *as_text(pairs, self.context.currency)]
        return "\n".join([*lines, *wrapped(self.footnote)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from saasmetrics.checks.explained import of_problems, table
        from saasmetrics.checks.remedies import choices

        pairs = zip(self.problems, self.extra["touched"], strict=True)
        rows = table(pairs, self.context.currency) if self.problems else ""
        return (
            f'<div class="saasmetrics-result"><h4>{escape(self.metric.name)} <span>{escape(self.text)}</span></h4>'
            f"{rows}{of_problems(self.problems, choices())}<p><small>{escape(self.footnote)}</small></p></div>"
        )


@metric(
    id="check",
    name="Data quality",
    unit="table",
    better="neutral",
    meaning="What is wrong or doubtful in the tables, whom and how much MRR it touches, and what to do about it.",
    formula="one row per finding: an error stops, a warning goes into footnotes, a note is for information; MRR is "
    "what the subscriptions (of other tables: the customers) behind it pay a month on the as-of date, or paid last; "
    "score = 100 - points, at least 0: an error takes a point for each per cent of MRR that it touches, a warning a "
    "tenth of that, a note nothing; in a table that names no customers, and for an error in rows "
    "whose amount cannot be counted, per cent of the rows",
    missing="An empty report means that nothing was found, and a score of 100; MRR is missing where a finding is about "
    "no customer, or about rows whose amount errors leave unknown.",
    sources=("METRICS.md",),
    version=3,
)
def report(book: Book) -> Report:
    """Return the findings of the quality gate with what they touch, and the score.

    Parameters
    ----------
    book
        The book to check.

    Returns
    -------
    Report
        Columns severity, table, column, finding, rows, customers, mrr, share, points, examples, remedy, code, place
        (the user's own file, column and first rows); errors first, then those that touch most MRR. `score`,
        `explain(code)` and `rows(finding=code)` say more.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.demo(customers=50).check()
    >>> found.score, set(found.df["severity"])
    (100.0, {'note'})
    """
    from saasmetrics.checks.weighed import Weighed
    from saasmetrics.checks.worth import score

    checks, policy = book.checks, book.policy
    problems, asked = checks.under(policy), (policy, checks.as_of, checks.currency)
    if any(table.is_away for table in checks.tables.values()):
        found = checks.weighed_there(policy)
    else:
        weighing = Weighed(checks.tables, *asked, problems, _counted(book, problems))
        found = weighing.found(checks.place)
    order = {"error": 0, "warning": 1, "note": 2}
    found.sort(key=lambda pair: (order[pair[0].severity], -(pair[1].micro or 0), -pair[0].rows))
    total = score([each for _, each in found])
    counts = _headline([problem.severity for problem, _ in found])
    extra = {
        "problems": tuple(problem for problem, _ in found),
        "touched": tuple(each for _, each in found),
        "score": total,
        "score_text": _score(total),
        "headline": f"{_score(total)} of 100: {counts}",
        "rows": _drill(book, [problem for problem, _ in found]),
    }
    return Report(definition("check"), _frame(found), "table", book.context(), extra=extra)


def _counted(book: Book, problems: Sequence[Problem]) -> Callable[[], Spans] | None:
    """Return what returns the spans that numbers are counted from, if there are any, of all that is checked."""
    checks = book.checks
    if any(problem.severity == "error" for problem in problems):
        return None
    same = checks.tables is book.tables and checks.as_of == book.as_of_day
    whole = same and checks.currency == book.currency and book.policy.entity == "customer"
    return (lambda: book.engine.spans) if whole else None


def _frame(found: Sequence[tuple[Problem, Touched]]) -> pd.DataFrame:
    import pandas as pd

    def money(micro: int | None) -> float:
        return float("nan") if micro is None else micro / 1e6

    return pd.DataFrame(
        {
            "severity": [p.severity for p, _ in found],
            "table": [p.table for p, _ in found],
            "column": [p.column for p, _ in found],
            "finding": [p.rule for p, _ in found],
            "rows": [p.rows for p, _ in found],
            "customers": pd.array([t.customers for _, t in found], "Int64"),
            "mrr": pd.array([money(t.micro) for _, t in found], "float64"),
            "share": [float("nan") if t.share is None else t.share for _, t in found],
            "points": [t.points for _, t in found],
            "examples": ["; ".join(str(dict(e)) for e in p.examples[:3]) for p, _ in found],
            "remedy": [p.remedy for p, _ in found],
            "code": [p.code for p, _ in found],
            "place": [p.place for p, _ in found],
        }
    )


def _drill(book: Book, problems: Sequence[Problem]) -> Any:
    """Return the function that finds the rows behind a finding."""

    def rows(finding: str = "", table: str = "") -> pd.DataFrame:
        from saasmetrics.checks.worth import lines_of

        if not finding:
            msg = 'Say which finding the rows are behind: rows(finding="repeated-row").'
            raise DataError(msg)
        there = [p for p in problems if p.code == finding and table in ("", p.table)]
        if not there:
            raise UnknownNameError.of("finding", finding, dict.fromkeys(p.code for p in problems))
        if len({p.table for p in there}) > 1:
            names = ", ".join(dict.fromkeys(p.table for p in there))
            msg = f"{finding} was found in {names}. Say in which: rows(finding={finding!r}, table=...)."
            raise DataError(msg)
        parts = [_rows(book, p, lines_of(p)) for p in there]
        return parts[0] if len(parts) == 1 else _joined(parts)

    return rows


def _rows(book: Book, problem: Problem, lines: Any) -> pd.DataFrame:
    import pandas as pd

    if problem.found is not None:
        made: pd.DataFrame = problem.found.to_pandas()
        return made
    table = book.checks.tables.get(problem.table)
    if lines is None or table is None or table.is_away:  # of rows elsewhere the first are here
        return pd.DataFrame(list(problem.examples))
    if is_runs(table.data):  # whose rows have no numbers
        # What is found as often as there are runs is about the first row of each.
        first = problem.rows == len(lines)
        some = table.data.take(lines).select(table.column_names)
        parts = [some] if first else unrolled(table.data, lines)
        every: pd.DataFrame = pd.concat([to_frame(part) for part in parts], ignore_index=True)
        return every
    taken = to_frame(table.data.take(lines))
    taken.insert(0, "row", lines + 1)
    return taken


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)


def _score(score: float) -> str:
    """Return the score in words; what is not all of it never reads as 100."""
    return format_value(min(score, 99.9) if score < 100 else score, "points")


def _headline(severities: Sequence[str]) -> str:
    """Return how many errors, warnings and notes there are, in words."""
    counts = [(severities.count(s), s) for s in ("error", "warning", "note")]
    return ", ".join(counted(n, s) for n, s in counts)
