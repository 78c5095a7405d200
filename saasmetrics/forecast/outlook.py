"""MRR and NRR of the next quarters, with how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.forecast.exchange import exchange_factors
from saasmetrics.forecast.rates import Outlook, outlook
from saasmetrics.forecast.scenario import Scenario, scenario_of
from saasmetrics.forecast.steps import PARTS, Ways, ways
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.money import MICRO
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_OPTIONS = {
    "scenario": "scenario: {value}",
    "history": "rates are those of the last {value} months",
    "interval": "{value:.0%} of what may happen lies between low and high",
    "target": "against a target of {value:,.0f}",
}
_NOTE = (
    "Churn follows tenure, with the months of anniversaries apart; new business, expansion and contraction come as in "
    "months that were seen; draws resample customers and months and leave single customers to luck"
)


@metric(
    id="forecast_mrr",
    name="Forecast of MRR",
    unit="money",
    better="higher",
    meaning="What MRR will be at the end of the next quarters if things go on as in the last months.",
    formula="today's MRR by age, moved on month by month with churn by tenure and the flows of the last months",
    missing="Missing where fewer than four months are complete.",
    sources=("METRICS.md",),
    options=_OPTIONS,
)
def mrr(
    book: Book,
    quarters: int = 4,
    scenario: Scenario | Mapping[str, Any] | None = None,
    by: str | Sequence[str] | None = None,
    *,
    freq: str = "Q",
    history: int = 12,
    target: float | None = None,
    interval: float = 0.8,
) -> Result:
    """MRR of the next quarters: expected, with the movements that lead there, and its range.

    Parameters
    ----------
    book
        The company's tables.
    quarters
        How many quarters (periods of `freq`) ahead, 4 by default; one that has begun counts as the first.
    scenario
        What is assumed to be different: a `Scenario`, or levers by name such as {"churn": 0.8}.
    by
        Columns of the customers to group by.
    freq
        "Q", "M" or "Y".
    history
        Months whose rates are taken, 12 by default.
    target
        MRR to reach, for the probability of reaching it.
    interval
        Share of what may happen that lies between low and high: 0.8 runs from P10 to P90.

    Returns
    -------
    Result
        by-columns, period, value (expected), low, p50, high, opening, new, reactivation, expansion, contraction,
        churn, fx, closing (expected; losses negative, and they add up), probability (of the target), months.

    Raises
    ------
    DataError
        If the book is too young, or a lever is not a number.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> ahead = sm.forecast.mrr(sm.demo(customers=200), quarters=2).df
    >>> (ahead["low"] < ahead["high"]).all()
    np.True_
    """
    import pandas as pd

    check_interval(interval)
    names, chosen = columns(by), scenario_of(scenario)
    found = outlook(book, names, _count("history", history))
    last, ends = horizon(book, quarters, freq)
    made_of = ways(found, int(ends[-1]), chosen, exchange=exchange_factors(book, names, chosen))
    rows = [
        _rows(book, found, made_of, group, (last, ends), freq, interval, target)
        for group in range(len(found.labels))
    ]
    options = {"scenario": str(chosen), "freq": freq, "history": found.months, "interval": interval}
    return made(
        book,
        "forecast_mrr",
        pd.concat(rows, ignore_index=True),
        "fan",
        by=names,
        options={**options, "target": target},
        notes=(_NOTE,),
        extra={"history": _history(book, names, freq), "scenario": chosen},
    )


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        msg = f"{name}={value!r} is a whole number, at least 1."
        raise DataError(msg)
    return int(value)


def horizon(book: Book, periods: int, freq: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ordinals of the next periods, and how many months from today each of them ends.

    Raises
    ------
    DataError
        If a forecast does not go by such periods.
    """
    if freq not in _MONTHS:
        msg = f"freq={freq!r}: a forecast goes by M, Q or Y."
        raise DataError(msg)
    count = _count("quarters", periods)
    _, _, full = book.engine.extent("M")
    calendar, months = book.calendar(freq), book.calendar("M")
    running = calendar.ordinal(months.first_day(np.array([full + 1])))[0]
    ordinals = running + np.arange(count)
    ends = months.ordinal(calendar.last_day(ordinals)) - full
    return ordinals, ends


def _rows(
    book: Book,
    found: Outlook,
    made_of: Ways,
    group: int,
    when: tuple[NDArray[np.int64], NDArray[np.int64]],
    freq: str,
    interval: float,
    target: float | None,
) -> pd.DataFrame:
    """Return one row per period of a group."""
    import pandas as pd

    ordinals, ends = when
    closing = made_of.parts["closing"][:, group, ends - 1]
    edges = [0.5 - interval / 2, 0.5, 0.5 + interval / 2]
    low, middle, high = np.quantile(closing[1:], edges, axis=0)
    begins = np.concatenate([[0], ends[:-1]])
    data: dict[str, Any] = label_columns(found.by, found.labels, np.full(len(ends), group))
    data["period"] = book.calendar(freq).starts(ordinals)
    data.update(value=closing[0], low=low, p50=middle, high=high)
    for name in PARTS:
        part = made_of.parts[name][0, group]
        if name in ("opening", "closing"):
            data[name] = part[begins] if name == "opening" else part[ends - 1]
        else:
            data[name] = np.add.reduceat(part[: ends[-1]], begins)
    if target is not None:
        data["probability"] = (closing[1:] >= target).mean(axis=0)
    data["months"] = ends - begins
    return pd.DataFrame(data)


