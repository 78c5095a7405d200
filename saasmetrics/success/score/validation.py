"""Whether a signal, such as the answer to a survey, has anything to do with churn, and who answers at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import MissingTableError
from saasmetrics.metrics.made import made
from saasmetrics.success.score.events import events
from saasmetrics.success.score.history import in_force
from saasmetrics.success.score.model import COMPONENTS
from saasmetrics.success.score.panel import LEAST, Panel, enough, panel
from saasmetrics.success.score.past import COLUMNS
from saasmetrics.success.score.ranking import Ranking, bounds, drawn
from saasmetrics.success.score.scorer import scorer
from saasmetrics.success.score.signals import Answers
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

SURVEYS = ("nps", "csat", "ces")
SIGNALS = (*SURVEYS, *COMPONENTS[:3])


@metric(
    id="signal_validation",
    name="A signal against churn",
    unit="table",
    better="neutral",
    meaning="Whether a signal such as NPS is lower before customers leave, and whether those who answer are like those "
    "who do not.",
    formula="AUC = share of pairs of the same day in which who left had the lower signal, ties half; point-biserial "
    "correlation of signal and staying; churn of those with and without an answer, and their difference",
    missing="Refused below 30 customers who left; a measure is missing where nobody has the signal.",
    sources=("METRICS.md", "Poster POS: NPS results do not even correlate with churn"),
    options={"signal": "signal {value}", "horizon_days": "decisions within {value} days"},
)
def validate(
    book: Book,
    signal: str = "nps",
    *,
    freq: str = "M",
    horizon_days: int = 90,
    window_days: int = 365,
    min_events: int = LEAST,
    interval: float = 0.95,
) -> Result:
    """Whether a signal has anything to do with who leaves.

    Parameters
    ----------
    book, freq, horizon_days, min_events, interval
        As for `backtest`.
    signal
        "nps", "csat" or "ces" (the last answer of a customer), or a component: "usage", "issues", "tenure".
    window_days
        How old an answer may be.

    Returns
    -------
    Result
        measure (auc, correlation, churn, churn_gap, answered), population (with the signal, without), value, low, high,
        numerator, denominator, n (customer days), events (customers who left), reason.

    Raises
    ------
    TooFewEventsError
        If fewer customers left than `min_events`.
    UnknownNameError
        If there is no such signal.

    Notes
    -----
    Surveys miss who does not answer: where churn differs between those who answer and those who do not, the mean of
    the answers says little about everybody. Not every row of surveys has a score; those count as not answered.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.validate(sm.demo(customers=500)).df
    >>> bool(found["low"].iloc[0] < 0.5 < found["high"].iloc[0])  # the score of the made-up company says nothing
    True
    """
    import pandas as pd

    one_of("signal", signal, SIGNALS)
    check_level(interval)
    window = whole("window_days", window_days, 1, "a number of days")
    found = panel(book, freq, horizon_days, in_force(None))
    found = found.only(~found.notice)
    enough(found, f"Judging {signal}", min_events)
    value = _signal(book, found, signal, window)
    there = ~np.isnan(value)
    rows = [
        *_linked(found.only(there), value[there], interval),
        *_answering(found, there, interval),
    ]
    df = pd.DataFrame(rows, columns=list(COLUMNS))
    facts = scorer(book)
    return made(
        book,
        "signal_validation",
        df,
        "signal_validation",
        options={"signal": signal, "horizon_days": horizon_days},
        notes=facts.notes(),
        extra={"headline": _headline(signal, df)},
        tables=facts.tables,
        trace=lambda **_: "a share of pairs of customers is no sum over customers",
    )


def _signal(book: Book, found: Panel, signal: str, window: int) -> Floats:
    if signal in COMPONENTS:
        if signal != "tenure" and np.isnan(found.parts[:, COMPONENTS.index(signal)]).all():
            table = {"usage": "usage", "issues": "tickets"}[signal]
            raise MissingTableError.of(table, f"Judging {signal}")
        return found.parts[:, COMPONENTS.index(signal)]
    answers = Answers(events(book, "surveys", "at"), signal)
    many, out = len(followed(book.engine).spans.entity_ids), np.full(len(found.day), np.nan)
    for day in found.days.tolist():
        mine = found.day == day
        out[mine] = answers.last(day, window, many)[0][found.entity[mine]]
    return out


def _linked(part: Panel, value: Floats, level: float) -> list[dict[str, Any]]:
    base: dict[str, Any] = {
        "population": "with",
        "n": len(part.day),
        "events": part.leavers,
        "reason": "",
    }
    base |= dict.fromkeys(("value", "low", "high", "numerator", "denominator"), np.nan)
    if not part.event.any() or part.event.all() or np.ptp(value) == 0:
        why = (
            "nobody with the signal left"
            if not part.event.any()
            else "the signal is the same for everybody"
        )
        return [base | {"measure": name, "reason": why} for name in ("auc", "correlation")]
    order = Ranking.of(part.day, value, part.event, part.entity)
    low, high = order.interval(order.auc, level)
    rows = [base | {"measure": "auc", "value": order.whole(order.auc), "low": low, "high": high}]
    used, owner = np.unique(part.entity, return_inverse=True)
    stayed = (~part.event).astype(float)

    def correlation(weights: Floats) -> Floats:
        return _correlation(value, stayed, weights[:, owner.reshape(-1)])

    low, high = bounds(drawn(correlation, len(used), len(value)), level)
    whole_of = float(correlation(np.ones((1, len(used))))[0])
    return [*rows, base | {"measure": "correlation", "value": whole_of, "low": low, "high": high}]


def _correlation(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Return the weighted correlation in each resample; with a yes or no it is the point-biserial one."""
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mx, my = weights @ x / total, weights @ y / total
        cov = weights @ (x * y) / total - mx * my
        spread = (weights @ x**2 / total - mx**2) * (weights @ y**2 / total - my**2)
        return np.asarray(np.where(spread > 0, cov / np.sqrt(np.maximum(spread, 1e-300)), np.nan))


