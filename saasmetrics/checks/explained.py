"""What each kind of finding means, how it changes numbers, and what to do: as text and as HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.errors import Problem

__all__ = ["Explanation", "explanation", "explanations", "of_problems", "paragraph"]


@dataclass(frozen=True)
class Explanation:
    """One kind of finding in plain words.

    Parameters
    ----------
    title
        What it is, in a few words.
    means
        What it means, in a sentence.
    changes
        How it changes numbers, in a sentence.
    """

    title: str
    means: str
    changes: str


@cache
def explanations() -> Mapping[str, Explanation]:
    """Return every kind of finding by its code."""
    text = Path(__file__).with_name("findings.json").read_text(encoding="utf-8")
    return {code: Explanation(**words) for code, words in json.loads(text).items()}


def explanation(code: str) -> Explanation:
    """Return one kind of finding.

    Parameters
    ----------
    code
        Its code, such as "repeated-row".

    Returns
    -------
    Explanation
        Its words.

    Raises
    ------
    UnknownNameError
        If there is no such finding.

    Examples
    --------
    >>> explanation("repeated-row").title
    'The same row twice'
    """
    if code not in explanations():
        raise UnknownNameError.of("finding", code, explanations())
    return explanations()[code]


def paragraph(code: str, problems: Iterable[Problem], choices: Mapping[str, str]) -> str:
    """Return what a kind of finding means, what was found, and what to do.

    Parameters
    ----------
    code
        Its code.
    problems
        What was found of this kind; none where the tables are free of it.
    choices
        Remedies that can be chosen, with what each does.

    Returns
    -------
    str
        A few lines.

    Raises
    ------
    UnknownNameError
        If there is no such finding.
    """
    told = explanation(code)
    lines = [f"{told.title}. {told.means} {told.changes}"]
    found = list(problems)
    if not found:
        lines.append("Nothing of the kind was found.")
    lines += [str(problem) for problem in found]
    lines += [f'Remedy "{name}": {says}' for name, says in choices.items()]
    return "\n".join(lines)


def of_problems(problems: Iterable[Problem], choices: Mapping[str, Mapping[str, str]]) -> str:
    """Return every kind of finding as HTML that opens on a click, without a script.

    Parameters
    ----------
    problems
        The findings.
    choices
        Code -> remedies that can be chosen, with what each does.

    Returns
    -------
    str
        One disclosure per kind, in the order of the findings.
    """
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    parts = []
    for code, found in by_code.items():
        told = explanations().get(code)
        if told is None:
            continue
        places = dict.fromkeys(problem.table for problem in found)
        remedies = dict.fromkeys(problem.remedy for problem in found if problem.remedy)
        lines = [f"<p>{escape(told.means)} {escape(told.changes)}</p>"]
        if remedies:
            lines.append(f"<p><strong>What to do:</strong> {escape(' '.join(remedies))}</p>")
        lines += [
            f"<p>Remedy <code>{escape(name)}</code>: {escape(says)}</p>"
            for name, says in choices.get(code, {}).items()
        ]
        title = f"{escape(told.title)} <small>{escape(code)}, {escape(', '.join(places))}</small>"
        parts.append(f"<details><summary>{title}</summary>{''.join(lines)}</details>")
    return "".join(parts)
