"""A proof as a workbook: the number and its sides as formulas over the rows, and checks that calculate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.export.expression import in_excel, names
from saasmetrics.export.workbook import (
    MOST_ROWS,
    Column,
    Formula,
    Sheet,
    Workbook,
    document_day,
    header,
    looks,
    place,
)
from saasmetrics.policy import choices
from saasmetrics.proof.trace import CENT, CLOSE

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

    from saasmetrics.proof import Proof
    from saasmetrics.proof.trace import Trace

_TABLE = "Rows"
_HEAD = 3  # the line of the header on the sheet Number
_HOW = 60  # characters in a line of the column How
_WIDE = 108  # characters in a line of the definition


def write(proof: Proof, path: str | os.PathLike[str]) -> Path:
    """Write a proof as a workbook.

    Raises
    ------
    DataError
        If the rows do not fit on a sheet, or the file cannot be written.
    """
    if proof.trace is not None and len(proof.trace.rows) > MOST_ROWS:
        msg = (
            f"The number is made of {len(proof.trace.rows):,} rows, and a sheet has {MOST_ROWS:,} below its header. "
            "Prove a group of it, or a part with book.where(...); all rows are in proof().rows."
        )
        raise DataError(msg)
    book = Workbook(proof.title, document_day(proof.result.context.as_of))
    number = book.sheet("Number")
    titles = {} if proof.trace is None else _titles(proof.trace)
    places = _number(proof, number, titles)
    _rows(proof, book.sheet("Rows", landscape=True), titles)
    _checks(proof, book.sheet("Checks"), places)
    return book.save(path)


def _number(proof: Proof, sheet: Sheet, titles: dict[str, str]) -> dict[str, str]:
    """Write the number; return where each quantity was reported."""
    context = proof.result.context
    sheet.widths(22, 22, 64, 22)
    sheet.write(0, 0, proof.title, "title")
    said = [proof.where, f"as of {context.as_of}", context.currency]
    sheet.write(1, 0, " · ".join(part for part in said if part), "subtitle")
    heads = [
        ("Quantity", "plain"),
        ("Number", "money"),
        ("  How", "text"),
        ("As reported", "money"),
    ]
    row = sheet.lines(_HEAD, [[(head, header(style)) for head, style in heads]])
    style, places = looks(proof.unit), {}
    value, how = _value(proof)
    sheet.lines(row, [[("Value", "label"), (value, style), (how, "text"), (proof.value, style)]])
    sheet.page.set_row(row, _height(how, _HOW))
    sheet.named("proof_value", row, 1)
    places["value"] = f"Number!$D${row + 1}"
    sides = {"numerator": proof.numerator, "denominator": proof.denominator}
    for name, total in proof.totals.items():
        row += 1
        cell, how, look = _total(proof, name, total, titles)
        label = name.replace("_", " ").capitalize()
        held = sides.get(name)
        sheet.lines(row, [[(label, "label"), (cell, look), (how, "text"), (held, look)]])
        sheet.named(f"proof_{name}", row, 1)
        if held is not None:
            places[name] = f"Number!$D${row + 1}"
    interval = "a value, not a formula: from resampling or from the distribution of counts"
    for label, edge in (("Low", proof.low), ("High", proof.high)):
        if edge is not None:
            row += 1
            sheet.lines(row, [[(label, "label"), (edge, style), (interval, "note")]])
    _definition(proof, sheet, row + 2)
    sheet.page.freeze_panes(_HEAD + 1, 0)
    return places


def _value(proof: Proof) -> tuple[Any, str]:
    """Return the cell of the value, and how it comes about."""
    if not proof.expression:
        return proof.value, proof.reason or f"a value, not a formula: {proof.untraced}"
    if proof.value is None and proof.recomputed is not None:
        return None, f"missing: {proof.reason}"
    places = {name: f"proof_{name}" for name in proof.totals}
    cell = Formula(in_excel(proof.expression, places), proof.recomputed)
    return cell, f"{proof.in_words}{f'; {proof.reason}' if proof.reason else ''}"


def _total(proof: Proof, name: str, total: float, titles: dict[str, str]) -> tuple[Any, str, str]:
    """Return the cell of a total, how it comes about, and its style."""
    if proof.trace is None:
        return total, f"a value, not a formula: {proof.untraced}", "number"
    how = proof.trace.totals[name]
    count = f"{len(proof.trace.rows):,} {proof.trace.noun}"
    text = f"{'sum' if how == 'sum' else 'product'} of column {titles[name]} of the sheet Rows, {count}"
    function = "SUM" if how == "sum" else "PRODUCT"
    cell = Formula(f"={function}({place(_TABLE, titles[name])})", total)
    return cell, text, _style(proof.trace, name)


def _definition(proof: Proof, sheet: Sheet, row: int) -> None:
    policy = proof.result.context.policy
    told = dict.fromkeys((*proof.result.metric.choices, *policy.differences(type(policy)())))
    lines = [("In words", proof.formula), *proof.facts.items(), ("Footnote", proof.result.footnote)]
    lines += [("Note", note) for note in proof.notes]
    lines += [
        (f"Policy: {choice.replace('_', ' ')}", policy.sentence(choice))
        for choice in (*told, *(c for c in choices() if c not in told))
    ]
    sheet.write(row, 0, "Definition", "header")
    for at in range(1, 4):
        sheet.write(row, at, "", "header")
    for label, text in lines:
        row += 1
        style = "code" if label in ("Data", "Code", "Metric") else "text"
        sheet.page.merge_range(row, 1, row, 3, "", sheet.book.look(style))
        sheet.write(row, 0, label, "label")
        sheet.write(row, 1, text, style)
        sheet.page.set_row(row, _height(text, _WIDE))


def _height(text: str, width: int) -> float:
    """Return how high a row is that shows a text in lines of a width."""
    return 15.0 * max(1, -(-len(text) // width))


def _rows(proof: Proof, sheet: Sheet, titles: dict[str, str]) -> None:
    trace = proof.trace
    if trace is None:
        sheet.write(0, 0, f"No rows: {proof.untraced}.", "text")
        sheet.widths(_WIDE)
        return
    here = {name: place(_TABLE, title, here=True) for name, title in titles.items()}
    columns = [
        Column(
            title,
            _values(trace.rows[name]),
            _style(trace, name),
            in_excel(trace.formulas[name], here) if name in trace.formulas else "",
        )
        for name, title in titles.items()
    ]
    sheet.table(_TABLE, columns)


def _checks(proof: Proof, sheet: Sheet, places: dict[str, str]) -> None:
    sheet.widths(64, 12, 22)
    row = sheet.lines(
        0, [[("Check", "header"), ("Holds", "header"), ("Difference", "header right")]]
    )
    first = row
    for check, held in proof.checks.items():
        name = next((n for n in ("numerator", "denominator") if f"the {n}," in check), "value")
        apart = f"proof_{name}-{places[name]}"
        test = f"=ABS({apart})<{CENT:g}"
        gap: Any = _gap(proof, name)
        if name == "value":
            test = f"=ABS({apart})<=MAX({proof.near:.1E},{CLOSE:.0E}*ABS({places[name]}))"
        if gap is None:  # both are missing, or one of them should not be
            test, apart = f'=AND(proof_value="",{places[name]}="")', '""'
        line = [(check.capitalize(), "text"), (Formula(test, held), "truth")]
        row = sheet.lines(row, [[*line, (Formula(f"={apart}", gap), "number")]])
    if proof.trace is not None:
        many = len(proof.trace.rows)
        counted = Formula(f"=COUNTA({place(_TABLE, _first(proof.trace))})={many}", value=True)
        label = f"There are {many:,} {proof.trace.noun} on the sheet Rows"
        row = sheet.lines(row, [[(label, "text"), (counted, "truth")]])
    if row == first:
        sheet.write(row, 0, f"Nothing can be checked: {proof.untraced}.", "text")
        return
    every = Formula(f"=AND(B{first + 1}:B{row})", proof.holds)
    sheet.lines(row, [[("All checks hold", "label"), (every, "truth")]])
    sheet.named("proof_holds", row, 1)
    wrong = sheet.book.writer.add_format({"bg_color": "#FEE2E2", "font_color": "#991B1B"})
    rule = {"type": "cell", "criteria": "==", "value": "FALSE", "format": wrong}
    sheet.page.conditional_format(first, 1, row, 1, rule)


def _gap(proof: Proof, name: str) -> float | None:
    """Return by how much a quantity differs from the one reported; None where either is missing."""
    if name != "value":
        held = proof.numerator if name == "numerator" else proof.denominator
        return None if held is None else proof.totals[name] - held
    if proof.value is None or proof.recomputed is None:
        return None
    return proof.recomputed - proof.value


def _titles(trace: Trace) -> dict[str, str]:
    """Return the columns to show with their titles: what is summed, what that is made of, and what is not always 0."""
    rows = trace.rows
    wanted = [str(rows.columns[0]), *trace.totals]
    for name in wanted:
        wanted += [n for n in names(trace.formulas.get(name, "0")) if n not in wanted]
    wanted += [str(name) for name in rows.columns if str(name) not in wanted and _says(rows[name])]
    return {name: name.replace("_", " ").capitalize() for name in dict.fromkeys(wanted)}


def _says(values: pd.Series[Any]) -> bool:
    return values.dtype.kind not in "biuf" or bool((values.fillna(0) != 0).any())


def _first(trace: Trace) -> str:
    return str(trace.rows.columns[0]).replace("_", " ").capitalize()


def _style(trace: Trace, name: str) -> str:
    kind = trace.rows[name].dtype.kind
    if kind in "biu":
        return "count"
    if kind == "f":
        return (
            "money"
            if trace.noun == "customers" and trace.totals.get(name) != "product"
            else "number"
        )
    return "date" if kind == "M" else "plain"


def _values(column: pd.Series[Any]) -> list[Any]:
    """Return a column as Python's own numbers and days, its names as text."""
    if column.dtype.kind == "M":
        return [None if day != day else day.to_pydatetime() for day in column]
    if column.dtype.kind in "biuf":
        return column.tolist()
    known = column.astype(object).where(column.notna(), None)
    return [None if value is None else str(value) for value in known]
