"""Zuora: subscriptions, rate plan charges and accounts, as its data sources and warehouses give them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from saasmetrics.importers.fields import amounts, flags, moments, words
from saasmetrics.importers.layout import Importer, Layout, Parts
from saasmetrics.money import counted

LAYOUTS = (
    Layout(
        "subscriptions",
        {
            "id": ("id",),
            "customer_id": ("account_id",),
            "name": ("name",),
            "version": ("version",),
            "latest": ("is_latest_version",),
            "status": ("status",),
            "canceled": ("cancelled_date",),
            "term_type": ("term_type",),
            "term_start": ("term_start_date",),
            "term_end": ("term_end_date",),
            "auto_renew": ("auto_renew",),
            "signed": ("contract_effective_date",),
            "deleted": ("fivetran_deleted",),
        },
        ("id", "customer_id", "name", "status", "version"),
        ("term_start_date", "contract_effective_date"),
    ),
    Layout(
        "charges",
        {
            "id": ("id",),
            "subscription_id": ("subscription_id",),
            "number": ("charge_number",),
            "type": ("charge_type",),
            "mrr": ("mrr",),
            "start": ("effective_start_date",),
            "end": ("effective_end_date",),
            "quantity": ("quantity",),
            "segment": ("segment",),
            "name": ("name",),
            "deleted": ("fivetran_deleted",),
        },
        ("id", "subscription_id", "number", "type", "mrr", "start"),
        ("charge_number",),
    ),
    Layout(
        "accounts",
        {
            "id": ("id",),
            "name": ("name",),
            "currency": ("currency",),
            "created": ("created_date",),
            "parent": ("parent_id", "parent_account_id"),
            "deleted": ("fivetran_deleted",),
        },
        ("id", "name", "currency"),
        ("bill_cycle_day", "allow_invoice_edit", "batch"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions, one row per segment of a charge, the contracts of terms, and customers."""
    subscriptions, charges = _subscriptions(files), _charges(files)
    joined = charges.merge(
        subscriptions.set_index("id"), left_on="subscription_id", right_index=True, how="left"
    )
    elsewhere = ~joined["subscription_id"].isin(files.frame("subscriptions")["id"])
    why = "of subscriptions that are not in the export"
    joined = files.keep("charges", ~elsewhere, why, joined)
    rows = files.frame("subscriptions")
    adrift = joined["subscription_id"].isin(rows.loc[rows["customer_id"].isna(), "id"])
    joined = files.keep("charges", ~adrift, "of subscriptions without an account", joined)
    known = joined["customer_id"].notna()
    joined = files.keep("charges", known, "of earlier versions", joined)
    ends = joined["end"].notna() | joined["dated"].astype(bool)
    joined = files.keep("charges", ends, "that are cancelled without a date", joined)
    accounts = _accounts(files)
    currency = accounts.set_index("customer_id")["currency"]
    made = {"subscriptions": _segments(joined, currency)}
    if len(terms := _contracts(joined, currency)):
        made["contracts"] = terms
    if len(accounts):
        made["customers"] = accounts.drop(columns="currency")
    return made


def _subscriptions(files: Parts) -> pd.DataFrame:
    """Return the current version of each subscription that has begun."""
    rows = files.frame("subscriptions")
    rows = files.keep("subscriptions", ~flags(rows["deleted"]), "deleted", rows)
    drafts = words(rows["status"]).isin(("draft", "pendingactivation", "pendingacceptance"))
    rows = files.keep("subscriptions", ~drafts, "that are not active yet", rows)
    version = amounts(rows["version"]).fillna(0)
    rows = rows.assign(version=version, given=flags(rows["latest"]))
    # A version that is flagged as the latest comes first, then the highest; a draft is none and is out already.
    order = rows.sort_values(["given", "version"], kind="stable")
    current = rows.index.isin(order.drop_duplicates("name", keep="last").index)
    flagged = rows.loc[rows["given"], "name"].duplicated(keep=False)
    if flagged.any():
        files.notes.append(
            f"{counted(int(flagged.sum()), 'row')} of {files.labels['subscriptions']} are each the latest version of a "
            "subscription; the highest counts"
        )
    rows = files.keep("subscriptions", pd.Series(current, rows.index), "earlier versions", rows)
    files.refuse_twice("subscriptions", rows)
    rows = rows.drop(columns=["deleted", "given"])
    rows = files.keep("subscriptions", rows["customer_id"].notna(), "without an account", rows)
    dated = rows["canceled"].notna() | (words(rows["status"]) != "cancelled")
    return rows.assign(dated=dated)


