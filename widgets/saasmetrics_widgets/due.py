"""The pictures of the renewal desk: what became of terms, what comes up, and how much of it will renew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from saasmetrics.charts.text import period_text, shortened
from saasmetrics.money import format_money, format_part, format_ratio
from saasmetrics.periods import NOUNS
from saasmetrics_widgets.panels import records
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.result import Result

RATES = {"gross": "Gross", "net": "Net", "logo": "Customer"}
MOST = 12  # periods that fit side by side
# Parts of what came up, from the bottom up, with the role of their color.
_LOST = (("downsell", "Downsell", "r8"), ("lost", "Lost", "loss"))
_CATEGORIES = {
    "won": ("Won", "total"),
    "commit": ("Commit", "r14"),
    "best": ("Best case", "r8"),
    "at_risk": ("At risk", "loss"),
    "omit": ("Omitted", "muted"),
    "unclassified": ("Unclassified", "r3"),
    "lost": ("Lost", "ink"),
}
_HIGH, _TOP, _BOTTOM = 190, 30, 40


def words(category: str) -> str:
    """Return a forecast category as people read it.

    Examples
    --------
    >>> words("at_risk"), words("other")
    ('At risk', 'Other')
    """
    return _CATEGORIES.get(category, (category.replace("_", " ").capitalize(), ""))[0]


def outcomes(result: Result, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of the terms due in each period, with the renewal rate above it."""
    df = result.df.tail(MOST)
    wide, currency = 560.0, result.context.currency
    scene = Scene(wide, _TOP + _HIGH + _BOTTOM + 22, "What became of what came up for renewal")
    title = f"What came up for renewal, with the {RATES[now['measure']].lower()} rate"
    if not len(df):
        scene.text(0, 20, "No term has ended yet.", fill="muted", size=12)
        return {"title": title, "note": "", "scene": scene.as_dict()}
    top = float(df["atr"].max()) or 1.0
    slot = wide / len(df)
    for place, row in enumerate(records(df)):
        _column(scene, row, now, (place, slot, top), currency)
    lost = [(name, role) for _, name, role in _LOST]
    _legend(scene, [("Renewed", "gain"), *lost, ("Open", "hatch")])
    note = f"ARR by the {NOUNS[now['freq']]} in which terms end; open terms are in neither side of the rate."
    return {"title": title, "note": note, "scene": scene.as_dict()}


def _column(
    scene: Scene,
    row: Mapping[str, Any],
    now: Mapping[str, Any],
    at: tuple[int, float, float],
    currency: str,
) -> None:
    """Draw the parts of one period, one on the other."""
    place, slot, top = at
    x, bar, base = slot * place + slot * 0.14, slot * 0.72, float(_TOP + _HIGH)
    kept = max(float(row["renewed"]), 0.0)
    parts = [("Renewed", kept, "gain")]
    parts += [(name, max(float(row[key]), 0.0), role) for key, name, role in _LOST]
    parts.append(("Open", max(float(row["open"]), 0.0), "hatch"))
    y = base
    for _, amount, role in parts:
        high = _HIGH * amount / top
        if high > 0:
            scene.rect(x, y - high, bar, high, role)
        y -= high
    period = pd.Timestamp(row["period"])
    when = period_text(period, now["freq"])
    rate = "–" if row["value"] != row["value"] else format_ratio(float(row["value"]), 0)
    said = ", ".join(
        f"{name.lower()} {format_money(amount, currency)}" for name, amount, _ in parts
    )
    say = f"{when}: {rate} of {format_money(float(row['atr']), currency)}; {said}; {int(row['terms']):,} terms"
    pick = {"of": "outcomes", "period": f"{period:%Y-%m-%d}"}
    scene.text(x + bar / 2, y - 6, rate, size=10, anchor="middle", bold=True)
    scene.text(
        x + bar / 2, base + 15, shortened(when, slot, 9.5), size=9.5, anchor="middle", fill="muted"
    )
    scene.mark((x - slot * 0.1, _TOP - 16, slot * 0.92, _HIGH + 34), pick, say, place=(0, place))


def calendar(result: Result) -> dict[str, Any]:
    """Return what comes up in each quarter by forecast category."""
    df, wide, currency = result.df, 460.0, result.context.currency
    title = "What comes up, by category"
    scene = Scene(wide, _TOP + _HIGH + _BOTTOM + 22, title)
    if not len(df):
        scene.text(0, 20, "No term ends in the next four quarters.", fill="muted", size=12)
        return {"title": title, "note": "", "scene": scene.as_dict()}
    periods = list(dict.fromkeys(df["period"]))
    top = float(df.groupby("period")["value"].sum().max()) or 1.0
    slot = wide / len(periods)
    for place, period in enumerate(periods):
        own = df[df["period"] == period]
        _stack(scene, own, pd.Timestamp(period), (place, slot, top), currency)
    there = [_CATEGORIES[name] for name in _CATEGORIES if name in set(df["category"])]
    _legend(scene, there)
    late = int(df["overdue"].sum()) if "overdue" in df else 0
    note = "Expiring ARR by the quarter in which terms end."
    note += " Those of an earlier quarter are overdue." if late else ""
    return {"title": title, "note": note, "scene": scene.as_dict()}


