"""Spans and a ledger of the months of an MRR cube made longer by later months, as if all had been read at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import monthly_micro
from saasmetrics.engine.columns import days, encode
from saasmetrics.engine.ledger import Ledger, ledger
from saasmetrics.engine.service import FAR
from saasmetrics.engine.spans import Spans, source_of
from saasmetrics.engine.words import left_out_words
from saasmetrics.money import LARGEST
from saasmetrics.tables.runs import first_days, is_runs, month_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

__all__ = ["can_extend", "entities", "extended"]


def can_extend(tables: Mapping[str, Table], policy: Policy) -> bool:
    """Return whether later months add to what is known and change nothing of it: a cube whose lines only add up."""
    alone = source_of(tables) == "mrr" and "fx" not in tables and not is_runs(tables["mrr"].data)
    return (
        alone and policy.entity != "parent" and policy.overlap != "latest" and not policy.gap_days
    )


def extended(
    old: Spans,
    changes: Ledger,
    rows: int,
    until: Sequence[int],
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
) -> tuple[Spans, Ledger] | None:
    """Return the spans and the ledger of all rows; None where the later ones do more than continue the earlier ones.

    Parameters
    ----------
    old, changes
        The spans and the ledger of the first rows.
    rows, until
        How many rows those are, and the as-of day that they were made for with the last month that they have.
    tables, policy, as_of, currency
        As for `spans`.
    """
    table = tables["mrr"]
    tail = replace(table, data=table.data.slice(rows))
    ids = tail.data["customer_id"]
    if not len(old) or not tail.num_rows or old.entity_ids.type != ids.type:
        return None
    start, end = _months(days(tail.data["month"]))
    before = _ends(old)
    edge = int(before.max())
    day, last = until
    if last > day or int(start.min()) < max(edge, last + 1) or int(start.max()) > as_of:
        return None
    named, entity = entities(old.entity_ids, ids)
    amount = monthly_micro({"mrr": tail}, policy, as_of, currency, "mrr", "mrr")
    end = np.where(end > as_of, FAR, end).astype(np.int32)
    new = Spans("mrr", named, entity, start, end, amount).pick(amount != 0)
    found = _joined(old, new, before, rows, as_of)
    zero = table.num_rows - len(found)
    if len(found) * max(float(found.amount.max()), -float(found.amount.min())) > LARGEST:
        return None  # `spans` adds them up one by one
    found = replace(found, notes=tuple(left_out_words("mrr", [0, zero, 0])))
    return found, _longer(changes, ledger(new, new.entity, len(named)), edge)


def entities(old: pa.Array, ids: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int32]]:
    """Return the ids of all, the new ones after those that were known, and the number of each row's."""
    names, code = encode(ids)
    at = pc.index_in(names, value_set=old)
    strange = np.asarray(pc.is_null(at))
    number = np.asarray(pc.fill_null(at, 0)).astype(np.int32)
    number[strange] = len(old) + np.arange(int(strange.sum()), dtype=np.int32)
    return pa.concat_arrays([old, names.filter(pa.array(strange))]), number[code]


def _months(day: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first day of the month of each day, and that of the month after."""
    month = month_of(day)
    return first_days(month).astype(np.int32), first_days(month + 1).astype(np.int32)


def _ends(old: Spans) -> NDArray[np.int32]:
    """Return the end of the month of each span, also where it was still running."""
    open_ = np.flatnonzero(old.end == FAR)
    out = old.end.copy()
    out[open_] = _months(old.start[open_])[1]
    return out


def _joined(old: Spans, new: Spans, before: NDArray[np.int32], rows: int, as_of: int) -> Spans:
    """Return the spans of all rows, those that end after the as-of day as running."""
    end = np.concatenate([before, new.end])
    end[end > as_of] = FAR
    line = None
    if old.line is not None or new.line is not None:
        line = np.concatenate([old.lines(), new.lines() + rows])
    return Spans(
        "mrr",
        new.entity_ids,
        np.concatenate([old.entity, new.entity]),
        np.concatenate([old.start, new.start]),
        end,
        np.concatenate([old.amount, new.amount]),
        line=line,
    )


def _longer(old: Ledger, new: Ledger, edge: int) -> Ledger:
    """Return the changes of both: the old ones before the day `edge`, when all of its spans have ended, then the new.

    On that day everybody's balance becomes that of the new ledger, which is no change where it is the same.
    """
    old = old.pick(old.time < edge)
    held, opens = (np.zeros(new.accounts, np.int64) for _ in range(2))
    last = np.flatnonzero(np.append(old.account[1:] != old.account[:-1], True))[: len(old)]
    held[old.account[last]] = old.mrr[last]
    at_edge = new.time == edge
    opens[new.account[at_edge]] = new.mrr[at_edge]
    turns = np.flatnonzero(held != opens).astype(np.int32)
    later = new.pick(~at_edge)
    account = np.concatenate([old.account, turns, later.account])
    order = np.argsort(account, kind="stable")  # which keeps the days of an account in order
    time = np.concatenate([old.time, np.full(len(turns), edge, np.int32), later.time])
    mrr = np.concatenate([old.mrr, opens[turns], later.mrr])
    return Ledger(account[order], time[order], mrr[order], None, new.accounts, new.aside)
