"""Renewals: what comes up in the next four quarters by category, and what of it will be renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text, Total
from saasmetrics.board.notes import footnote
from saasmetrics.errors import DataError
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_ORDER = ("won", "commit", "best", "at_risk", "omit")
_AHEAD = 4


def renewals(making: Making) -> Page:
    """The contract value that comes up, by what is known of it, and the forecast with its spread."""
    from saasmetrics.metrics import renewals as asked

    calendar = making.used(asked.calendar(making.book, quarters=_AHEAD))
    forecast = making.used(asked.forecast(making.book, quarters=_AHEAD))
    frame = calendar.df[~calendar.df["overdue"].to_numpy(bool)]
    quarters = sorted(frame["period"].unique())
    if not quarters:
        msg = "No contract comes up in the next four quarters."
        raise DataError(msg)
    series = _categories(making, calendar, quarters)
    table, key, due = _forecast(making, forecast)
    title = f"{making.say(due)} comes up in four quarters; {_hoped(making, key)}"
    overdue = calendar.df[calendar.df["overdue"].to_numpy(bool)]
    late = int(overdue["n"].sum())
    ended = agreeing(
        late, "has ended without a renewal and is", "have ended without a renewal and are"
    )
    notes = f" {counted(late, 'term')} {ended} still open." if late else ""
    first, last = making.label(quarters[0]), making.label(quarters[-1])
    kept = _kept(making, series)
    chart = Chart(
        "calendar", "stack", making.settings.company or "Company", "ARR that comes up for renewal",
        f"{first} to {last}", "money", tuple(making.label(q) for q in quarters), tuple(series), table.scale,
    )  # fmt: skip
    return Page(
        "renewals", "Renewals", title, key, _comment(making, forecast) + kept + notes,
        footnote=footnote(making, [calendar, forecast], ("P10 and P90: one time in ten it is less, or more.",)),
        calculation="The chart adds up the value of the terms that end in a quarter, by the category of the contract: "
        "won is all that the renewed ones were worth, Renewed in the table what of it they go on to pay. "
        "The forecast weighs each open term with the share renewed of terms like it.",
        charts=(chart,), tables=(table,),
    )  # fmt: skip


def _categories(making: Making, calendar: Result, quarters: list[object]) -> list[Series]:
    import pandas as pd

    frame, series = calendar.df, []
    there = [c for c in _ORDER if (frame["category"] == c).any()]
    there += sorted(set(frame["category"]) - set(_ORDER))
    for category in there:
        cells = []
        for quarter in quarters:
            start = pd.Timestamp(quarter)  # type: ignore[arg-type]
            chosen = frame[
                (frame["period"] == start) & (frame["category"] == category) & ~frame["overdue"]
            ]
            cells.append(
                _due(making, calendar, start, category, float(chosen["value"].sum()))
                if len(chosen)
                else ""
            )
        name = category.replace("_", " ")
        series.append(Series(name, tuple(cells), f"category:{category}"))
    return series


def _due(making: Making, calendar: Result, start: object, category: str, value: float) -> str:
    """Add what comes up of one category in one quarter, with its contracts."""
    import pandas as pd

    quarter = pd.Timestamp(start)  # type: ignore[arg-type]
    label = f"Comes up {making.label(quarter)}, {category.replace('_', ' ')}"
    key, part = making.at(f"due[{category}]", quarter), f"{making.label(quarter)} {category}"
    try:
        rows = calendar.rows(period=f"{quarter:%Y-%m-%d}", category=category)
        columns = ["contract_id", "customer_id", "name", "start", "end", "atr", "forecast"]
        if making.numbers.frame("Renewals", part, rows, columns, ["atr", "forecast"]):
            return making.numbers.total(
                key, label, "money", value, "due", {"due": Total("Renewals", "atr", part)}
            )
    except DataError:
        pass  # the rows are not those of the number: it stands as a value
    return making.numbers.given(key, label, value, "money", "calendar of renewals")


def _kept(making: Making, series: list[Series]) -> str:
    """Say why less is renewed than is won, where some terms were renewed at a lower value; "" where none was."""
    cells = [key for one in series if one.name == "won" for key in one.cells if key]
    if not cells:
        return ""
    parts = {f"q{at}": key for at, key in enumerate(cells)}
    won = making.numbers.derived(
        "due[won].whole", "Ended and won, four quarters", " + ".join(parts), parts
    )
    renewed = "renewal[Four quarters].won"
    given = making.numbers.derived(
        "due[won].given",
        "Given up by terms that are won",
        "won - renewed",
        {"won": won, "renewed": renewed},
    )
    if round(making.value(given) or 0.0, 2) <= 0:
        return ""
    return (
        f" Won counts what the terms were worth: {making.say(given)} of it was given up in price or seats, and is not "
        "in Renewed."
    )


def _forecast(making: Making, result: Result) -> tuple[Table, str, str]:
    df, numbers, rows = result.df, making.numbers, []
    names = (
        ("atr", "Comes up"),
        ("won", "Renewed already"),
        ("p10", "P10"),
        ("value", "Expected"),
        ("p90", "P90"),
    )
    whole = df[df["periods"] == df["periods"].max()].iloc[0]
    lines = [(making.label(row["period"]), row, "") for _, row in df[df["periods"] == 1].iterrows()]
    lines.append(("Four quarters", whole, "sum"))
    for label, row, style in lines:
        cells: list[str | Text] = []
        for column, words in names:
            key = f"renewal[{label}].{column}"
            cells.append(
                numbers.given(
                    key, f"{words}, {label}", row[column], "money", "forecast of renewals"
                )
            )
        parts = {"expected": str(cells[3]), "due": str(cells[0])}
        cells.append(
            numbers.derived(
                f"renewal[{label}].share",
                f"Expected share, {label}",
                "expected / due",
                parts,
                "ratio",
            )
        )
        rows.append(Row(label, tuple(cells), style))
    scale = scale_of(making.value(str(cell)) for row in rows for cell in row.cells[:5])
    head = head_of("money", scale, making.currency)
    columns = ("Comes up", "Renewed", "P10", "Expected", "P90", "Share")
    table = Table(
        "renewal_forecast",
        f"Forecast of renewals, {head}",
        columns,
        tuple(rows),
        scale=scale,
        head=head,
    )
    return table, "renewal[Four quarters].share", "renewal[Four quarters].atr"


def _comment(making: Making, forecast: Result) -> str:
    whole = forecast.df[forecast.df["periods"] == forecast.df["periods"].max()].iloc[0]
    many, still = int(whole["n"]), int(whole["n_open"])
    terms = f"{still:,} of {counted(many, 'term')} {agreeing(still, 'is', 'are')} open."
    if making.value("renewal[Four quarters].p10") is None:
        reason = str(whole["reason"])
        return f"{terms} {reason[:1].upper()}{reason[1:]}." if reason else terms
    low, high = (making.say(f"renewal[Four quarters].{end}") for end in ("p10", "p90"))
    return f"{terms} Eight times in ten, between {low} and {high} renews."


def _hoped(making: Making, share: str) -> str:
    if making.value(share) is None:
        return "how much of it renews is not known"
    return f"{making.say(share)} of it is expected to renew"
