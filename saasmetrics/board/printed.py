"""What the terminal shows of a retention review: its headline, what is left out, and warnings that move numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from saasmetrics.money import counted, format_money

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from saasmetrics.board.headline import Figure
    from saasmetrics.board.review import Review

_VERDICTS = {"pass", "fail", "not proven"}


def printed(review: Review) -> list[str]:
    """Return the lines of a review.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b "], "month": ["2026-01"] * 2, "mrr": [10, 12]}
    >>> printed(sm.board.review(sm.Book(mrr=rows)))[-1]
    'Warning: mrr.customer_id: has blanks before or after the id (1 row, $12 of MRR)'
    """
    lines = [_figure(figure) for figure in review.headline]
    for section in review.sections:
        lines += [f"Not shown in {section.title}: {text}" for text in section.missing]
    return [*lines, *warnings(review.findings, review.book.currency)]


def _figure(figure: Figure) -> str:
    sure = f"95% interval {figure.interval}" if figure.interval else ""
    change = f"{figure.change} in 12 months" if figure.change else ""
    verdict = figure.verdict if figure.verdict in _VERDICTS else ""
    details = [part for part in (verdict, change, sure) if part] or [figure.reason]
    return f"{figure.name:<12} {figure.text:>12}   {'; '.join(details)}".rstrip()


def warnings(findings: pd.DataFrame, currency: str) -> Iterator[str]:
    """Return each warning about rows or customers that count, those of most MRR first; the others move no number.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b "], "month": ["2026-01"] * 2, "mrr": [10, 12]}
    >>> list(warnings(sm.Book(mrr=rows).check().df, "USD"))[-1][:22]
    'Warning: mrr.customer_'
    """
    moving = (findings["severity"] == "warning") & (findings["points"] > 0)
    for row in findings[moving].to_dict("records"):
        place = f"{row['table']}{'.' if row['column'] else ''}{row['column']}"
        said = ", ".join(_size(row, currency))
        yield f"Warning: {place}: {row['finding']}{f' ({said})' if said else ''}"


def _size(row: dict[Any, Any], currency: str) -> Iterator[str]:
    if row["rows"]:
        yield counted(row["rows"], "row")
    if not math.isnan(row["mrr"]):
        yield f"{format_money(row['mrr'], currency)} of MRR"
