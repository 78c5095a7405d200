"""What a customer brings as it grows older: who is still there, what they then pay, what it is worth today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.metrics.economics.asked import DISCOUNT, HORIZON, check_discount
from saasmetrics.metrics.economics.curves import Curves
from saasmetrics.metrics.economics.margin import group_margins
from saasmetrics.metrics.economics.window import Months, interval_of
from saasmetrics.metrics.formulas.lifetime import monthly_discount
from saasmetrics.metrics.made import made
from saasmetrics.money import MICRO
from saasmetrics.survival.bootstrap import BAGS, resample_weights
from saasmetrics.survival.lives import Lives, label_columns
from saasmetrics.survival.tails import BEYOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin
    from saasmetrics.result import Result

RELIABLE = 30  # customers, for what those who stay pay to be more than chance


@metric(
    id="value_path",
    name="Value by age",
    unit="money",
    better="higher",
    meaning="What a new customer has brought in gross profit by each age, expansion and churn counted.",
    formula="sum over months of share still there x MRR of those who are x margin, discounted",
    missing="Missing beyond the age of the oldest customers where too few left to fit a model, or none was asked for.",
    sources=("METRICS.md", "Fader and Hardie 2010: retention differs between customers"),
    options={
        "margin": "gross margin {value}",
        "horizon": "up to {value} months",
        "beyond": BEYOND,
        "discount": "discounted at {value:.1%} a year",
        "interval": "interval of {value:.0%} by resampling customers",
    },
)
def value_path(
    book: Book,
    by: str | Sequence[str] | None = None,
    margin: Margin = None,
    *,
    horizon: int = HORIZON,
    discount: float = DISCOUNT,
    beyond: str = "auto",
    interval: float | None = 0.95,
) -> Result:
    """Gross profit of a new customer by age: the survival curve times what those who stay pay.

    Parameters
    ----------
    book
        The company's tables.
    by, margin, discount, beyond
        As in `ltv`.
    horizon
        Months after which nothing counts.
    interval
        Coverage of the interval, by resampling customers; None for none.

    Returns
    -------
    Result
        by-columns, age (months since the first payment), alive (share still there), mrr (of each who is), value
        (discounted gross profit up to and with this month), low, high, numerator (MRR of those old enough), n (how
        many of them are still there), projected (whether the age is beyond the oldest seen).

    Raises
    ------
    DataError
        If no margin is known.

    Notes
    -----
    MRR of those still there comes from everybody old enough at the age, so that expansion counts, and the growth of
    those who stay is not mixed up with the company winning larger customers today. Beyond what was seen each pays
    what it did at the oldest age at which thirty were there.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 30]})
    >>> sm.economics.value_path(book, margin=0.5, discount=0).df["value"].tolist()
    [5.0, 20.0]
    """
    names = columns(by)
    path = Path.of(book, names, margin, horizon, discount, interval, beyond)
    options = {"margin": path.said, "horizon": horizon, "discount": discount, "interval": interval}
    return made(
        book,
        "value_path",
        _frame(path, interval),
        "ages",
        by=by,
        options={**options, "beyond": beyond},
        notes=(*path.notes, *path.curves.notes(path.labels, horizon)),
        tables=["finance", "spend"] if margin is None else [],
    )


@dataclass(frozen=True, eq=False)
class Path:
    """The way of a customer by age: arrays of draws x groups x ages; draw 0 is the book as it is.

    Parameters
    ----------
    alive
        Share still there.
    each
        MRR of each who is; missing where nobody old enough is.
    value
        Discounted gross profit up to the age; level beyond what is known.
    curves
        The survival curves, and what carries them on.
    until
        How many ages each group is known at, seen or projected.
    levels
        The age whose MRR each is taken to keep beyond what was seen.
    gained
        What each age adds to the value.
    """

    by: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    months: Months
    alive: NDArray[np.float64]
    each: NDArray[np.float64]
    value: NDArray[np.float64]
    curves: Curves
    until: NDArray[np.int64]
    levels: NDArray[np.int64]
    gained: NDArray[np.float64]
    margin: NDArray[np.float64]
    said: str
    counts: NDArray[np.int64]
    mrr: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        book: Book,
        by: tuple[str, ...],
        margin: Margin,
        horizon: int,
        discount: float,
        interval: float | None,
        beyond: str = "auto",
    ) -> Path:
        """Follow the customers of a book."""
        check_discount(discount)
        horizon = whole("horizon", horizon, 1, "a whole number of months")
        share, said = group_margins(book, by, margin)
        months, lives = Months.of(book, by, 12, interval), Lives.of(book, by)
        curves = Curves.of(lives, months, beyond, horizon)
        until = np.where(curves.goes_on, horizon, np.minimum(curves.seen, horizon))
        width = max(int(until.max(initial=1)), 1)
        alive = curves.extended(width)
        counts, mrr, each = _each(book, by, months, width)
        levels, each = _level(each, counts, curves)
        weight = (np.arange(width) < until[:, None]) / (
            1 + monthly_discount(discount)
        ) ** np.arange(width)
        gained = np.where(alive > 0, alive * np.nan_to_num(each), 0.0 * alive)
        gained *= weight * share[:, None]
        labels = book.engine.grouping(by).labels
        value = np.cumsum(gained, axis=2)
        return cls(
            *(by, labels, months, alive, each, value, curves, until, levels, gained),
            *(share, said, counts, mrr),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says of customers who return, and of what those who stay will pay."""
        said = (
            "Customers who left and returned are not among those still there; what exchange rates did after the first "
            "period of a customer does not count"
        )
        ages = sorted({int(age) for age in self.levels[self.curves.goes_on]})
        if not ages:
            return (said,)
        span = str(ages[0]) if len(ages) == 1 else f"{ages[0]} to {ages[-1]}, by group"
        level = f"Beyond what was seen each customer still there pays what those of age {span} did"
        return said, f"{level}, the oldest age at which {RELIABLE} were there"


