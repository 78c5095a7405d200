"""One short text for everything an engine computes, so that two engines can be compared, or one with its past."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from saasmetrics.engine.cubes import Cube


class Engine(Protocol):
    """What computes cubes: the local engine, or the portable one."""

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last one observed in full."""

    def movements(self, freq: str = "M", by: Sequence[str] = ()) -> Cube:
        """Return opening, movements and closing per group and period."""

    def pairs(self, window: int, freq: str = "M", by: Sequence[str] = ()) -> Cube:
        """Return sums over customers of MRR at each period and a window before."""

    def triangle(self, freq: str = "M", by: Sequence[str] = ()) -> Cube:
        """Return customers, MRR and its running minimum per cohort and age."""

    def lifetimes(self, freq: str = "M", by: Sequence[str] = ()) -> pd.DataFrame:
        """Return customers per duration, entry, event and cause."""

    def terms(self, freq: str = "M", by: Sequence[str] = ()) -> pd.DataFrame:
        """Return the terms that end per period, by outcome."""


def digest(
    engine: Engine,
    freqs: Sequence[str] = ("M", "Q"),
    windows: Sequence[int] = (1, 12),
    bys: Sequence[Sequence[str]] = ((),),
) -> str:
    """Return the SHA-256 of every cell that is not zero, in a fixed order.

    Parameters
    ----------
    engine
        What computes the cubes.
    freqs, windows, bys
        The frequencies, windows of pairs and groupings to include.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]}
    >>> book, turned = (sm.Book(mrr={k: v[::s] for k, v in rows.items()}) for s in (1, -1))
    >>> digest(book.engine) == digest(turned.engine)
    True
    """
    found = hashlib.sha256()
    for title, found_cells in cells_of(engine, freqs, windows, bys):
        found.update(f"# {title}\n".encode())
        for cell in sorted(found_cells):
            found.update(f"{cell}\n".encode())
    return found.hexdigest()


def cells_of(
    engine: Engine, freqs: Sequence[str], windows: Sequence[int], bys: Sequence[Sequence[str]]
) -> Iterator[tuple[str, set[str]]]:
    """Yield each cube's title and its cells that are not zero, each as one line of text."""
    for freq in freqs:
        for by in bys:
            title = f"{freq} by {', '.join(by)}"
            yield f"movements {title}", cells(engine.movements(freq, by))
            first, periods, full = engine.extent(freq)
            yield f"extent {title}", {f"{first} {periods} {full}"}
            for window in windows:
                yield f"pairs {window} {title}", cells(engine.pairs(window, freq, by))
            yield f"triangle {title}", cells(engine.triangle(freq, by), full)
            yield f"lifetimes {title}", _rows(engine.lifetimes(freq, by), by)
            yield f"terms {title}", _rows(engine.terms(freq, by), by)


def cells(cube: Cube, last: int | None = None) -> set[str]:
    """Return the cells of a cube; with a last period, of a triangle only what is observed by then."""
    out: set[str] = set()
    for name, values in cube.measures.items():
        for group, time, *age in zip(*(axis.tolist() for axis in np.nonzero(values)), strict=True):
            if last is None or cube.first + time + sum(age) <= last:
                bag = (group % cube.bags,) if cube.bags else ()
                place = " ".join(str(i) for i in (*bag, cube.first + time, *age))
                amount = int(values[(group, time, *age)])
                out.add(
                    f"{_text(cube.groups.labels[group // max(cube.bags, 1)])} {place} {name} {amount}"
                )
    return out


def _rows(frame: pd.DataFrame, by: Sequence[str]) -> set[str]:
    """Return the rows of a frame that count anything."""
    counts = [c for c in frame.columns if c not in by and c != "period"]
    kept = frame[(frame[counts] != 0).any(axis=1)]
    return {
        _text(tuple(row[: len(by)])) + " " + " ".join(str(value) for value in row[len(by) :])
        for row in kept[[*by, *(c for c in frame.columns if c not in by)]].itertuples(
            index=False, name=None
        )
    }


def _text(label: tuple[Any, ...]) -> str:
    return "/".join(str(value) for value in label)
