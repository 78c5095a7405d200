"""How many rows of the source of MRR do not count, and why: in the words of the local engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.invoices import NOT_RECURRING
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.lines import every_piece
from saasmetrics.engine.portable.whole import flag
from saasmetrics.engine.spans import left_out_words

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
    sums = [flag(mask).sum().cast(nw.Int64).alias(name) for name, mask in masks.items()]
    counts = found.select(nw.len().alias("pieces"), *sums).collect().to_arrow().to_pylist()[0]
    rows = tables[source].select(nw.len().alias("rows")).collect().to_arrow().to_pylist()[0]["rows"]
    whole = source != "invoices" and counts["pieces"] == rows
    empties = (counts["empty"] or 0) if whole else 0
    said = left_out_words(source, (counts["later"] or 0, counts["zero"] or 0, empties))
    return (*(_of_lines(tables["invoices"], policy) if source == "invoices" else ()), *said)


def _of_lines(table: Frame, policy: Policy) -> list[str]:
    """Return in words how many invoice lines are no MRR, and how many are spread by days."""
    columns, sums = names(table), {}
    if "kind" in columns:
        kind = nw.col("kind").fill_null("").str.to_lowercase()
        sums["other"] = kind.is_in(list(NOT_RECURRING))
    if policy.recognition == "daily" and {"service_start", "service_end"} <= set(columns):
        sums["served"] = ~(nw.col("service_start").is_null() | nw.col("service_end").is_null())
    flags = [flag(mask).sum().cast(nw.Int64).alias(name) for name, mask in sums.items()]
    found = table.select(nw.len().alias("rows"), *flags).collect().to_arrow().to_pylist()[0]
    said = []
    if other := found.get("other"):
        said.append(f"{other:,} invoice lines are not recurring and are left out of MRR")
    if policy.recognition == "daily":
        spread = found.get("served") or 0
        said.append(f"{spread:,} invoice lines are spread by days over their service dates")
    return said
