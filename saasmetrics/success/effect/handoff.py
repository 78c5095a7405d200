"""From sales to customer success: how long a customer waits after signing for the first contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from saasmetrics.asked import text
from saasmetrics.catalogue import metric
from saasmetrics.engine.first_contacts import first_contacts
from saasmetrics.engine.groups import columns
from saasmetrics.errors import MissingTableError
from saasmetrics.metrics.made import made
from saasmetrics.money import counted, format_part
from saasmetrics.success.effect.treatments import check_customers
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import check_level, kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.engine.connected.engine import ConnectedEngine
    from saasmetrics.engine.first_contacts import FirstContacts
    from saasmetrics.result import Result

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
    found, notes = _waits(book, names, kind)
    labels = book.engine.grouping(names).labels if names else ((),)
    code, many = found.group, len(labels)
    table = exposure(found.wait, None, found.met, found.n, group=code, groups=many)
    curve = kaplan_meier(table, interval)
    early, late = curve.median_interval
    n = np.bincount(code, found.n, many).astype(np.int64)
    contacted = np.bincount(code, found.n * found.met, many).astype(np.int64)
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
        f"{format_part(row['within_30'], 0)} within 30"
    )


def _waits(book: Book, by: tuple[str, ...], kind: str | None) -> tuple[FirstContacts, list[str]]:
    """Return how long customers that signed waited for contact, and what is to be said of it."""
    for name in ("contracts", "activities"):
        if name not in book.tables:
            raise MissingTableError.of(name, "The hand-off to customer success")
    if kind is not None:
        text("kind", kind, "a kind of activity")
    check_customers(book)
    found = None
    if book.tables["contracts"].is_away and book.tables["activities"].is_away:
        from saasmetrics.engine.connected.first_contacts import first_contacts_there

        found = first_contacts_there(cast("ConnectedEngine", book.engine), by, kind)
    found = found or first_contacts(book.engine, by, kind)
    notes = ["Who has not been contacted yet counts as having waited until the as-of date"]
    if found.unsigned:
        notes.append(f"{found.unsigned:,} contracts without signed_at count from their start")
    return found, notes
