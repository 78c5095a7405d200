"""Tickets are counted in any library as a loop over them counts them, on the clock of any zone."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.moments import end_of_day, offsets_of
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.instants import offsets_between
from saasmetrics.engine.portable.tickets import Clock, first_moment, ticket_cells
from saasmetrics.periods import Calendar, day_number
from tests.engine.natives import WAYS, native
from tests.properties.profile import quick

EXAMPLES = {"pandas": 4, "polars": 25, "duckdb": 5}
TEAMS = {"ann": "north", "bob": "south"}
TICKETS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.datetimes(*map(dt.datetime.fromisoformat, ("2025-10-20", "2026-04-12"))),
        st.sampled_from(["billing", "bug", None]),
        st.sampled_from(["ann", "bob", "gone", None]),
    ),
    min_size=1,
    max_size=25,
)
ZONES = st.sampled_from(["UTC", "Europe/London", "America/St_Johns", "Pacific/Apia"])
COLUMNS = [("tickets", "tag"), ("people", "team")]
# pandas has no type for a column in which nothing is.
ONE = ("a", dt.datetime.fromisoformat("2026-01-01"), "bug", "ann")
TODAY, SINCE = day_number("2026-04-08"), day_number("2025-11-03")


def by_hand(rows: list, zone: str, calendar: Calendar) -> Counter:
    """Return the tickets of each cell, from the clock of Python's own zones."""
    found: Counter = Counter()
    for customer, moment, tag, agent in rows:
        local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
        day = day_number(local.date())
        period = int(calendar.ordinal(np.array([day]))[0])
        if day <= TODAY:
            found[customer, tag, TEAMS.get(agent), period, int(day >= SINCE)] += 1
    return found


@pytest.mark.parametrize("way", WAYS)
def test_random_tickets_are_counted_as_one_by_one(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(rows=TICKETS, zone=ZONES, freq=st.sampled_from("DWMQ"))
    def agree(rows: list, zone: str, freq: str) -> None:
        rows = [ONE, *rows]
        ids, moments, tags, agents = (list(column) for column in zip(*rows, strict=True))
        text = pa.string()
        tickets = pa.table(
            {
                "customer_id": pa.array(ids, text),
                "created_at": pa.array(moments, pa.timestamp("us")),
                "tag": pa.array(tags, text),
                "agent_id": pa.array(agents, text),
            }
        )
        people = pa.table({"person_id": [*TEAMS], "team": [*TEAMS.values()]})
        tables = {"tickets": tickets, "people": people}
        frames = {n: nw.from_native(native(data, way)).lazy() for n, data in tables.items()}
        calendar, now = Calendar(freq, 2), end_of_day(TODAY, zone)
        first = first_moment(frames["tickets"], now)
        known = offsets_between(*offsets_of(zone), first or 0, now)
        clock = Clock(calendar, now, SINCE, () if zone == "UTC" else known)
        names = ["customer_id", "_by0", "_by1", "period", "since", "n"]
        cells = fetched(ticket_cells(frames, COLUMNS, clock).select(*names)).to_pylist()
        found = {tuple(cell[name] for name in names[:-1]): cell["n"] for cell in cells}
        assert len(found) == len(cells)
        assert found == by_hand(rows, zone, calendar)

    agree()
