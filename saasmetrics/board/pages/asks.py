"""The page of words: what the board is asked to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.model import Page, Row, Table, Text
from saasmetrics.errors import DataError
from saasmetrics.money import counted

if TYPE_CHECKING:
    from saasmetrics.board.making import Making

NOBODY = "–"  # where an ask has no owner or date


def asks(making: Making) -> Page:
    """What the board is asked to decide, from the settings."""
    given = making.settings.asks
    if not given:
        msg = "Nothing is asked of the board: the settings have no [[asks]] with text, owner and date."
        raise DataError(msg)
    rows = tuple(
        Row(
            str(number),
            (Text(ask.text), Text(ask.owner or NOBODY), Text(ask.date or NOBODY), Text("")),
        )
        for number, ask in enumerate(given, 1)
    )
    # The last column is left empty: what is decided is written there by hand.
    heads = ("What is asked", "Owner", "By", "Decided")
    table = Table("asks", "Asks and decisions", heads, rows, "text")
    noun = counted(len(given), "decision")
    return Page(
        "asks",
        "Asks",
        f"{noun[:1].upper()}{noun[1:]} {'is' if len(given) == 1 else 'are'} asked of the board",
        tables=(table,),
    )
