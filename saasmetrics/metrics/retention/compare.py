"""Whether one cohort does better than another: both by age, their difference, and a test of it in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import among
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.retention.cohort_rows import Cell, sided_rows
from saasmetrics.metrics.retention.triangles import COUNTED, triangle
from saasmetrics.metrics.retention.two_cohorts import Cohort, Side, chance, compared, leaving
from saasmetrics.money import format_ratio
from saasmetrics.periods import NOUNS, PER_YEAR
from saasmetrics.survival.estimate import p_text
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.retention.triangles import Triangle
    from saasmetrics.metrics.retention.two_cohorts import Chosen
    from saasmetrics.result import Result

MEASURES = {
    "logos": "customers still there / customers of the cohort",
    "net": "MRR of the cohort / its MRR at age 0",
    "gross": "lowest MRR so far of each customer / MRR at age 0",
}
_TESTS = {
    "logos": "log-rank over all ages seen of both",
    "net": "bootstrap of the difference at the age",
    "gross": "bootstrap of the difference at the age",
}
_SIDES = ("a", "b")
_TWO = "a difference is not one sum over customers; rows(age=12, cohort='a') has those of each side"


@metric(
    id="compare_cohorts",
    name="Cohorts compared",
    unit="ratio",
    better="higher",
    meaning="How much more of one cohort than of another is left by age, and whether that is more than chance.",
    formula="retention of the one at an age - retention of the other at the same age",
    missing="Missing where either cohort is not yet so old at the as-of date.",
    sources=("METRICS.md", "Newcombe 1998: the difference of two shares", "Mantel 1966: log-rank"),
    options={
        "measure": MEASURES,
        "freq": "age in {value}",
        "age": "answered at age {value}",
        "test": "test: {value}",
        "interval": "interval of {value:.0%}",
    },
    choices=("cohort_floor",),
)
def compare_cohorts(
    book: Book,
    a: Chosen,
    b: Chosen,
    measure: str = "logos",
    freq: str = "M",
    age: int | None = None,
    by: str | Sequence[str] | None = None,
    *,
    interval: float | None = 0.95,
) -> Result:
    """Compare the retention of two cohorts by age.

    Parameters
    ----------
    book
        The company's tables.
    a, b
        The cohorts: a period of the first payment such as "2025-01", a range ("2025-01", "2025-06") with both ends, or
        values of columns such as {"plan": "pro"}, which with the key "cohort" may name periods as well.
    measure
        "logos" (customers), "net" (MRR) or "gross" (lowest MRR so far).
    freq
        D, W, M, Q or Y: the unit of age, and of the periods.
    age
        The age that the answer in words is for; by default a year, or the oldest that both cohorts have reached.
    by
        Columns to compare within; a customer stays in the group it began with.
    interval
        Coverage of the intervals; None for none.

    Returns
    -------
    Result
        by-columns, age, a, b (values of the cohorts) with a_low, a_high, b_low, b_high, a_n and b_n (customers old
        enough), value (a - b), low, high, n, reason. `extra["tables"]` has the test of every group: age, difference,
        statistic, p, in words; `extra["headline"]` the answer. The rows are the customers of an age, with the cohort.

    Raises
    ------
    DataError
        If a cohort has no customers, or both have the same customers.
    UnknownNameError
        If the measure, a column or the frequency does not exist.

    Notes
    -----
    At each age only those periods count that are old enough, on both sides of the division.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.retention.compare_cohorts(sm.demo(customers=300), {"segment": "Enterprise"}, {"segment": "SMB"})
    >>> bool(found.df.loc[found.df["age"] == 12, "value"].iloc[0] > 0)
    True
    """
    if not among(measure, MEASURES):
        raise UnknownNameError.of("measure", measure, MEASURES)
    check_interval(interval)
    names = columns(by)
    pair = [Cohort.of(book, freq, chosen) for chosen in (a, b)]
    cut = tuple(dict.fromkeys((*names, *(name for c in pair for name in c.values))))
    bags = interval is not None
    found = triangle(book, measure, freq, cut, start="first_payment", margin=None, bags=bags)
    ordinals = book.calendar(freq).ordinal(found.cohorts.astype("datetime64[D]").astype(np.int64))
    inside = [cohort.groups(cut, found.labels) for cohort in pair]
    periods = [cohort.periods(ordinals) for cohort in pair]
    _check(found, inside, periods, pair)
    at = _groups(found, names)
    parts, tests = [], []
    for number, label in enumerate(at):
        groups = [mask & at[label] for mask in inside]
        df, test = _compared(
            book, found, groups, periods, pair, (measure, freq, cut, age, interval)
        )
        where = np.full(len(df), number)
        parts.append(df.assign(**label_columns(names, tuple(at), where)))
        tests.append({**dict(zip(names, label, strict=True)), **test})
    single = tests[0]["words"] if len(tests) == 1 else _summary(tests, pair)
    extra = {"headline": single, "names": tuple(cohort.name for cohort in pair)}
    options = {"measure": measure, "freq": f"{NOUNS[freq]}s", "test": _TESTS[measure]}
    cell = Cell(measure, freq, cut, None, "first_payment", freq, None)
    return made(
        book,
        "compare_cohorts",
        _joined(parts, names),
        "cohort_pair",
        by=by,
        options={**options, "age": _asked(tests), "interval": interval},
        notes=[f"a is {pair[0].name}, b is {pair[1].name}", *found.notes],
        extra={**extra, "tables": {"Tests": _joined_tests(tests)}},
        drill=_drill(book, cell, found, inside, periods, (names, at)),
        trace=lambda **_: _TWO,
    )


def _groups(found: Triangle, names: tuple[str, ...]) -> dict[tuple[Any, ...], NDArray[np.bool_]]:
    """Return for each group of the by-columns, which come first, the groups of the cut that are in it."""
    keys = [label[: len(names)] for label in found.labels]
    return {key: np.array([other == key for other in keys], bool) for key in dict.fromkeys(keys)}


def _check(
    found: Triangle,
    inside: Sequence[NDArray[np.bool_]],
    periods: Sequence[NDArray[np.bool_]],
    pair: Sequence[Cohort],
) -> None:
    """Refuse a cohort of nobody, and two with the same customers."""
    cells = [groups[:, None] & some for groups, some in zip(inside, periods, strict=True)]
    for cell, cohort in zip(cells, pair, strict=True):
        if not found.heads[cell].sum():
            born = [str(day)[:10] for day in found.cohorts[found.born.any(axis=0)]]
            begins = f"first payments run from {born[0]} to {born[-1]}" if born else "there is none"
            msg = f"Nobody is in the cohort {cohort.name}; {begins}."
            raise DataError(msg)
    both = int(found.heads[cells[0] & cells[1]].sum())
    if both:
        many = f"{both:,} customer{' is' if both == 1 else 's are'}"
        names = f"{pair[0].name} and {pair[1].name}"
        msg = f"{many} in both {names}; a difference needs cohorts with no customer in common."
        raise DataError(msg)


def _compared(
    book: Book,
    found: Triangle,
    groups: Sequence[NDArray[np.bool_]],
    periods: Sequence[NDArray[np.bool_]],
    pair: Sequence[Cohort],
    asked: tuple[str, str, tuple[str, ...], int | None, float | None],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the ages of one group, and its test."""
    import pandas as pd

    measure, freq, cut, age, level = asked
    sides = [Side.of(found, mine, some) for mine, some in zip(groups, periods, strict=True)]
    values, draws = compared(sides[0], sides[1], level, counted=measure in COUNTED)
    seen = np.flatnonzero((sides[0].n > 0) | (sides[1].n > 0))
    df = pd.DataFrame({"age": seen})
    for name, value in values.items():
        df[name] = value[seen]
    if measure in COUNTED and level is not None and len(df):
        sure = [c for c in df.columns if c.endswith(("low", "high"))]
        df.loc[df["age"] == 0, sure] = [0.0 if c in ("low", "high") else 1.0 for c in sure]
    for name, side in zip(_SIDES, sides, strict=True):
        df[f"{name}_n"] = side.n[seen]
    df["n"] = df["a_n"] + df["b_n"]
    young = [np.isnan(df[name]) for name in _SIDES]
    who = [f"{cohort.name} is not yet so old" for cohort in pair]
    df["reason"] = np.select(young, who, "")
    at = _answered(df, freq, age)
    test: dict[str, Any] = {"age": at, "statistic": np.nan, "p": np.nan}
    if at is not None and measure in COUNTED:
        outcome = leaving(book, freq, cut, list(zip(groups, pair, strict=True)))
        test |= {"statistic": outcome.statistic, "p": outcome.p}
    elif at is not None and draws is not None and values["low"][at] == values["low"][at]:
        test["p"] = chance(draws[:, at])
    return df, test | _told(df, test, pair, measure, freq)


