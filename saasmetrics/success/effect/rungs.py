"""The rungs of the ladder: what each design estimates, under which assumptions, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.money import counted, format_ratio
from saasmetrics.success.effect.association import NAIVE, WARNING, hazard_ratio, naive
from saasmetrics.success.effect.marginal import (
    LEAST_EFFECTIVE,
    e_of_interval,
    e_value,
    marginal,
    negative_control,
)
from saasmetrics.success.effect.randomized import FEW, randomized
from saasmetrics.success.effect.sustained import Effect
from saasmetrics.success.effect.threshold import Jump, threshold
from saasmetrics.success.effect.treatments import customer_ids, days_of, numbered
from saasmetrics.survival.estimate import normal_quantile, p_text

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.success.effect.panel import Panel
    from saasmetrics.success.effect.question import Question

SUSPECT = 0.05


@dataclass(frozen=True)
class Rung:
    """One design.

    Parameters
    ----------
    letter, method, name
        "A" is the best; what it is asked by; what it is called.
    label
        "effect", "local effect" or "association".
    estimand
        What the number is of.
    assumes
        What must hold.
    """

    letter: str
    method: str
    name: str
    label: str
    estimand: str
    assumes: str


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a design finds.

    Parameters
    ----------
    effect
        The numbers.
    n, treated, events, clusters
        Months of customers compared, those treated, how many left, and the groups.
    notes
        What the diagnostics say.
    numbers
        The diagnostics as numbers by name.
    """

    effect: Effect
    n: int
    treated: int
    events: int
    clusters: int
    notes: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)


_SUSTAINED = "effect of sustained enrollment, all against none, on {what}"

RUNGS = (
    Rung(
        "A",
        "randomized",
        "randomized roll-out",
        "effect",
        "intention-to-treat average effect (ATE) of being drawn for it, on {what}",
        "who came first was drawn by lot, and customers of one group do not change those of another",
    ),
    Rung(
        "B",
        "threshold",
        "threshold",
        "local effect",
        "average effect at the cut-off only, on {what}",
        "customers just above and just below the cut-off differ in nothing but the help, and nobody steers the score",
    ),
    Rung(
        "C",
        "staggered",
        "staggered roll-out",
        "effect",
        "average effect on the treated (ATT), groups by the time they started, on {what}",
        "without the programme all groups would have moved in parallel, and none moved in expectation of it",
    ),
    Rung(
        "D",
        "marginal",
        "marginal structural model",
        "effect",
        _SUSTAINED,
        "all that decides both who is touched and who leaves is among the covariates, as known before the month, "
        "and everybody could have been touched and could have been left alone",
    ),
    Rung(
        "F",
        "association",
        "association",
        "association",
        "touched against untouched months of all customers, on {what}; an effect of nothing",
        "nothing: it describes",
    ),
)
BY_METHOD = {rung.method: rung for rung in RUNGS}


def _counts(panel: Panel, clusters: int) -> tuple[int, int, int, int]:
    """Return months, those treated, how many left, and groups."""
    left = int((panel.closing <= 0).sum())
    return len(panel), int(panel.treated.sum()), left, clusters


def _randomized(asked: Question) -> Estimate:
    panel, draw, stepwise = asked.drawn()
    on = draw.start[panel.cluster] < panel.month
    found = randomized(panel, draw, asked.outcome, asked.horizon, asked.interval, stepwise=stepwise)
    many = len(draw.start)
    notes = [f"Interval from {found.how}, p {p_text(found.p)}"]
    if many < FEW and stepwise is False:
        notes.append(
            f"{counted(many, 'group')} drawn: months in which all or none were treated are not compared"
        )
    return Estimate(found, *_counts(replace(panel, treated=on), many), tuple(notes))


