"""Before and after a date: an interrupted time series, which says what changed and not why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.speed import times
from saasmetrics.periods import day_number, iso_day
from saasmetrics.result import Result
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.moments import WorkingHours

    Floats = NDArray[np.float64]

NOT_CAUSAL = "Not causal: what else changed at the date changes the series too"
MEASURES = {
    "first_reply": "time to the first reply",
    "first_resolution": "time to the first solution",
    "resolution": "time to the last solution",
    "handle": "active work on a ticket",
    "csat": "share of answers that are satisfied",
    "reopen_rate": "share of solved tickets reopened",
    "tickets": "tickets created",
}
_UNITS = {"csat": "ratio", "reopen_rate": "ratio", "tickets": "count"}
_LEAST = 4  # periods on each side that a trend can be told from


@metric(
    id="before_after",
    name="Before and after",
    unit="hours",
    better="neutral",
    meaning="How a series moved at a date: its level and its trend before and after. It does not say why.",
    formula="series = a + b x time + level x after + slope x time since the date, by least squares",
    missing="Missing where a group has fewer than four periods on a side.",
    sources=("Wagner et al. 2002, segmented regression", "Newey and West 1987", "METRICS.md"),
    options={
        "measure": MEASURES,
        "date": "the date is {value}",
        "hours": "counted in working hours: {value}",
    },
)
def before_after(
    book: Book,
    date: Any,
    measure: str | Result = "first_reply",
    by: str | Sequence[str] | None = "channel",
    freq: str = "W",
    *,
    statistic: str = "mean",
    hours: WorkingHours | None = None,
    zone: str | None = None,
    interval: float = 0.95,
) -> Result:
    """How a series changed at a date, in every group: also in those that the change was not made for.

    Parameters
    ----------
    book
        With the table tickets.
    date
        First day of what is new.
    measure
        A measure of `times`, "csat", "reopen_rate" or "tickets"; or any Result by period, such as
        `sm.retention.logo_churn(book)`, whose groups and periods are then taken.
    by
        Columns as for `times`: by "channel" every channel is shown, so that what spills over to others is seen.
    freq
        Length of the periods: short ones tell a level from a trend.
    statistic, hours, zone
        As for `times`.
    interval
        Coverage of the intervals, with errors that allow for weeks that resemble those before (Newey and West).

    Returns
    -------
    Result
        One row per group: the by-columns, value (the jump of the level at the date), numerator (mean after),
        denominator (mean before), n (periods), before, after (means), relative (after / before - 1), slope_before,
        slope_change (per period), slope_low, slope_high, reason, low, high; `extra["series"]` has values and fit.

    Raises
    ------
    DataError
        If the date is none, or a Result has no periods.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.support.before_after(sm.demo(customers=100), "2025-06-01", freq="M")
    >>> sorted(found.df["channel"])
    ['chat', 'email', 'phone']
    """
    check_level(interval)
    day = day_number(date)
    if isinstance(measure, Result):
        frame, names, unit, what = _given(measure)
    else:
        one_of("measure", measure, MEASURES)
        frame, names = _series(book, measure, by, freq, statistic, hours, zone)
        unit, what = _UNITS.get(measure, "hours"), measure
    df, fits, cut = _fitted(frame, names, day, interval)
    options = {"date": iso_day(day), "hours": None if hours is None else str(hours)}
    options |= {} if isinstance(measure, Result) else {"measure": measure, "statistic": statistic}
    extra = {
        "series": fits,
        "date": cut,
        "unit": unit,
        "measure": what,
        "headline": _told(df, unit, names),
    }
    name = "before_after"
    if isinstance(measure, Result):
        told = (NOT_CAUSAL, f"The series is {measure.metric.name}")
        return made(book, name, df, name, by=names, options=options, notes=told, extra=extra)
    inbox = faceted_inbox(book, "M", None, "UTC" if zone is None else zone)
    found = inbox.result(name, df, name, options=options, notes=[NOT_CAUSAL], extra=extra)
    return replace(found, by=names)


def _fitted(
    frame: pd.DataFrame, names: tuple[str, ...], day: int, interval: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp]:
    """Return the rows of the result, the series with their fits, and the date."""
    import pandas as pd

    cut = pd.Timestamp(iso_day(day))
    rows, fits = [], []
    groups: Any = frame.groupby(list(names), sort=True, dropna=False) if names else [((), frame)]
    for key, part in groups:
        fit = Fit.of(part, cut, interval)
        own: dict[str, Any] = dict(zip(names, key, strict=True))
        rows.append({**own, **fit.row()})
        fits.append(fit.shown().assign(**own))
    series = pd.concat(fits, ignore_index=True) if fits else pd.DataFrame()
    return pd.DataFrame(rows), series, cut


def _given(measure: Result) -> tuple[pd.DataFrame, tuple[str, ...], str, str]:
    if not {"period", "value"} <= set(measure.df.columns):
        msg = f"{measure.metric.name} is no series: before_after takes results with the columns period and value."
        raise DataError(msg)
    frame = measure.df
    if "complete" in frame.columns:
        frame = frame[frame["complete"].to_numpy(bool)]
    return frame, measure.by, measure.metric.unit, measure.metric.id


def _series(
    book: Book,
    measure: str,
    by: Any,
    freq: str,
    statistic: str,
    hours: WorkingHours | None,
    zone: str | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    base = measure if measure not in ("csat", "reopen_rate", "tickets") else "first_reply"
    found = times(book, base, by, freq, statistic=statistic, hours=hours, zone=zone, interval=None)
    frame = found.df[found.df["complete"]]
    if measure == "tickets":
        frame = frame.assign(value=frame["n"].astype(float))
    elif measure != base:
        frame = frame.assign(value=frame[measure])
    return frame, found.by


@dataclass(frozen=True, eq=False)
class Fit:
    """A segmented regression of one group."""

    frame: pd.DataFrame
    level: float
    before: float
    after: float
    coefficients: Floats | None
    errors: Floats | None
    quantile: float
    cut: Any

    @classmethod
    def of(cls, part: pd.DataFrame, cut: Any, level: float) -> Fit:
        """Fit the series of a group; without coefficients where it is too short."""
        known = part[part["value"].notna()].sort_values("period")
        value = known["value"].to_numpy(float)
        post = (known["period"] >= cut).to_numpy()
        sides = [float(value[mask].mean()) if mask.any() else np.nan for mask in (~post, post)]
        if min((~post).sum(), post.sum()) < _LEAST:
            return cls(known, level, sides[0], sides[1], None, None, np.nan, cut)
        design = _design(known["period"].to_numpy(), post)
        found, errors = newey_west(design, value)
        from scipy.special import stdtrit

        quantile = float(stdtrit(max(len(value) - design.shape[1], 1), 0.5 + level / 2))
        return cls(known, level, sides[0], sides[1], found, errors, quantile, cut)

    def row(self) -> dict[str, Any]:
        """Return the row of the group."""
        b, e = self.coefficients, self.errors
        n = len(self.frame)
        base = {"n": n, "before": self.before, "after": self.after}
        base["relative"] = self.after / self.before - 1 if self.before else np.nan
        sides = {"numerator": self.after, "denominator": self.before}
        if b is None or e is None:
            why = f"fewer than {_LEAST} periods before or after the date"
            none = dict.fromkeys(
                ("slope_before", "slope_change", "slope_low", "slope_high"), np.nan
            )
            return {
                "value": np.nan,
                **sides,
                **base,
                **none,
                "reason": why,
                "low": np.nan,
                "high": np.nan,
            }
        return {
            "value": b[2],
            **sides,
            **base,
            "slope_before": b[1],
            "slope_change": b[3],
            "slope_low": b[3] - self.quantile * e[3],
            "slope_high": b[3] + self.quantile * e[3],
            "reason": "",
            "low": b[2] - self.quantile * e[2],
            "high": b[2] + self.quantile * e[2],
        }

    def shown(self) -> pd.DataFrame:
        """Return the series with its fit, and what it would be had it gone on as before."""
        out = self.frame[["period", "value"]].copy()
        post = (out["period"] >= self.cut).to_numpy()
        if self.coefficients is None:
            return out.assign(fit=np.nan, gone_on=np.nan, after=post)
        design = _design(out["period"].to_numpy(), post)
        b = self.coefficients
        return out.assign(fit=design @ b, gone_on=design[:, :2] @ b[:2], after=post)


def _design(period: NDArray[Any], post: NDArray[np.bool_]) -> Floats:
    """Return intercept, time, after, and time since the date; time counts the periods there are, in days / step."""
    day = period.astype("datetime64[D]").astype(np.int64).astype(float)
    step = float(np.median(np.diff(day))) if len(day) > 1 else 1.0
    time = (day - day[0]) / max(step, 1.0)
    start = time[post][0] if post.any() else 0.0
    return np.column_stack([np.ones(len(day)), time, post, np.where(post, time - start, 0.0)])


def newey_west(design: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Return least-squares coefficients with standard errors for residuals that resemble those before.

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), np.arange(8.0)])
    >>> found, error = newey_west(x, 2 + 3 * np.arange(8.0))
    >>> found.round(6).tolist(), bool((error < 1e-9).all())
    ([2.0, 3.0], True)
    """
    n = len(value)
    found: Floats = np.asarray(np.linalg.lstsq(design, value, rcond=None)[0], np.float64)
    residual = value - design @ found
    scores = design * residual[:, None]
    middle = scores.T @ scores
    lags = int(4 * (n / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (cross + cross.T)
    bread = np.linalg.pinv(design.T @ design)
    small = n / max(n - design.shape[1], 1)
    variance = small * np.diag(bread @ middle @ bread)
    return found, np.sqrt(np.maximum(variance, 0.0))


def _told(df: pd.DataFrame, unit: str, names: tuple[str, ...]) -> str:
    from saasmetrics.money import format_value

    known = df[df["relative"].notna()] if len(df) else df
    if not len(known):
        return "–"
    top = known.iloc[int(known["relative"].abs().to_numpy().argmax())]
    who = " · ".join(str(top[name]) for name in names)
    then, now = (format_value(float(top[side]), unit) for side in ("before", "after"))
    sure = "" if top["low"] > 0 or top["high"] < 0 else ", no more than chance and trend explain"
    return f"{f'{who}: ' if who else ''}{then} before, {now} after{sure}"
