"""HubSpot: the exports of companies and deals."""

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
        "companies",
        {
            "id": ("record_id", "company_id"),
            "name": ("company_name", "name"),
            "domain": ("company_domain_name", "domain"),
            "industry": ("industry",),
            "region": ("country_region", "country"),
            "employees": ("number_of_employees", "numberofemployees"),
            "source": ("original_source_type", "original_source", "original_traffic_source"),
            "owner": ("company_owner", "hubspot_owner_id"),
            "created": ("create_date", "createdate"),
        },
        ("id", "name"),
        ("company_domain_name", "lifecycle_stage", "company_owner"),
    ),
    opportunity_layout(("deal_name", "deal_stage", "dealname")),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return what customers can be grouped by, and contracts where deals have a term."""
    made = {}
    if "companies" in files:
        rows = files.frame("companies")
        rows = files.keep("companies", ~rows.duplicated(), "that are there twice", rows)
        files.refuse_twice("companies", rows)
        made["accounts"] = pd.DataFrame(
            {
                "customer_id": rows["id"],
                "company": rows["name"],
                "email": "@" + rows["domain"],
                "industry": rows["industry"],
                "region": rows["region"],
                "employees": amounts(rows["employees"]),
                "source": rows["source"],
                "csm_id": rows["owner"],
                "created_at": moments(rows["created"]),
            }
        )
    terms = contracts(files) if "opportunities" in files else None
    return made if terms is None else {**made, "contracts": terms}


HUBSPOT = Importer(
    "hubspot",
    "HubSpot",
    "CRM > Companies > Export, and CRM > Deals > Export, as CSV with all properties",
    LAYOUTS,
    ("companies", "opportunities"),
    build,
)
