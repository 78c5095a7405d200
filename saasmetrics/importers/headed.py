"""Lines of invoices of which only the first says whose invoice it is, of which day, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.importers.fields import words

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

_OF_INVOICE = ("customer_id", "customer", "date", "status", "currency")
_TOLD = ("customer_id", "date")  # without which a line is none


def headed(rows: pd.DataFrame, credit: Collection[str]) -> tuple[pd.DataFrame, int]:
    """Give lines what the other lines of their invoice say of all of it, and return how many had no customer or date.

    Parameters
    ----------
    rows
        Lines with their number.
    credit
        Types of documents that are credit notes.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"number": ["1", "1", "2"], "customer_id": ["Ada", None, None]}).reindex(
    ...     columns=["number", *_OF_INVOICE, "type"])
    >>> made, filled = headed(lines, ())
    >>> made["customer_id"].isna().tolist(), filled
    ([False, False, True], 1)
    """
    if not rows["number"].duplicated().any():
        return rows, 0
    out = rows.copy()
    for name in _OF_INVOICE:
        out[name] = _filled(rows[name], rows["number"])
    kind = rows["type"]
    out["type"] = kind.where(
        kind.notna(), _filled(kind.where(words(kind).isin(credit)), rows["number"])
    )
    gained = [rows[name].isna() & out[name].notna() for name in _TOLD]
    return out, int((gained[0] | gained[1]).sum())


def _filled(values: pd.Series, numbers: pd.Series) -> pd.Series:
    """Return values with those that are missing from the lines of the same number, where these have only one."""
    if not values.isna().any() or values.isna().all():
        return values
    of = values.groupby(numbers)
    one = of.transform("nunique") == 1
    return values.where(values.notna() | ~one, of.transform("first"))
