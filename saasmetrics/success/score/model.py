"""The health model: how signals become a score from 0 to 100, as data with a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, is_number, whole
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.periods import day_number

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

COMPONENTS = ("usage", "issues", "tenure", "survey")
PARTS = ("features", "level", "trend")
ALL = "*"  # the weights of segments that have none of their own
BANDS = ("red", "amber", "green")
UNSCORED = "not scored"


def _usual() -> Mapping[str, Mapping[str, float]]:
    return {ALL: {"usage": 0.5, "issues": 0.3, "tenure": 0.2, "survey": 0.0}}


def _young() -> Mapping[str, float]:
    return {"usage": 0.7, "issues": 0.3, "tenure": 0.0, "survey": 0.0}


def _parts() -> Mapping[str, float]:
    return {"features": 0.4, "level": 0.2, "trend": 0.4}


@dataclass(frozen=True, kw_only=True)
class HealthModel:
    """How signals become a health score from 0 to 100.

    Parameters
    ----------
    name, version
        What the model is called; raise the version with every change.
    effective_from
        First day on which it scores; `health_history` takes for each day the model in force.
    weights
        Per segment ("*" for all others) the weight of usage, issues, tenure and survey; each row sums to 1. What a
        customer has no value for is left out and the rest renormalized.
    usage_parts
        Weights of the three parts of the usage score: features, level and trend.
    window_days
        How many days of tickets and usage count (90).
    half_life_days
        After how many days a signal counts half; None: all alike.
    hard_window
        Whether what is older than the window counts nothing; otherwise it only fades.
    stop_days
        A feature used before but not in so many last days is stopped.
    stopped, never
        What a stopped feature and one never used count, a used one being 1.
    quantile
        The quantile of a segment that is the yardstick of its customers.
    hour_weight
        How many tickets an hour of work on a ticket weighs.
    tenure_months
        Months after which the same trouble weighs half; also the half-way point of the tenure score.
    survey_days
        How old the last survey answer may be.
    onboarding_months, onboarding
        Customers younger than this are scored by these weights.
    bands
        Below the first a score is red, below the second amber, else green.
    min_coverage
        The share of the weights that a customer must have values for.

    Raises
    ------
    DataError
        If weights do not sum to 1, or a number makes no sense.

    Examples
    --------
    >>> model = HealthModel(version=2, effective_from="2026-01-01")
    >>> score, coverage = model.combine({"usage": 80, "issues": None, "tenure": 50})
    >>> round(score, 4), coverage
    (71.4286, 0.7)
    """

    name: str = "default"
    version: int = 1
    effective_from: str = "1970-01-01"
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=_usual)
    usage_parts: Mapping[str, float] = field(default_factory=_parts)
    window_days: int = 90
    half_life_days: float | None = 45.0
    hard_window: bool = True
    stop_days: int = 30
    stopped: float = 0.0
    never: float = 0.25
    quantile: float = 0.75
    hour_weight: float = 0.5
    tenure_months: float = 24.0
    survey_days: int = 365
    onboarding_months: int = 3
    onboarding: Mapping[str, float] = field(default_factory=_young)
    bands: tuple[float, float] = (50.0, 70.0)
    min_coverage: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.weights, Mapping) or ALL not in self.weights:
            msg = f'weights={self.weights!r} are weights by segment, with "{ALL}" for all others.'
            raise DataError(msg)
        for segment, row in self.weights.items():
            _check_weights(f"weights[{segment!r}]", row, COMPONENTS)
        _check_weights("onboarding", self.onboarding, COMPONENTS)
        _check_weights("usage_parts", self.usage_parts, PARTS)
        whole("version", self.version, 1, "the number of a version")
        day_number(self.effective_from)
        for name in ("window_days", "stop_days", "survey_days"):
            whole(name, getattr(self, name), 1, "a number of days")
        whole("onboarding_months", self.onboarding_months, 0, "a number of months")
        if self.half_life_days is not None:
            finite("half_life_days", self.half_life_days, "a number of days", least=1e-6)
        for name, most in (("stopped", 1), ("never", 1), ("min_coverage", 1), ("hour_weight", 1e6)):
            finite(name, getattr(self, name), "a number", least=0, most=most)
        finite("quantile", self.quantile, "a share such as 0.75", least=0.01, most=1)
        finite("tenure_months", self.tenure_months, "a number of months", least=1e-6)
        low, high = self.bands
        if not (is_number(low) and is_number(high) and 0 < low < high < 100):
            msg = f"bands={self.bands!r} are two rising scores between 0 and 100, such as (50, 70)."
            raise DataError(msg)

    def changed(self, **changes: Any) -> HealthModel:
        """Return this model with other values; the version is the next one unless it is given.

        Examples
        --------
        >>> HealthModel().changed(stop_days=14).version
        2
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise UnknownNameError.of("parameter of a health model", name, known)
        return replace(self, **{"version": self.version + 1, **changes})

    def combine(
        self, scores: Mapping[str, float | None], segment: str | None = None
    ) -> tuple[float | None, float]:
        """Return the score of one customer from its components, and the share of the weights it has values for.

        Parameters
        ----------
        scores
            Component -> 0 to 100, or None where there is no value.
        segment
            Whose weights to take.

        Returns
        -------
        score, coverage
            The score is None where the coverage is below `min_coverage`.
        """
        values = np.array([[np.nan if scores.get(c) is None else scores[c] for c in COMPONENTS]])
        score, coverage = combined(values.astype(float), self.row(segment)[None, :])
        known = coverage[0] >= self.min_coverage and coverage[0] > 0
        return (float(score[0]) if known else None), round(float(coverage[0]), 12)

    def row(self, segment: Any = None) -> NDArray[np.float64]:
        """Return the weights of a segment, in the order of the components."""
        weights = self.weights.get(segment, self.weights[ALL]) if segment else self.weights[ALL]
        return np.array([float(weights.get(name, 0.0)) for name in COMPONENTS])

    def young(self) -> NDArray[np.float64]:
        """Return the weights of customers in onboarding."""
        return np.array([float(self.onboarding.get(name, 0.0)) for name in COMPONENTS])

    def to_dict(self) -> dict[str, Any]:
        """Return the model as data that JSON holds."""
        return {**asdict(self), "bands": list(self.bands)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> HealthModel:
        """Return the model that `to_dict` gave.

        Raises
        ------
        UnknownNameError
            If it has a parameter that there is not.
        """
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise UnknownNameError.of("parameter of a health model", name, known)
        bands = given.get("bands")
        return cls(**{**given, **({"bands": tuple(bands)} if bands is not None else {})})

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model as JSON.

        Examples
        --------
        >>> import tempfile
        >>> path = HealthModel(stop_days=14).save(tempfile.mkdtemp() + "/health.json")
        >>> HealthModel.load(path).stop_days
        14
        """
        target = Path(path)
        target.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> HealthModel:
        """Read a model that was saved.

        Raises
        ------
        DataError
            If the file holds none.
        """
        try:
            given = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = f"{path} holds no health model: {error}."
            raise DataError(msg) from error
        if not isinstance(given, dict):
            msg = f"{path} holds no health model: it is not an object of parameters."
            raise DataError(msg)
        return cls.from_dict(given)


def combined(
    scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return score and coverage per row: the weighted mean over what is present, and the share of weights present.

    Examples
    --------
    >>> score, coverage = combined(np.array([[80, np.nan, 50]]), np.array([[0.5, 0.3, 0.2]]))
    >>> score.round(4).tolist(), coverage.round(4).tolist()
    ([71.4286], [0.7])
    """
    there = ~np.isnan(scores)
    used = np.where(there, weights, 0.0)
    present, every = used.sum(axis=1), np.broadcast_to(weights, scores.shape).sum(axis=1)
    total = (np.where(there, scores, 0.0) * used).sum(axis=1)
    score = np.divide(total, present, out=np.full(len(scores), np.nan), where=present > 0)
    coverage = np.divide(present, every, out=np.zeros(len(scores)), where=every > 0)
    return score, coverage


def _check_weights(name: str, row: Any, known: tuple[str, ...]) -> None:
    if not isinstance(row, Mapping):
        msg = f"{name}={row!r} is no table of weights, such as {dict.fromkeys(known, 0.25)}."
        raise DataError(msg)
    for key, value in row.items():
        if key not in known:
            raise UnknownNameError.of("component of a health score", key, known)
        finite(f"{name}[{key!r}]", value, "a weight", least=0, most=1)
    total = sum(row.values())
    if abs(total - 1) > 1e-9:
        msg = f"{name} sums to {total:g}; weights sum to 1."
        raise DataError(msg)
