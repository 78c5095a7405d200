"""What a review is made of: sections of exhibits, each a result with its chart, its numbers and its note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result


@dataclass(frozen=True)
class Exhibit:
    """One picture with the numbers behind it.

    Parameters
    ----------
    id
        Short name, also of the CSV file.
    title
        What is shown, where the picture does not say it in a sentence of its own.
    result
        The result, for definition and footnote.
    draw
        Function of theme and width that returns an Altair chart, or None where there is none of its kind; None for a
        table alone.
    table
        The numbers, for the CSV file.
    shown
        The numbers as the page shows them, as text; by default made from `table`.
    bars
        Column of `shown` that is drawn as bars, from shares.

    Examples
    --------
    >>> import pandas as pd
    >>> Exhibit("nrr", "NRR", None, None, pd.DataFrame({"value": [1.0]})).id
    'nrr'
    """

    id: str
    title: str
    result: Result | None
    draw: Callable[..., Any] | None
    table: pd.DataFrame
    shown: pd.DataFrame | None = None


@dataclass(frozen=True)
class Section:
    """A topic of the review: its exhibits, or the reason why it is empty and what to add.

    Examples
    --------
    >>> Section("bridge", "ARR bridge", missing="Add the table subscriptions.").exhibits
    ()
    """

    id: str
    title: str
    exhibits: tuple[Exhibit, ...] = ()
    missing: tuple[str, ...] = field(default=())


def of(id: str, result: Result, draw: Callable[..., Any] | None = None, title: str = "") -> Exhibit:
    """Return the exhibit of a result, drawn by the function of its kind unless another is given.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> of("nrr", sm.retention.nrr(sm.demo(customers=50))).title
    'Net revenue retention'
    """
    drawn = partial(draw or _of_its_kind, result)
    return Exhibit(id, title or result.definition.name, result, drawn, result.df)


def drawn_as(chart: str, **options: Any) -> Callable[..., Any]:
    """Return a function that draws a result as a chart of that name, which is loaded when it is drawn.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> mrr = sm.revenue.mrr(sm.demo(customers=50))
    >>> drawn_as("series", last=12)(mrr, theme="light").to_dict()["title"]["text"]
    ['MRR was $52.5k in Oct 2026']
    """

    def draw(shown: Any, **look: Any) -> Any:
        from saasmetrics import charts

        return getattr(charts, chart)(shown, **options, **look)

    return draw


def _of_its_kind(result: Result, **look: Any) -> Any:
    from saasmetrics.charts import CHARTS

    draw = CHARTS.get(result.kind)
    return draw(result, **look) if draw is not None else None
