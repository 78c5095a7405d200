"""Groups of tickets: columns of the table, of its customers, and of the people who answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.groups import RESERVED, Groups, encoded
from saasmetrics.engine.tally import distinct
from saasmetrics.errors import UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.tickets import Tickets
    from saasmetrics.tables import Table

LINKS = {"customers": ("customer_id", "customer_id"), "people": ("agent_id", "person_id")}
"""Column of tickets, and of the table that it names a row of."""
OF_RESULTS = frozenset(
    {"adjusted", "after", "answered", "arr", "available", "available_hours", "backlog"}
    | {"band", "before", "breach_minutes", "breached", "change", "contact_share", "contacting"}
    | {"cost_per_ticket", "opened", "csat", "csat_high", "csat_low", "csat_n", "expected"}
    | {"first_reply", "first_reply_hours", "fit", "funnel", "funnel_high", "funnel_low", "gone_on"}
    | {
        "gross_retention",
        "group",
        "handle",
        "handle_hours",
        "handle_share",
        "handling",
        "handling_hours",
    }
    | {"handling_share", "heads", "immature", "longest", "longest_wait", "matured", "mean"}
    | {"met", "method", "n_with", "n_without", "note", "occupancy", "one_touch", "online"}
    | {
        "online_hours",
        "online_share",
        "p95",
        "paid",
        "paid_hours",
        "per_contacting",
        "proactive_share",
    }
    | {"rank", "rated", "relative", "reopen_n", "reopen_rate", "reopened", "residual_adjusted"}
    | {"resolution", "resolution_hours", "resolved", "satisfaction", "satisfied", "score"}
    | {"shrunk", "slope_before", "slope_change", "slope_high", "slope_low", "solved", "threshold"}
    | {"ticket_users", "tickets", "touched", "touches", "touches_per_ticket", "unknown", "urgent"}
    | {"waiting", "weighted", "with_macro", "without_macro", "worked"}
)  # columns of the results of support that are no columns of tickets


def columns_for(tables: Mapping[str, Table]) -> dict[str, tuple[str, str]]:
    """Return the names that `by=` takes, each with its table and column; tickets come before customers and people."""
    known: dict[str, tuple[str, str]] = {}
    for table in ("people", "customers", "tickets"):
        if table in tables and (
            table != "people" or "agent_id" in tables["tickets"].data.column_names
        ):
            for column in tables[table].data.column_names:
                known[f"{table}.{column}"] = known[column] = (table, column)
    return known


def grouped(
    by: Sequence[str], columns: Sequence[tuple[list[Any], NDArray[np.int32]]], many: int
) -> Groups:
    """Return the groups of so many tickets, or cells of them, by columns of which labels and codes are known."""
    if not by:
        return Groups((), ((),), of_entity=np.zeros(many, np.int32))
    sizes = [len(labels) for labels, _ in columns]
    code = np.ravel_multi_index([codes for _, codes in columns], sizes)
    used, of_ticket = distinct(np.asarray(code), math.prod(sizes))
    cells = np.unravel_index(used, sizes)
    named = [[labels[i] for i in cell] for (labels, _), cell in zip(columns, cells, strict=True)]
    return Groups(tuple(by), tuple(zip(*named, strict=True)), of_entity=of_ticket)


def column(
    name: str, tickets: Tickets, tables: Mapping[str, Table]
) -> tuple[list[Any], NDArray[np.int32]]:
    """Return the labels of a column, and the label of each ticket.

    Raises
    ------
    UnknownNameError
        If there is no such column, or results have a column of that name.
    """
    table, own = known_column(name, tables)
    if table == "tickets":
        return encoded(tickets.column(own))
    key, theirs = LINKS[table]
    ids = tickets.column(key)
    keys = flat(tables[table].data[theirs])
    if pa.types.is_integer(ids.type) != pa.types.is_integer(keys.type):
        ids, keys = ids.cast(pa.string()), keys.cast(pa.string())
    at = pc.index_in(ids, value_set=keys.cast(ids.type))
    return encoded(pc.take(flat(tables[table].data[own]), flat(at)))


def known_column(name: str, tables: Mapping[str, Table]) -> tuple[str, str]:
    """Return the table and the column that a name stands for.

    Raises
    ------
    UnknownNameError
        If there is no such column, or results have a column of that name.
    """
    known = columns_for(tables)
    if name not in known:
        short = sorted(n for n in known if "." not in n)
        msg = f"Tickets cannot be grouped by {name!r}; there are {', '.join(short)}."
        raise UnknownNameError(msg + hint(name, short))
    table, own = known[name]
    if name in RESERVED | OF_RESULTS:
        msg = f"Results have a column {name!r} of their own; to group by that of {table}, write '{table}.{name}'."
        raise UnknownNameError(msg)
    return table, own
