"""What goes with leaving sooner or later: Cox's model of proportional hazards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import definition, metric
from saasmetrics.result import Context, Result
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.design import Design
from saasmetrics.survival.estimate import check_level, normal_quantile, p_text, survival
from saasmetrics.survival.partial import CoxFit, Rows, fit_cox, proportionality

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

_SUSPECT = 0.05


@metric(
    id="churn_drivers",
    name="Hazard ratios of churn",
    unit="multiple",
    better="lower",
    meaning="How many times as fast customers leave at any age, against the reference and with the "
    "other covariates alike.",
    formula="exp(coefficient) of Cox's proportional hazards model, by partial likelihood on counts",
    missing="Missing where the customers do not determine it: nobody left, or a covariate foretells "
    "who does.",
    sources=("METRICS.md", "Cox 1972", "Efron 1977", "Grambsch and Therneau 1994"),
    options={
        "covariates": "covariates {value}",
        "varying": "varying with age: {value}, as known at the end of the period before",
        "freq": "age in {value}, ties by Efron",
        "interval": "interval of {value:.0%}",
    },
    choices=("gap_days", "churn_date"),
)
def cox(
    book: Book,
    covariates: str | Sequence[str] = (),
    varying: str | Sequence[str] = (),
    freq: str = "M",
    *,
    interval: float = 0.95,
) -> Result:
    """Hazard ratios of churn: what goes with leaving sooner, other things equal.

    Parameters
    ----------
    book
        The company's tables.
    covariates
        Columns of the customers or the subscriptions, as a customer started with them: text is
        compared with its most frequent value, numbers count per unit. "start_mrr": each doubling
        of the MRR a customer started with; "size": thirds of it.
    varying
        What changes while a customer stays: "mrr", "seats", each doubling.
    freq
        D, W, M, Q or Y: the unit of age.
    interval
        Coverage of the interval.

    Returns
    -------
    Result
        One row per coefficient: covariate, level, reference, value (hazard ratio; above 1 leaves
        sooner), low, high, coefficient, se, z, p, n (customers, or episodes of them, with the level),
        ph_p (p-value of the test that the ratio is the same at all ages), words, reason.
        `extra["model"]` has n, events, log_likelihood, the likelihood-ratio test and the test of
        proportionality of all covariates at once.

    Raises
    ------
    DataError
        If there is no covariate, a column has too many values, or nobody has left.

    Notes
    -----
    An association, not an effect: what is not among the covariates may be behind it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.survival.cox(sm.demo(customers=500), "segment").df
    >>> bool((found["value"] > 0).all())
    True
    """
    check_level(interval)
    if varying is None:
        varying = ()
    design = Design.of(book, covariates, varying, freq)
    rows = design.rows
    events = int(rows.weight[rows.event == 1].sum())
    found = fit_cox(rows)
    each, whole, direction = proportionality(found, _elapsed(rows, found.ages))
    df = _frame(design, found, _p(each, 1), interval)
    noun = book.calendar(freq).noun
    options = {
        "covariates": _listed(covariates),
        "varying": _listed(varying),
        "freq": f"{noun}s",
        "interval": interval,
    }
    n = int(book.lifetimes(freq)["customers"].sum() if varying else rows.weight.sum())
    model = _model(found, n, events, whole)
    notes = (*design.notes, *_notes(df[design.fitted], found, direction))
    return Result(
        definition("churn_drivers"),
        df,
        "forest",
        Context(book.as_of_text, book.currency, book.policy, options),
        (),
        (*notes, *book.engine.notes, *book.warnings()),
        {"model": model, "headline": _headline(df)},
    )


def _listed(names: str | Sequence[str]) -> str | None:
    return names if isinstance(names, str) else ", ".join(names) or None


def _p(statistic: Any, df: int) -> Any:
    from scipy.special import chdtrc

    return chdtrc(df, np.asarray(statistic, np.float64))


def _elapsed(rows: Rows, ages: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 - Kaplan-Meier just before each age: time as the share of customers that left."""
    table = exposure(rows.duration, rows.entry, rows.event, rows.weight)
    before = np.append(1.0, survival(table.at_risk[0], table.events[0])[:-1])
    elapsed: NDArray[np.float64] = 1 - before[ages]
    return elapsed


