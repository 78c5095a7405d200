"""Lifetimes of a book counted per group and age, of customers and of the MRR they started with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import MICRO
from saasmetrics.survival.bootstrap import BAGS
from saasmetrics.survival.counts import Exposure, exposure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book


@dataclass(frozen=True, eq=False)
class Lives:
    """Lifetimes of a book, counted per group: customers, starting MRR, and both by bag when asked.

    Parameters
    ----------
    book, by, freq
        What was counted.
    labels
        The groups.
    customers, starting
        Lives and their starting MRR (micro-units) per group and age.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> Lives.of(book, None, "M").customers.at_risk
    array([[1]])
    """

    book: Book
    by: tuple[str, ...]
    freq: str
    labels: tuple[tuple[Any, ...], ...]
    frame: pd.DataFrame
    group: NDArray[np.int64]
    customers: Exposure
    starting: Exposure

    @classmethod
    def of(
        cls, book: Book, by: str | Sequence[str] | None, freq: str = "M", *, resampled: bool = False
    ) -> Lives:
        """Count the lifetimes of a book, at once by bag where `bagged` will be asked for."""
        names = columns(by)
        labels = book.engine.grouping(names).labels
        frame = book.lifetimes(freq, names, bags=BAGS if resampled else 0)
        group = _codes(frame, names, labels)
        customers, starting = (
            _exposed(frame, amount, group, len(labels)) for amount in ("customers", "mrr_micro")
        )
        return cls(book, names, freq, labels, frame, group, customers, starting)

    @property
    def longest(self) -> NDArray[np.int64]:
        """The largest age seen in each group; -1 where nobody lived."""
        out = np.full(len(self.labels), -1, np.int64)
        np.maximum.at(out, self.group, self.frame["duration"].to_numpy())
        return out

    @property
    def notes(self) -> list[str]:
        """What must be said of curves that are not seen from the start, or that fall to 0 too soon."""
        at_risk, events = self.customers.at_risk, self.customers.events
        notes = []
        late = int(((at_risk[:, 0] == 0) & (self.longest >= 0)).sum()) if at_risk.size else 0
        if late:
            notes.append(
                f"In {late} groups nobody is seen from the start: their curves hold for those who "
                "reached the first age with customers at risk"
            )
        wiped = (at_risk > 0) & (at_risk == events)
        reborn = np.cumsum(wiped, axis=1) > 0
        reborn[:, 1:] = reborn[:, :-1].copy()
        reborn[:, :1] = False
        emptied = int((reborn & (at_risk > 0)).any(axis=1).sum())
        if emptied:
            notes.append(
                f"In {emptied} groups all of the few customers seen at an early age left, so that the "
                "curve is 0 although others are seen later; start `between` later"
            )
        return notes

    def rows(self, group: Mapping[str, Any], age: int | None = None) -> pd.DataFrame:
        """Return the customers of a group, or of all; with an age, those at risk at it."""
        if age is not None:
            age = whole("age", age, 0, "an age in whole periods")
        code = self.number(group) if group else None
        found: pd.DataFrame = self.book.engine.rows(
            "lifetimes", freq=self.freq, by=self.by, group=code, age=age
        )
        return found.assign(mrr=found["mrr"] / MICRO)

    def codes(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        """Return the number of the group of each row of a frame with the by-columns."""
        return _codes(frame, self.by, self.labels)

    def number(self, group: Mapping[str, Any]) -> int:
        """Return the number of a group given by its values."""
        return group_number(self.by, self.labels, group)

    def bagged(self, amount: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what is at risk and what is lost as groups x bags x ages."""
        frame = self.frame
        if "bag" not in frame.columns:
            frame = self.book.lifetimes(self.freq, self.by, bags=BAGS)
        bags = int(frame["bag"].max()) + 1 if len(frame) else 1
        group = _codes(frame, self.by, self.labels) * bags + frame["bag"].to_numpy()
        table = _exposed(frame, amount, group, len(self.labels) * bags)
        shape = (len(self.labels), bags, -1)
        return table.at_risk.reshape(shape), table.events.reshape(shape)


def group_number(
    by: Sequence[str], labels: Sequence[tuple[Any, ...]], group: Mapping[str, Any]
) -> int:
    """Return the number of a group given by its values.

    Raises
    ------
    DataError
        If a value is not given, or there is no such group.

    Examples
    --------
    >>> group_number(["plan"], [("A",), ("B",)], {"plan": "B"})
    1
    """
    missing = [name for name in by if name not in group]
    if missing:
        msg = f"Name a value for {', '.join(missing)} as well, or leave out the group."
        raise DataError(msg)
    wanted = tuple(group[name] for name in by)
    if wanted not in labels:
        there = (", ".join(map(str, label)) for label in labels)
        raise UnknownNameError.of("group", ", ".join(map(str, wanted)), there)
    return list(labels).index(wanted)


def label_columns(
    by: Sequence[str], labels: Sequence[tuple[Any, ...]], group: NDArray[Any]
) -> dict[str, Any]:
    """Return the by-columns of rows that belong to numbered groups.

    Examples
    --------
    >>> label_columns(["plan"], [("A",), ("B",)], np.array([0, 1, 1]))["plan"].tolist()
    ['A', 'B', 'B']
    """
    out: dict[str, Any] = {}
    for i, name in enumerate(by):
        values = np.empty(len(labels), object)
        values[:] = [label[i] for label in labels]
        out[name] = values[group]
    return out


def _codes(
    frame: pd.DataFrame, by: Sequence[str], labels: Sequence[tuple[Any, ...]]
) -> NDArray[np.int64]:
    """Return the number of each row's group."""
    if not by:
        return np.zeros(len(frame), np.int64)
    number = {label: i for i, label in enumerate(labels)}
    at = frame.groupby([*by], sort=False, dropna=False).ngroup().to_numpy()
    _, first = np.unique(at, return_index=True)
    there = zip(*(frame[name].iloc[first] for name in by), strict=True)
    return np.array([number[label] for label in there], np.int64)[at]


def _exposed(frame: pd.DataFrame, amount: str, group: NDArray[np.int64], groups: int) -> Exposure:
    duration, entry, event, weight = (
        frame[name].to_numpy() for name in ("duration", "entry", "event", amount)
    )
    return exposure(duration, entry, event, weight, group=group, groups=groups)
