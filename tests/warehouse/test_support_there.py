"""Tickets, work and usage are added up alike in PostgreSQL, in DuckDB reached through Ibis, in Spark, and in Polars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import saasmetrics as sm
from saasmetrics.engine.connected import Link
from saasmetrics.engine.connected.activities import minutes_by_month, rows_by_period
from saasmetrics.engine.connected.day_rows import added_by_day
from saasmetrics.engine.connected.rows import Rows
from saasmetrics.engine.connected.usage import usage_by_day
from saasmetrics.engine.facets import Facets, Longer, Marked, Switched
from saasmetrics.engine.moments import offsets_of
from saasmetrics.engine.portable.expiring import in_force_cells
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.instants import offsets_between
from saasmetrics.engine.portable.requests import kept, request_sums, slot_sums, work_cells
from saasmetrics.engine.portable.ticket_facets import facet_cells, first_of
from saasmetrics.engine.portable.ticket_marks import mark_cells
from saasmetrics.engine.portable.ticket_tanks import limit_cells, tank_cells
from saasmetrics.engine.portable.tickets import Clock, first_moment, ticket_cells
from saasmetrics.engine.portable.whole import FAR
from saasmetrics.periods import Calendar, day_number
from tests.engine.natives import native
from tests.warehouse.postgres import ANALYST, Postgres
from tests.warehouse.test_engines_agree import in_duckdb, in_postgres

Frames = Mapping[str, Any]
DAYS = (day_number("2026-02-03"), day_number("2026-09-20"))
BERLIN = "Europe/Berlin"
NIGHTS = [(day * 1440 + 1320, day * 1440 + 1830) for day in (1, 3, 6)]
HOURS = sm.support.WorkingHours(BERLIN, weekly=[*NIGHTS, (540, 720)], holidays=["2026-05-04"])


def cells(frames: Frames) -> Any:
    now = (DAYS[1] + 1) * 86_400
    first = first_moment(frames["tickets"], now)
    clock = Clock(Calendar("W"), now, DAYS[0], offsets_between(*offsets_of(BERLIN), first, now))
    return fetched(ticket_cells(frames, [("tickets", "tag"), ("people", "team")], clock))


def alike(frames: Frames) -> Any:
    asked = Facets(
        at=("first_resolution", "resolution"),
        months=("created",),
        over=("first_reply",),
        took=("first_reply",),
        old=(7,),
        after=(86_399,),
        backwards=True,
        raw=("reopens",),
        work=True,
        switched=Switched("tag", 900_000, ("chat", "email", "phone")),
    )
    columns = [("tickets", "channel"), ("customers", "segment"), ("people", "team")]
    return told(frames, columns, asked)


def together(frames: Frames) -> Any:
    asked = Facets(took=("resolution",), over=("resolution",), together=True)
    return told(frames, [("tickets", "priority")], asked)


def squared(frames: Frames) -> Any:
    both = {"together": True, "squares": True, "work": True}
    asked = Facets(took=("resolution",), over=("resolution",), **both)
    return told(frames, [("tickets", "priority")], asked)


def told(frames: Frames, columns: list[tuple[str, str]], asked: Facets) -> Any:
    now = (DAYS[1] + 1) * 86_400
    first = first_of(frames["tickets"], ("created", *asked.moments), now)
    clock = Clock(Calendar("W"), now, DAYS[0], offsets_between(*offsets_of(BERLIN), first, now))
    return fetched(facet_cells(frames, columns, asked, clock))


def promised(frames: Frames) -> Any:
    limits = ("sla_target_seconds", 3_600)
    asked = Facets(took=("first_reply",), over=("first_reply",), together=True, limits=limits)
    return told(frames, [("people", "team")], asked)


def marked(frames: Frames) -> Any:
    now = (DAYS[1] + 1) * 86_400
    first = first_of(frames["tickets"], ("created", "first_resolution"), now)
    clock = Clock(Calendar("M"), now, DAYS[0], offsets_between(*offsets_of(BERLIN), first, now))
    reply = Marked("first_reply", shares=(0.5, 0.9), edges=(0.5, 0.95))
    solved = Marked("resolution", "first_resolution", (0.5, 0.9), (0.9, 0.9999), backwards=True)
    both = [
        fetched(mark_cells(frames, [("tickets", "channel")], each, clock))
        for each in (reply, solved, Marked("work", shares=(0.5, 0.9), edges=(0.5, 0.8)))
    ]
    kinds = {name: pa.int64() for name in both[0].column_names} | {"_by0": pa.string()}
    return pa.concat_tables(
        [pa.table({name: each[name].cast(kind) for name, kind in kinds.items()}) for each in both]
    )


def tanks(frames: Frames) -> Any:
    both = {"together": True, "work": True, "backwards": True, "longer": Longer(0.5, 2)}
    asked = Facets(at=("resolution",), over=("resolution",), took=("resolution",), **both)
    now = (DAYS[1] + 1) * 86_400
    clock = Clock(Calendar("M"), now, DAYS[0])
    return fetched(tank_cells(frames, [("tickets", "channel")], asked, clock))


def limits(frames: Frames) -> Any:
    now = (DAYS[1] + 1) * 86_400
    return fetched(limit_cells(frames, Longer(0.9, 13), Clock(Calendar("W"), now, DAYS[0])))


def worked(frames: Frames) -> Any:
    """How long tickets took in working hours, in all ways that it is told, one after another."""
    now = (DAYS[1] + 1) * 86_400
    first = first_of(frames["tickets"], ("created", "first_resolution", "resolution"), now)
    clock = Clock(Calendar("W"), now, DAYS[0], work=HOURS.by_day(first, now))
    took = Facets(took=("first_reply",), over=("first_reply",), hours=HOURS, young=90_000)
    both = {
        "together": True,
        "work": True,
        "backwards": True,
        "longer": Longer(0.5, 2, hours=HOURS),
    }
    solved = {"took": ("resolution",), "over": ("resolution",), "hours": HOURS}
    marks = Marked("first_reply", shares=(0.5, 0.9), edges=(0.5, 0.95), hours=HOURS)
    by = [("tickets", "channel")]
    made = (
        facet_cells(frames, by, took, clock),
        facet_cells(frames, by, Facets(**solved, together=True, squares=True), clock),
        facet_cells(frames, by, Facets(**solved, within=90_000), clock),
        tank_cells(frames, by, Facets(at=("resolution",), **solved, **both), clock),
        mark_cells(frames, by, marks, clock),
        limit_cells(frames, Longer(0.9, 13, hours=HOURS), clock),
    )
    told = [(at, row) for at, each in enumerate(made) for row in rows(fetched(each))]
    return pa.table({"which": [at for at, _ in told], "row": [plain(row) for _, row in told]})


def plain(row: tuple[Any, ...]) -> str:
    """Return a row in words that do not tell whole numbers of different kinds apart."""
    return repr([float(v) if isinstance(v, (int, float)) else v for v in row])


def touched(frames: Frames) -> Any:
    done = Rows("activities", frames["activities"], Link(2**30))
    return rows_by_period(done, "at", ("kind", "csm_id"), Calendar("Q"), DAYS[1], BERLIN)


def by_month(frames: Frames) -> Any:
    asked = Rows("tickets", frames["tickets"], Link(2**30))
    by = ("customer_id", "created_at", "channel")
    return added_by_day(asked, "created_at", by, {"channel": "chat"}, "touches", months=True)


def slots(frames: Frames) -> Any:
    return fetched(slot_sums(kept(frames["tickets"], DAYS, {"channel": "chat"})))


def requests(frames: Frames) -> Any:
    some = kept(frames["tickets"], DAYS, {"channel": "chat"})
    return fetched(request_sums(some, ["customer_id"], months=True))


def work(frames: Frames) -> Any:
    return fetched(work_cells(frames, [("customers", "segment"), ("tickets", "tier")], DAYS))


def use(frames: Frames) -> Any:
    return usage_by_day(Rows("usage", frames["usage"], Link(2**30)), recorded=False)


def use_since(frames: Frames) -> Any:
    return usage_by_day(Rows("usage", frames["usage"], Link(2**30)), recorded=False, since=DAYS[0])


def use_recorded(frames: Frames) -> Any:
    late = frames["usage"].with_columns(recorded_at=nw.col("date"))
    return usage_by_day(Rows("usage", late, Link(2**30)), recorded=True, since=DAYS[0])


def first_use(frames: Frames) -> Any:
    return usage_by_day(Rows("usage", frames["usage"], Link(2**30)), recorded=False, since=FAR)


def in_force(frames: Frames) -> Any:
    asked = (frames, ("segment",), Calendar("M"), DAYS[1], "USD")
    values, customers = (fetched(cells) for cells in in_force_cells(*asked))
    # Sums of floats, which hang on their order in the last place.
    worth = pc.cast(pc.round(pc.multiply(values["value"], 100.0)), pa.int64())
    both = [values.drop_columns(["value"]).append_column("n", worth)]
    both.append(customers.rename_columns({"customers": "n"}))
    kinds = {"_by0": pa.string(), "_first": pa.int64(), "_last": pa.int64(), "n": pa.int64()}
    plain = [
        pa.table({name: each[name].cast(kind) for name, kind in kinds.items()}) for each in both
    ]
    return pa.concat_tables(plain)


def touches(frames: Frames) -> Any:
    return minutes_by_month(Rows("activities", frames["activities"], Link(2**30)), DAYS[1])


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    used = ("tickets", "people", "customers", "usage", "activities", "contracts", "fx")
    found = {name: table.data for name, table in sm.demo(customers=8, seed=5).tables.items()}
    return {name: found[name] for name in used}


def rows(found: pa.Table) -> list[tuple[Any, ...]]:
    """Return the rows in an order of their own, with the columns in that of their names."""
    names = sorted(found.column_names)
    return sorted((tuple(row[n] for n in names) for row in found.to_pylist()), key=repr)


def agree(tables: Mapping[str, pa.Table], there: Mapping[str, Any]) -> None:
    frames = {name: nw.from_native(table).lazy() for name, table in there.items()}
    here = {n: nw.from_native(native(data, "polars")).lazy() for n, data in tables.items()}
    asks: list[Callable[[Frames], Any]] = [cells, requests, work, use, touches]
    asks += [alike, together, squared, promised, marked, tanks, limits, touched, by_month, slots]
    asks += [use_since, use_recorded, first_use, in_force, worked]
    for ask in asks:
        wanted = rows(ask(here))
        assert len(wanted) > 5
        assert rows(ask(frames)) == wanted, ask.__name__


def test_postgres_adds_up_tickets_and_usage_alike(
    postgres: Postgres, tables: dict[str, pa.Table]
) -> None:
    with in_postgres(postgres, ANALYST, tables) as there:
        agree(tables, there)


@pytest.mark.cluster
def test_duckdb_reached_through_ibis_adds_up_tickets_and_usage_alike(
    tables: dict[str, pa.Table],
) -> None:
    with in_duckdb(tables) as there:
        agree(tables, there)


@pytest.mark.cluster
def test_spark_adds_up_tickets_and_usage_alike(spark: Any, tables: dict[str, pa.Table]) -> None:
    agree(tables, {name: spark.createDataFrame(data) for name, data in tables.items()})
