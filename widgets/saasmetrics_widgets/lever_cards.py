"""Headline numbers with levers moved, each beside what it is without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.money import format_money, format_value
from saasmetrics_widgets import verdicts
from saasmetrics_widgets.cards import against_target, interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics_widgets.cards import Reading
    from saasmetrics_widgets.scenarios import First


def cards(now: Mapping[str, Any], first: First, currency: str) -> list[dict[str, Any]]:
    """Return LTV to CAC and payback of all customers with levers moved, each beside what it is without."""
    found = []
    for of, title in (("ratio", "LTV:CAC"), ("months", "CAC payback")):
        (this, row), (last, old) = first(of, now), first(of, {})
        found.append(_number(of, title, (this, last), currency))
        found.append(_chance(of, row, old))
        if of == "ratio":
            found += [_side(side, row, old, currency) for side in ("numerator", "denominator")]
    return found


def _number(of: str, title: str, pair: tuple[Reading, Reading], currency: str) -> dict[str, Any]:
    (this, last), unit = pair, "multiple" if of == "ratio" else "months"
    value, was = (format_value(one.value, unit, currency) for one in (this, last))
    note, verdict = interval(this, unit, currency), against_target(this, unit)
    number = value.removesuffix(" months")
    change = f"as it is: {was}" if this.value is not None else ""
    better = (this.value or 0.0) > (last.value or 0.0)
    tone = "" if value == was else "good" if better == (of == "ratio") else "bad"
    return {
        "id": of,
        "title": title,
        "value": number,
        "unit": "months" if number != value else "",
        "change": change,
        "tone": tone,
        "note": note,
        "verdict": verdict,
        "tip": f"{title} of all customers, with the levers applied. {note}",
        "say": ", ".join(part for part in (f"{title} {value}", change, note, verdict) if part),
        "pick": {"of": of},
    }


def _side(
    side: str, row: Mapping[str, Any], old: Mapping[str, Any], currency: str
) -> dict[str, Any]:
    title = {"numerator": "LTV", "denominator": "CAC"}[side]
    value, was = (format_money(one.get(side), currency) for one in (row, old))
    said = f"as it is: {was}"
    card = {"id": side, "title": title, "value": value, "change": said, "note": ""}
    return {
        **card,
        "say": f"{title} {value}, {said}",
        "tip": f"{title} with the levers applied.",
        "pick": {"of": "ratio"},
    }


def _chance(of: str, row: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    title = "P(LTV ≥ 3 CAC)" if of == "ratio" else "P(payback ≤ 12 mo)"
    value, was = (verdicts.chance(one).removeprefix("P ") or "–" for one in (row, old))
    said = f"as it is: {was}"
    tip = "The share of resamples of the customers in which the bar is reached."
    card = {"id": f"{of}_chance", "title": title, "value": value, "change": said, "note": ""}
    return {**card, "say": f"{title} {value}, {said}", "tip": tip, "pick": {"of": of}}
