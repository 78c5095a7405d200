"""`saasmetrics check`: the score, the findings by the money that they touch, and remedies; as text or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.flags import flagged
from saasmetrics.money import counted, format_money

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from saasmetrics.book import Book
    from saasmetrics.checks.remedies import Chosen
    from saasmetrics.errors import Problem
    from saasmetrics.quality import Report

_MICRO = 1_000_000


def words(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after `saasmetrics check`, beside what every book is read by."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--repair",
        action="append",
        default=[],
        metavar="FINDING=REMEDY",
        help="choose a remedy, such as spend.repeated-row=drop; can be given several times",
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who chooses, to be recorded")
    parser.add_argument(
        "--save", metavar="FILE", help="write the remedies to this file, such as remedies.toml"
    )


def run(arguments: argparse.Namespace, book: Book, say: Callable[[str], None]) -> bool:
    """Check a book and say what was found.

    Parameters
    ----------
    arguments
        The words of the command.
    book
        The book as it was read.
    say
        Where to.

    Returns
    -------
    bool
        Whether there are errors.

    Raises
    ------
    DataError
        If a remedy does not exist, or has nothing to repair.
    """
    if arguments.repair:
        book = book.repair(dict(_choice(text) for text in arguments.repair), by=arguments.by)
    report = book.check()
    if arguments.save:
        file = book.save_remedies(arguments.save)
        if not arguments.json:
            say(f"Remedies written: {file}")
    if arguments.json:
        say(json.dumps(as_data(book, report), indent=2, ensure_ascii=False, default=str))
    else:
        for line in _lines(book, report):
            say(line)
    return any(problem.severity == "error" for problem in report.problems)


def _choice(text: str) -> tuple[str, str]:
    place, equals, name = text.partition("=")
    if not equals:
        msg = (
            f"--repair {text} is not a finding with its remedy, such as --repair repeated-row=drop."
        )
        raise DataError(msg)
    return place, name


def as_data(book: Book, report: Report) -> dict[str, Any]:
    """Return the report as numbers, texts and lists; money as text in currency units, exact to the millionth."""
    from saasmetrics.checks.explained import explanations
    from saasmetrics.checks.remedies import choices

    told, remedies = explanations(), choices()
    pairs = zip(report.problems, report.extra["touched"], strict=True)
    return {
        "score": round(report.score, 6),
        "summary": report.text,
        "as_of": book.as_of_text,
        "currency": book.currency,
        "tables": {name: table.rows for name, table in book.tables.items()},
        "findings": [
            {
                "severity": problem.severity,
                "code": problem.code,
                "table": problem.table,
                "column": problem.column,
                "finding": problem.rule,
                "rows": problem.rows,
                "customers": touched.customers,
                "mrr": _exact(touched.micro),
                "share": touched.share,
                "points": touched.points,
                "examples": [dict(example) for example in problem.examples],
                "remedy": flagged(problem).remedy,
                "means": told[problem.code].means if problem.code in told else "",
                "changes": told[problem.code].changes if problem.code in told else "",
                "choices": remedies.get(problem.code, {}),
            }
            for problem, touched in pairs
        ],
        "repairs": [_entry(entry) for entry in book.repairs],
    }


def _entry(entry: Chosen) -> dict[str, Any]:
    return {
        "finding": entry.place,
        "remedy": entry.remedy,
        "chosen_on": entry.chosen_on,
        "chosen_by": entry.chosen_by,
        "rows": entry.rows,
        "mrr_before": _exact(entry.mrr_before),
        "mrr_after": _exact(entry.mrr_after),
    }


def _exact(micro: int | None) -> str | None:
    if micro is None:
        return None
    sign, size = "-" if micro < 0 else "", abs(micro)
    return f"{sign}{size // _MICRO}.{size % _MICRO:06d}"


def _lines(book: Book, report: Report) -> list[str]:
    from saasmetrics.checks.explained import touching
    from saasmetrics.checks.remedies import choices

    lines, remedies = [], choices()
    for problem, touched in zip(report.problems, report.extra["touched"], strict=True):
        lines.append(f"{problem.severity.upper()} {flagged(problem)}")
        if said := touching(touched, book.currency):
            lines.append(f"  Touches {said}.")
        lines += _remedies(problem, remedies.get(problem.code, {}))
    for entry in book.repairs:
        before, after = (
            _money(each, book.currency) for each in (entry.mrr_before, entry.mrr_after)
        )
        rows = "" if entry.rows is None else f" in {counted(entry.rows, 'row')}"
        lines.append(
            f"Repaired: {entry.place}={entry.remedy}{rows}; MRR was {before}, became {after}."
        )
    many = counted(len(book.tables), "table")
    lines.append(f"Data quality {report.text} in {many} as of {book.as_of_text}.")
    return lines


def _remedies(problem: Problem, known: dict[str, str]) -> list[str]:
    place = f"{problem.table}.{problem.code}"
    return [f"  --repair {place}={name} {says}" for name, says in known.items()]


def _money(micro: int | None, currency: str) -> str:
    return "unknown" if micro is None else format_money(micro / _MICRO, currency)
