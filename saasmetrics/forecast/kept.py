"""NRR of the windows that end with the next quarters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.forecast.exchange import exchange_factors
from saasmetrics.forecast.horizon import NOTE, OPTIONS, check_asked, closes, horizon, spread
from saasmetrics.forecast.rates import Outlook, outlook, sums
from saasmetrics.forecast.scenario import Scenario, scenario_of
from saasmetrics.forecast.steps import Cells, Ways, ways
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.retention import nrr as nrr_so_far
from saasmetrics.money import MICRO, format_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Array = NDArray[np.float64]

_PAST = 12
_FORMULA = {"nrr": "cohort", "reactivation": "out", "escalators": "included"}
_NOBODY = "nobody was paying at the start of the window"


@metric(
    id="forecast_nrr",
    name="Forecast of NRR",
    unit="ratio",
    better="higher",
    meaning="What twelve-month NRR will be at the end of the next quarters if things go on as in the last months.",
    formula="what the customers paying at the start of the window will pay at its end / their MRR at its start",
    missing="Missing where nobody was paying at the start of the window; a book with fewer than four complete months "
    "is refused.",
    sources=("METRICS.md",),
    options=OPTIONS,
)
def nrr(
    book: Book,
    quarters: int = 4,
    scenario: Scenario | Mapping[str, Any] | None = None,
    *,
    window: int = 12,
    freq: str = "Q",
    history: int = 12,
    target: float | None = None,
    interval: float = 0.8,
) -> Result:
    """NRR of the windows that end with the next quarters.

    Parameters
    ----------
    book, quarters, scenario, freq, history, interval
        As in `mrr`.
    window
        Months of the window, 12 by default.
    target
        NRR to reach (1.1 is 110 %), for the probability of reaching it.

    Returns
    -------
    Result
        period, value (expected), low, p50, high, numerator, denominator (expected), probability (of the target),
        months (how much of the window is forecast), reason (why a value is missing).

    Raises
    ------
    DataError
        As in `mrr`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> ahead = sm.forecast.nrr(sm.demo(customers=200), quarters=2).df
    >>> (ahead["low"] < ahead["high"]).all()
    np.True_
    """
    import pandas as pd

    check_asked(interval, target)
    window, chosen = whole("window", window), scenario_of(scenario)
    found = outlook(book, (), whole("history", history))
    when = horizon(book, quarters, freq)
    top, bottom = np.stack(sides(book, found, when.ends.tolist(), window, chosen), axis=1)
    value = ratio(top, bottom).T
    told = spread(value[1:], interval, target)
    chance = {"probability": told.pop("probability")} if "probability" in told else {}
    data = {"period": book.calendar(freq).starts(when.ordinals), "value": value[0], **told}
    data |= {"numerator": top[:, 0], "denominator": bottom[:, 0], **chance}
    df = pd.DataFrame({**data, "months": np.minimum(when.ends, window)})
    df["reason"] = np.where(df["value"].isna(), _NOBODY, "")
    options = {"scenario": str(chosen), "freq": freq, "history": found.months, "interval": interval}
    last = df.iloc[-1]
    value_text, low, high = (format_ratio(last[name]) for name in ("value", "low", "high"))
    headline = f"{value_text} ({interval:.0%} of ways between {low} and {high})"
    return made(
        book,
        "forecast_nrr",
        df,
        "fan",
        options={**options, "target": target, "window": f"{window} months"},
        notes=(NOTE, f"Windows of {window} months", *_other_formula(book)),
        extra={
            "history": _history(book, window, freq),
            "scenario": chosen,
            "headline": headline,
        },
    )


def sides(
    book: Book, found: Outlook, ends: list[int], window: int, scenario: Scenario
) -> list[tuple[Array, Array]]:
    """Return for each window what its customers pay at its end and at its start, for every draw."""
    exchange = exchange_factors(book, (), scenario)
    later = tuple(end - window for end in ends if end > window)
    base: Ways | None = None
    if later:
        base = ways(found, max(later), scenario, keep=later, exchange=exchange)
    out = []
    for end in ends:
        if end <= window:
            start, paid = _still_there(book, found, window - end)
            gone = ways(found, end, scenario, start=start, newcomers=False, exchange=exchange)
            out.append((gone.parts["closing"][:, 0, -1], np.full(found.draws + 1, paid)))
            continue
        assert base is not None
        start = base.cells[end - window]
        gone = ways(found, window, scenario, start=start, after=end - window, newcomers=False)
        out.append((gone.parts["closing"][:, 0, -1], start.mrr.sum(axis=(1, 2))))
    return out


def _still_there(book: Book, found: Outlook, ago: int) -> tuple[Cells, float]:
    """Return today's MRR by age of those who paid so many months ago, and what they paid then.

    Both are at the exchange rates of then, as NRR so far has them.
    """
    engine = followed(book.engine)
    _, _, full = engine.extent("M")
    ledger = engine.periodic("M")
    then, _ = ledger.state(full - ago)
    now, _ = ledger.state(full)
    lives = engine.lives("M")
    age = np.zeros(len(now), np.int64)
    age[lives["account"]] = full - lives["cohort"]
    mine = np.flatnonzero((then > 0) & (now > 0))
    value, ages = now[mine] / MICRO, found.mrr.shape[1]
    cells, square = sums(age[mine], value, ages)
    shape = (found.draws + 1, 1, len(cells))
    start = Cells(np.broadcast_to(cells, shape), np.broadcast_to(square, shape))
    if not ago or not then.any():
        return start, float(then.sum()) / MICRO
    pairs = book.pairs(ago)
    pair = pairs[pairs["complete"]].iloc[-1]
    valued = pair["closing"] / MICRO / (cells.sum() or 1.0)
    return start.scaled(np.array(valued)), float(pair["opening"]) / MICRO


def known_nrr(book: Book, window: int) -> pd.DataFrame:
    """Return NRR of the windows that are over, as it is forecast: period (the last month), value."""
    same = book.with_policy(**_FORMULA)
    month = nrr_so_far(same, window=window, freq="M", interval=None).df
    out: pd.DataFrame = month.loc[month["complete"] & month["value"].notna(), ["period", "value"]]
    return out


def _other_formula(book: Book) -> tuple[str, ...]:
    """Return what to say where the policy has another NRR than the one that is forecast."""
    if all(getattr(book.policy, name) == value for name, value in _FORMULA.items()):
        return ()
    return (
        "What the customers of a window pay at its end, whatever formula the policy has for NRR",
    )


def _history(book: Book, window: int, freq: str) -> pd.DataFrame:
    """Return NRR of the last windows so far: those that end with a period, and the last month's."""
    month = known_nrr(book, window)
    if not len(month):
        return month[["period", "value"]].rename(columns={"period": "month"})
    kept = month[closes(book, month["period"], freq) | (month["period"] == month["period"].max())]
    out: pd.DataFrame = kept[["period", "value"]].tail(_PAST)
    return out.rename(columns={"period": "month"}).reset_index(drop=True)
