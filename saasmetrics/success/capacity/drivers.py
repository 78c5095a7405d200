"""What tickets go along with: rolling correlation with trials or customers, and whether it broke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days
from saasmetrics.engine.request_counts import request_counts
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.rates import check_interval
from saasmetrics.survival.estimate import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

_SEED = 20260104
_SHUFFLES = 999
_UNKNOWN = "too few months, or one of the two does not vary"
AGAINST = {
    "trials": "trials started in the month",
    "customers": "customers paying at the end of the month",
    "new": "customers won in the month",
}
OF = {
    "levels": "of the numbers of the months; two that grow alike correlate whatever they do",
    "changes": "of the changes from month to month, so that growth of both alone does not correlate",
}


@metric(
    id="demand_drivers",
    name="Tickets and what drives them",
    unit="curve",
    better="neutral",
    meaning="How closely tickets follow trials or customers from month to month, and whether they stopped to.",
    formula="correlation of tickets with the driver over a rolling window of months",
    missing="Missing in the first months, and where one of the two does not vary.",
    sources=(
        "METRICS.md",
        "Fisher 1921 (interval)",
        "Zendesk: tickets followed trials, until they did not",
    ),
    options={
        "against": AGAINST,
        "of": OF,
        "window": "over {value} months",
        "interval": "coverage {value:.0%}",
    },
)
def drivers(
    book: Book,
    against: str = "trials",
    *,
    window: int = 12,
    of: str = "changes",
    interval: float = 0.95,
) -> Result:
    """Rolling correlation of tickets with a driver, and the month where it broke if it did.

    Parameters
    ----------
    book
        The company's tables; needs `tickets`, and `trials` for that driver.
    against
        "trials", "customers" or "new".
    window
        Months of the rolling window, at least 5.
    of
        "changes" from month to month, or "levels".
    interval
        Coverage of the interval by Fisher's transformation.

    Returns
    -------
    Result
        period, value (correlation of the months up to it), n (months), tickets, driver, broke (True from the month of
        the break on), reason, complete, low, high. `extra["break"]` has month, before, after and p, where there
        is one.

    Raises
    ------
    MissingTableError
        If there is no table tickets, or trials.
    DataError
        If there are too few months.

    Notes
    -----
    The break is where the correlations before and after differ most, in standard errors. Its p is that of a permutation
    test: how often months in another order show as large a difference. Below 5 % the break is told.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.drivers(sm.demo(customers=300), "new")
    >>> bool(made.df["value"].dropna().between(-1, 1).all())
    True
    """
    import pandas as pd

    one_of("driver", against, AGAINST)
    one_of("numbers to correlate", of, OF)
    window = whole("window", window, 5)
    check_interval(interval)
    first, _, full = book.engine.extent("M")
    many = full - first + 1
    if many < window + 1:
        msg = f"A window of {window} months needs {window + 1} complete months; there are {max(many, 0)}."
        raise DataError(msg)
    asked = request_counts(book.engine, "Drivers of demand")
    tickets = _monthly(book, asked.day, first, many, asked.n)
    driver = _driver(book, against, first, many)
    x, y = (np.diff(part) if of == "changes" else part for part in (driver, tickets))
    value = np.full(many, np.nan)
    value[many - len(x) + window - 1 :] = rolling_correlation(x, y, window)
    low, high = fisher_interval(value, window, interval)
    month = book.calendar("M").starts(first + np.arange(many))
    extra = _told(broken(x, y), month[many - len(x) :], value[-1], low[-1], high[-1])
    df = pd.DataFrame(
        {
            "period": month,
            "value": value,
            "n": window,
            "tickets": tickets,
            "driver": driver,
            "broke": month >= extra["break"]["month"] if "break" in extra else False,
            "reason": np.where(np.isnan(value), _UNKNOWN, ""),
            "complete": True,
            "low": low,
            "high": high,
        }
    )
    said = {"against": against, "of": of, "window": window, "interval": interval}
    return made(
        book, "demand_drivers", df, "demand", options=said, tables=_tables(against), extra=extra
    )


def _told(
    found: dict[str, Any] | None,
    month: NDArray[np.datetime64],
    value: float,
    low: float,
    high: float,
) -> dict[str, Any]:
    """Return the break, where there is one, and the headline."""
    from saasmetrics.periods import iso_day

    if found is not None and found["p"] < 0.05:
        at = month[found["at"]]
        day = iso_day(int(at.astype("datetime64[D]").astype(int)))
        was, now = found["before"], found["after"]
        return {
            "break": {**found, "month": at},
            "headline": f"The correlation broke in {day[:7]}: {was:.2f} before, {now:.2f} after",
        }
    if value == value:
        return {"headline": f"Correlation {value:.2f} ({low:.2f} to {high:.2f}), no break"}
    return {"headline": "No correlation can be told"}


def _tables(against: str) -> list[str]:
    return ["tickets", "trials"] if against == "trials" else ["tickets"]


def rolling_correlation(x: Floats, y: Floats, window: int) -> Floats:
    """Return the correlation of each so many values in a row; missing where one of the two does not vary."""
    one, two = (
        np.lib.stride_tricks.sliding_window_view(part.astype(float), window) for part in (x, y)
    )
    a, b = one - one.mean(axis=1, keepdims=True), two - two.mean(axis=1, keepdims=True)
    below = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    out = np.full(len(a), np.nan)
    np.divide((a * b).sum(axis=1), below, out=out, where=below > 1e-9)
    return np.asarray(np.clip(out, -1, 1))


def fisher_interval(value: Floats, n: int, level: float) -> tuple[Floats, Floats]:
    """Return Fisher's interval of correlations of n pairs."""
    z = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    half = normal_quantile(level) / np.sqrt(n - 3)
    return np.tanh(z - half), np.tanh(z + half)


