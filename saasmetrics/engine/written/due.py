"""What became of contract terms as one query: a row per group and due period, with what was renewed and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.entities import with_group_number
from saasmetrics.engine.portable.renewals import RenewalsThere
from saasmetrics.engine.portable.renewals.cells import HEADS, MEASURES, heads, sums
from saasmetrics.engine.portable.renewals.groups import with_values
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.term_groups import KINDS
from saasmetrics.engine.written.cells import shown
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from saasmetrics.engine.due import Due
    from saasmetrics.engine.portable import PortableEngine
    from saasmetrics.policy import Policy


def due_cells(engine: PortableEngine, policy: Policy, asked: Due) -> Any:
    """Return the sums of the terms that are asked about per group and due period, and their customers.

    Parameters
    ----------
    engine
        The engine of the tables, `contracts` among them.
    policy
        The definition choices, which the engine has.
    asked
        The terms.

    Raises
    ------
    DataError
        If there are no contracts.
    """
    del policy
    contracts = engine.basis.tables.get("contracts")
    if contracts is None:
        msg = "Terms of subscriptions have no SQL; those of a table of contracts have."
        raise DataError(msg)
    desk = RenewalsThere(engine, contracts)
    found = desk.chosen(asked, desk.known(asked.window, asked.as_of))
    names = [f"_by{number}" for number in range(len(asked.by))]
    found, places = with_values(found, desk.own, engine.basis.tables, asked.by)
    for name, column, place in zip(asked.by, names, places, strict=True):
        if place is None:
            found = found.with_columns(_named(name, column))
    found = step(with_group_number(found, asked.by), "due", "the terms that are asked about")
    groups = step(found.select("group", *names).unique(), "groups", "the names of the groups")
    cells = step(sums(found), "sums", "what was due, and what became of it")
    who = step(heads(found), "heads", "customers by the best that became of their terms")
    cells = cells.join(who, on=["group", "period"])
    calendar, measures = engine.calendar(asked.freq), (*MEASURES, *HEADS)
    return shown(cells, groups, calendar, asked.by, {"period": "period"}, measures)


def _named(kind: str, column: str) -> nw.Expr:
    """Return the words for what kind of term each is."""
    out = nw.lit(KINDS[kind][0])
    for number, word in enumerate(KINDS[kind]):
        out = nw.when(nw.col(column) == number).then(nw.lit(word)).otherwise(out)
    return out.alias(column)
