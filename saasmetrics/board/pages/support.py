"""Support: how fast, how well, how much, and what it costs; speed never without quality beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text
from saasmetrics.board.notes import footnote
from saasmetrics.board.pages.summary import rate_tile
from saasmetrics.errors import DataError, InvalidTablesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_ISSUES = 5


def support(making: Making) -> Page:
    """First replies beside satisfaction and reopened tickets, what is open, and what comes in most."""
    from saasmetrics.metrics import support as desk
    from saasmetrics.metrics import surveys

    book = making.book
    asked: tuple[tuple[str, str, str, Callable[[], Result]], ...] = (
        ("First reply, median", "reply_p50", "speed", lambda: desk.times(book, freq="Q")),
        (
            "First reply, P90",
            "reply_p90",
            "speed",
            lambda: desk.times(book, freq="Q", statistic="p90"),
        ),
        ("CSAT", "", "quality", lambda: surveys.csat(book, freq="Q")),
        ("Reopened", "", "quality", lambda: desk.reopens(book, freq="Q")),
        ("Backlog", "", "", lambda: desk.backlog(book, freq="Q")),
        ("Contacts per customer", "", "", lambda: desk.load(book, freq="Q")),
        ("Cost to serve", "", "", lambda: desk.cost_to_serve(book, by=None)),
    )
    tiles, results, missing = [], {}, []
    for name, key, role, ask in asked:
        try:
            result = ask()
            tiles.append(replace(rate_tile(making, name, result, key), role=role))
            results[name] = result
        except InvalidTablesError:
            raise
        except DataError as error:
            missing.append(f"{name}: {error}")
    if "First reply, median" not in results:
        raise DataError(missing[0])
    if not any(tile.role == "quality" for tile in tiles):
        # Speed alone invites fast answers that help nobody.
        tiles = [tile for tile in tiles if tile.role != "speed"]
    reply = making.at("reply_p50", making.now)
    title = f"Half of the tickets have a first reply in {making.say(reply)} in {making.label(making.now)}"
    satisfied = making.rate(results["CSAT"], making.now) if "CSAT" in results else ""
    if making.value(satisfied) is not None:
        title += f"; {making.say(satisfied)} are satisfied"
    return Page(
        "support", "Support", title, reply, "",
        footnote=footnote(making, list(results.values())),
        calculation="Times are those of tickets opened in the quarter; those not yet answered count as open.",
        tiles=tuple(tiles), charts=tuple(_charts(making, results)), tables=_tables(making), missing=tuple(missing),
    )  # fmt: skip


def _charts(making: Making, results: dict[str, Result]) -> list[Chart]:
    quarters = making.quarters
    labels = tuple(making.label(quarter) for quarter in quarters)
    when, who = f"{labels[0]} to {labels[-1]}", making.settings.company or "Company"
    found = []
    if "First reply, P90" in results:
        cells = tuple(making.rate(results["First reply, P90"], q, "reply_p90") for q in quarters)
        what, unit = "First reply, nine of ten tickets", results["First reply, P90"].metric.unit
        series = (Series("P90", cells, "actual"),)
        found.append(Chart("reply_p90", "columns", who, what, when, unit, labels, series))
    if "CSAT" in results:
        csat = results["CSAT"]
        ends = [tuple(making.edge(csat, q, end) for q in quarters) for end in ("low", "high")]
        cells = tuple(making.rate(csat, q) for q in quarters)
        series = (Series("CSAT", cells, "actual", ends[0], ends[1]),)
        found.append(
            Chart("csat", "lines", who, "Customers satisfied", when, "ratio", labels, series)
        )
    return found


def _tables(making: Making) -> tuple[Table, ...]:
    from saasmetrics.metrics import support as desk

    try:
        promises = making.used(desk.sla(making.book, freq="Q"))
    except InvalidTablesError:
        raise
    except DataError:
        return ()  # no target of a reply is known; the figures above stand without it
    now = promises.df[promises.df["period"] == making.now]
    order = {name: at for at, name in enumerate(("urgent", "high", "normal", "low"))}
    names = sorted(
        now["priority"].dropna().astype(str), key=lambda name: (order.get(name, 9), name)
    )
    rows = []
    for name in names[: _ISSUES + 2]:
        key = making.rate(promises, making.now, priority=name)
        ends = [
            making.value(making.edge(promises, making.now, end, priority=name))
            for end in ("low", "high")
        ]
        known = ends[0] is not None and ends[1] is not None
        spread = f"{(ends[0] or 0) * 100:.0f}–{(ends[1] or 0) * 100:.0f}%" if known else "–"
        rows.append(Row(name, (key, Text(spread))))
    title = f"Replies within their promise, {making.label(making.now)}"
    return (Table("sla", title, ("Kept", "95% interval"), tuple(rows)),) if rows else ()
