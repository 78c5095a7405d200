"""How much work there is for each person: requests and customers per head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.request_counts import request_counts
from saasmetrics.engine.staff import staff
from saasmetrics.engine.tally import tally
from saasmetrics.metrics.made import made, ratio
from saasmetrics.success.capacity.shared import ROLES, month_edges, poisson_interval, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="capacity_load",
    name="Requests per head",
    unit="count",
    better="neutral",
    meaning="How many requests each person of the team takes a month.",
    formula="tickets created / months worked by the people of the team",
    missing="Missing where nobody of the team worked.",
    sources=("METRICS.md", "Poster POS: 25,000 requests a month, 52 people", "Zendesk"),
    options={"roles": ROLES, "interval": "coverage {value:.0%}, exact for a Poisson count"},
)
def load(
    book: Book,
    freq: str = "M",
    *,
    roles: str | Sequence[str] | None = None,
    interval: float | None = 0.95,
) -> Result:
    """Requests and customers per head, and requests per customer, over time.

    Parameters
    ----------
    book
        The company's tables; needs `tickets` and `people`.
    freq
        M, Q or Y.
    roles
        Roles of people to count, such as "agent"; None for all.
    interval
        Coverage, None for no interval.

    Returns
    -------
    Result
        period, value (requests per head and month), numerator (tickets), denominator (months worked: who starts in the
        middle of a month counts a half), n (tickets), heads (mean), fte (mean), customers (at the end),
        customers_per_head, contact_rate (tickets per customer and month), reason, complete, low, high.

    Raises
    ------
    MissingTableError
        If there is no table tickets or people.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.load(sm.demo(customers=200), "Y", roles=["agent", "specialist"])
    >>> made.df["value"].notna().all()
    np.True_
    """
    import pandas as pd

    found = request_counts(book.engine, "Load")
    people = staff(book.tables, book.as_of_day, roles, "Load")
    span = span_of(book, freq)
    count = tally(span.period_of(found.day), found.n, span.count + 1)[: span.count]
    starts, ends, months = month_edges(book, span)
    worked = people.months(starts, ends)
    heads = np.bincount(months, worked.sum(axis=0), span.count)
    full = np.bincount(months, (worked * people.fte[:, None]).sum(axis=0), span.count)
    each = np.bincount(months, minlength=span.count)
    cube = book.engine.movements("M").measures["customers_closing"].sum(axis=0)
    cube = cube[: len(months)]
    exposure = np.bincount(months, cube, span.count)
    last = cube[np.flatnonzero(np.diff(np.append(months, span.count)))]
    df = pd.DataFrame(
        {
            "period": span.starts,
            "value": ratio(count, heads),
            "numerator": count.astype(float),
            "denominator": heads,
            "n": count,
            "heads": heads / each,
            "fte": full / each,
            "customers": last,
            "customers_per_head": ratio(last, heads / each),
            "contact_rate": ratio(count, exposure),
            "reason": np.where(heads > 0, "", "nobody of the team worked"),
            "complete": span.complete,
        }
    )
    if interval is not None:
        low, high = poisson_interval(count, interval)
        df["low"], df["high"] = ratio(low, heads), ratio(high, heads)
    return made(
        book,
        "capacity_load",
        df,
        "series",
        options={"freq": freq, "roles": said_roles(roles), "interval": interval},
        notes=people.notes,
        tables=["tickets", "people"],
    )


def said_roles(roles: str | Sequence[str] | None) -> str:
    """Return roles in words."""
    if roles is None:
        return "all"
    return roles if isinstance(roles, str) else " and ".join(roles)
