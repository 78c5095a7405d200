"""Customers that no choice touches are counted apart from the others, and the numbers stay those of the metric."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.definitions.customers import Customers
from saasmetrics.tables import gate


@pytest.fixture(scope="module")
def company() -> sm.Book:
    return sm.demo(customers=120, seed=5)


def _of_metric(book: sm.Book, metric: str, policy: Any, period: str) -> float:
    topic = sm.revenue if metric == "mrr" else sm.retention
    read = book.with_policy(policy) if isinstance(policy, str) else book.with_policy(**policy)
    options = {} if metric == "mrr" else {"window": 12, "interval": None}
    df = getattr(topic, metric)(read, **options).df
    return float(df.loc[df["period"] == pd.Timestamp(period), "value"].iloc[0])


WAYS = [
    ("nrr", "default", "stripe"),
    ("nrr", "stripe", "profitwell"),
    ("nrr", {"overlap": "latest"}, "chartmogul_b2b"),
    ("mrr", "default", "profitwell"),
    ("mrr", {}, {"discount": "none", "trial": "included"}),
    ("mrr", {"entity": "parent"}, {"entity": "parent", "overlap": "latest"}),
    ("nrr", {"entity": "parent"}, {"entity": "parent", "view": "event", "nrr": "movements"}),
    # What one customer adds to these depends on the others.
    ("grr", {"grr": "total"}, {"grr": "total", "pause": "churn", "overlap": "latest"}),
    ("grr", "default", {"grr": "cohort_total", "overlap": "latest"}),
    ("gross_churn", {"gross_churn": "daily_sum"}, {"pause": "churn"}),
]


@pytest.mark.parametrize(("metric", "a", "b"), WAYS)
def test_the_way_leads_from_the_metric_under_one_policy_to_that_under_the_other(
    company: sm.Book, metric: str, a: Any, b: Any
) -> None:
    options = {} if metric == "mrr" else {"window": 12}
    found = sm.definitions.explain(company, metric, a, b, **options)
    for end, policy in (("from", a), ("to", b)):
        said = _of_metric(company, metric, policy, found.extra["period"])
        assert found.extra[end] == pytest.approx(said, rel=1e-12)
    assert found.df["value"].sum() == pytest.approx(found.extra["difference"], abs=1e-6)
    assert found.extra["steps"]["value"].sum() == pytest.approx(found.extra["difference"], abs=1e-6)


def test_every_word_for_usage_on_an_invoice_counts() -> None:
    # One subscription of 100 a month, and 40 of usage in the last month, called "Metered" on the invoice.
    lines = {"subscription_id": ["s"], "customer_id": ["a"], "start": ["2026-01-01"]}
    invoice = {"invoice_id": ["i"], "customer_id": ["a"], "date": ["2026-03-05"], "amount": [40.0]}
    book = sm.Book(
        subscriptions={**lines, "amount": [100.0], "interval": ["month"]},
        invoices={**invoice, "kind": ["Metered"]},
        as_of="2026-03-31",
    )
    found = sm.definitions.explain(book, "mrr", "default", {"usage": "as_invoiced"})
    assert (found.extra["from"], found.extra["to"]) == (100.0, 140.0)


def test_customers_that_no_choice_about_data_touches_are_counted_for_the_formulas_only(
    company: sm.Book,
) -> None:
    found = sm.definitions.explain(company, "nrr", "default", {"nrr": "movements", "pause": "kept"})
    data, formulas = 1, 1  # pause; nrr
    assert found.extra["evaluations"] == 2 ** (data + formulas) + 2**formulas


def test_too_many_choices_are_refused_before_anything_is_counted() -> None:
    def never(_: frozenset[str]) -> pd.DataFrame:
        raise AssertionError

    names = [f"choice {number}" for number in range(11)]  # one more than the ten of the limit
    with pytest.raises(sm.DataError, match="11 things differ"):
        Customers(never, names[:5], names[5:])


def test_policies_that_the_gate_reads_alike_are_checked_once(
    monkeypatch: pytest.MonkeyPatch, company: sm.Book
) -> None:
    seen, check = [], gate.check
    monkeypatch.setattr(gate, "check", lambda *a, **k: (seen.append(k), check(*a, **k))[1])
    fresh = company.as_of(company.as_of_text)  # tables as they are, nothing checked yet
    sm.definitions.compare(fresh, "nrr", ["default", "stripe", "chartmogul_b2b", "profitwell"])
    assert len(seen) == 1
    sm.definitions.compare(fresh, "nrr", ["default", {"overlap": "latest"}])
    assert len(seen) == 2


def test_a_restated_number_whose_customers_depend_on_each_other_is_that_of_the_metric() -> None:
    # a grows from 100 to 200, c is corrected from 50 to 30: in total still more than the opening 150.
    rows = {"customer_id": ["a", "a", "c", "c", "c"], "mrr": [100, 200, 50, 50, 30]}
    rows |= {"month": ["2026-01", "2026-02", "2026-01", "2026-02", "2026-02"]}
    book = sm.Book(mrr=rows | {"recorded_at": ["2026-03-01"] * 4 + ["2026-03-20"]})
    policy = {"grr": "total"}
    found = sm.definitions.restatement(
        book, "grr", "2026-03-05", "2026-03-31", policy_then=policy, policy_now=policy, window=1
    )
    said = sm.retention.grr(book.with_policy(**policy), window=1, interval=None).value
    assert (found.extra["to"], said) == (1.0, 1.0)
