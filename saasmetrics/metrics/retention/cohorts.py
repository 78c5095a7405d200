"""Cohorts by age: who stayed and what they pay, with cells not yet observed kept apart from zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, only_for, text
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns, unreserved
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.margin import gross_margin
from saasmetrics.metrics.made import made
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.retention.cohort_rows import Cell, drill, traced
from saasmetrics.metrics.retention.renewed import RENEWALS, only_logos, renewal_cohorts
from saasmetrics.metrics.retention.triangles import AVERAGED, Triangle, pooled, triangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_WORDS = {
    "logos": "customers still there / customers of the cohort",
    "net": "MRR of the cohort / its MRR at age 0",
    "gross": "lowest MRR so far of each customer / MRR at age 0",
    "mrr": "MRR of the cohort",
    "gross_profit": "gross profit so far of the cohort / its customers, at the exchange rates of its first period",
}
_STARTS = {
    "first_payment": "a cohort is the period at whose end a customer first pays",
    "sign_up": "a cohort is the period in which a customer signed up, whether or not it ever paid",
    "column": "a cohort is everybody with the same value; at each age only those old enough count",
}
_SIGN_UP_MEASURES = ("logos", "mrr", "gross_profit")
_RUNNING = "the period is not over, or a part of the cohort is not yet so old"
_BEFORE = "before the first day observed"
_YOUNG = "the cohort is not yet so old"


@metric(
    id="cohorts",
    name="Retention by cohort",
    unit="ratio",
    better="higher",
    meaning="Of the customers first paying in the same period, how many are left, or what they pay, by age.",
    formula="value of the cohort at an age / its value at age 0",
    missing="Missing where the cohort is not yet so old at the as-of date; 0 means that nothing was left.",
    sources=("METRICS.md", "METRICS.md"),
    options={"measure": _WORDS, "cohort": _STARTS},
    choices=("cohort_floor",),
)
def cohorts(
    book: Book,
    measure: str = "logos",
    freq: str = "M",
    by: str | Sequence[str] | None = None,
    *,
    cohort: str = "first_payment",
    cohort_freq: str | None = None,
    margin: float | None = None,
    interval: float | None = 0.95,
) -> Result:
    """Retention by cohort and age.

    Parameters
    ----------
    book
        The company's tables.
    measure
        "logos" (customers), "net" (MRR), "gross" (lowest MRR so far, never rising), "mrr" (in currency units) or
        "gross_profit" (so far, per customer of the cohort, in currency units).
    freq
        D, W, M, Q or Y: the unit of age, and the length of a cohort. "renewals": age counts the terms that were
        renewed, so that monthly and yearly customers stand side by side; see `renewal_cohorts`.
    by
        Columns to group by; a customer stays in the group it began with.
    cohort
        What makes a cohort: "first_payment" (the period at whose end a customer first pays), "sign_up"
        (customers.created_at; everybody who signed up is below the line), or a column, such as "plan", "channel" or
        "arr_band" (ARR when first paying).
    cohort_freq
        Pool cohorts into longer periods, such as "Q" for quarters by months of age.
    margin
        Gross margin as a share, for gross profit; by default that of the tables.
    interval
        Coverage of the interval, 0.95 by default; None for none. Wilson for customers, customer bootstrap for money.

    Returns
    -------
    Result
        by-columns, cohort (first day, or the value of the column), age (periods), value, numerator, denominator (at
        age 0), n (customers), observed, state ("observed", "immature": still being observed, "not yet", "before"),
        reason, and
        low and high with an interval.
        `extra["average"]` has by-columns, age, value, numerator, denominator, n, cohorts, low, high: the average
        weighted by size of the cohorts old enough.

    Raises
    ------
    UnknownNameError
        If the measure, a column or the frequency does not exist.
    DataError
        If sign-ups are not recorded, or the measure has no base at sign-up.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 9, 9]}
    >>> sm.retention.cohorts(sm.Book(mrr=rows)).df["value"].tolist()
    [1.0, 0.5]
    """
    _check_names(measure, cohort, margin)
    check_interval(interval)
    if freq == RENEWALS:
        only_logos(measure, cohort)
        return renewal_cohorts(book, by, cohort_freq=cohort_freq or "Y", interval=interval)
    by, notes = columns(by), []
    unreserved(by, ("state",))
    start = cohort if cohort in ("first_payment", "sign_up") else "first_payment"
    column = None if cohort in _STARTS and cohort != "column" else cohort
    _check(measure, start, column, cohort_freq)
    if measure == "gross_profit":
        margin, words = gross_margin(book, margin)
        notes.append(f"Gross margin {words}")
    full_by = by if column is None else (*by, column)
    bags = interval is not None
    found = triangle(book, measure, freq, full_by, start=start, margin=margin, bags=bags)
    notes += [*found.notes, *_of_which_rates(book, measure)]
    if cohort_freq is not None and cohort_freq != freq:
        found = pooled(found, book, freq, cohort_freq)
    df = _cells(found, by, interval) if column is None else _by_value(found, by, interval)
    df = _told_early(df, book, freq) if column is None else df
    average = _average(found, by, interval, pooled_last=column is not None)
    if measure == "logos" and start == "first_payment":
        df, average = _sure_at_start(df), _sure_at_start(average)
    options = _options(measure, freq, "column" if column else cohort)
    rows = drill(book, Cell(measure, freq, by, column, start, cohort_freq or freq, margin))
    return made(
        book,
        "cohorts",
        df,
        "cohorts" if column is None else "ages",
        by=by,
        options=options,
        notes=notes,
        extra={"average": average} if measure in AVERAGED else {},
        drill=rows,
        trace=traced(rows, measure),
    )


def _of_which_rates(book: Book, measure: str) -> tuple[str, ...]:
    """Return at which exchange rates money is compared, where any moves."""
    if measure not in ("net", "gross", "gross_profit") or not book.engine.rates_move:
        return ()
    said = "MRR is at the exchange rates of the first period of each customer"
    apart = ", so that what they did since then counts nowhere" if book.policy.fx == "spot" else ""
    return (said + apart,)


def _check_names(measure: str, cohort: str, margin: float | None) -> None:
    one_of("measure", measure, _WORDS)
    text("cohort", cohort, "what makes a cohort, such as first_payment or the name of a column")
    only_for("margin", margin, "measure", "gross_profit", measure)


def _options(measure: str, freq: str, cohort: str) -> dict[str, str]:
    """Return the options for the footnote; the choice of the floor says nothing of other measures than "gross"."""
    other = {} if measure == "gross" else {"cohort_floor": ""}
    return {"measure": measure, "freq": freq, "cohort": cohort, **other}


def _check(measure: str, start: str, column: str | None, cohort_freq: str | None) -> None:
    if start == "sign_up" and measure not in _SIGN_UP_MEASURES:
        msg = (
            f"measure={measure!r} compares with MRR at age 0, and at sign-up there is none; "
            f"take one of {', '.join(_SIGN_UP_MEASURES)}."
        )
        raise DataError(msg)
    if column is not None and measure == "mrr":
        msg = f'The MRR of {column} by age adds up customers of all ages; take measure="net", or by={column!r}.'
        raise DataError(msg)
    if column is not None and cohort_freq is not None:
        msg = f"A cohort is a value of {column} or a period: leave out cohort_freq, or take by={column!r}."
        raise DataError(msg)


def _cells(found: Triangle, by: Sequence[str], level: float | None) -> pd.DataFrame:
    """Return one row per group, cohort that was born, and age that any cohort can reach."""
    import pandas as pd

    top, bottom = found.top.sum(axis=1), found.bottom.sum(axis=1)
    width = top.shape[2]
    born = np.argwhere(found.born)
    ages = _reach(found, born)
    group, cohort = np.repeat(born, ages, axis=0).T
    age = np.tile(np.arange(ages), len(born))
    known = found.known[cohort, age]
    data = _labels(found, by, group)
    data["cohort"], data["age"] = found.cohorts[cohort], age
    data["value"] = np.where(known, found.value(top, bottom)[group, cohort, age], np.nan)
    data["numerator"] = np.where(known, top[group, cohort, age], np.nan)
    data["denominator"] = bottom[group, cohort, age]
    data["n"] = found.heads[group, cohort]
    data |= _states(known, found.running[cohort, age])
    if level is not None:
        flat = (*found.top.shape[:2], -1)
        low, high = found.interval(found.top.reshape(flat), found.bottom.reshape(flat), level)
        place = (cohort * width + age).astype(int)
        data["low"] = np.where(known, low[group, place], np.nan)
        data["high"] = np.where(known, high[group, place], np.nan)
    return pd.DataFrame(data)


def _sure_at_start(df: pd.DataFrame) -> pd.DataFrame:
    """Return rows without an interval at age 0, where by definition everybody is still there."""
    if "low" in df.columns:
        df.loc[(df["age"] == 0) & df["value"].notna(), ["low", "high"]] = 1.0
    return df


def _reach(found: Triangle, born: NDArray[np.int64]) -> int:
    """Return how many ages there are to show: as many as any cohort with customers has begun."""
    ages = np.flatnonzero((found.known | found.running)[born[:, 1]].any(axis=0))
    return int(ages.max(initial=0)) + 1 if len(born) else 0


def _states(known: NDArray[np.bool_], running: NDArray[np.bool_]) -> dict[str, Any]:
    state = np.where(known, "observed", np.where(running, "immature", "not yet"))
    reason = np.where(known, "", np.where(running, _RUNNING, _YOUNG))
    return {"observed": known, "state": state.astype(object), "reason": reason.astype(object)}


def _told_early(df: pd.DataFrame, book: Book, freq: str) -> pd.DataFrame:
    """Say of the cells before the first day observed that they are; they are not to come."""
    if book.since_day is None:
        return df
    calendar = book.calendar(freq)
    cohort = df["cohort"].to_numpy().astype("datetime64[D]").astype(np.int64)
    since = calendar.ordinal(np.array([book.since_day]))[0]
    early = ~df["observed"] & (calendar.ordinal(cohort) + df["age"].to_numpy() < since)
    df.loc[early, ["state", "reason"]] = ["before", _BEFORE]
    return df


def _by_value(found: Triangle, by: Sequence[str], level: float | None) -> pd.DataFrame:
    """Return one row per group, value of the column and age; only customers old enough count."""
    import pandas as pd

    top, bottom = found.eligible()
    counts, heads = found.many()
    groups, _, width = top.shape
    group, age = np.repeat(np.arange(groups), width), np.tile(np.arange(width), groups)
    known = bottom.sum(axis=1)[group, age] > 0
    data = _labels(found, by, group)
    data["cohort"] = np.array([found.labels[g][-1] for g in group], object)
    data["age"] = age
    data["value"] = found.value(top.sum(axis=1), bottom.sum(axis=1))[group, age]
    data["numerator"] = np.where(known, top.sum(axis=1)[group, age], np.nan)
    data["denominator"] = np.where(known, bottom.sum(axis=1)[group, age], np.nan)
    data["n"] = heads[group, age]
    data |= _states(known, np.zeros(len(known), bool))
    data["cohorts"] = counts[group, age]
    if level is not None:
        low, high = found.interval(top, bottom, level)
        data["low"], data["high"] = low[group, age], high[group, age]
    return pd.DataFrame(data)


def _average(
    found: Triangle, by: Sequence[str], level: float | None, *, pooled_last: bool
) -> pd.DataFrame:
    """Return the average by age, numerator and denominator from the same cohorts, all old enough."""
    import pandas as pd

    top, bottom = found.eligible()
    counts, heads = found.many()
    labels = found.labels
    if pooled_last:
        labels = tuple(dict.fromkeys(label[:-1] for label in found.labels))
        at = np.array([labels.index(label[:-1]) for label in found.labels], int)
        top, bottom, heads = (_added(side, at, len(labels)) for side in (top, bottom, heads))
        most = np.zeros((len(labels), counts.shape[1]), np.int64)
        np.maximum.at(most, at, counts)
        counts = most
    group, age = np.nonzero(bottom.sum(axis=1) > 0)
    data: dict[str, Any] = {
        name: np.array([labels[g][i] for g in group], object) for i, name in enumerate(by)
    }
    data["age"] = age
    sides = top.sum(axis=1)[group, age], bottom.sum(axis=1)[group, age]
    data["value"] = found.value(*sides)
    data["numerator"], data["denominator"] = sides
    data["n"], data["cohorts"] = heads[group, age], counts[group, age]
    if level is not None:
        low, high = found.interval(top, bottom, level)
        data["low"], data["high"] = low[group, age], high[group, age]
    return pd.DataFrame(data)


def _added(side: NDArray[Any], at: NDArray[np.int64], many: int) -> NDArray[Any]:
    out = np.zeros((many, *side.shape[1:]), side.dtype)
    np.add.at(out, at, side)
    return out


def _labels(found: Triangle, by: Sequence[str], group: NDArray[np.int64]) -> dict[str, Any]:
    return {
        name: np.array([found.labels[g][i] for g in group], object) for i, name in enumerate(by)
    }
