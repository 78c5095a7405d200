"""Lifetime value per draw and group, by the survival curve or by one of the usual formulas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.metrics.economics.asked import check_discount
from saasmetrics.metrics.economics.curves import MOSTLY, Curves
from saasmetrics.metrics.economics.levers import UNMOVED, Levers
from saasmetrics.metrics.economics.margin import Margin, group_margins
from saasmetrics.metrics.economics.paths import Path
from saasmetrics.metrics.economics.window import Months, divide, divide_signed
from saasmetrics.metrics.formulas.lifetime import monthly_discount
from saasmetrics.metrics.rates import check_interval
from saasmetrics.money import format_ratio
from saasmetrics.survival.lives import Lives
from saasmetrics.survival.tails import Tail, check_beyond

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from saasmetrics.book import Book

LTV_METHODS = {
    "survival": "ARPA x margin x the discounted area under the survival curve, up to the horizon",
    "paths": "by age, the share still there x what those pay x margin, discounted: expansion counts",
    "margin": "ARPA x margin / churn",
    "simple": "ARPA / churn, without a margin",
    "skok": "a/c + m (1 - c)/c^2: expansion counts, without discount",
    "skok_discounted": "a/(1 - K) + m K/(1 - K)^2 with K = (1 - c)(1 - d): expansion and discount",
    "discounted": "ARPA x margin x (1 + d)/(c + d)",
    "capped": "ARPA x margin x (1 - (1 - c)^H)/c: no customer counts longer than the horizon",
}
_DISCOUNTED = {"survival", "paths", "skok_discounted", "discounted"}
_WITHIN = {"survival", "paths", "capped"}
CURVED = {"survival", "paths"}
CHURN_MONTHS = 6  # ChartMogul's, and long enough for small groups

ARPA = {
    "paying": "MRR per paying customer in the last complete month",
    "new": "starting MRR per new customer over the last 12 months",
}


@dataclass(frozen=True, eq=False)
class Basis:
    """What a lifetime value is computed from: counted once, and valued under any levers.

    Parameters
    ----------
    labels, by, months
        The groups, and the measures of the last months.
    method, horizon, rate, last
        How it is valued: the method, the months that count, the monthly discount, the months of the churn.
    price, share
        MRR per customer, and the gross margin of each group.
    curves, path
        The survival curves, or what customers pay along them, where the method has them.
    said
        For the footnote.
    """

    labels: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]
    months: Months
    method: str
    horizon: int
    rate: float
    last: int
    price: NDArray[np.float64]
    share: NDArray[np.float64]
    said: dict[str, Any]
    curves: Curves | None = None
    path: Path | None = None

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
        beyond: str = "auto",
    ) -> Basis:
        """Count what is needed of a book."""
        _check(method, horizon, discount, churn_months, arpa)
        check_beyond(beyond)
        check_interval(interval)
        horizon, churn_months = int(horizon), int(churn_months)
        said: dict[str, Any] = {
            "method": method,
            "arpa": None if method == "paths" else arpa,
            "margin": None,
            "churn": None,
            "horizon": horizon if method in _WITHIN else None,
            "beyond": beyond if method in CURVED else None,
            "discount": discount if method in _DISCOUNTED else None,
        }
        rate = monthly_discount(discount)
        valued = (method, horizon, rate, churn_months)
        if method == "paths":
            path = Path.of(book, by, margin, horizon, discount, interval, beyond)
            said["margin"] = path.said
            first = path.each[:, :, 0]
            return cls(
                path.labels, path.by, path.months, *valued, first, path.margin, said, path=path
            )
        labels = book.engine.grouping(by).labels
        share, words = group_margins(book, by, 1.0 if method == "simple" else margin)
        said["margin"] = None if method == "simple" else words
        months = Months.of(book, by, 12, interval)
        curves = None
        if method == "survival":
            curves = Curves.of(Lives.of(book, by), months, beyond, horizon)
        else:
            said["churn"] = f"{min(churn_months, months.count)} months"
        price = arpa_of(months, arpa)
        return cls(labels, by, months, *valued, price, share, said, curves=curves)

    @cached_property
    def alive(self) -> NDArray[np.float64]:
        """The survival curves up to the horizon."""
        assert self.curves is not None
        return self.curves.extended(self.horizon)

    def worth(self, levers: Levers = UNMOVED) -> Worth:
        """Return what a customer is worth, as it is or with levers moved."""
        if self.path is not None:
            return _along(_moved(self.path, levers), self.horizon, self.said)
        price, share = self.price * (1 + levers.price), self.share * (1 + levers.margin)
        churn = levers.leaving(_churn(self.months, self.last))
        if self.curves is not None:
            return _under(self, levers.staying(self.alive), price, churn, share)
        growth = _growth(self.months, self.last) * share * (1 + levers.price)
        value = _FORMULAS[self.method](price * share, churn, growth, self.rate, self.horizon)
        life, unseen = divide(value, price * share), np.full(value.shape, np.nan)
        capped = self.method == "capped"
        until = np.full(len(self.labels), float(self.horizon) if capped else np.nan)
        groups = (self.labels, self.by, self.months)
        return Worth(*groups, value, price, life, churn, share, until, unseen, (), self.said, ())


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
    seen
        Months of the lifetime of each group that were seen; that of a formula is not seen, nan.
    observed
        Of the value, what comes from the months that were seen: draws x groups; nan for formulas.
    tails
        What carries the curves on beyond what was seen.
    options, notes
        For the footnote.
    trail
        What a value by path is made of.
    """

    labels: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]
    months: Months
    value: NDArray[np.float64]
    arpa: NDArray[np.float64]
    lifetime: NDArray[np.float64]
    churn: NDArray[np.float64]
    margin: NDArray[np.float64]
    seen: NDArray[np.float64]
    observed: NDArray[np.float64]
    tails: tuple[Tail, ...]
    options: dict[str, Any]
    notes: tuple[str, ...]
    trail: Path | None = None

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
        beyond: str = "auto",
    ) -> Worth:
        """Compute it for a book."""
        basis = Basis.of(
            book, by, method, margin, horizon, discount, churn_months, arpa, interval, beyond
        )
        return basis.worth()

    @property
    def projected(self) -> NDArray[np.float64]:
        """Share of the value of each group that lies beyond what was seen; 0 for formulas."""
        share = divide_signed(self.value[0] - self.observed[0], self.value[0])
        return np.nan_to_num(np.clip(share, 0.0, 1.0))


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
    found = [tail.origin == "none" for tail in worth.tails] or [False] * len(worth.labels)
    return np.array(found, bool)


