"""Trailing nine quarters: the leaky bucket, growth, efficiency, renewals, with plan and its share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from saasmetrics.board.benchmarks import context
from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.making import MOVE_NAMES, MOVES
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text
from saasmetrics.board.notes import footnote
from saasmetrics.board.pages.summary import arr_ids
from saasmetrics.board.sentences import against_plan, by_share, listed
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.money import format_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_NOTE = (
    "ARR is 12 times the MRR of the bridge. Net new ARR: closing - opening. "
    "Expansion share: expansion / (new + expansion)."
)
_PLANS = {
    "new": "new_arr", "expansion": "expansion_arr", "contraction": "contraction_arr",
    "churn": "churned_arr", "closing": "arr", "net_new": "net_new_arr",
}  # fmt: skip
_MUCH = 0.1  # of what came up for renewal
_SIGNS = {"contraction": "− ", "churn": "− ", "pause": "± ", "fx": "± ", "transfer": "± "}


def t9q(making: Making) -> Page:
    """The table that a board reads first: nine quarters, so that both a quarter and a year can be compared."""
    arr_ids(making)
    money = _money_rows(making)
    growth = _growth_rows(making)
    more, missing, results = _rate_rows(making)
    still = _open(making, results)
    labels = tuple(making.label(quarter) for quarter in making.quarters)
    columns: tuple[str, ...] = (*labels, "Plan", "to plan")
    rows = [*money, *growth, *more]
    if all(row.cells[-2] == Text("") for row in rows):
        rows, columns = [replace(row, cells=row.cells[:-2]) for row in rows], labels
    ids = [cell for row in money for cell in row.cells if isinstance(cell, str) and cell]
    scale = scale_of(making.value(cell) for cell in ids)
    head = head_of("money", scale, making.currency)
    title = f"{making.settings.company or 'Company'}, trailing nine quarters, {head}"
    table = Table("t9q", title, columns, tuple(rows), scale=scale, head=head)
    _check(making)
    notes = [
        f"CAC ratio elsewhere, same definition: {said}."
        for said in [context(making, "cac_ratio")]
        if said
    ]
    return Page(
        "t9q", "Trailing nine quarters", _title(making), making.at("new", making.now),
        comment=f"{_comment(making)}{_open_now(making, still)}".strip(),
        footnote=footnote(
            making, [making.bridge, *results],
            (_NOTE, *_still_open(making, still), *notes),
        ),
        calculation="Opening + new + reactivation + expansion - contraction - churn ± paused ± exchange rates = "
        "closing, each the sum over the customers in the table Movements; growth is closing / closing four quarters "
        "before - 1.",
        charts=(_net_new(making, scale),), tables=(table,), missing=tuple(missing),
    )  # fmt: skip


def shown_moves(making: Making) -> list[str]:
    """Return the movements that happened in any of the quarters shown, and always new, expansion and churn."""
    always = {"new", "expansion", "churn"}
    return [
        name
        for name in MOVES
        if name in always
        or any(round(making.value(making.move(name, q)) or 0.0, 2) for q in making.quarters)
    ]


def net_new(making: Making, quarter: object) -> str:
    """Return the id of net new ARR of a quarter."""
    key = making.at("net_new", quarter)  # type: ignore[arg-type]
    if key in making.numbers:
        return key
    parts = {n: making.move(n, quarter) for n in ("closing", "opening")}  # type: ignore[arg-type]
    label = f"Net new ARR, {making.label(quarter)}"  # type: ignore[arg-type]
    return making.numbers.derived(key, label, "closing - opening", parts)


def _with_plan(
    making: Making, name: str, cells: list[str], unit: str = "money"
) -> tuple[str | Text, ...]:
    """Return the cells of a row with plan and the distance to it."""
    plan = making.plan(_PLANS.get(name, name), making.now, unit)
    apart = making.apart(cells[-1], plan, "plan") if plan else ""
    return (*cells, plan or Text(""), apart or Text(""))


def _money_rows(making: Making) -> list[Row]:
    quarters = making.quarters
    lines = [("opening", "Opening ARR", "")]
    lines += [(n, f"{_SIGNS.get(n, '+ ')}{MOVE_NAMES[n].lower()}", "") for n in shown_moves(making)]
    lines += [("closing", "Closing ARR", "sum")]
    rows = [
        Row(label, _with_plan(making, name, [making.move(name, q) for q in quarters]), style)
        for name, label, style in lines
    ]
    net = [net_new(making, quarter) for quarter in quarters]
    return [*rows, Row("Net new ARR", _with_plan(making, "net_new", net), "sum")]


def _growth_rows(making: Making) -> list[Row]:
    rows = []
    for name, label in (
        ("closing", "Closing ARR, growth in a year"),
        ("new", "New ARR, growth in a year"),
    ):
        cells: list[str | Text] = []
        for quarter in making.quarters:
            before = making.year_before(quarter)
            if before is None:
                cells.append(Text("–"))
                continue
            now, then = making.move(name, quarter), making.move(name, before)
            cells.append(making.compare(now, then, "prior_year", relative=True) or Text("–"))
        rows.append(Row(label, (*cells, Text(""), Text(""))))
    shares: list[str | Text] = []
    for quarter in making.quarters:
        parts = {name: making.move(name, quarter) for name in ("new", "expansion")}
        key = making.at("expansion_share", quarter)
        label = f"Expansion share of new ARR, {making.label(quarter)}"
        shares.append(
            making.numbers.derived(key, label, "expansion / (new + expansion)", parts, "ratio")
        )
    return [*rows, Row("Expansion share of new ARR", (*shares, Text(""), Text("")))]


def _rate_rows(making: Making) -> tuple[list[Row], list[str], list[Result]]:
    from saasmetrics.metrics import economics, renewals, retention, surveys

    book = making.book
    asked: tuple[tuple[str, Callable[[], Result]], ...] = (
        ("NRR", lambda: retention.nrr(book, freq="Q")),
        ("GRR", lambda: retention.grr(book, freq="Q")),
        ("Gross renewal rate", lambda: renewals.rates(book, freq="Q")),
        ("CAC ratio", lambda: economics.cac_ratio(book, freq="Q")),
        ("NPS", lambda: surveys.nps(book, freq="Q")),
    )
    rows, missing, results = [], [], []
    for name, ask in asked:
        try:
            result = ask()
        except InvalidTablesError:
            raise
        except DataError as error:
            missing.append(f"{name}: {error}")
            continue
        results.append(result)
        cells = [making.rate(result, quarter) for quarter in making.quarters]
        label = f"{name}, decided" if "open_share" in result.df.columns else name
        rows.append(Row(label, _with_plan(making, result.metric.id, cells, result.metric.unit)))
    counts = [customers_id(making, quarter) for quarter in making.quarters]
    rows.append(
        Row("Customers", _with_plan(making, "customers", _counted(making, counts), "count"))
    )
    if heads := _headcount(making):
        rows.append(heads)
    return rows, missing, results


def _still_open(making: Making, still: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Return what is still open of what came up in the quarters shown, which the rate of renewals leaves out."""
    said = []
    for row in still:
        share, label = format_part(row["open_share"], 0), making.label(row["period"])
        none = row["of_all"]
        least = "" if none != none else f", {format_part(none, 1)} if none renews"
        said.append(f"{label}: {share} of what came up is still open{least}")
    return [f"Gross renewal rate, {'; '.join(said)}."] if said else []


