"""What some reasons added to what customers pay at the end of windows: to be taken out of rates of retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.reason_sums import known_lines, window_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

AGREED = ("escalator", "discount_end")  # what may be taken out: what was agreed before
_LONG = 24  # periods from which progress is shown


def taken_out(
    engine: LocalEngine,
    window: int,
    freq: str,
    cell: tuple[NDArray[np.int64], int],
    left_out: Sequence[str],
    *,
    midpoint: bool,
) -> NDArray[np.int64]:
    """Return what each customer who stays gained for some of the reasons `AGREED`, summed per cell and period.

    Parameters
    ----------
    engine, window, freq
        The engine; the length of the windows, which end with each period.
    cell
        The cell of each entity, and how many cells there are.
    left_out
        The reasons; each counts where it adds.
    midpoint
        As for `reason_sums.reasons`.
    """
    first, periods, _ = engine.extent(freq)
    of_entity, many = cell
    out = np.zeros((many, periods), np.int64)
    lines, known = known_lines(engine), engine.spans.entity_ids
    if not (lines.escalator.any() or (lines.listed > engine.spans.amount).any()):
        return out
    for number in _shown(range(window, periods)):
        asked = (engine, first + number, window, freq)
        rows = window_rows(*asked, midpoint=midpoint, voluntary=False)
        taken = rows[list(left_out)].clip(lower=0).sum(axis=1).to_numpy()
        rows, taken = rows[taken > 0], taken[taken > 0]
        at = pc.index_in(pa.array(rows["customer_id"]).cast(known.type), value_set=known)
        np.add.at(out[:, number], of_entity[np.asarray(at).astype(np.int64)], taken)
    return out


def _shown(periods: range) -> Iterable[int]:
    """Show progress where there are many periods and it takes long."""
    if len(periods) < _LONG:
        return periods
    from tqdm.auto import tqdm

    shown: Iterable[int] = tqdm(periods, desc="Periods", leave=False, delay=2)
    return shown
