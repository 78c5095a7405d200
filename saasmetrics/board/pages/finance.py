"""Profit, loss and cash by quarter, with efficiency and runway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Total
from saasmetrics.board.notes import footnote
from saasmetrics.errors import DataError, InvalidTablesError, MissingTableError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_NOTE = "Profit, loss and cash as the table finance has them. Runway: cash / net burn of the quarter, times 3 months."
_FLOWS = {
    "revenue": "Revenue", "cogs": "Cost of revenue", "sales_and_marketing": "Sales and marketing",
    "ebitda": "EBITDA", "free_cash_flow": "Free cash flow", "net_burn": "Net burn",
}  # fmt: skip


def finance(making: Making) -> Page:
    """What came in and went out, how efficiently ARR was won, and how long the cash lasts."""
    if "finance" not in making.book.tables:
        raise MissingTableError.of("finance", "Profit, loss and cash")
    months = _months(making)
    rows = [_flow(making, months, name) for name in _FLOWS if name in months.columns]
    if {"revenue", "cogs"} <= set(months.columns):
        rows.insert(
            2,
            _ratio(
                making,
                "gross_margin",
                "Gross margin",
                "(revenue - cogs) / revenue",
                ("revenue", "cogs"),
            ),
        )
    if "cash" in months.columns:
        rows.append(_cash(making, months))
        if "net_burn" in months.columns:
            rows.append(_runway(making))
    rates, results = _efficiency(making)
    money = [
        making.value(str(c))
        for row in rows
        for c in row.cells
        if making.quantity(str(c)).unit == "money"
    ]
    scale = scale_of(money)
    head = head_of("money", scale, making.currency)
    labels = tuple(making.label(q) for q in making.quarters)
    table = Table(
        "finance", f"Profit, loss and cash, {head}", labels, (*rows, *rates), scale=scale, head=head
    )
    key = _key(making)
    return Page(
        "finance", "Profit, loss and cash", _title(making), key, _comment(making),
        footnote=footnote(making, results, (_NOTE,)),
        calculation="A flow of a quarter is the sum of its three months; cash is that of the last month.",
        charts=tuple(_charts(making, months, scale)), tables=(table,),
    )  # fmt: skip


def _months(making: Making) -> pd.DataFrame:
    import pandas as pd

    frame = making.book.frame("finance")
    frame["month"] = pd.to_datetime(frame["month"])
    if "currency" in frame.columns and len(frame["currency"].dropna().unique()) > 1:
        msg = "The table finance is in several currencies; give it in one."
        raise DataError(msg)
    return frame


def _part(making: Making, months: pd.DataFrame, quarter: pd.Timestamp) -> pd.DataFrame:
    import pandas as pd

    inside = (months["month"] >= quarter) & (months["month"] < quarter + pd.DateOffset(months=3))
    rows = months[inside]
    columns = ["month", *(n for n in (*_FLOWS, "cash") if n in months.columns)]
    making.numbers.frame("Finance", making.label(quarter), rows, columns, columns[1:])
    return rows


def _flow(making: Making, months: pd.DataFrame, name: str) -> Row:
    cells = []
    for quarter in making.quarters:
        rows, part = _part(making, months, quarter), making.label(quarter)
        key, label = making.at(name, quarter), f"{_FLOWS[name]}, {part}"
        if len(rows) < 3 or rows[name].isna().any():
            cells.append(
                making.numbers.given(
                    key, label, None, "money", "", "not every month of the quarter is known"
                )
            )
            continue
        totals = {"total": Total("Finance", name, part)}
        cells.append(
            making.numbers.total(key, label, "money", float(rows[name].sum()), "total", totals)
        )
    return Row(_FLOWS[name], tuple(cells))


def _ratio(making: Making, name: str, words: str, formula: str, of: tuple[str, ...]) -> Row:
    cells = [
        making.numbers.derived(
            making.at(name, q),
            f"{words}, {making.label(q)}",
            formula,
            {n: making.at(n, q) for n in of},
            "ratio",
        )
        for q in making.quarters
    ]
    return Row(words, tuple(cells))


def _cash(making: Making, months: pd.DataFrame) -> Row:
    import pandas as pd

    cells = []
    for quarter in making.quarters:
        last = months[months["month"] == quarter + pd.DateOffset(months=2)]
        value = float(last["cash"].iloc[0]) if len(last) else None
        label = f"Cash at the end, {making.label(quarter)}"
        cells.append(
            making.numbers.given(making.at("cash", quarter), label, value, "money", "table finance")
        )
    return Row("Cash at the end", tuple(cells), "sum")


def _runway(making: Making) -> Row:
    cells = []
    for quarter in making.quarters:
        parts = {"cash": making.at("cash", quarter), "burn": making.at("net_burn", quarter)}
        label = f"Runway, {making.label(quarter)}"
        cells.append(
            making.numbers.derived(
                making.at("runway", quarter), label, "3 * cash / burn", parts, "months"
            )
        )
    return Row("Runway, months", tuple(cells))


def _efficiency(making: Making) -> tuple[list[Row], list[Result]]:
    from saasmetrics.metrics import economics

    asked: tuple[tuple[str, Callable[[], Result]], ...] = (
        ("Burn multiple", lambda: economics.burn_multiple(making.book, freq="Q")),
        ("Rule of 40", lambda: economics.rule_of_40(making.book, freq="Q")),
        ("Magic number", lambda: economics.magic_number(making.book, freq="Q")),
    )
    rows, results = [], []
    for name, ask in asked:
        try:
            result = ask()
        except InvalidTablesError:
            raise
        except DataError:
            continue
        results.append(result)
        rows.append(Row(name, tuple(making.rate(result, quarter) for quarter in making.quarters)))
    return rows, results


def _charts(making: Making, months: pd.DataFrame, scale: str) -> list[Chart]:
    quarters = making.quarters
    labels, found = tuple(making.label(q) for q in quarters), []
    when = f"{labels[0]} to {labels[-1]}"
    for name, words in (("revenue", "Revenue"), ("cash", "Cash at the end of the quarter")):
        if name not in months.columns:
            continue
        cells = tuple(making.at(name, q) for q in quarters)
        series = (Series(words, cells, "actual"),)
        found.append(
            Chart(
                name,
                "columns",
                making.settings.company or "Company",
                words,
                when,
                "money",
                labels,
                series,
                scale,
            )
        )
    return found


def _key(making: Making) -> str:
    return next(
        (key for n in ("cash", "revenue") if (key := making.at(n, making.now)) in making.numbers),
        "",
    )


def _title(making: Making) -> str:
    cash, runway = making.at("cash", making.now), making.at("runway", making.now)
    if making.value(runway) is not None:
        return f"Cash of {making.say(cash)} lasts {making.say(runway)} at the burn of {making.label(making.now)}"
    if making.value(cash) is not None:
        return f"Cash is {making.say(cash)} at the end of {making.label(making.now)}"
    revenue = making.at("revenue", making.now)
    known = revenue in making.numbers and making.value(revenue) is not None
    return (
        f"Revenue is {making.say(revenue)} in {making.label(making.now)}"
        if known
        else f"No revenue or cash is known of {making.label(making.now)}"
    )


def _comment(making: Making) -> str:
    told = []
    for name, words in (
        ("gross_margin", "Gross margin"),
        ("burn_multiple", "Burn multiple"),
        ("rule_of_40", "Rule of 40"),
    ):
        key = making.at(name, making.now)
        if making.value(key) is not None:
            told.append(f"{words} {making.say(key)}")
    return f"{', '.join(told)}." if told else ""