def _open_now(making: Making, still: Sequence[Mapping[Any, Any]]) -> str:
    """Return how much of this quarter's renewals is open, where its rate is no more than a beginning."""
    for row in still:
        if row["period"] == making.now and row["open_share"] >= _MUCH:
            share = format_part(row["open_share"], 0)
            return f" {share} of what came up for renewal is still open and not in its rate."
    return ""


def _open(making: Making, results: Sequence[Result]) -> list[dict[Any, Any]]:
    """Return the rows of rates of which something that came up is open, in the quarters shown."""
    frames = [found.df for found in results if "open_share" in found.df.columns]
    shown = [df[df["period"].isin(making.quarters) & (df["open_share"] > 0)] for df in frames]
    return [row for df in shown for row in df.to_dict("records")]


def customers_id(making: Making, quarter: pd.Timestamp) -> str:
    """Return the id of the number of customers at the end of a quarter."""
    from saasmetrics.metrics import revenue

    key = making.at("customers", quarter)
    if key in making.numbers:
        return key
    counts = revenue.arr(making.book, freq="Q").df.set_index("period")["n"]
    said = "customers with MRR at the end of the quarter"
    label = f"Customers, {making.label(quarter)}"
    return making.numbers.given(key, label, counts.get(quarter), "count", said)


