"""Retention: NRR and GRR over time, by segment, and who moved NRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text
from saasmetrics.board.notes import footnote
from saasmetrics.board.sections import segment_column
from saasmetrics.board.sentences import causes, points, who
from saasmetrics.errors import DataError, InvalidTablesError

if TYPE_CHECKING:
    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_CONTRIBUTORS = 5
_NOT_REASONS = {
    "customer_id",
    "value",
    "numerator_a",
    "denominator_a",
    "numerator_b",
    "denominator_b",
}


def retention(making: Making) -> Page:
    """NRR and GRR with their intervals, the segments side by side, and the customers that moved NRR most."""
    from saasmetrics.metrics import retention as rates

    book = making.book
    results = {"NRR": rates.nrr(book, freq="Q"), "GRR": rates.grr(book, freq="Q")}
    key = making.rate(results["NRR"], making.now)
    grr = making.rate(results["GRR"], making.now)
    tables, weakest = [], ""
    by = segment_column(book)
    if by is not None:
        table, weakest = _segments(making, by)
        tables.append(table)
    comment, contributors, more, missing = _why(making)
    tables += contributors
    title = f"NRR is {making.say(key)} and GRR {making.say(grr)}"
    if making.value(key) is None:
        title = (
            f"0 customers paid a year before {making.label(making.now)}: NRR and GRR have no value"
        )
    plan = making.plan("nrr", making.now, "ratio")
    told = points(making.value(making.compare(key, plan, "plan")), "plan") if plan else ""
    title += f", NRR {told}" if told else ""
    title += f"; GRR is lowest in {weakest}" if weakest else ""
    return Page(
        "retention", "NRR and GRR", title, key, comment,
        footnote=footnote(making, [*results.values(), *more], ("Lines beside values are 95% intervals.",)),
        calculation="NRR: MRR now of the customers paying a year ago / their MRR a year ago. GRR: the lower of the "
        "two, customer by customer / their MRR a year ago. The tables Rows_nrr and Rows_grr of the workbook have "
        "every customer.",
        charts=(_lines(making, results),), tables=tuple(tables), missing=missing,
    )  # fmt: skip


def _lines(making: Making, results: dict[str, Result]) -> Chart:
    quarters = making.quarters
    series = [
        Series(
            name, tuple(making.rate(result, q) for q in quarters), "actual" if name == "NRR" else "second",
            tuple(making.edge(result, q, "low") for q in quarters),
            tuple(making.edge(result, q, "high") for q in quarters),
        )
        for name, result in results.items()
    ]  # fmt: skip
    for metric, name in (("nrr", "Plan NRR"), ("grr", "Plan GRR")):
        plans = tuple(making.plan(metric, q, "ratio") for q in quarters)
        if any(plans):
            series.append(Series(name, plans, "plan"))
    return Chart(
        "nrr_grr", "lines", making.settings.company or "Company", "NRR and GRR over twelve months",
        f"{making.label(quarters[0])} to {making.label(quarters[-1])}", "ratio",
        tuple(making.label(q) for q in quarters), tuple(series),
    )  # fmt: skip


def _segments(making: Making, by: str) -> tuple[Table, str]:
    from saasmetrics.metrics import retention as rates

    results = [rates.nrr(making.book, by=by, freq="Q"), rates.grr(making.book, by=by, freq="Q")]
    groups = sorted(
        results[0].df.loc[results[0].df["period"] == making.now, by].dropna().astype(str)
    )
    rows, lowest = [], ("", 2.0)
    for group in groups:
        cells: list[str | Text] = []
        making.together(
            results, [q for q in (making.now, making.prior) if q is not None], **{by: group}
        )
        for result in results:
            now = making.rate(result, making.now, **{by: group})
            prior = (
                making.rate(result, making.prior, **{by: group}) if making.prior is not None else ""
            )
            cells += [now, making.compare(now, prior, "prior_year") or Text("–")]
            cells.append(_interval(making, result, by, group))
        value = making.value(str(cells[3]))
        if value is not None and value < lowest[1]:
            lowest = (group, value)
        rows.append(Row(group, tuple(cells)))
    columns = ("NRR", "Δ year before", "95% interval", "GRR", "Δ year before", "95% interval")
    title = f"NRR and GRR by {by}, {making.label(making.now)}"
    return Table(f"by_{by}", title, columns, tuple(rows)), lowest[0] if len(groups) > 1 else ""


def _interval(making: Making, result: Result, by: str, group: str) -> Text:
    ends = [
        making.value(making.edge(result, making.now, end, **{by: group})) for end in ("low", "high")
    ]
    if ends[0] is None or ends[1] is None:
        return Text("–")
    return Text(f"{ends[0] * 100:.0f}–{ends[1] * 100:.0f}%")


def _why(making: Making) -> tuple[str, list[Table], list[Result], tuple[str, ...]]:
    """Return why NRR moved in a year, and the customers that moved it most."""
    from saasmetrics.metrics import retention as rates

    if making.prior is None:
        return "There is no year before to compare with.", [], [], ()
    try:
        found = rates.drivers(making.book, "nrr", making.prior.date(), making.now.date(), freq="Q")
    except InvalidTablesError:
        raise
    except DataError as error:
        return "", [], [], (f"Why NRR moved: {error}",)
    making.used(found)
    top = found.extra["top"].head(_CONTRIBUTORS)
    reasons = [name for name in top.columns if name not in _NOT_REASONS]
    rows = []
    for row in top.to_dict("records"):
        main = max(reasons, key=lambda name, row=row: abs(row[name]), default="")  # type: ignore[misc]
        label = making.name_of(row["customer_id"])
        key = f"nrr_part[{row['customer_id']}]"
        making.numbers.given(
            key,
            f"{label}, part of the change of NRR",
            row["value"],
            "points",
            "exact decomposition of NRR",
            signed=True,
        )
        rows.append(Row(label, (key, Text(main.replace("_", " ")))))
    title = f"Customers that moved NRR most since {making.label(making.prior)}"
    names = {str(c): making.name_of(c) for c in top["customer_id"]}
    change = points(found.extra["difference"], "the year before")
    comment = (
        f"NRR is {change}. {causes(found, making.currency)} {who(found, names, making.currency, 2)}"
    )
    table = Table("contributors", title, ("Part", "Mostly by"), tuple(rows))
    return comment, [table] if rows else [], [found], ()
