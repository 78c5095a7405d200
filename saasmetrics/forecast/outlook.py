"""MRR of the next quarters, with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.forecast.exchange import exchange_factors
from saasmetrics.forecast.horizon import (
    NOTE,
    OPTIONS,
    Horizon,
    check_asked,
    closes,
    horizon,
    spread,
)
from saasmetrics.forecast.rates import Outlook, outlook
from saasmetrics.forecast.scenario import Scenario, scenario_of
from saasmetrics.forecast.steps import PARTS, Ways, ways
from saasmetrics.metrics.made import made, money
from saasmetrics.money import format_money
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_PAST = 12  # periods of history beside a forecast


@metric(
    id="forecast_mrr",
    name="Forecast of MRR",
    unit="money",
    better="higher",
    meaning="What MRR will be at the end of the next quarters if things go on as in the last months.",
    formula="today's MRR by age, moved on month by month with churn by tenure and the flows of the last months",
    missing="A book with fewer than four complete months is refused.",
    sources=("METRICS.md",),
    options=OPTIONS,
)
def mrr(
    book: Book,
    quarters: int = 4,
    scenario: Scenario | Mapping[str, Any] | None = None,
    by: str | Sequence[str] | None = None,
    *,
    freq: str = "Q",
    history: int = 12,
    target: float | None = None,
    interval: float = 0.8,
) -> Result:
    """MRR of the next quarters: expected, with the movements that lead there, and its range.

    Parameters
    ----------
    book
        The company's tables.
    quarters
        How many quarters (periods of `freq`) ahead, 4 by default; one that has begun counts as the first.
    scenario
        What is assumed to be different: a `Scenario`, or levers by name such as {"churn": 0.8}.
    by
        Columns of the customers to group by.
    freq
        "Q", "M" or "Y".
    history
        Months whose rates are taken, 12 by default.
    target
        MRR to reach, for the probability of reaching it.
    interval
        Share of what may happen that lies between low and high: 0.8 runs from P10 to P90.

    Returns
    -------
    Result
        by-columns, period, value (expected), low, p50, high, opening, new, reactivation, expansion, contraction,
        churn, pause (net of those who go on), fx, closing (expected; losses negative, and they add up), probability
        (of the target), months.

    Raises
    ------
    DataError
        If the book is too young, or a lever is not a number.

    Notes
    -----
    Groups are forecast on their own rates, and every movement of theirs is then scaled so that groups add up to the
    expected forecast of the company.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> ahead = sm.forecast.mrr(sm.demo(customers=200), quarters=2).df
    >>> (ahead["low"] < ahead["high"]).all()
    np.True_
    """
    import pandas as pd

    check_asked(interval, target)
    names, chosen = columns(by), scenario_of(scenario)
    found = outlook(book, names, whole("history", history))
    when = horizon(book, quarters, freq)
    made_of, notes = _ways(book, found, when, chosen, history)
    rows = [
        _rows(book, found, made_of, group, when, interval, target)
        for group in range(len(found.labels))
    ]
    df = pd.concat(rows, ignore_index=True)
    options = {"scenario": str(chosen), "freq": freq, "history": found.months, "interval": interval}
    extra = {"history": past_mrr(book, names, freq), "scenario": chosen}
    if not names:
        extra["headline"] = _headline(df, book, interval)
    return made(
        book,
        "forecast_mrr",
        df,
        "fan",
        by=names,
        options={**options, "target": target},
        notes=(NOTE, *notes),
        extra=extra,
    )


def _headline(df: pd.DataFrame, book: Book, interval: float) -> str:
    last = df.iloc[-1]
    value, low, high = (
        format_money(last[name], book.currency) for name in ("value", "low", "high")
    )
    return f"{value} ({interval:.0%} of ways between {low} and {high})"


def _ways(
    book: Book, found: Outlook, when: Horizon, scenario: Scenario, history: int
) -> tuple[Ways, tuple[str, ...]]:
    """Return the ways of the groups, adding up to those of the company, with what to say of it."""
    exchange = exchange_factors(book, found.by, scenario)
    own = ways(found, when.months, scenario, exchange=exchange)
    if len(found.labels) == 1:
        return own, ()
    company = outlook(book, (), history)
    all_of_it = ways(company, when.months, scenario, exchange=exchange_factors(book, (), scenario))
    scaled = adding_up(own, all_of_it)
    if scaled is None:
        return own, ("Groups are forecast one by one and need not add up to the company",)
    return scaled, ("Groups are scaled to add up to the forecast of the company",)


def adding_up(groups: Ways, company: Ways) -> Ways | None:
    """Return the ways of groups with every expected movement scaled to that of the company; None where they cannot be.

    They cannot where a group would lose more than it has.
    """
    parts = {}
    for name in PARTS[1:-1]:
        part, total = groups.parts[name], company.parts[name][0, 0]
        own = part[0].sum(axis=0)
        same = (own * total > 0) | ((own == 0) & (total == 0))
        if not same.all() and name != "pause":
            return None
        factor = np.divide(total, own, out=np.ones_like(own), where=(own != 0) & same)
        parts[name] = part * factor
    rest = company.parts["pause"][0, 0] - parts["pause"][0].sum(axis=0)
    share = groups.parts["opening"][0] / np.maximum(groups.parts["opening"][0].sum(axis=0), 1e-12)
    parts["pause"] = parts["pause"] + rest * share
    closing = groups.parts["opening"][..., :1] + np.cumsum(sum(parts.values()), axis=2)
    if (closing[0] < 0).any():
        return None
    opening = np.concatenate([groups.parts["opening"][..., :1], closing[..., :-1]], axis=2)
    return Ways({"opening": opening, **parts, "closing": np.maximum(closing, 0.0)}, groups.cells)


def _rows(
    book: Book,
    found: Outlook,
    made_of: Ways,
    group: int,
    when: Horizon,
    interval: float,
    target: float | None,
) -> pd.DataFrame:
    """Return one row per period of a group."""
    import pandas as pd

    ends, begins = when.ends, when.begins
    closing = made_of.parts["closing"][:, group, ends - 1]
    told = spread(closing[1:], interval, target)
    chance = {"probability": told.pop("probability")} if "probability" in told else {}
    data: dict[str, Any] = label_columns(found.by, found.labels, np.full(len(ends), group))
    data["period"] = book.calendar(when.freq).starts(when.ordinals)
    data |= {"value": closing[0], **told}
    for name in PARTS:
        data[name] = _of_periods(made_of.parts[name][0, group], name, begins, ends)
    return pd.DataFrame({**data, **chance, "months": ends - begins})


def _of_periods(
    part: NDArray[np.float64], name: str, begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.float64]:
    if name == "opening":
        return part[begins]
    if name == "closing":
        return part[ends - 1]
    return np.asarray(np.add.reduceat(part[: ends[-1]], begins))


def past_mrr(book: Book, by: tuple[str, ...], freq: str) -> pd.DataFrame:
    """Return MRR at the end of the last periods, and at the last month's end where that is within one."""
    month = book.movements("M", by)
    month = month[month["complete"]]
    last = month["period"].max()
    kept = month[closes(book, month["period"], freq) | (month["period"] == last)]
    kept = kept[kept["period"].isin(sorted(kept["period"].unique())[-_PAST:])]
    out: pd.DataFrame = kept[["period", *by]].assign(value=money(kept["closing"]))
    out = out.rename(columns={"period": "month"})
    return out.reset_index(drop=True)
