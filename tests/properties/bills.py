"""Random invoice lines: whole months and odd days, refunds, credits, usage, setup; several lines to a bill."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from saasmetrics.policy import Policy
from saasmetrics.tables import Table
from tests.properties.ledgers import CUSTOMERS, DAYS, FIRST, PLANS, table

INVOICES = pa.schema(
    [
        ("invoice_id", pa.string()),
        ("customer_id", pa.string()),
        ("date", pa.date32()),
        ("amount", pa.float64()),
        ("service_start", pa.date32()),
        ("service_end", pa.date32()),
        ("kind", pa.string()),
        ("currency", pa.string()),
        ("subscription_id", pa.string()),
        ("plan", pa.string()),
    ]
)
KINDS = (None, None, "recurring", "Usage", "overage", "refund", "credit", "setup", "tax")


@st.composite
def bills(draw: st.DrawFn) -> dict[str, Any]:
    """One line of an invoice."""
    day = FIRST + draw(st.integers(0, 23)) * 30 + draw(st.sampled_from((0, 0, 1, 14, 27, 30)))
    served = draw(st.sampled_from((None, 0, 1, 7, 28, 30, 31, 59, 89, 364)))
    return {
        "customer_id": draw(st.sampled_from(CUSTOMERS)),
        "date": min(day, FIRST + DAYS),
        "amount": draw(st.sampled_from((10000, 2500, 4999, 1, 999, 0, -700, -5000))) / 100,
        "service_start": None if served is None else day,
        "service_end": None if served is None else day + served,
        "kind": draw(st.sampled_from(KINDS)),
        "currency": draw(st.sampled_from(("USD", "USD", "EUR"))),
        "subscription_id": draw(st.sampled_from((None, "s00", "s01", "s99"))),
        "plan": draw(st.sampled_from((*PLANS, None))),
    }


@st.composite
def invoices(draw: st.DrawFn, most: int = 14) -> Table:
    """A table of invoices; lines may share an invoice."""
    lines = draw(st.lists(bills(), min_size=1, max_size=most))
    rows = tuple(
        {"invoice_id": f"i{at // draw(st.sampled_from((1, 1, 2)))}", **line}
        for at, line in enumerate(lines)
    )
    return Table("invoices", table(rows, INVOICES))


def billing_policies(base: st.SearchStrategy[Policy]) -> st.SearchStrategy[Policy]:
    """Policies that differ in the choices about invoices too."""
    return st.builds(
        lambda policy, **choices: policy.changed(**choices),
        base,
        usage=st.sampled_from(("excluded", "as_invoiced", "trailing_mean")),
        refunds=st.sampled_from(("ignored", "counted")),
        recognition=st.sampled_from(("normalized", "normalized", "daily")),
        service_end=st.sampled_from(("inclusive", "exclusive")),
    )
