"""What moved a number since the period before, reason by reason, and the customers that moved it most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.charts.movements import NAMES
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_difference
from saasmetrics_widgets.behind import Cell, named
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.choices import EXPLAINED
from saasmetrics_widgets.ranked import ROW, Line, ranked
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics_widgets.choices import Choices

WIDTH = 1000
TOP = 10
_REASONS = 10
_STEP = ("step", "label", "value", "customers")
# Reasons of a change, by the bar of the bridge that they are a part of.
BARS = {
    "new": ("new",),
    "reactivation": ("reactivation",),
    "churn": ("churn_voluntary", "churn_involuntary", "churn_unknown"),
    "pause": ("paused", "pause"),
    "fx": ("fx",),
}
_OTHERS = ("expansion", "contraction")


def asked(choices: Choices, now: Mapping[str, Any]) -> Call:
    """Return the call that explains the change of a number against the period before."""
    calendar = choices.book.calendar(now["freq"])
    number = calendar.of(now["period"])
    then = choices.start(now["freq"], number - 1)
    where = choices.where(now)
    by = (("by", now["column"]),) if now["column"] and not now["value"] else ()
    window = () if now["explain"] == "arr" else (("window", now["window"]),)
    options = (("then", then), ("now", now["period"]), *window, ("freq", now["freq"]), *by)
    inputs = (now["explain"],)
    return Call(
        "retention.drivers", options, policy=now.get("reading", ""), where=where, inputs=inputs
    )


def reasons(now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the selection that all reasons and customers of a change share."""
    return {"of": "drivers", "period": now["period"]}


def panel(result: Result, book: Book, pick: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reasons of a change and the customers that moved it most, ready to be drawn.

    Parameters
    ----------
    result
        Drivers of a change, or the difference between two policies.
    book
        Knows the customers' names.
    pick
        What every selection begins with.
    """
    unit, currency = result.extra["unit"], result.context.currency
    steps = result.extra["steps"]
    steps = steps[steps["value"] != 0].sort_values("value", key=abs, ascending=False, kind="stable")

    def told(value: float) -> str:
        return format_difference(value, unit, currency)

    why = [
        Line(
            label,
            value,
            told(value),
            {**pick, "step": step},
            f"{label}: {told(value)}, {many:,} customer{'' if many == 1 else 's'}",
        )
        for step, label, value, many in steps[["step", "label", "value", "customers"]]
        .head(_REASONS)
        .itertuples(index=False)
    ]
    who = customers(result, book, pick)
    scene = Scene(WIDTH, 32 + ROW * max(len(why), len(who), 1), result.extra["headline"])
    if not why:
        scene.text(0, 12, "Nothing moved it.", size=12, fill="muted")
    else:
        ranked(scene, why, (4, 0, WIDTH * 0.5), title="Reasons")
        ranked(
            scene,
            who,
            (WIDTH * 0.54, 0, WIDTH * 0.455),
            title=f"The {len(who)} customers that moved it most"
            if len(who) > 1
            else "The customer that moved it",
            column=1,
        )
    left = f" The {_REASONS} largest of {len(steps)} reasons." if len(steps) > _REASONS else ""
    note = f"All reasons and all customers each add up to the change.{left}"
    headline = str(result.extra["headline"])
    return {"title": headline[:1].upper() + headline[1:], "note": note, "scene": scene.as_dict()}


def customers(result: Result, book: Book, pick: Mapping[str, Any]) -> list[Line]:
    """Return the customers that moved a number most, by name where the book knows it."""
    unit, currency = result.extra["unit"], result.context.currency
    top = named(book, result.df[["customer_id", "value"]].head(TOP))
    names = top["name"] if "name" in top.columns else top["customer_id"]
    return [
        Line(
            str(one) if name is None or name != name else str(name),
            value,
            format_difference(value, unit, currency),
            {**pick, "customer": one},
        )
        for one, name, value in zip(
            top["customer_id"].tolist(), names.tolist(), top["value"].tolist(), strict=True
        )
    ]


def cell(call: Call, selection: Mapping[str, Any], steps: Sequence[str], words: str) -> Cell:
    """Return a reason or a customer of a change in the library's terms.

    Parameters
    ----------
    call
        The explanation.
    selection
        Names a step, a customer, or neither for all of them.
    steps
        The reasons that there are.
    words
        What is explained.
    """
    if "customer" in selection:
        of = selection["customer"]
        return Cell(call, {}, (), (), f"{words}, customer {of}", customer=of)
    step = selection.get("step")
    if step is None:
        return Cell(call, {}, ("value",), (), words)
    if step not in steps:
        raise UnknownNameError.of("reason", step, steps)
    return Cell(call, {"step": step}, ("value", step), (), f"{words}, {_name(step)}")


def _name(step: str) -> str:
    from saasmetrics.metrics.retention.window import LABELS

    return LABELS.get(step, step.replace("_", " ")).lower()


def linked(selection: Mapping[str, Any], steps: Sequence[str]) -> list[dict[str, Any]]:
    """Return the bar of the bridge that a reason is a part of, or the reasons that a bar is made of.

    Examples
    --------
    >>> linked({"of": "bridge", "period": "2026-07-01", "movement": "churn"}, ["churn_unknown"])
    [{'of': 'drivers', 'period': '2026-07-01', 'step': 'churn_unknown'}]
    """
    bars = {step: bar for bar, found in BARS.items() for step in found}
    when = {"period": selection.get("period")}
    if selection.get("of") == "bridge" and selection.get("movement") in NAMES:
        wanted = selection["movement"]
        found = [s for s in steps if bars.get(s) == wanted or (s not in bars and wanted in _OTHERS)]
        return [{"of": "drivers", **when, "step": step} for step in found if step != "mix"]
    step = selection.get("step")
    if step is None or step == "mix":
        return []
    movements = (bars[step],) if step in bars else _OTHERS
    return [{"of": "bridge", **when, "movement": movement} for movement in movements]


def explained(now: Mapping[str, Any]) -> str:
    """Return what is explained, in words."""
    return f"Change of {EXPLAINED[now['explain']]}"


def refuse(selection: Mapping[str, Any]) -> None:
    """Refuse a selection that is of another period than what is shown."""
    if not {"step", "customer"} & set(selection):
        msg = "A selection of 'drivers' names its step or its customer."
        raise DataError(msg)
