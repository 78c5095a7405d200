"""Findings about parents of parents: each is told once, with its rows."""

from __future__ import annotations

import pytest

import saasmetrics as sm


def found(parents: dict[str, str | None], **policy: str) -> dict[str, tuple[int, str]]:
    rows = {
        "customer_id": list(parents),
        "month": ["2026-01"] * len(parents),
        "mrr": [1] * len(parents),
    }
    customers = {"customer_id": list(parents), "parent_id": list(parents.values())}
    book = sm.Book(mrr=rows, customers=customers).with_policy(**policy)
    df = book.check().df
    df = df[df["code"].isin(["circle-of-parents", "parent-of-parent", "unknown-parent"])]
    return {row.code: (row.rows, row.severity) for row in df.itertuples()}


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"a": None, "b": "a", "c": "a"}, {}),
        ({"a": "a", "b": "a"}, {}),  # its own parent is the top
        ({"a": None, "b": "a", "c": "b"}, {"parent-of-parent": (1, "warning")}),
        ({"a": "b", "b": "a"}, {"circle-of-parents": (2, "warning")}),
        (
            {"a": "b", "b": "c", "c": "a", "d": "a"},
            {"circle-of-parents": (3, "warning"), "parent-of-parent": (1, "warning")},
        ),
        ({"a": "zz"}, {"unknown-parent": (1, "warning")}),
        (
            dict(zip("bcdefghij", "abcdefghi", strict=True)) | {"a": None},
            {"parent-of-parent": (8, "warning")},
        ),
    ],
)
def test_chains_and_circles_of_parents_are_told(parents: dict, expected: dict) -> None:
    assert found(parents) == expected


def test_a_circle_stops_numbers_where_parents_are_counted() -> None:
    assert found({"a": "b", "b": "a"}, entity="parent") == {"circle-of-parents": (2, "error")}
