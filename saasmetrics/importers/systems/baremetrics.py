"""Baremetrics: the spreadsheet of plans, customers and subscriptions by which it takes and gives data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, from_minor, moments, renamed, whole
from saasmetrics.importers.layout import Importer, Layout

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_UNITS = {f"{unit}{s}": unit for unit in ("day", "week", "month", "year") for s in ("", "s")}

LAYOUTS = (
    Layout(
        "subscriptions",
        {
            "id": ("subscription_oid",),
            "customer_id": ("customer_oid",),
            "name": ("customer_name",),
            "email": ("customer_email",),
            "plan": ("plan_name", "plan_oid"),
            "amount": ("plan_amount",),
            "currency": ("plan_currency",),
            "interval": ("plan_interval",),
            "interval_count": ("plan_interval_count",),
            "start": ("subscription_started_at",),
            "end": ("subscription_canceled_at",),
            "quantity": ("subscription_quantity",),
        },
        ("id", "customer_id", "amount", "currency", "interval", "start"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions, whose prices are in the smallest unit of the currency, and customers."""
    rows = files.frame("subscriptions")
    quantity = amounts(rows["quantity"]).fillna(1)
    subscriptions = pd.DataFrame(
        {
            "subscription_id": rows["id"],
            "customer_id": rows["customer_id"],
            "start": moments(rows["start"]),
            "end": moments(rows["end"]),
            "amount": from_minor(rows["amount"], rows["currency"]) * quantity,
            "interval": renamed(rows["interval"], _UNITS, "interval"),
            "interval_count": whole(rows["interval_count"]),
            "quantity": quantity,
            "plan": rows["plan"],
            "currency": rows["currency"].str.upper(),
        }
    )
    first = rows.drop_duplicates("customer_id")
    named = {"customer_id": first["customer_id"], "name": first["name"], "email": first["email"]}
    return {"subscriptions": subscriptions, "customers": pd.DataFrame(named)}


BAREMETRICS = Importer(
    "baremetrics",
    "Baremetrics",
    "The spreadsheet of its data import, one row per subscription",
    LAYOUTS,
    ("subscriptions",),
    build,
)
