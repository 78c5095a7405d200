"""How many rows of the source of MRR do not count, and why: in the words of the local engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.invoices import NOT_RECURRING, REFUND, USAGE, invoice_words
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.invoices import charged_for_usage, of_kind
from saasmetrics.engine.portable.lines import SERVED, every_piece, served
from saasmetrics.engine.portable.offers import with_offers
from saasmetrics.engine.portable.whole import flag
from saasmetrics.engine.words import free_words, left_out_words, usage_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy


def left_out_notes(
    tables: Mapping[str, Frame], source: str, policy: Policy, as_of: int, currency: str
) -> tuple[str, ...]:
    """Return in words how many rows lie ahead, cost nothing, and last no day.

    Notes
    -----
    Rows that were cut into pieces may leave pieces of no day, which nobody needs to hear of.
    """
    found = every_piece(tables, source, policy, as_of, currency)
    later, zero = nw.col("start") > as_of, nw.col("amount") == 0
    empty = nw.col("end") <= nw.col("start")
    masks = {"later": later, "zero": zero & ~later, "empty": empty & ~zero & ~later}
    counts = _counted(found, masks)
    whole = source != "invoices" and counts["rows"] == _counted(tables[source], {})["rows"]
    empties = counts["empty"] if whole else 0
    ahead = counts["later"]
    if source == "subscriptions" and not whole:
        uncut = policy.changed(pause="kept", discount="none")
        lines = every_piece(tables, source, uncut, as_of, currency)
        ahead = _counted(lines, {"later": later})["later"]
    said = left_out_words(source, (ahead, counts["zero"], empties))
    if source == "invoices":
        return (*_of_lines(tables["invoices"], policy), *said)
    if source == "subscriptions":
        free = _given_free(tables, policy, as_of, currency)
        said = [*free, *said, *_of_usage(tables, policy)]
    return tuple(said)


def _counted(frame: Frame, masks: Mapping[str, nw.Expr]) -> dict[str, int]:
    """Return how many rows a frame has, and of how many each condition holds."""
    sums = [flag(mask).sum().cast(nw.Int64).alias(name) for name, mask in masks.items()]
    found = fetched(frame.select(nw.len().alias("rows"), *sums)).to_pylist()[0]
    return {name: int(value or 0) for name, value in found.items()}


def _given_free(
    tables: Mapping[str, Frame], policy: Policy, as_of: int, currency: str
) -> list[str]:
    """Return in words how many subscriptions cost nothing for a time and keep their customer."""
    columns = set(names(tables["subscriptions"]))
    if policy.discount == "none" or not {"list_amount", "discount_end"} <= columns:
        return []
    known = SERVED in tables
    found = tables[SERVED] if known else served(tables, policy, as_of, currency)
    found = with_offers(found, policy)
    free = _counted(found, {"free": nw.col("_free") == 1})["free"]
    return [free_words(free)] if free else []


def _of_usage(tables: Mapping[str, Frame], policy: Policy) -> list[str]:
    """Return in words how many usage charges count beside the subscriptions."""
    if policy.usage == "excluded" or "invoices" not in tables:
        return []
    lines = _counted(charged_for_usage(tables["invoices"]), {})["rows"]
    return [usage_words(lines)] if lines else []


def _of_lines(table: Frame, policy: Policy) -> list[str]:
    """Return in words how many invoice lines are no MRR, and how many are spread by days or charge for usage."""
    refund = of_kind(table, REFUND) if policy.refunds == "ignored" else None
    masks = {"other": of_kind(table, NOT_RECURRING), "usage": of_kind(table, USAGE)}
    masks |= {} if refund is None else {"refund": refund}
    if {"service_start", "service_end"} <= set(names(table)):
        masks["served"] = ~(nw.col("service_start").is_null() | nw.col("service_end").is_null())
    found = _counted(table, masks)
    return invoice_words(
        found["other"],
        found.get("refund", 0),
        found.get("served", 0) if policy.recognition == "daily" else None,
        found["usage"] if policy.usage != "excluded" else None,
    )
