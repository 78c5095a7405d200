"""How soon a customer pays back what it cost to win, and the verdict on twelve months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.asked import HORIZON, check_target, functions_of
from saasmetrics.metrics.economics.margin import Margin, group_margins
from saasmetrics.metrics.economics.repaid import repaid_cohorts
from saasmetrics.metrics.economics.repayment import Repayment
from saasmetrics.metrics.economics.spend import ACQUISITION, lag_months, new_customer_rows
from saasmetrics.metrics.economics.traced import sides_trace
from saasmetrics.metrics.economics.verdict import VERDICT
from saasmetrics.metrics.economics.worth import ARPA
from saasmetrics.metrics.made import made
from saasmetrics.metrics.rates import check_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.proof.trace import Trace
    from saasmetrics.result import Result

PAYBACK_METHODS = {
    "gross_margin": "CAC / (ARPA x gross margin)",
    "simple": "CAC / ARPA, without a margin",
    "churn_adjusted": "the first month by which the gross profit of those who stayed repays CAC, "
    "along the survival curve",
    "empirical": "the first month by which the gross profit of a cohort has repaid what it cost",
}

VIEWS = {
    "margin": "what came back is gross profit on MRR",
    "cash": "what came back is cash: all that was billed, prepayments in full, less the cost of serving",
}

_COHORTS = (
    "A cohort passes when it has repaid its cost within {target:g} months, and fails when it has had "
    "that long and has not; younger ones are open"
)

PAYBACK_OPTIONS: dict[str, Any] = {
    "method": PAYBACK_METHODS,
    "arpa": ARPA,
    "view": VIEWS,
    "margin": "gross margin {value}",
    "horizon": "up to {value} months",
    "spend": "CAC is spend on {value}",
    "window": "per customer won in {value}",
    "lag": "spend leads the customers it wins by {value}",
    "target": VERDICT,
    "interval": "interval of {value:.0%} by resampling customers",
}


@metric(
    id="payback",
    name="CAC payback",
    unit="months",
    better="lower",
    meaning="Months until a new customer has brought back what it cost to win.",
    formula="customer acquisition cost / monthly gross profit per new customer",
    missing="Missing where no customer was won, where spend is not recorded, and where the cost is "
    "never repaid within the horizon.",
    sources=("METRICS.md", "Skok, SaaS metrics 2.0", "Janz, cohort analysis"),
    options=PAYBACK_OPTIONS,
)
def payback(
    book: Book,
    method: str | None = None,
    by: str | Sequence[str] | None = None,
    target: float = 12.0,
    *,
    margin: Margin = None,
    lag: int | None = None,
    window: int = 12,
    spend: str | Sequence[str] = ACQUISITION,
    horizon: int = HORIZON,
    arpa: str = "new",
    view: str = "margin",
    interval: float = 0.95,
) -> Result:
    """Months until the cost of winning a customer is repaid, with the verdict on twelve months.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    method
        "gross_margin" (default), "simple", "churn_adjusted", or "empirical": cohort by cohort, from
        what each has brought in so far.
    by
        Columns that customers and spend share: both sides are cut the same way.
    target
        Months within which the cost should be repaid.
    margin
        Gross margin as a share; by default from the tables, as in `ltv`.
    lag, spend
        As in `cac`.
    window
        Months over which spend and new customers are added up; not for "empirical".
    horizon
        Months after which repayment counts as never, for "churn_adjusted".
    arpa
        "new": starting MRR per new customer; "paying": MRR per paying customer.
    view
        For "empirical": "margin" (gross profit on MRR) or "cash" (what was billed, annual prepayments in full, less
        the cost of serving).
    interval
        Coverage of the interval; not for "empirical", which is what happened.

    Returns
    -------
    Result
        by-columns (and cohort), value in months, low, high, numerator (CAC), denominator (monthly gross
        profit per customer), n (new customers), verdict, target, probability, reason. For "empirical"
        numerator and denominator are the cohort's cost and what it repaid so far, `observed` the
        months seen, `projected` the month in which a cohort has repaid, or else will if it goes on like older ones
        did (missing for never; in cash only what has been repaid is known, the rest is missing), and
        `extra["summary"]` how many cohorts there are, have repaid and never will, the share repaid, and the
        median over cohorts, open ones censored.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    MissingTableError
        If there is no table of spend.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> result = sm.economics.payback(sm.demo(customers=200))
    >>> 0 < result.value < 100
    True
    """
    method = method or book.policy.payback
    _check(method, arpa, target, horizon, interval, view)
    names, functions = columns(by), functions_of(spend)
    if method == "empirical":
        share, words = group_margins(book, names, margin)
        options: dict[str, Any] = {
            "method": method,
            "spend": " and ".join(functions),
            "margin": words,
        }
        return _empirical(book, names, functions, lag, share, target, {**options, "view": view})
    repayment = Repayment.of(
        book, method, names, margin, functions, lag, window, int(horizon), arpa, interval
    )
    df, draws = repayment.judged(interval, target)
    return made(
        book,
        "payback",
        df,
        "verdict",
        by=by,
        options={**repayment.said, "target": target, "interval": interval},
        notes=repayment.cost.notes,
        extra={"draws": draws[1:]},
        drill=new_customer_rows(book, names, repayment.span),
        tables=["spend", *(["finance"] if margin is None else [])],
        trace=payback_trace(df, names, method),
    )


def _check(method: str, arpa: str, target: float, horizon: int, interval: float, view: str) -> None:
    one_of("method of payback", method, PAYBACK_METHODS)
    one_of("view of payback", view, VIEWS)
    if view != "margin" and method != "empirical":
        msg = f'view={view!r} follows what was billed, which only method="empirical" does.'
        raise DataError(msg)
    one_of("kind of ARPA", arpa, ARPA)
    check_target(target)
    check_interval(interval)
    whole("horizon", horizon, 1, "a whole number of months")


def _empirical(
    book: Book,
    by: tuple[str, ...],
    functions: tuple[str, ...],
    lag: int | None,
    margin: NDArray[np.float64],
    target: float,
    options: dict[str, Any],
) -> Result:
    months, lead = lag_months(book, lag)
    df, summary = repaid_cohorts(book, by, functions, months, margin, target, options["view"])
    return made(
        book,
        "payback",
        df,
        "verdict",
        by=(*by, "cohort"),
        options={**options, "lag": lead},
        notes=[_COHORTS.format(target=target)],
        extra={"summary": summary},
        tables=["spend", "finance"],
        drill=_cohort_rows(book, by),
        trace=payback_trace(df, by, "empirical"),
    )


def payback_trace(df: pd.DataFrame, by: tuple[str, ...], method: str) -> Callable[..., Trace | str]:
    """Return how a payback follows from cost and profit; a month that is read off a curve does not."""
    if method in ("gross_margin", "simple"):
        items = ("acquisition cost per customer", "gross profit per customer and month")
        return sides_trace(df, by, items, "The cost has a proof of its own, that of cac")
    return lambda **_: "the month is the first by which enough has been repaid, not a quotient"


def _cohort_rows(book: Book, by: tuple[str, ...]) -> Any:
    def rows(cohort: Any = None, **group: Any) -> Any:
        month = book.engine.extent("M")[2]
        if cohort is not None:
            month = book.calendar("M").of(cohort)
        return new_customer_rows(book, by, lambda _: (month, month))(**group)

    return rows
