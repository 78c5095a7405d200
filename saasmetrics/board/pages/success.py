"""Customer success and revenue: targets against what came, by pod, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.making import footnote
from saasmetrics.board.model import Page, Row, Table, Text, Tile
from saasmetrics.errors import DataError, InvalidTablesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_HEADS = ("Actual", "Target", "of target")
_SHOWN = 15  # targets of pods; of more, those furthest below


def success(making: Making) -> Page:
    """What was to be reached in the quarter, and what was, for the company and each pod."""
    from saasmetrics import success as asked

    period = making.label(making.now)
    company = making.used(asked.targets(making.book, period=period))
    tables = [_targets(making, company, "company", f"Targets of {making.label(making.now)}")]
    missing = []
    try:
        pods = asked.targets(making.book, by="pod", period=period)
        tables.append(
            _targets(making, pods, "pod", f"Targets of {making.label(making.now)} by pod")
        )
    except InvalidTablesError:
        raise
    except DataError as error:
        missing.append(f"By pod: {error}")
    tiles, results = _tiles(making, missing)
    known = company.df["attainment"].dropna()
    if not len(known):
        why = "".join(f" {note}." for note in company.extra["across"])
        msg = f"There is no target of {period}; add the table targets (metric, period, value).{why}"
        raise DataError(msg)
    met, many = int((known >= 1).sum()), len(known)
    return Page(
        "success", "Customer success and revenue", f"{met} of {many} targets are met in {making.label(making.now)}",
        str(tables[0].rows[0].cells[0]), f"{company.text[:1].upper()}{company.text[1:]}.",
        footnote=footnote([company, *results], ("Attainment compares, and says nothing of causes.",)),
        calculation="Of target: actual / target.", tiles=tiles, tables=tuple(tables), missing=tuple(missing),
    )  # fmt: skip


def _targets(making: Making, result: Result, scope: str, title: str) -> Table:
    rows, numbers, frame = [], making.numbers, result.df
    if scope == "pod" and len(frame) > _SHOWN:
        frame = frame.nsmallest(_SHOWN, "attainment")
        title += f", the {len(frame)} furthest below of {len(result.df):,}"
    for row in frame.to_dict("records"):
        owner = "" if scope == "company" else f"{row['owner']} "
        label = f"{owner}{_name(str(row['metric']))}"
        key = f"target[{scope}][{owner}{row['metric']}]"
        unit = str(row["unit"])
        actual = _actual(making, row, f"{key}.actual", f"{label}, actual", scope)
        goal = numbers.given(
            f"{key}.goal", f"{label}, target", row["target"], unit, "table targets"
        )
        parts = {"actual": actual, "goal": goal}
        share = numbers.derived(
            f"{key}.share", f"{label}, of target", "actual / goal", parts, "ratio"
        )
        rows.append(Row(label, (actual, goal, share)))
    if not rows:
        rows.append(Row("–", (Text("no target"), Text(""), Text(""))))
    return Table(f"targets_{scope}", f"{title}, money in {making.currency}", _HEADS, tuple(rows))


def _actual(making: Making, row: dict[Any, Any], key: str, label: str, scope: str) -> str:
    """Add what came: the same quantity as on the other pages where it is one of them."""
    numbers, same = making.numbers, making.at(str(row["metric"]), making.now)
    found, now = float(row["value"]), making.value(same)
    if scope == "company" and now is not None and abs(now - found) < 1e-6 * max(1.0, abs(found)):
        return numbers.derived(key, label, "now", {"now": same})
    return numbers.given(key, label, row["value"], str(row["unit"]), "targets and what came")


def _name(metric: str) -> str:
    return metric.upper() if len(metric) <= 3 else metric.replace("_", " ")


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
