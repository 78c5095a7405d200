"""Accounts and won opportunities of a CRM: what customers can be grouped by, and their contract terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, flags, moments, words
from saasmetrics.importers.layout import Layout

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_WON = ("closed_won", "closedwon", "won")


def _of_term(edge: str) -> tuple[str, ...]:
    """Names of the first or last day of a term; custom fields of Salesforce end in __c."""
    kinds = ("contract_", "subscription_", "term_", "")
    return tuple(f"{kind}{edge}_date{c}" for kind in kinds for c in ("", "_c"))


def opportunity_layout(signs: tuple[str, ...], **names: tuple[str, ...]) -> Layout:
    """Return the layout of opportunities with the names that a CRM has for its fields."""
    fields = {
        "id": ("record_id", "id", "opportunity_id", "deal_id"),
        "account": ("associated_company", "account_name"),
        "account_id": ("associated_company_i_ds", "associated_company_ids", "account_id"),
        "stage": ("deal_stage", "stage_name", "stage"),
        "won": ("is_closed_won", "is_won", "won"),
        "amount": ("arr", "annual_recurring_revenue", "arr_c", "acv", "amount"),
        "closed": ("close_date",),
        "start": _of_term("start"),
        "end": _of_term("end"),
        "currency": ("currency", "currency_iso_code", "amount_currency", "deal_currency_code"),
        "owner": ("deal_owner", "owner_id", "opportunity_owner"),
    }  # fmt: skip
    return Layout("opportunities", {**fields, **names}, ("id", "stage", "closed", "amount"), signs)


def contracts(files: Parts) -> pd.DataFrame | None:
    """Return won opportunities with a term as contracts; None where the export has no terms.

    The amount is taken as ARR where its column says so, else as the value of the whole term.
    """
    rows = files.frame("opportunities")
    stage = words(rows["stage"])
    won = stage.isin(_WON) | flags(rows["won"])
    rows = files.keep("opportunities", won, "that are not won", rows)
    if not (files.has("opportunities", "start") and files.has("opportunities", "end")):
        files.notes.append(
            f"{len(rows):,} won opportunities of {files.labels['opportunities']} have no first and last day of a term "
            "(contract_start_date, contract_end_date), so they are no contracts"
        )
        return None
    start, end = moments(rows["start"]), moments(rows["end"])
    rows = files.keep("opportunities", (start < end).fillna(value=False), "without a term", rows)
    start, end = start[rows.index], end[rows.index]
    value = amounts(rows["amount"])
    if not files.states("opportunities", "amount", ("arr", "acv", "annual")):
        value = value * 365.25 / (end - start).dt.days
        files.notes.append(
            "The amount of an opportunity counts as the value of its whole term; name the column ARR if it is a year's"
        )
    return pd.DataFrame(
        {
            "contract_id": rows["id"],
            "customer_id": rows["account_id"].fillna(rows["account"]),
            "company": rows["account"],
            "start": start,
            "end": end,
            "arr": value.round(2),
            "signed_at": moments(rows["closed"]),
            "currency": rows["currency"].str.upper(),
            "owner_id": rows["owner"],
        }
    )
