"""Maxio Advanced Billing, once Chargify: subscriptions with components, movements of MRR and transactions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from saasmetrics.importers.fields import (
    amounts,
    causes,
    flags,
    from_minor,
    moments,
    renamed,
    whole,
    words,
)
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.importers.movements import from_movements

_UNITS = {f"{unit}{s}": unit for unit in ("day", "week", "month", "year") for s in ("", "s")}
_NEVER = ("awaiting_signup", "pending", "failed_to_create", "trial_ended")
_HELD = ("on_hold", "paused", "suspended")
_RUNNING = ("active", "assessing", "past_due", "soft_failure", "trialing")
_GONE = ("canceled", "expired", "unpaid")
_USED = ("metered_component", "event_based_component", "prepaid_usage_component")
_KINDS = {
    "baseline": "recurring", "quantity_based_component": "recurring", "on_off_component": "recurring",
    "metered_component": "usage", "event_based_component": "usage", "prepaid_usage_component": "usage",
    "one_time": "one_time", "initial": "one_time", "tax": "tax", "coupon": "discount", "referral": "discount",
}  # fmt: skip

LAYOUTS = (
    Layout(
        "subscriptions",
        {
            "id": ("id", "subscription_id"),
            "customer_id": ("customer_id",),
            "state": ("state",),
            "cents": ("product_price_in_cents",),
            "price": ("product_price",),
            "product": ("product_id",),
            "plan": ("product_name", "product_handle"),
            "every": ("product_interval", "interval"),
            "unit": ("product_interval_unit", "interval_unit"),
            "started": ("activated_at", "created_at"),
            "canceled": ("canceled_at",),
            "expires": ("expires_at",),
            "delayed": ("delayed_cancel_at", "scheduled_cancellation_at"),
            "at_end": ("cancel_at_end_of_period",),
            "period": ("current_period_started_at",),
            "period_end": ("current_period_ends_at",),
            "trial_end": ("trial_ended_at",),
            "held": ("on_hold_at",),
            "resumes": ("automatically_resume_at",),
            "method": ("cancellation_method",),
            "currency": ("currency",),
            "company": ("customer_organization", "organization"),
            "email": ("customer_email", "email"),
        },
        ("id", "customer_id", "state", "started"),
        ("product_price_in_cents", "total_revenue_in_cents", "balance_in_cents", "product_price"),
    ),
    Layout(
        "products",
        {
            "id": ("id",),
            "name": ("name", "handle"),
            "every": ("interval",),
            "unit": ("interval_unit",),
        },
        ("id", "name", "every", "unit"),
        ("price_in_cents", "product_family_id"),
    ),
    Layout(
        "components",
        {
            "id": ("component_id",),
            "subscription": ("subscription_id",),
            "name": ("name", "component_name", "component_handle"),
            "kind": ("kind",),
            "scheme": ("pricing_scheme",),
            "quantity": ("allocated_quantity", "quantity"),
            "enabled": ("enabled",),
            "price": ("unit_price",),
        },
        ("id", "subscription", "kind", "quantity", "price"),
        ("allocated_quantity", "pricing_scheme"),
    ),
    Layout(
        "movements",
        {
            "subscription": ("subscription_id",),
            "customer_id": ("customer_id",),
            "name": ("subscriber_name",),
            "at": ("timestamp",),
            "cents": ("amount_in_cents",),
            "category": ("category",),
            "currency": ("currency",),
        },
        ("subscription", "at", "cents", "category"),
        ("subscriber_name", "mrr_movements"),
    ),
    Layout(
        "transactions",
        {
            "id": ("id", "transaction_id"),
            "subscription": ("subscription_id",),
            "customer_id": ("customer_id",),
            "type": ("type", "transaction_type"),
            "kind": ("kind",),
            "cents": ("amount_in_cents",),
            "at": ("created_at",),
            "from": ("period_range_start",),
            "until": ("period_range_end",),
            "currency": ("currency",),
            "product": ("product_name", "product_id"),
        },
        ("id", "subscription", "customer_id", "type", "kind", "cents", "at"),
        ("starting_balance_in_cents", "ending_balance_in_cents", "period_range_start"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions from their states or from movements of MRR, charges as invoices, and customers."""
    made = {}
    if "subscriptions" in files:
        rows = files.frame("subscriptions")
        made["subscriptions"] = _subscriptions(files)
        first = rows.drop_duplicates("customer_id")
        named = {
            "customer_id": first["customer_id"],
            "name": first["company"].fillna(first["email"]),
        }
        made["customers"] = pd.DataFrame({**named, "email": first["email"]})
    elif "movements" in files:
        made["subscriptions"] = _moved(files)
    if "transactions" in files:
        made["invoices"] = _charges(files)
    return made


