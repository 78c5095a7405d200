"""Cubes: small integer arrays per group, period or cohort and age, and the frames they become."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.groups import Groups
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.memory import free, spoken

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.periods import Calendar

SHOWN = 600  # bytes of a cell with all measures of a cube that is shown
HELD = 130  # of one that is only added up
_SMALL = 1 << 28  # bytes that are there in any case
_FEW = 1 << 16  # cells that are counted rather than sorted, however few the customers

BAG = "bag"  # the random bag of a customer, for resampling


@dataclass(frozen=True)
class Cube:
    """Additive integers per group (and bag) and period, or cohort and age.

    `measures` has one array per measure: groups x periods, or groups x cohorts x ages; with `bags`, each group is
    split in so many bags of customers, next to each other. Money is in micro-units. Cubes over any partition of the
    customers add up.
    """

    groups: Groups
    measures: dict[str, NDArray[np.int64]]
    first: int
    bags: int = 0

    def bagged(self, measure: str) -> NDArray[np.int64]:
        """Return a measure as groups x bags x periods (x ages)."""
        value = self.measures[measure]
        return value.reshape(len(self.groups), self.bags, *value.shape[1:])

    def whole(self) -> Cube:
        """Return the cube with the bags of each group added up."""
        if not self.bags:
            return self
        measures = {name: self.bagged(name).sum(axis=1) for name in self.measures}
        return Cube(self.groups, measures, self.first)

    def total(self) -> Cube:
        """Return the cube of the whole company, split in the same bags: groups without a common customer added up."""
        shape = (len(self.groups), max(self.bags, 1))
        measures = {
            name: value.reshape(*shape, *value.shape[1:]).sum(axis=0)
            for name, value in self.measures.items()
        }
        return Cube(Groups((), ((),)), measures, self.first, self.bags)


def refuse_large(groups: Groups, cells: int, each: int = SHOWN) -> None:
    """Refuse groups of so many cells each that their numbers would not fit into memory.

    Parameters
    ----------
    groups
        The groups.
    cells
        Periods of a group, or its cohorts times their ages, or bags of customers times periods.
    each
        Bytes of a cell.

    Raises
    ------
    DataError
        If they would not; it names the columns and how many groups they make, or the periods, whichever are more.
    """
    need = len(groups) * cells * each
    if need <= _SMALL or need <= (room := free()):
        return
    what = f"about {spoken(need)}; {spoken(room)} are free"
    if len(groups) ** 2 < cells:
        msg = (
            f"So many periods take {what}. Take longer ones, such as freq='M' or 'Q', or a part of the time: "
            'book.between("2025-01", "2025-12").'
        )
    else:
        msg = (
            f"{', '.join(groups.by)} makes {len(groups):,} groups, whose numbers take {what}. Group by a column of "
            f"fewer values, or take a part of the book first: book.where({groups.by[0]}=[...])."
        )
    raise DataError(msg)


def dense_frame(cube: Cube, calendar: Calendar) -> pd.DataFrame:
    """Return a cube by period as a frame: the by-columns, `period`, then the measures as integers."""
    import pandas as pd

    groups, periods = next(iter(cube.measures.values())).shape
    data: dict[str, object] = {}
    for i, name in enumerate(cube.groups.by):
        data[name] = np.repeat(_labels(cube.groups, i), periods)
    starts = calendar.starts(np.arange(cube.first, cube.first + periods))
    data["period"] = np.tile(starts, groups)
    data.update({name: value.reshape(-1) for name, value in cube.measures.items()})
    return pd.DataFrame(data)


def triangle_frame(cube: Cube, calendar: Calendar, last: int) -> pd.DataFrame:
    """Return a triangle as a frame of cohorts that have customers: by-columns, `cohort`, `age`, `observed`, measures.

    Cells that are not yet observed are there, with `observed` false.
    """
    import pandas as pd

    groups, cohorts, ages = next(iter(cube.measures.values())).shape
    born = (
        np.flatnonzero((cube.measures["customers"][:, :, 0] > 0).reshape(-1))
        if ages
        else np.zeros(0, int)
    )
    group, cohort = born // max(cohorts, 1), born % max(cohorts, 1)
    width = cohorts - (int(cohort.min()) if len(cohort) else 0)
    data: dict[str, object] = {}
    for i, name in enumerate(cube.groups.by):
        data[name] = np.repeat(_labels(cube.groups, i)[group], width)
    data["cohort"] = np.repeat(calendar.starts(cube.first + cohort), width)
    age = np.tile(np.arange(width), len(born))
    data["age"] = age
    data["observed"] = np.repeat(cube.first + cohort, width) + age <= last
    for name, value in cube.measures.items():
        data[name] = value.reshape(groups * cohorts, ages)[born, :width].reshape(-1)
    return pd.DataFrame(data)


def sparse_frame(
    groups: Groups,
    group: NDArray[np.int32],
    dims: dict[str, NDArray[np.int64]],
    sums: dict[str, NDArray[np.int64]],
) -> pd.DataFrame:
    """Return counts (`customers`) and sums for every combination of group and dims that occurs."""
    import pandas as pd

    sizes = [len(groups), *(int(v.max(initial=0)) + 1 for v in dims.values())]
    key = group.astype(np.int64)
    for values, many in zip(dims.values(), sizes[1:], strict=True):
        if many > 1:
            key *= many
            key += values
    size, used = math.prod(sizes), None
    if size > len(key) + _FEW:
        used, key = np.unique(key, return_inverse=True)
        key, size = key.reshape(-1), len(used)
    customers = np.bincount(key, minlength=size)
    filled = np.flatnonzero(customers)
    cells = np.unravel_index(filled if used is None else used, sizes)
    data: dict[str, object] = {}
    for i, name in enumerate(groups.by):
        data[name] = _labels(groups, i)[cells[0]]
    data.update(dict(zip(dims, cells[1:], strict=True)))
    data["customers"] = customers[filled]
    for name, values in sums.items():
        data[name] = tally(key, values, size)[filled]
    return pd.DataFrame(data, copy=False)  # nothing else has these columns


def _labels(groups: Groups, column: int) -> NDArray[np.object_]:
    out = np.empty(len(groups), object)
    out[:] = [label[column] for label in groups.labels]
    return out
