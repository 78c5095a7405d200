"""Recharge: subscriptions of shops, as its API and warehouses give them."""

from __future__ import annotations

import pandas as pd

from saasmetrics.importers.fields import amounts, causes, moments, renamed, words
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.importers.terms import services

_UNITS = {f"{unit}{s}": unit for unit in ("day", "week", "month") for s in ("", "s")}
_FAILED = ("max_number_of_charge_attempts_reached", "payment_failed")
_STATUSES = ("active", "cancelled", "expired", "")

_FIELDS = {
    "id": ("subscription_id", "id"),
    "customer_id": ("customer_id",),
    "updated": ("updated_at",),
    "created": ("created_at",),
    "canceled": ("cancelled_at",),
    "price": ("price",),
    "quantity": ("quantity",),
    "status": ("status",),
    "reason": ("cancellation_reason",),
    "product": ("product_title",),
    "plan": ("variant_title",),
    "unit": ("order_interval_unit",),
    "every": ("order_interval_frequency",),
    "charged": ("charge_interval_frequency",),
}
_NEEDS = ("id", "customer_id", "created", "price", "unit", "every")

LAYOUTS = (
    Layout("history", _FIELDS, _NEEDS, ("subscription_id",)),
    Layout("subscriptions", _FIELDS, _NEEDS, ("order_interval_unit",)),
    Layout(
        "customers",
        {
            "id": ("id",),
            "first": ("first_name", "billing_first_name"),
            "last": ("last_name", "billing_last_name"),
            "email": ("email",),
            "created": ("created_at",),
        },
        ("id", "email", "created"),
        ("subscriptions_active_count", "first_charge_processed_at"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions, one row per stretch at one price where the history is there, and customers."""
    kind = "history" if "history" in files else "subscriptions"
    made = {"subscriptions": _subscriptions(files, kind)}
    if "customers" in files:
        made["customers"] = _customers(files.frame("customers"))
    return made


def _subscriptions(files: Parts, kind: str) -> pd.DataFrame:
    rows = files.frame(kind)
    rows = files.known(kind, "status", _STATUSES, rows)
    every = amounts(rows["every"])
    charged = amounts(rows["charged"]).fillna(every)
    rows = files.keep(kind, (every > 0) & (charged > 0), "without an interval", rows)
    every, charged = every[rows.index], charged[rows.index]
    rows = rows.assign(
        # A prepaid subscription is charged for several orders at once.
        amount=amounts(rows["price"]) * amounts(rows["quantity"]).fillna(1) * charged / every,
        interval=renamed(rows["unit"], _UNITS, "interval"),
        interval_count=charged.astype(int),
        quantity=amounts(rows["quantity"]).fillna(1),
        changed=moments(rows["updated"]),
        begun=moments(rows["created"]),
        asked=moments(rows["canceled"]),
    )
    status = words(rows["status"])
    rows = rows.assign(
        changed=rows["changed"].fillna(rows["begun"]),
        served=(status == "active") | ((status == "") & rows["asked"].isna()),
        leaves=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]"),
        gone=rows["asked"],
    )
    same = ["customer_id", "amount", "interval", "interval_count", "product", "plan"]
    terms = services(rows, same)
    lasts = ~(terms["until"] <= terms["from"])
    terms = files.keep(kind, lasts, "that end before they begin", terms)
    failed = words(terms["reason"]).str.contains("|".join(_FAILED))
    return pd.DataFrame(
        {
            "subscription_id": terms["id"],
            "customer_id": terms["customer_id"],
            "start": terms["from"],
            "end": terms["until"],
            "amount": terms["amount"],
            "interval": terms["interval"],
            "interval_count": terms["interval_count"],
            "quantity": terms["quantity"],
            "product": terms["product"],
            "plan": terms["plan"],
            "cancel_requested_at": terms["asked"],
            "churn_cause": causes(failed, terms["asked"].notna() | terms["reason"].notna()),
        }
    )  # fmt: skip


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    name = (rows["first"].fillna("") + " " + rows["last"].fillna("")).str.strip()
    return pd.DataFrame(
        {
            "customer_id": rows["id"],
            "name": name.where(name != "", rows["email"]),
            "email": rows["email"],
            "created_at": moments(rows["created"]),
        }
    )


RECHARGE = Importer(
    "recharge",
    "Recharge",
    "The tables subscription_history (or subscription) and customer of a warehouse that is fed from its API",
    LAYOUTS,
    ("subscriptions", "history"),
    build,
)
