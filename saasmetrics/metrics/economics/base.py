"""What today's customers are still worth: each at its own age, not all at one average retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.tally import tally
from saasmetrics.metrics.economics.asked import check_discount
from saasmetrics.metrics.economics.margin import group_margins
from saasmetrics.metrics.economics.window import Months, divide, interval_of
from saasmetrics.metrics.economics.worth import DISCOUNT, HORIZON, curves_of
from saasmetrics.metrics.formulas.lifetime import monthly_discount
from saasmetrics.metrics.made import group_code, made, money
from saasmetrics.money import MICRO
from saasmetrics.survival.lives import Lives, label_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin
    from saasmetrics.result import Result

_RETURNED = "Customers who came back count from age 0, as of their return"
_FLAT = "Each customer keeps today's MRR, at constant exchange rates, for as long as it stays"


@metric(
    id="customer_base",
    name="Value of the customer base",
    unit="money",
    better="higher",
    meaning="The gross profit that today's customers will still bring, without any new ones.",
    formula="sum over customers of MRR x margin x discounted months it is expected to stay, given its age",
    missing="Missing where nobody pays.",
    sources=(
        "METRICS.md",
        "Fader and Hardie 2010: one average retention undervalues the customers who stayed",
    ),
    options={
        "margin": "gross margin {value}",
        "horizon": "up to {value} months from today",
        "discount": "discounted at {value:.1%} a year",
        "interval": "interval of {value:.0%} by resampling the customers whose lifetimes were seen",
    },
)
def customer_base(
    book: Book,
    by: str | Sequence[str] | None = None,
    margin: Margin = None,
    *,
    horizon: int = HORIZON,
    discount: float = DISCOUNT,
    interval: float | None = 0.95,
) -> Result:
    """The value of today's customers, from what is known of others who were as old.

    Parameters
    ----------
    book
        The company's tables.
    by, margin, discount
        As in `ltv`.
    horizon
        Months from today after which nothing counts.
    interval
        Coverage of the interval; None for none.

    Returns
    -------
    Result
        by-columns, value, low, high, n (customers), mrr, lifetime (discounted months still expected, weighted by MRR),
        uniform (the value if all left at the average churn of the last twelve months), reason. The rows behind it
        are the customers with their age and value.

    Raises
    ------
    DataError
        If no margin is known.

    Notes
    -----
    What lies beyond the age of the oldest customers of a group is not counted, so that the value is a lower bound.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": list("aab"), "month": ["2026-01", "2026-02", "2026-02"], "mrr": [10, 10, 10]}
    >>> sm.economics.customer_base(sm.Book(mrr=rows), margin=1.0, discount=0).value
    10.0
    """
    check_discount(discount)
    horizon = whole("horizon", horizon, 1, "a whole number of months")
    names = columns(by)
    share, said = group_margins(book, names, margin)
    months, lives = Months.of(book, names, 12, interval), Lives.of(book, names)
    rate = monthly_discount(discount)
    ahead = residual(curves_of(lives, months), lives.longest + 1, horizon, rate)
    today = _today(book, names)
    df = _frame(today, ahead, share, months, interval)
    df["uniform"] = _uniform(today, months, share, rate, horizon)
    df["reason"] = np.where(df["n"] > 0, "", "nobody pays in the last complete month")
    options = {"margin": said, "horizon": horizon, "discount": discount, "interval": interval}
    return made(
        book,
        "customer_base",
        df,
        "table",
        by=by,
        options=options,
        notes=(_FLAT, _RETURNED),
        drill=_drill(book, names, today, ahead[0], share),
        tables=["finance", "spend"] if margin is None else [],
    )


def residual(
    alive: NDArray[np.float64], seen: NDArray[np.int64], horizon: int, rate: float
) -> NDArray[np.float64]:
    """Return the discounted months a customer of each age will still stay, by what was seen of older ones.

    Parameters
    ----------
    alive
        Survival curves, draws x groups x ages.
    seen
        How many ages each group was seen at.
    horizon, rate
        Months that count, and the monthly discount.

    Examples
    --------
    >>> residual(np.array([[[1.0, 0.5, 0.25]]]), np.array([3]), 60, 0.0).tolist()
    [[[0.75, 0.5, 0.0]]]
    """
    ages = alive.shape[2]
    curve = np.where(np.arange(ages) < seen[:, None], alive, 0.0)
    out = np.zeros_like(curve)
    for step in range(1, min(horizon, ages - 1) + 1):
        out[:, :, :-step] += curve[:, :, step:] / (1 + rate) ** step
    return np.divide(out, curve, out=np.zeros_like(out), where=curve > 0)


class _Today:
    """Today's customers: entity, group, age in months and MRR of each."""

    def __init__(self, book: Book, by: tuple[str, ...]) -> None:
        engine = book.engine
        _, _, full = engine.extent("M")
        ledger = engine.periodic("M")
        mrr, _ = ledger.state(full)
        lives = engine.lives("M")
        age = np.zeros(len(mrr), np.int64)
        stayed = lives["event"] == 0
        age[lives["account"][stayed]] = lives["duration"][stayed]
        self.entity = np.flatnonzero(mrr > 0)
        self.by, self.labels = by, engine.grouping(by).labels
        self.group = engine.origin(by)[self.entity].astype(np.int64)
        self.age, self.mrr = age[self.entity], mrr[self.entity]

    def sums(self, ages: int) -> NDArray[np.int64]:
        """Return MRR per group and age."""
        cell = self.group * ages + self.age
        return tally(cell, self.mrr, len(self.labels) * ages).reshape(-1, ages)


