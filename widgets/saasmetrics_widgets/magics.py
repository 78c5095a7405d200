"""`%load_ext saasmetrics`: the magics %saas and %%saas, and completion of what a book can be asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    no_var_expand,
    output_can_be_silenced,
)

from saasmetrics.errors import DataError
from saasmetrics_widgets.answers import Answers, Listing, definition, of_topic, overview
from saasmetrics_widgets.asking import COMMON, Books, Question, lines, topics
from saasmetrics_widgets.matching import matcher

if TYPE_CHECKING:
    from saasmetrics.result import Result

R = TypeVar("R")

_DEFINE = "--?"
_ASKS = re.compile(r"(\s*(?:[\w.]+\s*=\s*)?%saas\s+[\w.]+)\s*\?+\s*")


@magics_class
class SaasMagics(Magics):
    """The magics of saasmetrics."""

    @output_can_be_silenced
    @no_var_expand
    @line_cell_magic
    def saas(self, line: str, cell: str | None = None) -> Any:
        """Ask the book of this notebook for metrics.

        %saas                                    lists the topics
        %saas retention                          lists the metrics of a topic
        %saas nrr?                               says what a metric means and which options it takes
        %saas nrr --window 12 --by segment       computes it
        %saas nrr --policy stripe --out theirs   by other definitions, kept in a variable
        %saas nrr --book ours                    of one book where there are several

        %%saas --policy stripe
        nrr --window 12
        lost = logo_churn --by segment

        A cell asks for several results, one on each line, which are shown together. Options of the first line hold
        for all; a name before = keeps a result. Options are those of the function of the library; a list has commas.
        """
        return _in_one_line(lambda: self._line(line) if cell is None else self._cell(line, cell))

    @property
    def _variables(self) -> dict[str, Any]:
        assert self.shell is not None
        found: dict[str, Any] = self.shell.user_ns
        return found

    def _line(self, line: str) -> Any:
        line = line.rstrip().removesuffix(";")  # which IPython takes as: do not show it
        asked = Question.read(line.removesuffix(_DEFINE))
        if line.endswith(_DEFINE):
            return of_topic(asked.name) if asked.name in topics() else definition(asked.name)
        if not asked.name and not asked.options:
            return overview()
        if asked.name in topics():
            return of_topic(asked.name)
        out, result = asked.out, asked.answered(Books(self._variables))
        if out:
            self._variables[out] = result
        return result

    def _cell(self, line: str, cell: str) -> Answers:
        head = Question.read(line)
        if head.name or head.options.keys() - COMMON:
            msg = "The first line of a cell takes --policy, --book and --out; ask for metrics on the lines below."
            raise DataError(msg)
        out = head.out
        found: dict[str, Result] = {}
        kept: dict[str, Result | Answers] = {}
        for number, name, asked in lines(cell):
            try:
                one = Question.read(asked)
                whole = Question(one.name, one.plain, {**_shared(head), **one.options})
                name = name or whole.out if "out" in one.options else name  # noqa: PLW2901
                result = whole.answered(Books(self._variables))
            except DataError as error:
                error.args = (f"Line {number}: {error}",)
                raise
            found[name or asked] = result
            kept |= {name: result} if name else {}
        answers = Answers(found)
        if out:
            kept[out] = answers
        self._variables.update(kept)
        return answers


def _shared(head: Question) -> dict[str, str]:
    return {name: text for name, text in head.options.items() if name != "out"}


def _in_one_line(ask: Callable[[], R]) -> R:
    """Answer; what cannot be is said in one line, where a traceback would only show how lines are read."""
    try:
        return ask()
    except DataError as error:
        words = f"{type(error).__name__}: {error}"
        error._render_traceback_ = lambda: [words]  # type: ignore[attr-defined]
        raise error.with_traceback(None) from None


def explained(code: list[str]) -> list[str]:
    r"""Let `%saas nrr?` ask for the definition of the metric; IPython would look for a variable of that name.

    Examples
    --------
    >>> explained(["%saas nrr?\n"])
    ['%saas nrr --?\n']
    """
    asked = [_ASKS.fullmatch(line) for line in code]
    return [
        f"{found[1]} {_DEFINE}\n" if found else line
        for found, line in zip(asked, code, strict=True)
    ]


def load(ipython: Any) -> None:
    """Register the magics and the completion with an IPython shell; a second time changes nothing."""
    unload(ipython)
    ipython.register_magics(SaasMagics)
    ipython.input_transformers_cleanup.append(explained)
    if hasattr(ipython.Completer, "custom_matchers"):
        ipython.Completer.custom_matchers.append(matcher(ipython))


def unload(ipython: Any) -> None:
    """Take both away again."""
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop("saas", None)
    if explained in ipython.input_transformers_cleanup:
        ipython.input_transformers_cleanup.remove(explained)
    matchers = getattr(ipython.Completer, "custom_matchers", [])
    matchers[:] = [one for one in matchers if one.__module__ != matcher.__module__]


__all__ = ["Listing", "SaasMagics", "load", "unload"]