def _stack(
    scene: Scene,
    own: pd.DataFrame,
    period: pd.Timestamp,
    at: tuple[int, float, float],
    currency: str,
) -> None:
    place, slot, top = at
    x, bar, y = slot * place + slot * 0.18, slot * 0.64, float(_TOP + _HIGH)
    when = period_text(period, "Q")
    cells = {cell["category"]: cell for cell in records(own)}
    for row, name in enumerate([name for name in _CATEGORIES if name in cells]):
        cell = cells[name]
        high = _HIGH * float(cell["value"]) / top
        y -= high
        label, role = _CATEGORIES[name]
        say = f"{when}, {label.lower()}: {format_money(float(cell['value']), currency)}, {int(cell['n']):,} terms"
        pick = {"of": "calendar", "period": f"{period:%Y-%m-%d}", "category": name}
        scene.rect(x, y, bar, max(high - 1, 0.5), role)
        scene.mark((x, y, bar, max(high, 6.0)), pick, say, place=(row, place))
    total = format_money(float(own["value"].sum()), currency)
    scene.text(x + bar / 2, y - 6, total, size=10.5, anchor="middle", bold=True)
    scene.text(x + bar / 2, _TOP + _HIGH + 15, when, size=10, anchor="middle", fill="muted")


def forecast(result: Result) -> dict[str, Any]:
    """Return how much of what comes up will renew: the expected amount and the range of 8 of 10 outcomes."""
    df, wide, currency = result.df, 460.0, result.context.currency
    title = "How much of it will renew"
    quarters = df[df["periods"] == 1]
    scene = Scene(wide, 24 + 44 * max(len(quarters), 1) + 44, title)
    if not len(quarters):
        scene.text(0, 20, "No term ends in the next four quarters.", fill="muted", size=12)
        return {"title": title, "note": "", "scene": scene.as_dict()}
    left, right = 74.0, wide - 74.0
    top = float(quarters["atr"].max()) or 1.0

    def x(amount: float) -> float:
        return left + (right - left) * amount / top

    for place, row in enumerate(records(quarters)):
        y = 20 + 44.0 * place
        when = period_text(pd.Timestamp(row["period"]), "Q", result.context.fiscal_start)
        low, mid, high = (float(row[name]) for name in ("p10", "p50", "p90"))
        atr, won = float(row["atr"]), float(row["won"])
        scene.text(0, y + 18, when, size=11)
        scene.rect(left, y + 4, x(atr) - left, 20, "ground")
        scene.rect(left, y + 8, max(x(won) - left, 0), 12, "total")
        scene.rect(x(low), y + 8, max(x(high) - x(low), 1.5), 12, "r8")
        scene.path([(x(mid), y + 4), (x(mid), y + 24)], stroke="ink", wide=2)
        share = format_part(float(row["value"]) / atr if atr else None, 0)
        scene.text(x(atr) + 6, y + 18, share, size=10.5, bold=True)
        amounts = [format_money(each, currency) for each in (mid, low, high, atr, won)]
        say = "{}: median {}, 8 of 10 times {} to {}, of {}; won already {}".format(when, *amounts)
        pick = {"of": "forecast", "period": f"{pd.Timestamp(row['period']):%Y-%m-%d}"}
        scene.mark((0, y, wide, 30), pick, say, place=(place, 0))
    base = 20 + 44.0 * len(quarters) + 8
    _key(scene, base, [("total", "Won"), ("r8", "8 of 10 outcomes"), ("ground", "Up for renewal")])
    note = "Line: median. At the right the expected share of what comes up; no upsell is in it."
    return {"title": title, "note": note, "scene": scene.as_dict()}


def _legend(scene: Scene, entries: list[tuple[str, str]]) -> None:
    _key(scene, _TOP + _HIGH + 34, [(role, name) for name, role in entries])


def _key(scene: Scene, y: float, entries: list[tuple[str, str]]) -> None:
    x = 0.0
    for role, name in entries:
        scene.rect(x, y, 10, 10, role)
        scene.text(x + 15, y + 9, name, size=10, fill="muted")
        x += 26 + 6.2 * len(name)
