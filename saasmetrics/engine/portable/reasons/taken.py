"""What contracted uplifts and ended discounts added over windows, all windows at once, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.balances import ACCOUNT, changes_at
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.pairs import LEVELS, at_both_ends
from saasmetrics.engine.portable.reasons.lines import known_lines, slotted
from saasmetrics.engine.portable.reasons.parts import PARTS, PARTS_ARE, with_parts
from saasmetrics.engine.portable.reasons.sides import MONEY, SIDES_ARE, both_sides, turns
from saasmetrics.engine.portable.reasons.sums import whole
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import flag, numbers, running, summed, where
from saasmetrics.engine.reasons import SUBTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame

_AT = ("entity", "time")
_LINES_ARE = "the lines of customers with a contracted uplift or a discount"
_TURNS_ARE = "for each window, the lines that ended in it (side 0) and those that started (side 1)"


def taken(
    engine: PortableEngine, window: int, freq: str, left_out: Sequence[str], *, midpoint: bool
) -> Frame:
    """Return what each customer who stays gained for some reasons in the window that ends with each period.

    Parameters
    ----------
    engine, window, freq
        The engine where the tables are; the length of the windows.
    left_out
        The reasons; each counts where it adds.
    midpoint
        As for `with_parts`.

    Returns
    -------
    Frame
        entity, time (the period) and `taken`.
    """
    first, periods, _ = engine.extent(freq)
    lines = held(_agreed(engine), "agreed", _LINES_ARE)
    found = _turns(engine, lines, window, freq, first + periods - 1)
    both = held(both_sides(step(found, "turns", _TURNS_ARE)), "sides", SIDES_ARE)
    cells = held(with_parts(both, midpoint=midpoint), "parts", PARTS_ARE)
    cells = cells.join(_staying(engine, cells, window, freq), on=[*_AT])
    if engine.valuation is not None and engine.policy.fx != "spot":
        cells = whole(cells, _AT)
    parts = [PARTS[SUBTYPES.index(name)] for name in left_out]
    sums = summed(cells, _AT, parts)
    gained = nw.lit(0).cast(nw.Int64)
    for part in parts:
        gained = gained + where(nw.col(part) > 0, nw.col(part))
    return sums.with_columns(taken=gained.cast(nw.Int64)).filter(nw.col("taken") > 0)


def _agreed(engine: PortableEngine) -> Frame:
    """Return the lines of customers of whom any line has an uplift or a list amount above what is paid."""
    lines = known_lines(engine)
    some = lines.filter((nw.col("raised") > 0) | (nw.col("listed") > nw.col("amount")))
    return lines.join(some.select("entity").unique(), on="entity", how="semi")


def _turns(engine: PortableEngine, lines: Frame, window: int, freq: str, last: int) -> Frame:
    """Return for each window the lines that started or ended in it, of which any product has both.

    A line counts at the end of the periods from `begins` to the one before `stops`. It started in the windows that end
    with those, as long as they begin before it; it ended in those that begin with one of them and end after it.
    """
    counts = slotted(lines, engine.calendar(freq), events=False)
    counts = counts.filter(nw.col("begins") < nw.col("stops"))
    begins, stops = nw.col("begins"), nw.min_horizontal("stops", nw.lit(last + 1))
    starts = counts.with_columns(
        _from=begins, _to=nw.min_horizontal(begins + window, stops).cast(nw.Int64)
    )
    over = counts.filter(nw.col("stops") <= last)
    ends = over.with_columns(
        _from=nw.max_horizontal(begins + window, nw.col("stops")).cast(nw.Int64),
        _to=nw.min_horizontal(nw.col("stops") + window, nw.lit(last + 1)).cast(nw.Int64),
    )
    nths = held(numbers(lines, window))
    aside = engine.policy.pause == "line"
    sides = []
    for side, part in enumerate((ends, starts)):
        each = part.join(nths, how="cross")
        each = each.with_columns(_time=nw.col("_from") + nw.col("_nth"))
        each = each.filter(nw.col("_time") < nw.col("_to"))
        sides.append(turns(each, "_time", side, aside=aside))
    found = nw.concat(sides)
    if engine.valuation is not None:
        found = _at_start(engine, found.with_columns(group=nw.col("moving")), window, freq, MONEY)
    return found


def _at_start(
    engine: PortableEngine, found: Frame, window: int, freq: str, money: Sequence[str]
) -> Frame:
    """Return rows of windows, of one currency each, with some columns at the rates of the start of their window."""
    found = found.with_columns(_before=nw.col("time") - window)
    return engine.basis.rates.at_end(found, engine.calendar(freq), "_before", money)


def _staying(engine: PortableEngine, cells: Frame, window: int, freq: str) -> Frame:
    """Return customers and windows of cells in which they pay at the start and hold something at the end.

    Where rates move, with it comes the `_amount` that their MRR changed by, but for what rests.
    """
    first, periods, _ = engine.extent(freq)
    rates = engine.valuation is not None
    asked = cells.select(*_AT).unique()
    daily = engine.basis.daily(apart=rates)
    daily = daily.join(asked.select("entity").unique(), on="entity", how="semi")
    accounts = changes_at(daily, engine.calendar(freq), events=False)
    both = at_both_ends(accounts, window, first + periods - 1, alone=True)
    none = nw.lit(0).cast(nw.Int64)
    marks = accounts.select(*ACCOUNT).unique().join(asked, on="entity")
    marks = marks.with_columns(asked=none + 1, **dict.fromkeys(LEVELS, none))
    columns = (*ACCOUNT, "time", *LEVELS, "asked")
    every = nw.concat([both.with_columns(asked=none).select(*columns), marks.select(*columns)])
    every = summed(every, (*ACCOUNT, "time"), (*LEVELS, "asked"))
    levels = every.with_columns(*(running(n, [*ACCOUNT], "time").alias(n) for n in LEVELS))
    levels = levels.filter(nw.col("asked") > 0)
    totals = summed(levels, _AT, LEVELS)
    stays = totals.filter(nw.col("m0") > 0, nw.col("m1") + nw.col("p1") > 0).select(*_AT)
    return stays.join(_amounts(engine, levels, window, freq), on=[*_AT]) if rates else stays


def _amounts(engine: PortableEngine, levels: Frame, window: int, freq: str) -> Frame:
    """Return by how much MRR of customers changed, but for what rests, at the rates of the start of windows.

    What rounding leaves between both ends of a currency goes to the larger of the change and the pause; the currencies
    of who changes several are one.
    """
    changed = (nw.col("m0") != nw.col("m1")) | (nw.col("p0") != nw.col("p1"))
    rests = nw.col("p1") - nw.col("p0") if engine.policy.pause == "line" else nw.lit(0)
    levels = levels.with_columns(_changed=flag(changed), _rests=rests.cast(nw.Int64))
    levels = levels.with_columns(
        _rest=nw.col("m1") - nw.col("m0") + nw.col("_rests"), _paused=nw.col("_rests") * -1
    )
    levels = _at_start(engine, levels, window, freq, (*LEVELS, "_rest", "_paused"))
    ends = nw.col("m1") - nw.col("m0")
    left = ends - nw.col("_rest") - nw.col("_paused")
    larger = nw.col("_rest").abs() >= nw.col("_paused").abs()
    rests = nw.col("p1") - nw.col("p0") if engine.policy.pause == "line" else nw.lit(0)
    levels = levels.with_columns(
        _apart=nw.col("_rest") + where(larger, left), _one=(ends + rests).cast(nw.Int64)
    )
    found = summed(levels, _AT, ("_changed", "_apart", "_one"))
    amount = nw.when(nw.col("_changed") > 1).then(nw.col("_one")).otherwise(nw.col("_apart"))
    return found.select(*_AT, _amount=amount.cast(nw.Int64))
