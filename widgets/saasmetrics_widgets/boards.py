"""The pictures of the success board: targets, health bands, alerts by rule, the first of the worklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import saasmetrics as sm
from saasmetrics.charts.text import shortened
from saasmetrics.money import format_money, format_part, format_ratio, format_value
from saasmetrics_widgets.panels import records
from saasmetrics_widgets.ranked import ROW, Line, ranked
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

WIDE = 520.0
MOST = 12
_BANDS = {"red": "loss", "amber": "r8", "green": "gain", "not scored": "hatch"}
_STEP = 30


def targets(result: Result) -> dict[str, Any]:
    """Return what was reached of each target, with the target as a line."""
    df = result.df[result.df["attainment"].notna()]
    df = df.sort_values("attainment", kind="stable").head(MOST)
    title = "Targets: what was reached"
    scene = Scene(WIDE, 20 + _STEP * max(len(df), 1) + 14, title)
    if not len(df):
        scene.text(0, 20, "No target is set for this period.", size=12, fill="muted")
        return {"title": title, "note": "", "scene": scene.as_dict()}
    left, right = 170.0, WIDE - 150.0
    top = max(1.15, float(df["attainment"].clip(upper=2).max()))
    goal = left + (right - left) / top
    for place, row in enumerate(records(df)):
        _bullet(scene, row, place, (left, right, top), result.context.currency)
    scene.path([(goal, 4), (goal, 20 + _STEP * len(df))], stroke="ink", wide=1.4)
    scene.text(goal, 14 + _STEP * len(df) + 18, "target", size=10, anchor="middle", fill="muted")
    left_out = int(result.df["attainment"].notna().sum()) - len(df)
    note = (
        f"Furthest behind first{f'; {left_out} more' if left_out > 0 else ''}. Plan of the period."
    )
    return {"title": title, "note": note, "scene": scene.as_dict()}


def _bullet(
    scene: Scene, row: dict[str, Any], place: int, room: tuple[float, float, float], currency: str
) -> None:
    left, right, top = room
    y = 4 + _STEP * place
    who = "" if row["scope"] == "company" else f"{row['owner']}, "
    entry = sm.CATALOGUE.get(row["metric"])
    name = f"{who}{(entry.abbr or entry.name) if entry else str(row['metric']).capitalize()}"
    share = min(float(row["attainment"]), top)
    bar = (right - left) * share / top
    met = row["attainment"] >= 1
    value, goal = (format_value(row[n], row["unit"], currency) for n in ("value", "target"))
    pace = row["probability"]
    chance = "" if pace != pace else f", {format_part(pace, 0)} likely"
    text = f"{value} of {goal}{chance}"
    tip = f"{name}: {text}, {format_ratio(float(row['attainment']))} of target"
    scene.text(0, y + 15, shortened(name, left - 10, 11), size=11)
    scene.rect(left, y + 3, right - left, 16, "ground", tip=tip)
    scene.rect(left, y + 3, max(bar, 1), 16, "gain" if met else "loss", tip=tip)
    scene.text(right + 8, y + 15, shortened(text, WIDE - right - 8, 10.5), size=10.5)


def health(result: Result) -> dict[str, Any]:
    """Return customers and ARR in each band of health."""
    df, currency, title = result.df, result.context.currency, "Health of customers"
    scene = Scene(WIDE, 190, title)
    if not len(df):
        scene.text(0, 20, "Nobody pays on this day.", size=12, fill="muted")
        return {"title": title, "note": "", "scene": scene.as_dict()}
    bands = {band: df[df["band"] == band] for band in _BANDS}
    there = {band: part for band, part in bands.items() if len(part)}
    most = max(len(part) for part in there.values())
    slot = WIDE / len(_BANDS)
    for place, (band, part) in enumerate(bands.items()):
        x, high = slot * place + slot * 0.15, 110 * len(part) / most
        y = 148 - high
        arr = format_money(float(part["arr"].sum()), currency)
        scene.rect(x, y, slot * 0.7, max(high, 0.5), _BANDS[band])
        scene.text(x + slot * 0.35, y - 8, f"{len(part):,}", size=13, bold=True, anchor="middle")
        scene.text(x + slot * 0.35, 165, band.capitalize(), size=11, anchor="middle")
        scene.text(x + slot * 0.35, 181, f"{arr} ARR", size=10, anchor="middle", fill="muted")
        say = f"{band}: {len(part):,} customers with {arr} ARR"
        if len(part):
            scene.mark(
                (x, 8, slot * 0.7, 178), {"of": "health", "band": band}, say, place=(0, place)
            )
    model = result.extra["model"]
    note = f"Score of 0 to 100 by the model {model.name} v{model.version}."
    return {"title": title, "note": note, "scene": scene.as_dict()}


def alerts(result: Result) -> dict[str, Any]:
    """Return open alerts by rule, those of danger apart from those of room to grow."""
    df, currency, title = result.df, result.context.currency, "Open alerts"
    groups = [
        (kind, words, df[df["kind"] == kind].groupby("rule", sort=False))
        for kind, words in (("churn", "Danger: ARR of customers"), ("expansion", "Room to grow"))
    ]
    rows = sum(len(found) for _, _, found in groups)
    scene = Scene(WIDE, ROW * max(rows, 1) + 84, title)
    if not len(df):
        scene.text(0, 20, "No alert is open.", size=12, fill="muted")
        return {"title": title, "note": "", "scene": scene.as_dict()}
    y = 0.0
    for column, (kind, words, found) in enumerate(groups):
        lines = [_rule(str(rule), part, kind, currency) for rule, part in found]
        lines.sort(key=lambda line: -abs(line.value))
        if lines:
            y = ranked(scene, lines, (4, y, WIDE - 8), title=words, column=column)
    return {"title": title, "note": "One customer may have several.", "scene": scene.as_dict()}


def _rule(rule: str, part: pd.DataFrame, kind: str, currency: str) -> Line:
    arr = float(part.drop_duplicates("customer_id")["arr"].sum())
    many = f"{len(part):,}"
    name = f"{rule.replace('_', ' ').capitalize()} ({many})"
    pick = {"of": "alerts", "rule": rule}
    return Line(name, -arr if kind == "churn" else arr, format_money(arr, currency), pick)


def worklist(result: Result) -> dict[str, Any]:
    """Return the first customers of the worklist."""
    df = result.df.head(MOST)
    currency = result.context.currency
    known = bool(len(df)) and bool(df["uplift"].notna().all())
    title = "Whom to call first"
    scene = Scene(WIDE, ROW * max(len(df), 1) + 12, title)
    if not len(df):
        scene.text(0, 20, "There is no customer to call.", size=12, fill="muted")
        return {"title": title, "note": "", "scene": scene.as_dict()}
    names = df["name"] if "name" in df else df["customer_id"]
    lines = [
        Line(
            str(name if name == name and name is not None else row["customer_id"]),
            float(row["value"]),
            format_money(float(row["value"]), currency),
            {"of": "worklist", "customer": row["customer_id"]},
        )
        for name, row in zip(names, records(df), strict=True)
    ]
    ranked(scene, lines, (4, 0, WIDE - 8))
    what = (
        "Expected ARR saved per hour of work"
        if known
        else "ARR at risk: how much a touch helps is unknown"
    )
    return {"title": title, "note": f"{what}.", "scene": scene.as_dict()}
