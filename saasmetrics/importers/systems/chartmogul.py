"""ChartMogul: the export of activities, which are movements of MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.fields import amounts, moments
from saasmetrics.importers.layout import Importer, Layout
from saasmetrics.importers.movements import from_movements

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

LAYOUTS = (
    Layout(
        "activities",
        {
            "id": ("uuid", "activity_uuid"),
            "customer_id": ("customer_external_id", "customer_uuid", "customer_id"),
            "name": ("customer_name", "customer"),
            "subscription": ("subscription_external_id", "subscription_set_external_id"),
            "at": ("date", "activity_date"),
            "movement": ("activity_mrr_movement", "mrr_movement"),
            "currency": ("currency",),
            "plan": ("plan_external_id", "plan_name", "plan"),
        },
        ("customer_id", "at", "movement"),
        ("activity_mrr_movement", "mrr_movement"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions at one MRR each between two movements, and customers.

    The MRR of a subscription is the sum of its movements; they are in currency units.
    """
    rows = _once(files)
    rows = rows.assign(
        line=rows["subscription"].fillna(rows["customer_id"]),
        at=moments(rows["at"]),
        movement=amounts(rows["movement"]),
    )
    first = rows.drop_duplicates("customer_id")
    named = {"customer_id": first["customer_id"], "name": first["name"]}
    table = from_movements(files, "activities", rows)
    return {"subscriptions": table, "customers": pd.DataFrame(named)}


def _once(files: Parts) -> pd.DataFrame:
    """Return the movements that have a date and an amount, each once."""
    rows = files.frame("activities")
    rows = files.keep("activities", rows["at"].notna(), "without a date", rows)
    rows = files.keep("activities", rows["movement"].notna(), "without a movement of MRR", rows)
    again = rows["id"].notna() & rows["id"].duplicated()
    differ = rows[~rows.duplicated() & again]
    if len(differ):
        msg = (
            f"{files.labels['activities']}: the uuid {differ['id'].iloc[0]!r} is there twice with different values. "
            "Leave one out."
        )
        raise DataError(msg)
    return files.keep("activities", ~again, "that are there before with the same uuid", rows)


CHARTMOGUL = Importer(
    "chartmogul",
    "ChartMogul",
    "Settings > Data > Export > Activities, as CSV",
    LAYOUTS,
    ("activities",),
    build,
)
