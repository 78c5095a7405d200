"""Pages that hold words alone: what is asked of the board, and what cannot be shown yet and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.model import Page, Row, Table, Text
from saasmetrics.errors import DataError
from saasmetrics.money import counted

if TYPE_CHECKING:
    from saasmetrics.board.making import Making

_NEEDS = {
    "health": ("Customer health", "usage, tickets and surveys"),
    "success": ("Customer success and revenue", "activities and targets"),
    "support": ("Support", "tickets, people and hours"),
    "capacity": ("Capacity and plan", "people, hours and tickets"),
}


def asks(making: Making) -> Page:
    """What the board is asked to decide, from the settings."""
    given = making.settings.asks
    if not given:
        msg = "Nothing is asked of the board: the settings have no [[asks]] with text, owner and date."
        raise DataError(msg)
    rows = tuple(
        Row(str(number), (Text(ask.text), Text(ask.owner or "–"), Text(ask.date or "–")))
        for number, ask in enumerate(given, 1)
    )
    table = Table("asks", "Asks and decisions", ("What is asked", "Owner", "By"), rows, "text")
    noun = counted(len(given), "decision")
    return Page(
        "asks",
        "Asks",
        f"{noun[:1].upper()}{noun[1:]} {'is' if len(given) == 1 else 'are'} asked of the board",
        tables=(table,),
    )


def place(key: str) -> Page:
    """A page that this version of the library cannot fill: it says so, and shows nothing in its place.

    Examples
    --------
    >>> place("support").missing[0][:37]
    'This version does not compute support'
    """
    name, tables = _NEEDS[key]
    text = (
        f"This version does not compute {name.lower()} for a pack. It will need the tables {tables}. "
        f"Leave {key!r} out of pages = [...] in the settings."
    )
    return Page(key, name, f"{name}: not shown", missing=(text,))
