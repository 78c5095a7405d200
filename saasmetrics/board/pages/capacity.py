"""Capacity: how many people the next year needs, how many there are, and when to hire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.model import Chart, Page, Row, Series, Table
from saasmetrics.board.notes import footnote
from saasmetrics.errors import DataError
from saasmetrics.money import counted

if TYPE_CHECKING:
    from saasmetrics.board.making import Making

_COLUMNS = (("required", "Required"), ("required_low", "low"), ("required_high", "high"), ("capacity", "With hires"),
            ("capacity_now", "Without"), ("hires", "Hires so far"))  # fmt: skip


def capacity(making: Making) -> Page:
    """Required and available people by month, with the interval of what is required."""
    from saasmetrics.success import capacity as asked

    result = making.used(asked.hiring_plan(making.book))
    frame = result.df
    if not len(frame):
        msg = "There is no month to plan for."
        raise DataError(msg)
    numbers, cells = making.numbers, {}
    for row in frame.to_dict("records"):
        label = f"{row['period']:%b %Y}"
        for column, name in _COLUMNS:
            unit = "count" if column == "hires" else "fte"
            key = f"plan[{label}].{column}"
            cells[label, column] = numbers.given(
                key, f"{name}, {label}", row[column], unit, "hiring plan"
            )
    labels = tuple(dict.fromkeys(label for label, _ in cells))
    rows = tuple(
        Row(name if column not in ("required_low", "required_high") else f"Required, {name} end",
            tuple(cells[label, column] for label in labels))
        for column, name in _COLUMNS
    )  # fmt: skip
    table = Table("hiring_plan", "People needed and there, full-time equivalents", labels, rows)
    need, there = (
        tuple(cells[label, column] for label in labels) for column in ("required", "capacity")
    )
    ends = [tuple(cells[label, f"required_{end}"] for label in labels) for end in ("low", "high")]
    series = (
        Series("Required", need, "actual", ends[0], ends[1]),
        Series("There", there, "second"),
    )
    chart = Chart(
        "capacity", "lines", making.settings.company or "Company", "People required and there",
        f"{labels[0]} to {labels[-1]}", "fte", labels, series,
    )  # fmt: skip
    hires = int(frame["hires"].iloc[-1])  # each month counts those before it too
    title = _title(making, cells, labels[-1], hires)
    comment = (
        f"{counted(hires, 'hire')} needed by {labels[-1]}: {result.text}."
        if hires
        else f"{result.text[:1].upper()}{result.text[1:]}."
    )
    return Page(
        "capacity", "Capacity and plan", title, need[-1], comment, footnote=footnote(making, [result]),
        calculation="Required: forecast work / what a person does, with its interval; there: people, their ramp and "
        "attrition.",
        charts=(chart,), tables=(table,),
    )  # fmt: skip


def _title(making: Making, cells: dict[tuple[str, str], str], last: str, hires: int) -> str:
    """Return how many people are needed and there; hires that are only planned are told apart."""
    need, there, now = (
        making.say(cells[last, name]) for name in ("required", "capacity", "capacity_now")
    )
    text = f"{need} people are needed by {last} and {there} are there"
    return f"{text} with {counted(hires, 'planned hire')}, {now} without" if hires else text
