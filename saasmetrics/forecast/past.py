"""How good forecasts were: what would have been said at the end of past quarters, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.forecast.horizon import check_asked, closes, horizon
from saasmetrics.forecast.kept import known_nrr, nrr
from saasmetrics.forecast.outlook import mrr
from saasmetrics.metrics.made import made, money
from saasmetrics.money import format_part, format_ratio
from saasmetrics.periods import iso_day
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_WHAT = ("mrr", "nrr")
_LEAST = 4  # complete months that a forecast needs


@metric(
    id="forecast_backtest",
    name="Forecasts against what came",
    unit="table",
    better="neutral",
    meaning="What the forecast would have said at the end of past quarters, with what was known then, and what came.",
    formula="forecast of the book as of each past quarter's end, against the value today's book has for the quarter; "
    "error = forecast - actual",
    missing="Quarters whose past had fewer than four complete months are left out; without any the book is refused.",
    sources=("METRICS.md",),
    options={
        "what": {"mrr": "MRR", "nrr": "NRR over twelve months"},
        "interval": "within: between the low and high that hold {value:.0%} of what may happen",
        "history": "rates are those of the {value} months before",
    },
)
def backtest(
    book: Book,
    quarters: int = 4,
    origins: int = 8,
    what: str = "mrr",
    *,
    freq: str = "Q",
    history: int = 12,
    interval: float = 0.8,
) -> Result:
    """What forecasts would have said at the end of past quarters, and what came.

    Parameters
    ----------
    book
        The company's tables.
    quarters
        How many quarters (periods of `freq`) ahead, 4 by default.
    origins
        From how many past quarters' ends, 8 by default; the last are taken.
    what
        "mrr" or "nrr".
    freq, history, interval
        As in `mrr`.

    Returns
    -------
    Result
        origin (last day of what was known), horizon (quarters ahead), period, value, low, high, actual, error (value
        less actual, in the unit of what is forecast), within. `extra["summary"]` has per horizon, and for all: n,
        bias (share of actual), mape, within, coverage, coverage_low and coverage_high (Wilson, 95 %).

    Raises
    ------
    DataError
        If no quarter has both a forecast and an outcome.

    Notes
    -----
    Of rows with `recorded_at` only those recorded by then are used. Forecasts from neighbouring quarters look at the
    same months and miss together, so that the interval of the coverage is rather too narrow.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tried = sm.forecast.backtest(sm.demo(customers=200), quarters=2, origins=3)
    >>> list(tried.df["horizon"])
    [1, 2, 1, 2, 1]
    """
    import pandas as pd

    check_asked(interval, None)
    one_of("forecast to test", what, _WHAT)
    ahead, count = whole("quarters", quarters), whole("origins", origins)
    actual = _actual(book, what, freq)
    known = [
        _said(book, day, what, ahead, freq, history, interval)
        for day in _origins(book, count, freq, actual)
    ]
    df = pd.concat(known).merge(actual, on="period", how="inner").reset_index(drop=True)
    df["error"] = df["value"] - df["actual"]
    df["within"] = (df["actual"] >= df["low"]) & (df["actual"] <= df["high"])
    summary = summarized(df)
    options = {"what": what, "interval": interval, "history": history, "freq": freq}
    return made(
        book,
        "forecast_backtest",
        df,
        "backtest",
        by=("origin",),
        options=options,
        notes=(
            "Neighbouring forecasts miss together, so that the interval of the coverage is rather too narrow",
        ),
        extra={"summary": summary, "headline": _headline(summary, interval), "what": what},
    )


def _actual(book: Book, what: str, freq: str) -> pd.DataFrame:
    """Return what came in each complete period."""
    horizon(book, 1, freq)
    if what == "mrr":
        month = book.movements("M")
        month = month[month["complete"]].assign(value=lambda f: money(f["closing"]))
    else:
        month = known_nrr(book, 12)
    kept = month[closes(book, month["period"], freq)] if len(month) else month
    calendar = book.calendar(freq)
    ordinal = calendar.ordinal(kept["period"].to_numpy().astype("datetime64[D]").astype(np.int64))
    out: pd.DataFrame = kept[["value"]].rename(columns={"value": "actual"})
    return out.assign(period=calendar.starts(ordinal)).reset_index(drop=True)


def _origins(book: Book, count: int, freq: str, actual: pd.DataFrame) -> list[int]:
    """Return the last days of the periods to forecast from: those with enough past and an outcome after."""
    calendar, months = book.calendar(freq), book.calendar("M")
    first, _, _ = book.engine.extent("M")
    outcomes = calendar.ordinal(
        actual["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
    )
    ends = calendar.last_day(outcomes - 1)
    enough = ends[months.ordinal(ends) - first + 1 >= _LEAST]
    if not len(enough):
        msg = (
            f"No {calendar.noun} of this book has both {_LEAST} complete months before it and an outcome. "
            "Take freq='M', or wait for more history."
        )
        raise DataError(msg)
    return [int(day) for day in enough[-count:]]


def _said(
    book: Book, day: int, what: str, ahead: int, freq: str, history: int, interval: float
) -> pd.DataFrame:
    """Return what the forecast would have said at the end of a day."""
    import pandas as pd

    known = day if book.known_day is None else min(day, book.known_day)
    then = book.as_of(iso_day(day), known=iso_day(known))
    forecast = mrr if what == "mrr" else nrr
    said = forecast(then, ahead, freq=freq, history=history, interval=interval).df
    out = said[["period", "value", "low", "high"]].copy()
    out.insert(0, "horizon", np.arange(1, len(out) + 1))
    out.insert(0, "origin", pd.Timestamp(iso_day(day)))
    return out


def summarized(df: pd.DataFrame) -> pd.DataFrame:
    """Return how good forecasts were per horizon, and for all (horizon 0).

    Parameters
    ----------
    df
        horizon, actual, error, within.
    """
    import pandas as pd

    known = df[df["error"].notna()]
    both = pd.concat([known.assign(horizon=0), known])
    both = both.assign(size=both["error"].abs() / both["actual"].where(both["actual"] > 0))
    groups = both.groupby("horizon")
    out = groups.agg(
        n=("error", "size"), total=("error", "sum"), actual=("actual", "sum"), mape=("size", "mean")
    )
    out["within"] = groups["within"].sum()
    out.insert(1, "bias", out.pop("total") / out.pop("actual").where(lambda a: a > 0))
    out["coverage"] = out["within"] / out["n"]
    out["coverage_low"], out["coverage_high"] = wilson(out["within"], out["n"], 0.95)
    return out.reset_index()


def _headline(summary: pd.DataFrame, interval: float) -> str:
    if not len(summary):
        return "nothing to compare"
    all_of_it: Any = summary.iloc[0]
    verb = "too high" if all_of_it["bias"] > 0 else "too low"
    low, high = (format_ratio(all_of_it[f"coverage_{edge}"], 0) for edge in ("low", "high"))
    return (
        f"off by {format_ratio(all_of_it['mape'])} on average, {format_ratio(abs(all_of_it['bias']))} {verb}; "
        f"{int(all_of_it['within'])} of {int(all_of_it['n'])} outcomes within the {interval:.0%} range "
        f"({format_part(all_of_it['coverage'], 0)}, {low} to {high})"
    )
