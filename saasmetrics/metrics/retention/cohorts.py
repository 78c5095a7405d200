"""Cohorts by age: who stayed and what they pay, with cells not yet observed kept apart from zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.book import columns
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.metrics.made import group_code, in_currency, made, money, ratio
from saasmetrics.periods import day_number
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

# Retention compares at constant exchange rates; only MRR itself is at the rates of its own period.
_MEASURE = {"logos": "customers", "net": "constant", "gross": "floor", "mrr": "mrr"}
_BASE = {**_MEASURE, "gross": "constant"}
_FLOOR = {"path": "floor", "point": "point"}
_WORDS = {
    "logos": "customers still there / customers of the cohort",
    "net": "MRR of the cohort / its MRR at age 0",
    "gross": "lowest MRR so far of each customer / MRR at age 0",
    "mrr": "MRR of the cohort",
}


@metric(
    id="cohorts",
    name="Retention by cohort",
    unit="ratio",
    better="higher",
    meaning="Of the customers first paying in the same period, how many are left, or what they pay, by age.",
    formula="value of the cohort at an age / its value at age 0",
    missing="Missing where the cohort is not yet so old at the as-of date; 0 means that nothing was left.",
    sources=("METRICS.md", "METRICS.md"),
    options={"measure": _WORDS},
    choices=("cohort_floor",),
)
def cohorts(
    book: Book,
    measure: str = "logos",
    freq: str = "M",
    by: str | Sequence[str] | None = None,
) -> Result:
    """Retention by cohort and age; the cohort is the period at whose end a customer first pays.

    Parameters
    ----------
    book
        The company's tables.
    measure
        "logos" (customers), "net" (MRR), "gross" (lowest MRR so far, never rising) or "mrr" (in currency units).
    freq
        D, W, M, Q or Y: the length of a cohort and the unit of age.
    by
        Columns to group by; a customer stays in the group it began with.

    Returns
    -------
    Result
        by-columns, cohort (first day), age (periods), value, numerator, denominator (at age 0), observed.
        `extra["average"]` has by-columns, age, value, numerator, denominator, cohorts: the average weighted by size
        of the cohorts old enough.

    Raises
    ------
    UnknownNameError
        If the measure, a column or the frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 9, 9]}
    >>> sm.retention.cohorts(sm.Book(mrr=rows)).df["value"].tolist()
    [1.0, 0.5]
    """
    if measure not in _MEASURE:
        msg = f"There is no measure {measure!r}; take one of {', '.join(_MEASURE)}."
        raise UnknownNameError(msg + hint(measure, list(_MEASURE)))
    by = columns(by)
    cube = book.triangle(freq, by)
    if measure == "gross":
        cube = cube.assign(floor=cube[_FLOOR[book.policy.cohort_floor]])
    df = _cells(cube, measure, by)
    extra = {"average": _average(df, by)} if measure != "mrr" else {}
    options = {"measure": measure, "freq": freq}
    drill = _drill(book, freq, by)
    top = _FLOOR[book.policy.cohort_floor] if measure == "gross" else _MEASURE[measure]
    return made(
        book,
        "cohorts",
        df,
        "cohorts",
        by=by,
        options=options,
        extra=extra,
        drill=drill,
        trace=_trace(drill, measure, top),
    )


def _trace(drill: Callable[..., pd.DataFrame], measure: str, top: str) -> Callable[..., Trace]:
    """Return how a cell follows from the customers of its cohort."""

    def trace(**cell: Any) -> Trace:
        rows = drill(**cell)
        rows.insert(1, "numerator", rows[top])
        if measure == "mrr":
            sums = {"numerator": "sum"}
            return Trace(rows, "numerator", sums, {"numerator": top}, unit="money")
        rows.insert(2, "denominator", 1 if measure == "logos" else rows["start"])
        return Trace.of_sides(rows, {"numerator": top, "denominator": "start"})

    return trace


def _cells(cube: pd.DataFrame, measure: str, by: Sequence[str]) -> pd.DataFrame:
    seen = cube["observed"].to_numpy()
    top = cube[_MEASURE[measure]].to_numpy().astype(float)
    first = cube[_BASE[measure]].to_numpy()[_age_zero(cube)].astype(float)
    if measure != "logos":
        top, first = money(top), money(first)
    out = cube[[*by, "cohort", "age"]].copy()
    value = top if measure == "mrr" else ratio(top, first)
    out["value"] = np.where(seen, value, np.nan)
    out["numerator"] = np.where(seen, top, np.nan)
    out["denominator"] = first
    out["observed"] = seen
    return out.reset_index(drop=True)


def _age_zero(cube: pd.DataFrame) -> Any:
    """Return for each row the position of its cohort's row of age 0."""
    return np.arange(len(cube)) - cube["age"].to_numpy()


def _average(df: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return the average by age, numerator and denominator from the same cohorts."""
    seen = df[df["observed"]]
    sums = seen.groupby([*by, "age"], observed=True, sort=True)
    out = sums.agg(
        numerator=("numerator", "sum"),
        denominator=("denominator", "sum"),
        cohorts=("cohort", "nunique"),
    ).reset_index()
    out.insert(len(by) + 1, "value", ratio(out["numerator"], out["denominator"]))
    return out


def _drill(book: Book, freq: str, by: Sequence[str]) -> Callable[..., pd.DataFrame]:
    def rows(cohort: Any = None, age: int = 0, **group: Any) -> pd.DataFrame:
        if cohort is None:
            msg = "Name the cohort of the cell, such as rows(cohort='2025-01', age=3)."
            raise DataError(msg)
        number = book.calendar(freq).of(np.datetime64(day_number(cohort), "D"))
        _, _, full = book.engine.extent(freq)
        if number + age > full:
            msg = f"The cohort {cohort} has not been observed at age {age}."
            raise DataError(msg)
        code = group_code(book, by, group)
        found = book.engine.rows(
            "triangle", cohort=number, age=int(age), freq=freq, by=tuple(by), group=code
        )
        return in_currency(found)

    return rows
