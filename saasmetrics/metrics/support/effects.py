"""What goes together, and what it does not prove: templates, support during trials, a change at a date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.asked import text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, encode, flat, has
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.moments import check_zone
from saasmetrics.engine.tally import tally
from saasmetrics.errors import MissingTableError
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.clocks import WORKED, handle_hours, worked
from saasmetrics.metrics.support.counted import counted_inbox
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.solved import needs
from saasmetrics.money import counted, format_hours
from saasmetrics.survival.estimate import check_level, normal_quantile, wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

ASSOCIATION = "An association, not an effect: who was chosen for it may differ in other ways"
_FAR = 2**30


@metric(
    id="macro_effect",
    name="Handle time with templates",
    unit="hours",
    better="lower",
    meaning="How much shorter tickets answered with a template take, compared with others about the same topic.",
    formula="mean handle time with a template - without, per topic; all: weighted by the tickets of the topic",
    missing="Missing where a topic has no tickets of one of the two kinds.",
    sources=(
        "Poster POS, templates for common questions",
        "Cochran 1968, standardization by strata",
    ),
    options={"by": "compared within the same {value}"},
)
def macro_effect(
    book: Book, by: str = "tag", *, interval: float | None = 0.95, zone: str = "UTC"
) -> Result:
    """How handle time differs with and without templates, topic by topic.

    Parameters
    ----------
    book
        With the table tickets and its columns macro and handle_seconds; `book.between` chooses the time.
    by
        The column to compare within: easy topics have templates more often, which must not count for them.
    interval
        Coverage of the interval, or None.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        One row per topic and one "(all)": the column, value (hours with - without), with_macro and without_macro (mean
        hours), n, n_with, n_without, reason, low, high; `extra["crude"]` is the difference without strata.

    Raises
    ------
    MissingTableError
        If there are no tickets, templates or handle times.

    Notes
    -----
    The row of all weighs each topic that has both kinds by its tickets; the others are counted in the footnote.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.support.macro_effect(sm.demo(customers=100)).df["value"].iloc[-1] < 0
    np.True_
    """
    text("by", by, "a column of tickets")
    check_interval(interval)
    inbox = faceted_inbox(book, "Y", by, zone)
    needs(inbox, "macro", "handle_seconds")
    inbox = inbox.looking(WORKED | Facets(raw=("macro",)))
    timed, without = worked(inbox)
    macro = np.asarray(inbox.told("macro").is_valid())
    ((labels, code),) = inbox.columns
    value, n = handle_hours(inbox.work) / inbox.n, inbox.n
    apart = inbox.apart("work") * float(handle_hours(1)) ** 2
    both = [timed & (macro == kind) for kind in (True, False)]
    sides = [_moments(value[kept], code[kept], n[kept], apart[kept], len(labels)) for kept in both]
    df, left = _compared(by, labels, sides, interval)
    crude = (
        float(np.subtract(*(np.average(value[kept], weights=n[kept]) for kept in both)))
        if left < len(labels)
        else np.nan
    )
    notes = [ASSOCIATION, *without]
    if left:
        notes.append(f"{left} of {len(labels)} groups without tickets of both kinds not in all")
    total = float(df["value"].iloc[-1])
    said = (
        "–"
        if total != total
        else f"{format_hours(abs(total))} {'shorter' if total < 0 else 'longer'} with a template"
    )
    result = inbox.result(
        "macro_effect",
        df,
        "table",
        options={"by": by, "zone": zone},
        notes=notes,
        extra={"crude": crude, "headline": said},
    )
    return replace(result, by=())


def _moments(
    values: Floats, at: Any, each: Ints, apart: Floats, many: int
) -> tuple[Ints, Floats, Floats]:
    """Return number, mean and variance of the mean per stratum, of the means of some tickets each.

    `apart` is the sum of squares by which those tickets are from their mean.
    """
    n = tally(at.astype(np.int64), each, many)
    mean = ratio(np.bincount(at, values * each, minlength=many), n)
    between = (values - np.nan_to_num(mean)[at]) ** 2
    spread = np.bincount(at, between * each + apart, minlength=many)
    return n, mean, ratio(spread, (n - 1) * n)


def _compared(
    by: str, labels: list[Any], sides: list[tuple[Ints, Floats, Floats]], level: float | None
) -> tuple[pd.DataFrame, int]:
    import pandas as pd

    (n1, mean1, var1), (n0, mean0, var0) = sides
    both = (n1 > 0) & (n0 > 0)
    weight = np.where(both, n1 + n0, 0).astype(float)
    weight /= max(float(weight.sum()), 1.0)
    difference = np.where(both, mean1 - mean0, np.nan)
    variance = var1 + var0
    used = np.flatnonzero(both)
    whole_of = [
        float((weight[used] * each[used]).sum()) if len(used) else np.nan for each in (mean1, mean0)
    ]
    all_variance = float((weight[used] ** 2 * variance[used]).sum()) if len(used) else np.nan
    data: dict[str, Any] = {
        by: [*labels, "(all)"],
        "value": np.append(difference, whole_of[0] - whole_of[1]),
        "with_macro": np.append(mean1, whole_of[0]),
        "without_macro": np.append(mean0, whole_of[1]),
        "n": np.append(n1 + n0, (n1 + n0)[both].sum()),
        "n_with": np.append(n1, n1[both].sum()),
        "n_without": np.append(n0, n0[both].sum()),
    }
    data["reason"] = np.where(np.isnan(data["value"]), "no tickets of one of the two kinds", "")
    if level is not None:
        half = normal_quantile(level) * np.sqrt(np.append(variance, all_variance))
        data |= {"low": data["value"] - half, "high": data["value"] + half}
    return pd.DataFrame(data), int((~both).sum())


@metric(
    id="trial_conversion",
    name="Support-assisted conversion",
    unit="ratio",
    better="higher",
    meaning="Whether trials that talked to support convert more often than others, compared from the same day on.",
    formula="trials converted by the horizon / trials still running on the landmark day, by contact until then",
    missing="Missing where no trial of the group was running on the landmark day.",
    sources=(
        "Anderson, Cain and Gelber 1983, landmark analysis",
        "Zendesk, trials that talked to support",
        "METRICS.md",
    ),
    options={
        "day": "the landmark is day {value} of the trial",
        "horizon": "converted within {value} days",
    },
)
def trial_conversion(
    book: Book,
    day: int = 7,
    horizon: int = 60,
    *,
    interval: float = 0.95,
    zone: str = "UTC",
) -> Result:
    """Whether trials that talked to support convert more often, without counting the time before they could.

    Parameters
    ----------
    book
        With the tables trials and tickets.
    day
        The landmark: trials still running on this day are compared by whether they had a ticket until then.
    horizon
        Days from the start within which a conversion counts; younger trials are left out.
    interval
        Coverage of the intervals: Wilson's, and Newcombe's of the difference.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        One row per method ("landmark", "naive") and group ("contacted", "not contacted"): value, numerator
        (converted), denominator, n, reason, low, high; `extra["difference"]` has the difference of the landmark with
        its interval, `extra["naive"]` that of the naive rates.

    Raises
    ------
    MissingTableError
        If the book has no trials or no tickets.

    Notes
    -----
    Naive rates compare trials that ever had a ticket with those that never had. A trial must last until it has one,
    so those that end early cannot be in the first group: naive rates are too high for it (immortal time). They are
    shown as a warning.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.trial_conversion(sm.demo(customers=200)).df
    >>> df["method"].unique().tolist()
    ['landmark', 'naive']
    """
    landmark = whole("day", day, 0, "a day of the trial")
    limit = whole("horizon", horizon, landmark + 1, "a number of days after the landmark")
    check_level(interval)
    check_zone(zone)
    if "trials" not in book.tables:
        raise MissingTableError.of("trials", "Conversion of trials")
    start, converted, ended, contact = _trials(book, zone)
    mature = start + limit <= book.as_of_day + 1
    won = converted <= limit
    over = np.minimum(converted, ended)
    running = mature & (over > landmark)
    early = contact <= landmark
    ever = (contact <= np.minimum(over, limit)) & (contact < _FAR)
    groups = {
        ("landmark", "contacted"): running & early,
        ("landmark", "not contacted"): running & ~early,
        ("naive", "contacted"): mature & ever,
        ("naive", "not contacted"): mature & ~ever,
    }
    df = _conversions(groups, won, interval)
    gap, naive = (_difference(df, method) for method in ("landmark", "naive"))
    young = int((~mature).sum())
    notes = [
        ASSOCIATION,
        "Naive rates are too high for the contacted (immortal time); read the landmark",
    ]
    if young:
        notes.append(f"{counted(young, 'trial')} younger than the horizon left out")
    inbox = counted_inbox(book, "D", None, zone)
    said = "–" if gap[0] != gap[0] else f"{gap[0] * 100:+.1f} pp with support by day {landmark}"
    return inbox.result(
        "trial_conversion",
        df,
        "conversion",
        options={"day": landmark, "horizon": limit, "zone": zone},
        notes=notes,
        extra={"difference": gap, "naive": naive, "headline": said},
        tables=("trials",),
    )


def _trials(book: Book, zone: str) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the start of each trial, and the days from then to conversion, end and first ticket; far if none yet."""
    data = book.tables["trials"].data
    begin = days(data["start"]).astype(np.int64)
    keep = begin <= book.as_of_day
    begin = begin[keep]

    def after(name: str) -> Ints:
        if not has(data, name):
            return np.full(len(begin), _FAR, np.int64)
        found = days(data[name], _FAR).astype(np.int64)[keep]
        return np.where(found <= book.as_of_day, found - begin, _FAR)

    asked = counted_inbox(book, "D", None, zone)
    ids, code = encode(data["customer_id"])
    place = np.asarray(
        pc.fill_null(pc.index_in(ids, value_set=flat(asked.customer_ids).cast(ids.type)), -1)
    )
    who = place.astype(np.int64)[code][keep]
    order = np.lexsort((asked.days, asked.customer))
    key = np.append(asked.customer[order] * 2 * _FAR + asked.days[order], 2**62)
    at = np.searchsorted(key, np.maximum(who, 0) * 2 * _FAR + begin)
    found = key[at] - np.maximum(who, 0) * 2 * _FAR
    contact = np.where((who >= 0) & (found < _FAR), found - begin, _FAR)
    return begin, after("converted_at"), after("ended_at"), contact


