"""Would one customer change the story? Rates without each customer, and without the largest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric as entry
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.retention import churn, logos, money
from saasmetrics.metrics.retention.window import day_of, ordinal
from saasmetrics.money import format_ratio

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

METRICS = {
    "nrr": money.nrr,
    "grr": money.grr,
    "gross_churn": churn.gross_churn,
    "net_churn": churn.net_churn,
    "logo_retention": logos.logo_retention,
    "logo_churn": logos.logo_churn,
}
_LARGEST = (1, 5, 10)
_FAR = 0.05  # a rate that moves by more than 5 points tells another story


@entry(
    id="sensitivity",
    name="Sensitivity to single customers",
    unit="ratio",
    better="neutral",
    meaning="How far a rate would move without one customer, or without the largest: whether one changes the story.",
    formula="(numerator - that of the customers left out) / (denominator - theirs)",
    missing="Missing where nobody would be left at the start of the window.",
    sources=("METRICS.md",),
    options={"metric": "of {value}", "window": "over {value}"},
)
def sensitivity(
    book: Book,
    metric: str = "nrr",
    period: Any = None,
    window: int | None = None,
    freq: str = "M",
    top: int = 10,
) -> Result:
    """How much a rate hangs on single customers.

    Parameters
    ----------
    book
        The company's tables.
    metric
        nrr, grr, gross_churn, net_churn, logo_retention or logo_churn.
    period
        A day in the period; by default the last complete one.
    window
        Length of the window in periods of `freq`; by default that of the metric.
    freq
        D, W, M, Q or Y.
    top
        How many of the most influential customers to tell.

    Returns
    -------
    Result
        scenario, customer_id (of a single one left out), customers_left_out, value, change, numerator, denominator.
        The first row is the rate itself; `extra["verdict"]` says between what the rate moves without any one
        customer, and whether that changes the story: it crosses 100 %, or moves by more than 5 points.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    DataError
        If nobody was paying at the start of the window.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a", "b", "b"], "month": ["2026-01", "2026-02"] * 2, "mrr": [90, 130, 10, 5]}
    >>> found = sm.retention.sensitivity(sm.Book(mrr=rows), window=1, top=1)
    >>> found.df["value"].tolist()
    [1.35, 0.5, 0.5]
    """
    one_of("rate with a sensitivity", metric, METRICS)
    top = whole("top", top, 0, "a number of customers")
    number = ordinal(book, freq, period)
    result = METRICS[metric](book, window, None, freq, interval=None)
    rows = _by_name(result.rows(period=day_of(book, freq, number)))
    top_sum, bottom_sum = rows["numerator"].sum(), rows["denominator"].sum()
    if bottom_sum <= 0:
        msg = f"Nobody was paying at the start of the window that ends with {day_of(book, freq, number)}."
        raise DataError(msg)
    value = top_sum / bottom_sum
    without = ratio(top_sum - rows["numerator"], bottom_sum - rows["denominator"])
    df = _scenarios(rows, without, value, top)
    said = _verdict(rows["customer_id"], without, value, result.metric.abbr, metric)
    options = {"metric": result.metric.name, "window": result.context.options.get("window")}
    notes = (f"Period of {day_of(book, freq, number)}", said)
    return made(
        book,
        "sensitivity",
        df,
        "sensitivity",
        options=options,
        notes=notes,
        extra={"verdict": said, "headline": said, "metric": metric},
    )


def _by_name(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order of their ids as text: of several that are alike, those named first are told."""
    order = np.argsort(rows["customer_id"].to_numpy(str), kind="stable")
    return rows.iloc[order].reset_index(drop=True)


def _scenarios(
    rows: pd.DataFrame, without: NDArray[np.float64], value: float, top: int
) -> pd.DataFrame:
    """Return the rate itself, without the largest customers, and without each of the most influential."""
    import pandas as pd

    above, below = rows["numerator"].to_numpy(float), rows["denominator"].to_numpy(float)
    size = np.argsort(-below, kind="stable")
    paying = int((below > 0).sum())
    out = [("as it is", None, 0, above.sum(), below.sum())]
    for count in _LARGEST:
        if count < paying:
            left = size[:count]
            name = f"without the {count} largest" if count > 1 else "without the largest"
            out.append(
                (
                    name,
                    None,
                    count,
                    above.sum() - above[left].sum(),
                    below.sum() - below[left].sum(),
                )
            )
    change = np.abs(np.nan_to_num(without - value, nan=0.0))
    for at in np.argsort(-change, kind="stable")[:top]:
        who = rows["customer_id"].iloc[at]
        if change[at] > 0:
            out.append((f"without {who}", who, 1, above.sum() - above[at], below.sum() - below[at]))
    columns = ["scenario", "customer_id", "customers_left_out", "numerator", "denominator"]
    df = pd.DataFrame(out, columns=columns)
    df.insert(3, "value", ratio(df["numerator"], df["denominator"]))
    df.insert(4, "change", df["value"] - value)
    return df


def _verdict(
    customers: pd.Series[Any], without: NDArray[np.float64], value: float, name: str, metric: str
) -> str:
    """Say between what a rate moves without any one customer, and whether that changes the story.

    It does where a rate without one customer stands on the other side of 100 %, or more than 5 points away.
    """
    known = np.flatnonzero(~np.isnan(without))
    if not len(known):
        return f"{name} rests on one customer"
    ends = known[without[known].argmin()], known[without[known].argmax()]
    low, high = (
        f"{format_ratio(without[at])} (without {customers.iloc[at]})"
        if without[at] != value
        else format_ratio(value)
        for at in ends
    )
    line = 0.0 if metric == "net_churn" else 1.0
    crosses = bool(((without[known] - line) * (value - line) < 0).any())
    far = bool((np.abs(without[known] - value) > _FAR + 1e-12).any())
    moved = (
        f"leaving one customer out moves {name} of {format_ratio(value)} between {low} and {high}"
    )
    across, points = f"across {line:.0%}", f"more than {_FAR * 100:.0f} points"
    if not crosses and not far:
        return f"No single customer changes the story: {moved}, not {across} nor by {points}"
    why = " and ".join([*([across] if crosses else []), *([f"by {points}"] if far else [])])
    return f"One customer changes the story: {moved}, {why}"
