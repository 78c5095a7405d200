"""What a review is made of: sections of exhibits, each a result with its chart, its numbers and its note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
        Function of theme and width that returns an Altair chart; None for a table alone.
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
    from saasmetrics.charts import CHARTS

    chosen = draw or CHARTS.get(result.kind)

    def drawn(**look: Any) -> Any:
        return chosen(result, **look) if chosen is not None else None

    return Exhibit(
        id, title or result.definition.name, result, drawn if chosen else None, result.df
    )
