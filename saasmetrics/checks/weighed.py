"""Every finding of the report with what it touches, from where that is kept or looked for now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.cache.problems import problem_of, words_of
from saasmetrics.checks.later import later
from saasmetrics.checks.worth import Touched, touched, worth_of
from saasmetrics.tables.gate.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.engine.place import Place
    from saasmetrics.engine.spans import Spans
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Found = list[tuple[Problem, Touched]]

__all__ = ["Weighed"]


@dataclass(frozen=True)
class Weighed:
    """The findings of some tables, to be weighed by the MRR that they touch.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy, as_of, currency
        By which MRR is computed.
    problems
        The findings of the gate.
    counted
        What returns the spans of all rows, where they are made for other numbers as well.
    """

    tables: Mapping[str, Table]
    policy: Policy
    as_of: int
    currency: str
    problems: Sequence[Problem]
    counted: Callable[[], Spans] | None = None

    def found(self, place: Place) -> Found:
        """Return the findings of the gate and the later ones, each with what it touches.

        Parameters
        ----------
        place
            Where the tables are counted, and what was made of them may be kept.
        """
        made: Found = []

        def make() -> Any:
            made.extend(self._made())
            more = [words_of(problem) for problem, _ in made[len(self.problems) :]]
            return None if None in more else [more, [asdict(each) for _, each in made]]

        asked = (self.policy.hash, self.as_of, self.currency, [p.rule for p in self.problems])
        kept = place.remembered(self.tables, "report", asked, make)
        if made:
            return made
        more, touches = kept or ([], [])
        every = [*self.problems, *(problem_of(words, self._lines) for words in more)]
        return [(problem, Touched(**each)) for problem, each in zip(every, touches, strict=True)]

    def _made(self) -> Found:
        asked = (self.policy, self.as_of, self.currency, self.problems)
        worth = worth_of(self.tables, *asked, self.counted)
        views = [View.of(table) for table in self.tables.values()]  # held while rows are looked at
        every = [*self.problems, *self._later()]
        found = [(problem, touched(problem, self.tables, worth)) for problem in every]
        del views
        return found

    def _later(self) -> list[Problem]:
        return later(self.tables, self.policy, self.as_of, self.currency, self.problems)

    def _lines(self, problem: Problem) -> Any:
        """Look again for the rows behind a finding that was kept."""
        return next(each.lines for each in self._later() if each == problem)
