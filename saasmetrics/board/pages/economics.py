"""Unit economics: LTV:CAC against 3:1, CAC payback against twelve months, by segment where spend is known by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.benchmarks import context
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text, Tile, Total
from saasmetrics.board.notes import footnote
from saasmetrics.board.pages.summary import payback_tile, rate_tile, verdict_id
from saasmetrics.board.sections import segment_column
from saasmetrics.errors import DataError, InvalidTablesError

if TYPE_CHECKING:
    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_ASKED = (("ltv_cac", "LTV:CAC"), ("payback", "CAC payback"))
_SIDES = {
    "ltv_cac": ("Lifetime value", "Acquisition cost"),
    "payback": ("Acquisition cost", "Gross profit a month"),
}


def economics(making: Making) -> Page:
    """What a customer brings against what it costs to win, with the verdict that its interval allows."""
    from saasmetrics.metrics import economics as asked

    ltv = verdict_id(making, "ltv_cac")
    pay = payback_tile(making)
    result = making.used(asked.cac_ratio(making.book, freq="Q"))
    tiles = (_tile(making, ltv), pay, rate_tile(making, "CAC ratio", result))
    tables = [_sides(making)]
    charts = []
    by = segment_column(making.closed)
    if (
        by is not None
        and "spend" in making.book.tables
        and by in making.book.tables["spend"].data.column_names
    ):
        for metric, name in _ASKED:
            try:
                charts.append(_by_segment(making, metric, name, by))
            except InvalidTablesError:
                raise
            except DataError:
                continue
    results = [making.sources[metric] for metric, _ in _ASKED] + [result]
    verdicts = [str(making.sources[metric].df["verdict"].iloc[0]) for metric, _ in _ASKED]
    title = f"A customer brings back {making.say(ltv)} its cost, and pays it back in {making.say(pay.value)}"
    comment = (
        f"LTV:CAC against 3:1: {verdicts[0]}. CAC payback against 12 months: {verdicts[1]}. "
        + (
            "Not proven: the interval lies on both sides of the target."
            if "not proven" in verdicts
            else ""
        )
    )
    published = context(making, "cac_ratio")
    elsewhere = (f"CAC ratio elsewhere, same definition: {published}.",) if published else ()
    return Page(
        "economics", "Unit economics", title, ltv, comment.strip(),
        footnote=footnote(making, results, elsewhere),
        calculation="LTV:CAC: lifetime value / acquisition cost. Payback: acquisition cost / gross profit per new "
        "customer and month. Both at the end of the quarter, with 95% intervals from resampling.",
        tiles=tiles, charts=tuple(charts), tables=tuple(tables),
    )  # fmt: skip


def _tile(making: Making, key: str) -> Tile:
    low, high = f"{key}.low", f"{key}.high"
    plan = making.plan("ltv_cac", making.now, "multiple")
    return Tile(
        "LTV:CAC", key, delta_plan=making.apart(key, plan, "plan"),
        low=low if low in making.numbers else "", high=high if high in making.numbers else "",
        context=context(making, "ltv_cac"),
    )  # fmt: skip


def _sides(making: Making) -> Table:
    rows = []
    for metric, name in _ASKED:
        frame = making.sources[metric].df
        if not len(frame):
            continue
        row: Any = frame.iloc[0]
        for side, words in zip(("numerator", "denominator"), _SIDES[metric], strict=True):
            key, label = f"{metric}.{side}", f"{words} ({name})"
            table, part = f"Rows_{metric}", making.label(making.now)
            if table in making.numbers.tables and row.get(side) is not None:
                totals = {"total": Total(table, side, part)}
                making.numbers.total(key, label, "money", float(row[side]), "total", totals)
            else:
                making.numbers.given(key, label, row.get(side), "money", f"{name}, {side}")
            rows.append(Row(words, (key, Text(f"of {name}"))))
        rows.append(
            Row(name, (metric, Text(str(row.get("verdict") or row.get("reason") or ""))), "sum")
        )
    return Table("sides", f"How the two follow, {making.currency}", ("Amount", ""), tuple(rows))


def _by_segment(making: Making, metric: str, name: str, by: str) -> Chart:
    from saasmetrics.metrics import economics as asked

    result: Result = getattr(asked, metric)(making.closed, by=by, margin=making.settings.margin)
    unit = result.metric.unit
    cells: dict[str, list[str]] = {"value": [], "low": [], "high": []}
    groups = [str(group) for group in result.df[by]]
    for row in result.df.to_dict("records"):
        for end, found in cells.items():
            value = row.get(end)
            known = value is not None and value == value and abs(value) != float("inf")
            key = f"{metric}[{row[by]}]" + ("" if end == "value" else f".{end}")
            label = f"{name}, {row[by]}{'' if end == 'value' else f', {end}'}"
            if end == "value":
                part = f"{making.label(making.now)} {row[by]}"
                found.append(making.numbers.traced(result, key, label, part, **{by: row[by]}))
            else:
                found.append(
                    making.numbers.given(key, label, value, unit, "from resampling")
                    if known
                    else ""
                )
    target = making.numbers.given(
        f"{metric}.target", f"Target of {name}", result.df["target"].iloc[0], unit, "target"
    )
    return Chart(
        metric, "ranges", making.settings.company or "Company", f"{name} by {by}, with 95% interval",
        making.label(making.now), unit, tuple(groups),
        (Series(name, tuple(cells["value"]), "actual", tuple(cells["low"]), tuple(cells["high"])),), target=target,
    )  # fmt: skip
