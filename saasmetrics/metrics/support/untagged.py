"""Topics of tickets that nobody tagged, from a sample that somebody read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import text
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import NONE
from saasmetrics.errors import DataError
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.money import counted
from saasmetrics.survival.estimate import check_level, wilson

if TYPE_CHECKING:
    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result


@metric(
    id="untagged_tickets",
    name="Topics of untagged tickets",
    unit="count",
    better="neutral",
    meaning="How many tickets each topic really has, when only a part of them is tagged by hand.",
    formula="tagged tickets + untagged tickets x the topic's share in an audited sample of them",
    missing="Empty where the audit has no untagged ticket.",
    sources=(
        "Zendesk, a third of feedback tagged by hand",
        "Cochran 1977, Sampling Techniques",
        "METRICS.md",
    ),
)
def untagged(
    book: Book, audit: Any, by: str = "tag", *, interval: float = 0.95, zone: str = "UTC"
) -> Result:
    """How many tickets each topic has when the untagged ones are counted in, from an audited random sample.

    Parameters
    ----------
    book
        With the table tickets; `book.between` chooses the time.
    audit
        DataFrame of tickets that were read: ticket_id and the topic found, under the name of `by`. Those that
        already have a topic are left out and counted.
    by
        The column of topics.
    interval
        Coverage of the interval: Wilson's, with the correction for a finite number of untagged tickets.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        One row per topic: the column, value (tickets in all), numerator (tagged), denominator (untagged tickets), n
        (audited with the topic), share (of the audited), reason, low, high.

    Raises
    ------
    DataError
        If the audit lacks a column, or has no untagged ticket of the book.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=50)
    >>> tickets = book.frame("tickets")
    >>> read = tickets[tickets["tag"].isna()].head(20).assign(tag="bug")
    >>> sm.support.untagged(book, read).df.set_index("tag").loc["bug", "share"]
    np.float64(1.0)
    """
    import pandas as pd

    text("by", by, "a column of tickets")
    check_level(interval)
    inbox = faceted_inbox(book, "M", by, zone)
    ((labels, code),) = inbox.columns
    if NONE not in labels:
        msg = f"Every ticket has a {by}: nothing is to be estimated."
        raise DataError(msg)
    bare = (code == labels.index(NONE)) & inbox.since
    topics, aside = _audited(inbox, audit, by)
    names = sorted({*topics, *(label for label in labels if label != NONE)}, key=str)
    tagged = np.array(
        [inbox.count((code == labels.index(n)) & inbox.since) if n in labels else 0 for n in names]
    )
    found = np.array([topics.count(name) for name in names])
    size, total = len(topics), inbox.count(bare)
    low, high = wilson(found, np.full(len(names), size), interval)
    share = found / size
    shrink = np.sqrt(max(total - size, 0) / max(total - 1, 1))  # what was read is known
    edges = [tagged + total * (share + (edge - share) * shrink) for edge in (low, high)]
    data: dict[str, Any] = {by: names, "value": tagged + total * share, "numerator": tagged}
    data |= {
        "denominator": total,
        "n": found,
        "share": share,
        "reason": "",
        "low": edges[0],
        "high": edges[1],
    }
    notes = [f"{size:,} of {total:,} untagged tickets were read"]
    if aside:
        notes.append(
            f"{counted(aside, 'audited ticket')} with a topic already, or not in the book, left out"
        )
    return inbox.result("untagged_tickets", pd.DataFrame(data), "table", options={}, notes=notes)


def _audited(inbox: Inbox, audit: Any, by: str) -> tuple[list[Any], int]:
    """Return the topics found in the untagged tickets that were read, and how many others were."""
    try:
        ids, topics = list(audit["ticket_id"]), list(audit[by])
    except (TypeError, KeyError, IndexError, ValueError) as error:
        msg = f"audit={type(audit).__name__}: an audit is a DataFrame with the columns ticket_id and {by}."
        raise DataError(msg) from error
    some = inbox.among(map(str, ids))
    ((labels, code),) = some.columns
    bare = np.array([label == NONE for label in labels], bool)[code] & some.since
    mine = set(map(str, some.told("ticket_id").filter(pa.array(bare)).to_pylist()))
    read = {
        str(i): t
        for i, t in zip(ids, topics, strict=True)
        if str(i) in mine and t is not None and t == t
    }
    if not read:
        msg = f"None of the {len(ids):,} tickets of the audit is an untagged one of this book; see ticket_id."
        raise DataError(msg)
    return list(read.values()), len(ids) - len(read)
