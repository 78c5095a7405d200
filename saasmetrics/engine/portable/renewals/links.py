"""Which term is renewed by which, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.told import step

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.engine.renewals import Window

LINK = ("old", "new", "new_start", "new_end", "new_signed", "new_arr")
_ALL = (
    2**60
)  # what a contract is worth beyond the terms that it names, where it names none: enough for any


def links(terms: Frame, window: Window, asks: Frame | None = None) -> Frame:
    """Return which term is renewed by which, as `engine.renewals.links` says it.

    Parameters
    ----------
    terms
        The terms that are known.
    window
        The days of grace and of early renewal.
    asks
        The terms, with their columns, for which what follows is looked for where none names them. None: all.

    Notes
    -----
    Who takes a term over does not depend on what is taken over elsewhere, so the four places in which a contract is
    looked for are the ranks of one join: the best rank that any has, and in it the nearest day.
    """
    named = terms.filter(~nw.col("previous").is_null())
    named = named.join(_sides(terms, "old", ("end", "due")), left_on="previous", right_on="old")
    named = named.filter(nw.col("end") > nw.col("old_end"))
    named = step(named, "named", "contracts that name the term that they renew")
    spare = nw.col("arr") - nw.col("old_due")
    names = named.select("term", _spare=nw.when(spare > 0).then(spare).otherwise(0))
    pairs = named.select(old="previous", new="term", **_renamed())
    takers = terms.join(names, on="term", how="left").with_columns(
        _names=~nw.col("_spare").is_null(), _spare=nw.col("_spare").fill_null(_ALL).cast(nw.Int64)
    )
    takers = takers.select("who", "_names", "_spare", new="term", **_renamed())
    takers = step(takers, "takers", "what each contract is worth beyond the terms that it names")
    free = _sides(terms if asks is None else asks, "old", ("start", "end", "due"), "who")
    free = free.join(pairs.select("old").unique(), on="old", how="anti")
    found = _nearest(free.join(takers, on="who"), window)
    found = step(found, "nearest", "the contracts that follow terms that nobody names")
    return nw.concat([pairs.select(*LINK), found.select(*LINK)])


def _renamed() -> dict[str, nw.Expr]:
    return {f"new_{name}": nw.col(name) for name in ("start", "end", "signed", "arr")}


def _sides(terms: Frame, side: str, columns: tuple[str, ...], *keys: str) -> Frame:
    named = {f"{side}_{name}": nw.col(name) for name in columns}
    return terms.select(*keys, nw.col("term").alias(side), **named)


def _nearest(pairs: Frame, window: Window) -> Frame:
    """Return the pairs of the first place that has any, at the day nearest to the end."""
    gap = nw.col("new_start") - nw.col("old_end")
    pairs = pairs.with_columns(_gap=gap).filter(
        nw.col("new_end") > nw.col("old_end"),
        nw.col("new_start") > nw.col("old_start"),
        # half of the term, rounded down, in whole numbers
        nw.col("_spare") * 2 + 1 >= nw.col("old_due"),
    )
    after = (nw.col("_gap") >= 0) & (nw.col("_gap") <= window.grace)
    early = (nw.col("_gap") < 0) & (nw.col("_gap") >= -window.early)
    first = nw.when(after).then(0).otherwise(nw.when(early).then(3).otherwise(4))
    other = nw.when(after).then(1).otherwise(nw.when(nw.col("_gap") < 0).then(2).otherwise(4))
    place = nw.when(nw.col("_names")).then(other).otherwise(first)
    pairs = pairs.with_columns(_place=place.cast(nw.Int64)).filter(nw.col("_place") < 4)
    pairs = pairs.with_columns(_best=nw.col("_place").min().over("old"))
    pairs = pairs.filter(nw.col("_place") == nw.col("_best")).with_columns(
        _apart=nw.col("_gap").abs()
    )
    pairs = pairs.with_columns(_least=nw.col("_apart").min().over("old"))
    return pairs.filter(nw.col("_apart") == nw.col("_least"))
