"""ChartMogul: the export of activities, which are movements of MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, moments
from saasmetrics.importers.layout import Importer, Layout

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
    rows = files.frame("activities")
    line = rows["subscription"].fillna(rows["customer_id"])
    rows = rows.assign(
        line=line, at=moments(rows["at"]).dt.floor("D"), movement=amounts(rows["movement"])
    )
    rows = rows.sort_values(["customer_id", "line", "at"], kind="stable")
    keys = ["customer_id", "line", "at"]
    days = rows.groupby(keys, sort=False).agg(
        movement=("movement", "sum"), plan=("plan", "last"), currency=("currency", "last")
    )
    days = days.reset_index()
    days["level"] = days.groupby(["customer_id", "line"])["movement"].cumsum().round(6)
    below = days["level"] < 0
    days = files.keep("activities", ~below, "that take MRR below 0", days)
    until = days.groupby(["customer_id", "line"])["at"].shift(-1)
    days = days.assign(until=until)
    paid = days[days["level"] > 0]
    first = rows.drop_duplicates("customer_id")
    named = {"customer_id": first["customer_id"], "name": first["name"]}
    table = {
        "subscription_id": paid["line"],
        "customer_id": paid["customer_id"],
        "start": paid["at"],
        "end": paid["until"],
        "amount": paid["level"],
        "interval": "month",
        "plan": paid["plan"],
        "currency": paid["currency"].str.upper(),
    }
    return {"subscriptions": pd.DataFrame(table), "customers": pd.DataFrame(named)}


CHARTMOGUL = Importer(
    "chartmogul",
    "ChartMogul",
    "Settings > Data > Export > Activities, as CSV",
    LAYOUTS,
    ("activities",),
    build,
)