def scored(asked: Question) -> pd.DataFrame:
    """Return score and outcome at the horizon of each customer whose score was taken."""
    import pandas as pd

    if asked.score is None or asked.cutoff is None:
        msg = "nobody said that a score decides who is helped: pass score= (customer_id, at, score) and cutoff="
        raise DataError(msg)
    data = pd.DataFrame(asked.score)
    missing = [name for name in ("customer_id", "at", "score") if name not in data]
    if missing:
        msg = f"score is without {' and '.join(missing)}: give rows of customer_id, at and score."
        raise DataError(msg)
    if asked.outcome != "retained":
        msg = 'a threshold is judged by who stays: ask outcome="retained"'
        raise DataError(msg)
    panel = asked.plain
    who = numbered(customer_ids(asked.book), data["customer_id"])
    month = asked.book.calendar("M").ordinal(np.minimum(days_of(data["at"]), asked.book.as_of_day))
    width = int(panel.month.max()) + asked.horizon + 2
    end = month + asked.horizon
    there = np.sort(panel.unit * width + panel.month)
    alive = np.isin(who * width + month + 1, there) & (who >= 0)
    known = end <= int(panel.month.max())
    ended = panel.unit[panel.closing <= 0] * width + panel.month[panel.closing <= 0]
    place = np.searchsorted(np.sort(ended), who * width + month, side="right")
    after = np.append(np.sort(ended), 2**62)[place]
    stays = after > who * width + end
    keep = alive & known & data["score"].notna().to_numpy()
    return pd.DataFrame(
        {"score": data["score"].to_numpy(float)[keep], "stays": stays[keep].astype(float)}
    )


def _jump(asked: Question) -> Jump:
    rows = scored(asked)
    return threshold(
        rows["score"].to_numpy(),
        rows["stays"].to_numpy(),
        float(asked.cutoff or 0.0),
        asked.interval,
        width=asked.bandwidth,
    )


def _threshold(asked: Question) -> Estimate:
    found = _jump(asked)
    effect = Effect(
        found.value,
        found.low,
        found.high,
        found.treated,
        found.untreated,
        np.nan,
        np.nan,
        p=found.p,
        how="parabolas on both sides, within the bandwidth",
    )
    off = [place for place, _, low, high in found.placebo if low > 0 or high < 0]
    notes = [
        f"Bandwidth {found.bandwidth:.3g} around {asked.cutoff:g}; half gives {format_ratio(found.halved)}, twice "
        + format_ratio(found.doubled),
        f"As many customers just below as just above: p {p_text(found.density_p)}"
        + ("; the score may be steered" if found.density_p < SUSPECT else ""),
        f"Jumps at {len(off)} of {len(found.placebo)} placebo cut-offs",
    ]
    numbers = {
        "bandwidth": found.bandwidth,
        "density_p": found.density_p,
        "half_bandwidth": found.halved,
        "double_bandwidth": found.doubled,
        "placebo_jumps": float(len(off)),
        "placebos": float(len(found.placebo)),
    }
    return Estimate(effect, sum(found.n), found.n[0], -1, sum(found.n), tuple(notes), numbers)


def _staggered(asked: Question) -> Estimate:
    groups = len(asked.clusters)
    found = asked.study
    notes = [f"Interval from {found.effect.how}, p {p_text(found.effect.p)}"]
    if found.p_before != found.p_before:
        notes.append("No months before the base, so that trends before the start cannot be tested")
    else:
        verdict = (
            "the groups did not move in parallel before, so do not trust it"
            if found.p_before < SUSPECT
            else "no sign that groups moved apart before, which with few groups proves little"
        )
        notes.append(f"Trends before the start: p {p_text(found.p_before)}; {verdict}")
    if groups < FEW:
        notes.append(f"With {groups} groups the interval is rather too narrow than too wide")
    panel = asked.plain
    numbers = {"pre_trend_p": found.p_before, "groups": float(groups)}
    counts = _counts(panel, groups)
    return Estimate(found.effect, *counts, tuple(notes), numbers)


