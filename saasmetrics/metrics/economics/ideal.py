"""Which customers are worth what they cost: every segment against the bar, corrected for looking at many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.verdict import ltv_cac
from saasmetrics.metrics.made import made
from saasmetrics.metrics.rates import check_interval
from saasmetrics.survival.logrank import corrected

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

CORRECTIONS = {
    "holm": "the chance of even one wrong verdict is at most 1 less the coverage (Holm)",
    "bh": "of the verdicts given, at most 1 less the coverage are expected to be wrong (Benjamini-Hochberg)",
    "none": "verdicts are not corrected for how many segments were looked at",
}


@metric(
    id="ideal_customers",
    name="Ideal customers",
    unit="multiple",
    better="higher",
    meaning="Which segments bring back enough of what their customers cost to win.",
    formula="LTV:CAC of every segment against the target, with verdicts corrected for many looks",
    missing="Missing where a segment won nobody, spend is not recorded, or its lifetime value is missing.",
    sources=("METRICS.md", "Holm 1979", "Benjamini and Hochberg 1995"),
    options={
        "correction": CORRECTIONS,
        "target": "worth it above {value:g}",
        "interval": "coverage {value:.0%}",
    },
)
def ideal_customers(
    book: Book,
    by: str | Sequence[str] | None = None,
    target: float = 3.0,
    *,
    correction: str = "holm",
    interval: float = 0.95,
    **options: Any,
) -> Result:
    """LTV:CAC of every segment by several columns, the clear ones first.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    by
        Columns to look at one after the other; by default all that customers and spend share.
    target
        The bar, 3 by custom.
    correction
        "holm", "bh" or "none": how verdicts allow for looking at many segments.
    interval
        Coverage, 0.95 by default.
    **options
        As in `ltv_cac`, such as margin, lag or window.

    Returns
    -------
    Result
        column, group, value, low, high, numerator (LTV), denominator (CAC), n (new customers), verdict ("pass", "fail",
        "not proven"), target, probability (of reaching the target), p (of the verdict, corrected), reason.

    Raises
    ------
    DataError
        If customers and spend share no column.
    UnknownNameError
        If there is no such correction.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.economics.ideal_customers(sm.demo(customers=200))
    >>> sorted(made.df["column"].unique())
    ['channel', 'segment']
    """
    import pandas as pd

    one_of("correction", correction, CORRECTIONS)
    if interval is None:
        msg = "interval=None: a verdict says how sure it is; give the coverage, such as 0.95."
        raise DataError(msg)
    check_interval(interval)
    names = columns(by) or _shared(book)
    parts, notes = list[Any](), list[str]()
    for name in names:
        found = ltv_cac(book, name, target, interval=interval, **options)
        part = found.df.rename(columns={name: "group"}).assign(column=name)
        part["group"] = part["group"].astype(str)
        parts.append(part)
        notes += found.notes
    df = pd.concat(parts, ignore_index=True)
    df["p"] = corrected(_chance_of_wrong(df), correction)
    clear = df["p"] <= (1 - interval)
    df["verdict"] = np.where(clear, df["verdict"], "not proven")
    order = df["value"].sort_values(ascending=False, kind="stable", na_position="last").index
    df = df.loc[
        order, ["column", "group", *[c for c in df.columns if c not in ("column", "group")]]
    ]
    said = {"correction": correction, "target": target, "interval": interval}
    return made(
        book,
        "ideal_customers",
        df.reset_index(drop=True),
        "verdict",
        by=("column", "group"),
        options=said,
        notes=tuple(dict.fromkeys((f"{len(df)} segments were looked at", *notes))),
        tables=["spend"],
    )


def _shared(book: Book) -> tuple[str, ...]:
    """Return the columns that customers and spend have in common."""
    tables = [book.tables.get(name) for name in ("customers", "spend")]
    known = [set(table.data.column_names) if table is not None else set() for table in tables]
    both = sorted((known[0] & known[1]) - {"currency", "customer_id", "recorded_at"})
    if not both:
        msg = (
            "Spend and customers share no column to cut both by; add segment or channel to the table spend, as the "
            "customers have it."
        )
        raise DataError(msg)
    return tuple(both)


def _chance_of_wrong(df: pd.DataFrame) -> NDArray[np.float64]:
    """Return twice the share of resamples on the other side of the target; 1 where it is not known."""
    reached = df["probability"].to_numpy(float)
    wrong = np.minimum(1.0, 2 * np.minimum(reached, 1 - reached))
    # no resample on the other side only says that it is rarer than one in a thousand
    return np.where(np.isnan(reached), 1.0, np.maximum(wrong, 0.002))
