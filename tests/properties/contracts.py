"""Random contracts of random customers: chains, co-terms, forgotten links, gaps, and what renews itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from saasmetrics.tables import Table
from tests.properties.ledgers import (
    CUSTOMERS,
    FIRST,
    SUBSCRIPTIONS,
    Case,
    cases,
    days,
    policies,
    table,
)

CONTRACTS = pa.schema(
    [
        ("contract_id", pa.string()),
        ("customer_id", pa.string()),
        ("start", pa.date32()),
        ("end", pa.date32()),
        ("arr", pa.float64()),
        ("auto_renew", pa.bool_()),
        ("signed_at", pa.date32()),
        ("previous_contract_id", pa.string()),
        ("forecast_arr", pa.float64()),
        ("category", pa.string()),
        ("owner_id", pa.string()),
        ("currency", pa.string()),
        ("escalator", pa.float64()),
    ]
)
MORE = (("product", pa.string()), ("quantity", pa.float64()), ("escalator", pa.bool_()))
LINES = pa.schema([*SUBSCRIPTIONS, *(pa.field(*column) for column in MORE)])


@st.composite
def contract(draw: st.DrawFn, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One more contract, often right at the end of another one, or near it."""
    start, who = draw(days()), draw(st.sampled_from(CUSTOMERS[:4]))
    if rows and draw(st.booleans()):
        old = draw(st.sampled_from(rows))
        start, who = (
            old["end"] + draw(st.sampled_from((0, 0, -70, -31, 20, 50))),
            old["customer_id"],
        )
    length = draw(st.sampled_from((30, 31, 90, 181, 365, 365, 731, 0)))
    names = [None, None, *(row["contract_id"] for row in rows), "elsewhere"]
    uplift = draw(st.sampled_from((None, 0.05, -0.1)))
    return {
        "contract_id": f"k{draw(st.integers(0, 9))}{len(rows)}",
        "customer_id": who,
        "start": start,
        "end": start + length,
        "arr": draw(st.sampled_from((0, 120, 120, 300, 359.88, 1000, 1111.11))),
        "auto_renew": draw(st.sampled_from((None, False, True, True))),
        "signed_at": draw(st.sampled_from((None, start, start - 100, start - 20, start + 60))),
        "previous_contract_id": draw(st.sampled_from(names)),
        "forecast_arr": draw(st.sampled_from((None, 100, 500.5))),
        "category": draw(st.sampled_from((None, "commit", "best", "omit"))),
        "owner_id": draw(st.sampled_from(("o1", "o2", None))),
        "currency": draw(st.sampled_from((None, "USD", "EUR"))),
        "escalator": uplift,
    }


@st.composite
def contracts(draw: st.DrawFn, most: int = 12) -> tuple[dict[str, Any], ...]:
    """A table of contracts in any order; its column of uplifts may be empty."""
    rows: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, most))):
        rows.append(draw(contract(rows)))
    if draw(st.booleans()):
        rows = [{**row, "escalator": None} for row in rows]
    return tuple(draw(st.permutations(rows)))


@st.composite
def signed_cases(draw: st.DrawFn) -> tuple[Case, dict[str, Table]]:
    """A company with contracts, whose lines replace each other and may be contracted uplifts."""
    case = draw(cases(policies()))
    lines = []
    for line in case.lines:
        more = {
            "product": draw(st.sampled_from(("core", "core", None))),
            "quantity": draw(st.sampled_from((None, 1, 2, 3))),
            "escalator": draw(st.sampled_from((True, True, False, None))),
        }
        lines.append(line | more)
        if line["end"] is not None and draw(st.booleans()):
            raised = {"start": line["end"], "end": None, "amount": line["amount"] + 10}
            lines.append(line | more | raised | {"subscription_id": f"{line['subscription_id']}x"})
    found = draw(contracts())
    tables = {
        **case.tables,
        "subscriptions": Table("subscriptions", table(tuple(lines), LINES)),
        "contracts": Table("contracts", table(found, CONTRACTS)),
    }
    as_of = draw(st.sampled_from((case.as_of, FIRST + 900)))
    return replace(case, as_of=as_of), tables
