"""Scenarios: what is assumed to be different from the last twelve months, as values that are saved and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from saasmetrics.asked import is_number, one_of, whole
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.export import files

_VERSION = 1
_EXAMPLE = "scenario.json"
_WORDS = {
    "churn": "churn x {:g}",
    "expansion": "expansion x {:g}",
    "contraction": "contraction x {:g}",
    "new": "new business x {:g}",
    "price": "prices {:+.1%} from month {month}",
    "seats": "seats {:+.1%} a year",
    "new_growth": "new business {:+.1%} a year",
}
_FACTORS = ("churn", "expansion", "contraction", "new")
LEVERS = (*_FACTORS, "price", "seats")


@dataclass(frozen=True)
class Scenario:
    """What is assumed to be different from the last twelve months.

    Parameters
    ----------
    name
        What it is called in tables and charts.
    churn, expansion, contraction, new
        Factors on the rates of the last twelve months and on new business: 0.8 is a fifth less.
    price
        Uplift of the prices of all customers there are then, once, as a share: 0.05 for 5 %. New business has levers
        of its own.
    price_month
        The month from today in which prices go up, 1 is the next one.
    seats
        Growth of what customers use, a year, beside the expansion seen: 0.1 is 10 % more a year.
    new_growth
        Growth of new business, a year, beside the growth seen.
    fx
        Factors on exchange rates by currency: {"EUR": 0.95} is a euro 5 % weaker, from the first month on, for
        today's MRR and for the same share of new business.

    Raises
    ------
    DataError
        If a factor is below 0, a number is none, or the month is not a whole number.

    Examples
    --------
    >>> Scenario("save one in five", churn=0.8).text
    'churn x 0.8'
    """

    name: str = "as now"
    churn: float = 1.0
    expansion: float = 1.0
    contraction: float = 1.0
    new: float = 1.0
    price: float = 0.0
    price_month: int = 1
    seats: float = 0.0
    new_growth: float = 0.0
    fx: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not isinstance(self.fx, Mapping):
            msg = f"A scenario has a name in words and fx by currency, not {self.name!r} and {self.fx!r}."
            raise DataError(msg)
        month = whole(
            "price_month", self.price_month, 1, f"a month from today of scenario {self.name!r}"
        )
        object.__setattr__(self, "price_month", month)
        for name in (*_FACTORS, "price", "seats", "new_growth"):
            value = getattr(self, name)
            least = 0.0 if name in _FACTORS else -1.0
            if not is_number(value) or not least <= value < 1e6:
                kind = "a factor from 0" if name in _FACTORS else f"a number from {least:g}"
                msg = f"{name}={value!r} of scenario {self.name!r} is not {kind}."
                raise DataError(msg)
        for currency, factor in self.fx.items():
            if not isinstance(currency, str) or not is_number(factor) or not 0 < factor < 1e6:
                msg = f"fx[{currency!r}]={factor!r} of scenario {self.name!r} is not a factor above 0."
                raise DataError(msg)

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return self.text != Scenario().text

    @property
    def text(self) -> str:
        """What is different, in words."""
        usual = Scenario()
        said = [
            words.format(getattr(self, name), month=self.price_month)
            for name, words in _WORDS.items()
            if getattr(self, name) != getattr(usual, name)
        ]
        said += [f"{currency} x {factor:g}" for currency, factor in self.fx.items()]
        return ", ".join(said) or "as in the last twelve months"

    def save(self, path: str | Path) -> Path:
        """Write the scenario to a JSON file.

        Raises
        ------
        DataError
            If the file cannot be written.
        """
        data = {"version": _VERSION, **asdict(self), "fx": dict(self.fx)}
        return files.write(path, json.dumps(data, indent=2) + "\n", _EXAMPLE)

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario from a JSON file.

        Raises
        ------
        DataError
            If the file is no scenario, or of a later version.
        """
        try:
            data = json.loads(files.file_path(path, _EXAMPLE).read_text("utf-8-sig"))
        except DataError:
            raise
        except (OSError, ValueError) as error:
            msg = f"{path} is not a scenario: {error}."
            raise DataError(msg) from error
        if not isinstance(data, dict) or data.pop("version", None) != _VERSION:
            msg = f"{path} is not a scenario of version {_VERSION}, as Scenario.save writes it."
            raise DataError(msg)
        known = [f.name for f in fields(cls)]
        for name in data:
            if name not in known:
                msg = f"{path}: a scenario has no {name!r}; it has {', '.join(known)}."
                raise UnknownNameError(msg + hint(name, known))
        try:
            return cls(**data)
        except DataError as error:
            msg = f"{path} cannot be read as a scenario: {error}"
            raise DataError(msg) from error

    def __str__(self) -> str:
        return f"{self.name} ({self.text})"


def scenario_of(given: Any) -> Scenario:
    """Return a scenario given as itself, as levers by name, or as None for none.

    Examples
    --------
    >>> scenario_of({"churn": 0.5}).churn
    0.5
    """
    if given is None:
        return Scenario()
    if isinstance(given, Scenario):
        return given
    if isinstance(given, Mapping):
        known = [f.name for f in fields(Scenario)]
        for name in given:
            one_of("lever of a scenario", name, known)
        found = Scenario(**given)
        return found if "name" in given else Scenario(**{**given, "name": found.text})
    msg = f"A scenario is a sm.forecast.Scenario or levers by name, not {given!r}."
    raise DataError(msg)
