"""From sales to customer success: how long a customer waits after signing for the first contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import text
from saasmetrics.catalogue import metric
from saasmetrics.engine.day_rows import rows_by_day
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.money import counted
from saasmetrics.success.effect.treatments import (
    NEVER,
    activities_of,
    customer_ids,
    days_of,
    numbered,
)
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import check_level, kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

_WITHIN = (7, 30)


@metric(
    id="handoff",
    name="Hand-off from sales to customer success",
    unit="count",
    better="lower",
    meaning="How many days half of the customers wait, after they signed, for the first contact with customer success.",
    formula="median of days from the first contract signed to the first activity (Kaplan-Meier)",
    missing="Missing where less than half have been contacted, as far as can be seen.",
    sources=("METRICS.md", "Kaplan and Meier 1958"),
    options={"kind": "first activity of the kind {value}", "interval": "interval of {value:.0%}"},
)
def handoff(
    book: Book,
    by: str | Sequence[str] | None = None,
    *,
    kind: str | None = None,
    interval: float = 0.95,
) -> Result:
    """How long it takes from the signed contract to the first contact with customer success.

    Parameters
    ----------
    book
        The company's tables, with contracts and activities.
    by
        Columns of the customers.
    kind
        Of the activities, such as "onboarding"; any by default.
    interval
        Coverage.

    Returns
    -------
    Result
        One row per group: the by-columns, value (median days), low, high, n, contacted, waiting (not contacted yet),
        within_7 and within_30 (share contacted by then), reason.

    Raises
    ------
    MissingTableError
        If there are no contracts or no activities.

    Notes
    -----
    Days run from `signed_at`, or from the start of the contract where it is missing. Who left without contact, or
    waits still, is censored: it counts as having waited so long.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.handoff(sm.demo(customers=300)).df
    >>> int(found["contacted"].iloc[0] + found["waiting"].iloc[0]) == int(found["n"].iloc[0])
    True
    """
    import pandas as pd

    check_level(interval)
    names = columns(by)
    who, wait, met, notes = _waits(book, kind)
    if names:
        code = followed(book.engine).origin(names).astype(np.int64)[who]
        labels = book.engine.grouping(names).labels
    else:
        code, labels = np.zeros(len(who), np.int64), ((),)
    table = exposure(wait, None, met.astype(np.int64), group=code, groups=len(labels))
    curve = kaplan_meier(table, interval)
    early, late = curve.median_interval
    n = np.bincount(code, minlength=len(labels))
    contacted = np.bincount(code, met, len(labels)).astype(np.int64)
    data: dict[str, Any] = {name: [label[i] for label in labels] for i, name in enumerate(names)}
    data |= {"value": curve.median, "low": early, "high": late, "n": n}
    data |= {"contacted": contacted, "waiting": n - contacted}
    for days in _WITHIN:
        at = min(days, curve.share.shape[1] - 1)
        data[f"within_{days}"] = np.where(n > 0, 1 - curve.share[:, at], np.nan)
    df = pd.DataFrame(data)
    why = "less than half have been contacted, as far as can be seen"
    df["reason"] = np.where(df["value"].isna(), np.where(n > 0, why, "nobody signed"), "")
    said = _headline(df) if not names else ""
    return made(
        book,
        "handoff",
        df,
        "table",
        by=by,
        options={"kind": kind, "interval": interval},
        notes=notes,
        extra={"headline": said} if said else {},
        tables=["contracts", "activities"],
    )


def _headline(df: pd.DataFrame) -> str:
    row = df.iloc[0]
    if row["reason"]:
        return str(row["reason"])
    return (
        f"half of {row['n']:,} customers are contacted within {counted(int(row['value']), 'day')} of signing, "
        f"{row['within_30']:.0%} within 30"
    )


def _waits(book: Book, kind: str | None) -> tuple[Ints, Ints, NDArray[np.bool_], list[str]]:
    """Return customer, days waited, and whether there was contact, of each customer that signed."""
    contracts, table = book.frame("contracts"), activities_of(book)
    if kind is not None:
        text("kind", kind, "a kind of activity")
    done = rows_by_day(table, "at", where={} if kind is None else {"kind": kind})
    if kind is not None and not len(done):
        msg = f"The activities have none of the kind {kind!r}."
        raise DataError(msg)
    ids = customer_ids(book)
    begin = days_of(contracts["start"])
    signed = days_of(contracts["signed_at"]) if "signed_at" in contracts else begin
    unsigned = signed == NEVER
    signed = np.where(unsigned, begin, signed)
    first = _earliest(ids, contracts["customer_id"], signed, np.full(len(ids), -(2**31)))
    contact = _earliest(ids, done["customer_id"], days_of(done["at"]), first)
    who = np.flatnonzero((first < NEVER) & (first <= book.as_of_day))
    met = contact[who] <= book.as_of_day
    wait = np.where(met, contact[who], book.as_of_day) - first[who]
    notes = ["Who has not been contacted yet counts as having waited until the as-of date"]
    if missing := int(unsigned.sum()):
        notes.append(f"{missing:,} contracts without signed_at count from their start")
    return who, wait.astype(np.int64), met, notes


def _earliest(ids: NDArray[Any], wanted: Any, day: Ints, least: Ints) -> Ints:
    """Return the first day of each customer, from its own `least` day on."""
    who = numbered(ids, wanted)
    keep = who >= 0
    keep[keep] = day[keep] >= least[who[keep]]
    out = np.full(len(ids), NEVER, np.int64)
    np.minimum.at(out, who[keep], day[keep])
    return out
