"""Whether groups of customers stay equally long, and how much longer one stays than another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, one_of, only_for
from saasmetrics.catalogue import definition, metric
from saasmetrics.errors import DataError
from saasmetrics.result import Context, Result
from saasmetrics.survival.estimate import (
    check_level,
    normal_quantile,
    p_text,
    restricted_mean,
    restricted_mean_variance,
    survival,
    whole_horizon,
)
from saasmetrics.survival.lives import Lives
from saasmetrics.survival.logrank import CORRECTIONS, TESTS, Test, corrected, logrank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

_COLUMNS = (
    *("group", "against", "value", "low", "high", "mean", "mean_against", "n", "n_against"),
    *("events", "events_against", "statistic", "p", "p_corrected", "words", "reason"),
)


@metric(
    id="survival_comparison",
    name="Comparison of survival",
    unit="months",
    better="higher",
    meaning="How much longer the customers of one group stay than those of another, within a horizon.",
    formula="difference of the restricted means (areas under the two survival curves to the horizon); "
    "the test compares how many left at each age with how many would have if the groups were alike",
    missing="The difference is missing where a group was not observed to the horizon; the test where "
    "nobody left.",
    sources=("METRICS.md", "Mantel 1966", "Klein and Moeschberger 2003", "Holm 1979"),
    options={
        "test": TESTS,
        "correction": CORRECTIONS,
        "p": "p = {value:g}",
        "q": "q = {value:g}",
        "freq": "in {value}",
        "horizon": "over {value} ages",
        "interval": "interval of {value:.0%} (Greenwood)",
    },
    choices=("gap_days", "churn_date"),
)
def compare(
    book: Book,
    by: str | Sequence[str],
    test: str = "logrank",
    correction: str = "holm",
    freq: str = "M",
    horizon: int | None = None,
    *,
    p: float = 0.0,
    q: float = 0.0,
    interval: float = 0.95,
) -> Result:
    """Compare how long groups of customers stay: every pair, with a test and a difference in periods.

    Parameters
    ----------
    book
        The company's tables.
    by
        Columns of the customers or the subscriptions that make the groups.
    test
        "logrank", "wilcoxon" (Gehan), "tarone_ware" or "fleming_harrington" with exponents p and q.
    correction
        Of the p-values of many pairs: "holm", "bh" (Benjamini-Hochberg) or "none".
    freq
        D, W, M, Q or Y: the unit of age.
    horizon
        Age to which the means are restricted; by default the largest that all groups were
        observed to.
    p, q
        Exponents of Fleming-Harrington.
    interval
        Coverage of the interval of a difference.

    Returns
    -------
    Result
        One row per pair: group, against, value (periods that the group stays longer within the
        horizon), low, high, mean and mean_against, n and events of both, statistic, p, p_corrected,
        words, reason. `extra["overall"]` is the test of all groups at once: statistic, df, p.
        `.rows(of="SMB")`: the customers of a group. low and high are of that one difference, not corrected for how
        many pairs there are; p is of the test of the two whole curves, p_corrected is corrected. There is no proof: a
        difference of means is no sum over customers.

    Raises
    ------
    DataError
        If there are fewer than two groups.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.survival.compare(sm.demo(customers=300), by="segment")
    >>> found.extra["overall"].df
    2
    """
    check_level(interval)
    _check_exponents(test, p, q)
    lives = Lives.of(book, by, freq)
    if len(lives.labels) < 2:
        msg = (
            f"There is one group only by {', '.join(lives.by) or 'nothing'}: compare at least two."
        )
        raise DataError(msg)
    table = lives.customers
    overall = logrank(table.at_risk, table.events, test, p, q)
    until = whole_horizon(horizon) or common_horizon(lives)
    noun = book.calendar(freq).noun
    df = _pairs(lives, until, interval, noun, lambda n, d: logrank(n, d, test, p, q))
    df["p_corrected"] = corrected(df["p"], correction)
    tested = _test_in_words(test, correction, int(df["p"].notna().sum()))
    df["words"] = [_words(row, until, noun, interval, tested) for row in df.to_dict("records")]
    exponents = {"p": p, "q": q} if test == "fleming_harrington" else {}
    options = {"test": test, **exponents, "correction": correction, "freq": f"{noun}s"}
    options |= {"horizon": until, "interval": interval}
    alike = "are not shown to differ" if not overall.p < 1 - interval else "differ"
    said = (
        f"All groups at once {alike}: chi-squared {overall.statistic:.1f} on {overall.df} degrees "
    )
    notes = (f"{said}of freedom, p {p_text(overall.p)}",) if overall.df else ()
    headline = str(df["words"].iloc[0]) if len(df) == 1 else "".join(notes)
    return Result(
        definition("survival_comparison"),
        df,
        "forest",
        Context(book.as_of_text, book.currency, book.policy, options),
        (),
        (*notes, *lives.notes, *book.engine.notes, *book.warnings()),
        {"overall": overall, "headline": headline, "noun": f"{noun}s", "horizon": until},
        _drill(lives),
    )


def _check_exponents(test: str, p: Any, q: Any) -> None:
    """Refuse exponents that are no numbers from 0, or that the test does not have."""
    for name, value in (("p", p), ("q", q)):
        finite(name, value, "an exponent of Fleming-Harrington", least=0, most=100)
        only_for(name, value or None, "test", "fleming_harrington", test)


def common_horizon(lives: Lives) -> int:
    """Return the largest age that the curve of every group is known to.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"] * 3, "month": ["2026-01", "2026-02", "2026-03"],
    ...     "mrr": [10, 10, 10]})
    >>> common_horizon(Lives.of(book, None, "M"))
    2
    """
    curves = survival(lives.customers.at_risk, lives.customers.events)
    ages = [int(age) for g, age in enumerate(lives.longest) if age >= 0 and curves[g, age] > 0]
    return max(min(ages) if ages else int(lives.longest.max(initial=0)), 1)


def _pairs(
    lives: Lives,
    until: int,
    interval: float,
    noun: str,
    test: Callable[[NDArray[Any], NDArray[Any]], Test],
) -> pd.DataFrame:
    import pandas as pd

    table, names = lives.customers, [" · ".join(map(str, label)) for label in lives.labels]
    curves = survival(table.at_risk, table.events)
    short = min(until, curves.shape[1])
    mean = restricted_mean(curves, short)
    error = np.sqrt(restricted_mean_variance(table.at_risk, table.events, short))
    ended = np.array([age >= 0 and curves[g, age] == 0 for g, age in enumerate(lives.longest)])
    unseen = (lives.longest + 1 < until) & ~ended
    mean = np.where(unseen, np.nan, mean)
    counts = np.zeros(len(names), np.int64)
    np.add.at(counts, lives.group, lives.frame["customers"].to_numpy())
    lost = table.events.sum(axis=1)
    z = normal_quantile(interval)
    rows = []
    for i, j in combinations(range(len(names)), 2):
        pair = [i, j]
        found = test(table.at_risk[pair], table.events[pair])
        difference, half = mean[i] - mean[j], z * np.hypot(error[i], error[j])
        reasons = [
            f"{names[g]} was observed to age {lives.longest[g]} only" for g in pair if unseen[g]
        ]
        reasons += [] if found.df else [f"nobody left while both groups had {noun}s in view"]
        rows.append(
            (
                *(names[i], names[j], difference, difference - half, difference + half),
                *(mean[i], mean[j], counts[i], counts[j], lost[i], lost[j]),
                *(found.statistic, found.p, np.nan, "", "; ".join(reasons)),
            )
        )
    return pd.DataFrame(rows, columns=[*_COLUMNS])


def _words(row: dict[Any, Any], until: int, noun: str, interval: float, test: str) -> str:
    """Return a pair in words: the difference with its own interval, and the test with its corrected p."""
    if row["value"] != row["value"]:
        return f"{row['group']} and {row['against']} cannot be compared: {row['reason']}."
    less = row["value"] < 0
    size = abs(row["value"])
    low, high = sorted(edge * (-1 if less else 1) for edge in (row["low"], row["high"]))
    said = (
        f"{row['group']} customers stay {size:.1f} {noun}s {'less' if less else 'more'} than "
        f"{row['against']} over {until} {noun}s (mean lifetime within that horizon, {interval:.0%} {low:.1f} to "
        f"{high:.1f} for this pair alone); "
    )
    p = row["p_corrected"]
    if p != p:
        return f"{said}no test, nobody left."
    return f"{said}{test}, p {p_text(p)}: {_verdict(p < 1 - interval, apart=low > 0 or high < 0)}."


def _verdict(differ: bool, *, apart: bool) -> str:
    """Return what test and interval say together."""
    if differ:
        beyond = "the curves differ by more than chance explains"
        return beyond if apart else f"{beyond}, the mean lifetimes are not shown to"
    if apart:
        return "the means lie apart, but the curves could differ by chance"
    return "could be chance"


def _test_in_words(test: str, correction: str, pairs: int) -> str:
    name = f"{TESTS[test].partition(':')[0]} test"
    if pairs < 2:
        return name
    if correction == "none":
        return f"{name} not corrected for {pairs} comparisons"
    return f"{name} corrected for {pairs} comparisons"


def _drill(lives: Lives) -> Callable[..., pd.DataFrame]:
    names = [" · ".join(map(str, label)) for label in lives.labels]

    def rows(of: str | None = None, age: int | None = None) -> pd.DataFrame:
        if of is None:
            msg = (
                f"Name the group whose customers to see, such as rows(of={names[0]!r}); there are "
                f"{', '.join(names[:12])}. A difference of mean lifetimes is no sum over customers, so it has no proof."
            )
            raise DataError(msg)
        one_of("group", of, names)
        label = lives.labels[names.index(of)]
        return lives.rows(dict(zip(lives.by, label, strict=True)), age)

    return rows
