"""LTV:CAC against its target, and what a verdict is: pass, fail, or not proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.metrics.economics.asked import DISCOUNT, HORIZON, check_target, functions_of
from saasmetrics.metrics.economics.spend import (
    ACQUISITION,
    lag_months,
    monthly_spend,
    new_customer_rows,
    shared_out,
    with_spend,
)
from saasmetrics.metrics.economics.traced import sides_trace
from saasmetrics.metrics.economics.window import Months, divide, finite, interval_of
from saasmetrics.metrics.economics.worth import (
    ARPA,
    LTV_METHODS,
    Worth,
    bound_reasons,
    lower_bound,
    mostly_projected,
)
from saasmetrics.metrics.made import made
from saasmetrics.survival.lives import label_columns
from saasmetrics.survival.tails import BEYOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin
    from saasmetrics.metrics.economics.spend import Label
    from saasmetrics.result import Result

VERDICT = "pass or fail where the whole interval is on one side of {value:g}, else not proven"
_INPUTS = "Both sides have a proof of their own: those of ltv and of cac with the same choices"
UNRECORDED = "spend is not recorded for every month; add rows of 0 where nothing was spent"

LTV_CAC_OPTIONS: dict[str, Any] = {
    "method": LTV_METHODS,
    "arpa": ARPA,
    "margin": "gross margin {value}",
    "churn": "churn is the mean of {value}",
    "horizon": "up to {value} months",
    "beyond": BEYOND,
    "discount": "discounted at {value:.1%} a year",
    "spend": "CAC is spend on {value}",
    "window": "per customer won in {value}",
    "lag": "spend leads the customers it wins by {value}",
    "target": VERDICT,
    "interval": "interval of {value:.0%} by resampling customers",
}


@metric(
    id="ltv_cac",
    name="LTV to CAC",
    abbr="LTV:CAC",
    unit="multiple",
    better="higher",
    meaning="How many times over a customer brings back in gross profit what it cost to win.",
    formula="customer lifetime value / customer acquisition cost, of the same group",
    missing="Missing where no customer was won, spend is not recorded, or the lifetime value is missing.",
    sources=("METRICS.md", "Skok, SaaS metrics 2.0: 3 to 1"),
    options=LTV_CAC_OPTIONS,
)
def ltv_cac(
    book: Book,
    by: str | Sequence[str] | None = None,
    target: float = 3.0,
    *,
    method: str | None = None,
    margin: Margin = None,
    lag: int | None = None,
    window: int = 12,
    spend: str | Sequence[str] = ACQUISITION,
    horizon: int = HORIZON,
    discount: float = DISCOUNT,
    beyond: str = "auto",
    churn_months: int | None = None,
    arpa: str = "paying",
    interval: float = 0.95,
) -> Result:
    """Lifetime value over acquisition cost, with its interval and the verdict on 3 to 1.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    by
        Columns that customers and spend share: both sides are cut the same way.
    target
        The bar, 3 by custom.
    method, margin, horizon, discount, beyond, churn_months, arpa
        As in `ltv`.
    lag, spend
        As in `cac`.
    window
        Months over which spend and new customers are added up.
    interval
        Coverage of the interval; value and cost are resampled together.

    Returns
    -------
    Result
        by-columns, value, low, high, numerator (LTV), denominator (CAC), n (new customers), verdict,
        target, probability (of reaching the target), reason. `extra["draws"]` has the whole
        distribution, resamples x groups. Where nothing is projected beyond what was seen although customers are
        still there, the ratio is a lower bound: high is missing. There, and where more than half of the value is
        projected, only what was seen can pass, and nothing fails: the verdict is pass or not proven.

    Raises
    ------
    MissingTableError
        If there is no table of spend.
    DataError
        If no margin is known, or spend cannot be cut like the customers.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> result = sm.economics.ltv_cac(sm.demo(customers=200))
    >>> result.df["verdict"].iloc[0] in {"pass", "fail", "not proven"}
    True
    """
    check_target(target)
    names, functions = columns(by), functions_of(spend)
    method = method or book.policy.ltv
    churn_months = book.policy.ltv_churn_months if churn_months is None else churn_months
    worth = Worth.of(
        book, names, method, margin, horizon, discount, churn_months, arpa, interval, beyond
    )
    cost = Cost.of(book, names, functions, lag, window, interval)
    df, draws = judged(worth, cost, interval, target)
    options = {**worth.options, "spend": " and ".join(functions), "window": cost.months.text()}
    options |= {"lag": cost.lead, "target": target, "interval": interval}
    return made(
        book,
        "ltv_cac",
        df,
        "verdict",
        by=by,
        options=options,
        notes=(*worth.notes, *cost.notes),
        extra={"draws": finite(draws[1:])},
        drill=new_customer_rows(book, names, lambda _: (cost.months.first, cost.months.last)),
        tables=["spend", *(["finance"] if margin is None else [])],
        trace=sides_trace(df, names, ("customer lifetime value", "acquisition cost"), _INPUTS),
    )


def judged(
    worth: Worth, cost: Cost, interval: float, target: float
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return value over cost with its verdict, and the draws of it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=200)
    >>> worth = Worth.of(book, (), "survival", 0.8, 60, 0.1, 6, "paying", 0.95)
    >>> df, draws = judged(worth, Cost.of(book, (), ("sales",), 0, 12, 0.95), 0.95, 3.0)
    >>> bool(df["value"].iloc[0] == draws[0, 0])
    True
    """
    value, known = (_widened(part, len(cost.labels)) for part in (worth.value, worth.observed))
    draws, reason = _ratio(value, cost), _reasons(value[0], cost)
    more = len(cost.labels) - len(worth.labels)
    bound, mostly, why = (
        np.pad(found(worth), (0, more)) for found in (lower_bound, mostly_projected, bound_reasons)
    )
    reason = np.where(reason == "", why, reason)
    seen = np.where(mostly, _ratio(known, cost), draws)
    df = verdict_frame(
        cost, draws, interval, target, reason, better="higher", bound=bound, seen=seen
    )
    at = len(cost.by) + 3
    df.insert(at, "numerator", finite(value[0]))
    df.insert(at + 1, "denominator", finite(divide(cost.spent, cost.won)[0]))
    return df, draws


