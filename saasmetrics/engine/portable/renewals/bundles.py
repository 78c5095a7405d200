"""What renewals are worth, shared by what expired, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.fetched import number
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import flag, nearest, running, summed

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame


def shared_out(pairs: Frame) -> Frame:
    """Return the value after renewal of each term that is renewed: columns `old` and `final`.

    Parameters
    ----------
    pairs
        Which term is renewed by which: old, new, `old_due` and `new_arr`.

    Notes
    -----
    Nearly every term is renewed by one contract that renews no other: its value is that of the contract. The others
    are bundles, found in passes along what they have in common; each pass asks whether it was the last.
    """
    one = nw.lit(1).cast(nw.Int64)
    pairs = pairs.with_columns(_one=one).with_columns(
        _news=nw.col("_one").sum().over("old"), _olds=nw.col("_one").sum().over("new")
    )
    pairs = held(pairs, "shared", "how many renew a term, and how many a contract renews")
    alone = (nw.col("_news") == 1) & (nw.col("_olds") == 1)
    plain = pairs.filter(alone).select("old", final=nw.col("new_arr"))
    rest = pairs.filter(~alone).select("old", "new", "old_due", "new_arr", bundle=nw.col("old"))
    if not int(number(rest.select(nw.len())) or 0):
        return plain
    bundles = _bundled(
        held(rest, "bundles", "terms and contracts that renew several of each other")
    )
    return nw.concat([plain, _shares(bundles).select("old", "final")])


def _bundled(pairs: Frame) -> Frame:
    """Return pairs with the lowest term of their bundle, found in passes."""
    while True:
        lower = pairs.with_columns(_least=nw.col("bundle").min().over("new"))
        lower = lower.with_columns(_least=nw.col("_least").min().over("old"))
        lower = lower.with_columns(_moved=flag(nw.col("_least") != nw.col("bundle")))
        lower = held(lower, "bundles", "the lowest term of each bundle")
        pairs = lower.with_columns(bundle=nw.col("_least").cast(nw.Int64)).drop("_least", "_moved")
        if not int(number(lower.select(nw.col("_moved").sum())) or 0):
            return pairs


def _shares(pairs: Frame) -> Frame:
    """Return the shares of the members of bundles, whole numbers that sum to what their contracts are worth."""
    worth = summed(pairs.select("bundle", "new", "new_arr").unique(), ["bundle"], ["new_arr"])
    members = pairs.select("bundle", "old", "old_due").unique()
    due = summed(members, ["bundle"], ["old_due"]).select("bundle", _due=nw.col("old_due"))
    members = (
        members.join(worth, on="bundle")
        .join(due, on="bundle")
        .with_columns(
            _so_far=running("old_due", ["bundle"], "old"),
            _last=nw.col("old").max().over("bundle"),
            _excess=nw.col("new_arr") - nw.col("_due"),
        )
    )
    safe = nw.when(nw.col("_due") > 0).then(nw.col("_due")).otherwise(1).cast(nw.Float64)
    share = nw.when(nw.col("_due") > 0).then(nw.col("_so_far")).otherwise(0).cast(nw.Float64) / safe
    members = members.with_columns(_part=nw.col("_excess").cast(nw.Float64) * share)
    ends = nw.col("old") == nw.col("_last")
    given = nw.when(ends).then(nw.col("_excess")).otherwise(nearest(nw.col("_part")))
    members = members.with_columns(_given=given.cast(nw.Int64))
    before = nw.col("_given").shift(1).over("bundle", order_by="old").fill_null(0).cast(nw.Int64)
    return members.with_columns(final=nw.col("old_due") + nw.col("_given") - before)