def _model(found: CoxFit, n: int, events: int, whole: float) -> dict[str, Any]:
    count = len(found.coefficients)
    ratio = 2 * (found.log_likelihood - found.null)
    return {
        "n": n,
        "events": events,
        "log_likelihood": found.log_likelihood,
        "null_log_likelihood": found.null,
        "likelihood_ratio": ratio,
        "df": count,
        "p": float(_p(ratio, count)),
        "proportionality": whole,
        "proportionality_p": float(_p(whole, count)),
        "converged": found.converged,
    }


def _frame(design: Design, found: CoxFit, ph: NDArray[np.float64], interval: float) -> pd.DataFrame:
    import pandas as pd

    effects, fitted = design.effects, design.fitted
    beta, error, same = np.full((3, len(effects)), np.nan)
    if found.converged:
        beta[fitted], same[fitted] = found.coefficients, ph
        error[fitted] = np.sqrt(np.diagonal(found.covariance))
    z, half = beta / error, normal_quantile(interval) * error
    data = {
        "covariate": [effect.covariate for effect in effects],
        "level": [effect.level for effect in effects],
        "reference": [effect.reference for effect in effects],
        "value": np.exp(beta),
        "low": np.exp(beta - half),
        "high": np.exp(beta + half),
        "coefficient": beta,
        "se": error,
        "z": z,
        "p": _p(z**2, 1),
        "n": [effect.n for effect in effects],
        "ph_p": same,
    }
    frame = pd.DataFrame(data)
    frame["words"] = [_words(row, interval) for row in frame.to_dict("records")]
    why = "" if found.converged else "the customers do not determine it: covariates say the same"
    frame["reason"] = np.where(fitted, why, "nobody with it left")
    return frame


def _words(row: dict[Any, Any], interval: float) -> str:
    if row["value"] != row["value"]:
        return f"{row['covariate']} {row['level']}: not determined, or nobody with it left."
    size = f"{row['value']:.2f} times"
    edges = f"({interval:.0%} {row['low']:.2f} to {row['high']:.2f})"
    verdict = (
        "not explained by chance" if row["p"] < 1 - interval else "could be chance"
    ) + f", p {p_text(row['p'])}"
    if row["reference"]:
        who = f"Customers with {row['covariate']} {row['level']} leave {size} as fast as"
        return f"{who} {row['reference']} {edges}; {verdict}."
    level = f"{row['level'][:1].upper()}{row['level'][1:]}"
    return f"{level} goes with leaving {size} as fast {edges}; {verdict}."


def _headline(df: pd.DataFrame) -> str:
    known = df[df["value"].notna()]
    if not len(known):
        return "not determined"
    return str(known["words"].iloc[int(known["z"].abs().to_numpy().argmax())])


def _notes(df: pd.DataFrame, found: CoxFit, direction: NDArray[np.float64]) -> list[str]:
    notes = ["An association with the covariates named, not an effect of them"]
    if not found.converged:
        return [*notes, "The model is not determined by these customers; take fewer covariates"]
    broken = df["ph_p"] < _SUSPECT
    for row, sign in zip(df[broken].to_dict("records"), direction[broken.to_numpy()], strict=True):
        grows = "larger" if sign > 0 else "smaller"
        notes.append(
            f"The ratio of {row['covariate']} {row['level']} is not the same at all ages (p "
            f"{p_text(row['ph_p'])}): it grows {grows} with age, and the value is an average"
        )
    if not broken.any():
        notes.append("No sign that a ratio changes with age (Grambsch-Therneau score tests)")
    return notes
