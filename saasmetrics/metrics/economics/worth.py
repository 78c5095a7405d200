"""Lifetime value per draw and group, by the survival curve or by one of the usual formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.metrics.economics.asked import check_discount
from saasmetrics.metrics.economics.margin import Margin, group_margins
from saasmetrics.metrics.economics.window import Months, divide, divide_signed
from saasmetrics.metrics.formulas.lifetime import monthly_discount
from saasmetrics.metrics.rates import check_interval
from saasmetrics.survival.bootstrap import BAGS, resample_weights, resampled_survival
from saasmetrics.survival.estimate import survival
from saasmetrics.survival.lives import Lives

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from saasmetrics.book import Book

LTV_METHODS = {
    "survival": "ARPA x margin x the discounted area under the survival curve, up to the horizon",
    "margin": "ARPA x margin / churn",
    "simple": "ARPA / churn, without a margin",
    "skok": "a/c + m (1 - c)/c^2: expansion counts, without discount",
    "skok_discounted": "a/(1 - K) + m K/(1 - K)^2 with K = (1 - c)(1 - d): expansion and discount",
    "discounted": "ARPA x margin x (1 + d)/(c + d)",
    "capped": "ARPA x margin x (1 - (1 - c)^H)/c: no customer counts longer than the horizon",
}
_DISCOUNTED = {"survival", "skok_discounted", "discounted"}
_WITHIN = {"survival", "capped"}
CHURN_MONTHS = 6  # ChartMogul's, and long enough for small groups
HORIZON = 60  # months: Cohen's cap, and longer than most companies have data for
DISCOUNT = 0.10  # a year

ARPA = {
    "paying": "MRR per paying customer in the last complete month",
    "new": "starting MRR per new customer over the last 12 months",
}


@dataclass(frozen=True, eq=False)
class Worth:
    """Lifetime value per draw and group, with what it is made of.

    Parameters
    ----------
    labels, months
        The groups, and the measures of the last months.
    value, arpa, lifetime, churn
        Draws x groups; draw 0 is the book as it is.
    margin
        The gross margin of each group; 1 where the method has none.
    horizon
        Months that the lifetime of each group covers; nan where it has no end.
    options, notes
        For the footnote.
    """

    labels: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]
    months: Months
    value: NDArray[np.float64]
    arpa: NDArray[np.float64]
    lifetime: NDArray[np.float64]
    churn: NDArray[np.float64]
    margin: NDArray[np.float64]
    horizon: NDArray[np.float64]
    options: dict[str, Any]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        book: Book,
        by: tuple[str, ...],
        method: str,
        margin: Margin,
        horizon: int,
        discount: float,
        churn_months: int,
        arpa: str,
        interval: float | None,
    ) -> Worth:
        """Compute it for a book."""
        _check(method, horizon, discount, churn_months, arpa)
        check_interval(interval)
        horizon, churn_months = int(horizon), int(churn_months)
        labels = book.engine.grouping(by).labels
        share, words = group_margins(book, by, 1.0 if method == "simple" else margin)
        said = None if method == "simple" else words
        months = Months.of(book, by, 12, interval)
        price = arpa_of(months, arpa)
        churn = _churn(months, churn_months)
        rate = monthly_discount(discount)
        until = np.full(price.shape[1], np.nan)
        if method == "survival":
            lives = Lives.of(book, by)
            life, until = discounted_lifetime(lives, months, horizon, rate)
            value = price * share * life
        else:
            growth = _growth(months, churn_months) * share
            value = _FORMULAS[method](price * share, churn, growth, rate, horizon)
            life = divide(value, price * share)
            until = until if method != "capped" else np.full(price.shape[1], float(horizon))
        options: dict[str, Any] = {"method": method, "arpa": arpa, "margin": said}
        options["churn"] = (
            None if method == "survival" else f"{min(churn_months, months.count)} months"
        )
        options["horizon"] = horizon if method in _WITHIN else None
        options["discount"] = discount if method in _DISCOUNTED else None
        notes = _notes(until, horizon) if method == "survival" else ()
        return cls(labels, by, months, value, price, life, churn, share, until, options, notes)


def lower_bound(worth: Worth) -> NDArray[np.bool_]:
    """Return for which groups the curve ends before the horizon while customers are still there.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 5]})
    >>> worth = Worth.of(book, (), "survival", 0.8, 60, 0.1, 6, "paying", None)
    >>> lower_bound(worth).tolist(), bound_reasons(worth).tolist()
    ([True], ['a lower bound: only 2 of 60 months are seen'])
    """
    if worth.options["method"] != "survival":
        return np.zeros(len(worth.horizon), bool)
    return np.asarray(worth.horizon < worth.options["horizon"])


def bound_reasons(worth: Worth) -> NDArray[Any]:
    """Return per group that its value is a lower bound and of how many months; empty where it is not."""
    whole = worth.options["horizon"]
    said = [f"a lower bound: only {m:.0f} of {whole} months are seen" for m in worth.horizon]
    return np.where(lower_bound(worth), said, "")


def arpa_of(months: Months, kind: str) -> NDArray[np.float64]:
    """Return MRR per customer, of those paying at the end or of those won: draws x groups.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 8]})
    >>> months = Months.of(book, (), 12, None)
    >>> arpa_of(months, "paying").tolist(), arpa_of(months, "new").tolist()
    ([[8.0]], [[5.0]])
    """
    if kind == "new":
        return divide(months.total("new"), months.total("customers_new"))
    return divide(months.latest("closing"), months.latest("customers_closing"))


def curves_of(lives: Lives, months: Months) -> NDArray[np.float64]:
    """Return the survival of customers as draws x groups x ages, drawn with the months.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "b", "a"], "mrr": [5, 8, 5],
    ...     "month": ["2026-01", "2026-01", "2026-02"]})
    >>> curves_of(Lives.of(book, None), Months.of(book, (), 12, None)).tolist()
    [[[1.0, 0.5]]]
    """
    table = lives.customers
    whole = survival(table.at_risk, table.events)[None]
    if not months.resampled.any():
        return whole
    exposed, lost = (_padded(x)[:, months.bags] for x in lives.bagged("customers"))
    weights = resample_weights(len(months.bags))
    drawn = [resampled_survival(weights, exposed[g], lost[g]) for g in range(len(exposed))]
    return np.concatenate([whole, np.stack(drawn, axis=1)])


def discounted_lifetime(
    lives: Lives, months: Months, horizon: int, rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the discounted months a customer lives up to the horizon, and how many months were seen.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "b", "a"], "mrr": [5, 8, 5],
    ...     "month": ["2026-01", "2026-01", "2026-02"]})
    >>> life, seen = discounted_lifetime(Lives.of(book, None), Months.of(book, (), 12, None), 60, 0.0)
    >>> life.tolist(), seen.tolist()
    ([[1.5]], [2.0])
    """
    alive = curves_of(lives, months)
    ages = np.arange(alive.shape[2])
    seen = np.minimum(lives.longest + 1, horizon)
    weight = (ages < seen[:, None]) / (1 + rate) ** ages
    nobody_left = (alive[0] <= 0).any(axis=1)
    return (alive * weight).sum(axis=2), np.where(nobody_left, horizon, seen).astype(float)


