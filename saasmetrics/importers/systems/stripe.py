"""Stripe: the tables of its API as warehouses hold them, and the CSV exports of its dashboard."""

from __future__ import annotations

import numpy as np
import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.discounts import coupons_of, discounted
from saasmetrics.importers.fields import amounts, flags, from_minor, moments, renamed, whole, words
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.money import agreeing, counted

_INTERVALS = {
    "day": "day", "daily": "day", "week": "week", "weekly": "week", "month": "month", "monthly": "month",
    "quarter": "quarter", "quarterly": "quarter", "year": "year", "yearly": "year", "annual": "year",
}  # fmt: skip
_NEVER_BEGAN = ("incomplete", "incomplete_expired")
_UNPAID = ("unpaid", "paused")
_STATUSES = ("active", "past_due", "trialing", "canceled", *_UNPAID)
_CAUSES = {
    "payment_failed": "involuntary",
    "payment_disputed": "involuntary",
    "cancellation_requested": "voluntary",
}

_SUBSCRIPTION = {
    "id": ("id",),
    "customer_id": ("customer_id", "customer"),
    "status": ("status",),
    "start": ("start_date", "start", "start_utc", "created", "created_utc"),
    "canceled_at": ("canceled_at", "canceled_at_utc"),
    "ended_at": ("ended_at", "ended_at_utc"),
    "period": ("current_period_start", "current_period_start_utc"),
    "cancel_at": ("cancel_at", "cancel_at_utc"),
    "trial_end": ("trial_end", "trial_end_utc"),
    "reason": ("cancellation_details_reason", "cancellation_reason"),
    "paused": ("pause_collection_behavior",),
    "resumes_at": ("pause_collection_resumes_at",),
    "livemode": ("livemode",),
    "quantity": ("quantity",),
}
_PRICE = {
    "id": ("id",),
    "amount": ("unit_amount_decimal", "unit_amount", "amount_decimal", "amount"),
    "currency": ("currency",),
    "interval": ("recurring_interval", "interval"),
    "interval_count": ("recurring_interval_count", "interval_count"),
    "usage_type": ("recurring_usage_type", "usage_type"),
    "scheme": ("billing_scheme",),
    "type": ("type",),
    "product_id": ("product_id", "product"),
    "nickname": ("nickname",),
}

LAYOUTS = (
    Layout(
        "dashboard_subscriptions",
        {
            **_SUBSCRIPTION,
            "plan": ("plan",),
            "product": ("product", "product_name"),
            "amount": ("amount",),
            "currency": ("currency",),
            "interval": ("interval",),
            "interval_count": ("interval_count",),
            "email": ("customer_email",),
            "name": ("customer_name", "customer_description"),
        },
        ("id", "customer_id", "status", "start", "amount", "interval"),
        ("current_period_start", "current_period_start_utc", "cancel_at_period_end"),
    ),
    Layout(
        "subscriptions",
        _SUBSCRIPTION,
        ("id", "customer_id", "status", "start"),
        ("billing_cycle_anchor", "collection_method", "latest_invoice_id"),
    ),
    Layout(
        "subscription_items",
        {
            "id": ("id",),
            "subscription_id": ("subscription_id", "subscription"),
            "price_id": ("price_id", "price", "plan_id", "plan"),
            "quantity": ("quantity",),
        },
        ("id", "subscription_id", "price_id", "quantity"),
        ("current_period_start", "metadata", "billing_thresholds_usage_gte", "created"),
    ),
    Layout(
        "prices",
        _PRICE,
        ("id", "amount", "currency"),
        ("unit_amount", "unit_amount_decimal", "recurring_interval"),
    ),
    Layout(
        "plans",
        _PRICE,
        ("id", "amount", "currency", "interval", "usage_type"),
        ("trial_period_days", "aggregate_usage"),
    ),
    Layout(
        "products",
        {"id": ("id",), "name": ("name",)},
        ("id", "name"),
        ("statement_descriptor", "unit_label", "caption"),
    ),
    Layout(
        "coupons",
        {
            "id": ("id",),
            "duration": ("duration",),
            "months": ("duration_in_months",),
            "percent_off": ("percent_off",),
            "amount_off": ("amount_off",),
            "currency": ("currency",),
        },
        ("id", "duration", "percent_off", "amount_off"),
        ("duration_in_months", "times_redeemed"),
    ),
    Layout(
        "discounts",
        {
            "id": ("id",),
            "coupon_id": ("coupon_id", "coupon"),
            "subscription_id": ("subscription_id", "subscription"),
            "start": ("start",),
            "end": ("end",),
        },
        ("id", "coupon_id", "subscription_id", "start"),
        ("promotion_code", "checkout_session", "invoice_item_id"),
    ),
    Layout(
        "customers",
        {
            "id": ("id", "customer_id"),
            "name": ("name", "customer_name", "description"),
            "email": ("email", "customer_email"),
            "created": ("created", "created_utc"),
            "country": ("address_country", "card_address_country"),
            "deleted": ("is_deleted",),
            "livemode": ("livemode",),
        },
        ("id", "email", "created"),
        ("delinquent", "invoice_prefix", "default_source_id", "business_vat_id"),
    ),
)  # fmt: skip


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions, one row per item of a subscription, and customers."""
    made = {"subscriptions": _subscriptions(files)}
    if "customers" in files:
        made["customers"] = _customers(files)
    elif "dashboard_subscriptions" in files:
        made["customers"] = _named(files.frame("dashboard_subscriptions"))
    return made


def _subscriptions(files: Parts) -> pd.DataFrame:
    dashboard = "dashboard_subscriptions" in files and "subscription_items" not in files
    kind = "dashboard_subscriptions" if dashboard else "subscriptions"
    rows = files.frame(kind)
    rows = files.keep(kind, flags(rows["livemode"], missing=True), "of test mode", rows)
    begun = ~words(rows["status"]).isin(_NEVER_BEGAN)
    rows = files.keep(kind, begun, "whose first payment never came", rows)
    rows = _known(files, kind, rows)
    lines = _of_dashboard(rows) if dashboard else _of_items(files, rows)
    table = _dated(files, kind, lines)
    if "discounts" in files:
        table, notes = discounted(table, coupons_of(files, table["subscription"]))
        files.notes += notes
    return table.drop(columns="subscription")


def _known(files: Parts, kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of which it is known whether and until when they pay."""
    rows = files.known(kind, "status", _STATUSES, rows)
    status = words(rows["status"])
    trial = (status == "trialing") & rows["trial_end"].isna()
    dates = rows[["ended_at", "cancel_at", "canceled_at"]].notna().any(axis=1)
    lost = (status == "canceled") & ~dates
    rows = files.keep(kind, ~trial, "in a trial whose end is not in the export", rows)
    return files.keep(kind, ~lost[rows.index], "that are canceled without a date", rows)


