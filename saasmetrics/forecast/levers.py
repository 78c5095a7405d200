"""Scenarios side by side, and which lever matters most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import is_number, listed, one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.forecast.exchange import currencies, exchange_factors
from saasmetrics.forecast.growth import Growth
from saasmetrics.forecast.horizon import NOTE, OPTIONS, check_asked, horizon, spread
from saasmetrics.forecast.kept import sides
from saasmetrics.forecast.outlook import past_mrr
from saasmetrics.forecast.rates import Outlook, outlook
from saasmetrics.forecast.scenario import LEVERS, Scenario, scenario_of
from saasmetrics.forecast.steps import ways
from saasmetrics.metrics.made import made, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_WINDOW = 12  # months of NRR
_STEP = 0.1
_WORDS = {"new": "new business", "price": "prices"}


@metric(
    id="forecast_scenarios",
    name="Scenarios of MRR",
    unit="money",
    better="higher",
    meaning="What MRR and twelve-month NRR will be at the end of the next quarters in each of several scenarios.",
    formula="forecast of MRR and of NRR under each scenario, from the same rates and the same draws; "
    "change = expected MRR less that of the first scenario",
    missing="NRR is missing where nobody was paying twelve months before; a book with fewer than four complete months "
    "is refused.",
    sources=("METRICS.md",),
    options=OPTIONS,
)
def scenarios(
    book: Book,
    given: Sequence[Scenario | Mapping[str, Any] | None],
    quarters: int = 4,
    *,
    freq: str = "Q",
    history: int = 12,
    target: float | None = None,
    interval: float = 0.8,
) -> Result:
    """Several scenarios side by side; the first is what the others are compared with.

    Parameters
    ----------
    book
        The company's tables.
    given
        The scenarios, as in `mrr`; None is as now. Their names must differ.
    quarters, freq, history, target, interval
        As in `mrr`.

    Returns
    -------
    Result
        scenario, period, value (closing MRR expected), low, p50, high, change (less the first scenario), nrr (over
        twelve months, expected), nrr_change, probability (of the target).

    Raises
    ------
    DataError
        As in `mrr`, or if there is no scenario or two have one name.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> both = sm.forecast.scenarios(sm.demo(customers=200), [None, {"churn": 0.8}], quarters=1).df
    >>> both["change"].iloc[1] > 0
    np.True_
    """
    import pandas as pd

    check_asked(interval, target)
    chosen = _distinct(given)
    found = outlook(book, (), whole("history", history))
    when = horizon(book, quarters, freq)
    frames = []
    for scenario in chosen:
        exchange = exchange_factors(book, (), scenario)
        closing = ways(found, when.months, scenario, exchange=exchange).parts["closing"]
        closing = closing[:, 0, when.ends - 1]
        kept = sides(book, expected(found), when.ends.tolist(), _WINDOW, scenario)
        data = {"scenario": scenario.name, "period": book.calendar(freq).starts(when.ordinals)}
        told = spread(closing[1:], interval, target)
        nrr = np.array([ratio(top, bottom)[0] for top, bottom in kept])
        frames.append(pd.DataFrame({**data, "value": closing[0], **told, "nrr": nrr}))
    df = pd.concat(frames, ignore_index=True)
    count = len(when.ends)
    for name, of in (("change", "value"), ("nrr_change", "nrr")):
        df[name] = df[of] - np.tile(df[of].to_numpy()[:count], len(chosen))
    order = ["scenario", "period", "value", "low", "p50", "high", "change", "nrr", "nrr_change"]
    options = {"freq": freq, "history": found.months, "interval": interval, "target": target}
    return made(
        book,
        "forecast_scenarios",
        df[[*order, *(name for name in ("probability",) if name in df.columns)]],
        "scenarios",
        by=("scenario",),
        options=options,
        notes=(NOTE, *(f"{s.name}: {s.text}" for s in chosen if s.name != s.text)),
        extra={"history": past_mrr(book, (), freq), "scenarios": chosen},
    )


def _distinct(given: Any) -> list[Scenario]:
    if isinstance(given, (Scenario, Mapping, str)) or not isinstance(given, Iterable):
        msg = f"scenarios={given!r} is not a list of scenarios, such as [None, {{'churn': 0.8}}]."
        raise DataError(msg)
    chosen = [scenario_of(each) for each in given]
    if not chosen:
        msg = "There is no scenario to look at; None is as now."
        raise DataError(msg)
    names = [scenario.name for scenario in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = f"Two scenarios are called {twice!r}; give them names: Scenario('save more', churn=0.8)."
        raise DataError(msg)
    return chosen


def expected(found: Outlook) -> Outlook:
    """Return an outlook without its draws: only what is expected."""
    return replace(
        found,
        churn=found.churn[:1],
        factor={name: each[:1] for name, each in found.factor.items()},
        growth=Growth(found.growth.rate[:1]),
    )


@metric(
    id="forecast_tornado",
    name="What moves MRR most",
    unit="money",
    better="neutral",
    meaning="How much MRR at the horizon changes when one lever moves and all others stay.",
    formula="expected MRR at the horizon with the lever moved down, and up, less expected MRR as now",
    missing="A book with fewer than four complete months is refused.",
    sources=("METRICS.md",),
    options={"levers": "{value}", "history": "rates are those of the last {value} months"},
)
def tornado(
    book: Book,
    quarters: int = 4,
    levers: Iterable[str] | Mapping[str, float] | None = None,
    *,
    freq: str = "Q",
    history: int = 12,
) -> Result:
    """What moves MRR most: every lever moved down and up alone, the one that matters most first.

    Parameters
    ----------
    book
        The company's tables.
    quarters, freq, history
        As in `mrr`.
    levers
        Names of levers ("churn", "expansion", "contraction", "new", "price", "seats", or a currency), each moved by
        10 %; or by how much each moves: {"churn": 0.2, "EUR": 0.05}. By default all of them, and every foreign
        currency in which there is MRR.

    Returns
    -------
    Result
        lever, down and up (how far it moves, in words), value_down, value_up (MRR at the horizon), change_down,
        change_up (less expected MRR), size (the larger of both, without sign); sorted by size.

    Raises
    ------
    DataError
        If a lever is not known, or moves by something that is no share between 0 and 1.

    Notes
    -----
    A tenth of each lever is moved: churn of 2.0 % a month to 1.8 % and 2.2 %, prices of all customers next month by
    10 %, seats by 10 % a year, a currency by 10 %. Levers are not equally easy to move: say by how much with `levers`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> moved = sm.forecast.tornado(sm.demo(customers=200), levers=["churn", "price"]).df
    >>> list(moved["lever"])
    ['price', 'churn']
    """
    import pandas as pd

    moves = _moves(book, levers)
    found = expected(outlook(book, (), whole("history", history)))
    when = horizon(book, quarters, freq)

    def closing(scenario: Scenario) -> float:
        exchange = exchange_factors(book, (), scenario)
        part = ways(found, when.months, scenario, exchange=exchange).parts["closing"]
        return float(part[0, 0, -1])

    base, rows = closing(Scenario()), []
    for lever, step in moves.items():
        down, up = (closing(_moved(lever, sign * step)) for sign in (-1, 1))
        size = f"{round(step * 100, 6):g}%"
        row: dict[str, Any] = {"lever": lever, "down": f"-{size}", "up": f"+{size}"}
        row |= {"value_down": down, "value_up": up}
        row |= {"change_down": down - base, "change_up": up - base}
        rows.append(row | {"size": max(abs(down - base), abs(up - base))})
    df = pd.DataFrame(rows).sort_values("size", ascending=False, kind="stable")
    said = ", ".join(
        f"{_WORDS.get(lever, lever)} by {step * 100:g}%" for lever, step in moves.items()
    )
    return made(
        book,
        "forecast_tornado",
        df.reset_index(drop=True),
        "tornado",
        options={"levers": f"moved: {said}", "history": found.months, "freq": freq},
        notes=("Prices move once, next month, for all customers; seats by that much a year",),
        extra={
            "value": base,
            "words": _WORDS,
            "period": pd.Timestamp(book.calendar(freq).starts(when.ordinals)[-1]),
        },
    )


def _moves(book: Book, levers: Any) -> dict[str, float]:
    """Return by how much each lever is moved."""
    foreign = [name for name in currencies(book) if name != book.currency]
    known = [*LEVERS, *foreign]
    if levers is None:
        return dict.fromkeys(known, _STEP)
    names = [levers] if isinstance(levers, str) else listed("levers", levers, "levers by name")
    moves = dict(levers) if isinstance(levers, Mapping) else dict.fromkeys(names, _STEP)
    for lever, step in moves.items():
        one_of("lever", lever, known)
        if not is_number(step) or not 0 < step < 1:
            msg = f"Lever {lever} moves by {step!r}; give a share between 0 and 1, such as 0.1."
            raise DataError(msg)
    if not moves:
        msg = f"There is no lever to move; there are {', '.join(known)}."
        raise DataError(msg)
    return moves


def _moved(lever: str, step: float) -> Scenario:
    if lever not in LEVERS:
        return Scenario(fx={lever: 1 + step})
    return scenario_of({lever: step if lever in ("price", "seats") else 1 + step})
