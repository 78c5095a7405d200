"""The periods that a cube is summed at: every one of the book, or some only, which stand for all up to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.cubes import Cube

_BALANCES = {"closing": "opening", "customers_closing": "customers_opening"}


@dataclass(frozen=True)
class Axis:
    """The periods of a cube.

    `first` is the ordinal of the first period, `periods` how many there are. With `stops`, ascending ordinals of which
    the last is the last period, a cube has a place for each of these alone: what happens after one stop belongs to the
    next. So what is shown at the end of 60 months need not be held for 1,800 days.
    """

    first: int
    periods: int
    stops: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.stops) or self.periods

    @property
    def last(self) -> int:
        """Ordinal of the last period."""
        return self.first + self.periods - 1

    @property
    def base(self) -> int:
        """What `place` counts from."""
        return 0 if self.stops else self.first

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return np.searchsorted(self.stops, np.arange(self.first, self.last + 1))

    def place(self, time: NDArray[Any]) -> NDArray[Any]:
        """Return the place of each time on the axis, counted from `base`."""
        return self._places[time - self.first] if self.stops else time

    def ordinals(self) -> NDArray[np.int64]:
        """Return the period of each place."""
        return np.array(self.stops) if self.stops else np.arange(self.first, self.last + 1)


def at_stops(cube: Cube, stops: Sequence[int], *, flows: bool) -> Cube:
    """Return a cube of every period at some of them only.

    Parameters
    ----------
    cube
        Measures per group and period.
    stops
        Ordinals; those before the first period have nothing.
    flows
        Whether measures are sums of what moved since the stop before, as of movements, or else hold at a time.
    """
    at = np.asarray(stops, np.int64) - cube.first
    if not len(at):
        return cube
    before = np.concatenate([[-1], at[:-1]])

    def held(value: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(place < 0, 0, value[:, np.maximum(place, 0)])

    if not flows:
        found = {name: held(value, at) for name, value in cube.measures.items()}
        return replace(cube, measures=found)
    found = {}
    for name, value in cube.measures.items():
        if name not in {*_BALANCES, *_BALANCES.values()}:
            total = np.cumsum(value, axis=1)
            found[name] = held(total, at) - held(total, before)
    for closing, opening in _BALANCES.items():
        found[closing] = held(cube.measures[closing], at)
        found[opening] = held(cube.measures[closing], before)
    return replace(cube, measures={name: found[name] for name in cube.measures})