def _padded(table: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.pad(table, ((0, 0), (0, max(BAGS - table.shape[1], 0)), (0, 0)))


def _churn(months: Months, last: int) -> NDArray[np.float64]:
    """Return the mean of the monthly logo churn rates; a month in which nobody paid has none."""
    opening = months.values["customers_opening"][..., -last:]
    lost = months.values["customers_churned_from_opening"][..., -last:]
    known = opening > 0
    rates = np.divide(lost, opening, out=np.zeros(opening.shape), where=known)
    return divide(rates.sum(axis=-1), known.sum(axis=-1))


def _growth(months: Months, last: int) -> NDArray[np.float64]:
    """Return what MRR per customer grows by in a month: expansion less contraction per customer."""
    net = sum(
        months.values[name][..., -last:].sum(axis=-1) for name in ("expansion", "contraction")
    )
    return divide_signed(net, months.values["customers_opening"][..., -last:].sum(axis=-1))


def _expanding(a: Any, m: Any, kept: Any) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # nothing times infinity: no churn, no growth
        grown = np.sign(m) * divide(np.abs(m) * kept, (1 - kept) ** 2)
        return divide(a, 1 - kept) + np.where(m == 0, 0.0, grown)


def _within(a: Any, c: Any, months: int) -> NDArray[np.float64]:
    lived = np.where(c > 0, divide(1 - (1 - c) ** months, c), float(months))
    return np.asarray(a * np.where(np.isnan(c), np.nan, lived))


_FORMULAS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "margin": lambda a, c, _m, _d, _h: divide(a, c),
    "simple": lambda a, c, _m, _d, _h: divide(a, c),
    "skok": lambda a, c, m, _d, _h: _expanding(a, m, 1 - c),
    "skok_discounted": lambda a, c, m, d, _h: _expanding(a, m, (1 - c) * (1 - d)),
    "discounted": lambda a, c, _m, d, _h: divide(a * (1 + d), c + d),
    "capped": lambda a, c, _m, _d, h: _within(a, c, h),
}


def _check(method: str, horizon: int, discount: float, churn_months: int, arpa: str) -> None:
    one_of("method of LTV", method, LTV_METHODS)
    one_of("kind of ARPA", arpa, ARPA)
    for name, value in (("horizon", horizon), ("churn_months", churn_months)):
        whole(name, value, 1, "a whole number of months")
    check_discount(discount)


def _notes(until: NDArray[np.float64], horizon: int) -> tuple[str, ...]:
    short = int(until.min(initial=horizon))
    if short >= horizon:
        return ()
    old = f"{short} month{'' if short == 1 else 's'}"
    note = f"The oldest customers are {old} old: nothing beyond what was seen is counted"
    return (f"{note}, and the value is a lower bound",)
