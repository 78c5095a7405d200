"""Two periods, or groups, of a survey against chance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, one_of
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.answers import csat_change, csat_z, nps_change
from saasmetrics.metrics.made import made
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.surveys.effort import of_seven
from saasmetrics.metrics.surveys.satisfaction import TOP
from saasmetrics.metrics.surveys.shared import Cells
from saasmetrics.periods import iso_day, last_day
from saasmetrics.survival.logrank import corrected

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

INSTRUMENTS = {
    "nps": "difference of two net promoter scores, each with adjusted variance",
    "csat": "difference of two shares of satisfied answers (Newcombe)",
    "ces": "difference of two mean answers (Welch)",
}
PER_SIDE = {
    "account": "the last answer of each account on each side counts",
    "response": "every answer counts",
}


@metric(
    id="survey_change",
    name="Change of a survey score",
    unit="table",
    better="higher",
    meaning="By how much a score differs between two times or groups, and whether chance explains it.",
    formula="score there - score here, with an interval",
    missing="Missing where one side has no answers.",
    sources=("METRICS.md", "Newcombe 1998", "Welch 1947", "Holm 1979"),
    options={"instrument": INSTRUMENTS, "per": PER_SIDE, "interval": "coverage {value:.0%}"},
)
def compare(
    book: Book,
    instrument: str = "csat",
    by: str | Sequence[str] | None = None,
    *,
    before: Any = None,
    after: Any = None,
    top: float = TOP,
    source: str = "surveys",
    per: str | None = None,
    interval: float = 0.95,
) -> Result:
    """A survey score of two spans of time, or of each group against all others.

    Parameters
    ----------
    book
        The company's tables; needs `surveys`, or `tickets` for source="tickets".
    instrument
        "nps", "csat" or "ces".
    by
        Columns of customers or of the answers. Without `before` each group is compared with all others; with it, each
        group with itself.
    before, after
        Two spans to compare, each (first day, last day) or one period such as "2026" or "2026-03".
    top, source, per
        As in `csat`; `per` is "account" for NPS and "response" for the others unless given.
    interval
        Coverage.

    Returns
    -------
    Result
        group, against, value (the difference: points, or a share for csat), low, high, score, score_against, n,
        n_against, p, p_corrected (Holm), reason.

    Raises
    ------
    DataError
        If there is neither a by-column nor two spans.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=200)
    >>> sm.surveys.compare(book, "csat", before="2024", after="2025").df["against"].tolist()
    ['2024']
    """
    import pandas as pd

    one_of("instrument", instrument, INSTRUMENTS)
    check_interval(interval)
    if interval is None:
        msg = "interval=None: a comparison says how sure it is; give the coverage, such as 0.95."
        raise DataError(msg)
    per = per or ("account" if instrument == "nps" else "response")
    one_of("way to count answers", per, PER_SIDE)
    cells = Cells.of(book, instrument, "Y", by, None, source=source)
    rows = list(_sides(cells, before, after))
    if per == "account":
        once = partial(_last_of_account, cells.answers.customer)
        rows = [(a, b, once(here), once(there)) for a, b, here, there in rows]
    value = _values(cells, instrument, top)
    test = {"nps": _nps, "csat": _csat, "ces": _ces}[instrument]
    found = [test(value[a], value[b], interval) for _, _, a, b in rows]
    df = pd.DataFrame(found, columns=["value", "low", "high", "score", "score_against", "p"])
    df.insert(0, "group", [row[0] for row in rows])
    df.insert(1, "against", [row[1] for row in rows])
    df["n"], df["n_against"] = [int(r[2].sum()) for r in rows], [int(r[3].sum()) for r in rows]
    df["p_corrected"] = corrected(df["p"].fillna(1.0).to_numpy(float), "holm")
    df["reason"] = np.where(df["value"].isna(), "one side has no answers", "")
    return made(
        book,
        "survey_change",
        df,
        "survey_change",
        options={"instrument": instrument, "per": per, "interval": interval},
        notes=cells.answers.notes,
        tables=[source],
        extra={"instrument": instrument, "headline": _headline(df, instrument)},
    )


def _values(cells: Cells, instrument: str, top: float) -> NDArray[np.float64]:
    if instrument == "csat":
        return (cells.answers.share >= top - 1e-9).astype(float)
    if instrument == "ces":
        return of_seven(cells.answers, "easy")
    score = cells.answers.score
    return (score >= 9).astype(float) - (score <= 6)


def _sides(cells: Cells, before: Any, after: Any) -> Any:
    """Yield names and answers of the two sides of each comparison."""
    found = cells.answers
    names = [" · ".join(map(str, label)) for label in found.groups.labels]
    if (before is None) != (after is None):
        msg = "Give both spans, before and after, or neither."
        raise DataError(msg)
    if before is not None:
        (was, early), (now, late) = _span(before, found.day), _span(after, found.day)
        for number, name in enumerate(names):
            here = found.group == number
            head = f"{name}, " if cells.by else ""
            yield f"{head}{now}", f"{head}{was}", here & late, here & early
        return
    if not cells.by:
        msg = "There is nothing to compare: give by=, or before= and after=."
        raise DataError(msg)
    for number, name in enumerate(names):
        here = found.group == number
        yield name, "all others", here, ~here


def _last_of_account(customer: NDArray[np.int64], side: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the last answer of each account; answers stand in the order they were given."""
    rows = np.flatnonzero(side)
    last = np.full(int(customer.max(initial=-1)) + 1, -1)
    last[customer[rows]] = rows
    kept = np.zeros_like(side)
    kept[last[last >= 0]] = True
    return kept


