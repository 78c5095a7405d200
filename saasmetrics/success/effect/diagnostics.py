"""What makes an effect believable: whether those compared were alike, and whether they moved alike before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.success.effect.marginal import smd
from saasmetrics.success.effect.panel import OUTCOMES
from saasmetrics.success.effect.staggered import BEFORE, BIN
from saasmetrics.survival.estimate import p_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.result import Result
    from saasmetrics.success.effect.ladder import Attribution
    from saasmetrics.success.effect.panel import Panel
    from saasmetrics.success.effect.question import Question

    Array = NDArray[np.float64]

ALIKE = 0.1  # standardized difference: below, groups count as alike (Austin 2009)


def _asked(result: Attribution) -> Question:
    asked = getattr(result, "question", None)
    if asked is None:
        msg = "This takes what sm.success.attribution returned."
        raise DataError(msg)
    found: Question = asked
    return found


@metric(
    id="attribution_balance",
    name="Balance of those compared",
    unit="table",
    better="lower",
    meaning="How much those who were touched differ from those who were not, before and after weighting.",
    formula="difference of means / spread: those first touched in a month, less those not touched by then",
    missing="Missing where all are alike in it.",
    sources=("METRICS.md", "Austin 2009"),
    options={"rung": "rung {value}"},
)
def balance(result: Attribution) -> Result:
    """Whether those touched were like those not touched, before and after weighting.

    Parameters
    ----------
    result
        What `attribution` returned.

    Returns
    -------
    Result
        One row per covariate: covariate, before, after (standardized differences; after is missing where the design
        does not weight), n. `extra["overlap"]` has a histogram of the chance to be touched of both.

    Raises
    ------
    DataError
        If the design compares groups that never were side by side.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.attribution(sm.demo(customers=300), "qbr")
    >>> list(sm.success.balance(found).df.columns)
    ['covariate', 'before', 'after', 'n']
    """
    import pandas as pd

    asked, used = _asked(result), result.used
    panel = asked.panel
    weighted = used["rung"] == "D"
    names = [*panel.moving_names, *panel.fixed_names]
    values = np.concatenate([panel.moving, panel.fixed], axis=1)
    if used["rung"] == "A":
        drawn, draw, _ = asked.drawn()
        first, rows = _side_by_side(panel.unit, panel.month, drawn, draw.start)
    else:
        rows = asked.weights.deciding if weighted else ~panel.treated & (panel.closing > 0)
        first = panel.begins[rows]
    before = smd(values[rows], first, np.ones(int(rows.sum())))
    after = np.full(len(names), np.nan)
    extra: dict[str, object] = {}
    if weighted:
        after = smd(values[rows], first, asked.weights.balancing)
        extra["overlap"] = _overlap(asked.weights.chance, first)
    df = pd.DataFrame({"covariate": names, "before": before, "after": after, "n": int(rows.sum())})
    shown = np.abs(after if weighted else before)
    off = int((shown > ALIKE).sum())
    headline = f"{off} of {len(names)} covariates differ by more than {ALIKE:g}" + (
        f" after weighting, {int((np.abs(before) > ALIKE).sum())} before" if weighted else ""
    )
    notes = [f"Differences up to {ALIKE:g} of the spread count as alike"]
    if used["rung"] == "A":
        notes.append(
            "In the first month in which some were treated: what the draw made alike, up to chance"
        )
    return made(
        asked.book,
        "attribution_balance",
        df,
        "balance",
        options={"rung": f"{used['rung']}, {used['name']}"},
        notes=notes,
        extra={**extra, "headline": headline},
        tables=[t for t in ("activities", "usage", "tickets") if t in asked.book.tables],
    )


def _side_by_side(
    unit: NDArray[np.int64], month: NDArray[np.int64], drawn: Panel, start: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who is treated among the months in which the first of those drawn are, and which these months are."""
    on = start[drawn.cluster] < drawn.month
    clock = drawn.month
    months = np.unique(clock[on])
    mixed = [m for m in months if not on[clock == m].all()]
    if not mixed:
        msg = "In no month some were treated and others were not: there is nothing to compare."
        raise DataError(msg)
    here = clock == mixed[0]
    width = int(month.max()) + 1
    # The clock may count from the draw; unit and place in the panel tell the months of both apart.
    own = drawn.unit[here] * width + _calendar(drawn, unit, month)[here]
    key = unit * width + month
    rows = np.isin(key, own)
    treated = np.isin(key[rows], own[on[here]])
    return treated, rows


