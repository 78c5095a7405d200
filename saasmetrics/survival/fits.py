"""Curves fitted to how long customers stay, to see beyond what has been observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import definition, metric
from saasmetrics.result import Result
from saasmetrics.survival.counted import PER, Counted
from saasmetrics.survival.distributions import DISTRIBUTIONS, distribution
from saasmetrics.survival.estimate import check_level, p_text, survival, whole_horizon
from saasmetrics.survival.fitted_result import FitResult
from saasmetrics.survival.likelihood import Fit, fit_counts
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from saasmetrics.book import Book

CONTRACT = ("sbg", "bdw")
_SAID = 6  # groups named in a footnote
MODELS = {
    **{name: f"{found.name} model" for name, found in DISTRIBUTIONS.items()},
    "auto": "the model of the lowest AIC, for each group",
}


@metric(
    id="survival_fit",
    name="Fitted survival",
    unit="curve",
    better="higher",
    meaning="The share of customers that is still there at each age by a model fitted to what was "
    "observed, and beyond it.",
    formula="maximum likelihood on counts by age: S(t - 1) - S(t) for those that left, S(t) for those "
    "still there, both over S at the age of entry",
    missing="Missing where nobody has left yet; intervals are missing where the counts do not "
    "determine the parameters.",
    sources=(
        "METRICS.md",
        "Fader and Hardie 2007",
        "Fader, Hardie, Liu, Davin and Steenburgh 2018",
    ),
    options={
        "model": MODELS,
        "per": PER,
        "freq": "age in {value}",
        "horizon": "projected to age {value}",
        "interval": "interval of {value:.0%} of the fitted curve (delta method)",
        "customers": "fitted to shares of {value:,} customers",
    },
    choices=("gap_days", "churn_date"),
)
def fit(
    book: Book,
    model: str = "auto",
    by: str | Sequence[str] | None = None,
    per: str = "age",
    freq: str = "M",
    horizon: int | None = None,
    *,
    interval: float | None = 0.95,
) -> FitResult:
    """Fit a model to how long customers stay, or how often they renew, and project it.

    Parameters
    ----------
    book
        The company's tables.
    model
        "exponential", "weibull", "log_logistic", "log_normal", "generalized_gamma"; "sbg" or "bdw"
        for contracts that are renewed; "auto": that of the lowest AIC, of sBG and BdW where an age is
        a renewal or a year, of all where it is shorter.
    by
        Columns of the customers or the subscriptions: a fit for each group, and a test whether the
        groups differ.
    per
        "age" or "renewal"; see `hazard`.
    freq
        D, W, M, Q or Y: the unit of age. With yearly contracts "Y" counts renewals.
    horizon
        Last age to project to; by default twice the largest one observed.
    interval
        Coverage of the interval of the curve; None for none. It is that of the parameters if the
        model is right: whether it is, no interval says.

    Returns
    -------
    FitResult
        by-columns, age, value, low, high, observed (Kaplan-Meier), at_risk, events, projected (whether
        the age is beyond what was observed), reason. `.params`, `.predict(n)`, `.derl(d, renewals)`
        and `.retention_elasticity(d, renewals)` for the whole, or for a group by name;
        `extra["summary"]` has n, events, model, converged, log_likelihood, aic, bic per group,
        `extra["parameters"]` the parameters with intervals, `extra["models"]` all that were tried,
        `extra["difference"]` the test whether the groups differ.

    Raises
    ------
    UnknownNameError
        If the model, a column or the frequency does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.survival.fit(sm.demo(customers=300), model="weibull")
    >>> sorted(found.params)
    ['lambda', 'rho']
    """
    if model != "auto":
        distribution(model)
    if interval is not None:
        check_level(interval)
    counted = Counted.of(book, by, per, freq)
    last = max(int(counted.longest.max(initial=0)), 1)
    until = whole_horizon(horizon) or 2 * last
    names = candidates(model, contract=per == "renewal" or freq == "Y")
    fitted = Fitted.of(counted, names)
    options = {
        "model": model,
        "per": per,
        "freq": None if per == "renewal" else counted.noun,
        "horizon": until,
        "interval": interval,
    }
    df = fitted.frame(until, interval)
    made = counted.result(
        book, definition("survival_fit"), df, "fit", options, fitted.notes, fitted.tables(interval)
    )
    return with_fits(made, fitted)


def with_fits(made: Result, fitted: Fitted) -> FitResult:
    """Return a result with its fits."""
    fields = {name: getattr(made, name) for name in Result.__dataclass_fields__}
    chosen = dict(zip(fitted.counted.labels, fitted.chosen, strict=True))
    return FitResult(**fields, fits=chosen)


def candidates(model: str, *, contract: bool) -> tuple[str, ...]:
    """Return the models to try.

    Examples
    --------
    >>> candidates("auto", contract=True)
    ('sbg', 'bdw')
    """
    if model != "auto":
        return (model,)
    return CONTRACT if contract else tuple(DISTRIBUTIONS)


@dataclass(frozen=True, eq=False)
class Fitted:
    """All fits to counts: every model tried in every group, the ones chosen, the one to all groups.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> counted = Counted.of(sm.demo(customers=300), None, "age", "M")
    >>> Fitted.of(counted, ("weibull",)).chosen[0].converged
    True
    """

    counted: Counted
    tried: tuple[tuple[Fit, ...], ...]
    chosen: tuple[Fit, ...]
    pooled: Fit | None

    @classmethod
    def of(cls, counted: Counted, names: Sequence[str]) -> Fitted:
        """Fit every model to every group, and to all groups together."""
        table = counted.exposure
        families = [distribution(name) for name in names]
        tried = tuple(
            tuple(fit_counts(family, at_risk, events, n) for family in families)
            for at_risk, events, n in zip(table.at_risk, table.events, counted.n, strict=True)
        )
        chosen = tuple(min(fits, key=_rank) for fits in tried)
        pooled = None
        if len(chosen) > 1:
            at_risk, events = table.at_risk.sum(axis=0), table.events.sum(axis=0)
            n = int(counted.n.sum())
            fits = (fit_counts(family, at_risk, events, n) for family in families)
            pooled = min(fits, key=_rank)
        return cls(counted, tried, chosen, pooled)

    def frame(self, until: int, interval: float | None) -> pd.DataFrame:
        """Return the curves with what was observed."""
        import pandas as pd

        parts = [self._group(g, until, interval) for g in range(len(self.chosen))]
        names = [*self.counted.by, "age", "value", "low", "high", "observed", "at_risk", "events"]
        columns = [*names, "projected", "reason"]
        filled = [part for part in parts if len(part)]
        return (
            pd.concat(filled, ignore_index=True)[columns]
            if filled
            else pd.DataFrame(columns=columns)
        )

    def _group(self, g: int, until: int, interval: float | None) -> pd.DataFrame:
        import pandas as pd

        found, last = self.chosen[g], int(self.counted.longest[g])
        ages = np.arange(until + 1)
        data: dict[str, Any] = label_columns(
            self.counted.by, self.counted.labels, np.full(len(ages), g)
        )
        known = found.known
        value = found.survival(ages) if known else np.full(len(ages), np.nan)
        low, high = np.full((2, len(ages)), np.nan)
        if known and interval is not None:
            low, high = found.band(ages, interval)
        seen = ages <= last
        table = self.counted.exposure
        observed = np.full(len(ages), np.nan)
        counts = {name: np.zeros(len(ages), np.int64) for name in ("at_risk", "events")}
        within = ages[seen]
        if len(within):
            curve = survival(table.at_risk[g], table.events[g])
            observed[seen] = curve[within]
            for name, values in counts.items():
                values[seen] = getattr(table, name)[g][within]
        data |= {"age": ages, "value": value, "low": low, "high": high, "observed": observed}
        data |= counts
        data |= {"projected": ~seen, "reason": "" if known else found.reason}
        return pd.DataFrame(data)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says about the fits."""
        said = []
        ages = [int(age) for age in self.counted.longest if age >= 0]
        if ages:
            span = str(max(ages)) if len(set(ages)) == 1 else f"{min(ages)} to {max(ages)}"
            said.append(
                f"Observed to age {span} ({self.counted.noun}); everything beyond is projected by "
                "the model"
            )
        named = [", ".join(map(str, label)) for label in self.counted.labels]
        if len(self.tried[:1]) and len(self.tried[0]) > 1:
            picked = [
                f"{found.family.name}{f' for {who}' if who else ''}"
                for who, found in zip(named, self.chosen, strict=True)
                if found.known
            ]
            few = "; ".join(picked[:_SAID]) + (" and so on" if len(picked) > _SAID else "")
            said += [f"Of {len(self.tried[0])} models the lowest AIC has {few}"] if picked else []
        for who, found in zip(named, self.chosen, strict=True):
            if not found.converged:
                start = f"{who}: " if who else ""
                said.append(f"{start}{found.family.name} not settled, {found.reason}")
        return (*said, *((self.difference["words"],) if self.difference else ()))

    @property
    def difference(self) -> Mapping[str, Any]:
        """The likelihood-ratio test of one fit to all groups against a fit to each."""
        if self.pooled is None or not self.pooled.known:
            return {}
        family = self.pooled.family
        apart = [f for fits in self.tried for f in fits if f.known and f.family is family]
        if len(apart) < 2:
            return {}
        from scipy.special import chdtrc

        more = sum(found.log_likelihood for found in apart) - self.pooled.log_likelihood
        free = len(self.pooled.theta) * (len(apart) - 1)
        p = float(chdtrc(free, max(2 * more, 0.0)))
        verdict = "differ" if p < 0.05 else "are not shown to differ"
        words = (
            f"The groups {verdict} ({family.name}): likelihood ratio {2 * more:.1f} on {free} degrees of freedom, "
            f"p {p_text(p)}"
        )
        return {"statistic": 2 * more, "df": free, "p": p, "words": words}

    def tables(self, interval: float | None) -> dict[str, Any]:
        """Return the tables beside the curves."""
        import pandas as pd

        counted = self.counted
        rows = [(g, found) for g, fits in enumerate(self.tried) for found in fits]
        labels = label_columns(counted.by, counted.labels, np.array([g for g, _ in rows], int))
        models = pd.DataFrame(labels).assign(
            **{
                name: [getattr(found, name) for _, found in rows]
                for name in ("n", "events", "log_likelihood", "aic", "bic", "converged", "reason")
            }
        )
        models.insert(len(counted.by), "model", [found.family.id for _, found in rows])
        models["chosen"] = [found is self.chosen[g] for g, found in rows]
        summary = models[models["chosen"]].drop(columns="chosen").reset_index(drop=True)
        last = [found.last for found in self.chosen]
        summary.insert(len(counted.by) + 3, "observed_to", last)
        return {
            "summary": summary,
            "parameters": self._parameters(interval),
            "models": models,
            "difference": self.difference,
            "noun": counted.noun,
            **({"headline": self._headline} if len(self.chosen) == 1 else {}),
        }

    @property
    def _headline(self) -> str:
        return _said(self.chosen[0], int(self.counted.longest[0]), self.counted.noun)

    def _parameters(self, interval: float | None) -> pd.DataFrame:
        import pandas as pd

        group, rows = [], []
        for g, found in enumerate(self.chosen):
            low, high = np.full((2, len(found.theta)), np.nan)
            if interval is not None:
                low, high = found.intervals(interval)
            for i, (name, value) in enumerate(found.params.items()):
                group.append(g)
                rows.append((found.family.id, name, value, low[i], high[i]))
        labels = label_columns(self.counted.by, self.counted.labels, np.array(group, int))
        table = pd.DataFrame(rows, columns=["model", "parameter", "value", "low", "high"])
        return pd.concat([pd.DataFrame(labels), table], axis=1)


def _said(found: Fit, last: int, noun: str) -> str:
    """Return a fit in words: the median lifetime where it lies within what was observed, else the mean within that."""
    if not found.known:
        return f"no fit, {found.reason}"
    name = found.family.name
    stay = found.survival(np.arange(max(last, 1) + 1))
    if stay[-1] <= 0.5:
        after = int(np.argmax(stay <= 0.5))
        before, now = stay[after - 1], stay[after]
        median = after - 1 + (before - 0.5) / (before - now)
        return f"median lifetime {median:.0f} {noun} ({name})"
    steps = stay[:-1] if found.family.id in CONTRACT else (stay[:-1] + stay[1:]) / 2
    mean = float(steps.sum())
    return f"mean lifetime {mean:.1f} of the {max(last, 1)} {noun} observed ({name})"


def _rank(found: Fit) -> tuple[bool, bool, float]:
    return (not found.known, not found.converged, found.aic if found.known else np.inf)
