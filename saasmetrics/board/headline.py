"""The headline figures: where they stand, how sure that is, and what changed in twelve months."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.money import format_money, format_ratio, format_value

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.board.sections import Asked
    from saasmetrics.book import Book
    from saasmetrics.result import Result

_SPARK = 36  # periods of the small line in a card


@dataclass(frozen=True)
class Figure:
    """One headline figure, in numbers and in the words that every rendering shows.

    Parameters
    ----------
    id, name
        Metric and its short name.
    value, low, high, before
        The value, its interval, and the value twelve months earlier; None where there is none.
    text, interval, change
        The same in words; "" where there is none.
    verdict
        "better", "worse", "level" or "" for the change; for a target "pass", "fail", "not proven".
    when
        The period of the value.
    reason
        Why there is no value.
    trend
        Values of the last periods, oldest first.

    Examples
    --------
    >>> Figure("nrr", "NRR", 1.02, text="102.0%").text
    '102.0%'
    """

    id: str
    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    text: str = "–"
    interval: str = ""
    change: str = ""
    verdict: str = ""
    when: str = ""
    reason: str = ""
    trend: tuple[float, ...] = ()

    @property
    def spark(self) -> str:
        """Points of the small line on a field of 100 by 24, for an SVG polyline."""
        if len(self.trend) < 3:
            return ""
        low, high = min(self.trend), max(self.trend)
        step, span = 100 / (len(self.trend) - 1), (high - low) or 1.0
        return " ".join(
            f"{i * step:.1f},{22 - (v - low) / span * 20:.1f}" for i, v in enumerate(self.trend)
        )


def headline(
    book: Book, margin: float | None = None, asked: Asked | None = None
) -> tuple[Figure, ...]:
    """Return ARR, NRR, GRR, logo churn, LTV:CAC and CAC payback of a book.

    Parameters
    ----------
    book
        The company's tables.
    margin
        Gross margin, such as 0.8, where the tables do not give it.
    asked
        Answers a metric of the book that others ask for too.

    Raises
    ------
    InvalidTablesError
        If the tables hold errors that stop.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> [figure.name for figure in headline(sm.demo(customers=50))][:3]
    ['ARR', 'NRR', 'GRR']
    """
    from saasmetrics.metrics import economics, retention, revenue

    over_time: tuple[tuple[str, str, Callable[[Book], Result]], ...] = (
        ("arr", "ARR", revenue.arr),
        ("nrr", "NRR", retention.nrr),
        ("grr", "GRR", retention.grr),
        ("logo_churn", "Logo churn", retention.logo_churn),
    )
    at_once = (
        ("ltv_cac", "LTV:CAC", partial(economics.ltv_cac, margin=margin)),
        ("payback", "CAC payback", partial(economics.payback, margin=margin)),
    )
    return (
        *(
            _asked(
                key,
                name,
                ask if asked is None else partial(_answer, asked, ask),
                book,
                _from_series,
            )
            for key, name, ask in over_time
        ),
        *(_asked(key, name, ask, book, _from_verdict) for key, name, ask in at_once),
    )


def _answer(asked: Asked, ask: Callable[[Book], Result], _: Book) -> Result:
    return asked(ask)


def _asked(
    id: str, name: str, ask: Callable[[Book], Result], book: Book, read: Callable[..., Figure]
) -> Figure:
    try:
        return read(id, name, ask, book)
    except InvalidTablesError:
        raise
    except DataError as error:
        return Figure(id, name, None, reason=str(error))


def _from_series(id: str, name: str, ask: Callable[[Book], Result], book: Book) -> Figure:
    import pandas as pd

    result = ask(book)
    frame = result.df[result.df["complete"].astype(bool)] if len(result.df) else result.df
    if not len(frame):
        return Figure(id, name, None, reason="no complete period yet")
    last = frame.iloc[-1]
    earlier = frame[frame["period"] == last["period"] - pd.DateOffset(years=1)]
    before = number(earlier["value"].iloc[0]) if len(earlier) else None
    value, low, high = (number(last.get(key)) for key in ("value", "low", "high"))
    trend = frame["value"].dropna().tail(_SPARK)
    change, verdict = _change(value, before, result)
    return Figure(
        id, name, value, low, high, before,
        text=format_value(value, result.definition.unit, result.context.currency),
        interval=_interval(low, high, result), change=change, verdict=verdict,
        when=f"{last['period']:%b %Y}", reason=str(last.get("reason") or ""),
        trend=tuple(float(v) for v in trend),
    )  # fmt: skip


def _from_verdict(id: str, name: str, ask: Callable[[Book], Result], book: Book) -> Figure:
    result = ask(book)
    if not len(result.df):
        return Figure(id, name, None, reason="no value yet")
    row = result.df.iloc[0]
    value, low, high = (number(row.get(key)) for key in ("value", "low", "high"))
    before = _year_ago(ask, book)
    change, _ = _change(value, before, result)
    return Figure(
        id, name, value, low, high, before,
        text=format_value(value, result.definition.unit, result.context.currency),
        interval=_interval(low, high, result), change=change, verdict=str(row.get("verdict") or ""),
        when=book.as_of_text, reason=str(row.get("reason") or ""),
    )  # fmt: skip


def _year_ago(ask: Callable[[Book], Result], book: Book) -> float | None:
    import pandas as pd

    try:
        earlier = book.as_of((pd.Timestamp(book.as_of_text) - pd.DateOffset(years=1)).date())
        frame = ask(earlier).df
    except (
        DataError
    ):  # a year ago there was not enough to compute it: the card says "no earlier value"
        return None
    return number(frame["value"].iloc[0]) if len(frame) else None


def number(value: Any) -> float | None:
    """Return a value as a float, None where it is missing.

    Examples
    --------
    >>> number(float("nan")) is None
    True
    """
    return None if value is None or value != value else float(value)


def _interval(low: float | None, high: float | None, result: Result) -> str:
    unit, currency = result.definition.unit, result.context.currency
    if low is None:
        return ""
    if high is None:
        return f"{format_value(low, unit, currency)} or more"
    first = format_value(low, unit, currency).removesuffix(" months")
    return f"{first} to {format_value(high, unit, currency)}"


def _change(value: float | None, before: float | None, result: Result) -> tuple[str, str]:
    """Return the change in words (a share for money, points for rates), and whether it is good."""
    if value is None or before is None:
        return "", ""
    unit, difference = result.definition.unit, value - before
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    if unit == "ratio":
        text = f"{sign}{abs(difference) * 100:.1f} points"
    elif unit == "money" and before > 0:
        text = f"{sign}{format_ratio(abs(difference) / before)}"
    elif unit == "money":
        text = f"{sign}{format_money(abs(difference), result.context.currency)}"
    else:
        text = f"{sign}{format_value(abs(difference), unit)}"
    better = {"higher": difference > 0, "lower": difference < 0}.get(result.definition.better)
    verdict = "level" if not difference or better is None else "better" if better else "worse"
    return text, verdict


def headline_frame(figures: tuple[Figure, ...]) -> pd.DataFrame:
    """Return the headline figures as a table.

    Examples
    --------
    >>> headline_frame((Figure("nrr", "NRR", 1.02),))["metric"].tolist()
    ['nrr']
    """
    import pandas as pd

    names = ("value", "low", "high", "before", "verdict", "when", "reason")
    rows = [
        {"metric": f.id, "name": f.name, **{name: getattr(f, name) for name in names}}
        for f in figures
    ]
    return pd.DataFrame(rows, columns=["metric", "name", *names])