def _history(book: Book, by: tuple[str, ...], freq: str) -> pd.DataFrame:
    """Return the closing MRR of the complete periods so far."""
    cube = book.movements(freq, by)
    past = cube.loc[cube["complete"], ["period", *by, "closing"]].tail(12 * max(1, len(by) * 8))
    return past.assign(value=past["closing"] / MICRO).drop(columns="closing").reset_index(drop=True)


@metric(
    id="forecast_nrr",
    name="Forecast of NRR",
    unit="ratio",
    better="higher",
    meaning="What twelve-month NRR will be at the end of the next quarters if things go on as in the last months.",
    formula="what the customers paying at the start of the window will pay at its end / their MRR at its start",
    missing="Missing where nobody was paying at the start of the window, or fewer than four months are complete.",
    sources=("METRICS.md",),
    options=_OPTIONS,
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
    book, quarters, scenario, freq, history, target, interval
        As in `mrr`.
    window
        Months of the window, 12 by default.

    Returns
    -------
    Result
        period, value (expected), low, p50, high, numerator, denominator, probability (of the target), months (how much
        of the window is forecast).

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

    check_interval(interval)
    window, chosen = _count("window", window), scenario_of(scenario)
    found = outlook(book, (), _count("history", history))
    ordinals, ends = horizon(book, quarters, freq)
    sides = [_sides(book, found, int(end), window, chosen) for end in ends]
    edges = [0.5 - interval / 2, 0.5, 0.5 + interval / 2]
    rows = []
    for (top, bottom), start, end in zip(
        sides, book.calendar(freq).starts(ordinals), ends, strict=True
    ):
        value = ratio(top, bottom)
        low, middle, high = np.nanquantile(value[1:], edges)
        row = {"period": start, "value": value[0], "low": low, "p50": middle, "high": high}
        row |= {"numerator": top[0], "denominator": bottom[0], "months": min(int(end), window)}
        if target is not None:
            row["probability"] = float((value[1:] >= target).mean())
        rows.append(row)
    options = {"scenario": str(chosen), "freq": freq, "history": found.months, "interval": interval}
    return made(
        book,
        "forecast_nrr",
        pd.DataFrame(rows),
        "fan",
        options={**options, "target": target},
        notes=(_NOTE, f"Windows of {window} months"),
        extra={"history": _past_nrr(book, window, freq), "scenario": chosen},
    )


def _sides(
    book: Book, found: Outlook, end: int, window: int, scenario: Scenario
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a window's customers pay at its end and at its start, for every draw."""
    ahead = end - window
    exchange = exchange_factors(book, (), scenario)
    if ahead <= 0:
        cells, square, base = _still_there(book, found, -ahead)
        start = np.broadcast_to(cells, (found.draws + 1, *cells.shape)).copy()
        gone = ways(
            found, end, scenario, start=start, square=square, newcomers=False, exchange=exchange
        )
        return gone.parts["closing"][:, 0, -1], np.full(found.draws + 1, base)
    known = ways(found, ahead, scenario, keep=(ahead,), exchange=exchange)
    cells = known.cells[ahead]
    lumps = float(found.square.sum()) / max(float(found.mrr.sum()), 1e-12)
    gone = ways(
        found,
        window,
        scenario,
        start=cells.copy(),
        square=cells.mean(axis=0) * lumps,
        newcomers=False,
        first=ahead + 1,
    )
    return gone.parts["closing"][:, 0, -1], cells.sum(axis=(1, 2))


def _still_there(
    book: Book, found: Outlook, ago: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return today's MRR by age of those who paid so many months ago, its squares, and what they paid then."""
    engine = book.engine
    _, _, full = engine.extent("M")
    ledger = engine.periodic("M")
    then, _ = ledger.state(full - ago)
    now, _ = ledger.state(full)
    lives = engine.lives("M")
    age = np.zeros(len(now), np.int64)
    age[lives["account"]] = full - lives["cohort"]
    mine = np.flatnonzero((then > 0) & (now > 0))
    value, ages = now[mine] / MICRO, found.mrr.shape[1]
    cells, square = (
        np.bincount(age[mine], weights=x, minlength=ages).astype(float)[None]
        for x in (value, value**2)
    )
    return cells, square, float(then[then > 0].sum()) / MICRO


def _past_nrr(book: Book, window: int, freq: str) -> pd.DataFrame:
    import pandas as pd

    from saasmetrics.metrics.retention import nrr as past

    month = past(book, window=window, freq="M", interval=None).df
    month = month[month["complete"] & month["value"].notna()]
    calendar = book.calendar(freq)
    days = month["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
    ordinal = calendar.ordinal(days)
    closes = book.calendar("M").ordinal(calendar.last_day(ordinal)) == book.calendar("M").ordinal(
        days
    )
    kept = month[closes].assign(period=calendar.starts(ordinal[closes]))
    return pd.DataFrame(kept[["period", "value"]].tail(12).reset_index(drop=True))
