"""The pictures of the capacity planner: demand, requisitions, people against the work, and books of business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened, text_width, ticks
from saasmetrics.money import counted, format_money, format_part
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.result import Result
    from saasmetrics_widgets.scene import Point

WIDE = 520.0
MOST = 12  # books that fit below each other
_LEFT, _TOP, _HIGH, _ROW = 44.0, 12.0, 170.0, 24.0
_BAND, _DASH = 0.22, "5 4"
_ABOVE = 12.0  # room of the number above the highest bar
_LABEL = 30.0  # room of a month below the axis


@dataclass(frozen=True)
class _Plot:
    """Where months and amounts are on the sheet."""

    periods: list[pd.Timestamp]
    top: float
    high: float = _HIGH

    @property
    def slot(self) -> float:
        return (WIDE - _LEFT) / max(len(self.periods), 1)

    def x(self, place: float) -> float:
        return _LEFT + self.slot * (place + 0.5)

    def y(self, amount: float) -> float:
        return _TOP + self.high * (1 - amount / self.top)

    def points(self, amounts: Sequence[float], first: int = 0) -> list[Point]:
        return [(self.x(first + place), self.y(amount)) for place, amount in enumerate(amounts)]

    def frame(self, scene: Scene, unit: str) -> None:
        """Draw the lines of amounts, and the months below."""
        for amount, text in ticks(0, self.top, "count", "", 4).items():
            if amount <= self.top:
                scene.path([(_LEFT, self.y(amount)), (WIDE, self.y(amount))], stroke="grid")
                scene.text(_LEFT - 6, self.y(amount) + 4, text, size=10, anchor="end", fill="muted")
        scene.text(0, 8, unit, size=10, fill="muted")
        self.months(scene, _TOP + self.high)

    def months(self, scene: Scene, y: float) -> None:
        """Write months below an axis, with the year below the first and below each January."""
        step = next(n for n in (1, 2, 3, 6, 12, 24) if self.slot * n >= _LABEL)
        years: set[int] = set()
        for place, period in enumerate(self.periods):
            if place % step:
                continue
            scene.text(
                self.x(place), y + 14, f"{period:%b}", size=9.5, anchor="middle", fill="muted"
            )
            if period.year not in years:
                year = f"{period:%Y}"
                scene.text(self.x(place), y + 26, year, size=9.5, anchor="middle", fill="muted")
            years.add(period.year)

    def column(self, place: int) -> tuple[float, float, float, float]:
        """Return the area of a month."""
        return (_LEFT + self.slot * place, _TOP, self.slot, self.high)

    def tip(self, scene: Scene, place: int, words: str) -> None:
        """Say something of a month where it is pointed at."""
        scene.rect(*self.column(place), "none", tip=words)


def demand(result: Result) -> dict[str, Any]:
    """Return tickets of the past, and those to come with their interval."""
    df = result.extra["total"].reset_index(drop=True)
    title, ahead = "Tickets a month: past and forecast", df["forecast"].to_numpy(bool)
    plot = _Plot(list(df["period"]), max(df[["value", "high"]].max().max() * 1.05, 1.0))
    scene = Scene(WIDE, _TOP + _HIGH + 54, title)
    plot.frame(scene, "Tickets")
    past = int((~ahead).sum())
    low, high = (plot.points(df[name][ahead].tolist(), past) for name in ("low", "high"))
    scene.path([*high, *reversed(low)], fill="total", opacity=_BAND)
    values = df["value"].tolist()
    scene.path(plot.points(values[:past]), stroke="total", wide=2)
    scene.path(
        plot.points(values[past - 1 :], past - 1) if past else plot.points(values),
        stroke="total",
        wide=2,
        dash=_DASH,
    )
    for place, row in enumerate(_records(df)):
        words = f"{row['period']:%b %Y}: {row['value']:,.0f} tickets"
        if row["forecast"]:
            words += f" ({row['low']:,.0f} to {row['high']:,.0f})"
        words += f", {row['customers']:,.0f} customers"
        if row["forecast"]:
            plot.tip(scene, place, words)
            continue
        pick = {"of": "demand", "period": f"{row['period']:%Y-%m-%d}"}
        dot = (plot.x(place), plot.y(row["value"]))
        scene.mark(plot.column(place), pick, words, place=(0, place), dot=dot, tone="total")
    key = [
        ("total", "line", "Past"),
        ("total", "dash", "Forecast"),
        ("total", "band", "95% of draws"),
    ]
    _key(scene, _TOP + _HIGH + 42, key)
    note = "All tickets, also of accounts that do not pay. Choose a month for who asked."
    return {"title": title, "note": note, "scene": scene.as_dict()}


def hiring(result: Result) -> dict[str, Any]:
    """Return requisitions to open and first days by month, above the chance of being short of people."""
    df, title = result.df, "When to hire, and the chance of being short"
    high, gap = 96.0, 46.0
    plot = _Plot(list(df["period"]), max(float(df[["open", "start"]].max().max()), 1.0), high)
    base = _TOP + 14 + high
    floor = base + gap + high
    scene = Scene(WIDE, floor + 54, title)
    scene.text(0, 10, "Requisitions", size=10.5, bold=True)
    scene.text(0, base + gap - 22, "Chance of being short", size=10.5, bold=True)
    for y in (base, floor):
        scene.path([(_LEFT, y), (WIDE, y)], stroke="rule")
    for y, text in ((floor, "0%"), (floor - high + _ABOVE, "100%")):
        scene.text(_LEFT - 6, y + 4, text, size=10, anchor="end", fill="muted")
    if not int(df["hires"].iloc[-1]):
        scene.text(_LEFT + 8, base - 12, "Nobody has to be hired.", size=12, fill="muted")
    for place, row in enumerate(_records(df)):
        _month(scene, plot, row, place, (base, floor))
    plot.months(scene, floor)
    _key(
        scene,
        floor + 42,
        [
            ("total", "box", "To open"),
            ("r8", "box", "First day"),
            ("loss", "box", "Short with hires"),
            ("hatch", "box", "without"),
        ],
    )
    late = result.extra["overdue"]
    note = f"{counted(late, 'requisition')} overdue: opened in the first month." if late else ""
    return {"title": title, "note": note, "scene": scene.as_dict()}


def _month(
    scene: Scene, plot: _Plot, row: dict[str, Any], place: int, floors: tuple[float, float]
) -> None:
    """Draw what a month asks for, and how likely it is short."""
    base, floor = floors
    bar, middle = min(plot.slot * 0.36, 22.0), plot.x(place)
    for name, role, left in (("open", "total", middle - bar - 1), ("start", "r8", middle + 1)):
        if many := int(row[name]):
            tall = (plot.high - _ABOVE) * many / plot.top
            scene.rect(left, base - tall, bar, tall, role)
            scene.text(left + bar / 2, base - tall - 4, f"{many}", size=10, anchor="middle")
    room = plot.high - _ABOVE
    for name, role in (("short_now", "hatch"), ("short", "loss")):
        tall = room * float(row[name])
        scene.rect(middle - bar, floor - tall, 2 * bar, max(tall, 0.5), role)
    if plot.slot >= _LABEL:
        share = format_part(float(row["short"]), 0)
        y, wide = floor - room * float(row["short"]) - 4, text_width(share, 9.5)
        scene.rect(middle - wide / 2 - 2, y - 8, wide + 4, 10, "surface")
        scene.text(middle, y, share, size=9.5, anchor="middle")
    words = (
        f"{row['period']:%b %Y}: open {int(row['open'])}, {int(row['start'])} start; short in "
        f"{format_part(float(row['short']), 0)} of draws, in {format_part(float(row['short_now']), 0)} without hires"
    )
    scene.rect(middle - plot.slot / 2, _TOP, plot.slot, floor - _TOP, "none", tip=words)


def people(result: Result) -> dict[str, Any]:
    """Return full-time people that the work takes, against those who are there with and without hires."""
    df, title = result.df, "People against the work"
    most = df[["required_high", "capacity", "capacity_now"]].max().max()
    plot = _Plot(list(df["period"]), max(most * 1.08, 1.0))
    scene = Scene(WIDE, _TOP + _HIGH + 54, title)
    plot.frame(scene, "Full-time people")
    low, high = (plot.points(df[f"required_{end}"].tolist()) for end in ("low", "high"))
    scene.path([*high, *reversed(low)], fill="loss", opacity=_BAND)
    scene.path(plot.points(df["required"].tolist()), stroke="loss", wide=2)
    scene.path(plot.points(df["capacity_now"].tolist()), stroke="muted", wide=2, dash=_DASH)
    scene.path(plot.points(df["capacity"].tolist()), stroke="total", wide=2)
    for place, row in enumerate(_records(df)):
        words = (
            f"{row['period']:%b %Y}: {row['required']:,.1f} needed ({row['required_low']:,.1f} to "
            f"{row['required_high']:,.1f}), {row['capacity']:,.1f} there, {row['capacity_now']:,.1f} without hires"
        )
        plot.tip(scene, place, words)
    key = [
        ("loss", "line", "Needed"),
        ("loss", "band", "90% of draws"),
        ("total", "line", "There with hires"),
        ("muted", "dash", "without"),
    ]
    _key(scene, _TOP + _HIGH + 42, key)
    note = "With full output: who still learns counts in part."
    return {"title": title, "note": note, "scene": scene.as_dict()}


def books(result: Result) -> dict[str, Any]:
    """Return the accounts of each customer success manager against the limits."""
    df, (owner,), title = result.df, result.by, "Books of business"
    shown = _records(df.head(MOST))
    scene = Scene(WIDE, 22 + _ROW * max(len(shown), 1) + 20, title)
    low, high = result.extra["limits"]
    if not shown:
        scene.text(0, 20, "Nobody pays on this day.", size=12, fill="muted")
        return {"title": title, "note": "", "scene": scene.as_dict()}
    currency = result.context.currency
    texts = [
        f"{counted(int(row['n']), 'account')}, {format_money(row['arr'], currency)}"
        for row in shown
    ]
    left = 110.0
    right = WIDE - max(text_width(text, 10.5) for text in texts) - 14
    most = float(df["value"].max())
    top = max(most, float(low), float(high) if high <= 2 * most else 0.0)

    def x(accounts: float) -> float:
        return left + (right - left) * accounts / top

    for place, (row, text) in enumerate(zip(shown, texts, strict=True)):
        _book(scene, row, (owner, text), place, x)
    floor = 18 + _ROW * len(shown)
    for limit, words in ((low, "fewest"), (high, "most")):
        if 0 < limit <= top:
            scene.path([(x(limit), 14), (x(limit), floor)], stroke="ink", dash="3 3")
            scene.text(x(limit), 10, f"{words} {limit:,}", size=9.5, anchor="middle", fill="muted")
    _key(
        scene,
        floor + 8,
        [
            ("gain", "box", "Within"),
            ("r8", "box", "Under"),
            ("loss", "box", "Over"),
            ("hatch", "box", "No owner"),
        ],
    )
    more = f"; {len(df) - len(shown):,} more" if len(df) > len(shown) else ""
    note = f"Limits {low:,} to {high:,} accounts{more}. Choose a bar for its accounts."
    return {"title": title, "note": note, "scene": scene.as_dict()}


def _book(
    scene: Scene,
    row: dict[str, Any],
    words: tuple[str, str],
    place: int,
    x: Callable[[float], float],
) -> None:
    owner, text = words
    y, value = 18 + _ROW * place, float(row["value"])
    role = {"within": "gain", "under": "r8", "over": "loss"}.get(row["verdict"], "hatch")
    name = str(row[owner])
    scene.text(0, y + 15, shortened(name, x(0) - 8, 11), size=11)
    scene.rect(x(0), y + 4, max(x(value) - x(0), 1), _ROW - 9, role)
    scene.text(WIDE, y + 15, text, size=10.5, anchor="end", fill="muted")
    why = f"; {row['reason']}" if row["reason"] else ""
    pick = {"of": "books", owner: row[owner]}
    scene.mark((0, y, WIDE, _ROW - 1), pick, f"{name}: {text} ARR{why}", place=(place, 0))


def _key(scene: Scene, y: float, entries: Sequence[tuple[str, str, str]]) -> None:
    """Draw what colors mean: each with its role, how it is drawn (box, line, dash, band) and its name."""
    x = 0.0
    for role, drawn, name in entries:
        wide = 10 if drawn == "box" else 18
        if drawn == "box":
            scene.rect(x, y, wide, 10, role)
        elif drawn == "band":
            box = [(x, y), (x + wide, y), (x + wide, y + 10), (x, y + 10)]
            scene.path(box, fill=role, opacity=_BAND)
        else:
            line = [(x, y + 5), (x + wide, y + 5)]
            scene.path(line, stroke=role, wide=2, dash=_DASH if drawn == "dash" else "")
        scene.text(x + wide + 5, y + 9, name, size=10, fill="muted")
        x += wide + 20 + text_width(name, 10)


def _records(df: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in df.to_dict("records")]