def _answered(df: pd.DataFrame, freq: str, age: int | None) -> int | None:
    """Return the age that the answer is for: a year, or the oldest that both have reached; None without one."""
    both = df.loc[df["value"].notna(), "age"]
    if age is not None:
        if age not in set(both):
            oldest = (
                f"the oldest age of both is {both.max()}" if len(both) else "no age is seen of both"
            )
            msg = f"age={age!r} is not seen of both cohorts; {oldest}."
            raise DataError(msg)
        return int(age)
    both = both[both <= PER_YEAR[freq]]
    return int(both.max()) if len(both) else None


def _told(
    df: pd.DataFrame, test: dict[str, Any], pair: Sequence[Cohort], measure: str, freq: str
) -> dict[str, Any]:
    """Return the difference at the age, and the answer in words."""
    if test["age"] is None:
        return {"difference": np.nan, "words": "No age is seen of both cohorts"}
    row = df[df["age"] == test["age"]].iloc[0]
    what = {
        "logos": "of its customers",
        "net": "of its MRR",
        "gross": "of its MRR before expansion",
    }
    noun = f"{NOUNS[freq]}{'' if test['age'] == 1 else 's'}"
    points = 100 * row["value"]
    more = f"{abs(points):.1f} points {'more' if points >= 0 else 'less'}"
    known = "low" in df and row["low"] == row["low"]
    between = f" ({100 * row['low']:.1f} to {100 * row['high']:.1f})" if known else ""
    verdict = "not tested, nobody left or too few customers"
    if not np.isnan(test["p"]):
        differ = "they differ" if test["p"] < 0.05 else "not shown to differ"
        verdict = f"{differ}, p {p_text(test['p'])}"
    words = (
        f"After {test['age']} {noun} {pair[0].name} keeps {format_ratio(row['a'])} {what[measure]}, {pair[1].name} "
        f"{format_ratio(row['b'])}: {more}{between}; {verdict}"
    )
    return {"difference": float(row["value"]), "words": words}


