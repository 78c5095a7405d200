"""Targets of customer success: where each stands, at which pace, and how likely it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, listed, one_of
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import made
from saasmetrics.money import counted, format_ratio
from saasmetrics.periods import is_fiscal, iso_day, period_text, quarter_month
from saasmetrics.success.goals.actuals import GOALS, Actual, Asked, Goal
from saasmetrics.success.goals.owners import RULES, check, scope_of, versioned
from saasmetrics.success.goals.pace import Pace, standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_SCENARIOS = ("plan", "budget", "forecast", "prior")
_FREQS = "YQMWD"
_NO_TARGET = "no target is set"
_NOT_BEGUN = "the period has not begun, or nothing of it is known yet"
_NO_LIST = "only of renewals there is a list of what is still open"
COLUMNS = (
    "metric", "period", "scope", "owner", "scenario", "unit", "target", "value", "attainment", "variance",
    "variance_share", "impact", "season", "expected", "pace_ratio", "run_rate", "required_run_rate",
    "remaining_months", "probability", "numerator", "denominator", "n", "reason", "pace_reason", "probability_reason",
)  # fmt: skip


@metric(
    id="targets",
    name="Targets",
    unit="table",
    better="higher",
    meaning="Where retention, renewals, expansion and churn stand against their targets, whether at the right pace, "
    "and how likely renewals reach theirs.",
    formula="attainment = actual / target, inverted for churn; pace = actual / (target x share of the period's amount "
    "usual by now); required run rate = (target - actual) / months left; probability = that of the exact distribution "
    "of the open renewals",
    missing="Missing where no target is set or the period has not begun; a rate has no pace, a period that is over no "
    "required run rate, and only renewals a probability.",
    sources=("METRICS.md", "HubSpot: give the CS leader a revenue number"),
    options={
        "owner": RULES,
        "scenario": "targets of the scenario {value}",
        "rho": "common shock of correlation {value}",
    },
)
def targets(
    book: Book,
    by: str | None = None,
    metric: str | Sequence[str] | None = None,
    *,
    period: Any = None,
    scenario: str = "plan",
    owner: str = "start",
    rho: float = 0.0,
) -> Result:
    """Where targets stand, at which pace, and how likely they are reached.

    Parameters
    ----------
    book
        The company's tables, with targets (metric, period, value, and scope and owner for parts of the company).
    by
        None for the company, "segment", "pod" or "csm".
    metric
        One or more of arr, nrr, grr (over twelve months, to the last complete month), renewals, expansion, churn, new
        (ARR, currency units); by default those that have a target, or all with an amount.
    period
        A year, a quarter or a month: 2026, "2026-Q4" (of the calendar), "Q4 FY27" (of the fiscal year) or "2026-10"; by
        default those with a target that the day after the as-of date, or else the as-of date, is in.
    scenario
        "plan", "budget", "forecast" or "prior".
    owner
        What becomes of a customer that changes hands: "start" (owner at the start of the period), "event" (owner at
        the end of the month of a movement) or "time" (by the months each had it). Rates and renewals follow the start.
    rho
        Common shock of renewals, as for `sm.renewals.forecast`.

    Returns
    -------
    Result
        One row per period (years before quarters before months), metric and owner, in this order: metric, period (its
        first day), scope, owner, scenario, unit, target, value (actual), attainment, variance, variance_share, impact
        (1 is good, -1 bad), season (share usual by now), expected, pace_ratio, run_rate and required_run_rate (per
        month), remaining_months, probability, numerator, denominator, n, reason, pace_reason, probability_reason.

    Raises
    ------
    MissingTableError
        If there is no table targets.
    DataError
        If there is no such target or scope, or the customers have no column for the scope.

    Notes
    -----
    All parts of the company stand on the same list of renewals and the same movements, so that books of customer
    success managers sum to the company; customers without one are its part "(none)".

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.targets(sm.demo(customers=300))
    >>> found.df[["metric", "scope"]].values.tolist()
    [['arr', 'company'], ['nrr', 'company'], ['grr', 'company']]
    """
    import pandas as pd

    scope, columns = scope_of(by)
    one_of("scenario", scenario, _SCENARIOS)
    check(book, columns, owner)
    finite("rho", rho, "a correlation", least=0, most=0.999)
    plan = _plan(book, scope, scenario)
    wanted = _wanted(plan, scope, metric)
    periods, across = _periods(book, plan, period)
    rows: list[dict[str, Any]] = []
    paces: dict[str, None] = {}
    doubled: list[str] = []
    for (freq, ordinal), texts in periods.items():
        asked = Asked(book, freq, ordinal, columns, owner, rho)
        for name in wanted:
            goals = plan[(plan["metric"] == name) & plan["period"].astype(str).isin(texts)]
            doubled += _doubled(name, goals, scope)
            # What is due is known beforehand.
            begun = asked.first <= book.as_of_day or name == "renewals"
            found = GOALS[name].compute(asked) if begun else {}
            paces |= dict.fromkeys(a.pace.said for a in found.values() if a.pace and a.pace.said)
            rows += _rows(asked, GOALS[name], scope, goals, found)
    df = pd.DataFrame(rows, columns=list(COLUMNS))
    df["scenario"] = scenario
    options: dict[str, Any] = {"scenario": scenario}
    options |= {"owner": owner} if scope in ("pod", "csm") else {}
    options |= {"rho": rho} if rho else {}
    told = (f"{said[0].upper()}{said[1:]}" for said in paces)
    return made(
        *(book, "targets", df, "targets"),
        options=options,
        notes=(*_transfers(book, scope), *across, *told, *_said_twice(doubled)),
        extra={"headline": _headline(df), "across": across},
        tables=("targets",),
        trace=lambda **_: (
            "the metric itself has the proof: sm.retention, sm.revenue.bridge, sm.renewals.rates"
        ),
    )


def _plan(book: Book, scope: str, scenario: str) -> pd.DataFrame:
    if "targets" not in book.tables:
        raise MissingTableError.of("targets", "Standing against targets")
    plan = book.frame("targets")
    for name, usual in (("scope", "company"), ("scenario", "plan"), ("owner", "company")):
        plan[name] = plan[name].fillna(usual) if name in plan.columns else usual
    mine = plan[(plan["scope"] == scope) & (plan["scenario"] == scenario)]
    return mine.sort_values(["owner", "period", "value"], key=_as_text, kind="stable")


def _as_text(values: pd.Series[Any]) -> pd.Series[Any]:
    return values if values.name == "value" else values.astype(str)


def _doubled(name: str, goals: pd.DataFrame, scope: str) -> list[str]:
    """Return the metric with its period where several rows are for one number and do not agree."""
    owner = goals["owner"].astype(str) if scope != "company" else goals["scope"]
    values = goals["value"].groupby(owner)
    if (values.transform("min") == values.transform("max")).all():
        return []
    return [f"{name} {' = '.join(sorted(set(goals['period'].astype(str))))}"]


def _said_twice(doubled: list[str]) -> tuple[str, ...]:
    if not doubled:
        return ()
    said = ", ".join(doubled[:3]) + (", ..." if len(doubled) > 3 else "")
    return (
        f"Several rows of targets are for one number, and the first by owner, period and value counts: {said}",
    )


def _wanted(plan: pd.DataFrame, scope: str, metric: str | Sequence[str] | None) -> list[str]:
    if metric is None and not len(plan):
        whose = "" if scope == "company" else ", owner"
        columns = f"metric, period, value, scope{whose}"
        msg = f'There is no target of scope "{scope}"; add such rows to the table targets ({columns}).'
        raise DataError(msg)
    if metric is None:
        found = [name for name in GOALS if name in set(plan["metric"])]
        if not found:
            msg = f"No target of this scope is for a metric of {', '.join(GOALS)}; look at targets.metric."
            raise DataError(msg)
        return found
    names = [metric] if isinstance(metric, str) else list(listed("metric", metric, "metrics"))
    for name in names:
        one_of("metric with a target", name, GOALS)
    return names


def _periods(
    book: Book, plan: pd.DataFrame, period: Any
) -> tuple[dict[tuple[str, int], list[str]], tuple[str, ...]]:
    """Return how the table names the periods asked for, and a note on those that are none of the fiscal year."""
    there: dict[tuple[str, int], list[str]] = {}
    across = []
    for text in dict.fromkeys(plan["period"].astype(str)):
        if (book.fiscal_start - 1) % 3 and quarter_month(text) and not is_fiscal(text):
            across.append(text)
        else:
            there.setdefault(_read(book, text), []).append(text)
    note = _across(book, plan, across)
    if period is not None:
        found = _read(book, str(period))
        return {found: there.get(found, [])}, note
    for day in (book.as_of_day + 1, book.as_of_day):
        now = {
            (freq, ordinal): texts
            for (freq, ordinal), texts in sorted(
                there.items(), key=lambda each: _FREQS.index(each[0][0])
            )
            if ordinal == book.calendar(freq).ordinal(np.array([day]))[0]
        }
        if now:
            return now, note
    names = [text for texts in there.values() for text in texts]
    known = f"name one of {', '.join(names[:8])}." if names else f"{' '.join(note)}."
    msg = f"No target is for a period around {iso_day(book.as_of_day)}; {known}"
    raise DataError(msg)


def _across(book: Book, plan: pd.DataFrame, texts: list[str]) -> tuple[str, ...]:
    """Say which rows are of calendar quarters that lie in two quarters of the fiscal year."""
    if not texts:
        return ()
    import pandas as pd

    calendar = book.calendar("Q")
    now = pd.Timestamp(calendar.starts(calendar.ordinal(np.array([book.as_of_day])))[0])
    rows = int(plan["period"].astype(str).isin(texts).sum())
    told = (
        f"{counted(rows, 'row')} of targets are of calendar quarters ({', '.join(texts[:3])}"
        f"{', ...' if len(texts) > 3 else ''}), which lie in two quarters of a fiscal year that begins in "
        f"{pd.Timestamp(2000, book.fiscal_start, 1):%B}; they are compared with nothing: write "
        f'"{period_text(now, "Q", book.fiscal_start)}" for {period_text(now, "Q")}'
    )
    return (told,)


def _read(book: Book, text: str) -> tuple[str, int]:
    freq = (
        "Y"
        if len(text) == 4
        else "Q"
        if "Q" in text.upper()
        else "W"
        if "W" in text.upper()
        else "M"
    )
    if len(text) == 10:
        freq = "D"
    return freq, int(book.calendar(freq).of(text))


def _rows(
    asked: Asked, goal: Goal, scope: str, goals: pd.DataFrame, found: dict[tuple[Any, ...], Actual]
) -> list[dict[str, Any]]:
    """Return a row per owner that has a target or an actual."""
    import pandas as pd

    target: dict[str, float] = {}
    for one, value in zip(goals["owner"], goals["value"], strict=True):
        target.setdefault(str(one), float(value))
    actual = {str(key[0]) if key else "company": value for key, value in found.items()}
    if scope == "company" and target:
        target = {"company": next(iter(target.values()))}
    start = pd.Timestamp(asked.book.calendar(asked.freq).starts(np.array([asked.ordinal]))[0])
    rows = []
    for name in sorted({*target, *actual}):
        aim, came = target.get(name, np.nan), actual.get(name, Actual(np.nan, reason=_NOT_BEGUN))
        pace = came.pace or Pace(*_elapsed(asked), np.nan)
        row: dict[str, Any] = {
            "metric": goal.name,
            "period": start,
            "scope": scope,
            "owner": name,
            "unit": goal.unit,
        }
        row |= standing(aim, came.value, pace, lower=goal.lower, flow=goal.flow)
        row |= {"numerator": came.numerator, "denominator": came.denominator, "n": came.n}
        row["reason"] = came.reason or ("" if aim == aim else _NO_TARGET)
        row |= _chance(goal, came, aim)
        rows.append(row)
    return rows


def _elapsed(asked: Asked) -> tuple[float, float]:
    from saasmetrics.success.goals.pace import months_of

    return months_of(asked.book, asked.freq, asked.ordinal)


def _chance(goal: Goal, came: Actual, aim: float) -> dict[str, Any]:
    if goal.name != "renewals":
        return {"probability": np.nan, "probability_reason": _NO_LIST}
    if came.reaches is None or aim != aim:
        why = (
            _NO_TARGET
            if aim != aim
            else came.reason or "no renewal has been decided yet to learn from"
        )
        return {"probability": np.nan, "probability_reason": why}
    return {"probability": came.reaches(aim), "probability_reason": ""}


def _transfers(book: Book, scope: str) -> tuple[str, ...]:
    if scope not in ("pod", "csm") or versioned(book):
        return ()
    said = (
        "customers has one version of each row, so that who owned a customer before is not known: it counts for its "
        "owner of today throughout"
    )
    return (said,)


def _headline(df: pd.DataFrame) -> str:
    known = df[df["attainment"].notna()].sort_values("attainment", kind="stable")
    if not len(known):
        return "no target can be judged yet"
    met = int((known["attainment"] >= 1).sum())
    worst = known.head(1).to_dict("records")[0]
    short = worst["unit"] == "ratio" or worst["metric"] == "arr"
    name = worst["metric"].upper() if short else worst["metric"]
    of = "" if worst["owner"] == "company" else f" of {worst['owner']}"
    behind = f"{name}{of} at {format_ratio(worst['attainment'], 0)}"
    return f"{met} of {counted(len(known), 'target')} met; furthest behind: {behind}"
