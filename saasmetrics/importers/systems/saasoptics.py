"""Maxio Core, once SaaSOptics: transactions, which are terms of an item at an ARR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, flags, moments
from saasmetrics.importers.layout import Importer, Layout

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

LAYOUTS = (
    Layout(
        "transactions",
        {
            "id": ("id", "transaction_id", "transaction_number", "number"),
            "contract": ("contract_id", "contract", "contract_number"),
            "customer_id": ("customer_id", "customer_number", "customer", "customer_name"),
            "item": ("item_name", "item", "item_id"),
            "start": ("start_date",),
            "end": ("end_date",),
            "arr": ("local_arr_amount", "arr_amount", "home_arr_amount"),
            "currency": ("currency_code", "currency"),
            "quantity": ("quantity",),
            "cancelled": ("cancelled",),
            "ordered": ("order_date",),
            "renews": ("autorenewal_profile_id", "autorenewal_profile"),
        },
        ("id", "contract", "start", "end", "arr"),
        ("local_arr_amount", "arr_amount", "home_arr_amount"),
    ),
    Layout(
        "contracts",
        {
            "id": ("id", "contract_id"),
            "customer_id": ("customer_id", "customer"),
            "register": ("register_id", "register"),
        },
        ("id", "customer_id", "register"),
        ("billing_profile_company_name", "lead_source", "is_job", "entry_date"),
    ),
    Layout(
        "customers",
        {"id": ("id", "customer_id"), "name": ("name",), "parent": ("parent_id", "parent")},
        ("id", "name"),
        ("sf_parent_id", "qb_customer_id", "external_reference", "crm_id"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return terms as subscriptions and as contracts, and customers."""
    rows = _terms(files)
    start = moments(rows["start"]).dt.floor("D")
    until = moments(rows["end"]).dt.floor("D") + pd.Timedelta(days=1)  # its last day is served
    arr, currency = amounts(rows["arr"]), rows["currency"].str.upper()
    table = {
        "subscription_id": rows["id"],
        "customer_id": rows["customer_id"],
        "start": start,
        "end": until,
        "amount": arr,
        "interval": "year",
        "quantity": amounts(rows["quantity"]),
        "plan": rows["item"],
        "currency": currency,
    }
    term = {
        "contract_id": rows["id"],
        "customer_id": rows["customer_id"],
        "start": start,
        "end": until,
        "arr": arr,
        "auto_renew": rows["renews"].notna(),
        "signed_at": moments(rows["ordered"]),
        "currency": currency,
    }
    made = {"subscriptions": pd.DataFrame(table), "contracts": pd.DataFrame(term)}
    if "customers" in files:
        known = files.frame("customers")
        files.refuse_twice("customers", known)
        named = {"customer_id": known["id"], "name": known["name"], "parent_id": known["parent"]}
        made["customers"] = pd.DataFrame(named)
    return made


def _terms(files: Parts) -> pd.DataFrame:
    """Return the transactions that are terms at an ARR, with their customers."""
    rows = files.frame("transactions")
    rows = files.keep("transactions", ~flags(rows["cancelled"]), "that are cancelled", rows)
    recurs = amounts(rows["arr"]).fillna(0.0) != 0
    rows = files.keep("transactions", recurs, "without ARR, charged once or by use", rows)
    files.refuse_twice("transactions", rows)
    dated = rows["start"].notna() & rows["end"].notna()
    rows = files.keep("transactions", dated, "without a term", rows)
    if "contracts" in files:
        contracts = files.frame("contracts")
        files.refuse_twice("contracts", contracts)
        customer = rows["contract"].map(contracts.set_index("id")["customer_id"])
        rows = rows.assign(customer_id=rows["customer_id"].fillna(customer))
    why = "whose customer is in no file; add the contracts"
    return files.keep("transactions", rows["customer_id"].notna(), why, rows)


SAASOPTICS = Importer(
    "saasoptics",
    "Maxio Core (SaaSOptics)",
    "Transactions > Export with the columns Contract, Customer, Start Date, End Date and ARR Amount, as CSV; or the "
    "tables transaction, contract and customer of a warehouse that is fed from its API",
    LAYOUTS,
    ("transactions",),
    build,
)
