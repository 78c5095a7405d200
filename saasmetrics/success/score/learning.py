"""Weights learnt from who left, graded against those set by hand on days that neither has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.success.score.history import in_force
from saasmetrics.success.score.logistic import fitted
from saasmetrics.success.score.model import ALL, COMPONENTS, HealthModel, combined
from saasmetrics.success.score.panel import LEAST, Panel, enough, panel
from saasmetrics.success.score.past import COLUMNS, ranked
from saasmetrics.success.score.ranking import Ranking, bounds
from saasmetrics.success.score.scorer import scorer
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="health_learnt",
    name="Learnt weights of health",
    unit="table",
    better="higher",
    meaning="Which weights of the components would have foretold churn best, and whether they beat those set by hand.",
    formula="logistic regression of the decision to leave on 100 - component, slopes not below 0, with a penalty, on "
    "the earlier half of the days; weights = slopes / their sum; both sets of weights graded on the later half",
    missing="Refused below 30 customers who left, or ten per component, in the earlier half.",
    sources=("METRICS.md", "Peduzzi 1996: ten events per variable"),
    options={"horizon_days": "decisions within {value} days", "penalty": "penalty {value:g}"},
)
def learn(
    book: Book,
    model: HealthModel | None = None,
    *,
    freq: str = "M",
    horizon_days: int = 90,
    penalty: float = 1.0,
    min_events: int = LEAST,
    interval: float = 0.95,
) -> Result:
    """Weights learnt from who left, graded against those of a model on later days.

    Parameters
    ----------
    book, freq, horizon_days, min_events, interval
        As for `backtest`.
    model
        The model whose weights are graded beside the learnt ones, and whose other parameters hold.
    penalty
        How strongly weights are drawn to 0 (1).

    Returns
    -------
    Result
        measure (weight, auc, lift, caught, auc_gain), population (hand, learnt, or the component), value, low, high,
        numerator, denominator, n, events, reason. `extra["model"]` is the model with the learnt weights and the next
        version.

    Raises
    ------
    TooFewEventsError
        If fewer customers left in the earlier half than `min_events`, or than ten per component.
    DataError
        If no component has a value for anybody.

    Notes
    -----
    Components without a value for anybody are not learnt; of the others only customer days with all of them count,
    none is filled in. A weight set by hand may know what the tables do not: take the learnt ones only where the
    interval of the gain is above 0.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.learn(sm.demo(customers=500))
    >>> round(sum(found.extra["model"].weights["*"].values()), 9)
    1.0
    """
    import pandas as pd

    check_level(interval)
    finite("penalty", penalty, "a number", least=0)
    hand = in_force(model)[-1]
    found = panel(book, freq, horizon_days, in_force(model)).judged
    early, later = found.split()
    enough(early, "Learning weights", max(min_events, 1))
    used = _learnable(early)
    enough(early, "Learning weights", min_events, len(used))
    complete = early.only(np.asarray(~np.isnan(early.parts[:, used]).any(axis=1)))
    slopes = fitted(
        (100 - complete.parts[:, used]) / 100, complete.event, penalty=penalty, positive=True
    )[1:]
    if not slopes.sum() > 0:
        msg = "No component is lower before churn than otherwise, so there are no weights to learn."
        raise DataError(msg)
    weights = dict.fromkeys(COMPONENTS, 0.0)
    weights |= {COMPONENTS[at]: float(v) for at, v in zip(used, slopes / slopes.sum(), strict=True)}
    learnt = hand.changed(name=f"{hand.name}, learnt", weights={ALL: weights}, onboarding=weights)
    rows = [_weight(hand, name, "hand") for name in COMPONENTS]
    rows += [_weight(learnt, name, "learnt") for name in COMPONENTS]
    graded, gain = _graded(later, learnt, interval)
    df = pd.DataFrame([*rows, *graded, gain], columns=["component", *COLUMNS])
    facts = scorer(book)
    return made(
        book,
        "health_learnt",
        df,
        "health_learnt",
        options={"horizon_days": horizon_days, "penalty": penalty},
        notes=(_seen(early, complete, later), *facts.notes()),
        extra={"model": learnt, "headline": _headline(gain)},
        tables=facts.tables,
        trace=lambda **_: "weights are fitted, not summed",
    )


def _seen(early: Panel, complete: Panel, later: Panel) -> str:
    left_out = len(early.day) - len(complete.day)
    return (
        f"Learnt from {len(complete.day):,} customer days with {complete.leavers} customers who left, "
        f"{left_out:,} without all components left out; graded on {len(later.day):,} later ones"
    )


def _learnable(early: Panel) -> list[int]:
    """Return the components that most have a value for, and that differ between customers."""
    spread = [np.nanstd(col) if (~np.isnan(col)).mean() > 0.5 else 0.0 for col in early.parts.T]
    used = [at for at, value in enumerate(spread) if value > 0]
    if not used:
        msg = "No component has values that differ between customers, so there is nothing to learn from."
        raise DataError(msg)
    return used


def _weight(model: HealthModel, name: str, kind: str) -> dict[str, Any]:
    value = float(model.weights[ALL].get(name, 0.0))
    row: dict[str, Any] = dict.fromkeys(("low", "high", "numerator", "denominator"), np.nan)
    row |= {"component": name, "measure": "weight", "population": kind, "value": value}
    return {**row, "n": 0, "events": 0, "reason": ""}


def _graded(
    later: Panel, learnt: HealthModel, level: float
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the grades of both scores on the later days, and what the learnt one gains in AUC."""
    from dataclasses import replace

    score = combined(later.parts, learnt.row()[None, :])[0]
    both = later.only(~np.isnan(score))
    other = replace(both, score=score[~np.isnan(score)])
    rows = [
        {"component": "", **row}
        for row in (*ranked("hand", both, level), *ranked("learnt", other, level))
    ]
    gain: dict[str, Any] = {
        "component": "",
        "measure": "auc_gain",
        "population": "learnt - hand",
        "reason": "",
    }
    gain |= dict.fromkeys(("value", "low", "high", "numerator", "denominator"), np.nan)
    gain |= {"n": len(both.day), "events": both.leavers}
    if not both.event.any() or both.event.all():
        return rows, gain | {"reason": "nobody left in the later half"}
    orders = [Ranking.of(p.day, p.score, p.event, p.entity) for p in (both, other)]
    draws = orders[1].draws(orders[1].auc) - orders[0].draws(orders[0].auc)
    low, high = bounds(draws, level)
    value = orders[1].whole(orders[1].auc) - orders[0].whole(orders[0].auc)
    return rows, gain | {"value": value, "low": low, "high": high}


def _headline(gain: dict[str, Any]) -> str:
    if gain["value"] != gain["value"]:
        return f"learnt weights cannot be graded: {gain['reason']}"
    said = f"{gain['value']:+.3f} in AUC ({gain['low']:+.3f} to {gain['high']:+.3f})"
    better = (
        "beat"
        if gain["low"] > 0
        else "lose to"
        if gain["high"] < 0
        else "are not distinguishable from"
    )
    return f"learnt weights {better} those set by hand: {said}"
