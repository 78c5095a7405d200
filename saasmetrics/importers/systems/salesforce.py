"""Salesforce: accounts and opportunities, from the data export or a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.accounts import contracts, opportunity_layout
from saasmetrics.importers.fields import amounts, moments
from saasmetrics.importers.layout import Importer, Layout

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

LAYOUTS = (
    Layout(
        "accounts",
        {
            "id": ("id", "account_id"),
            "name": ("name", "account_name"),
            "website": ("website",),
            "industry": ("industry",),
            "segment": ("segment_c", "segment", "type"),
            "region": ("billing_country", "billing_state_province"),
            "employees": ("number_of_employees", "employees"),
            "source": ("account_source",),
            "parent": ("parent_id", "parent_account_id"),
            "owner": ("owner_id", "account_owner"),
            "created": ("created_date",),
        },
        ("id", "name"),
        ("billing_country", "account_source", "account_owner", "is_person_account"),
    ),
    opportunity_layout(("stage_name", "forecast_category", "opportunity_name", "is_won")),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return what customers can be grouped by, and contracts where opportunities have a term."""
    made = {}
    if "accounts" in files:
        rows = files.frame("accounts")
        host = rows["website"].str.extract(r"^(?:https?://)?(?:www\.)?([^/\s:]+)", expand=False)
        made["accounts"] = pd.DataFrame(
            {
                "customer_id": rows["id"],
                "company": rows["name"],
                "email": "@" + host,
                "industry": rows["industry"],
                "segment": rows["segment"],
                "region": rows["region"],
                "employees": amounts(rows["employees"]),
                "source": rows["source"],
                "csm_id": rows["owner"],
                "created_at": moments(rows["created"]),
            }
        )
    terms = contracts(files) if "opportunities" in files else None
    return made if terms is None else {**made, "contracts": terms}


SALESFORCE = Importer(
    "salesforce",
    "Salesforce",
    "Setup > Data Export: Account and Opportunity; or a report on them, exported as CSV with details only",
    LAYOUTS,
    ("accounts", "opportunities"),
    build,
)
