"""Books of a few lives, for tests of what is made from a book."""

from __future__ import annotations

import pandas as pd

import saasmetrics as sm


def book_of(lives, as_of="2026-01-31", **options):
    """A book from rows of customer, first month, months paid or None, MRR, and more columns."""
    table = pd.DataFrame(lives)
    start = pd.to_datetime(table["start"])
    end = [
        None if pd.isna(months) else begun + pd.DateOffset(months=int(months))
        for begun, months in zip(start, table["months"], strict=True)
    ]
    subscriptions = table.assign(
        subscription_id=[f"s{i}" for i in range(len(table))],
        start=start,
        end=pd.to_datetime(pd.Series(end)),
        interval="month",
    )
    return sm.Book(subscriptions=subscriptions.drop(columns="months"), as_of=as_of, **options)


def life(customer, start, months, amount=10, **more):
    return {"customer_id": customer, "start": start, "months": months, "amount": amount, **more}
