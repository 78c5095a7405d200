"""Committed MRR: what runs, what is signed and what is known to go; and the balances under MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.committed import AHEAD, BALANCES
from saasmetrics.engine.groups import columns
from saasmetrics.errors import UnknownNameError
from saasmetrics.metrics.made import made, money
from saasmetrics.metrics.retention.window import ordinal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

METHODS = {
    "net": "known churn and downgrades are taken off",
    "signed": "known churn and downgrades are not taken off",
}
_LOST = ("scheduled_downgrades", "scheduled_churn")
_SHOWN = (
    "live",
    "paused",
    "past_due",
    "scheduled_churn",
    "scheduled_downgrades",
    "not_started",
    "resuming",
    "discounts_ending",
    "committed",
)
_NEVER = "Never missing: where nothing is known ahead it is MRR."
_KNOWN = "Each period knows only what was known at its end: signed_at or recorded_at, and cancel_requested_at"


@metric(
    id="committed",
    name="Committed MRR",
    abbr="CMRR",
    unit="money",
    better="higher",
    meaning="What MRR will be when all that is known has happened: signed deals begun, discounts over, leavers gone.",
    formula="MRR + signed and not started + pauses that end + discounts that end - known downgrades - known churn",
    missing=_NEVER,
    sources=("METRICS.md", "Bessemer law 2"),
    options={"method": METHODS},
    choices=("discount", "pause", "trial", "churn_date"),
)
def committed(
    book: Book,
    freq: str = "M",
    by: str | Sequence[str] | None = None,
    *,
    method: str = "net",
) -> Result:
    """Committed MRR at the end of every period, and what lies between it and MRR.

    Parameters
    ----------
    book, freq, by
        As for `bridge`.
    method
        "net", or "signed": without taking off the churn and the downgrades that are known.

    Returns
    -------
    Result
        period, by-columns, value, live (MRR), not_started, resuming, discounts_ending, scheduled_downgrades,
        scheduled_churn (the last two negative), with groups also transfer, gap (value - live, the sum of these) in
        currency units, n paying customers, complete.

    Raises
    ------
    UnknownNameError
        If a column, frequency or method does not exist.

    Notes
    -----
    A period knows what was known at its end: a start from `signed_at` (else `recorded_at`) on, a cancellation from
    `cancel_requested_at` on. A start or an end that has no such date is known at the as-of date of the tables only,
    and the footnote counts them. An open trial is committed only where it is signed. A customer whose subscription
    ends as a signed one begins has neither churned nor begun: only the difference counts. A contract signed and not
    begun counts where no subscription of the customer is known to begin: in full where nothing else goes on, else by
    how much it differs from the contract that it renews. Contracts have no plan: by plan they are in "(none)".

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"subscription_id": [1, 2], "customer_id": ["a", "b"], "start": ["2026-01-01", "2026-04-01"]}
    >>> rows |= {"amount": [100, 40], "interval": ["month"] * 2, "signed_at": ["2025-12-20", "2026-02-10"]}
    >>> found = sm.revenue.committed(sm.Book(subscriptions=rows, as_of="2026-02-28"))
    >>> found.df[["live", "not_started", "value"]].values.tolist()
    [[100.0, 0.0, 100.0], [100.0, 40.0, 140.0]]
    """
    one_of("method of committed MRR", method, METHODS)
    by = columns(by)
    df, notes = _frame(book, freq, by, AHEAD)
    parts = _parts(by, method)
    for name in AHEAD:
        if name not in parts:
            del df[name]
    df.insert(1 + len(by), "value", df["live"] + df[list(parts)].sum(axis=1))
    df["gap"] = df[list(parts)].sum(axis=1)
    for name in ("value", "live", *parts, "gap"):
        df[name] = money(df[name])
    df = df[[c for c in df.columns if c not in ("n", "complete")] + ["n", "complete"]]
    options = {"freq": freq, "method": method}
    drill = _drill(book, freq, by, parts)
    return made(
        book,
        "committed",
        df,
        "committed",
        by=by,
        options=options,
        notes=(_KNOWN, *notes),
        drill=drill,
        tables=["contracts"],
    )


@metric(
    id="balances",
    name="Balances under MRR",
    unit="money",
    better="neutral",
    meaning="What stands under MRR at the end of a period: what rests, what is paid late, what will go or begin.",
    formula="sums of MRR per month that is paused, past due, cancelled but still running, signed but not started",
    missing="Missing where the tables have no column that could tell, such as past_due_since.",
    sources=("METRICS.md",),
    choices=("pause", "past_due", "discount", "churn_date"),
)
def balances(book: Book, freq: str = "M", by: str | Sequence[str] | None = None) -> Result:
    """The balances under MRR at the end of every period: paused, past due, leaving, not started, committed.

    Parameters
    ----------
    book, freq, by
        As for `bridge`.

    Returns
    -------
    Result
        period, by-columns, live (MRR), paused, past_due (MRR at risk), scheduled_churn, scheduled_downgrades,
        not_started, resuming, discounts_ending, committed in currency units, all positive; complete.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Notes
    -----
    Paused MRR is outside MRR unless the policy keeps it. Past due MRR is within MRR unless the policy excludes it; it
    counts from `past_due_since` on, and an invoice that was paid late since has no such day any more.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"subscription_id": [1, 2], "customer_id": ["a", "b"], "start": ["2026-01-01"] * 2}
    >>> rows |= {"amount": [100, 40], "interval": ["month"] * 2, "past_due_since": [None, "2026-01-20"]}
    >>> sm.revenue.balances(sm.Book(subscriptions=rows, as_of="2026-01-31")).df[["live", "past_due"]].values.tolist()
    [[140.0, 40.0]]
    """
    by = columns(by)
    df, notes = _frame(book, freq, by, BALANCES)
    df["committed"] = df["live"] + df[list(AHEAD)].sum(axis=1)
    for name in _LOST:
        df[name] = 0 - df[name]
    for name in _SHOWN:
        df[name] = money(df[name])
    df = df[["period", *by, *_SHOWN, "complete"]]
    unknown = _unknown(book)
    df[list(unknown)] = np.nan
    if unknown:
        notes = (*notes, f"Missing for want of columns: {', '.join(unknown)}")
    found = _drill(book, freq, by, AHEAD, BALANCES[len(AHEAD) :])

    def drill(period: Any = None, **group: Any) -> pd.DataFrame:
        rows = found(period, **group).rename(columns={"value": "committed"})
        rows[list(_LOST)] = 0.0 - rows[list(_LOST)]  # which has no -0.0
        return rows[["customer_id", *_SHOWN]]

    return made(
        book,
        "balances",
        df,
        "balances",
        by=by,
        options={"freq": freq},
        notes=(_KNOWN, *notes),
        drill=drill,
        tables=["contracts"],
    )


def _unknown(book: Book) -> tuple[str, ...]:
    """Return the balances of which the tables cannot tell, for want of a column."""
    source = book.engine.source
    there = set(book.tables[source].data.column_names) if source == "subscriptions" else set()
    needs: dict[str, tuple[set[str], ...]] = {
        "paused": ({"pause_start"},),
        "past_due": ({"past_due_since"},),
        "scheduled_churn": ({"cancel_requested_at"}, {"end"}),
        "scheduled_downgrades": ({"cancel_requested_at"}, {"end"}),
        "resuming": ({"pause_end"},),
        "discounts_ending": ({"list_amount", "discount_end"},),
    }
    out = [name for name, ways in needs.items() if not any(way <= there for way in ways)]
    if source != "subscriptions" and "contracts" not in book.tables:
        out.append("not_started")
    return tuple(out)


def _parts(by: tuple[str, ...], method: str) -> tuple[str, ...]:
    """Return the parts of the gap: without groups nothing moves between them."""
    out = {"transfer"} if not by else set()
    if method == "signed":
        out |= {*_LOST}
    return tuple(name for name in AHEAD if name not in out)


def _frame(
    book: Book, freq: str, by: tuple[str, ...], names: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return MRR and balances in micro-units per group and period, and what the data cannot tell."""
    import pandas as pd

    found = book.engine.commitments(freq, by, book.told_day)
    live = book.engine.movements(freq, by)
    first, periods, full = book.engine.extent(freq)
    labels = list(dict.fromkeys([*live.groups.labels, *found.groups.labels]))
    number = np.arange(first, first + periods)
    data: dict[str, Any] = {"period": np.tile(book.calendar(freq).starts(number), len(labels))}
    for i, name in enumerate(by):
        data[name] = np.repeat(np.array([label[i] for label in labels], object), periods)

    def placed(value: NDArray[np.int64], known: Sequence[tuple[Any, ...]]) -> NDArray[np.int64]:
        out = np.zeros((len(labels), periods), np.int64)
        out[[labels.index(label) for label in known]] = value
        return out.reshape(-1)

    data["live"] = placed(live.measures["closing"], live.groups.labels)
    for name in names:
        data[name] = placed(found.measures[name], found.groups.labels)
    data["n"] = placed(live.measures["customers_closing"], live.groups.labels)
    data["complete"] = np.tile(number <= full, len(labels))
    df = pd.DataFrame(data)
    if book.since_day is not None:
        begin = book.calendar(freq).ordinal(np.array([book.since_day]))
        df = df[df["period"] >= book.calendar(freq).starts(begin)[0]].reset_index(drop=True)
    return df, found.notes


