"""What today's customers are still worth: each at its own age, not all at one average retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import columns
from saasmetrics.engine.tally import tally
from saasmetrics.metrics.economics.asked import DISCOUNT, HORIZON, check_discount
from saasmetrics.metrics.economics.curves import MOSTLY, Curves
from saasmetrics.metrics.economics.lifetime import split_columns
from saasmetrics.metrics.economics.margin import group_margins
from saasmetrics.metrics.economics.window import Months, divide, divide_signed, interval_of
from saasmetrics.metrics.formulas.lifetime import monthly_discount
from saasmetrics.metrics.made import group_code, made, money
from saasmetrics.money import MICRO, format_ratio
from saasmetrics.survival.lives import Lives, label_columns
from saasmetrics.survival.tails import BEYOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin
    from saasmetrics.result import Result

_RETURNED = "Customers who came back count from age 0, as of their return"
_APART = "Each group follows its own curve, so that groups need not add up to the company"
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
        "beyond": BEYOND,
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
    beyond: str = "auto",
    interval: float | None = 0.95,
) -> Result:
    """The value of today's customers, from what is known of others who were as old.

    Parameters
    ----------
    book
        The company's tables.
    by, margin, discount, beyond
        As in `ltv`; the oldest customers have no older ones to go by, so that most of what they will bring is
        projected.
    horizon
        Months from today after which nothing counts.
    interval
        Coverage of the interval; None for none.

    Returns
    -------
    Result
        by-columns, value, low, high, n (customers), mrr, lifetime (discounted months still expected, weighted by MRR),
        observed and projected (the parts of the value up to the age of the oldest customers and beyond it), model,
        uniform (the value if all left at the average churn of the last twelve months), reason. The rows behind it
        are the customers with their age and value.

    Raises
    ------
    DataError
        If no margin is known.

    Notes
    -----
    With beyond="none", and where too few customers left to fit a model, what lies beyond the age of the oldest
    customers of a group is not counted, and the value is a lower bound.

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
    curves, ages = Curves.of(lives, months, beyond), lives.customers.at_risk.shape[1]
    curve = curves.extended(ages + horizon)
    seen = np.where(np.arange(ages + horizon) < curves.seen[:, None], curve[:1], 0.0)
    ahead, known = (residual(alive, ages, horizon, rate) for alive in (curve, seen))
    today = _Today(book, names)
    df = _frame(today, ahead, share, months, interval)
    observed = (known[0] * today.sums(ages) / MICRO).sum(axis=1) * share
    split = split_columns(df["value"].to_numpy(), observed, curves.tails)
    df = df.assign(**split, uniform=_uniform(today, months, share, rate, horizon))
    df["reason"] = _reasons(df, curves)
    options = {"margin": said, "horizon": horizon, "beyond": beyond, "discount": discount}
    return made(
        book,
        "customer_base",
        df,
        "worth",
        by=by,
        options={**options, "interval": interval},
        notes=(_FLAT, _RETURNED, *curves.notes(today.labels), *([_APART] if names else [])),
        drill=_drill(book, names, today, (ahead[0], known[0]), share),
        tables=["finance", "spend"] if margin is None else [],
    )


def _reasons(df: pd.DataFrame, curves: Curves) -> NDArray[Any]:
    """Return why there is no value, or that it is a lower bound or mostly projected."""
    nobody = (df["n"] == 0).to_numpy()
    share = divide_signed(df["projected"].to_numpy(), df["value"].to_numpy())
    mostly = np.nan_to_num(share) > MOSTLY
    ahead = [f"{format_ratio(part)} of the value is projected" for part in np.nan_to_num(share)]
    ahead = [
        f"{text}: the oldest are {n} months old" for text, n in zip(ahead, curves.seen, strict=True)
    ]
    none = "a lower bound: nothing beyond the age of the oldest customers is counted"
    return np.select(
        [nobody, curves.cut, mostly],
        ["nobody pays in the last complete month", none, np.array(ahead, object)],
        "",
    )


def residual(
    alive: NDArray[np.float64], ages: int, horizon: int, rate: float
) -> NDArray[np.float64]:
    """Return the discounted months a customer of each age will still stay, by what older ones did.

    Parameters
    ----------
    alive
        Survival curves, draws x groups x ages; 0 where nothing is known any more.
    ages
        How many ages to return, from 0.
    horizon, rate
        Months that count, and the monthly discount.

    Examples
    --------
    >>> residual(np.array([[[1.0, 0.5, 0.25]]]), 3, 60, 0.0).tolist()
    [[[0.75, 0.5, 0.0]]]
    """
    width = alive.shape[2]
    worth = (1 + rate) ** -np.arange(width, dtype=float)
    total = np.cumsum(alive * worth, axis=2)
    last = np.minimum(np.arange(ages) + horizon, width - 1)
    out = (total[:, :, last] - total[:, :, :ages]) / worth[:ages]
    now = alive[:, :, :ages]
    return np.divide(np.maximum(out, 0.0), now, out=np.zeros_like(out), where=now > 0)


class _Today:
    """Today's customers: entity, group, age in months and MRR of each."""

    def __init__(self, book: Book, by: tuple[str, ...]) -> None:
        engine = followed(book.engine)
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
    ahead: tuple[NDArray[np.float64], NDArray[np.float64]],
    share: NDArray[np.float64],
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: customers with age and value, the most valuable first."""

    def rows(**group: Any) -> pd.DataFrame:
        import pandas as pd

        code = group_code(book, by, group)
        mine = np.ones(len(today.entity), bool) if code is None else today.group == code
        lifetime, known = (part[today.group[mine], today.age[mine]] for part in ahead)
        mrr = money(today.mrr[mine])
        ids = followed(book.engine).spans.entity_ids.take(pa.array(today.entity[mine]))
        found = pd.DataFrame({"customer_id": ids.to_pandas(), "age": today.age[mine], "mrr": mrr})
        found["lifetime"] = lifetime
        margin = share[today.group[mine]]
        found["projected"] = mrr * margin * (lifetime - known)
        found.insert(1, "numerator", mrr * margin * lifetime)
        return found.sort_values("numerator", ascending=False, ignore_index=True)

    return rows
