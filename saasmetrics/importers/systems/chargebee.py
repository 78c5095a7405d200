"""Chargebee: the CSV exports of subscriptions and customers, and the tables of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.fields import amounts, causes, from_minor, moments, renamed, whole, words
from saasmetrics.importers.layout import Importer, Layout
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_UNITS = {f"{unit}{s}": unit for unit in ("day", "week", "month", "year") for s in ("", "s")}
_STATUSES = ("in_trial", "active", "non_renewing", "paused", "cancelled", "transferred")
_UNPAID = ("not_paid", "no_card", "fraud_review_failed", "tax_calculation_failed")


def _named(*names: str) -> tuple[str, ...]:
    """Exports put the table before the column: subscriptions.plan_id."""
    return tuple(
        name for one in names for name in (one, f"subscriptions_{one}", f"subscription_{one}")
    )


_SUBSCRIPTION = {
    "id": _named("id"),
    "customer_id": ("customer_id", "customers_id", "subscriptions_customer_id"),
    "status": _named("status"),
    "plan": _named("plan_id", "item_price_id"),
    "quantity": _named("plan_quantity", "quantity"),
    "unit": _named("plan_unit_price", "unit_price"),
    "total": _named("plan_amount", "amount"),
    "mrr": _named("mrr"),
    "period": _named("billing_period"),
    "period_unit": _named("billing_period_unit"),
    "currency": _named("currency_code", "currency"),
    "started": _named("started_at", "activated_at", "start_date", "created_at"),
    "trial_end": _named("trial_end"),
    "canceled": _named("cancelled_at"),
    "pause": _named("pause_date"),
    "resume": _named("resume_date"),
    "reason": _named("cancel_reason", "cancel_reason_code"),
    "deleted": _named("deleted"),
}
_NEEDS = ("id", "customer_id", "status", "period", "period_unit", "started")

LAYOUTS = (
    # Exports state currency units, the API the smallest unit, in whole numbers.
    Layout("export", _SUBSCRIPTION, _NEEDS, ("subscriptions_billing_period_unit",)),
    Layout("subscriptions", _SUBSCRIPTION, _NEEDS, ("billing_period_unit",)),
    Layout(
        "customers",
        {
            "id": ("id", "customers_id"),
            "company": ("company", "customers_company"),
            "first": ("first_name", "customers_first_name"),
            "last": ("last_name", "customers_last_name"),
            "email": ("email", "customers_email"),
            "created": ("created_at", "customers_created_at"),
            "channel": ("channel", "customers_channel"),
        },
        ("id", "email", "created"),
        (
            "auto_collection",
            "customers_auto_collection",
            "net_term_days",
            "customers_net_term_days",
        ),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return subscriptions and customers."""
    kind = "export" if "export" in files else "subscriptions"
    made = {"subscriptions": _subscriptions(files, kind)}
    if "customers" in files:
        made["customers"] = _customers(files.frame("customers"))
    return made


def _subscriptions(files: Parts, kind: str) -> pd.DataFrame:
    rows = files.frame(kind)
    rows = files.keep(kind, words(rows["deleted"]) != "true", "deleted", rows)
    future = words(rows["status"]) == "future"
    rows = files.keep(kind, ~future, "that have not begun", rows)
    rows = _known(files, kind, rows)
    minor = kind == "subscriptions" and not _in_units(files, kind, rows)
    money = (lambda v: from_minor(v, rows["currency"])) if minor else amounts
    quantity = amounts(rows["quantity"]).fillna(1)
    amount = money(rows["total"]).fillna(money(rows["unit"]) * quantity)
    rows, amount, quantity = _priced(files, kind, rows, amount, quantity)
    status, left = words(rows["status"]), moments(rows["canceled"])
    gone = status.isin(("cancelled", "non_renewing", "transferred")) & left.notna()
    return pd.DataFrame(
        {
            "subscription_id": rows["id"],
            "customer_id": rows["customer_id"],
            "start": moments(rows["started"]),
            "end": left.where(gone),
            "amount": amount,
            "interval": renamed(rows["period_unit"], _UNITS, "billing period unit"),
            "interval_count": whole(rows["period"]),
            "quantity": quantity,
            "plan": rows["plan"],
            "currency": rows["currency"].str.upper(),
            "trial_end": moments(rows["trial_end"]),
            "pause_start": moments(rows["pause"]),
            "pause_end": moments(rows["resume"]),
            "churn_cause": causes(gone & words(rows["reason"]).isin(_UNPAID), gone),
        }
    )


def _in_units(files: Parts, kind: str, rows: pd.DataFrame) -> bool:
    """Return whether prices have cents, and so are in currency units though their columns are named as in the API.

    Raises
    ------
    DataError
        If all of them end with .00, which may be written behind cents as well.
    """
    prices = pd.concat([rows[name].dropna() for name in ("total", "unit")]).astype("string")
    cents = prices[prices.str.contains(r"[.,]\d\d\D*$", na=False)]
    if not len(cents):
        return False
    label, odd = files.labels[kind], cents[~cents.str.contains(r"[.,]00\D*$", na=False)]
    if not len(odd):
        raise DataError(
            f"{label}: {cents.iloc[0]!r} may be in currency units, as exports write it, or in cents, as the API does. "
            "Write cents without decimals, or put subscriptions. before the names of the columns, as exports do."
        )
    files.notes.append(
        f"{label}: prices are in currency units, not in cents, as {odd.iloc[0]!r} shows"
    )
    return True


def _known(files: Parts, kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of which it is known whether and until when they pay."""
    rows = files.known(kind, "status", _STATUSES, rows)
    for status, name, why in (
        ("in_trial", "trial_end", "in a trial whose end is not in the export"),
        ("cancelled", "canceled", "that are cancelled without a date"),
        ("transferred", "canceled", "that were transferred without a date"),
        ("paused", "pause", "that are paused, since when is not in the export"),
    ):
        lost = (words(rows["status"]) == status) & rows[name].isna()
        rows = files.keep(kind, ~lost, why, rows)
    endless = (words(rows["status"]) == "non_renewing") & rows["canceled"].isna()
    if many := int(endless.sum()):
        files.notes.append(
            f"{counted(many, 'row')} of {files.labels[kind]} will not renew; when is not in the export, so "
            f"{agreeing(many, 'it counts', 'they count')} as running"
        )
    return rows


def _priced(
    files: Parts, kind: str, rows: pd.DataFrame, amount: pd.Series, quantity: pd.Series
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return the rows that have a price; those of several items have theirs in another file."""
    rows = files.keep(kind, amount.notna(), "without an amount or a unit price", rows)
    return rows, amount[rows.index], quantity[rows.index]


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    person = (rows["first"].fillna("") + " " + rows["last"].fillna("")).str.strip()
    name = rows["company"].fillna(person.where(person != "")).fillna(rows["email"])
    return pd.DataFrame(
        {
            "customer_id": rows["id"],
            "name": name,
            "email": rows["email"],
            "channel": rows["channel"],
            "created_at": moments(rows["created"]),
        }
    )


CHARGEBEE = Importer(
    "chargebee",
    "Chargebee",
    "Settings > Import & Export Data > Export: Subscriptions and Customers, as CSV; or the tables subscription and "
    "customer of a warehouse that is fed from its API",
    LAYOUTS,
    ("export", "subscriptions"),
    build,
)
