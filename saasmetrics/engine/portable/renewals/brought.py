"""Chosen terms that were brought from where the tables are, as the local engine holds terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.contracts import UNKNOWN, Terms
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.renewals import Renewals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame

_NUMBERS = (
    *("term", "row", "start", "end", "signed", "arr", "due", "previous", "auto", "forecast"),
    *("category", "outcome", "closed", "timing", "final", "escalator", "mid_term", "next"),
    *("number", "returned", "long", "settled"),
)
CHOSEN = ("group", "chosen")
_NONE = -1


def with_followers(chosen: Frame, known: Frame, contracts: Frame) -> Frame:
    """Return chosen terms, and beside them those that renewed them, in whole numbers and with their ids.

    Parameters
    ----------
    chosen
        Terms with their `group`.
    known
        All terms that are known, with the same columns otherwise.
    contracts
        The contracts, numbered as `row` of the terms.
    """
    one = nw.lit(1).cast(nw.Int64)
    followers = chosen.select(term="next").unique().join(chosen, on="term", how="anti")
    followers = known.join(followers, on="term", how="semi")
    followers = followers.with_columns(group=one * _NONE, chosen=one * 0)
    columns = (*_NUMBERS, "lift", "entity", *CHOSEN)
    both = nw.concat([chosen.with_columns(chosen=one).select(*columns), followers.select(*columns)])
    previous = nw.col("previous").fill_null(UNKNOWN).cast(nw.Int64)
    both = both.with_columns(previous=previous, group=nw.col("group").cast(nw.Int64))
    there = names(contracts)
    owner = nw.col("owner_id") if "owner_id" in there else nw.lit(None, dtype=nw.String)
    return both.join(contracts.select(row="term", id="contract_id", owner=owner), on="row")


def terms_of(rows: pa.Table, as_of: int, notes: tuple[str, ...], source: str) -> Renewals:
    """Return rows of `with_followers`, in the order of the terms, as renewals."""
    found = {name: np.asarray(rows[name]).astype(np.int64) for name in _NUMBERS}
    who = rows["entity"].combine_chunks().dictionary_encode()

    def place(name: str) -> NDArray[np.int64]:
        """Return which of these rows a term is; none where it is not among them."""
        at = np.minimum(np.searchsorted(found["term"], found[name]), max(len(rows) - 1, 0))
        there = found["term"][at] == found[name] if len(rows) else np.zeros(0, bool)
        return np.where(there, at, UNKNOWN)

    same = ("row", "start", "end", "signed", "arr", "due", "auto", "forecast", "category")
    terms = Terms(
        source=source,
        customer_ids=who.dictionary,
        ids=rows["id"].combine_chunks().cast(pa.string()),
        customer=np.asarray(who.indices).astype(np.int64),
        previous=place("previous"),
        notes=notes,
        escalator=np.asarray(rows["lift"]).astype(np.float64),
        **{name: found[name] for name in same},
    )
    became = ("outcome", "timing", "final", "escalator", "mid_term", "number", "settled")
    return Renewals(
        terms=terms,
        as_of=as_of,
        signed=found["closed"],
        next=place("next"),
        returned=found["returned"] == 1,
        long=found["long"] == 1,
        **{name: found[name] for name in became},
    )
