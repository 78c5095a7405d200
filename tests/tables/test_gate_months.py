"""Months that an MRR cube leaves out."""

from __future__ import annotations

import saasmetrics as sm


def codes(months: list[str]) -> set[str]:
    rows = {"customer_id": ["a"] * len(months), "month": months, "mrr": [5] * len(months)}
    return set(sm.Book(mrr=rows).check().df["code"])


def test_a_month_that_nobody_has_is_a_warning() -> None:
    assert "empty-months" in codes(["2025-01", "2025-02", "2025-04"])


def test_a_cube_without_holes_has_none() -> None:
    assert "empty-months" not in codes(["2025-01", "2025-02", "2025-03"])


def test_the_warning_names_the_month_in_every_footnote() -> None:
    rows = {"customer_id": ["a"] * 2, "month": ["2025-01", "2025-03"], "mrr": [5, 5]}
    footnote = sm.retention.nrr(sm.Book(mrr=rows)).footnote
    assert "nobody has a row in 2025-02" in footnote
    assert "0 rows" not in footnote
