"""Findings about words for the state of a subscription, which count for nothing: only dates do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.errors import Problem
from saasmetrics.money import intervals_per_month
from saasmetrics.tables.runs import columns_of
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.tables.gate.view import Bools, Gate, View

__all__ = ["ends_elsewhere", "requests_without_end", "statuses_against_dates", "unused_columns"]

COLUMNS = ("status", "state", "subscription_status")
OTHER_ENDS = ("ended_at", "ended_at_utc", "end_date", "end_date_utc", "terminated_at")
_ENDED = "canceled cancelled ended expired churned terminated incomplete incomplete_expired"
_REMEDIES = {
    "end": "They count as running. Give the first day without service as end (ended_at), or leave the rows out.",
    "trial_end": "They count as paying from the start. Give the first day that is paid for as trial_end, or leave "
    "the rows out.",
    "past_due_since": "They count as paying. Give past_due_since, or the end of those that are lost; whether the rest "
    'counts is the policy past_due="counted" or "excluded".',
    "pause_start": "They count as running without a pause. Give pause_start (and pause_end).",
}
_WORDS = {
    **dict.fromkeys(_ENDED.split(), "end"),
    **dict.fromkeys(("trialing", "trialling", "trial", "in_trial"), "trial_end"),
    **dict.fromkeys(("unpaid", "past_due"), "past_due_since"),
    **dict.fromkeys(("paused", "on_hold"), "pause_start"),
}
DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
GRACE = 31
REQUESTED = "requested more than a billing interval ago but no end"


def statuses_against_dates(gate: Gate) -> Iterable[Problem]:
    """Subscriptions whose status says ended, on trial, unpaid or paused, and whose dates do not."""
    for view in gate.having("subscriptions"):
        for column, word, wanted, said in _said(view):
            rows = said & _begun(view, gate) & _open(view, wanted)
            yield from view.problem(
                rows,
                column=column,
                rule=contradicts(column, word, wanted) + at_stake(view, rows),
                remedy=_REMEDIES[wanted] + asked(_requested(view, rows, wanted)),
                code="status-contradicts-dates",
                severity="warning",
                show=("subscription_id", "customer_id", "start", wanted, column),
            )


def requests_without_end(gate: Gate) -> Iterable[Problem]:
    """Subscriptions that still run although their cancellation was requested more than an interval ago."""
    for view in gate.having("subscriptions"):
        if not view.has("cancel_requested_at", "interval"):
            continue
        wait = np.array([*(DAYS.get(word, 366) for word in _intervals(view)), 366])
        until = view.days("cancel_requested_at") + wait[view.codes("interval")] * _counts(view)
        late = view.valid("cancel_requested_at") & (until + GRACE < gate.today)
        rows = late & _open(view, "end")
        for _, _, wanted, said in _said(view):
            if wanted == "end":  # told with the status
                rows &= ~said
        yield from view.problem(
            rows,
            column="cancel_requested_at",
            rule=REQUESTED + at_stake(view, rows),
            remedy="They count as running. Give the first day without service as end (ended_at); Canceled At is only "
            "the day of the request.",
            code="cancelled-but-running",
            severity="warning",
            show=("subscription_id", "customer_id", "start", "cancel_requested_at"),
        )


def ends_elsewhere(gate: Gate) -> Iterable[Problem]:
    """Subscriptions without an end whose end stands in another column, which lost against the one read as end."""
    for view in gate.having("subscriptions"):
        for column in filter(view.has, OTHER_ENDS):
            rows = view.valid(column) & _open(view, "end")
            yield from view.problem(
                rows,
                column=column,
                rule=filled(column) + at_stake(view, rows),
                remedy=f"They count as running. Name {column} end, and leave the column out that is read as end now.",
                code="end-elsewhere",
                severity="warning",
                show=("subscription_id", "customer_id", "start", "end", column),
            )


def unused_columns(gate: Gate) -> Iterable[Problem]:
    """Columns that the schema does not know: kept for grouping, used for no number."""
    for view in gate.having(*SCHEMA):
        extra = [
            name for name in columns_of(view.table.data) if name not in SCHEMA[view.name].columns
        ]
        if extra:
            yield Problem(
                view.name,
                "",
                f"columns read but not used for the numbers: {', '.join(extra)}",
                0,
                (),
                "They can be named in by= and where. If one is a column of the schema, rename it.",
                "note",
                "unused-columns",
            )


def _said(view: View) -> Iterable[tuple[str, str, str, Bools]]:
    """Column, word, the day that the word calls for, and the rows that say so."""
    for column in filter(view.has, COLUMNS):
        for number, word in enumerate(map(str, view.names(column).to_pylist())):
            if wanted := called_for(word):
                yield column, word, wanted, view.codes(column) == number


def called_for(word: str) -> str:
    """Return the day that a word for a state calls for, "" for none."""
    return _WORDS.get("_".join(word.lower().replace("-", " ").split()), "")


def _begun(view: View, gate: Gate) -> Bools:
    return view.valid("start") & (view.days("start") <= gate.today)


def _open(view: View, column: str) -> Bools:
    """Rows that run without the day that would stop them; a row that has ended needs no other day."""
    missing = np.ones(view.size, np.bool_)
    for name in dict.fromkeys((column, "end")):
        if view.has(name):
            missing &= ~view.valid(name)
    return missing


def contradicts(column: str, word: str, wanted: str) -> str:
    """Return in words that a status calls for a day that is not there."""
    return f"{column}={word} but no {wanted}"


def filled(column: str) -> str:
    """Return in words that the end stands elsewhere."""
    return f"{column} is filled but end is not"


def asked(many: int) -> str:
    """Return in words how many have a day of request, to be added to a remedy."""
    return f" Of them, {many:,} have cancel_requested_at, which does not end them." if many else ""


def _requested(view: View, rows: Bools, wanted: str) -> int:
    if wanted != "end" or not view.has("cancel_requested_at"):
        return 0
    return int((rows & view.valid("cancel_requested_at")).sum())


def at_stake(view: View, rows: Bools) -> str:
    """The MRR of some rows in words, by currency; what cannot be said is left out."""
    if not rows.any() or not view.has("amount", "interval"):
        return ""
    steps = [float(intervals_per_month(w)) if w in DAYS else np.nan for w in _intervals(view)]
    monthly = view.numbers("amount") * np.array([*steps, np.nan])[view.codes("interval")]
    known = rows & view.valid("amount") & np.isfinite(monthly)
    monthly = monthly / _counts(view)
    names, codes = [""], np.zeros(view.size, np.int32)
    if view.has("currency"):
        names, codes = [*map(str, view.names("currency").to_pylist()), ""], view.codes("currency")
    codes = np.where(codes < 0, len(names) - 1, codes)
    sums = np.bincount(codes[known], monthly[known], len(names))
    order = sorted((n for n in range(len(names)) if sums[n]), key=lambda n: (-sums[n], names[n]))
    said = [f"{sums[n]:,.2f} {names[n]}".rstrip() for n in order]
    return f", {' and '.join(said)} of MRR" if said else ""


def _intervals(view: View) -> list[str]:
    return [str(word) for word in view.names("interval").to_pylist()]


def _counts(view: View) -> npt.NDArray[np.float64]:
    if not view.has("interval_count"):
        return np.ones(view.size)
    given = view.valid("interval_count") & (view.numbers("interval_count") > 0)
    return np.where(given, view.numbers("interval_count"), 1.0)
