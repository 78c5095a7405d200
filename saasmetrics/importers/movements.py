"""Movements of MRR as rows of subscriptions at one MRR each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts


def from_movements(files: Parts, kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the table subscriptions, each at the sum of the movements up to its first day.

    Parameters
    ----------
    files, kind
        The files of the system, and which of them holds the movements.
    rows
        `customer_id`, `line` (what moves), `at` (moment), `movement` (in currency units), `plan` and `currency`.
    """
    keys = ["customer_id", "line", "at"]
    rows = rows.assign(at=rows["at"].dt.floor("D")).sort_values(keys, kind="stable")
    days = rows.groupby(keys, sort=False).agg(
        movement=("movement", "sum"), plan=("plan", "last"), currency=("currency", "last")
    )
    days = days.reset_index()
    days["level"] = days.groupby(["customer_id", "line"])["movement"].cumsum().round(6)
    below = days["level"] < 0
    if below.any():
        some = ", ".join(days.loc[below, "line"].drop_duplicates().head(3))
        many = int(below.sum())
        files.notes.append(
            f"{counted(many, 'day')} of {files.labels[kind]} {agreeing(many, 'takes', 'take')} MRR below 0 ({some}); "
            "it counts as 0 then"
        )
    until = days.groupby(["customer_id", "line"])["at"].shift(-1)
    days = days.assign(until=until)
    paid = days[days["level"] > 0]
    return pd.DataFrame(
        {
            "subscription_id": paid["line"],
            "customer_id": paid["customer_id"],
            "start": paid["at"],
            "end": paid["until"],
            "amount": paid["level"],
            "interval": "month",
            "plan": paid["plan"],
            "currency": paid["currency"].str.upper(),
        }
    )
