"""Discounts that end, and free months in the middle of paid service, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.whole import FAR, day_number, flag

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy


def discounted(found: Frame, policy: Policy) -> Frame:
    """Let the list amount hold from the end of the discount on, or always, by policy.

    While a discount takes all of it, the MRR of a customer who paid before rests like that of a pause. `found` has
    `listed`, the MRR before discounts, and, of discounts that recur, `_first_due`, the end of the first interval.
    """
    if "list_amount" not in names(found):
        return found
    known = ~nw.col("list_amount").is_null()
    if policy.discount == "none":
        amount = nw.when(known).then(nw.col("listed")).otherwise(nw.col("amount"))
        return found.with_columns(amount=amount)
    if "discount_end" not in names(found):
        return found
    found = with_offers(found, policy)
    full, always = nw.col("_full") == 1, nw.col("_never") == 1
    turn = nw.when(always).then(nw.col("start")).otherwise(nw.max_horizontal("_until", "start"))
    ends = full & ((nw.col("_until") < nw.col("end")) | always)
    found = found.with_columns(_turn=turn, _ends=flag(ends))
    after = found.filter(nw.col("_ends") == 1).with_columns(
        start=nw.col("_turn"), amount=nw.col("listed"), rests=nw.lit(0).cast(nw.Int64)
    )
    before = nw.when(nw.col("_ends") == 1).then(nw.col("_turn")).otherwise(nw.col("end"))
    return nw.concat([found.with_columns(end=before), after])


def with_offers(found: Frame, policy: Policy) -> Frame:
    """Add until when each line is discounted, whether that never counts, and what is free for a time (`_free`)."""
    known = ~nw.col("list_amount").is_null()
    found = found.with_columns(_until=day_number("discount_end", FAR))
    never = nw.lit(0)
    if policy.discount == "forever_only":
        never = flag(nw.col("_until") < FAR)
    elif policy.discount == "recurring":
        never = flag(nw.col("_until") <= nw.col("_first_due"))
    found = found.with_columns(_never=never, _full=flag(known))
    return with_given_free(found)


def with_given_free(found: Frame) -> Frame:
    """Let the list MRR rest of what costs nothing for a time, while the customer goes on from paid service.

    A line that is free from a customer's first day is none of them: the customer begins when it pays.
    """
    free = (nw.col("amount") == 0) & (nw.col("listed") > 0) & (nw.col("_until") < FAR)
    found = found.with_columns(_free=flag(free & (nw.col("_full") == 1) & (nw.col("_never") == 0)))
    paid = found.filter(nw.col("amount") > 0, nw.col("end") > nw.col("start"))
    paid = paid.select("entity", _began=nw.col("start"), _reach=nw.col("end"))
    given = found.filter(nw.col("_free") == 1).select("entity", "start").unique()
    given = given.join(paid, on="entity").filter(nw.col("_began") < nw.col("start"))
    given = given.group_by("entity", "start").agg(nw.col("_reach").max())
    found = found.join(given, on=["entity", "start"], how="left")
    follows = nw.col("_reach").fill_null(-FAR) >= nw.col("start")
    found = found.with_columns(_free=flag((nw.col("_free") == 1) & follows)).drop("_reach")
    given_free = nw.col("_free") == 1
    return found.with_columns(
        amount=nw.when(given_free).then(nw.col("listed")).otherwise(nw.col("amount")),
        rests=nw.col("_free").cast(nw.Int64),
    )