def mostly_projected(worth: Worth) -> NDArray[np.bool_]:
    """Return for which groups more than half of the value lies beyond what was seen.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=200).between("2020-01", "2023-06")
    >>> mostly_projected(Worth.of(book, (), "survival", 0.8, 60, 0.1, 6, "paying", None)).tolist()
    [False]
    """
    return np.asarray(worth.projected > MOSTLY)


def bound_reasons(worth: Worth) -> NDArray[Any]:
    """Return per group that its value is a lower bound, or mostly projected; empty where it is neither."""
    whole, seen, share = worth.options["horizon"], worth.seen, worth.projected
    short = [f"a lower bound: only {m:.0f} of {whole} months are seen" for m in seen]
    ahead = [
        f"{format_ratio(part)} of the value is projected: only {m:.0f} of {whole} months are seen"
        for part, m in zip(share, seen, strict=True)
    ]
    mostly = mostly_projected(worth)
    return np.where(lower_bound(worth), short, np.where(mostly, ahead, ""))


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


def _under(
    basis: Basis,
    alive: NDArray[np.float64],
    price: NDArray[np.float64],
    churn: NDArray[np.float64],
    share: NDArray[np.float64],
) -> Worth:
    """Return what a customer is worth under survival curves that each month weighs alike, but for the discount."""
    curves, horizon = basis.curves, basis.horizon
    assert curves is not None
    area = alive / (1 + basis.rate) ** np.arange(horizon)
    life = area.sum(axis=2)
    within = (area * (np.arange(horizon) < curves.seen[:, None])).sum(axis=2)
    return Worth(
        *(basis.labels, basis.by, basis.months, price * share * life, price, life, churn, share),
        seen=_seen(curves, horizon),
        observed=price * share * within,
        tails=curves.tails,
        options=basis.said,
        notes=curves.notes(basis.labels, horizon),
    )


def _moved(path: Path, levers: Levers) -> Path:
    """Return a path along which customers leave faster or slower and pay more or less."""
    if not levers.told():
        return path
    up, margin = 1 + levers.price, 1 + levers.margin
    alive = levers.staying(path.alive)
    gained = divide_signed(path.gained * alive, path.alive) * up * margin
    gained = np.where(path.alive > 0, gained, 0.0 * path.gained)
    return replace(
        path,
        alive=alive,
        each=path.each * up,
        gained=gained,
        value=np.cumsum(gained, axis=2),
        margin=path.margin * margin,
    )


def _along(path: Path, horizon: int, said: dict[str, Any]) -> Worth:
    """Return what a customer is worth by its path; its lifetime is in months of what it pays at first."""
    value, first = path.value[:, :, -1], path.each[:, :, 0]
    value = np.where(np.isnan(first), np.nan, value)
    last = np.clip(path.curves.seen - 1, 0, path.value.shape[2] - 1)
    observed = np.take_along_axis(path.value, last[None, :, None], axis=2)[:, :, 0]
    return Worth(
        *(path.labels, path.by, path.months, value, first),
        lifetime=divide(value, first * path.margin),
        churn=np.full(value.shape, np.nan),
        margin=path.margin,
        seen=_seen(path.curves, horizon),
        observed=np.where(np.isnan(first), np.nan, observed),
        tails=path.curves.tails,
        options=said,
        notes=(*path.notes, *path.curves.notes(path.labels, horizon)),
        trail=path,
    )


def _seen(curves: Curves, horizon: int) -> NDArray[np.float64]:
    """Return how many months of a lifetime were seen: all where nobody is left."""
    over = np.array([tail.origin == "ended" for tail in curves.tails], bool)
    return np.where(over, horizon, np.minimum(curves.seen, horizon)).astype(float)


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
