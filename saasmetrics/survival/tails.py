"""Beyond the oldest age seen: a survival curve carried on by a fitted model, for every resample of the customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.survival.distributions import DISTRIBUTIONS, Distribution, bounds
from saasmetrics.survival.likelihood import Fit, fit_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PER_PARAMETER = 10  # customers lost, below which a parameter is more noise than curve
_STEP = 1e-4
_FURTHEST = 2.0  # that a resample moves a parameter, on the scale of its log
_GONE = -700.0
BEYOND = {
    "auto": "beyond the oldest age seen by the fitted model of the lowest AIC, in proportion",
    "none": "nothing beyond the oldest age seen is counted",
    **{
        name: f"beyond the oldest age seen by a fitted {found.name} model, in proportion"
        for name, found in DISTRIBUTIONS.items()
    },
}


@dataclass(frozen=True, eq=False)
class Tail:
    """The model that carries the curve of a group on, and where it is from.

    Parameters
    ----------
    origin
        "own": fitted to the group; "company": to all customers, at the pace of the group, where it lost too few;
        "ended": nobody is left, so that nothing follows; "none": nothing is projected.
    fit
        The fit, where there is one.
    """

    origin: str
    fit: Fit | None = None

    @property
    def known(self) -> bool:
        """Whether the curve goes on."""
        return self.fit is not None


def check_beyond(beyond: str) -> None:
    """Refuse what is neither a model nor "auto" or "none".

    Raises
    ------
    UnknownNameError
        If there is no such model.
    """
    one_of("way to go on beyond what was seen", beyond, BEYOND)


def carried_by(beyond: str, at_risk: Array, events: Array) -> Fit | None:
    """Return the model that counts by age are carried on with; None where too few left to fit one.

    Parameters
    ----------
    beyond
        A model, or "auto": of those with at least ten customers lost per parameter that of the lowest AIC.
    at_risk, events
        Lives per age.

    Examples
    --------
    >>> found = carried_by("auto", np.array([1000, 1000, 631, 468]), np.array([0, 369, 163, 86]))
    >>> found.family.id
    'sbg'
    >>> carried_by("weibull", np.array([9, 9]), np.array([0, 1])) is None
    True
    """
    families = list(DISTRIBUTIONS.values()) if beyond == "auto" else [DISTRIBUTIONS[beyond]]
    lost = float(np.sum(events[1:]))
    fits = [
        fit_counts(family, at_risk, events)
        for family in families
        if lost >= PER_PARAMETER * len(family.parameters)
    ]
    settled = [found for found in fits if found.converged]
    return min(settled, key=lambda found: found.aic, default=None)


def tails(beyond: str, at_risk: Array, events: Array, ended: NDArray[np.bool_]) -> tuple[Tail, ...]:
    """Return how the curve of every group goes on.

    Parameters
    ----------
    beyond
        As for `carried_by`, or "none".
    at_risk, events
        Lives per group and age.
    ended
        Groups whose curve is at 0.

    Examples
    --------
    >>> at_risk, events = np.array([[100, 100, 50], [4, 4, 3]]), np.array([[0, 50, 25], [0, 1, 1]])
    >>> [tail.origin for tail in tails("exponential", at_risk, events, np.zeros(2, bool))]
    ['own', 'company']
    """
    own = [
        None if beyond == "none" or over else carried_by(beyond, at_risk[g], events[g])
        for g, over in enumerate(ended)
    ]
    lacking = [g for g, found in enumerate(own) if found is None and not ended[g]]
    whole = None
    if beyond != "none" and lacking and len(own) > 1:
        whole = carried_by(beyond, at_risk.sum(axis=0), events.sum(axis=0))
    return tuple(_tail(found, whole, over=bool(ended[g])) for g, found in enumerate(own))


def _tail(own: Fit | None, whole: Fit | None, *, over: bool) -> Tail:
    if over:
        return Tail("ended")
    if own is not None:
        return Tail("own", own)
    return Tail("none") if whole is None else Tail("company", whole)


def refitted(fit: Fit, at_risk: Array, events: Array) -> Array:
    """Return the parameters of every resample: one step of Newton's from those of all customers.

    Parameters
    ----------
    fit
        The fit to all.
    at_risk, events
        Lives of each resample: draws x ages.

    Notes
    -----
    The spread of the parameters is that of the customers, whether or not the model is right, and they move together
    with the curve that they carry on.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> found = fit_counts(distribution("exponential"), [100, 100, 80], [0, 20, 16])
    >>> more = refitted(found, np.array([[100.0, 100, 80], [100, 100, 79]]), np.array([[0.0, 20, 16], [0, 21, 16]]))
    >>> np.exp(more[:, 0]).round(2).tolist()
    [4.48, 4.32]
    """
    stay, leave = _slopes(fit.family, fit.theta, at_risk.shape[1])
    score = (at_risk - events) @ stay + events @ leave
    low, high = bounds(fit.family)
    moved = np.clip(score @ fit.covariance, -_FURTHEST, _FURTHEST)
    return np.clip(fit.theta + moved, low, high)


def _slopes(family: Distribution, theta: Array, ages: int) -> tuple[Array, Array]:
    """Return the slopes of log r and log(1 - r) at each age, r being the share that stays: ages x parameters."""
    at = np.arange(ages, dtype=np.float64)

    def sides(where: Array) -> Array:
        with np.errstate(invalid="ignore"):
            stay = np.diff(family.log_survival(where, at), prepend=0.0)
        stay = np.clip(np.nan_to_num(stay, nan=_GONE, neginf=_GONE), _GONE, 0.0)
        return np.stack([stay, np.log(np.maximum(-np.expm1(stay), 1e-300))])

    units = np.eye(len(theta)) * _STEP
    slopes = [(sides(theta + unit) - sides(theta - unit)) / (2 * _STEP) for unit in units]
    stay, leave = np.stack(slopes, axis=-1)
    stay[0], leave[0] = 0.0, 0.0  # nobody has left at age 0
    return stay, leave


def onward(fit: Fit, last: int, more: int, at_risk: Array, events: Array) -> Array:
    """Return F(last + 1), ..., F(last + more) over F(last), for the whole and every resample: draws x ages.

    Parameters
    ----------
    fit
        The fit to all customers.
    last, more
        The oldest age seen, and how many ages follow.
    at_risk, events
        Lives by age; row 0 is the whole, the others are resamples.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> half = fit_counts(distribution("exponential"), [100, 100], [0, 50])
    >>> onward(half, 1, 2, np.array([[100.0, 100]]), np.array([[0.0, 50]])).round(6).tolist()
    [[0.5, 0.25]]
    """
    theta = np.concatenate([fit.theta[None], refitted(fit, at_risk[1:], events[1:])])
    logs = fit.family.log_survival(theta, last + np.arange(more + 1, dtype=np.float64))
    gone = logs[:, :1] <= _GONE
    return np.asarray(np.where(gone, 0.0, np.exp(np.where(gone, 0.0, logs[:, 1:] - logs[:, :1]))))


def pace(fit: Fit, at_risk: Array, events: Array) -> Array:
    """Return how fast a group loses customers beside a model of all, per draw: 1 is alike, 0.5 half as fast.

    It is how many left over how many would have left by the model, both with ten more that left as the model says:
    of a group that lost few it says little.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> half = fit_counts(distribution("exponential"), [100, 100], [0, 50])
    >>> pace(half, np.array([[60.0, 60]]), np.array([[0.0, 10]])).round(6).tolist()  # 30 expected
    [0.5]
    """
    stays = np.exp(np.diff(fit.log_survival(np.arange(at_risk.shape[1])), prepend=0.0))
    expected = at_risk[:, 1:] @ (1 - stays[1:])
    return np.asarray((events[:, 1:].sum(axis=1) + PER_PARAMETER) / (expected + PER_PARAMETER))


def said(named: Sequence[tuple[str, Tail, int]], beyond: str, few: int = 6) -> tuple[str, ...]:
    """Return what a footnote says of the models that curves are carried on with.

    Parameters
    ----------
    named
        The name of each group ("" for the whole), its tail, and how many months of it were seen.
    beyond
        What was asked for.
    few
        How many groups are named.

    Examples
    --------
    >>> said([("", Tail("none"), 3)], "none")
    ('The oldest customers are 3 months old: nothing beyond what was seen is counted, and the value is a lower bound',)
    """
    notes = []
    going = [(who, tail.fit, seen) for who, tail, seen in named if tail.fit is not None]
    if going:
        words = [
            f"{fit.family.name}{f' for {who}' if who else ''}, seen to {seen} months"
            for who, fit, seen in going
        ]
        notes.append(
            f"Beyond what was seen the curve follows a model ({_first(words, few, '; ')}): the interval holds as far "
            "as the model does"
        )
    lent = [who for who, tail, _ in named if tail.origin == "company"]
    if lent:
        notes.append(
            f"Too few of {_first(lent, few)} have left: projected by the model of all customers, at their own pace "
            "as far as it is known"
        )
    none = [(who, seen) for who, tail, seen in named if tail.origin == "none"]
    if none:
        old = min(seen for _, seen in none)
        whose = f" of {_first([who for who, _ in none], few)}" if none[0][0] else ""
        why = "" if beyond == "none" else "; too few have left to project"
        notes.append(
            f"The oldest customers{whose} are {old} month{'' if old == 1 else 's'} old: nothing beyond what was seen "
            f"is counted, and the value is a lower bound{why}"
        )
    return tuple(notes)


def _first(names: Sequence[str], few: int, mark: str = ", ") -> str:
    return mark.join(names[:few]) + (" and so on" if len(names) > few else "")
