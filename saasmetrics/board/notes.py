"""What stands in small print below a page: the definitions of its numbers, and of which day they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_BETWEEN = ("drivers",)  # what is said of two quarters, whenever it is read


def footnote(making: Making, results: Sequence[Result], more: Sequence[str] = ()) -> str:
    """Return the definitions behind a page in short; the page of definitions has them in full.

    A number is of the quarter that the pack reports, or of the quarters that stand above it: one of another day, which
    is that up to which data were read, has the day beside its definition.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> from saasmetrics.board.asked import Settings
    >>> from saasmetrics.board.making import Making
    >>> making = Making(sm.demo(customers=30), Settings())
    >>> footnote(making, [sm.revenue.mrr(making.book)])[:4], footnote(making, [sm.success.health(making.book)])[:32]
    ('MRR:', 'Health score (as of 2026-10-31):')
    """
    told = {}
    for result in results:
        metric, options = result.metric, result.context.options
        window = f" over {options['window']}" if "window" in options else ""
        day = str(result.context.as_of)
        own = f" (as of {day})" if day != making.quarter_end and _of_its_day(result, day) else ""
        told[metric.id] = f"{metric.abbr or metric.name}{own}: {metric.formula}{window}."
    if not results:
        return " ".join(more)
    context = results[0].context
    where = f"{context.currency}, policy {context.policy.name} v{context.policy.version}."
    return " ".join([*told.values(), *more, where])


def _of_its_day(result: Result, day: str) -> bool:
    """Return whether numbers are of the day on which they were read, and not of periods until then."""
    frame = result.df
    if result.metric.id in _BETWEEN:
        return False
    if "period" not in frame.columns or not len(frame):
        return True
    return str(frame["period"].max())[:10] > day
