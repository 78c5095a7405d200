"""At which tier tickets are solved, and how many are escalated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.tally import tally
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import handle_hours
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.solved import needs
from saasmetrics.money import counted, format_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result


@metric(
    id="tier_mix",
    name="Tier mix",
    unit="ratio",
    better="neutral",
    meaning="At which tier tickets are solved, how many are escalated, and what work each tier takes.",
    formula="tickets solved at a tier / tickets solved",
    missing="Missing where nothing was solved.",
    sources=("Zendesk, tiers of support", "METRICS.md"),
    options={
        "started": "escalated are those solved at another tier than {value} says they began at"
    },
)
def tiers(
    book: Book,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    started: str | None = None,
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """At which tier tickets are solved, and how many are escalated.

    Parameters
    ----------
    book
        With the table tickets and its column tier.
    by, freq, zone
        As for `times`; the periods are those of the first solution.
    started
        Column with the tier at which a ticket began. Without it all begin at the first tier.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, tier, value (share solved there), numerator, denominator, n, handle_hours,
        handle_share (of all work), reason, complete, low, high. `extra["escalated"]` has the share solved above where
        it began, per period; `extra["tables"]` the escalation matrix, began x solved. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If there are no tickets, or no tiers.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.tiers(sm.demo(customers=50), freq="Y").df
    >>> df.groupby("period")["value"].sum().round(9).unique().tolist()
    [1.0]
    """
    check_interval(interval)
    asked = faceted_inbox(book, freq, by, zone)
    asked.refuse(("tier",))
    needs(asked, "tier", *(() if started is None else (started,)))
    raw = ("tier", *(() if started is None else (started,)))
    looks = Facets(at=("first_resolution",), over=("first_resolution",), raw=raw, work=True)
    inbox = faceted_inbox(book, freq, (*asked.by, "tier"), zone).looking(looks)
    labels, tier = inbox.labels("tier")
    told = np.asarray(inbox.told("tier").is_valid())
    done = inbox.over("first_resolution")
    kept = done & told & inbox.since
    at = inbox.at("first_resolution")
    n = inbox.sums(at, kept=kept)
    work = inbox.totals(at, inbox.work, kept)
    whole_of = _wholes(inbox, asked)
    total, hours = (_of_whole(values, whole_of) for values in (n, work))
    more = {"handle_hours": handle_hours(work), "handle_share": ratio(work, hours)}
    df = inbox.frame(n, total, "nothing was solved in the period", interval=interval, **more)
    there = [label for label in labels if label != "(none)"]
    df = df[df["tier"].isin(there)].reset_index(drop=True)
    names, began = labels, np.zeros(len(inbox.n), np.int32)
    if started is not None:
        names, began = inbox.labels(started)
    up = kept & (np.array(names, object)[began].astype(str) != _words(labels, tier))
    escalated = _escalated(asked, whole_of, inbox.sums(at, kept=up), n)
    matrix = _matrix(inbox.n[kept], names, began[kept], labels, tier[kept])
    return inbox.result(
        "tier_mix",
        df,
        "tier_mix",
        options=inbox.options(started=started),
        notes=_tierless(inbox.count(done & inbox.since & ~told)),
        extra={
            "escalated": escalated,
            "tables": {"Began x solved": matrix},
            "headline": _said(escalated),
        },
        drill=inbox.drill(at, kept.astype(int), None, kept),
        untraced="the rows are the tickets of a tier, not all that its share is of",
    )


def _tierless(many: int) -> list[str]:
    return [f"{counted(many, 'solved ticket')} without a tier left out"] if many else []


def _words(labels: list[Any], code: NDArray[np.int32]) -> NDArray[Any]:
    return np.asarray(np.array(labels, object)[code].astype(str))


def _wholes(inbox: Inbox, asked: Inbox) -> NDArray[np.int64]:
    """Return for each group of `inbox` the group of `asked` that it is a part of."""
    place = {label: i for i, label in enumerate(asked.groups.labels)}
    return np.array([place[label[:-1]] for label in inbox.groups.labels], np.int64)


def _of_whole(values: NDArray[np.int64], whole_of: NDArray[np.int64]) -> NDArray[np.int64]:
    return _together(values, whole_of, int(whole_of.max(initial=0)) + 1)[whole_of]


def _together(
    values: NDArray[np.int64], whole_of: NDArray[np.int64], many: int
) -> NDArray[np.int64]:
    out = np.zeros((many, values.shape[1]), np.int64)
    np.add.at(out, whole_of, values)
    return out


def _escalated(
    asked: Inbox, whole_of: NDArray[np.int64], up: NDArray[np.int64], n: NDArray[np.int64]
) -> pd.DataFrame:
    top, bottom = (_together(values, whole_of, len(asked.groups)) for values in (up, n))
    return asked.frame(top, bottom, "nothing was solved in the period", interval=0.95)


def _matrix(
    n: NDArray[np.int64],
    rows: list[Any],
    began: NDArray[Any],
    columns: list[Any],
    solved: NDArray[Any],
) -> pd.DataFrame:
    import pandas as pd

    code = began.astype(np.int64) * len(columns) + solved
    counts = tally(code, n, len(rows) * len(columns)).reshape(len(rows), -1)
    there, used = np.flatnonzero(counts.any(axis=1)), np.flatnonzero(counts.any(axis=0))
    data = {"began at": [rows[i] for i in there]}
    return pd.DataFrame(data | {f"solved at {columns[j]}": counts[there, j] for j in used})


def _said(escalated: pd.DataFrame) -> str:
    done = escalated[escalated["complete"] & escalated["value"].notna()]
    if not len(done) or len(done) != done["period"].nunique():
        return "–"
    return f"{format_part(done['value'].iloc[-1])} escalated"
