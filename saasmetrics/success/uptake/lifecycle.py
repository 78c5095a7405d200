"""How far new customers get, and how long it takes them: stages of the life cycle, with those still on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.money import format_part
from saasmetrics.success.score.events import FAR, events
from saasmetrics.success.score.scorer import scorer
from saasmetrics.success.uptake.ladder import first_use, ladder_of, watched
from saasmetrics.survival.estimate import band, check_level, greenwood, median, survival, wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Days = NDArray[np.int64]

START = "new customer"


@metric(
    id="lifecycle",
    name="Life-cycle stages",
    unit="table",
    better="higher",
    meaning="How many new customers reach each stage, such as a successful installation and perceived value, and how "
    "long it takes them.",
    formula="customers that reached the stage / new customers; days to the stage by Kaplan and Meier from the first "
    "payment, who has not reached it counting until it left or the as-of date",
    missing="The median is missing where fewer than half are estimated to reach the stage in the time observed.",
    sources=(
        "METRICS.md",
        "HubSpot: new customers, successful install, perceived value",
        "Kaplan and Meier 1958",
    ),
    options={"horizon_days": "reached within {value} days"},
)
def lifecycle(
    book: Book,
    stages: Mapping[str, Any] | None = None,
    *,
    horizon_days: int = 90,
    interval: float = 0.95,
) -> Result:
    """How far new customers get and how long it takes.

    Parameters
    ----------
    book
        The company's tables, with usage or activities.
    stages
        Stage -> {"activity": kind} or {"feature": name or names}; by default what the tables have of installed (an
        activity of kind onboarding), first use, and value (a feature of the second level of adoption).
    horizon_days
        After how many days the share that has reached a stage is given (90).
    interval
        Coverage of the intervals.

    Returns
    -------
    Result
        One row per stage, the first payment first: stage, value (share reached, so far), low, high (Wilson), numerator,
        denominator, n, median_days, median_low, median_high, within (share estimated to reach it by the horizon),
        reason. `extra["curves"]` has stage, day, value (share not there yet), at_risk, events.

    Raises
    ------
    MissingTableError
        If a stage needs a table that is missing.
    UnknownNameError
        If there is no such feature or kind of activity.

    Notes
    -----
    Only customers that began after the first day of the table of a stage are counted: what others did before is not
    known. The share reached so far is that of all of them, young ones included; `within` allows for those.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.lifecycle(sm.demo(customers=300))
    >>> found.df["stage"].tolist()
    ['new customer', 'installed', 'first use', 'value']
    """
    import pandas as pd

    check_level(interval)
    horizon = whole("horizon_days", horizon_days, 1, "a number of days")
    facts = scorer(book)
    wanted = _usual(book) if stages is None else _checked(stages)
    began, left = facts.began, np.full(facts.many, FAR, np.int64)
    who, day, _ = facts.departures
    np.minimum.at(left, who, day)
    new = int((began <= book.as_of_day).sum())
    first: dict[str, Any] = {
        "stage": START,
        "value": 1.0,
        "low": np.nan,
        "high": np.nan,
        "numerator": new,
    }
    first |= {"denominator": new, "n": new, "median_days": 0.0, "within": 1.0, "reason": ""}
    rows, curves = [first], []
    for name, rule in wanted.items():
        reached, since = _reached(book, rule)
        mine = (began >= since) & (began <= book.as_of_day)
        stop = np.minimum(left, book.as_of_day + 1)
        row, curve = _stage(
            name, reached[mine] - began[mine], stop[mine] - began[mine], horizon, interval
        )
        rows.append(row)
        curves.append(curve)
    df = pd.DataFrame(rows, columns=list(COLUMNS))
    return made(
        book,
        "lifecycle",
        df,
        "lifecycle",
        options={"horizon_days": horizon},
        extra={
            "curves": pd.concat(curves, ignore_index=True) if curves else None,
            "headline": _headline(df, horizon),
        },
        tables=facts.tables,
        trace=lambda **_: "the share is estimated from those still on the way too",
    )


COLUMNS = (
    "stage", "value", "low", "high", "numerator", "denominator", "n", "median_days", "median_low", "median_high",
    "within", "reason",
)  # fmt: skip


def _usual(book: Book) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    if "activities" in book.tables:
        kinds = events(book, "activities", "at").codes("kind")[0]
        if "onboarding" in map(str, kinds):
            out["installed"] = {"activity": "onboarding"}
    if "usage" in book.tables:
        facts, usage = watched(book, "The life cycle", FAR)
        rungs = ladder_of(facts, usage, None)
        out["first use"] = {"feature": list(usage.names)}
        if len(rungs.names) > 1:
            out["value"] = {"feature": rungs.features[rungs.names[1]]}
    if not out:
        raise MissingTableError.of("usage", "The life cycle")
    return out


def _checked(stages: Any) -> dict[str, dict[str, Any]]:
    usual = '{"installed": {"activity": "onboarding"}, "value": {"feature": "reports"}}'
    good = isinstance(stages, Mapping) and all(
        isinstance(rule, Mapping) and len(rule) == 1 and next(iter(rule)) in ("activity", "feature")
        for rule in stages.values()
    )
    if not good or not stages:
        msg = f"stages={stages!r} is no table of stages, such as {usual}."
        raise DataError(msg)
    return {str(name): dict(rule) for name, rule in stages.items()}


def _reached(book: Book, rule: dict[str, Any]) -> tuple[Days, int]:
    """Return when each customer reached a stage (far off for never), and from which day on the tables tell."""
    if "feature" in rule:
        facts, usage = watched(book, "A stage of use", FAR)
        names = (
            [rule["feature"]]
            if isinstance(rule["feature"], str)
            else [str(f) for f in rule["feature"]]
        )
        for name in names:
            if name not in usage.names:
                raise UnknownNameError.of("feature", name, usage.names)
        return first_use(facts, usage, names), int(usage.events.day.min())
    done = events(book, "activities", "at")
    kinds, code = done.codes("kind")
    known = [str(kind) for kind in kinds]
    if rule["activity"] not in known:
        raise UnknownNameError.of("kind of activity", rule["activity"], known)
    mine = code == known.index(rule["activity"])
    out = np.full(len(followed(book.engine).spans.entity_ids), FAR, np.int64)
    np.minimum.at(out, done.entity[mine], done.day[mine])
    return out, int(done.day.min())


def _stage(
    name: str, reached: Days, stop: Days, horizon: int, level: float
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the row of a stage and its curve; what is reached before the first payment counts as reached at once."""
    import pandas as pd

    there = reached < stop
    duration = np.where(there, np.maximum(reached, 0), np.maximum(stop - 1, 0))
    n, k = len(duration), int(there.sum())
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan) | {
        "stage": name,
        "n": n,
        "numerator": k,
        "denominator": n,
    }
    row["reason"] = "" if n else "nobody began since the table of this stage begins"
    empty = pd.DataFrame(
        {"stage": [], "day": [], "value": [], "low": [], "high": [], "at_risk": [], "events": []}
    )
    if not n:
        return row, empty
    row["value"] = k / n
    row["low"], row["high"] = (float(edge) for edge in wilson(k, n, level))
    width = int(duration.max()) + 1
    came = np.bincount(duration[there], minlength=width)
    at_risk = n - np.concatenate([[0], np.cumsum(np.bincount(duration, minlength=width))[:-1]])
    s = survival(at_risk, came)
    low, high = band(s, greenwood(at_risk, came), level)
    row["median_days"] = float(median(s))
    row["median_low"], row["median_high"] = float(median(low)), float(median(high))
    if horizon < width or s[-1] == 0:  # beyond the last day nothing is known unless all are there
        row["within"] = 1 - float(s[min(horizon, width - 1)])
    days = np.flatnonzero((came > 0) | (np.arange(width) == width - 1))
    curve = {"stage": name, "day": days, "value": s[days], "low": low[days], "high": high[days]}
    return row, pd.DataFrame(curve | {"at_risk": at_risk[days], "events": came[days]})


def _headline(df: pd.DataFrame, horizon: int) -> str:
    last = df.iloc[-1]
    share = last["within"]
    if share != share:
        return f"{last['stage']}: {last['reason'] or 'nobody was watched long enough'}"
    return (
        f"{format_part(share, 0)} of new customers reach {last['stage']!r} within {horizon} days, "
        f"{format_part(last['value'], 0)} so far"
    )
