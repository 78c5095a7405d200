"""Tank tickets: those that take longer than a baseline, how many there are and what they consume."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite
from saasmetrics.asked import whole as whole_number
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets, Longer
from saasmetrics.engine.moments import local_days
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import (
    check_hours,
    clock_facets,
    handle_hours,
    set_aside,
    zone_of,
)
from saasmetrics.metrics.support.faceted import FacetInbox, faceted_inbox
from saasmetrics.metrics.support.inbox import HOUR
from saasmetrics.metrics.support.ticket_table import when_asked
from saasmetrics.money import counted
from saasmetrics.periods import day_number, iso_day, last_day

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.moments import WorkingHours
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

_NONE = "no ticket was solved in the period, or none in its baseline"


@metric(
    id="tank_tickets",
    name="Tank tickets",
    unit="ratio",
    better="lower",
    meaning="The share of solved tickets that took longer than tickets used to take: few, and they eat the time.",
    formula="tickets solved that took longer than the quantile of the baseline / tickets solved in the period",
    missing="Missing where nothing was solved in the period or in its baseline.",
    sources=("Zendesk, tank tickets", "METRICS.md"),
    options={
        "baseline": "the baseline is {value}",
        "quantile": "longer than {value} of the baseline",
        "hours": "counted in working hours: {value}",
    },
)
def tank_tickets(
    book: Book,
    baseline: int | Sequence[Any] = 13,
    by: str | Sequence[str] | None = None,
    freq: str = "W",
    *,
    quantile: float = 0.5,
    hours: WorkingHours | None = None,
    zone: str | None = None,
    interval: float | None = 0.95,
) -> Result:
    """How many tickets take longer than tickets used to, and what work they consume.

    Parameters
    ----------
    book
        With the table tickets.
    baseline
        So many periods before each period, or a fixed window as two days ("2025-01-01", "2025-03-31"). Never the
        period itself: against its own median the share is always about a half.
    by, freq, hours, zone
        As for `times`; the periods are those of the last solution.
    quantile
        Which quantile of the resolution times of the baseline, over all groups: 0.5 is the median.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (tank tickets), denominator (solved), n, threshold (hours),
        handle_hours (of tank tickets), handle_share (of all work), reason, complete, low, high. `extra["tables"]` has
        the tags of the tank tickets. `rows` has the tickets.

    Raises
    ------
    DataError
        If the baseline is no number of periods and no window.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> 0 < sm.support.tank_tickets(sm.demo(customers=50), freq="Q", baseline=4).value < 1
    True
    """
    share = finite("quantile", quantile, "a share", least=0.01, most=0.99)
    check_interval(interval)
    working = check_hours(hours)
    whole = faceted_inbox(book, freq, by, zone_of(zone, working))
    asked, said = _baseline(whole, baseline, share)
    asked = replace(asked, hours=working)
    each = Facets(at=("resolution",), backwards=True, raw=("tag",), work=True)
    each |= clock_facets("resolution", working)
    inbox = whole.looking(replace(each, together=True, longer=asked))
    limits = _limits(inbox, asked, working)
    tank, counts = _tanks(inbox, limits, working)
    at, work = inbox.at("resolution"), inbox.work
    top, bottom = inbox.sums(at, kept=tank), inbox.sums(at, kept=counts)
    eaten = inbox.totals(at, work, tank)
    more = {
        "threshold": np.tile(limits / HOUR, (len(inbox.groups), 1)),
        "handle_hours": handle_hours(eaten),
        "handle_share": ratio(eaten, inbox.totals(at, work, counts)),
    }
    df = inbox.frame(top, bottom, _NONE, interval=interval, **more)
    options = inbox.options(
        baseline=said, quantile=f"the {share:.0%} quantile", hours=working and str(working)
    )
    return inbox.result(
        "tank_tickets",
        df,
        "tank_tickets",
        options=options,
        notes=set_aside(inbox),
        extra={"tables": {"Tags of tank tickets": _tags(inbox, tank, counts, work)}},
        drill=when_asked(partial(_drill, whole.looking(each), limits, working)),
    )


def _drill(
    inbox: Inbox, limits: NDArray[np.float64], hours: WorkingHours | None
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `rows`: tickets solved, and which of them took longer."""
    tank, counts = _tanks(inbox, limits, hours)
    return inbox.drill(inbox.at("resolution"), tank.astype(int), counts.astype(int), counts)


