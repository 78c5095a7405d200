"""What each kind of finding means, how it changes numbers, and what to do: as text and as HTML."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import UnknownNameError
from saasmetrics.money import MICRO, counted, format_money, format_part
from saasmetrics.printable import escape
from saasmetrics.tables.findings import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.checks.worth import Touched
    from saasmetrics.errors import Problem

__all__ = [
    "Explanation",
    "as_text",
    "explanation",
    "explanations",
    "in_points",
    "of_problems",
    "paragraph",
    "table",
    "touching",
    "wrapped",
]


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
        shown = [example for problem in found for example in problem.examples][:SHOWN]
        if shown:
            rows = "; ".join(", ".join(f"{k}={v}" for k, v in each.items()) for each in shown)
            lines.append(f"<p><small>First rows: {escape(rows)}</small></p>")
        title = f"{escape(told.title)} <small>{escape(code)}, {escape(', '.join(places))}</small>"
        parts.append(f"<details><summary>{title}</summary>{''.join(lines)}</details>")
    return "".join(parts)


def in_points(points: float) -> str:
    """Write points of the score; few are not none.

    Examples
    --------
    >>> in_points(2.45), in_points(0.004)
    ('2.5', '<0.1')
    """
    return f"{points:.1f}" if points >= _FEW else "<0.1"


def touching(touched: Touched, currency: str) -> str:
    """Return in words what a finding touches: customers, their MRR, its share, points of the score; "" for nobody."""
    if touched.customers is None:
        return ""
    said = counted(touched.customers, "customer")
    if touched.micro is not None:
        said += f" and {format_money(touched.micro / MICRO, currency)} of MRR"
    if touched.share is not None:
        of = " of the rows, whose MRR is unknown" if touched.micro is None else ""
        said += f" ({format_part(touched.share)}{of})"
    elif touched.micro is None:
        said += ", whose MRR is unknown"
    points = f", {in_points(touched.points)} points off the score" if touched.points else ""
    return said + points


def as_text(pairs: Iterable[tuple[Problem, Touched]], currency: str) -> list[str]:
    """Return the findings as lines that a terminal shows whole, in sentences.

    Parameters
    ----------
    pairs
        Each finding with what it touches.
    currency
        Of the amounts.
    """
    lines = []
    for problem, touched in pairs:
        said = touching(touched, currency)
        first, *more = str(problem).splitlines()
        lines += wrapped(f"{problem.severity.upper()} {problem.code}: {first}")
        for line in (*more, f"Touches {said}." if said else ""):
            lines += wrapped(line.strip(), "  ")
    return lines


def wrapped(text: str, before: str = "") -> list[str]:
    """Return a sentence as lines of a width, all but the first indented."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=before,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


_WIDTH = 100
_FEW = 0.05
_HEAD = ("", "Where", "What", "Rows", "Customers", "MRR", "Share", "Points", "What to do")
_RIGHT = range(3, 8)


def table(pairs: Iterable[tuple[Problem, Touched]], currency: str) -> str:
    """Return the findings with what they touch as an HTML table.

    Parameters
    ----------
    pairs
        Each finding with what it touches.
    currency
        Of the amounts.

    Returns
    -------
    str
        One row per finding.
    """
    rows = [_row("th", _HEAD)]
    for problem, touched in pairs:
        place = f"{problem.table}.{problem.column}" if problem.column else problem.table
        money = None if touched.micro is None else touched.micro / MICRO
        cells = (
            problem.severity,
            place,
            problem.rule,
            f"{problem.rows:,}" if problem.rows else "–",
            "–" if touched.customers is None else f"{touched.customers:,}",
            format_money(money, currency),
            format_part(touched.share),
            in_points(touched.points) if touched.points else "–",
            problem.remedy,
        )
        rows.append(_row("td", cells))
    return f"<table>{''.join(rows)}</table>"


def _row(kind: str, cells: Iterable[str]) -> str:
    sides = ("right" if place in _RIGHT else "left" for place in range(len(_HEAD)))
    made = (
        f'<{kind} style="text-align:{side};vertical-align:top;padding:2px 8px">{escape(cell)}</{kind}>'
        for side, cell in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(made)}</tr>"
