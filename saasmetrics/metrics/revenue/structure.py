"""What MRR is made of: vintages, old and new customers, the largest ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import Sides, in_currency, made, money, period_drill
from saasmetrics.metrics.rates import Question, rate_frame
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

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
        customers by size with their share.

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
    paying = _paying(counted, period, freq)
    total = float(paying["closing"].sum())
    paying["share"] = paying["closing"] / total if total else np.nan
    data = [
        (
            f"top {k}",
            float(paying["share"][:k].sum()),
            float(paying["closing"][:k].sum()),
            total,
            min(k, len(paying)),
        )
        for k in (1, 5, 10)
    ]
    hhi = float((paying["share"] ** 2).sum())
    df = pd.DataFrame(
        [*data, ("HHI", hhi, np.nan, np.nan, len(paying))],
        columns=["measure", "value", "numerator", "denominator", "n"],
    )
    if not total:
        df["value"] = np.nan
    df["reason"] = "" if total else "there is no MRR"

    def rows() -> pd.DataFrame:
        return paying

    options = {"freq": freq, "level": level}
    # Whom a level of its own counts is said once, by the option.
    told = counted if book.policy.entity == "subscription" else book
    return made(
        told, "concentration", df, "table", options=options, drill=rows, trace=_largest(paying)
    )


def _counted_at(book: Book, level: str) -> Book:
    """Return the book that counts at a level: itself where nobody has a parent, rather than all over again."""
    customers = book.tables.get("customers")
    alone = customers is None or "parent_id" not in customers.data.column_names
    same = level == book.policy.entity or (alone and book.policy.entity == "customer")
    return book if same else book.with_policy(entity=level)


def _paying(book: Book, period: Any, freq: str) -> pd.DataFrame:
    """Return who pays how much at the end of a period, the largest first, of the same size by id."""
    sides = Sides({"closing": 1}, {})
    drill = replace(period_drill(book, "movements", freq, (), sides), sides_only=True)
    found = drill(period=period).rename(columns={"numerator": "closing"})
    found = found[found["closing"] > 0]
    columns = {name: pa.array(found[name], from_pandas=True) for name in found.columns}
    by_size = [("closing", "descending"), ("customer_id", "ascending")]
    return found.take(pc.sort_indices(pa.table(columns), sort_keys=by_size)).reset_index(drop=True)


def _largest(paying: pd.DataFrame) -> Callable[..., Trace]:
    """Return how a measure of concentration follows from customers, the largest first."""

    def trace(measure: str) -> Trace:
        if measure == "HHI":
            rows = paying.assign(squared=paying["share"] ** 2)
            return Trace(rows, "squared", {"squared": "sum"}, {"squared": "share * share"})
        rows, most = paying.copy(), int(measure.removeprefix("top "))
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