def _today(book: Book, by: tuple[str, ...]) -> _Today:
    return _Today(book, by)


def _frame(
    today: _Today,
    ahead: NDArray[np.float64],
    share: NDArray[np.float64],
    months: Months,
    interval: float | None,
) -> pd.DataFrame:
    import pandas as pd

    sums = today.sums(ahead.shape[2]) / MICRO
    draws = (ahead * sums).sum(axis=2) * share
    low, high = interval_of(draws, months, interval)
    many = np.bincount(today.group, minlength=len(today.labels))
    total = sums.sum(axis=1)
    data: dict[str, Any] = label_columns(today.by, today.labels, np.arange(len(today.labels)))
    data["value"] = np.where(many > 0, draws[0], np.nan)
    data.update(low=np.where(many > 0, low, np.nan), high=np.where(many > 0, high, np.nan), n=many)
    data["mrr"] = total
    data["lifetime"] = divide((ahead[0] * sums).sum(axis=1), total)
    return pd.DataFrame(data)


def _uniform(
    today: _Today, months: Months, share: NDArray[np.float64], rate: float, horizon: int
) -> NDArray[np.float64]:
    """Return the value of the base if everybody left at the average churn, however long it has stayed."""
    lost = months.total("customers_churned_from_opening")[0]
    opening = months.total("customers_opening")[0]
    kept = (1 - divide(lost, opening)) / (1 + rate)
    steps = kept[:, None] ** np.arange(1, horizon + 1)
    total = np.bincount(today.group, weights=today.mrr, minlength=len(today.labels)) / MICRO
    return np.asarray(total * share * steps.sum(axis=1))


def _drill(
    book: Book,
    by: tuple[str, ...],
    today: _Today,
    ahead: NDArray[np.float64],
    share: NDArray[np.float64],
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: customers with age and value, the most valuable first."""

    def rows(**group: Any) -> pd.DataFrame:
        import pandas as pd

        code = group_code(book, by, group)
        mine = np.ones(len(today.entity), bool) if code is None else today.group == code
        lifetime = ahead[today.group[mine], today.age[mine]]
        mrr = money(today.mrr[mine])
        ids = book.engine.spans.entity_ids.take(pa.array(today.entity[mine]))
        found = pd.DataFrame({"customer_id": ids.to_pandas(), "age": today.age[mine], "mrr": mrr})
        found["lifetime"] = lifetime
        found.insert(1, "numerator", mrr * share[today.group[mine]] * lifetime)
        return found.sort_values("numerator", ascending=False, ignore_index=True)

    return rows
