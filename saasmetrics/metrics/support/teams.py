"""Agents and teams: productivity that allows for what their tickets are, and league tables that say what is chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, one_of, text
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.support.churned import churned
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.fair import (
    BEST,
    CASE_MIX,
    MEASURES,
    UNITS,
    Standardized,
    bands,
    facets_of,
    standardized,
    strata,
    values_of,
)
from saasmetrics.money import format_value
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

_LEAGUE = {**MEASURES, "churn": "share of the customers at the start of the period that left in it"}


@metric(
    id="support_productivity",
    name="Productivity by agent",
    unit="multiple",
    better="lower",
    meaning="Whether an agent takes longer or shorter than all agents take for the same kind of tickets.",
    formula="observed / expected, where a ticket is expected to take the mean of its kind over all agents",
    missing="Missing where an agent has no ticket with the measure.",
    sources=("Spiegelhalter 2005, funnel plots", "HubSpot, individual productivity", "METRICS.md"),
    options={"measure": MEASURES, "case_mix": "kinds of tickets are told apart by {value}"},
)
def productivity(
    book: Book,
    measure: str = "handle",
    by: str | Sequence[str] = "agent_id",
    *,
    case_mix: Sequence[str] = CASE_MIX,
    interval: float = 0.95,
    zone: str = "UTC",
) -> Result:
    """Which agents differ from the others by more than chance and their tickets explain.

    Parameters
    ----------
    book
        With the table tickets; `book.between` chooses the time.
    measure
        "handle", "first_reply", "resolution", "csat" or "reopen_rate".
    by
        Whom to compare: "agent_id", or any other columns.
    case_mix
        Columns whose combinations are kinds of tickets; those that the table lacks are left out.
    interval
        Coverage of the interval.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        One row per agent: the by-columns, value (observed / expected), numerator (observed), denominator (expected),
        n, mean, adjusted (value x mean of all), shrunk (value drawn towards 1), funnel_low and funnel_high (95 %),
        funnel ("within", "outside 95%", "outside 99.8%"), reason, low, high. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.productivity(sm.demo(customers=100)).df
    >>> set(df["funnel"]) <= {"within", "outside 95%", "outside 99.8%"}
    True
    """
    check_level(interval)
    mix = listed("case_mix", case_mix, "columns of tickets")
    inbox = faceted_inbox(book, "Y", by, zone).looking(facets_of(book, measure, mix))
    found, names = _asked(inbox, measure, mix)
    df = _frame(inbox, found, interval)
    half = 1.959963984540054 * found.error
    df = df.assign(funnel_low=np.maximum(1 - half, 0), funnel_high=1 + half, funnel=found.outside())
    df = df[df["n"] > 0].reset_index(drop=True)
    far = int((df["funnel"] == "outside 99.8%").sum())
    result = inbox.result(
        "support_productivity",
        df,
        "funnel",
        options={"measure": measure, "case_mix": ", ".join(names) or "nothing", "zone": zone},
        extra={
            "measure": measure,
            "headline": f"{far} of {len(df)} outside the 99.8% funnel",
            "between": found.between,
        },
    )
    each = inbox.looking(facets_of(book, measure, mix, each=True))
    return replace(result, drill=_tickets(each, measure))


def _asked(
    inbox: Inbox, measure: str, mix: Sequence[str], number: int | None = None
) -> tuple[Standardized, tuple[str, ...]]:
    values = values_of(inbox, measure)
    stratum, names = strata(inbox, mix)
    kept = values.kept if number is None else values.kept & (inbox.created == number)
    told = values.value[kept], stratum[kept], inbox.code[kept]
    found = standardized(*told, len(inbox.groups), inbox.n[kept], values.apart[kept])
    return found, names


def _frame(inbox: Inbox, found: Standardized, level: float) -> pd.DataFrame:
    import pandas as pd

    data: dict[str, Any] = {}
    for i, name in enumerate(inbox.by):
        label = np.empty(len(inbox.groups), object)
        label[:] = [row[i] for row in inbox.groups.labels]
        data[name] = label
    low, high = found.interval(level)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = found.observed / found.n
    data |= {"value": found.ratio, "numerator": found.observed, "denominator": found.expected}
    data |= {"n": found.n, "mean": mean, "adjusted": found.ratio * found.overall}
    data |= {"shrunk": found.shrunk(), "low": low, "high": high}
    data["reason"] = np.where(np.isnan(found.ratio), "no ticket with the measure", "")
    return pd.DataFrame(data)


def _tickets(inbox: Inbox, measure: str) -> Any:
    def rows(**group: Any) -> pd.DataFrame:
        values = values_of(inbox, measure)
        mine = values.kept & inbox.group(group)
        return inbox.shown(mine, numerator=values.value[mine])

    return rows


@metric(
    id="support_league",
    name="League of teams",
    unit="ratio",
    better="neutral",
    meaning="How teams rank in a quarter, and which of them cannot be told apart.",
    formula="observed / expected x mean of all; bands join teams whose intervals overlap",
    missing="Missing where a team has no case in the period.",
    sources=(
        "Goldstein and Spiegelhalter 1996, league tables",
        "Poster POS, teams compete",
        "METRICS.md",
    ),
    options={"measure": _LEAGUE, "case_mix": "like is compared with like by {value}"},
)
def league(
    book: Book,
    measure: str = "first_reply",
    by: str = "team_id",
    freq: str = "Q",
    *,
    period: Any = None,
    case_mix: Sequence[str] | None = None,
    interval: float = 0.95,
    zone: str = "UTC",
) -> Result:
    """How teams rank in one period, with intervals, shrinkage, and bands of those not to be told apart.

    Parameters
    ----------
    book
        With the table tickets.
    measure
        As for `productivity`, or "churn" of the customers of a team.
    by
        The teams: a column of tickets, customers or people; for "churn" one of customers, such as "pod_id".
    freq, period
        Which period: its length and a day of it; by default the last complete one.
    case_mix
        Columns to compare like with like by; by default tag, channel, tier and priority, for churn the segment.
    interval
        Coverage of the intervals.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        One row per team, the best first: period, the by-column, rank, band (1 is the best), value (adjusted), shrunk,
        numerator (observed), denominator (expected), n, mean, reason, low, high, note (whether the band has others
        that it cannot be told apart from).

    Raises
    ------
    DataError
        If there is no such period, or churn is asked by a column that customers do not have.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.league(sm.demo(customers=100), "csat").df
    >>> int(df["rank"].iloc[0]), int(df["band"].iloc[0])
    (1, 1)
    """
    one_of("measure", measure, _LEAGUE)
    check_level(interval)
    text("by", by, "the column of the teams")
    inbox = faceted_inbox(book, freq, by, zone)
    usual = ("segment",) if measure == "churn" else CASE_MIX
    mix = usual if case_mix is None else listed("case_mix", case_mix, "columns")
    number = _period(inbox, period)
    if measure == "churn":
        found, labels, names = churned(book, by, freq, number, mix)
    else:
        labels = [label[0] for label in inbox.groups.labels]
        inbox = inbox.looking(facets_of(book, measure, mix))
        found, names = _asked(inbox, measure, mix, number)
    df = _ranked(found, by, labels, measure, interval)
    df.insert(0, "period", book.calendar(freq).starts(np.full(len(df), number)))
    unit = UNITS.get(measure, "ratio" if measure == "churn" else "hours")
    return inbox.result(
        "support_league",
        df,
        "league",
        options=inbox.options(measure=measure, case_mix=", ".join(names) or "nothing"),
        extra={"measure": measure, "unit": unit, "headline": _winner(df, by, unit)},
        money=measure == "churn",
    )


def _period(inbox: Inbox, period: Any) -> int:
    first, periods, full = inbox.extent
    number = full if period is None else inbox.book.calendar(inbox.freq).of(period)
    if not first <= number < first + periods:
        inbox.cell(inbox.created, period, {})  # says which periods there are
        msg = "There is no complete period of tickets in this book."
        raise DataError(msg)
    return number


def _ranked(
    found: Standardized, by: str, labels: Sequence[Any], measure: str, level: float
) -> pd.DataFrame:
    import pandas as pd

    low, high = found.interval(level)
    scale = found.overall
    names = np.empty(len(labels), object)
    names[:] = list(labels)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = found.observed / found.n
    data = {
        by: names,
        "value": found.ratio * scale,
        "shrunk": found.shrunk() * scale,
        "numerator": found.observed,
        "denominator": found.expected,
        "n": found.n,
        "mean": mean,
        "reason": np.where(np.isnan(found.ratio), "no case in the period", ""),
        "low": low * scale,
        "high": high * scale,
    }
    df = pd.DataFrame(data)
    df = df[df["n"] > 0]
    best_high = BEST.get(measure) == "high"
    up = not best_high
    columns = ["shrunk", "value", by]  # where chance explains all, the shrunk are alike
    df = df.sort_values(columns, ascending=[up, up, True], kind="stable", key=_key)
    df = df.reset_index(drop=True)
    sign = -1.0 if best_high else 1.0
    ends = (df["high"], df["low"]) if best_high else (df["low"], df["high"])
    df.insert(1, "rank", np.arange(1, len(df) + 1))
    df.insert(2, "band", bands(*(sign * end.fillna(0).to_numpy(float) for end in ends)))
    alike = df.groupby("band")[by].transform("size") > 1
    df["note"] = np.where(alike, "not distinguishable from others of the band", "")
    return df


def _key(values: pd.Series[Any]) -> Any:
    return values if values.dtype.kind == "f" else values.astype(str)


def _winner(df: pd.DataFrame, by: str, unit: str) -> str:
    if not len(df):
        return "–"
    top = df[df["band"] == 1]
    if len(top) > 1:
        return f"{len(top)} of {len(df)} teams are not distinguishable at the top"
    return f"{top[by].iloc[0]} leads with {format_value(float(top['value'].iloc[0]), unit)}"