def _calendar(drawn: Panel, unit: NDArray[np.int64], month: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar months of rows whose clock may count from the draw: that of the customer's tenure."""
    first = np.full(int(unit.max()) + 1, 2**40)
    np.minimum.at(first, unit, month)
    lowest = np.full(len(first), 2**40)
    np.minimum.at(lowest, drawn.unit, drawn.month)
    shift = np.where(lowest < first, first - lowest, 0)
    found: NDArray[np.int64] = drawn.month + shift[drawn.unit]
    return found


def _overlap(chance: Array, first: NDArray[np.bool_]) -> object:
    import pandas as pd

    edges = np.quantile(chance, np.linspace(0, 1, 11))
    edges = np.unique(edges)
    bins = np.clip(np.searchsorted(edges, chance, side="right") - 1, 0, max(len(edges) - 2, 0))
    count = max(len(edges) - 1, 1)
    return pd.DataFrame(
        {
            "from": edges[:count],
            "to": edges[1 : count + 1] if len(edges) > 1 else edges,
            "touched": np.bincount(bins[first], minlength=count),
            "not_touched": np.bincount(bins[~first], minlength=count),
        }
    )


@metric(
    id="attribution_event_study",
    name="Effect by months since the start",
    unit="ratio",
    better="neutral",
    meaning="How a monthly rate moved in groups that had started against groups that had not, before and after.",
    formula="(rate of the wave - its rate in the months up to the start) - the same of groups not started by then",
    missing="Missing where no group had yet to start.",
    sources=("METRICS.md", "Callaway and Sant'Anna 2021"),
    options={
        "outcome": {
            "retained": "the rate is of customers who leave in a month",
            "nrr": "the rate is of change of MRR in a month",
            "expansion": "the rate is of MRR added in a month",
        },
        "before": "base: the {value} months up to the start",
        "interval": "interval of {value:.0%}",
    },
)
def event_study(result: Attribution, before: int = BEFORE) -> Result:
    """The effect by months since the start, and what moved apart before it.

    Parameters
    ----------
    result
        What `attribution` returned for a treatment by groups (`cluster=`).
    before
        Months up to the start that are the base.

    Returns
    -------
    Result
        One row per quarter since the start: since (its first month; negative before the base), value (difference in
        differences of the monthly rate), low, high, phase ("before" or "after"). `extra["p_before"]` tests that all of
        those before are 0; `extra["group_time"]` has the effect of each wave in each month.

    Raises
    ------
    DataError
        If customers were not treated by groups, or no group had yet to start.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.attribution(sm.demo(customers=1000), "success_plan", cluster="csm_id")
    >>> sorted(set(sm.success.event_study(found).df["phase"]))
    ['after', 'before']
    """
    import pandas as pd

    asked = _asked(result)
    before = whole("before", before, 1, "a whole number of months", 60)
    study = asked.study_from(before)
    df = pd.DataFrame(
        {
            "since": study.since,
            "value": study.value,
            "low": study.low,
            "high": study.high,
            "phase": np.where(study.since > 0, "after", "before"),
        }
    )
    calendar = asked.book.calendar("M")
    pairs = {"wave": calendar.starts(study.wave), "month": calendar.starts(study.month)}
    each = pd.DataFrame({**pairs, "value": study.att, "weight": study.share})
    p = study.p_before
    said = f"trends before the start: p {p_text(p)}" if p == p else "no trend before can be tested"
    what = "churn" if asked.outcome == "retained" else OUTCOMES[asked.outcome]
    monthly = study.effect.monthly
    return made(
        asked.book,
        "attribution_event_study",
        df,
        "event_study",
        options={"outcome": asked.outcome, "before": before, "interval": asked.interval},
        notes=[
            f"Each point is {BIN} months; {said}",
            f"Interval from {study.effect.how}",
            "Groups already treated are never the comparison",
        ],
        extra={
            "headline": f"monthly {what} {100 * monthly:+.2f} points after the start; {said}",
            "p_before": p,
            "group_time": each,
        },
        tables=["activities"] if "activities" in asked.book.tables else [],
    )