def _answering(found: Panel, there: NDArray[np.bool_], level: float) -> list[dict[str, Any]]:
    """Return churn of those with and without the signal, the difference, and the share that has it."""
    used, owner = np.unique(found.entity, return_inverse=True)
    owner = owner.reshape(-1)

    def rate(mask: NDArray[np.bool_], weights: Floats) -> Floats:
        rows = weights[:, owner[mask]]
        total = rows.sum(axis=1)
        out: Floats = np.full(len(total), np.nan)
        np.divide(rows @ found.event[mask], total, out=out, where=total > 0)
        return out

    ones, rows = np.ones((1, len(used))), []
    for name, mask in (("with", there), ("without", ~there)):
        part = found.only(mask)
        low, high = bounds(drawn(lambda w, m=mask: rate(m, w), len(used), len(owner)), level)  # type: ignore[misc]
        row: dict[str, Any] = {
            "measure": "churn",
            "population": name,
            "value": float(rate(mask, ones)[0]),
        }
        row |= {
            "low": low,
            "high": high,
            "numerator": int(part.event.sum()),
            "denominator": int(mask.sum()),
        }
        why = "" if mask.any() else f"nobody is {name} the signal"
        rows.append(row | {"n": int(mask.sum()), "events": part.leavers, "reason": why})
    draws = drawn(lambda w: rate(there, w) - rate(~there, w), len(used), len(owner))
    low, high = bounds(draws, level)
    gap = {"value": rows[0]["value"] - rows[1]["value"], "low": low, "high": high}
    blank = {
        "numerator": np.nan,
        "denominator": np.nan,
        "n": len(there),
        "events": found.leavers,
        "reason": "",
    }
    share = {"value": float(there.mean()) if len(there) else np.nan, "low": np.nan, "high": np.nan}
    sides = {"numerator": int(there.sum()), "denominator": len(there)}
    return [
        *rows,
        {"measure": "churn_gap", "population": "with - without", **gap, **blank},
        {"measure": "answered", "population": "all", **share, **blank, **sides},
    ]


def _headline(signal: str, df: Any) -> str:
    row = df[df["measure"] == "auc"].iloc[0]
    name = signal.upper() if signal in SURVEYS else signal
    if row["value"] != row["value"]:
        return f"{name} cannot be judged: {row['reason']}"
    said = f"AUC {row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    gap = df[df["measure"] == "churn_gap"].iloc[0]
    who = ""
    if signal in SURVEYS and gap["low"] > 0:
        who = "; those who answer leave more often than the others"
    elif signal in SURVEYS and gap["high"] < 0:
        who = "; those who answer leave less often than the others"
    tells = row["low"] > 0.5 or row["high"] < 0.5
    return f"{name} {'foretells' if tells else 'does not foretell'} churn: {said}{who}"
