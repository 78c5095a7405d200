"""MRR and the service that invoices pay for, matched where they are: as `saasmetrics.engine.matched` does here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.billed import KINDS
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.portable.held import settled
from saasmetrics.engine.portable.whole import FAR, change, running, summed, where
from saasmetrics.engine.reconciled_cell import CAUSES

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame

ACCOUNT = ("entity", "moving")
_LEVELS = ("earned", *KINDS[:PAYING])


def turns(found: Frame, level: str, *keep: str) -> Frame:
    """Return the days on which levels begin and end, with by how much they change; what runs on has no end.

    `keep` are the columns to carry.
    """
    columns = (*keep, "day", "delta")
    begins = found.with_columns(day=nw.col("start"), delta=nw.col(level)).select(*columns)
    ends = found.filter(nw.col("end") < FAR)
    ends = ends.with_columns(day=nw.col("end"), delta=nw.col(level) * -1).select(*columns)
    return nw.concat([begins, ends])


def parted(paid: Frame, lines: Frame, billed: int) -> Frame:
    """Return by how much each cause changes on which day, per customer and currency.

    Parameters
    ----------
    paid
        MRR under each `reading`, with `start`, `end` and `amount`.
    lines
        The invoice lines.
    billed
        The number of the reading as it is billed.

    Returns
    -------
    LazyFrame
        entity, moving, day and the causes.

    Notes
    -----
    A discount or a credit that takes back service beyond MRR is a proration: MRR has it already. Only what is left
    over is a cause of its own.
    """
    earned = turns(paid.filter(nw.col("reading") == billed), "amount", *ACCOUNT).with_columns(
        kind=nw.lit(-1)
    )
    served = turns(lines.filter(nw.col("kind") < PAYING), "monthly", *ACCOUNT, "kind")
    columns = (*ACCOUNT, "day", "kind", "delta")
    moved = nw.concat(
        [
            part.with_columns(nw.col("kind").cast(nw.Int64)).select(*columns)
            for part in (earned, served)
        ]
    )
    apart = {
        name: where(nw.col("kind") == kind, nw.col("delta"))
        for kind, name in enumerate(_LEVELS, -1)
    }
    found = summed(settled(moved.with_columns(**apart)), (*ACCOUNT, "day"), _LEVELS)
    found = settled(found).with_columns(*(running(name, ACCOUNT, "day") for name in _LEVELS))
    found = settled(_causes(settled(found).join(_known(paid, lines), on="entity")))
    return found.select(*ACCOUNT, "day", *(change(name, ACCOUNT, "day") for name in CAUSES))


def _causes(found: Frame) -> Frame:
    """Return the size of each cause, from the levels of a day on; only one of them is without both tables."""
    earned, served, none = nw.col("earned"), nw.col("recurring"), nw.lit(0).cast(nw.Int64)
    found = found.with_columns(_gap=served - earned, _both=nw.col("in_mrr") * nw.col("in_lines"))
    for name in ("discount", "credit"):
        over = nw.max_horizontal(nw.col(name) * -1, none)
        found = found.with_columns(_netted=nw.min_horizontal(over, nw.max_horizontal("_gap", none)))
        rest = {
            "_gap": nw.col("_gap") - nw.col("_netted"),
            f"{name}s": nw.col(name) + nw.col("_netted"),
        }
        found = settled(found.with_columns(**rest))
    both, gap = nw.col("_both") == 1, nw.col("_gap")
    alone = served + nw.col("discount") + nw.col("credit") - earned
    unserved, unearned = (served == 0) & (earned != 0), (earned == 0) & (served != 0)
    return found.with_columns(
        discounts=where(both, nw.col("discounts")),
        credits=where(both, nw.col("credits")),
        only_mrr=where(nw.col("in_lines") == 0, alone),
        only_invoices=where(nw.col("in_mrr") == 0, alone),
        not_invoiced=where(both & unserved, gap),
        without_mrr=where(both & unearned, gap),
        price=where(both & ~unserved & ~unearned, gap),
    )


def _known(paid: Frame, lines: Frame) -> Frame:
    """Return which customers have MRR, and which have invoices, at any time."""
    parts = [
        part.select("entity", in_mrr=nw.lit(mrr), in_lines=nw.lit(1 - mrr))
        for part, mrr in ((paid, 1), (lines, 0))
    ]
    found = nw.concat(parts).group_by("entity")
    return found.agg(nw.col("in_mrr", "in_lines").max())
