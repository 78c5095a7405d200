"""Fits to a published retention table: the shares of one cohort that are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import finite, listed
from saasmetrics.catalogue import definition, metric
from saasmetrics.errors import DataError
from saasmetrics.policy import Policy
from saasmetrics.result import Context, Result
from saasmetrics.survival.counted import Counted
from saasmetrics.survival.counts import Exposure
from saasmetrics.survival.distributions import distribution
from saasmetrics.survival.estimate import check_level, whole_horizon
from saasmetrics.survival.fits import MODELS, Fitted, candidates, with_fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.survival.fitted_result import FitResult


ASSUMED = 1000  # customers, what shares printed to a tenth of a per cent can tell apart


@metric(
    id="share_fit",
    name="Fitted retention table",
    unit="curve",
    better="higher",
    meaning="The share of a cohort that is still there after each renewal by a model fitted to a "
    "published table, and beyond it.",
    formula="maximum likelihood: S(t - 1) - S(t) for those that left, S(t) for those still there",
    missing="Intervals are missing where the number of customers behind the shares is not given.",
    sources=(
        "METRICS.md",
        "Fader and Hardie 2007",
        "Fader, Hardie, Liu, Davin and Steenburgh 2018",
    ),
    options={
        "model": MODELS,
        "horizon": "projected to renewal {value}",
        "interval": "interval of {value:.0%} of the fitted curve (delta method)",
        "customers": "shares of {value:,.0f} customers",
    },
)
def fit_shares(
    shares: Sequence[float],
    model: str = "auto",
    customers: float | None = None,
    horizon: int | None = None,
    *,
    interval: float | None = 0.95,
) -> FitResult:
    """Fit a model to the shares of a cohort that are still there, as a report prints them.

    Parameters
    ----------
    shares
        Share still there at age 0, 1, 2, ...: 1.0 first, or 100 for per cent.
    model
        As for `fit`; "auto" takes the sBG or the BdW, whichever has the lower AIC.
    customers
        How many customers the cohort had. Without it the parameters are the same, but there are no
        intervals, and "auto" weighs the models as if there were a thousand.
    horizon
        Last age to project to; by default twice that of the table.
    interval
        Coverage of the interval; None for none.

    Returns
    -------
    FitResult
        age, value, low, high, observed, at_risk, events (customers, in fractions), projected, reason.
        `.params`, `.predict(n)`, `.derl(d, renewals)`, `.retention_elasticity(d, renewals)`.

    Raises
    ------
    DataError
        If the shares do not start at 1 (or 100), rise, or fall below 0.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.survival.fit_shares([1, .869, .743, .653, .593, .551, .517, .491], model="sbg")
    >>> {name: round(value, 3) for name, value in found.params.items()}
    {'alpha': 0.668, 'beta': 3.806}
    """
    given = checked(shares)
    if model != "auto":
        distribution(model)
    if interval is not None:
        check_level(interval)
    if customers is not None:
        finite("customers", customers, "how many customers the cohort had", least=1, most=1e12)
    there = given * (customers or ASSUMED)
    table = Exposure(
        np.append(there[:1], there[:-1])[None],
        np.append(0.0, there[:-1] - there[1:])[None],
        np.zeros((1, len(there))),
    )
    last = np.array([len(given) - 1])
    n = np.array([customers or ASSUMED])
    counted = Counted((), ((),), table, last, n, "renewals", (), None)
    fitted = Fitted.of(counted, candidates(model, contract=True))
    shown = interval if customers is not None else None
    until = whole_horizon(horizon) or 2 * int(last[0])
    df = fitted.frame(until, shown)
    df["observed"] = np.where(df["projected"], np.nan, _padded(given, len(df)))
    options = {"model": model, "horizon": until, "interval": shown, "customers": customers}
    notes = fitted.notes
    if customers is None:
        notes = (*notes, "How many customers there were is not known: no intervals")
        if model == "auto":
            notes = (*notes, f"The models are weighed as if there had been {ASSUMED:,} customers")
    context = Context(f"age {last[0]} of the table", "", Policy(), options)
    extra = fitted.tables(shown)
    return with_fits(Result(definition("share_fit"), df, "fit", context, (), notes, extra), fitted)


def checked(shares: Sequence[float]) -> NDArray[np.float64]:
    """Return shares of 1, refusing what is no retention table.

    Examples
    --------
    >>> checked([100, 90.0]).tolist()
    [1.0, 0.9]
    """
    meaning = "at least two numbers, 1.0 first"
    each = [finite("shares", x, f"a list of {meaning}") for x in listed("shares", shares, meaning)]
    given: NDArray[np.float64] = np.array(each, np.float64)
    if len(given) < 2:
        msg = f"shares={shares!r} is not a list of {meaning}."
        raise DataError(msg)
    if given[0] not in (1.0, 100.0):
        msg = f"shares must start with 1.0 (or 100) at age 0; they start with {given[0]:g}."
        raise DataError(msg)
    given /= given[0]
    rises = np.flatnonzero(np.diff(given) > 0)
    if len(rises) or given.min() < 0:
        at = int(rises[0]) + 1 if len(rises) else int(given.argmin())
        msg = (
            f"A share of a cohort neither rises nor is below 0; at age {at} it is "
            f"{given[at]:g}. Leave out customers that came back."
        )
        raise DataError(msg)
    return given


def _padded(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    padded = np.full(max(length, len(values)), np.nan)
    padded[: len(values)] = values
    return padded[:length]