def broken(x: Floats, y: Floats, least: int = 6) -> dict[str, Any] | None:
    """Return where the correlation changed most, with both and the p of a permutation test; None for few months."""
    if len(x) < 2 * least:
        return None
    rng = np.random.default_rng(_SEED)
    orders = np.stack([np.arange(len(x)), *(rng.permutation(len(x)) for _ in range(_SHUFFLES))])
    gap = _gaps(x[orders].astype(float), y[orders].astype(float), least)
    largest = gap.max(axis=1)
    at = int(gap[0].argmax()) + least
    return {
        "at": at,
        "before": _correlation(x[:at], y[:at]),
        "after": _correlation(x[at:], y[at:]),
        "p": float((largest >= largest[0] - 1e-12).mean()),
    }


def _gaps(x: Floats, y: Floats, least: int) -> Floats:
    """Return by how many standard errors the correlations before and after each month differ: orders x months."""
    sums = [np.cumsum(part, axis=1) for part in (x, y, x * y, x * x, y * y)]
    many = x.shape[1]
    cut = np.arange(least, many - least + 1)
    before = [part[:, cut - 1] for part in sums]
    after = [part[:, -1:] - part[:, cut - 1] for part in sums]
    z = [
        np.arctanh(np.clip(_from_sums(part, n), -0.999, 0.999))
        for part, n in ((before, cut), (after, many - cut))
    ]
    return np.asarray(np.abs(z[0] - z[1]) / np.sqrt(1 / (cut - 3) + 1 / (many - cut - 3)))


def _from_sums(sums: list[Floats], n: NDArray[np.int64]) -> Floats:
    x, y, xy, xx, yy = sums
    below = np.sqrt(np.maximum(n * xx - x * x, 0) * np.maximum(n * yy - y * y, 0))
    out = np.zeros_like(below)
    np.divide(n * xy - x * y, below, out=out, where=below > 1e-9)
    return np.asarray(out)


def _correlation(x: Floats, y: Floats) -> float:
    return float(rolling_correlation(x, y, len(x))[0])


def _monthly(
    book: Book, day: NDArray[np.int64], first: int, many: int, n: NDArray[np.int64] | None = None
) -> Floats:
    month = book.calendar("M").ordinal(day) - first
    inside = (month >= 0) & (month < many)
    part = None if n is None else n[inside]
    return tally(month[inside], part, many).astype(float)


def _driver(book: Book, against: str, first: int, many: int) -> Floats:
    if against == "trials":
        if "trials" not in book.tables:
            raise MissingTableError.of("trials", "Tickets against trials")
        day = days(book.tables["trials"].data["start"], -(2**30)).astype(np.int64)
        return _monthly(book, day[day > -(2**30)], first, many)
    name = {"customers": "customers_closing", "new": "customers_new"}[against]
    found = book.engine.movements("M").measures[name].sum(axis=0)
    return np.asarray(found[:many], float)
