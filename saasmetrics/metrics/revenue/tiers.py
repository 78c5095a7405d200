"""How customers move between bands of ARR."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, listed, one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import BANDS, EDGES
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, money, ratio
from saasmetrics.metrics.rates import window_of
from saasmetrics.metrics.retention.window import day_of, ordinal
from saasmetrics.money import LARGEST, MICRO, counted, format_money, multiplied

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

BEFORE, AFTER = "not a customer", "left"


@metric(
    id="tiers",
    name="Migration between ARR bands",
    unit="table",
    better="neutral",
    meaning="How many customers of each band of ARR are in which band now: who grows up, who shrinks, who leaves.",
    formula="customers by ARR at the start of the window and ARR at its end",
    missing="A share is missing where nobody was in the band at the start.",
    sources=("METRICS.md",),
    options={"window": "over {value}"},
    choices=("entity",),
)
def tiers(
    book: Book,
    period: Any = None,
    window: int | None = None,
    freq: str = "M",
    *,
    bands: Sequence[float] | None = None,
) -> Result:
    """Customers by their band of ARR at the start and at the end of a window.

    Parameters
    ----------
    book
        The company's tables; `with_policy(entity="parent")` counts groups of companies as one.
    period
        A day in the last period of the window; by default the latest complete one.
    window
        Length of the window in periods of `freq`; by default that of the policy, a year.
    freq
        D, W, M, Q or Y.
    bands
        Where bands begin, in currency units of ARR, rising; by default 1,000, 5,000, 25,000 and 100,000.

    Returns
    -------
    Result
        then, now (bands in order; "not a customer" at the start, "left" at the end), customers, arr_then, arr_now in
        currency units, share (of the customers in the band at the start), reason. The rows behind a cell, by
        `rows(then=..., now=...)`, are its customers.

    Raises
    ------
    DataError
        If the period is not in the book, or bands do not rise.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a", "b"], "month": ["2026-01", "2026-02", "2026-02"], "mrr": [50, 600, 20]}
    >>> df = sm.revenue.tiers(sm.Book(mrr=rows), window=1).df
    >>> df.loc[df["customers"] > 0, ["then", "now", "customers"]].values.tolist()
    [['under 1k', '5k to 25k', 1], ['not a customer', 'under 1k', 1]]
    """
    import pandas as pd

    edges, names = _bands(bands, book.currency)
    span = window_of(book, window, freq)
    last = ordinal(book, freq, period)
    rows = book.engine.rows("movements", period=last, window=span, freq=freq)
    rows = rows[(rows["opening"] > 0) | (rows["closing"] > 0)]
    behind = pd.DataFrame({"customer_id": rows["customer_id"].to_numpy()})
    for side, column, outside in (("then", "opening", BEFORE), ("now", "closing", AFTER)):
        arr = multiplied(rows[column].to_numpy(), 12)
        place = np.where(arr > 0, np.searchsorted(edges, arr, side="right"), len(names))
        behind[side] = np.array([*names, outside], object)[place]
        behind[f"arr_{side}"] = money(arr)
    df = _matrix(behind, names)
    noun = book.calendar(freq).noun
    words = counted(span, noun)
    note = (
        f"From the end of {day_of(book, freq, last - span)} to {day_of(book, freq, last)}'s {noun}"
    )

    def drill(then: str | None = None, now: str | None = None) -> pd.DataFrame:
        found = behind
        for side, wanted, outside in (("then", then, BEFORE), ("now", now, AFTER)):
            if wanted is not None:
                one_of("band", wanted, (*names, outside))
                found = found[found[side] == wanted]
        return found.reset_index(drop=True)

    extra = {"bands": names, "headline": _headline(df, names)}
    return made(
        book,
        "tiers",
        df,
        "tiers",
        options={"window": words, "freq": freq},
        notes=(note,),
        extra=extra,
        drill=drill,
    )


def _bands(bands: Sequence[float] | None, currency: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return where bands begin in micro-units, and their names."""
    if bands is None:
        return EDGES, BANDS
    meaning = "amounts of ARR, such as [1000, 10000]"
    edges = [
        finite("bands", edge, f"a list of {meaning}") for edge in listed("bands", bands, meaning)
    ]
    rising = bool(edges) and edges[0] > 0 and all(a < b for a, b in pairwise(edges))
    if not rising or edges[-1] > LARGEST / MICRO:
        msg = f"bands={list(bands)!r} are amounts of ARR above 0 that rise, below 9 trillion, such as [1000, 10000]."
        raise DataError(msg)
    said = [_edge(edge, currency) for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(said)]
    names = (f"under {said[0]}", *between, f"{said[-1]} and more")
    return np.rint(np.array(edges) * MICRO).astype(np.int64), names


def _edge(edge: float, currency: str) -> str:
    """Write where a band begins, in full where three digits would not say it."""
    step = next((size for size in (1e9, 1e6, 1e3) if edge >= 0.9995 * size), 1.0)
    digits = 0 if step == 1 or edge >= 99.95 * step else 1
    if math.isclose(round(edge / step, digits) * step, edge, rel_tol=1e-12):
        return re.sub(r"\.0(?=[kMB]$)", "", format_money(edge, currency))
    return f"{format_money(0, currency)[:-1]}{edge:,.15g}"


def _matrix(behind: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per pair of bands."""
    import pandas as pd

    pairs = pd.MultiIndex.from_product(
        [[*names, BEFORE], [*names, AFTER]], names=["then", "now"]
    ).drop([(BEFORE, AFTER)])
    summed = behind.groupby(["then", "now"]).agg(
        customers=("customer_id", "size"), arr_then=("arr_then", "sum"), arr_now=("arr_now", "sum")
    )
    df = summed.reindex(pairs, fill_value=0).reset_index()
    base = df.groupby("then")["customers"].transform("sum")
    inside = df["then"] != BEFORE
    df["share"] = ratio(df["customers"], base.where(inside, 0))
    nobody = np.where(inside, "nobody was in this band", "who was not a customer has no base")
    df["reason"] = np.where(df["share"].isna(), nobody, "")
    return df


def _headline(df: pd.DataFrame, names: tuple[str, ...]) -> str:
    """Say how many customers moved up, down and out."""
    place = {name: number for number, name in enumerate(names)}
    here = df[df["then"].isin(names)]
    staying = here[here["now"].isin(names)]
    step = staying["now"].map(place) - staying["then"].map(place)
    counts = [int(staying.loc[mask, "customers"].sum()) for mask in (step > 0, step == 0, step < 0)]
    left = int(here.loc[here["now"] == AFTER, "customers"].sum())
    total = sum(counts) + left
    if not total:
        return "Nobody was a customer at the start of the window"
    up, same, down = counts
    noun = "customer" if total == 1 else "customers"
    return (
        f"Of {total:,} {noun} {up:,} moved to a higher band of ARR, {same:,} stayed, {down:,} moved to a lower one "
        f"and {left:,} left"
    )
