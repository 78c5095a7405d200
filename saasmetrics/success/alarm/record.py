"""How good alerts were: how many of those warned of left, and how many of those who left had been warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import made
from saasmetrics.money import format_part
from saasmetrics.success.alarm.episodes import COOLDOWN, Raised, raised
from saasmetrics.success.alarm.rules import chosen
from saasmetrics.success.score.events import optional
from saasmetrics.success.score.scorer import scorer
from saasmetrics.survival.estimate import check_level, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Bools = NDArray[np.bool_]

COLUMNS = (
    "rule",
    "measure",
    "population",
    "value",
    "low",
    "high",
    "numerator",
    "denominator",
    "n",
    "reason",
)
_TREATED = "Alerts acted on are treated: who was saved counts as a false alarm, so that their precision is too low"
ANY = "any"


@metric(
    id="alert_record",
    name="How good alerts were",
    unit="table",
    better="higher",
    meaning="How many of the customers warned of did leave, and how many of those who left had been warned of in time.",
    formula="precision = alerts followed by a decision to leave within the horizon / alerts; recall = decisions with "
    "an alert raised before and open within the horizon / decisions; lead = decision - first crossing",
    missing="Missing where a rule raised nothing, or nobody left; alerts whose horizon is not over count nowhere.",
    sources=("METRICS.md", "Udesk: two or three months later they no longer use it"),
    options={
        "horizon_days": "decisions within {value} days",
        "acted_days": "acted on: an activity of ours within {value} days",
    },
)
def alert_record(
    book: Book,
    rules: Any = None,
    *,
    horizon_days: int = 90,
    acted_days: int = 30,
    cooldown_days: int = COOLDOWN,
    interval: float = 0.95,
) -> Result:
    """How good the alerts of churn were in the past.

    Parameters
    ----------
    book, rules, cooldown_days
        As for `alerts`; only rules of churn count.
    horizon_days
        Within how many days the decision to leave counts.
    acted_days
        Within how many days an activity by a person counts as acting on an alert.
    interval
        Coverage of the intervals (Wilson).

    Returns
    -------
    Result
        rule ("any" for all together), measure (precision, stayed, recall, late, missed, lead_days, lead_60),
        population (all, acted, not acted, left), value, low, high, numerator, denominator, n, reason. `stayed` is the
        share of all alerts that nobody acted on and whose customer stayed.

    Raises
    ------
    UnknownNameError
        If there is no such rule.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.alert_record(sm.demo(customers=300), ["usage_drop"]).df
    >>> found["measure"].iloc[0]
    'precision'
    """
    import pandas as pd

    check_level(interval)
    horizon = whole("horizon_days", horizon_days, 1, "a number of days")
    acting = whole("acted_days", acted_days, 1, "a number of days")
    cooldown = whole("cooldown_days", cooldown_days, 0, "a number of days")
    wanted = [rule for rule in chosen(rules) if rule.kind == "churn"]
    found = raised(book, wanted, book.as_of_day, cooldown)
    facts = scorer(book)
    who, left, decided = facts.departures
    over = found.first + horizon <= book.as_of_day
    noticed = ~_before(who, decided, left, found.entity, found.first, (-(10**6), 0), still=True)
    hit = _before(who, decided, left, found.entity, found.first, (1, horizon))
    acted = _acted(book, found, acting)
    begin = int(facts.ledger.time.min(initial=book.as_of_day))  # nobody paid yet: nobody left
    seen = (decided > begin + horizon) & (decided <= book.as_of_day)
    rows: list[dict[str, Any]] = []
    for number, name in [*enumerate(rule.name for rule in wanted), (-1, ANY)]:
        mine = np.ones(len(found.rule), bool) if number < 0 else found.rule == number
        use = mine & over & noticed
        rows += precision(name, hit[use], acted[use], interval)
        alarms = (found.entity[mine], found.first[mine], found.last[mine])
        lead, kind = warned(who[seen], left[seen], decided[seen], *alarms, horizon)
        rows += recall(name, lead, kind, interval)
    notes = [f"{name}: {why}, so that it raises nothing" for name, why in found.absent.items()]
    return made(
        book,
        "alert_record",
        pd.DataFrame(rows, columns=list(COLUMNS)),
        "alert_record",
        options={"horizon_days": horizon, "acted_days": acting},
        notes=(*notes, _TREATED),
        extra={"headline": _headline(rows)},
        tables=facts.tables,
    )


def _before(
    who: NDArray[np.int64],
    decided: NDArray[np.int64],
    left: NDArray[np.int64],
    entity: NDArray[np.int64],
    day: NDArray[np.int64],
    window: tuple[int, int],
    *,
    still: bool = False,
) -> Bools:
    """Return for each alert whether its customer decided within a window of days after it (and has not left yet)."""
    order = np.lexsort((decided, who))
    key = (who[order] << 32) + decided[order] + (1 << 31)
    base = (entity << 32) + day + (1 << 31)
    begin = np.searchsorted(key, np.maximum(base + window[0], entity << 32))
    end = np.searchsorted(key, base + window[1], side="right")
    some = end > begin
    if still and len(order):  # only the last decision by then can still be in its notice
        some &= left[order][np.maximum(end - 1, 0)] > day
    return np.asarray(some)


def _acted(book: Book, found: Raised, days: int) -> Bools:
    """Return for each alert whether a person turned to the customer within some days."""
    touches = optional(book, "activities", "at")
    if touches is None:
        return np.zeros(len(found.entity), bool)
    mine = (
        touches.codes("csm_id")[1] >= 0
        if touches.has("csm_id")
        else np.ones(len(touches.row), bool)
    )
    key = np.sort((touches.entity[mine].astype(np.int64) << 32) + touches.day[mine])
    begin = np.searchsorted(key, (found.entity << 32) + found.first)
    return np.asarray(
        np.searchsorted(key, (found.entity << 32) + found.first + days, side="right") > begin
    )


def warned(
    who: NDArray[np.int64],
    left: NDArray[np.int64],
    decided: NDArray[np.int64],
    entity: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    horizon: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lead of each decision to leave, and whether it was warned of (0), late (1) or missed (2).

    Of the alerts that were still open within the horizon before the decision, the first one counts; without one, an
    alert between decision and leaving is late, and its lead negative.
    """
    lead, kind = np.zeros(len(who), np.int64), np.full(len(who), 2)
    order = np.lexsort((first, entity))
    entity, first, last = entity[order], first[order], last[order]
    begin, end = np.searchsorted(entity, who), np.searchsorted(entity, who, side="right")
    for step in range(int((end - begin).max(initial=0))):  # the alerts of one customer, not rows
        at = np.minimum(begin + step, max(len(entity) - 1, 0))
        there = begin + step < end
        in_time = there & (first[at] <= decided) & (last[at] >= decided - horizon) & (kind != 0)
        late = there & (first[at] > decided) & (first[at] < left) & (kind == 2)
        lead = np.where(in_time | late, decided - first[at], lead)
        kind = np.select([in_time, late], [0, 1], kind)
    return lead, kind