def _span(asked: Any, day: NDArray[np.int64]) -> tuple[str, NDArray[np.bool_]]:
    from saasmetrics.periods import day_number

    if isinstance(asked, str) or not hasattr(asked, "__iter__"):
        first, last, name = day_number(asked), last_day(asked), str(asked)
    else:
        ends = listed("before", asked, "a first and a last day")
        if len(ends) != 2:
            msg = f"{asked!r} is not a span: a first and a last day, or one period."
            raise DataError(msg)
        first, last = day_number(ends[0]), last_day(ends[1])
        name = f"{iso_day(first)} to {iso_day(last)}"
    return name, (day >= first) & (day <= last)


def _nps(a: NDArray[np.float64], b: NDArray[np.float64], level: float) -> tuple[Any, ...]:
    def counts(side: NDArray[np.float64]) -> tuple[int, int, int]:
        return int((side > 0).sum()), int((side == 0).sum()), int((side < 0).sum())

    change = nps_change(counts(b), counts(a), level)
    if change is None:
        return (np.nan,) * 6
    error = (change[2] - change[1]) / 2
    return *change, 100 * a.mean(), 100 * b.mean(), _two_sided(sum(change[1:]) / 2, error, level)


def _csat(a: NDArray[np.float64], b: NDArray[np.float64], level: float) -> tuple[Any, ...]:
    sides = (float(b.sum()), len(b)), (float(a.sum()), len(a))
    change = csat_change(*sides, level)
    if change is None:
        return (np.nan,) * 6
    z = csat_z(*sides)
    return *change, a.mean(), b.mean(), 1.0 if z is None else _tail(z)


def _ces(a: NDArray[np.float64], b: NDArray[np.float64], level: float) -> tuple[Any, ...]:
    from scipy.stats import t

    if min(len(a), len(b)) < 2:
        return (np.nan,) * 6
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    gap, error = float(a.mean() - b.mean()), float(np.sqrt(va + vb))
    if error == 0:
        return gap, gap, gap, a.mean(), b.mean(), float(gap == 0)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = float(t.ppf(0.5 + level / 2, freedom)) * error
    return (
        gap,
        gap - half,
        gap + half,
        a.mean(),
        b.mean(),
        2 * float(t.sf(abs(gap) / error, freedom)),
    )


def _two_sided(gap: float, half: float, level: float) -> float:
    from saasmetrics.survival.estimate import normal_quantile

    return 1.0 if half == 0 else _tail(gap / half * normal_quantile(level))


def _tail(z: float) -> float:
    from statistics import NormalDist

    return 2 * NormalDist().cdf(-abs(z))


def _headline(df: pd.DataFrame, instrument: str) -> str:
    known = df[df["value"].notna()]
    if not len(known):
        return "one side has no answers"
    first = known.loc[known["p_corrected"].sort_values(kind="stable").index].iloc[0]
    if first["p_corrected"] >= 0.05:
        return "No difference that chance would not explain"
    more = "higher" if first["value"] > 0 else "lower"
    size = abs(float(first["value"])) * (100 if instrument == "csat" else 1)
    unit = "" if instrument == "ces" else " points"
    return f"{instrument.upper()} of {first['group']} is {size:.1f}{unit} {more} than that of {first['against']}"