def _counted(making: Making, given: list[str]) -> list[str]:
    """Count customers from the rows of the bridge, where those are kept."""
    from saasmetrics.board.model import Total

    table = making.numbers.tables.get("Movements")
    for quarter, key in zip(making.quarters, given, strict=True):
        part = making.label(quarter)
        if table is None or part not in table.parts:
            continue
        value = making.value(key)
        if value == table.sum("paying", part):
            label = making.quantity(key).label
            making.numbers.total(
                key, label, "count", value, "total", {"total": Total("Movements", "paying", part)}
            )
    return given


def _headcount(making: Making) -> Row | None:
    import pandas as pd

    if (
        "finance" not in making.book.tables
        or "headcount" not in making.book.tables["finance"].data.column_names
    ):
        return None
    months = making.book.frame("finance")[["month", "headcount"]].dropna()
    months["month"] = pd.to_datetime(months["month"])
    cells: list[str | Text] = []
    for quarter in making.quarters:
        last = months[months["month"] == quarter + pd.DateOffset(months=2)]
        value = float(last["headcount"].iloc[0]) if len(last) else None
        label = f"Headcount, {making.label(quarter)}"
        cells.append(
            making.numbers.given(
                making.at("headcount", quarter), label, value, "count", "table finance"
            )
        )
    return Row("Headcount", (*cells, Text(""), Text("")))


def _net_new(making: Making, scale: str) -> Chart:
    quarters = making.quarters
    losses = [name for name in shown_moves(making) if name in ("churn", "contraction", "pause")]
    gains = [name for name in shown_moves(making) if name in ("new", "expansion", "reactivation")]
    series = tuple(
        Series(MOVE_NAMES[name], tuple(making.move(name, q) for q in quarters), f"part:{name}")
        for name in (*gains, *losses)
    )
    return Chart(
        "leaky_bucket", "stack", making.settings.company or "Company", "ARR won and lost",
        f"{making.label(quarters[0])} to {making.label(quarters[-1])}", "money",
        tuple(making.label(q) for q in quarters), series, scale,
    )  # fmt: skip


def _check(making: Making) -> None:
    for quarter in making.quarters:
        parts = {name: making.move(name, quarter) for name in ("opening", *MOVES, "closing")}
        label = f"The bridge of {making.label(quarter)} closes"
        making.numbers.holds(label, f"{' + '.join(('opening', *MOVES))} - closing", parts, 0.01)
    for quarter in making.quarters[1:]:
        before = making.before(quarter)
        assert before is not None
        parts = {
            "opening": making.move("opening", quarter),
            "before": making.move("closing", before),
        }
        making.numbers.holds(
            f"{making.label(quarter)} opens where the quarter before closed",
            "opening - before",
            parts,
            0.01,
        )


def _title(making: Making) -> str:
    new, lost = making.move("new", making.now), making.move("churn", making.now)
    told = []
    for key, word in ((new, "New ARR"), (lost, "churned ARR")):
        text = f"{word} {making.say(key).lstrip('−')}"
        metric = "new_arr" if key == new else "churned_arr"
        plan = making.plan(metric, making.now, "money")
        share = (
            making.value(making.compare(key, plan, "plan", relative=True))
            if plan and key == new
            else None
        )
        before = making.year_before(making.now)
        prior = making.move("new" if key == new else "churn", before) if before is not None else ""
        was = making.value(prior)
        if plan and key == lost:
            gap = abs(making.value(key) or 0.0) - abs(making.value(plan) or 0.0)
            text += f" ({'above' if gap > 0 else 'under'} plan)" if round(gap, 2) else " (on plan)"
        elif share is not None:
            text += f" ({against_plan(share)})"
        elif was:
            text += f" ({by_share(abs(making.value(key) or 0.0) / abs(was) - 1)} in a year)"
        told.append(text)
    return f"{listed(told)} in {making.label(making.now)}: net new ARR {making.say(net_new(making, making.now))}"


def _comment(making: Making) -> str:
    before = making.before(making.now)
    if before is None:
        return ""
    now, then = net_new(making, making.now), net_new(making, before)
    text = f"Net new ARR was {making.say(then)} in {making.label(before)} and is {making.say(now)} now."
    share = making.value(making.at("expansion_share", making.now))
    if share is not None:
        text += f" Expansion is {share * 100:.0f}% of what was won."
    growth = making.compare(
        making.move("closing", making.now),
        making.move("opening", making.now),
        "opening",
        relative=True,
    )
    share = making.value(growth) if growth else None
    if share is not None and share >= 0:
        text += f" The quarter added {by_share(share)} to ARR."
    elif share is not None:
        text += f" The quarter took {by_share(-share).lstrip('+')} off ARR."
    return text
