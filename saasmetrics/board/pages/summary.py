"""The first page: the north star, at most six figures beside it, and the conclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.benchmarks import context
from saasmetrics.board.figures import scale_of
from saasmetrics.board.model import Chart, Page, Series, Tile
from saasmetrics.board.notes import footnote
from saasmetrics.board.sentences import against_plan, by_share, causes, reason, who
from saasmetrics.errors import DataError, InvalidTablesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result


def summary(making: Making) -> Page:
    """ARR big, six figures, and what moved ARR over the year."""
    from saasmetrics.metrics import economics, retention

    book, missing = making.book, []
    arr = arr_tile(making)
    tiles, results = [arr], [making.sources["arr"]]
    asked: tuple[tuple[str, Callable[[], Result]], ...] = (
        ("NRR", lambda: retention.nrr(book, freq="Q")),
        ("GRR", lambda: retention.grr(book, freq="Q")),
        ("Logo churn", lambda: retention.logo_churn(book, freq="Q")),
        ("Burn multiple", lambda: economics.burn_multiple(book, freq="Q")),
        ("Rule of 40", lambda: economics.rule_of_40(book, freq="Q")),
    )
    found: dict[str, Result] = {}
    for name, ask in asked:
        try:
            found[name] = ask()
        except InvalidTablesError:
            raise
        except DataError as error:
            missing.append(f"{name}: {error}")
    making.together([*found.values()])
    for name, result in found.items():
        try:
            tiles.append(rate_tile(making, name, result))
            results.append(result)
        except InvalidTablesError:
            raise
        except DataError as error:
            missing.append(f"{name}: {error}")
    try:
        tiles.insert(4, payback_tile(making))
        results.append(making.sources["payback"])
    except InvalidTablesError:
        raise
    except DataError as error:
        missing.append(f"CAC payback: {error}")
    title, comment = _words(making, arr)
    return Page(
        "summary", "Summary", title, arr.value, comment,
        footnote=footnote(making, results), calculation=_calculation(making, arr),
        tiles=tuple(tiles), charts=(arr_chart(making),), missing=tuple(missing),
    )  # fmt: skip


def arr_ids(making: Making) -> list[str]:
    """Return the ids of ARR by quarter: twelve times MRR, or whatever else the policy counts."""
    from saasmetrics.metrics import revenue

    result = making.used(revenue.arr(making.book, freq="Q"))
    values = result.df.set_index("period")["value"]
    found = []
    for quarter in making.compared:
        key, closing = making.at("arr", quarter), making.move("closing", quarter)
        if key not in making.numbers:
            reported, again = float(values[quarter]), making.value(closing) or 0.0
            if abs(reported - again) <= 0.01:
                making.numbers.derived(
                    key, f"ARR, {making.label(quarter)}", "closing", {"closing": closing}
                )
            else:
                part = making.label(quarter)
                making.numbers.traced(result, key, f"ARR, {part}", part, period=quarter)
        found.append(key)
    return found


def arr_tile(making: Making) -> Tile:
    """Return the tile of ARR."""
    ids = dict(zip(making.compared, arr_ids(making), strict=True))
    now = ids[making.now]
    prior = ids.get(making.prior, "") if making.prior is not None else ""
    plan = making.plan("arr", making.now, "money")
    return Tile(
        "ARR", now,
        delta_plan=making.apart(now, plan, "plan"),
        delta_prior=making.apart(now, prior, "prior_year"),
        trend=tuple(ids[q] for q in making.quarters),
    )  # fmt: skip


def rate_tile(making: Making, name: str, result: Result, key: str = "") -> Tile:
    """Return the tile of a metric that has a value in every quarter."""
    metric = result.metric
    now = making.rate(result, making.now, key)
    prior = making.rate(result, making.prior, key) if making.prior is not None else ""
    plan = making.plan(metric.id, making.now, metric.unit)
    return Tile(
        name, now,
        delta_plan=making.apart(now, plan, "plan"),
        delta_prior=making.apart(now, prior, "prior_year"),
        trend=tuple(making.rate(result, quarter, key) for quarter in making.quarters),
        better=metric.better,
        low=making.edge(result, making.now, "low", key), high=making.edge(result, making.now, "high", key),
        context=context(making, metric.id),
    )  # fmt: skip


def payback_tile(making: Making) -> Tile:
    """Return the tile of CAC payback, with that of a year before where it can be computed."""
    now = verdict_id(making, "payback")
    plan = making.plan("payback", making.now, "months")
    low, high = (f"payback.{end}" for end in ("low", "high"))
    return Tile(
        "CAC payback", now,
        delta_plan=making.apart(now, plan, "plan"), better="lower",
        low=low if low in making.numbers else "", high=high if high in making.numbers else "",
        context=context(making, "payback"),
    )  # fmt: skip


def verdict_id(making: Making, metric: str) -> str:
    """Return the id of LTV:CAC or CAC payback at the end of the quarter."""
    from saasmetrics.metrics import economics

    if metric in making.numbers:
        return metric
    result = making.used(getattr(economics, metric)(making.closed, margin=making.settings.margin))
    label = f"{result.metric.abbr or result.metric.name}, {making.label(making.now)}"
    if not len(result.df):
        return making.numbers.given(metric, label, None, result.metric.unit, "", "no value yet")
    row: Any = result.df.iloc[0]
    for end in ("low", "high"):
        value = row.get(end)
        if value is not None and value == value and abs(value) != float("inf"):
            making.numbers.given(
                f"{metric}.{end}", f"{label}, {end}", value, result.metric.unit, "from resampling"
            )
    return making.numbers.traced(result, metric, label, making.label(making.now))


def arr_chart(making: Making) -> Chart:
    """Return ARR of nine quarters beside the year before and plan."""
    ids = dict(zip(making.compared, arr_ids(making), strict=True))
    shown = making.quarters
    befores = [making.year_before(q) for q in shown]
    series = []
    if any(befores):
        series.append(
            Series("Year before", tuple(ids[q] if q is not None else "" for q in befores), "prior")
        )
    series.append(Series("ARR", tuple(ids[q] for q in shown), "actual"))
    plans = tuple(making.plan("arr", q, "money") for q in shown)
    if any(plans):
        series.append(Series("Plan", plans, "plan"))
    values = [making.value(cell) for each in series for cell in each.cells]
    when = f"{making.label(shown[0])} to {making.label(shown[-1])}"
    return Chart(
        "arr", "columns", making.settings.company or "Company", "ARR at the end of the quarter", when, "money",
        tuple(making.label(q) for q in shown), tuple(series), scale_of(values),
    )  # fmt: skip


def _words(making: Making, tile: Tile) -> tuple[str, str]:
    from saasmetrics.metrics import retention

    bits = [by_share(making.value(tile.delta_prior))]
    title = f"ARR is {making.say(tile.value)}"
    if tile.delta_prior:
        title += f" ({bits[0]} in a year)"
    if plan := against_plan(making.value(tile.delta_plan)):
        title += f", {plan}"
    if making.prior is None:
        return f"{title} at the end of {making.label(making.now)}", ""
    try:
        why = making.used(
            retention.drivers(making.book, "arr", making.prior.date(), making.now.date(), freq="Q")
        )
    except InvalidTablesError:
        raise
    except DataError as error:
        return title, str(error)
    main = reason(why)
    names = {str(c): making.name_of(c) for c in why.extra["top"]["customer_id"]}
    told = f"{causes(why, making.currency)} {who(why, names, making.currency)}".strip()
    comment = f"Since {making.label(making.prior)}: {told}" if told else "Nothing moved in a year."
    return (f"{title}; {main} did most" if main else title), comment


def _calculation(making: Making, tile: Tile) -> str:
    text = (
        f"ARR, {making.label(making.now)}: opening + all movements of the quarter, customer by customer; "
        "the workbook has every step on its sheet ARR bridge and every customer in its table Movements."
    )
    lines = [text]
    if tile.delta_plan:
        lines.append("Against plan: ARR / plan - 1.")
    if tile.delta_prior:
        lines.append("Against the year before: ARR / ARR four quarters before - 1.")
    return " ".join(lines)
