"""The clock of knowledge where the tables are: the rows that were known, and held, at the end of a day."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, day_number
from saasmetrics.tables.schema import CLOCKS, ISSUED, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.whole import Frame

RECORDED = "_recorded_at"  # when a subscription was recorded, which no version of it is told by
_LONG_AGO = datetime(1700, 1, 1)  # noqa: DTZ001  # timestamps have no zone here
_TERM = ("subscription_id", "_from", "_to", "_recorded")
_ATTRIBUTES = ("product", "plan", "quantity")


def known_frame(name: str, frame: Frame, day: int | None, *, clocks: bool = False) -> Frame:
    """Return the rows of a table known at the end of a day; None: with all that is known; `clocks`: keep theirs.

    Notes
    -----
    The same rules as `saasmetrics.tables.known`, which is for tables in memory.
    """
    columns = names(frame)
    there = [clock for clock in CLOCKS if clock in columns]
    end, issued = FAR - 1 if day is None else day, ISSUED.get(name)
    if not there and (day is None or issued not in columns):
        return frame
    found = frame
    if "recorded_at" in there or issued in columns:
        found = found.filter(known_from(name, columns) <= end)
    if "recorded_at" in there:
        found = found.with_columns(_recorded=nw.col("recorded_at").fill_null(_LONG_AGO))
        found = _latest_terms(found) if name == "subscriptions" else _latest(name, found)
        found = found.drop("_recorded")
    if "withdrawn_at" in there:
        found = found.filter(day_number("withdrawn_at", FAR) > end)
    said = "the rows that are known, in their latest version"
    return held(found if clocks else without_clocks(name, found), f"known_{name}", said)


def known_from(name: str, columns: Sequence[str]) -> nw.Expr:
    """Return the day from which each row is known: when it was recorded, else when it was issued, else always."""
    issued = ISSUED.get(name)
    if issued is None or issued not in columns:
        return day_number("recorded_at", -FAR)
    since = day_number(issued, -FAR)
    if "recorded_at" not in columns:
        return since
    told = nw.col("recorded_at").is_null()
    return nw.when(told).then(since).otherwise(day_number("recorded_at", -FAR))


def without_clocks(name: str, frame: Frame) -> Frame:
    """Return rows without the days on which they became known, but for that of subscriptions, as `RECORDED`."""
    columns = names(frame)
    if name == "subscriptions" and "recorded_at" in columns:
        frame = frame.with_columns(nw.col("recorded_at").alias(RECORDED))
    return frame.drop(*(clock for clock in CLOCKS if clock in columns))


def _latest(name: str, frame: Frame) -> Frame:
    """Keep of each key what was recorded last; of keys with lines that add up, what was recorded on the last day."""
    columns = names(frame)
    keys = [key for key in SCHEMA[name].key if key in columns]
    if name == "mrr" and "product" in columns:
        keys.append("product")
    if not keys:
        return frame
    since = nw.col("_recorded")
    if name in ("invoices", "spend") or (name == "mrr" and {*_ATTRIBUTES} & {*columns}):
        since = known_from(name, columns)
    frame = frame.with_columns(_since=since)
    frame = frame.with_columns(_last=nw.col("_since").max().over(*keys))
    return frame.filter(nw.col("_since") == nw.col("_last")).drop("_since", "_last")


def _latest_terms(frame: Frame) -> Frame:
    """Leave out the terms that a term of the same subscription, recorded later, overlaps."""
    until = day_number("end", FAR) if "end" in names(frame) else nw.lit(FAR).cast(nw.Int64)
    frame = frame.with_columns(_from=day_number("start", 0), _to=until)
    least = nw.col("_from") + 1
    frame = frame.with_columns(
        _to=nw.when(nw.col("_to") < least).then(least).otherwise(nw.col("_to"))
    )
    frame = step(frame, "versions", "the days that each version of a row is about")
    terms = frame.select(*_TERM).unique()
    terms = step(terms, "terms_told", "each version once")
    others = terms.rename(
        {"_from": "_other_from", "_to": "_other_to", "_recorded": "_other_recorded"}
    )
    overtaken = terms.join(others, on="subscription_id").filter(
        nw.col("_recorded") < nw.col("_other_recorded"),
        nw.col("_other_from") < nw.col("_to"),
        nw.col("_from") < nw.col("_other_to"),
    )
    overtaken = step(
        overtaken.select(*_TERM).unique(), "overtaken", "versions that a later one overlaps"
    )
    found = frame.join(overtaken, on=[*_TERM], how="anti")
    return fenced(found.drop("_from", "_to"))
