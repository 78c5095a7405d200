"""The row of headline numbers: value, change against a year before, interval, and why one is missing."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.money import format_money, format_value
from saasmetrics_widgets.calls import Call, Results, call

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.catalogue import Metric
    from saasmetrics_widgets.choices import Choices

KPIS = ("arr", "nrr", "grr", "logo_churn", "ltv_cac", "payback")
VERDICTS = ("ltv_cac", "payback")
_TITLES = {
    "arr": "ARR",
    "nrr": "NRR",
    "grr": "GRR",
    "logo_churn": "Logo churn",
    "ltv_cac": "LTV:CAC",
    "payback": "CAC payback",
}
NOTE = 84  # characters of a note that a card has room for; its tip has them all
_WAIT = "computing"


@dataclass(frozen=True)
class Reading:
    """One number as it is read off a result; `value` is None where it is missing, and `reason` says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""
    verdict: str = ""
    target: float | None = None


def reading(row: Mapping[str, Any]) -> Reading:
    """Return the reading of a row of a result."""
    value, low, high, n = (_number(row.get(name)) for name in ("value", "low", "high", "n"))
    reason, verdict = (str(row.get(name) or "") for name in ("reason", "verdict"))
    target = _number(row.get("target"))
    return Reading(value, low, high, None if n is None else int(n), reason, verdict, target)


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def chosen(df: pd.DataFrame, now: Mapping[str, Any], period: str = "") -> pd.DataFrame:
    """Return the rows of a frame that belong to the chosen segment, and to a period where one is given."""
    import pandas as pd

    if now["column"] in df.columns:
        df = df[df[now["column"]].map(str) == now["value"]]
    return df[df["period"] == pd.Timestamp(period)] if period else df


def read(results: Results, asked: Call, now: Mapping[str, Any], period: str = "") -> Reading:
    """Return one number of a result, or why there is none."""
    try:
        rows = chosen(results[asked].df, now, period)
    except DataError as error:
        return Reading(reason=str(error).split("\n", maxsplit=1)[0])
    if not len(rows):
        return Reading(reason="there is no data for it")
    return reading({str(name): value for name, value in rows.iloc[0].items()})


def kpi(of: str, now: Mapping[str, Any], choices: Choices, period: str) -> tuple[Call, str]:
    """Return the call behind a headline number of a period, and the period to look up in its result."""
    if of in VERDICTS:
        return call(of, now, choices.end(now["freq"], period)), ""
    return call(of, now), period


def cards(
    results: Results, choices: Choices, now: Mapping[str, Any], *, wait: bool = True
) -> list[dict[str, Any]]:
    """Return the headline numbers, ready to be drawn.

    Parameters
    ----------
    results, choices, now
        The book's results and choices, and the controls.
    wait
        Whether to compute what is not there yet; without, such a card says that it is being computed.
    """
    return [_of(of, results, choices, now, wait=wait) for of in KPIS]


def _of(
    of: str, results: Results, choices: Choices, now: Mapping[str, Any], *, wait: bool
) -> dict[str, Any]:
    period = now["period"]
    earlier, when = choices.year_before(now["freq"], period)
    asked, at = kpi(of, now, choices, period)
    before, at_before = kpi(of, now, choices, earlier)
    if not wait and (asked not in results or before not in results):
        return {"id": of, "title": _TITLES[of], "value": "…", "note": _WAIT, "pending": True}
    this = read(results, asked, now, at)
    known = earlier in choices.periods(now["freq"])
    last = read(results, before, now, at_before) if known else Reading()
    entry = _entry(of, results, asked)
    pick = {"of": of, **({"period": period} if at else {})}
    return card(of, entry, this, last, when=when, currency=results.book.currency, pick=pick)


def _entry(of: str, results: Results, asked: Call) -> Metric:
    try:
        return results[asked].definition
    except DataError:
        entry: Metric = sm.CATALOGUE[of]
        return entry


