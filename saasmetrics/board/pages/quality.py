"""Data quality and reconciliation: what was found in the tables, and how MRR leads to what was invoiced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.model import Page, Row, Table, Text
from saasmetrics.board.notes import footnote
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.money import counted, format_money

if TYPE_CHECKING:
    from saasmetrics.board.making import Making

_FINDINGS = 10
_AGAINST = {"invoices": "what was invoiced", "revenue": "recognized revenue"}


def quality(making: Making) -> Page:
    """The findings of the data-quality report, and the way from MRR to the invoices of the quarter."""
    report = making.used(making.book.check())
    order = {"error": 0, "warning": 1, "note": 2}
    found = report.df.sort_values("severity", key=lambda s: s.map(order), kind="stable")
    counts = {level: int((found["severity"] == level).sum()) for level in order}
    said = ", ".join(counted(number, level) for level, number in counts.items())
    tables, missing, key, results = [_findings(found, making.currency)], [], "", [report]
    against = _AGAINST["invoices"]
    title = f"Data {report.extra['score_text']} of 100: {said} in {counted(len(making.book.tables), 'table')}"
    try:
        table, key, result, against = _reconciliation(making)
        tables.insert(0, table)
        results.append(result)
        title += f"; {making.say(key)} of {against} is unexplained"
    except InvalidTablesError:
        raise
    except DataError as error:
        missing.append(f"Reconciliation: {error}")
    read = ", ".join(f"{name} {table.rows:,}" for name, table in making.book.tables.items())
    comment = f"Rows read: {read}.{_repaired(making.book)}"
    return Page(
        "quality", "Data quality", title, key, comment,
        footnote=footnote(making, results, (f"Data sha256 {making.book.data_hash}.",)),
        calculation=f"MRR of the quarter, with every step to {against}; what is left is unexplained.",
        tables=tuple(tables), missing=tuple(missing),
    )  # fmt: skip


def _repaired(book: Any) -> str:
    """What was repaired before the numbers, in a sentence."""
    said = [
        f"{entry.place} ({entry.remedy}"
        + (f", {counted(entry.rows, 'row')}" if entry.rows is not None else "")
        + (f", chosen by {entry.chosen_by}" if entry.chosen_by else "")
        + ")"
        for entry in book.repairs
    ]
    return f" Repaired before all numbers: {'; '.join(said)}." if said else ""


def _findings(found: Any, currency: str) -> Table:
    rows = []
    for row in found.head(_FINDINGS).to_dict("records"):
        place = f"{row['table']}.{row['column']}" if row["column"] else str(row["table"])
        number = f"{int(row['rows']):,}" if row["rows"] else "–"
        money = format_money(row["mrr"], currency)
        rows.append(
            Row(
                str(row["severity"]),
                (
                    Text(place),
                    Text(str(row["finding"])),
                    Text(number),
                    Text(money),
                    Text(str(row["remedy"])),
                ),
            )
        )
    if len(found) > _FINDINGS:
        more = f"{len(found) - _FINDINGS} more: saasmetrics check"
        rows.append(Row("", (Text(""), Text(more), Text(""), Text(""), Text(""))))
    if not rows:
        rows.append(
            Row("–", (Text("all tables"), Text("Nothing was found"), Text("0"), Text(""), Text("")))
        )
    return Table(
        "findings",
        "Findings",
        ("Where", "What", "Rows", "MRR touched", "What to do"),
        tuple(rows),
        "text",
    )


def _reconciliation(making: Making) -> tuple[Table, str, Any, str]:
    from saasmetrics.metrics import revenue

    against = "invoices" if "invoices" in making.book.tables else "revenue"
    result = making.used(revenue.reconcile(making.book, against, freq="Q"))
    chosen = result.df[result.df["period"] == making.now]
    if not len(chosen):
        msg = f"There is nothing to reconcile in {making.label(making.now)}."
        raise DataError(msg)
    row, numbers, label = chosen.iloc[0], making.numbers, making.label(making.now)
    words, target = result.extra["labels"], result.extra["target"]

    def add(name: str) -> str:
        key = making.at(f"reconcile.{name}", making.now)
        return numbers.given(key, f"{words[name]}, {label}", row[name], "money", "reconciliation")

    told = [n for n in result.extra["steps"] if n not in ("mrr", "unexplained")]
    cells = {n: add(n) for n in ("mrr", *(n for n in told if abs(float(row[n])) >= 0.005), target)}
    taken = [n for n in cells if n != target]
    key = making.at("unexplained", making.now)
    rest = numbers.derived(key, f"Unexplained, {label}", " - ".join([target, *taken]), cells)
    scale = scale_of(numbers.value(each) for each in cells.values())
    head = head_of("money", scale, making.currency)
    rows = [Row(words[n], (cells[n],), "sum" if n == "mrr" else "") for n in taken]
    rows += [Row("Unexplained", (rest,)), Row(words[target], (cells[target],), "sum")]
    title = f"From MRR to {words[target].lower()}, {label}, {head}"
    return (
        Table("reconciliation", title, (head,), tuple(rows), scale=scale, head=head),
        rest,
        result,
        _AGAINST[against],
    )
