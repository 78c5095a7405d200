"""Small tables with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from saasmetrics.errors import Problem
from saasmetrics.tables import gate, normalize_all


@pytest.fixture
def found() -> Callable[..., list[Problem]]:
    """Problems of one kind in the tables given, as of mid 2026 unless said otherwise."""

    def run(
        code: str, *, as_of: Any = "2026-06-30", currency: str | None = None, policy=None, **tables
    ):
        problems = gate.check(
            normalize_all(tables),
            as_of=as_of,
            currency=currency,
            policy=SimpleNamespace(**(policy or {})),
        )
        return [problem for problem in problems if problem.code == code]

    return run


@pytest.fixture
def one(found) -> Callable[..., Problem]:
    """The only problem of one kind."""

    def run(code: str, **given: Any) -> Problem:
        (problem,) = found(code, **given)
        return problem

    return run


@pytest.fixture
def subscriptions() -> Callable[..., dict[str, list[Any]]]:
    """Subscriptions without a fault, but for the columns given."""

    def make(**columns: list[Any]) -> dict[str, list[Any]]:
        rows = max((len(values) for values in columns.values()), default=3)
        sound = {
            "subscription_id": [f"s{n}" for n in range(rows)],
            "customer_id": [f"c{n}" for n in range(rows)],
            "start": ["2025-01-01"] * rows,
            "end": [None] * rows,
            "amount": [10.0] * rows,
            "interval": ["month"] * rows,
        }
        return sound | columns

    return make


@pytest.fixture
def mrr() -> Callable[..., dict[str, list[Any]]]:
    """MRR of customers by month, from rows of (customer, month, amount)."""

    def make(*rows: tuple[str, str, float | None]) -> dict[str, list[Any]]:
        return {
            name: [row[n] for row in rows] for n, name in enumerate(("customer_id", "month", "mrr"))
        }

    return make


@pytest.fixture
def invoices() -> Callable[..., dict[str, list[Any]]]:
    """Invoice lines, from rows of (customer, date, amount, service start, service end)."""

    def make(*rows: tuple[Any, ...]) -> dict[str, list[Any]]:
        names = ("customer_id", "date", "amount", "service_start", "service_end")
        columns = {
            name: [row[n] if n < len(row) else None for row in rows] for n, name in enumerate(names)
        }
        return {"invoice_id": [f"i{n}" for n in range(len(rows))], **columns}

    return make
