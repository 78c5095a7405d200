"""The result of a fit: its numbers, and what can be asked of the fitted model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import UnknownNameError
from saasmetrics.result import Result
from saasmetrics.survival.residual import derl, derl_interval, retention_elasticity

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.survival.likelihood import Fit


@dataclass(frozen=True, repr=False)
class FitResult(Result):
    """A result with the fits that made it, one per group.

    Attributes
    ----------
    fits : dict
        By group label, a tuple of the group's values.
    """

    fits: Any = None

    def fitted(self, **group: Any) -> Fit:
        """Return the fit of a group; of the whole without one.

        Raises
        ------
        UnknownNameError
            If there is no such group.
        """
        wanted = tuple(group.get(name) for name in self.by)
        if set(group) != set(self.by) or wanted not in self.fits:
            there = "; ".join(", ".join(map(str, label)) for label in self.fits)
            msg = f"Name one group by {', '.join(self.by) or 'nothing'}: there are {there}."
            raise UnknownNameError(msg)
        found: Fit = self.fits[wanted]
        return found

    @property
    def params(self) -> dict[Any, Any]:
        """Parameters by name; with groups, a dict of them by group."""
        if not self.by:
            return self.fitted().params
        return {
            label[0] if len(label) == 1 else label: fit.params for label, fit in self.fits.items()
        }

    def predict(self, n: int, **group: Any) -> pd.Series:
        """Return S at age 0 to n, indexed by age.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> found = sm.survival.fit_shares([1, 0.5, 0.333, 0.25], model="sbg")
        >>> round(float(found.predict(9)[9]), 2)
        0.1
        """
        import pandas as pd

        ages = np.arange(int(n) + 1)
        return pd.Series(
            self.fitted(**group).survival(ages), index=pd.Index(ages, name="age"), name="value"
        )

    def derl(self, d: float, renewals: int = 0, **group: Any) -> float:
        """Return the discounted expected residual lifetime, in periods.

        The customer has made some renewals and stands just before the next: its payment is not
        discounted, the one after it by 1 / (1 + d). See `saasmetrics.survival.residual.derl`.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> found = sm.survival.fit_shares([1, .869, .743, .653, .593, .551, .517, .491], model="sbg")
        >>> round(found.derl(0.10, renewals=7), 2)  # published as 7.53
        7.53
        """
        return derl(self.fitted(**group), d, renewals)

    def derl_interval(
        self, d: float, renewals: int = 0, level: float = 0.95, **group: Any
    ) -> tuple[float, float]:
        """Return the interval of `derl` by the delta method on its log."""
        return derl_interval(self.fitted(**group), d, renewals, level)

    def retention_elasticity(self, d: float, renewals: int = 0, **group: Any) -> float:
        """Return the elasticity of residual lifetime to retention, for the sBG."""
        return retention_elasticity(self.fitted(**group), d, renewals)
