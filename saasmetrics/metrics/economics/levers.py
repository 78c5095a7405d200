"""What would be if fewer left, prices rose, or a customer cost less to win: changes as shares of what is counted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import is_number
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WORDS = {
    "churn": "rate of leaving at each age {value:+.1%}",
    "price": "prices {value:+.1%}",
    "margin": "gross margin {value:+.1%} as a share of itself",
    "cac": "cost of winning a customer {value:+.1%}",
}
_UNITY = 1 + 1e-12


@dataclass(frozen=True)
class Levers:
    """Changes of the four things that unit economics are made of, as shares: 0.1 is 10 % more, -0.1 is 10 % less.

    Examples
    --------
    >>> Levers.of(churn=-0.1).told()
    {'churn': -0.1}
    """

    churn: float = 0.0
    price: float = 0.0
    margin: float = 0.0
    cac: float = 0.0

    @classmethod
    def of(cls, **given: Any) -> Levers:
        """Return levers, each a number above -1.

        Raises
        ------
        DataError
            If a change is no number, or would leave nothing.
        """
        for name, value in given.items():
            if not is_number(value) or not -1 < value < np.inf:
                hint = (
                    f"; did you mean {value / 100:g}?" if is_number(value) and value > -100 else ""
                )
                msg = f"{name}={value!r} is no change as a share above -1, such as -0.1 for 10 % less{hint}."
                raise DataError(msg)
        return cls(**{name: float(value) for name, value in given.items()})

    def told(self) -> dict[str, float]:
        """Return the levers that are moved."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value}

    def staying(self, alive: Array) -> Array:
        """Return survival curves along which customers leave faster or slower at every age.

        Parameters
        ----------
        alive
            Survival by age along the last axis; what is 0, since nobody is left or nothing is known, stays 0.

        Examples
        --------
        >>> Levers(churn=0.5).staying(np.array([1.0, 0.8, 0.4])).round(6).tolist()  # 20 % and 50 % leave: 30 %, 75 %
        [1.0, 0.7, 0.175]
        """
        if not self.churn:
            return alive
        before = np.concatenate([np.ones_like(alive[..., :1]), alive[..., :-1]], axis=-1)
        kept = np.divide(
            alive, before, out=np.where(np.isnan(alive), np.nan, 0.0), where=before > 0
        )
        slower = np.maximum(1 - (1 - kept) * (1 + self.churn), 0.0)
        return np.where(alive == 0, 0.0, np.cumprod(slower, axis=-1))

    def leaving(self, churn: Array) -> Array:
        """Return rates of churn, at most all of the customers."""
        return np.minimum(churn * (1 + self.churn), 1.0) if self.churn else churn

    def above(self, share: Array) -> NDArray[np.bool_]:
        """Return for which groups the gross margin would be above 100 %."""
        return np.asarray(share * (1 + self.margin) > _UNITY)


UNMOVED = Levers()
