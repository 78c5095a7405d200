"""One ledger of ten customers, many definitions: each of its published numbers under the policy that states its rules.

The expected values are those of `divergence_fixture.json`, read from the shared examples; nothing is copied here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm

_FILE = Path(__file__).parents[3] / "shared" / "examples" / "divergence_fixture.json"

pytestmark = pytest.mark.skipif(
    not _FILE.exists(), reason="the published examples lie beside the project, not in it"
)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads(_FILE.read_text("utf-8"))["results"]


@pytest.fixture(scope="module")
def book() -> sm.Book:
    """The stories of the fixture as subscriptions; January 2026 is the period looked at."""
    lines = [
        ("A", "2025-10-01", "2026-01-15", 100, None),
        ("A", "2026-01-15", None, 150, None),
        ("B", "2025-10-01", "2026-01-15", 100, None),
        ("B", "2026-01-15", None, 60, None),
        ("C", "2025-10-01", "2026-01-20", 100, "voluntary"),
        ("D", "2025-10-01", None, 100, None),
        ("E", "2026-01-10", None, 80, None),
        ("F", "2025-08-01", "2025-11-01", 70, "voluntary"),
        ("F", "2026-01-12", None, 70, None),
        ("G", "2025-10-01", "2026-01-05", 100, "voluntary"),
        ("G", "2026-01-20", None, 100, None),
        ("H", "2026-01-03", "2026-01-25", 50, "voluntary"),
        ("I", "2025-10-01", "2026-01-31", 100, "involuntary"),
        ("J", "2025-10-01", "2026-01-10", 200, None),
        ("J", "2026-01-10", "2026-01-20", 300, None),
        ("J", "2026-01-20", None, 260, None),
    ]
    names = ("customer_id", "start", "end", "amount", "churn_cause")
    columns = {name: [line[i] for line in lines] for i, name in enumerate(names)}
    ids = [f"s{i}" for i in range(len(lines))]
    return sm.Book(
        subscriptions={"subscription_id": ids, "interval": ["month"] * len(lines), **columns}
    )


def january(result: sm.Result) -> Any:
    return result.df.set_index("period").loc["2026-01-01"]


@pytest.mark.parametrize("view", ["snapshot", "event"])
def test_movements_are_those_of_the_view(
    book: sm.Book, expected: dict[str, Any], view: str
) -> None:
    row = january(sm.revenue.bridge(book.with_policy(view=view)))
    for name, value in expected[f"{view}_movements"].items():
        if name == "check":
            assert row["residual"] == value
        else:
            assert abs(row[name]) == value, name
    assert (row["opening"], row["closing"]) == (expected["opening"], expected["closing"])


NRR = {
    "NRR cohort (customers paying at open; reactivation excluded)": {},
    "NRR snapshot movements incl. reactivation (ChartMogul net churn, Tidemill)": {
        "reactivation": "in"
    },
    "NRR event movements incl. reactivation": {
        "view": "event",
        "nrr": "movements",
        "reactivation": "in",
    },
    "NRR Baremetrics changelog (churn and expansion only)": {"nrr": "changelog"},
}
GRR = {
    "GRR per customer min(open, close)": {},
    "GRR aggregate min(total open,total close)/open (Chargebee doc example)": {
        "grr": "cohort_total"
    },
    "GRR aggregate min using all closing MRR": {"grr": "total"},
    "GRR from event movements": {"view": "event", "grr": "movements"},
}
GROSS = {
    "gross MRR churn ChartMogul": {},
    "revenue churn Tidemill (churn only)": {"gross_churn": "churn_only"},
}
LOGO = {
    "logo churn standard, net of same-period reactivation (ChartMogul)": {},
    "logo churn counting churn-then-return (Tidemill)": {
        "view": "event",
        "logo_churn": "opening_with_returns",
    },
    "logo churn Stripe: churned in window/(active at start+new in window)": {
        "view": "event",
        "logo_churn": "opening_plus_new",
    },
    "logo churn ProfitWell: ignore new+churn in month": {"view": "event", "same_period": "ignored"},
}
QUICK = {
    "quick ratio with reactivation (snapshot)": {},
    "quick ratio without reactivation (Baremetrics, ChartMogul)": {
        "quick_ratio": "without_reactivation"
    },
    "quick ratio with reactivation (event)": {"view": "event"},
}
CASES = [
    (metric, key, choices)
    for metric, cases in (
        ("nrr", NRR),
        ("grr", GRR),
        ("gross_churn", GROSS),
        ("logo_churn", LOGO),
        ("quick_ratio", QUICK),
    )
    for key, choices in cases.items()
]


@pytest.mark.parametrize(("metric", "key", "choices"), CASES, ids=[key for _, key, _ in CASES])
def test_number_holds_under_its_policy(
    book: sm.Book, expected: dict[str, Any], metric: str, key: str, choices: dict[str, str]
) -> None:
    module = sm.revenue if metric == "quick_ratio" else sm.retention
    row = january(getattr(module, metric)(book.with_policy(**choices), window=1))
    assert row["value"] == pytest.approx(expected[key], abs=1e-12)


# The presets whose rules the ledger knows enough to apply, each with the numbers of the fixture that it gives.
PRESETS = [
    ("chartmogul_b2b", "gross_churn", "gross MRR churn ChartMogul"),
    (
        "chartmogul_b2b",
        "logo_churn",
        "logo churn standard, net of same-period reactivation (ChartMogul)",
    ),
    (
        "chartmogul_b2b",
        "nrr",
        "NRR snapshot movements incl. reactivation (ChartMogul net churn, Tidemill)",
    ),
    (
        "chartmogul_b2b",
        "quick_ratio",
        "quick ratio without reactivation (Baremetrics, ChartMogul)",
    ),
    (
        "stripe",
        "logo_churn",
        "logo churn Stripe: churned in window/(active at start+new in window)",
    ),
    ("stripe", "nrr", "NRR event movements incl. reactivation"),
    ("chargebee", "grr", "GRR aggregate min(total open,total close)/open (Chargebee doc example)"),
    ("tidemill", "logo_churn", "logo churn counting churn-then-return (Tidemill)"),
    ("tidemill", "nrr", "NRR event movements incl. reactivation"),
    ("tidemill", "grr", "GRR from event movements"),
    ("tidemill", "quick_ratio", "quick ratio with reactivation (event)"),
    ("smsb", "grr", "GRR per customer min(open, close)"),
    ("bessemer", "nrr", "NRR cohort (customers paying at open; reactivation excluded)"),
    ("skok", "grr", "GRR per customer min(open, close)"),
    ("default", "nrr", "NRR cohort (customers paying at open; reactivation excluded)"),
    ("default", "grr", "GRR per customer min(open, close)"),
    ("default", "quick_ratio", "quick ratio with reactivation (snapshot)"),
]


@pytest.mark.parametrize(("preset", "metric", "key"), PRESETS)
def test_number_holds_under_its_preset(
    book: sm.Book, expected: dict[str, Any], preset: str, metric: str, key: str
) -> None:
    module = sm.revenue if metric == "quick_ratio" else sm.retention
    row = january(getattr(module, metric)(book.with_policy(preset), window=1))
    assert row["value"] == pytest.approx(expected[key], abs=1e-12)


def test_net_churn_of_chartmogul_is_what_its_retention_lacks(
    book: sm.Book, expected: dict[str, Any]
) -> None:
    row = january(sm.retention.net_churn(book.with_policy("chartmogul_b2b"), window=1))
    key = "NRR snapshot movements incl. reactivation (ChartMogul net churn, Tidemill)"
    assert row["value"] == pytest.approx(1 - expected[key], abs=1e-12)


def test_tidemills_revenue_churn_of_snapshots_leaves_contraction_out(
    book: sm.Book, expected: dict[str, Any]
) -> None:
    found = sm.retention.gross_churn(book.with_policy("tidemill", view="snapshot"), window=1)
    key = "revenue churn Tidemill (churn only)"
    assert january(found)["value"] == pytest.approx(expected[key], abs=1e-12)


def test_stripe_counts_the_customers_that_the_fixture_names(
    book: sm.Book, expected: dict[str, Any]
) -> None:
    # "C,I,G,H over 7 active + E,H new (+F reactivated not new)"
    said = expected["logo churn Stripe excluding G netting"]
    gone, _, below = said.partition(" over ")
    active, _, new = below.partition(" active + ")
    rows = sm.retention.logo_churn(book.with_policy("stripe"), window=1).rows(period="2026-01")
    rows = rows.set_index("customer_id")
    assert set(rows.index[rows["numerator"] > 0]) == set(gone.split(","))
    named = new.partition(" new")[0].split(",")
    assert rows["denominator"].sum() == int(active) + len(named)
    assert {"E", "H"} == set(named) <= set(rows.index[rows["denominator"] > 0])
    assert "F" not in rows.index[rows["denominator"] > 0]


def test_every_number_of_the_fixture_is_tested(expected: dict[str, Any]) -> None:
    movements = {"opening", "closing", "snapshot_movements", "event_movements"}
    prose = {"logo churn Stripe excluding G netting"}
    assert set(expected) == {key for _, key, _ in CASES} | movements | prose
    assert {key for _, _, key in PRESETS} <= set(expected)
