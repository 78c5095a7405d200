"""Customer success and revenue: targets against what came, by pod, and what it costs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from saasmetrics.board import model
from saasmetrics.board.asked import PLANNED
from saasmetrics.board.model import Page, Row, Text, Tile
from saasmetrics.board.notes import footnote
from saasmetrics.board.pages.planned import name_of, standings
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.money import counted
from saasmetrics.periods import quarter_month
from saasmetrics.tables import normalize
from saasmetrics.tables.texts import to_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.board.making import Making
    from saasmetrics.board.pages.planned import Standing
    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

_HEADS = ("Actual", "Target", "of target")
_SHOWN = 15  # targets of pods; of more, those furthest below


def success(making: Making) -> Page:
    """What was to be reached in the quarter, and what was, for the company and each pod."""
    from saasmetrics import success as asked

    period, missing = making.label(making.now), list[str]()
    book = _planned(making)
    company = _of_company(making, book, period)
    known = () if company is None else tuple(company.df["metric"])
    beside = standings(making, known, missing)
    results = [] if company is None else [company]
    judged = _judged(company, beside)
    if not judged:
        across = () if company is None else company.extra["across"]
        why = "".join(f" {note}." for note in across)
        msg = f"There is no target of {period}; add the table targets (metric, period, value).{why}"
        raise DataError(msg)
    rows = [] if company is None else _rows(making, company.df, "company")
    rows += [each.row for each in beside]
    tables = [_table(making, "company", f"Targets of {period}", rows)]
    try:
        pods = asked.targets(book, by="pod", period=period)
        tables.append(_of_pods(making, pods, f"Targets of {period} by pod"))
    except InvalidTablesError:
        raise
    except DataError as error:
        missing.append(f"By pod: {error}")
    tiles, more = _tiles(making, missing)
    met, (name, least) = sum(share >= 1 for _, share in judged), min(judged, key=lambda one: one[1])
    behind = f"; furthest behind: {name}" if least < 1 else ""
    said = f"{met} of {counted(len(judged), 'target')} met"
    came = [str(row.cells[0]) for row in rows if not isinstance(row.cells[0], Text)]
    return Page(
        "success", "Customer success and revenue", f"{said} in {period}", came[0], f"{said}{behind}.",
        footnote=footnote(making, [*results, *more], ("Attainment compares, and says nothing of causes.",)),
        calculation="Of target: actual / target.", tiles=tiles, tables=tuple(tables), missing=tuple(missing),
    )  # fmt: skip


def _of_company(making: Making, book: Book, period: str) -> Result | None:
    """Return how the company stands against the targets of its own metrics; None where no metric has one."""
    from saasmetrics import success as asked
    from saasmetrics.success.goals.actuals import GOALS

    plan = _company_plan(book)
    if plan is None or not set(GOALS) & set(plan["metric"]):
        return None
    return making.used(asked.targets(book, period=period))


def _company_plan(book: Book) -> pd.DataFrame | None:
    if "targets" not in book.tables:
        return None
    plan = book.frame("targets")
    if "scope" in plan.columns:
        plan = plan[plan["scope"].fillna("company") == "company"]
    return (
        plan if "scenario" not in plan.columns else plan[plan["scenario"].fillna("plan") == "plan"]
    )


def _judged(company: Result | None, beside: Sequence[Standing]) -> list[tuple[str, float]]:
    """Return the name of each number that is judged by its target, with its attainment."""
    rows = [] if company is None else company.df.dropna(subset="attainment").to_dict("records")
    own = [(name_of(str(row["metric"])), float(row["attainment"])) for row in rows]
    return [*own, *((one.name, one.attained) for one in beside if one.attained is not None)]


def _of_pods(making: Making, result: Result, title: str) -> model.Table:
    frame = result.df
    if len(frame) > _SHOWN:
        frame = frame.nsmallest(_SHOWN, "attainment")
        title += f", the {len(frame)} furthest below of {len(result.df):,}"
    return _table(making, "pod", title, _rows(making, frame, "pod"))


def _table(making: Making, scope: str, title: str, rows: Sequence[Row]) -> model.Table:
    none = Row("–", (Text("no target"), Text(""), Text("")))
    head = f"{title}, money in {making.currency}"
    return model.Table(f"targets_{scope}", head, _HEADS, tuple(rows) or (none,))


def _rows(making: Making, frame: pd.DataFrame, scope: str) -> list[Row]:
    rows, numbers = [], making.numbers
    for row in frame.to_dict("records"):
        owner = "" if scope == "company" else f"{row['owner']} "
        label = f"{owner}{name_of(str(row['metric']))}"
        key = f"target[{scope}][{owner}{row['metric']}]"
        actual = _actual(making, row, f"{key}.actual", f"{label}, actual", scope)
        goal = _goal(making, row, f"{key}.goal", f"{label}, target", scope)
        parts = {"actual": actual, "goal": goal}
        share = numbers.derived(
            f"{key}.share", f"{label}, of target", "actual / goal", parts, "ratio"
        )
        rows.append(Row(label, (actual, goal, share)))
    return rows


def _actual(making: Making, row: dict[Any, Any], key: str, label: str, scope: str) -> str:
    """Add what came: the same quantity as on the other pages where it is one of them."""
    numbers, same = making.numbers, making.at(str(row["metric"]), making.now)
    found, now = float(row["value"]), making.value(same)
    if scope == "company" and now is not None and abs(now - found) < 1e-6 * max(1.0, abs(found)):
        return numbers.derived(key, label, "now", {"now": same})
    return numbers.given(key, label, row["value"], str(row["unit"]), "targets and what came")


def _goal(making: Making, row: dict[Any, Any], key: str, label: str, scope: str) -> str:
    """Add what was to come: the plan of the other pages where it is one of them."""
    name, unit, numbers = str(row["metric"]), str(row["unit"]), making.numbers
    plan = making.plan(name, making.now, unit) if scope == "company" and name in PLANNED else ""
    if plan:
        return numbers.derived(key, label, "plan", {"plan": plan}, unit)
    return numbers.given(key, label, row["target"], unit, "table targets")


def _planned(making: Making) -> Book:
    """Return the book with the plans of the quarter that all pages show, those of the settings among them."""
    import pandas as pd

    from saasmetrics.success.goals.actuals import GOALS

    keys = {n: making.plan(n, making.now, g.unit) for n, g in GOALS.items() if n in PLANNED}
    plans = {name: value for name, key in keys.items() if (value := making.value(key)) is not None}
    table = making.planned_table
    held = pd.DataFrame(columns=["metric", "period", "value"]) if table is None else table
    now = [making.is_of(str(period), making.now) for period in held["period"]]
    own = held[held["metric"].isin(plans) & pd.Series(now, index=held.index, dtype=bool)]
    named = all(quarter_month(str(period)) for period in own["period"])
    if (
        named
        and len(own) == len(plans)
        and dict(zip(own["metric"], own["value"], strict=True)) == plans
    ):
        return making.book
    rows = {"metric": [*plans], "period": making.label(making.now), "value": [*plans.values()]}
    changed = making.book.part(partial(_with_plans, own.index, pd.DataFrame(rows)))
    changed.engines.update(making.book.engines)  # nothing that they hold is of this table
    return changed


def _with_plans(
    gone: pd.Index[Any], plans: pd.DataFrame, tables: Mapping[str, Table]
) -> dict[str, Table]:
    """Return tables with other plans of the company in the place of some rows."""
    import pandas as pd

    kept = to_frame(tables["targets"].data).drop(gone) if "targets" in tables else plans.head(0)
    plans = plans.assign(scope="company", scenario="plan")
    frame = pd.concat([kept, plans], ignore_index=True) if len(kept) else plans
    return {**tables, "targets": normalize("targets", frame)}


def _tiles(making: Making, missing: list[str]) -> tuple[tuple[Tile, ...], list[Result]]:
    from saasmetrics import success as asked

    ways: tuple[tuple[str, Callable[[Any], Result], str], ...] = (
        ("Cost of customer success", asked.cost_ratio, "lower"),
        ("ARR per CSM", asked.arr_per_csm, ""),
    )
    tiles, results = [], []
    for name, ask, better in ways:
        try:
            result = making.used(ask(making.closed))
        except InvalidTablesError:
            raise
        except DataError as error:
            missing.append(f"{name}: {error}")
            continue
        key = f"{result.metric.id}.now"
        label = f"{result.metric.name}, {making.label(making.now)}"
        making.numbers.traced(result, key, label, making.label(making.now))
        tiles.append(Tile(name, key, better=better))
        results.append(result)
    return tuple(tiles), results
