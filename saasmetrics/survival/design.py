"""The covariates of Cox's model: columns of a book as numbers, and what each number means."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.episodes import VARYING
from saasmetrics.engine.groups import NONE, columns
from saasmetrics.errors import DataError
from saasmetrics.money import MICRO, agreeing, counted, format_money
from saasmetrics.survival.partial import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

START = "start_mrr"  # MRR that a customer started with, per doubling
SIZE = "size"  # bands of it: thirds of the customers
MOST_LEVELS = 30


@dataclass(frozen=True)
class Effect:
    """One coefficient: a level of a covariate against the reference, or a number's unit.

    A level that nobody left with is set aside, with its rows: its ratio is 0 whatever the others are.

    Examples
    --------
    >>> Effect("segment", "SMB", "Enterprise", 12).level
    'SMB'
    """

    covariate: str
    level: str
    reference: str
    n: int
    lost: int = -1  # events of a level; -1 for a number


@dataclass(frozen=True, eq=False)
class Design:
    """Rows of covariates with what their columns mean.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = Design.of(sm.demo(customers=100), ["segment"], [], "M")
    >>> [effect.covariate for effect in found.effects]
    ['segment', 'segment']
    """

    rows: Rows
    effects: tuple[Effect, ...]
    notes: tuple[str, ...]

    @property
    def fitted(self) -> NDArray[np.bool_]:
        """Which effects are fitted, not set aside: the columns of the rows, in order."""
        return np.array([effect.lost != 0 for effect in self.effects], bool)

    @classmethod
    def of(
        cls, book: Book, covariates: str | Sequence[str], varying: str | Sequence[str], freq: str
    ) -> Design:
        """Build the design of some columns of the customers or subscriptions, and some varying."""
        fixed, moving = columns(covariates), columns(varying)
        for name in moving:
            one_of("varying covariate", name, VARYING)
        if not fixed and not moving:
            msg = "Name at least one covariate: a column, start_mrr, size, or a varying one."
            raise DataError(msg)
        named = [name for name in fixed if name not in (START, SIZE)]
        found = book.engine.episodes(freq, named, moving)
        keep, blocks, effects, notes = np.ones(len(found["entry"]), bool), [], [], []
        for name in (*fixed, *moving):
            part = _covariate(book, name, found)
            unknown = part.unknown & keep
            if unknown.any():
                lost = int(found["customers"][unknown].sum())
                without = f"{counted(lost, 'row')} without {name}"
                notes.append(f"{without} {agreeing(lost, 'is', 'are')} left out")
            keep &= ~part.unknown
            blocks.append(part.values)
            effects += part.effects
            notes += part.notes
        x = np.concatenate(blocks, axis=1)
        if not x.shape[1]:
            msg = f"All customers are alike in {', '.join(fixed)}: there is nothing to compare."
            raise DataError(msg)
        aside = np.array([effect.lost == 0 for effect in effects], bool)
        keep &= ~(x[:, aside] == 1).any(axis=1)
        if not found["event"].any():
            msg = "Nobody has left yet, so nothing can be said of who leaves sooner."
            raise DataError(msg)
        if aside.all() or not keep.any():
            msg = (
                f"Too few customers left in the levels of {', '.join(fixed)} to compare them: "
                "take shorter periods, or a column with fewer values."
            )
            raise DataError(msg)
        shape = ("entry", "duration", "event")
        entry, duration, event = (found[name][keep] for name in shape)
        rows = Rows(entry, duration, event, x[keep][:, ~aside], found["customers"][keep])
        for effect in (e for e in effects if e.lost == 0):
            notes.append(
                f"Nobody with {effect.covariate} {effect.level} left: the {effect.n:,} rows are left out"
            )
        return cls(rows, tuple(effects), tuple(notes))


@dataclass(frozen=True, eq=False)
class _Part:
    values: NDArray[np.float64]
    effects: list[Effect]
    unknown: NDArray[np.bool_]
    notes: list[str]


def _covariate(book: Book, name: str, found: dict[str, NDArray[np.int64]]) -> _Part:
    weight = found["customers"]
    if name in (START, *VARYING):
        return _doubling(name, found[name] / MICRO, weight)
    if name == SIZE:
        return _bands(found, book.currency)
    labels = [label[0] for label in book.engine.grouping((name,)).labels]
    known = [value for value in labels if value != NONE]
    if known and all(_is_number(value) for value in known):
        number = np.array([float(v) if _is_number(v) else np.nan for v in labels])[found[name]]
        unknown = np.isnan(number)
        n = int(weight[~unknown].sum())
        filled = np.where(unknown, 0.0, number)[:, None]
        return _Part(filled, [Effect(name, f"per unit of {name}", "", n)], unknown, [])
    return _levels(name, [str(label) for label in labels], found[name], found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _doubling(name: str, amount: NDArray[np.float64], weight: NDArray[np.int64]) -> _Part:
    unknown = ~(amount > 0)
    values = np.log2(amount, out=np.zeros_like(amount), where=~unknown)[:, None]
    n = int(weight[~unknown].sum())
    return _Part(values, [Effect(name, f"each doubling of {name}", "", n)], unknown, [])


def _bands(found: dict[str, NDArray[np.int64]], currency: str) -> _Part:
    start, weight = found["start_mrr"], found["customers"]
    order = np.argsort(start, kind="stable")
    share = np.cumsum(weight[order]) / max(int(weight.sum()), 1)
    edges = np.unique([start[order][np.searchsorted(share, part)] for part in (1 / 3, 2 / 3)])
    code = np.searchsorted(edges, start, side="left")
    shown = [format_money(float(edge) / MICRO, currency) for edge in edges]
    labels = [f"up to {shown[0]}", *(f"{a} to {b}" for a, b in pairwise(shown))]
    labels.append(f"above {shown[-1]}")
    part = _levels(SIZE, labels, code, found)
    bands = ", ".join(labels)
    return _Part(
        part.values, part.effects, part.unknown, [f"size: thirds by starting MRR, {bands}"]
    )


def _levels(
    name: str,
    labels: Sequence[str],
    code: NDArray[np.int64],
    found: dict[str, NDArray[np.int64]],
) -> _Part:
    weight, many = found["customers"], len(labels)
    size = np.bincount(code, weight, minlength=many).astype(np.int64)
    lost = np.bincount(code, weight * (found["event"] == 1), minlength=many).astype(np.int64)
    used = np.flatnonzero(size)
    if len(used) > MOST_LEVELS:
        msg = (
            f"{name} has {len(used)} different values, too many to compare one by one (at most "
            f"{MOST_LEVELS}): take a column with fewer."
        )
        raise DataError(msg)
    reference = int(np.where(lost > 0, size, -1).argmax())
    others = [int(level) for level in used if level != reference]
    values = (code[:, None] == np.array(others, np.int64)[None, :]).astype(np.float64)
    effects = [
        Effect(name, labels[o], labels[reference], int(size[o]), int(lost[o])) for o in others
    ]
    return _Part(values.reshape(len(code), len(others)), effects, np.zeros(len(code), bool), [])
