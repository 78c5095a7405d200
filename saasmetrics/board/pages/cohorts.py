"""Cohorts: what each brings, how much of each is left, and how long customers stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.figures import scale_of
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text, Total
from saasmetrics.board.notes import footnote
from saasmetrics.errors import DataError
from saasmetrics.money import counted

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_AGES = 13  # columns of the triangle
_COHORTS = 12  # its rows
_LAYERS = 6  # vintages in the chart, older ones together
_MONTHS = 60  # of the curve
_NOTE = "Cells not yet observed are hatched, never 0. The curve ends where few customers are left."
_YEAR = 4  # quarters
_LEFT = {  # measure: key and words of its average, the table with its rows
    "net": ("cohorts", "Net MRR", "Cohort_averages"),
    "logos": ("cohort_customers", "Customers", "Cohort_customers"),
}
_AT_RISK = 10  # customers: with fewer the curve says little of the others


def cohorts(making: Making) -> Page:
    """The triangle of net retention, the layers of ARR by vintage, and the survival of customers."""
    import saasmetrics.survival as lives
    from saasmetrics.metrics import retention, revenue

    book = making.closed
    triangle, logos = (
        making.used(retention.cohorts(book, measure=measure, freq="Q", interval=None))
        for measure in _LEFT
    )
    curve = making.used(lives.curve(book))
    layers = making.used(revenue.layers(book, freq="Q"))
    if not len(curve.df):
        raise DataError("No customer has a lifetime yet.")
    table, left = _triangle(making, triangle, logos)
    ids = _survival(making, curve)
    year = ids[12] if len(ids) > 12 else ids[-1]
    title = f"{making.say(year)} of customers stay {counted(min(12, len(ids) - 1), 'month')}"
    if left:
        mrr, customers = map(making.say, left)
        title = f"Cohorts keep {mrr} of their MRR and {customers} of their customers after {_YEAR} quarters"
    return Page(
        "cohorts", "Cohorts", title, left[0] if left else year, _comment(curve),
        footnote=footnote(making, [triangle, logos, curve, layers], tuple(filter(None, (_unseen(triangle), _NOTE)))),
        calculation="A cell of the triangle is the MRR of the cohort at an age / its MRR at age 0. Survival is the "
        "product over the months of 1 - lost / at risk (Kaplan-Meier).",
        charts=(_layers(making, layers), _curve(making, ids, curve)), tables=(table,),
    )  # fmt: skip


def _triangle(making: Making, result: Result, logos: Result) -> tuple[Table, tuple[str, ...]]:
    """Return the triangle of MRR with both averages below it, and what both are after a year where that was seen."""
    df = result.df
    starts = sorted(df["cohort"].unique())[-_COHORTS:]
    ages = min(_AGES, int(df["age"].max()) + 1)
    rows = [_cohort(making, df[df["cohort"] == start], start, ages) for start in starts]
    averages = [_averages(making, each, ages) for each in (result, logos)]
    of = f"all {_begun(result)} cohorts" if _unseen(result) else "cohorts so old"
    for label, cells in zip((f"Average of {of}", "Customers of these"), averages, strict=True):
        rows.append(Row(label, (Text(""), *cells), "sum"))
    year = tuple(
        str(cells[_YEAR]) for cells in averages if ages > _YEAR and isinstance(cells[_YEAR], str)
    )
    columns = ("n", *(f"+{age}" for age in range(ages)))
    return Table(
        "triangle",
        "Net MRR of each cohort by quarters since it began",
        columns,
        tuple(rows),
        "heat",
    ), year if len(year) == len(averages) else ()


def _begun(result: Result) -> int:
    return int(result.df["cohort"].nunique())


def _unseen(result: Result) -> str:
    """Return which cohorts have no row of their own though the averages hold them, "" where all have one."""
    if (begun := _begun(result)) <= _COHORTS:
        return ""
    return (
        f"The latest {_COHORTS} of {begun} cohorts are shown; averages are of all that are so old."
    )


def _averages(making: Making, result: Result, ages: int) -> list[str | Text]:
    average = result.extra["average"]
    cells: list[str | Text] = []
    for age in range(ages):
        found = average[average["age"] == age]
        known = len(found) and found["value"].notna().all()
        cells.append(_average(making, result, found.iloc[0], age) if known else Text(""))
    return cells


def _cohort(making: Making, rows: pd.DataFrame, start: pd.Timestamp, ages: int) -> Row:
    label, base = making.label(start), float(rows["denominator"].iloc[0])
    seen = rows[rows["observed"].to_numpy(bool)]
    amounts = dict(zip(seen["age"], seen["numerator"], strict=True))
    import pandas as pd

    line = {"age_0": base, **{f"age_{age}": amounts.get(age) for age in range(1, ages)}}
    making.numbers.frame("Cohorts", label, pd.DataFrame([line]), [*line], [*line])
    cells: list[str | Text] = [Text(f"{int(rows['n'].iloc[0]):,}")]
    for age in range(ages):
        value = amounts.get(age)
        if value is None or not base > 0:
            cells.append(Text(""))
            continue
        totals = {
            "left": Total("Cohorts", f"age_{age}", label),
            "base": Total("Cohorts", "age_0", label),
        }
        key = f"cohort[{label}]+{age}"
        text = f"Net MRR left of {label} after {age} quarters"
        cells.append(
            making.numbers.total(key, text, "ratio", float(value) / base, "left / base", totals)
        )
    return Row(label, tuple(cells))


def _average(making: Making, result: Result, row: Any, age: int) -> str:
    """Add the average at an age: over the cohorts that are so old, what they have over what they began with."""
    name, what, table = _LEFT[str(result.context.options["measure"])]
    key, part, rows = f"{name}+{age}", f"after {age} quarters", result.df
    label = f"{what} left {part}, average of {int(row['cohorts'])} cohorts"
    seen = rows[rows["observed"].to_numpy(bool) & (rows["age"] == age).to_numpy()]
    frame = seen[["cohort", "numerator", "denominator"]]
    numbers, value = making.numbers, float(row["value"])
    names = {"left": "numerator", "base": "denominator"}
    totals = {name: Total(table, column, part) for name, column in names.items()}
    if numbers.frame(table, part, frame, list(frame.columns), [*names.values()]):
        return numbers.total(key, label, "ratio", value, "left / base", totals)
    return numbers.given(key, label, value, "ratio", "all cohorts so old")


def _survival(making: Making, result: Result) -> list[str]:
    """Add the curve as a chain: what survives a month is what was there, times the share that stayed."""
    ids, numbers, first = [], making.numbers, float(result.df["at_risk"].iloc[0])
    before = ""
    for row in result.df.head(_MONTHS + 1).to_dict("records"):
        age = int(row["age"])
        if age > 1 and row["at_risk"] < min(_AT_RISK, first / 3):
            break
        key, label = f"survival+{age}", f"Customers that stay {age} months"
        if age == 0:
            numbers.given(key, label, row["value"], "ratio", "everybody is there at the start")
        else:
            parts = {
                "lost": numbers.given(
                    f"lost+{age}", f"Lost in month {age}", row["events"], "count", "lifetimes"
                ),
                "risk": numbers.given(
                    f"risk+{age}", f"At risk in month {age}", row["at_risk"], "count", "lifetimes"
                ),
                "before": before,
            }
            made = numbers.derived(key, label, "before * (1 - lost / risk)", parts, "ratio")
            if abs((numbers.value(made) or 0.0) - float(row["value"])) > 1e-9:
                numbers.given(key, label, row["value"], "ratio", "Kaplan-Meier")
        before = key
        ids.append(key)
    return ids


def _curve(making: Making, ids: list[str], result: Result) -> Chart:
    edges: dict[str, list[str]] = {"low": [], "high": []}
    for row in result.df.head(len(ids)).to_dict("records"):
        for end, found in edges.items():
            value = row.get(end)
            known = value is not None and value == value
            key = f"survival+{int(row['age'])}.{end}"
            text = f"{end} end of the 95% interval"
            found.append(
                making.numbers.given(key, text, value, "ratio", "Greenwood") if known else ""
            )
    return Chart(
        "survival", "curve", making.settings.company or "Company", "Customers that stay, by month since they began",
        f"as of {making.closed.as_of_text}", "ratio", tuple(str(age) for age in range(len(ids))),
        (Series("Customers", tuple(ids), "actual", tuple(edges["low"]), tuple(edges["high"])),),
    )  # fmt: skip


def _layers(making: Making, result: Result) -> Chart:
    """Return ARR by the year in which its customers began, the oldest together."""
    df = result.df[result.df["period"].isin(making.quarters)].copy()
    years = df["cohort"].dt.year
    first = max(int(years.max()) - _LAYERS + 2, int(years.min())) if len(df) else 0
    df["vintage"] = years.clip(lower=first)
    series = []
    for vintage in sorted(df["vintage"].unique()):
        older = vintage == first and int(years.min()) < first
        name = f"{'up to ' if older else ''}{vintage}"
        rows = df[df["vintage"] == vintage]
        cells = tuple(_layer(making, rows[rows["period"] == q], name, q) for q in making.quarters)
        series.append(Series(name, cells, "vintage"))
    values = [making.value(cell) for each in series for cell in each.cells]
    for quarter in making.quarters:
        parts = {
            f"l{at}": making.at(f"layer[{each.name}]", quarter) for at, each in enumerate(series)
        }
        formula = f"{' + '.join(parts)} - closing"
        parts["closing"] = making.move("closing", quarter)
        making.numbers.holds(
            f"The cohorts of {making.label(quarter)} add up to closing ARR", formula, parts, 0.1
        )
    return Chart(
        "layers", "stack", making.settings.company or "Company", "ARR by the year in which customers began",
        f"{making.label(making.quarters[0])} to {making.label(making.now)}", "money",
        tuple(making.label(q) for q in making.quarters), tuple(series), scale_of(values),
    )  # fmt: skip


def _layer(making: Making, rows: pd.DataFrame, name: str, quarter: pd.Timestamp) -> str:
    """Add ARR in a quarter of the customers that began in some years, from their cohorts."""
    part, total = f"{name}, {making.label(quarter)}", 12 * float(rows["value"].sum())
    rows = rows.rename(columns={"value": "mrr"})
    making.numbers.frame("Layers", part, rows, ["cohort", "mrr"], ["mrr"])
    label = f"ARR of customers that began {'' if name.startswith('up') else 'in '}{part}"
    totals = {"total": Total("Layers", "mrr", part)}
    return making.numbers.total(
        making.at(f"layer[{name}]", quarter), label, "money", total, "12 * total", totals
    )


def _comment(curve: Result) -> str:
    summary = curve.extra["summary"].iloc[0]
    median = summary["median"]
    stays = (
        f"Half of the customers stay {median:.0f} months or more."
        if median == median
        else "More than half of the customers are still there at the end of the curve."
    )
    return f"{stays} Of {counted(int(summary['n']), 'customer')}, {int(summary['events']):,} left."