def _subscriptions(files: Parts) -> pd.DataFrame:
    rows = _known(files)
    cents = from_minor(rows["cents"], rows["currency"])
    rows = rows.assign(amount=cents.fillna(amounts(rows["price"])))
    rows = files.keep(
        "subscriptions", rows["amount"].notna(), "without the price of their product", rows
    )
    rows = _with_interval(files, rows)
    rows = rows.assign(line=rows["id"], seats=1.0)
    if "components" in files:
        rows = pd.concat([rows, _components(files, rows)], ignore_index=True)
    return _dated(rows)


def _known(files: Parts) -> pd.DataFrame:
    """Return the rows of which it is known whether and until when they pay."""
    rows = files.frame("subscriptions")
    files.refuse_twice("subscriptions", rows)
    begun = ~words(rows["state"]).isin(_NEVER)
    rows = files.keep("subscriptions", begun, "that never paid", rows)
    rows = files.known("subscriptions", "state", (*_RUNNING, *_GONE, *_HELD), rows)
    for states, name, why in (
        (("canceled",), "canceled", "that are canceled without a date"),
        (("expired",), "expires", "that have expired without a date"),
        (("unpaid",), "period", "that are unpaid, since when is not in the export"),
        (_HELD, "held", "that are on hold, since when is not in the export"),
        (("trialing",), "trial_end", "in a trial whose end is not in the export"),
    ):
        lost = words(rows["state"]).isin(states) & rows[name].isna()
        rows = files.keep("subscriptions", ~lost, why, rows)
    return rows