def card(
    of: str,
    entry: Metric,
    this: Reading,
    last: Reading,
    *,
    when: str,
    currency: str,
    pick: Mapping[str, Any],
) -> dict[str, Any]:
    """Return one headline number with its words."""
    change, tone = compared(entry, this.value, last.value, when)
    value = format_value(this.value, entry.unit, currency)
    number = value.removesuffix(" months")
    note = interval(this, entry.unit, currency)
    missing = f" No value: {note}" if this.value is None else ""
    verdict = against_target(this, entry.unit)
    title = _TITLES[of]
    return {
        "id": of,
        "title": title,
        "value": number,
        "unit": "months" if number != value else "",
        "change": change if this.value is not None else "",
        "tone": tone,
        "note": brief(note),
        "verdict": verdict,
        "tip": f"{entry.name}: {entry.meaning} {entry.formula}.{missing}",
        "say": ", ".join(w for w in (f"{title} {value}", change, note, verdict) if w),
        "pick": dict(pick),
    }


def brief(note: str) -> str:
    """Return a note that a card has room for: whole sentences or clauses of it, where the first one fits.

    Examples
    --------
    >>> brief("It counts every departure within one period; ask for window=1 and the freq that you want.")
    'It counts every departure within one period.'
    """
    if len(note) <= NOTE:
        return note
    end = max(note.rfind(mark, 0, NOTE) for mark in (". ", "; "))
    return f"{note[:end]}." if end > 0 else shorten(note, NOTE, placeholder=" …")


def interval(this: Reading, unit: str, currency: str) -> str:
    """Return the interval in words, or what else is to be known of a number.

    Examples
    --------
    >>> interval(Reading(1.04, 0.98, 1.1), "ratio", "USD")
    '95%: 98.0–110.0%'
    >>> interval(Reading(reason="nobody was paying"), "ratio", "USD")
    'nobody was paying'
    """
    if this.value is None:
        return this.reason or "no value"
    if this.low is not None or this.high is not None:
        low, high = (format_value(edge, unit, currency) for edge in (this.low, this.high))
        if this.low is None or this.high is None:
            return f"95%: below {high}" if this.low is None else f"95%: above {low}"
        for suffix in ("%", "x", " months"):
            low = low.removesuffix(suffix)
        high = high.replace(" months", " mo")
        return f"95%: {low}{'–' if this.low >= 0 else ' to '}{high}"
    if this.n is not None:
        return f"{this.n:,} customer{'' if this.n == 1 else 's'}"
    return "too few customers for an interval" if unit == "ratio" else ""


def against_target(this: Reading, unit: str) -> str:
    """Return the verdict in words.

    Examples
    --------
    >>> against_target(Reading(2.5, verdict="fail", target=3), "multiple")
    'misses 3:1'
    """
    if this.value is None or not this.verdict:
        return ""
    words = {"multiple": "{:g}:1", "months": "{:g} months"}.get(unit, "{:g}")
    target = "its target" if this.target is None else words.format(this.target)
    verdicts = {"pass": f"meets {target}", "fail": f"misses {target}"}
    return verdicts.get(this.verdict, f"{target} not proven")


def compared(entry: Metric, this: float | None, last: float | None, when: str) -> tuple[str, str]:
    """Return the change against a year before, and whether it is good, bad or neither.

    Money is compared by its growth, ratios in percentage points, all else by the difference.
    """
    if this is None:
        return "", ""
    if last is None or (entry.unit == "money" and last <= 0):
        return f"no value in {when}", ""
    step = this / last - 1 if entry.unit == "money" else this - last
    size = {
        "money": f"{abs(step) * 100:.1f}%",
        "ratio": f"{abs(step) * 100:.1f} pts",
        "multiple": f"{abs(step):.1f}x",
        "months": f"{abs(step):.1f} mo",
    }.get(entry.unit, format_money(abs(step), ""))
    if not any(digit in size for digit in "123456789"):
        return f"as in {when}", ""
    good = (step > 0) == (entry.better == "higher")
    tone = "" if entry.better == "neutral" else "good" if good else "bad"
    return f"{'▲' if step > 0 else '▼'} {size} vs {when}", tone


def words_card(
    id: str,
    title: str,
    value: str,
    note: str,
    pick: Mapping[str, Any] | None = None,
    tip: str | None = None,
) -> dict[str, Any]:
    """Return a card whose value and note are words already; its tip is the note where there is no other."""
    card = {"id": id, "title": title, "value": value, "note": note, "pick": dict(pick or {})}
    return {**card, "say": f"{title} {value}, {note}", "tip": note if tip is None else tip}
