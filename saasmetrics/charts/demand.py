"""Tickets of the past and those to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.charts.series import series

if TYPE_CHECKING:
    import altair as alt

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result


def demand(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw tickets by group as lines, those to come dashed with their range.

    Parameters
    ----------
    result
        Result of `sm.capacity.demand`.
    theme, width, height, title, last
        As for `series`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = demand(sm.capacity.demand(sm.demo(customers=100)))
    """
    message = str(result.extra["headline"]) if title is None else title
    return series(result, theme=theme, width=width, height=height, title=message, last=last)