def _with_interval(files: Parts, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the interval that the product is charged in."""
    unit, every, plan = rows["unit"], rows["every"], rows["plan"]
    if "products" in files:
        products = files.frame("products")
        files.refuse_twice("products", products)
        product = products.set_index("id").reindex(rows["product"]).set_index(rows.index)
        unit, every, plan = (
            own.fillna(product[name])
            for own, name in ((unit, "unit"), (every, "every"), (plan, "name"))
        )
    rows = rows.assign(unit=unit, every=every, plan=plan)
    why = "whose product, and with it the billing interval, is in no file"
    rows = files.keep("subscriptions", rows["unit"].notna(), why, rows)
    return rows.assign(
        interval=renamed(rows["unit"], _UNITS, "interval unit"), interval_count=whole(rows["every"])
    )


def _components(files: Parts, rows: pd.DataFrame) -> pd.DataFrame:
    """Return components with a price per unit as rows like those of their subscriptions, charged with them."""
    items = files.frame("components")
    kind, scheme = words(items["kind"]), words(items["scheme"])
    for mask, why in (
        (kind.isin(_USED), "charged by use"),
        (~scheme.isin(("", "per_unit")), "priced by tiers, which the export does not give"),
        (items["price"].isna(), "without a price per unit"),
    ):
        items = files.keep("components", ~mask[items.index], why, items)
    there = items["subscription"].isin(rows["id"])
    items = files.keep("components", there, "of subscriptions that are in no table", items)
    on = flags(items["enabled"], missing=True)
    switched = words(items["kind"]) == "on_off_component"
    seats = amounts(items["quantity"]).fillna(0.0).where(~switched, on.astype(float))
    items = items.assign(seats=seats, total=amounts(items["price"]) * seats)
    items = items[items["seats"] > 0]
    own = rows.set_index("id").loc[items["subscription"]].reset_index()
    return own.assign(
        line=own["id"] + "/" + items["id"].to_numpy(object),
        amount=items["total"].to_numpy(),
        seats=items["seats"].to_numpy(),
        plan=items["name"].to_numpy(object),
    )


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    """Return subscriptions and components as rows of the table subscriptions."""
    state, leaves = words(rows["state"]), flags(rows["at_end"])
    start, trial = moments(rows["started"]), moments(rows["trial_end"])
    planned = moments(rows["delayed"]).fillna(moments(rows["period_end"]).where(leaves))
    end = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    for name, column in (("canceled", "canceled"), ("expired", "expires"), ("unpaid", "period")):
        end = end.mask(state == name, moments(rows[column]))
    end = end.fillna(planned.where(state.isin(_RUNNING)))
    unpaid = (state == "unpaid") | (words(rows["method"]) == "dunning")
    held = moments(rows["held"]).where(state.isin(_HELD))
    return pd.DataFrame(
        {
            "subscription_id": rows["line"],
            "customer_id": rows["customer_id"],
            "start": start,
            "end": end,
            "amount": rows["amount"],
            "interval": rows["interval"],
            "interval_count": rows["interval_count"],
            "quantity": rows["seats"],
            "plan": rows["plan"],
            "currency": rows["currency"].str.upper(),
            "trial_end": trial.where(trial > start),
            "churn_cause": causes(unpaid & state.isin(_GONE), state.isin(_GONE)),
            "pause_start": held,
            "pause_end": moments(rows["resumes"]).where(held.notna()),
        }
    )


def _moved(files: Parts) -> pd.DataFrame:
    """Return subscriptions from movements of MRR."""
    rows = files.frame("movements")
    rows = files.keep("movements", rows["cents"].notna(), "without an amount", rows)
    rows = rows.assign(
        line=rows["subscription"],
        customer_id=rows["customer_id"].fillna(rows["name"]).fillna(rows["subscription"]),
        at=moments(rows["at"]),
        movement=from_minor(rows["cents"], rows["currency"]),
        plan=pd.Series(None, index=rows.index, dtype="object"),
    )
    return from_movements(files, "movements", rows)


def _charges(files: Parts) -> pd.DataFrame:
    """Return charges, and what was credited or refunded of them, as lines of invoices."""
    rows = files.frame("transactions")
    kind = words(rows["type"])
    charged = kind.isin(("charge", "adjustment", "credit", "refund"))
    rows = files.keep("transactions", charged, "that are no charge", rows)
    kind = words(rows["type"])
    cents = from_minor(rows["cents"], rows["currency"])
    off = kind != "charge"
    of_kind = words(rows["kind"]).map(_KINDS).fillna("recurring")
    until = moments(rows["until"])
    return pd.DataFrame(
        {
            "invoice_id": rows["id"],
            "customer_id": rows["customer_id"],
            "date": moments(rows["at"]),
            "amount": cents.where(~off, -cents.abs()),
            "service_start": moments(rows["from"]),
            "service_end": until.dt.floor("D") - pd.Timedelta(days=1),
            "kind": np.where(kind == "refund", "refund", np.where(off, "credit", of_kind)),
            "currency": rows["currency"].str.upper(),
            "subscription_id": rows["subscription"],
            "product": rows["product"],
        }
    )


MAXIO = Importer(
    "maxio",
    "Maxio Advanced Billing (Chargify)",
    "Subscriptions > Export (with components: Config > Settings), Transactions > Export, and Analytics > MRR > "
    "Movements > Export, as CSV; or the tables subscription, subscription_component and product of a warehouse that is "
    "fed from its API",
    LAYOUTS,
    ("subscriptions", "movements", "transactions"),
    build,
)
