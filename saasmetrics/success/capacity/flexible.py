"""Own people or hired ones: how much of demand is worth covering with people who are always there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.request_counts import request_counts
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.workforce import fixed_share
from saasmetrics.metrics.made import made

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

_FREQS = ("D", "W", "M")


@metric(
    id="flexible_staffing",
    name="Own or flexible staff",
    unit="money",
    better="lower",
    meaning="What it costs to cover all work with one's own people, with hired ones, or with the best mix of both.",
    formula="own hours x their cost, used or not + hours of demand above them x the cost of flexible ones",
    missing="Never missing.",
    sources=(
        "METRICS.md",
        "Arrow, Harris and Marschak 1951 (newsvendor)",
        "Zendesk: outsource what is volatile",
    ),
    options={
        "costs": "{value}",
        "periods": "{value}",
    },
)
def flexible(
    book: Book,
    fixed_cost: float,
    flexible_cost: float,
    freq: str = "W",
    *,
    periods: int = 52,
    channel: str | None = None,
) -> Result:
    """Cost of covering the hours of work with own people, flexible ones, or both.

    Parameters
    ----------
    book
        The company's tables; needs `tickets` with handle_seconds.
    fixed_cost
        Cost of one hour of an own person, whether needed or not.
    flexible_cost
        Cost of one hour of a hired one, bought when needed.
    freq
        How quickly own capacity can follow demand: "D", "W" or "M".
    periods
        So many of the last complete periods are the demand.
    channel
        Only tickets of this channel; None for all.

    Returns
    -------
    Result
        plan ("mix", "own for the peak", "flexible only"), value (mean cost a period), own (hours of own people a
        period), flexible (mean hours bought a period), idle (mean own hours not needed), n (periods), verdict
        ("cheapest"), reason. `extra` has quantile (of demand that own people cover), base (lowest demand), peak, and
        volatile (share of the peak above the base).

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If no ticket has a handling time.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.flexible(sm.demo(customers=200), fixed_cost=40, flexible_cost=70)
    >>> made.df.loc[made.df["value"].idxmin(), "plan"]
    'mix'
    """
    import pandas as pd

    one_of("frequency", freq, _FREQS)
    own, hired = (
        finite(name, value, "the cost of one hour, above 0", least=1e-9)
        for name, value in (("fixed_cost", fixed_cost), ("flexible_cost", flexible_cost))
    )
    demand = _hours(book, freq, whole("periods", periods, 2), channel)
    share = fixed_share(own, hired)
    best = cheapest(demand, own, hired)
    plans = {"mix": best, "own for the peak": float(demand.max()), "flexible only": 0.0}
    cost = [expected_cost(demand, hours, own, hired) for hours in plans.values()]
    hours = np.array(list(plans.values()))
    df = pd.DataFrame(
        {
            "plan": list(plans),
            "value": cost,
            "own": hours,
            "flexible": [float(np.maximum(demand - h, 0).mean()) for h in hours],
            "idle": [float(np.maximum(h - demand, 0).mean()) for h in hours],
            "n": len(demand),
            "verdict": np.where(np.isclose(cost, min(cost)), "cheapest", ""),
            "reason": "",
        }
    )
    low, high = float(demand.min()), float(demand.max())
    noun = book.calendar(freq).noun
    said = {
        "costs": f"{own:g} an own hour, {hired:g} a flexible one",
        "periods": f"hours of the last {len(demand)} {noun}s",
    }
    extra: dict[str, Any] = {"quantile": share, "base": low, "peak": high, "noun": noun}
    extra["volatile"] = (high - low) / high if high else np.nan
    extra["headline"] = (
        f"own people for {best:,.0f} hours a {noun}, of {low:,.0f} to {high:,.0f} needed: "
        f"{df['value'].iloc[0] / max(df['value'].iloc[1], 1e-9) - 1:+.0%} against own people for the peak"
    )
    return made(
        book, "flexible_staffing", df, "table", options=said, tables=["tickets"], extra=extra
    )


def cheapest(demand: Floats, own: float, hired: float) -> float:
    """Return the own hours at which expected cost is least: a quantile of demand, one of its values.

    Examples
    --------
    >>> cheapest(np.array([10.0, 20.0, 30.0, 40.0]), own=6, hired=10)
    20.0
    """
    if own >= hired:
        return 0.0
    return float(np.quantile(demand, fixed_share(own, hired), method="inverted_cdf"))


def expected_cost(demand: Floats, hours: float, own: float, hired: float) -> float:
    """Return the mean cost of a period with so many own hours.

    Examples
    --------
    >>> expected_cost(np.array([10.0, 30.0]), 20, own=6, hired=10)
    170.0
    """
    return float(own * hours + hired * np.maximum(demand - hours, 0).mean())


def _hours(book: Book, freq: str, periods: int, channel: str | None) -> Floats:
    where = None if channel is None else {"channel": channel}
    found = request_counts(book.engine, "Flexible staff", where)
    known = found.timed > 0
    if not known.any():
        msg = "No ticket has a handling time (tickets.handle_seconds); add the column."
        raise DataError(msg)
    calendar = book.calendar(freq)
    period = calendar.ordinal(found.day[known])
    last = int(calendar.ordinal(np.array([book.as_of_day + 1]))[0]) - 1
    at = period - (last - periods + 1)
    inside = (at >= 0) & (at < periods)
    hours = np.bincount(at[inside], found.worked[known][inside] / 3600, periods)
    begun = max(
        int(period.min()) - (last - periods + 1), 0
    )  # before the first ticket nothing was asked
    if begun >= periods - 1:
        msg = f"Tickets go back less than two complete {calendar.noun}s; take a shorter freq."
        raise DataError(msg)
    return np.asarray(hours[begun:], float)