def _drill(
    book: Book,
    freq: str,
    by: tuple[str, ...],
    parts: Sequence[str],
    more: Sequence[str] = (),
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: customers with MRR or something ahead."""

    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        number = ordinal(book, freq, period)
        known = book.engine.commitments(freq, by, book.told_day).groups.labels
        label = _label(by, group, [*book.engine.grouping(by).labels, *known])
        ahead = book.engine.commitment_rows(
            number, freq, by, label if label in known else None, book.told_day
        )
        if label is not None and label not in known:
            ahead = ahead.iloc[:0]
        labels = book.engine.grouping(by).labels
        code = labels.index(label) if label in labels else None
        live = book.engine.rows("movements", period=number, freq=freq, by=by, group=code)
        if label is not None and code is None:
            live = live.iloc[:0]
        paying = live.set_index("customer_id")["closing"].rename("live")
        out = ahead.set_index("customer_id").join(paying, how="outer").fillna(0)
        out["value"] = out["live"] + out[list(parts)].sum(axis=1)
        out = out[["value", "live", *parts, *more]]
        out = out[(out != 0).any(axis=1)]
        out = out.assign(**{name: money(out[name]) for name in out.columns})
        return out.sort_values("value", ascending=False, kind="stable").reset_index()

    return rows


def _label(
    by: tuple[str, ...], group: dict[str, Any], known: Sequence[tuple[Any, ...]]
) -> tuple[Any, ...] | None:
    """Return the group that a cell names; None for all."""
    if not group:
        return None
    label = tuple(group.get(name) for name in by)
    if label not in known:
        raise UnknownNameError.of(
            "group", " · ".join(map(str, label)), [" · ".join(map(str, one)) for one in known]
        )
    return label