def _marginal(asked: Question) -> Estimate:
    panel, found = asked.panel, asked.weights
    on, off = found.effective(panel.treated)
    treated, rare = int(panel.treated.sum()), int(found.alone.sum())
    if on < LEAST_EFFECTIVE * treated:
        msg = (
            f"customers who are touched are unlike the others (no overlap): weighted to be like all, {treated:,} "
            f"treated months count as {on:,.0f}, so what it would do for everybody cannot be known"
        )
        raise DataError(msg)
    effect = marginal(panel, found, asked.outcome, asked.horizon, asked.interval)
    control = negative_control(panel, found, asked.interval)
    notes = [
        f"Weights up to {found.weight.max():.1f}, mean {found.weight.mean():.2f}",
        f"Weights truncated at the 1st and 99th percentile: {found.cut:,} of {len(panel):,}",
        f"Effective months: {on:,.0f} of {treated:,} treated, {off:,.0f} of {len(panel) - treated:,} not",
    ]
    notes.append(
        f"In {rare:,} of {len(found.alone):,} months customers were unlike nearly all who were touched: the effect on "
        "them is taken from others"
    )
    numbers = {
        "largest_weight": float(found.weight.max()),
        "mean_weight": float(found.weight.mean()),
        "truncated": float(found.cut),
        "effective_treated": on,
        "effective_untreated": off,
        "months_without_overlap": float(rare),
        "negative_control": control[0],
        "negative_control_low": control[1],
        "negative_control_high": control[2],
    }
    if control[0] == control[0]:
        clean = control[1] <= 0 <= control[2]
        notes.append(
            f"Negative control, MRR of the three months before the touch: {100 * control[0]:+.1f}% "
            f"({100 * control[1]:+.1f} to {100 * control[2]:+.1f})"
            + ("" if clean else "; the touch cannot have done that, so something is left out")
        )
    if effect.ratio == effect.ratio:
        numbers["e_value"] = e_value(effect.ratio)
        numbers["e_value_of_interval"] = e_of_interval(effect.ratio_low, effect.ratio_high)
        notes.append(
            f"E-value {numbers['e_value']:.2f}, of the interval {numbers['e_value_of_interval']:.2f}: what is left out "
            "must multiply both the chance to be touched and that to leave by that much to explain it away"
        )
    counts = _counts(panel, len(np.unique(panel.cluster)))
    return Estimate(effect, *counts, tuple(notes), numbers)


def _association(asked: Question) -> Estimate:
    panel = asked.plain
    if not panel.treated.any() or panel.treated.all():
        msg = "every month is treated, or none is: there is nothing to put side by side."
        raise DataError(msg)
    effect = marginal(panel, None, asked.outcome, asked.horizon, asked.interval)
    numbers = {}
    if asked.outcome == "retained":
        ratio, low, high = hazard_ratio(panel, normal_quantile(asked.interval))
        numbers = {"hazard_ratio": ratio, "hazard_ratio_low": low, "hazard_ratio_high": high}
    counts = _counts(panel, len(np.unique(panel.cluster)))
    notes = (
        WARNING,
        "Touched from the month after the first touch on, so that no time is immortal",
    )
    return Estimate(effect, *counts, notes, numbers)


ESTIMATORS: dict[str, Callable[[Question], Estimate]] = {
    "randomized": _randomized,
    "threshold": _threshold,
    "staggered": _staggered,
    "marginal": _marginal,
    "association": _association,
}


def naive_estimate(asked: Question) -> Estimate:
    """Return the lift of those ever touched over those never touched: what not to report."""
    panel = asked.plain
    one, two, difference, touched, never = naive(panel)
    effect = Effect(difference, np.nan, np.nan, one, two, np.nan, np.nan, how="no interval")
    events = int((panel.closing <= 0).sum())
    return Estimate(effect, touched + never, touched, events, touched + never, (NAIVE,))