def _conversions(
    groups: dict[tuple[str, str], NDArray[np.bool_]], won: NDArray[np.bool_], level: float
) -> pd.DataFrame:
    import pandas as pd

    top = np.array([int((won & mask).sum()) for mask in groups.values()])
    bottom = np.array([int(mask.sum()) for mask in groups.values()])
    low, high = wilson(top, bottom, level)
    value = ratio(top, bottom)
    data = {"method": [m for m, _ in groups], "group": [g for _, g in groups], "value": value}
    data |= {"numerator": top, "denominator": bottom, "n": bottom}
    data["reason"] = np.where(
        np.isnan(value), "no trial of the group was running on the landmark day", ""
    ).tolist()
    return pd.DataFrame(data | {"low": low, "high": high})


def _difference(df: pd.DataFrame, method: str) -> tuple[float, float, float]:
    """Return the difference of two rates with Newcombe's interval."""
    one, other = (df[df["method"] == method].iloc[i] for i in (0, 1))
    return newcombe(*(float(r[c]) for r in (one, other) for c in ("value", "low", "high")))


def newcombe(
    p1: float, low1: float, high1: float, p2: float, low2: float, high2: float
) -> tuple[float, float, float]:
    """Return p1 - p2 with Newcombe's interval, from two shares with Wilson's (Newcombe 1998, method 10).

    Examples
    --------
    >>> a, b = (wilson(k, 1000, 0.95) for k in (960, 900))
    >>> [round(edge, 4) for edge in newcombe(0.96, *map(float, a), 0.9, *map(float, b))]
    [0.06, 0.0379, 0.0827]
    """
    gap = p1 - p2
    low = gap - float(np.hypot(p1 - low1, high2 - p2))
    return gap, low, gap + float(np.hypot(high1 - p1, p2 - low2))
