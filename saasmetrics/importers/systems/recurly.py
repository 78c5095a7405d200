"""Recurly: the histories of its API as warehouses hold them."""

from __future__ import annotations

import pandas as pd

from saasmetrics.importers.fields import amounts, causes, moments, renamed, whole, words
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.importers.terms import services

_UNITS = {f"{unit}{s}": unit for unit in ("day", "week", "month") for s in ("", "s")}
_GONE = ("expired", "failed")
_STATES = ("active", "canceled", "paused", *_GONE)

LAYOUTS = (
    Layout(
        "subscriptions",
        {
            "id": ("id",),
            "customer_id": ("account_id", "account_code"),
            "plan_id": ("plan_id", "plan_code"),
            "state": ("state",),
            "updated": ("updated_at",),
            "activated": ("activated_at", "created_at"),
            "canceled": ("canceled_at",),
            "expires": ("expires_at",),
            "trial_end": ("trial_ends_at",),
            "paused": ("paused_at",),
            "currency": ("currency",),
            "quantity": ("quantity",),
            "subtotal": ("subtotal",),
            "unit": ("unit_amount",),
            "add_ons": ("add_ons_total",),
            "reason": ("expiration_reason",),
        },
        ("id", "customer_id", "plan_id", "state", "unit", "quantity"),
        ("remaining_billing_cycles", "current_term_started_at"),
    ),
    Layout(
        "plans",
        {
            "id": ("id",),
            "name": ("name", "code"),
            "unit": ("interval_unit",),
            "length": ("interval_length",),
            "updated": ("updated_at",),
        },
        ("id", "unit", "length"),
        ("interval_unit",),
    ),
    Layout(
        "accounts",
        {
            "id": ("id",),
            "company": ("company",),
            "code": ("code",),
            "email": ("email",),
            "created": ("created_at",),
            "updated": ("updated_at",),
            "country": ("account_country",),
        },
        ("id", "code", "created"),
        ("bill_to", "account_first_name"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions, one row per stretch at one price, and customers."""
    made = {"subscriptions": _subscriptions(files)}
    if "accounts" in files:
        made["customers"] = _accounts(files)
    return made


def _subscriptions(files: Parts) -> pd.DataFrame:
    rows = files.frame("subscriptions")
    future = words(rows["state"]) == "future"
    rows = files.keep("subscriptions", ~future, "that have not begun", rows)
    rows = files.known("subscriptions", "state", _STATES, rows)
    plans = _latest(files.frame("plans")).set_index("id")
    known = rows["plan_id"].isin(plans.index)
    rows = files.keep("subscriptions", known, "whose plan is in no file", rows)
    plan = plans.loc[rows["plan_id"]].set_index(rows.index)
    total = amounts(rows["subtotal"])
    computed = amounts(rows["unit"]) * amounts(rows["quantity"]).fillna(1)
    rows = rows.assign(
        amount=total.fillna(computed + amounts(rows["add_ons"]).fillna(0)),
        interval=renamed(plan["unit"], _UNITS, "interval of a plan"),
        interval_count=whole(plan["length"]),
        plan=plan["name"],
        quantity=amounts(rows["quantity"]),
        changed=moments(rows["updated"]),
        begun=moments(rows["activated"]),
        asked=moments(rows["canceled"]),
        trial=moments(rows["trial_end"]),
    )
    return _table(files, _stretches(rows))


def _stretches(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches of service; a pause is a stretch of its own."""
    state, expires, paused = words(rows["state"]), moments(rows["expires"]), moments(rows["paused"])
    canceled = state == "canceled"
    rows = rows.assign(
        changed=rows["changed"].fillna(rows["begun"]),
        served=~state.isin(_GONE),
        # Without a day of expiry a cancelled subscription is not known to be paid after its cancellation.
        leaves=expires.fillna(rows["asked"]).fillna(rows["changed"]).where(canceled),
        gone=expires.fillna(rows["asked"]).where(state.isin(_GONE)),
        asked=rows["asked"].where(~state.isin(("active", "paused"))),
        pauses=(state == "paused") | paused.notna(),
        paused=paused,
    )
    same = ["customer_id", "currency", "amount", "interval", "interval_count", "plan", "quantity"]
    return services(rows, [*same, "pauses"])


def _table(files: Parts, terms: pd.DataFrame) -> pd.DataFrame:
    """Return stretches as rows of the table subscriptions."""
    lasts = ~(terms["until"] <= terms["from"])
    terms = files.keep("subscriptions", lasts, "that end before they begin", terms)
    cause = terms["reason"]
    unpaid = words(cause).isin(("nonpayment", "nonpayment_gift", "failed"))
    since = terms["paused"].where(terms["paused"] > terms["from"], terms["from"])
    since = since.where(terms["pauses"] & ~(since >= terms["until"]))
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
            "plan": terms["plan"],
            "currency": terms["currency"].str.upper(),
            "trial_end": terms["trial"].where(~(terms["trial"] <= terms["from"])),
            "cancel_requested_at": terms["asked"],
            "churn_cause": causes(unpaid, cause.notna()),
            "pause_start": since,
            "pause_end": terms["until"].where(since.notna()),
        }
    )


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("updated", kind="stable").drop_duplicates("id", keep="last")


def _accounts(files: Parts) -> pd.DataFrame:
    rows = _latest(files.frame("accounts"))
    return pd.DataFrame(
        {
            "customer_id": rows["id"],
            "name": rows["company"].fillna(rows["code"]),
            "email": rows["email"],
            "region": rows["country"],
            "created_at": moments(rows["created"]),
        }
    )


RECURLY = Importer(
    "recurly",
    "Recurly",
    "The tables subscription_history, plan_history and account_history of a warehouse that is fed from its API",
    LAYOUTS,
    ("subscriptions",),
    build,
)
