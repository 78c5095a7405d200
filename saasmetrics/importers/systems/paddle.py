"""Paddle Billing: the entities of its API as warehouses hold them, and the reports of its dashboard."""

from __future__ import annotations

import numpy as np
import pandas as pd

from saasmetrics.importers.discounts import discounted
from saasmetrics.importers.fields import amounts, flags, from_minor, moments, renamed, whole, words
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.importers.systems.paddle_lines import LINES, invoices, taxed
from saasmetrics.money import counted

_STATUSES = ("active", "trialing", "past_due", "paused", "canceled")
_UNITS = {unit: unit for unit in ("day", "week", "month", "year")}

LAYOUTS = (
    Layout(
        "subscriptions",
        {
            "id": ("id",),
            "customer_id": ("customer_id",),
            "status": ("status",),
            "currency": ("currency_code",),
            "started": ("started_at", "created_at"),
            "first_billed": ("first_billed_at",),
            "next_billed": ("next_billed_at",),
            "paused": ("paused_at",),
            "canceled": ("canceled_at",),
            "change": ("scheduled_change_action",),
            "change_at": ("scheduled_change_effective_at",),
            "resume_at": ("scheduled_change_resume_at",),
            "discount": ("discount_id",),
            "discount_start": ("discount_starts_at",),
            "discount_end": ("discount_ends_at",),
            "environment": ("environment", "paddle_environment"),
        },
        ("id", "customer_id", "status", "started", "canceled"),
        ("first_billed_at", "next_billed_at", "scheduled_change_action"),
    ),
    Layout(
        "subscription_items",
        {
            "subscription": ("subscription_id",),
            "price": ("price_id",),
            "quantity": ("quantity",),
            "status": ("status",),
            "recurring": ("recurring",),
            "trial_end": ("trial_dates_ends_at", "trial_ends_at"),
        },
        ("subscription", "price", "quantity"),
        ("previously_billed_at", "next_billed_at", "trial_dates_ends_at", "recurring"),
    ),
    Layout(
        "prices",
        {
            "id": ("id",),
            "amount": ("unit_price_amount",),
            "currency": ("unit_price_currency_code",),
            "unit": ("billing_cycle_interval",),
            "every": ("billing_cycle_frequency",),
            "tax": ("tax_mode",),
            "product": ("product_id",),
            "name": ("name", "description"),
        },
        ("id", "amount", "currency", "unit"),
        ("unit_price_amount",),
    ),
    Layout(
        "products",
        {"id": ("id",), "name": ("name",)},
        ("id", "name"),
        ("tax_category",),
    ),
    Layout(
        "discounts",
        {
            "id": ("id",),
            "type": ("type",),
            "amount": ("amount",),
            "currency": ("currency_code",),
            "recur": ("recur",),
        },
        ("id", "type", "amount", "recur"),
        ("maximum_recurring_intervals", "enabled_for_checkout", "usage_limit"),
    ),
    Layout(
        "customers",
        {
            "id": ("id",),
            "name": ("name",),
            "email": ("email",),
            "created": ("created_at",),
        },
        ("id", "email", "created"),
        ("marketing_consent",),
    ),
    *LINES,
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions, one row per item, the lines of transactions as invoices, and customers."""
    made = {}
    if "subscriptions" in files:
        made["subscriptions"] = _subscriptions(files)
    if "transaction_items" in files:
        made["invoices"] = invoices(files)
    if "customers" in files:
        rows = files.frame("customers")
        made["customers"] = pd.DataFrame(
            {
                "customer_id": rows["id"],
                "name": rows["name"].fillna(rows["email"]),
                "email": rows["email"],
                "created_at": moments(rows["created"]),
            }
        )
    return made


def _subscriptions(files: Parts) -> pd.DataFrame:
    rows = files.frame("subscriptions")
    rows = files.keep(
        "subscriptions", words(rows["environment"]) != "sandbox", "of the sandbox", rows
    )
    rows = _known(files, rows)
    files.refuse_twice("subscriptions", rows)
    lines = _items(files, rows)
    table = _dated(files, lines)
    if "discounts" in files and len(table):
        table, notes = discounted(table, _discounts(files, rows, table))
        files.notes += notes
    elif rows["discount"].notna().any():
        many = counted(int(rows["discount"].notna().sum()), "subscription")
        files.notes.append(
            f"{many} of Paddle with a discount count in full: the discounts are in no file"
        )
    return table.drop(columns=["subscription", "price"])


def _known(files: Parts, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of which it is known whether and until when they pay."""
    rows = files.known("subscriptions", "status", _STATUSES, rows)
    for status, name, why in (
        ("canceled", "canceled", "that are canceled without a date"),
        ("paused", "paused", "that are paused, since when is not in the export"),
        ("trialing", "next_billed", "in a trial whose end is not in the export"),
    ):
        lost = (words(rows["status"]) == status) & rows[name].isna()
        rows = files.keep("subscriptions", ~lost, why, rows)
    return rows


def _items(files: Parts, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the recurring items of subscriptions with their prices."""
    items = files.frame("subscription_items")
    items = files.keep("subscription_items", ~items.duplicated(), "that are there twice", items)
    there = items["subscription"].isin(files.frame("subscriptions")["id"])
    items = files.keep(
        "subscription_items", there, "of subscriptions that are not in the export", items
    )
    active = words(items["status"]) != "inactive"
    items = files.keep("subscription_items", active, "that are not active any more", items)
    once = ~flags(items["recurring"], missing=True)
    items = files.keep("subscription_items", ~once, "charged once", items)
    prices = files.frame("prices")
    files.refuse_twice("prices", prices)
    priced = items["price"].isin(prices["id"])
    items = files.keep("subscription_items", priced, "whose price is in no file", items)
    cycle = items["price"].map(prices.set_index("id")["unit"]).notna()
    items = files.keep("subscription_items", cycle, "charged once", items)
    price = prices.set_index("id").loc[items["price"]].set_index(items.index)
    names = _products(files)
    items = items.assign(
        unit=from_minor(price["amount"], price["currency"]),
        currency=price["currency"].str.upper(),
        interval=renamed(price["unit"], _UNITS, "billing cycle"),
        interval_count=whole(price["every"]),
        product=price["product"].map(names).astype("object").fillna(price["product"]),
        plan=price["name"].fillna(items["price"]),
        tax=price["tax"],
        quantity=amounts(items["quantity"]).fillna(1),
        trial=moments(items["trial_end"]),
    )
    rows = rows.drop(columns="currency").rename(columns={"id": "subscription", "status": "state"})
    joined = items.merge(rows, on="subscription").reset_index(drop=True)
    has = rows["subscription"].isin(joined["subscription"])
    files.keep(
        "subscriptions", has, "without recurring items", rows.rename(columns={"subscription": "id"})
    )
    return joined


def _products(files: Parts) -> dict[str, str]:
    if "products" not in files:
        return {}
    rows = files.frame("products")
    return dict(zip(rows["id"], rows["name"], strict=True))


def _dated(files: Parts, lines: pd.DataFrame) -> pd.DataFrame:
    """Return items as rows of the table subscriptions; changes that are scheduled are known to come."""
    state, change = words(lines["state"]), words(lines["change"])
    change_at, start = moments(lines["change_at"]), moments(lines["started"])
    canceled = moments(lines["canceled"]).where(state == "canceled")
    billed = moments(lines["next_billed"]).where(
        state == "trialing", moments(lines["first_billed"])
    )
    trial = lines["trial"].fillna(billed)
    paused = moments(lines["paused"]).where(state == "paused")
    several = lines.groupby("subscription")["price"].transform("size") > 1
    return pd.DataFrame(
        {
            "subscription_id": lines["subscription"].where(
                ~several, lines["subscription"] + "/" + lines["price"]
            ),
            "subscription": lines["subscription"],
            "price": lines["price"],
            "customer_id": lines["customer_id"],
            "start": start,
            "end": canceled.fillna(change_at.where(change == "cancel")),
            "amount": taxed(files, lines) * lines["quantity"],
            "interval": lines["interval"],
            "interval_count": lines["interval_count"],
            "quantity": lines["quantity"],
            "product": lines["product"],
            "plan": lines["plan"],
            "currency": lines["currency"],
            "trial_end": trial.where(trial > start),
            "cancel_requested_at": pd.Series(pd.NaT, index=lines.index, dtype="datetime64[us]"),
            "churn_cause": pd.Series(None, index=lines.index, dtype="object"),
            "pause_start": paused.fillna(change_at.where(change == "pause")),
            "pause_end": change_at.where(change == "resume").fillna(moments(lines["resume_at"])),
            "list_amount": np.nan,
            "discount_end": pd.Series(pd.NaT, index=lines.index, dtype="datetime64[us]"),
        }
    )


def _discounts(files: Parts, rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return one row per discount of a subscription, as `discounted` takes them."""
    known = files.frame("discounts")
    files.refuse_twice("discounts", known)
    rows = rows[rows["discount"].notna()]
    there = rows["discount"].isin(known["id"])
    if lost := int((~there).sum()):
        files.notes.append(
            f"{counted(lost, 'subscription')} with a discount that is in no file count in full"
        )
    rows = rows[there]
    coupon = known.set_index("id").loc[rows["discount"]].set_index(rows.index)
    kind = words(coupon["type"])
    seats = rows["id"].map(lines.groupby("subscription")["quantity"].sum())
    flat = from_minor(coupon["amount"], coupon["currency"])
    until = moments(rows["discount_end"])
    return pd.DataFrame(
        {
            "subscription": rows["id"],
            "percent": amounts(coupon["amount"]).where(kind == "percentage", 0.0),
            "off": flat.where(kind != "percentage", 0.0) * seats.where(kind == "flat_per_seat", 1),
            "currency": coupon["currency"].str.upper(),
            "begins": moments(rows["discount_start"]).fillna(moments(rows["started"])),
            "until": until,
            "once": ~flags(coupon["recur"]) & until.isna(),
        }
    )


PADDLE = Importer(
    "paddle",
    "Paddle",
    "Dashboard: Reports > Transaction line items and Adjustment line items, as CSV; or the tables subscription, "
    "subscription_item, price, product, discount and customer of a warehouse that is fed from its API",
    LAYOUTS,
    ("subscriptions", "transaction_items"),
    build,
)
