"""What a customer is worth: lifetime value by the survival curve, or by one of the usual formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.metrics.economics.asked import DISCOUNT, HORIZON
from saasmetrics.metrics.economics.traced import worth_trace
from saasmetrics.metrics.economics.window import finite, interval_of
from saasmetrics.metrics.economics.worth import (
    ARPA,
    CURVED,
    LTV_METHODS,
    Worth,
    bound_reasons,
)
from saasmetrics.metrics.made import made
from saasmetrics.survival.lives import label_columns
from saasmetrics.survival.tails import BEYOND, Tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin
    from saasmetrics.result import Result


@metric(
    id="ltv",
    name="Customer lifetime value",
    abbr="LTV",
    unit="money",
    better="higher",
    meaning="The gross profit that one customer brings over its lifetime.",
    formula="ARPA x gross margin x lifetime in months",
    missing="Missing where nobody pays, or where the method divides by a churn of 0.",
    sources=("METRICS.md", "Skok, SaaS metrics 2.0", "Cohen, The mistake of 1/c"),
    options={
        "method": LTV_METHODS,
        "arpa": ARPA,
        "margin": "gross margin {value}",
        "churn": "churn is the mean of {value}",
        "horizon": "up to {value} months",
        "beyond": BEYOND,
        "discount": "discounted at {value:.1%} a year",
        "interval": "interval of {value:.0%} by resampling customers",
    },
)
def ltv(
    book: Book,
    by: str | Sequence[str] | None = None,
    method: str | None = None,
    margin: Margin = None,
    *,
    horizon: int = HORIZON,
    discount: float = DISCOUNT,
    beyond: str = "auto",
    churn_months: int | None = None,
    arpa: str = "paying",
    interval: float | None = 0.95,
) -> Result:
    """Lifetime value of a customer, by the survival curve or by one of the usual formulas.

    Parameters
    ----------
    book
        The company's tables.
    by
        Columns of the customers or the subscriptions to group by.
    method
        "survival" (default), "paths", "margin", "simple", "skok", "skok_discounted", "discounted" or "capped".
        "paths" follows `value_path`: what customers pay as they grow older counts instead of ARPA.
    margin
        Gross margin as a share; a share per group ({"SMB": 0.7, ...}); or a revenue stream: "usage" reads revenue_usage
        and cogs_usage of the table finance. By default cogs in the table spend where its rows name the groups, else
        revenue less cogs of the table finance over the last twelve months, or cogs in the table spend.
    horizon
        Months after which nothing counts, for "survival", "paths" and "capped".
    beyond
        How a survival curve goes on from the age of the oldest customer of a group to the horizon: "auto", a model
        fitted to the lifetimes of the group, of those that `saasmetrics.survival.fit` knows that of the lowest AIC;
        the name of a model; or "none": what was not seen is left out, and the value is a lower bound while anyone
        is still a customer. A model needs ten lost customers per parameter; where a group has too few, that of
        all customers goes on at the pace at which the group lost its own.
    discount
        Yearly discount rate, for "survival", "discounted" and "skok_discounted".
    churn_months
        Months whose logo churn is averaged, for the formulas.
    arpa
        "paying": MRR per paying customer in the last complete month; "new": of the new customers of
        the last twelve months.
    interval
        Coverage of the interval, by resampling customers; None for none.

    Returns
    -------
    Result
        by-columns, value, low, high, n (paying customers), arpa, margin, lifetime in (discounted)
        months, months (how many of the horizon were seen), churn, reason; by a curve also observed and projected (the
        parts of the value up to the oldest age seen and beyond it) and model.

    Raises
    ------
    DataError
        If no margin is given and the tables have none.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [9, 9]})
    >>> sm.economics.ltv(book, margin=0.5, discount=0).value
    9.0
    """
    method = method or book.policy.ltv
    churn_months = book.policy.ltv_churn_months if churn_months is None else churn_months
    worth = Worth.of(
        book, columns(by), method, margin, horizon, discount, churn_months, arpa, interval, beyond
    )
    return made(
        book,
        "ltv",
        _frame(worth, interval),
        "worth",
        by=by,
        options={**worth.options, "interval": interval},
        notes=worth.notes,
        tables=["finance", "spend"] if margin is None else [],
        trace=worth_trace(book, worth),
    )


def _reasons(worth: Worth) -> NDArray[Any]:
    nobody = np.isnan(worth.arpa[0])
    unknown = np.isnan(worth.churn[0]) & (worth.options["churn"] is not None)
    endless = np.isinf(worth.value[0])
    return np.select(
        [nobody, unknown, endless],
        [
            "nobody pays in the last complete month"
            if worth.options["arpa"] == "paying"
            else "no customer was won in the last 12 months",
            "nobody paid at the start of any of the months",
            f"nobody left in {worth.options['churn']}: the lifetime has no end",
        ],
        bound_reasons(worth),
    )


def _frame(worth: Worth, interval: float | None) -> pd.DataFrame:
    import pandas as pd

    low, high = interval_of(worth.value, worth.months, interval)
    data: dict[str, Any] = label_columns(worth.by, worth.labels, np.arange(len(worth.labels)))
    value = finite(worth.value[0])
    data.update(value=value, low=np.where(np.isnan(value), np.nan, low), high=finite(high))
    data["high"] = np.where(np.isnan(value), np.nan, data["high"])
    data["n"] = worth.months.latest("customers_closing")[0].astype(int)
    data.update(arpa=worth.arpa[0], margin=worth.margin, lifetime=finite(worth.lifetime[0]))
    data.update(months=worth.seen, churn=worth.churn[0], reason=_reasons(worth))
    if worth.options["method"] in CURVED:
        data |= split_columns(value, worth.observed[0], worth.tails)
    return pd.DataFrame(data)


def split_columns(
    value: NDArray[np.float64], observed: NDArray[np.float64], tails: Sequence[Tail]
) -> dict[str, Any]:
    """Return what of a value was seen, what is projected, and by which model.

    Examples
    --------
    >>> split_columns(np.array([5.0]), np.array([4.0]), [Tail("none")])["projected"].tolist()
    [1.0]
    """
    models = [tail.fit.family.id if tail.fit is not None else "" for tail in tails]
    part = np.where(np.isnan(value), np.nan, observed)
    return {"observed": part, "projected": value - part, "model": np.array(models, object)}