def _solved(inbox: Inbox, hours: WorkingHours | None) -> tuple[Ints, NDArray[np.bool_]]:
    """Return how long tickets took to their last solution, and which are solved."""
    created, until, over = inbox.span("resolution", hours)
    solved = over & ~inbox.backwards
    return np.where(solved, until - created, 0), solved


def _tanks(
    inbox: Inbox, limits: NDArray[np.float64], hours: WorkingHours | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which tickets took longer than the limit of their period, and which of them count."""
    seconds, solved = _solved(inbox, hours)
    at, (first, periods, _) = inbox.at("resolution"), inbox.extent
    place = np.clip(at - first, 0, max(periods - 1, 0))
    limit = limits[place] if periods else np.full(len(at), np.nan)
    counts = solved & inbox.since & ~np.isnan(limit) & (at < first + periods)
    return counts & inbox.beyond(seconds, limit), counts


def _baseline(inbox: Inbox, baseline: Any, share: float) -> tuple[Longer, str]:
    """Return which tickets are the baseline, and what it is in words."""
    noun = inbox.book.calendar(inbox.freq).noun
    if isinstance(baseline, (list, tuple)):
        start, end = _window(baseline)
        said = f"what was solved from {iso_day(start)} to {iso_day(end)}"
        return Longer(share, days=(start, end)), said
    many = whole_number("baseline", baseline, 1, f"a number of {noun}s, or a window of two days")
    return Longer(share, many), f"the {counted(many, noun)} before each {noun}"


def _limits(inbox: Inbox, asked: Longer, hours: WorkingHours | None) -> NDArray[np.float64]:
    """Return the threshold of each period in seconds."""
    if isinstance(inbox, FacetInbox):
        return inbox.limits(asked)
    first, periods, _ = inbox.extent
    seconds, solved = _solved(inbox, hours)
    if asked.days is not None:
        day = local_days(inbox.span("resolution")[1], inbox.zone)
        inside = solved & (day >= asked.days[0]) & (day <= asked.days[1])
        return np.full(periods, quantile_of(inbox.repeated(seconds, inside), asked.share))
    at = inbox.repeated(inbox.at("resolution"), solved)
    order = np.argsort(at, kind="stable")
    edges = np.arange(first, first + periods)
    low = np.searchsorted(at[order], edges - asked.periods, side="left")
    high = np.searchsorted(at[order], edges, side="left")
    ordered = inbox.repeated(seconds, solved)[order]
    places = zip(low, high, strict=True)
    return np.array([quantile_of(ordered[a:b], asked.share) for a, b in places], float)


def quantile_of(values: Ints, share: float) -> float:
    """Return the smallest value that at least a share of the values do not exceed; nan without values.

    Examples
    --------
    >>> quantile_of(np.array([100, 2, 3, 4, 1]), 0.5), quantile_of(np.array([1, 2, 3, 4]), 0.5)
    (3.0, 2.0)
    """
    if not len(values):
        return np.nan
    rank = int(np.ceil(share * len(values) - 1e-9)) - 1
    return float(np.partition(values, rank)[rank])


def _window(baseline: Sequence[Any]) -> tuple[int, int]:
    if len(baseline) != 2:
        msg = f'baseline={baseline!r} is neither a number of periods nor two days, such as ("2025-01", "2025-03").'
        raise DataError(msg)
    start, end = day_number(baseline[0]), last_day(baseline[1])
    if end < start:
        msg = f"baseline={baseline!r} ends before it starts; swap the two."
        raise DataError(msg)
    return start, end


def _tags(
    inbox: Inbox, tank: NDArray[np.bool_], counts: NDArray[np.bool_], work: Ints
) -> pd.DataFrame:
    import pandas as pd

    if "tag" not in inbox.book.tables["tickets"].data.column_names:
        return pd.DataFrame({"tag": [], "tanks": [], "solved": [], "share": [], "handle_hours": []})
    labels, code = inbox.labels("tag")
    size = len(labels)
    tanks, solved = (
        tally(code[mask].astype(np.int64), inbox.n[mask], size) for mask in (tank, counts)
    )
    eaten = np.bincount(code[tank], weights=work[tank], minlength=size)
    data = {"tag": labels, "tanks": tanks, "solved": solved, "share": ratio(tanks, solved)}
    out = pd.DataFrame({**data, "handle_hours": handle_hours(eaten)})
    return out.sort_values(["tanks", "tag"], ascending=[False, True]).reset_index(drop=True)
