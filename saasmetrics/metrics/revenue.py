"""Recurring revenue: how much, from whom, and how it moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.book import columns
from saasmetrics.catalogue import metric
from saasmetrics.engine.movements import FLOWS
from saasmetrics.metrics.made import Sides, made, money, period_drill
from saasmetrics.metrics.rates import Question, rate_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NEVER = "Never missing: without subscriptions it is 0."


@metric(
    id="bridge",
    name="MRR bridge",
    unit="money",
    better="higher",
    meaning="How MRR went from the opening to the closing of a period: who came, returned, grew, shrank, paused, left.",
    formula="opening + new + reactivation + expansion + contraction + churn + pause + fx + transfer = closing",
    missing=_NEVER,
    sources=("DEFINITIONS.md 1.5",),
    choices=("view", "pause"),
)
def bridge(book: Book, freq: str = "M", by: str | Sequence[str] | None = None) -> Result:
    """The MRR bridge of every period; it closes with a residual of 0.

    Parameters
    ----------
    book
        The company's tables.
    freq
        D, W, M, Q or Y.
    by
        Columns of the customers or the subscriptions to group by; what a customer moves between groups is `transfer`,
        so that the groups add up to the company.

    Returns
    -------
    Result
        period, by-columns, opening, new, reactivation, expansion, contraction, churn, pause, fx, transfer, closing,
        residual in currency units (losses negative), and complete (false for a period still open).

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> sm.revenue.bridge(book).df[["opening", "new", "contraction", "closing"]].values.tolist()
    [[0.0, 100.0, 0.0, 100.0], [100.0, 0.0, -20.0, 80.0]]
    """
    by = columns(by)
    cube = book.movements(freq, by)
    df = cube[["period", *by]].copy()
    for name in ("opening", *FLOWS, "closing"):
        df[name] = money(cube[name])
    df["residual"] = money(cube["opening"] + sum(cube[name] for name in FLOWS) - cube["closing"])
    df["complete"] = cube["complete"]
    drill = period_drill(book, "movements", freq, by)
    return made(book, "bridge", df, "bridge", by=by, options={"freq": freq}, drill=drill)


@metric(
    id="movements",
    name="MRR movements",
    unit="money",
    better="higher",
    meaning="What each kind of movement added to or took from MRR in a period, and how many customers it was.",
    formula="change of each customer's MRR, by its reason",
    missing=_NEVER,
    sources=("DEFINITIONS.md 1.5 to 1.12",),
    choices=("view", "pause"),
)
def movements(book: Book, freq: str = "M", by: str | Sequence[str] | None = None) -> Result:
    """The movements of MRR in long form, with the customers behind each.

    Parameters
    ----------
    book, freq, by
        As for `bridge`.

    Returns
    -------
    Result
        period, by-columns, movement, value in currency units (losses negative), customers, complete.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> df = sm.revenue.movements(book).df
    >>> df.loc[df["value"] != 0, ["movement", "value", "customers"]].values.tolist()
    [['new', 100.0, 1], ['contraction', -20.0, 1]]
    """
    import pandas as pd

    from saasmetrics.engine.movements import NOUNS

    by = columns(by)
    cube = book.movements(freq, by)
    parts = []
    for name in FLOWS:
        part = cube[["period", *by]].assign(movement=name, value=money(cube[name]))
        part["customers"] = cube[NOUNS[name]] if name in NOUNS else pd.NA
        parts.append(part.assign(complete=cube["complete"]))
    df = pd.concat(parts, ignore_index=True).sort_values(
        [*by, "period"], kind="stable", ignore_index=True
    )
    drill = period_drill(book, "movements", freq, by)
    return made(book, "movements", df, "movements", by=by, options={"freq": freq}, drill=drill)


def _balance(book: Book, id: str, freq: str, by: str | Sequence[str] | None, times: int) -> Result:
    by = columns(by)
    cube = book.movements(freq, by)
    df = cube[["period", *by]].copy()
    df["value"] = money(cube["closing"] * times)
    df["n"] = cube["customers_closing"]
    df["complete"] = cube["complete"]
    drill = period_drill(book, "movements", freq, by)
    return made(book, id, df, "series", by=by, options={"freq": freq}, drill=drill)


@metric(
    id="mrr",
    name="Monthly recurring revenue",
    abbr="MRR",
    unit="money",
    better="higher",
    meaning="What the subscriptions running at the end of a period bring in per month.",
    formula="sum of recurring amounts per month of the subscriptions paying at the end of the period",
    missing=_NEVER,
    sources=("DEFINITIONS.md 1.1",),
    choices=("discount", "trial", "pause"),
)
def mrr(book: Book, by: str | Sequence[str] | None = None, freq: str = "M") -> Result:
    """Monthly recurring revenue at the end of every period.

    Parameters
    ----------
    book, by, freq
        As for `bridge`.

    Returns
    -------
    Result
        period, by-columns, value in currency units, n paying customers, complete.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.revenue.mrr(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [100]})).value
    100.0
    """
    return _balance(book, "mrr", freq, by, 1)


@metric(
    id="arr",
    name="Annual recurring revenue",
    abbr="ARR",
    unit="money",
    better="higher",
    meaning="MRR at the end of a period, times twelve: a run rate, not a sum of contracts.",
    formula="12 x MRR",
    missing=_NEVER,
    sources=("DEFINITIONS.md 1.2",),
    choices=("discount", "trial", "pause"),
)
def arr(book: Book, by: str | Sequence[str] | None = None, freq: str = "M") -> Result:
    """Annual recurring revenue: twelve times MRR.

    Parameters
    ----------
    book, by, freq
        As for `bridge`.

    Returns
    -------
    Result
        As for `mrr`.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.revenue.arr(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [100]})).value
    1200.0
    """
    return _balance(book, "arr", freq, by, 12)


@metric(
    id="arpa",
    name="Average revenue per account",
    abbr="ARPA",
    unit="money",
    better="higher",
    meaning="MRR per paying customer.",
    formula="closing MRR / customers paying at the close",
    missing="Missing where nobody pays.",
    sources=("DEFINITIONS.md 1.14", "ChartMogul help"),
    options={"interval": "interval of {value:.0%} by resampling customers"},
)
def arpa(
    book: Book,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
) -> Result:
    """Average MRR per paying customer at the end of every period.

    Parameters
    ----------
    book, by, freq
        As for `bridge`.
    interval
        Coverage of the interval, by resampling customers; None for none.

    Returns
    -------
    Result
        period, by-columns, value in currency units, numerator, denominator (customers), n, reason, complete, low,
        high.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"], "mrr": [100, 50]}
    >>> sm.revenue.arpa(sm.Book(mrr=rows)).value
    75.0
    """
    question = Question.asked(book, 1, freq, by, interval)
    sums = question.movements()
    sides = Sides({"closing": 1}, {"customers_closing": 1})
    paying = sides.bottom(sums)
    df = rate_frame(question, sides.top(sums), paying, paying, "nobody pays", unit="mixed")
    drill = period_drill(book, "movements", freq, question.by, sides)
    return made(book, "arpa", df, "series", by=by, options={"interval": interval}, drill=drill)


@metric(
    id="quick_ratio",
    name="Quick ratio",
    unit="multiple",
    better="higher",
    meaning="How many units of MRR are won for each unit lost.",
    formula="(new + expansion + reactivation) / (contraction + churn)",
    missing="Missing where nothing was lost: there is no finite ratio.",
    sources=("DEFINITIONS.md 5.53",),
    options={
        "window": "over {value}",
        "interval": "interval of {value:.0%} by resampling customers",
    },
    choices=("quick_ratio", "view"),
)
def quick_ratio(
    book: Book,
    window: int = 1,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
    method: str | None = None,
) -> Result:
    """Gains of MRR over losses of MRR.

    Parameters
    ----------
    book, by, freq, interval
        As for `arpa`.
    window
        Length of the window in periods of `freq`, over which movements are summed.
    method
        "with_reactivation" or "without_reactivation"; by default the policy's.

    Returns
    -------
    Result
        As for `nrr`.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a", "b"], "month": ["2026-01", "2026-02", "2026-02"], "mrr": [100, 90, 40]}
    >>> sm.revenue.quick_ratio(sm.Book(mrr=rows)).value
    4.0
    """
    if method is not None:
        book = book.with_policy(quick_ratio=method)
    question = Question.asked(book, window, freq, by, interval)
    sums = question.movements()
    won = {"new": 1, "expansion": 1}
    if book.policy.quick_ratio == "with_reactivation":
        won["reactivation"] = 1
    sides = Sides(won, {"contraction": -1, "churn": -1})
    df = rate_frame(
        question, sides.top(sums), sides.bottom(sums), sums["customers_closing"], "nothing was lost"
    )
    drill = period_drill(book, "movements", freq, question.by, sides, window=question.window)
    options = {"window": question.span, "interval": interval}
    return made(book, "quick_ratio", df, "series", by=by, options=options, drill=drill)


@metric(
    id="existing_share",
    name="Revenue from existing customers",
    unit="ratio",
    better="neutral",
    meaning="The share of MRR that comes from customers won more than a year ago.",
    formula="MRR of customers first paying at least `months` months ago / closing MRR",
    missing="Missing where there is no MRR.",
    sources=("DEFINITIONS.md 9.13",),
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
    drill = period_drill(book, "pairs", "M", question.by, sides, window=months)
    options = {"months": months, "interval": interval}
    return made(book, "existing_share", df, "series", by=by, options=options, drill=drill)


@metric(
    id="concentration",
    name="Concentration of MRR",
    unit="ratio",
    better="lower",
    meaning="How much of MRR hangs on the few largest customers.",
    formula="MRR of the largest 1, 5 and 10 customers / MRR; HHI: sum of squared shares",
    missing="Missing where there is no MRR.",
    sources=("DEFINITIONS.md 1.18",),
    choices=("entity",),
)
def concentration(book: Book, period: Any = None, freq: str = "M") -> Result:
    """The share of the largest customers in MRR, and the Herfindahl index.

    Parameters
    ----------
    book
        The company's tables; `with_policy(entity="parent")` counts groups of companies as one.
    period
        The period to look at the end of; by default the latest complete one.
    freq
        D, W, M, Q or Y.

    Returns
    -------
    Result
        measure ("top 1", "top 5", "top 10", "HHI"), value, numerator, denominator, n. The rows behind it are all
        customers by size with their share.

    Raises
    ------
    DataError
        If the period lies outside the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"], "mrr": [75, 25]}
    >>> sm.revenue.concentration(sm.Book(mrr=rows)).df["value"].tolist()
    [0.75, 1.0, 1.0, 0.625]
    """
    import pandas as pd

    drill = period_drill(book, "movements", freq, ())
    paying = drill(period=period)
    paying = paying.loc[paying["closing"] > 0, ["customer_id", "closing"]]
    paying = paying.sort_values(
        ["closing", "customer_id"], ascending=[False, True], ignore_index=True
    )
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

    return made(book, "concentration", df, "table", options={"freq": freq}, drill=rows)


@metric(
    id="layers",
    name="MRR by cohort",
    unit="money",
    better="higher",
    meaning="How much of MRR each vintage of customers still brings: the layer cake.",
    formula="closing MRR of the customers first paying in the same period",
    missing="Missing before the cohort exists and after the as-of date.",
    sources=("DEFINITIONS.md 2.25",),
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
    return made(book, "layers", df.reset_index(drop=True), "layers", options={"freq": freq})