@dataclass(frozen=True, eq=False)
class Cost:
    """Spend and the customers it won over the last months: draws x groups, draw 0 as it is.

    Parameters
    ----------
    labels, by
        The groups; those that only spend has come last.
    months
        Measures of the months, for all labels.
    spent, won
        Spend and new customers.
    lag, lead
        Months between the two, and where they are known from.
    notes
        What must be said of groups that spend does not name.
    """

    labels: tuple[Label, ...]
    by: tuple[str, ...]
    months: Months
    spent: NDArray[np.float64]
    won: NDArray[np.float64]
    lag: int
    lead: str
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        book: Book,
        by: tuple[str, ...],
        functions: tuple[str, ...],
        lag: int | None,
        window: int,
        interval: float | None,
    ) -> Cost:
        """Add up spend and new customers of a book."""
        window = whole("window", window, 1, "a number of months to look back over")
        months_ahead, lead = lag_months(book, lag)
        cost = monthly_spend(book, functions, by)
        known = book.engine.grouping(by).labels
        labels = cost.labels(known)
        months = Months.of(book, by, window, interval).widened(len(labels))
        won = months.total("customers_new")
        ends = (np.array([month - months_ahead]) for month in (months.first, months.last))
        spent = shared_out(cost, cost.over(*ends), labels, won[..., None])[..., 0]
        shown = with_spend(spent, len(known))
        labels, months = tuple(labels[g] for g in shown), months.picked(shown)
        notes = cost.shared_notes(known) if by else ()
        return cls(labels, by, months, spent[:, shown], won[:, shown], months_ahead, lead, notes)