def _summary(tests: Sequence[dict[str, Any]], pair: Sequence[Cohort]) -> str:
    shown = sum(bool(test["p"] < 0.05) for test in tests)
    return f"{pair[0].name} and {pair[1].name} differ in {shown} of {len(tests)} groups, not corrected for many looks"


def _asked(tests: Sequence[dict[str, Any]]) -> str | None:
    ages = list(dict.fromkeys(test["age"] for test in tests if test["age"] is not None))
    return " or ".join(map(str, ages)) or None


def _joined(parts: Sequence[pd.DataFrame], names: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    df = pd.concat(parts, ignore_index=True)
    sides = [f"{side}{end}" for side in _SIDES for end in ("", "_low", "_high", "_n")]
    order = [*names, "age", "value", "low", "high", *sides, "n", "reason"]
    return df[[name for name in order if name in df.columns]]


def _joined_tests(tests: Sequence[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(tests)


def _drill(
    book: Book,
    cell: Cell,
    found: Triangle,
    inside: Sequence[NDArray[np.bool_]],
    periods: Sequence[NDArray[np.bool_]],
    parted: tuple[tuple[str, ...], dict[tuple[Any, ...], NDArray[np.bool_]]],
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: the customers of both cohorts, or of one, at an age."""

    def rows(age: int = 0, cohort: str | None = None, **group: Any) -> pd.DataFrame:
        import pandas as pd

        if cohort not in (None, *_SIDES):
            raise UnknownNameError.of("cohort", str(cohort), _SIDES)
        names, at = parted
        label = tuple(group.get(name) for name in names)
        if group and label not in at:
            there = [", ".join(map(str, key)) for key in at]
            raise UnknownNameError.of("group", ", ".join(map(str, label)), there)
        part = at[label] if group else np.ones(len(found.labels), bool)
        parts = []
        for name, mask, some in zip(_SIDES, inside, periods, strict=True):
            if cohort not in (None, name):
                continue
            known = found.known[:, age] if age < found.known.shape[1] else np.zeros(len(some), bool)
            cells = np.argwhere(found.born & (mask & part)[:, None] & (some & known)[None])
            one = sided_rows(book, cell, cells, found.cohorts, age)
            parts.append(one.assign(cohort=name))
        return pd.concat(parts, ignore_index=True)

    return rows