def _charges(files: Parts) -> pd.DataFrame:
    rows = files.frame("charges")
    rows = files.keep("charges", ~flags(rows["deleted"]), "deleted", rows)
    recurring = words(rows["type"]) == "recurring"
    rows = files.keep("charges", recurring, "charged once or by use", rows)
    return rows.drop(columns="deleted").rename(columns={"id": "charge", "name": "plan"})


def _segments(rows: pd.DataFrame, currency: pd.Series) -> pd.DataFrame:
    """Return charges as rows of subscriptions.

    The last segment of an active subscription ends with its term, which renews: it has no end yet.
    """
    end, canceled = moments(rows["end"]), words(rows["status"]).isin(("cancelled", "expired"))
    term_end = moments(rows["term_end"])
    renews = ~canceled & (end >= term_end)
    end = end.fillna(moments(rows["canceled"]).where(canceled))
    segments = amounts(rows["segment"]).fillna(1).astype(int).astype(str)
    several = rows.groupby("subscription_id")["charge"].transform("size") > 1
    line = rows["name"].where(~several, rows["name"] + "/" + rows["number"] + "." + segments)
    return pd.DataFrame(
        {
            "subscription_id": line,
            "customer_id": rows["customer_id"],
            "start": moments(rows["start"]),
            "end": end.mask(renews),
            "amount": amounts(rows["mrr"]),
            "interval": "month",
            "quantity": amounts(rows["quantity"]),
            "plan": rows["plan"],
            "currency": rows["customer_id"].map(currency),
            "cancel_requested_at": moments(rows["canceled"]),
        }
    )


def _contracts(rows: pd.DataFrame, currency: pd.Series) -> pd.DataFrame:
    """Return the current term of each termed subscription with the ARR of its charges at its end."""
    termed = rows[(words(rows["term_type"]) == "termed") & rows["term_end"].notna()]
    end = moments(termed["end"])
    running = end.isna() | (end >= moments(termed["term_end"]))
    arr = (amounts(termed["mrr"]) * 12).where(running, 0.0).groupby(termed["name"]).sum()
    first = termed.drop_duplicates("name").set_index("name")
    return pd.DataFrame(
        {
            "contract_id": first.index,
            "customer_id": first["customer_id"].to_numpy(),
            "start": moments(first["term_start"]).to_numpy(),
            "end": moments(first["term_end"]).to_numpy(),
            "arr": arr.reindex(first.index).to_numpy(),
            "auto_renew": flags(first["auto_renew"]).to_numpy(),
            "signed_at": moments(first["signed"]).to_numpy(),
            "currency": first["customer_id"].map(currency).to_numpy(),
        }
    )


def _accounts(files: Parts) -> pd.DataFrame:
    if "accounts" not in files:
        return pd.DataFrame(columns=["customer_id", "name", "created_at", "currency"])
    rows = files.frame("accounts")
    rows = files.keep("accounts", ~flags(rows["deleted"]), "deleted", rows)
    rows = files.keep("accounts", ~rows.duplicated(), "that are there twice", rows)
    files.refuse_twice("accounts", rows)
    return pd.DataFrame(
        {
            "customer_id": rows["id"],
            "name": rows["name"],
            "parent_id": rows["parent"].replace("", np.nan),
            "created_at": moments(rows["created"]),
            "currency": rows["currency"].str.upper(),
        }
    )


ZUORA = Importer(
    "zuora",
    "Zuora",
    "Reporting > Data Source Exports: Subscription, Rate Plan Charge and Account; or the tables subscription, "
    "rate_plan_charge and account of a warehouse",
    LAYOUTS,
    ("charges",),
    build,
)
