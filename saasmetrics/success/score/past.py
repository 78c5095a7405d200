"""The back-test of a health score: what it said before, and who left after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import made
from saasmetrics.periods import iso_day
from saasmetrics.success.score.calibration import calibrated
from saasmetrics.success.score.crossings import false_alarms, leads
from saasmetrics.success.score.history import in_force
from saasmetrics.success.score.panel import LEAST, Panel, enough, panel
from saasmetrics.success.score.ranking import WORST, Ranking
from saasmetrics.success.score.scorer import scorer
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

COLUMNS = (
    "measure",
    "population",
    "value",
    "low",
    "high",
    "numerator",
    "denominator",
    "n",
    "events",
    "reason",
)
_TOUCHED = (
    "Customers in red are turned to and some are saved, so that a good score looks worse than it is; untouched has "
    "only those nobody turned to in the days after, which is known only afterwards"
)
_DAYS = (
    "Leads are counted from the end of a period to the day of the decision: what turned red in between counts late",
)


@metric(
    id="health_backtest",
    name="Back-test of health",
    unit="table",
    better="higher",
    meaning="How well the health score told beforehand who would leave, with what was known at the time.",
    formula="score as of the end of each past period against the decision to leave in the days after; AUC = share of "
    "pairs of the same day in which who left scored lower, ties half; lift = churn in the worst tenth / churn of all; "
    "lead = decision - first day in red",
    missing="Refused below 30 customers who left; a measure is missing with its reason where it has nothing to count.",
    sources=(
        "METRICS.md",
        "DeLong 1988 on AUC",
        "HubSpot: no complicated churn prediction early on",
    ),
    options={
        "horizon_days": "decisions within {value} days",
        "freq": {"W": "scored weekly", "M": "scored monthly", "Q": "scored quarterly"},
        "interval": "{value:.0%} intervals from drawing customers with all their days",
    },
)
def backtest(
    book: Book,
    model: Any = None,
    *,
    freq: str = "M",
    horizon_days: int = 90,
    min_events: int = LEAST,
    interval: float = 0.95,
) -> Result:
    """How well the health score told beforehand who would leave.

    Parameters
    ----------
    book
        As for `health`.
    model
        As for `health_history`: one model, or several versions.
    freq
        How often it is looked at, "M" by default.
    horizon_days
        Within how many days the decision to leave counts (90). It is the day on which the cancellation was asked
        for, or the day of leaving where the tables do not tell.
    min_events
        How many customers must have left (30).
    interval
        Coverage of the intervals.

    Returns
    -------
    Result
        One row per measure and population: measure (auc, lift, caught, brier, calibration_slope,
        calibration_intercept, lead_days, lead_60, missed, late, false_alarms), population (all; later: the later half,
        which no parameter has seen; untouched: nobody turned to them after; within_segment:
        pairs of the same segment), value, low, high, numerator, denominator,
        n (customer days), events (customers who left), reason. `extra` has `calibration` (probability, observed, low,
        high, n per bin), `leads` (customer_id, decided, crossed, lead_days, kind) and `roc`.

    Raises
    ------
    TooFewEventsError
        If fewer customers left than `min_events`.

    Notes
    -----
    Customers that had already asked to leave are left out, and so are the days whose outcome is not over. The
    probability behind the calibration is fitted on the earlier half and judged on the later one, less the days between
    whose outcomes overlap.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.backtest(sm.demo(customers=400)).df
    >>> bool(found["value"].iloc[0] > 0.5)
    True
    """
    import pandas as pd

    check_level(interval)
    every = panel(book, freq, horizon_days, in_force(model))
    found = every.judged
    enough(found, "A back-test", min_events)
    later = found.split()[1]
    populations = {"all": found, "later": later, "untouched": found.only(~found.touched)}
    rows = [row for name, part in populations.items() for row in ranked(name, part, interval)]
    rows += ranked("within_segment", found, interval, scorer(book).segment[found.entity])
    measures, bins = calibrated(found, interval)
    lead_rows, lead_frame = leads(every, interval)
    df = pd.DataFrame(
        [*rows, *measures, *lead_rows, false_alarms(every, interval)], columns=list(COLUMNS)
    )
    facts = scorer(book)
    return made(
        book,
        "health_backtest",
        df,
        "health_backtest",
        options={"freq": freq, "horizon_days": horizon_days, "interval": interval},
        notes=(*_seen(every, found), *facts.notes()),
        extra={
            "calibration": bins,
            "leads": lead_frame,
            "roc": roc(found),
            "headline": verdict(df),
        },
        tables=facts.tables,
        trace=lambda **_: "a share of pairs of customers is no sum over customers",
    )


def _seen(every: Panel, found: Panel) -> tuple[str, ...]:
    """Return what the footnote says of the days that were looked at."""
    first, last = (iso_day(int(edge)) for edge in (found.day.min(), found.day.max()))
    days, dropped = len(np.unique(found.day)), int((every.notice & ~np.isnan(every.score)).sum())
    seen = f"{days} days from {first} to {last}; {found.leavers} customers left after one of them"
    return seen, f"{dropped:,} customer days in notice are left out", _TOUCHED, *_DAYS


def ranked(name: str, part: Panel, level: float, group: Any = 0) -> list[dict[str, Any]]:
    """Return AUC, lift and the share of leavers in the worst tenth of a part of a panel, compared within groups."""
    base: dict[str, Any] = {
        "population": name,
        "n": len(part.day),
        "events": part.leavers,
        "reason": "",
    }
    base |= {"numerator": np.nan, "denominator": np.nan, "low": np.nan, "high": np.nan}
    names = ("auc", "lift", "caught")
    if not part.event.any() or part.event.all():
        why = "nobody left in it" if not part.event.any() else "nobody stayed in it"
        return [base | {"measure": m, "value": np.nan, "reason": why} for m in names]
    cell = part.day * (int(np.max(group, initial=0)) + 1) + group
    order = Ranking.of(cell, part.score, part.event, part.entity)
    caught, _, left, _ = (float(v[0]) for v in order.caught(np.ones((1, order.owners))))

    def share(weights: Any) -> Any:
        some, _, all_left, _ = order.caught(weights)
        return np.divide(some, all_left, out=np.full(len(some), np.nan), where=all_left > 0)

    rows = []
    for measure, statistic in zip(names, (order.auc, order.lift, share), strict=True):
        low, high = order.interval(statistic, level)
        rows.append(
            base | {"measure": measure, "value": order.whole(statistic), "low": low, "high": high}
        )
    rows[2] |= {"numerator": caught, "denominator": left}
    return rows


def roc(part: Panel) -> pd.DataFrame:
    """Return the share of leavers and of stayers at or below each score, over all days."""
    import pandas as pd

    order = np.argsort(part.score, kind="stable")
    score, event = part.score[order], part.event[order]
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    left, stayed = np.cumsum(event)[ends], np.cumsum(~event)[ends]
    keep = np.unique(np.linspace(0, len(ends) - 1, min(len(ends), 400)).astype(int))
    data = {
        "score": score[ends][keep],
        "left": (left / left[-1])[keep],
        "stayed": (stayed / stayed[-1])[keep],
    }
    return pd.DataFrame(data)


def verdict(df: pd.DataFrame) -> str:
    """Return in words whether the score foretells churn."""
    row = df[(df["measure"] == "auc") & (df["population"] == "all")].iloc[0]
    said = f"AUC {row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    if row["low"] > 0.5:
        lift = df[(df["measure"] == "lift") & (df["population"] == "all")].iloc[0]["value"]
        return f"the score foretells churn: {said}, the worst {WORST:.0%} leave {lift:.1f} times as often"
    if row["high"] < 0.5:
        return f"the score is upside down: {said}, healthy customers leave more often"
    return f"the score does not foretell churn: {said}, no better than chance"
