"""Credit notes that nothing but their description calls so, such as a line "Gutschrift" without a type or a period."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from saasmetrics.importers.languages import said
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["called_credits", "charged_credits", "settled_otherwise"]

_SHOWN = 3
_LETTER = r"[^\W\d_]"
_FOR = r"(?:zu|zur|für|for|to|of|pour|sur|para|per|voor|van|de|da|di|nr|no|n|num|number|nummer)"


@cache
def _words() -> str:
    both = [word.replace("_", " ") for word in said()["credit"]]
    return "|".join(re.escape(word) for word in sorted(set(both), key=len, reverse=True))


def called_credits(
    text: pd.Series, net: pd.Series, number: pd.Series, served: pd.Series
) -> pd.Series:
    """Whether a line is of a document below zero without a period that its description calls a credit note.

    Parameters
    ----------
    text, net, number
        Description, amount before tax, and number of the invoice of each line.
    served
        Whether it says which months it is for.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"text": ["Plan", "Gutschrift"], "net": [9.0, -9.0], "number": ["1", "2"]})
    >>> called_credits(lines["text"], lines["net"], lines["number"], lines["net"] > 100).tolist()
    [False, True]
    """
    named = _lower(text).str.contains(rf"(?<!{_LETTER})(?:{_words()})s?(?!{_LETTER})", na=False)
    whole = named.astype(bool).groupby(number).transform("any")
    whole &= ~served.groupby(number).transform("any")
    return whole & (net.groupby(number).transform("sum") < 0)


def charged_credits(label: str, text: pd.Series, net: pd.Series, credit: pd.Series) -> list[str]:
    """Say which lines are charged though their description is that of a credit note.

    Parameters
    ----------
    label
        The file.
    text, net
        Description, and amount before tax, of each line.
    credit
        Whether it is of a credit note.
    """
    only = rf"\W*(?:{_words()})s?(?:[\W\d_]*|\W+{_FOR}\W.*\d.*)"
    charged = _lower(text).str.fullmatch(only, na=False).astype(bool) & (net > 0) & ~credit
    many = int(charged.sum())
    if not many:
        return []
    which = ", ".join(map(repr, text[charged].unique()[:_SHOWN]))
    has, are = agreeing(many, "has", "have"), agreeing(many, "is", "are")
    note = (
        f"{counted(many, 'line')} of {label} {has} a positive amount and {are} charged, though the description is that "
        f"of a credit note ({which}); a column type (credit note, Gutschrift ...) or a minus takes it off"
    )
    return [note]


def settled_otherwise(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Let credit notes that were only called so, and cancel no whole invoice, be what they are by their words.

    Parameters
    ----------
    table
        Lines of invoices, settled; `otherwise` is what a line is if it is no credit note, missing for all others.

    Returns
    -------
    tuple
        The lines without that column, and what they count as in words.
    """
    left = table["otherwise"].notna() & (table["kind"] == "credit") & table["service_start"].isna()
    out = table.assign(kind=table["kind"].where(~left, table["otherwise"]))
    return out.drop(columns="otherwise"), [
        note
        for once, where in (
            (True, "as charged once, which is no MRR"),
            (False, "in the month of the date, which it may leave below zero"),
        )
        for note in _left(out[left & ((out["kind"] == "one_time") == once)], where)
    ]


def _left(lines: pd.DataFrame, where: str) -> list[str]:
    numbers = list(dict.fromkeys(lines["number"]))
    if not numbers:
        return []
    many, shown = len(numbers), ", ".join([*map(str, numbers[:_SHOWN])])
    shown += ", ..." if many > _SHOWN else ""
    names, count = agreeing(many, "names", "name"), agreeing(many, "counts", "count")
    note = (
        f"{counted(many, 'credit note')}, called so by the description alone, {names} neither months nor an invoice "
        f"and {count} {where} ({shown}: {-lines['amount'].sum():,.2f} together); give the months that are given back, "
        "or the number of the invoice in a column of its own"
    )
    return [note]


def _lower(text: pd.Series) -> pd.Series:
    return text.astype("object").str.lower()