def verdict_frame(
    cost: Cost,
    draws: NDArray[np.float64],
    interval: float,
    target: float,
    reason: NDArray[Any],
    *,
    better: str,
    bound: NDArray[np.bool_] | None = None,
    seen: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return value, interval and verdict per group.

    Parameters
    ----------
    cost
        The groups, and the customers won in each.
    draws
        Draws x groups; draw 0 is the value. Infinite is beyond all bounds, nan is not known.
    interval, target
        Coverage and bar.
    reason
        Why a group has no value.
    better
        "higher" or "lower".
    bound
        Groups whose draws are lower bounds: they can pass from below, and cannot fail.
    seen
        Draws that a group has to pass by, where they are others: it cannot fail either.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> cost = Cost.of(sm.demo(customers=200), (), ("sales",), 0, 12, 0.95)
    >>> draws = np.linspace(3.1, 4.0, 1001)[:, None]
    >>> verdict_frame(cost, draws, 0.95, 3.0, np.array([""]), better="higher")["verdict"].tolist()
    ['pass']
    """
    import pandas as pd

    low, high = interval_of(draws, cost.months, interval)
    bound = np.zeros(draws.shape[1], bool) if bound is None else bound
    if better == "higher":
        floor, apart = low, np.zeros(draws.shape[1], bool)
        if seen is not None:
            floor = interval_of(seen, cost.months, interval)[0]
            apart = (seen[0] != draws[0]) & ~np.isnan(draws[0])
        passed, failed = floor >= target, (high < target) & ~apart
        reached = draws[1:] >= target
        high = np.where(bound, np.nan, high)
    else:
        passed, failed = high <= target, low > target
        reached = draws[1:] <= target
    known = np.where(np.isnan(draws[1:]), np.nan, reached)
    there = (~np.isnan(known)).sum(axis=0)
    chance = np.divide(
        np.nansum(known, axis=0), there, out=np.full(len(there), np.nan), where=there > 0
    )
    unknown = np.isnan(draws[0])
    failed &= ~bound
    word = np.select([unknown, passed, failed], ["not proven", "pass", "fail"], "not proven")
    data: dict[str, Any] = label_columns(cost.by, cost.labels, np.arange(len(cost.labels)))
    data["value"] = finite(draws[0])
    data["low"], data["high"] = (np.where(unknown, np.nan, finite(x)) for x in (low, high))
    data.update(n=cost.won[0].astype(int), verdict=word, target=float(target))
    data["probability"] = np.where(unknown | np.isnan(low) | (bound & ~passed), np.nan, chance)
    data["reason"] = _why_no_interval(reason, ~unknown & np.isnan(low), cost, interval)
    return pd.DataFrame(data)


def _why_no_interval(
    reason: NDArray[Any], none: NDArray[np.bool_], cost: Cost, interval: float | None
) -> NDArray[Any]:
    """Add to the reasons why a value has no interval."""
    few = np.where(cost.months.resampled, "too few customers", "fewer than two customers")
    said = np.array([f"{why}: no interval" for why in few], object)
    if interval is None:
        said[:] = "no interval was asked for"
    both = [f"{why}; {what}" if what else why for why, what in zip(said, reason, strict=True)]
    return np.where(none, np.array(both, object), reason)


def _widened(values: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    return np.pad(values, ((0, 0), (0, groups - values.shape[1])), constant_values=np.nan)


def _ratio(value: NDArray[np.float64], cost: Cost) -> NDArray[np.float64]:
    """Divide value by cost; where nobody was won the cost of one is not known in the book itself."""
    with np.errstate(invalid="ignore"):  # an endless lifetime times nobody
        draws = divide(value * cost.won, cost.spent)
    draws[0] = np.where((cost.won[0] > 0) & np.isfinite(value[0]), draws[0], np.nan)
    return np.where(np.isnan(cost.spent), np.nan, draws)


def _reasons(value: NDArray[np.float64], cost: Cost) -> NDArray[np.str_]:
    return np.select(
        [np.isnan(cost.spent[0]), cost.won[0] <= 0, ~np.isfinite(value), cost.spent[0] <= 0],
        [
            UNRECORDED,
            f"no customer was won in {cost.months.text()}",
            "the lifetime value is not known; see ltv",
            "nothing was spent",
        ],
        "",
    )
