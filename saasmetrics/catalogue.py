"""The catalogue: what each metric means, in one place, next to the function that computes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from saasmetrics.calls import recorded
from saasmetrics.errors import UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")
R = TypeVar("R")
Unit = Literal[
    "ratio", "money", "count", "months", "hours", "multiple", "points", "fte", "table", "curve"
]
Better = Literal["higher", "lower", "neutral"]


@dataclass(frozen=True)
class Metric:
    """The definition of a metric: everything that a glossary, a tooltip or a footnote says about it.

    `options` maps a parameter to the sentence each of its values adds to the footnote, or to one sentence with
    `{value}` in it. `choices` names the policy choices that decide the number.
    """

    id: str
    name: str
    abbr: str
    unit: Unit
    better: Better
    meaning: str
    formula: str
    missing: str
    sources: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    version: int = 1
    function: Any = None

    def sentence(self, option: str, value: Any) -> str:
        """Return what a value of an option adds to the footnote; empty where the option says nothing."""
        words = self.options.get(option)
        if words is None or value is None:
            return ""
        if isinstance(words, str):
            return words.format(value=value)
        return str(words[value])

    def __str__(self) -> str:
        lines = [f"{self.name} ({self.abbr})" if self.abbr else self.name, self.meaning]
        lines += [f"Formula: {self.formula}", f"Missing: {self.missing}"]
        return "\n".join(
            [*lines, f"Sources: {'; '.join(self.sources)} [{self.id} v{self.version}]"]
        )

    def _repr_html_(self) -> str:
        from html import escape

        first, *rest = str(self).split("\n")
        return f"<strong>{escape(first)}</strong>" + "".join(
            f"<p>{escape(line)}</p>" for line in rest
        )


CATALOGUE: dict[str, Metric] = {}


def _place(function: Callable[..., Any]) -> tuple[str, str]:
    """Return where a function is written: a cell that is run again, or a module, defines its metric anew."""
    return function.__module__, function.__qualname__


def metric(
    *,
    id: str,
    name: str,
    unit: Unit,
    better: Better,
    meaning: str,
    formula: str,
    missing: str,
    sources: tuple[str, ...],
    abbr: str = "",
    options: Mapping[str, Any] | None = None,
    choices: tuple[str, ...] = (),
    version: int = 1,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Enter the decorated function into the catalogue as a metric.

    Parameters
    ----------
    id
        Short stable name, such as "nrr".
    name, abbr
        The name in words, and its abbreviation.
    unit, better
        The unit of the value, and which direction is good.
    meaning, formula, missing
        One plain sentence each: what it says, how it is computed, when there is no value.
    sources
        Where the definition comes from.
    options
        For each parameter that changes the number, the sentence of each value.
    choices
        The policy choices that decide the number.
    version
        Raised when the definition changes.
    """

    def enter(function: Callable[P, R]) -> Callable[P, R]:
        if id in CATALOGUE and _place(CATALOGUE[id].function) != _place(function):
            msg = (
                f"Two metrics are called {id!r}: {CATALOGUE[id].function.__qualname__} and another."
            )
            raise ValueError(msg)
        known = recorded(function)
        CATALOGUE[id] = Metric(
            id,
            name,
            abbr,
            unit,
            better,
            meaning,
            formula,
            missing,
            sources,
            options or {},
            choices,
            version,
            known,
        )
        return known

    return enter


def definition(id: str) -> Metric:
    """Return the catalogue entry of a metric.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    """
    if id not in CATALOGUE:
        msg = f"There is no metric called {id!r}."
        raise UnknownNameError(msg + hint(id, list(CATALOGUE)))
    return CATALOGUE[id]