def _level(
    each: NDArray[np.float64], counts: NDArray[np.int64], curves: Curves
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the oldest age at which enough customers were there, and MRR of each kept from there on beyond the last.

    Where there never were so many it is the age at which most were.
    """
    enough = counts >= np.minimum(RELIABLE, counts.max(axis=1, initial=0))[:, None]
    ages = counts.shape[1]
    levels = ages - 1 - np.argmax(enough[:, ::-1], axis=1)
    kept = np.take_along_axis(each, levels[None, :, None], axis=2)
    further = np.arange(ages) >= curves.seen[:, None]
    return levels, np.where(further & curves.goes_on[:, None], kept, each)


def _each(
    book: Book, by: tuple[str, ...], months: Months, ages: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return customers and MRR by age of those old enough, and MRR of each for every draw."""
    whole = book.engine.ages("M", by).measures
    counts, mrr = (_to(whole[name], ages) for name in ("customers", "mrr"))
    tops, heads = [mrr[None].astype(float)], [counts[None].astype(float)]
    if months.resampled.any():
        cube = book.engine.ages("M", by, BAGS)
        weights = resample_weights(len(months.bags))
        for name, into in (("mrr", tops), ("customers", heads)):
            part = _to(cube.bagged(name), ages)
            part = np.pad(part, ((0, 0), (0, max(BAGS - part.shape[1], 0)), (0, 0)))
            part = part[:, months.bags].astype(float)
            into.append(np.stack([weights @ group for group in part], axis=1))
    top, many = np.concatenate(tops), np.concatenate(heads)
    each = np.divide(top, many * MICRO, out=np.full(top.shape, np.nan), where=many > 0)
    return counts, mrr, each


def _to(cube: NDArray[np.int64], ages: int) -> NDArray[np.int64]:
    more = max(ages - cube.shape[-1], 0)
    return np.pad(cube, [(0, 0)] * (cube.ndim - 1) + [(0, more)])[..., :ages]


def _frame(path: Path, interval: float | None) -> pd.DataFrame:
    import pandas as pd

    ages = path.alive.shape[2]
    group, age = np.nonzero(np.arange(ages) < path.until[:, None])
    projected = age >= path.curves.seen[group]
    data: dict[str, Any] = label_columns(path.by, path.labels, group)
    data["age"] = age
    data["alive"], data["mrr"] = path.alive[0][group, age], path.each[0][group, age]
    data["value"] = path.value[0][group, age]
    if interval is not None:
        edges = [interval_of(path.value[:, :, a], path.months, interval) for a in range(ages)]
        for name, side in (("low", 0), ("high", 1)):
            data[name] = np.stack([edge[side] for edge in edges], axis=1)[group, age]
    data["numerator"] = np.where(projected, np.nan, path.mrr[group, age] / MICRO)
    data["n"] = np.where(projected, 0, path.counts[group, age])
    data["projected"] = projected
    return pd.DataFrame(data)