def _of_dashboard(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which the dashboard states the amount of all seats in currency units."""
    quantity = amounts(rows["quantity"]).fillna(1)
    return rows.assign(
        line=rows["id"],
        subscription=rows["id"],
        unit=amounts(rows["amount"]),
        quantity=quantity,
        interval=renamed(rows["interval"], _INTERVALS, "interval"),
        interval_count=whole(rows["interval_count"]),
        currency=rows["currency"].str.upper(),
    )


def _of_items(files: Parts, rows: pd.DataFrame) -> pd.DataFrame:
    items, prices = files.frame("subscription_items"), _prices(files)
    items = files.keep("subscription_items", ~items.duplicated(), "that are there twice", items)
    files.refuse_twice("subscription_items", items)
    files.refuse_twice("subscriptions", rows)
    there = items["subscription_id"].isin(files.frame("subscriptions")["id"])
    why = "of subscriptions that are not in the export"
    items = files.keep("subscription_items", there, why, items)
    has = rows["id"].isin(items["subscription_id"])
    rows = files.keep("subscriptions", has, "without items, which say what is paid", rows)
    items = items.rename(columns={"id": "item", "subscription_id": "subscription"})
    joined = items.merge(rows.drop(columns="quantity"), left_on="subscription", right_on="id")
    priced = joined["price_id"].isin(prices.index)
    joined = files.keep("subscription_items", priced, "whose price is in no file", joined)
    price = prices.loc[joined["price_id"]].reset_index(drop=True)
    joined = joined.reset_index(drop=True).join(price)
    fixed = joined["why"] == ""
    for why in sorted(set(joined.loc[~fixed, "why"])):
        joined = files.keep("subscription_items", joined["why"] != why, why, joined)
    many = joined.groupby("subscription")["item"].transform("size") > 1
    line = joined["subscription"].where(~many, joined["subscription"] + "/" + joined["item"])
    return joined.assign(line=line, quantity=amounts(joined["quantity"]).fillna(1))


def _prices(files: Parts) -> pd.DataFrame:
    """Return the recurring prices by id, and why a price gives no amount."""
    frames = [files.frame(kind) for kind in ("prices", "plans") if kind in files]
    if not frames:
        files.frame("prices")
    rows = pd.concat(frames)
    money = amounts(rows["amount"]).groupby(rows["id"]).nunique()
    if len(twice := money[money > 1]):
        msg = f"Stripe: the price {twice.index[0]!r} is there with several amounts. Leave all but one out."
        raise DataError(msg)
    rows = rows.drop_duplicates("id")
    one_time, metered = words(rows["type"]) == "one_time", words(rows["usage_type"]) == "metered"
    tiered = words(rows["scheme"]) == "tiered"
    why = np.select(
        [one_time, metered, tiered, rows["amount"].isna()],
        [
            "charged once",
            "metered: what was used is in the invoices only",
            "priced by tiers, which the export does not give",
            "without a price",
        ],
        "",
    )
    products = {}
    if "products" in files:
        named = files.frame("products")
        products = dict(zip(named["id"], named["name"], strict=True))
    return pd.DataFrame(
        {
            "unit": from_minor(rows["amount"], rows["currency"]),
            "currency": rows["currency"].str.upper(),
            "interval": renamed(rows["interval"], _INTERVALS, "interval"),
            "interval_count": whole(rows["interval_count"]),
            "product": rows["product_id"].map(products).astype("object").fillna(rows["product_id"]),
            "plan": rows["nickname"].fillna(rows["id"]),
            "why": why,
        }
    ).set_index(rows["id"])


def _dated(files: Parts, kind: str, lines: pd.DataFrame) -> pd.DataFrame:
    """Return lines as rows of the table subscriptions."""
    ended, leaving = moments(lines["ended_at"]), moments(lines["cancel_at"])
    unpaid = words(lines["status"]).isin(_UNPAID)
    ended = ended.fillna(moments(lines["period"]).where(unpaid)).fillna(
        moments(lines["start"]).where(unpaid)
    )
    if many := int(unpaid.sum()):
        files.notes.append(
            f"{counted(many, 'row')} of {files.labels[kind]} {agreeing(many, 'is', 'are')} unpaid or paused: the end "
            "is that of the period that was paid last; without it in the export, there is no beginning"
        )
    canceled = words(lines["status"]) == "canceled"
    leaving = leaving.fillna(moments(lines["canceled_at"]).where(canceled))
    paused = (words(lines["paused"]) != "") & ~canceled
    if many := int(paused.sum()):
        files.notes.append(
            f"{counted(many, 'row')} of {files.labels[kind]} {agreeing(many, 'does', 'do')} not collect payments; "
            f"since when is not in the export, so {agreeing(many, 'it counts', 'they count')} as paying. Add "
            "pause_start and pause_end to leave them out"
        )
    none = pd.Series(pd.NaT, index=lines.index, dtype="datetime64[us]")
    return pd.DataFrame(
        {
            "subscription_id": lines["line"],
            "subscription": lines["subscription"],
            "customer_id": lines["customer_id"],
            "start": moments(lines["start"]),
            "end": ended.where(ended.notna(), leaving),
            "amount": lines["unit"] * lines["quantity"],
            "interval": lines["interval"],
            "interval_count": lines["interval_count"].astype(int),
            "quantity": lines["quantity"],
            "product": lines["product"],
            "plan": lines["plan"],
            "currency": lines["currency"],
            "trial_end": moments(lines["trial_end"]),
            "cancel_requested_at": moments(lines["canceled_at"]),
            "churn_cause": words(lines["reason"])
            .map(_CAUSES)
            .astype("object")
            .mask(words(lines["status"]) == "unpaid", "involuntary"),
            "list_amount": np.nan,
            "discount_end": none,
        }
    )


def _customers(files: Parts) -> pd.DataFrame:
    rows = files.frame("customers")
    rows = files.keep("customers", flags(rows["livemode"], missing=True), "of test mode", rows)
    rows = files.keep("customers", ~flags(rows["deleted"]), "deleted", rows)
    return pd.DataFrame(
        {
            "customer_id": rows["id"],
            "name": rows["name"].fillna(rows["email"]),
            "email": rows["email"],
            "region": rows["country"],
            "created_at": moments(rows["created"]),
        }
    )


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.drop_duplicates("customer_id")
    return pd.DataFrame(
        {
            "customer_id": first["customer_id"],
            "name": first["name"].fillna(first["email"]),
            "email": first["email"],
        }
    )


STRIPE = Importer(
    "stripe",
    "Stripe",
    "Dashboard: Billing > Subscriptions > Export, and Customers > Export; or the tables subscription, "
    "subscription_item, price (or plan), product, coupon, subscription_discount and customer of a warehouse that is "
    "fed from its API",
    LAYOUTS,
    ("subscriptions", "dashboard_subscriptions"),
    build,
)
