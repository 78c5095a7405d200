"""The bridge of ARR: opening to closing, beside the year before and plan, with variances by impact."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.making import MOVE_NAMES
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text
from saasmetrics.board.notes import footnote
from saasmetrics.board.pages.summary import arr_ids
from saasmetrics.board.pages.t9q import net_new, shown_moves
from saasmetrics.board.sentences import by_share
from saasmetrics.money import format_change

if TYPE_CHECKING:
    from saasmetrics.board.making import Making

_NOTE = (
    "ARR is 12 times the MRR of the bridge; {}. "
    "Δ %: Δ over the size of the year before or the plan, with the sign of Δ, so that a loss that grew has a minus. "
    "n.m.: not meaningful, five times and more."
)
_APART = "exchange rates and moves between groups are lines of their own"
_WITHIN = "what exchange rates did is in expansion and contraction, by the policy fx=spot"
_MOST = 5.0  # of a relative variance
_PLANS = {
    "new": "new_arr", "expansion": "expansion_arr", "contraction": "contraction_arr",
    "churn": "churned_arr", "closing": "arr",
}  # fmt: skip


def _note(making: Making) -> str:
    """Return what ARR is, and where what exchange rates did is."""
    within = making.book.policy.fx == "spot" and making.book.engine.rates_move
    return _NOTE.format(_WITHIN if within else _APART)


def bridge(making: Making) -> Page:
    """ARR from opening to closing of the quarter; each step against the year before and, where there is one, plan."""
    arr_ids(making)
    near = [q for q in (making.now, making.prior) if q is not None]
    moved = [
        m
        for m in shown_moves(making)
        if any(round(making.value(making.move(m, q)) or 0.0, 2) for q in near)
    ]
    steps = ["opening", *moved, "closing"]
    names = {"opening": "Opening ARR", "closing": "Closing ARR", **MOVE_NAMES}
    actual = [making.move(step, making.now) for step in steps]
    prior = [making.move(step, making.prior) for step in steps] if making.prior is not None else []
    plans = [making.plan(_PLANS.get(step, step), making.now, "money") for step in steps]
    scale = scale_of(making.value(key) for key in actual)
    charts = [_waterfall(making, steps, names, actual, scale)]
    if prior:
        charts.append(_variance(making, steps, names, actual, prior, scale))
    head = head_of("money", scale, making.currency)
    rows = tuple(
        _row(making, names[step], now, prior[at] if prior else "", plans[at])
        for at, (step, now) in enumerate(zip(steps, actual, strict=True))
    )
    columns: tuple[str, ...] = ("Actual", "Year before", "Δ", "Δ %", "Plan", "Δ", "Δ %")
    if not any(plans):
        rows, columns = tuple(replace(row, cells=row.cells[:4]) for row in rows), columns[:4]
    title = f"ARR bridge, {making.label(making.now)}, {head}"
    table = Table("bridge", title, columns, rows, scale=scale, head=head)
    now = making.label(making.now)
    missing = (
        []
        if any(plans)
        else [f'Plan: no target of {now}; add "{now}" to the table targets, or to [targets.arr].']
    )
    return Page(
        "bridge", "ARR bridge", _title(making), making.move("closing", making.now), _comment(making, steps, names),
        footnote=footnote(making, [making.bridge], (_note(making),)),
        calculation="Each step is the sum of its column in the table Movements over the customers of the quarter, "
        "times 12. Against the year before: actual - the same step four quarters before.",
        charts=tuple(charts), tables=(table,), missing=tuple(missing),
    )  # fmt: skip


def _row(making: Making, label: str, now: str, prior: str, plan: str) -> Row:
    cells: list[str | Text] = [now]
    for other, name in ((prior, "prior_year"), (plan, "plan")):
        cells.append(other or Text("–"))
        cells.append(making.compare(now, other, name) or Text(""))
        share = making.compare(now, other, name, relative=True)
        size = abs(making.value(share) or 0.0)
        # Many times of almost nothing says nothing.
        cells.append(Text("n.m.") if size >= _MOST else share or Text(""))
    return Row(label, tuple(cells), "sum" if label.endswith("ARR") else "")


def _waterfall(
    making: Making, steps: list[str], names: dict[str, str], ids: list[str], scale: str
) -> Chart:
    return Chart(
        "bridge", "bridge", making.settings.company or "Company", "ARR", making.label(making.now), "money",
        tuple(names[step] for step in steps), (Series("ARR", tuple(ids), "actual"),), scale,
        totals=(0, len(steps) - 1),
    )  # fmt: skip


def _variance(
    making: Making,
    steps: list[str],
    names: dict[str, str],
    now: list[str],
    prior: list[str],
    scale: str,
) -> Chart:
    kept = [step for step in steps if step not in ("opening", "closing")]
    apart = [
        making.compare(n, p, "prior_year")
        for n, p, s in zip(now, prior, steps, strict=True)
        if s in kept
    ]
    assert making.prior is not None
    return Chart(
        "bridge_variance", "variance", making.settings.company or "Company",
        "ARR movements, difference to the year before", f"{making.label(making.now)} − {making.label(making.prior)}",
        "money", tuple(names[step] for step in kept), (Series("Δ year before", tuple(apart), "variance"),), scale,
        better=tuple("higher" for _ in kept),
    )  # fmt: skip


def _title(making: Making) -> str:
    opening, closing = making.move("opening", making.now), making.move("closing", making.now)
    growth = making.compare(closing, opening, "opening", relative=True)
    word = "grew" if (making.value(net_new(making, making.now)) or 0.0) > 0 else "went"
    share = by_share(making.value(growth)) if growth else ""
    ends = (making.value(opening) or 0.0, making.value(closing) or 0.0)
    before, after = making.say(opening), making.say(closing)
    if before == after:
        before, after = format_change(*ends, "money", making.currency)
    text = f"ARR {word} from {before} to {after} in {making.label(making.now)}"
    if ends[0] == ends[1]:
        return f"ARR stayed at {before} in {making.label(making.now)}"
    return f"{text}, {share}" if share else text


def _comment(making: Making, steps: list[str], names: dict[str, str]) -> str:
    values = {step: making.value(making.move(step, making.now)) or 0.0 for step in steps[1:-1]}
    if not values:
        return "Nothing moved."
    gain = max(values, key=lambda step: values[step])
    loss = min(values, key=lambda step: values[step])
    told = []
    if values[gain] > 0:
        told.append(f"{names[gain]} brought most, {making.say(making.move(gain, making.now))}")
    if values[loss] < 0:
        told.append(f"{names[loss].lower()} took most, {making.say(making.move(loss, making.now))}")
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}." if text else "Nothing moved."