def precision(rule: str, hit: Bools, acted: Bools, level: float) -> list[dict[str, Any]]:
    """Return how many alerts were followed by a decision to leave: all, acted on, and not."""
    rows = []
    for name, mask in (("all", np.ones(len(hit), bool)), ("acted", acted), ("not acted", ~acted)):
        why = "no such alert"
        rows.append(
            _share(rule, "precision", name, int(hit[mask].sum()), int(mask.sum()), level, why)
        )
    idle = int((~hit & ~acted).sum())
    return [*rows, _share(rule, "stayed", "not acted", idle, len(hit), level, "no such alert")]


def recall(
    rule: str, lead: NDArray[np.int64], kind: NDArray[np.int64], level: float
) -> list[dict[str, Any]]:
    """Return how many of those who left had been warned of, late or not at all, and how long before."""
    many = len(kind)
    masks = {
        "recall": kind == 0,
        "late": kind == 1,
        "missed": kind == 2,
        "lead_60": (kind == 0) & (lead >= 60),
    }
    rows = [
        _share(rule, m, "left", int(k.sum()), many, level, "nobody left") for m, k in masks.items()
    ]
    told = lead[kind == 0]
    row: dict[str, Any] = {
        "rule": rule,
        "measure": "lead_days",
        "population": "left",
        "n": len(told),
    }
    row |= dict.fromkeys(("low", "high", "numerator", "denominator"), np.nan)
    if not len(told):
        return [*rows, row | {"value": np.nan, "reason": "nobody who left was warned of"}]
    low, high = _median_interval(np.sort(told), level)
    return [*rows, row | {"value": float(np.median(told)), "low": low, "high": high, "reason": ""}]


def _median_interval(ordered: NDArray[np.int64], level: float) -> tuple[float, float]:
    """Return the interval of a median by order statistics, which needs no distribution."""
    from scipy.stats import binom

    many = len(ordered)
    low = int(binom.ppf((1 - level) / 2, many, 0.5))
    return float(ordered[max(low - 1, 0)]), float(ordered[min(many - low, many - 1)])


def _share(
    rule: str, measure: str, population: str, k: int, n: int, level: float, why: str
) -> dict[str, Any]:
    low, high = (float(edge) for edge in wilson(k, n, level))
    row: dict[str, Any] = {"rule": rule, "measure": measure, "population": population}
    row |= {
        "value": k / n if n else np.nan,
        "low": low,
        "high": high,
        "numerator": k,
        "denominator": n,
    }
    return {**row, "n": n, "reason": "" if n else why}


def _headline(rows: list[dict[str, Any]]) -> str:
    of = {
        row["measure"]: row
        for row in rows
        if row["rule"] == ANY and row["population"] in ("all", "left")
    }
    if not of["recall"]["n"]:
        return "nobody has left yet"
    said = f"{format_part(of['recall']['value'], 0)} of those who left had been warned of"
    if of["precision"]["n"]:
        said += f"; {format_part(of['precision']['value'], 0)} of alerts were followed by a decision to leave"
    return said
