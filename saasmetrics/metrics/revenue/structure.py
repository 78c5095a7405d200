"""What MRR is made of: vintages, old and new customers, the largest ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import Sides, in_currency, made, money, period_drill, ratio
from saasmetrics.metrics.rates import Question, rate_frame
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

LARGEST = 20  # customers that are listed
_BY_SIZE = {"closing": "descending", "customer_id": "ascending"}
_NEVER = "Never missing: without subscriptions it is 0."


@metric(
    id="existing_share",
    name="Revenue from existing customers",
    unit="ratio",
    better="neutral",
    meaning="The share of MRR that comes from customers won more than a year ago.",
    formula="MRR of customers first paying at least `months` months ago / closing MRR",
    missing="Missing where there is no MRR, and in the first months of an MRR table or of invoices.",
    sources=("METRICS.md",),
    options={
        "months": "older than {value} months",
        "interval": "interval of {value:.0%} by resampling customers",
    },
)
def existing_share(
    book: Book,
    months: int = 12,
    by: str | Sequence[str] | None = None,
    *,
    interval: float | None = 0.95,
) -> Result:
    """The share of MRR from customers older than a year.

    Parameters
    ----------
    book, by, interval
        As for `arpa`.
    months
        How old a customer must be.

    Returns
    -------
    Result
        As for `nrr`, by month.

    Raises
    ------
    UnknownNameError
        If a column does not exist.

    Notes
    -----
    Where exchange rates move, both sides are at those of `months` ago, so that rates do not look like old customers.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a", "b"], "month": ["2025-01", "2026-01", "2026-01"], "mrr": [5, 60, 40]}
    >>> sm.revenue.existing_share(sm.Book(mrr=rows)).value
    0.6
    """
    question = Question.asked(book, months, "M", by, interval)
    sums, paying = question.pairs(), question.movements()["customers_closing"]
    sides = Sides({"closing": 1, "reactivation": 1}, {"closing": 1, "reactivation": 1, "new": 1})
    df = rate_frame(question, sides.top(sums), sides.bottom(sums), paying, "there is no MRR")
    df = _where_known(df, book, months)
    drill = question.drill("pairs", sides)
    options = {"months": months, "interval": interval}
    return made(
        book, "existing_share", df, "series", by=by, options=options, drill=drill, sides=sides
    )


def _where_known(df: pd.DataFrame, book: Book, months: int) -> pd.DataFrame:
    """Return the shares of the periods for which the tables reach back far enough to tell who is old.

    A subscription tells when it started; months of MRR and invoices may begin in the middle of a customer's life.
    """
    if book.engine.source == "subscriptions":
        return df
    first, _, _ = book.engine.extent("M")
    early = df["period"] < book.calendar("M").starts(np.array([first + months]))[0]
    told = [name for name in ("value", "low", "high") if name in df.columns]
    df.loc[early, told] = np.nan
    df.loc[early, "reason"] = f"the tables do not reach back {months} months"
    return df


@metric(
    id="concentration",
    name="Concentration of MRR",
    unit="ratio",
    better="lower",
    meaning="How much of MRR hangs on the few largest customers.",
    formula="MRR of the largest 1, 5 and 10 customers / MRR; HHI: sum of squared shares",
    missing="Missing where there is no MRR.",
    sources=("METRICS.md",),
    options={
        "level": {
            "parent": "customers count at their parent company",
            "customer": "each customer counts by itself",
        }
    },
    version=2,
)
def concentration(
    book: Book, period: Any = None, freq: str = "M", *, level: str = "parent"
) -> Result:
    """The share of the largest customers in MRR, and the Herfindahl index.

    Parameters
    ----------
    book
        The company's tables.
    period
        The period to look at the end of; by default the latest complete one.
    freq
        D, W, M, Q or Y.
    level
        "parent": a group of companies (`parent_id` of customers) counts as one customer; or "customer".

    Returns
    -------
    Result
        measure ("top 1", "top 5", "top 10", "HHI"), value, numerator, denominator, n. The rows behind it are all
        customers by size with their share; `extra["largest"]` has the first twenty of them.

    Raises
    ------
    DataError
        If the period lies outside the book.
    UnknownNameError
        If the level does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"], "mrr": [75, 25]}
    >>> sm.revenue.concentration(sm.Book(mrr=rows)).df["value"].tolist()
    [0.75, 1.0, 1.0, 0.625]
    """
    import pandas as pd

    one_of("level of concentration", level, ("parent", "customer"))
    counted = _counted_at(book, level)
    paying = _Paying.at(counted, period, freq)
    total, many = float(money(paying.micro.sum())), len(paying.micro)
    top = paying.largest()
    sums = {k: float(money(paying.first(k))) for k in (1, 5, 10)}
    data = [
        (f"top {k}", float(ratio(part, total)), part, total, min(k, many))
        for k, part in sums.items()
    ]
    df = pd.DataFrame(
        [*data, ("HHI", float((paying.share**2).sum()), np.nan, np.nan, many)],
        columns=["measure", "value", "numerator", "denominator", "n"],
    )
    if not total:
        df["value"] = np.nan
    df["reason"] = "" if total else "there is no MRR"
    options = {"freq": freq, "level": level}
    # Whom a level of its own counts is said once, by the option.
    told = counted if book.policy.entity == "subscription" else book
    return made(
        told,
        "concentration",
        df,
        "table",
        options=options,
        extra={"largest": top},
        drill=lambda: paying.rows,
        trace=_largest(paying),
    )


def _counted_at(book: Book, level: str) -> Book:
    """Return the book that counts at a level: itself where nobody has a parent, rather than all over again."""
    customers = book.tables.get("customers")
    alone = customers is None or "parent_id" not in customers.data.column_names
    same = level == book.policy.entity or (alone and book.policy.entity == "customer")
    return book if same else book.with_policy(entity=level)


@dataclass(frozen=True, eq=False)
class _Paying:
    """Who pays how much at the end of a period: as the engine numbers customers, and what each pays in micro-units."""

    book: Book
    entity: NDArray[Any]
    micro: NDArray[np.int64]

    @classmethod
    def at(cls, book: Book, period: Any, freq: str) -> _Paying:
        """Ask the engine for a period, the latest complete one for None."""
        number = period_drill(book, "closing", freq, ()).number(period)
        entity, found = book.engine.measures("closing", period=number, freq=freq)
        pays = found["closing"] > 0
        return cls(book, entity[pays], found["closing"][pays])

    @cached_property
    def share(self) -> NDArray[np.float64]:
        """What part of MRR each pays."""
        return ratio(self.micro, self.micro.sum())

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        """What the largest pay, in order."""
        most = np.partition(self.micro, -LARGEST) if len(self.micro) > LARGEST else self.micro
        return np.sort(most[-LARGEST:])[::-1]

    def first(self, many: int) -> int:
        """Return what so many of the largest pay."""
        return int(self._sizes[:many].sum())

    def largest(self) -> pd.DataFrame:
        """Return the largest, as `rows` do."""
        least = self._sizes[-1] if len(self.micro) > LARGEST else 0
        return self._sorted(np.flatnonzero(self.micro >= least))[:LARGEST]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """All of them, the largest first, of the same size by id: customer_id, closing and share."""
        return self._sorted(np.arange(len(self.micro)))

    def _sorted(self, some: NDArray[np.int64]) -> pd.DataFrame:
        columns = {"closing": money(self.micro[some]), "share": self.share[some]}
        found = self.book.engine.frame(self.entity[some], columns)
        keys = {name: pa.array(found[name], from_pandas=True) for name in _BY_SIZE}
        order = pc.sort_indices(pa.table(keys), sort_keys=[*_BY_SIZE.items()])
        return found.take(order).reset_index(drop=True)


def _largest(paying: _Paying) -> Callable[..., Trace]:
    """Return how a measure of concentration follows from customers, the largest first."""

    def trace(measure: str) -> Trace:
        if measure == "HHI":
            rows = paying.rows.assign(squared=paying.rows["share"] ** 2)
            return Trace(rows, "squared", {"squared": "sum"}, {"squared": "share * share"})
        rows, most = paying.rows.copy(), int(measure.removeprefix("top "))
        rows.insert(1, "numerator", rows["closing"].where(rows.index < most, 0.0))
        rows.insert(2, "denominator", rows["closing"])
        return Trace.of_sides(rows, {"denominator": "closing"})

    return trace


@metric(
    id="layers",
    name="MRR by cohort",
    unit="money",
    better="higher",
    meaning="How much of MRR each vintage of customers still brings: the layer cake.",
    formula="closing MRR of the customers first paying in the same period",
    missing="Missing before the cohort exists and after the as-of date.",
    sources=("METRICS.md",),
)
def layers(book: Book, freq: str = "M") -> Result:
    """MRR of every cohort in every period.

    Parameters
    ----------
    book
        The company's tables.
    freq
        D, W, M, Q or Y: the length of a cohort and of a period.

    Returns
    -------
    Result
        cohort, period (first days), value in currency units.

    Raises
    ------
    UnknownNameError
        If the frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a", "b"], "month": ["2026-01", "2026-02", "2026-02"], "mrr": [5, 6, 4]}
    >>> sm.revenue.layers(sm.Book(mrr=rows)).df["value"].tolist()
    [5.0, 6.0, 4.0]
    """
    cube = book.triangle(freq)
    cube = cube[cube["observed"]]
    calendar = book.calendar(freq)
    days = cube["cohort"].to_numpy().astype("datetime64[D]").astype(np.int64)
    df = cube[["cohort"]].copy()
    df["period"] = calendar.starts(calendar.ordinal(days) + cube["age"].to_numpy())
    df["value"] = money(cube["mrr"])

    def trace(cohort: Any, period: Any) -> Trace:
        born, now = (calendar.of(day) for day in (cohort, period))
        rows = in_currency(book.engine.rows("triangle", cohort=born, age=now - born, freq=freq))
        rows.insert(1, "numerator", rows["mrr"])
        return Trace.of_sides(rows, {"numerator": "mrr"})

    options = {"freq": freq}
    return made(book, "layers", df.reset_index(drop=True), "layers", options=options, trace=trace)
