"""How likely customers are to leave at each age, or at each renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import definition, metric
from saasmetrics.survival.counted import PER, Counted
from saasmetrics.survival.estimate import (
    check_level,
    nelson_aalen,
    normal_quantile,
    not_lost_yet,
    survival,
    wilson,
)
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="hazard",
    name="Churn hazard",
    unit="curve",
    better="lower",
    meaning="Of the customers that reached an age, or a renewal, the share that left at it.",
    formula="events / at risk; cumulative: the sum of it up to the age (Nelson-Aalen)",
    missing="Missing where nobody is at risk; there is no row for an age that nobody reached.",
    sources=("METRICS.md", "Nelson 1972", "Fader and Hardie 2007"),
    options={
        "per": PER,
        "freq": "age in {value}",
        "smooth": "each value pools the {value} ages before and after",
        "interval": "interval of {value:.0%} (Wilson)",
    },
    choices=("gap_days", "churn_date"),
)
def hazard(
    book: Book,
    by: str | Sequence[str] | None = None,
    per: str = "age",
    freq: str = "M",
    smooth: int = 0,
    *,
    interval: float | None = 0.95,
) -> Result:
    """Share of customers that leave at each age, or of terms that are not renewed at each renewal.

    Parameters
    ----------
    book
        The company's tables.
    by
        Columns of the customers or the subscriptions to group by.
    per
        "age": by whole periods since the first payment. "renewal": by the number of the renewal,
        from subscriptions with an end per term.
    freq
        D, W, M, Q or Y: the unit of age. With yearly contracts "Y" counts renewals too.
    smooth
        Ages before and after to pool with each; 0 for none.
    interval
        Coverage of the interval; None for none.

    Returns
    -------
    Result
        by-columns, age (periods, or number of the renewal), value, low, high, retention
        (1 - value), cumulative (Nelson-Aalen) with cumulative_low and cumulative_high, at_risk,
        events (customers, or terms), reason.

    Raises
    ------
    DataError
        If `smooth` is not a whole number, or the tables have no terms.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a", "b", "b"], "mrr": [10, 10, 20, 0],
    ...     "month": ["2026-01", "2026-02", "2026-01", "2026-02"]})
    >>> sm.survival.hazard(book).df["value"].tolist()
    [0.0, 0.5]
    """
    smooth = whole("smooth", smooth, 0, "how many ages to pool on each side")
    if interval is not None:
        check_level(interval)
    counted = Counted.of(book, by, per, freq)
    options = {
        "per": per,
        "freq": None if per == "renewal" else counted.noun,
        "smooth": int(smooth) or None,
        "interval": interval,
    }
    df = _frame(counted, int(smooth), interval, first=1 if per == "renewal" else 0)
    return counted.result(book, definition("hazard"), df, "hazard", options)


def _frame(counted: Counted, smooth: int, interval: float | None, first: int) -> pd.DataFrame:
    import pandas as pd

    table = counted.exposure
    ended, exposed = _pooled(table.events, smooth), _pooled(table.at_risk, smooth)
    share = np.divide(ended, exposed, out=np.full(exposed.shape, np.nan), where=exposed > 0)
    total, variance = nelson_aalen(table.at_risk, table.events)
    unknown = np.full(share.shape, np.nan)
    bounds = [unknown] * 4
    if interval is not None:
        whole = survival(table.at_risk, table.events)
        with np.errstate(over="ignore", divide="ignore"):
            spread = np.divide(
                normal_quantile(interval) * np.sqrt(variance),
                total,
                out=np.zeros_like(total),
                where=total > 0,
            )
            bounds = [
                *wilson(ended, exposed, interval),
                total * np.exp(-spread),
                np.where(
                    total > 0,
                    total * np.exp(spread),
                    -np.log(not_lost_yet(whole, table.at_risk, interval)),
                ),
            ]
            bounds[3] = np.where(np.isinf(bounds[3]), np.nan, bounds[3])
    ages = np.arange(share.shape[1])
    group, age = np.nonzero((ages >= first) & (ages <= counted.longest[:, None]))
    data: dict[str, Any] = label_columns(counted.by, counted.labels, group)
    data["age"] = age
    values = {"value": share, "low": bounds[0], "high": bounds[1], "retention": 1 - share}
    values |= {"cumulative": total, "cumulative_low": bounds[2], "cumulative_high": bounds[3]}
    values |= {"at_risk": table.at_risk, "events": table.events}
    data |= {name: value[group, age] for name, value in values.items()}
    nobody = np.isnan(share[group, age])
    data["reason"] = np.where(nobody, "nobody is at risk at this age", "")
    return pd.DataFrame(data)


def _pooled(counts: NDArray[Any], smooth: int) -> NDArray[Any]:
    """Return sums over a window of ages around each; nothing from age 0, where nobody leaves."""
    if not smooth:
        return counts
    total = np.cumsum(counts, axis=1)
    length = counts.shape[1]
    ages = np.arange(length)
    upper = total[:, np.minimum(ages + smooth, length - 1)]
    lower = np.maximum(ages - smooth, 1) - 1
    pooled = upper - total[:, np.maximum(lower, 0)]
    return np.where(ages == 0, counts, pooled)
