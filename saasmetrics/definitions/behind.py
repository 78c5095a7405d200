"""The customers behind a number, with what each adds to its two sides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from saasmetrics.definitions import asked
from saasmetrics.metrics.made import PeriodDrill

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.policy import Policy

    Rows = pd.DataFrame


def behind(
    book: Book, metric: Metric, policy: Policy, options: Mapping[str, Any], period: Any, freq: str
) -> Rows:
    """Return what each customer adds to the two sides of a number; no customers where the book begins later.

    Raises
    ------
    DataError
        If the number is not a sum over customers.
    """
    calendar, engine = book.calendar(freq), book.with_policy(policy).engine
    first, _, _ = engine.extent(freq)
    found = asked.result(book, metric, policy, options)
    if found.drill is None:
        raise asked.refuse(found)
    if calendar.of(period) < first:
        import pandas as pd

        sides = ("numerator", *(["denominator"] if "denominator" in found.df.columns else []))
        return pd.DataFrame({name: [] for name in ("customer_id", *sides)})
    drill = found.drill
    if isinstance(drill, PeriodDrill):
        drill = replace(drill, sides_only=True)
    rows = drill(period=period)
    if "numerator" not in rows.columns:
        raise asked.refuse(found)
    return rows


def stacked(frames: list[Rows]) -> Rows:
    """Return the customers of several blocks one below the other."""
    import pandas as pd

    return pd.concat(frames, ignore_index=True)
