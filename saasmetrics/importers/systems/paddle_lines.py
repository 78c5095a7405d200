"""Paddle Billing: lines of transactions and adjustments, which say what was charged before tax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saasmetrics.importers.fields import amounts, from_minor, moments, words
from saasmetrics.importers.layout import Layout
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_BILLED = ("billed", "paid", "completed", "past_due")
_NOT_BILLED = ("draft", "ready", "canceled")
_ACTIONS = {"refund": "refund", "chargeback": "refund", "credit": "credit"}
_TAKEN = ("approved",)

LINES = (
    Layout(
        "transaction_items",
        {
            "id": ("transaction_item_id", "line_item_id", "item_id", "id"),
            "transaction": ("transaction_id",),
            "status": ("status", "transaction_status"),
            "customer_id": ("customer_id",),
            "subscription": ("subscription_id",),
            "price": ("price_id",),
            "product": ("product_name", "product_id"),
            "quantity": ("quantity",),
            "currency": ("currency_code",),
            "subtotal": ("subtotal", "totals_subtotal", "item_subtotal"),
            "discount": ("discount", "totals_discount", "item_discount"),
            "tax": ("tax", "totals_tax", "item_tax"),
            "billed": ("billed_at", "completed_at", "created_at"),
            "from": ("billing_period_starts_at",),
            "until": ("billing_period_ends_at",),
            "environment": ("environment", "paddle_environment"),
        },
        ("transaction", "customer_id", "subtotal", "tax", "currency", "billed"),
        ("transaction_item_id", "line_item_id", "billing_period_starts_at", "totals_subtotal"),
    ),
    Layout(
        "adjustment_items",
        {
            "id": ("adjustment_item_id", "id"),
            "adjustment": ("adjustment_id",),
            "transaction": ("transaction_id",),
            "item": ("transaction_item_id", "item_id"),
            "action": ("action", "adjustment_action"),
            "status": ("status", "adjustment_status"),
            "customer_id": ("customer_id",),
            "currency": ("currency_code",),
            "subtotal": ("subtotal", "totals_subtotal", "item_subtotal"),
            "at": ("created_at", "updated_at"),
        },
        ("adjustment", "transaction", "action", "subtotal", "customer_id", "at"),
        ("adjustment_id",),
    ),
)


def invoices(files: Parts) -> pd.DataFrame:
    """Return lines that were billed, after discounts and before tax, with refunds and credits as negative lines."""
    rows = _lines(files)
    net = _money(files, "transaction_items", rows, ("subtotal", "discount"))
    until = moments(rows["until"])
    made = [
        pd.DataFrame(
            {
                "invoice_id": rows["id"].fillna(rows["transaction"]),
                "customer_id": rows["customer_id"],
                "date": moments(rows["billed"]),
                "amount": net["subtotal"] - net["discount"].fillna(0.0),
                "service_start": moments(rows["from"]),
                "service_end": _last_day(until),
                "kind": np.where(until.notna(), "recurring", "one_time"),
                "currency": rows["currency"].str.upper(),
                "subscription_id": rows["subscription"],
                "product": rows["product"],
                "quantity": amounts(rows["quantity"]),
            }
        )
    ]
    if "adjustment_items" in files:
        made.append(_adjustments(files, rows))
    return pd.concat(made, ignore_index=True)


def _lines(files: Parts) -> pd.DataFrame:
    """Return the lines of transactions that were billed."""
    rows = files.frame("transaction_items")
    live = words(rows["environment"]) != "sandbox"
    rows = files.keep("transaction_items", live, "of the sandbox", rows)
    if files.has("transaction_items", "status"):
        billed = ~words(rows["status"]).isin(_NOT_BILLED)
        rows = files.keep("transaction_items", billed, "that were not billed", rows)
        rows = files.known("transaction_items", "status", _BILLED, rows)
    return files.keep("transaction_items", rows["customer_id"].notna(), "without a customer", rows)


def _adjustments(files: Parts, lines: pd.DataFrame) -> pd.DataFrame:
    rows = files.frame("adjustment_items")
    if files.has("adjustment_items", "status"):
        taken = words(rows["status"]).isin(_TAKEN)
        rows = files.keep("adjustment_items", taken, "that are not approved", rows)
    rows = files.known("adjustment_items", "action", _ACTIONS, rows)
    first = lines.drop_duplicates("id").set_index("id")
    own = {
        name: rows["item"].map(first[name])
        for name in ("from", "until", "subscription", "product", "currency")
    }
    currency = rows["currency"].fillna(own["currency"])
    money = _money(files, "adjustment_items", rows.assign(currency=currency), ("subtotal",))
    return pd.DataFrame(
        {
            "invoice_id": rows["id"].fillna(rows["adjustment"]),
            "customer_id": rows["customer_id"],
            "date": moments(rows["at"]),
            "amount": -money["subtotal"].abs(),
            "service_start": moments(own["from"]),
            "service_end": _last_day(moments(own["until"])),
            "kind": words(rows["action"]).map(_ACTIONS),
            "currency": currency.str.upper(),
            "subscription_id": own["subscription"],
            "product": own["product"],
        }
    )


def _last_day(until: pd.Series) -> pd.Series:
    """Return the last day of a period of Paddle, which ends at the moment at which the next one begins."""
    day: pd.Series = until.dt.floor("D") - pd.Timedelta(days=1)
    return day


def _money(files: Parts, kind: str, rows: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return amounts in currency units: whole numbers are in the smallest unit, as in the API, and it is said."""
    texts = [rows[name].astype("string").fillna("") for name in names]
    if any(text.str.contains(r"[.,]").any() for text in texts):
        return pd.DataFrame({name: amounts(rows[name]) for name in names})
    files.notes.append(
        f"{files.labels[kind]}: amounts are whole numbers and count in the smallest unit of their currency (2900 is "
        "29.00), as Paddle's API writes them"
    )
    return pd.DataFrame({name: from_minor(rows[name], rows["currency"]) for name in names})


def taxed(files: Parts, items: pd.DataFrame) -> pd.Series:
    """Return unit prices without tax: where a price includes it, by the rate of the last line that charged it."""
    unit = items["unit"]
    inside = words(items["tax"]) == "internal"
    if not inside.any():
        return unit
    rate = pd.Series(np.nan, index=items.index)
    if "transaction_items" in files:
        rows = _lines(files)
        net = amounts(rows["subtotal"]) - amounts(rows["discount"]).fillna(0.0)
        rows = rows.assign(
            rate=amounts(rows["tax"]) / net.where(net > 0), at=moments(rows["billed"])
        )
        last = rows.dropna(subset="rate").sort_values("at", kind="stable")
        last = last.drop_duplicates(["subscription", "price"], keep="last")
        keys = pd.MultiIndex.from_frame(items[["subscription", "price"]])
        found = last.set_index(["subscription", "price"])["rate"].reindex(keys)
        rate = pd.Series(found.to_numpy(), index=items.index)
    if lost := int((inside & rate.isna()).sum()):
        files.notes.append(
            f"{counted(lost, 'item')} of Paddle with a price that includes tax "
            f"{agreeing(lost, 'counts', 'count')} with it, as no line says how much it is. Add the report of "
            "transaction line items"
        )
    return unit.where(~inside | rate.isna(), (unit / (1 + rate)).round(6))
