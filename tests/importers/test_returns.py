"""Customers who leave and come back: the last version counts, whatever it leaves empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importers.exports import imported, mrr
from tests.importers.test_billing_systems import PLANS, RECHARGE, RECURLY

HEAD = RECURLY.strip().splitlines()[0]


def versions(*rows: tuple[str, str, str, str, str]) -> str:
    """Versions of one subscription of 100 a month: state, updated, cancelled, expires, paused."""
    lines = [
        f"s|a|m|{state}|{at}|2026-01-05|{canceled}|{expires}|USD|100|1|0|100|{reason}||{paused}"
        for state, at, canceled, expires, paused in rows
        for reason in ("nonpayment" if state == "expired" else "",)
    ]
    return "\n".join([f"{HEAD}|paused_at", *lines])


BEGUN = ("active", "2026-01-05", "", "", "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Expired on 20 February, back on 10 April.
        (
            [BEGUN, ("expired", "2026-02-20", "2026-02-01", "2026-02-20", ""),
             ("active", "2026-04-10", "", "", "")],
            [100.0, 0.0, 0.0, 100.0, 100.0],
        ),
        # Paused in February, back in April.
        (
            [BEGUN, ("paused", "2026-02-03", "", "", "2026-02-03"),
             ("active", "2026-04-10", "", "", "")],
            [100.0, 0.0, 0.0, 100.0, 100.0],
        ),
        # A cancellation that was withdrawn before it came into force.
        (
            [BEGUN, ("canceled", "2026-02-03", "2026-02-03", "2026-03-05", ""),
             ("active", "2026-02-20", "", "", "")],
            [100.0] * 5,
        ),
        # A cancellation that comes into force at its expiry.
        ([BEGUN, ("canceled", "2026-02-03", "2026-02-03", "2026-04-05", "")], [100.0, 100.0, 100.0, 0.0, 0.0]),
    ],
    ids=["expired", "paused", "withdrawn", "canceled"],
)  # fmt: skip
def test_the_last_version_of_a_recurly_subscription_says_whether_it_is_paid(
    tmp_path: Path, rows: list[tuple[str, str, str, str, str]], expected: list[float]
) -> None:
    found = imported(tmp_path, subscription_history=versions(*rows), plan_history=PLANS)
    assert mrr(found, "2026-05-31") == expected


def test_a_stretch_that_goes_on_was_neither_asked_to_end_nor_lost(tmp_path: Path) -> None:
    rows = [BEGUN, ("expired", "2026-02-20", "2026-02-01", "2026-02-20", ""),
            ("active", "2026-04-10", "", "", "")]  # fmt: skip
    found = imported(tmp_path, subscription_history=versions(*rows), plan_history=PLANS)
    table = found.tables["subscriptions"]
    assert table["churn_cause"].tolist() == ["involuntary", None]
    assert table["cancel_requested_at"].notna().tolist() == [True, False]


def test_a_state_of_recurly_that_is_not_known_is_left_out_and_named(tmp_path: Path) -> None:
    found = imported(
        tmp_path, subscription_history=versions(BEGUN, ("limbo", "2026-03-01", "", "", "")),
        plan_history=PLANS,
    )  # fmt: skip
    assert "1 row with the unknown state 'limbo' (s)" in str(found)


def test_a_recharge_subscription_that_is_taken_up_again_pays_again(tmp_path: Path) -> None:
    back = "r2|c2|2026-04-10|2026-01-10||12|1|ACTIVE||Tea|Small|month|1|1"
    found = imported(tmp_path, history=RECHARGE.strip() + "\n" + back)
    assert mrr(found, "2026-05-31") == [32.0, 32.0, 20.0, 32.0, 32.0]


def test_a_subscription_that_passes_to_another_customer_is_a_stretch_of_its_own(
    tmp_path: Path,
) -> None:
    moved = "r1|c9|2026-03-05|2026-01-05||10|2|ACTIVE||Coffee|Big|month|1|3"
    found = imported(tmp_path, history=RECHARGE.strip() + "\n" + moved)
    rows = found.tables["subscriptions"]
    assert rows[rows["subscription_id"] == "r1"]["customer_id"].tolist() == ["c1", "c9"]
