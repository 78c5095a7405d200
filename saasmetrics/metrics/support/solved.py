"""How well tickets are solved: for good or reopened, and in how many touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import has
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.tally import tally
from saasmetrics.engine.tickets import UNKNOWN
from saasmetrics.errors import MissingTableError
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import MATURE_DAYS, matured, matured_facets
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

TOUCHES = {
    "mean": "public replies of agents / tickets solved",
    "one_touch": "tickets solved with one reply and not reopened / tickets solved, both old enough to tell",
}
_SHOWN = 10  # touches that are told apart


def needs(inbox: Inbox, *names: str) -> None:
    """Refuse tickets without a column that a metric rests on.

    Raises
    ------
    MissingTableError
        If the column is missing or empty.
    """
    data = inbox.book.tables["tickets"].data
    for name in names:
        if not has(data, name):
            msg = f"This needs the column {name} of the table tickets, which is missing or empty; add it to the export."
            raise MissingTableError(msg)


@metric(
    id="reopen_rate",
    name="Reopen rate",
    unit="ratio",
    better="lower",
    meaning="Of the tickets that were solved, the share that customers opened again.",
    formula="tickets reopened at least once / tickets first solved in the period, once they are old enough",
    missing="Missing where no solved ticket of the period is old enough.",
    sources=("Intercom help, reopened conversations", "METRICS.md"),
    options={"mature": "tickets solved less than {value} days ago are left out"},
)
def reopens(
    book: Book,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    mature: int = MATURE_DAYS,
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """How many solved tickets are opened again.

    Parameters
    ----------
    book
        With the table tickets and its column reopens.
    by, freq, zone
        As for `times`; the periods are those of the first solution.
    mature
        Days that a ticket must have been solved for: a younger one may still be reopened, and is left out.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (reopened), denominator (solved), n, immature, reason,
        complete, low, high. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If there are no tickets, or no reopens.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> 0 < sm.support.reopens(sm.demo(customers=50)).value < 1
    True
    """
    days = whole("mature", mature, 0, "a number of days")
    check_interval(interval)
    inbox = faceted_inbox(book, freq, by, zone)
    needs(inbox, "reopens")
    inbox = inbox.looking(Facets(at=("first_resolution",)) | matured_facets(days))
    tickets = inbox.tickets
    at, old = inbox.at("first_resolution"), matured(inbox, days)
    again = tickets.reopens > 0
    top, bottom = inbox.sums(at, kept=old & again), inbox.sums(at, kept=old)
    young = inbox.sums(at, kept=~old & (tickets.reopens != UNKNOWN))
    df = inbox.frame(
        top,
        bottom,
        "no ticket solved in the period is old enough",
        interval=interval,
        immature=young,
    )
    return inbox.result(
        "reopen_rate",
        df,
        "series",
        options=inbox.options(mature=days),
        drill=inbox.drill(at, again.astype(int), old.astype(int), old),
    )


@metric(
    id="touches",
    name="Touches per ticket",
    unit="multiple",
    better="lower",
    meaning="How often agents have to reply until a ticket is solved: what it costs customers in effort.",
    formula="public replies of agents / tickets solved",
    missing="Missing where no ticket solved in the period has its touches.",
    sources=("Zendesk, customer effort as touches per ticket", "METRICS.md"),
    options={
        "measure": TOUCHES,
        "mature": "one touch counts after {value} days without a reopening",
    },
)
def touches(
    book: Book,
    measure: str = "mean",
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    mature: int = MATURE_DAYS,
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """How many replies a ticket takes, and how many are solved with the first.

    Parameters
    ----------
    book
        With the table tickets and its column touches.
    measure
        "mean" (touches per ticket) or "one_touch" (share solved with one reply, not reopened).
    by, freq, zone
        As for `times`; the periods are those of the first solution.
    mature
        Days without a reopening until a ticket counts as solved with one touch.
    interval
        Coverage of the interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator, denominator, n, one_touch, reason, complete, low, high;
        `extra["tables"]` has how many tickets took how many touches. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If there are no tickets, or no touches.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.support.touches(sm.demo(customers=50), by="channel").df["value"].gt(1).any()
    np.True_
    """
    one_of("measure", measure, TOUCHES)
    days = whole("mature", mature, 0, "a number of days")
    check_interval(interval)
    inbox = faceted_inbox(book, freq, by, zone)
    needs(inbox, "touches", *(("reopens",) if measure == "one_touch" else ()))
    looks = Facets(at=("first_resolution",), raw=("touches",)) | matured_facets(days)
    inbox = inbox.looking(looks)
    tickets = inbox.tickets
    at = inbox.at("first_resolution")
    known = (tickets.touches != UNKNOWN) & inbox.over("first_resolution") & inbox.since
    old = known & matured(inbox, days)
    one = old & (tickets.touches == 1) & (tickets.reopens == 0)
    ones = inbox.sums(at, kept=one), inbox.sums(at, kept=old)
    n = inbox.sums(at, kept=known)
    reason = "no ticket solved in the period has its touches"
    if measure == "mean":
        df = inbox.frame(inbox.sums(at, tickets.touches, known), n, reason)
        if interval is not None:
            low, high = _mean_interval(inbox, at, tickets.touches, known, interval)
            df = df.assign(low=low.ravel(), high=high.ravel())
        drill = inbox.drill(at, tickets.touches, known.astype(int), known)
    else:
        df = inbox.frame(*ones, "no ticket solved in the period is old enough", interval=interval)
        drill = inbox.drill(at, one.astype(int), old.astype(int), old)
    df["one_touch"] = ratio(*ones).ravel()
    unit = {"mean": "multiple", "one_touch": "ratio"}[measure]
    return inbox.result(
        "touches",
        df,
        "series",
        options=inbox.options(measure=measure, mature=days),
        extra={
            "tables": {"How many touches": _spread(inbox, known)},
            **headline(df, inbox.by, unit),
        },
        drill=drill,
    )


def _mean_interval(
    inbox: Inbox,
    at: NDArray[np.int64],
    values: NDArray[np.int64],
    kept: NDArray[np.bool_],
    level: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the t interval of the mean of whole numbers per cell; missing below two tickets."""
    from scipy.special import stdtrit

    n, total = inbox.sums(at, kept=kept), inbox.sums(at, values, kept)
    squares = inbox.sums(at, values**2, kept)
    mean = ratio(total, n)
    spread = np.sqrt(np.maximum(ratio(squares - mean * total, n - 1), 0) / np.maximum(n, 1))
    half = stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2) * spread
    half = np.where(n > 1, half, np.nan)
    return mean - half, mean + half


def _spread(inbox: Inbox, known: NDArray[np.bool_]) -> pd.DataFrame:
    """Return how many tickets took how many touches, per group."""
    import pandas as pd

    many = np.minimum(inbox.tickets.touches[known], _SHOWN)
    code = inbox.code[known] * (_SHOWN + 1) + many
    counts = tally(code, inbox.n[known], len(inbox.groups) * (_SHOWN + 1))
    data: dict[str, Any] = {}
    for i, name in enumerate(inbox.by):
        data[name] = np.repeat(
            np.array([label[i] for label in inbox.groups.labels], object), _SHOWN + 1
        )
    steps = [str(k) for k in range(_SHOWN)] + [f"{_SHOWN} and more"]
    data["touches"], data["tickets"] = steps * len(inbox.groups), counts
    total = counts.reshape(-1, _SHOWN + 1).sum(axis=1)
    data["share"] = ratio(counts, np.repeat(total, _SHOWN + 1))
    return pd.DataFrame(data)
